"""Teams from groups."""

from __future__ import annotations

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.errors import AuthenticationError
from gitlab_sync.pages.team_fields import read_groups
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.reader import GitLabReader


def test_each_group_becomes_a_team_and_those_of_one_name_are_told_apart(sandbox: Sandbox) -> None:
    """A group that is named twice is one team."""
    group = sandbox.world.tables.groups[0]
    with GitLabClient(sandbox.url, sandbox.token()) as client:
        found = read_groups(GitLabReader(client), [str(group["id"]), str(group["full_path"])])
    assert found.faults == ()
    (team,) = found.teams
    assert team.name == group["name"]
    assert {member.username for member in team.members} <= set(sandbox.world.truth.usernames)


def test_each_group_that_cannot_be_read_is_named(sandbox: Sandbox) -> None:
    """With what to do; but a token that is not taken is no fault of a group."""
    with GitLabClient(sandbox.url, sandbox.token()) as client:
        found = read_groups(GitLabReader(client), ["no/such", "nor/this"])
    assert [fault.partition(":")[0] for fault in found.faults] == ["no/such", "nor/this"]
    assert "404" in found.faults[0]
    assert "Check the name or id" in found.faults[0]
    with (
        GitLabClient(sandbox.url, "glpat-not-a-token") as client,
        pytest.raises(AuthenticationError),
    ):
        read_groups(GitLabReader(client), ["no/such"])
