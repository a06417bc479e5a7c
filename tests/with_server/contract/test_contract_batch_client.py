"""`BatchClient` and its `users`: the older batch client's names and shapes."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.batch_client import BatchClient, GitLabUsersAPI
from gitlab_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    NotFound,
    PermissionDenied,
    ServerError,
)
from gitlab_sync.rules.identity.attribution import is_merge
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

Maker = Callable[..., BatchClient]
ALICE, BRUNO, CHIARA, DMITRI = 1, 2, 3, 4
FIGURES, RELAY, FORK, NOTES = 101, 102, 801, 802
NORMAL = ["id", "username", "name", "web_url", "avatar_url", "public_email", "email", "created_at"]


@pytest.fixture
def make(sandbox: Sandbox, bridge: Bridge) -> Maker:
    """Make batch clients of the sandbox: `make("alice.moreau")`; else the administrator's."""

    def one(name: str = "admin", **settings: Any) -> BatchClient:
        return BatchClient(sandbox.url, sandbox.token(name), **{"bridge": bridge, **settings})

    return one


@pytest.fixture
def people(make: Maker) -> GitLabUsersAPI:
    """Make the people as the administrator sees them."""
    return make().users


def authored(world: World, kind: str, user: int) -> list[int]:
    """Return the ids of what a person wrote."""
    rows = getattr(world.tables, kind)
    return sorted(row["id"] for row in rows if row["author"]["id"] == user)


# -- the client ------------------------------------------------------------------------------------


def test_private_token_is_as_given_and_in_no_repr(sandbox: Sandbox) -> None:
    """By position and by keyword."""
    client = BatchClient(base_url=sandbox.url + "/", private_token="plain-word-0123")
    assert isinstance(client, GitLabClient)
    assert (client.base_url, client.private_token) == (sandbox.url, "plain-word-0123")
    assert BatchClient(sandbox.url, "plain-word-0123").private_token == client.token
    assert client.is_oauth is False
    assert "plain-word" not in repr(client)


def test_users_are_the_people_of_the_instance(make: Maker) -> None:
    """Also built directly from a client."""
    client = make()
    assert isinstance(client.users, GitLabUsersAPI)
    assert client.users is client.users
    assert GitLabUsersAPI(client).get_by_userid(ALICE) == client.users.get_by_userid(ALICE)


def test_batch_client_always_sends_a_private_token(make: Maker, sandbox: Sandbox) -> None:
    """An OAuth token is refused."""
    make().get("user")
    assert [exchange.credential for exchange in sandbox.traffic.exchanges] == ["PRIVATE-TOKEN"]
    oauth = sandbox.token_for("alice.moreau", kind="oauth")
    with pytest.raises(AuthenticationError):
        BatchClient(sandbox.url, oauth, bridge=make().session.bridge).get("user")


def test__get_paginated_reads_twenty_pages_unless_told(
    make: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    """A cap that cuts is not silent; a 404 gives an empty list."""
    parameters = inspect.signature(BatchClient._get_paginated).parameters
    assert (parameters["per_page"].default, parameters["max_pages"].default) == (100, 20)
    client = make()
    rows = client._get_paginated("users", per_page=1, max_pages=2)
    assert (len(rows), rows.complete) == (2, False)
    assert "only the first 2 pages" in caplog.text
    assert len(client._get_paginated("users", per_page=1, all=True)) == 9
    assert client._get_paginated("projects/999999/issues") == []


def test_lists_of_a_person_have_no_cap(
    people: GitLabUsersAPI, world: World, sandbox: Sandbox
) -> None:
    """The older client read the newest 100."""
    pattern = world.tables.issues[0]
    author = {"id": DMITRI, "username": "DmitriOkafor"}
    for number in range(2150):
        world.tables.issues.append(
            {**pattern, "id": 10**6 + number, "iid": 10**4 + number, "author": author}
        )
    world.changed()
    expected = len(authored(world, "issues", DMITRI))
    assert expected > 2150
    assert len(people.get_user_issues(DMITRI)) == expected
    sandbox.traffic.reset()
    assert people.get_user_issue_count(DMITRI) == expected
    assert sandbox.traffic.total == 1


# -- who -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice.moreau", "ALICE.Moreau"])
def test_get_by_username_gives_the_normalised_user(people: GitLabUsersAPI, name: str) -> None:
    """With its keys in order."""
    user = people.get_by_username(name)
    assert list(user) == NORMAL
    assert (user["id"], user["username"], user["name"]) == (1, "alice.moreau", "Alice Moreau")


def test_email_falls_back_to_the_public_one(make: Maker) -> None:
    """Only an administrator sees the other."""
    seen = make("bruno.rossi").users
    assert seen.get_by_username("alice.moreau")["email"] == "alice.moreau@corp.example"
    assert seen.get_by_username("chiara.ivanova")["email"] is None
    assert make().users.get_by_userid(CHIARA) == {
        **(seen.get_by_userid(CHIARA) or {}),
        "email": "chiara.ivanova@corp.example",
    }


@pytest.mark.parametrize("name", ["nobody.here", "alice", ""])
def test_get_by_username_raises_a_value_error_that_names_who_is_missing(
    people: GitLabUsersAPI, name: str
) -> None:
    """Older code looks for it."""
    with pytest.raises(ValueError, match=f"'{name}'"):
        people.get_by_username(name)


def test_trouble_is_not_taken_for_nobody(people: GitLabUsersAPI, sandbox: Sandbox) -> None:
    """A ValueError would say that the person does not exist."""
    sandbox.faults.add("status", path="/users", status=401)
    with pytest.raises(AuthenticationError):
        people.get_by_username("alice.moreau")
    sandbox.faults.add("status", path="/users/1", status=403, times=2)
    for ask in (lambda: people.get_by_username("alice.moreau"), lambda: people.get_by_userid(1)):
        with pytest.raises(PermissionDenied):
            ask()
    sandbox.stop()
    with pytest.raises(ConnectionFailed):
        people.get_by_username("alice.moreau")


def test_get_by_userid_gives_none_for_nobody(people: GitLabUsersAPI) -> None:
    """Else the normalised user."""
    assert people.get_by_userid(999_999) is None
    user = people.get_by_userid(str(DMITRI))
    assert user is not None
    assert (list(user), user["username"]) == (NORMAL, "DmitriOkafor")


@pytest.mark.parametrize(
    "method",
    [
        "get_by_userid",
        "get_user_projects",
        "get_user_groups",
        "get_user_issues",
        "get_user_merge_requests",
    ],
)
@pytest.mark.parametrize("number", [None, "", "alice.moreau"])
def test_what_is_no_id_is_refused_without_a_request(
    people: GitLabUsersAPI, sandbox: Sandbox, method: str, number: Any
) -> None:
    """An empty filter would show everybody's items."""
    with pytest.raises(ConfigurationError):
        getattr(people, method)(number)
    assert sandbox.traffic.total == 0


# -- what is theirs --------------------------------------------------------------------------------


def test_get_user_projects_merges_both_lists_by_id(people: GitLabUsersAPI, world: World) -> None:
    """Archived ones are there, too."""
    world.put("projects", {**world.projects_by_id[FIGURES].data, "archived": True})
    rows = [project["id"] for project in people.get_user_projects(ALICE)]
    assert sorted(rows) == [FIGURES, RELAY, FORK]
    # A server that lists an own project among the contributions, too.
    world.tables.events[ALICE].append({**world.tables.events[ALICE][0], "project_id": FORK})
    assert sorted(row["id"] for row in people.get_user_projects(ALICE)) == sorted(rows)


def test_get_user_groups_are_that_persons(people: GitLabUsersAPI, make: Maker) -> None:
    """The older client listed the groups of the token's owner; of an error body it made 50."""
    rows = people.get_user_groups(ALICE)
    assert [(group["id"], group["full_path"]) for group in rows] == [(501, "acme")]
    assert rows.complete
    assert people.get_user_groups(DMITRI) == []
    owner = make("alice.moreau").users
    assert owner.get_user_groups(DMITRI) == []
    assert not owner.get_user_groups(DMITRI).complete
    with pytest.raises(NotFound):
        owner.get_user_groups(999_999)


def assert_all_that_they_wrote(make: Maker, world: World, kind: str) -> None:
    """Check everyone's items, with anyone's token; in archived projects, too."""
    world.put("projects", {**world.projects_by_id[FIGURES].data, "archived": True})
    for name in ("admin", "DmitriOkafor"):
        people = make(name).users
        for user in (ALICE, BRUNO, CHIARA, DMITRI):
            rows = getattr(people, f"get_user_{kind}")(user)
            assert sorted(row["id"] for row in rows) == authored(world, kind, user)
            assert rows.complete


def test_get_user_issues_are_those_that_the_person_wrote(make: Maker, world: World) -> None:
    """Open and closed, of all projects."""
    assert_all_that_they_wrote(make, world, "issues")


def test_get_user_merge_requests_are_those_that_the_person_wrote(make: Maker, world: World) -> None:
    """Open and ended, of all projects."""
    assert_all_that_they_wrote(make, world, "merge_requests")


@pytest.mark.parametrize("kind", ["issues", "merge_requests"])
def test_archived_projects_are_asked_for(
    people: GitLabUsersAPI, sandbox: Sandbox, kind: str
) -> None:
    """The list of issues leaves them out unless asked."""
    getattr(people, f"get_user_{kind}")(ALICE)
    query = sandbox.traffic.exchanges[0].query
    for part in ("author_id=1", "scope=all", "state=all", "non_archived=false"):
        assert part in query


def test_nobody_wrote_nothing(people: GitLabUsersAPI, make: Maker) -> None:
    """GitLab lists nothing for an unknown id; of a person, it can be true."""
    for ask in (people.get_user_issues, people.get_user_merge_requests, people.get_user_projects):
        with pytest.raises(NotFound):
            ask(999_999)
    ghost = people.get_by_username("ghost")
    assert people.get_user_issues(ghost["id"]) == []


# -- how many --------------------------------------------------------------------------------------


def test_get_user_project_count_is_that_of_the_list(people: GitLabUsersAPI) -> None:
    """Own projects and contributions."""
    assert people.get_user_project_count(ALICE) == len(people.get_user_projects(ALICE)) == 3


def test_get_user_group_count_is_that_of_the_list(people: GitLabUsersAPI) -> None:
    """Of a person in no group it is a true 0."""
    assert people.get_user_group_count(ALICE) == 1
    assert people.get_user_group_count(DMITRI) == 0


def test_get_user_issue_count_is_that_of_the_list(people: GitLabUsersAPI, world: World) -> None:
    """What the person wrote."""
    assert people.get_user_issue_count(ALICE) == len(authored(world, "issues", ALICE)) > 0


def test_get_user_mr_count_is_that_of_the_list(people: GitLabUsersAPI, world: World) -> None:
    """What the person wrote; a true 0 of a person who wrote none."""
    assert people.get_user_mr_count(ALICE) == len(authored(world, "merge_requests", ALICE)) > 0
    assert people.get_user_mr_count(people.get_by_username("ghost")["id"]) == 0


COUNTS = ["project", "group", "issue", "mr"]


@pytest.mark.parametrize("what", COUNTS)
def test_a_count_that_could_not_be_read_is_an_error_text(
    people: GitLabUsersAPI, sandbox: Sandbox, what: str
) -> None:
    """Never a zero."""
    count = getattr(people, f"get_user_{what}_count")
    assert count(999_999).startswith("Error: 404")
    assert count(None).startswith("Error: ")
    sandbox.faults.add("status", status=401, times=None)
    assert count(ALICE).startswith("Error: ")
    assert "401" in count(ALICE)


def test_a_group_count_that_nobody_can_know_is_an_error_text(make: Maker) -> None:
    """Only an administrator's token reads all memberships."""
    said = make("bruno.rossi").users.get_user_group_count(ALICE)
    assert isinstance(said, str)
    assert said.startswith("Error: at least 3")


def test_a_count_without_a_total_counts_the_rows(people: GitLabUsersAPI, sandbox: Sandbox) -> None:
    """Above 10,000 rows GitLab gives no total."""
    row = '[{"id": 1}]'
    sandbox.faults.add("status", path="/issues", status=200, body=row)
    listed = people.get_user_issue_count(ALICE)
    assert listed == len(people.get_user_issues(ALICE))


# -- commits ---------------------------------------------------------------------------------------


def true_commits(world: World, user: int, *projects: int) -> set[str]:
    """Return the ids of the commits that carry a person's address, merges left out."""
    name = world.users_by_id[user].data["username"].lower()
    addresses = (f"{name}@corp.example", f"{user}-{name}@users.noreply.gitlab.example")
    return {
        commit["id"]
        for project in projects
        for commit in world.tables.commits[project]
        if commit["author_email"].lower() in addresses and not is_merge(commit)
    }


@pytest.mark.parametrize("given", ["record", "id", "text", "username", "normalised"])
def test_get_user_commits_gives_the_persons_own(
    people: GitLabUsersAPI, world: World, given: str
) -> None:
    """With where they are; from a record or an id."""
    info: Any = {
        "record": world.users_by_id[CHIARA].data,
        "id": CHIARA,
        "text": str(CHIARA),
        "username": {"username": "Chiara.Ivanova"},
        "normalised": people.get_by_userid(CHIARA),
    }[given]
    rows = people.get_user_commits(info)
    assert {row["id"] for row in rows} == true_commits(world, CHIARA, FIGURES, RELAY)
    assert len(rows) == len({row["id"] for row in rows}) > 0
    assert {(row["project_name"], row["project_id"], row["project_scope"]) for row in rows} == {
        ("Figures", FIGURES, "Contributed"),
        ("Mail Relay", RELAY, "Contributed"),
    }
    assert {"short_id", "title", "message", "author_name", "authored_date"} <= set(rows[0])
    assert rows.complete


@pytest.mark.parametrize("nothing", [None, {}, "", 0])
def test_no_person_has_no_commits(people: GitLabUsersAPI, sandbox: Sandbox, nothing: Any) -> None:
    """And costs no request."""
    assert people.get_user_commits(nothing) == []
    assert sandbox.traffic.total == 0


def test_a_person_who_does_not_exist_is_an_error(people: GitLabUsersAPI) -> None:
    """By id or by name."""
    for unknown in (999_999, {"id": 999_999}, {"username": "nobody.here"}, {"name": "Alice"}):
        with pytest.raises(NotFound, match="404"):
            people.get_user_commits(unknown)


def test_commits_are_credited_by_what_they_carry_and_not_by_resemblance(
    people: GitLabUsersAPI, world: World
) -> None:
    """The older client took `li` for the author of what `alice` wrote."""
    alice = world.users_by_id[ALICE].data
    world.tables.users.append(
        {**alice, "id": 50, "username": "li", "name": "Li", "email": "li@x", "public_email": None}
    )
    world.tables.events[50] = list(world.tables.events[ALICE])
    world.changed()
    assert people.get_user_commits(50) == []
    assert people.get_user_commits(ALICE)


def test_a_name_decides_where_no_other_member_has_it(
    people: GitLabUsersAPI, world: World, sandbox: Sandbox
) -> None:
    """The members are read only then."""
    people.get_user_commits(CHIARA)
    assert sandbox.traffic.count("/projects/:id/members/all") == 0
    old = next(c for c in world.tables.commits[RELAY] if c["author_name"] == "Bruno Rossi")
    new = {**old, "id": "f" * 40, "parent_ids": [], "author_email": "bruno@home.example"}
    world.tables.commits[RELAY].append(new)
    world.changed()
    assert new["id"] in {row["id"] for row in people.get_user_commits(BRUNO)}
    assert sandbox.traffic.count("/projects/:id/members/all") == 1
    sandbox.faults.add("status", path="/projects/102/members/all", status=403, times=None)
    rows = people.get_user_commits(BRUNO)
    assert new["id"] not in {row["id"] for row in rows}
    assert not rows.complete


@pytest.mark.parametrize("key", ["override_email", "global_email", "email"])
def test_further_addresses_of_a_person_count(
    people: GitLabUsersAPI, world: World, key: str
) -> None:
    """Those that the record holds, whatever GitLab's own says."""
    server = {
        c["id"] for c in world.tables.commits[FIGURES] if c["author_email"] == "root@localhost"
    }
    assert server
    rows = people.get_user_commits({"id": ALICE, key: "Root@localhost"})
    assert server <= {row["id"] for row in rows}
    assert server.isdisjoint(row["id"] for row in people.get_user_commits({"id": ALICE, key: ""}))


def test_commits_of_all_branches_count(people: GitLabUsersAPI, world: World) -> None:
    """Also those that are on no default branch."""
    ahead = world.tables.ahead[RELAY]["work-6"]
    mine = {
        commit["id"]: commit["author_email"]
        for commit in world.tables.commits[RELAY]
        if commit["id"] in ahead and not is_merge(commit)
    }
    user = next(
        user["id"] for user in world.tables.users if user["email"] == next(iter(mine.values()))
    )
    assert next(iter(mine)) in {row["id"] for row in people.get_user_commits(user)}


def test_a_commit_in_a_fork_counts_once_for_the_origin(
    people: GitLabUsersAPI, world: World
) -> None:
    """A fork holds the commits of its origin; what is only in it is personal."""
    own = {**world.tables.commits[FIGURES][-1], "id": "e" * 40, "parent_ids": []}
    own["author_email"] = "alice.moreau@corp.example"
    world.tables.commits[FORK] = [*world.tables.commits[FIGURES], own]
    world.changed()
    rows = people.get_user_commits(ALICE)
    places = {row["id"]: row["project_scope"] for row in rows}
    assert len(places) == len(rows)
    assert places.pop("e" * 40) == "Personal"
    assert set(places) == true_commits(world, ALICE, FIGURES, RELAY)
    assert set(places.values()) == {"Contributed"}


def test_a_project_whose_commits_may_not_be_read_marks_the_list(
    people: GitLabUsersAPI, world: World, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """What was read is there, and the list says that there could be more."""
    sandbox.faults.add("status", path="/projects/101/repository/commits", status=403, times=None)
    with caplog.at_level(logging.WARNING, "gitlab_sync"):
        rows = people.get_user_commits(CHIARA)
    assert {row["id"] for row in rows} == true_commits(world, CHIARA, RELAY)
    assert (rows.complete, rows.total) == (False, None)
    assert "acme/figures" in caplog.text


def test_an_empty_repository_has_no_commits(
    people: GitLabUsersAPI, world: World, sandbox: Sandbox
) -> None:
    """Nothing has to be asked for that."""
    world.put("projects", {**world.projects_by_id[FORK].data, "empty_repo": True})
    assert people.get_user_commits(ALICE).complete
    paths = [exchange.path for exchange in sandbox.traffic.exchanges]
    assert not any("801/repository" in path for path in paths)


def test_commits_that_could_not_be_read_are_an_error(
    people: GitLabUsersAPI, sandbox: Sandbox, world: World
) -> None:
    """It carries what was found, and no other person's commits."""
    sandbox.faults.add("status", path="/projects/101/repository/commits", status=500, times=None)
    with pytest.raises(ServerError) as raised:
        people.get_user_commits(CHIARA)
    partial = raised.value.partial
    assert partial is not None
    assert {row["id"] for row in partial} <= true_commits(world, CHIARA, RELAY)
