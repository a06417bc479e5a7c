"""The aliases file."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.aliases import Alias, parse_aliases


def test_addresses_and_names_stand_behind_the_username() -> None:
    """What has an `@` is an address, anything else a name."""
    found = parse_aliases("Ann, ann@home.example , Ann van Dyk, a@b\nbob,Bobby")
    assert found == {
        "ann": Alias("Ann", ("ann@home.example", "a@b"), ("Ann van Dyk",)),
        "bob": Alias("bob", (), ("Bobby",)),
    }


def test_comments_and_empty_lines_say_nothing() -> None:
    """A `#` inside a word is part of it; a byte order mark and Windows' line ends do no harm."""
    text = "\ufeff# who is who\r\n\r\n  # more\r\nann, C#er, a@b # her own\r\n,\r\n"
    assert parse_aliases(text) == {"ann": Alias("ann", ("a@b",), ("C#er",))}


def test_lines_of_one_username_add_up() -> None:
    """Without case; the same address twice is no fault."""
    found = parse_aliases("ann, a@b\nANN, c@d, A@B\n")
    assert found == {"ann": Alias("ann", ("a@b", "c@d", "A@B"), ())}


def test_every_fault_is_named_with_its_line() -> None:
    """All at once, so that one reading is enough to fix them."""
    text = "ann, a@b\n, c@d\nAnn Lee, x@y\nbob\nbob, @, ok@x\ncleo, A@b\n"
    with pytest.raises(ConfigurationError) as caught:
        parse_aliases(text, "people.txt")
    assert str(caught.value).split("\n") == [
        "people.txt, line 2: no username",
        "people.txt, line 3: “Ann Lee” is not a valid username",
        "people.txt, line 4: neither an address nor a name after “bob”",
        "people.txt, line 5: “@” is not an address",
        "people.txt, line 6: “A@b” is an address of ann (line 1)",
    ]


def test_an_empty_file_has_no_aliases() -> None:
    """That is no fault."""
    assert parse_aliases("") == {}


@settings(deadline=None)
@given(st.text(st.sampled_from("ab,@# \n\r\t\ufeff<>") | st.characters()))
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    """And what is read has something to say."""
    with suppress(ConfigurationError):
        found = parse_aliases(text)
        assert all(alias.emails or alias.names for alias in found.values())
