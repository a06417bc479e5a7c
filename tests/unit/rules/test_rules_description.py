"""The score of a description, its label and the hints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.rules.items.description import analyze_description

COMPLETE = (
    "## Summary\n\nAdded a key to sign in, because passwords are written on paper.\n\n"
    "- the key is made on the first visit\n- it is kept in the browser\n\n" + "More words. " * 20
)


def score(text: str | None) -> int:
    """Return the score alone."""
    return int(analyze_description(text)["description_score"])


def test_a_complete_description_has_all_points_and_no_hint() -> None:
    """30 + 20 + 15 + 15 + 10 + 10."""
    assert analyze_description(COMPLETE) == {
        "description_score": 100,
        "quality_label": "High",
        "feedback": "",
    }


@pytest.mark.parametrize("text", [None, "", "   \n", "<!-- Summary: say because, added -->"])
def test_nothing_or_a_comment_alone_has_no_points(text: str | None) -> None:
    """Templates are full of comments; two hints say what is worth most."""
    result = analyze_description(text)
    assert result["description_score"] == 0
    assert result["quality_label"] == "Low"
    assert result["feedback"].count(" | ") == 1


@pytest.mark.parametrize(
    ("length", "points"),
    [(20, 0), (21, 10), (49, 10), (50, 20), (149, 20), (150, 30), (299, 30), (300, 40)],
)
def test_the_length_counts_from_its_exact_limits(length: int, points: int) -> None:
    """Ten points of these are for saying more than 20 characters."""
    assert score("x" * length) == points


@pytest.mark.parametrize(
    "text",
    [
        "# Summary",
        "### What changes: impact",
        "   ## Testing",
        "**Changes**",
        "**Context:**",
        "__Description__",
    ],
)
def test_a_heading_or_bold_marker_is_worth_twenty(text: str) -> None:
    """Letters are compared without case."""
    assert score(text.upper()) - score("x" * len(text)) >= 20


@pytest.mark.parametrize(
    "text", ["the summary", "#summary-less", "**important**", "*Testing*", "a # Summary b"]
)
def test_the_word_alone_is_no_marker(text: str) -> None:
    """It takes a heading or bold type."""
    assert score(text) < 20


@pytest.mark.parametrize(
    "word", ["added", "fixed", "updated", "removed", "refactored", "implemented", "resolved"]
)
def test_each_word_of_change_is_worth_fifteen(word: str) -> None:
    """As a whole word only."""
    assert score(f"{word} it") == 15
    assert score(f"un{word}ness") == 0


@pytest.mark.parametrize(
    "word",
    ["because", "so that", "in order to", "fix", "resolves", "closes", "issue", "impact"],
)
def test_each_word_of_reason_is_worth_fifteen(word: str) -> None:
    """As whole words only."""
    assert score(f"a {word} b") == 15
    assert score(f"a{word}") == 0


@pytest.mark.parametrize("text", ["- a", "* a", "+ a", "1. a", "12) a", "  - a"])
def test_a_list_is_worth_ten(text: str) -> None:
    """Whatever its marks."""
    assert score(text) == 10


@pytest.mark.parametrize("text", ["-a", "1.5 a", "--- ", "a - b"])
def test_a_dash_alone_is_no_list(text: str) -> None:
    """A list has a mark and something behind it."""
    assert score(text) == 0


def test_many_words_that_say_nothing_say_nothing() -> None:
    """Longer than 20 characters, and still just fix and wip."""
    assert score("wip done wip done wip done update") == 0
    assert score("wip done wip done wip done login!") == 10


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("x" * 300, "Low"),
        ("x" * 290 + "\n- added", "Moderate"),
        ("## Impact\n- added " + "x" * 300, "High"),
    ],
)
def test_the_label_follows_the_score(text: str, label: str) -> None:
    """80 High, 50 Moderate, else Low."""
    found = analyze_description(text)
    expected = "High" if found["description_score"] >= 80 else None
    expected = expected or ("Moderate" if found["description_score"] >= 50 else "Low")
    assert found["quality_label"] == label == expected


@given(st.text() | st.none())
def test_no_text_raises_and_the_score_stays_in_its_bounds(text: str | None) -> None:
    """And there are never more than two hints."""
    result = analyze_description(text)
    assert 0 <= result["description_score"] <= 100
    assert result["feedback"].count(" | ") <= 1


def test_a_hostile_description_takes_no_time() -> None:
    """This ends at once or hits the time limit."""
    for piece in ("**", "__", "#", "- ", "1", "** summary", " ", "# summary ", "summary "):
        analyze_description(piece * 50_000)
        analyze_description("**" + piece * 50_000)
