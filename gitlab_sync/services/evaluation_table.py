"""The table of evaluated items as it grows: of one run, or of parts that several workers read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitlab_sync.api.scope import Scope
from gitlab_sync.api.timeline import TODAY, Timeline
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import table as table_rules
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.run import Run
from gitlab_sync.services.rows import (
    PersonVerdicts,
    RowAssembler,
    reasons_in_words,
    status_of_absent,
)
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import Record, Status, TableRow


@dataclass(frozen=True, slots=True)
class EvaluatedPart:
    """The rows of some people of a run, and what was seen of the policy's waivers. It pickles."""

    report: Report
    notes: WaiverNotes


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
        self._late: list[TableRow] = []
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

    def add(self, part: EvaluatedPart) -> None:
        """Take the rows of other people, with items that no one here has."""
        found = part.report
        self._assembler.add(found)
        self._completeness.add(found.completeness)
        self._doubts |= found.doubts
        self._waived |= found.waived
        self._late += found.late
        self._notes.add(part.notes)

    def part(self) -> EvaluatedPart:
        """Return all rows as a part of a run."""
        return EvaluatedPart(self.report(), self._notes)

    def report(self) -> Report:
        """Return all rows, sorted."""
        rows = table_rules.by_username(self._assembler.rows)
        warnings = self._notes.warnings()
        report = Report(rows, self._completeness, self._doubts, self._waived, warnings)
        late = [*self._late, *self._timeline.late()]
        report.late = sorted(late, key=lambda row: username_key(str(row["Username"])))
        report.as_of = self._timeline.moment()
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
