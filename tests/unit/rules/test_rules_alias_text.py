"""Adding signatures to aliases files and mailmaps that are there already."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_rules_attribution_properties import unhurried

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.alias_text import (
    Assigned,
    Form,
    form_of,
    with_assigned,
    with_open,
)
from gitlab_sync.rules.identity.aliases import parse_aliases
from gitlab_sync.rules.identity.known_by import parse_known_by
from gitlab_sync.rules.identity.mailmap import parse_mailmap

ALIASES = "# Who is who\n\nann, ann@old.example, Ann L.  # since May\nBob, bob@x.example\n\n# end"
MAILMAP = "# Who is who\nAnn Lee <ann@corp.example> <ann@old.example>\n"


def given_to(username: str, address: str, name: str = "Ann", *commits: tuple[str, str]) -> Assigned:
    """Return a signature of a person with a known address."""
    signature = (name, address)
    return Assigned(
        signature, username, commits or (signature,), (username.title(), f"{username}@corp.example")
    )


def added(text: str, *assigned: Assigned, form: Form = "aliases") -> str:
    """Return the text with these signatures."""
    return with_assigned(text, assigned, form, "file")


def test_an_address_joins_the_line_of_its_person_and_others_get_a_line() -> None:
    """Comments, blank lines and the order stay, and a name counts where there is no address."""
    found = added(
        ALIASES,
        given_to("ann", "a@new.example"),
        given_to("bob", "", "Bobby"),
        given_to("zoe", "z@x"),
    )
    assert found == (
        "# Who is who\n\nann, ann@old.example, Ann L., a@new.example  # since May\n"
        "Bob, bob@x.example, Bobby\n\n# end\nzoe, z@x\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "ann, a@x\n"),
        ("\ufeffann, b@x", "\ufeffann, b@x, a@x"),
        ("ann, b@x,\r\nbob, c@x\r\n", "ann, b@x, a@x\r\nbob, c@x\r\n"),
        ("bob, c@x\r\n", "bob, c@x\r\nann, a@x\r\n"),
        ("ann, b@x\n@ANN, c@x\n", "ann, b@x\n@ANN, c@x, a@x\n"),
        ("ann, A@X\n", "ann, A@X\n"),
        ("ann, b@x#c\n", "ann, b@x#c, a@x\n"),
    ],
)
def test_ends_of_lines_and_spellings_stay(text: str, expected: str) -> None:
    """What is there already is not repeated."""
    assert added(text, given_to("ann", "a@x")) == expected


def test_a_mailmap_gets_a_line_for_each_signature_in_commits() -> None:
    """With the name in the commit, since many people have `root@localhost`."""
    found = added(
        MAILMAP,
        given_to("ann", "root@localhost", "CF"),
        given_to("bob", "b@home.example", "B", ("b", "b@laptop"), ("", "b@pc")),
        given_to("ann", "ann@old.example", "Ann", ("Ann", "ann@old.example")),
        form="mailmap",
    )
    assert found == (
        f"{MAILMAP}Ann <ann@corp.example> CF <root@localhost>\n"
        "Bob <bob@corp.example> b <b@laptop>\nBob <bob@corp.example> <b@pc>\n"
    )
    assert parse_mailmap(found).proper("cf", "root@localhost") == ("Ann", "ann@corp.example")


@pytest.mark.parametrize("form", ["aliases", "mailmap"])
def test_a_signature_of_two_people_is_refused(form: Form) -> None:
    """In the file or among what is added; the message names the first."""
    text = {"aliases": ALIASES, "mailmap": MAILMAP}[form]
    with pytest.raises(ConfigurationError, match=r"ann@old\.example.* already assigned to ann"):
        added(text, given_to("bob", "ann@old.example"), form=form)
    with pytest.raises(ConfigurationError, match="already assigned to zoe"):
        added(text, given_to("zoe", "new@x"), given_to("bob", "NEW@x"), form=form)


@pytest.mark.parametrize(
    ("form", "name", "address"),
    [
        ("aliases", "Lee, Ann", ""),
        ("aliases", "", ""),
        ("aliases", "#1", ""),
        ("aliases", "two\nlines", ""),
        ("mailmap", "A<b>", "a@x"),
        ("mailmap", "No 1 #", "a@x"),
        ("mailmap", "Ann", ""),
    ],
)
def test_what_a_form_cannot_hold_is_refused(form: Form, name: str, address: str) -> None:
    """Rather than written as something else; the other form is named."""
    with pytest.raises(ConfigurationError, match="cannot hold the signature") as refused:
        added("", given_to("ann", address, name), form=form)
    assert ("mailmap" in refused.value.hint) == (form == "aliases")


def test_a_file_with_faults_is_left_alone() -> None:
    """Each of them is named."""
    with pytest.raises(ConfigurationError, match="file, line 1: neither"):
        added("ann\n", given_to("bob", "b@x"))


def test_the_form_follows_the_lines_or_else_the_name() -> None:
    """A comment alone says nothing."""
    assert form_of(".mailmap") == form_of("team.MAILMAP", "# Ann\n") == "mailmap"
    assert form_of("aliases.txt", MAILMAP) == "mailmap"
    assert form_of(".mailmap", ALIASES) == form_of("aliases.txt") == "aliases"


def test_open_signatures_are_comments_to_fill_in() -> None:
    """Each once, and valid without the sign of a comment."""
    open_ones = [(("Ann\n X", "a@x"), "ann", "3 commits"), (("Zoe", ""), "", "1 commit")]
    found = with_open("bob, b@x", open_ones, "aliases")
    assert found == "bob, b@x\n# ann, a@x  # 3 commits\n# ?, Zoe  # 1 commit\n"
    assert with_open(found, open_ones, "aliases") == found
    assert parse_aliases(found) == parse_aliases("bob, b@x")
    assert "ann" in parse_aliases(found.replace("# ann", "ann"))
    mailmap = with_open("", open_ones[:1], "mailmap")
    assert mailmap == "# ann <?> Ann X <a@x>  # 3 commits\n"


FIELDS = st.sampled_from(["a@x", "b@x", "Ann L", "C#", "zoe@home.example"])
LINES = st.builds(
    lambda username, fields, comment, end: f"{username}, {', '.join(fields)}{comment}{end}",
    st.sampled_from(["ann", "Bob", "@zoe"]),
    st.lists(FIELDS, min_size=1, max_size=2),
    st.sampled_from(["", "  # why", " ,"]),
    st.sampled_from(["\n", "\r\n"]),
)
TEXTS = st.lists(LINES | st.sampled_from(["# ann, a@x\n", "\n", "   \n"]), max_size=5).map("".join)


@pytest.mark.slow
@unhurried
@given(TEXTS, st.lists(st.builds(given_to, st.sampled_from(["ann", "bob"]), FIELDS), max_size=3))
def test_nothing_that_was_there_is_lost(text: str, assigned: list[Assigned]) -> None:
    """Whatever it was; twice is as once, and what is new is all that was asked for."""
    try:
        found = added(text, *assigned)
    except ConfigurationError:
        return
    assert added(found, *assigned) == found
    before, after = parse_aliases(text), parse_known_by(found).aliases
    for key, alias in before.items():
        assert {*alias.emails, *alias.names} <= {*after[key].emails, *after[key].names}
    new = sum(len(each.emails) + len(each.names) for each in after.values())
    old = sum(len(each.emails) + len(each.names) for each in before.values())
    assert 0 <= new - old <= len(assigned)
    kept = [line for line in text.splitlines() if line.strip().startswith("#") or not line.strip()]
    assert [line for line in found.splitlines() if line in kept] == kept
