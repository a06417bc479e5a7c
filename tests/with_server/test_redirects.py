"""Redirects: a renamed project is found again; nothing is ever asked of another origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
from odd_server import OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.errors import BadResponse
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

OLD = "acme/old-figures"
NEW = "acme/figures"


@pytest.fixture
def elsewhere() -> Iterator[OddServer]:
    """Another origin, where nothing may arrive."""
    with OddServer(lambda _: json({"id": 666, "username": "mallory"})) as server:
        yield server
        assert server.connections == 0, server.asked


def encoded(path: str) -> str:
    """Return a path as one segment."""
    return path.replace("/", "%2F")


def test_a_renamed_project_is_read_under_its_old_path(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """GitLab answers 301 with the new place, and the sandbox knows such a project."""
    project = client.get(f"projects/{encoded(OLD)}")
    assert project["path_with_namespace"] == NEW
    assert [exchange.status for exchange in sandbox.traffic.exchanges] == [301, 200]


def test_lists_of_a_renamed_project_are_read_whole_with_their_filters(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """Page by page, each redirected."""
    params = {"state": "closed", "author_username": world.truth.usernames[0]}
    old = client.get_all(f"projects/{encoded(OLD)}/issues", params, per_page=1)
    new = client.get_all(f"projects/{encoded(NEW)}/issues", params, per_page=1)
    assert old == new
    assert all(row["state"] == "closed" for row in old)


def test_a_batch_over_a_renamed_project_is_that_of_the_project(
    client: GitLabClient, world: World
) -> None:
    """The rows are the same."""
    names = world.truth.usernames
    assert client.batch_evaluate_mrs(names, OLD) == client.batch_evaluate_mrs(names, NEW)


def test_behind_a_proxy_the_redirect_names_another_host_and_is_followed_on_ours(
    world: World, bridge: Bridge, elsewhere: OddServer
) -> None:
    """The configured host is not asked."""
    with Sandbox(world, link_host=elsewhere.url) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        assert client.get(f"projects/{encoded(OLD)}")["path_with_namespace"] == NEW


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_is_never_redirected(
    client: GitLabClient, sandbox: Sandbox, elsewhere: OddServer, method: str
) -> None:
    """It is a BadResponse that says where it led; nothing is sent a second time."""
    for location in (f"{elsewhere.url}/api/v4/projects/1", "/api/v4/projects/1"):
        sandbox.traffic.reset()
        sandbox.faults.add("redirect", status=308, location=location)
        with pytest.raises(BadResponse, match=r"308.*projects/1"):
            client.request(method, "projects/2", {"name": "x"})
        assert sandbox.traffic.total == 1


PLACES: list[Callable[[str], str]] = [
    lambda url: url,
    lambda url: f"{url}/users/sign_in",
    lambda url: f"{url}/api/v4/user",
    lambda url: f"{url}/api/v4/version",
    lambda url: url.replace("http:", "") + "/api/v4/version",
    lambda url: f"{url}/api/v4/../../x",
    lambda url: url.replace("http://", "http://user:pass@") + "/x",
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", range(len(PLACES)))
def test_a_redirect_to_another_origin_is_not_followed_and_nothing_arrives_there(
    client: GitLabClient, sandbox: Sandbox, elsewhere: OddServer, status: int, place: int
) -> None:
    """Neither a request nor a connection; the token goes nowhere else. It is not tried again."""
    location = PLACES[place](elsewhere.url)
    sandbox.faults.add("redirect", status=status, location=location, times=None)
    with pytest.raises(BadResponse, match=str(status)) as raised:
        client.get("user")
    assert raised.value.status == status
    assert sandbox.traffic.total == 1
    assert "pass@" not in str(raised.value)
    assert sandbox.token() not in str(raised.value)


def test_a_link_to_another_origin_is_not_followed_and_nothing_arrives_there(
    bridge: Bridge, elsewhere: OddServer
) -> None:
    """As python-gitlab would, with the token."""
    answer = json([{"id": 1}], Link=f'<{elsewhere.url}/page/2>; rel="next"')
    with OddServer(lambda _: answer) as server, pytest.raises(BadResponse):
        GitLabClient(server.url, "secret-word", bridge=bridge).get_all("users")


def test_through_python_gitlab_a_redirect_does_not_lead_elsewhere(
    bridge: Bridge, elsewhere: OddServer
) -> None:
    """Its objects go through the same transport."""
    moved = (302, {"Location": f"{elsewhere.url}/api/v4/projects/1"}, b"")
    with OddServer(lambda _: moved) as server:
        gitlab = GitLabClient(server.url, "secret-word", bridge=bridge).client
        with pytest.raises(Exception, match="302"):
            gitlab.projects.get(1)


def test_through_python_gitlab_a_link_is_followed_on_our_host_or_not_at_all(
    bridge: Bridge, elsewhere: OddServer
) -> None:
    """By itself it would send the token to whatever host the link names."""
    first = json([{"id": 1}], Link=f'<{elsewhere.url}/api/v4/users?page=2>; rel="next"')
    strange = json([{"id": 2}], Link=f'<{elsewhere.url}/users?page=3>; rel="next"')
    with OddServer(lambda path: strange if "page=2" in path else first) as server:
        users = GitLabClient(server.url, "secret-word", bridge=bridge).client.users
        rows = users.list(iterator=True)
        assert (next(rows).id, next(rows).id) == (1, 2)
        with pytest.raises(requests.exceptions.InvalidURL):
            next(rows)
        assert server.asked == ["/api/v4/users", "/api/v4/users?page=2"]


def test_a_redirect_in_a_circle_ends_in_an_error(bridge: Bridge) -> None:
    """Between two ids; and to the very same place, as from http to https."""
    places = {"/api/v4/projects/1": "2", "/api/v4/projects/2": "1", "/api/v4/projects/3": "3"}

    def moved(path: str) -> tuple[int, dict[str, str], bytes]:
        return 301, {"Location": f"/api/v4/projects/{places[path]}"}, b""

    with OddServer(moved) as server:
        client = GitLabClient(server.url, "x", bridge=bridge)
        with pytest.raises(BadResponse, match=r"301.*circle"):
            client.get("projects/1")
        assert len(server.asked) <= 4
        with pytest.raises(BadResponse, match=r"301.*redirects to") as raised:
            client.get("projects/3")
        assert len(server.asked) <= 5
    assert "https" in raised.value.hint


@pytest.mark.parametrize("location", ["/api/v4/version", "/api/v4/users/1", "/api/v4/issues?a=b"])
def test_a_redirect_to_another_resource_is_no_answer(
    client: GitLabClient, sandbox: Sandbox, location: str
) -> None:
    """It would be the answer to another question."""
    sandbox.faults.add("redirect", location=location, times=None)
    with pytest.raises(BadResponse, match="not what was requested"):
        client.get_all("issues", {"scope": "all"})


def test_a_redirect_without_a_location_is_an_error(bridge: Bridge) -> None:
    """There is nowhere to go."""
    with OddServer(lambda _: (302, {}, b"")) as server, pytest.raises(BadResponse, match="302"):
        GitLabClient(server.url, "x", bridge=bridge).get("user")
