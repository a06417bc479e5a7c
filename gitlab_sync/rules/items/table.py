"""The tables of the rules: their columns in order, and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.types import Status, TableRow

_BOOKKEEPING = ("Status", "Error", "Unverified")

MERGE_REQUEST_COLUMNS = (
    "Username",
    "Closed MRs",
    *(check.title for check in merge_request.CHECKS),
    *_BOOKKEEPING,
)

ISSUE_COLUMNS = (
    "Username",
    "Total Assigned",
    "Opened Issues",
    "Closed Issues",
    *(check.title for check in issue.CHECKS),
    *_BOOKKEEPING,
)


def row(
    columns: Sequence[str],
    username: str,
    cells: Mapping[str, int | None],
    status: Status,
    error: str | None,
    unverified: int | None,
) -> TableRow:
    """Return one person's row, with exactly `columns` as its keys, in their order.

    Columns that `cells` lacks are null. In a row `Not Found` or `Error` all counts are null in
    spite of `cells`: nothing was counted, and that is not 0.
    """
    counted = status in {"Success", "Partial"}
    fixed: TableRow = {
        "Username": username,
        "Status": status,
        "Error": error,
        "Unverified": unverified if counted else None,
    }
    counts = cells if counted else {}
    return {column: fixed[column] if column in fixed else counts.get(column) for column in columns}


def by_username(rows: Iterable[TableRow]) -> list[TableRow]:
    """Return the rows sorted by the lower case of their `Username`."""
    return sorted(rows, key=lambda row: username_key(str(row["Username"])))
