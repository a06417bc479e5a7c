"""`gitlab_sync.api.projects`: one project, those of a person, and a search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api import projects
from gitlab_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    ServerError,
)
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

Maker = Callable[..., GitLabClient]
ALICE, BRUNO, CHIARA = 1, 2, 3
FIGURES, RELAY, FORK, NOTES = 101, 102, 801, 802


def ids(rows: list[dict[str, Any]]) -> list[int]:
    """Return the ids of projects, sorted."""
    return sorted(row["id"] for row in rows)


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("https://gitlab.example/acme/platform/mail-relay", "acme/platform/mail-relay"),
        ("https://gitlab.example/acme/figures/", "acme/figures"),
        ("https://gitlab.example/acme/figures.git", "acme/figures"),
        ("https://gitlab.example/acme/figures.git/", "acme/figures"),
        ("http://gitlab.example:8080/acme/figures?tab=activity#top", "acme/figures"),
        ("https://gitlab.example/acme/figures/-/merge_requests/12", "acme/figures"),
        ("https://gitlab.example/acme/figures/-/", "acme/figures"),
        ("https://gitlab.example/acme/figures/-", "acme/figures"),
        ("https://oauth2:word@gitlab.example/acme/figures.git", "acme/figures"),
        ("https://gitlab.example/acme%2Ffigures", "acme/figures"),
        ("git@gitlab.example:acme/figures.git", "acme/figures"),
        ("git@gitlab.example:/acme/figures.git", "acme/figures"),
        ("gitlab.example:acme/figures", "acme/figures"),
        ("ssh://git@gitlab.example:2222/acme/figures.git", "acme/figures"),
        ("git+ssh://git@gitlab.example/acme/figures.git", "acme/figures"),
        ("  https://gitlab.example/acme/figures\n", "acme/figures"),
        ("acme/figures/-/issues", "acme/figures"),
        ("https://gitlab.example", ""),
        ("https://[broken/acme/figures", "acme/figures"),
    ],
)
def test_extract_path_from_url_finds_the_path_of_a_url(given: str, path: str) -> None:
    """Web, `.git` and SSH, with whatever hangs on them."""
    assert projects.extract_path_from_url(given) == path


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ("acme/platform/mail-relay", "acme/platform/mail-relay"),
        ("acme%2Ffigures", "acme%2Ffigures"),
        ("figures", "figures"),
        ("gitlab.example/figures", "gitlab.example/figures"),
        ("101", "101"),
        (101, "101"),
        ("", ""),
        (None, ""),
    ],
)
def test_extract_path_from_url_leaves_paths_and_ids_alone(given: object, same: str) -> None:
    """And always gives a text."""
    assert projects.extract_path_from_url(given) == same


# -- one project -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        FIGURES,
        str(FIGURES),
        "acme/figures",
        "acme%2Ffigures",
        "https://gitlab.example/acme/figures/-/tree/main",
        "git@gitlab.example:acme/figures.git",
        "acme/old-figures",
    ],
)
def test_get_project_with_retries_takes_ids_paths_and_urls(
    client: GitLabClient, given: int | str
) -> None:
    """Also a path that the project had once."""
    found = projects.get_project_with_retries(client, given, retries=1, backoff=0)
    assert found is not None
    assert found["id"] == FIGURES


def test_the_prefix_of_an_instance_is_no_part_of_a_path(sandbox: Sandbox, bridge: Bridge) -> None:
    """Only the client knows it."""
    client = GitLabClient(sandbox.url + "/gitlab", "x", bridge=bridge)
    assert projects.get_project_with_retries(client, f"{client.base_url}/acme/figures/-/x") is None
    assert [exchange.url for exchange in sandbox.traffic.exchanges] == [
        "/gitlab/api/v4/projects/acme%2Ffigures"
    ]


def test_get_project_with_retries_gives_none_where_there_is_none(client: GitLabClient) -> None:
    """Callers test for falsehood."""
    assert projects.get_project_with_retries(client, "acme/no-such-thing") is None
    assert projects.get_project_with_retries(client, 999_999) is None


def test_a_blank_path_names_no_project_and_costs_no_request(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """The endpoint would be the list of all projects."""
    for blank in ("", "  ", "/", "https://gitlab.example/"):
        assert projects.get_project_with_retries(client, blank) is None
    with pytest.raises(ConfigurationError):
        projects.endpoint(" ", "repository/tree")
    assert sandbox.traffic.total == 0


def test_get_project_with_retries_tries_again_by_itself(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Whatever `retries` says."""
    sandbox.faults.add("status", path="/projects/101", status=502, times=2)
    found = projects.get_project_with_retries(client, FIGURES, retries=0)
    assert found is not None
    assert sandbox.traffic.total == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (403, PermissionDenied), (500, ServerError)],
)
def test_a_project_that_could_not_be_read_is_not_none(
    client: GitLabClient, sandbox: Sandbox, status: int, kind: type[Exception]
) -> None:
    """None says that there is none."""
    sandbox.faults.add("status", path="/projects/101", status=status, times=None)
    with pytest.raises(kind, match=str(status)):
        projects.get_project_with_retries(client, FIGURES)


# -- of a person -----------------------------------------------------------------------------------


def test_get_user_projects_parts_them_by_namespace(client: GitLabClient) -> None:
    """A fork in one's own namespace is personal, where one pushed is not."""
    found = projects.get_user_projects(client, ALICE, "Alice.Moreau")
    assert list(found) == ["personal", "contributed", "all"]
    assert ids(found["personal"]) == [FORK]
    assert ids(found["contributed"]) == [FIGURES, RELAY]
    assert ids(found["all"]) == [FIGURES, RELAY, FORK]


def test_get_user_projects_asks_for_a_name_that_is_not_given(client: GitLabClient) -> None:
    """Without it nothing would be personal."""
    assert ids(projects.get_user_projects(client, ALICE, "")["personal"]) == [FORK]


def test_get_user_projects_holds_archived_ones(client: GitLabClient, world: World) -> None:
    """Work does not vanish when a project ends."""
    for number in (FIGURES, FORK):
        world.put("projects", {**world.projects_by_id[number].data, "archived": True})
    assert ids(projects.get_user_projects(client, ALICE, "alice.moreau")["all"]) == [101, 102, 801]


def test_get_user_projects_finds_projects_by_pushes_alone(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """The list of contributions goes back one year, events three."""
    sandbox.faults.add("status", path="/users/1/contributed_projects", status=200, body="[]")
    found = projects.get_user_projects(client, ALICE, "alice.moreau")
    assert ids(found["contributed"]) == [FIGURES, RELAY]
    assert sandbox.traffic.count("/projects/:id") == 2


def test_a_project_that_is_gone_is_left_out(client: GitLabClient, sandbox: Sandbox) -> None:
    """Its events stay for years."""
    sandbox.faults.add("status", path="/users/1/contributed_projects", status=200, body="[]")
    sandbox.faults.add("status", path="/projects/101", status=404)
    found = projects.get_user_projects(client, ALICE, "alice.moreau")
    assert ids(found["all"]) == [RELAY, FORK]


@pytest.mark.parametrize(
    "path", ["/users/1/projects", "/users/1/contributed_projects", "/users/1/events"]
)
def test_get_user_projects_raises_for_any_list_that_is_missing(
    client: GitLabClient, sandbox: Sandbox, path: str
) -> None:
    """A part of a person's projects would look like all of them."""
    sandbox.faults.add("status", path=path, status=403)
    with pytest.raises(PermissionDenied) as raised:
        projects.get_user_projects(client, ALICE, "alice.moreau")
    assert raised.value.partial is None


def test_the_projects_of_nobody_are_no_empty_list(client: GitLabClient) -> None:
    """An unknown id is an error."""
    with pytest.raises(NotFound):
        projects.get_user_projects(client, 999_999, "nobody")


def test_get_user_projects_reads_all_pages(client: GitLabClient, world: World) -> None:
    """Of each of the lists."""
    own = world.projects_by_id[NOTES].data
    for number in range(1000, 1130):
        path = f"bruno.rossi/notes-{number}"
        world.tables.projects.append({**own, "id": number, "path_with_namespace": path})
    world.changed()
    found = projects.get_user_projects(client, BRUNO, "bruno.rossi")
    assert ids(found["personal"]) == [NOTES, *range(1000, 1130)]


# -- a search --------------------------------------------------------------------------------------


def test_search_projects_lists_what_matches(client: GitLabClient) -> None:
    """By name, path or description: the relay's speaks of figures, too."""
    found = projects.search_projects(client, "figures")
    assert ids(found) == [FIGURES, RELAY, FORK]
    assert (found.complete, found.total) == (True, 3)
    assert projects.search_projects(client, "no such words") == []


def test_search_projects_takes_a_whole_path(client: GitLabClient, sandbox: Sandbox) -> None:
    """With a slash namespaces count, too."""
    assert ids(projects.search_projects(client, "acme/figures")) == [FIGURES]
    assert "search_namespaces=true" in sandbox.traffic.exchanges[0].query


def test_a_search_for_nothing_finds_nothing(client: GitLabClient, sandbox: Sandbox) -> None:
    """It would list every project there is."""
    assert projects.search_projects(client, " ") == []
    assert sandbox.traffic.total == 0


def test_search_projects_raises_with_the_rows_it_has(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """The second page is missing, the first is there."""
    own = world.projects_by_id[NOTES].data
    for number in range(1000, 1130):
        world.tables.projects.append(
            {**own, "id": number, "path": "many", "path_with_namespace": f"b/many-{number}"}
        )
    world.changed()
    sandbox.faults.add("status", path="/projects", query={"page": "2"}, status=403)
    with pytest.raises(PermissionDenied) as raised:
        projects.search_projects(client, "many")
    assert raised.value.partial is not None
    assert len(raised.value.partial) == 100
