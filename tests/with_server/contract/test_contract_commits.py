"""`gitlab_sync.api.commits`: commits by author, each project read once for all people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from worlds import fresh_demo, fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api import commits
from gitlab_sync.errors import ConfigurationError, NotFound, PermissionDenied, ServerError
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.identity.identity import identity_of
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record

ROW = [
    "project_name", "message", "date", "time", "slot", "sha", "short_id", "author_name", "web_url",
]  # fmt: skip
STATS = [
    "total", "morning_commits", "afternoon_commits", "morning_pct", "afternoon_pct",
    "other_commits", "merges", "unmatched",
]  # fmt: skip
COMMITS, MEMBERS = "/projects/:id/repository/commits", "/projects/:id/members/all"
UTC = ZoneInfo("UTC")


@pytest.fixture
def world() -> World:
    """Six people and four projects, without a commit but those of the test."""
    world = fresh_world(seed=4, users=6, merge_requests=1, issues=0, projects=4)
    for project in world.tables.projects:
        world.tables.commits[project["id"]] = []
    world.changed()
    return world


@pytest.fixture
def commit(world: World) -> Callable[..., Record]:
    """Write a commit: `commit(project, person, when, email=…, name=…, parents=1)`."""
    made = Counter[str]()

    def write(
        project: Record,
        person: Record,
        when: str = "2024-03-05T10:00:00.000+01:00",
        *,
        email: str | None = None,
        name: str | None = None,
        parents: int = 1,
        committed: str | None = None,
        sha: str | None = None,
    ) -> Record:
        made["commits"] += 1
        number = sha or f"{made['commits']:040x}"
        written = {
            "id": number,
            "short_id": number[-8:],
            "title": "fix: one thing",
            "message": "fix: one thing\n\nAnd why.\n",
            "author_name": person["name"] if name is None else name,
            "author_email": person["public_email"] if email is None else email,
            "authored_date": when,
            "committer_name": "somebody",
            "committer_email": "somebody@else.example",
            "committed_date": committed or when,
            "created_at": committed or when,
            "parent_ids": [f"{parent:040x}" for parent in range(parents)],
            "web_url": f"{project['web_url']}/-/commit/{number}",
        }
        world.tables.commits[project["id"]].insert(0, written)
        world.changed()
        return written

    return write


def user(world: World, place: int = 0) -> Record:
    """Return the record of one of the people."""
    return world.users_by_name[world.truth.usernames[place].lower()].data


def shas(rows: list[Record]) -> set[str]:
    """Return the ids of the commits that rows stand for."""
    return {row["sha"] for row in rows}


# -- rows and numbers ------------------------------------------------------------------------------


def test_get_user_commits_gives_rows_counts_and_stats_of_the_contract(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """Time of day by the offset that each commit carries; shares of the total."""
    person, other = user(world), user(world, 1)
    first, second = world.tables.projects[:2]
    commit(first, person, "2024-03-05T09:00:00.000+05:30")
    commit(first, person, "2024-03-05T12:30:00.000-08:00")
    commit(second, person, "2024-03-05T17:00:00.000+00:00")
    commit(second, person, parents=2)
    commit(second, other, email="stranger@nowhere.example", name="No One Here")
    rows, counts, stats = commits.get_user_commits(client, person, [first, second])
    assert all(list(row) == ROW for row in rows)
    assert [(row["project_name"], row["time"], row["slot"]) for row in rows] == [
        (first["name"], "12:30:00", "Afternoon"),
        (first["name"], "09:00:00", "Morning"),
        (second["name"], "17:00:00", "Other"),
    ]
    assert rows[0]["message"] == "fix: one thing\n\nAnd why.\n"
    assert rows[0]["date"] == "2024-03-05"
    assert counts == {first["name"]: 2, second["name"]: 1}
    assert list(stats) == STATS
    assert list(stats.values()) == [3, 1, 1, 33.3, 33.3, 1, 1, 1]


def test_one_clock_for_all_may_be_named(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """Then days and slots are by that."""
    person, project = user(world), world.tables.projects[0]
    commit(project, person, "2024-03-05T23:00:00.000+00:00")
    (row,), _, _ = commits.get_user_commits(
        client, person, [project], clock=ZoneInfo("Asia/Kolkata")
    )
    assert (row["date"], row["time"], row["slot"]) == ("2024-03-06", "04:30:00", "Other")


def test_nobody_without_commits_has_a_share(client: GitLabClient, world: World) -> None:
    """0 of 0 is 0."""
    project = world.tables.projects[0]
    rows, counts, stats = commits.get_user_commits(client, user(world), [project])
    assert (rows, counts) == ([], {project["name"]: 0})
    assert set(stats.values()) == {0}


def test_all_commits_of_all_branches_are_read(
    client: GitLabClient, world: World, commit: Callable[..., Record], sandbox: Sandbox
) -> None:
    """Page by page; the older client read the first twenty of one branch."""
    person, project = user(world), world.tables.projects[0]
    template = commit(project, person)
    world.tables.commits[project["id"]] = [{**template, "id": f"{n:040x}"} for n in range(250)]
    world.tables.ahead[project["id"]] = {"feature": {f"{n:040x}" for n in range(30)}}
    world.changed()
    rows, _, stats = commits.get_user_commits(client, person, [project])
    assert (stats["total"], len(shas(rows))) == (250, 250)
    assert sandbox.traffic.by_endpoint == {COMMITS: 4}  # it is unknown that there are three


def test_a_commit_of_a_fork_and_its_origin_counts_once_for_the_origin(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """Whichever of them is named first."""
    person, (fork, origin) = user(world), world.tables.projects[:2]
    fork["forked_from_project"] = {"id": origin["id"]}
    commit(origin, person, sha="a" * 40)
    commit(fork, person, sha="a" * 40)
    commit(fork, person, sha="b" * 40)
    commit(origin, person, sha="c" * 40, parents=2)
    commit(fork, person, sha="c" * 40, parents=2)
    _, counts, stats = commits.get_user_commits(client, person, [fork, origin])
    assert counts == {fork["name"]: 1, origin["name"]: 1}
    assert (stats["total"], stats["merges"]) == (2, 1)


def test_projects_of_one_name_are_told_apart(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """By their paths."""
    person, (first, second) = user(world), world.tables.projects[:2]
    second["name"] = first["name"]
    commit(first, person)
    rows, counts, _ = commits.get_user_commits(client, person, [first, second])
    assert counts == {first["path_with_namespace"]: 1, second["path_with_namespace"]: 0}
    assert rows[0]["project_name"] == first["path_with_namespace"]


# -- which projects and people ---------------------------------------------------------------------


def test_a_bare_project_is_looked_up_for_its_name(
    client: GitLabClient, world: World, commit: Callable[..., Record], sandbox: Sandbox
) -> None:
    """By id and by path; a whole record is not."""
    person, (first, second, third) = user(world), world.tables.projects[:3]
    for project in (first, second, third):
        commit(project, person)
    given = [{"id": first["id"]}, second["path_with_namespace"], third]
    _, counts, _ = commits.get_user_commits(client, person, given)
    assert counts == dict.fromkeys((first["name"], second["name"], third["name"]), 1)
    assert sandbox.traffic.by_endpoint == {"/projects/:id": 2, COMMITS: 3}


def test_a_project_named_twice_is_read_once(
    client: GitLabClient, world: World, commit: Callable[..., Record], sandbox: Sandbox
) -> None:
    """And counts once."""
    person, project = user(world), world.tables.projects[0]
    commit(project, person)
    _, counts, stats = commits.get_user_commits(client, person, [project, dict(project)])
    assert (counts, stats["total"]) == ({project["name"]: 1}, 1)
    assert sandbox.traffic.by_endpoint == {COMMITS: 1}


def test_no_projects_cost_no_request(client: GitLabClient, world: World, sandbox: Sandbox) -> None:
    """There is nothing to read."""
    rows, counts, stats = commits.get_user_commits(client, user(world), [])
    assert (rows, counts, stats["total"]) == ([], {}, 0)
    assert sandbox.traffic.total == 0


@pytest.mark.parametrize(
    "known",
    [
        {"override_email": "old@home.example"},
        {"global_email": "OLD@home.example "},
        {"override_username": "old"},
        {"global_username": "OLD"},
    ],
)
def test_further_identities_of_the_user_count(
    client: GitLabClient, world: World, commit: Callable[..., Record], known: Record
) -> None:
    """A further address, or a further username before the @."""
    person, project = user(world), world.tables.projects[0]
    written = commit(project, person, email="old@home.example", name="An Old Name")
    alone, _, _ = commits.get_user_commits(client, person, [project])
    more, _, _ = commits.get_user_commits(client, {**person, **known}, [project])
    assert (shas(alone), shas(more)) == (set(), {written["id"]})


def test_an_id_alone_is_looked_up(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """As an id, a text or a record without a name, which keeps what it says."""
    person, project = user(world), world.tables.projects[0]
    commit(project, person)
    commit(project, person, email="old@home.example", name="An Old Name")
    for given, number in (
        (person["id"], 1),
        (str(person["id"]), 1),
        ({"id": person["id"], "override_email": "old@home.example"}, 2),
    ):
        assert commits.get_user_commits(client, given, [project])[2]["total"] == number


@pytest.mark.parametrize("given", [{}, "", None, {"username": ""}])
def test_a_user_who_is_not_named_is_refused(
    client: GitLabClient, sandbox: Sandbox, given: Any
) -> None:
    """Without a request."""
    with pytest.raises(ConfigurationError):
        commits.get_user_commits(client, given, [])
    assert sandbox.traffic.total == 0


# -- who wrote it ----------------------------------------------------------------------------------


def test_commits_are_credited_to_nobody_by_a_part_of_a_name(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """The older client looked for the username anywhere in name and address."""
    person, project = user(world), world.tables.projects[0]
    name = person["username"]
    commit(project, person, email=f"{name}2@x.example", name=f"{person['name']} Junior")
    commit(project, person, email=f"x@{name}.example", name=f"not {name}")
    rows, _, stats = commits.get_user_commits(client, person, [project])
    assert (rows, stats["unmatched"]) == ([], 2)


def test_members_are_read_only_where_a_name_has_to_decide(
    client: GitLabClient, world: World, commit: Callable[..., Record], sandbox: Sandbox
) -> None:
    """In one of two projects."""
    person, (first, second) = user(world), world.tables.projects[:2]
    commit(first, person)
    written = commit(second, person, email="me@laptop.local")
    rows, _, _ = commits.get_user_commits(client, person, [first, second])
    assert written["id"] in shas(rows)
    assert sandbox.traffic.by_endpoint == {COMMITS: 2, MEMBERS: 1}


def test_a_namesake_among_the_members_keeps_a_commit_from_being_credited(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """The name alone does not say which of the two it was."""
    person, project = user(world), world.tables.projects[0]
    others = [one for one in world.tables.users if one["id"] != person["id"]]
    for other in others:
        other["name"] = person["name"]
    commit(project, person, email="me@laptop.local")
    rows, _, stats = commits.get_user_commits(client, person, [project])
    assert (rows, stats["unmatched"]) == ([], 1)


# -- period ----------------------------------------------------------------------------------------


def test_the_period_goes_by_the_time_of_writing(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """GitLab's own filter goes by the time of committing, which a rebase changes."""
    person, project = user(world), world.tables.projects[0]
    rebased = commit(project, person, "2024-03-05T10:00:00Z", committed="2024-04-01T10:00:00Z")
    backdated = commit(project, person, "2024-03-06T10:00:00Z", committed="2024-02-01T10:00:00Z")
    commit(project, person, "2024-02-05T10:00:00Z", committed="2024-03-05T10:00:00Z")
    commit(project, person, "2024-02-05T10:00:00Z", parents=2)
    rows, _, stats = commits.get_user_commits(
        client, person, [project], "2024-03-01", "2024-03-31", zone=UTC
    )
    assert shas(rows) == {rebased["id"], backdated["id"]}
    assert (stats["total"], stats["merges"]) == (2, 0)


def test_days_of_the_period_are_days_in_a_zone(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """With both days whole."""
    person, project = user(world), world.tables.projects[0]
    times = ("2024-03-01T18:29:59Z", "2024-03-01T18:30:00Z", "2024-03-02T18:29:59Z")
    _, first, last = (commit(project, person, time) for time in times)
    rows, _, _ = commits.get_user_commits(
        client, person, [project], "2024-03-02", "2024-03-02", zone=ZoneInfo("Asia/Kolkata")
    )
    assert shas(rows) == {first["id"], last["id"]}


def test_whose_a_commit_is_does_not_hang_on_the_period(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """An address of last year tells that the part before the @ is two people's."""
    person, project = user(world), world.tables.projects[0]
    local = person["username"]
    commit(project, person, "2023-01-01T10:00:00Z", email=f"{local}@one.example", name="x")
    commit(project, person, "2024-01-01T10:00:00Z", email=f"{local}@two.example", name="x")
    for since in (None, "2024-01-01"):
        rows, _, _ = commits.get_user_commits(client, person, [project], since)
        assert rows == []


def test_a_period_that_cannot_be_is_refused(client: GitLabClient, world: World) -> None:
    """With what was given in the text."""
    with pytest.raises(ConfigurationError, match="2024-03-02"):
        commits.get_user_commits(client, user(world), [], "2024-03-02", "2024-03-01")


# -- trouble ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind"), [(403, PermissionDenied), (503, ServerError)])
def test_a_project_that_could_not_be_read_raises_with_the_rows_of_the_others(
    client: GitLabClient,
    world: World,
    commit: Callable[..., Record],
    sandbox: Sandbox,
    status: int,
    kind: type[Exception],
) -> None:
    """A number without its commits would be too low, and look like any other."""
    person, (first, second) = user(world), world.tables.projects[:2]
    commit(first, person)
    written = commit(second, person)
    path = f"/projects/{first['id']}/repository/commits"
    sandbox.faults.add("status", status=status, path=path, times=None)
    with pytest.raises(kind, match=str(status)) as caught:
        commits.get_user_commits(client, person, [first, second])
    partial: Any = caught.value.partial  # type: ignore[attr-defined]
    assert (shas(partial), partial.complete) == ({written["id"]}, False)


def test_a_page_in_the_middle_that_fails_leaves_what_was_read(
    client: GitLabClient, world: World, commit: Callable[..., Record], sandbox: Sandbox
) -> None:
    """Nothing is cut short in silence."""
    person, project = user(world), world.tables.projects[0]
    template = commit(project, person)
    world.tables.commits[project["id"]] = [{**template, "id": f"{n:040x}"} for n in range(250)]
    world.changed()
    sandbox.faults.add("status", status=403, query={"page": "2"}, times=None)
    with pytest.raises(PermissionDenied) as caught:
        commits.get_user_commits(client, person, [project])
    assert caught.value.partial is not None
    assert len(caught.value.partial) == 100


def test_members_that_could_not_be_read_raise(
    client: GitLabClient, world: World, commit: Callable[..., Record], sandbox: Sandbox
) -> None:
    """A name had to decide, and it is unknown who else has it."""
    person, project = user(world), world.tables.projects[0]
    commit(project, person, email="me@laptop.local")
    sandbox.faults.add("status", status=403, path="/projects/*/members/all", times=None)
    with pytest.raises(PermissionDenied):
        commits.get_user_commits(client, person, [project])


def test_a_project_without_a_repository_has_no_commits(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """GitLab says 404, and a record may say that it is empty."""
    person, (first, second) = user(world), world.tables.projects[:2]
    body = '{"message":"404 Repository Not Found"}'
    path = f"/projects/{first['id']}/repository/commits"
    sandbox.faults.add("status", status=404, body=body, path=path, times=None)
    _, counts, stats = commits.get_user_commits(
        client, person, [first, {**second, "empty_repo": True}]
    )
    assert (counts, stats["total"]) == ({first["name"]: 0, second["name"]: 0}, 0)
    assert sandbox.traffic.total == 1


@pytest.mark.parametrize("project", [987654, {"id": 987654}, {"id": 987654, "name": "gone"}])
def test_a_project_that_does_not_exist_is_not_found(
    client: GitLabClient, world: World, project: Any
) -> None:
    """And no project without commits."""
    with pytest.raises(NotFound, match="404"):
        commits.get_user_commits(client, user(world), [project])


def test_a_project_without_an_id_is_refused(client: GitLabClient, world: World) -> None:
    """There is nothing to ask for."""
    with pytest.raises(ConfigurationError):
        commits.get_user_commits(client, user(world), [{"name": "x"}])


# -- many people -----------------------------------------------------------------------------------


def test_a_batch_of_forty_people_reads_each_of_ten_projects_once(bridge: Bridge) -> None:
    """Requests are those of ten projects, however many people are matched against them."""
    world = generate_world(seed=6, users=40, merge_requests=2, issues=0, projects=10)
    people = [identity_of(world.users_by_name[n.lower()].data) for n in world.truth.usernames]
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        projects = world.tables.projects[:10]
        with client.session.context() as rest:
            read = commits.read_project_commits(rest, projects, people)
            divided = commits.attribute_all(read, people)
        pages = sum(-(-len(world.tables.commits[p["id"]]) // 100) or 1 for p in projects)
        assert sandbox.traffic.count(COMMITS) == pages
        assert sandbox.traffic.count(MEMBERS) <= 10
        assert sandbox.traffic.total == pages + sandbox.traffic.count(MEMBERS)
        assert max(Counter(e.url for e in sandbox.traffic.exchanges).values()) == 1
        alone, _, stats = commits.get_user_commits(
            client, world.users_by_name[people[7].key].data, projects
        )
    assert divided.of(people[7].username).rows == alone
    assert divided.of(people[7].username).stats["total"] == stats["total"]
    assert sum(len(divided.of(person.key).rows) for person in people) > 40


def test_people_and_all_the_others_make_up_what_was_read(bridge: Bridge) -> None:
    """Nothing is lost between the places."""
    world = fresh_demo()
    names = world.truth.usernames
    people = [identity_of(world.users_by_name[name.lower()].data) for name in names]
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        with client.session.context() as rest:
            read = commits.read_project_commits(rest, world.tables.projects, people)
            divided = commits.attribute_all(read, people)
    for each in divided.projects:
        apart = (each.merges, each.unmatched, each.bots, each.others)
        parts = (*apart, *each.people.values())
        assert sum(map(len, parts)) == len(world.tables.commits.get(each.project["id"], []))
    unmatched = {sha for each in divided.projects for sha in each.unmatched}
    assert sum(signature.number for signature in divided.unmatched) == len(unmatched)


def test_signatures_that_match_nobody_are_listed_with_their_number(
    client: GitLabClient, world: World, commit: Callable[..., Record]
) -> None:
    """Without case, most first, and only those of the period."""
    person, project = user(world), world.tables.projects[0]
    for when, name, email in (
        ("2024-03-01T10:00:00Z", "Ann Other", "ann@x.example"),
        ("2024-03-02T10:00:00Z", "ann other", "Ann@x.example"),
        ("2024-03-03T10:00:00Z", "Zed", "zed@x.example"),
        ("2023-03-03T10:00:00Z", "Zed", "zed@x.example"),
        ("2023-03-04T10:00:00Z", "Zed", "zed@x.example"),
    ):
        commit(project, person, when, name=name, email=email)
    people = [identity_of(person)]
    with client.session.context() as rest:
        read = list(commits.read_project_commits(rest, [project], people))
    within = commits.attribute_all(read, people, period("2024-01-01", None, UTC))
    found = [(each.name, each.address, each.number) for each in within.unmatched]
    assert found == [("Ann Other", "ann@x.example", 2), ("Zed", "zed@x.example", 1)]
    always = commits.attribute_all(read, people)
    assert [each.number for each in always.unmatched] == [3, 2]


def test_a_person_of_a_batch_counts_in_their_own_projects(
    client: GitLabClient, world: World, commit: Callable[..., Record], sandbox: Sandbox
) -> None:
    """And another's trouble with a project is not theirs."""
    person, (first, second) = user(world), world.tables.projects[:2]
    commit(first, person)
    path = f"/projects/{second['id']}/repository/commits"
    sandbox.faults.add("status", status=403, path=path, times=None)
    people = [identity_of(user(world, place)) for place in range(2)]
    with client.session.context() as rest:
        read = commits.read_project_commits(rest, [first, second], people)
        divided = commits.attribute_all(read, people)
    mine = divided.of(person["username"], {first["id"]})
    theirs = divided.of(people[1].username, {second["id"]})
    assert (mine.project_counts, mine.errors) == ({first["name"]: 1}, ())
    assert [type(error) for error in theirs.errors] == [PermissionDenied]
