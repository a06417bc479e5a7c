"""How complete a pipeline is: stages, jobs, tools, issues, the score and what to add."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.projects.ci_config import read_pipeline
from gitlab_sync.rules.projects.ci_pipeline import (
    WEIGHTS,
    check_ci_pipeline,
    evaluate_stages,
)
from gitlab_sync.rules.projects.targets import Targets
from gitlab_sync.rules.projects.tool_uses import ToolReader
from gitlab_sync.rules.projects.tools import command_for

STAGES = ["test", "lint", "format", "type_check", "coverage"]

COMPLETE = """
stages: [lint, test]
ruff: {stage: lint, script: [ruff check ., ruff format --check .]}
mypy: {stage: lint, script: mypy .}
pytest: {stage: test, script: pytest --cov --cov-fail-under=80}
"""


def check(text: str, project_type: str = "Unknown") -> dict[str, Any]:
    """Return the evaluation of an indented text."""
    return check_ci_pipeline(dedent(text), project_type)


def test_a_complete_pipeline_has_ten_points_and_no_issue() -> None:
    """One job may serve several stages; `ruff format` is a formatter, `ruff check` a linter."""
    result = check(COMPLETE, "Python")
    assert result == {
        "stages_present": STAGES,
        "missing_stages": [],
        "jobs": {
            "test": _job("pytest", "pytest"),
            "lint": _job("ruff", "ruff"),
            "format": _job("ruff", "ruff format"),
            "type_check": _job("mypy", "mypy"),
            "coverage": _job("pytest", "coverage.py"),
        },
        "issues": [],
        "dx_score": 10.0,
        "recommendations": [],
    }


def test_a_tool_that_is_named_without_arguments_is_a_tool() -> None:
    """As older pipelines name it; bare `ruff` is the linter, not the formatter."""
    result = check(
        """
        stages: [test, lint, format, type_check, coverage]
        test: {stage: test, script: pytest}
        lint: {stage: lint, script: ruff}
        format: {stage: format, script: black}
        type_check: {stage: type_check, script: mypy}
        coverage: {stage: coverage, script: coverage}
        """,
        "Python",
    )
    tools = {stage: entry["detected_tools"] for stage, entry in result["jobs"].items()}
    assert tools == {
        "test": ["pytest"],
        "lint": ["ruff"],
        "format": ["black"],
        "type_check": ["mypy"],
        "coverage": ["coverage.py"],
    }
    assert (result["dx_score"], result["issues"]) == (10.0, [])
    other = check("format: {script: ruff}", "Python")["jobs"]["format"]
    assert (other["job_present"], other["tool_detected"]) == (True, False)


def _job(name: str, tool: str) -> dict[str, Any]:
    return {
        "stage_present": True,
        "job_present": True,
        "tool_detected": True,
        "job_names": [name],
        "detected_tools": [tool],
        "indirect_execution": False,
    }


def test_the_weights_make_ten() -> None:
    """So that the score is their sum."""
    assert list(WEIGHTS) == STAGES
    assert list(WEIGHTS.values()) == [3, 2, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("tests: {script: pytest}", 3.0),
        ("tests: {script: ./run.sh}", 1.5),
        ("tests: {script: pytest, when: manual}", 1.5),
        ("tests: {script: pytest, rules: [{when: never}]}", 0.0),
        ("tests: {script: pytest, rules: [{if: $A}, {when: never}]}", 3.0),
        ("lint: {script: ./run.sh}", 1.0),
        ("lint: {script: make lint}", 2.0),
        ("format: {script: ./run.sh}", 0.5),
        ("a: {script: ruff format --check}", 1.0),
        ("a: {script: ruff check}", 2.0),
        ("types: {script: ./run.sh}", 1.0),
        ("a: {script: mypy .}", 2.0),
        ("a: {script: coverage report}", 2.0),
        ("a: {script: ./run.sh, coverage: '/x/'}", 1.0),
        ("a: {script: x, artifacts: {reports: {coverage_report: {path: x}}}}", 2.0),
        ("a: {script: ./run.sh, stage: test}", 1.5),
        ("a: {script: ./run.sh}", 0.0),
        ("gitleaks: {script: gitleaks detect, stage: lint}", 0.0),
        (".tests: {script: pytest}", 0.0),
        (".tests: {script: pytest}\njob: {extends: .tests}", 3.0),
        ("deploy-test: {script: kubectl apply}", 0.0),
        ("a: {before_script: [pip install pytest], script: python app.py}", 0.0),
        ("default: {before_script: [mypy .]}\na: {script: echo}", 2.0),
    ],
)
def test_half_is_for_a_job_that_runs_and_half_for_a_tool(text: str, score: float) -> None:
    """A job that never runs runs no tool; a manual one runs it when a person wants."""
    assert check(text)["dx_score"] == score


def test_a_stage_without_jobs_is_present_but_says_so() -> None:
    """GitLab does not even show it."""
    result = check("stages: [lint]\nbuild: {script: make build}")
    assert result["stages_present"] == ["lint"]
    assert result["missing_stages"] == ["test", "format", "type_check", "coverage"]
    lint = result["jobs"]["lint"]
    assert lint["stage_present"]
    assert not lint["job_present"]
    assert {"message": "lint: the stage has no job", "severity": "medium"} in result["issues"]


def test_a_job_that_is_off_or_by_hand_is_noted() -> None:
    """With its name, as a note and as an issue."""
    manual = check("tests: {script: pytest, when: manual}")
    assert manual["jobs"]["test"]["note"] == "only started manually: tests"
    assert manual["jobs"]["test"]["job_names"] == ["tests"]
    assert manual["jobs"]["test"]["tool_detected"]
    off = check("tests: {script: pytest, rules: [{when: never}]}")
    assert off["jobs"]["test"]["note"] == "switched off: tests"
    assert not off["jobs"]["test"]["tool_detected"]
    assert {"message": "test: switched off: tests", "severity": "high"} in off["issues"]


def test_a_tool_that_runs_through_another_is_indirect() -> None:
    """Only if none is run by itself."""
    through = check("lint: {script: [make lint]}\ntests: {script: [tox, pytest]}")["jobs"]
    assert through["lint"]["indirect_execution"]
    assert through["lint"]["tool_detected"]
    assert through["lint"]["note"] == "run through make lint"
    assert through["lint"]["detected_tools"] == ["make lint"]
    assert not through["test"]["indirect_execution"]


def test_what_scripts_run_counts_where_it_is_known() -> None:
    """Instead of what their names promise."""
    pipeline = read_pipeline("lint: {script: npm run lint}\ncheck: {script: make check}")
    scripts = {("npm", ""): {"lint": "echo later"}, ("make", ""): {"check": "mypy .\npytest"}}
    stages = evaluate_stages(pipeline, ToolReader(Targets(scripts)))
    assert not stages["lint"].uses
    assert [use.tool for use in stages["type_check"].uses] == ["mypy"]
    assert stages["test"].note == "run through make check"


def test_a_failure_that_is_allowed_is_an_issue() -> None:
    """It does not change the score."""
    result = check("tests: {script: pytest, allow_failure: true}")
    assert result["dx_score"] == 3.0
    message = "test: a failure does not fail the pipeline"
    assert {"message": message, "severity": "low"} in result["issues"]


def test_what_was_not_looked_into_is_named() -> None:
    """And what GitLab would refuse."""
    result = check("include: {project: g/ci, file: a.yml}\ntests: {script: pytest}")
    assert any("project g/ci: a.yml" in issue["message"] for issue in result["issues"])
    broken = check("a: {extends: a, script: x}")
    assert broken["issues"][-1]["severity"] == "high"


@pytest.mark.parametrize(
    ("language", "lint"),
    [
        ("Python", "ruff check ."),
        ("JavaScript", "npx eslint ."),
        ("typescript", "npx eslint ."),
        ("Go", "golangci-lint run"),
        ("Rust", "cargo clippy -- -D warnings"),
        ("Java", "mvn checkstyle:check"),
        ("Unknown", "make lint"),
        ("Cobol", "make lint"),
    ],
)
def test_recommendations_speak_the_language_of_the_project(language: str, lint: str) -> None:
    """One for each stage that lacks something, and their commands are recognised themselves."""
    result = check("build: {script: make}", language)
    assert [one["command"] for one in result["recommendations"]][1] == lint
    assert {tuple(one) for one in result["recommendations"]} == {("message", "command", "severity")}
    for stage in STAGES:
        command = command_for(stage, language)  # type: ignore[arg-type]
        text = f"job: {{script: [{command!r}]}}"
        assert check(text)["jobs"][stage]["tool_detected"], command


@pytest.mark.parametrize("text", ["", "  \n", None, "# nothing", "a: [", "a: *b"])
def test_where_there_is_nothing_to_read_there_is_an_error(text: Any) -> None:
    """With all the keys that a caller expects, and never an exception."""
    result = check_ci_pipeline(text, "Go")
    assert result["error"]
    assert result["dx_score"] == 0.0
    assert result["missing_stages"] == list(result["jobs"]) == STAGES
    assert len(result["recommendations"]) == 5


@settings(deadline=None)
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            ["test: ", "{", "}", "script: ", "[", "]", "pytest", ", ", "\n", "when: manual", "  ",
             "- ", "extends: test", "!reference [test, script]", "stages: [test]", "&a ", "*a"]
        )
    ).map("".join),
    st.text(),
)  # fmt: skip
def test_no_text_raises_and_the_score_stays_in_its_bounds(text: str, project_type: str) -> None:
    """What is present is not missing."""
    result = check_ci_pipeline(text, project_type)
    assert 0 <= result["dx_score"] <= 10
    assert sorted([*result["stages_present"], *result["missing_stages"]]) == sorted(STAGES)
