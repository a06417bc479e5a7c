"""Facts read from GraphQL in bulk are those of REST, whatever the server lacks, refuses or breaks.

The rows are compared, and the verdict, reason and link of each item that they count.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_data import REAL
from whole_facts import facts_of
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api.facts.graphql import fact_source
from gitlab_sync.api.facts.rest import FactsRead, read_facts
from gitlab_sync.api.graphql.further_pages import MOST_PAGES, cursors_of
from gitlab_sync.api.graphql.page_size import MOST_PROJECTS
from gitlab_sync.api.graphql.query import FACTS, query
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.http import rate_limit as limits
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.items.merge_request import evaluate
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, load_world
from gitlab_sync.sandbox.answer import json_answer
from gitlab_sync.sandbox.graphql import endpoint
from gitlab_sync.sandbox.viewer import Viewer
from gitlab_sync.services import people as people_table
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record, Source

GRAPHQL = "/api/graphql"
Judgements = dict[Any, Mapping[str, Verdict]]

FIELDS = (
    "MergeRequest.commitsWithoutMergeCommits",
    "MergeRequest.commitCount",
    "MergeRequest.diffStats",
    "MergeRequest.notes",
    "MergeRequest.pipelines",
    "MergeRequest.totalTimeSpent",
    "PipelineConnection.count",
    "Note.system",
    "Commit.message",
    "Query.queryComplexity",
    "Project.mergeRequests",
    "Project.mergeRequests.iids",
)


def small(seed: int = 3, **sizes: int) -> World:
    """Return a world with bots, forks, a private project, merges, and two lists beyond a page."""
    given = {"users": 6, "merge_requests": 5, "issues": 1, "projects": 5, "large_every": 12}
    return fresh_world(seed=seed, **{**given, **sizes})


def ended(world: World) -> list[Record]:
    """Return the merge requests that are evaluated, as lists show them."""
    rows = [row.data for row in world.merge_requests.rows]
    return [mr for mr in rows if mr["state"] in {"merged", "closed"}]


def read(client: GitLabClient, mrs: list[Record], source: Source) -> list[FactsRead]:
    """Read facts of all of these."""
    with client.session.context() as job:
        return list(read_facts(job, mrs, fact_source(job, source)))


def judged(client: GitLabClient, mrs: list[Record], source: Source) -> Judgements:
    """Return what the rules say of all of these."""
    return {each.mr["id"]: evaluate(each.mr, each.facts) for each in read(client, mrs, source)}


@contextmanager
def serving(world: World, bridge: Bridge, **how: Any) -> Iterator[tuple[Sandbox, GitLabClient]]:
    """Serve a world, and give the administrator's client of it."""
    with Sandbox(world, **how) as sandbox:
        yield sandbox, GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)


def asked(sandbox: Sandbox) -> tuple[int, int]:
    """Return how many requests went to GraphQL, and how many to REST."""
    by_endpoint = sandbox.traffic.by_endpoint
    return by_endpoint.get(GRAPHQL, 0), sum(by_endpoint.values()) - by_endpoint.get(GRAPHQL, 0)


def assert_the_same(world: World, bridge: Bridge, **how: Any) -> tuple[int, int]:
    """Check that both sources lead to the same verdicts; return the requests with GraphQL."""
    mrs = ended(world)
    with serving(world, bridge, **how) as (sandbox, client):
        found = judged(client, mrs, "graphql")
        requests = asked(sandbox)
        assert found == judged(client, mrs, "rest")
    assert len(found) == len(mrs) > 5
    return requests


@pytest.mark.parametrize("seed", range(4))
def test_what_graphql_gives_is_what_rest_gives(bridge: Bridge, seed: int) -> None:
    """With a few queries for all, and REST for merges and empty diffs alone."""
    world = small(seed)
    queries, over_rest = assert_the_same(world, bridge)
    assert 0 < queries <= 6
    assert over_rest < len(ended(world))


def test_further_pages_of_long_lists_come_over_graphql_too(bridge: Bridge) -> None:
    """REST is asked for one list of commits, which shows whether it reports merges."""
    with serving(small(1, large_every=1), bridge) as (sandbox, client):
        read(client, ended(sandbox.world), "graphql")
        below = "/projects/:id/merge_requests/:iid"
        found = {path: n for path, n in sandbox.traffic.by_endpoint.items() if n and below in path}
    assert not found.get(f"{below}/notes")
    assert found.get(f"{below}/commits", 0) <= 2, "pages of one list"


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        {"errors": [{"message": "boom"}]},
        {"data": {"p0": None}},
        {"data": {"p0": {"mergeRequest": {"id": "gid://gitlab/MergeRequest/1", "notes": None}}}},
        {"data": {"p0": {"mergeRequest": {"id": None, "notes": {"nodes": []}}}}},
    ],
)
def test_lists_whose_further_pages_graphql_does_not_give_are_read_over_rest(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, page: Record
) -> None:
    """An error, no answer, that of another merge request, and a page without a row."""
    answer, broken = endpoint.GraphQL.answer, []

    def without_further_pages(self: endpoint.GraphQL, body: bytes, viewer: Viewer) -> Any:
        if b"furtherPages" not in body:
            return answer(self, body, viewer)
        broken.append(body)
        return json_answer(page), 0

    monkeypatch.setattr(endpoint.GraphQL, "answer", without_further_pages)
    assert_the_same(small(1, large_every=3), bridge)
    assert broken


def test_the_pages_of_a_very_long_list_are_left_to_rest() -> None:
    """It reads them in parallel; a page that is the last has no cursor either."""
    page = {"endCursor": "x", "hasNextPage": True}
    long = {"notes": {"nodes": [{}] * 100, "pageInfo": page}}
    assert cursors_of(long, ["notes", "commits"]) == {"notes": "x"}
    longer = {"notes": {"nodes": [{}] * 100 * MOST_PAGES, "pageInfo": page}}
    last = {"notes": {"nodes": [{}], "pageInfo": {**page, "hasNextPage": False}}}
    assert cursors_of(longer, ["notes"]) == cursors_of(last, ["notes"]) == {}


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(10, 10_000),
    projects=st.integers(1, 9),
    large_every=st.sampled_from([0, 7]),
    lacking=st.sets(st.sampled_from(FIELDS), max_size=3),
)
def test_any_world_on_any_older_server_is_read_the_same(
    make_bridge: Callable[..., Bridge],
    seed: int,
    projects: int,
    large_every: int,
    lacking: set[str],
) -> None:
    """Whatever fields it lacks."""
    if {"Project.mergeRequests", "Project.mergeRequests.iids"} <= lacking:
        lacking = lacking - {"Project.mergeRequests.iids"}
    world = small(seed, projects=projects, large_every=large_every, merge_requests=3)
    assert_the_same(world, make_bridge(), graphql_without=sorted(lacking))


def test_files_that_were_renamed_or_deleted_count_by_the_same_path(bridge: Bridge) -> None:
    """A moved one by where it went, a deleted one by where it was."""
    world = small()
    mrs = ended(world)
    diffs = world.tables.mr_diffs
    renamed = {"old_path": "tests/a.py", "new_path": "src/a.py", "renamed_file": True}
    deleted = {"old_path": "tests/b.py", "new_path": "tests/b.py", "deleted_file": True}
    for mr, change in zip(mrs, (renamed, deleted), strict=False):
        diffs.put((mr["project_id"], mr["iid"]), [{"diff": "", **change}])
    assert_the_same(world, bridge)
    with serving(world, bridge) as (_, client):
        found = judged(client, mrs, "graphql")
    assert found[mrs[0]["id"]]["no_unit_tests"].result == "fail"
    assert found[mrs[1]["id"]]["no_unit_tests"].result == "pass"


@pytest.mark.slow
def test_the_rows_of_people_are_the_same(bridge: Bridge) -> None:
    """In the table of merge requests, and in that of whole people."""
    world = small()
    names = world.truth.usernames
    rows: dict[Source, Any] = {}
    with serving(world, bridge) as (_, client):
        choices: tuple[Source, ...] = ("rest", "auto", "graphql")
        for source in choices:
            mrs = client.batch_evaluate_mrs(names, run=Run(source=source))
            question = PeopleQuery(tuple(Person(name) for name in names))
            people = people_table.answer(client, question, Run(source=source))
            rows[source] = (list(mrs), list(people))
    assert rows["auto"] == rows["rest"]
    assert rows["graphql"] == rows["rest"]


@pytest.mark.slow
def test_whoever_sees_less_sees_the_same_less(bridge: Bridge) -> None:
    """A private project's merge requests are unknown either way, and for the same reason."""
    world = small()
    mrs = ended(world)
    with Sandbox(world) as sandbox:
        blind = 0
        for name in world.truth.usernames:
            client = GitLabClient(sandbox.url, sandbox.token(name), bridge=bridge)
            found = judged(client, mrs, "graphql")
            assert found == judged(client, mrs, "rest")
            blind += any(one["no_unit_tests"].result == "unknown" for one in found.values())
    assert blind, "everybody saw everything"


def test_a_record_that_names_another_merge_request_is_read_over_rest(bridge: Bridge) -> None:
    """Its path leads to a project that is another one by now."""
    world = small()
    mrs = deepcopy(ended(world))
    paths = sorted({mr["references"]["full"].partition("!")[0] for mr in mrs})
    for mr in mrs:
        other = next(path for path in paths if not mr["references"]["full"].startswith(path))
        mr["references"]["full"] = f"{other}!{mr['iid']}"
    with serving(world, bridge) as (_, client):
        assert judged(client, mrs, "graphql") == judged(client, mrs, "rest")


def test_an_older_record_tells_its_project_by_its_address(bridge: Bridge) -> None:
    """And its time spent is asked for in the same query."""
    world = small(large_every=0)
    mrs = deepcopy(ended(world))
    for mr in mrs:
        del mr["references"], mr["time_stats"]
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs, "graphql")
        queries, over_rest = asked(sandbox)
        assert found == judged(client, mrs, "rest")
    assert queries <= 4
    assert over_rest < len(mrs)


def test_a_record_without_an_address_is_unknown_either_way(client: GitLabClient) -> None:
    """It cannot be asked for."""
    lost = [{"id": number, "title": "feat: a", "state": "merged"} for number in range(4)]
    assert judged(client, lost, "graphql") == judged(client, lost, "rest")


# -- limits ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 30, 45, 60, 120, 1000])
def test_any_limit_of_complexity_leads_to_the_same(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """Queries shrink until they fit; if none does, all is read over REST."""
    monkeypatch.setattr(endpoint, "SIGNED_IN", limit)
    queries, over_rest = assert_the_same(small(), bridge)
    assert queries < 100
    if limit >= 60:
        assert over_rest < 40


def test_a_run_that_follows_is_not_refused_again(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instance's limit is known by then."""
    monkeypatch.setattr(endpoint, "SIGNED_IN", 70)
    world = small(large_every=0)
    with serving(world, bridge) as (sandbox, client):
        read(client, ended(world), "graphql")
        sandbox.traffic.reset()
        read(client, ended(world), "graphql")
        queries, _ = asked(sandbox)
    assert queries == len({mr["project_id"] for mr in ended(world)})


def test_no_query_is_longer_than_gitlab_takes() -> None:
    """With as many projects as one query may name."""
    assert len(query(FACTS, MOST_PROJECTS, 100, tells=True)) < endpoint.MOST_CHARACTERS


# -- what a server lacks ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_an_older_server_lacks_is_made_up_for(bridge: Bridge, field: str) -> None:
    """By REST, for that fact alone where GraphQL has the others."""
    world = small(large_every=0)
    _, over_rest = assert_the_same(world, bridge, graphql_without=[field])
    number = len(ended(world))
    if field.startswith("Project."):
        assert over_rest >= 3 * number
    elif field != "Query.queryComplexity":
        assert over_rest < 2 * number


def test_what_a_server_lacks_is_learnt_once(bridge: Bridge) -> None:
    """The second run asks nothing in vain."""
    world = small(large_every=0)
    with serving(world, bridge, graphql_without=["MergeRequest.diffStats"]) as (sandbox, client):
        read(client, ended(world), "auto")
        sandbox.traffic.reset()
        read(client, ended(world), "auto")
        queries, _ = asked(sandbox)
    assert queries <= 2


def test_where_graphql_is_switched_off_rest_is_asked_and_that_is_said_once(
    bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    """As a warning for who asked for GraphQL by name; later runs know it."""
    world = small(large_every=0)
    with serving(world, bridge, graphql=False) as (sandbox, client):
        with caplog.at_level(logging.INFO, "gitlab_sync"):
            first = judged(client, ended(world), "graphql")
            sandbox.traffic.reset()
            second = judged(client, ended(world), "auto")
        assert asked(sandbox)[0] == 0
        assert first == second == judged(client, ended(world), "rest")
    said = [each for each in caplog.records if "GraphQL cannot read" in each.getMessage()]
    assert [each.levelno for each in said] == [logging.WARNING, logging.INFO]


def test_one_merge_request_alone_is_no_reason_for_a_query(bridge: Bridge) -> None:
    """Unless GraphQL was asked for by name."""
    world = small(large_every=0)
    with serving(world, bridge) as (sandbox, client):
        read(client, ended(world)[:1], "auto")
        assert asked(sandbox) == (0, 4)
        read(client, ended(world)[:1], "graphql")
        assert asked(sandbox)[0] == 1


# -- trouble ---------------------------------------------------------------------------------------


def faults() -> dict[str, dict[str, Any]]:
    """Return kinds of trouble that GraphQL alone has, for as long as the run lasts."""
    errors = {"errors": [{"message": "Timeout on MergeRequest.notes"}], "data": {"p0": None}}
    return {
        "500": {"kind": "status", "status": 500},
        "502": {"kind": "html", "status": 502},
        "401": {"kind": "status", "status": 401},
        "403": {"kind": "status", "status": 403},
        "time-out": {"kind": "status", "status": 200, "body": orjson.dumps(errors).decode()},
        "no data": {"kind": "status", "status": 200, "body": '{"data": null}'},
        "no project": {"kind": "status", "status": 200, "body": '{"data": {"p0": null}}'},
        "nulls": {
            "kind": "status",
            "status": 200,
            "body": '{"data": {"p0": {"mergeRequests": {"nodes": [null]}}}}',
        },
        "unclear": {"kind": "status", "status": 200, "body": '{"errors": [{"message": "boom"}]}'},
        "a page": {"kind": "html", "status": 200},
        "malformed": {"kind": "malformed"},
        "truncated": {"kind": "truncate"},
        "reset": {"kind": "reset"},
        "redirect": {"kind": "redirect"},
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", faults())
def test_when_graphql_alone_is_broken_nothing_is_lost(bridge: Bridge, name: str) -> None:
    """REST has it all; and GraphQL is not asked for each merge request in vain."""
    world = small(large_every=0)
    with serving(world, bridge) as (sandbox, client):
        sandbox.faults.add(path=GRAPHQL, times=None, **faults()[name])
        found = judged(client, ended(world), "auto")
        queries, _ = asked(sandbox)
        sandbox.faults.clear()
        assert found == judged(client, ended(world), "rest")
    assert queries < 100
    assert all(one["no_unit_tests"].result != "unknown" for one in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", faults())
def test_when_graphql_fails_once_the_rest_of_it_is_still_used(bridge: Bridge, name: str) -> None:
    """The same comes out."""
    world = small(large_every=0)
    with serving(world, bridge) as (sandbox, client):
        sandbox.faults.add(path=GRAPHQL, times=1, **faults()[name])
        found = judged(client, ended(world), "auto")
        sandbox.faults.clear()
        assert found == judged(client, ended(world), "rest")


@pytest.mark.parametrize("seed", range(3))
def test_when_everything_fails_now_and_then_no_verdict_is_another_one(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """It is the true one, or unknown with the error that prevented it."""
    monkeypatch.setattr(limits, "_OWN_BACKOFF", (0.01, 0.02))
    world = small(seed)
    with serving(world, bridge) as (sandbox, client):
        true = judged(client, ended(world), "rest")
        for number, fault in enumerate(faults().values()):
            sandbox.faults.add(**fault, probability=0.02, seed=seed + number, times=None)
        found = read(client, ended(world), "auto")
    for each in found:
        for check, verdict in evaluate(each.mr, each.facts).items():
            if verdict.result == "unknown":
                assert each.errors
            else:
                assert verdict.result == true[each.mr["id"]][check].result
    assert len(found) == len(true)


def test_a_limit_holds_up_queries_and_loses_nothing(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 429 is waited for as for any other request."""
    monkeypatch.setattr(limits, "_OWN_BACKOFF", (0.01, 0.02))
    world = small(large_every=0)
    with serving(world, bridge) as (sandbox, client):
        sandbox.faults.add(kind="limit", path=GRAPHQL, times=2, retry_after=0.05)
        found = judged(client, ended(world), "auto")
        queries, _ = asked(sandbox)
        assert found == judged(client, ended(world), "rest")
    assert queries >= 3


@pytest.mark.slow
def test_a_server_that_is_slow_over_many_is_asked_for_fewer(bridge: Bridge) -> None:
    """A query that takes longer than a call may is halved until it does not."""
    world = small(large_every=0, projects=1)
    mrs = ended(world)
    with Sandbox(world, node_latency=0.05) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge, timeout=0.6)
        with client.session.context(limit=0.6) as job:
            found = {
                each.mr["id"]: evaluate(each.mr, each.facts)
                for each in read_facts(job, mrs, fact_source(job, "auto"))
            }
        queries, _ = asked(sandbox)
        sandbox.node_latency = 0
        assert found == judged(client, mrs, "rest")
    assert queries > 1


def test_a_cancelled_run_says_what_it_did_not_read(bridge: Bridge) -> None:
    """Every fact is unknown, with the reason, and no error is raised."""
    world = small(large_every=0)
    token = CancelToken()
    token.cancel("the user left")
    with serving(world, bridge) as (_, client), client.session.context(cancel=token) as job:
        found = list(read_facts(job, ended(world), fact_source(job, "auto")))
    assert len(found) == len(ended(world))
    assert all(not each.facts.diffs.whole for each in found)
    assert all("the user left" in str(each.facts.diffs.missing) for each in found)


# -- real data -------------------------------------------------------------------------------------


@pytest.mark.large
def test_the_facts_of_a_real_project_are_the_same_for_a_fraction_of_the_requests(
    bridge: Bridge, record_property: Callable[[str, object], None]
) -> None:
    """Five thousand merge requests, at most three requests for a hundred of them."""
    world = load_world(REAL)
    mrs = ended(world)
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs, "auto")
        queries, over_rest = asked(sandbox)
    assert found == {mr["id"]: evaluate(mr, facts_of(world, mr)) for mr in mrs}
    share = (queries + over_rest) / len(mrs)
    record_property("requests for each ended merge request", share)
    assert len(mrs) > 5000
    assert share < 0.03
