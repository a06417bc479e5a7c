"""`gitlab_sync.api.users`: finding a person by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api import users
from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    ConfigurationError,
    NotFound,
    PermissionDenied,
)
from gitlab_sync.sandbox import Sandbox

Maker = Callable[..., GitLabClient]


@pytest.mark.parametrize(
    "name", ["DmitriOkafor", "dmitriokafor", " DMITRIOKAFOR ", "@DmitriOkafor"]
)
def test_get_user_by_username_gives_the_fuller_record_in_any_case(
    make_client: Maker, name: str
) -> None:
    """The list shows a few fields only, the record of the person all."""
    client = make_client("alice.moreau")
    found = users.get_user_by_username(client, name)
    assert found is not None
    assert (found["id"], found["username"]) == (4, "DmitriOkafor")
    assert found["public_email"] == "dmitriokafor@corp.example"
    assert found["created_at"]


def test_get_user_by_username_gives_none_for_nobody(client: GitLabClient) -> None:
    """Also for the beginning of a name."""
    assert users.get_user_by_username(client, "nobody.here") is None
    assert users.get_user_by_username(client, "alice") is None


@pytest.mark.parametrize("name", ["", "  ", "@", None])
def test_a_blank_name_is_nobodys_and_costs_no_request(
    client: GitLabClient, sandbox: Sandbox, name: str
) -> None:
    """GitLab would list everybody."""
    assert users.get_user_by_username(client, name) is None
    assert sandbox.traffic.total == 0


def test_only_the_exact_name_counts(client: GitLabClient, sandbox: Sandbox) -> None:
    """Whatever else the server lists."""
    sandbox.faults.add(
        "status", path="/users", status=200, body='[{"id": 1, "username": "alice.moreau2"}]'
    )
    assert users.get_user_by_username(client, "alice.moreau") is None


def test_the_body_of_an_error_is_no_user(client: GitLabClient, sandbox: Sandbox) -> None:
    """The older client made rows of it."""
    sandbox.faults.add("status", path="/users", status=200, body='{"message": "404 Not Found"}')
    with pytest.raises(BadResponse):
        users.get_user_by_username(client, "alice.moreau")


@pytest.mark.parametrize("path", ["/users", "/users/1"])
@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationError), (403, PermissionDenied), (404, NotFound)]
)
def test_what_could_not_be_read_is_not_nobody(
    client: GitLabClient, sandbox: Sandbox, path: str, status: int, kind: type[Exception]
) -> None:
    """Neither of the two requests may fail in silence."""
    sandbox.faults.add("status", path=path, status=status)
    with pytest.raises(kind, match=str(status)):
        users.get_user_by_username(client, "alice.moreau")


@pytest.mark.parametrize("number", [7, "7", " 7 "])
def test_an_id_may_be_a_number_or_its_text(number: object) -> None:
    """Pages keep ids as text."""
    assert users.user_number(number) == 7


@pytest.mark.parametrize("number", [None, "", "alice", "-1", 1.5, True, "\u0667", "7/projects"])
def test_what_is_no_id_is_refused(number: object) -> None:
    """A filter without a value would show everybody's items."""
    with pytest.raises(ConfigurationError, match="must be a number"):
        users.user_number(number)
