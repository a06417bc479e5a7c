"""Faults of the older client, by number, from the seventh to the last: none of them comes back."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from with_server.batch_rows import assert_true
from with_server.cli_runs import LIMIT, environment, run, start
from worlds import fresh_world

from gitlab_sync import BatchClient, GitLabClient
from gitlab_sync.api import branches, commits, files, groups, issues, merge_requests, projects
from gitlab_sync.batch import process_single_user
from gitlab_sync.cli.main import COMMANDS
from gitlab_sync.errors import BadResponse, ConfigurationError, NotFound, TimedOut
from gitlab_sync.rules.parity.columns import KINDS
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

Maker = Callable[..., GitLabClient]
OVER_REST = Run(source="rest")
ALICE, DMITRI = 1, 4
FIGURES = 101


# -- 7: time limits, retries and verbs -------------------------------------------------------------


def test_fault_7_a_batch_may_take_longer_than_a_call(
    sandbox: Sandbox, world: World, make_bridge: Callable[..., Bridge]
) -> None:
    """The time limit is that of an exchange; the whole has none."""
    limit, sandbox.latency = 0.5, 0.012
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=make_bridge(1), timeout=limit)
    rows = client.batch_evaluate_mrs(world.truth.usernames, run=OVER_REST)
    assert_true(rows, world.truth.merge_requests())
    assert sandbox.traffic.total * sandbox.latency > limit  # one after another: there is one worker


def test_fault_7_every_single_call_has_a_limit(make_client: Maker, sandbox: Sandbox) -> None:
    """A server that goes silent holds none of them up for ever."""
    sandbox.faults.add("stall", times=None)
    client = make_client(timeout=0.1)
    for call in (
        lambda: client.get("user"),
        lambda: client.get_all("users"),
        lambda: client.request("PUT", "projects/1"),
        lambda: client.graphql("{ currentUser { id } }"),
        lambda: projects.search_projects(client, "figures"),
    ):
        with pytest.raises(TimedOut):
            call()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_fault_7_a_5xx_that_passes_is_not_seen(
    client: GitLabClient, sandbox: Sandbox, status: int
) -> None:
    """It is tried again by itself."""
    sandbox.faults.add("status", status=status, times=2)
    assert client.get("user")["id"]
    assert sandbox.traffic.by_status == {status: 2, 200: 1}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_fault_7_a_verb_goes_out_as_itself(
    client: GitLabClient, sandbox: Sandbox, method: str
) -> None:
    """In both spellings of `request`."""
    sandbox.faults.add("status", status=200, body="{}", times=None)
    client.request(method, "projects/1", {"name": "x"})
    client._request(method, "projects/1")
    assert [exchange.method for exchange in sandbox.traffic.exchanges] == [method, method]


# -- 8: what is a person's own ---------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[Sandbox]:
    """Run another instance, with the same address of everything and the same tokens."""
    with Sandbox(fresh_world(seed=9, users=2, merge_requests=1, issues=1, projects=1)) as other:
        yield other


def test_fault_8_nothing_is_shared_between_people_tokens_or_instances(
    sandbox: Sandbox, elsewhere: Sandbox, bridge: Bridge
) -> None:
    """The same question through one bridge, again and again: each answer is the asker's own."""
    assert sandbox.token() == elsewhere.token()
    clients = {
        (place.url, name): GitLabClient(place.url, place.token(name), bridge=bridge)
        for place in (sandbox, elsewhere)
        for name in ("admin", *place.world.truth.usernames)
    }
    asked = [("user", None), ("projects", {"membership": True})]
    alone = {key: [client.get(*what) for what in asked] for key, client in clients.items()}
    for key, client in reversed(clients.items()):
        assert [client.get(*what) for what in asked] == alone[key]
        if key[1] != "admin":
            assert alone[key][0]["username"] == key[1]
    assert sandbox.traffic.total + elsewhere.traffic.total == 2 * len(asked) * len(clients)


def test_fault_8_a_token_goes_nowhere_but_to_its_own_instance(
    client: GitLabClient, sandbox: Sandbox, elsewhere: Sandbox
) -> None:
    """Neither for an address that was typed in, nor for one that the server names."""
    with pytest.raises(ConfigurationError):
        client.get(f"{elsewhere.url}/api/v4/user")
    sandbox.faults.add("redirect", location=f"{elsewhere.url}/api/v4/user", times=1)
    with pytest.raises(BadResponse):
        client.get("version")
    sandbox.faults.add("foreign_link", host=elsewhere.url, times=None)
    keyset = {"pagination": "keyset", "order_by": "id"}
    assert len(client.get_all("users", keyset, per_page=2)) == len(sandbox.world.users)
    assert elsewhere.traffic.total == 0


@pytest.mark.parametrize("secret", ["code", "access_token", "private_token", "client_secret"])
def test_fault_8_a_code_or_token_in_an_address_is_in_no_message(
    client: GitLabClient, secret: str
) -> None:
    """Pages show the messages of errors."""
    with pytest.raises(NotFound) as raised:
        client.get(f"projects/999999?{secret}=once-0123456789&state=x")
    assert f"{secret}=[hidden]" in str(raised.value)
    shown = f"{raised.value!r}{raised.value}{raised.value.url}{client.error_msg}"
    assert "once-0123456789" not in shown


# -- 9: credit for the wrong people ----------------------------------------------------------------


def test_fault_9_groups_are_those_of_the_person_and_not_of_the_token(
    make_client: Maker, sandbox: Sandbox
) -> None:
    """A person in no group has none, for any caller."""
    for name in ("admin", "alice.moreau", "DmitriOkafor"):
        client = make_client(name)
        assert "acme" in [group["full_path"] for group in groups.get_user_groups(client, ALICE)]
        assert groups.get_user_groups(client, DMITRI) == []
        batch = BatchClient(sandbox.url, sandbox.token(name), bridge=client.session.bridge)
        assert batch.users.get_user_groups(DMITRI) == []


def test_fault_9_what_others_wrote_is_in_no_total_of_an_assignee(
    client: GitLabClient, world: World
) -> None:
    """Although everything is assigned to one person."""
    alice = world.users_by_id[ALICE].data
    for item in (*world.tables.merge_requests, *world.tables.issues):
        item["assignees"], item["assignee"] = [alice], alice
    world.changed()
    _, mr_stats = merge_requests.get_user_mrs(client, ALICE)
    _, issue_stats = issues.get_user_issues(client, ALICE)
    assert (mr_stats["total"], mr_stats["assigned"]) == (3, len(world.tables.merge_requests))
    assert (issue_stats["total"], issue_stats["assigned"]) == (2, len(world.tables.issues))
    assert mr_stats["merged"] + mr_stats["closed"] + mr_stats["opened"] == 3
    assert issue_stats["opened"] + issue_stats["closed"] == 2


def test_fault_9_a_commit_is_nobodys_for_a_part_of_a_name(
    client: GitLabClient, world: World
) -> None:
    """`li` is in `alice`, and wrote nothing."""
    alice = world.users_by_id[ALICE].data
    short = {**alice, "id": 50, "username": "li", "name": "Li", "email": "", "public_email": ""}
    world.tables.users.append(short)
    world.changed()
    place = world.tables.projects
    assert commits.get_user_commits(client, short, place)[2]["total"] == 0
    assert commits.get_user_commits(client, alice, place)[2]["total"] > 0


# -- 10: scripts that did not run to their end -----------------------------------------------------

ARGUMENTS = {
    "check": ("--demo", "--fail-on", "none"),
    "parity": ("--demo", "--old", "old.csv"),
    "snapshot": ("--demo", "--into", "snapshots"),
    "explain": (),
    "policy": ("show",),
    "waive": ("no_desc", "a/b!1", "--reason", "x", "--until", "2099-12-31"),
    "contests": ("--project", "harbour/tools/mooring", "--demo"),
    "members": ("harbour", "--demo"),
    "search": ("projects", "a", "--demo"),
    "api": ("GET", "user", "--demo"),
    "completion": ("bash",),
    "diff": ("snapshots", "snapshots"),
    "sql": ("select username from people", "--from", "snapshots"),
    "forget": ("amelie.laurent", "--into", "snapshots", "--yes"),
    "export": ("amelie.laurent", "--from", "snapshots"),
}
"""What a command is given instead of `--demo` alone. Some need a snapshot of the demo."""


@pytest.mark.slow
@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"app", "sandbox"}])
def test_fault_10_every_command_runs_to_its_end_on_the_demo(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no setting at all, and something to show for it."""
    monkeypatch.chdir(tmp_path)
    Path("old.csv").write_text(f"{','.join(KINDS[1].titles)}\nnoone{',0' * 9}\n", encoding="utf-8")
    given = ARGUMENTS.get(command, ("--demo",))
    if "snapshots" in given and command != "snapshot":
        taken = run(environment(tmp_path), "snapshot", *ARGUMENTS["snapshot"])
        assert taken.returncode == 0, taken.stderr
    done = run(environment(tmp_path), command, *given)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_fault_10_the_demo_itself_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """It serves until Ctrl-C."""
    with start(environment(tmp_path), "sandbox", "--demo", "--port", "0") as process:
        assert process.stderr is not None
        assert process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, b"Traceback" in errors) == (0, False)


# -- 11: `all=True`, and rows made of an error body ------------------------------------------------


def test_fault_11_all_is_taken_and_means_all(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """By both clients, in both names, against any cap."""
    batch = BatchClient(sandbox.url, sandbox.token(), bridge=client.session.bridge)
    for read in (client.get_all, client._get_paginated, batch.get_all, batch._get_paginated):
        rows = read("users", per_page=1, max_pages=2, all=True)
        assert len(rows) == len(world.users) > 2
        assert rows.complete


def test_fault_11_what_is_there_is_counted(client: GitLabClient, sandbox: Sandbox) -> None:
    """All of these were 0 or [] for everybody."""
    people = BatchClient(sandbox.url, sandbox.token(), bridge=client.session.bridge).users
    for count in (
        people.get_user_project_count,
        people.get_user_group_count,
        people.get_user_issue_count,
        people.get_user_mr_count,
    ):
        found = count(ALICE)
        assert isinstance(found, int)
        assert found > 0
    assert people.get_user_commits(ALICE)
    assert branches.get_project_branches(client, FIGURES)
    assert files.list_all_files(client, FIGURES)
    assert groups.get_group_members(client, "acme")
    assert projects.search_projects(client, "figures")


def test_fault_11_what_does_not_exist_has_no_members_and_no_groups(
    client: GitLabClient, make_client: Maker, sandbox: Sandbox
) -> None:
    """It is an error, and never a list."""
    with pytest.raises(NotFound, match="404"):
        groups.get_group_members(client, "no/such/group")
    for name in ("admin", "alice.moreau"):
        with pytest.raises(NotFound, match="404"):
            groups.get_user_groups(make_client(name), 999_999)
    people = BatchClient(sandbox.url, sandbox.token(), bridge=client.session.bridge).users
    assert str(people.get_user_group_count(999_999)).startswith("Error: 404")


# -- 12: one 502 in a hundred ----------------------------------------------------------------------


def test_fault_12_one_502_in_fifty_makes_no_row_wrong(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """All of them are tried again."""
    planted = [sandbox.faults.add("status", status=502, nth=n, times=1) for n in (1, 20, 60)]
    names = world.truth.usernames
    assert_true(client.batch_evaluate_mrs(names, run=OVER_REST), world.truth.merge_requests())
    assert_true(client.batch_evaluate_issues(names), world.truth.issues())
    assert [fault.hits for fault in planted] == [1, 1, 1]


def test_fault_12_a_502_that_stays_is_told_in_the_row_that_it_meets(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """And in no other."""
    mr = next(one for one in world.tables.merge_requests if one["state"] == "merged")
    route = f"/projects/{mr['project_id']}/merge_requests/{mr['iid']}/diffs"
    sandbox.faults.add("status", status=502, path=route, times=None)
    truth = world.truth.merge_requests()
    report = client.batch_evaluate_mrs(world.truth.usernames, run=OVER_REST)
    met = [row for row in report if row["Status"] != "Success"]
    assert [row["Username"] for row in met] == [mr["author"]["username"]]
    assert (met[0]["Status"], met[0]["Unverified"]) == ("Partial", 1)
    assert "502" in met[0]["Error"]
    assert_true(
        [row for row in report if row not in met],
        {name: cells for name, cells in truth.items() if name != met[0]["Username"]},
    )
    assert not report.completeness.whole


def test_fault_12_only_routes_that_gitlab_has_are_asked(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """Every second merge request cost a 404."""
    client.batch_evaluate_mrs(world.truth.usernames)
    client.batch_evaluate_issues(world.truth.usernames)
    for name in world.truth.usernames:
        process_single_user(client, name)
    assert set(sandbox.traffic.by_status) <= {200, 304}
    assert "" not in sandbox.traffic.by_endpoint


def test_fault_12_what_is_both_authored_and_assigned_is_in_the_quality_columns(
    client: GitLabClient, world: World
) -> None:
    """As if it were authored alone."""
    name = world.truth.usernames[0]
    before = process_single_user(client, name)
    alice = world.users_by_name[name].data
    for item in (*world.tables.merge_requests, *world.tables.issues):
        item["assignees"] = [alice] if item["author"]["id"] == alice["id"] else []
    world.changed()
    after = process_single_user(client, name)
    assert before is not None
    assert after is not None
    assert {row["role"] for row in after["data"]["mrs"]} == {"Authored & Assigned"}
    for quality in ("mr_quality", "issue_quality"):
        assert after["data"][quality] == before["data"][quality]
    closed = world.truth.merge_requests()[name]["Closed MRs"]
    assert after["data"]["mr_quality"]["Closed MRs"] == closed > 0
