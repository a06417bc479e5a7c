"""Compares the numbers of one person: each equal, explained, unexplained, or unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Literal, TypeAlias

from gitlab_sync.rules.parity import differences as known
from gitlab_sync.rules.parity.columns import GROUPS, Column, OlderKind
from gitlab_sync.rules.parity.differences import DIFFERENCES, Difference, Items
from gitlab_sync.rules.parity.older_item import OlderItem
from gitlab_sync.rules.parity.older_table import OlderRow
from gitlab_sync.rules.text import plural
from gitlab_sync.types import Status

CellResult: TypeAlias = Literal["equal", "explained", "unexplained", "unknown"]

_Counted: TypeAlias = dict[object, OlderItem]

_WORST: tuple[CellResult, ...] = ("unexplained", "unknown", "explained", "equal")
_OLDER = {difference.id: difference.older for difference in DIFFERENCES}


@dataclass(frozen=True, slots=True)
class Ours:
    """What we know of one person. Not to be changed.

    `cells` are our numbers by title (None: unknown), and `doubtful` the titles of those that can be
    wrong, since something could not be read; those in `least` can be too low. `items` are those
    behind the numbers, the newest first; None if they were not read. `groups_of_owner` is the
    number of groups of the token's owner, if it was read.
    """

    status: Status
    cells: Mapping[str, int | float | None]
    doubtful: Collection[str] = frozenset()
    least: Collection[str] = frozenset()
    items: Items | None = None
    groups_of_owner: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the older number was another one, or why that is not known. Immutable.

    `differences` has their ids, and `items` the references of the items that make the difference.
    `reason` is for people.
    """

    reason: str = ""
    differences: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


_SAME = Explanation()


@dataclass(frozen=True, slots=True)
class ComparedCell:
    """One cell of a person that is not empty in the older table. Immutable."""

    username: str
    title: str
    older: int | float | str
    ours: int | float | None
    result: CellResult
    why: Explanation = _SAME

    @property
    def rank(self) -> tuple[object, ...]:
        """The key that sorts the worst first."""
        far = float("inf")
        if self.ours is not None and not isinstance(self.older, str):
            far = abs(self.older - self.ours)
        return (_WORST.index(self.result), -far, self.username.lower(), self.title)


@dataclass(slots=True)
class Comparison:
    """Compares the rows of one table. `written` is when its file was written, if that is known."""

    kind: OlderKind
    written: datetime | None = None
    _changes: Sequence[Difference] = field(init=False)

    def __post_init__(self) -> None:
        since = () if self.written is None else (known.created_since(self.written),)
        self._changes = (*since, *DIFFERENCES)

    def differing(self, older: OlderRow, ours: Ours) -> list[Column]:
        """Return the columns of a person that have to be explained from their items."""
        return [
            column
            for column in self._columns(older)
            if (own := ours.cells.get(column.title)) is not None
            and not isinstance(older.cells[column.title], str)
            and older.cells[column.title] != own
        ]

    def compare(self, older: OlderRow, ours: Ours) -> list[ComparedCell]:
        """Return each cell of a person that is not empty, in the order of the columns."""
        return [self._cell(column, older, ours) for column in self._columns(older)]

    def _columns(self, older: OlderRow) -> list[Column]:
        return [column for column in self.kind.columns if column.title in older.cells]

    def _cell(self, column: Column, older: OlderRow, ours: Ours) -> ComparedCell:
        number, own = older.cells[column.title], ours.cells.get(column.title)
        result: CellResult = "equal"
        why = _SAME
        if isinstance(number, str):
            result, why = "unexplained", Explanation("the older cell is no number")
        elif own is None:
            result, why = _absent(number, ours)
        elif column.title in ours.doubtful:
            result, why = "unknown", Explanation("not all of it could be read")
        elif number != own:
            result, why = self._differing(column, number, ours)
        return ComparedCell(older.username, column.title, number, own, result, why)

    def _differing(
        self, column: Column, number: float, ours: Ours
    ) -> tuple[CellResult, Explanation]:
        found = self._explained(column, number, ours)
        if found is not None:
            return "explained", found
        if column.title in ours.least:
            return "unknown", Explanation("our number can be too low")
        return "unexplained", Explanation("no difference gives this number")

    def _explained(self, column: Column, number: float, ours: Ours) -> Explanation | None:
        if column.title == GROUPS:
            if number != ours.groups_of_owner:
                return None
            return _known(known.OWNERS_GROUPS)
        if column.kind is None or ours.items is None:
            return None
        items = [item for item in ours.items if item.kind == column.kind]
        return self._by_differences(column, number, items) or self._by_updates(
            column, number, items
        )

    def _by_differences(self, column: Column, number: float, items: Items) -> Explanation | None:
        """Find the fewest differences that give the older number; of several, all are named."""
        counting = _Counting(column, items)
        own = counting.of(items)
        effective = [
            each
            for each in self._changes
            if each.concerns(self.kind.command, column) and each.has_effect(items, column)
        ]
        for size in range(1, len(effective) + 1):
            fitting = [
                (several, counted)
                for several in combinations(effective, size)
                if (counted := counting.with_differences(several)) is not None
                and len(counted) == number
            ]
            if fitting and own is not None:
                counted = fitting[0][1]
                told = " or ".join(dict.fromkeys(_in_words(each) for each, _ in fitting))
                ids = dict.fromkeys(each.id for several, _ in fitting for each in several)
                behind = _names({**own, **counted}, own.keys() ^ counted.keys())
                return Explanation(told, tuple(ids), behind)
        return None

    def _by_updates(self, column: Column, number: float, items: Items) -> Explanation | None:
        """Explain by items that changed after the file was written, if they are enough."""
        if self.written is None:
            return None
        since = known.created_since(self.written)
        before = known.in_scope(since.applied(items, column))
        own = _Counting(column, before).of(before)
        if own is None:
            return None
        changed = [each for each in before if known.is_after(each, "updated_at", self.written)]
        more = number > len(own)
        can = {_key(each): each for each in changed if (_key(each) in own) != more}
        needed = abs(number - len(own))
        if needed > len(can):
            return None
        created = len(before) < len(known.in_scope(items))
        ids = (known.CREATED, known.UPDATED) if created else (known.UPDATED,)
        told = f"{plural(len(can), 'item')} changed after the file was written"
        return Explanation(told, ids, _names(can, can.keys()))


class _Counting:
    """Counts the items of a person in a column, each item that no difference changes only once."""

    def __init__(self, column: Column, items: Items) -> None:
        self._column = column
        self._items = items
        self._known = {id(item): item.counts(column) for item in items}

    def with_differences(self, differences: Iterable[Difference]) -> _Counted | None:
        """Return what counts with these differences, as `of` does."""
        items = self._items
        for difference in differences:
            items = difference.applied(items, self._column)
        return self.of(items)

    def of(self, items: Items) -> _Counted | None:
        """Return the items that count, by their keys; None if that is unknown of one of them."""
        found: _Counted = {}
        for item in known.in_scope(items):
            is_known = id(item) in self._known
            counts = self._known[id(item)] if is_known else item.counts(self._column)
            if counts is None:
                return None
            if counts:
                found[_key(item)] = item
        return found


def _key(item: OlderItem) -> object:
    record = item.record
    return record.get("id") or (record.get("project_id"), record.get("iid"))


def _names(items: Mapping[object, OlderItem], keys: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted(items[key].name for key in keys))


def _in_words(differences: Sequence[Difference]) -> str:
    return ", and ".join(_said(each) for each in differences)


def _said(difference: Difference) -> str:
    if difference.id == known.CREATED:
        return "some items were created after the file was written"
    return difference.older


def _absent(number: float, ours: Ours) -> tuple[CellResult, Explanation]:
    """Return what to say where we have no number."""
    missing = ours.status == "Not Found"
    if number == 0:
        return "explained", _known(known.UNKNOWN_USER if missing else known.FAILURES)
    return "unknown", Explanation("there is no such user" if missing else "could not be read")


def _known(name: str) -> Explanation:
    return Explanation(_OLDER[name], (name,))


def counts_of(cells: Iterable[ComparedCell]) -> dict[CellResult, int]:
    """Return the number of cells of each result."""
    numbers: dict[CellResult, int] = dict.fromkeys(("equal", "explained", "unexplained"), 0)
    for cell in cells:
        numbers[cell.result] = numbers.get(cell.result, 0) + 1
    return numbers


def in_words(numbers: Mapping[CellResult, int]) -> str:
    """Return the summary: `418 cells: 402 equal, 12 explained, 4 unexplained`."""
    parts = (f"{number} {result}" for result, number in numbers.items())
    return f"{plural(sum(numbers.values()), 'cell')}: {', '.join(parts)}"


def worst_first(cells: Iterable[ComparedCell]) -> Iterator[ComparedCell]:
    """Yield the cells that are not equal: unexplained, unknown, then explained ones."""
    return iter(sorted((c for c in cells if c.result != "equal"), key=lambda each: each.rank))
