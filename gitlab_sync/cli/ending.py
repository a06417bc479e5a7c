"""How a run over people ends: what it says on standard error, and with which exit code."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.cli import exits
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.session import CommandRun
from gitlab_sync.errors import (
    AuthenticationError,
    NotFound,
    PermissionDenied,
    RateLimited,
    TimedOut,
)
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.types import TableRow

_MOST_ERRORS = 3
_HINTS = {
    short_reason(kind("")): kind.hint_text
    for kind in (AuthenticationError, PermissionDenied, NotFound, RateLimited, TimedOut)
} | {"failed": "Check URL, network and proxy. If the server is failing, try again later."}
"""What to do about each reason that a completeness line gives."""


def end(report: Report, session: CommandRun, *, quiet: bool, whole: bool = True) -> int:
    """Say how complete the rows are and why they are not, and return the exit code.

    What went wrong is said however `quiet` the run is. `whole` says that nothing was left out
    before the run began.
    """
    completeness = report.completeness
    if not completeness.whole or not quiet:
        note(str(completeness))
    if session.interruption.exit_code is not None:
        note(session.interruption.cancel.reason)
        return session.interruption.exit_code
    texts = _distinct_errors(report)
    for text in texts[:_MOST_ERRORS]:
        complain(text)
    if len(texts) > _MOST_ERRORS:
        note(f"and {len(texts) - _MOST_ERRORS} other errors: see the column Error")
    for hint in _hints(completeness):
        note(f"hint: {hint}")
    return exits.of_rows(report, completeness.whole and whole)


def tell_unknown_projects(names: Sequence[int | str]) -> None:
    """Say which of the projects that were named are left out."""
    for name in names:
        complain(f"there is no project {name}, or it could not be read: left out")


def _distinct_errors(rows: Sequence[TableRow]) -> list[str]:
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
