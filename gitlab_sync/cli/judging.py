"""The work of `mrs` and `issues`; apart from the commands, since it loads the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gitlab_sync import batch
from gitlab_sync.api.scope import Scope
from gitlab_sync.cli import exits
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import Further, People
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import Session, open_session
from gitlab_sync.errors import (
    AuthenticationError,
    NotFound,
    PermissionDenied,
    RateLimited,
    TimedOut,
)
from gitlab_sync.meter import Meter
from gitlab_sync.outcomes import Completeness, Report, short_reason
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rest import Rest
from gitlab_sync.rules.table import ISSUE_COLUMNS, MERGE_REQUEST_COLUMNS
from gitlab_sync.run import Run
from gitlab_sync.types import Row

_MOST_ERRORS = 3
_TEXTS = frozenset({"Username", "Status", "Error"})
_HINTS = {
    short_reason(kind("")): kind.hint_text
    for kind in (AuthenticationError, PermissionDenied, NotFound, RateLimited, TimedOut)
} | {"failed": "Check URL, network and proxy. If the server is failing, try again later."}
"""What to do about each reason that a completeness line gives."""


@dataclass(frozen=True, slots=True)
class _Question:
    columns: Sequence[str]
    ask: Callable[[Rest, Iterable[str], Scope, Run], Report]


_QUESTIONS = {
    "merge requests": _Question(MERGE_REQUEST_COLUMNS, batch.evaluate_merge_requests),
    "issues": _Question(ISSUE_COLUMNS, batch.evaluate_issues),
}


def judge(what: str, people: People, scope: Scope, target: Target, connection: Connection) -> int:
    """Judge these people's `what`, write the rows, and return the exit code.

    Raises ConfigurationError when URL or token is missing or the output cannot be written.
    """
    question = _QUESTIONS[what]
    with open_session(connection) as session:
        usernames = asked_people(people, session)
        further = Further(people, question.columns)
        meter = Meter()
        with Output(target, session.interruption) as output:
            live = not (output.streams and output.to_terminal)
            with watching(meter, what, quiet=connection.quiet, live=live):
                run = Run(
                    meter=meter,
                    on_row=(lambda row: output.row(further.join(row))) if output.streams else None,
                    max_wait=connection.max_wait,
                )
                report = question.ask(session.rest, usernames, scope, run)
            meta = Meta.of_report(report, session.rest.base_url, in_words(what, scope))
            output.finish(_sheet(what, question.columns, report, further, meta))
        completeness = report.completeness
        if not completeness.whole or not connection.quiet:
            note(str(completeness))
        if session.interruption.exit_code is not None:
            note(session.interruption.cancel.reason)
            return session.interruption.exit_code
        _explain(report)
        return exits.of_rows(report, completeness.whole and not people.refused)


def asked_people(people: People, session: Session) -> list[str]:
    """Return whom a run is about, and say who is left out of it; the demo's if none was named."""
    for message in people.refused:
        note(message)
    usernames = people.usernames if people.asked else session.demo_people
    if not usernames and not people.refused:
        note("warning: nobody was named, so there are no rows")
    return usernames


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
    def profile(row: Row) -> str | None:
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


def _explain(report: Report) -> None:
    """Say why rows are not whole, and what to do about it, however quiet the run is."""
    texts = _distinct_errors(report)
    for text in texts[:_MOST_ERRORS]:
        complain(text)
    if len(texts) > _MOST_ERRORS:
        note(f"and {len(texts) - _MOST_ERRORS} other errors: see the column Error")
    for hint in _hints(report.completeness):
        note(f"hint: {hint}")


def _distinct_errors(rows: Sequence[Row]) -> list[str]:
    """Return each text of the column `Error` once, with whom it met."""
    met: dict[str, list[str]] = {}
    for row in rows:
        if row["Error"] is not None:
            met.setdefault(str(row["Error"]), []).append(str(row["Username"]))
    return [
        f"{names[0] if len(names) == 1 else f'{len(names)} people'}: {text}"
        for text, names in met.items()
    ]


def _hints(completeness: Completeness) -> list[str]:
    reasons = completeness.lost | completeness.lists
    return [_HINTS[reason] for reason in reasons if reason in _HINTS]
