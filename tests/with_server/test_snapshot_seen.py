"""Who may not see everyone finds nothing of others in a snapshot: no row, no name, no address."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from taken_runs import take_run

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.services.compliance import ComplianceQuery
from gitlab_sync.services.open_work import OpenQuery
from gitlab_sync.snapshots import answers, seen
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.run_info import read_run
from gitlab_sync.snapshots.schema import PEOPLE, TABLES
from gitlab_sync.snapshots.snapshot import Snapshot
from gitlab_sync.snapshots.sql import Questions

WORLD = demo_world()
KEYS = sorted(name.lower() for name in WORLD.truth.usernames)
GROUPS = ("harbour", "harbour/tools")
CLEARED = {
    "merge_requests": ("author", "authored_by", "assigned_to", "waiting_on"),
    "issues": ("author", "authored_by", "assigned_to"),
    "checks": ("reason", "waived_by"),
    "commits": ("credit", "person", "sha", "short_id", "title", "author_name", "author_email",
                "web_url", "rest"),
    "reviews": ("author", "reviews"),
}  # fmt: skip
"""The columns in which a visible row can lack something."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, str]:
    """Take a snapshot of all people of the demo and of its groups; return where it is."""
    path = tmp_path_factory.mktemp("snapshots")
    with Sandbox(WORLD) as sandbox:
        return Folder.at(str(path)), take_run(sandbox, path, map(Person, KEYS), GROUPS)


@pytest.fixture(scope="module")
def everything(run: tuple[Folder, str]) -> Tables:
    """Return all rows of all tables."""
    with Snapshot.at(*run) as snapshot:
        return Tables(snapshot)


class Tables(dict[str, list[dict[str, Any]]]):
    """The rows of each table in their order."""

    def __init__(self, snapshot: Snapshot) -> None:
        for table in TABLES:
            sql = f"SELECT * FROM {table.name} ORDER BY file_row_number"
            self[table.name] = [*snapshot.rows(sql, tables=[table.name])]

    def __repr__(self) -> str:
        return "all tables"


def rows_of(everything: Tables, keys: Collection[str]) -> Any:
    """Return by table the places of the rows that those see who may see these people."""
    items = {
        kind: {
            row["row"]
            for row in everything[table]
            if row["authored_by"] in keys or {*row["assigned_to"]} & {*keys}
        }
        for kind, table in (("merge request", "merge_requests"), ("issue", "issues"))
    }
    projects = {
        str(project)
        for person in everything["people"]
        if person["key"] in keys
        for part in ("personal_projects", "contributed_projects")
        for project in person[part] or ()
    }
    projects |= {
        str(row["project_id"])
        for kind, table in (("merge request", "merge_requests"), ("issue", "issues"))
        for row in everything[table]
        if row["row"] in items[kind]
    }
    for table in ("commits", "time_logs"):
        projects |= {str(row["project_id"]) for row in everything[table] if row["person"] in keys}
    holds = {
        "people": lambda row: row["key"] in keys,
        "merge_requests": lambda row: row["row"] in items["merge request"],
        "issues": lambda row: row["row"] in items["issue"],
        "checks": lambda row: row["row"] in items[row["kind"]],
        "commits": lambda row: row["project_key"] in projects,
        "time_logs": lambda row: row["person"] in keys,
        "projects": lambda row: row["key"] in projects,
        "project_checks": lambda row: str(row["project_id"]) in projects,
        "reviews": lambda row: row["row"] in items["merge request"],
        "members": lambda row: row["username"].lower() in keys,
    }
    return {
        name: {row["file_row_number"] for row in rows if holds[name](row)}
        for name, rows in everything.items()
    }


SCOPES = st.frozensets(st.sampled_from(KEYS), max_size=5)


@pytest.mark.slow
@given(SCOPES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_viewer_finds_all_rows_of_their_people_and_no_word_about_others(
    run: tuple[Folder, str],
    everything: Tables,
    keys: frozenset[str],
) -> None:
    """Each row that is there is as it was, but for the names of people who are not seen."""
    with Snapshot.at(*run, keys) as snapshot:
        found = Tables(snapshot)
    wanted = rows_of(everything, keys)
    for name, rows in found.items():
        whole = {row["file_row_number"]: row for row in everything[name]}
        assert [row["file_row_number"] for row in rows] == sorted(wanted[name])
        for row in rows:
            before = whole[row["file_row_number"]]
            changed = {column for column, cell in row.items() if cell != before[column]}
            assert changed <= {*CLEARED.get(name, ())}
        leaks = [*names_in(rows, {*KEYS, "ghost"} - keys, found["projects"])]
        assert leaks == [], name
    for row in found["commits"]:
        if row["person"] is None:
            assert row["credit"] != "person"
            assert {row[name] for name in CLEARED["commits"][2:]} == {None}
    for name in ("merge_requests", "issues"):
        whole = {row["row"]: row for row in everything[name]}
        for row in found[name]:
            theirs = [key for key in whole[row["row"]]["assigned_to"] if key in keys]
            assert row["assigned_to"] == theirs
            assert row["authored_by"] in {*keys, None}


def names_in(
    rows: Any, hidden: Collection[str], projects: Collection[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Yield the usernames, names and addresses of hidden people in rows.

    A project in which a person has work is shown with its path, in whosever namespace it is.
    """
    text = json.dumps(rows, default=str).lower()
    for project in projects:
        text = text.replace(str(project["path_with_namespace"]).lower(), "")
        text = text.replace(f'"{project["name"]}"'.lower(), "")
    for user in WORLD.tables.users:
        if user["username"].lower() in hidden:
            for each in (user["username"], user["name"], user["email"]):
                if each and each.lower() in text:
                    yield user["username"], each


def test_each_table_declares_whose_its_rows_are() -> None:
    """A table that does not is empty for those who may not see everyone."""
    assert all(table.owner is not None and table.by for table in TABLES)
    assert seen.view(replace(PEOPLE, owner=None)).endswith("WHERE false")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM run.people",
        "SELECT * FROM run.seen",
        "SELECT * FROM read_parquet('{path}')",
        "SELECT * FROM '{path}'",
        "SELECT * FROM query('SELECT * FROM run.people')",
    ],
)
def test_no_question_in_sql_leads_behind_the_views(run: tuple[Folder, str], sql: str) -> None:
    """What it can name are the tables of visible people."""
    folder, name = run
    source = Source(folder, name, read_run(folder, name), frozenset({"kira.osei"}))
    with Questions(source) as questions:
        columns, rows = questions.ask("SELECT key FROM people", 20)
        assert (columns, [*rows]) == (["key"], [["kira.osei"]])
        with pytest.raises(ConfigurationError, match="The SQL"):
            questions.ask(sql.format(path=folder.below(name, "people.parquet")), 20)


@pytest.mark.parametrize("keys", [frozenset({"kira.osei"}), frozenset[str]()], ids=["one", "none"])
def test_what_may_not_be_seen_is_as_unknown_as_what_there_never_was(
    run: tuple[Folder, str], keys: frozenset[str]
) -> None:
    """People, projects and groups: the same words, but for the name that was asked for."""
    standards = standards_of(FAIR)
    with Snapshot.at(*run, keys) as snapshot:

        def of_person(name: str) -> str:
            report = answers.evaluate(snapshot, "merge_requests", [name], FAIR)
            return json.dumps([*report, str(report.completeness)])

        def of_project(name: str) -> str:
            return _refusal(lambda: answers.open_work(snapshot, OpenQuery(project=name)))

        def of_group(name: str) -> str:
            return _refusal(lambda: answers.open_work(snapshot, OpenQuery(group=name)))

        def of_members(name: str) -> str:
            return _refusal(lambda: snapshot.members(name))

        def of_compliance(name: str) -> str:
            query = ComplianceQuery((), name, policy=standards)
            return _refusal(lambda: answers.compliance(snapshot, query, FAIR, lambda _: None))

        hidden = "harbour/tools" if not keys else "other"
        asked = [(of_person, "jules.mbeki")]
        if not keys:
            ways = (of_group, of_members, of_compliance)
            asked += [*((each, hidden) for each in ways), (of_project, "harbour/route-planner")]
        for ask, name in asked:
            assert ask(name).replace(name, "NAME") == ask("no/such").replace("no/such", "NAME")


def _refusal(ask: Any) -> str:
    with pytest.raises(ConfigurationError) as raised:
        ask()
    return f"{raised.value.reason} {raised.value.hint}"
