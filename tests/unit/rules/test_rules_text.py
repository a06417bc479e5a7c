"""Comments, semantic first lines, references to issues, and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gitlab_sync.rules.text import (
    SEMANTIC,
    SEMANTIC_ISSUE,
    did_you_mean,
    first_line,
    format_hours_minutes,
    has_issue_reference,
    hours_between,
    instant,
    plural,
    share,
    without_comments,
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a<!-- hidden -->b", "ab"),
        ("a<!-- over\ntwo\nlines -->b", "ab"),
        ("a<!---->b", "ab"),
        ("a<!-- one -->b<!-- two -->c", "abc"),
        ("a<!-- never closed\nto the end", "a"),
        ("a<!-- closed --> b <!-- not", "a b "),
        ("a <!- no comment -> b", "a <!- no comment -> b"),
        ("a --> b", "a --> b"),
        ("<!-- a <!-- b -->c", "c"),
    ],
)
def test_comments_are_taken_out_even_if_never_closed(text: str, left: str) -> None:
    """What a browser does not show is not there."""
    assert without_comments(text) == left


def test_many_openings_of_comments_take_no_time() -> None:
    """A hostile description must not hold a thread: this ends at once or hits the time limit."""
    assert without_comments("<!--" * 200_000) == ""
    assert not has_issue_reference("issue " + " " * 200_000 + "x")
    assert not SEMANTIC.match("feat(" + "(" * 200_000)


@pytest.mark.parametrize(
    "kind",
    ["feat", "fix", "chore", "docs", "style", "refactor", "perf", "test", "build", "ci", "revert"],
)
@pytest.mark.parametrize("form", ["{}: x", "{}(app): x", "{}!: x", "{}(a b)!: x", "{}:x"])
def test_every_kind_of_semantic_line_in_every_form_is_one(kind: str, form: str) -> None:
    """The scope and the mark of a breaking change are optional, and case does not matter."""
    assert SEMANTIC.match(form.format(kind))
    assert SEMANTIC.match(form.format(kind.upper()))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "feat",
        "feat x",
        "feature: x",
        "fixes: x",
        " feat: x",
        "Draft: feat: x",
        "feat (a): x",
        "feat(a: x",
        "feat!!: x",
        "bug: x",
        "go: x",
    ],
)
def test_what_only_resembles_a_semantic_line_is_none(line: str) -> None:
    """It must begin with a known kind, and the colon follow."""
    assert not SEMANTIC.match(line)


@pytest.mark.parametrize(
    "kind", ["feat", "fix", "docs", "style", "refactor", "perf", "test", "chore", "bug"]
)
def test_titles_of_issues_have_kinds_of_their_own(kind: str) -> None:
    """A bug is a kind of issue; a build, ci or revert is none."""
    assert SEMANTIC_ISSUE.match(f"{kind}: x")
    assert SEMANTIC_ISSUE.match(f"{kind.title()}(app)!: x")
    assert not any(SEMANTIC_ISSUE.match(f"{other}: x") for other in ("build", "ci", "revert"))


def test_the_first_line_ends_at_the_first_line_break() -> None:
    """Windows' line breaks are taken off whole; without one the text is the line."""
    assert first_line("fix: a\n\nbody") == "fix: a"
    assert first_line("fix: a\r\nbody") == "fix: a"
    assert first_line("fix: a") == "fix: a"
    assert first_line("\nfix: a") == ""
    assert first_line("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "#1",
        "Closes #12.",
        "see group/app#12, please",
        "(#12)",
        "##12",
        "GL-7",
        "gl-7: do it",
        "issue 5",
        "Issues 5",
        "issue5",
        "ISSUE #5",
        "issue#5",
        "issue\n5",
        "https://gitlab.example/g/app/-/issues/3",
        "/-/work_items/3",
        "/-/Issues/3#note_9",
        "&#39;s, but #40 too",
    ],
)
def test_every_way_of_naming_an_issue_counts(text: str) -> None:
    """By number, by prefix, by word and by link."""
    assert has_issue_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "&#39;",
        "#12a",
        "#1_2",
        "# 12",
        "#",
        "#fff",
        "!12",
        "GL-",
        "GL-7a",
        "ANGL-7",
        "tissue 5",
        "issue five",
        "issue 5a",
        "issue: 5",
        "reissue #a",
        "/issues/3",
        "/-/merge_requests/3",
        "/-/issues/new",
    ],
)
def test_what_only_resembles_a_reference_is_none(text: str) -> None:
    """Character references, colours, other words and other links."""
    assert not has_issue_reference(text)


def test_times_with_different_offsets_are_the_same_instant() -> None:
    """Half an hour past midnight in India is still the day before in UTC."""
    moment = instant("2024-01-05T00:30:00+05:30")
    assert moment == datetime(2024, 1, 4, 19, tzinfo=UTC)
    assert moment == instant("2024-01-04T19:00:00Z") == instant("2024-01-04T19:00:00.000Z")
    assert moment is not None
    assert moment.utcoffset() == timedelta(hours=5, minutes=30)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2024-01-05",
        "2024-01-05T00:30:00",
        "2024-13-05T00:30:00Z",
        "2024-01-05T00:30:00Z and more",
        1704412800,
        True,
        [],
        {},
    ],
)
def test_what_names_no_moment_is_none(text: object) -> None:
    """Nonsense, a day, or a time without its offset."""
    assert instant(text) is None


def test_hours_are_counted_over_offsets_and_backwards() -> None:
    """The clock on the wall does not matter."""
    start = datetime.fromisoformat("2024-01-05T00:30:00+05:30")
    end = datetime.fromisoformat("2024-01-04T20:30:00+00:00")
    assert hours_between(start, end) == 1.5
    assert hours_between(end, start) == -1.5


def test_the_first_and_the_last_moment_can_be_compared() -> None:
    """Placeholders for "never" are at the ends of the calendar; they must not overflow."""
    first, last = instant("0001-01-01T00:00:00+14:00"), instant("9999-12-31T23:59:59-12:00")
    assert first is not None
    assert last is not None
    assert hours_between(first, last) > 80_000_000


def test_a_number_has_its_noun() -> None:
    """One is singular, none is plural."""
    assert [plural(n, "note") for n in (0, 1, 2)] == ["0 notes", "1 note", "2 notes"]
    assert [plural(n, "note") for n in (-1, -2)] == ["-1 note", "-2 notes"]


def test_a_duration_always_has_hours_and_minutes() -> None:
    """Everywhere in the same form."""
    shown = [format_hours_minutes(seconds) for seconds in (0, 59, 5400, 1_531_800, -5400)]
    assert shown == ["0h 0m", "0h 0m", "1h 30m", "425h 30m", "-1h 30m"]


def test_a_share_of_one_has_a_noun_for_one() -> None:
    """That of people has a word of its own."""
    assert share(0, 1, "projects") == "0 of 1 project"
    assert share(1, 1, "people") == "1 of 1 person"
    assert share(1, 2, "merge requests") == "1 of 2 merge requests"


def test_the_nearest_name_is_offered_if_one_is_near() -> None:
    """Whatever its case."""
    assert did_you_mean("GRAFQL", ["auto", "rest", "graphql"]) == " Did you mean graphql?"
    assert did_you_mean("xyz", ["auto", "rest"]) == ""
