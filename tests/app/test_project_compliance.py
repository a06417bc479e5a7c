"""The page of project compliance, in Streamlit's own test harness."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from visiting import (
    NAVIGATION,
    PATIENCE,
    go_to,
    in_the_demo,
    press,
    signed_in,
    texts,
    until,
    until_done,
)

from gitlab_sync.pages.compliance_report import TABS
from gitlab_sync.rules.projects.compliance import Policy
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.project_report import columns
from gitlab_sync.types import Record

PAGE = "project_compliance.py"


def at_many(at: AppTest) -> AppTest:
    """Go to the fields for many projects."""
    at.segmented_control(key="view").set_value("Many projects").run()
    assert not at.exception
    return at


def with_token(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Return an administrator of the sandbox on the page."""
    return go_to(signed_in(sandbox, monkeypatch, "admin"), PAGE)


def choose(at: AppTest, project: str) -> AppTest:
    """Type in a project, and press Run."""
    at.text_input(key="project").set_value(project)
    return press(at, "Run")


def errors(at: AppTest) -> str:
    """Return all errors of the page, as they are read."""
    return "\n".join(error.value for error in at.error).replace("\\", "")


def refuse_all(sandbox: Sandbox) -> None:
    """Let the GitLab accept no token any more."""
    sandbox.faults.add("status", status=401, path="*", times=None)


def second(sandbox: Sandbox) -> Record:
    """Return a project with two branches, `main` and `feature/one`."""
    project = sandbox.world.tables.projects[1]
    branch = sandbox.world.tables.branches[project["id"]][0]
    sandbox.world.tables.branches[project["id"]] = [
        {**branch, "name": name} for name in ("feature/one", project["default_branch"])
    ]
    return project


# -- one project -----------------------------------------------------------------------------------


def test_the_demo_is_filled_in_and_one_click_shows_the_report() -> None:
    """Score, stack, licence, documentation, and a tab for each other part."""
    at = until_done(press(in_the_demo(PAGE), "Run"))
    assert at.metric[0].value == "54.5 %"
    assert [tab.label for tab in at.tabs] == [*TABS, "Suggestions"]
    said = texts(at)
    assert "TypeScript" in said
    assert "**Documentation** · 3 of 6 pass" in said
    link = "https://gitlab.demo.example/harbour/tools/mooring/-/blob/main/.gitlab-ci.yml#L10"
    assert f"line 10]({link})" in said
    assert "What could not be read" not in said
    suggested = at.tabs[-1].markdown[0].value
    assert suggested.startswith("1. **")
    assert "adds 4 to the score" in suggested


def test_the_branches_are_offered_and_the_default_one_is_checked(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes first; they are read once while the project stays."""
    project = second(sandbox)
    at = choose(with_token(sandbox, monkeypatch), project["web_url"])
    assert at.selectbox(key="ref").options == [project["default_branch"], "feature/one"]
    at = until_done(press(at, "Run"))
    assert f"At {project['default_branch']}" in texts(at)
    at.selectbox(key="ref").set_value("feature/one")
    at = until_done(press(at, "Run"))
    assert "At feature/one" in texts(at)
    assert sandbox.traffic.count("/projects/:id/repository/branches") == 1


def test_another_project_begins_with_its_own_default_branch(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was chosen before means nothing in it."""
    project, other = second(sandbox), sandbox.world.tables.projects[0]
    at = choose(with_token(sandbox, monkeypatch), project["path_with_namespace"])
    at.selectbox(key="ref").set_value("feature/one").run()
    at = choose(at, other["path_with_namespace"])
    assert at.selectbox(key="ref").value is None


def test_a_branch_that_is_not_there_is_told_at_the_field(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is checked then."""
    path = second(sandbox)["path_with_namespace"]
    at = until_done(choose(with_token(sandbox, monkeypatch), path))
    read = sandbox.traffic.count("/projects/:id/repository/tree")
    field = at.selectbox(key="ref")
    field.options.append("v99")  # as a browser does with what is typed in
    field.set_value("v99")
    at = press(at, "Run")
    assert errors(at) == f"{path} has no branch, tag or commit “v99”."
    assert sandbox.traffic.count("/projects/:id/repository/tree") == read


@pytest.mark.parametrize(
    ("typed", "words"),
    [("no/such", "no such project"), ("alice", "“alice” is not a project"), ("a b/c", "no spaces")],
)
def test_a_project_that_is_not_there_is_told_at_the_field(
    typed: str, words: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And cannot be run."""
    at = choose(with_token(sandbox, monkeypatch), typed)
    assert words in errors(at)
    at = press(at, "Run")
    assert not at.metric
    assert not at.progress


def test_a_project_that_may_not_be_read_can_be_tried_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason and the advice are at the field."""
    project = sandbox.world.tables.projects[0]
    fault = sandbox.faults.add("status", status=403, path="/projects/*", times=None)
    at = choose(with_token(sandbox, monkeypatch), project["path_with_namespace"])
    assert "read_api" in errors(at)
    fault.remove()
    at = until_done(press(at, "Run"))
    assert not at.error
    assert at.selectbox(key="ref").options
    assert at.metric


def test_an_empty_repository_is_checked_by_what_there_is(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is little, but nothing of it is unknown."""
    project = sandbox.world.tables.projects[0]
    project |= {"empty_repo": True, "default_branch": None}
    sandbox.world.tables.branches[project["id"]] = []
    sandbox.world.tables.tree[project["id"]] = []
    sandbox.world.changed()
    at = choose(with_token(sandbox, monkeypatch), project["path_with_namespace"])
    assert "repository is empty" in texts(at)
    at = until_done(press(at, "Run"))
    assert at.metric[0].value.endswith(" %")
    assert "no README" in texts(at)
    assert "What could not be read" not in texts(at)


def test_what_is_unknown_is_shown_with_the_score(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its reason at the check and in the panel of errors."""
    project = sandbox.world.tables.projects[0]
    sandbox.world.tables.tree[project["id"]] = [{"path": "README.md", "type": "blob", "id": "1"}]
    sandbox.world.changed()
    sandbox.faults.add("status", status=403, path="*/files/README.md", times=None)
    at = choose(with_token(sandbox, monkeypatch), project["path_with_namespace"])
    at = until_done(press(at, "Run"))
    assert "unknown" in at.metric[0].delta
    assert "**README** · weight 10, left out" in texts(at)
    assert "What could not be read" in texts(at)


def test_no_project_is_told_too(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the empty page says what to do."""
    at = with_token(sandbox, monkeypatch)
    assert "Enter a project above" in texts(at)
    assert errors(press(at, "Run")) == "Enter a project."


def test_a_password_in_an_address_does_not_stay_in_the_field(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be in the page's URL; the project is still found."""
    project = sandbox.world.tables.projects[0]
    url = f"{sandbox.url}/{project['path_with_namespace']}"
    with_password = url.replace("://", "://oauth2:glpat-abcdefghij0123456789@")
    at = choose(with_token(sandbox, monkeypatch), with_password)
    assert at.text_input(key="project").value == url
    assert not at.error


def test_a_token_that_is_not_accepted_any_more_leads_back_to_the_ways_in(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a word about it, and no traceback."""
    at = with_token(sandbox, monkeypatch)
    refuse_all(sandbox)
    at = choose(at, sandbox.world.tables.projects[0]["path_with_namespace"])
    assert "no longer accepts your token" in at.info[0].value


# -- many projects ---------------------------------------------------------------------------------


def test_the_demos_group_is_a_table_the_worst_first() -> None:
    """With exactly the columns of the rules; `Error` is there if there is one."""
    at = until_done(press(at_many(in_the_demo(PAGE)), "Run"))
    table = at.dataframe[0].value
    shown = [column for column in table if column != "Open"]
    assert shown == [column for column in columns() if column != "Error"]
    assert table["Project"].tolist()[-1] == "harbour/route-planner"
    assert table["Compliance Score"].is_monotonic_increasing
    assert [tab.label for tab in at.tabs] == ["Table", "Chart"]
    assert "4 of 4 projects read" in texts(at)


def test_what_is_not_there_is_unknown_in_its_row_and_told_below() -> None:
    """Not as a row of zeros, and no other row changes."""
    at = at_many(in_the_demo(PAGE))
    at.text_area(key="repos").set_value("harbour/route-planner\nno/such\n# a remark")
    at.text_input(key="in_group").set_value("")
    at = until_done(press(at, "Run"))
    table = at.dataframe[0].value.set_index("Project")
    assert list(table.index) == ["harbour/route-planner", "no/such"]
    assert table["Status"].tolist() == ["Success", "Error"]
    assert table["Error"].tolist() == ["", "404 Project Not Found"]
    assert table["Compliance Score"].isna().tolist() == [False, True]
    assert "What could not be read" in texts(at)
    assert "404 Project Not Found" in texts(at)


def test_a_line_that_is_no_project_is_named_and_nothing_is_asked() -> None:
    """With its number; a token is not said again."""
    at = at_many(in_the_demo(PAGE))
    at.text_area(key="repos").set_value("harbour/night-watch\nglpat-abcdefghij0123456789")
    at = press(at, "Run")
    assert "line 2: “[hidden]” is not a project" in errors(at)
    assert "abcdefghij" not in str(at.session_state.to_dict())
    assert not at.dataframe
    assert not at.progress


def test_neither_projects_nor_a_group_is_told() -> None:
    """And the empty page says what to do."""
    at = at_many(in_the_demo(PAGE))
    at.text_input(key="in_group").set_value(" ")
    at = press(at, "Run")
    assert "at least one project or a group" in errors(at)
    assert "Enter projects or a group above" in texts(at)


def test_too_many_projects_are_told_how_to_go_on() -> None:
    """Before anything is asked."""
    at = at_many(in_the_demo(PAGE))
    at.text_area(key="repos").set_value("\n".join(f"a/{number}" for number in range(1001)))
    at = press(at, "Run")
    assert "at most 1,000 projects, got 1,001" in errors(at)
    assert not at.progress


def test_a_group_that_is_not_there_is_a_row_that_says_so(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the projects that were named."""
    project = sandbox.world.tables.projects[0]["path_with_namespace"]
    at = at_many(with_token(sandbox, monkeypatch))
    at.text_area(key="repos").set_value(project)
    at.text_input(key="in_group").set_value("no/such/group")
    at = until_done(press(at, "Run"))
    assert at.dataframe[0].value["Project"].tolist() == [project, "no/such/group"]
    assert "404 Group Not Found" in texts(at)


def test_a_group_without_projects_is_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was left out of it."""
    group = sandbox.world.tables.groups[0]["full_path"]
    inside = 0
    for project in sandbox.world.tables.projects:
        if str(project["path_with_namespace"]).startswith(f"{group}/"):
            project["archived"] = True
            inside += 1
    assert inside
    sandbox.world.changed()
    at = at_many(with_token(sandbox, monkeypatch))
    at.text_input(key="in_group").set_value(group)
    at = until_done(press(at, "Run"))
    assert "No projects found" in texts(at)
    assert f"Left out of the group: {inside} archived." in texts(at)
    assert not at.dataframe


def test_a_refusal_in_the_middle_leads_back_to_the_ways_in(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on every page."""
    at = at_many(with_token(sandbox, monkeypatch))
    at.text_area(key="repos").set_value(sandbox.world.tables.projects[0]["path_with_namespace"])
    refuse_all(sandbox)
    # The page shows the notice once: in the run that finds the job refused, be it the first one.
    at = until(press(at, "Run"), lambda at: bool(at.info))
    assert "no longer accepts your token" in at.info[0].value


# -- the policy ------------------------------------------------------------------------------------


def test_under_fair_a_score_comes_with_its_lower_bound(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page names the policy, leads to its rules, and a visitor can choose the other one."""
    monkeypatch.delenv("GITLAB_SYNC_POLICY")
    project = sandbox.world.tables.projects[0]
    sandbox.faults.add("status", status=404, path="/api/graphql", times=None)
    sandbox.faults.add("status", status=403, path="*/files/README.md", times=None)
    at = choose(with_token(sandbox, monkeypatch), project["path_with_namespace"])
    at = until_done(press(at, "Run"))
    score = float(at.metric[0].value.removesuffix(" %"))
    least, unknown = at.metric[0].delta.split(" %, ")
    assert 0 < float(least.removeprefix("at least ")) < score
    assert unknown.endswith(" unknown")
    assert "Policy: fair. [How is this evaluated?](rules?policy=fair)" in texts(at)
    at.radio(key="policy").set_value("classic")
    at = until_done(press(at, "Run"))
    assert at.metric[0].delta.startswith("10 of ")
    assert "Policy: classic." in texts(at)


def test_under_fair_the_table_has_the_lower_bound_and_any_osi_licence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What all rows repeat is not shown."""
    monkeypatch.delenv("GITLAB_SYNC_POLICY")
    at = until_done(press(at_many(in_the_demo(PAGE)), "Run"))
    table = at.dataframe[0].value
    assert {"OSI Approved", "Score (at least)"} <= {*table}
    assert not {"AGPLv3", "Policy"} & {*table}
    assert (table["Score (at least)"] <= table["Compliance Score"]).all()


def in_the_demo_of(compliance: object) -> AppTest:
    """Return a visitor of the demo of a server with these secrets, at the fields for many."""
    at = AppTest.from_file(str(NAVIGATION), default_timeout=PATIENCE)
    at.secrets["compliance"] = compliance
    return at_many(go_to(press(at.run(), "Open the demo"), PAGE))


def test_the_operators_policy_titles_the_column_of_the_licence() -> None:
    """And decides what passes; a visitor can choose other licences."""
    at = until_done(press(in_the_demo_of({"licences": ["MIT"]}), "Run"))
    table = at.dataframe[0].value.set_index("Project")
    assert table.loc["harbour/route-planner", "MIT"] == "no"
    at.multiselect(key="licences").set_value(["AGPL-3.0", "MIT"])
    at = until_done(press(at, "Run"))
    table = at.dataframe[0].value.set_index("Project")
    assert table.loc["harbour/route-planner", "AGPLv3 / MIT"] == "yes"


def test_a_wrong_policy_of_the_operator_is_told_and_the_usual_one_counts() -> None:
    """A visitor cannot fix it, but has to know."""
    at = in_the_demo_of({"licenses": ["MIT"]})
    assert "unknown setting licenses" in errors(at)
    at = until_done(press(at, "Run"))
    assert Policy().license_title in at.dataframe[0].value


def test_what_is_no_identifier_of_a_licence_is_told() -> None:
    """Nothing would ever pass by it."""
    at = at_many(in_the_demo(PAGE))
    at.multiselect(key="licences").set_value(["my own licence"])
    at = press(at, "Run")
    assert "my own licence" in errors(at)
    assert not at.progress
