"""Exit codes: what a script can tell from the end of a run."""

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
    FAILED: "there is something to fail on: a fault that `check` found, a score below "
    "--fail-under, an unexplained cell",
    USAGE: "wrong usage or configuration, or the output cannot be written",
    INCOMPLETE: "something could not be read, or a user does not exist: the rows say what; "
    "`doctor` has a warning",
    NOTHING: "nothing could be read: sign-in, network, server; `doctor` has found a problem",
    FAULT: "a fault of gitlab-sync itself",
    INTERRUPTED: "interrupted by Ctrl-C: what was done is written",
    BROKEN_PIPE: "the reader of the output has closed it",
    143: "ended by SIGTERM: what was done is written",
}
"""The meaning of every exit code, as help and documentation show it."""

EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()
)


def of_rows(rows: Sequence[TableRow], whole: bool) -> int:
    """Return the exit code for rows with a `Status`; `whole` says that everything was read."""
    statuses = {row["Status"] for row in rows}
    if "Error" in statuses and statuses <= {"Error", "Not Found"}:
        return NOTHING
    return OK if whole and statuses <= {"Success"} else INCOMPLETE
