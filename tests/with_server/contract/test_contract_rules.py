"""The two rules that older code imports as functions: descriptions and pipelines.

What they decide in detail is tested with the rules; here are the shapes, and the texts of a real
merge request and a real project.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api import files
from gitlab_sync.rules.items.description import analyze_description
from gitlab_sync.rules.projects.ci_pipeline import check_ci_pipeline

STAGES = ["test", "lint", "format", "type_check", "coverage"]
ON, NEVER = "- if: $CI_COMMIT_BRANCH", "- when: never"


def test_analyze_description_gives_score_label_and_feedback(client: GitLabClient) -> None:
    """Of every description that a server has; feedback is a text of two hints at most."""
    for mr in client.get_all("merge_requests", {"scope": "all"}):
        found = analyze_description(mr["description"])
        assert list(found) == ["description_score", "quality_label", "feedback"]
        score, label = found["description_score"], found["quality_label"]
        assert 0 <= score <= 100
        assert label == ("High" if score >= 80 else "Moderate" if score >= 50 else "Low")
        assert isinstance(found["feedback"], str)
        assert found["feedback"].count(" | ") <= 1


@pytest.mark.parametrize("nothing", [None, "", " \n", "<!-- the template's own words -->"])
def test_analyze_description_takes_a_template_for_nothing(nothing: str | None) -> None:
    """The older one counted the comments of a template."""
    assert analyze_description(nothing)["description_score"] == 0
    assert analyze_description(nothing)["quality_label"] == "Low"


def test_check_ci_pipeline_has_the_older_keys(client: GitLabClient) -> None:
    """For the file of a project as it is read from a server."""
    text = files.read_file_content(client, 101, ".gitlab-ci.yml", "main")
    found = check_ci_pipeline(text, "Python")
    assert list(found) == [
        "stages_present", "missing_stages", "jobs", "issues", "dx_score", "recommendations",
    ]  # fmt: skip
    assert sorted(found["stages_present"] + found["missing_stages"]) == sorted(STAGES)
    assert list(found["jobs"]) == STAGES
    for stage in found["jobs"].values():
        assert {
            "stage_present", "job_present", "tool_detected", "job_names", "detected_tools",
            "indirect_execution",
        } == set(stage) - {"note"}  # fmt: skip
    assert 0 < found["dx_score"] == round(found["dx_score"], 1) <= 10
    for advice in check_ci_pipeline("job: {script: [true]}")["recommendations"]:
        assert set(advice) == {"message", "command", "severity"}
    for issue in check_ci_pipeline("include: other.yml\njob: {script: [true]}")["issues"]:
        assert set(issue) == {"message", "severity"}


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_check_ci_pipeline_says_when_there_is_nothing_to_read(nothing: str | None) -> None:
    """No stage is there, and no point."""
    found = check_ci_pipeline(nothing)
    assert found["error"]
    assert (found["stages_present"], found["dx_score"]) == ([], 0)


@pytest.mark.parametrize(
    ("rules", "runs"), [((ON, NEVER), True), ((NEVER,), False), ((NEVER, ON), False)]
)
def test_check_ci_pipeline_takes_a_last_never_for_what_it_is(
    rules: tuple[str, ...], runs: bool
) -> None:
    """After other rules it only says what happens else; what comes after it is never reached."""
    lines = "\n".join(f"    {rule}" for rule in rules)
    text = f"check:\n  script: [pytest]\n  rules:\n{lines}\n"
    assert check_ci_pipeline(text)["jobs"]["test"]["job_present"] is runs


def test_check_ci_pipeline_reads_gitlabs_own_ways_of_reuse() -> None:
    """`!reference`, `extends`, `default` and `before_script`; and `ruff format` is no linter."""
    text = dedent(
        """
        default: {before_script: [mypy .]}
        .lint: {script: [ruff check .]}
        lint: {extends: .lint}
        style: {script: [ruff format --check .], before_script: []}
        tests: {script: [!reference [.pytest, script]]}
        .pytest: {script: [pytest]}
        """
    )
    tools = {name: job["detected_tools"] for name, job in check_ci_pipeline(text)["jobs"].items()}
    assert all(tools[stage] for stage in ("test", "lint", "format", "type_check"))
    only_format = check_ci_pipeline("style: {script: [ruff format .]}")["jobs"]
    assert only_format["format"]["tool_detected"]
    assert not only_format["lint"]["tool_detected"]
