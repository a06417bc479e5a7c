"""The tables of the rules: their columns in order, and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.types import Status, TableRow

_BOOKKEEPING = ("Status", "Error", "Unverified")

POLICY = "Policy"
"""The column that names the policy of a row, in tables with shares."""

WAIVED = "Waived"
"""The column with the number of waived faults, which no other column counts; only of policies with
waivers."""


def of(title: str) -> str:
    """Return the column with the number of items that a check speaks of: `No Desc (of)`."""
    return f"{title} (of)"


def columns(rules: RuleSet) -> tuple[str, ...]:
    """Return the columns of a person's row by these rules, in order."""
    titles = [check.title for check in rules.checks]
    behind = (*rules.further, *map(of, titles), POLICY) if rules.shares else ()
    return ("Username", *rules.counts, *titles, *_BOOKKEEPING, *behind, *waived_column(rules))


def waived_column(rules: RuleSet) -> tuple[str, ...]:
    """Return the column of waived faults, the last one, if the policy has waivers."""
    return (WAIVED,) if rules.waivers.every else ()


def shares(shown: Iterable[str]) -> dict[str, str]:
    """Return, for the columns of a table that have one, the column that says of how many."""
    known = list(shown)
    return {title: of(title) for title in known if of(title) in known}


def cells(counted: Tally, rules: RuleSet) -> dict[str, int | None]:
    """Return all numbers of a row: the counts, and with shares of how many items they speak.

    Of a policy with waivers, the sum of all waived faults is there, too.
    """
    shares = counted.of if rules.shares else {}
    numbers = {of(title): number for title, number in shares.items()}
    waived = dict.fromkeys(waived_column(rules), sum(counted.waived.values()))
    return {**counted.cells, **numbers, **waived}


MERGE_REQUEST_COLUMNS = columns(merge_request.RULES)
ISSUE_COLUMNS = columns(issue.RULES)


def row(
    columns: Sequence[str],
    username: str,
    cells: Mapping[str, int | None],
    status: Status,
    error: str | None,
    unverified: int | None,
    policy: str | None = None,
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
        POLICY: policy,
    }
    counts = cells if counted else {}
    return {column: fixed[column] if column in fixed else counts.get(column) for column in columns}


def by_username(rows: Iterable[TableRow]) -> list[TableRow]:
    """Return the rows sorted by the lower case of their `Username`."""
    return sorted(rows, key=lambda row: username_key(str(row["Username"])))
