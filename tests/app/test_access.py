"""Of which people a visitor sees work on a snapshot, by the list of roles, and why."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from documents import page

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.access import Access, access_to, admins_of
from gitlab_sync.pages.state.roles import Roles
from gitlab_sync.snapshots.directory import Directory

PEOPLE = {"ann": 1, "bob": 2, "cy": 3, "dan": 4, "eve": 5}
DIRECTORY = Directory(
    PEOPLE,
    {"ann": "", "bob": "Riverside College", "cy": "RIVERSIDE college", "dan": "Hill", "eve": ""},
    {
        **{name: {"cy": 3, "dan": 4, "gone": 9} for name in ("courses/2026", "11")},
        "courses/mentors": {"eve": 5, "zoe": 26},
    },
)
DEPLOYMENT = page("deployment")


def access(
    roles: Mapping[str, Any] | None, username: str, number: int | None = None, admins: str = ""
) -> Access | None:
    """Return what a person sees; without a number it is the one that they have in the run."""
    found = Roles.from_settings({} if roles is None else {"roles": roles}, {})
    number = PEOPLE.get(username.lower()) if number is None else number
    return access_to(DIRECTORY, found, frozenset(admins.split()), username, number)


def seen(roles: Mapping[str, Any] | None, username: str, **more: Any) -> set[str] | str:
    """Return the people with work that a person sees, `all`, or `nothing`."""
    found = access(roles, username, **more)
    if found is None:
        return "nothing"
    return "all" if found.seen is None else {*found.seen}


def test_without_a_list_of_roles_only_the_admins_of_the_settings_see_anything() -> None:
    """Not even its people see themselves; with a list, the admins stay what they are."""
    assert seen(None, "ann") == "nothing"
    assert seen(None, "Zoe", admins="zoe") == "all"
    assert seen({}, "ann", admins="ann") == "all"


def test_everyone_in_the_snapshot_sees_themselves_and_a_stranger_nothing() -> None:
    """Unless the roles name them; who only has a known username is a stranger."""
    assert seen({}, "Bob") == {"bob"}
    assert seen({}, "zoe") == "nothing"
    assert seen({}, "bob", number=77) == "nothing"
    assert access_to(DIRECTORY, Roles(given=True), frozenset(), "bob", None) is None
    assert seen({"member": ["zoe"]}, "zoe") == set()


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        ({}, {"bob"}),
        ({"of_groups": ["/Courses/2026/"]}, {"bob", "cy", "dan"}),
        ({"of_groups": [11]}, {"bob", "cy", "dan"}),
        ({"of_groups": ["https://gitlab.example/groups/courses/2026"]}, {"bob", "cy", "dan"}),
        ({"of_groups": ["courses"]}, {"bob"}),
        ({"of_teams": ["red"]}, {"bob", "ann"}),
        ({"of_colleges": ["Riverside College "]}, {"bob", "cy"}),
        ({"of_teams": ["red"], "of_colleges": ["hill"]}, {"bob", "ann", "dan"}),
    ],
)
def test_a_mentor_sees_those_that_the_entry_names_and_themselves(
    of: Mapping[str, Any], wanted: set[str]
) -> None:
    """Groups by path, id or address, colleges whatever their case; no one who is not in the run."""
    roles = {"mentor": [{"people": ["Bob"], **of}], "teams": {"red": ["Ann", "zoe"]}}
    found = access(roles, "bob")
    assert found is not None
    assert found.seen == wanted
    assert found.role == ("mentor" if of else "member")


def test_a_plain_mentor_sees_themselves_and_the_reason_says_that_no_one_is_named() -> None:
    """As every form that a live app takes: nothing more is meant by it."""
    found = access({"mentor": ["bob"]}, "bob")
    assert found is not None
    assert (found.role, found.seen) == ("member", {"bob"})
    assert [(each.role, each.place, each.parts) for each in found.reasons] == [
        ("mentor", "mentor", ())
    ]


def test_members_of_a_group_have_the_role_if_they_are_who_was_a_member() -> None:
    """Even if they are not among the people of the snapshot; the same name alone is not enough."""
    roles = {"mentor": [{"groups": ["courses/mentors"], "of_colleges": ["Hill"]}]}
    assert seen(roles, "eve") == {"eve", "dan"}
    assert seen(roles, "zoe", number=26) == {"dan"}
    assert seen(roles, "zoe", number=27) == "nothing"
    assert seen(roles, "ann") == {"ann"}
    assert seen({"admin": [{"groups": ["courses/mentors"]}]}, "eve") == "all"


def test_several_entries_add_up_and_an_admin_needs_no_other() -> None:
    """Each with its reason, and how many people of the snapshot it shows."""
    roles = {
        "mentor": [
            {"people": ["eve"], "of_groups": ["courses/2026"]},
            {"groups": ["courses/mentors"], "of_colleges": ["Riverside College"]},
        ]
    }
    found = access(roles, "eve")
    assert found is not None
    assert found.seen == {"eve", "cy", "dan", "bob"}
    parts = [[(part.words, part.number) for part in each.parts] for each in found.reasons]
    assert parts == [[("group courses/2026", 2)], [("college Riverside College", 2)]]
    assert "names the group courses/mentors" in found.reasons[1].how
    assert seen({**roles, "admin": ["eve"]}, "eve") == "all"


def test_the_documented_roles_are_what_the_text_says() -> None:
    """A file of its own, with all that there is in it."""
    section = DEPLOYMENT.read_text(encoding="utf-8").split("\n## On a snapshot\n")[1]
    found = re.search(r"```toml\n(.+?)```", section, re.DOTALL)
    assert found is not None
    roles = tomllib.loads(found[1])
    assert seen(roles, "ann") == "all"
    assert seen(roles, "bob") == {"bob", "cy", "dan"} | {"alice"} & PEOPLE.keys()
    assert seen(roles, "eve") == {"eve", "bob", "cy", "dan"}


def test_the_admins_of_the_settings_are_usernames() -> None:
    """In the environment or in the secrets; what can be none is refused."""
    assert admins_of({}, {"GITLAB_SYNC_ADMINS": " Ann, bob ,"}) == {"ann", "bob"}
    assert admins_of({"admins": ["Cy"]}, {"GITLAB_SYNC_ADMINS": "ann"}) == {"cy"}
    assert admins_of({}, {}) == frozenset()
    for secrets, environ in (({}, {"GITLAB_SYNC_ADMINS": "ann smith"}), ({"admins": "ann"}, {})):
        with pytest.raises(ConfigurationError):
            admins_of(secrets, environ)
