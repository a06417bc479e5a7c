"""The table of whole people, a row for each: commits, projects, groups, evaluated work."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import FactSource, FactsRead
from gitlab_sync.api.milestones import ActiveMilestones, Project
from gitlab_sync.api.past import timeline_of
from gitlab_sync.api.timeline import Timeline
from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.identity.people_input import Person, merged
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.as_of import AS_THEY_ARE, AsOf
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.fixes import EvaluatedItems, Fixes, what_to_fix
from gitlab_sync.rules.items.table import by_username
from gitlab_sync.rules.items.tally import Evaluated
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.rules.scores import unified
from gitlab_sync.rules.scores.profile import shown_fields
from gitlab_sync.run import Run
from gitlab_sync.services import people_data
from gitlab_sync.services.members import people_of_groups
from gitlab_sync.services.people_reader import read_people
from gitlab_sync.services.people_sheet import people_sheet
from gitlab_sync.services.projects import known_projects
from gitlab_sync.services.rows import (
    PersonVerdicts,
    RowAssembler,
    reasons_in_words,
)
from gitlab_sync.services.summary import PersonSummary, summary_of
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record, TableRow

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
        aliases = tuple(sorted(self.known_by.aliases.items()))
        zones = (str(self.zone), str(self.clock))
        how = (self.quick, self.policy.name, self.as_of.key)
        return (people, where, self.period, aliases, zones, how)

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
    `quick` the merge requests were evaluated by the checks that a list decides.
    """

    summary: PersonSummary
    quick: bool = False
    policy: Policy = CLASSIC
    mrs: Sequence[Evaluated] = ()
    issues: Sequence[Evaluated] = ()
    errors: Sequence[GitLabSyncError] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    waived: Mapping[str, int] = field(default_factory=dict)

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
        found = self.summary
        return replace(
            self,
            summary=PersonSummary(found.username, found.status, found.error, found.user),
            mrs=[_shown(each) for each in self.mrs],
            issues=[_shown(each) for each in self.issues],
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


def answer(client: Client, query: PeopleQuery, run: Run | None = None) -> PeopleReport:
    """Read and evaluate everything about these people.

    Errors of single reads never raise: the rows have them. `run.on_row` gets each row as soon
    as it is known. Raises NotFound if a group, or not one of the projects, is there. Thread-safe.
    """
    return answer_and_data(client, query, run or Run())[0]


def answer_and_data(
    client: Client, query: PeopleQuery, run: Run
) -> tuple[PeopleReport, people_data.PeopleData]:
    """Return what `answer` does, and all that was read for it."""
    policy, terms = query.policy, query.policy.terms
    timeline = timeline_of(
        query.as_of, {"merge_requests": policy.merge_requests, "issues": policy.issues}
    )
    with run.context(client) as session:
        source = timeline.source(facts_for(session, run, timeline.reading(policy.merge_requests)))
        ids, unknown = known_projects(session, query.projects)
        if query.groups:
            members = people_of_groups(session, query.groups, terms.bots)
            people = merged([*query.people, *members])
            query = replace(query, people=people)
        request = people_data.PeopleRequest(
            people_data.person_queries(person.username for person in query.people),
            period=query.period,
            projects=ids,
            known_by=query.known_by,
            zone=query.zone,
            clock=query.clock,
            bots=terms.bots,
            slots=terms.slots,
            timeline=timeline,
            items_only=bool(query.as_of),
        )
        milestones = ActiveMilestones(session, run.source, policy.issues, timeline.milestones)
        table = _Table(query, run, source, milestones, timeline)
        read = read_people(session, request, run, table)
        cut_short = any(person.groups_cut_short for person in read.people)
        remarks = [people_data.NOT_ALL_GROUPS] if cut_short else []
        remarks += [people_data.ITEMS_ONLY] if request.items_only else []
        warnings = table.notes.warnings()
        report = PeopleReport(query, table.rows, table.people, remarks, unknown, warnings)
        report.as_of, report.late = timeline.moment(), timeline.late()
        return report, read


class _Table(people_data.ReadHook):
    """The rows as they come. For the thread that answers.

    The facts of merge requests are read side by side with everything else: a row is ready when all
    people and all commits have been read, and all merge requests of its person evaluated.
    """

    def __init__(
        self,
        query: PeopleQuery,
        run: Run,
        source: FactSource,
        milestones: ActiveMilestones,
        timeline: Timeline,
    ) -> None:
        self._query = query
        self._timeline = timeline
        rules = self._rules = query.policy.rules_of_merge_requests(quick=query.quick)
        names = self._names = dict[int, str]()
        self._source = source
        self._milestones = milestones
        # Without `self`, which holds the assembler: see `_RowMaker`.
        self._assembler = RowAssembler[int](
            run.on_row, lambda place, mr, found: rules.with_waivers(mr, found, names[place])
        )
        checks = (*self._rules.checks, *query.policy.issues.checks)
        self.notes = WaiverNotes(query.policy.waivers_of_day, checks)
        self.people: dict[str, PersonAnswer] = {}

    @property
    def rows(self) -> list[TableRow]:
        """The rows so far."""
        return self._assembler.rows

    def workflows(
        self, place: int, person: people_data.PersonData
    ) -> Iterable[tuple[int, Workflow[list[FactsRead]]]]:
        """Yield the workflows for what no list holds, unless lists alone decide."""
        mrs, issues = person.items("merge_requests"), person.items("issues")
        authored = mrs.authored if mrs else []
        due = [mr for mr in authored if self._rules.is_due(mr)]
        self._names[place] = person.username
        ended = filter(self._query.policy.issues.is_due, issues.authored if issues else ())
        unread = [each for each in self._milestones.projects_of(ended) if each.milestones is None]
        self._assembler.expect(place, authored, [*due, *(each.awaited for each in unread)])
        if unasked := self._milestones.unasked(unread):
            yield 0, self._read_milestones(unasked)
        if not self._query.quick:
            yield from self._source.workflows(due)
            return
        for mr in due:
            self._assembler.take(mr, self._rules.rule(mr, NOTHING))

    def _read_milestones(self, projects: Sequence[Project]) -> Workflow[list[FactsRead]]:
        yield from self._milestones.read(projects)
        for project in projects:
            self._assembler.take(project.awaited, {})
        return []

    def take(self, found: list[FactsRead]) -> None:
        """Evaluate merge requests, whichever people they are of."""
        for each in found:
            mr = mr_rules.completed(each.mr, each.facts)
            self._assembler.take(mr, each.verdicts(self._rules), each.errors)

    def settled(self, read: people_data.PeopleData) -> None:
        """Take all commits; make the rows of those people who lack nothing else."""
        maker = _RowMaker(
            self._query, read, self._milestones, self.people, self.notes, self._timeline
        )
        self._assembler.release(maker.row)


class _RowMaker:
    """Makes rows of all that was read, and puts what they are made of into `people`.

    It is apart from the table, which holds it: in a circle all that was read would stay until the
    garbage collector comes by.
    """

    def __init__(
        self,
        query: PeopleQuery,
        read: people_data.PeopleData,
        milestones: ActiveMilestones,
        people: dict[str, PersonAnswer],
        notes: WaiverNotes,
        timeline: Timeline,
    ) -> None:
        self._query = query
        self._timeline = timeline
        self._read = read
        self._milestones = milestones
        self._people = people
        self._notes = notes
        self._colleges = {person.key: person.college for person in query.people}

    def row(self, theirs: PersonVerdicts[int]) -> TableRow:
        """Make a person's row, now that everything is known that will be."""
        quick, policy = self._query.quick, self._query.policy
        rules = policy.rules_of_merge_requests(quick=quick)
        mrs = [(mr, verdicts) for mr, verdicts in theirs.evaluated if rules.is_due(mr)]
        summary = summary_of(self._read, self._read.people[theirs.person])
        due = filter(policy.issues.is_due, summary.issues.authored if summary.issues else ())
        name = summary.username
        issues, lost, changed = self._evaluated(due, name)
        self._notes.saw_items(name, [*mrs, *issues])
        counted_mrs = None
        if summary.merge_requests is not None:
            counted_mrs = rules.count(theirs.evaluated)
        counted_issues = None if summary.issues is None else policy.issues.count(issues)
        work, texts = summary.work, [summary.error]
        # What no list can say was not asked for: with `quick` nothing went wrong.
        ignored = mr_rules.UNLISTED if quick else frozenset()
        if any(
            number > each.pending.get(title, 0) and title not in ignored
            for each in (counted_mrs, counted_issues)
            if each is not None
            for title, number in each.unknown.items()
        ):
            work = replace(work, status="Partial")
            reasons = {"merge requests": theirs.errors, "milestones": lost, "issues": changed}
            texts += [
                reasons_in_words(errors, what) for what, errors in reasons.items() if errors
            ] or [reasons_in_words(())]
        self._people[name] = PersonAnswer(
            summary,
            quick,
            policy,
            mrs,
            issues,
            [*theirs.errors, *lost, *changed],
            unified.unknown_cells(counted_mrs, counted_issues),
            unified.waived_cells(counted_mrs, counted_issues),
        )
        row = unified.unified_row(
            work,
            "; ".join(filter(None, texts)) or None,
            counted_mrs,
            counted_issues,
            self._colleges.get(work.key, ""),
            self._query.columns,
            policy.name,
        )
        return row | self._timeline.cells(name)

    def _evaluated(
        self, issues: Iterable[Record], person: str
    ) -> tuple[list[Evaluated], list[GitLabSyncError], list[GitLabSyncError]]:
        """Return a person's issues with their verdicts.

        Where these are unknown, the errors follow: those of milestones, and of the issues.
        """
        rules, milestones = self._query.policy.issues, self._milestones
        found: list[Evaluated] = [
            (issue, rules.evaluate(issue, milestones.facts_of(issue), person)) for issue in issues
        ]
        unknown = [
            issue
            for issue, verdicts in found
            if any(each.result == "unknown" for each in verdicts.values())
        ]
        lost = [error for issue in unknown for error in milestones.errors_of(issue)]
        changed = [error for issue in unknown for error in self._timeline.errors_of(issue)]
        return found, lost, changed
