"""Links by which a visitor contests a fault: they lead to GitLab's form, filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitlab_sync.pages.widgets.markdown import linked
from gitlab_sync.rules.items.fixes import Entry
from gitlab_sync.rules.policy import Policy
from gitlab_sync.services import contests
from gitlab_sync.types import TableRow

CONTEST = "Contest"
HELP = "Open an issue that says why this fault should not count"


def contest_link(address: str | None) -> str:
    """Return, as Markdown, the link behind a fault; empty without an address."""
    return f" · {linked(CONTEST, address)}" if address else ""


def contest_column(
    policy: Policy, instance: str, faults: Iterable[Entry]
) -> Mapping[str, Callable[[TableRow], str | None]]:
    """Return the column of links for a table of faults (`rules.scores.profile.entry_row`).

    Empty if the policy names no project for contests.
    """
    if policy.contest_project is None:
        return {}
    known = {(each.kind, each.check.title, each.link): each for each in faults}

    def address(row: TableRow) -> str | None:
        entry = known.get((str(row["Kind"]), str(row["Check"]), row["Link"]))  # type: ignore[arg-type]
        return None if entry is None else contests.of_entry(policy, instance, entry)

    return {CONTEST: address}
