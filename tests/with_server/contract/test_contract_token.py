"""`gitlab_sync.api.token`: who owns a token, and whether it is valid."""

from __future__ import annotations

import pytest

from gitlab_sync.api import token
from gitlab_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    PermissionDenied,
    ServerError,
)
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge


@pytest.fixture(autouse=True)
def _quick_bridge(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a bridge that leaves no thread behind in the place of the process's own."""
    monkeypatch.setattr("gitlab_sync.session.context.get_bridge", lambda: bridge)


@pytest.mark.parametrize("kind", ["personal", "oauth"])
def test_get_user_from_token_gives_its_owner(sandbox: Sandbox, kind: str) -> None:
    """Whatever kind of token it is."""
    value = sandbox.token_for("DmitriOkafor", kind=kind)
    assert token.get_user_from_token(sandbox.url + "/", value)["username"] == "DmitriOkafor"


def test_get_user_from_token_raises_what_is_wrong(sandbox: Sandbox) -> None:
    """A typed error, and never the body of one."""
    for value in ("wrong", sandbox.token_for("alice.moreau", expired=True), "", "  ", None):
        with pytest.raises(AuthenticationError, match="401"):
            token.get_user_from_token(sandbox.url, value)
    with pytest.raises(PermissionDenied, match="403"):
        token.get_user_from_token(sandbox.url, sandbox.token_for("alice.moreau", scopes=("x",)))
    with pytest.raises(ConfigurationError):
        token.get_user_from_token("no url", "x")


def test_get_user_groups_lists_the_groups_of_the_owner(sandbox: Sandbox, world: World) -> None:
    """Not those that the owner only sees."""
    assert len(world.groups) == 3
    found = token.get_user_groups(sandbox.url, sandbox.token("alice.moreau"))
    assert sorted(group["full_path"] for group in found) == [
        "acme",
        "acme/platform",
        "acme/platform/tools",
    ]
    assert found.complete
    assert token.get_user_groups(sandbox.url, sandbox.token("DmitriOkafor")) == []


@pytest.mark.parametrize("value", ["wrong", "", " ", None])
def test_no_token_has_no_groups(sandbox: Sandbox, value: str) -> None:
    """A caller without a token sees the public ones, and is in none of them."""
    with pytest.raises(AuthenticationError, match="401"):
        token.get_user_groups(sandbox.url, value)


def test_validate_token_says_yes_or_no(sandbox: Sandbox) -> None:
    """Missing, wrong, expired, without the scope, or with what no token has: no."""
    assert token.validate_token(sandbox.url, sandbox.token("alice.moreau")) is True
    assert token.validate_token(sandbox.url, sandbox.token_for("alice.moreau", kind="oauth"))
    for value in (
        "wrong",
        "",
        None,
        "two words",
        sandbox.token_for("alice.moreau", expired=True),
        sandbox.token_for("alice.moreau", scopes=("read_repository",)),
    ):
        assert token.validate_token(sandbox.url, value) is False


def test_a_server_that_does_not_answer_says_nothing_of_a_token(sandbox: Sandbox) -> None:
    """Who is told that a good token is bad makes a new one, in vain."""
    value = sandbox.token("alice.moreau")
    sandbox.faults.add("status", path="/user", status=500, times=None)
    with pytest.raises(ServerError):
        token.validate_token(sandbox.url, value)
    url = sandbox.url
    sandbox.stop()
    with pytest.raises(ConnectionFailed):
        token.validate_token(url, value)
    with pytest.raises(ConfigurationError):
        token.validate_token("no url", value)
