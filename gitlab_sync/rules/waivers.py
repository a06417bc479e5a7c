"""The waivers of a policy on one day: which faults they cover, and which of them cover none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import bare_username, username_key
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.types import Record

_Place: TypeAlias = tuple[str, str]
"""What a waiver is limited to, as `("item", "group/app!7")`; `("", "")` is everything."""

_EVERYTHING: _Place = ("", "")
_SETTLED = frozenset({"pass", "n/a", "not applicable"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What has a fault. Immutable.

    `item` is its reference (`group/app!7`, `group/app#12`), `project` the full path of its project,
    and `person` the username of the row in which it counts. What is None is not known, or absent.
    """

    item: str | None = None
    project: str | None = None
    person: str | None = None

    @property
    def places(self) -> Iterator[_Place]:
        """What a waiver that covers it is limited to, the narrowest first."""
        if self.item:
            yield "item", self.item.lower()
        if self.person:
            yield "person", username_key(self.person)
        if self.project:
            path = self.project.lower()
            yield "project", path
            while path := path.rpartition("/")[0]:
                yield "group", path
        yield _EVERYTHING


@dataclass(frozen=True, slots=True)
class Waivers:
    """All waivers of a policy, of which those have ended that are until before `day`. Immutable.

    Without a `day` none has ended. Their order is irrelevant: of several that cover a fault, the
    narrowest counts, and of these the one that ends last.
    """

    every: tuple[Waiver, ...] = ()
    day: date | None = None
    _best: Mapping[str, Mapping[_Place, Waiver]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        best: dict[str, dict[_Place, Waiver]] = {}
        for each in sorted(self.in_force, key=_rank):
            best.setdefault(each.check, {}).setdefault(place_of(each), each)
        object.__setattr__(self, "_best", best)

    @property
    def in_force(self) -> list[Waiver]:
        """Those that have not ended."""
        return [each for each in self.every if self.day is None or self.day <= each.until]

    @property
    def ended(self) -> list[Waiver]:
        """Those that have ended: what they covered counts again."""
        return [each for each in self.every if self.day is not None and each.until < self.day]

    def are_about(self, check: str) -> bool:
        """Return whether one of those in force is for this check."""
        return check in self._best

    def covering(self, check: str, subject: Subject) -> Waiver | None:
        """Return the waiver that covers a fault of this check, or None."""
        among = self._best.get(check, {})
        return next((among[place] for place in subject.places if place in among), None)


def subject_of_project(project: Record) -> Subject:
    """Return a project as waivers see it."""
    return Subject(project=record.text(project, "path_with_namespace"))


def place_of(waiver: Waiver) -> _Place:
    """Return what the waiver is limited to."""
    if waiver.item is not None:
        return "item", waiver.item.lower()
    if waiver.person is not None:
        return "person", username_key(waiver.person)
    if waiver.project is not None:
        return "project", waiver.project.strip("/").lower()
    if waiver.group is not None:
        return "group", waiver.group.strip("/").lower()
    return _EVERYTHING


def described(waiver: Waiver) -> str:
    """Return what it is for: `no_desc`, `no_desc of group/app!7`, `no_desc of @alice`."""
    if waiver.person is not None:
        return f"{waiver.check} of @{bare_username(waiver.person)}"
    limit = waiver.item or waiver.project or waiver.group
    return waiver.check if limit is None else f"{waiver.check} of {limit}"


def reason_of(waiver: Waiver, fault: str) -> str:
    """Return why a fault does not count, who decided so, until when, and what the fault is."""
    return f"waived by {waiver.by} until {waiver.until}: {waiver.reason} ({fault})"


def _rank(waiver: Waiver) -> tuple[int, str, str, str]:
    return -waiver.until.toordinal(), waiver.reason, waiver.by, waiver.place


NO_WAIVERS = Waivers()
"""None at all."""


@dataclass(slots=True)
class WaiverUse:
    """Notes what a run evaluates, and finds the waivers that it could have used and did not."""

    waivers: Waivers
    _settled: Counter[tuple[str, _Place]] = field(default_factory=Counter)
    _needed: set[tuple[str, _Place]] = field(default_factory=set)
    _checks: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._checks = {each.check for each in self.waivers.every}

    def look(self, check: str, subject: Subject, result: str) -> None:
        """Note the result of a check: `waived` uses each waiver that covers it.

        What is unknown could be a fault, so it leaves open whether they are needed.
        """
        if check not in self._checks:
            return
        for place in subject.places:
            if result in _SETTLED:
                self._settled[check, place] += 1
            else:
                self._needed.add((check, place))

    def add(self, other: WaiverUse) -> None:
        """Take what another one has noted of other subjects."""
        self._settled += other._settled
        self._needed |= other._needed

    def unused(self, limits: Iterable[str]) -> list[tuple[Waiver, int]]:
        """Return waivers of nothing, each with the number of subjects that it could be for.

        They are limited by one of `limits`, such as `item` or `person`; the empty text stands for
        no limit. Of a waiver for which there was no subject, the run can say nothing.
        """
        among = frozenset(limits)
        found = []
        for each in self.waivers.in_force:
            place = place_of(each)
            number = self._settled[each.check, place]
            if place[0] in among and number and (each.check, place) not in self._needed:
                found.append((each, number))
        return found
