"""Waivers: faults that a team has decided not to count, with a reason and an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Waiver:
    """A decision that one check's faults do not count, up to and with the day `until`.

    At most one of `item` (`group/project!42`, `group/project#7`), `project` (its full path),
    `person` (a username) and `group` (a full path: all of its projects) limits it; without one it
    is for the check alone. `place` says where it is written, as `gitlab-sync.toml: waivers.0`.
    """

    check: str
    reason: str
    by: str
    until: date
    item: str | None = None
    project: str | None = None
    person: str | None = None
    group: str | None = None
    place: str = ""
