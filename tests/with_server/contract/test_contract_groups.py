"""`gitlab_sync.api.groups`: the groups of a person, and the people of a group."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api import groups
from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    ServerError,
)
from gitlab_sync.sandbox import Sandbox, World

Maker = Callable[..., GitLabClient]
ALICE, DMITRI = 1, 4
ACME, PLATFORM = 501, 502


def join(world: World, group: int, *people: int) -> None:
    """Make people members of a group."""
    for person in people:
        world.tables.memberships.append(
            {"source_type": "group", "source_id": group, "user_id": person, "access_level": 30}
        )
    world.changed()


def test_get_user_groups_reads_the_persons_memberships(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """An administrator may."""
    join(world, PLATFORM, DMITRI)
    found = groups.get_user_groups(client, DMITRI)
    assert found == [
        {"name": "Platform", "full_path": "acme/platform", "visibility": "public"},
    ]
    assert (found.complete, found.total) == (True, 1)
    assert sandbox.traffic.by_endpoint == {"/users/:id/memberships": 1, "/groups/:id": 1}


def test_groups_are_that_users_and_not_the_token_owners(
    client: GitLabClient, make_client: Maker
) -> None:
    """The older client listed the owner's groups for everybody."""
    owner = make_client("alice.moreau")
    assert [group["full_path"] for group in groups.get_user_groups(owner, ALICE)]
    assert groups.get_user_groups(owner, DMITRI) == []
    assert groups.get_user_groups(client, DMITRI) == []


def test_get_user_groups_asks_each_candidate_where_it_may_not_read_memberships(
    make_client: Maker, world: World, sandbox: Sandbox
) -> None:
    """The groups of the person's projects and the owner's own; it is unknown if that is all."""
    outside = {**world.groups_by_id[ACME].data, "id": 600, "path": "x", "full_path": "x"}
    world.tables.groups.append({**outside, "name": "X", "parent_id": None})
    join(world, 600, DMITRI, ALICE)
    join(world, PLATFORM, DMITRI)
    found = groups.get_user_groups(make_client("alice.moreau"), DMITRI)
    assert [group["full_path"] for group in found] == ["acme/platform", "acme/platform/tools", "x"]
    assert set(found[0]) == {"name", "full_path", "visibility"}
    assert (found.complete, found.total) == (False, None)
    asked = sandbox.traffic.count("/groups/:id/members/all/:user_id")
    assert asked == len({"acme", "acme/platform", "acme/platform/tools", "x"})


def test_a_private_group_of_the_persons_projects_is_found_by_their_paths(
    make_client: Maker, world: World
) -> None:
    """The token's owner is in none of them, but may see the public ones."""
    world.tables.memberships[:] = []
    join(world, ACME, ALICE)
    found = groups.get_user_groups(make_client("bruno.rossi"), ALICE)
    assert [group["full_path"] for group in found] == ["acme", "acme/platform"]


def test_the_groups_of_nobody_are_no_empty_list(client: GitLabClient, make_client: Maker) -> None:
    """The older client gave 50 groups, made of an error body."""
    for one in (client, make_client("bruno.rossi")):
        with pytest.raises(NotFound):
            groups.get_user_groups(one, 999_999)


def test_an_older_server_without_memberships_is_asked_the_other_way(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """It answers 404, as for a person that is not there."""
    body = '{"error": "404 Not Found"}'
    sandbox.faults.add("status", path="/users/1/memberships", status=404, body=body)
    found = groups.get_user_groups(client, ALICE)
    assert "acme" in [group["full_path"] for group in found]
    assert not found.complete


@pytest.mark.parametrize(
    ("name", "path", "status", "kind"),
    [
        ("admin", "/users/1/memberships", 401, AuthenticationError),
        ("admin", "/users/1/memberships", 500, ServerError),
        ("admin", "/groups/501", 403, PermissionDenied),
        ("bruno.rossi", "/users/1/projects", 403, PermissionDenied),
        ("bruno.rossi", "/groups", 403, PermissionDenied),
        ("bruno.rossi", "/groups/acme/members/all/1", 500, ServerError),
    ],
)
def test_get_user_groups_raises_for_what_could_not_be_read(
    make_client: Maker, sandbox: Sandbox, name: str, path: str, status: int, kind: type[Exception]
) -> None:
    """Never a shorter list in its place."""
    sandbox.faults.add("status", path=path, status=status, times=None)
    with pytest.raises(kind, match=str(status)):
        groups.get_user_groups(make_client(name), ALICE)


# -- members ---------------------------------------------------------------------------------------


def test_get_group_members_lists_inherited_members_too(client: GitLabClient, world: World) -> None:
    """By path, by id, by an encoded path."""
    join(world, PLATFORM, DMITRI)
    for group in ("acme/platform", PLATFORM, "acme%2Fplatform", "/acme/platform/"):
        found = groups.get_group_members(client, group)
        assert [person["id"] for person in found] == [1, 2, 3, 4, 5]
        assert found.complete
    assert list(found[0]) == ["id", "username", "name", "email", "avatar_url", "web_url"]
    assert found[3]["username"] == "DmitriOkafor"


def test_a_group_that_does_not_exist_has_no_members(client: GitLabClient) -> None:
    """The older client gave 100, made of an error body."""
    with pytest.raises(NotFound, match="404"):
        groups.get_group_members(client, "no/such/group")


def test_get_group_members_reads_all_pages_unless_there_is_a_limit(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """A limit that cuts is not silent."""
    person = world.users_by_id[ALICE].data
    for number in range(1000, 1245):
        world.tables.users.append({**person, "id": number, "username": f"person{number}"})
    join(world, ACME, *range(1000, 1245))
    assert len(groups.get_group_members(client, "acme")) == 249
    for limit, requests in ((3, 1), (100, 1), (150, 2), (249, 3), (1000, 3)):
        sandbox.traffic.reset()
        found = groups.get_group_members(client, "acme", limit)
        assert len(found) == min(limit, 249)
        assert found.complete is (limit >= 249)
        assert sandbox.traffic.total == requests


def test_a_person_who_is_listed_twice_is_one_member(client: GitLabClient, sandbox: Sandbox) -> None:
    """Older servers list direct and inherited membership apart."""
    body = '[{"id": 1, "username": "a"}, {"id": 1, "username": "a", "access_level": 50}]'
    sandbox.faults.add("status", path="/groups/acme/members/all", status=200, body=body)
    assert [person["id"] for person in groups.get_group_members(client, "acme")] == [1]


@pytest.mark.parametrize("limit", [None, 5])
def test_the_body_of_an_error_is_no_member(
    client: GitLabClient, sandbox: Sandbox, limit: int | None
) -> None:
    """Even with status 200."""
    body = '{"message": "404 Group Not Found"}'
    sandbox.faults.add("status", path="/groups/acme/members/all", status=200, body=body)
    with pytest.raises(BadResponse):
        groups.get_group_members(client, "acme", limit)


@pytest.mark.parametrize(("group", "limit"), [("", None), (" / ", None), ("acme", 0), (501, -1)])
def test_a_blank_group_and_an_empty_limit_are_refused(
    client: GitLabClient, sandbox: Sandbox, group: int | str, limit: int | None
) -> None:
    """Neither has an answer."""
    with pytest.raises(ConfigurationError):
        groups.get_group_members(client, group, limit)
    assert sandbox.traffic.total == 0
