"""Faults of the older client, by number, from the first to the sixth: none of them comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest
from with_server.batch_rows import assert_true, counts
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api import issues, merge_requests
from gitlab_sync.batch import process_batch_users, process_single_user
from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    ConnectionFailed,
    GitLabSyncError,
    RateLimited,
    ServerError,
    TimedOut,
)
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

PATIENCE = 60.0
OVER_REST = Run(source="rest")
Maker = Callable[..., GitLabClient]


# -- 1: work that waits for work of its own pool ---------------------------------------------------


def test_fault_1_ten_people_on_one_worker_come_to_their_end(
    make_bridge: Callable[..., Bridge],
) -> None:
    """Although the calls are tasks of the very pool that does the work they wait for."""
    bridge = make_bridge(1)
    world = fresh_world(seed=4, users=10, merge_requests=1, issues=1, projects=2)
    with Sandbox(world) as crowd:
        client = GitLabClient(crowd.url, crowd.token(), bridge=bridge)
        names = world.truth.usernames
        batch = bridge.executor.submit(process_batch_users, client, names)
        assert [each["username"] for each in batch.result(PATIENCE)] == names
        alone = bridge.executor.map(
            lambda name: process_single_user(client, name), names, timeout=PATIENCE
        )
        assert [each["status"] for each in alone if each is not None] == ["Success"] * 10


def test_fault_1_a_process_that_read_ten_people_can_end() -> None:
    """Nothing has to be closed for that."""
    program = """
import sys
from gitlab_sync import GitLabClient
from gitlab_sync.batch import process_batch_users
url, token, *names = sys.argv[1:]
print(len(process_batch_users(GitLabClient(url, token), names)))
"""
    world = fresh_world(seed=4, users=10, merge_requests=1, issues=1, projects=2)
    with Sandbox(world) as crowd:
        line = [sys.executable, "-c", program, crowd.url, crowd.token(), *world.truth.usernames]
        run = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE)
    assert (run.stdout, run.stderr, run.returncode) == ("10\n", "", 0)


# -- 2: a loop for each user over one connector ----------------------------------------------------


def test_fault_2_closing_one_client_in_the_middle_leaves_the_others_whole(
    sandbox: Sandbox, world: World, bridge: Bridge
) -> None:
    """Both are at work on the same bridge when one of them is closed."""
    names = world.truth.usernames
    first, second = (
        GitLabClient(sandbox.url, sandbox.token_for(names[0], admin=True, name=name), bridge=bridge)
        for name in ("first", "second")
    )
    sandbox.faults.add("stall", token="first", times=None)
    with ThreadPoolExecutor(1) as aside:
        broken = aside.submit(first.batch_evaluate_mrs, names)
        assert sandbox.traffic.wait(lambda traffic: traffic.in_flight > 0)
        watch = Run(on_progress=lambda _: first.close())
        assert_true(second.batch_evaluate_mrs(names, run=watch), world.truth.merge_requests())
        assert {row["Status"] for row in broken.result(PATIENCE)} == {"Error"}
    assert second.get("user")


def test_fault_2_many_people_cost_no_thread_and_no_connection_each(
    sandbox: Sandbox,
    world: World,
    make_bridge: Callable[..., Bridge],
    new_threads: Callable[[], set[Thread]],
) -> None:
    """There is one bounded pool for all callers."""
    most = 0

    def watch(_: object) -> None:
        nonlocal most
        most = max(most, len(new_threads()))

    bridge = make_bridge(2)
    clients = [GitLabClient(sandbox.url, sandbox.token(), bridge=bridge) for _ in range(10)]
    for client in clients:
        client.batch_evaluate_mrs(world.truth.usernames, run=Run(on_progress=watch))
    assert 0 < most <= 3  # the workers, and the clock that wakes what waits
    assert len(sandbox.traffic.by_connection) <= 2


# -- 3: lists --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_fault_3_the_body_of_an_error_is_no_row(
    client: GitLabClient, sandbox: Sandbox, status: int
) -> None:
    """It is raised; `_get_paginated` alone has an empty list for 404, and for nothing else."""
    body = '[{"message": "an error"}]'
    sandbox.faults.add("status", status=status, body=body, times=None)
    with pytest.raises(GitLabSyncError, match=str(status)):
        client.get_all("users")
    if status == 404:
        assert client._get_paginated("users") == []
    else:
        with pytest.raises(GitLabSyncError, match=str(status)):
            client._get_paginated("users")


CUTS: list[tuple[dict[str, Any], type[GitLabSyncError]]] = [
    ({"kind": "limit", "retry_after": 0}, RateLimited),
    ({"kind": "stall"}, TimedOut),
    ({"kind": "status", "status": 502}, ServerError),
    ({"kind": "reset"}, ConnectionFailed),
    ({"kind": "malformed"}, BadResponse),
]


@pytest.mark.parametrize(("fault", "kind"), CUTS, ids=[fault["kind"] for fault, _ in CUTS])
def test_fault_3_a_list_is_whole_or_an_error_and_never_just_shorter(
    make_client: Maker, sandbox: Sandbox, fault: dict[str, Any], kind: type[GitLabSyncError]
) -> None:
    """A fault that passes leaves no trace; one that stays is raised, with the rows before it."""
    whole = make_client().get_all("users", per_page=2)
    if fault["kind"] != "stall":  # a page that hangs uses up its own time
        sandbox.faults.add(query={"page": "2"}, times=1, **fault)
        assert make_client().get_all("users", per_page=2) == whole
    sandbox.faults.add(query={"page": "2"}, times=None, **fault)
    with pytest.raises(kind) as raised:
        make_client(timeout=1).get_all("users", per_page=2)
    assert list(raised.value.partial or ()) == whole[:2]


def test_fault_3_a_bad_token_is_asked_once_for_each_list(
    sandbox: Sandbox, world: World, bridge: Bridge
) -> None:
    """The older client went on for ever."""
    client = GitLabClient(sandbox.url, "glpat-wrong-token-000000", bridge=bridge)
    with pytest.raises(AuthenticationError):
        client.get_all("users")
    assert sandbox.traffic.total == 1
    report = client.batch_evaluate_mrs(world.truth.usernames)
    assert {row["Status"] for row in report} == {"Error"}
    assert sandbox.traffic.count("/merge_requests") == len(world.truth.usernames)
    assert sandbox.traffic.count("/api/graphql") <= 1


def test_fault_3_a_list_of_three_pages_costs_three_requests(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """No page is asked for twice, and none behind the last."""
    rows = client.get_all("users", per_page=-(-len(world.users) // 3))
    assert len(rows) == len(world.users)
    assert rows.pages == sandbox.traffic.total == 3


@pytest.mark.parametrize("value", [True, False])
def test_fault_3_a_boolean_is_sent_in_lower_case_and_does_its_work(
    client: GitLabClient, world: World, sandbox: Sandbox, value: bool
) -> None:
    """The older client answered [] without asking."""
    world.put("projects", {**world.tables.projects[0], "archived": True})
    rows = client._get_paginated("projects", {"archived": value})
    assert {row["archived"] for row in rows} == {value}
    assert f"archived={str(value).lower()}" in sandbox.traffic.exchanges[0].query


# -- 4: only the beginning was read ----------------------------------------------------------------


def test_fault_4_a_hundred_and_thirty_items_of_a_person_all_count(bridge: Bridge) -> None:
    """Of both kinds, in the rows of a batch and in the lists of a person."""
    world = fresh_world(seed=2, users=1, merge_requests=130, issues=130, projects=2, large_every=0)
    names = world.truth.usernames
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        assert_true(client.batch_evaluate_mrs(names), world.truth.merge_requests())
        assert_true(client.batch_evaluate_issues(names), world.truth.issues())
        assert merge_requests.get_user_mrs(client, None, names[0])[1]["total"] == 130
        assert issues.get_user_issues(client, None, names[0])[1]["total"] == 130


def test_fault_4_the_twenty_first_note_and_commit_decide(
    client: GitLabClient, world: World
) -> None:
    """The review is the oldest note; the only semantic commit is the last."""
    mr = next(one for one in world.tables.merge_requests if one["state"] == "merged")
    mr["upvotes"], key = 0, (mr["project_id"], mr["iid"])
    note = {"system": True, "body": "changed the title", "author": mr["author"]}
    notes = [{**note, "id": n, "created_at": f"2025-01-01T00:00:{n:02}Z"} for n in range(20)]
    plain = [
        {"id": f"{n}", "title": "wip", "message": "wip", "parent_ids": [""]} for n in range(20)
    ]
    review = {"system": False, "body": "Well done", "author": {"username": "a.friend"}}
    review |= {"id": 99, "created_at": "2024-01-01T00:00:00Z"}
    semantic = {"id": "x", "title": "fix: it", "message": "fix: it", "parent_ids": [""]}
    found = []
    for last_note, last_commit in (([], []), ([review], [semantic])):
        world.tables.mr_notes.put(key, [*notes, *last_note])
        world.tables.mr_commits.put(key, [*plain, *last_commit])
        _, flags = client._evaluate_single_mr(mr)
        found.append((flags["no_internal_review"], flags["no_semantic_commits"]))
    assert found == [(True, True), (False, False)]


# -- 5: errors that looked like a clean result -----------------------------------------------------


@pytest.mark.parametrize(
    ("route", "title"), [("*/diffs", "No Unit Tests"), ("*/pipelines", "Failed Pipeline")]
)
def test_fault_5_a_check_that_could_not_be_made_is_unknown_and_the_others_are_true(
    client: GitLabClient, world: World, sandbox: Sandbox, route: str, title: str
) -> None:
    """Neither clean nor a fault, and the row says how many and why."""
    sandbox.faults.add("status", status=403, path=route, times=None)
    truth = world.truth.merge_requests()
    for row in client.batch_evaluate_mrs(world.truth.usernames, run=OVER_REST):
        true = truth[row["Username"]]
        assert true["Closed MRs"]
        assert counts(row) == {**true, title: None}
        assert (row["Status"], row["Unverified"]) == ("Partial", true["Closed MRs"])
        assert "403" in row["Error"]


def test_fault_5_an_unknown_user_is_not_perfect(client: GitLabClient) -> None:
    """Not Found, and no count at all."""
    for evaluate in (client.batch_evaluate_mrs, client.batch_evaluate_issues):
        (row,) = evaluate(["nobody.here"])
        assert set(counts(row).values()) == {None}
        assert row["Status"] == "Not Found"
    profile = process_single_user(client, "nobody.here")
    assert profile is not None
    assert (profile["status"], profile["data"]) == ("Not Found", None)


def test_fault_5_one_users_401_does_not_end_the_report(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """That row is an error, all others are whole."""
    unlucky, *others = world.truth.usernames
    sandbox.faults.add("status", status=401, query={"author_username": unlucky}, times=None)
    report = client.batch_evaluate_mrs([unlucky, *others], run=OVER_REST)
    rows = {row["Username"]: row for row in report}
    assert rows.pop(unlucky)["Status"] == "Error"
    truth = world.truth.merge_requests()
    assert_true([*rows.values()], {name: truth[name] for name in others})


# -- 6: filters that GitLab ignores ----------------------------------------------------------------


@pytest.mark.parametrize("where", ["project_id", "group_id"])
def test_fault_6_a_project_or_group_stands_in_the_path_and_narrows(
    client: GitLabClient, world: World, sandbox: Sandbox, where: str
) -> None:
    """As a parameter GitLab ignores it, and the numbers are those of the whole instance."""
    kind = where.removesuffix("_id") + "s"
    number = getattr(world.tables, kind)[-1]["id"]
    names = world.truth.usernames
    report = client.batch_evaluate_issues(names, **{where: number})
    assert_true(report, world.truth.issues(**{where: number}))
    assert world.truth.issues(**{where: number}) != world.truth.issues()
    lists = [each for each in sandbox.traffic.exchanges if each.path.endswith("/issues")]
    assert {each.path for each in lists} == {f"/api/v4/{kind}/{number}/issues"}
    assert not [each.query for each in sandbox.traffic.exchanges if where in each.query]
