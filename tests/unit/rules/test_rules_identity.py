"""Who a person is in git."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.identity.identity import (
    identity_of,
    normal_name,
    private_owner,
)

JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text())
KEYS = st.sampled_from(
    ["id", "username", "name", "email", "public_email", "commit_email", "override_email"]
)


def test_all_addresses_of_the_record_and_the_overrides_are_known() -> None:
    """In lower case and without white space; empty ones are none."""
    ann = identity_of(
        {
            "id": 7,
            "username": "Ann",
            "name": "Ann Lee",
            "email": "Ann@Corp.example",
            "public_email": "",
            "commit_email": None,
            "override_email": " ann@home.example ",
            "global_email": "ann@old.example",
        },
        extra_emails=["ANN@alias.example", ""],
    )
    assert ann.emails == {
        "ann@corp.example",
        "ann@home.example",
        "ann@old.example",
        "ann@alias.example",
    }
    assert (ann.id, ann.username, ann.name, ann.key) == (7, "Ann", "Ann Lee", "ann")


def test_all_usernames_are_names_too() -> None:
    """Those of overrides and aliases as well; a further name is no username."""
    ann = identity_of(
        {"username": "ann.lee", "name": "Ann Lee", "override_username": "A-Lee"},
        extra_usernames=["annie"],
        extra_names=["Ann van Dyk"],
    )
    assert ann.usernames == {"ann.lee", "a-lee", "annie"}
    assert ann.names == {"annlee", "alee", "annie", "annvandyk"}


def test_empty_overrides_are_none() -> None:
    """An empty text, white space and null do not make everybody without an address one person."""
    bare = {"username": "ann", "override_email": "", "global_email": " ", "override_username": None}
    ann = identity_of(bare)
    assert ann.emails == frozenset()
    assert ann.usernames == ann.names == {"ann"}


def test_a_name_of_signs_alone_is_no_name() -> None:
    """Else `-` would be `...`."""
    assert identity_of({"username": "ann", "name": " -._ "}).names == {"ann"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Lee", "ann.lee"),
        ("Ann  Lee", "ANN_LEE"),
        ("Anne-Marie", "annemarie"),
        ("STRASSE", "Straße"),
        ("Jose\u0301", "José"),
        ("Ann\u00a0Lee", "AnnLee"),
    ],
)
def test_names_are_the_same_however_they_are_written(one: str, other: str) -> None:
    """Without spaces, signs between words, and case; an accent can be its own character."""
    assert normal_name(one) == normal_name(other)


def test_other_signs_tell_names_apart() -> None:
    """Only spaces, `_`, `.` and `-` are nothing."""
    assert normal_name("Ann+Lee") != normal_name("Ann Lee")
    assert normal_name("José") != normal_name("Jose")


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("7-ann@users.noreply.gitlab.example", (7, "ann")),
        ("7-ann-lee@users.noreply.localhost", (7, "ann-lee")),
        ("7+ann@users.noreply.github.com", None),
        ("ann@users.noreply.gitlab.example", None),
        ("7-ann@noreply.gitlab.example", None),
        ("7-ann@users.noreply.", None),
        ("7-@users.noreply.gitlab.example", None),
        ("x7-ann@users.noreply.gitlab.example", None),
        ("\u0667-ann@users.noreply.gitlab.example", None),
        ("9" * 5000 + "-ann@users.noreply.gitlab.example", None),
        ("", None),
    ],
)
def test_a_private_address_names_id_and_username(
    address: str, owner: tuple[int, str] | None
) -> None:
    """GitLab's form and no other."""
    assert private_owner(address) == owner


def test_accounts_are_the_same_by_id_else_by_username() -> None:
    """A renamed account stays one; without an id the username has to do."""
    ann = identity_of({"id": 7, "username": "ann"})
    assert ann.is_same_person(identity_of({"id": 7, "username": "annie"}))
    assert not ann.is_same_person(identity_of({"id": 8, "username": "ann"}))
    assert ann.is_same_person(identity_of({"username": "ANN"}))
    assert not ann.is_same_person(identity_of({"username": "bob"}))


@settings(deadline=None)
@given(st.dictionaries(KEYS, JSON), st.lists(st.text()), st.lists(st.text()))
def test_no_record_makes_an_identity_fail_or_holds_an_empty_text(
    user: dict[str, object], emails: list[str], usernames: list[str]
) -> None:
    """Whatever is null, missing or of a strange kind."""
    found = identity_of(user, emails, usernames)
    assert "" not in found.emails | found.usernames | found.names
