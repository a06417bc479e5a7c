"""How a run sees items: as they are, or as they were at a moment.

A run reads people's items and facts through a `Timeline`. That of today changes nothing; that of
the past (`api.past`) returns what there was, so that nothing that evaluates or counts knows of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from gitlab_sync.api.facts.rest import FactSource
from gitlab_sync.api.scope import Kind
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record, TableRow

if TYPE_CHECKING:
    from gitlab_sync.api.user_items import UserItems


class Timeline(Protocol):
    """How a run sees items: as they are, or as they were."""

    milestones: str | None
    """Why it is not known which milestones of a project are active (None: it can be read)."""

    def reading(self, rules: RuleSet, /) -> RuleSet:
        """Return the rules by which facts of merge requests are read for these rules."""

    def of_person(self, kind: Kind, name: str, found: UserItems, /) -> Workflow[UserItems]:
        """Return the workflow that turns the items of the person with that name."""

    def source(self, inner: FactSource, /) -> FactSource:
        """Return the source of the facts of items that `of_person` returned."""

    def errors_of(self, item: Record, /) -> Sequence[GitLabSyncError]:
        """Return why something of such an item is not known."""

    def cells(self, username: str, /) -> TableRow:
        """Return what the row of a person has behind all other columns."""

    def late(self) -> list[TableRow]:
        """Return a row for each item that came after its moment, and within the grace."""

    def moment(self) -> datetime:
        """Return when the rows were true, in UTC."""


class Today:
    """Items as they are."""

    milestones: str | None = None

    def reading(self, rules: RuleSet) -> RuleSet:
        """Return the rules as they are."""
        return rules

    def of_person(self, _kind: Kind, _name: str, found: UserItems) -> Workflow[UserItems]:
        """Return the items as they are, without a request."""
        yield from ()
        return found

    def source(self, inner: FactSource) -> FactSource:
        """Return the source as it is."""
        return inner

    def errors_of(self, _item: Record) -> Sequence[GitLabSyncError]:
        """Return nothing."""
        return ()

    def cells(self, _username: str) -> TableRow:
        """Return nothing."""
        return {}

    def late(self) -> list[TableRow]:
        """Return nothing."""
        return []

    def moment(self) -> datetime:
        """Return the time of the clock."""
        return datetime.now(UTC)


TODAY = Today()
"""Items as they are."""
