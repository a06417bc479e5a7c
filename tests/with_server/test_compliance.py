"""Compliance of projects: one, many side by side, and no row changed by another's trouble."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from project_examples import COMPLETE
from shelf import Shelf
from test_rules_project_examples import EXAMPLES

from gitlab_sync import CancelToken, GitLabClient
from gitlab_sync.api import project_facts
from gitlab_sync.errors import AuthenticationError, ConfigurationError, NotFound
from gitlab_sync.rules.bounds import MOST_CHARACTERS
from gitlab_sync.rules.projects.compliance import Policy, evaluate
from gitlab_sync.rules.projects.facts import Finding
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, demo_world
from gitlab_sync.services import project_report as compliance
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import Progress, TableRow


@pytest.fixture
def group(world: World) -> str:
    """Return a group of the world that has projects in itself and below."""
    return str(world.tables.groups[0]["full_path"])


def at(finding: Finding) -> tuple[object, ...]:
    """Return a finding without its link, which names the project."""
    return finding.result, finding.reason, finding.path, finding.line, finding.share


# -- what is found ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_example_of_the_rules_is_judged_the_same_when_it_is_read_from_a_server(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """Each file that counts is read, no other is, and what is denied is unknown."""
    sandbox.faults.add("status", status=403, path="/projects/:id/ci/lint", times=None)
    # A tree that breaks off half-way would need a second page.
    examples = [one for one in EXAMPLES if not (one.facts.tree.missing and one.facts.tree.rows)]
    assert len(examples) >= 40
    served = {shelf.serve(one.facts): one for one in examples}
    report = compliance.check_projects(client, served)
    assert len(report.checked) == len(served)
    for checked in report.checked:
        one = served[checked.asked]
        assert checked.report is not None
        expected = evaluate(one.facts)
        for check, finding in expected.findings.items():
            found = checked.report.findings[check]
            assert at(found) == at(finding), f"{one.name}: {check}"
            if found.path is not None:
                base = f"https://gitlab.example/{checked.asked}/-/blob/main/{found.path}"
                assert str(found.link).partition("#")[0] == base
        assert checked.report.score == expected.score, one.name
        assert checked.row["Status"] == ("Partial" if expected.unverified else "Success")


@pytest.mark.parametrize("kind", ["id", "path", "URL", "URL of a file", "SSH", "our own URL"])
def test_a_project_is_named_by_its_id_its_path_or_a_url(
    kind: str, client: GitLabClient, world: World
) -> None:
    """All say the same project."""
    project = world.tables.projects[0]
    path = project["path_with_namespace"]
    name = {
        "id": project["id"],
        "path": path,
        "URL": project["web_url"],
        "URL of a file": f"{project['web_url']}/-/blob/main/README.md",
        "SSH": f"git@gitlab.example:{path}.git",
        "our own URL": f"{client.base_url}/{path}",
    }[kind]
    report = compliance.check_projects(client, [name])
    assert [row["Project"] for row in report] == [path]
    assert compliance.check_project(client, name) == report.checked[0].report
    assert report.completeness.whole


def test_a_policy_decides_which_licences_are_allowed(client: GitLabClient, shelf: Shelf) -> None:
    """The column's title follows it, and so does the cell."""
    path = shelf.put(COMPLETE)
    mit = Policy(licences=frozenset({"MIT"}))
    assert compliance.check_project(client, path, policy=mit).findings["license"].result == "fail"
    report = compliance.check_projects(client, [path], policy=mit)
    assert tuple(report[0]) == compliance.columns(mit)
    assert report[0]["MIT"] == "no"
    assert compliance.check_projects(client, [path])[0]["AGPLv3"] == "yes"


# -- what cannot be read ---------------------------------------------------------------------------


def test_a_project_that_is_not_there_is_an_error(client: GitLabClient) -> None:
    """And blank is no name of any."""
    with pytest.raises(NotFound):
        compliance.check_project(client, "no/such")
    with pytest.raises(ConfigurationError):
        compliance.check_project(client, " / ")


def test_one_projects_trouble_touches_no_other_row(client: GitLabClient, shelf: Shelf) -> None:
    """The worst come first, and those of which nothing is known last."""
    good, bad = shelf.put(COMPLETE), shelf.put({"app.py": ""})
    alone = compliance.check_projects(client, [good])[0]
    report = compliance.check_projects(client, [good, "no/such", "..", bad])
    assert [row["Project"] for row in report] == [bad, good, "..", "no/such"]
    assert [each.row for each in report.checked] == list(report)
    assert report[1] == alone
    assert [row["Status"] for row in report] == ["Success", "Success", "Error", "Error"]
    assert report[3]["Compliance Score"] is None
    assert "404" in str(report[3]["Error"])
    assert str(report.completeness) == "2 of 4 projects read, 1 failed, 1 not found"


def test_files_that_may_not_be_read_are_no_faults(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox
) -> None:
    """A token may see a project and not its code."""
    path = shelf.put(COMPLETE)
    for endpoint in ("/projects/:id/repository/tree", "/projects/:id/repository/files/:path"):
        sandbox.faults.add("status", status=403, path=endpoint, times=None)
    report = compliance.check_projects(client, [path])
    checked = report.checked[0]
    assert checked.report is not None
    assert not checked.report.faults
    assert "403" in checked.report.findings["license"].reason
    assert report[0]["Status"] == "Partial"
    assert report[0]["AGPLv3"] is report[0]["Stack"] is None
    assert str(report.completeness) == "0 of 1 project read, 1 denied"


def test_a_wrong_token_is_an_error_in_each_row(sandbox: Sandbox, world: World) -> None:
    """And one that a single project raises."""
    with GitLabClient(sandbox.url, "wrong") as client:
        report = compliance.check_projects(client, [101, 102])
        assert {row["Status"] for row in report} == {"Error"}
        assert str(report.completeness) == "0 of 2 projects read, 2 not signed in"
        with pytest.raises(AuthenticationError):
            compliance.check_project(client, 101)


# -- many ------------------------------------------------------------------------------------------


def test_a_group_stands_for_its_projects_and_those_of_its_subgroups(
    client: GitLabClient, sandbox: Sandbox, world: World, group: str
) -> None:
    """By path, by id or by URL; what is shared with it is not asked for."""
    inside = {
        project["path_with_namespace"]
        for project in world.tables.projects
        if project["path_with_namespace"].startswith(f"{group}/")
    }
    for name in (group, world.tables.groups[0]["id"], f"https://gitlab.example/groups/{group}"):
        report = compliance.check_projects(client, group=name)
        assert {row["Project"] for row in report} == inside
    scores = [row["Compliance Score"] for row in report]
    assert scores == sorted(scores)  # type: ignore[type-var]
    asked = next(each for each in sandbox.traffic.exchanges if "/groups/" in each.path)
    assert "with_shared=false" in asked.query


def test_archived_projects_and_forks_of_a_group_are_left_out_and_counted(
    client: GitLabClient, world: World, group: str
) -> None:
    """The first cannot be changed, and the second are others' work; naming them includes them."""
    first = world.tables.projects[0]
    inside = {**first, "archived": True, "id": 9001, "path_with_namespace": f"{group}/old"}
    fork = {"id": 1, "path_with_namespace": "upstream/it"}
    world.put("projects", inside)
    world.put("projects", {**first, "id": 9002, "path_with_namespace": f"{group}/fork",
                           "forked_from_project": fork})  # fmt: skip
    world.put("projects", {**first, "id": 9003, "path_with_namespace": f"{group}/gone",
                           "marked_for_deletion_on": "2026-01-01"})  # fmt: skip
    report = compliance.check_projects(client, group=group)
    assert not {row["Project"] for row in report} & {f"{group}/{name}" for name in ("old", "fork")}
    assert report.left_out == {"archived": 1, "forks": 1, "marked for deletion": 1}
    named = compliance.check_projects(client, [9001], group=group)
    assert f"{group}/old" in {row["Project"] for row in named}


def test_a_group_that_is_not_there_has_a_row_that_says_so(
    client: GitLabClient, shelf: Shelf
) -> None:
    """Projects that were named are still evaluated."""
    path = shelf.put(COMPLETE)
    report = compliance.check_projects(client, [path], group="no/such")
    assert [row["Project"] for row in report] == [path, "no/such"]
    assert [row["Status"] for row in report] == ["Success", "Error"]
    assert str(report.completeness) == "1 of 1 project read, 1 list of the group not found"
    with pytest.raises(ConfigurationError):
        compliance.check_projects(client, group=" ")


def test_a_groups_list_that_breaks_off_keeps_what_it_has(
    client: GitLabClient, sandbox: Sandbox, world: World, group: str
) -> None:
    """The projects of its first page are evaluated, and a row says that there are more."""
    first = world.tables.projects[0]
    for number in range(120):
        world.tables.projects.append(
            {**first, "id": 6000 + number, "path_with_namespace": f"{group}/p{number}"}
        )
    world.changed()
    sandbox.faults.add("status", status=403, path="/groups/*", query={"page": "2"}, times=None)
    report = compliance.check_projects(client, group=group)
    assert len(report) == 101
    assert report[-1]["Project"] == group
    assert "403" in str(report[-1]["Error"])
    assert not report.completeness.whole


def test_a_project_that_is_named_twice_has_one_row(
    client: GitLabClient, world: World, group: str
) -> None:
    """In another case, by id and path, or by its group as well."""
    project = world.tables.projects[0]
    path = project["path_with_namespace"]
    report = compliance.check_projects(client, [path, path.upper(), project["id"]], group=group)
    assert [row["Project"] for row in report].count(path) == 1
    assert report.completeness.total == report.completeness.read == len(report)


def test_names_of_nothing_are_no_projects(client: GitLabClient, sandbox: Sandbox) -> None:
    """A single text is refused: it would be taken for its letters."""
    assert list(compliance.check_projects(client, ["", " / "])) == []
    assert sandbox.traffic.total == 0
    with pytest.raises(ConfigurationError):
        compliance.check_projects(client, "group/app")


def test_who_watches_sees_each_row_as_it_comes(client: GitLabClient, world: World) -> None:
    """Rows, projects, numbers: all in the thread that called."""
    rows: list[TableRow] = []
    progress: list[Progress] = []
    checked: list[compliance.Checked] = []
    tracker = ProgressTracker()
    run = Run(tracker=tracker, on_row=rows.append, on_progress=progress.append)
    report = compliance.check_projects(client, [101, 102, "no/such"], run=run,
                                       on_checked=checked.append)  # fmt: skip
    assert sorted(map(str, rows)) == sorted(map(str, report))
    assert [each.row for each in checked] == rows
    assert [each.done for each in progress] == [0, 1, 2, 3]
    assert {each.total for each in progress} == {3}
    assert (tracker.now().done, tracker.now().total) == (3, 3)
    assert progress[-1].requests == tracker.now().requests > 4


def test_projects_are_read_side_by_side_and_a_cancel_keeps_what_is_done(
    client: GitLabClient, shelf: Shelf, sandbox: Sandbox, aside: ThreadPoolExecutor
) -> None:
    """Each has its row: the finished ones theirs, the others the reason."""
    done, *others = (shelf.put(COMPLETE) for _ in range(5))
    for number in range(5002, 5006):
        sandbox.faults.add("stall", path=f"/projects/{number}/repository/files/*", times=None)
    for name in others:
        sandbox.faults.add("stall", path=f"/projects/{quote(name, safe='')}*", times=None)
    cancel = CancelToken()
    seen: list[TableRow] = []
    run = Run(cancel=cancel, on_row=seen.append)
    working = aside.submit(compliance.check_projects, client, [*others, done], run=run)
    # The 8 workers of the client hold record and list of all four.
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight >= 8, timeout=20)
    cancel.cancel("that is enough")
    report = working.result(20)
    assert len(report) == len(seen) == 5
    assert all("that is enough" in str(row["Error"]) for row in report if row["Project"] != done)
    assert "cancelled" in str(report.completeness)


def test_a_cancel_keeps_no_project_waiting_for_its_evaluation(
    client: GitLabClient, shelf: Shelf
) -> None:
    """What is read after it, or was read before it, says so as well."""
    cancel = CancelToken()

    def stop(_: compliance.Checked) -> None:
        cancel.cancel("that is enough")

    names = [shelf.put(COMPLETE) for _ in range(4)]
    report = compliance.check_projects(client, names, run=Run(cancel=cancel), on_checked=stop)
    assert sorted(str(row["Error"]) for row in report) == ["None", *["that is enough"] * 3]
    assert str(report.completeness) == "1 of 4 projects read, 3 cancelled"


# -- hostile projects ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("pyproject.toml", "a." * 32_000 + "a = 1", "a key with more than 30 parts"),
        ("README.md", "x" * (MOST_CHARACTERS + 1), "longer than 2 MiB"),
        (".gitlab-ci.yml", "include: 'ci/*.yml'\na: " + "[" * 500, "more than 100 levels"),
    ],
)
def test_a_hostile_project_is_unknown_and_the_other_has_its_row(
    client: GitLabClient, shelf: Shelf, path: str, text: str, why: str
) -> None:
    """What is beyond the bounds is no error of the run: everything was read."""
    good, hostile = shelf.put(COMPLETE), shelf.put({**COMPLETE, path: text})
    alone = compliance.check_projects(client, [good])[0]
    report = compliance.check_projects(client, [hostile, good])
    rows = {row["Project"]: row for row in report}
    assert rows[good] == alone
    assert rows[hostile]["Status"] == "Partial"
    assert why in str(rows[hostile]["Error"])
    assert report.completeness.whole


@pytest.mark.parametrize("fault", [MemoryError("full"), RecursionError("deep"), KeyError("x")])
@pytest.mark.parametrize("where", [compliance.rules, project_facts.project_files])
def test_a_fault_of_ours_in_one_project_ends_no_other(
    client: GitLabClient,
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: Any,
    fault: Exception,
) -> None:
    """Its row says what happened, and the log where: in its evaluation, or while it was read."""
    good, bad = shelf.put(COMPLETE), shelf.put({"app.py": ""})
    name = "evaluate" if where is compliance.rules else "wanted_files"
    usual = getattr(where, name)

    def failing(first: Any, *others: Any) -> Any:
        tree = getattr(first, "tree", first)
        if len(tree.rows) == 1:
            raise fault
        return usual(first, *others)

    monkeypatch.setattr(where, name, failing)
    report = compliance.check_projects(client, [bad, good])
    assert [row["Status"] for row in report] == ["Success", "Error"]
    kind = type(fault).__name__
    assert report[1]["Error"] == f"not evaluated: {kind} in gitlab-sync"
    assert str(report.completeness) == "1 of 2 projects read, 1 failed"
    assert f"{bad} could not be evaluated" in caplog.text
    assert kind in caplog.text
    assert "report it" in report.checked[1].errors[0].hint


def test_the_demo_has_projects_from_well_kept_to_bare(
    make_bridge: Callable[..., Any],
) -> None:
    """So that who looks around sees each shade."""
    with Sandbox(demo_world()) as demo:
        client = GitLabClient(demo.url, demo.token("admin"), bridge=make_bridge())
        report = compliance.check_projects(client, range(21, 25))
        assert report.completeness.whole
        scores = [float(row["Compliance Score"] or 0) for row in report]
        assert scores[0] < 10
        assert scores[-1] > 90
        assert demo.traffic.total <= 8 * 4
