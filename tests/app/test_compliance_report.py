"""What the page on compliance says of one project, and the bars of many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.compliance_fields import read_policy
from gitlab_sync.pages.compliance_report import (
    check_text,
    score_bars,
    scores_in_words,
    suggestions_text,
    tally,
)
from gitlab_sync.pages.widgets.charts import MOST_ROWS
from gitlab_sync.pages.widgets.markdown import linked
from gitlab_sync.rules.projects.checks import BY_ID, CHECKS
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY, Report, Score, error_row
from gitlab_sync.rules.projects.facts import Finding
from gitlab_sync.services.compliance import suggestions
from gitlab_sync.types import TableRow

PASS = Finding("pass", "all is well", share=1.0)


def report(**findings: Finding) -> Report:
    """Return a report in which all checks pass but for these."""
    found = {check.id: PASS for check in CHECKS} | findings
    return Report(found, Score(80, 20), ("Python",))


def row(name: str, score: float | None, unknown: int | None = 0) -> TableRow:
    """Return a row of the table."""
    return {**error_row(name, ""), "Compliance Score": score, "Unverified": unknown}


# -- one check -------------------------------------------------------------------------------------


def test_a_fault_says_what_it_costs_why_where_and_what_to_do() -> None:
    """Half of a stage is half of its weight."""
    link = "https://gitlab.example/g/p/-/blob/main/.gitlab-ci.yml#L7"
    finding = Finding("fail", "started by hand: unit", ".gitlab-ci.yml", 7, link, 0.5)
    first, second, third = check_text(BY_ID["ci_test"], finding, 6).split("  \n")
    assert "fail]" in first
    assert first.endswith("**CI: tests** · 3 of 6")
    assert second == rf"started by hand\: unit ([\.gitlab\-ci\.yml, line 7]({link}))"
    assert third.endswith(BY_ID["ci_test"].how_to_fix)


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (PASS, "4 of 4"),
        (Finding("unknown", "403 Forbidden"), "weight 4, left out"),
        (Finding("not applicable", "there is no source code"), "does not count"),
    ],
)
def test_each_result_is_a_word_and_not_only_a_colour(finding: Finding, words: str) -> None:
    """And nothing is to be done about what is no fault."""
    text = check_text(BY_ID["linter"], finding, 4)
    assert f" {finding.result}]" in text
    assert f"· {words}  \n" in text
    assert BY_ID["linter"].how_to_fix not in text


def test_what_weighs_nothing_does_not_count() -> None:
    """The language is shown, and is in no score."""
    assert "does not count" in check_text(BY_ID["language"], PASS, 0)


@pytest.mark.parametrize(
    "link", [None, "javascript:alert(1)", "https://a.example/)[x](y", "https://a.example/a b"]
)
def test_nothing_leads_elsewhere_than_to_the_web(link: str | None) -> None:
    """What a server made up is text, and no Markdown."""
    assert linked("a[b](c)", link) == r"a\[b\]\(c\)"


# -- the whole project -----------------------------------------------------------------------------


def test_a_tally_leaves_out_what_is_not_known_and_says_so() -> None:
    """What does not apply is in no number."""
    found = report(
        readme=Finding("fail", "no README"),
        changelog=Finding("unknown", "403"),
        templates=Finding("not applicable", "-"),
    )
    assert tally(found, "documentation") == "3 of 4 pass, 1 unknown"
    assert tally(report(), "security") == "2 of 2 pass"


def test_suggestions_begin_with_the_largest_gain_and_end_with_unknown_checks() -> None:
    """Each with what it brings, how, and why."""
    found = report(
        changelog=Finding("fail", "no CHANGELOG"),
        license=Finding("fail", "no LICENSE"),
        language=Finding("fail", "no known language"),
        readme=Finding("unknown", "403"),
    )
    text = suggestions_text(found, suggestions(found, DEFAULT_POLICY))
    assert text.index("1. **LICENSE** · adds 15 to the score") < text.index("2. **CHANGELOG**")
    assert "3. **Language** · does not count" in text
    assert BY_ID["license"].how_to_fix in text
    assert BY_ID["license"].why in text
    assert text.endswith("Unknown, so neither passed nor failed: README.")


def test_there_is_nothing_to_fix_only_if_all_checks_are_known() -> None:
    """A project of which something is unknown is not called perfect."""
    assert suggestions_text(report(), []) == "There is nothing to fix."
    assert suggestions_text(report(readme=Finding("unknown", "403")), []).startswith(
        "No faults found."
    )


# -- many projects ---------------------------------------------------------------------------------


def test_bars_mark_what_is_unknown_with_words() -> None:
    """A project with an unknown score has no bar, and no 0 next to it."""
    rows = [row("a", 75.0), row("b", 80.5, 3), row("c", None, None), row("d", 0.0)]
    assert [(bar["Share"], bar["Text"], bar["Kind"]) for bar in score_bars(rows)] == [
        (75.0, "75 %", "known"),
        (80.5, "80.5 % (+3 ?)", "partly known"),
        (0.0, "?", "unknown"),
        (0.0, "0 %", "known"),
    ]
    assert scores_in_words(rows).endswith("worst first: a 75 %, b 80.5 % (+3 ?), c ?, d 0 %")


def test_there_are_no_more_bars_than_can_be_read() -> None:
    """The first ones, which are the worst."""
    rows = [row(str(number), float(number)) for number in range(MOST_ROWS + 5)]
    shown = [bar["Project"] for bar in score_bars(rows)]
    assert shown == [each["Project"] for each in rows[:MOST_ROWS]]


# -- the operator's policy -------------------------------------------------------------------------


def test_the_operators_table_makes_the_policy() -> None:
    """An empty one leaves the usual."""
    assert read_policy({}) == DEFAULT_POLICY
    assert read_policy({"licences": ["MIT"]}) == replace(
        DEFAULT_POLICY, licences=frozenset({"MIT"})
    )


@pytest.mark.parametrize("setting", ["MIT", ["MIT"], 7, {"licences": "MIT"}, {"licenses": ["MIT"]}])
def test_a_wrong_table_is_told(setting: object) -> None:
    """No project is checked by another policy without a word."""
    with pytest.raises(ConfigurationError, match="compliance"):
        read_policy(setting)
