"""From verdicts to rows: a person's row is made once the last of their items is evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gitlab_sync.errors import Cancelled, GitLabSyncError
from gitlab_sync.reports.report import commonest
from gitlab_sync.reports.sheet import Link
from gitlab_sync.rules.items.as_of import item_key
from gitlab_sync.rules.items.tally import Evaluated, Verdicts
from gitlab_sync.types import OnRow, Record, Status, TableRow

P = TypeVar("P")

_MOST_REASONS = 3


@dataclass(slots=True, eq=False)
class PersonVerdicts(Generic[P]):
    """The items of one person, in their order, and what the rules say of each so far.

    `awaited` counts the items that have no verdicts yet. `errors` were met where a verdict is
    unknown.
    """

    person: P
    items: Sequence[Record]
    awaited: int
    errors: list[GitLabSyncError] = field(default_factory=list)
    _taken: dict[object, Evaluated] = field(default_factory=dict)

    def add(self, item: Record, verdicts: Verdicts, errors: Iterable[GitLabSyncError]) -> None:
        """Note what the rules say of an item that was awaited."""
        self._taken[item_key(item)] = (item, verdicts)
        self.errors += errors
        self.awaited -= 1

    @property
    def evaluated(self) -> list[Evaluated]:
        """All items with their verdicts: none for an item that is not to be evaluated.

        An item is as it was taken: more can have been read of it since it was expected.
        """
        return [self._taken.get(item_key(item), (item, {})) for item in self.items]


def _as_they_are(_person: object, _item: Record, verdicts: Verdicts) -> Verdicts:
    return verdicts


class RowAssembler(Generic[P]):
    """Takes verdicts in any order, and makes each person's row as soon as nothing is missing.

    `on_row` gets each row. `in_row` returns verdicts as they count in the row of a person. No row
    is made before `release`. Not thread-safe.
    """

    def __init__(
        self,
        on_row: OnRow | None = None,
        in_row: Callable[[P, Record, Verdicts], Verdicts] = _as_they_are,
    ) -> None:
        self.rows: list[TableRow] = []
        self._on_row = on_row
        self._in_row = in_row
        self._make: Callable[[PersonVerdicts[P]], TableRow] | None = None
        self._held: list[PersonVerdicts[P]] = []
        self._awaiting: dict[object, list[PersonVerdicts[P]]] = {}

    def expect(self, person: P, items: Sequence[Record], awaited: Sequence[Record]) -> list[Record]:
        """Take a person with their items, and those of the items that verdicts will come for.

        Returns the ones of these that no other person had: one item can be several people's.
        """
        theirs = PersonVerdicts(person, items, len(awaited))
        new: list[Record] = []
        for item in awaited:
            others = self._awaiting.setdefault(item_key(item), [])
            if not others:
                new.append(item)
            others.append(theirs)
        if not awaited:
            self._finish(theirs)
        return new

    def take(
        self, item: Record, verdicts: Verdicts, errors: Sequence[GitLabSyncError] = ()
    ) -> bool:
        """Take the verdicts of an item, and make the rows that it completes.

        Returns whether everything was read for them. Of `errors`, only those of an item in doubt
        count.
        """
        known = all(each.result != "unknown" or each.pending for each in verdicts.values())
        for theirs in self._awaiting.pop(item_key(item)):
            counted = self._in_row(theirs.person, item, verdicts)
            theirs.add(item, counted, () if known else errors)
            if not theirs.awaited:
                self._finish(theirs)
        return known

    def release(self, make: Callable[[PersonVerdicts[P]], TableRow]) -> None:
        """Make the rows of people who are complete, and from now on each as soon as it can be."""
        self._make = make
        while self._held:
            self._finish(self._held.pop(0))

    def add(self, rows: Iterable[TableRow]) -> None:
        """Take rows of other people that were made elsewhere."""
        for row in rows:
            self._add(row)

    def _finish(self, theirs: PersonVerdicts[P]) -> None:
        if self._make is None:
            self._held.append(theirs)
            return
        self._add(self._make(theirs))

    def _add(self, row: TableRow) -> None:
        self.rows.append(row)
        if self._on_row is not None:
            self._on_row(row)


def profile_links(instance: str, title: str = "Username") -> dict[str, Link]:
    """Return the links of the column with usernames: each person's profile, if there is one."""

    def profile(row: TableRow) -> str | None:
        exists = row.get("Status") not in {"Not Found", "Error"}
        return f"{instance}/{row[title]}" if exists else None

    return {title: profile}


def status_of_absent(username: str, error: GitLabSyncError | None) -> tuple[Status, str]:
    """Return status and error of a person without any data: an error, or no such person."""
    if error is None:
        return "Not Found", f"404 there is no user {username!r}"
    return "Error", reason_in_words(error)


def reason_in_words(error: GitLabSyncError, what: str = "") -> str:
    """Return why something (`what`) is unknown; a cancelled run is named as such."""
    if isinstance(error, Cancelled) and "cancelled" in error.reason:
        return f"{what} not read: run cancelled".lstrip()
    return f"{what}: {error.reason}" if what else error.reason


def reasons_in_words(errors: Iterable[GitLabSyncError], what: str = "") -> str:
    """Return why something is unknown: the commonest reasons, each with its number.

    `what` is named before each reason.
    """
    met = list(errors)
    reasons = Counter(reason_in_words(error, what) for error in met)
    once = {reason_in_words(error, what) for error in met if isinstance(error, Cancelled)}
    texts = [
        reason if count == 1 or reason in once else f"{reason} ({count} times)"
        for reason, count in commonest(reasons)[:_MOST_REASONS]
    ]
    if len(reasons) > _MOST_REASONS:
        texts.append(f"and {len(reasons) - _MOST_REASONS} other reasons")
    return "; ".join(texts) or "some records lack what a check needs"


def reasons_of_members(errors: Iterable[tuple[str, str | None]]) -> str | None:
    """Return what is missing of a team, from its members' names and errors; None for nothing.

    The commonest errors are named, each with who has it: `ann: 403; 3 members: timeout`.
    """
    met: dict[str, list[str]] = {}
    for name, error in errors:
        if error is not None:
            met.setdefault(error, []).append(name)
    texts = [
        f"{names[0] if len(names) == 1 else f'{len(names)} members'}: {text}"
        for text, names in sorted(met.items(), key=lambda each: -len(each[1]))
    ]
    if len(texts) > _MOST_REASONS:
        texts[_MOST_REASONS:] = ["…"]
    return "; ".join(texts) or None
