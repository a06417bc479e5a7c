"""What changed between two runs: cells of the tables, and the people and items behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from typing import Any, Literal, Self, TypeAlias

from gitlab_sync.api.scope import Kind
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.policy import CLASSIC, FAIR
from gitlab_sync.snapshots.counts import Counts
from gitlab_sync.snapshots.database import Database, Source
from gitlab_sync.snapshots.pairs import FIELDS, SIDES, WHILE_OPEN, PairedPerson, Pairs
from gitlab_sync.snapshots.snapshot import NOUNS
from gitlab_sync.snapshots.trends import PersonTotals, totals_in

Why: TypeAlias = Literal[
    "new person", "person gone", "person renamed", "not read",
    "new item", "item gone", "item changed",
    "verdict changed", "waived", "no longer waived", "policy changed", "item or policy changed",
    "commits changed",
]  # fmt: skip
"""Why a cell or a line differs. `not read`: one of the runs could not read all of the person's
items, so that more is not known. Under another policy, verdicts on items that did not change differ
for that reason; of others that is not known."""

Subject: TypeAlias = Literal["policy", "person", "merge request", "issue", "project"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. Immutable.

    `person` is the username, and `item` the reference of a merge request or an issue or the path of
    a project; empty where there is none. `what` is the id of a check or the name of a column; empty
    if the whole is new or gone. `before` and `after` are None where there is no value. `reason`
    says more in words, and `link` leads to it.
    """

    subject: Subject
    why: Why
    person: str = ""
    item: str = ""
    what: str = ""
    before: str | None = None
    after: str | None = None
    reason: str = ""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the tables of people that changed. Immutable.

    `table` is the kind of the items, or `commits`; `column` is the title. A check has `Counts`,
    other columns a number; None: it is not known, or the person is not there. `why` counts the
    items that made it change, by the reason.
    """

    person: str
    table: Kind | Literal["commits"]
    column: str
    before: Counts | int | None
    after: Counts | int | None
    why: Mapping[Why, int]


class Diff:
    """The changes from one run to another. A context manager, which closes both.

    `people`, usernames, are those that are compared (None: everyone). All files are checked at
    once; what is asked for is read then, with memory for some thousands of items. Not thread-safe.
    Raises ConfigurationError for runs of different instances, and as `Snapshot` does.
    """

    def __init__(
        self, before: Source, after: Source, people: Collection[str] | None = None
    ) -> None:
        if before.info.instance != after.info.instance:
            raise ConfigurationError(
                f"Both runs must be of one GitLab, got {before.info.instance} and "
                f"{after.info.instance}",
                hint="Compare two runs of the same instance.",
            )
        self.before, self.after = before, after
        self._only = people
        self._database = Database(dict(zip(SIDES, (before, after), strict=True)))
        for side in SIDES:
            for table in _TABLES:  # a damaged file is to be told before anything is shown
                self._database.attach(f"{side}.{table}")

    def interrupt(self, reason: str) -> None:
        """End what is under way with `Cancelled`. For any thread."""
        self._database.interrupt(reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    @property
    def by_rules(self) -> bool:
        """Whether the policies differ in more than their waivers."""
        hashes = [each.info.rules_hash for each in (self.before, self.after)]
        if not all(hashes):
            hashes = [each.info.policy_hash for each in (self.before, self.after)]
        return hashes[0] != hashes[1]

    @cached_property
    def people(self) -> Sequence[PairedPerson]:
        """The people of both runs, by username; those with one id are one person."""
        before, after = (
            dict(totals_in(self._database, each, side, self._only).people)
            for side, each in zip(SIDES, (self.before, self.after), strict=True)
        )
        return [*_paired(before, after)]

    @cached_property
    def _pairs(self) -> Pairs:
        return Pairs(self._database, self.people, by_rules=self.by_rules)

    # -- cells ---------------------------------------------------------------------------------

    def cells(self) -> Iterator[Cell]:
        """Yield the cells that changed: by table, person and column."""
        for kind in NOUNS:
            states = self._states(kind)
            verdicts = self._verdicts(kind)
            for n in range(len(self.people)):
                yield from states.get(n, ())
                yield from verdicts.get(n, ())
        for pair in self.people:
            sides = (pair.before, pair.after)
            numbers = [None if person is None else person.commits for person in sides]
            yield from _cell(pair, "commits", "Commits Total", numbers, _of_commits(pair, numbers))

    def _states(self, kind: Kind) -> dict[int, list[Cell]]:
        """Return the cells that count items by their states, by the person's place."""
        found: dict[int, list[dict[str, Any]]] = {}
        for row in self._pairs.states(kind):
            found.setdefault(row["n"], []).append(row)
        cells: dict[int, list[Cell]] = {}
        for n, rows in found.items():
            pair = self.people[n]
            for title, among in COUNTS[kind].items():
                numbers = [
                    sum(row["number"] for row in rows if row[f"state_{side}"] in among)
                    if pair.knows(side, kind)
                    else None
                    for side in SIDES
                ]
                why: Counter[Why] = Counter()
                for row in rows:
                    if (row["state_before"] in among) != (row["state_after"] in among):
                        why[row["why"]] += row["number"]
                cells.setdefault(n, []).extend(_cell(pair, kind, title, numbers, why))
        return cells

    def _verdicts(self, kind: Kind) -> dict[int, list[Cell]]:
        """Return the cells of the checks, by the person's place."""
        why: dict[tuple[int, str], Counter[Why]] = {}
        for row in self._pairs.reasons(kind):
            why.setdefault((row["n"], row["check"]), Counter())[row["why"]] += row["number"]
        cells: dict[int, list[Cell]] = {}
        for n, pair in enumerate(self.people):
            for check, title in TITLES[kind].items():
                counts = [pair.counts(side, kind, check) for side in SIDES]
                found = _cell(pair, kind, title, counts, why.get((n, check), Counter()))
                cells.setdefault(n, []).extend(found)
        return cells

    # -- changes -------------------------------------------------------------------------------

    def changes(self) -> Iterator[Change]:
        """Yield everything that changed: the policy, people, items by their authors, projects."""
        yield from self._of_policy()
        for pair in self.people:
            yield from _of_person(pair)
        for kind in NOUNS:
            for row, verdicts in self._pairs.changes(kind):
                yield from self._of_item(kind, row, verdicts)
        if self._only is None:
            for _, rows in groupby(self._pairs.projects(), lambda row: row["item"]):
                yield from self._of_project([*rows])

    def _of_policy(self) -> Iterator[Change]:
        before, after = self.before.info, self.after.info
        if before.policy_hash != after.policy_hash:
            reason = (
                "verdicts differ for that reason, too" if self.by_rules else "only waivers differ"
            )
            yield Change(
                "policy", "policy changed", before=before.policy, after=after.policy, reason=reason
            )

    def _of_item(
        self, kind: Kind, row: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]
    ) -> Iterator[Change]:
        of_item = partial(
            Change,
            _SUBJECTS[kind],
            person=self.people[row["n"]].username,
            item=row["reference_after"] or row["reference_before"] or "",
            link=row["web_url_after"] or row["web_url_before"],
        )
        if row["why"] in {"new item", "item gone"}:
            yield of_item(row["why"], before=row["title_before"], after=row["title_after"])
        elif row["why"] == "item changed":
            ended = row["state_before"] != row["state_after"]
            for name in (each for each in FIELDS[kind] if not (ended and each in WHILE_OPEN)):
                before, after = (self._text(name, row, side) for side in SIDES)
                if before != after:
                    yield of_item("item changed", what=name, before=before, after=after)
        for each in verdicts:
            yield of_item(
                each["why"],
                what=each["check"],
                before=each["before"],
                after=each["after"],
                reason=each["reason"],
            )

    def _text(self, name: str, row: Mapping[str, Any], side: str) -> str | None:
        """Return a cell of an item; people in it have the names that they have afterwards.

        Assignees are those who are in both runs: of others the runs do not say.
        """
        cell = row[f"{name}_{side}"]
        if isinstance(cell, list):
            names = self._names[side]
            if name == "assigned_to":
                return ", ".join(sorted(names[each] for each in cell if each in names))
            return ", ".join(names.get(each, each) for each in cell)
        return None if cell is None else str(cell)

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, str]]:
        """The usernames, as they are afterwards, of those who are in both runs, by side."""
        both = [(pair.before, pair.after) for pair in self.people if pair.before and pair.after]
        return {
            side: {
                name: after.username
                for before, after in both
                for person in [after if side == "after" else before]
                for name in (person.key, person.username)
            }
            for side in SIDES
        }

    def _of_project(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
        first = rows[0]
        of_project = partial(Change, "project", item=first["project"], link=first["web_url"])
        error = next((row["error"] for row in rows if row["check"] is None), None)
        if not (first["was_there"] and first["is_there"]):
            why: Why = "new item" if first["is_there"] else "item gone"
            yield of_project(why, reason=error or "")
            rows = [row for row in rows if {row["before"], row["after"]} & _COUNTED]
        elif error is not None:
            if any(row["check"] is not None for row in rows):
                yield of_project("not read", reason=error)
            return
        else:
            why = "policy changed" if self.by_rules else "verdict changed"
        for row in rows:
            waived = _WAIVED.get((row["before"], row["after"]), why)
            yield of_project(
                waived,
                what=row["check"],
                before=row["before"],
                after=row["after"],
                reason=row["reason"],
            )


_TABLES = ("people", *NOUNS, "checks", "projects", "commits", "project_checks")
"""The tables that are compared."""

_SUBJECTS: Mapping[Kind, Subject] = {"merge_requests": "merge request", "issues": "issue"}
_COUNTED = frozenset({"fail", "waived", "unknown"})
_WAIVED: Mapping[tuple[str, str], Why] = {
    ("fail", "waived"): "waived",
    ("waived", "fail"): "no longer waived",
}

TITLES: Mapping[Kind, Mapping[str, str]] = {
    kind: {
        check.id: check.title
        for policy in (FAIR, CLASSIC)
        for check in getattr(policy, kind).checks
    }
    for kind in NOUNS
}
"""The titles of all checks of items, by their ids."""

COUNTS: Mapping[Kind, Mapping[str, frozenset[str]]] = {
    kind: {**rules.counts, **rules.further} for kind in NOUNS for rules in [getattr(FAIR, kind)]
}
"""The columns that count items by their states."""


def _cell(
    pair: PairedPerson,
    table: Kind | Literal["commits"],
    column: str,
    values: Sequence[Counts | int | None],
    why: Mapping[Why, int],
) -> Iterator[Cell]:
    """Yield a cell if it changed; nothing is not another nothing."""
    before, after = values
    if before != after and {before, after} not in ({None, 0}, {None, Counts()}):
        yield Cell(pair.username, table, column, before, after, why)


def _of_commits(pair: PairedPerson, numbers: Sequence[int | None]) -> Mapping[Why, int]:
    before, after = numbers
    if before is None or after is None:
        statuses = [pair.status(side, "merge_requests") for side in SIDES]
        why: Why = "new person" if statuses[0] == "absent" else "person gone"
        return {why if "absent" in statuses else "not read": 1}
    return {"commits changed": abs(after - before)}


def _of_person(pair: PairedPerson) -> Iterator[Change]:
    """Yield what changed about a person, and what of the items could not be read."""
    of_person = partial(Change, "person", person=pair.username)
    names = [
        None if person is None or person.found is False else person.username
        for person in (pair.before, pair.after)
    ]
    before, after = names
    if before is None and after is None:
        return
    if before is None or after is None:
        other = pair.before if before is None else pair.after
        reason = "not among the people of the run" if other is None else "GitLab has no such person"
        why: Why = "new person" if before is None else "person gone"
        yield of_person(why, before=before, after=after, reason=reason)
        return
    if before != after:
        yield of_person("person renamed", before=before, after=after)
    for kind in NOUNS:
        unread = [side for side in SIDES if pair.status(side, kind) == "unread"]
        if unread:
            reason = f"{kind.replace('_', ' ')} could not be read in full {' and '.join(unread)}"
            yield of_person("not read", what=kind, reason=reason)


def _paired(
    before: dict[str, PersonTotals], after: dict[str, PersonTotals]
) -> Iterator[PairedPerson]:
    """Yield the people of both sides: by id, and by name where an id is not known."""
    by_id = {person.id: key for key, person in before.items() if person.id is not None}
    found = []
    for key, person in after.items():
        known = by_id.pop(person.id, None) if person.id is not None else None
        if known is None and key in before and None in {person.id, before[key].id}:
            known = key
        found.append((key, PairedPerson(None if known is None else before.pop(known), person)))
    found += ((key, PairedPerson(person, None)) for key, person in before.items())
    return (pair for _, pair in sorted(found, key=lambda each: each[0]))
