"""The work of `users`; apart from the command, since it loads the engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gitlab_sync.api.merge_requests import read_facts
from gitlab_sync.batch import process_batch_users, resolve_project_paths
from gitlab_sync.cli import exits
from gitlab_sync.cli.judging import asked_people
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import COLLEGE, Further, People
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import Session, open_session
from gitlab_sync.errors import GitLabSyncError, NotFound
from gitlab_sync.meter import Meter
from gitlab_sync.outcomes import Completeness
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rest import Rest
from gitlab_sync.rules import issue as issue_rules
from gitlab_sync.rules import merge_request as mr_rules
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.table import by_username
from gitlab_sync.rules.tally import Judged, Tally
from gitlab_sync.rules.unified import (
    QUICK_UNIFIED_COLUMNS,
    TEXT_COLUMNS,
    UNIFIED_COLUMNS,
    authored,
    unified_row,
)
from gitlab_sync.run import Run
from gitlab_sync.types import Record, Row

_MOST_ERRORS = 3
_SHORTFALLS = {"Partial": "in part", "Not Found": "not found", "Error": "not read"}


@dataclass(frozen=True, slots=True)
class Question:
    """Who is asked about, in which projects (none: all) and period, and how thoroughly."""

    people: People
    projects: tuple[str, ...]
    period: Period
    quick: bool = False

    @property
    def columns(self) -> Sequence[str]:
        """The titles of the table."""
        return QUICK_UNIFIED_COLUMNS if self.quick else UNIFIED_COLUMNS

    def in_words(self) -> str:
        """Say what counts, for whoever reads a file later."""
        where = f"projects {', '.join(self.projects)}" if self.projects else "all their projects"
        start, end = self.period.start, self.period.end
        since = "" if start is None else f", since {start.isoformat(timespec='seconds')}"
        until = "" if end is None else f", until {end.isoformat(timespec='seconds')}"
        how = ", merge requests judged from lists alone" if self.quick else ""
        return f"people, {where}{since}{until}{how}"


@dataclass(slots=True)
class _Judgement:
    """What came of a person's merge requests: their tally, and the errors met on the way."""

    counted: Tally | None = None
    errors: list[GitLabSyncError] = field(default_factory=list)


def show(question: Question, target: Target, connection: Connection) -> int:
    """Write the table of these people, and return the exit code.

    Raises ConfigurationError when URL or token is missing or the output cannot be written, and
    NotFound if not one of the projects is there.
    """
    with open_session(connection) as session:
        usernames = asked_people(question.people, session)
        with Output(target, session.interruption) as output:
            projects = _projects(session.rest, question.projects)
            rows = _rows(session, question, usernames, projects, connection)
            completeness = _completeness(rows)
            meta = Meta(
                datetime.now(UTC), session.rest.base_url, str(completeness), question.in_words()
            )
            output.finish(_sheet(question, rows, meta))
        if not completeness.whole or not connection.quiet:
            note(str(completeness))
        if session.interruption.exit_code is not None:
            note(session.interruption.cancel.reason)
            return session.interruption.exit_code
        _explain(rows)
        whole = completeness.whole and len(projects) == len(set(question.projects))
        return exits.of_rows(rows, whole and not question.people.refused)


def _projects(rest: Rest, names: Iterable[str]) -> list[int]:
    """Return the ids of the projects, and say which are left out."""
    ids, failed = resolve_project_paths(rest, names)
    for name in failed:
        complain(f"there is no project {name}, or it could not be read: left out")
    if failed and not ids:
        raise NotFound("404 not one of the projects could be read", status=404)
    return ids


def _rows(
    session: Session,
    question: Question,
    usernames: Sequence[str],
    projects: Sequence[int],
    connection: Connection,
) -> list[Row]:
    meter, max_wait = Meter(), connection.max_wait
    with watching(meter, "people", quiet=connection.quiet, live=True):
        outcomes = process_batch_users(
            session.rest,
            usernames,
            question.period.start,
            question.period.end,
            projects,
            run=Run(meter=meter, max_wait=max_wait),
        )
    written = [authored(outcome, "mrs") for outcome in outcomes]
    if question.quick:
        judged = [_Judgement(None if mrs is None else mr_rules.efficient_row(mrs))
                  for mrs in written]  # fmt: skip
    else:
        meter = Meter()
        with watching(meter, "merge requests", quiet=connection.quiet, live=True):
            judged = _judge(session.rest, written, meter, max_wait)
    colleges = {person.key: person.college for person in question.people.people}
    rows = []
    for outcome, mrs in zip(outcomes, judged, strict=True):
        written_issues = authored(outcome, "issues")
        issues = None if written_issues is None else issue_rules.efficient_row(written_issues)
        # What no list can say was not asked for: with `--quick` nothing went wrong.
        sought = [issues] if question.quick else [mrs.counted, issues]
        college = colleges.get(str(outcome["username"]).lower(), "")
        trouble = _trouble(sought, mrs.errors)
        rows.append(unified_row(outcome, mrs.counted, issues, college, trouble, question.columns))
    return by_username(rows)


def _trouble(sought: Iterable[Tally | None], errors: Iterable[GitLabSyncError]) -> str | None:
    """Return the commonest reasons why something is unknown, or None where nothing is."""
    if not any(each is not None and each.unverified for each in sought):
        return None
    reasons = Counter(f"merge requests: {error.reason}" for error in errors)
    texts = [
        reason if count == 1 else f"{reason} ({count} times)"
        for reason, count in reasons.most_common(_MOST_ERRORS)
    ]
    return "; ".join(texts) or "some records lack what a check needs"


def _judge(
    rest: Rest, written: Sequence[list[Record] | None], meter: Meter, max_wait: float
) -> list[_Judgement]:
    """Judge everybody's ended merge requests side by side, by the full rules."""
    owners = {id(mr): place for place, mrs in enumerate(written) for mr in mrs or ()
              if mr_rules.is_terminal(mr)}  # fmt: skip
    wanted = [mr for mrs in written for mr in mrs or () if id(mr) in owners]
    found = [_Judgement() for _ in written]
    judged: defaultdict[int, list[Judged]] = defaultdict(list)
    with rest.job(max_wait=max_wait) as job:
        meter.attach(job)
        meter.begin(len(wanted))
        for read in read_facts(job, wanted):
            place = owners[id(read.mr)]
            judged[place].append((read.mr, mr_rules.judge(read.mr, read.facts)))
            found[place].errors += read.errors
            meter.step()
    for place, mrs in enumerate(written):
        if mrs is not None:
            found[place].counted = mr_rules.count_row(judged[place])
    return found


def _completeness(rows: Sequence[Row]) -> Completeness:
    """Return how many people were read, and what became of the others."""
    statuses = Counter(str(row["Status"]) for row in rows)
    read = statuses.pop("Success", 0)
    lost = Counter({_SHORTFALLS[status]: count for status, count in statuses.items()})
    return Completeness("people", read, len(rows), lost)


def _sheet(question: Question, rows: Sequence[Row], meta: Meta) -> Sheet:
    def profile(row: Row) -> str | None:
        exists = row["Status"] in {"Success", "Partial"}
        return f"{meta.instance}/{row['Username']}" if exists else None

    further = Further(_without_college(question.people), question.columns)
    return Sheet(
        "People",
        [*question.columns, *further.titles],
        [further.join(row) for row in rows],
        meta,
        links={"Username": profile},
        kinds={column: "integer" for column in question.columns if column not in TEXT_COLUMNS},
        nothing={"Error", "College", *further.titles},
    )


def _without_college(people: People) -> People:
    """Return the people without what has a column of the report's own."""
    return replace(
        people,
        people=tuple(replace(person, college="") for person in people.people),
        titles=[title for title in people.titles if title != COLLEGE],
    )


def _explain(rows: Sequence[Row]) -> None:
    """Say why rows are not whole, however quiet the run is: each reason once."""
    met: dict[str, list[str]] = {}
    for row in rows:
        if row["Error"] is not None:
            met.setdefault(str(row["Error"]), []).append(str(row["Username"]))
    texts = [
        f"{names[0] if len(names) == 1 else f'{len(names)} people'}: {text}"
        for text, names in met.items()
    ]
    for text in texts[:_MOST_ERRORS]:
        complain(text)
    if len(texts) > _MOST_ERRORS:
        note(f"and {len(texts) - _MOST_ERRORS} other errors: see the column Error")
