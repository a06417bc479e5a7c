"""What compliance reads of a project, in how few requests, and what cannot be read."""

from __future__ import annotations

import pytest
from project_examples import COMPLETE, repository
from shelf import Shelf

from gitlab_sync import GitLabClient
from gitlab_sync.api import project_facts, project_tree
from gitlab_sync.rules.projects.compliance import Policy, evaluate
from gitlab_sync.rules.projects.facts import Unread
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.services import project_report as compliance
from gitlab_sync.session import workflow as plans

GRAPHQL = "/api/graphql"
LINT = "/projects/:id/ci/lint"
TREE = "/projects/:id/repository/tree"
FILE = "/projects/:id/repository/files/:path"
PROJECT = "/projects/:id"


def without_graphql(sandbox: Sandbox) -> None:
    """Switch GraphQL off, so that each file is read by itself."""
    sandbox.faults.add("status", status=404, path=GRAPHQL, times=None)


def test_files_are_read_at_the_ref_that_was_asked_for(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """The list of files and each text; links lead there, too."""
    world.tables.branches[101].append({**world.tables.branches[101][0], "name": "next/step"})
    without_graphql(sandbox)
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


def test_a_normal_project_costs_four_requests_in_two_rounds(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Record, list and languages together, then all files at once."""
    path = shelf.put(COMPLETE)
    assert compliance.check_project(client, path).score.percent == 100
    assert sandbox.traffic.total == 4
    assert [each.endpoint for each in sandbox.traffic.exchanges[3:]] == [GRAPHQL]


def test_without_graphql_a_normal_project_costs_at_most_eight_requests_in_three_rounds(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Record, list and languages together, then the files that the checks read and no other."""
    path = shelf.put(COMPLETE)
    run = Run(source="rest")
    assert compliance.check_projects(client, [path], run=run)[0]["Compliance Score"] == 100
    assert sandbox.traffic.total <= 8
    assert sandbox.traffic.count(PROJECT) == sandbox.traffic.count(TREE) == 1
    read = [each.path.rpartition("/")[2] for each in sandbox.traffic.exchanges[3:]]
    assert sorted(read) == [
        ".gitlab-ci.yml", ".pre-commit-config.yaml", "LICENSE", "README.md", "pyproject.toml",
    ]  # fmt: skip


def test_no_file_is_asked_for_that_is_not_there(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """The list of files tells; no name is tried."""
    compliance.check_project(client, shelf.put({"app.py": ""}))
    assert sandbox.traffic.total == 3
    assert set(sandbox.traffic.by_status) == {200}


def test_a_list_of_files_is_read_to_its_end(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """A few pages side by side."""
    many = {f"src/deep/m{number:03}.py": "" for number in range(250)}
    path = shelf.put({**many, "tests/test_last.py": ""})
    assert compliance.check_project(client, path).findings["tests"].result == "pass"
    assert sandbox.traffic.count(TREE) == 3


def test_a_long_list_of_files_is_read_at_once(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """The first page says how long it is; then GitLab gives all of it without pages."""
    many = {f"src/deep/m{number:04}.py": "" for number in range(1_250)}
    path = shelf.put({**many, "tests/test_last.py": ""})
    assert compliance.check_project(client, path).findings["tests"].result == "pass"
    assert sandbox.traffic.count(TREE) == 2
    assert sandbox.traffic.total <= 4


def test_an_older_gitlab_gives_a_long_list_page_by_page(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """It knows no list without pages."""
    body = '{"error": "pagination does not have a valid value"}'
    sandbox.faults.add("status", status=400, body=body, path=TREE, nth=2)
    many = {f"src/deep/m{number:03}.py": "" for number in range(450)}
    path = shelf.put({**many, "tests/test_last.py": ""})
    assert compliance.check_project(client, path).findings["tests"].result == "pass"
    assert sandbox.traffic.count(TREE) == 1 + 1 + 5


def test_a_list_without_end_is_cut_and_the_root_is_read_all_the_same(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found passes, what is not is unknown, and the row says so."""
    monkeypatch.setattr(project_tree, "MOST_PAGES", 3)
    many = {f"a/m{number:03}.py": "" for number in range(350)}
    path = shelf.put({**COMPLETE, **many})
    report = compliance.check_projects(client, [path])
    assert sandbox.traffic.count(TREE) == 2
    checked = report.checked[0]
    assert checked.report is not None
    assert checked.report.findings["readme"].result == "pass"
    assert checked.report.findings["tests"].result == "unknown"
    assert "only the first 100" in checked.report.findings["tests"].reason
    assert report[0]["Status"] == "Partial"
    assert str(report.completeness) == "0 of 1 project read, 1 too large"


def test_what_the_pipeline_includes_is_read_level_by_level_and_only_once(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """A circle of includes ends."""
    without_graphql(sandbox)
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
    assert report.checked[0].report.findings["license"].reason.startswith("no LICENSE")


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
    without_graphql(sandbox)
    path = shelf.put(COMPLETE)
    sandbox.faults.add("status", status=200, body=body, path="*/README.md", times=None)
    found = compliance.check_project(client, path).findings["readme"]
    assert found.result == "unknown"
    assert "README.md" in found.reason


def test_a_file_that_was_removed_meanwhile_is_unknown(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """The list and the files are read apart; a push can come between them."""
    without_graphql(sandbox)
    path = shelf.put(COMPLETE)
    body = '{"message": "404 File Not Found"}'
    sandbox.faults.add("status", status=404, body=body, path="*/README.md")
    report = compliance.check_project(client, path)
    assert report.findings["readme"].result == "unknown"
    assert report.findings["readme"].reason == "README.md: 404 File Not Found"


def test_a_symbolic_link_has_the_text_that_it_leads_to(
    client: GitLabClient, shelf: Shelf, world: World
) -> None:
    """Within the repository; its own text is only a path, no README that is too short."""
    readme = COMPLETE["README.md"]
    path = shelf.put({**COMPLETE, "README.md": "docs/start.md\n", "docs/start.md": readme})
    number = next(one["id"] for one in world.tables.projects if one["path_with_namespace"] == path)
    for entry in world.tables.tree[number]:
        if entry["path"] == "README.md":
            entry["mode"] = "120000"
    world.tables.files[number]["docs/start.md"] = readme
    assert compliance.check_project(client, path).findings["readme"].result == "pass"
    for out in ("../other/README.md", "gone.md", "README.md"):
        world.tables.files[number]["README.md"] = out
        found = compliance.check_project(client, path).findings["readme"]
        assert found.result == "unknown"
        assert "README.md: a symbolic link" in found.reason


def test_texts_in_other_encodings_are_read(client: GitLabClient, shelf: Shelf) -> None:
    """A byte order mark is no part of a text."""
    path = shelf.put({"pyproject.toml": "\ufeff[tool.ruff]\n", "app.py": ""})
    assert compliance.check_project(client, path).findings["linter"].result == "pass"


# -- files by GraphQL ------------------------------------------------------------------------------


def test_what_graphql_does_not_return_is_read_over_rest(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, world: World
) -> None:
    """A file that is gone, or one that GitLab takes for binary."""
    path = shelf.put(COMPLETE)
    del world.tables.files[5001]["README.md"]
    found = compliance.check_project(client, path).findings["readme"]
    assert (found.result, found.reason) == ("unknown", "README.md: 404 File Not Found")
    assert sandbox.traffic.count(FILE) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"errors": [{"message": "Query has complexity of 346, exceeding max complexity of 250"}]}',
        '{"errors": [{"message": "Field \'blobs\' doesn\'t exist on type \'Repository\'"}]}',
        '{"data": {"project": null}}',
        '{"data": {"project": {"repository": {"blobs": {"nodes": [null, {"path": 5}]}}}}}',
    ],
)
def test_a_gitlab_that_refuses_many_files_at_once_is_asked_for_each(
    body: str, client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Some versions take two files for too complex; the report is the same."""
    paths = [shelf.put(COMPLETE) for _ in range(3)]
    sandbox.faults.add("status", status=200, body=body, path=GRAPHQL, times=None)
    for path in paths:
        assert compliance.check_project(client, path).score.percent == 100
    refused = "errors" in body
    assert sandbox.traffic.count(GRAPHQL) == (1 if refused else 3)


def test_the_complexity_of_a_query_for_files_is_below_gitlabs_limit(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Whatever a project has; the sandbox refuses more, as GitLab does."""
    many = {f"p{number}/package.json": "{}" for number in range(60)}
    names = ("pyproject.toml", "setup.cfg", "tox.ini", "Makefile", "go.mod", "pom.xml")
    more = {f"a{number}/{name}": "" for number in range(9) for name in names}
    compliance.check_project(client, shelf.put({**COMPLETE, **many, **more}))
    assert sandbox.traffic.count(FILE) == 0


# -- the merged pipeline ---------------------------------------------------------------------------

FOREIGN = {
    "app.py": "",
    ".gitlab-ci.yml": "include: {project: group/shared, file: /ci.yml}\nown: {script: echo}\n",
}


def shared(shelf: Shelf, text: str, **project: object) -> None:
    """Serve a project with a pipeline that others include."""
    record = {"path_with_namespace": "group/shared", **project}
    shelf.put({".gitlab-ci.yml": text, "ci.yml": text}, **record)
    world = shelf.world
    world.tables.files[world.tables.projects[-1]["id"]]["ci.yml"] = text


def test_what_another_project_adds_to_the_pipeline_is_known_from_gitlab(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """One request tells what is included from anywhere; own jobs keep their lines."""
    shared(shelf, ".py: {script: pytest}\ntests: {extends: .py}\n")
    report = compliance.check_project(client, shelf.put(FOREIGN))
    assert report.findings["ci_test"].result == "pass"
    assert report.findings["ci_test"].reason == "tests runs pytest"
    assert report.findings["ci_lint"].result == "fail"
    assert sandbox.traffic.count(LINT) == 1


def test_a_pipeline_that_can_be_read_is_not_asked_for(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Nor is one without includes from elsewhere."""
    compliance.check_project(client, shelf.put({".gitlab-ci.yml": "include: a.yml", "a.yml": ""}))
    compliance.check_project(client, shelf.put(COMPLETE))
    assert sandbox.traffic.count(LINT) == 0


@pytest.mark.parametrize("status", [401, 403, 404])
def test_where_the_merged_pipeline_may_not_be_read_it_is_unknown_as_before(
    status: int, client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """That is no error of the run."""
    shared(shelf, "tests: {script: pytest}\n")
    sandbox.faults.add("status", status=status, path=LINT, times=None)
    report = compliance.check_projects(client, [shelf.put(FOREIGN)])
    assert report.completeness.whole
    assert report.checked[0].report is not None
    found = report.checked[0].report.findings["ci_test"]
    assert found.result == "unknown"
    assert "project group/shared: /ci.yml not read" in found.reason


def test_why_gitlab_refuses_the_pipeline_is_told(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """The token may not see what is included."""
    found = compliance.check_project(client, shelf.put(FOREIGN)).findings["ci_test"]
    assert found.result == "unknown"
    assert "Project `group/shared` not found or access denied" in found.reason


def test_an_answer_about_another_pipeline_is_not_used(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Older versions only know the default branch: the jobs of the text must be there."""
    body = '{"valid": true, "merged_yaml": "x: {script: pytest}", "errors": []}'
    sandbox.faults.add("status", status=200, body=body, path=LINT)
    assert compliance.check_project(client, shelf.put(FOREIGN)).findings["ci_test"].result == (
        "unknown"
    )


@pytest.mark.parametrize(
    "body", ["[]", "{}", '{"valid": true, "merged_yaml": 5}', '{"valid": true, "merged_yaml": "["}']
)
def test_an_answer_that_holds_no_pipeline_is_as_none(
    body: str, client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """It ends nothing."""
    sandbox.faults.add("status", status=200, body=body, path=LINT)
    assert compliance.check_project(client, shelf.put(FOREIGN)).findings["ci_test"].result == (
        "unknown"
    )


# -- scripts that are called -----------------------------------------------------------------------


def test_scripts_that_jobs_call_are_read_level_by_level(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """A circle ends."""
    path = shelf.put(
        {
            "app.py": "",
            ".gitlab-ci.yml": "check: {script: ci/all.sh}\n",
            "ci/all.sh": "ci/test.sh\nci/all.sh\n",
            "ci/test.sh": "pytest\n",
            "ci/never.sh": "ruff check\n",
        }
    )
    report = compliance.check_project(client, path)
    assert report.findings["ci_test"].reason == "check runs pytest"
    assert report.findings["ci_lint"].result == "fail"


def test_a_script_that_cannot_be_read_is_unknown(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """It could run any tool."""
    files = {"app.py": "", ".gitlab-ci.yml": "check: {script: ci/all.sh}\n"}
    facts = repository(files, {"ci/all.sh": Unread("403 Forbidden")})
    found = compliance.check_project(client, shelf.serve(facts)).findings["ci_test"]
    assert found.result == "unknown"
    assert "ci/all.sh: 403 Forbidden" in found.reason


def test_there_is_an_end_to_scripts(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not read is unknown."""
    monkeypatch.setattr(project_facts.project_files, "MOST_SCRIPTS", 3)
    chain = {f"s{number}.sh": f"./s{number + 1}.sh\n" for number in range(9)}
    path = shelf.put({"app.py": "", ".gitlab-ci.yml": "a: {script: ./s0.sh}\n", **chain})
    found = compliance.check_project(client, path).findings["ci_test"]
    assert (found.result, "s3.sh: not read" in found.reason) == ("unknown", True)


def test_the_languages_are_those_that_gitlab_counts_in_bytes(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, world: World
) -> None:
    """Scripts without a suffix count, too; if GitLab does not say, the files are counted."""
    path = shelf.put({"a.c": "", "b.c": "", "c.c": "", "tool": "", "d.py": "", "e.py": ""})
    number = next(one["id"] for one in world.tables.projects if one["path_with_namespace"] == path)
    assert compliance.check_project(client, path).stack == ("C", "Python")
    world.tables.languages[number] = {"C": 70.0, "Shell": 25.0, "Python": 5.0, "Makefile": 0}
    assert compliance.check_project(client, path).stack == ("C", "Shell")
    world.tables.languages[number] = {"HTML": 90.0, "Vue": "x", "C": 10}
    assert compliance.check_project(client, path).stack == ("C",)
    sandbox.faults.add("status", status=500, path="*/languages", times=None)
    assert compliance.check_project(client, path).stack == ("C", "Python")
