"""`gitlab_sync.api.branches`: the names of a project's branches."""

from __future__ import annotations

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api import branches
from gitlab_sync.errors import BadResponse, ConfigurationError, NotFound, PermissionDenied
from gitlab_sync.sandbox import Sandbox, World


@pytest.mark.parametrize(
    "project", [102, "102", "acme/platform/mail-relay", "acme%2Fplatform%2Fmail-relay"]
)
def test_get_project_branches_sorts_their_names(client: GitLabClient, project: int | str) -> None:
    """By id or path."""
    assert branches.get_project_branches(client, project) == ["main", "work-6"]


def test_get_project_branches_reads_all_pages(client: GitLabClient, world: World) -> None:
    """The older client's `all=True` gave nothing."""
    main = world.tables.branches[101][0]
    names = [f"feature/{number:03}" for number in range(250)]
    world.tables.branches[101] = [{**main, "name": name} for name in reversed(names)]
    assert branches.get_project_branches(client, 101) == names


def test_a_project_that_is_not_there_has_no_branches(client: GitLabClient) -> None:
    """It is an error, not an empty list."""
    with pytest.raises(NotFound):
        branches.get_project_branches(client, "acme/nothing")
    with pytest.raises(ConfigurationError):
        branches.get_project_branches(client, "")


def test_what_could_not_be_read_is_no_branch(client: GitLabClient, sandbox: Sandbox) -> None:
    """Neither a refusal nor the body of an error."""
    path = "/projects/101/repository/branches"
    sandbox.faults.add("status", path=path, status=403)
    with pytest.raises(PermissionDenied):
        branches.get_project_branches(client, 101)
    sandbox.faults.add("status", path=path, status=200, body='{"message": "no"}')
    with pytest.raises(BadResponse):
        branches.get_project_branches(client, 101)
