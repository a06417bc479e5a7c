"""The terms of a policy: what its rules take from its file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.items.check import Severity
from gitlab_sync.rules.items.paths import is_test_path
from gitlab_sync.rules.items.source_paths import is_source_path
from gitlab_sync.rules.slots import USUAL_SLOTS, Slots
from gitlab_sync.rules.working_time import WorkingTime

Milestones = Literal["off", "if used", "always"]


@dataclass(frozen=True, slots=True)
class Paths:
    """Which changed files are source (a change of them could have a test), and which are tests."""

    is_source: Callable[[str], bool] = is_source_path
    is_test: Callable[[str], bool] = is_test_path


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy agrees on. Immutable.

    `working_time` has its time zone and holidays. `time_tracking` says that time is booked, and
    `milestones` whether issues need one. `exempt_labels` has, by the id of a check, the labels with
    which it does not apply; they are compared exactly. `severities` and `limits` (in seconds) have
    those of single checks that the policy changes, by id. `bots` are usernames of bots that do not
    look like one, and `slots` the parts of the day of commits.
    """

    working_time: WorkingTime = field(default_factory=WorkingTime)
    time_tracking: bool = False
    milestones: Milestones = "off"
    exempt_labels: Mapping[str, Collection[str]] = field(default_factory=dict)
    paths: Paths = Paths()
    bots: Collection[str] = DEFAULT_BOTS
    severities: Mapping[str, Severity] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    slots: Slots = USUAL_SLOTS
