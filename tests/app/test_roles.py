"""Who may see which pages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from documents import page
from visiting import go_to, signed_in

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.state.roles import VARIABLE, Role, Roles
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.sandbox import Sandbox

DEPLOYMENT = page("deployment")


def role(roles: Roles, username: str, *, is_own: bool = True, is_demo: bool = False) -> Role:
    """Return the role of a person, who is at the configured GitLab unless `is_own` is False."""
    user = {"username": username}
    sign_in = SignIn("https://gitlab.example", Credential("glpat-x"), user, is_demo=is_demo)
    return roles.of(sign_in, is_own=is_own)


def test_without_roles_everybody_is_a_mentor() -> None:
    """The app works without any configuration, for all allowed hosts."""
    roles = Roles.from_settings({}, {})
    assert role(roles, "ann") == role(roles, "ann", is_own=False) == "mentor"


def test_a_name_of_an_admin_counts_at_the_configured_gitlab_only() -> None:
    """Elsewhere anyone can be called so; a visitor of the demo sees all pages of a mentor."""
    for listed in ({"admin": ["ann"]}, {"member": ["ann"]}):
        roles = Roles.from_settings({"roles": listed}, {})
        assert role(roles, "ann", is_own=False) == "member"
        assert role(roles, "ann", is_own=False, is_demo=True) == "mentor"


def test_the_documented_roles_count_in_the_secrets_and_in_the_file(tmp_path: Path) -> None:
    """The example as it is written in the documents."""
    section = DEPLOYMENT.read_text(encoding="utf-8").split("\n## Roles\n")[1]
    found = re.search(r"```toml\n(.+?)```", section, re.DOTALL)
    assert found is not None
    path = tmp_path / "roles.toml"
    path.write_text(found[1], encoding="utf-8")
    of_file = Roles.from_settings({}, {VARIABLE: str(path)})
    of_secrets = Roles.from_settings(tomllib.loads(found[1]), {})
    names = ("Ann", "bob", "cleo", "dan", "someone")
    wanted = ["admin", "mentor", "mentor", "member", "member"]
    for roles in (of_file, of_secrets):
        assert [role(roles, name) for name in names] == wanted


def test_names_are_compared_without_case_and_who_is_not_listed_is_a_member() -> None:
    """`intern` is what members used to be called."""
    given = {"admin": ["Ann"], "mentor": ["@bob"], "intern": ["cy"]}
    roles = Roles.from_settings({"roles": given}, {})
    names = ("ANN", "Bob", "cy", "someone")
    assert [role(roles, name) for name in names] == ["admin", "mentor", "member", "member"]


def test_who_is_in_two_roles_has_the_one_that_sees_more() -> None:
    """In whatever order they are written."""
    roles = Roles.from_settings({"roles": {"member": ["ann"], "admin": ["ann"]}}, {})
    assert role(roles, "ann") == "admin"


def test_a_file_of_roles_counts_where_the_secrets_have_none(tmp_path: Path) -> None:
    """Secrets go before it."""
    path = tmp_path / "roles.toml"
    path.write_text('mentor = ["bob"]\n', encoding="utf-8")
    environ = {VARIABLE: str(path)}
    assert role(Roles.from_settings({}, environ), "bob") == "mentor"
    secrets: dict[str, object] = {"roles": {"admin": ["ann"]}}
    assert role(Roles.from_settings(secrets, environ), "bob") == "member"


@pytest.mark.parametrize(
    ("roles", "place"),
    [
        (["ann"], "roles in the secrets: it must be a table"),
        ({"boss": ["ann"]}, "got “boss”"),
        ({"roles": {"admin": ["ann"]}}, "got “roles”"),
        ({"admin": "ann"}, "the role admin must be a list"),
        ({"admin": {"ann": True}}, "the role admin must be a list"),
        ({"admin": ["ann", 7]}, "admin, entry 2: a username must be a text, got 7"),
        ({"mentor": ["bob", ""]}, "mentor, entry 2: a username must be a text"),
        ({"admin": ["Ann Smith"]}, "admin, entry 1: “Ann Smith” is not a valid username"),
        ({"admin": ["ann@school.example"]}, "admin, entry 1: “ann@school.example”"),
        ({"mentor": ["bob", {"of_groups": ["a"]}]}, "mentor, entry 2: it must name people or"),
        ({"mentor": [{"people": "bob"}]}, "mentor, entry 1, people: it must be a list"),
        ({"mentor": [{"people": ["b b"]}]}, "mentor, entry 1, people, entry 1: “b b” is not"),
        ({"mentor": [{"people": ["b"], "of": ["c"]}]}, "one of people, groups, of_groups"),
        ({"mentor": [{"people": ["b"], "of_groups": [{}]}]}, "of_groups, entry 1: a group must"),
        ({"mentor": [{"people": ["b"], "of_colleges": [" "]}]}, "of_colleges, entry 1: it must"),
        ({"mentor": [{"people": ["b"], "of_teams": ["red"]}]}, "teams of [teams], got “red”"),
        ({"admin": [{"people": ["a"], "of_groups": ["c"]}]}, "one of people, groups, got “of_gr"),
        ({"member": [{"groups": [True]}]}, "groups, entry 1: a group must be a path or an id"),
        ({"teams": ["red"]}, "teams must be a table"),
        ({"teams": {"red": "ann"}}, "teams, red: it must be a list of usernames"),
    ],
)
def test_roles_that_cannot_be_meant_are_refused_with_their_place(roles: object, place: str) -> None:
    """Else a typing error would open or close pages to people."""
    with pytest.raises(ConfigurationError) as raised:
        Roles.from_settings({"roles": roles}, {})
    assert place in raised.value.reason


def test_entries_with_people_and_teams_give_their_people_the_role_on_a_live_gitlab() -> None:
    """What they say of groups and of others decides nothing there: the token does."""
    teams = {"red": ["cy"]}
    entry = {"people": ["Bob"], "groups": ["courses/mentors"], "of_teams": ["red"]}
    roles = Roles.from_settings({"roles": {"mentor": ["eve", entry], "teams": teams}}, {})
    names = ("bob", "eve", "cy", "someone")
    assert [role(roles, name) for name in names] == ["mentor", "mentor", "member", "member"]
    of_groups = Roles.from_settings({"roles": {"admin": [{"groups": ["ops"]}]}}, {})
    assert role(of_groups, "someone") == "member"


def test_an_entry_says_where_it_is(tmp_path: Path) -> None:
    """By its number, and in a file by its line."""
    path = tmp_path / "roles.toml"
    lines = ["# roles", "admin = ['ann']", "[[mentor]]", "people = ['bob']", "", "[[ mentor ]]"]
    path.write_text("\n".join([*lines, "people = ['cy']"]), encoding="utf-8")
    roles = Roles.from_settings({}, {VARIABLE: str(path)})
    places = ["admin, line 2", "mentor, entry 1, line 3", "mentor, entry 2, line 6"]
    assert [grant.place for grant in roles.grants] == places


def test_while_the_roles_cannot_be_read_no_one_is_let_in_and_every_page_says_so(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not even an admin, who is so told why."""
    path = tmp_path / "roles.toml"
    monkeypatch.setenv(VARIABLE, str(path))
    at = signed_in(sandbox, monkeypatch, sandbox.world.truth.usernames[0])
    assert [title.value for title in at.title] == ["My profile"]
    assert "so everyone is a member" in at.error[0].proto.title
    assert f"the file of {VARIABLE} cannot be read" in at.error[0].value.replace("\\", "")
    at = go_to(at, "weekly_performance.py")
    assert "so everyone is a member" in at.error[0].proto.title


@pytest.mark.parametrize("content", [None, "mentor = [", "admin = []\n[roles]\nadmin = []"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    """No one becomes a mentor because a file is missing."""
    path = tmp_path / "roles.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=VARIABLE):
        Roles.from_settings({}, {VARIABLE: str(path)})
