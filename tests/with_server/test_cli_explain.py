"""`explain`: what each check means, by every name that it goes by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runs import environment, run

from gitlab_sync.api.compliance import columns
from gitlab_sync.rules import issue, merge_request
from gitlab_sync.rules.project_checks import CHECKS

ALL = {"merge requests": merge_request.CHECKS, "issues": issue.CHECKS, "projects": CHECKS}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment without any GitLab: none is needed."""
    return environment(tmp_path)


def test_without_a_name_all_checks_are_listed_by_rule_set(environ: dict[str, str]) -> None:
    """Each with its id, its title and why it matters."""
    done = run(environ, "explain")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert headings == ["Merge requests", "Issues", "Projects"]
    for checks in ALL.values():
        for check in checks:
            line = next(line for line in text.splitlines() if line.endswith(check.why))
            assert check.id in line
            assert check.title in line


def test_json_holds_every_check_with_all_that_is_known_of_it(environ: dict[str, str]) -> None:
    """For a page or a document of one's own."""
    rows = json.loads(run(environ, "explain", "--format", "json").stdout)
    expected = [(rules, check.id) for rules, checks in ALL.items() for check in checks]
    assert [(row["Rules"], row["Id"]) for row in rows] == expected
    linter = next(row for row in rows if row["Id"] == "type_checker")
    assert linter["Weight"] == 4
    assert linter["Applies to"] == "Python, TypeScript"
    assert linter["Area"] == "quality & tools"
    assert next(row for row in rows if row["Id"] == "no_labels")["Weight"] is None


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("no_unit_tests", ["no_unit_tests"]),
        ("No Unit Tests", ["no_unit_tests"]),
        ("no unit  TESTS", ["no_unit_tests"]),
        ("Long Open Time (>2 days)", ["long_open_time"]),
        ("no_desc", ["no_desc", "no_desc"]),
        ("CI: tests", ["ci_test"]),
        ("Security", ["secret_scan", "dependency_audit"]),
        ("ci/cd", ["ci_test", "ci_lint", "ci_format", "ci_type_check", "ci_coverage"]),
        ("Coverage", ["coverage_threshold"]),
        ("Pre-commit", ["pre_commit"]),
        ("AGPLv3", ["license"]),
    ],
)
def test_a_check_is_found_by_id_and_by_the_title_of_its_column(
    name: str, ids: list[str], environ: dict[str, str]
) -> None:
    """Whatever the case; a name that two rule sets have gives both."""
    found = json.loads(run(environ, "explain", name, "-f", "json").stdout)
    assert [each["Id"] for each in found] == ids


def test_an_explanation_says_why_and_what_to_do(environ: dict[str, str]) -> None:
    """In whole sentences, for a person."""
    text = run(environ, "explain", "no_issues").stdout.decode()
    check = next(check for check in merge_request.CHECKS if check.id == "no_issues")
    assert text.startswith("No Issues (merge requests)\n")
    assert check.why in text
    assert check.how_to_fix in text
    assert "notes, commits" in text


def test_every_check_and_every_column_of_the_table_of_projects_can_be_explained(
    environ: dict[str, str],
) -> None:
    """But for the name, the score and how the row came about."""
    from gitlab_sync.cli.explain import named

    for checks in ALL.values():
        for check in checks:
            assert check in [found.check for found in named(check.id)]
            assert check in [found.check for found in named(check.title)]
    for column in columns()[2:-3]:
        assert named(column)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("no_unit_test", "no_unit_tests"),
        ("No Descr", "no_desc"),
        ("Securty", "Security"),
        ("licence", "license"),
        ("xqzt", "all are listed"),
        ("", "all are listed"),
    ],
)
def test_an_unknown_name_is_a_2_that_names_the_nearest(
    name: str, nearest: str, environ: dict[str, str]
) -> None:
    """Most are typing errors."""
    done = run(environ, "explain", name)
    assert (done.returncode, done.stdout) == (2, b"")
    assert nearest in done.stderr.decode()
