"""Lists of merge requests from GraphQL are those of REST, for any caller and whatever breaks.

The rows of the batch are compared, and what is known of each person: items, spelling, error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api.graphql.health import Schema
from gitlab_sync.api.graphql.lists import lists_for
from gitlab_sync.api.graphql.page_size import MOST_PEOPLE
from gitlab_sync.api.graphql.records import FIELDS, Which, query
from gitlab_sync.api.period import given_period
from gitlab_sync.api.scope import Dated, Scope
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.http import rate_limit as limits
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.merge_request import evaluate
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.sandbox.graphql import endpoint
from gitlab_sync.services.evaluation import find_people
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import open_store
from gitlab_sync.types import PartialList, Record, Source

GRAPHQL = "/api/graphql"
CROWD = 1000
"""So many people that their lists are worth a query."""
LISTS = "/merge_requests"
SOURCES: tuple[Source, ...] = ("rest", "auto", "graphql")

LACKING = (
    "Query.user",
    "Query.queryComplexity",
    "User.authoredMergeRequests",
    "MergeRequestConnection.count",
    "MergeRequest.closedAt",
    "MergeRequest.mergedAt",
    "MergeRequest.projectId",
    "MergeRequest.diffHeadSha",
    "MergeRequest.totalTimeSpent",
    "MergeRequest.mergeUser",
)

AT_THE_LIMIT = (timedelta(days=2), timedelta(days=7))
Found = tuple[str, list[str], bool | None, list[Any]]


def small(seed: int = 3, **sizes: int) -> World:
    """Return a world with bots, forks, a private and an archived project, and half a dozen people.

    No merge request was open for so long that a fraction of a second would decide.
    """
    given = {"users": 6, "merge_requests": 4, "issues": 1, "projects": 5}
    world = fresh_world(seed=seed, **{**given, **sizes})
    for row in world.merge_requests.rows:
        end = row.data["merged_at"] or row.data["closed_at"]
        start = datetime.fromisoformat(row.data["created_at"])
        if end is not None and datetime.fromisoformat(end) - start in AT_THE_LIMIT:
            row.data["created_at"] = rest_time(start + timedelta(seconds=7))
    return world


def rest_time(moment: datetime) -> str:
    """Return a time as REST shows it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def asked(sandbox: Sandbox) -> tuple[int, int]:
    """Return how many requests went to GraphQL, and how many to lists of REST."""
    by_endpoint = sandbox.traffic.by_endpoint
    return by_endpoint.get(GRAPHQL, 0), by_endpoint.get(LISTS, 0)


@contextmanager
def serving(
    world: World, bridge: Bridge, by: str = "admin", **how: Any
) -> Iterator[tuple[Sandbox, GitLabClient]]:
    """Serve a world, and make clients of it."""
    with Sandbox(world, **how) as sandbox:
        yield sandbox, GitLabClient(sandbox.url, sandbox.token(by), bridge=bridge)


def found(
    client: GitLabClient,
    names: list[str],
    source: Source,
    scope: Scope = Scope(),  # noqa: B008 - immutable
) -> list[Found]:
    """Return what is known of each person, with what the rules read of each of their items."""
    with client.session.context() as job:
        lists = lists_for(job, scope, source, CROWD)
        people = find_people(job, "merge_requests", names, scope, lists)
    return [known(person) for person in people]


def known(person: UserItems) -> Found:
    """Return what is known of one person."""
    errors = [error.reason for error in person.errors]
    return person.username, errors, person.exists, [shown(mr) for mr in person.records]


def shown(mr: Record) -> Any:
    """Return what is read of a record: address, times, counts, and all that the rules read."""
    plain = [
        mr[key]
        for key in (
            *("id", "iid", "project_id", "web_url", "sha", "state"),
            *("created_at", "updated_at", "merged_at", "closed_at", "upvotes", "user_notes_count"),
        )
    ]
    nothing = Facts(PartialList(), PartialList(), PartialList(), PartialList())
    people = [person and person["username"] for person in (mr["author"], mr["merge_user"])]
    return plain, mr["references"]["full"], people, evaluate(mr, nothing)


def assert_the_same(
    world: World,
    bridge: Bridge,
    by: str = "admin",
    scope: Scope = Scope(),  # noqa: B008 - immutable
    names: Sequence[str] = (),
    **how: Any,
) -> tuple[int, int]:
    """Check that both sources find the same; return what GraphQL's way asked."""
    everybody = list(names) or [*world.truth.usernames, "ghost", "nobody.at.all"]
    with serving(world, bridge, by, **how) as (sandbox, client):
        over_graphql = found(client, everybody, "auto", scope)
        requests = asked(sandbox)
        assert over_graphql == found(client, everybody, "rest", scope)
    return requests


# -- what is the same ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_what_graphql_lists_is_what_rest_lists(bridge: Bridge, seed: int) -> None:
    """With a query or two; REST is asked for who has nothing, and for who does not exist."""
    world = small(seed)
    queries, lists = assert_the_same(world, bridge)
    assert 0 < queries <= 2
    assert lists == 2


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(10, 10_000),
    users=st.integers(1, 12),
    merge_requests=st.sampled_from([1, 3, 13]),
    lacking=st.sets(st.sampled_from(LACKING), max_size=2),
    by=st.sampled_from(["author", "assignee"]),
)
def test_any_world_on_any_older_server_is_listed_the_same(
    make_bridge: Callable[..., Bridge],
    seed: int,
    users: int,
    merge_requests: int,
    lacking: set[str],
    by: str,
) -> None:
    """Whatever fields it lacks, and to the second of a limit."""
    world = generate_world(
        seed=seed, users=users, merge_requests=merge_requests, issues=0, projects=4
    )
    without = sorted(lacking)
    assert_the_same(world, make_bridge(), scope=Scope(by=by), graphql_without=without)


def test_whoever_sees_less_is_listed_the_same_less(bridge: Bridge) -> None:
    """Private projects are left out either way."""
    world = small()
    with Sandbox(world) as sandbox:
        seen = set()
        for name in world.truth.usernames:
            client = GitLabClient(sandbox.url, sandbox.token(name), bridge=bridge)
            everybody = found(client, world.truth.usernames, "auto")
            assert everybody == found(client, world.truth.usernames, "rest")
            seen.add(sum(len(person[3]) for person in everybody))
    assert len(seen) > 1, "everybody saw the same"


@pytest.mark.parametrize("hidden", [{"private_profile": True}, {"state": "blocked"}])
def test_an_empty_list_is_believed_of_rest_alone(bridge: Bridge, hidden: dict[str, Any]) -> None:
    """GraphQL hides without a word what people with a private profile wrote."""
    world = small()
    name, other = world.truth.usernames[:2]
    world.users_by_name[name.lower()].data.update(hidden)
    assert_the_same(world, bridge, by=other)
    with serving(world, bridge, other) as (_, client):
        assert found(client, world.truth.usernames, "auto")[0][3]


def test_names_in_any_case_and_former_names_are_found_as_over_rest(bridge: Bridge) -> None:
    """By GitLab's spelling, or not at all; each person once."""
    world = small()
    typed = [f"@{name.upper()}" for name in world.truth.usernames]
    former = world.truth.usernames[0]
    user = world.users_by_name[former.lower()].data
    user["username"] = "somebody.else"
    world.users_by_name["somebody.else"] = world.users_by_name.pop(former.lower())
    mine = world.merge_requests.by_author.pop(former.lower())
    world.merge_requests.by_author["somebody.else"] = mine
    for row in mine:
        row.data["author"]["username"] = "somebody.else"
    names = [*typed, *world.truth.usernames, "Somebody.Else"]
    assert_the_same(world, bridge, names=names)


@pytest.mark.parametrize("by", ["author", "assignee"])
def test_lists_of_a_project_are_the_same(bridge: Bridge, by: str) -> None:
    """By its id or path, as it is or encoded; of one that is not there they fail as over REST."""
    world = small(projects=2, merge_requests=8)
    one, *_ = (
        row.data for row in world.projects if world.merge_requests.by_project.get(row.data["id"])
    )
    path = one["path_with_namespace"]
    given = (one["id"], str(one["id"]), path, path.upper(), path.replace("/", "%2F"), "no/where", 9)
    for project in given:
        requests = assert_the_same(world, bridge, scope=Scope(project=project, by=by))
        assert requests[0]


def test_lists_of_a_period_are_the_same_and_shorter(bridge: Bridge) -> None:
    """By creation and by merge: each source reads those in it, and asks the server for few more."""
    world = small(merge_requests=12)
    merged = sorted(
        row.data["merged_at"] for row in world.merge_requests.rows if row.data["merged_at"]
    )
    zone = ZoneInfo("UTC")
    month = given_period(merged[len(merged) // 3], merged[2 * len(merged) // 3], zone)
    everyone = [*world.truth.usernames, "ghost"]
    dated: Dated
    for dated in ("created", "merged"):
        scope = Scope(period=month, dated=dated)
        queries, _ = assert_the_same(world, bridge, scope=scope)
        assert queries
        with serving(world, bridge) as (_sandbox, client):
            inside = [
                mr[0][0] for person in found(client, everyone, "auto", scope) for mr in person[3]
            ]
        assert sorted(inside) == sorted(
            row.data["id"]
            for row in world.merge_requests.rows
            if month.contains(row.data[f"{dated}_at"])
            and row.data["author"]["username"] in world.truth.usernames
        )
        assert 0 < len(inside) < len(world.merge_requests.rows)


def test_a_graphql_without_filters_of_time_leaves_the_lists_to_rest() -> None:
    """As older ones are."""
    refusal = "Field 'authoredMergeRequests' doesn't accept argument 'createdAfter'"
    left = Schema().without(refusal)
    assert left is not None
    assert not left.listed


def test_lists_of_a_group_are_read_over_rest(bridge: Bridge) -> None:
    """GraphQL has no such filter everywhere."""
    assert assert_the_same(small(), bridge, scope=Scope(group="acme")) == (0, 0)


def test_the_rows_of_the_batch_are_the_same(bridge: Bridge) -> None:
    """Whole rows, in their order, written and assigned."""
    world = small(large_every=0)
    names = [*reversed(world.truth.usernames), "nobody.at.all"]
    with serving(world, bridge) as (_, client):
        for by in ("author", "assignee"):
            rows = [
                list(client.batch_evaluate_mrs(names, mr_scope=by, run=Run(source=source)))
                for source in SOURCES
            ]
            assert rows[0] == rows[1] == rows[2]
            assert len(rows[0]) == len(names)


def test_what_one_source_stored_serves_the_other(bridge: Bridge, tmp_path: Path) -> None:
    """A record of either stands for the same merge request in the same state."""
    world = small()
    names = world.truth.usernames
    with serving(world, bridge) as (sandbox, client):
        with open_store(client.base_url, client.session.credential, "on", tmp_path) as store:
            first = client.batch_evaluate_mrs(names, run=Run(source="rest", store=store))
            sandbox.traffic.reset()
            second = client.batch_evaluate_mrs(names, run=Run(source="graphql", store=store))
        assert list(first) == list(second)
        assert set(sandbox.traffic.by_endpoint) <= {GRAPHQL, LISTS}
        assert asked(sandbox)[0] <= 2


# -- how much is asked -----------------------------------------------------------------------------


def test_who_has_more_is_asked_about_again_and_who_has_dozens_over_rest(bridge: Bridge) -> None:
    """REST's lists, and the pages of a long one, come side by side."""
    more = small(merge_requests=12)
    assert assert_the_same(more, bridge, names=more.truth.usernames) == (2, 0)
    dozens = small(users=4, merge_requests=40, projects=1)
    assert assert_the_same(dozens, bridge, names=dozens.truth.usernames) == (1, 4)
    long = small(users=4, merge_requests=105, projects=1)
    assert assert_the_same(long, bridge, names=long.truth.usernames) == (1, 8)


@pytest.mark.parametrize(("workers", "queries"), [(6, 0), (5, 1)])
def test_lists_of_a_few_people_are_read_over_rest_in_two_rounds(
    make_bridge: Callable[..., Bridge], workers: int, queries: int
) -> None:
    """Those of a crowd from GraphQL."""
    world = small(users=12, merge_requests=0)
    with serving(world, make_bridge(workers)) as (sandbox, client):
        client.batch_evaluate_mrs(world.truth.usernames)
        assert min(asked(sandbox)[0], 1) == queries


@pytest.mark.parametrize("people", [1, 2])
def test_one_or_two_people_are_read_over_rest(bridge: Bridge, people: int) -> None:
    """Unless GraphQL was asked for by name."""
    world = small()
    names = world.truth.usernames[:people]
    assert assert_the_same(world, bridge, names=names) == (0, people)
    with serving(world, bridge) as (sandbox, client):
        found(client, names, "graphql")
        assert asked(sandbox) == (1, 0)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 30, 45, 100, 180, 1000])
def test_any_limit_of_complexity_leads_to_the_same(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """Queries shrink until they fit; if none does, all is read over REST."""
    monkeypatch.setattr(endpoint, "SIGNED_IN", limit)
    world = small(users=30, merge_requests=2)
    queries, lists = assert_the_same(world, bridge, names=world.truth.usernames)
    assert queries <= 80
    assert (lists == 30) == (limit <= 100)


def test_a_run_that_follows_is_not_refused_again(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instance's limit is known by then."""
    monkeypatch.setattr(endpoint, "SIGNED_IN", 130)
    world = small(users=9, merge_requests=2)
    with serving(world, bridge) as (sandbox, client):
        found(client, world.truth.usernames, "auto")
        sandbox.traffic.reset()
        found(client, world.truth.usernames, "auto")
        assert asked(sandbox) == (3, 0)


def test_no_query_is_longer_than_gitlab_takes() -> None:
    """With as many people as one query may name."""
    which = Which("reviewRequestedMergeRequests", "a/b")  # type: ignore[arg-type]
    text = query(which, FIELDS, MOST_PEOPLE, tells=True)
    assert len(text) < endpoint.MOST_CHARACTERS


# -- what a server lacks ---------------------------------------------------------------------------


@pytest.mark.parametrize("field", LACKING)
def test_a_field_that_an_older_server_lacks_is_made_up_for(bridge: Bridge, field: str) -> None:
    """By REST for everyone, or only for people with a doubtful list."""
    world = small()
    names = world.truth.usernames
    _, lists = assert_the_same(world, bridge, names=names, graphql_without=[field])
    closed = {
        row.data["author"]["username"]
        for row in world.merge_requests.rows
        if row.data["state"] == "closed"
    }
    expected = {"Query.queryComplexity": 0, "MergeRequest.closedAt": len(closed & set(names))}
    assert lists == expected.get(field, len(names))
    assert 0 < len(closed) < len(names)


@pytest.mark.parametrize("field", ["MergeRequest.diffStats", "MergeRequest.projectId"])
def test_facts_and_lists_do_not_lack_what_the_other_lacks(bridge: Bridge, field: str) -> None:
    """And what a server lacks is learnt once: the second run asks nothing in vain."""
    world = small(large_every=0)
    names = world.truth.usernames
    with serving(world, bridge, graphql_without=[field]) as (sandbox, client):
        first = client.batch_evaluate_mrs(names, run=Run(source="graphql"))
        sandbox.traffic.reset()
        second = client.batch_evaluate_mrs(names, run=Run(source="graphql"))
        queries, lists = asked(sandbox)
    assert list(first) == list(second)
    assert queries
    assert lists == (len(names) if field == "MergeRequest.projectId" else 0)


def test_where_graphql_is_switched_off_rest_is_asked_and_that_is_said(
    bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    """As a warning for who asked for GraphQL by name; later runs know it."""
    world = small()
    with serving(world, bridge, graphql=False) as (sandbox, client):
        with caplog.at_level(logging.INFO, "gitlab_sync"):
            first = found(client, world.truth.usernames, "graphql")
            sandbox.traffic.reset()
            second = found(client, world.truth.usernames, "auto")
        assert asked(sandbox) == (0, len(world.truth.usernames))
        assert first == second == found(client, world.truth.usernames, "rest")
    said = [each for each in caplog.records if "GraphQL cannot read" in each.getMessage()]
    assert [each.levelno for each in said] == [logging.WARNING, logging.INFO]
    assert all("lists of merge requests" in each.getMessage() for each in said)


# -- trouble ---------------------------------------------------------------------------------------


def answer(person: Any) -> dict[str, Any]:
    """Return the fault that answers everything with the same person."""
    data = {"data": {f"p{place}": person for place in range(MOST_PEOPLE)}}
    return {"kind": "status", "status": 200, "body": orjson.dumps(data).decode()}


def of(nodes: Any, count: int) -> dict[str, Any]:
    """Return that fault with these merge requests."""
    return answer({"username": "x", "authoredMergeRequests": {"count": count, "nodes": nodes}})


def faults() -> dict[str, dict[str, Any]]:
    """Return kinds of trouble that GraphQL alone has."""
    errors = {"errors": [{"message": "Timeout on User.authoredMergeRequests"}], "data": {}}
    return {
        "500": {"kind": "status", "status": 500},
        "502": {"kind": "html", "status": 502},
        "401": {"kind": "status", "status": 401},
        "403": {"kind": "status", "status": 403},
        "429": {"kind": "limit", "retry_after": 0.01},
        "time-out": {"kind": "status", "status": 200, "body": orjson.dumps(errors).decode()},
        "unclear": {"kind": "status", "status": 200, "body": '{"errors": [{"message": "boom"}]}'},
        "no data": {"kind": "status", "status": 200, "body": '{"data": null}'},
        "nobody": {"kind": "status", "status": 200, "body": '{"data": {}}'},
        "no person": answer(None),
        "no name": answer({"authoredMergeRequests": {"count": 0, "nodes": []}}),
        "no list": answer({"username": "x", "authoredMergeRequests": None}),
        "nothing": of([], 0),
        "redacted": of([], 1),
        "null": of([None], 1),
        "bare": of([{"id": "gid://gitlab/MergeRequest/1", "iid": "1"}], 1),
        "no nodes": of(None, 1),
        "a page": {"kind": "html", "status": 200},
        "malformed": {"kind": "malformed"},
        "truncated": {"kind": "truncate"},
        "reset": {"kind": "reset"},
        "redirect": {"kind": "redirect"},
    }


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize("name", faults())
def test_when_graphql_alone_is_broken_nothing_is_lost(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, name: str, times: int | None
) -> None:
    """Once, or as long as the run lasts; and it is not asked for ever."""
    monkeypatch.setattr(limits, "_OWN_BACKOFF", (0.01, 0.02))
    if name == "429" and times is None:
        times = 3
    world = small(users=20, merge_requests=2)
    with serving(world, bridge) as (sandbox, client):
        sandbox.faults.add(path=GRAPHQL, times=times, **faults()[name])
        over_graphql = found(client, world.truth.usernames, "auto")
        queries, _ = asked(sandbox)
        sandbox.faults.clear()
        assert over_graphql == found(client, world.truth.usernames, "rest")
    assert 0 < queries < 60
    assert all(person[2] and not person[1] for person in over_graphql)


@pytest.mark.parametrize("key", ["web_url", "closed_at", "merged_at"])
def test_a_list_that_lacks_a_value_is_read_over_rest(bridge: Bridge, key: str) -> None:
    """That person's alone: what is null in GraphQL can be there in REST."""
    world = small()
    mine = world.merge_requests.by_author[world.truth.usernames[0].lower()]
    record = next(row.data for row in mine if row.data["state"] in {"merged", "closed"})
    record[key] = None
    if key.endswith("_at"):
        record.update(state=key.removesuffix("_at"), merged_at=None, closed_at=None)
    assert assert_the_same(world, bridge, names=world.truth.usernames)[1] == 1


@pytest.mark.parametrize("days", [2, 7])
def test_a_part_of_a_second_decides_as_over_rest(bridge: Bridge, days: int) -> None:
    """GraphQL cuts it off its times."""
    world = small()
    for name in world.truth.usernames:
        for row in world.merge_requests.by_author[name.lower()]:
            row.data["state"] = "merged"
            row.data["created_at"] = "2026-03-01T10:00:00.250Z"
            row.data["merged_at"] = f"2026-03-{1 + days:02}T10:00:00.750Z"
    title = "Merge > 2 Days" if days == 2 else "Merge > 1 Week"
    with serving(world, bridge) as (_, client):
        rows = client.batch_evaluate_mrs(world.truth.usernames, run=Run(source="graphql"))
    assert all(row["Closed MRs"] and row[title] == row["Closed MRs"] for row in rows)


@pytest.mark.slow
def test_a_server_that_is_slow_over_many_is_asked_about_fewer(bridge: Bridge) -> None:
    """A query that takes longer than a call may is halved until it does not."""
    world = small(users=8, merge_requests=3)
    names = world.truth.usernames
    with Sandbox(world, node_latency=0.03) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge, timeout=0.5)
        with client.session.context(limit=0.5) as job:
            lists = lists_for(job, Scope(), "graphql", CROWD)
            people = find_people(job, "merge_requests", names, Scope(), lists)
        queries, _ = asked(sandbox)
        sandbox.node_latency = 0
        assert [known(person) for person in people] == found(client, names, "rest")
    assert queries > 1


def test_a_cancelled_run_says_of_everybody_that_nothing_was_read(bridge: Bridge) -> None:
    """With the reason, and no error is raised."""
    world = small()
    token = CancelToken()
    token.cancel("the user left")
    with serving(world, bridge) as (_, client), client.session.context(cancel=token) as job:
        lists = lists_for(job, Scope(), "auto", CROWD)
        people = find_people(job, "merge_requests", world.truth.usernames, Scope(), lists)
    assert len(people) == len(world.truth.usernames)
    assert all("the user left" in str(person.errors) and not person.items for person in people)
