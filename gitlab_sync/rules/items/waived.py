"""The waivers of a policy over the verdicts on one item."""

from __future__ import annotations

from gitlab_sync.rules import record
from gitlab_sync.rules.items.references import full_reference
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.waivers import Subject, Waivers, reason_of
from gitlab_sync.types import Record


def subject_of(item: Record, person: str | None = None) -> Subject:
    """Return an item as waivers see it: in the row of `person` (None: its author)."""
    name = full_reference(item)
    project = None if name is None else name.replace("#", "!").rpartition("!")[0]
    return Subject(name, project, record.author(item) if person is None else person)


def applied(item: Record, found: Verdicts, waivers: Waivers, person: str | None = None) -> Verdicts:
    """Return the verdicts, `waived` in the place of each fault that a waiver covers."""
    faults = {
        check: verdict
        for check, verdict in found.items()
        if verdict.result == "fail" and waivers.are_about(check)
    }
    if not faults:
        return found
    subject = subject_of(item, person)
    covered = {
        check: verdict._replace(
            result="waived", reason=reason_of(waiver, verdict.reason), waiver=waiver
        )
        for check, verdict in faults.items()
        if (waiver := waivers.covering(check, subject)) is not None
    }
    return {**found, **covered}
