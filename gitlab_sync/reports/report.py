"""The rows of a run, and how complete they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from gitlab_sync import errors
from gitlab_sync.rules.text import plural, share
from gitlab_sync.types import TableRow

R = TypeVar("R")

_NOT_FOUND = "not found"
_SHORTFALLS = {"Partial": "in part", "Not Found": "not found", "Error": "not read"}

_SHORT: tuple[tuple[type[errors.GitLabSyncError], str], ...] = (
    (errors.AuthenticationError, "not signed in"),
    (errors.PermissionDenied, "denied"),
    (errors.NotGitLab, "no GitLab API at this address"),
    (errors.NotFound, _NOT_FOUND),
    (errors.RateLimited, "rate limited"),
    (errors.TimedOut, "timed out"),
    (errors.Cancelled, "cancelled"),
    (errors.ChangedSince, "changed since"),
)


def short_reason(error: errors.GitLabSyncError) -> str:
    """Return a word or two for a completeness line: denied, rate limited, failed."""
    return next((words for kind, words in _SHORT if isinstance(error, kind)), "failed")


def commonest(reasons: Counter[str]) -> list[tuple[str, int]]:
    """Return reasons with their numbers, the most common first, then by name.

    The order in which they occurred is random, so it does not count.
    """
    return sorted(reasons.items(), key=lambda counted: (-counted[1], counted[0]))


@dataclass(slots=True)
class Completeness:
    """How much of what a run was to read it did read.

    `what` names the items ("merge requests"); `read` counts those that are fully known, `total` all
    that were found, `lost` the others by reason. `lists` counts, by reason, the people with a list
    that could not be read to its end: how many items it holds is unknown. `where` names the project
    or group that they are all in: without it no list is found. `only_first` says that it is of the
    first few people only, and the others come later.
    """

    what: str
    read: int = 0
    total: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)
    where: str = ""
    only_first: bool = False

    @classmethod
    def of_people(cls, statuses: Iterable[str]) -> Completeness:
        """Return the completeness of a table of people, given the `Status` of each."""
        lost = Counter(statuses)
        total, read = lost.total(), lost.pop("Success", 0)
        reasons = Counter({_SHORTFALLS[status]: number for status, number in lost.items()})
        return cls("people", read, total, reasons)

    def add(self, other: Completeness) -> None:
        """Add what was read, found and lost of other items and other people."""
        self.read += other.read
        self.total += other.total
        self.lost += other.lost
        self.lists += other.lists

    def with_other(self, other: Completeness) -> Completeness:
        """Return how complete this is together with other items of the same kind."""
        lost, lists = self.lost + other.lost, self.lists + other.lists
        read, total = self.read + other.read, self.total + other.total
        return Completeness(self.what, read, total, lost, lists, self.where)

    @property
    def whole(self) -> bool:
        """Whether everything was read."""
        return not (self.lost or self.lists or self.only_first)

    def __str__(self) -> str:
        parts = [f"{share(self.read, self.total, self.what)} read"]
        parts += [f"{count} {reason}" for reason, count in commonest(self.lost)]
        alone = {short_reason(errors.NotGitLab("")): ""}  # reasons that no list is the subject of
        if self.where:
            alone[_NOT_FOUND] = f"{self.where} "
        parts += [
            f"{alone[reason]}{reason}"
            if reason in alone
            else f"{'list' if count == 1 else 'lists'} of {plural(count, 'person')} {reason}"
            for reason, count in commonest(self.lists)
        ]
        if self.only_first:
            parts.append("other people not read yet")
        return ", ".join(parts)


class Rows(list[R]):
    """The rows of a run, with how complete they are, and as of when (aware, UTC)."""

    def __init__(self, rows: Iterable[R], completeness: Completeness) -> None:
        super().__init__(rows)
        self.completeness = completeness
        self.as_of = datetime.now(UTC)


class Report(Rows[TableRow]):
    """The rows of any table.

    `late` has a row for each item that came too late. `doubts` has, by username and column, how
    many items are unknown, in tables with shares, and `waived` of how many a waiver covers the
    fault. `warnings` say what to look at in the policy.
    """

    def __init__(
        self,
        rows: Iterable[TableRow],
        completeness: Completeness,
        doubts: Mapping[str, Mapping[str, int]] | None = None,
        waived: Mapping[str, Mapping[str, int]] | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__(rows, completeness)
        self.late: Sequence[TableRow] = ()
        self.doubts = doubts or {}
        self.waived = waived or {}
        self.warnings = warnings
