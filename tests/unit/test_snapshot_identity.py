"""A person's names are found in texts, and those of others are left alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.snapshots.identity import FORGOTTEN, Identity

ALICE = Identity(
    frozenset({"alice"}),
    frozenset({1}),
    frozenset({"alice", "alice o'neil", "al", "alice@home.example"}),
    frozenset({"alice.b", "bob-alice"}),
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("alice", FORGOTTEN),
        ("AL", FORGOTTEN),
        ("Alice commented", f"{FORGOTTEN} commented"),
        ("thanks @alice.", f"thanks @{FORGOTTEN}."),
        ("by Alice O'Neil <ALICE@home.example>", f"by {FORGOTTEN} <{FORGOTTEN}>"),
        ("https://gitlab.example/alice/app", f"https://gitlab.example/{FORGOTTEN}/app"),
        ("alice-fix and alice_2", f"{FORGOTTEN}-fix and {FORGOTTEN}_2"),
        ("ask alice.b or bob-alice, not alice", f"ask alice.b or bob-alice, not {FORGOTTEN}"),
        ("malice, alicel and al fresco", "malice, alicel and al fresco"),
        ("", ""),
    ],
)
def test_a_name_is_replaced_and_nothing_else(text: str, left: str) -> None:
    """Whatever its case, and not inside another word or the username of another person."""
    assert ALICE.without(text) == left


@given(st.text(max_size=8), st.sampled_from(["alice", "ALICE@home.example"]), st.text(max_size=8))
def test_what_is_replaced_is_found_before(before: str, name: str, after: str) -> None:
    """So that rows which the pattern does not find need not be looked at."""
    text = f"{before}{name}{after}"
    if ALICE.without(text) != text:
        assert re.search(ALICE.pattern, text, re.IGNORECASE)
    assert ALICE.without(f"- {name} -") == f"- {FORGOTTEN} -"


def test_without_names_nothing_is_found() -> None:
    """A person without a known name is in no text."""
    nobody = Identity(frozenset(), frozenset(), frozenset())
    assert nobody.without("any text") == "any text"
    assert not nobody.is_named("")
