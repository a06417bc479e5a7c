"""Text of other people as Markdown. What a browser makes of it is tested with a profile."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.pages.widgets.markdown import escaped, linked
from gitlab_sync.rules.markdown import as_code

JOINER = "\u2060"


def shown(markdown: str) -> str:
    """Return what is shown of escaped text."""
    return re.sub(r"\\(.)", r"\1", markdown)


@pytest.mark.parametrize(
    "text",
    [
        ":material/check_circle: pass",
        ":material_check: pass",
        ":Streamlit: x",
        "at https://evil.example",
        "HTTP://evil.example",
        "www.evil.example",
        "ann@evil.example",
        "-> x",
        "a <-> b",
        "a --",
    ],
)
def test_what_streamlit_would_replace_is_kept_from_it(text: str) -> None:
    """It looks for icons, links and arrows after the escapes are undone."""
    assert JOINER in escaped(text)
    assert shown(escaped(text)).replace(JOINER, "") == text


@pytest.mark.parametrize("text", ["@ann", "a--b", "group/project", "C++ & C#", "12:30", "a->b"])
def test_other_text_can_be_copied_as_it_is(text: str) -> None:
    """It has no invisible sign in it."""
    assert shown(escaped(text)) == text


@given(st.text(alphabet="\\`*_{}[]()<>#+-.!|:$~&=^\"' \n\t1ab", max_size=40))
def test_no_sign_has_a_meaning_and_no_line_ends(text: str) -> None:
    """A second line could begin a list, a heading or a whole paragraph."""
    found = escaped(text)
    assert "\n" not in found
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_{}\[\]()<>#+.!|:$~&-]", found)
    assert shown(found).replace(JOINER, "").split() == text.split()


def test_what_turns_the_direction_of_text_is_left_out() -> None:
    """Else a name would turn the rest of its line."""
    assert escaped("a\u202eb\u2066c\x00d\x9be") == "abcde"


def test_of_a_very_long_text_the_beginning_is_shown() -> None:
    """A server can send megabytes as a name."""
    assert escaped("a" * 1_000_000) == "a" * 2000 + "…"
    assert escaped("." * 2000) == r"\." * 2000


def test_code_stays_on_its_line() -> None:
    """And cannot end before its end."""
    assert as_code("a`b\n\n# c\u202e") == "`a'b # c`"
    assert as_code(" \n") == "(nothing)"


def test_a_link_leads_where_its_address_says() -> None:
    """An entity in an address is no sign of another."""
    assert (
        linked("a", "https://b.example/?c=1&copy;=2") == "[a](https://b.example/?c=1&amp;copy;=2)"
    )
