"""`gitlab_sync.api.merge_requests`: a person's merge requests as rows, and their compliance."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api import merge_requests
from gitlab_sync.api.user_items import Owner, of_user
from gitlab_sync.errors import (
    AuthenticationError,
    Cancelled,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    ServerError,
)
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.workflow import run_workflows
from gitlab_sync.types import Record

Maker = Callable[..., GitLabClient]

KEYS = [
    "title", "description", "project_id", "iid", "web_url", "state", "created_at", "merged_at",
    "closed_at", "role", "upvotes", "user_notes_count", "time_stats", "head_pipeline", "updated_at",
    "desc_score", "quality", "feedback", "_username",
]  # fmt: skip
STATS = ["total", "merged", "closed", "opened", "pending", "assigned"]
CHECKS = {
    "No Description": "No Desc",
    "Failed Pipelines": "Failed Pipeline",
    "No Issues Linked": "No Issues",
    "No Time Spent": "No Time Spent",
    "No Unit Tests": "No Unit Tests",
}
ROW = [
    "Title", "State", "No Description", "No Time Spent", "No Issues Linked", "No Unit Tests",
    "Failed Pipeline",
]  # fmt: skip


@pytest.fixture
def world() -> World:
    """Six people with eight merge requests each, and no one assigned but by the test."""
    world = fresh_world(seed=3, users=6, merge_requests=8, issues=1, projects=4)
    for mr in world.tables.merge_requests:
        mr["assignees"], mr["assignee"] = [], None
    world.changed()
    return world


def user(world: World, place: int = 0) -> Record:
    """Return the record of one of the people."""
    return world.users_by_name[world.truth.usernames[place].lower()].data


def authored(world: World, person: Record) -> list[Record]:
    """Return what the person wrote, by the world's own tables."""
    return [mr for mr in world.tables.merge_requests if mr["author"]["id"] == person["id"]]


def assign(world: World, mrs: list[Record], person: Record) -> None:
    """Assign merge requests to a person."""
    for mr in mrs:
        mr["assignees"] = [person]
    world.changed()


def keys(rows: list[Record]) -> set[tuple[int, int]]:
    """Return what tells the rows apart."""
    return {(row["project_id"], row["iid"]) for row in rows}


# -- rows and numbers ------------------------------------------------------------------------------


def test_get_user_mrs_gives_rows_and_stats_of_the_contract(
    client: GitLabClient, world: World
) -> None:
    """Keys in order, values as in GitLab's record, numbers of what was authored."""
    person = user(world)
    rows, stats = merge_requests.get_user_mrs(client, person["id"])
    mine = authored(world, person)
    assert keys(rows) == keys(mine)
    assert all(list(row) == KEYS for row in rows)
    records = {(mr["project_id"], mr["iid"]): mr for mr in mine}
    for row in rows:
        record = records[row["project_id"], row["iid"]]
        assert all(row[key] == record.get(key) for key in KEYS[:9] + KEYS[10:15])
        assert (row["role"], row["_username"]) == ("Authored", person["username"])
        assert row["quality"] in {"High", "Moderate", "Low"}
        assert isinstance(row["desc_score"], int)
        assert isinstance(row["feedback"], str)
    states = [mr["state"] for mr in mine]
    assert list(stats) == STATS
    assert stats["total"] == 8
    assert all(stats[state] == states.count(state) for state in ("merged", "closed", "opened"))
    assert (stats["pending"], stats["assigned"]) == (stats["opened"], 0)


def test_rows_are_in_order_of_age_the_newest_first(client: GitLabClient, world: World) -> None:
    """Whichever of the two lists they come from."""
    person = user(world)
    assign(world, authored(world, user(world, 1)), person)
    rows, _ = merge_requests.get_user_mrs(client, person["id"])
    times = [datetime.fromisoformat(row["created_at"]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert len(rows) == 16


def test_what_is_both_authored_and_assigned_is_one_row_and_counts_as_authored(
    client: GitLabClient, world: World
) -> None:
    """The older client lost such items between its columns."""
    person, other = user(world), user(world, 1)
    both, theirs = authored(world, person)[:3], authored(world, other)[:2]
    assign(world, [*both, *theirs], person)
    rows, stats = merge_requests.get_user_mrs(client, person["id"])
    roles = {(row["project_id"], row["iid"]): row["role"] for row in rows}
    assert len(rows) == len(roles) == 10
    assert {roles[key] for key in keys(both)} == {"Authored & Assigned"}
    assert {roles[key] for key in keys(theirs)} == {"Assigned"}
    assert (stats["total"], stats["assigned"]) == (8, 5)


def test_assigned_work_scores_for_nobody_but_its_author(client: GitLabClient, world: World) -> None:
    """Merged and closed are counted among what the person wrote."""
    person = user(world)
    before = merge_requests.get_user_mrs(client, person["id"])[1]
    assign(world, authored(world, user(world, 1)), person)
    after = merge_requests.get_user_mrs(client, person["id"])[1]
    assert after == {**before, "assigned": 8}


def test_whole_histories_are_read(bridge: Bridge) -> None:
    """The older client knew the newest hundred of each list."""
    world = generate_world(seed=2, users=2, merge_requests=230, issues=0, projects=3)
    person = user(world)
    assign(world, authored(world, user(world, 1)), person)
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        rows, stats = merge_requests.get_user_mrs(client, person["id"])
    mine = keys(authored(world, person))
    assert len(rows) == stats["total"] + sum(row["role"] == "Assigned" for row in rows)
    assert (stats["total"], keys(rows) >= mine, stats["assigned"] >= 230) == (230, True, True)


def test_a_head_pipeline_that_the_list_lacks_costs_no_request(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """It is None, and where the list has one it is shown."""
    person = user(world)
    mine = authored(world, person)
    for mr in mine:
        mr.pop("head_pipeline", None)
    mine[0]["head_pipeline"] = {"id": 7, "status": "failed"}
    world.changed()
    rows, _ = merge_requests.get_user_mrs(client, person["id"], person["username"])
    found = [row["head_pipeline"] for row in rows]
    assert sorted(found, key=bool) == [None] * 7 + [{"id": 7, "status": "failed"}]
    assert sandbox.traffic.by_endpoint == {"/merge_requests": 2}


# -- the owner -------------------------------------------------------------------------------------


def test_an_id_alone_finds_the_name(client: GitLabClient, world: World) -> None:
    """As GitLab spells it, also for a person without a merge request of their own."""
    person = user(world)
    for mr in authored(world, person):
        mr["author"] = user(world, 1)
    assign(world, authored(world, user(world, 1))[:1], person)
    rows, _ = merge_requests.get_user_mrs(client, person["id"])
    assert [row["_username"] for row in rows] == [person["username"]]


def test_a_name_alone_does_in_any_case(client: GitLabClient, world: World) -> None:
    """The rows have it as GitLab spells it."""
    person = user(world)
    rows, stats = merge_requests.get_user_mrs(client, None, f"@{person['username'].upper()}")
    assert {row["_username"] for row in rows} == {person["username"]}
    assert stats["total"] == 8


def test_an_id_and_a_name_are_never_sent_together(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """GitLab refuses that with 400."""
    person = user(world)
    merge_requests.get_user_mrs(client, str(person["id"]), person["username"])
    for exchange in sandbox.traffic.exchanges:
        assert exchange.status == 200
        assert "username" not in exchange.url


@pytest.mark.parametrize("whom", [(987654, None), (987654, "nobody.here"), (None, "nobody.here")])
def test_somebody_who_does_not_exist_is_not_found(client: GitLabClient, whom: Any) -> None:
    """GitLab answers with empty lists: those would look like a person without work."""
    with pytest.raises(NotFound, match="404"):
        merge_requests.get_user_mrs(client, *whom)


def test_a_person_without_work_has_empty_rows_and_zeros(client: GitLabClient, world: World) -> None:
    """They do exist, which was looked up."""
    rows, stats = merge_requests.get_user_mrs(client, world.users_by_name["ghost"].data["id"])
    assert (rows, stats) == ([], dict.fromkeys(STATS, 0))


@pytest.mark.parametrize("whom", [(None, None), ("", "  "), ("alice", None), (True, "alice")])
def test_what_names_nobody_is_refused_before_a_request(
    client: GitLabClient, sandbox: Sandbox, whom: Any
) -> None:
    """A filter without a value would bring everybody's."""
    with pytest.raises(ConfigurationError):
        merge_requests.get_user_mrs(client, *whom)
    assert sandbox.traffic.total == 0


# -- period and projects ---------------------------------------------------------------------------


def test_the_period_goes_by_creation_with_both_days(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Exactly, in the zone that was named, and the server is asked for little more."""
    person = user(world)
    mine = authored(world, person)
    for mr, time in zip(
        mine,
        [
            "2024-03-01T18:29:59.999Z", "2024-03-01T18:30:00Z", "2024-03-10T18:29:59.999Z",
            "2024-03-10T18:30:00Z", "2024-03-02T00:30:00+05:30", "2024-03-20T00:00:00Z",
            "2024-01-01T00:00:00Z", "2024-03-05T12:00:00Z",
        ],
        strict=True,
    ):  # fmt: skip
        mr["created_at"] = time
    world.changed()
    rows, stats = merge_requests.get_user_mrs(
        client, person["id"], None, "2024-03-02", "2024-03-10", zone=ZoneInfo("Asia/Kolkata")
    )
    assert keys(rows) == keys([mine[1], mine[2], mine[4], mine[7]])
    assert stats["total"] == 4
    lists = [e.query for e in sandbox.traffic.exchanges if e.endpoint == "/merge_requests"]
    assert all("created_after" in str(query) and "created_before" in str(query) for query in lists)


def test_days_are_those_of_the_machine_unless_told(client: GitLabClient, world: World) -> None:
    """Midnight to midnight by its own clock."""
    person = user(world)
    mine = authored(world, person)
    start = datetime(2024, 3, 2).astimezone()
    for mr in mine:
        mr["created_at"] = "2020-01-01T00:00:00Z"
    mine[0]["created_at"] = start.astimezone(UTC).isoformat()
    world.changed()
    rows, _ = merge_requests.get_user_mrs(client, person["id"], since="2024-03-02")
    assert keys(rows) == keys(mine[:1])
    rows, _ = merge_requests.get_user_mrs(client, person["id"], until="2024-03-01")
    assert keys(rows) == keys(mine[1:])


def test_a_moment_bounds_the_period_exactly(client: GitLabClient, world: World) -> None:
    """Aware datetimes and texts with an offset."""
    person = user(world)
    mine = authored(world, person)
    at = datetime.fromisoformat(mine[0]["created_at"])
    for since, until in ((at, at), (at.isoformat(), at.isoformat())):
        rows, _ = merge_requests.get_user_mrs(client, person["id"], since=since, until=until)
        assert keys(rows) == keys([mr for mr in mine if mr["created_at"] == mine[0]["created_at"]])


@pytest.mark.parametrize("when", [("2024-13-01", None), ("2024-03-02", "2024-03-01")])
def test_a_period_that_cannot_be_is_refused(client: GitLabClient, when: Any) -> None:
    """With what was given in the text."""
    with pytest.raises(ConfigurationError, match="2024"):
        merge_requests.get_user_mrs(client, 1, None, *when)


def test_projects_are_ids_paths_or_urls(client: GitLabClient, world: World) -> None:
    """All three, mixed; assigned ones are filtered, too."""
    person = user(world)
    assign(world, authored(world, user(world, 1)), person)
    both = [*authored(world, person), *authored(world, user(world, 1))]
    first, second, third = world.tables.projects[:3]
    named = [first["id"], second["path_with_namespace"].upper(), third["web_url"]]
    rows, _ = merge_requests.get_user_mrs(client, person["id"], project_ids=named)
    ids = {first["id"], second["id"], third["id"]}
    assert keys(rows) == keys([mr for mr in both if mr["project_id"] in ids])
    alone, _ = merge_requests.get_user_mrs(client, person["id"], project_ids=str(first["id"]))
    assert keys(alone) == keys([mr for mr in both if mr["project_id"] == first["id"]])


@pytest.mark.parametrize("projects", [None, [], ()])
def test_no_projects_are_no_filter(client: GitLabClient, world: World, projects: Any) -> None:
    """None and an empty list."""
    rows, _ = merge_requests.get_user_mrs(client, user(world)["id"], project_ids=projects)
    assert len(rows) == 8


def test_a_project_that_does_not_exist_is_not_found(client: GitLabClient, world: World) -> None:
    """And no filter that lets nothing through."""
    with pytest.raises(NotFound, match="404"):
        merge_requests.get_user_mrs(client, user(world)["id"], project_ids=["no/such"])


# -- trouble ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationError), (403, PermissionDenied), (503, ServerError)]
)
def test_what_could_not_be_read_raises_with_what_was(
    client: GitLabClient, world: World, sandbox: Sandbox, status: int, kind: type[Exception]
) -> None:
    """The rows of the list that could be read are the error's."""
    person = user(world)
    sandbox.faults.add(
        "status", status=status, query={"assignee_id": str(person["id"])}, times=None
    )
    with pytest.raises(kind, match=str(status)) as caught:
        merge_requests.get_user_mrs(client, person["id"], person["username"])
    partial: Any = caught.value.partial  # type: ignore[attr-defined]
    assert keys(partial) == keys(authored(world, person))
    assert not partial.complete


def test_one_persons_trouble_is_part_of_what_the_plan_finds(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """So that a batch can run many of them side by side."""
    people = [user(world, place) for place in range(4)]
    sandbox.faults.add("status", status=403, query={"author_id": str(people[1]["id"])}, times=None)
    with client.session.context() as rest:
        plans = (
            (one["id"], of_user("merge_requests", Owner(one["id"], one["username"], known=True)))
            for one in people
        )
        found = dict(run_workflows(rest, plans))
    assert [len(found[one["id"]].items) for one in people] == [8, 0, 8, 8]
    assert [len(found[one["id"]].errors) for one in people] == [0, 1, 0, 0]
    assert sandbox.traffic.by_endpoint == {"/merge_requests": 8}


# -- compliance ------------------------------------------------------------------------------------


def test_get_single_user_live_mr_compliance_counts_what_the_world_knows(
    client: GitLabClient, world: World
) -> None:
    """All ended merge requests of the person, evaluated by the full rules."""
    truth = world.truth.merge_requests()
    for name in world.truth.usernames:
        stats, rows = merge_requests.get_single_user_live_mr_compliance(client, None, name)
        assert list(stats) == [*CHECKS, "Total Desc Score", "Total MRs Evaluated"]
        assert {title: stats[title] for title in CHECKS} == {
            title: truth[name][column] for title, column in CHECKS.items()
        }
        assert stats["Total MRs Evaluated"] == truth[name]["Closed MRs"]
        assert all(list(row) == ROW for row in rows)
        assert sum(row["No Unit Tests"] is True for row in rows) == stats["No Unit Tests"]
        assert all(any(row[title] for title in ROW[2:]) for row in rows)


def test_compliance_counts_only_the_projects_named(client: GitLabClient, world: World) -> None:
    """By id and by path."""
    name = world.truth.usernames[0]
    for project in world.tables.projects[:3]:
        truth = world.truth.merge_requests(project_id=project["id"])[name]
        for named in ([project["id"]], [project["path_with_namespace"]]):
            stats, _ = merge_requests.get_single_user_live_mr_compliance(client, named, name)
            assert stats["Total MRs Evaluated"] == truth["Closed MRs"]
            assert stats["No Description"] == (truth["No Desc"])


def test_compliance_adds_up_the_scores_of_the_descriptions(
    client: GitLabClient, world: World
) -> None:
    """Of the ended ones."""
    person = user(world)
    stats, _ = merge_requests.get_single_user_live_mr_compliance(client, [], person["username"])
    rows, _ = merge_requests.get_user_mrs(client, person["id"])
    ended = [row["desc_score"] for row in rows if row["state"] in {"merged", "closed"}]
    assert stats["Total Desc Score"] == sum(ended)


def test_compliance_shows_what_is_unknown_as_unknown(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Neither a fault nor clean; and the number of such pairs is in the counts."""
    person = user(world)
    sandbox.faults.add("status", status=403, path="/projects/*/diffs", times=None)
    stats, rows = merge_requests.get_single_user_live_mr_compliance(
        client, None, person["username"]
    )
    assert stats["No Unit Tests"] is None
    assert stats["Unverified"] == stats["Total MRs Evaluated"] == len(rows)
    assert {row["No Unit Tests"] for row in rows} == {None}


def test_compliance_of_nobody_is_not_found(client: GitLabClient) -> None:
    """The older client found an unknown user perfect."""
    with pytest.raises(NotFound, match="404"):
        merge_requests.get_single_user_live_mr_compliance(client, None, "nobody.here")


def test_compliance_raises_if_the_list_broke_off(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Counts of half a list would look whole."""
    sandbox.faults.add("status", status=403, path="/merge_requests", times=None)
    with pytest.raises(PermissionDenied):
        merge_requests.get_single_user_live_mr_compliance(client, None, world.truth.usernames[0])


def test_compliance_that_was_cancelled_raises(
    client: GitLabClient, world: World, sandbox: Sandbox, aside: Any
) -> None:
    """A closed client evaluates nothing more, and says so."""
    sandbox.faults.add("stall", path="/projects/*/notes", times=None)
    name = world.truth.usernames[0]
    judged = aside.submit(merge_requests.get_single_user_live_mr_compliance, client, None, name)
    assert sandbox.traffic.wait(lambda t: t.in_flight >= 3, timeout=20)
    client.close()
    with pytest.raises(Cancelled):
        judged.result(20)


def test_records_that_lack_fields_make_rows_all_the_same(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Older servers leave out much."""
    body = '[{"id": 1, "author": {"id": 4, "username": "alice"}, "description": null}]'
    sandbox.faults.add("status", status=200, body=body, path="/merge_requests", times=None)
    (row,), stats = merge_requests.get_user_mrs(client, 4, "Alice")
    assert (row["role"], row["_username"]) == ("Authored & Assigned", "alice")
    assert {key for key, value in row.items() if value is None} >= {"iid", "state", "created_at"}
    assert (row["desc_score"], row["quality"]) == (0, "Low")
    assert stats == {**dict.fromkeys(STATS, 0), "total": 1, "assigned": 1}


def test_the_answer_is_the_callers_own(client: GitLabClient, world: World) -> None:
    """Changing a row changes no other caller's."""
    person = user(world)
    rows, _ = merge_requests.get_user_mrs(client, person["id"])
    before = deepcopy(list(rows))
    for row in rows:
        row["time_stats"] = row["title"] = None
    again, _ = merge_requests.get_user_mrs(client, person["id"])
    assert again == before
