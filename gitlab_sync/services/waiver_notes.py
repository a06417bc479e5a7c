"""What a run says of the waivers of its policy: those that have ended, and those of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.tally import Evaluated
from gitlab_sync.rules.items.waived import subject_of
from gitlab_sync.rules.text import plural
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.rules.waivers import Waivers, WaiverUse, described, subject_of_project
from gitlab_sync.types import Record

if TYPE_CHECKING:
    from gitlab_sync.rules.projects import compliance


_NARROW = {"item": ("item", "person"), "project": ("project",)}
_ANY = ("item", "person", "project", "group", "")


class WaiverNotes:
    """Takes what a run evaluates, and says in words what to look at in the policy.

    `checks` are those that it evaluates, and `noun` is what it evaluates. A run can say that a
    waiver is of nothing only if it evaluated what the waiver is for. One that is wider than a
    single row can be needed by others, so a run with one row is silent about it. Not thread-safe.
    """

    def __init__(
        self,
        waivers: Waivers,
        checks: Iterable[Check],
        noun: Literal["item", "project"] = "item",
    ) -> None:
        self._use = WaiverUse(waivers)
        self._checks = frozenset(check.id for check in checks)
        self._noun = noun
        self._rows = 0

    def saw_items(self, person: str, evaluated: Sequence[Evaluated]) -> None:
        """Take the items of a person's row with their verdicts."""
        self._rows += bool(evaluated)
        if self._use.waivers.every:
            for item, verdicts in evaluated:
                subject = subject_of(item, person)
                for check, verdict in verdicts.items():
                    self._use.look(check, subject, verdict.result)

    def saw_project(self, project: Record, report: compliance.Report) -> None:
        """Take what was found of a project."""
        self._rows += 1
        subject = subject_of_project(project)
        for check, finding in report.findings.items():
            self._use.look(check, subject, finding.result)

    def add(self, other: WaiverNotes) -> None:
        """Take what another one has seen of other rows."""
        self._rows += other._rows
        self._use.add(other._use)

    def warnings(self) -> list[str]:
        """Return a sentence for each waiver that has ended, and for each that is of nothing."""
        limits = _NARROW[self._noun] if self._rows < 2 else _ANY
        return [
            *(
                f"{_named(each)} ended on {each.until}: its faults count again"
                for each in self._use.waivers.ended
                if each.check in self._checks
            ),
            *(
                f"{_named(each)} matched nothing: the run evaluated "
                f"{plural(number, self._noun)} that it is for, and none has that fault"
                for each, number in self._use.unused(limits)
            ),
        ]


def _named(waiver: Waiver) -> str:
    place = f"{waiver.place}: " if waiver.place else ""
    return f"{place}the waiver of {described(waiver)}"
