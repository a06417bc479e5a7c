"""`explain`: what each check means, by every name that it goes by."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_runs import environment, run

from gitlab_sync.cli.explain import Found, named
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.rules.projects.checks import CHECKS
from gitlab_sync.rules.scores.unified import unified_row
from gitlab_sync.rules.scores.work import Work
from gitlab_sync.services.project_report import columns

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


def test_words_of_a_title_find_its_check(environ: dict[str, str]) -> None:
    """In any order; several checks can have them."""
    for name in ("unit", "tests unit", "Unit_Tests"):
        assert [found.check.title for found in named(name)] == ["No Unit Tests"]
    assert [found.check.title for found in named("time spent")] == ["No Time Spent"] * 2
    assert run(environ, "explain", "unit").stdout.startswith(b"No Unit Tests (merge requests)")


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
    checks = [check for checks in ALL.values() for check in checks]
    for row, check in zip(rows, checks, strict=True):
        said = (row["Check"], row["Severity"], row["Fails when"], row["Why"], row["How to fix"])
        texts = (check.fails_when, check.why, check.how_to_fix)
        assert said == (check.title, check.severity, *texts)
        assert row["Applies to"]


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
        ("MR No Desc", ["no_desc"]),
        ("mr > 2 days", ["merge_gt_2_days"]),
        ("Issue Long Open", ["long_open_time"]),
    ],
)
def test_a_check_is_found_by_id_and_by_the_title_of_its_column(
    name: str, ids: list[str], environ: dict[str, str]
) -> None:
    """Whatever the case; a name that two rule sets have gives both."""
    found = json.loads(run(environ, "explain", name, "-f", "json").stdout)
    assert [each["Id"] for each in found] == ids


@pytest.mark.parametrize(
    ("name", "title", "facts"),
    [
        (
            "no_issues",
            "No Issues (merge requests)",
            {
                "Severity": "medium",
                "Weight": "none: faults are counted",
                "Applies to": "merged and closed merge requests",
                "Read for it": "notes, commits",
            },
        ),
        (
            "Issue No Labels",
            "No Labels (issues)",
            {
                "Severity": "low",
                "Weight": "none: faults are counted",
                "Applies to": "closed issues",
                "Read for it": "nothing beyond the list or the record",
            },
        ),
        (
            "type_checker",
            "Type checker (projects)",
            {
                "Severity": "medium",
                "Weight": "4 of 99",
                "Area": "quality & tools",
                "Applies to": "Python, TypeScript",
                "Read for it": "files, pipeline",
            },
        ),
        ("Language", "Language (projects)", {"Weight": "0 of 99", "Applies to": "any code"}),
    ],
)
def test_an_explanation_says_all_that_is_known(
    name: str, title: str, facts: dict[str, str], environ: dict[str, str]
) -> None:
    """When it fails, why that matters and what to do in whole sentences, for a person."""
    heading, *lines = run(environ, "explain", name).stdout.decode().splitlines()
    assert heading == title
    said = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in lines)
    check = named(name)[0].check
    texts = {"Fails when": check.fails_when, "Why": check.why, "To do": check.how_to_fix}
    assert said.items() >= {**facts, **texts, "Id": check.id}.items()


def test_every_check_and_every_column_of_the_table_of_projects_can_be_explained() -> None:
    """But for the name, the score and how the row came about."""
    for checks in ALL.values():
        for check in checks:
            assert check in [found.check for found in named(check.id)]
            assert check in [found.check for found in named(check.title)]
    for column in columns()[2:-3]:
        assert named(column)


@pytest.mark.parametrize(
    ("rules", "check"),
    [(rules, check) for rules in ("merge requests", "issues") for check in ALL[rules]],
    ids=lambda part: getattr(part, "id", part),
)
def test_a_column_of_the_table_of_people_is_the_check_that_it_counts(
    rules: str, check: Check
) -> None:
    """And none of the other rule set, even where that has one of the same title."""
    counted = Tally({check.title: 1}, {})
    mrs, issues = (counted, None) if rules == "merge requests" else (None, counted)
    row = unified_row(Work("ann"), None, mrs, issues)
    (column,) = [title for title, cell in row.items() if cell == 1]
    assert named(column) == named(column.upper()) == [Found(rules, check)]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("no_unit_test", "no_unit_tests"),
        ("No Descr", "no_desc"),
        ("Securty", "Security"),
        ("licence", "license"),
        ("mr no reviews", "MR No Review"),
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
