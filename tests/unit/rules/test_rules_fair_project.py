"""What the fair policy asks of projects: any OSI licence, only tools that exist, a lower bound."""

from __future__ import annotations

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from project_examples import COMPLETE, repository, without

from gitlab_sync.rules.policy import CLASSIC, FAIR
from gitlab_sync.rules.projects.checks import BY_ID, CHECKS, FAIR_CHECKS
from gitlab_sync.rules.projects.compliance import (
    AT_LEAST,
    DEFAULT_POLICY,
    Score,
    error_row,
    evaluate,
    summary_row,
    worst_first,
)
from gitlab_sync.rules.projects.facts import Unread
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.rules.projects.tools import ECOSYSTEMS, Purpose, has_tools

STANDARDS = standards_of(FAIR)
SUFFIXES = {
    name: endings.split()[0] for each in ECOSYSTEMS for name, endings in each.languages.items()
}
BY_FAIR_ID = {check.id: check for check in FAIR_CHECKS}
NEEDS_A_TOOL: dict[str, Purpose] = {
    "ci_test": "test",
    "ci_lint": "lint",
    "ci_format": "format",
    "ci_type_check": "type_check",
    "ci_coverage": "coverage",
    "tests": "test",
    "linter": "lint",
    "formatter": "format",
    "type_checker": "type_check",
    "dependency_audit": "dependency_audit",
    "coverage_threshold": "coverage",
    "dead_code": "dead_code",
}
"""The checks that a project can only pass with a tool for its language, and its purpose."""


def test_classic_expects_of_projects_what_it_did() -> None:
    """All of it."""
    assert standards_of(CLASSIC) == DEFAULT_POLICY
    assert DEFAULT_POLICY.checks is CHECKS
    assert DEFAULT_POLICY.license_title == "AGPLv3"


@pytest.mark.parametrize(
    ("licence", "fair", "classic"),
    [
        ("MIT", "pass", "fail"),
        ("Apache-2.0 OR LicenseRef-Ours", "pass", "fail"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "pass", "fail"),
        ("MPL-1.1+", "pass", "fail"),
        ("AGPL-3.0-or-later", "pass", "pass"),
        ("GPL-2.0", "pass", "fail"),
        ("MIT AND JSON", "fail", "fail"),
        ("CC-BY-NC-4.0", "fail", "fail"),
        ("BUSL-1.1", "fail", "fail"),
        ("SSPL-1.0", "fail", "fail"),
        ("CC0-1.0", "fail", "fail"),
        ("WTFPL", "fail", "fail"),
    ],
)
def test_any_licence_that_the_osi_approves_is_allowed(
    licence: str, fair: str, classic: str
) -> None:
    """By SPDX's list, which does not count what is only free or only open."""
    facts = repository({**COMPLETE, "LICENSE": f"SPDX-License-Identifier: {licence}\n"})
    found = evaluate(facts, STANDARDS).findings["license"]
    assert found.result == fair
    assert evaluate(facts).findings["license"].result == classic
    assert found.reason.endswith("; allowed: any that the OSI approves") == (fair == "fail")


@pytest.mark.parametrize("language", SUFFIXES)
def test_no_check_asks_for_a_tool_that_the_language_does_not_have(language: str) -> None:
    """Of a project with nothing but source code; classic asks for two of them all the same."""
    facts = repository({f"src/one{SUFFIXES[language]}": "", f"src/two{SUFFIXES[language]}": ""})
    report, classic = evaluate(facts, STANDARDS), evaluate(facts)
    if language not in report.stack:
        pytest.skip("its suffix is another language's, too")
    for check, purpose in NEEDS_A_TOOL.items():
        finding = report.findings[check]
        if not has_tools(purpose, language):
            assert finding.result == "not applicable", check
        if finding != classic.findings[check]:
            assert check in {"tests", "coverage_threshold"}
            name = BY_FAIR_ID[check].tool_name
            assert finding.reason == f"no {name} is known for {language}"
    assert {check.id for check in FAIR_CHECKS if check.tool} == {*NEEDS_A_TOOL}


def test_a_check_that_passes_without_a_known_tool_counts() -> None:
    """Tests are tests, in any language."""
    found = evaluate(repository({"src/one.vhd": "", "tests/one_test.vhd": ""}), STANDARDS)
    assert found.findings["tests"].result == "pass"


def test_the_two_policies_differ_in_nothing_else() -> None:
    """The same checks, in the same order, with the same weights."""
    for one, other in zip(FAIR_CHECKS, CHECKS, strict=True):
        assert (one.id, one.title, one.weight) == (other.id, other.title, other.weight)
        assert one == other or one.id in {"tests", "coverage_threshold"}
    report, classic = evaluate(repository(COMPLETE), STANDARDS), evaluate(repository(COMPLETE))
    assert report == classic


@settings(max_examples=examples(200), deadline=None)
@given(*(st.integers(0, 40) for _ in range(3)))
def test_the_lower_bound_is_the_score_if_all_that_is_unknown_fails(
    passed: int, failed: int, unknown: int
) -> None:
    """So it is never above the score, and the same if nothing is unknown."""
    score = Score(passed, failed, unknown)
    if score.percent is None:
        assert score.at_least is None
        return
    assert score.at_least == Score(passed, failed + unknown).percent
    assert score.at_least <= score.percent
    assert unknown or score.at_least == score.percent


def test_a_row_has_the_classic_columns_first_and_then_bound_and_policy() -> None:
    """So that spreadsheets keep their places; the licence's column has its own title."""
    facts = repository(without("README.md"), {"README.md": Unread("timeout")})
    row, classic = (
        summary_row(facts, evaluate(facts, policy), policy)
        for policy in (STANDARDS, DEFAULT_POLICY)
    )
    titles = ["OSI Approved" if title == "AGPLv3" else title for title in classic]
    assert list(row) == [*titles, AT_LEAST, "Policy"]
    assert list(row.values())[: len(classic)] == list(classic.values())
    assert (row["Compliance Score"], row[AT_LEAST], row["Policy"]) == (100, 89.9, "fair")
    lost = error_row("group/app", "404", STANDARDS)
    assert list(lost) == list(row)
    assert (lost[AT_LEAST], lost["Policy"]) == (None, "fair")
    assert worst_first([lost, row]) == [row, lost]


def test_a_setting_replaces_only_what_it_names() -> None:
    """The rest stays that of the policy."""
    own = STANDARDS.with_setting({"licences": ["MIT"], "weights": {"readme": 20}})
    assert own.license_title == "MIT"
    assert own.weights["readme"] == 20
    assert (own.checks, own.shown_name) == (FAIR_CHECKS, "fair")
    assert STANDARDS.with_setting({"readme_length": 10}).license_title == "OSI Approved"
    assert STANDARDS.weights == {name: check.weight for name, check in BY_ID.items()}
