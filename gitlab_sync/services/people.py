"""The table of whole people, a row for each: commits, projects, groups, judged work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import FactSource, FactsRead
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.profiles import outcome_of
from gitlab_sync.reports.report import Completeness, Report, commonest
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.identity.people_input import Person, merged
from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.fixes import EvaluatedItems, Fixes, what_to_fix
from gitlab_sync.rules.items.table import by_username
from gitlab_sync.rules.items.tally import Evaluated, Tally
from gitlab_sync.rules.scores.unified import (
    QUICK_UNIFIED_COLUMNS,
    TEXT_COLUMNS,
    UNIFIED_COLUMNS,
    unified_row,
    unknown_cells,
)
from gitlab_sync.run import Run
from gitlab_sync.services.members import people_of_groups
from gitlab_sync.services.people_data import (
    NOT_ALL_GROUPS,
    PeopleData,
    PeopleRequest,
    PersonData,
    ReadHook,
)
from gitlab_sync.services.people_reader import read_people
from gitlab_sync.services.projects import known_projects
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record, TableRow

_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Who is asked about, in which projects and when, and how thoroughly. Immutable.

    `groups` are those whose members are meant, too. `projects` are ids, paths or URLs (none: all of
    each person's). `quick` judges merge requests from lists alone, which cannot say everything. The
    rest is as in `people.Batch`.
    """

    people: Sequence[Person]
    groups: Sequence[int | str] = ()
    projects: Sequence[int | str] = ()
    period: Period = field(default_factory=Period)
    quick: bool = False
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None
    clock: tzinfo | None = None

    @property
    def key(self) -> Hashable:
        """What tells the question from others, whatever the order and case of the names."""
        people = frozenset((person.key, person.college) for person in self.people)
        where = (tuple(self.groups), tuple(self.projects))
        aliases = tuple(sorted(self.known_by.aliases.items()))
        return (people, where, self.period, self.quick, aliases, str(self.zone), str(self.clock))

    @property
    def columns(self) -> Sequence[str]:
        """The titles of the table."""
        return QUICK_UNIFIED_COLUMNS if self.quick else UNIFIED_COLUMNS

    def in_words(self) -> str:
        """Say what counts, for whoever reads a file later."""
        named = ", ".join(map(str, self.projects))
        where = f"projects {named}" if named else "all their projects"
        how = ", merge requests judged from lists alone" if self.quick else ""
        return f"people, {where}{self.period.in_words()}{how}"


@dataclass(slots=True)
class PersonAnswer:
    """What stands behind one person's row.

    `outcome` is as `profiles.outcomes` has it; `mrs` and `issues` are what the person wrote, ended
    or closed, with what the rules say of each; `errors` were met while judging. `unknown` has for
    each column with a count how many items could not be judged. With `quick` the merge requests
    were judged by the checks that a list decides.
    """

    outcome: Record = field(default_factory=dict)
    quick: bool = False
    mrs: list[Evaluated] = field(default_factory=list)
    issues: list[Evaluated] = field(default_factory=list)
    errors: list[GitLabSyncError] = field(default_factory=list)
    unknown: Mapping[str, int] = field(default_factory=dict)

    @property
    def fixes(self) -> Fixes:
        """What is to be mended in the person's work, the worst first."""
        checks = mr_rules.LIST_CHECKS if self.quick else mr_rules.CHECKS
        return what_to_fix(
            [
                EvaluatedItems("merge request", checks, self.mrs),
                EvaluatedItems("issue", issue_rules.CHECKS, self.issues),
            ]
        )


class PeopleReport(Report):
    """The rows, sorted by username, and in `people` what stands behind each, by its `Username`.

    `query` is what was asked, with the members of its groups; `read` is everything that was
    read, and `unknown_projects` are those that were named and could not be found.
    """

    def __init__(
        self,
        query: PeopleQuery,
        rows: Iterable[TableRow],
        people: Mapping[str, PersonAnswer],
        read: PeopleData,
        unknown_projects: Sequence[int | str],
    ) -> None:
        found = by_username(rows)
        super().__init__(found, Completeness.of_people(str(row["Status"]) for row in found))
        self.query = query
        self.people = people
        self.read = read
        self.unknown_projects = unknown_projects

    @property
    def remarks(self) -> list[str]:
        """What else is to be known of the numbers, in words."""
        cut_short = any(person.groups_cut_short for person in self.read.people)
        return [NOT_ALL_GROUPS] if cut_short else []

    def meta(self, instance: str) -> Meta:
        """Return where the numbers come from; `instance` is the URL of the GitLab."""
        told = "; ".join([str(self.completeness), *self.remarks])
        return Meta(self.as_of, instance, told, self.query.in_words())

    def sheet(self, instance: str) -> Sheet:
        """Return the table as exporters take it."""
        return people_sheet(self.query, self, self.meta(instance))


def answer(client: Client, query: PeopleQuery, run: Run | None = None) -> PeopleReport:
    """Read and judge everything about these people.

    Errors of single reads never raise: they stand in the rows. `run.on_row` gets each row as soon
    as it is known. Raises NotFound if a group, or not one of the projects, is there. Thread-safe.
    """
    run = run or Run()
    with run.context(client) as session:
        source = facts_for(session, run)
        ids, unknown = known_projects(session, query.projects)
        if query.groups:
            people = merged([*query.people, *people_of_groups(session, query.groups)])
            query = replace(query, people=people)
        batch = PeopleRequest.about(
            (person.username for person in query.people),
            period=query.period,
            projects=ids,
            known_by=query.known_by,
            zone=query.zone,
            clock=query.clock,
        )
        table = _Table(query, len(batch.queries), run, source)
        read = read_people(session, batch, run, table)
        return PeopleReport(query, table.rows, table.people, read, unknown)


class _Table(ReadHook):
    """The rows as they come. For the thread that answers.

    The facts of merge requests are read beside everything else: a row is ready when all people and
    all commits have been read, and all merge requests of its person judged.
    """

    def __init__(self, query: PeopleQuery, people: int, run: Run, source: FactSource) -> None:
        self._question = query
        self._run = run
        self._source = source
        self._colleges = {person.key: person.college for person in query.people}
        self._answers = [PersonAnswer(quick=query.quick) for _ in range(people)]
        self._awaited: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._read: PeopleData | None = None
        self.rows: list[TableRow] = []
        self.people: dict[str, PersonAnswer] = {}

    def workflows(
        self, place: int, person: PersonData
    ) -> Iterable[tuple[int, Workflow[list[FactsRead]]]]:
        """Judge what lists decide, and return the plans for the facts that are wanted besides."""
        wanted = self._judge_lists(place, person)
        self._awaited[place] = len(wanted)
        self._places |= {id(mr): place for mr in wanted}
        self._positions |= {id(mr): position for position, mr in enumerate(wanted)}
        if self._read is not None and not wanted:
            self._finish(self._read, place)
        return self._source.workflows(wanted)

    def take(self, _place: int, found: list[FactsRead]) -> None:
        """Judge merge requests; a plan may bring those of other people than it was made for."""
        for each in found:
            place = self._places.pop(id(each.mr))
            answer = self._answers[place]
            answer.mrs.append((each.mr, mr_rules.evaluate(each.mr, each.facts)))
            answer.errors += each.errors
            self._awaited[place] -= 1
            if self._read is not None and not self._awaited[place]:
                self._finish(self._read, place)

    def settled(self, read: PeopleData) -> None:
        """Take all commits; make the rows of those of whom nothing else is awaited."""
        self._read = read
        for place, awaited in self._awaited.items():
            if not awaited:
                self._finish(read, place)

    def _judge_lists(self, place: int, person: PersonData) -> list[Record]:
        """Judge what lists decide; return the merge requests of which facts have to be read."""
        answer = self._answers[place]
        mrs, issues = (person.items(kind) for kind in ("merge requests", "issues"))
        closed = filter(issue_rules.is_closed, issues.authored if issues else ())
        answer.issues = [(issue, issue_rules.evaluate(issue)) for issue in closed]
        ended = [mr for mr in (mrs.authored if mrs else ()) if mr_rules.is_terminal(mr)]
        if not self._question.quick:
            return ended
        answer.mrs = [(mr, mr_rules.evaluate_from_list(mr)) for mr in ended]
        return []

    def _finish(self, read: PeopleData, place: int) -> None:
        """Make a person's row, now that everything is known that will be."""
        quick, answer, person = self._question.quick, self._answers[place], read.people[place]
        if not quick:  # else they are in the order of the list
            answer.mrs.sort(key=lambda judged: self._positions[id(judged[0])])
        answer.outcome = outcome_of(read, person)
        count = mr_rules.count_list_row if quick else mr_rules.count_row
        mrs = None if person.items("merge requests") is None else count(answer.mrs)
        issues = None if person.items("issues") is None else issue_rules.count_row(answer.issues)
        # What no list can say was not asked for: with `quick` nothing went wrong.
        trouble = _trouble([issues] if quick else [mrs, issues], answer.errors)
        college = self._colleges.get(str(answer.outcome["username"]).lower(), "")
        row = unified_row(answer.outcome, mrs, issues, college, trouble, self._question.columns)
        answer.unknown = unknown_cells(mrs, issues)
        self.people[str(row["Username"])] = answer
        self.rows.append(row)
        if self._run.on_row is not None:
            self._run.on_row(row)


def _trouble(sought: Iterable[Tally | None], errors: Iterable[GitLabSyncError]) -> str | None:
    """Return the commonest reasons why something is unknown, or None where nothing is."""
    if not any(each is not None and each.unverified for each in sought):
        return None
    reasons = Counter(f"merge requests: {error.reason}" for error in errors)
    texts = [
        reason if count == 1 else f"{reason} ({count} times)"
        for reason, count in commonest(reasons)[:_MOST_REASONS]
    ]
    return "; ".join(texts) or "some records lack what a check needs"


def people_sheet(query: PeopleQuery, rows: Sequence[TableRow], meta: Meta) -> Sheet:
    """Return rows of `query` as exporters take them; `meta` says where they come from."""

    def profile(row: TableRow) -> str | None:
        exists = row["Status"] in {"Success", "Partial"}
        return f"{meta.instance}/{row['Username']}" if exists else None

    return Sheet(
        "People",
        query.columns,
        rows,
        meta,
        links={"Username": profile},
        kinds={column: "integer" for column in query.columns if column not in TEXT_COLUMNS},
        nothing={"Error", "College"},
    )
