"""The tables of the older program that can be compared, and what their columns count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gitlab_sync.rules import record
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.scores import unified

TableName: TypeAlias = Literal["mrs", "issues", "users"]
"""A table, by the command of ours that makes the same."""

GROUPS: Final = "Groups Count"

ItemKind: TypeAlias = Literal["merge_requests", "issues"]

RULES: Final[Mapping[ItemKind, RuleSet]] = {
    "merge_requests": merge_request.RULES,
    "issues": issue.RULES,
}
"""The rules of the policy `classic`, by kind of items."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers. Immutable.

    It counts the ended items of a `kind` that fail a `check`, or without one all those in `states`.
    A column about something else has no kind. `number` names what it is in a person's `Work`.
    """

    title: str
    kind: ItemKind | None = None
    check: Check | None = None
    states: Collection[str] = ()
    number: str = ""


@dataclass(frozen=True, slots=True)
class OlderKind:
    """A kind of table: the command that makes the same, what it is, and its columns. Immutable."""

    command: TableName
    what: str
    columns: tuple[Column, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles that tell the table from others."""
        return ("Username", *(column.title for column in self.columns))


def _of_items(kind: ItemKind) -> tuple[Column, ...]:
    rules = RULES[kind]
    counts = (Column(title, kind, states=states) for title, states in rules.counts.items())
    return (*counts, *(Column(check.title, kind, check) for check in rules.checks))


def _of_people() -> tuple[Column, ...]:
    checks = [
        Column(column, kind, check)
        for kind, titles in _CHECKS.items()
        for column, title in titles.items()
        for check in RULES[kind].checks
        if check.title == title and column != unified.NO_UNIT_TESTS  # which is a new one
    ]
    known = {column.title: column for column in (*_NUMBERS, *checks)}
    return tuple(known[title] for title in unified.UNIFIED_COLUMNS if title in known)


_NUMBERS: Final = (
    Column("Commits Total", number="commits"),
    Column("Commits Morning", number="morning_commits"),
    Column("Commits Afternoon", number="afternoon_commits"),
    Column("Projects (Auth)", number="personal_projects"),
    Column("Projects (Contr)", number="contributed_projects"),
    Column(GROUPS, number="groups"),
    Column("MR Total (Authored)", "merge_requests", None, record.STATES, "mr_created"),
    Column("Issue Total (Auth)", "issues", None, record.STATES, "issues_raised"),
    Column(unified.ISSUE_CLOSED, "issues", None, {"closed"}, "issues_closed"),
)
"""The columns of whole people that are about no check."""

_CHECKS: Final[Mapping[ItemKind, Mapping[str, str]]] = {
    "merge_requests": unified.MERGE_REQUEST_CHECKS,
    "issues": unified.ISSUE_CHECKS,
}

KINDS: Final = (
    OlderKind("mrs", "merge requests by person", _of_items("merge_requests")),
    OlderKind("issues", "issues by person", _of_items("issues")),
    OlderKind("users", "people as a whole", _of_people()),
)
"""The tables that can be compared."""

OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "the ranking of teams": ("Rank", "Team", "Project", "Team Score"),
    "the members of a team": ("Username", "Total Commits", "MR Created", "Issues Raised", "Score"),
    "the compliance of projects": ("Project", "Compliance Score", "Stack"),
    "the people of a week": ("Team Name", "Full Name", "GitLab Username"),
    "the merge requests of one person": ("Title", "State", "No Description", "Failed Pipeline"),
}
"""Other tables of the older program, which are refused by name, with titles that tell them."""
