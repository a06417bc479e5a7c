"""Who may see which pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.state.roles import VARIABLE, Roles
from gitlab_sync.pages.state.sign_ins import SignIn


def person(username: str, *, is_demo: bool = False) -> SignIn:
    """Return the sign-in of a person."""
    user = {"username": username}
    return SignIn("https://gitlab.example", Credential("glpat-x"), user, is_demo=is_demo)


def test_without_roles_everybody_is_a_mentor_and_in_the_demo_an_admin() -> None:
    """The app works without any configuration."""
    roles = Roles.from_settings({}, {})
    assert roles.of(person("ann")) == "mentor"
    assert roles.of(person("ann", is_demo=True)) == "admin"


def test_names_are_compared_without_case_and_who_is_not_listed_is_a_member() -> None:
    """`intern` is what members used to be called."""
    given = {"admin": ["Ann"], "mentor": ["@bob"], "intern": ["cy"]}
    roles = Roles.from_settings({"roles": given}, {})
    names = ("ANN", "Bob", "cy", "someone")
    assert [roles.of(person(name)) for name in names] == ["admin", "mentor", "member", "member"]


def test_who_is_in_two_roles_has_the_one_that_sees_more() -> None:
    """In whatever order they are written."""
    roles = Roles.from_settings({"roles": {"member": ["ann"], "admin": ["ann"]}}, {})
    assert roles.of(person("ann")) == "admin"


def test_a_file_of_roles_counts_where_the_secrets_have_none(tmp_path: Path) -> None:
    """Secrets go before it."""
    path = tmp_path / "roles.toml"
    path.write_text('mentor = ["bob"]\n', encoding="utf-8")
    environ = {VARIABLE: str(path)}
    assert Roles.from_settings({}, environ).of(person("bob")) == "mentor"
    secrets: dict[str, object] = {"roles": {"admin": ["ann"]}}
    assert Roles.from_settings(secrets, environ).of(person("bob")) == "member"


@pytest.mark.parametrize(
    "secrets", [{"roles": ["ann"]}, {"roles": {"boss": ["ann"]}}, {"roles": {"admin": "ann"}}]
)
def test_roles_that_cannot_be_meant_are_refused(secrets: dict[str, object]) -> None:
    """Else a typing error would open or close pages to people."""
    with pytest.raises(ConfigurationError, match=r"role"):
        Roles.from_settings(secrets, {})


@pytest.mark.parametrize("content", [None, "mentor = ["])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    """No one becomes a mentor because a file is missing."""
    path = tmp_path / "roles.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="roles file"):
        Roles.from_settings({}, {VARIABLE: str(path)})
