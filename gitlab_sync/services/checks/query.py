"""What is asked of a check, what it found, and what its kinds share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitlab_sync.api.facts.rest import FactsRead
from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.reports.report import Completeness, short_reason
from gitlab_sync.rules import record
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.rules.ratchet.check_result import README, CheckResult, of_item
from gitlab_sync.rules.ratchet.place import Kind, place_of_item
from gitlab_sync.types import Record


@dataclass(frozen=True, slots=True)
class CheckQuery:
    """What to check, by which policy. Immutable.

    It is the merge request with the number `merge_request` in `project`; else the merge requests
    and issues of `people`, in `project` or anywhere; else the compliance of `project`, at `ref`
    (None: its default branch). `project` is an id or a path. `final` checks an open merge request
    as if it was merged at `now` (None: when it is read). `note` says to read what is needed to keep
    a note on it.
    """

    policy: Policy = FAIR
    project: int | str | None = None
    merge_request: int | None = None
    people: Sequence[str] | None = None
    ref: str | None = None
    final: bool = False
    note: bool = False
    now: datetime | None = None

    def __post_init__(self) -> None:
        if self.project is None and (self.merge_request is not None or self.people is None):
            raise ConfigurationError("A check must be of a merge request, a project or people")


@dataclass(slots=True)
class CheckReport:
    """What a check found. Not to be changed.

    `subject` says in words what was checked, and `project` is the full path of the one project that
    it is about, or None. `unread` says what could not be read as a whole, `remarks` what else to
    know, and `warnings` what to look at in the policy. `read` is the one merge request with its
    facts, and `user` the owner of the token, or why that is not known.
    """

    subject: str
    project: str | None
    results: list[CheckResult]
    completeness: Completeness
    unread: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    read: FactsRead | None = None
    user: Record | GitLabSyncError | None = None
    warnings: Sequence[str] = ()

    @property
    def nothing(self) -> bool:
        """Whether nothing at all could be read."""
        known = any(each.outcome != "unknown" for each in self.results)
        return not known and bool(self.unread or self.results)


def results_of(read: FactsRead, kind: Kind, rules: RuleSet, query: CheckQuery) -> list[CheckResult]:
    """Return what the rules say of an item; none if its record does not tell its place."""
    place = place_of_item(read.mr, kind)
    if place is None:
        return []
    policy = query.policy
    file = policy.name if policy.name.endswith(".toml") else README
    verdicts = rules.evaluate(read.mr, read.facts)
    return list(of_item(read.mr, place, rules, verdicts, read.facts, policy.terms, file))


def no_place(item: Record) -> str:
    """Return why nothing can be said of an item or project that does not tell its place."""
    return f"{record.link(item) or 'an item'}: its record lacks the project or the number"


def count(
    completeness: Completeness,
    results: Iterable[CheckResult],
    errors: Sequence[GitLabSyncError],
    unread: Sequence[str] = (),
) -> None:
    """Count one item as read, or as lost for the first of the errors."""
    if unread or any(each.outcome == "unknown" for each in results):
        completeness.lost[short_reason(errors[0]) if errors else "unclear"] += 1
    else:
        completeness.read += 1
