"""Facts over REST: as few requests as possible, with the verdicts of reading everything."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from real_data import REAL
from whole_facts import facts_of
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api.facts.rest import FactSource, FactsRead, RestFacts, read_facts
from gitlab_sync.api.facts.stored import StoredFacts
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.merge_request import evaluate
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.sandbox import Sandbox, World, generate_world, load_world
from gitlab_sync.sandbox.faults import Kind
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import open_store
from gitlab_sync.types import PartialList, Record

ONE = "/projects/:id/merge_requests/:iid"
BULK = "/projects/:id/pipelines"
LISTS = ("notes", "commits", "diffs", "pipelines")
Judgements = Mapping[Any, Mapping[str, Verdict]]


def ended(world: World) -> list[Record]:
    """Return the merge requests that are evaluated, as lists show them."""
    rows = [row.data for row in world.merge_requests.rows]
    return [mr for mr in rows if mr["state"] in {"merged", "closed"}]


@contextmanager
def serving(world: World, bridge: Bridge) -> Iterator[tuple[Sandbox, GitLabClient]]:
    """Serve a world, and give the administrator's client of it."""
    with Sandbox(world) as sandbox:
        yield sandbox, GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)


def read(
    client: GitLabClient, mrs: list[Record], source: FactSource | None = None
) -> list[FactsRead]:
    """Read the facts of all of these."""
    with client.session.context() as job:
        return list(read_facts(job, mrs, source or RestFacts()))


def judged(client: GitLabClient, mrs: list[Record], source: FactSource | None = None) -> Judgements:
    """Return what the rules say of all of these; each is read once."""
    found = read(client, mrs, source)
    assert sorted(each.mr["id"] for each in found) == sorted(mr["id"] for mr in mrs)
    return {each.mr["id"]: evaluate(each.mr, each.facts) for each in found}


def by_everything(client: GitLabClient, mrs: list[Record]) -> Judgements:
    """Return what the rules say when every list of each merge request is asked for, one by one."""
    verdicts = {}
    for mr in mrs:
        base = f"projects/{mr['project_id']}/merge_requests/{mr['iid']}"
        facts = {name: PartialList(client.get_all(f"{base}/{name}")) for name in LISTS}
        stats = PartialList([client.get(f"{base}/time_stats")])
        verdicts[mr["id"]] = evaluate(mr, Facts(**facts, time_stats=stats))
    return verdicts


def in_one_project(seed: int = 4, number: int = 20) -> World:
    """Return a world of one project, with that many merge requests of each of two people."""
    return fresh_world(
        seed=seed, users=2, merge_requests=number, issues=0, projects=1, large_every=0
    )


# -- how few ---------------------------------------------------------------------------------------


def test_pipelines_of_a_project_come_with_one_list(bridge: Bridge) -> None:
    """Doubtful ones are asked for one by one, and nothing else is."""
    world = in_one_project()
    mrs = ended(world)
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        asked = dict(sandbox.traffic.by_endpoint)
        assert found == by_everything(client, mrs)
    assert asked[BULK] == len({mr["project_id"] for mr in mrs}) == 1
    assert asked.get(f"{ONE}/pipelines", 0) < len(mrs) / 2
    assert sum(asked.values()) < 3.5 * len(mrs)


def test_notes_are_asked_for_only_where_they_may_decide(bridge: Bridge) -> None:
    """Neither where a vote and the description do, nor where they are all that is known."""
    world = in_one_project()
    mrs = ended(world)
    for place, mr in enumerate(mrs):
        mr["upvotes"] = place % 2
        mr["title"] = "a title" if place % 3 else "a title, see #5"
        mr["description"] = "none"
    world.changed()
    decided = sum(place % 2 == 1 and place % 3 == 0 for place in range(len(mrs)))
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        assert sandbox.traffic.count(f"{ONE}/notes") == len(mrs) - decided
        assert found == by_everything(client, mrs)
    assert decided > 2


def test_the_cheapest_merge_request_costs_two_requests(bridge: Bridge) -> None:
    """For its commits and diffs; the pipelines of all come in one list."""
    world = in_one_project()
    mrs = ended(world)
    for mr in mrs:
        mr.update(upvotes=1, description="see #5", source_project_id=mr["project_id"])
        world.tables.mr_pipelines.put((mr["project_id"], mr["iid"]), [])
    world.changed()
    with serving(world, bridge) as (sandbox, client):
        read(client, mrs)
        assert sandbox.traffic.total == 2 * len(mrs) + 1
        assert sandbox.traffic.count(f"{ONE}/diffs") == len(mrs)


def test_a_few_merge_requests_are_asked_one_by_one(bridge: Bridge) -> None:
    """A look at the whole project's list would cost more than it saves."""
    world = in_one_project()
    with serving(world, bridge) as (sandbox, client):
        read(client, ended(world)[:7])
        assert sandbox.traffic.count(BULK) == 0
        assert sandbox.traffic.count(f"{ONE}/pipelines") == 7


def test_those_of_forks_are_asked_alone(bridge: Bridge) -> None:
    """Their pipelines belong to another project."""
    world = in_one_project()
    mrs = ended(world)
    for place, mr in enumerate(mrs):
        mr["source_project_id"] = None if place % 2 else 4711
    world.changed()
    with serving(world, bridge) as (sandbox, client):
        read(client, mrs)
        assert sandbox.traffic.count(BULK) == 0
        assert sandbox.traffic.count(f"{ONE}/pipelines") == len(mrs)


# -- lists that are long ---------------------------------------------------------------------------


def with_others(world: World, number: int, when: str) -> None:
    """Add pipelines of another branch that ran then."""
    project = int(ended(world)[0]["project_id"])
    world.tables.pipelines[project] = [
        {
            "id": place + 1,
            "project_id": project,
            "sha": f"{place:040x}",
            "ref": "main",
            "status": "success",
            "source": "push",
            "created_at": when,
            "updated_at": when,
        }
        for place in range(number)
    ]
    world.changed()


def bulk_pages(sandbox: Sandbox) -> list[str]:
    """Return the queries of the bulk lists that were asked for."""
    return [each.query for each in sandbox.traffic.exchanges if each.endpoint == BULK]


def test_a_list_that_is_too_long_is_read_from_the_oldest_merge_request_on(bridge: Bridge) -> None:
    """Nothing is concluded from what it does not show."""
    world = in_one_project()
    mrs = ended(world)
    with_others(world, 1500, "2001-01-01T00:00:00Z")
    without = [mr for mr in mrs if not world.merge_request_pipelines(mr)]
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        pages = bulk_pages(sandbox)
        alone = sandbox.traffic.count(f"{ONE}/pipelines")
        assert found == by_everything(client, mrs)
    assert "updated_after" not in pages[0]
    assert all("updated_after=" in page for page in pages[1:])
    assert 2 <= len(pages) <= 1 + len(mrs) // 4
    assert 0 < len(without) <= alone < len(mrs)


def test_a_list_that_would_cost_too_much_is_not_read(bridge: Bridge) -> None:
    """Two first pages show it."""
    world = in_one_project()
    mrs = ended(world)
    with_others(world, 1500, "2099-01-01T00:00:00Z")
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        assert len(bulk_pages(sandbox)) == 2
        assert sandbox.traffic.count(f"{ONE}/pipelines") == len(mrs)
        assert found == by_everything(client, mrs)


def test_a_list_of_which_gitlab_does_not_say_the_length_is_not_read(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above ten thousand rows it does not."""
    monkeypatch.setattr("gitlab_sync.sandbox.paging.MOST_COUNTED", 120)
    world = in_one_project()
    mrs = ended(world)
    with_others(world, 150, "2099-01-01T00:00:00Z")
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        assert len(bulk_pages(sandbox)) == 2
        assert found == by_everything(client, mrs)


# -- lists that cannot be read ---------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("status", {"status": 403}),
        ("status", {"status": 404}),
        ("status", {"status": 500}),
        ("status", {"status": 200, "body": "{}"}),
        ("status", {"status": 200, "body": "[null]"}),
        ("empty", {}),
        ("malformed", {}),
        ("truncate", {}),
        ("reset", {"when": "middle"}),
        ("html", {"status": 502}),
    ],
)
@pytest.mark.parametrize("nth", [1, 2])
def test_what_a_broken_list_would_have_told_is_asked_alone(
    bridge: Bridge, kind: Kind, how: dict[str, Any], nth: int
) -> None:
    """On its first page, or on the second; no verdict is another, and none is unknown."""
    world = in_one_project(number=30)
    mrs = ended(world)
    with_others(world, 150, "2001-01-01T00:00:00Z")
    with serving(world, bridge) as (sandbox, client):
        sandbox.faults.add(kind, path=BULK, nth=nth, times=None, **how)
        found = judged(client, mrs)
        assert sandbox.traffic.count(f"{ONE}/pipelines") == len(mrs)
        assert found == by_everything(client, mrs)


def test_a_project_whose_pipelines_are_switched_off_has_none(bridge: Bridge) -> None:
    """Its list is refused, and each merge request says that it has none."""
    world = in_one_project()
    world.tables.projects[0]["builds_access_level"] = "disabled"
    world.changed()
    mrs = ended(world)
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        assert len(bulk_pages(sandbox)) == 1
        assert found == by_everything(client, mrs)
    assert {each["failed_pipeline"].reason for each in found.values()} == {"no pipeline"}


def test_a_run_that_is_cancelled_loses_none_that_waits_for_the_list(
    bridge: Bridge, aside: ThreadPoolExecutor, until: Callable[..., None]
) -> None:
    """Each says that its pipelines were not read."""
    world = in_one_project()
    mrs = ended(world)
    for mr in mrs:
        mr["source_project_id"] = mr["project_id"]
    world.changed()
    token = CancelToken()
    with serving(world, bridge) as (sandbox, client):
        sandbox.faults.add("stall", path=BULK)

        def cancel_when_others_are_read() -> None:
            until(lambda: sandbox.traffic.count(f"{ONE}/diffs") > 0)
            token.cancel("the user left")

        watching = aside.submit(cancel_when_others_are_read)
        with client.session.context(cancel=token) as job:
            found = list(read_facts(job, mrs, RestFacts()))
        watching.result()
    assert len(found) == len(mrs)
    for each in found:
        assert each.errors
        assert "the user left" in str(each.facts.pipelines.missing)


# -- from a store ----------------------------------------------------------------------------------


def test_a_store_has_what_decided_and_is_asked_for_no_more(bridge: Bridge, tmp_path: Path) -> None:
    """Where a record decides less than when it was kept, all is read again."""
    world = in_one_project()
    mrs = ended(world)
    for mr in mrs:
        mr.update(upvotes=1, title="see #5")
    world.changed()
    undecided = [{**mr, "title": "no more", "description": None} for mr in mrs]
    with serving(world, bridge) as (sandbox, client):
        with open_store(client.base_url, client.session.credential, "on", tmp_path) as store:
            source = StoredFacts(RestFacts(), store, datetime(2030, 1, 1, tzinfo=UTC))
            first = judged(client, mrs, source)
            sandbox.traffic.reset()
            assert judged(client, mrs, source) == first
            assert sandbox.traffic.total == 0
            found = judged(client, undecided, source)
        assert found == by_everything(client, undecided)


# -- any world -------------------------------------------------------------------------------------


def spoiled(world: World, chance: random.Random) -> World:
    """Add what a project's list may hold besides, and take from merge requests what may lack."""
    mrs = world.tables.merge_requests
    number = 10**9
    for mr in mrs:
        if chance.random() < 0.2:
            shared = chance.choice(mrs)["source_branch"]
            for pipeline in world.tables.mr_pipelines.get((mr["project_id"], mr["iid"])):
                if pipeline["ref"] == mr["source_branch"]:
                    pipeline["ref"] = shared
            mr["source_branch"] = shared
        if chance.random() < 0.15:
            mr["sha"] = None
        mr["upvotes"] = chance.choice([0, 0, 1, 3, None])
        mr["description"] = chance.choice([mr["description"], None, "see #4", ""])
        for _ in range(chance.choice([0, 0, 1, 3])):
            number += 1
            commits = world.tables.mr_commits.get((mr["project_id"], mr["iid"]))
            commit = chance.choice(commits)["id"] if commits else "c" * 40
            tag = chance.random() < 0.2
            status = chance.choice(["failed", "success", "FAILED", "canceled"])
            row = {
                "id": chance.choice([number, number - 10**9]),
                "ref": chance.choice(
                    [mr["source_branch"], "main", f"refs/merge-requests/{mr['iid']}/merge"]
                ),
                "sha": chance.choice([mr["sha"], commit, "d" * 40]),
                "source": chance.choice(["push", "web", "merge_request_event", "parent_pipeline"]),
                "status": "failed" if tag else status,
                "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-02T00:00:00Z",
            }
            if row["ref"].startswith("refs/"):
                row["source"] = "merge_request_event"
            elif tag:
                row["tag"] = True
            world.tables.pipelines.setdefault(mr["project_id"], []).append(row)
    world.changed()
    return world


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_in_any_world_the_verdicts_are_those_of_asking_for_everything(
    bridge: Bridge, seed: int
) -> None:
    """With reasons and links; whatever else ran in the project, and whatever records lack."""
    chance = random.Random(seed)
    sizes = {"merge_requests": chance.randint(4, 25), "projects": chance.randint(1, 4)}
    world = generate_world(seed=seed, users=2, issues=0, large_every=9, **sizes)
    mrs = ended(spoiled(world, chance))
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        asked = sandbox.traffic.total
        sandbox.traffic.reset()
        assert found == by_everything(client, mrs)
        assert asked <= sandbox.traffic.total


# -- real data -------------------------------------------------------------------------------------


@pytest.mark.large
def test_a_real_project_takes_little_more_than_three_requests_each(
    bridge: Bridge, record_property: Callable[[str, object], None]
) -> None:
    """Every fifth of five thousand merge requests, and the verdicts of asking for everything."""
    world = load_world(REAL)
    mrs = ended(world)[::5]
    with serving(world, bridge) as (sandbox, client):
        found = judged(client, mrs)
        share = sandbox.traffic.total / len(mrs)
    assert found == {mr["id"]: evaluate(mr, facts_of(world, mr)) for mr in mrs}
    record_property("requests for each ended merge request", share)
    assert len(mrs) > 1000
    assert share <= 3.2
