"""Exit codes: what a run's end tells a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_sync.types import TableRow

OK = 0
FAILED = 1
USAGE = 2
INCOMPLETE = 3
NOTHING = 4
FAULT = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130
BROKEN_PIPE = 141

EXIT_CODES = {
    OK: "everything was read",
    FAILED: "a score is below --fail-under",
    USAGE: "wrong usage or configuration, or the output cannot be written",
    INCOMPLETE: "something could not be read, or a user does not exist: the rows say what",
    NOTHING: "nothing could be read: sign-in, network, server",
    FAULT: "a fault of gitlab-sync itself",
    INTERRUPTED: "interrupted by Ctrl-C: what was done is written",
    BROKEN_PIPE: "whoever read the output has gone",
    143: "ended by SIGTERM: what was done is written",
}
"""Every exit code there is, and what it means: help and documentation show this."""

EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()
)


def of_rows(rows: Sequence[TableRow], whole: bool) -> int:
    """Return the exit code that rows with a `Status` call for; `whole` says all was read."""
    statuses = {row["Status"] for row in rows}
    if "Error" in statuses and statuses <= {"Error", "Not Found"}:
        return NOTHING
    return OK if whole and statuses <= {"Success"} else INCOMPLETE
