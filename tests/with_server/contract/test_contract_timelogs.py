"""`gitlab_sync.api.timelogs`: booked time from GraphQL, and from items where there is no log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api import issues, merge_requests, timelogs
from gitlab_sync.errors import (
    ConfigurationError,
    GraphQLError,
    NotFound,
    PermissionDenied,
    QueryTooComplex,
)
from gitlab_sync.rules.scores import time_logs as rules
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record

Maker = Callable[..., GitLabClient]
UTC = ZoneInfo("UTC")


@pytest.fixture
def world() -> World:
    """Four people, without a log but those of the test."""
    world = fresh_world(seed=3, users=4, merge_requests=3, issues=3, projects=3)
    world.tables.timelogs.clear()
    world.changed()
    return world


@pytest.fixture
def book(world: World) -> Callable[..., Record]:
    """Book time: `book(person, when, seconds, item=…)`."""
    numbers = iter(range(1, 10_000))

    def booked(person: Record, when: str, seconds: int = 600, item: Record | None = None) -> Record:
        item = item or world.tables.issues[0]
        row = world.projects_by_id[item["project_id"]].data
        kind = "issue" if "issue_type" in item else "mergeRequest"
        log = {
            "id": f"gid://gitlab/Timelog/{next(numbers)}",
            "timeSpent": seconds,
            "spentAt": when,
            "summary": "what was done",
            "user": {"username": person["username"]},
            "issue": None,
            "mergeRequest": None,
            "project": {
                "id": f"gid://gitlab/Project/{row['id']}",
                "fullPath": row["path_with_namespace"],
            },
            kind: {"iid": str(item["iid"]), "title": item["title"], "webUrl": item["web_url"]},
        }
        world.tables.timelogs.setdefault(person["id"], []).append(log)
        return log

    return booked


def user(world: World, place: int = 0) -> Record:
    """Return the record of one of the people."""
    return world.users_by_name[world.truth.usernames[place].lower()].data


def ids(logs: list[Record]) -> list[str]:
    """Return the ids of logs, in order."""
    return [log["id"] for log in logs]


# -- fetch_user_timelogs ---------------------------------------------------------------------------


def test_fetch_user_timelogs_gives_rows_of_the_contract(
    client: GitLabClient, world: World, book: Callable[..., Record]
) -> None:
    """Seconds, the day, and the issue or merge request; in the order of the days."""
    person, other = user(world), user(world, 1)
    issue, mr = world.tables.issues[0], world.tables.merge_requests[0]
    late = book(person, "2024-03-05T10:00:00Z", 3600, mr)
    early = book(person, "2024-03-04T10:00:00Z", -600, issue)
    book(other, "2024-03-04T10:00:00Z")
    first, second = timelogs.fetch_user_timelogs(client, person["username"], None, None, zone=UTC)
    assert (first["id"], first["date"], first["time_spent"]) == (early["id"], "2024-03-04", -600)
    assert first["issue"] == {
        "iid": issue["iid"],
        "title": issue["title"],
        "web_url": issue["web_url"],
    }
    assert "merge_request" not in first
    assert (second["id"], second["date"], second["time_spent"]) == (late["id"], "2024-03-05", 3600)
    assert second["merge_request"]["iid"] == mr["iid"]
    assert "issue" not in second
    assert second["project_id"] == mr["project_id"]
    assert second["summary"] == "what was done"


def test_all_pages_are_read_each_log_once(
    client: GitLabClient, world: World, book: Callable[..., Record], sandbox: Sandbox
) -> None:
    """By cursors, to the end."""
    person = user(world)
    written = [book(person, f"2024-03-{1 + n % 28:02}T10:00:00Z") for n in range(250)]
    logs = timelogs.fetch_user_timelogs(client, person["username"], None, None)
    assert len(logs) == 250
    assert set(ids(logs)) == set(ids(written))
    assert logs.complete
    assert sandbox.traffic.total == 3


def test_a_log_that_comes_twice_counts_once(client: GitLabClient, sandbox: Sandbox) -> None:
    """As when one is booked while the pages are read; whole numbers may come as texts."""
    log = {"id": "gid://gitlab/Timelog/1", "timeSpent": "60", "spentAt": "2024-03-01T10:00:00Z"}
    page = {"nodes": [log, log], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    body = orjson.dumps({"data": {"user": {"timelogs": page}}}).decode()
    sandbox.faults.add("status", status=200, body=body, path="*graphql", method="POST")
    (found,) = timelogs.fetch_user_timelogs(client, "alice", None, None)
    assert found["time_spent"] == 60


def test_the_period_holds_both_days_in_the_zone(
    client: GitLabClient, world: World, book: Callable[..., Record]
) -> None:
    """And the day of a log is the zone's."""
    person = user(world)
    times = (
        "2024-03-01T18:29:59Z",
        "2024-03-01T18:30:00Z",
        "2024-03-02T18:29:59Z",
        "2024-03-02T18:30:00Z",
    )
    _, first, last, _ = (book(person, time) for time in times)
    logs = timelogs.fetch_user_timelogs(
        client, person["username"], "2024-03-02", "2024-03-02", zone=ZoneInfo("Asia/Kolkata")
    )
    assert ids(logs) == ids([first, last])
    assert {log["date"] for log in logs} == {"2024-03-02"}


def test_somebody_who_is_not_an_administrator_reads_others_logs_too(
    make_client: Maker, world: World, book: Callable[..., Record]
) -> None:
    """The list at the root would refuse that."""
    person, other = user(world), user(world, 1)
    log = book(person, "2024-03-05T10:00:00Z")
    client = make_client(other["username"])
    assert ids(timelogs.fetch_user_timelogs(client, person["username"], None, None)) == ids([log])


def test_a_name_counts_in_any_case(
    client: GitLabClient, world: World, book: Callable[..., Record]
) -> None:
    """As everywhere in GitLab."""
    person = user(world)
    log = book(person, "2024-03-05T10:00:00Z")
    name = f"@{person['username'].upper()}"
    assert ids(timelogs.fetch_user_timelogs(client, name, None, None)) == ids([log])


def test_somebody_who_does_not_exist_is_not_found(client: GitLabClient) -> None:
    """GraphQL answers null, without an error."""
    with pytest.raises(NotFound, match=r"404.*nobody"):
        timelogs.fetch_user_timelogs(client, "nobody.here", None, None)


def test_without_graphql_a_typed_error_says_so(bridge: Bridge, world: World) -> None:
    """So that the caller can say unknown instead of zero."""
    with Sandbox(world, graphql=False) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        with pytest.raises(NotFound, match="404"):
            timelogs.fetch_user_timelogs(client, user(world)["username"], None, None)


def test_an_older_server_without_time_logs_is_an_error(bridge: Bridge, world: World) -> None:
    """It says which field it does not have."""
    with Sandbox(world, graphql_without=["UserCore.timelogs"]) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        with pytest.raises(GraphQLError, match="timelogs"):
            timelogs.fetch_user_timelogs(client, user(world)["username"], None, None)


def test_a_page_that_fails_raises_with_the_logs_read_before(
    client: GitLabClient, world: World, book: Callable[..., Record], sandbox: Sandbox
) -> None:
    """Nothing is cut short in silence."""
    person = user(world)
    for n in range(150):
        book(person, f"2024-03-{1 + n % 28:02}T10:00:00Z")
    sandbox.faults.add("status", status=403, path="*graphql", method="POST", nth=2, times=None)
    with pytest.raises(PermissionDenied) as caught:
        timelogs.fetch_user_timelogs(client, person["username"], None, None)
    assert caught.value.partial is not None
    assert len(caught.value.partial) == 100


def test_a_query_that_is_too_complex_is_asked_in_smaller_pages(
    client: GitLabClient, world: World, book: Callable[..., Record], sandbox: Sandbox
) -> None:
    """Servers count differently; only when even five logs are too much is it an error."""
    person = user(world)
    written = [book(person, f"2024-03-{1 + n:02}T10:00:00Z") for n in range(20)]
    text = "Query has complexity of 252, which exceeds max complexity of 250"
    body = orjson.dumps({"errors": [{"message": text}]}).decode()
    sandbox.faults.add("status", status=200, body=body, path="*graphql", method="POST", times=2)
    logs = timelogs.fetch_user_timelogs(client, person["username"], None, None)
    assert ids(logs) == ids(written)
    sandbox.faults.add("status", status=200, body=body, path="*graphql", method="POST", times=None)
    with pytest.raises(QueryTooComplex):
        timelogs.fetch_user_timelogs(client, person["username"], None, None)


@pytest.mark.parametrize("given", [("", None, None), ("a", "x", None), ("a", "2024-02-01", "2024")])
def test_what_cannot_be_is_refused(client: GitLabClient, sandbox: Sandbox, given: Any) -> None:
    """Without a request."""
    with pytest.raises(ConfigurationError):
        timelogs.fetch_user_timelogs(client, *given)
    assert sandbox.traffic.total == 0


# -- fetch_user_timelogs_from_projects -------------------------------------------------------------


def test_fetch_user_timelogs_from_projects_gives_those_booked_there(
    client: GitLabClient, world: World, book: Callable[..., Record], sandbox: Sandbox
) -> None:
    """Projects as records, ids, texts or paths; one query for all of them."""
    person = user(world)
    items = {item["project_id"]: item for item in world.tables.merge_requests}
    logs = {pid: book(person, "2024-03-05T10:00:00Z", 60, item) for pid, item in items.items()}
    assert len(logs) >= 2
    for number, log in logs.items():
        project = world.projects_by_id[number].data
        for named in (
            project,
            {"id": number},
            number,
            str(number),
            project["path_with_namespace"].upper(),
            project["web_url"],
        ):
            sandbox.traffic.reset()
            found = timelogs.fetch_user_timelogs_from_projects(
                client, person["id"], [named], "2024-03-01", "2024-03-31"
            )
            assert ids(found) == ids([log])
            assert sandbox.traffic.total == 1
    found = timelogs.fetch_user_timelogs_from_projects(
        client, person["id"], world.tables.projects, None, "2024-03-04"
    )
    assert found == []


def test_logs_from_no_projects_are_none(client: GitLabClient, sandbox: Sandbox) -> None:
    """Without a request."""
    assert timelogs.fetch_user_timelogs_from_projects(client, 1, [], None, None) == []
    assert sandbox.traffic.total == 0


def test_logs_of_an_id_that_nobody_has_are_not_found(client: GitLabClient) -> None:
    """Not an empty list."""
    with pytest.raises(NotFound, match="404"):
        timelogs.fetch_user_timelogs_from_projects(client, 987654, [1], None, None)


def test_an_error_carries_only_the_logs_of_these_projects(
    client: GitLabClient, world: World, book: Callable[..., Record], sandbox: Sandbox
) -> None:
    """As the whole list would."""
    person = user(world)
    first, second, *_ = {mr["project_id"]: mr for mr in world.tables.merge_requests}.values()
    for n in range(120):
        book(person, f"2024-03-{1 + n % 28:02}T10:00:00Z", 60, first if n % 2 else second)
    sandbox.faults.add("status", status=403, path="*graphql", method="POST", nth=2, times=None)
    with pytest.raises(PermissionDenied) as caught:
        timelogs.fetch_user_timelogs_from_projects(
            client, person["id"], [first["project_id"]], None, None
        )
    assert caught.value.partial is not None
    assert {log["project_id"] for log in caught.value.partial} == {first["project_id"]}


# -- by day ----------------------------------------------------------------------------------------


def test_build_daily_time_from_time_stats_completes_the_days_without_a_log(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Issues by creation, merge requests by merging or last update; what is known stays."""
    rows = [
        {"id": 1, "created_at": "2024-03-01T10:00:00Z", "time_stats": {"total_time_spent": 600}},
        {"id": 2, "created_at": "2024-03-02T10:00:00Z", "time_stats": {"total_time_spent": 700}},
        {"id": 3, "created_at": "2024-04-02T10:00:00Z", "time_stats": {"total_time_spent": 800}},
    ]
    mrs = [
        {
            "merged_at": "2024-03-03T10:00:00Z",
            "updated_at": "2024-03-09T10:00:00Z",
            "time_stats": {"total_time_spent": 60},
        },
        {"merged_at": None, "updated_at": "2024-03-04T1:00", "time_stats": {"total_time_spent": 1}},
        {"updated_at": "2024-03-04T10:00:00Z", "time_stats": {"total_time_spent": 120}},
    ]
    found = timelogs.build_daily_time_from_time_stats(
        rows, mrs, client, "2024-03-01", "2024-03-31", {"2024-03-02": 30, "2024-02-01": 5}, zone=UTC
    )
    assert found == {
        "2024-02-01": 5,
        "2024-03-01": 600,
        "2024-03-02": 30,
        "2024-03-03": 60,
        "2024-03-04": 120,
    }
    assert sandbox.traffic.total == 0


def test_time_stats_that_a_record_lacks_are_asked_for(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Of items of the period only, and the records of the caller stay as they are."""
    person = user(world)
    issue_rows = list(issues.get_user_issues(client, person["id"])[0])
    mr_rows = list(merge_requests.get_user_mrs(client, person["id"])[0])
    expected = timelogs.build_daily_time_from_time_stats(issue_rows, mr_rows, client, None, None)
    for row in (*issue_rows, *mr_rows):
        row["time_stats"] = None
    sandbox.traffic.reset()
    found = timelogs.build_daily_time_from_time_stats(issue_rows, mr_rows, client, None, None)
    assert found == expected
    assert expected
    assert sandbox.traffic.total == len(issue_rows) + len(mr_rows)
    assert all(row["time_stats"] is None for row in (*issue_rows, *mr_rows))
    sandbox.traffic.reset()
    timelogs.build_daily_time_from_time_stats(issue_rows, mr_rows, client, None, "2001-01-01")
    assert sandbox.traffic.total == 0


def test_time_stats_that_could_not_be_read_raise(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """A day without them would look like a day off."""
    rows = [dict(issue, time_stats=None) for issue in world.tables.issues[:2]]
    sandbox.faults.add("status", status=403, path="/projects/*/time_stats", times=None)
    with pytest.raises(PermissionDenied):
        timelogs.build_daily_time_from_time_stats(rows, [], client, None, None)


def test_aggregate_daily_time_adds_up_the_logs_of_a_day(
    client: GitLabClient, world: World, book: Callable[..., Record]
) -> None:
    """What was taken back counts against it."""
    person = user(world)
    for when, seconds in (("04", 600), ("05", 60), ("04", -120)):
        book(person, f"2024-03-{when}T10:00:00Z", seconds)
    logs = timelogs.fetch_user_timelogs(client, person["username"], None, None, zone=UTC)
    assert timelogs.aggregate_daily_time(logs) == {"2024-03-04": 480, "2024-03-05": 60}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 min"), (30, "0 min"), (60, "1 min"), (3599, "59 min"), (3600, "1 hr 0 min")],
)
def test_format_time_spent_writes_hours_and_minutes(seconds: int, text: str) -> None:
    """Under the older name, too."""
    assert timelogs.format_time_spent(seconds) == text
    assert timelogs.format_time_spent is rules.format_time_spent
