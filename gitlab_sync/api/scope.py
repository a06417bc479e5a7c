"""Where the items of a person are listed: a project, a group, or the whole instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gitlab_sync.http.urls import encode_id
from gitlab_sync.session.pagination import RestList

Kind: TypeAlias = Literal["merge_requests", "issues"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which items count. `project` wins over `group`; ids or paths.

    `by` is "author", or "assignee"; any other value means "author", as in the older client.
    """

    project: int | str | None = None
    group: int | str | None = None
    by: str = "author"

    def rest_list(self, kind: Kind, username: str) -> RestList:
        """Return the list of one person's items, open and ended.

        A filter that a route does not know is ignored by GitLab without a word, so the scope stands
        in the path. Without `scope=all` the instance-wide list shows the items of the token's owner
        only, and without `non_archived=false` some lists leave archived projects out.
        """
        person = "assignee_username" if self.by == "assignee" else "author_username"
        params = {person: username, "scope": "all", "state": "all"}
        if self.project is not None:
            return RestList(f"projects/{encode_id(self.project)}/{kind}", params)
        params["non_archived"] = "false"
        if self.group is not None:
            return RestList(f"groups/{encode_id(self.group)}/{kind}", params)
        return RestList(kind, params)
