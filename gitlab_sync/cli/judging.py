"""The work of `mrs` and `issues`; apart from the commands, since it loads the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from gitlab_sync.api.scope import Scope
from gitlab_sync.cli.ending import end
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import NOTHING_KEPT, Connection, FactOptions, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import Further, People
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import CommandRun, open_session
from gitlab_sync.reports.report import Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.identity.people_input import Person, merged
from gitlab_sync.rules.items.table import ISSUE_COLUMNS, MERGE_REQUEST_COLUMNS
from gitlab_sync.run import Run
from gitlab_sync.services import evaluation as batch
from gitlab_sync.services.members import people_of_groups
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Session
from gitlab_sync.types import TableRow

_TEXTS = frozenset({"Username", "Status", "Error"})


@dataclass(frozen=True, slots=True)
class _Question:
    columns: Sequence[str]
    ask: Callable[[Session, Iterable[str], Scope, Run], Report]


_QUESTIONS = {
    "merge requests": _Question(MERGE_REQUEST_COLUMNS, batch.evaluate_merge_requests),
    "issues": _Question(ISSUE_COLUMNS, batch.evaluate_issues),
}


def judge(
    what: str,
    people: People,
    scope: Scope,
    target: Target,
    connection: Connection,
    facts: FactOptions = NOTHING_KEPT,
) -> int:
    """Judge these people's `what`, write the rows, and return the exit code.

    Raises ConfigurationError when URL or token is missing or the output cannot be written.
    """
    query = _QUESTIONS[what]
    with open_session(connection, facts) as session:
        people = asked_people(people, session)
        further = Further(people, query.columns)
        tracker = ProgressTracker()
        with Output(target, session.interruption) as output:
            live = not (output.streams and output.to_terminal)
            with watching(tracker, what, quiet=connection.quiet, live=live):
                run = Run(
                    tracker=tracker,
                    on_row=(lambda row: output.row(further.join(row))) if output.streams else None,
                    max_wait=connection.max_wait,
                    source=facts.source,
                    store=session.store,
                )
                report = query.ask(session.rest, people.usernames, scope, run)
            meta = Meta.of_report(report, session.rest.base_url, in_words(what, scope))
            output.finish(_sheet(what, query.columns, report, further, meta))
        return end(report, session, quiet=connection.quiet, whole=not people.refused)


def asked_people(people: People, session: CommandRun) -> People:
    """Return whom a run is about, and say who is left out of it.

    That is who was named, with the members of the groups; nobody named: the people of the demo.
    """
    for message in people.refused:
        note(message)
    named = list(people.people)
    if people.groups:
        named = merged([*named, *people_of_groups(session.rest, people.groups)])
    if not people.asked:
        named = [Person(name) for name in session.demo_people]
    if not named and not people.refused:
        note("warning: nobody was named, so there are no rows")
    return replace(people, people=tuple(named))


def in_words(what: str, scope: Scope) -> str:
    """Say which items count, for whoever reads a file later."""
    where = "the whole instance"
    if scope.project is not None:
        where = f"project {scope.project}"
    elif scope.group is not None:
        where = f"group {scope.group} and its subgroups"
    return f"{what} by {scope.by}, {where}"


def _sheet(
    what: str, columns: Sequence[str], report: Report, further: Further, meta: Meta
) -> Sheet:
    def profile(row: TableRow) -> str | None:
        exists = row["Status"] in {"Success", "Partial"}
        return f"{meta.instance}/{row['Username']}" if exists else None

    return Sheet(
        what.capitalize(),
        [*columns, *further.titles],
        [further.join(row) for row in report],
        meta,
        links={"Username": profile},
        kinds={column: "integer" for column in columns if column not in _TEXTS},
        nothing={"Error", *further.titles},
    )
