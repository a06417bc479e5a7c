"""What compliance reads of a project, in how few requests, and what cannot be read."""

from __future__ import annotations

import pytest
from project_examples import COMPLETE
from shelf import Shelf

from gitlab_sync import GitLabClient
from gitlab_sync.api import project_facts
from gitlab_sync.rules.projects.compliance import Policy, evaluate
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.services import project_report as compliance
from gitlab_sync.session import workflow as plans

TREE = "/projects/:id/repository/tree"
FILE = "/projects/:id/repository/files/:path"
PROJECT = "/projects/:id"


def test_files_are_read_at_the_ref_that_was_asked_for(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """The list of files and each text; links lead there, too."""
    world.tables.branches[101].append({**world.tables.branches[101][0], "name": "next/step"})
    report = compliance.check_project(client, 101, "next/step")
    asked = [each for each in sandbox.traffic.exchanges if each.endpoint in {TREE, FILE}]
    assert len(asked) > 2
    assert all("ref=next%2Fstep" in each.query for each in asked)
    assert "/-/blob/next/step/README.md" in str(report.findings["readme"].link)


def test_what_was_read_can_be_judged_again_without_a_request(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """`of_project` is the reading alone: another policy needs no other reading."""
    read = plans.run_workflow(client, project_facts.of_project(shelf.put(COMPLETE)))
    assert read.facts is not None
    asked = sandbox.traffic.total
    assert evaluate(read.facts).score.percent == 100
    assert evaluate(read.facts, Policy(licences=frozenset({"MIT"}))).score.percent == 84.8
    assert sandbox.traffic.total == asked


# -- what it costs ---------------------------------------------------------------------------------


def test_a_normal_project_costs_at_most_eight_requests_in_three_rounds(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Record and list together, then the files that the checks read and no other."""
    path = shelf.put(COMPLETE)
    assert compliance.check_project(client, path).score.percent == 100
    assert sandbox.traffic.total <= 8
    assert sandbox.traffic.count(PROJECT) == sandbox.traffic.count(TREE) == 1
    read = [each.path.rpartition("/")[2] for each in sandbox.traffic.exchanges[2:]]
    assert sorted(read) == [
        ".gitlab-ci.yml", ".pre-commit-config.yaml", "LICENSE", "README.md", "pyproject.toml",
    ]  # fmt: skip


def test_no_file_is_asked_for_that_is_not_there(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """The list of files tells; no name is tried."""
    compliance.check_project(client, shelf.put({"app.py": ""}))
    assert sandbox.traffic.total == 2
    assert set(sandbox.traffic.by_status) == {200}


def test_a_list_of_files_is_read_to_its_end(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """By cursor, since offsets end at 50,000."""
    many = {f"src/deep/m{number:03}.py": "" for number in range(250)}
    path = shelf.put({**many, "tests/test_last.py": ""})
    assert compliance.check_project(client, path).findings["tests"].result == "pass"
    assert sandbox.traffic.count(TREE) == 3


def test_a_list_without_end_is_cut_and_the_root_is_read_all_the_same(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found passes, what is not is unknown, and the row says so."""
    monkeypatch.setattr(project_facts, "MOST_PAGES", 2)
    many = {f"a/m{number:03}.py": "" for number in range(350)}
    path = shelf.put({**COMPLETE, **many})
    report = compliance.check_projects(client, [path])
    assert sandbox.traffic.count(TREE) == 3
    checked = report.checked[0]
    assert checked.report is not None
    assert checked.report.findings["readme"].result == "pass"
    assert checked.report.findings["tests"].result == "unknown"
    assert "only the first 200" in checked.report.findings["tests"].reason
    assert report[0]["Status"] == "Partial"
    assert str(report.completeness) == "0 of 1 project read, 1 too large"


def test_what_the_pipeline_includes_is_read_level_by_level_and_only_once(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """A circle of includes ends."""
    path = shelf.put(
        {
            "app.py": "",
            ".gitlab-ci.yml": "include: [/ci/*.yml, missing.yml]\n",
            "ci/a.yml": "include: b.yml\nlint: {script: ruff check .}\n",
            "ci/c.yml": "include: /.gitlab-ci.yml\n",
            "b.yml": "include: ci/a.yml\ntests: {script: pytest}\n",
        }
    )
    report = compliance.check_project(client, path)
    assert report.findings["ci_test"].path == "b.yml"
    assert report.findings["ci_lint"].path == "ci/a.yml"
    assert sandbox.traffic.count(FILE) == 4


def test_there_is_an_end_to_includes(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitLab refuses more than its limit; what is not read is unknown."""
    monkeypatch.setattr(project_facts, "MAX_INCLUDES", 3)
    chain = {f"ci/{number}.yml": f"include: ci/{number + 1}.yml\n" for number in range(9)}
    path = shelf.put({"app.py": "", ".gitlab-ci.yml": "include: ci/0.yml\n", **chain})
    report = compliance.check_project(client, path)
    assert report.findings["ci_test"].result == "unknown"
    assert sandbox.traffic.count(FILE) == 1 + 3


# -- what cannot be read ---------------------------------------------------------------------------


def test_an_empty_repository_is_read_to_its_end(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """GitLab answers 404 for the files of a repository without a commit."""
    path = shelf.put({}, empty_repo=True)
    sandbox.faults.add("status", status=404, path=TREE, body='{"message": "404 Tree Not Found"}')
    report = compliance.check_projects(client, [path])
    assert report.completeness.whole
    assert report[0]["Status"] == "Success"
    assert report.checked[0].report is not None
    assert report.checked[0].report.findings["license"].reason == "no LICENSE"


def test_a_ref_that_is_not_there_leaves_all_unknown(client: GitLabClient, shelf: Shelf) -> None:
    """It is neither an empty repository nor the default branch."""
    report = compliance.check_project(client, shelf.put(COMPLETE), "no-such-branch")
    assert report.findings["readme"].result == "unknown"
    assert "no-such-branch" in report.findings["readme"].reason
    assert not report.faults


def test_a_list_that_breaks_off_decides_what_it_can(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Half a list shows what is there, but not what is missing."""
    path = shelf.put({**COMPLETE, **{f"z/{number:03}.md": "" for number in range(200)}})
    sandbox.faults.add("status", status=403, path=TREE, nth=2, times=None)
    report = compliance.check_project(client, path)
    assert report.findings["readme"].result == "pass"
    assert not report.faults


@pytest.mark.parametrize("body", ['{"file_name": "README.md"}', '{"content": 5}', "[]"])
def test_an_answer_that_holds_no_text_is_unknown(
    body: str, client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """It is not an empty file."""
    path = shelf.put(COMPLETE)
    sandbox.faults.add("status", status=200, body=body, path="*/README.md", times=None)
    found = compliance.check_project(client, path).findings["readme"]
    assert found.result == "unknown"
    assert "README.md" in found.reason


def test_a_file_that_was_removed_meanwhile_is_unknown(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """The list and the files are read apart; a push can come between them."""
    path = shelf.put(COMPLETE)
    body = '{"message": "404 File Not Found"}'
    sandbox.faults.add("status", status=404, body=body, path="*/README.md")
    report = compliance.check_project(client, path)
    assert report.findings["readme"].result == "unknown"
    assert report.findings["readme"].reason == "README.md: 404 File Not Found"


def test_a_symbolic_link_is_not_judged_by_where_it_leads(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, world: World
) -> None:
    """Its text is a path, which would be taken for a README that is too short."""
    path = shelf.put(COMPLETE)
    for entry in world.tables.tree[5001]:
        if entry["path"] == "README.md":
            entry["mode"] = "120000"
    found = compliance.check_project(client, path).findings["readme"]
    assert (found.result, found.reason) == ("unknown", "README.md: a symbolic link")
    assert not [each for each in sandbox.traffic.exchanges if "README" in each.path]


def test_texts_in_other_encodings_are_read(client: GitLabClient, shelf: Shelf) -> None:
    """A byte order mark is no part of a text."""
    path = shelf.put({"pyproject.toml": "\ufeff[tool.ruff]\n", "app.py": ""})
    assert compliance.check_project(client, path).findings["linter"].result == "pass"
