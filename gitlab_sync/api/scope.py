"""Where the items of a person are listed: a project, a group, or the whole instance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gitlab_sync.api.period import Moment
from gitlab_sync.http.urls import encode_id
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.session.pagination import RestList
from gitlab_sync.types import Params, Record

Kind: TypeAlias = Literal["merge_requests", "issues"]

Role: TypeAlias = Literal["author", "assignee"]
"""The role of a person in an item."""

ROLES: tuple[Role, ...] = ("author", "assignee")


Dated: TypeAlias = Literal["created", "merged", "closed"]
"""The time of an item that decides whether it is in a period."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which items count. Immutable. `project` and `group` are ids or paths; the project wins.

    `by` is "author" or "assignee"; any other value means "author", as in the older client. Items
    count if they were created, merged or closed in the period, as `dated` says. `state` is GitLab's
    filter of lists: "all" or "opened". Of each item in a REST list only `fields` are kept, as in
    `RestList` (none: all of them).
    """

    project: int | str | None = None
    group: int | str | None = None
    by: str = "author"
    period: Period = field(default_factory=Period)
    dated: Dated = "created"
    state: str = "all"
    fields: frozenset[str] = frozenset()

    @property
    def role(self) -> Role:
        """The role of the person in the items."""
        return "assignee" if self.by == "assignee" else "author"

    @property
    def place(self) -> str:
        """The project or group in words; empty for the whole instance."""
        if self.project is not None:
            return f"project {self.project}"
        return "" if self.group is None else f"group {self.group}"

    @property
    def moment(self) -> Moment:
        """Which items lists have to hold: those created in the period, or all that happened."""
        return "created" if self.dated == "created" else "active"

    def contains(self, item: Record) -> bool:
        """Return whether the time of an item that decides is in the period."""
        return self.period.contains(record.field(item, f"{self.dated}_at"))

    def in_words(self) -> str:
        """Return where the items are, in words for readers of a file."""
        below = " and its subgroups" if self.project is None and self.group is not None else ""
        return f"{self.place or 'the whole instance'}{below}"

    def rest_list(self, kind: Kind, params: Params) -> RestList:
        """Return the list of items with the filters of `params`.

        GitLab silently ignores a filter that a route does not support, so the scope is in the path.
        Without `scope=all`, the instance-wide list has only the token owner's items; without
        `non_archived=false`, some lists leave out archived projects.
        """
        everything: Params = {"scope": "all", "state": self.state}
        if self.project is not None:
            where = f"projects/{encode_id(self.project)}/{kind}"
        else:
            where = kind if self.group is None else f"groups/{encode_id(self.group)}/{kind}"
            everything["non_archived"] = "false"
        return RestList(where, {**everything, **params}, fields=self.fields)


EVERYWHERE = Scope()
"""Items of the whole instance."""
