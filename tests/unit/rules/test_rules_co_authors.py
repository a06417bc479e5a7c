"""Co-authors of commits: which lines name them, and what they change."""

from __future__ import annotations

import pytest
from attribution_examples import ANN_IDENTITY, BOB_IDENTITY, commit, user
from hypothesis import given, settings
from hypothesis import strategies as st
from test_rules_attribution_properties import ADDRESSES, NAMES, unhurried, users

from gitlab_sync.rules.identity.attribution import attribute, needs_members
from gitlab_sync.rules.identity.co_authors import co_authors
from gitlab_sync.rules.identity.identity import identity_of
from gitlab_sync.types import Record

BOTH = [ANN_IDENTITY, BOB_IDENTITY]


def signed(*trailers: str) -> str:
    """Return a message with these people in its trailers."""
    lines = "".join(f"Co-authored-by: {each}\n" for each in trailers)
    return f"fix: one thing\n\nAnd why.\n\n{lines}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (signed("Bob Ray <bob@x>"), [("Bob Ray", "bob@x")]),
        ("fix\r\n\r\nCO-AUTHORED-BY:Bob <bob@x>\r\n", [("Bob", "bob@x")]),
        (signed("<bob@x>", "Bob <bob@x>"), [("", "bob@x"), ("Bob", "bob@x")]),
        (signed("Bob <bob@x>", " Bob  < bob@x >"), [("Bob", "bob@x")]),
        ("fix\n\n    Co-authored-by: Bob <bob@x>\n", []),
        ("fix\n\nCo-authored-by: Bob\n", []),
        ("fix\n\nReviewed-by: Bob <bob@x>\n", []),
        ("", []),
    ],
)
def test_a_trailer_names_a_co_author(message: str, expected: list[tuple[str, str]]) -> None:
    """In any case and with any line ends; a quoted one does not, nor one without an address."""
    found = co_authors({"message": message})
    assert [(each["author_name"], each["author_email"]) for each in found] == expected


def test_a_commit_counts_for_its_co_authors_once_and_only_if_that_is_asked_for() -> None:
    """Two addresses of one person are one person, and the author is no co-author."""
    theirs = commit("Ann Lee", "ann@corp.example", message=signed(
        "Bob Ray <8-bob@users.noreply.gitlab.example>", "Bob <bob@home.example>",
        "Ann <7-ann@users.noreply.gitlab.example>",
    ))  # fmt: skip
    found = attribute([theirs, theirs], BOTH, with_co_authors=True)
    assert found.people == {"ann": (theirs,), "bob": ()}
    assert found.co_authored == {"ann": (), "bob": (theirs,)}
    assert found.strange_co_authors == ()
    assert attribute([theirs], BOTH).co_authored == {}


def test_merges_have_no_co_authors_and_a_co_author_who_matches_no_one_is_named() -> None:
    """With the signature; the commit stays the author's."""
    merge = commit("Ann Lee", "ann@corp.example", 2, message=signed("Bob <bob@x>"))
    theirs = commit("Ann Lee", "ann@corp.example", message=signed("Zoe Kay <zoe@x>", "r-bot <r@x>"))
    found = attribute([merge, theirs], BOTH, with_co_authors=True)
    assert (found.co_authored["bob"], found.people["ann"]) == ((), (theirs,))
    assert found.strange_co_authors == ((theirs, ("Zoe Kay", "zoe@x")),)


def test_members_are_read_if_the_name_of_a_co_author_has_to_decide() -> None:
    """And who of two members has that name is not known."""
    theirs = commit("Ann Lee", "ann@corp.example", message=signed("Bob Ray <me@laptop>"))
    assert not needs_members([theirs], BOTH)
    assert needs_members([theirs], BOTH, with_co_authors=True)
    unread = attribute([theirs], BOTH, with_co_authors=True)
    assert (unread.missing, unread.co_authored["bob"]) == ("members were not read", ())
    two = [user(8, "bob", "Bob Ray"), user(9, "bobby", "Bob Ray")]
    assert attribute([theirs], BOTH, two, with_co_authors=True).co_authored["bob"] == ()
    assert attribute([theirs], BOTH, two[:1], with_co_authors=True).co_authored["bob"] == (theirs,)


SIGNED = st.lists(
    st.builds("{} <{}>".format, st.sampled_from(NAMES), st.sampled_from(ADDRESSES)), max_size=3
)
COMMITS = st.lists(
    st.builds(
        lambda name, address, parents, trailers: commit(
            name, address, parents, message=signed(*trailers)
        ),
        st.sampled_from(NAMES),
        st.sampled_from(ADDRESSES),
        st.sampled_from([1, 1, 1, 2]),
        SIGNED,
    ),
    max_size=8,
)


@pytest.mark.slow
@unhurried
@given(COMMITS, users(), users())
def test_co_authors_change_nothing_about_authors_and_no_commit_counts_twice(
    commits: list[Record], people: list[Record], members: list[Record]
) -> None:
    """So people, unmatched, bots, others and merges still make up all commits."""
    identities = [identity_of(person) for person in people]
    without = attribute(commits, identities, members)
    found = attribute([*commits, *commits], identities, members, with_co_authors=True)
    parts = ("people", "merges", "bots", "others", "unmatched", "signatures")
    assert all(getattr(found, part) == getattr(without, part) for part in parts)
    assert found.total == without.total == len(commits)
    for key, theirs in found.people.items():
        counted = [each["id"] for each in (*theirs, *found.co_authored[key])]
        assert len(counted) == len(set(counted))
        assert not {each["id"] for each in found.merges} & set(counted)


@settings(deadline=None)
@given(st.text())
def test_no_message_makes_the_reading_fail(text: str) -> None:
    """Whatever it holds."""
    assert all(
        set(each) == {"author_name", "author_email"} for each in co_authors({"message": text})
    )
