"""`client.client` keeps what python-gitlab promises about retries, redirects and answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests
from gitlab.exceptions import GitlabError, GitlabHttpError, RedirectError
from odd_server import OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.python_gitlab import Backend
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.runtime import Bridge

ATTEMPTS = RetryPolicy().attempts


def test_a_get_that_is_cut_short_is_tried_as_often_as_any_other(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """It is a failure of the network, like a reset."""
    sandbox.faults.add("truncate", times=ATTEMPTS - 1)
    assert client.client.http_get("/user")["username"]
    sandbox.traffic.reset()
    sandbox.faults.add("truncate", times=None)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="cut short"):
        client.client.http_get("/user")
    assert sandbox.traffic.total == ATTEMPTS


@pytest.mark.parametrize(
    ("settings", "attempts"),
    [({"retry_transient_errors": False}, 1), ({"max_retries": 0}, 1), ({"max_retries": 2}, 3)],
)
def test_a_call_can_ask_for_fewer_retries(
    client: GitLabClient, sandbox: Sandbox, settings: dict[str, Any], attempts: int
) -> None:
    """The next call has the usual ones again."""
    sandbox.faults.add("status", status=502, times=attempts)
    with pytest.raises(GitlabHttpError):
        client.client.http_get("/user", **settings)
    assert sandbox.traffic.total == attempts
    sandbox.faults.add("status", status=502, times=ATTEMPTS - 1)
    assert client.client.http_get("/user")["username"]


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Answer with a resource lock, and each third time with success."""
    monkeypatch.setitem(BaseHTTPRequestHandler.responses, 409, ("Resource lock", ""))
    numbers = itertools.count(1)
    return lambda _: json({"id": 7}, status=201 if next(numbers) % 3 == 0 else 409)


def test_what_a_lock_refuses_is_sent_again_only_if_the_caller_asks_for_it(
    bridge: Bridge, locked: Callable[[str], Any]
) -> None:
    """Even a write, since GitLab did nothing; for one call, or for all of an object."""
    with OddServer(locked) as server:
        shared = GitLabClient(server.url, "x", bridge=bridge).client
        with pytest.raises(GitlabError) as raised:
            shared.projects.create({"name": "x"})
        assert (raised.value.response_code, len(server.asked)) == (409, 1)
        assert shared.projects.create({"name": "x"}, retry_transient_errors=True).id == 7
        assert len(server.asked) == 3
        shared.retry_transient_errors = True
        assert shared.projects.create({"name": "x"}).id == 7
        assert len(server.asked) == 6


def test_a_rate_limit_is_not_waited_for_if_the_caller_says_so(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """The 429 is that of GitLab, with its words."""
    sandbox.faults.add("limit", retry_after=1, times=1)
    with pytest.raises(GitlabHttpError, match="Retry later") as raised:
        client.client.http_get("/user", obey_rate_limit=False)
    assert raised.value.response_code == 429
    assert sandbox.traffic.total == 1
    assert client.client.http_get("/user")["username"]


@pytest.mark.parametrize("method", ["http_post", "http_put", "http_delete"])
def test_a_redirected_write_is_its_redirect_error(
    client: GitLabClient, sandbox: Sandbox, method: str
) -> None:
    """With where it led; by itself requests would send a GET there."""
    where = f"{client.api_base}/elsewhere"
    sandbox.faults.add("redirect", status=301, location=where, times=None)
    with pytest.raises(RedirectError, match="301") as raised:
        getattr(client.client, method)("/projects/1")
    assert where in str(raised.value)
    assert f"{client.api_base}/projects/1" in str(raised.value)
    assert sandbox.traffic.total == 1


def test_a_redirect_to_another_host_is_its_redirect_error(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """It was no fault of the network, and trying again would not help."""
    sandbox.faults.add("redirect", status=302, times=None)
    with pytest.raises(RedirectError, match=r"elsewhere\.example") as raised:
        client.client.http_get("/user")
    assert raised.value.response_code == 302
    assert sandbox.traffic.total == 1


def test_an_answer_says_what_one_of_requests_says(client: GitLabClient) -> None:
    """Words after the status, whole URL, request and time; but no token."""
    answer = client.client.http_request("get", "/users", {"per_page": 2})
    assert (answer.status_code, answer.reason) == (200, "OK")
    assert answer.url == f"{client.api_base}/users?per_page=2"
    assert (answer.request.method, answer.request.url) == ("GET", answer.url)
    assert answer.elapsed > timedelta(0)
    assert client.token not in str(answer.request.headers)
    refused = Backend(client.session).http_request("get", f"{client.api_base}/projects/0").response
    with pytest.raises(requests.HTTPError, match="404 Client Error: Not Found for url") as raised:
        refused.raise_for_status()
    assert raised.value.request.method == "GET"


def test_a_token_that_the_server_repeats_is_in_no_error(bridge: Bridge) -> None:
    """Neither in the message nor in the body."""
    token = "Zq3-Kd81_vvTr40pLm2x"
    said = json({"message": f"unknown: {token}"}, status=400)
    with OddServer(lambda _: said) as server:
        client = GitLabClient(server.url, token, bridge=bridge)
        with pytest.raises(GitlabHttpError) as raised:
            client.client.http_get("/user")
    assert "unknown: [hidden]" in str(raised.value)
    assert token not in f"{raised.value!r}{raised.value.response_body!r}"
