"""`gitlab_sync.api.lockfiles`: what a project depends on."""

from __future__ import annotations

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api import lockfiles
from gitlab_sync.errors import Cancelled, ConfigurationError
from gitlab_sync.rules.projects import lockfile
from gitlab_sync.sandbox import Sandbox, World

PROJECT = 101
LOCK = "/projects/101/repository/files/uv.lock"


def test_parse_uvlock_content_is_the_rules() -> None:
    """It is here under the name that older code imports."""
    assert lockfiles.parse_uvlock_content is lockfile.parse_uvlock_content


@pytest.mark.parametrize("project", [PROJECT, "acme/figures"])
@pytest.mark.parametrize("branch", ["main", None])
def test_extract_dependencies_from_project_reads_its_lock_file(
    client: GitLabClient, world: World, project: int | str, branch: str | None
) -> None:
    """One request."""
    found = lockfiles.extract_dependencies_from_project(client, project, branch)
    assert found == lockfile.parse_uvlock_content(world.tables.files[PROJECT]["uv.lock"])
    assert found["total_dependencies"] == len(found["packages"]) == 2
    assert set(found["packages"][0]) == {"name", "version", "source"}


@pytest.mark.parametrize(
    ("project", "branch", "said"),
    [
        (102, "main", "no uv.lock on main"),
        (PROJECT, "no-such-branch", "404"),
        ("acme/nothing", "main", "404"),
    ],
)
def test_a_lock_file_that_is_not_there_is_an_error_and_not_zero(
    client: GitLabClient, project: int | str, branch: str, said: str
) -> None:
    """A project without one may have hundreds of dependencies."""
    found = lockfiles.extract_dependencies_from_project(client, project, branch)
    assert list(found) == ["error"]
    assert said in found["error"]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_lock_file_that_could_not_be_read_says_why(
    client: GitLabClient, sandbox: Sandbox, status: int
) -> None:
    """With the status."""
    sandbox.faults.add("status", path=LOCK, status=status, times=None)
    found = lockfiles.extract_dependencies_from_project(client, PROJECT)
    assert list(found) == ["error"]
    assert str(status) in found["error"]


def test_what_is_no_lock_file_is_an_error(client: GitLabClient, world: World) -> None:
    """As the rules say it."""
    world.tables.files[PROJECT]["uv.lock"] = "this is = no [lock file"
    found = lockfiles.extract_dependencies_from_project(client, PROJECT)
    assert list(found) == ["error"]


def test_a_closed_client_and_a_blank_project_are_raised(client: GitLabClient) -> None:
    """They say nothing of the project."""
    with pytest.raises(ConfigurationError):
        lockfiles.extract_dependencies_from_project(client, " ")
    client.close()
    with pytest.raises((ConfigurationError, Cancelled)):
        lockfiles.extract_dependencies_from_project(client, PROJECT)
