"""Fan-out over people: their merge requests and issues read, evaluated and counted, a row for each.

The lists of all people are read first, then the facts of all their merge requests together; only
requests run on the pool, and everything else in the calling thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gitlab_sync.api import users
from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import read_facts
from gitlab_sync.api.graphql.lists import AT_ONCE, Lists, lists_for
from gitlab_sync.api.milestones import ActiveMilestones
from gitlab_sync.api.past import timeline_of
from gitlab_sync.api.scope import EVERYWHERE, Kind, Scope
from gitlab_sync.api.timeline import TODAY, Timeline
from gitlab_sync.api.user_items import UserItems, of_users
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.rules.items import table as table_rules
from gitlab_sync.rules.items.as_of import AS_THEY_ARE, AsOf
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.run import Run
from gitlab_sync.services.rows import (
    PersonVerdicts,
    RowAssembler,
    reasons_in_words,
    status_of_absent,
)
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import run_workflow, run_workflows
from gitlab_sync.types import Record, Status, TableRow


def evaluate_merge_requests(
    client: Client,
    usernames: Iterable[str],
    scope: Scope = EVERYWHERE,
    run: Run | None = None,
    policy: Policy = CLASSIC,
    as_of: AsOf = AS_THEY_ARE,
) -> Report:
    """Evaluate the merge requests of these people by a policy: a row for each, sorted by username.

    With `as_of`, the merge requests are as they were at its moments. Columns and status are as in
    `rules.items.table`, with those of `as_of` behind them. Errors of single reads never raise: they
    are in the rows. When `run.cancel` ends it, the rows say what was not read. Raises
    ConfigurationError for input that cannot work. Thread-safe.
    """
    run, rules = run or Run(), policy.merge_requests
    timeline = timeline_of(as_of, {"merge_requests": rules})
    with run.context(client) as session:
        source = timeline.source(facts_for(session, run, timeline.reading(rules)))
        table = EvaluationTable("merge requests", rules, policy.name, scope, run, timeline)
        table.tracker.attach(session)
        people = find_authors(session, usernames, scope, run, policy, timeline)
        for found in read_facts(session, table.begin(people), source):
            table.take(found.mr, found.verdicts(rules), found.errors)
        return table.report()


def evaluate_issues(
    client: Client,
    usernames: Iterable[str],
    scope: Scope = EVERYWHERE,
    run: Run | None = None,
    policy: Policy = CLASSIC,
    as_of: AsOf = AS_THEY_ARE,
) -> Report:
    """Count and evaluate all issues of these people, as `evaluate_merge_requests` does.

    The lists hold all that is needed; only whether a project has an active milestone is read for
    each project, if the policy asks for it.
    """
    run, rules = run or Run(), policy.issues
    timeline = timeline_of(as_of, {"issues": rules})
    with run.context(client) as session:
        table = EvaluationTable("issues", rules, policy.name, scope, run, timeline)
        table.tracker.attach(session)
        people = find_people(session, "issues", usernames, scope, timeline=timeline)
        issues = table.begin(people)
        milestones = ActiveMilestones(session, run.source, rules, timeline.milestones)
        run_workflow(session, milestones.read(milestones.projects_of(issues)))
        for issue in issues:
            verdicts = rules.rule(issue, milestones.facts_of(issue))
            errors = [*milestones.errors_of(issue), *timeline.errors_of(issue)]
            table.take(issue, verdicts, errors)
        return table.report()


def find_authors(
    session: Session,
    usernames: Iterable[str],
    scope: Scope,
    run: Run,
    policy: Policy,
    timeline: Timeline = TODAY,
) -> list[UserItems]:
    """Read the merge requests of each person as `find_people` does, for rules of this policy."""
    names = users.distinct_usernames(usernames)
    bulk = policy.fits_lists_in_bulk
    lists = lists_for(session, scope, run.source, len(names)) if bulk else None
    return find_people(session, "merge_requests", names, scope, lists, timeline)


def find_people(
    session: Session,
    kind: Kind,
    usernames: Iterable[str],
    scope: Scope = EVERYWHERE,
    lists: Lists | None = None,
    timeline: Timeline = TODAY,
) -> list[UserItems]:
    """Read the items of each person, in the order of the names; blank and repeated ones left out.

    They are as the `timeline` shows them. `lists` reads merge requests of the scope for several
    people at once, and REST all else.
    """
    names = users.distinct_usernames(usernames)
    size = 1 if lists is None else AT_ONCE
    parts = [names[at : at + size] for at in range(0, len(names), size)]
    workflows = ((None, of_users(kind, part, scope, lists, timeline)) for part in parts)
    found = {
        name: items for _, part in run_workflows(session, workflows) for name, items in part.items()
    }
    return [found[name] for name in names]


class EvaluationTable:
    """The table of a run as it grows, and how complete it is. For the thread that runs it.

    People come with `begin`, all at once or a few at a time, and what the rules say of their items
    with `take`. `tracker` counts the items.
    """

    def __init__(
        self,
        what: str,
        rules: RuleSet,
        policy: str,
        scope: Scope,
        run: Run,
        timeline: Timeline = TODAY,
    ) -> None:
        self._columns = table_rules.columns(rules)
        self._rules = rules
        self._policy = policy
        self._timeline = timeline
        self._on_progress = run.on_progress
        self.tracker = run.tracker or ProgressTracker()
        self._completeness = Completeness(what, where=scope.place)
        self._assembler = RowAssembler[UserItems](run.on_row, self._in_row)
        self._doubts: dict[str, Mapping[str, int]] = {}
        self._waived: dict[str, Mapping[str, int]] = {}
        self._notes = WaiverNotes(rules.waivers, rules.checks)
        self._done = 0

    def begin(self, people: Iterable[UserItems]) -> list[Record]:
        """Take the people; return the items to evaluate, each once, in the order of people."""
        wanted: list[Record] = []
        for person in people:
            if person.exists is not False and person.problems:
                self._completeness.lists[short_reason(person.problems[0])] += 1
            items = person.records
            wanted += self._assembler.expect(person, items, list(filter(self._rules.is_due, items)))
        self._completeness.total += len(wanted)
        self.tracker.begin(self._completeness.total, "", self._done)
        self._tell()
        self._assembler.release(self._row)
        return wanted

    def take(
        self, item: Record, verdicts: Verdicts, errors: Sequence[GitLabSyncError] = ()
    ) -> None:
        """Take what the rules say of an item, and make the rows that it completes."""
        self._done += 1
        self.tracker.step()
        self._tell()
        if self._assembler.take(item, verdicts, errors):
            self._completeness.read += 1
        else:
            self._completeness.lost[short_reason(errors[0]) if errors else "unclear"] += 1

    def report(self) -> Report:
        """Return all rows, sorted."""
        rows = table_rules.by_username(self._assembler.rows)
        warnings = self._notes.warnings()
        report = Report(rows, self._completeness, self._doubts, self._waived, warnings)
        report.as_of, report.late = self._timeline.moment(), self._timeline.late()
        return report

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.tracker.now())

    def _in_row(self, person: UserItems, item: Record, verdicts: Verdicts) -> Verdicts:
        return self._rules.with_waivers(item, verdicts, person.username)

    def _row(self, theirs: PersonVerdicts[UserItems]) -> TableRow:
        person = theirs.person
        tally = self._rules.count(theirs.evaluated)
        self._notes.saw_items(person.username, theirs.evaluated)
        errors = [*person.problems, *theirs.errors]
        status: Status = "Success"
        error = None
        if not person.exists:
            missing = None if person.exists is False else person.errors[0]
            status, error = status_of_absent(person.username, missing)
        elif errors or tally.unread:
            status, error = "Partial", reasons_in_words(errors)
        cells = table_rules.cells(tally, self._rules)
        if self._rules.shares:
            self._doubts[person.username] = tally.unknown
            self._waived[person.username] = tally.waived
        row = table_rules.row(
            self._columns, person.username, cells, status, error, tally.unverified, self._policy
        )
        return row | self._timeline.cells(person.username)
