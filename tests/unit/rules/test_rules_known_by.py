"""By what else people are known in git: aliases or a `.mailmap`, told apart by themselves."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.aliases import Alias, parse_aliases
from gitlab_sync.rules.identity.identity import identity_of
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy, all_known, parse_known_by
from gitlab_sync.rules.identity.mailmap import Mailmap, parse_mailmap

ANN = {"id": 7, "username": "Ann", "name": "Ann Lee", "public_email": "ann@work.example"}
ALIASES = "# who is who\nann, ann@home.example, Ann van Dyk\nbob, Bobby\n"
MAILMAP = "# who is who\nAnn Lee <ann@home.example>\n<bob@work.example> Bobby <bob@home.example>\n"


def test_lines_of_usernames_are_aliases() -> None:
    """By username; they say nothing about a mailmap."""
    assert parse_known_by(ALIASES) == KnownBy(parse_aliases(ALIASES))
    assert set(parse_known_by(ALIASES).aliases) == {"ann", "bob"}


def test_lines_with_addresses_in_brackets_are_a_mailmap() -> None:
    """It counts for everybody."""
    known = parse_known_by(MAILMAP)
    assert known == KnownBy(mailmap=parse_mailmap(MAILMAP))
    assert known.mailmap.proper("x", "ANN@home.example") == ("Ann Lee", "ANN@home.example")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "\ufeff  # nothing\r\n"])
def test_a_file_without_a_line_says_nothing(text: str) -> None:
    """That is no fault."""
    assert parse_known_by(text) == NOBODY_ELSE


@pytest.mark.parametrize(
    "line", ["Ann Lee, M. Sc. <a@b>", "Lee (Ops, night) <a@b>", "A <a@b> # x, y"]
)
def test_a_comma_makes_no_alias_of_a_line_of_a_mailmap(line: str) -> None:
    """Unless what comes before it could be a username."""
    known = parse_known_by(line)
    assert (set(known.mailmap.by_address), known.aliases) == ({"a@b"}, {})


def test_an_address_in_brackets_behind_a_username_is_a_fault_of_an_alias() -> None:
    """Else the line would be passed over as a strange one of a mailmap, without a word."""
    with pytest.raises(ConfigurationError, match=r"people\.txt, line 2: “<ann@home\.example>”"):
        parse_known_by("\nann, <ann@home.example>\n", "people.txt")


def test_one_line_that_is_none_of_a_mailmap_makes_aliases_of_all() -> None:
    """Then every line that is no alias is a fault, with its place."""
    with pytest.raises(ConfigurationError) as caught:
        parse_known_by(f"{MAILMAP}bob, Bobby\n", "people.txt")
    assert str(caught.value).split("\n") == [
        "people.txt, line 2: “Ann Lee <ann@home.example>” is not a valid username",
        "people.txt, line 3: “<bob@work.example> Bobby <bob@home.example>” is not a valid username",
    ]


def test_strange_lines_of_a_mailmap_are_named_and_end_nothing() -> None:
    """It belongs to a project; the others count."""
    known = parse_known_by("<alone@x.example>\nAnn <a@b>\n", "work/.mailmap")
    assert known.mailmap.faults == ("work/.mailmap, line 1: one address alone says nothing",)
    assert set(known.mailmap.by_address) == {"a@b"}


def test_a_person_is_who_gitlab_says_and_who_the_aliases_say() -> None:
    """Without regard to the case of the username."""
    known = parse_known_by("ANN, ann@home.example, Ann van Dyk")
    identity = known.identity(ANN)
    assert identity == identity_of(ANN, ["ann@home.example"], extra_names=["Ann van Dyk"])
    assert identity.emails == {"ann@home.example", "ann@work.example"}
    assert identity.names == {"ann", "annlee", "annvandyk"}


@pytest.mark.parametrize("user", [{**ANN, "username": "bob"}, {}, {"username": None}])
def test_whom_no_alias_names_is_who_gitlab_says(user: dict[str, object]) -> None:
    """Whatever is in the record."""
    assert parse_known_by("ann, a@b").identity(user) == identity_of(user)


def test_several_files_add_up() -> None:
    """Who is in two of them has the aliases of both; aliases and mailmaps go together."""
    more = "Ann, a@b\ncleo, Cleo C.\n"
    known = all_known(parse_known_by(text) for text in (ALIASES, MAILMAP, more))
    assert known.aliases == {
        "ann": Alias("ann", ("ann@home.example", "a@b"), ("Ann van Dyk",)),
        "bob": Alias("bob", (), ("Bobby",)),
        "cleo": Alias("cleo", (), ("Cleo C.",)),
    }
    assert known.mailmap == parse_mailmap(MAILMAP)


def test_where_two_mailmaps_differ_the_later_counts() -> None:
    """The faults of both are kept."""
    texts = ("Ann <a@b>\nBob <b@c>\n<x@y>", "Anna <A@B>\n<z@y>")
    known = all_known(parse_known_by(text, str(n)) for n, text in enumerate(texts))
    assert known.mailmap.proper("?", "a@b") == ("Anna", "a@b")
    assert known.mailmap.proper("?", "b@c") == ("Bob", "b@c")
    assert [fault[:9] for fault in known.mailmap.faults] == ["0, line 3", "1, line 2"]


def test_no_files_say_nothing() -> None:
    """No one has another name then."""
    assert all_known([]) == NOBODY_ELSE == KnownBy({}, Mailmap())


@settings(deadline=None)
@given(st.text(st.sampled_from("ab,@# \n\r\ufeff<>") | st.characters()))
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    """And a file is one of the two, not both."""
    with suppress(ConfigurationError):
        known = parse_known_by(text)
        assert not known.aliases or known.mailmap == Mailmap()
