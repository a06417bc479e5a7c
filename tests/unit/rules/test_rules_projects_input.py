"""Lists of projects as they are pasted or uploaded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.rules.projects.projects_input import (
    parse_projects,
    project_fault,
    projects_of_csv,
)


def test_projects_are_ids_paths_and_addresses_each_once() -> None:
    """On lines, with commas or semicolons between them; letters count without case."""
    text = (
        "4711\n\nGroup/App , group/app;group/sub/other\n"
        "https://gitlab.example.com/group/web#readme\ngit@gitlab.example.com:group/tool.git\n"
    )
    found = parse_projects(text)
    assert found.names == (
        "4711",
        "Group/App",
        "group/sub/other",
        "https://gitlab.example.com/group/web#readme",
        "git@gitlab.example.com:group/tool.git",
    )
    assert not found.faults


def test_a_remark_is_no_project_and_no_fault() -> None:
    """On a line of its own, or behind a project."""
    assert parse_projects("# all of ours\ngroup/app # the main one\n").names == ("group/app",)
    assert not parse_projects("# alice\n").faults


@pytest.mark.parametrize("name", ["alice", "/", "group/", "\uff11\uff12", "-1", "4.7"])
def test_what_can_be_no_project_is_named_with_its_line(name: str) -> None:
    """And the others are taken all the same."""
    found = parse_projects(f"group/app\n{name}")
    assert found.names == ("group/app",)
    assert found.faults == (
        f"line 2: “{name}” is not a project: give group/project, its number or its address",
    )


def test_a_token_in_the_wrong_place_is_not_said_again() -> None:
    """A message is shown, and copied into tickets."""
    fault = project_fault("glpat-abcdefghij0123456789")
    assert fault is not None
    assert "abcdefghij" not in fault


def test_a_path_with_spaces_is_a_name() -> None:
    """As the heading of a project's page has it."""
    assert project_fault("Group / My App") == "a project has no spaces in its path"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("group/app\n12\n", ["group/app", "12"]),
        ("\ufeffName;Project\nx;group/app\n;\ny;group/web\n", ["group/app", "group/web"]),
        ("id,name,path_with_namespace\n1,App,group/app\n", ["group/app"]),
        ("Project,Compliance Score,Stack\ngroup/app,50.0,Go\n", ["group/app"]),
        ("Team,URL\na,https://gitlab.example.com/group/app\n", ["https://gitlab.example.com/group/app"]),
        ("", []),
    ],
)  # fmt: skip
def test_a_csv_file_has_them_in_a_titled_column_or_in_the_first(
    text: str, names: list[str]
) -> None:
    """Our own tables can be handed in again."""
    assert projects_of_csv(text).splitlines() == names


def test_what_a_file_holds_that_cannot_be_read_stays_to_be_seen() -> None:
    """As a remark, which asks for nothing."""
    text = projects_of_csv('group/app\n"group/web\ngroup/tool\n')
    assert text.splitlines()[:2] == ["group/app", "group/tool"]
    assert "# line 2: " in text
    assert parse_projects(text).names == ("group/app", "group/tool")


@given(st.text(max_size=200))
def test_no_text_raises_and_each_piece_is_taken_or_named(text: str) -> None:
    """Whatever people paste."""
    found = parse_projects(text)
    assert all(project_fault(name) is None for name in found.names)
    assert parse_projects("\n".join(found.names)).names == found.names
    parse_projects(projects_of_csv(text))
