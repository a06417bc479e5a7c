"""Usernames as people type them, and as they are compared."""

from __future__ import annotations

import pytest

from gitlab_sync.rules.identity.identity import identity_of
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member
from gitlab_sync.rules.identity.usernames import bare_username, is_username, username_key
from gitlab_sync.rules.scores.weekly import WeekPerson
from gitlab_sync.rules.scores.work import Work


@pytest.mark.parametrize("typed", ["Ann.Lee", " Ann.Lee ", "@Ann.Lee", "\t@Ann.Lee\n"])
def test_a_name_is_one_however_it_is_typed(typed: str) -> None:
    """Its spelling stays; what tells people apart has no case."""
    assert bare_username(typed) == "Ann.Lee"
    assert username_key(typed) == username_key("ANN.LEE") == "ann.lee"


@pytest.mark.parametrize("blank", ["", "  ", "@", None])
def test_a_blank_name_is_no_one(blank: str | None) -> None:
    """It has neither a spelling nor a key."""
    assert bare_username(blank) == username_key(blank) == ""


def test_each_kind_of_person_has_the_same_key() -> None:
    """So that lists, teams, numbers and commits find one another."""
    people = (
        Person("Ann"), Member("Ann"), WeekPerson("", "", "Ann"), Work("Ann"),
        identity_of({"username": "Ann"}),
    )  # fmt: skip
    assert {person.key for person in people} == {username_key("Ann")}


@pytest.mark.parametrize("name", ["ann", "ann.lee", "ann-lee_2", "_ann", "Ann", "project_1_bot"])
def test_usernames_of_gitlab_are_usernames(name: str) -> None:
    """Letters, digits and three signs."""
    assert is_username(name)


@pytest.mark.parametrize("name", ["", "-ann", "ann lee", "@ann", "ann@x", "änn", "a/b", "a\n"])
def test_what_gitlab_does_not_allow_is_no_username(name: str) -> None:
    """Neither a full name nor an address is one."""
    assert not is_username(name)
