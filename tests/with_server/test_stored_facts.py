"""Facts from a store are what a fresh read would give, and cost next to nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_data import REAL
from stored_runs import NOW, asked_below_lists, rows, run, stored_rows

from gitlab_sync import GitLabClient
from gitlab_sync.api.facts.rest import RestFacts, read_facts
from gitlab_sync.api.facts.stored import StoredFacts
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.rules.items.merge_request import evaluate, is_terminal
from gitlab_sync.sandbox import Sandbox, World, generate_world, load_world
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import Item, open_store, store_path
from gitlab_sync.types import Record

PROGRAM = Path(__file__).with_name("stored_runs.py")
QUICK = RetryPolicy(base=0.01, cap=0.05)


@pytest.fixture
def usernames(world: World) -> list[str]:
    """Return everybody who wrote something."""
    return list(world.truth.usernames)


@pytest.fixture
def cost(sandbox: Sandbox) -> Callable[[], int]:
    """Return how many requests below the lists there were since this was last asked."""

    def since() -> int:
        number = asked_below_lists(sandbox.traffic)
        sandbox.traffic.reset()
        return number

    return since


class Changes:
    """Changes a world as people do over GitLab: `updated_at` moves where GitLab moves it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self._minutes = 0

    def make(self, kinds: Sequence[str]) -> None:
        """Make these changes, each to a merge request, project or person of the chance."""
        for kind in kinds:
            mrs = self.world.tables.merge_requests
            if mrs:
                getattr(self, kind)(self.random.choice(mrs))
                self.world.changed()

    def _now(self) -> str:
        self._minutes += 1
        moment = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(minutes=self._minutes)
        return moment.isoformat()

    def _touch(self, mr: Record) -> None:
        mr["updated_at"] = self._now()

    def _add(self, table: str, mr: Record, **fields: Any) -> None:
        children, key = getattr(self.world.tables, table), (mr["project_id"], mr["iid"])
        now = self._now()
        new = {"id": self.world.new_id(), "created_at": now, "updated_at": now, **fields}
        children.put(key, [new, *children.get(key)])

    def _somebody(self) -> Record:
        user: Record = self.random.choice(self.world.tables.users)
        return {"id": user["id"], "username": user["username"]}

    def note(self, mr: Record) -> None:
        self._add("mr_notes", mr, body="See #3", system=False, author=self._somebody())
        mr["user_notes_count"] += 1
        self._touch(mr)

    def approval(self, mr: Record) -> None:
        body = "approved this merge request"
        self._add("mr_notes", mr, body=body, system=True, author=self._somebody())
        self._touch(mr)

    def deleted_notes(self, mr: Record) -> None:
        self.world.tables.mr_notes.put((mr["project_id"], mr["iid"]), [])
        mr["user_notes_count"] = -1 - abs(mr["user_notes_count"])  # never a number it had

    def commit(self, mr: Record) -> None:
        self._add("mr_commits", mr, message="fix: one more", title="fix: one more", parent_ids=[])
        mr["sha"] = f"{self.random.getrandbits(160):040x}"
        self._add("mr_diffs", mr, new_path="tests/test_more.py")
        self._add("mr_pipelines", mr, status=self.random.choice(("failed", "success")))
        self._touch(mr)

    def vote(self, mr: Record) -> None:
        mr["upvotes"] = 0 if mr["upvotes"] else 1

    def edit(self, mr: Record) -> None:
        mr["title"], mr["description"] = self.random.choice((("Plain", ""), ("feat: a", "#7")))
        self._touch(mr)

    def time_spent(self, mr: Record) -> None:
        mr["time_stats"] = {"total_time_spent": self.random.choice((0, 60))}
        self._touch(mr)

    def reopened(self, mr: Record) -> None:
        mr.update(state="opened", merged_at=None, closed_at=None)
        self._touch(mr)

    def closed(self, mr: Record) -> None:
        self._touch(mr)
        mr.update(state="closed", closed_at=mr["updated_at"])

    def deleted(self, mr: Record) -> None:
        self.world.tables.merge_requests.remove(mr)

    def written_anew(self, mr: Record) -> None:
        """Another merge request takes the number of one that was deleted."""
        self.deleted(mr)
        self.world.tables.merge_requests.append({**mr, "id": self.world.new_id()})
        self.world.tables.mr_notes.put((mr["project_id"], mr["iid"]), [])

    def made_private(self, mr: Record) -> None:
        self._project(mr)["visibility"] = "private"

    def renamed_project(self, mr: Record) -> None:
        project = self._project(mr)
        old = project["path_with_namespace"]
        new = project["path_with_namespace"] = f"{old}-x"
        self.world.tables.moved[old] = project["id"]
        for each in self.world.tables.merge_requests:
            each["web_url"] = each["web_url"].replace(f"/{old}/-/", f"/{new}/-/")

    def renamed_author(self, mr: Record) -> None:
        old = mr["author"]["username"]
        tables = self.world.tables
        notes = [each for key in tables.mr_notes.keys() for each in tables.mr_notes.get(key)]  # noqa: SIM118
        people = [each.get("author") for each in (*tables.merge_requests, *notes)]
        for person in (*tables.users, *people):
            if person and person["username"] == old:
                person["username"] = f"{old}-x"

    def _project(self, mr: Record) -> Record:
        projects = self.world.tables.projects
        return next(each for each in projects if each["id"] == mr["project_id"])


KINDS = [name for name in vars(Changes) if not name.startswith("_") and name != "make"]


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 50),
    rounds=st.lists(
        st.lists(st.sampled_from(KINDS), min_size=1, max_size=8), min_size=1, max_size=3
    ),
)
@pytest.mark.timeout(600)
def test_however_the_world_changes_the_rows_are_those_of_a_fresh_run(
    seed: int, rounds: list[list[str]]
) -> None:
    """For one who sees everything and for one who does not, who share a store."""
    world = generate_world(seed, users=4, merge_requests=4, issues=0, projects=4, large_every=0)
    world = deepcopied(world)
    changes = Changes(world, seed)
    outsider = world.truth.usernames[3]
    with (
        TemporaryDirectory() as folder,
        Sandbox(world) as sandbox,
        Bridge(8, policy=QUICK) as bridge,
    ):
        token = sandbox.token(outsider)
        clients = [
            GitLabClient(sandbox.url, token, bridge=bridge) for token in (sandbox.token(), token)
        ]
        for kinds in ([], *rounds):
            changes.make(kinds)
            usernames = [user["username"] for user in world.tables.users]
            for client in clients:
                warm = stored_rows(client, usernames, Path(folder))
                assert warm == rows(client, usernames)
                assert {status for status, _, _ in warm.values()} <= {"Success", "Not Found"}


def deepcopied(world: World) -> World:
    """Return a world of records of its own: the generator's share some of theirs."""
    copied = deepcopy(world.tables)
    return World(copied, external_url=world.external_url, truth=world.truth, today=world.today)


def test_a_second_run_asks_nothing_below_the_lists(
    client: GitLabClient, usernames: list[str], tmp_path: Path, cost: Callable[[], int]
) -> None:
    """Whatever the lists say is as new as ever."""
    first = stored_rows(client, usernames, tmp_path)
    assert cost() > 40
    assert stored_rows(client, usernames, tmp_path) == first
    assert cost() == 0
    assert rows(client, usernames) == first


def test_one_changed_merge_request_costs_what_one_costs(
    client: GitLabClient,
    world: World,
    usernames: list[str],
    tmp_path: Path,
    cost: Callable[[], int],
) -> None:
    """The others are not asked for again."""
    stored_rows(client, usernames, tmp_path)
    cost()
    mr = next(each for each in world.tables.merge_requests if is_terminal(each))
    Changes(world, 1).edit(mr)
    world.changed()
    stored_rows(client, usernames, tmp_path)
    assert cost() == 4
    stored_rows(client, usernames, tmp_path)
    assert cost() == 0


def test_what_ended_lately_is_read_each_time(
    client: GitLabClient,
    world: World,
    usernames: list[str],
    tmp_path: Path,
    cost: Callable[[], int],
) -> None:
    """A pipeline that is tried again does not move `updated_at`."""
    mr = next(each for each in world.tables.merge_requests if each["state"] == "merged")
    merged = mr["merged_at"] = mr["updated_at"] = "2026-07-20T00:00:00.000Z"
    key = (mr["project_id"], mr["iid"])
    world.tables.mr_pipelines.put(key, [{"id": 1, "status": "running"}])
    world.changed()
    end = datetime.fromisoformat(merged)
    soon, later = end + timedelta(days=2), end + timedelta(days=4)
    stored_rows(client, usernames, tmp_path, now=soon)
    world.tables.mr_pipelines.put(key, [{"id": 1, "status": "failed"}])
    cost()
    assert stored_rows(client, usernames, tmp_path, now=soon) == rows(client, usernames)
    stored_rows(client, usernames, tmp_path, now=later)
    cost()
    assert stored_rows(client, usernames, tmp_path, now=later) == rows(client, usernames)
    sandbox_asked = cost()
    stored_rows(client, usernames, tmp_path, now=later)
    assert cost() == 0 < sandbox_asked


def test_what_was_not_read_whole_is_not_kept(
    client: GitLabClient, sandbox: Sandbox, usernames: list[str], tmp_path: Path
) -> None:
    """The next run makes good for it."""
    path = "/projects/:id/merge_requests/:iid/commits"
    sandbox.faults.add("status", status=403, path=path, times=None)
    broken = stored_rows(client, usernames, tmp_path)
    assert {status for status, _, _ in broken.values()} == {"Partial"}
    sandbox.faults.clear()
    assert stored_rows(client, usernames, tmp_path) == rows(client, usernames)


def test_what_one_may_see_is_never_given_to_another(
    make_client: Callable[..., GitLabClient], world: World, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The other asks for as much as if there were no store."""
    usernames = world.truth.usernames
    one, other = (make_client(name) for name in usernames[:2])
    stored_rows(one, usernames, tmp_path)
    sandbox.traffic.reset()
    expected = rows(other, usernames)
    alone = asked_below_lists(sandbox.traffic)
    sandbox.traffic.reset()
    assert stored_rows(other, usernames, tmp_path) == expected
    assert asked_below_lists(sandbox.traffic) == alone > 0


def test_refreshing_reads_all_and_a_read_only_store_keeps_nothing(
    client: GitLabClient, usernames: list[str], tmp_path: Path, cost: Callable[[], int]
) -> None:
    """And one that is off does neither."""
    stored_rows(client, usernames, tmp_path, "off")
    every = cost()
    assert not list(tmp_path.iterdir())
    stored_rows(client, usernames, tmp_path, "read-only")
    assert cost() == every
    stored_rows(client, usernames, tmp_path, "refresh")
    assert cost() == every
    stored_rows(client, usernames, tmp_path, "refresh")
    assert cost() == every
    stored_rows(client, usernames, tmp_path, "read-only")
    assert cost() == 0


def test_no_file_of_a_store_holds_a_token(
    client: GitLabClient, usernames: list[str], tmp_path: Path, sandbox: Sandbox
) -> None:
    """Neither in plain nor in what is packed."""
    stored_rows(client, usernames, tmp_path)
    token = sandbox.token().encode()
    for file in tmp_path.iterdir():
        assert token not in file.read_bytes()
    with closing(sqlite3.connect(store_path(client.base_url, tmp_path))) as connection:
        dump = "\n".join(connection.iterdump())
    assert sandbox.token() not in dump
    assert client.session.credential.token == sandbox.token()


def test_what_a_store_holds_decides_every_check_as_all_the_records_do(
    client: GitLabClient, world: World, tmp_path: Path
) -> None:
    """With reasons and links: so no field that a rule reads is left out."""
    mrs = [mr for mr in world.tables.merge_requests if is_terminal(mr)]
    with open_store(client.base_url, client.session.credential, folder=tmp_path) as store:
        source = StoredFacts(RestFacts(), store, NOW)
        said = []
        for _ in range(2):
            with client.session.context() as job:
                found = list(read_facts(job, mrs, source))
            said.append({each.mr["id"]: evaluate(each.mr, each.facts) for each in found})
    assert said[0] == said[1]
    assert len(said[0]) == len(mrs)


def test_what_cannot_be_unpacked_is_read_again(
    client: GitLabClient, usernames: list[str], tmp_path: Path
) -> None:
    """A damaged entry is none."""
    first = stored_rows(client, usernames, tmp_path)
    with closing(sqlite3.connect(store_path(client.base_url, tmp_path))) as connection:
        connection.execute("UPDATE kept SET data = substr(data, 1, 20) WHERE id % 2")
        connection.execute("UPDATE kept SET data = x'789c03000000000001' WHERE NOT id % 2")
        connection.commit()
    assert stored_rows(client, usernames, tmp_path) == first


@pytest.mark.parametrize("strange", [{"id": None}, {"id": "7"}, {"id": 2**70}, {"updated_at": 5}])
def test_a_record_that_says_too_little_is_read_and_not_kept(
    client: GitLabClient, world: World, tmp_path: Path, strange: Record
) -> None:
    """It has no number, or nothing says when it changed."""
    mr = next(mr for mr in world.tables.merge_requests if is_terminal(mr))
    with open_store(client.base_url, client.session.credential, folder=tmp_path) as store:
        source = StoredFacts(RestFacts(), store, NOW)
        for _ in range(2):
            with client.session.context() as job:
                found = list(read_facts(job, [{**mr, **strange}], source))
            assert [each.facts.commits.whole for each in found] == [True]
        assert list(store.find([mr["id"], 7])) == []
        store.keep([Item(7, b"", b"")])


# -- processes -------------------------------------------------------------------------------------


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """Serve a world that takes a while to read."""
    world = generate_world(2, users=8, merge_requests=25, issues=0, projects=3, large_every=0)
    with Sandbox(world, latency=0.02) as running:
        yield running


def fork(sandbox: Sandbox, folder: Path) -> BaseProcess:
    """Start a run in a process of its own, forked from one that has loaded all that it needs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["gitlab_sync.client", "gitlab_sync.services.evaluation"])
    arguments = (sandbox.url, sandbox.token(), sandbox.world.truth.usernames, folder)
    process = context.Process(target=run, args=arguments)
    process.start()
    return process


def start(sandbox: Sandbox, folder: Path) -> subprocess.Popen[str]:
    """Start a run in a process of its own, which prints its rows."""
    command = [sys.executable, str(PROGRAM), sandbox.url, str(folder)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "GITLAB_TOKEN": sandbox.token()},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(sandbox.world.truth.usernames))
    process.stdin.close()
    process.stdin = None
    return process


def reached(sandbox: Sandbox, requests: int, process: BaseProcess) -> bool:
    """Say whether a run has asked so much, or has ended."""
    return sandbox.traffic.total >= requests or process.exitcode is not None


def kept(sandbox: Sandbox, folder: Path) -> int:
    """Return how many merge requests are in the store."""
    path = store_path(sandbox.url, folder)
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return int(connection.execute("SELECT count(*) FROM kept").fetchone()[0]) if tables else 0


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.timeout(600)
def test_a_run_that_was_killed_twenty_times_goes_on_where_it_stopped(
    slow: Sandbox, tmp_path: Path, bridge: Bridge, until: Callable[..., None]
) -> None:
    """At random moments, and until one has kept something; the rows are those without a store."""
    chance = random.Random(5)
    client = GitLabClient(slow.url, slow.token(), bridge=bridge)
    expected = rows(client, slow.world.truth.usernames)
    ended = sum(map(is_terminal, slow.world.tables.merge_requests))
    numbers: list[int] = []
    while len(numbers) < 20 or not numbers[-1]:
        slow.traffic.reset()
        process = fork(slow, tmp_path)
        moment = chance.randrange(1, 160) + 5 * len(numbers)
        until(partial(reached, slow, moment, process), 60)
        assert process.exitcode in {None, 0}
        process.kill()
        process.join(60)
        numbers.append(kept(slow, tmp_path))
    assert numbers == sorted(numbers)
    assert numbers[0] < ended
    slow.traffic.reset()
    last = start(slow, tmp_path)
    said, _ = last.communicate(timeout=100)
    assert json.loads(said) == json.loads(json.dumps(expected))
    # What the eight workers of the one before had sent may have been answered after its end.
    assert asked_below_lists(slow.traffic) <= 4 * (ended - numbers[-1]) + 8
    assert kept(slow, tmp_path) == ended


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_at_once_share_what_they_keep(
    slow: Sandbox, tmp_path: Path, bridge: Bridge
) -> None:
    """Each has the right rows, and a third has nothing left to ask."""
    client = GitLabClient(slow.url, slow.token(), bridge=bridge)
    expected = rows(client, slow.world.truth.usernames)
    both = [start(slow, tmp_path) for _ in range(2)]
    for process in both:
        said, _ = process.communicate(timeout=100)
        assert json.loads(said) == json.loads(json.dumps(expected))
    slow.traffic.reset()
    assert stored_rows(client, slow.world.truth.usernames, tmp_path) == expected
    assert asked_below_lists(slow.traffic) == 0


@pytest.mark.large
def test_a_second_run_over_real_data_takes_a_fiftieth_of_the_requests(tmp_path: Path) -> None:
    """And after one of a hundred merge requests changed, a twentieth; for every fifth author."""
    world = load_world(REAL)
    authors = {mr["author"]["username"] for mr in world.tables.merge_requests if mr.get("author")}
    usernames = sorted(authors)[::5]
    mrs = [mr for mr in world.tables.merge_requests if mr["author"]["username"] in set(usernames)]
    newest = max(datetime.fromisoformat(mr["updated_at"]) for mr in mrs)
    now = max(NOW, newest + timedelta(days=4))
    with Sandbox(world) as sandbox, Bridge(16) as bridge:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)

        def run() -> tuple[dict[str, Any], int]:
            sandbox.traffic.reset()
            found = stored_rows(client, usernames, tmp_path, now=now)
            return found, asked_below_lists(sandbox.traffic)

        first, cold = run()
        second, warm = run()
        assert second == first
        assert warm <= 0.02 * cold
        changes = Changes(world, 1)
        sample = changes.random.sample(mrs, len(mrs) // 100)
        for mr in sample:
            changes.note(mr)
        world.changed()
        third, changed = run()
        assert 0 < changed <= 0.05 * cold
        others = set(usernames) - {mr["author"]["username"] for mr in sample}
        assert {name: third[name] for name in others} == {name: first[name] for name in others}
