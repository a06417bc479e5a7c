"""Open merge requests as a worklist: a row for each, how many wait for what, and who has what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.open_work import WAITING_FOR, Turn, last_move, turn
from gitlab_sync.rules.items.references import full_reference
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.text import besides, instant
from gitlab_sync.types import Record, TableRow

COLUMNS: Final = (
    *("Merge Request", "Title", "Author", "Age", "Idle", "Waiting For", "Who", "Since", "Why"),
    *("Would Fail", "Link"),
)
"""The columns of the worklist. `Age` and `Idle` are in working days."""

SUM_COLUMNS: Final = ("Waiting For", "Merge Requests", "Oldest")
"""The columns of the sums: what is waited for, how many do, and the largest age of these."""

DESK_COLUMNS: Final = ("Username", "Total", *(each.capitalize() for each in WAITING_FOR), "Oldest")
"""The columns of the table by person: how many merge requests wait for them, by what they need."""

NOTHING: Final = frozenset({"Would Fail", "Link", "Oldest"})
"""The columns in which null means that there is nothing, not that it is unknown."""

UNKNOWN: Final = "unknown"
"""What the sums call those of which it is not known what they wait for."""

_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open merge request with its row. Not to be changed.

    `turn` is a text where it is not known what it waits for. `whole` says whether everything about
    it was read.
    """

    mr: Record
    row: TableRow
    turn: Turn | str
    whole: bool


def open_item(mr: Record, facts: Facts, rules: RuleSet, terms: Terms, now: datetime) -> OpenItem:
    """Return an open merge request with its row.

    `rules` are those of `rules_if_merged`, and `now` is the time up to which it is open. Never
    raises.
    """
    found = turn(mr, facts, terms)
    fails, unread = _would_fail(mr, facts, rules)
    age = _days(instant(record.field(mr, "created_at")), now, terms)
    idle = _days(last_move(mr, facts, terms), now, terms)
    return item_of(mr, found, age, idle, fails, whole=isinstance(found, Turn) and not unread)


def item_of(
    mr: Record,
    found: Turn | str,
    age: float | None,
    idle: float | None,
    fails: str | None,
    *,
    whole: bool,
) -> OpenItem:
    """Return an open merge request with its row, of what is known of it.

    `age` and `idle` are in working days, and `fails` says which checks would fail.
    """
    known = found if isinstance(found, Turn) else None
    since = None if known is None else known.since
    row: TableRow = {
        "Merge Request": _reference(mr),
        "Title": record.text(mr, "title") or None,
        "Author": record.author(mr),
        "Age": age,
        "Idle": idle,
        "Waiting For": None if known is None else known.waiting_for,
        "Who": None if known is None else ", ".join(known.who) or None,
        "Since": None if since is None else since.astimezone(UTC).isoformat(),
        "Why": found if isinstance(found, str) else found.why,
        "Would Fail": fails,
        "Link": record.link(mr),
    }
    return OpenItem(mr, row, found, whole)


def _would_fail(mr: Record, facts: Facts, rules: RuleSet) -> tuple[str | None, bool]:
    """Return the titles of the checks that would fail, and whether one could not be read.

    What is not known, and what is waived, is counted behind them: `No Desc (+1 ?, +1 waived)`.
    """
    verdicts = rules.evaluate(mr, facts)
    fails = [check.title for check in rules.checks if verdicts[check.id].result == "fail"]
    unknown = [each for each in verdicts.values() if each.result == "unknown"]
    waived = sum(each.result == "waived" for each in verdicts.values())
    shown = f"{', '.join(fails)}{besides(len(unknown), waived)}".lstrip()
    return shown or None, any(not each.pending for each in unknown)


def in_order(items: Iterable[OpenItem]) -> list[OpenItem]:
    """Return the items with the longest idle first; those of unknown age come last."""

    def place(item: OpenItem) -> tuple[float, float, str]:
        idle, age = (item.row[title] for title in ("Idle", "Age"))
        numbers = (-each if isinstance(each, int | float) else 1.0 for each in (idle, age))
        return (*numbers, str(item.row["Merge Request"]))  # type: ignore[return-value]

    return sorted(items, key=place)


def sums(items: Sequence[OpenItem]) -> list[TableRow]:
    """Return how many wait for what, with the oldest, in the order of `WAITING_FOR`."""
    rows: list[TableRow] = []
    for waiting_for in (*WAITING_FOR, None):
        ages = [item.row["Age"] for item in items if item.row["Waiting For"] == waiting_for]
        if ages or waiting_for is not None:
            name = waiting_for or UNKNOWN
            rows.append({"Waiting For": name, "Merge Requests": len(ages), "Oldest": _oldest(ages)})
    return rows


def desks(items: Iterable[OpenItem]) -> list[TableRow]:
    """Return what waits for each person, the fullest desk first, then by username."""
    names: dict[str, str] = {}
    theirs: dict[str, list[OpenItem]] = {}
    for item in items:
        for name in item.turn.who if isinstance(item.turn, Turn) else ():
            key = username_key(name)
            names.setdefault(key, name)
            theirs.setdefault(key, []).append(item)
    rows = []
    for key, on_desk in theirs.items():
        numbers = Counter(item.row["Waiting For"] for item in on_desk)
        row: TableRow = {"Username": names[key], "Total": len(on_desk)}
        row |= {each.capitalize(): numbers[each] for each in WAITING_FOR}
        rows.append({**row, "Oldest": _oldest(item.row["Age"] for item in on_desk)})
    return sorted(
        rows, key=lambda row: (-int(row["Total"] or 0), username_key(str(row["Username"])))
    )


def _oldest(ages: Iterable[object]) -> float | None:
    return max((age for age in ages if isinstance(age, int | float)), default=None)


def _days(start: datetime | None, now: datetime, terms: Terms) -> float | None:
    """Return the working time from `start` until `now` in days; None if that is not known."""
    seconds = None if start is None else terms.working_time.seconds(start, now)
    return None if seconds is None else round(seconds / _DAY, 1)


def _reference(mr: Record) -> str | None:
    return full_reference(mr) or record.link(mr)
