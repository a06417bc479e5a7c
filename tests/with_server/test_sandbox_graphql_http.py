"""GraphQL over HTTP: tokens, limits, faults, latency, and a server without it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3

from gitlab_sync.sandbox import RateLimit, Sandbox, World

Post = Callable[..., urllib3.BaseHTTPResponse]
ME = "{ currentUser { username } }"
INVALID = {"errors": [{"message": "Invalid token"}]}


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    """Return a client without any cleverness."""
    with urllib3.PoolManager(retries=False, timeout=20) as pool:
        yield pool


@pytest.fixture
def post(sandbox: Sandbox, http: urllib3.PoolManager) -> Post:
    """Send a query, as the administrator unless other headers are given."""
    return poster(sandbox, http)


def poster(sandbox: Sandbox, http: urllib3.PoolManager) -> Post:
    """Return a function that sends queries to a sandbox."""

    def send(
        query: str = ME, headers: dict[str, str] | None = None, **variables: Any
    ) -> urllib3.BaseHTTPResponse:
        sent = {"PRIVATE-TOKEN": sandbox.token()} if headers is None else headers
        body = {"query": query, "variables": variables}
        return http.request("POST", f"{sandbox.url}/api/graphql", headers=sent, json=body)

    return send


def test_both_kinds_of_tokens_are_taken_in_their_headers(sandbox: Sandbox, post: Post) -> None:
    """A personal one in either, an OAuth token as a bearer; without one, no one asks."""
    name = sandbox.world.truth.usernames[1]
    personal, oauth = sandbox.token(name), sandbox.token_for(name, kind="oauth")
    for headers in (
        {"PRIVATE-TOKEN": personal},
        {"Authorization": f"Bearer {personal}"},
        {"Authorization": f"Bearer {oauth}"},
    ):
        assert post(headers=headers).json() == {"data": {"currentUser": {"username": name}}}
    assert post(headers={}).json() == {"data": {"currentUser": None}}


def test_a_token_that_may_not_read_is_invalid(sandbox: Sandbox, post: Post) -> None:
    """401 in GraphQL's shape: unknown, expired, revoked, in the wrong header, without the scope."""
    name = sandbox.world.truth.usernames[1]
    gone = sandbox.token_for(name, name="gone")
    sandbox.tokens.revoke("gone")
    for value in (
        "nonsense",
        gone,
        sandbox.token_for(name, expired=True, name="old"),
        sandbox.token_for(name, kind="oauth"),
        sandbox.token_for(name, scopes=("read_user",), name="narrow"),
    ):
        answer = post(headers={"PRIVATE-TOKEN": value})
        assert (answer.status, answer.json()) == (401, INVALID)


def test_operations_by_get_are_refused(sandbox: Sandbox, http: urllib3.PoolManager) -> None:
    """405: a query is a POST."""
    headers = {"PRIVATE-TOKEN": sandbox.token()}
    url = f"{sandbox.url}/api/graphql?query=%7B__typename%7D"
    answer = http.request("GET", url, headers=headers)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_an_answer_is_json_that_nobody_keeps(post: Post) -> None:
    """No ETag: there are no conditional requests here."""
    answer = post()
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache"
    assert "etag" not in answer.headers


def test_errors_of_a_query_come_with_status_200(post: Post) -> None:
    """Only what is no query at all has a status of its own."""
    assert post("{ nothing }").status == 200
    assert post("{ __typename }".ljust(10_001)).status == 422


def test_traffic_counts_it_by_its_path(sandbox: Sandbox, post: Post) -> None:
    """As an endpoint of its own, with the token's name."""
    post()
    post("{ nothing }")
    assert sandbox.traffic.count("/api/graphql") == 2
    assert {exchange.token for exchange in sandbox.traffic.exchanges} == {"admin"}


def test_a_limit_counts_rest_and_graphql_together(
    sandbox: Sandbox, post: Post, http: urllib3.PoolManager
) -> None:
    """As GitLab does; a limit can also be GraphQL's alone."""
    headers = {"PRIVATE-TOKEN": sandbox.token()}
    user = f"{sandbox.url}/api/v4/user"
    sandbox.limiter.set(RateLimit(limit=2))
    assert http.request("GET", user, headers=headers).status == 200
    answer = post()
    assert (answer.status, answer.headers["RateLimit-Remaining"]) == (200, "0")
    refused = post()
    assert (refused.status, refused.data) == (429, b"Retry later\n")
    sandbox.limiter.set(RateLimit(limit=1, path="/api/graphql"))
    assert post().status == 200
    assert post().status == 429
    assert http.request("GET", user, headers=headers).status == 200


def test_faults_meet_it_by_its_path(sandbox: Sandbox, post: Post) -> None:
    """A failure, a page of a proxy, a spoilt body; the next one is sound."""
    sandbox.faults.add("status", status=503, path="/api/graphql")
    assert post().status == 503
    sandbox.faults.add("malformed", path="/api/graphql")
    answer = post()
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)
    assert post().json()["data"]
    assert sandbox.traffic.summary()["by_fault"] == {"status": 1, "malformed": 1}


def test_each_merge_request_in_an_answer_takes_its_time(sandbox: Sandbox, post: Post) -> None:
    """So much for each node; what holds none takes none."""
    query = """query($n: Int) { project(fullPath: "acme/figures") {
      mergeRequests(first: $n) { nodes { iid } } } }"""
    sandbox.node_latency = 0.1
    started = time.monotonic()
    found = post(query, n=3).json()["data"]["project"]["mergeRequests"]["nodes"]
    assert len(found) == 3
    assert time.monotonic() - started >= 0.3
    sandbox.node_latency = 60.0
    assert post().status == 200
    assert post(query, n=0).status == 200


def test_the_latency_of_nodes_can_be_set_over_http(
    sandbox: Sandbox, http: urllib3.PoolManager
) -> None:
    """For benchmarks, which run the sandbox in another process."""
    url = f"{sandbox.url}/-/sandbox/node-latency"
    assert http.request("PUT", url, json=0.25).status == 204
    assert sandbox.node_latency == 0.25


def test_a_server_can_be_without_it(world: World, http: urllib3.PoolManager) -> None:
    """404 as for any unknown route; it is counted all the same."""
    with Sandbox(world, graphql=False, threads=2) as sandbox:
        answer = poster(sandbox, http)()
        assert (answer.status, answer.json()) == (404, {"error": "404 Not Found"})
        assert sandbox.traffic.count("/api/graphql") == 1


def test_a_server_can_be_an_older_one(world: World, http: urllib3.PoolManager) -> None:
    """Some fields are not there; names that are none show at once."""
    with Sandbox(world, graphql_without=("MergeRequest.closedAt",), threads=2) as sandbox:
        query = '{ project(fullPath: "acme/figures") { mergeRequest(iid: "1") { closedAt } } }'
        (error,) = poster(sandbox, http)(query).json()["errors"]
        assert error["message"] == "Field 'closedAt' doesn't exist on type 'MergeRequest'"
    with pytest.raises(ValueError, match="no such field"):
        Sandbox(world, graphql_without=("MergeRequest.colour",))


def test_what_is_written_over_rest_is_read_here(
    sandbox: Sandbox, post: Post, http: urllib3.PoolManager
) -> None:
    """A new note, and a record that was put in place of another."""
    query = """{ project(fullPath: "acme/figures") { mergeRequest(iid: "1") {
      title notes(last: 1) { nodes { body } } } } }"""
    post(query)
    url = f"{sandbox.url}/api/v4/projects/101/merge_requests/1/notes"
    headers = {"PRIVATE-TOKEN": sandbox.token()}
    assert http.request("POST", url, headers=headers, json={"body": "hello"}).status == 201
    record = sandbox.world.merge_requests.by_key[101, 1].data
    sandbox.world.put("merge_requests", {**record, "title": "feat: other"})
    found = post(query).json()["data"]["project"]["mergeRequest"]
    assert found == {"title": "feat: other", "notes": {"nodes": [{"body": "hello"}]}}


LAZY = """
import sys, urllib.request
from gitlab_sync.sandbox import Sandbox, World, generate_world

with Sandbox(generate_world(users=1, merge_requests=1, projects=1), threads=2) as sandbox:
    def ask(path, data=None):
        headers = {"PRIVATE-TOKEN": sandbox.token(), "Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(sandbox.url + path, data, headers)).read()
        return "graphql" in sys.modules

    print(ask("/api/v4/user"), ask("/api/graphql", b'{"query": "{__typename}"}'))
"""


def test_who_only_asks_rest_does_not_pay_for_it() -> None:
    """The library is imported with the first query."""
    done = subprocess.run(
        [sys.executable, "-c", LAZY], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["False", "True"], done.stderr


def test_many_first_queries_at_once_make_one_schema(world: World) -> None:
    """All are answered."""
    with (
        Sandbox(world, threads=8) as sandbox,
        urllib3.PoolManager(maxsize=8, retries=False, timeout=20) as pool,
    ):
        send = poster(sandbox, pool)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: send().status, range(24)))
    assert set(answers) == {200}


@pytest.mark.slow
def test_a_process_of_its_own_can_be_told_all_this(http: urllib3.PoolManager) -> None:
    """A server without GraphQL, an older one, a slow one: by options."""
    sizes = ["--users", "2", "--merge-requests", "1", "--projects", "1", "--parent-pipe"]

    def served(*options: str) -> urllib3.BaseHTTPResponse:
        query = '{ project(fullPath: "acme/figures") { mergeRequests { nodes { closedAt } } } }'
        command = [sys.executable, "-m", "gitlab_sync.sandbox", *sizes, *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            answer = http.request(
                "POST",
                f"{told['url']}/api/graphql",
                headers={"PRIVATE-TOKEN": told["token"]},
                json={"query": query},
            )
            process.stdin.close()
        return answer

    assert served("--no-graphql").status == 404
    assert "errors" in served("--graphql-without", "MergeRequest.closedAt").json()
    started = time.monotonic()
    assert len(
        served("--node-latency-ms", "200").json()["data"]["project"]["mergeRequests"]["nodes"]
    )
    assert time.monotonic() - started >= 0.4
