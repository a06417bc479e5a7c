"""The table of whole people: what is asked, each row in detail, and the table for exporters."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.items.as_of import AS_THEY_ARE, AsOf
from gitlab_sync.rules.items.fixes import EvaluatedItems, Fixes, what_to_fix
from gitlab_sync.rules.items.table import by_username
from gitlab_sync.rules.items.tally import Evaluated
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.rules.scores import unified
from gitlab_sync.rules.scores.profile import shown_fields
from gitlab_sync.services.people_sheet import people_sheet
from gitlab_sync.services.summary import PersonSummary
from gitlab_sync.types import TableRow

_PASS = Verdict("pass", "")


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Who is asked about, in which projects and when, and how thoroughly. Immutable.

    The members of `groups` are asked about, too. `projects` are ids, paths or URLs (none: all of
    each person's). `quick` evaluates merge requests from lists alone, which cannot say everything.
    `policy` has the rules. With `as_of`, items are as they were then, and nothing else is read:
    GitLab does not keep what else there was. The rest is as in `people_data.PeopleRequest`.
    """

    people: Sequence[Person]
    groups: Sequence[int | str] = ()
    projects: Sequence[int | str] = ()
    period: Period = field(default_factory=Period)
    quick: bool = False
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None
    clock: tzinfo | None = None
    policy: Policy = CLASSIC
    as_of: AsOf = AS_THEY_ARE

    def __post_init__(self) -> None:
        if self.quick and self.as_of:
            raise ConfigurationError(
                "A quick evaluation must be as of now: lists alone do not say what was there then"
            )

    @property
    def key(self) -> Hashable:
        """What tells the question from others, whatever the order and case of the names."""
        people = frozenset((person.key, person.college) for person in self.people)
        where = (tuple(self.groups), tuple(self.projects))
        zones = (str(self.zone), str(self.clock))
        how = (self.quick, self.policy.name, self.as_of.key)
        return (people, where, self.period, self.known_by.key, zones, how)

    @property
    def columns(self) -> Sequence[str]:
        """The titles of the table."""
        return (*unified.columns(self.policy, quick=self.quick), *self.as_of.columns)

    def in_words(self) -> str:
        """Return in words what counts, for readers of a file."""
        named = ", ".join(map(str, self.projects))
        where = f"projects {named}" if named else "all their projects"
        how = ", merge requests estimated from lists alone" if self.quick else ""
        return f"people, {where}{self.period.in_words()}{how}"


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """One person's row in detail. Not to be changed, so threads may share it.

    `mrs` and `issues` are what the person wrote that is evaluated, with what the rules say of each;
    `errors` were met where a check is unknown. `unknown` has for each column with a count how many
    items could not be evaluated, and `waived` how many have a fault that a waiver covers. With
    `quick` the merge requests were evaluated by the checks that a list decides. `has_items` says
    whether the items are there: of many people not all are kept.
    """

    summary: PersonSummary
    quick: bool = False
    policy: Policy = CLASSIC
    mrs: Sequence[Evaluated] = ()
    issues: Sequence[Evaluated] = ()
    errors: Sequence[GitLabSyncError] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    waived: Mapping[str, int] = field(default_factory=dict)
    has_items: bool = True

    @property
    def fixes(self) -> Fixes:
        """What there is to fix in the person's work, the most severe first."""
        checks = self.policy.rules_of_merge_requests(quick=self.quick).checks
        return what_to_fix(
            [
                EvaluatedItems("merge request", checks, self.mrs),
                EvaluatedItems("issue", self.policy.issues.checks, self.issues),
            ],
            now_first=self.policy.merge_requests.shares,
        )

    def without_lists(self) -> PersonAnswer:
        """Return the answer with what is shown of the evaluated items, and no list of anything."""
        return replace(
            self,
            summary=self.summary.without_lists(),
            mrs=[_shown(each) for each in self.mrs],
            issues=[_shown(each) for each in self.issues],
        )

    def without_items(self) -> PersonAnswer:
        """Return the answer with what the row shows, and no item."""
        return replace(
            self, summary=self.summary.without_lists(), mrs=(), issues=(), has_items=False
        )


def _shown(evaluated: Evaluated) -> Evaluated:
    """Return what pages show of an item: its fields, and no evidence of checks that it passes."""
    item, verdicts = evaluated
    shown = {key: _PASS if each.result == "pass" else each for key, each in verdicts.items()}
    return shown_fields(item), shown


class PeopleReport(Report):
    """The rows, sorted by username, and in `people` each in detail, by its `Username`.

    `query` is what was asked, with the members of its groups; `remarks` is what else to know about
    the numbers, in words, and `unknown_projects` are those that were named and could not be found.
    """

    def __init__(
        self,
        query: PeopleQuery,
        rows: Iterable[TableRow],
        people: Mapping[str, PersonAnswer],
        remarks: Sequence[str],
        unknown_projects: Sequence[int | str],
        warnings: Sequence[str] = (),
    ) -> None:
        found = by_username(rows)
        whole = Completeness.of_people(str(row["Status"]) for row in found)
        super().__init__(found, whole, warnings=warnings)
        self.query = query
        self.people = people
        self.remarks = remarks
        self.unknown_projects = unknown_projects

    def without_lists(self) -> PeopleReport:
        """Return the report with what is shown of the items behind the rows, and no other list.

        It shows the same rows and faults, and takes a small part of the memory.
        """
        report = copy(self)
        report.people = {name: each.without_lists() for name, each in self.people.items()}
        return report

    def meta(self, instance: str) -> Meta:
        """Return where the numbers come from; `instance` is the URL of the GitLab."""
        told = "; ".join([str(self.completeness), *self.remarks])
        query = self.query
        words, policy = query.in_words(), query.policy.shown_name
        return Meta(self.as_of, instance, told, words, policy, query.as_of.in_words())

    def sheet(self, instance: str) -> Sheet:
        """Return the table as exporters take it."""
        return people_sheet(self.query, self, self.meta(instance), self.people)
