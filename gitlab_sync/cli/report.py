"""The way from a command's options to its report: session, output, last words, exit code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitlab_sync.cli import exits
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.options import NOTHING_KEPT, Connection, FactOptions, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.session import CommandRun, open_session
from gitlab_sync.errors import (
    AuthenticationError,
    NotFound,
    PermissionDenied,
    RateLimited,
    TimedOut,
)
from gitlab_sync.reports.report import Completeness, Report, short_reason

MOST = 3
"""How many errors, or hints, are said; the rows have all of them."""

_HINTS = {
    short_reason(kind("")): kind.hint_text
    for kind in (AuthenticationError, PermissionDenied, NotFound, RateLimited, TimedOut)
} | {"failed": "Check URL, network and proxy. If the server is failing, try again later."}
"""What to do about each reason that a completeness line gives."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What standard error says after a report is written, and the exit code. Immutable.

    A quiet run leaves out `remarks`, and `completeness` if everything was read. `left_out` says
    what of the question is missing in the report, and `errors` what is missing in its rows.
    """

    code: int
    completeness: Completeness | None = None
    remarks: Sequence[str] = ()
    left_out: Sequence[str] = ()
    errors: Sequence[str] = ()
    hints: Sequence[str] = ()

    @classmethod
    def of_people(
        cls,
        report: Report,
        *,
        remarks: Sequence[str] = (),
        unknown_projects: Iterable[int | str] = (),
        unread: Iterable[str] = (),
        refused: Collection[str] = (),
    ) -> Summary:
        """Return the summary of rows with `Username`, `Status` and `Error`.

        `unknown_projects` are those named that could not be read, `unread` says what else could
        not be, and `refused` has the names that were left out before the run began.
        """
        left_out = [
            *(f"there is no project {name}, or it could not be read: left out"
              for name in unknown_projects),
            *unread,
        ]  # fmt: skip
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
        )


def by_reason(met: Mapping[str, Collection[str]], what: str) -> list[str]:
    """Return a line for each reason: `a/b: 403 Forbidden`, or `3 projects: 403 Forbidden`."""
    return [
        f"{next(iter(names)) if len(names) == 1 else f'{len(names)} {what}'}: {reason}"
        for reason, names in met.items()
    ]


def run_report(
    work: Callable[[CommandRun, Output], Summary],
    target: Target,
    connection: Connection,
    facts: FactOptions = NOTHING_KEPT,
) -> int:
    """Do the `work` of a command, which writes its report, and return the exit code.

    After Ctrl-C or SIGTERM the report has what was read until then, and the code is that of the
    signal. Raises ConfigurationError if the URL or the token is missing, or if the output cannot be
    written, and what the work raises; a file is replaced only if the work ends well.
    """
    with open_session(connection, facts) as command:
        with Output(target, command.interruption) as output:
            summary = work(command, output)
        return _conclude(summary, command)


def _conclude(summary: Summary, command: CommandRun) -> int:
    quiet = command.connection.quiet
    for text in summary.left_out:
        complain(text)
    for remark in () if quiet else summary.remarks:
        note(remark)
    completeness = summary.completeness
    if completeness is not None and not (quiet and completeness.whole):
        note(str(completeness))
    if command.interruption.exit_code is not None:
        note(command.interruption.cancel.reason)
        return command.interruption.exit_code
    for text in summary.errors[:MOST]:
        complain(text)
    if len(summary.errors) > MOST:
        note(f"and {len(summary.errors) - MOST} other errors: see the column Error")
    for hint in summary.hints:
        note(f"hint: {hint}")
    return summary.code
