"""The facts of a merge request or an issue that no list holds."""

from __future__ import annotations

from dataclasses import dataclass

from gitlab_sync.types import PartialList

NOT_ASKED = PartialList((), "not asked for")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read about one item, beyond its record; `Facts()`: nothing.

    Each is a list of GitLab's records as it was read. `time_stats` holds one record, or is None
    if the merge request's own record has it. `discussions` hold all notes by thread; they are read
    in place of `notes` where it counts which threads are resolved. `milestones` are active ones of
    an issue's project: the first says that there are any. Only the facts that
    `RuleSet.undecided` names have to be read: no verdict depends on the others.
    """

    notes: PartialList = NOT_ASKED
    commits: PartialList = NOT_ASKED
    diffs: PartialList = NOT_ASKED
    pipelines: PartialList = NOT_ASKED
    time_stats: PartialList | None = None
    discussions: PartialList = NOT_ASKED
    milestones: PartialList = NOT_ASKED

    def is_whole(self, fact: str) -> bool:
        """Return whether this fact was read to its end."""
        reading: PartialList | None = getattr(self, fact)
        return reading is not None and reading.whole


NOTHING = Facts()
"""No fact at all."""
