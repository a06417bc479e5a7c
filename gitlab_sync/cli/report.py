"""The way from the options of a command to its report: session, output, messages, exit code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitlab_sync.cli import exits
from gitlab_sync.cli.messages import complain, note, say
from gitlab_sync.cli.options import NOTHING_KEPT, Connection, FactOptions, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.session import CommandRun, open_session
from gitlab_sync.errors import (
    AuthenticationError,
    ChangedSince,
    NotFound,
    NotGitLab,
    PermissionDenied,
    RateLimited,
    TimedOut,
)
from gitlab_sync.reports.report import Completeness, Report, short_reason

_MOST_ERRORS = 3  # on standard error; the rows have all of them
_HINTS = {
    short_reason(kind("")): kind.hint_text
    for kind in (
        *(AuthenticationError, PermissionDenied, NotFound, NotGitLab, RateLimited, TimedOut),
        ChangedSince,
    )
} | {"failed": "Check URL, network and proxy. If the server is failing, try again later."}
"""What to do about each reason in a completeness line."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What standard error says after the report, and the exit code. Immutable.

    `left_out` says what the report lacks, and `errors` what its rows lack. `warnings` say what to
    look at in the policy. A quiet run omits them and `remarks`, and `completeness` if everything
    was read.
    """

    code: int
    completeness: Completeness | None = None
    remarks: Sequence[str] = ()
    left_out: Sequence[str] = ()
    errors: Sequence[str] = ()
    hints: Sequence[str] = ()
    warnings: Sequence[str] = ()

    @classmethod
    def of_people(
        cls,
        report: Report,
        *,
        remarks: Sequence[str] = (),
        unknown_projects: Iterable[int | str] = (),
        unread: Iterable[str] = (),
        refused: Collection[str] = (),
    ) -> Ending:
        """Return the ending for rows with `Username`, `Status` and `Error`.

        `unknown_projects` could not be read, `unread` says what else could not be read, and
        `refused` has messages about the names that were left out before the run.
        """
        left_out = [
            f"there is no project {name}, or it could not be read: left out"
            for name in unknown_projects
        ]
        left_out += unread
        met: dict[str, list[str]] = {}
        for row in report:
            if row["Error"] is not None:
                met.setdefault(str(row["Error"]), []).append(str(row["Username"]))
        completeness = report.completeness
        return cls(
            exits.of_rows(report, completeness.whole and not left_out and not refused),
            completeness,
            remarks,
            left_out,
            by_reason(met, "people"),
            [_HINTS[each] for each in completeness.lost | completeness.lists if each in _HINTS],
            report.warnings,
        )


def by_reason(met: Mapping[str, Collection[str]], what: str) -> list[str]:
    """Return a line for each reason: `a/b: 403 Forbidden`, or `3 projects: 403 Forbidden`."""
    return [
        f"{next(iter(names)) if len(names) == 1 else f'{len(names)} {what}'}: {reason}"
        for reason, names in met.items()
    ]


def run_report(
    work: Callable[[CommandRun, Output], Ending],
    target: Target,
    connection: Connection,
    facts: FactOptions = NOTHING_KEPT,
) -> int:
    """Do the `work` of a command, which writes its report, and return the exit code.

    After Ctrl-C or SIGTERM the report has what was read until then, and the code is that of the
    signal. A file is replaced only if the work ends well. Raises ConfigurationError if the URL or
    the token is missing or the output cannot be written, and the errors of the work.
    """
    with open_session(connection, facts) as command:
        with Output(target, command.interruption) as output:
            ending = work(command, output)
        return _end(ending, command)


def _end(ending: Ending, command: CommandRun) -> int:
    for text in ending.left_out:
        complain(text)
    for remark in (*ending.remarks, *(f"warning: {text}" for text in ending.warnings)):
        note(remark)
    completeness = ending.completeness
    if completeness is not None:
        (note if completeness.whole else say)(str(completeness))
    if command.interruption.exit_code is not None:
        say(command.interruption.cancel.reason)
        return command.interruption.exit_code
    for text in ending.errors[:_MOST_ERRORS]:
        complain(text)
    if len(ending.errors) > _MOST_ERRORS:
        say(f"and {len(ending.errors) - _MOST_ERRORS} other errors: see the column Error")
    for hint in ending.hints:
        say(f"hint: {hint}")
    return ending.code
