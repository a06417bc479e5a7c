"""Contests: a link fills in an issue, whatever texts of other people it shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gitlab_sync.rules.contest import (
    MOST_CHARACTERS,
    Contested,
    Fault,
    contested_in,
    form_address,
    is_check_of,
)
from gitlab_sync.rules.items.merge_request import CHECKS
from gitlab_sync.rules.waiver import Waiver

PROJECT = "https://gitlab.example/courses/decisions"
LINK = "https://gitlab.example/courses/app/-/merge_requests/7"
FAULT = Fault(
    CHECKS[0],
    "courses/app!7",
    "no description",
    "fix: a typo",
    LINK,
    f"{LINK}#note_1",
    "gitlab-sync.toml",
)
SIGNS = (
    *("/close", "\n/close\n", "@all", "`", "``", "\n", "\r\n", "-->", "<!--", "](", "#1", "!2"),
    *("~bug", "![x](//y)", "<img src=x>", "\u202e", "\x00", "\\", "* ", "\n\n    ", "a", " "),
)
HOSTILE = st.lists(st.sampled_from(SIGNS), max_size=12).map("".join)


def filled(address: str | None) -> tuple[str, str]:
    """Return the title and the description that an address fills in."""
    assert address is not None
    fields = parse_qs(urlsplit(address).query, strict_parsing=True)
    assert sorted(fields) == ["issue[description]", "issue[title]"]
    return fields["issue[title]"][0], fields["issue[description]"][0]


def outside_of_code(description: str) -> str:
    """Return the text of a description that is not code, as Markdown has it."""

    def texts(tokens: list[Token]) -> list[str]:
        found = []
        for token in tokens:
            found += texts(token.children or [])
            if token.type in {"text", "html_block", "html_inline"}:
                found.append(token.content)
            assert token.type not in {"image", "code_block", "fence"}
        return found

    return "\n".join(texts(MarkdownIt("commonmark").parse(description)))


def test_the_form_has_everything_but_the_reason() -> None:
    """Check, item, title, what was found with its evidence, policy, and a place for the reason."""
    address = str(form_address(PROJECT, FAULT))
    assert address.startswith(f"{PROJECT}/-/issues/new?issue%5Btitle%5D=")
    title, description = filled(address)
    assert title == "Contest: No Desc of courses/app!7"
    assert description == (
        "<!-- gitlab-sync contest: no_desc courses/app!7 -->\n\n"
        "- Check: **No Desc** (`no_desc`)\n"
        f"- About: [courses/app!7]({LINK}) `fix: a typo`\n"
        f"- Found: `no description` ([evidence]({LINK}#note_1))\n"
        "- Policy: `gitlab-sync.toml`\n\n"
        "## Why it should not count\n\n(Please say why.)\n"
    )


@pytest.mark.parametrize(
    "subject", ["courses/app!7", "courses/app#12", "courses/web/app", "a.b/c-d_e!1"]
)
def test_the_mark_says_what_is_contested(subject: str) -> None:
    """Whatever a browser makes of the ends of lines, and whatever is written below it."""
    _, description = filled(form_address(PROJECT, replace(FAULT, subject=subject)))
    expected = Contested("no_desc", subject)
    assert contested_in(description) == expected
    assert contested_in(description.replace("\n", "\r\n") + "because") == expected
    waiver = expected.waiver("said", "ann", date(2026, 12, 31))
    limit = {"item" if expected.is_item else "project": subject}
    assert waiver == Waiver("no_desc", "said", "ann", date(2026, 12, 31), **limit)


@pytest.mark.parametrize(
    "description",
    [
        "",
        "x <!-- gitlab-sync contest: no_desc courses/app!7 -->",
        "<!-- gitlab-sync contest: no_desc courses/app!7 @all -->",
        "<!-- gitlab-sync contest: no_desc\n courses/app!7 -->",
        "<!-- gitlab-sync contest: no_desc app -->",
        "<!-- gitlab-sync contest: no_desc courses/app!07 -->",
    ],
)
def test_other_issues_are_no_contests(description: str) -> None:
    """Nor is one that only quotes a mark."""
    assert contested_in(description) is None


def test_what_no_waiver_can_name_has_no_form() -> None:
    """An item of which no reference is known, or an odd one."""
    for subject in ("", "app!7", "courses/app -->!7", "courses/app!x", "https://x.example/a!7"):
        assert form_address(PROJECT, replace(FAULT, subject=subject)) is None


def test_a_check_is_one_of_what_its_subject_is() -> None:
    """As waivers and contests name it."""
    assert is_check_of("no_unit_tests", "a/b!1")
    assert not is_check_of("no_unit_tests", "a/b#1")
    assert is_check_of("no_labels", "a/b#1")
    assert is_check_of("readme", "a/b")
    assert not is_check_of("no_desc", "a/b")


@given(title=HOSTILE, reason=HOSTILE, link=HOSTILE)
def test_texts_of_others_mention_close_and_hide_nothing(title: str, reason: str, link: str) -> None:
    """They are in code, each on its line, and the mark stays the only one."""
    evidence = f"https://gitlab.example/{link}"
    fault = replace(FAULT, title=title, reason=reason, link=evidence, evidence=f"{evidence}#x")
    found, description = filled(form_address(PROJECT, fault))
    assert found == "Contest: No Desc of courses/app!7"
    assert len(description.splitlines()) == 10
    assert not any(line.startswith("/") for line in description.splitlines())
    assert contested_in(description) == Contested("no_desc", "courses/app!7")
    plain = outside_of_code(description).replace("courses/app!7", "")
    assert not any(sign in plain for sign in ("@", "~", "#1", "!2", "/close", "img"))
    assert plain.count("<!--") == 1


@given(
    title=st.text(max_size=2000),
    length=st.integers(1, 200),
    reason=st.text(alphabet="ç文@ ", max_size=1500),
)
def test_an_address_is_short_enough_for_browsers(title: str, length: int, reason: str) -> None:
    """Long texts are cut, and left out if need be; the mark and the place for the reason stay."""
    subject = f"{'a' * length}/b!7"
    fault = replace(FAULT, subject=subject, title=title, reason=reason)
    address = str(form_address(PROJECT, fault))
    assert len(address) <= MOST_CHARACTERS
    _, description = filled(address)
    assert contested_in(description) == Contested("no_desc", subject)
    assert description.endswith("(Please say why.)\n")
