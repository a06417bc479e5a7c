"""Compliance of projects as command line and page show it: tables, suggestions, branches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from project_examples import COMPLETE, without
from shelf import Shelf

from gitlab_sync import GitLabClient
from gitlab_sync.errors import NotFound, PermissionDenied, ServerError
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.projects.checks import CHECKS
from gitlab_sync.rules.projects.compliance import Policy, Report
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.services.compliance import (
    FINDING_COLUMNS,
    ComplianceQuery,
    answer,
    branches_of,
    findings_sheet,
    has_ref,
    left_out,
    policy_of,
    projects_sheet,
    report_sheet,
    suggestions,
)
from gitlab_sync.services.project_report import Checked, columns
from gitlab_sync.types import TableRow

META = Meta(datetime(2026, 3, 5, tzinfo=UTC), "https://gitlab.example", "1 of 1 project read")


def report_of(client: GitLabClient, path: str, policy: Policy | None = None) -> Report:
    """Return the report on one project."""
    question = ComplianceQuery([path]) if policy is None else ComplianceQuery([path], policy=policy)
    (checked,) = answer(client, question).checked
    assert checked.report is not None
    return checked.report


# -- many projects ---------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_the_worst_first_with_links_to_gitlab(
    client: GitLabClient, shelf: Shelf
) -> None:
    """What could not be read comes last, unknown and without a link."""
    good, bare = shelf.put(COMPLETE), shelf.put({"app.py": ""})
    question = ComplianceQuery(["no/such", good, bare])
    sheet = report_sheet(question, answer(client, question), client.base_url)
    assert tuple(sheet.columns) == columns()
    assert [row["Project"] for row in sheet.rows] == [bare, good, "no/such"]
    links = [sheet.link("Project", row) for row in sheet.rows]
    assert links == [f"https://gitlab.example/{bare}", f"https://gitlab.example/{good}", None]
    assert sheet.rows[2]["Compliance Score"] is None
    assert sheet.kind("Compliance Score") == "percent"
    assert sheet.meta.completeness == "2 of 3 projects read, 1 not found"


def test_rows_come_as_they_are_known_and_make_a_table_before_the_end(
    client: GitLabClient, shelf: Shelf
) -> None:
    """To the watcher; each comes once, and they are the rows of the report."""
    paths = [shelf.put({"app.py": ""}) for _ in range(3)]
    seen: list[TableRow] = []
    checked: list[Checked] = []
    question = ComplianceQuery(paths)
    report = answer(client, question, Run(on_row=seen.append), checked.append)
    assert sorted(map(id, seen)) == sorted(map(id, report))
    assert [each.row for each in checked] == seen
    sheet = projects_sheet(question, seen[:1], META)
    assert [row["Project"] for row in sheet.rows] == [seen[0]["Project"]]
    assert sheet.link("Project", seen[0]) is None


def test_everything_is_all_projects_of_the_instance(client: GitLabClient, world: World) -> None:
    """In the place of a list."""
    report = answer(client, ComplianceQuery(everything=True))
    paths = {project["path_with_namespace"] for project in world.tables.projects}
    assert {row["Project"] for row in report} == paths


def test_a_file_says_what_was_judged_and_what_was_left_out(
    client: GitLabClient, world: World
) -> None:
    """For later readers."""
    group = world.tables.groups[0]["full_path"]
    inside = [
        each
        for each in world.tables.projects
        if str(each["path_with_namespace"]).startswith(f"{group}/")
    ]
    inside[0]["archived"] = True
    world.changed()
    question = ComplianceQuery(group=group, policy=policy_of(["MIT"]))
    report = answer(client, question)
    assert left_out(report) == ["1 archived"]
    scope = report_sheet(question, report, client.base_url).meta.scope
    assert scope == (
        f"group {group} and its subgroups; at the default branch; allowed licences MIT; "
        "without 1 archived"
    )


def test_a_question_is_the_same_whatever_the_order_and_case_of_its_names() -> None:
    """And another one by what is asked of the projects."""
    question = ComplianceQuery(["group/App", 12])
    assert question.key == ComplianceQuery(["12", "GROUP/app"]).key
    assert hash(question.key) == hash(ComplianceQuery(["12", "GROUP/app"]).key)
    stricter = Policy().with_setting({"weights": {"readme": 20}, "readme_length": 300})
    others = [
        replace(question, projects=[12]),
        replace(question, group="group"),
        replace(question, ref="v1"),
        replace(question, policy=policy_of(["MIT"])),
        replace(question, policy=stricter),
        ComplianceQuery(everything=True),
    ]
    keys = {question.key, *(other.key for other in others)}
    assert len(keys) == len(others) + 1


def test_chosen_licences_change_nothing_else_of_a_policy() -> None:
    """And none leave it as it is."""
    own = Policy().with_setting({"weights": {"readme": 20}, "readme_length": 300})
    assert policy_of([], own) is own
    chosen = policy_of(["MIT", "GPL-3.0"], own)
    assert chosen.licences == {"MIT", "GPL-3.0-only", "GPL-3.0-or-later"}
    assert replace(chosen, licences=own.licences) == own


# -- one project -----------------------------------------------------------------------------------


def test_the_table_of_one_has_each_check_with_its_place(client: GitLabClient, shelf: Shelf) -> None:
    """Its link leads to the line; what to do is said of faults only."""
    path = shelf.put(without("CHANGELOG.md"))
    report = report_of(client, path)
    sheet = findings_sheet(path, report, Policy(), META)
    assert tuple(sheet.columns) == FINDING_COLUMNS
    rows = {str(row["Id"]): row for row in sheet.rows}
    assert list(rows) == [check.id for check in CHECKS]
    lint = rows["ci_lint"]
    assert (lint["Path"], lint["Result"]) == (".gitlab-ci.yml", "pass")
    link = f"https://gitlab.example/{path}/-/blob/main/.gitlab-ci.yml#L{lint['Line']}"
    assert sheet.link("Path", lint) == link
    assert {name for name, row in rows.items() if row["How to fix"]} == {
        name for name, finding in report.findings.items() if finding.result == "fail"
    }


def test_suggestions_are_the_faults_the_weightiest_first(
    client: GitLabClient, shelf: Shelf
) -> None:
    """Each says what it brings, and together they bring the score to 100."""
    report = report_of(client, shelf.put({"app.py": "", "README.md": "Read me."}))
    found = suggestions(report, Policy())
    assert {each.check.id for each in found} == {check.id for check in report.faults}
    assert [each.weight for each in found] == sorted((each.weight for each in found), reverse=True)
    assert found[0].check.id == "license"
    assert report.score.percent is not None
    missing = sum(each.points for each in found)
    assert missing + report.score.percent == pytest.approx(100, abs=0.1)


def test_a_policy_says_what_weighs_most(client: GitLabClient, shelf: Shelf) -> None:
    """Not the usual weights."""
    policy = Policy().with_setting({"weights": {"changelog": 50}})
    report = report_of(client, shelf.put({"app.py": ""}), policy)
    assert suggestions(report, policy)[0].check.id == "changelog"


def test_half_of_a_stage_brings_the_other_half(client: GitLabClient, shelf: Shelf) -> None:
    """A job that only a person starts has the tool, and half of the weight."""
    ci = "unit:\n  when: manual\n  script: [pytest]\n"
    report = report_of(client, shelf.put({**COMPLETE, ".gitlab-ci.yml": ci}))
    by_id = {each.check.id: each for each in suggestions(report, Policy())}
    assert report.findings["ci_test"].share == 0.5
    assert by_id["ci_test"].weight == 3


def test_nothing_is_suggested_where_nothing_could_be_judged(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Unknown is no fault."""
    path = shelf.put(COMPLETE)
    sandbox.faults.add("status", status=403, path="*/repository/*", times=None)
    assert not suggestions(report_of(client, path), Policy())


# -- where to look ---------------------------------------------------------------------------------


def test_the_default_branch_comes_first(client: GitLabClient, world: World) -> None:
    """By id, path or address; the others by name."""
    project = world.tables.projects[1]
    branch = world.tables.branches[project["id"]][0]
    world.tables.branches[project["id"]] = [
        {**branch, "name": name} for name in ("a", project["default_branch"], "z")
    ]
    path = project["path_with_namespace"]
    for name in (project["id"], path, project["web_url"], f"{client.base_url}/{path}"):
        found = branches_of(client, name)
        assert found.project == path
        assert found.names == (project["default_branch"], "a", "z")
        assert found.error is None


def test_an_empty_repository_has_no_branch(client: GitLabClient, world: World) -> None:
    """Which is no error."""
    project = world.tables.projects[0]
    project |= {"default_branch": None, "empty_repo": True}
    world.tables.branches[project["id"]] = []
    world.changed()
    found = branches_of(client, project["id"])
    assert (found.names, found.error) == ((), None)


def test_a_project_that_is_not_there_has_no_branches(client: GitLabClient) -> None:
    """Nor has one without a name."""
    for name in ("no/such", "99999", ""):
        with pytest.raises(NotFound, match="no such project"):
            branches_of(client, name)


def test_branches_that_cannot_be_read_leave_the_default_one(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """With the reason; a project that cannot be read at all raises."""
    project = world.tables.projects[0]
    sandbox.faults.add("status", status=403, path="*/repository/branches", times=None)
    found = branches_of(client, project["id"])
    assert found.names == (project["default_branch"],)
    assert isinstance(found.error, PermissionDenied)
    sandbox.faults.add("status", status=500, path=f"/projects/{project['id']}", times=None)
    with pytest.raises(ServerError):
        branches_of(client, project["id"])


def test_a_branch_or_a_commit_is_there_or_not(client: GitLabClient, world: World) -> None:
    """A slash in its name is part of it; what cannot be read is neither."""
    project = world.tables.projects[1]
    number, branch = project["id"], world.tables.branches[project["id"]][0]
    world.tables.branches[number] = [branch, {**branch, "name": "feature/one"}]
    commit = world.commits[number][0].data["id"]
    assert has_ref(client, number, branch["name"])
    assert has_ref(client, project["path_with_namespace"], "feature/one")
    assert has_ref(client, number, commit[:8])
    assert not has_ref(client, number, "v99")


def test_whether_a_branch_is_there_is_not_guessed(client: GitLabClient, sandbox: Sandbox) -> None:
    """What cannot be read raises."""
    sandbox.faults.add("status", status=403, path="*/repository/commits/*", times=None)
    with pytest.raises(PermissionDenied):
        has_ref(client, 101, "v1")
