"""From what was read of people to their rows: each is made when nothing of it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

from gitlab_sync.api.facts.rest import FactSource, FactsRead
from gitlab_sync.api.milestones import ActiveMilestones, Project
from gitlab_sync.api.scope import Kind
from gitlab_sync.api.timeline import TODAY, Timeline
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.tally import Evaluated, Verdicts
from gitlab_sync.rules.scores import unified
from gitlab_sync.run import Run
from gitlab_sync.services import people_data
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport, PersonAnswer
from gitlab_sync.services.rows import (
    PersonVerdicts,
    RowAssembler,
    reasons_in_words,
)
from gitlab_sync.services.summary import summary_of
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record, TableRow


class KnownVerdicts(Protocol):
    """What the rules said of items when these were read."""

    def of(self, kind: Kind, item: Record) -> tuple[Record, Verdicts, Sequence[GitLabSyncError]]:
        """Return the item as it was evaluated, its verdicts before waivers, and the errors met."""


OfIssue: TypeAlias = Callable[[Record], tuple[Verdicts, Sequence[GitLabSyncError]]]
"""Returns the verdicts on an issue before waivers, and the errors met where one is unknown."""


def notes_of(query: PeopleQuery) -> WaiverNotes:
    """Return what takes the evaluated items of a query, to say what to look at in its policy."""
    rules = query.policy.rules_of_merge_requests(quick=query.quick)
    checks = (*rules.checks, *query.policy.issues.checks)
    return WaiverNotes(query.policy.waivers_of_day, checks)


class PeopleRows:
    """The rows as they come: those of people who are read, with all of their items evaluated."""

    def __init__(
        self,
        query: PeopleQuery,
        run: Run,
        timeline: Timeline = TODAY,
        notes: WaiverNotes | None = None,
    ) -> None:
        self.query = query
        self._timeline = timeline
        rules = self.rules = query.policy.rules_of_merge_requests(quick=query.quick)
        names = self._names = dict[int, str]()
        # Without `self`, which holds the assembler: see `_RowMaker`.
        self.assembler = RowAssembler[int](
            run.on_row, lambda place, mr, found: rules.with_waivers(mr, found, names[place])
        )
        self.notes = notes or notes_of(query)
        self.people: dict[str, PersonAnswer] = {}

    def expect(
        self, place: int, person: people_data.PersonData, others: Iterable[Record] = ()
    ) -> list[Record]:
        """Take a person; return the merge requests to evaluate that no one before had.

        The row waits for `others`, too.
        """
        mrs = person.items("merge_requests")
        authored = mrs.authored if mrs else []
        self._names[place] = person.username
        awaited = {id(each): each for each in others}
        due = filter(self.rules.is_due, authored)
        new = self.assembler.expect(place, authored, [*due, *awaited.values()])
        return [each for each in new if id(each) not in awaited]

    def release(self, read: people_data.PeopleData, of_issue: OfIssue) -> None:
        """Take all commits; make the rows of those people who lack nothing else."""
        maker = _RowMaker(self.query, read, of_issue, self.people, self.notes, self._timeline)
        self.assembler.release(maker.row)

    def report(
        self, read: people_data.PeopleData, unknown_projects: Sequence[int | str]
    ) -> PeopleReport:
        """Return all rows."""
        cut_short = any(person.groups_cut_short for person in read.people)
        remarks = [people_data.NOT_ALL_GROUPS] if cut_short else []
        remarks += [people_data.ITEMS_ONLY] if read.request.items_only else []
        warnings = self.notes.warnings()
        rows = self.assembler.rows
        report = PeopleReport(self.query, rows, self.people, remarks, unknown_projects, warnings)
        report.as_of, report.late = self._timeline.moment(), self._timeline.late()
        return report


class PeopleTable(PeopleRows, people_data.ReadHook):
    """The rows while people are read. For the thread that answers.

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
        super().__init__(query, run, timeline)
        self._source = source
        self._milestones = milestones

    def workflows(
        self, place: int, person: people_data.PersonData
    ) -> Iterable[tuple[int, Workflow[list[FactsRead]]]]:
        """Yield the workflows for what no list holds, unless lists alone decide."""
        mrs, issues = person.items("merge_requests"), person.items("issues")
        due = [mr for mr in (mrs.authored if mrs else ()) if self.rules.is_due(mr)]
        ended = filter(self.query.policy.issues.is_due, issues.authored if issues else ())
        unread = [each for each in self._milestones.projects_of(ended) if each.milestones is None]
        self.expect(place, person, [each.awaited for each in unread])
        if unasked := self._milestones.unasked(unread):
            yield 0, self._read_milestones(unasked)
        if not self.query.quick:
            yield from self._source.workflows(due)
            return
        for mr in due:
            self.assembler.take(mr, self.rules.rule(mr, NOTHING))

    def _read_milestones(self, projects: Sequence[Project]) -> Workflow[list[FactsRead]]:
        yield from self._milestones.read(projects)
        for project in projects:
            self.assembler.take(project.awaited, {})
        return []

    def take(self, found: list[FactsRead]) -> None:
        """Evaluate merge requests, whichever people they are of."""
        for each in found:
            mr = mr_rules.completed(each.mr, each.facts)
            self.assembler.take(mr, each.verdicts(self.rules), each.errors)

    def settled(self, read: people_data.PeopleData) -> None:
        """Take all commits; make the rows of those people who lack nothing else."""
        rules, milestones = self.query.policy.issues, self._milestones
        self.release(
            read,
            lambda issue: (
                rules.rule(issue, milestones.facts_of(issue)),
                milestones.errors_of(issue),
            ),
        )


class _RowMaker:
    """Makes rows of all that was read, and puts what they are made of into `people`.

    It is apart from the table, which holds it: in a circle all that was read would stay until the
    garbage collector comes by.
    """

    def __init__(
        self,
        query: PeopleQuery,
        read: people_data.PeopleData,
        of_issue: OfIssue,
        people: dict[str, PersonAnswer],
        notes: WaiverNotes,
        timeline: Timeline,
    ) -> None:
        self._query = query
        self._timeline = timeline
        self._read = read
        self._of_issue = of_issue
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
        rules = self._query.policy.issues
        found: list[Evaluated] = []
        lost: list[GitLabSyncError] = []
        changed: list[GitLabSyncError] = []
        for issue in issues:
            raw, errors = self._of_issue(issue)
            verdicts = rules.with_waivers(issue, raw, person)
            found.append((issue, verdicts))
            if any(each.result == "unknown" for each in verdicts.values()):
                lost += errors
                changed += self._timeline.errors_of(issue)
        return found, lost, changed
