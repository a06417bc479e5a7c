"""Where the items of a person are listed: a project, a group, or the whole instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gitlab_sync.http.urls import encode_id
from gitlab_sync.session.pagination import RestList
from gitlab_sync.types import Params

Kind: TypeAlias = Literal["merge_requests", "issues"]

Role: TypeAlias = Literal["author", "assignee"]
"""The role of a person in an item."""

ROLES: tuple[Role, ...] = ("author", "assignee")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which items count. Immutable. `project` and `group` are ids or paths; the project wins.

    `by` is "author" or "assignee"; any other value means "author", as in the older client.
    """

    project: int | str | None = None
    group: int | str | None = None
    by: str = "author"

    @property
    def role(self) -> Role:
        """The role of the person in the items."""
        return "assignee" if self.by == "assignee" else "author"

    def in_words(self) -> str:
        """Return where the items are, in words for readers of a file."""
        if self.project is not None:
            return f"project {self.project}"
        if self.group is not None:
            return f"group {self.group} and its subgroups"
        return "the whole instance"

    def rest_list(self, kind: Kind, params: Params) -> RestList:
        """Return the list of items, open and ended, with the filters of `params`.

        GitLab silently ignores a filter that a route does not support, so the scope is in the path.
        Without `scope=all`, the instance-wide list has only the token owner's items; without
        `non_archived=false`, some lists leave out archived projects.
        """
        everything: Params = {"scope": "all", "state": "all"}
        if self.project is not None:
            where = f"projects/{encode_id(self.project)}/{kind}"
        else:
            where = kind if self.group is None else f"groups/{encode_id(self.group)}/{kind}"
            everything["non_archived"] = "false"
        return RestList(where, {**everything, **params})


EVERYWHERE = Scope()
"""Items of the whole instance."""
