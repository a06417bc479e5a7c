"""`client.client`: python-gitlab's objects and exceptions over our pool, limits and retries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import gitlab
import pytest
import requests
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabError,
    GitlabGetError,
    GitlabHttpError,
    GitlabListError,
    GitlabParsingError,
)
from odd_server import OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.errors import AuthenticationError, NotFound
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

ATTEMPTS = RetryPolicy().attempts
Maker = Callable[..., GitLabClient]


def test_it_is_a_gitlab_of_python_gitlab(client: GitLabClient) -> None:
    """Code that checks for one finds it; the same each time."""
    assert isinstance(client.client, gitlab.Gitlab)
    assert client.client is client.client
    assert client.client.url == client.base_url
    assert client.client.api_url == client.api_base


def test_making_it_asks_nothing(sandbox: Sandbox, client: GitLabClient) -> None:
    """Not even who one is."""
    assert client.client.users is not None
    assert sandbox.traffic.total == 0


def test_it_reads_objects(client: GitLabClient, world: World) -> None:
    """By id and by path."""
    project = world.tables.projects[0]
    for name in (project["id"], project["path_with_namespace"]):
        assert client.client.projects.get(name).web_url == project["web_url"]
    client.client.auth()
    assert client.client.user is not None


def test_it_reads_lists_page_by_page_to_their_end(client: GitLabClient, sandbox: Sandbox) -> None:
    """Each page once, as `get_all` reads them."""
    expected = [row["id"] for row in client.get_all("users")]
    for settings in ({"iterator": True}, {"get_all": True}, {"all": True}):
        sandbox.traffic.reset()
        found = [user.id for user in client.client.users.list(per_page=2, **settings)]
        assert found == expected
        assert sandbox.traffic.total == -(-len(expected) // 2)


def test_it_knows_totals_and_pages(client: GitLabClient) -> None:
    """From the headers of our answers."""
    users = client.client.users.list(per_page=2, iterator=True)
    assert users.total == len(list(users))
    assert users.per_page == 2


def test_its_filters_arrive_as_python_gitlab_sends_them(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Lists, booleans and paths."""
    project = client.client.projects.get(world.tables.projects[0]["id"], lazy=True)
    issues = project.issues.list(iids=[1, 2], state="closed", get_all=True)
    assert {issue.iid for issue in issues} <= {1, 2}
    assert "iids%5B%5D=1&iids%5B%5D=2" in sandbox.traffic.exchanges[-1].query
    list(client.client.projects.list(archived=False, iterator=True))
    assert "archived=false" in sandbox.traffic.exchanges[-1].query


def test_behind_a_proxy_its_lists_are_read_on_the_host_we_were_given(
    world: World, bridge: Bridge
) -> None:
    """The links name another one."""
    with Sandbox(world, link_host="https://behind-the-proxy.invalid") as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        assert len(list(client.client.users.list(per_page=2, iterator=True))) == len(world.users)


# -- its own exceptions ----------------------------------------------------------------------------


def test_401_is_its_authentication_error(sandbox: Sandbox, bridge: Bridge) -> None:
    """With GitLab's words."""
    wrong = GitLabClient(sandbox.url, "glpat-wrongwrongwrong", bridge=bridge)
    with pytest.raises(GitlabAuthenticationError, match="401 Unauthorized") as raised:
        wrong.client.projects.list()
    assert raised.value.response_code == 401
    assert "wrongwrong" not in str(raised.value)


def test_404_is_its_get_error(client: GitLabClient) -> None:
    """With code and message."""
    with pytest.raises(GitlabGetError, match="404 Project Not Found") as raised:
        client.client.projects.get(999_999)
    assert raised.value.response_code == 404


@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_refusals_are_its_own_errors(client: GitLabClient, sandbox: Sandbox, status: int) -> None:
    """Asked once."""
    sandbox.faults.add("status", status=status, body='{"message":"no"}', times=None)
    with pytest.raises(GitlabListError, match="no") as raised:
        client.client.users.list()
    assert raised.value.response_code == status
    assert sandbox.traffic.total == 1


@pytest.mark.parametrize("limit", [{"retry_after": 900}, {"retry_after": 0}, {"style": "json"}])
def test_429_that_lasts_is_its_http_error(
    make_client: Maker, sandbox: Sandbox, limit: dict[str, Any]
) -> None:
    """After our waiting, with the time to come back in the header."""
    sandbox.faults.add("limit", times=None, **limit)
    with pytest.raises(GitlabHttpError) as raised:
        make_client(timeout=0.4).client.http_get("/user")
    assert raised.value.response_code == 429


def test_429_that_passes_is_waited_for_by_us(client: GitLabClient, sandbox: Sandbox) -> None:
    """And remembered by the client."""
    sandbox.faults.add("limit", retry_after=0, times=1)
    assert client.client.http_get("/user")["username"]
    assert sandbox.traffic.total == 2
    assert client.last_rate_limit is not None


@pytest.mark.parametrize("status", [500, 502, 503, 520])
def test_5xx_is_tried_again_by_us_and_then_its_http_error(
    client: GitLabClient, sandbox: Sandbox, status: int
) -> None:
    """As often as our policy says, and no more: its own retries are off."""
    sandbox.faults.add("status", status=status, times=ATTEMPTS - 1)
    assert client.client.http_get("/user")["username"]
    sandbox.traffic.reset()
    sandbox.faults.add("status", status=status, times=None)
    with pytest.raises(GitlabHttpError) as raised:
        client.client.http_get("/user", retry_transient_errors=True, max_retries=20)
    assert raised.value.response_code == status
    assert sandbox.traffic.total == ATTEMPTS


def test_a_write_is_sent_once(client: GitLabClient, sandbox: Sandbox) -> None:
    """By itself python-gitlab sends a POST again after a 502."""
    sandbox.faults.add("status", status=502, times=None)
    with pytest.raises(GitlabError):
        client.client.projects.create({"name": "x"}, retry_transient_errors=True)
    assert [exchange.method for exchange in sandbox.traffic.exchanges] == ["POST"]


def test_a_write_carries_its_body(bridge: Bridge) -> None:
    """As JSON."""
    with OddServer(lambda _: json({"id": 7, "name": "x"}, status=201)) as server:
        made = GitLabClient(server.url, "x", bridge=bridge).client.projects.create({"name": "x"})
    assert made.id == 7
    assert server.headers[0]["content-type"] == "application/json"
    assert int(server.headers[0]["content-length"]) > 0


def test_a_broken_connection_is_what_requests_would_raise(
    client: GitLabClient, make_client: Maker, sandbox: Sandbox
) -> None:
    """So that code written for python-gitlab catches it."""
    sandbox.faults.add("reset", times=None)
    with pytest.raises(requests.ConnectionError):
        client.client.http_get("/user")
    sandbox.faults.clear()
    sandbox.faults.add("stall", times=None)
    with pytest.raises(requests.Timeout):
        make_client(timeout=0.3).client.http_get("/user")


def test_a_body_that_is_no_json_is_its_parsing_error(bridge: Bridge) -> None:
    """GitLab said that it was JSON."""
    fields = {"Content-Type": "application/json"}
    answer = (200, fields, b'{"id":')
    with OddServer(lambda _: answer) as server, pytest.raises(GitlabParsingError):
        GitLabClient(server.url, "x", bridge=bridge).client.http_get("/user")


def test_its_own_timeout_is_obeyed(client: GitLabClient, sandbox: Sandbox) -> None:
    """Where code gives one to a call."""
    sandbox.faults.add("stall", times=None)
    with pytest.raises(requests.Timeout):
        client.client.http_get("/user", timeout=0.3)


# -- what is shared stays --------------------------------------------------------------------------


def test_leaving_it_closes_nothing_that_is_shared(client: GitLabClient, bridge: Bridge) -> None:
    """By itself python-gitlab would close the session of everybody."""
    with client.client as session:
        assert session.http_get("/user")["username"]
    assert client.client.http_get("/user")["username"]
    assert client.get("user")["username"]
    assert not bridge.closed


def test_it_uses_the_same_connections_and_credential(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """One token, one pool."""
    client.get("user")
    client.client.http_get("/user")
    client.client.projects.list()
    assert len(sandbox.traffic.by_connection) == 1
    assert sandbox.traffic.by_token == {"admin": 3}


def test_an_oauth_token_goes_as_bearer(sandbox: Sandbox, bridge: Bridge) -> None:
    """As the client itself sends it."""
    token = sandbox.token_for("alice.moreau", kind="oauth")
    client = GitLabClient(sandbox.url, token, is_oauth=True, bridge=bridge)
    assert client.client.http_get("/user")["username"] == "alice.moreau"
    assert sandbox.traffic.exchanges[0].credential == "Authorization"


def test_a_header_that_names_another_credential_is_not_sent(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """The token is the client's, whatever a caller adds."""
    sandbox.token_for("bruno.rossi")
    extra = {"PRIVATE-TOKEN": sandbox.token("bruno.rossi"), "Authorization": "Bearer x"}
    client.client.http_get("/user", extra_headers=extra)
    assert sandbox.traffic.by_token == {"admin": 1}


def test_it_is_used_from_many_threads(client: GitLabClient, world: World) -> None:
    """Each gets what it asked for."""
    found: dict[int, Any] = {}

    def read(user: int) -> None:
        found[user] = client.client.users.get(user).id

    users = [row.data["id"] for row in world.users]
    threads = [threading.Thread(target=read, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {user: user for user in users}


def test_after_the_client_was_closed_it_asks_nothing(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """It says why."""
    session = client.client
    client.close()
    with pytest.raises(requests.ConnectionError, match="client is closed"):
        session.http_get("/user")
    assert sandbox.traffic.total == 0


# -- the older names -------------------------------------------------------------------------------


def test_it_answers_the_older_clients_names(client: GitLabClient) -> None:
    """Older code hands `client.client` to functions that call these."""
    session = client.client
    assert session._get("user") == client.get("user")
    assert session._get("projects/999999") == []
    assert session._get_paginated("users", per_page=2, max_pages=2) == client.get_all("users")[:4]
    assert session._get_paginated("projects/999999/issues") == []
    assert session._request("GET", "user") == client.get("user")
    with pytest.raises(NotFound):
        session._request("GET", "projects/999999")


def test_its_older_names_raise_our_errors(sandbox: Sandbox, bridge: Bridge) -> None:
    """As the client's own do: never an error body as a row."""
    session = GitLabClient(sandbox.url, "wrong", bridge=bridge).client
    with pytest.raises(AuthenticationError):
        session._get("user")
    with pytest.raises(AuthenticationError):
        session._get_paginated("users")
