"""Branches of a project."""

from __future__ import annotations

from gitlab_sync.api.projects import endpoint
from gitlab_sync.rules.shape import NAME, Shape
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import read_all

_BRANCH = Shape("branch", {"name": NAME})


def get_project_branches(client: Client, project_id: int | str) -> list[str]:
    """Return the names of all branches of a project (an id or a path), sorted.

    Raises NotFound if there is no such project.
    """
    branches = RestList(endpoint(project_id, "repository/branches"), shape=_BRANCH)
    return sorted(row["name"] for row in read_all(client, branches))
