"""Reads everything that a snapshot holds, each thing once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import FactSource, FactsRead
from gitlab_sync.api.groups import get_group_members
from gitlab_sync.api.milestones import ActiveMilestones, Project
from gitlab_sync.api.profile_readme import ProfileReadme, of_person
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.urls import encode_id
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.identity.people_input import Person, merged
from gitlab_sync.rules.items.as_of import item_key
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.merge_request import completed
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.rules.scores.reviews import Measured
from gitlab_sync.run import Run
from gitlab_sync.services.members import people_among
from gitlab_sync.services.open_work import evaluate_open
from gitlab_sync.services.people_data import (
    PeopleData,
    PeopleRequest,
    PersonData,
    ReadHook,
    person_queries,
)
from gitlab_sync.services.people_reader import read_people
from gitlab_sync.services.project_report import ComplianceReport, check_projects
from gitlab_sync.services.reviews import measured_of, review_rules
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import Workflow, as_result, read_all, run_workflows
from gitlab_sync.types import Record


@dataclass(frozen=True, slots=True)
class SnapshotQuery:
    """What a snapshot is to hold. Immutable.

    `people`, and the members of `groups` (ids or paths). The rest is as in
    `people_data.PeopleRequest`; `policy` gives the verdicts.
    """

    people: Sequence[Person] = ()
    groups: Sequence[str] = ()
    policy: Policy = FAIR
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None


@dataclass(slots=True)
class Evaluated:
    """What was found of one item: its record, its verdicts before waivers, and the errors met."""

    item: Record
    verdicts: Verdicts = field(default_factory=dict)
    errors: Sequence[GitLabSyncError] = ()
    measured: Measured | None = None
    open: OpenItem | None = None


@dataclass(slots=True)
class Member:
    """A member of a group, as GitLab sends them. `direct`: of the group itself."""

    group: str
    record: Record
    direct: bool


@dataclass(slots=True)
class Taken:
    """Everything that was read. `dates` are the server's times, as it sent them.

    `readmes` are under the usernames as they were asked for, `checked` under the names of groups.
    """

    people: Sequence[Person]
    read: PeopleData
    merge_requests: dict[object, Evaluated]
    issues: dict[object, Evaluated]
    members: list[Member]
    groups: dict[str, Record]
    taken: datetime
    readmes: Mapping[str, Result[ProfileReadme]] = field(default_factory=dict)
    dates: Sequence[str] = ()
    checked: Mapping[str, ComplianceReport] = field(default_factory=dict)


def take(client: Client, query: SnapshotQuery, run: Run | None = None) -> Taken:
    """Read everything about the people of a query. What fails ends nothing else. Thread-safe.

    Raises NotFound if a group is not there, and the other errors of `gitlab_sync.errors` for lists
    of members that could not be read.
    """
    run, now = run or Run(), datetime.now(UTC)
    with run.context(client) as session:
        found, members = _members(session, query.groups)
        bots = query.policy.terms.bots
        people = merged([*query.people, *people_among((each.record for each in members), bots)])
        hook = _Evaluator(session, query.policy, run)
        request = PeopleRequest(
            person_queries(person.username for person in people),
            known_by=query.known_by,
            zone=query.zone,
            bots=bots,
            slots=query.policy.terms.slots,
            keeps_apart=True,
        )
        read = read_people(session, request, run, hook)
        hook.evaluate_issues()
        hook.evaluate_open(session, run, now)
        standards, quiet = standards_of(query.policy), replace(run, on_row=None)
        checked = {
            group: check_projects(session, group=group, policy=standards, run=quiet)
            for group in query.groups
        }
        return Taken(
            people,
            read,
            hook.merge_requests,
            hook.issues,
            members,
            found,
            now,
            _readmes(session, read.people),
            list(session.active.dates),
            checked,
        )


def _readmes(session: Session, people: Iterable[PersonData]) -> dict[str, Result[ProfileReadme]]:
    """Return the profile README of each person, by username as it was asked for."""
    workflows = (
        (person.query.username, as_result(of_person(person.username, projects.personal)))
        for person in people
        if (projects := person.projects.value) is not None
    )
    found: dict[str, Result[ProfileReadme]] = {}
    for name, read in run_workflows(session, workflows):
        found[name] = Result(read.value, read.error)
    return found


def _members(session: Session, names: Iterable[str]) -> tuple[dict[str, Record], list[Member]]:
    found: dict[str, Record] = {}
    members: list[Member] = []
    for name in names:
        where = f"groups/{encode_id(name)}"
        found[name] = session.get(where, {"with_projects": False})
        own = read_all(session, RestList(f"{where}/members"))
        direct = {record.number_id(each) for each in own}
        members += (
            Member(name, each, record.number_id(each) in direct)
            for each in get_group_members(session, name)
        )
    return found, members


class _Evaluator(ReadHook):
    """Evaluates all items of all people while these are read. For the thread that reads."""

    def __init__(self, session: Session, policy: Policy, run: Run) -> None:
        self._policy = policy
        self._reviews = review_rules(policy)
        self._rules = policy.merge_requests
        # Reviews go by the fair rules under the terms of the policy, whatever it starts from.
        self._are_fair = policy.base == FAIR.base
        rules = self._rules if self._are_fair else _both(self._rules, self._reviews)
        self._due = rules
        self._source: FactSource = facts_for(session, run, rules)
        self._milestones = ActiveMilestones(session, run.source, policy.issues)
        self.merge_requests: dict[object, Evaluated] = {}
        self.issues: dict[object, Evaluated] = {}

    def workflows(
        self,
        place: int,  # noqa: ARG002 - the protocol's
        person: PersonData,
    ) -> Iterable[tuple[int, Workflow[list[FactsRead]]]]:
        """Yield the workflows for the facts of all items of a person that no one before had."""
        due = []
        for mr in _records(person.items("merge_requests")):
            if self.merge_requests.setdefault(item_key(mr), found := Evaluated(mr)) is found:
                due += [mr] if self._due.is_due(mr) else []
        issues = []
        for issue in _records(person.items("issues")):
            if self.issues.setdefault(item_key(issue), found := Evaluated(issue)) is found:
                issues += [issue] if self._policy.issues.is_due(issue) else []
        projects = [
            each for each in self._milestones.projects_of(issues) if each.milestones is None
        ]
        if unasked := self._milestones.unasked(projects):
            yield 0, self._read_milestones(unasked)
        yield from self._source.workflows(due)

    def _read_milestones(self, projects: Sequence[Project]) -> Workflow[list[FactsRead]]:
        yield from self._milestones.read(projects)
        return []

    def take(self, found: list[FactsRead]) -> None:
        """Evaluate merge requests, and measure the merged ones; their facts are let go."""
        for each in found:
            kept = self.merge_requests[item_key(each.mr)]
            kept.item, kept.errors = completed(each.mr, each.facts), each.errors
            verdicts = reviewed = each.verdicts(self._due)
            if not self._are_fair:
                verdicts, reviewed = _apart(verdicts)
            if self._rules.is_due(each.mr):
                kept.verdicts = verdicts
            if record.state(each.mr) in {"merged", None}:
                kept.measured = measured_of(each, self._reviews, self._policy, reviewed)

    def settled(self, read: PeopleData) -> None:
        """Do nothing: nothing waits for the commits."""

    def evaluate_issues(self) -> None:
        """Evaluate all issues, now that all milestones are read."""
        rules = self._policy.issues
        for kept in self.issues.values():
            if rules.is_due(kept.item):
                kept.verdicts = rules.rule(kept.item, self._milestones.facts_of(kept.item))
                kept.errors = self._milestones.errors_of(kept.item)

    def evaluate_open(self, session: Session, run: Run, now: datetime) -> None:
        """Find out what each open merge request waits for."""
        mrs = (kept.item for kept in self.merge_requests.values())
        wanted = [mr for mr in mrs if record.state(mr) == "opened"]
        for found, errors in evaluate_open(session, wanted, self._policy, run, now):
            kept = self.merge_requests[item_key(found.mr)]
            kept.open, kept.errors = found, errors


def _records(items: UserItems | None) -> Collection[Record]:
    return () if items is None else items.records


_REVIEWS = "reviews "
"""What the checks of reviews begin with, where they are apart from those of the policy."""


def _both(rules: RuleSet, reviews: RuleSet) -> RuleSet:
    """Return rules that need what either needs: the second ones of merged merge requests alone."""
    others = tuple(replace(check, id=_REVIEWS + check.id) for check in reviews.checks)
    nothing = dict.fromkeys((check.id for check in others), Verdict("n/a", ""))

    def rule(mr: Record, facts: Facts) -> dict[str, Verdict]:
        also = nothing
        if reviews.is_due(mr):
            also = {_REVIEWS + key: each for key, each in reviews.rule(mr, facts).items()}
        return {**rules.rule(mr, facts), **also}

    return replace(
        rules,
        checks=(*rules.checks, *others),
        rule=rule,
        states=rules.states | reviews.states,
        newest_decides=rules.newest_decides and reviews.newest_decides,
    )


def _apart(verdicts: Verdicts) -> tuple[Verdicts, Verdicts]:
    """Return the verdicts of `_both` as those of the policy, and those of reviews."""
    own = {key: each for key, each in verdicts.items() if not key.startswith(_REVIEWS)}
    others = {
        key.removeprefix(_REVIEWS): each
        for key, each in verdicts.items()
        if key.startswith(_REVIEWS)
    }
    return own, others
