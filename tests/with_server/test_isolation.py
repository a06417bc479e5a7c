"""Fifty people on one bridge: everybody gets their own, and nothing of anybody leaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.errors import AuthenticationError
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

NewThreads = Callable[[], set[threading.Thread]]
PEOPLE = 50
ROUNDS = 4
PATIENCE = 60.0


@pytest.fixture
def world() -> World:
    """Make a world of fifty people with work of their own, which all of them may see."""
    made = fresh_world(seed=3, users=PEOPLE, merge_requests=2, issues=2, projects=4)
    for record in (*made.tables.projects, *made.tables.groups):
        record["visibility"] = "public"
    made.changed()
    return made


class Crowd:
    """Everybody at once, each in a thread and with a client and a token of their own."""

    def __init__(self, sandbox: Sandbox, bridge: Bridge, new_threads: NewThreads) -> None:
        self._sandbox = sandbox
        self._bridge = bridge
        self._new_threads = new_threads
        self._project = sandbox.world.projects[0].data["id"]
        self._begin = threading.Barrier(PEOPLE)
        self.wrong: list[str] = []
        self.most_threads = 0

    def run(self) -> None:
        """Let all of them ask, and wait for the last."""
        names = self._sandbox.world.truth.usernames
        assert len(names) == PEOPLE
        with ThreadPoolExecutor(PEOPLE) as pool:
            for result in [pool.submit(self._one, *pair) for pair in enumerate(names)]:
                result.result(PATIENCE)

    def _one(self, number: int, name: str) -> None:
        by_oauth = number % 2 == 1
        token = self._sandbox.token_for(name, kind="oauth" if by_oauth else "personal")
        client = GitLabClient(self._sandbox.url, token, by_oauth, bridge=self._bridge)
        self._begin.wait(PATIENCE)
        with client:
            for turn in range(ROUNDS):
                self._ask(client, name, turn)
                self.most_threads = max(self.most_threads, len(self._new_threads()))

    def _ask(self, client: GitLabClient, name: str, turn: int) -> None:
        mark = {"caller": name, "turn": turn}
        found = [client.get("user", mark)["username"]]
        if client.get("projects/renamed", mark)["id"] != self._project:
            self.wrong.append(f"{name}: another project")
        for kind in ("merge_requests", "issues"):
            params = {"scope": "created_by_me", "state": "all", **mark}
            rows = client.get_all(kind, params, per_page=1)
            if len(rows) != 2 or not rows.complete:
                self.wrong.append(f"{name}: {len(rows)} {kind}")
            found += [row["author"]["username"] for row in rows]
        self.wrong += [f"{name} got {other}" for other in found if other != name]


@pytest.mark.slow
def test_fifty_people_with_fifty_tokens_get_their_own_answers_and_leak_nothing(
    sandbox: Sandbox,
    world: World,
    make_bridge: Callable[..., Bridge],
    new_threads: NewThreads,
) -> None:
    """Although the server sets cookies on all answers, and redirects now and then."""
    bridge = make_bridge(8)
    sandbox.faults.add("cookie", times=None)
    project = world.projects[0].data["id"]
    elsewhere = f"https://elsewhere.example/api/v4/projects/{project}"  # its configured host
    moved = sandbox.faults.add("redirect", path="/projects/renamed", times=None, location=elsewhere)
    crowd = Crowd(sandbox, bridge, new_threads)
    crowd.run()

    assert crowd.wrong == []
    assert moved.hits == PEOPLE * ROUNDS
    assert crowd.most_threads <= PEOPLE + bridge.workers
    exchanges = sandbox.traffic.exchanges
    assert len(exchanges) == PEOPLE * ROUNDS * 7
    assert {exchange.cookie for exchange in exchanges} == {None}
    for exchange in exchanges:
        caller = parse_qs(exchange.query).get("caller")
        by_oauth = exchange.credential == "Authorization"
        assert exchange.token is not None
        name = exchange.token.removesuffix(":oauth")
        assert by_oauth == exchange.token.endswith(":oauth")
        assert caller == [name]
    assert len(sandbox.traffic.by_connection) <= bridge.workers
    session = bridge.transport.session
    assert not session.cookies
    assert not session.headers
    assert session.auth is None


def test_the_same_request_of_two_people_at_once_is_made_twice(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient]
) -> None:
    """What is under way is shared within one principal only."""
    names = sandbox.world.truth.usernames[:2]
    clients = [make_client(name) for name in names]
    sandbox.faults.add("stall", path="/user", times=2)
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(client.get, "user") for client in clients]
        assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 2)
        sandbox.faults.clear()
        assert [answer.result(PATIENCE)["username"] for answer in answers] == names
    assert sandbox.traffic.by_token == dict.fromkeys(names, 1)


def test_the_same_request_of_one_person_at_once_is_shared(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient]
) -> None:
    """However many clients they have."""
    name = sandbox.world.truth.usernames[0]
    sandbox.faults.add("stall", path="/user", seconds=0.3)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(make_client(name).get, "user")
        assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 1)
        others = [pool.submit(make_client(name).get, "user") for _ in range(3)]
        assert {one.result(PATIENCE)["username"] for one in (first, *others)} == {name}
    assert sandbox.traffic.total < 4  # a late thread may have come after the answer


def test_a_revoked_token_ends_its_owners_work_and_nobody_elses(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient]
) -> None:
    """A 401 is for the client it was sent to."""
    one, two = sandbox.world.truth.usernames[:2]
    first, second = make_client(one), make_client(two)
    first.get("user")
    sandbox.tokens.revoke(one)
    with pytest.raises(AuthenticationError):
        first.get("user")
    assert second.get("user")["username"] == two
    assert second.error_msg is None
    assert first.error_msg is not None
    assert sandbox.token(two) not in repr(second) + repr(second.session.credential)


def test_a_client_never_follows_the_server_to_another_host(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient]
) -> None:
    """Links of pages name the configured host; the token stays with ours."""
    sandbox.faults.add("foreign_link", times=None)
    client = make_client()
    params = {"pagination": "keyset", "order_by": "id"}
    rows = client.get_all("users", params, per_page=10)
    assert len(rows) == len(sandbox.world.users)
    assert sandbox.traffic.total == -(-len(rows) // 10)
