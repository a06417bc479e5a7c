"""Commits by author: rows, totals, what matches no one, and what it costs to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from worlds import fresh_world
from written_commits import user, without_commits, write

from gitlab_sync import GitLabClient
from gitlab_sync.batch import process_batch_users
from gitlab_sync.errors import NotFound, PermissionDenied
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.identity.known_by import KnownBy, all_known, parse_known_by
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services.commits import COLUMNS, CommitsQuery, CommitsReport, answer
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record, TableRow

COMMITS, MEMBERS = "/projects/:id/repository/commits", "/projects/:id/members/all"
UTC = ZoneInfo("UTC")

Ask = Callable[..., CommitsReport]


@pytest.fixture
def world() -> World:
    """Six people and four projects, without a commit but those of the test."""
    return without_commits(fresh_world(seed=4, users=6, merge_requests=1, issues=0, projects=4))


@pytest.fixture
def ask(client: GitLabClient) -> Ask:
    """Ask about records of users and projects: `ask([person], [project], group=…)`."""

    def about(
        people: list[Record] | None, projects: list[Record] | None = None, **more: Any
    ) -> CommitsReport:
        whom = None if people is None else [Person(one["username"]) for one in people]
        names = [one["path_with_namespace"] for one in projects or []]
        return answer(client, CommitsQuery(whom, names, **more))

    return about


def everybody(world: World) -> list[Record]:
    """Return the records of all people."""
    return [user(world, place) for place in range(len(world.truth.usernames))]


def numbers(row: TableRow) -> list[Any]:
    """Return the numbers in a row of totals."""
    return [row[title] for title in COLUMNS["Totals"][2:-1]]


# -- commits ---------------------------------------------------------------------------------------


def test_a_commit_is_a_row_that_says_whose_it_is_and_as_whom_it_was_written(
    ask: Ask, world: World
) -> None:
    """The first line of the message, the project's whole path, and the commit's own clock."""
    person, project = user(world), world.tables.projects[0]
    commit = write(
        world, project, person, "2024-03-05T23:15:30.000-08:00", name="The Author",
        message="feat: a subject\r\n\r\nAnd #12.\n",
    )  # fmt: skip
    (row,) = ask([person], [project]).commits
    assert row == {
        "Username": person["username"],
        "Project": project["path_with_namespace"],
        "Date": "2024-03-05",
        "Time": "23:15:30",
        "Slot": "Other",
        "Commit": commit["short_id"],
        "Message": "feat: a subject",
        "Author": "The Author",
        "URL": commit["web_url"],
    }
    assert tuple(row)[:-1] == COLUMNS["Commits"]


def test_the_newest_commit_comes_first_wherever_it_was_written(ask: Ask, world: World) -> None:
    """By the instant, not by what the clocks showed; one without a readable time comes last."""
    first, second, project = user(world), user(world, 1), world.tables.projects[0]
    made = [
        write(world, project, first, "2024-03-05T01:00:00+05:30"),
        write(world, project, second, "2024-03-04T20:00:00+00:00"),
        write(world, project, first, "2024-03-04T23:00:00-08:00"),
        write(world, project, second, "some day"),
        write(world, project, first, "2024-03-04T19:00:00+00:00"),
    ]
    report = ask([second, first], [project])
    order = [2, 1, 0, 4, 3]
    assert [row["Commit"] for row in report.commits] == [made[n]["short_id"] for n in order]
    assert (report.commits[-1]["Date"], report.commits[-1]["Slot"]) == (None, None)


def test_what_a_fork_shares_with_its_origin_is_one_row(ask: Ask, world: World) -> None:
    """That of the origin."""
    person, (fork, origin) = user(world), world.tables.projects[:2]
    fork["forked_from_project"] = {"id": origin["id"]}
    for project in (fork, origin):
        write(world, project, person, sha="a" * 40)
    report = ask([person], [fork, origin])
    assert [row["Project"] for row in report.commits] == [origin["path_with_namespace"]]
    assert report[0]["Commits Total"] == 1


def test_only_what_was_written_in_the_period_counts_by_the_clock_that_was_set(
    ask: Ask, world: World
) -> None:
    """In all three tables."""
    person, project = user(world), world.tables.projects[0]
    write(world, project, person, "2024-03-04T12:00:00Z")
    write(world, project, person, "2024-03-05T04:00:00Z")
    write(world, project, person, "2024-03-04T12:00:00Z", email="x@old.example", name="Old")
    write(world, project, person, "2024-03-05T12:00:00Z", email="x@new.example", name="New")
    report = ask(
        [person], [project], period=period("2024-03-05", None, UTC), clock=ZoneInfo("Asia/Kolkata")
    )
    assert [row["Time"] for row in report.commits] == ["09:30:00"]
    assert numbers(report[0])[:2] == [1, 1]
    assert [row["Name"] for row in report.unmatched] == ["New"]


# -- totals ----------------------------------------------------------------------------------------


def test_each_person_has_a_row_with_the_numbers(ask: Ask, world: World) -> None:
    """Sorted by name; merges are in no number, and a share of nothing is 0."""
    first, second, third = sorted(everybody(world)[:3], key=lambda one: one["username"])
    project = world.tables.projects[0]
    for hour in ("09:00", "12:29", "12:30", "17:00"):
        write(world, project, first, f"2024-03-05T{hour}:00+02:00")
    write(world, project, first, parents=2)
    write(world, project, second, "2024-03-05T08:59:59+02:00")
    report = ask([third, second, first], [project])
    assert [row["Username"] for row in report] == [
        one["username"] for one in (first, second, third)
    ]
    assert [numbers(row) for row in report] == [
        [4, 2, 1, 1, 50.0, 25.0], [1, 0, 0, 1, 0.0, 0.0], [0, 0, 0, 0, 0.0, 0.0]
    ]  # fmt: skip
    assert all((row["Status"], row["Error"]) == ("Success", None) for row in report)
    assert all(tuple(row) == COLUMNS["Totals"] for row in report)
    assert report.completeness.whole


def test_the_numbers_are_those_of_the_table_of_whole_people(bridge: Bridge) -> None:
    """In their own projects, which are not those of the other people."""
    world = generate_world(seed=11, users=7, merge_requests=5, issues=0, projects=6)
    names = world.truth.usernames
    with Sandbox(world) as running:
        client = GitLabClient(running.url, running.token("admin"), bridge=bridge)
        report = answer(client, CommitsQuery([Person(name) for name in names]))
        profiles = process_batch_users(client, names)
    assert {row["Username"]: row["Commits Total"] for row in report} == {
        each["username"]: each["data"]["commit_stats"]["total"] for each in profiles
    }
    assert sum(row["Commits Total"] for row in report) == len(report.commits) > 0


# -- what it costs ---------------------------------------------------------------------------------


@pytest.fixture
def class_of_40() -> World:
    """Forty people who all wrote in all of ten projects, some of it under their names alone."""
    world = without_commits(fresh_world(seed=9, users=40, merge_requests=0, issues=0, projects=10))
    people = everybody(world)
    for project in (one for one in world.tables.projects if one["id"] < 800):
        world.tables.commits[project["id"]] = [
            {
                "id": f"{project['id']:020x}{number:020x}",
                "author_name": one["name"],
                "author_email": one["public_email"] if number % 9 else f"{number}@laptop.local",
                "authored_date": "2024-03-05T10:00:00Z",
                "parent_ids": ["0" * 40],
            }
            for number, one in enumerate(people)
        ]
        for one in people:
            pushed = {"action_name": "pushed to", "project_id": project["id"]}
            world.tables.events.setdefault(one["id"], []).append(
                {"id": world.new_id(), "created_at": "2024-03-05T10:00:00.000Z", **pushed}
            )
    world.changed()
    return world


@pytest.mark.parametrize("where", ["group", "projects", "their own"])
def test_forty_people_in_ten_projects_cost_the_commits_of_ten_projects(
    class_of_40: World, bridge: Bridge, where: str
) -> None:
    """And the members of ten, since a name has to decide in each; not four hundred of either."""
    people = [Person(one["username"]) for one in everybody(class_of_40)]
    ten = [one["path_with_namespace"] for one in class_of_40.tables.projects if one["id"] < 800]
    assert (len(people), len(ten)) == (40, 10)
    question = {
        "group": CommitsQuery(people, group="acme"),
        "projects": CommitsQuery(people, ten),
        "their own": CommitsQuery(people),
    }[where]
    with Sandbox(class_of_40) as running:
        client = GitLabClient(running.url, running.token("admin"), bridge=bridge)
        report = answer(client, question)
        asked = running.traffic.by_endpoint
    assert {row["Commits Total"] for row in report} == {10}
    assert report.division.total == report.division.people == len(report.commits) == 400
    everywhere = {"/users": 40, "/users/:id": 40, COMMITS: 10, MEMBERS: 10}
    if where == "group":
        assert asked == {**everywhere, "/groups/:id/projects": 1}
    elif where == "projects":
        assert asked == {**everywhere, "/projects/:id": 20}
    else:
        assert {path: asked[path] for path in (COMMITS, MEMBERS)} == {COMMITS: 12, MEMBERS: 10}
        assert sum(asked.values()) < 6 * len(people)


# -- where -----------------------------------------------------------------------------------------


def test_a_group_stands_for_its_projects_and_those_below_it(
    ask: Ask, world: World, sandbox: Sandbox
) -> None:
    """By path, id or URL; archived ones count, what is only shared with the group does not."""
    person = user(world)
    inside = [one for one in world.tables.projects if one["id"] < 800]
    inside[1]["archived"] = True
    outside = next(one for one in world.tables.projects if one["id"] >= 800)
    for project in (*inside, outside):
        write(world, project, person)
    group = world.groups_by_path["acme"].data
    for given in ("acme", f" {sandbox.url}/groups/acme ", str(group["id"])):
        report = ask([person], group=given)
        assert {row["Project"] for row in report.commits} == {
            one["path_with_namespace"] for one in inside
        }
    asked = [one.query for one in sandbox.traffic.exchanges if "/projects?" in one.url]
    assert len(asked) == 3
    assert all("with_shared=false" in query and "archived" not in query for query in asked)
    report = ask([person], [outside], group="acme")
    assert len(report.commits) == len(inside) + 1


def test_a_group_without_projects_is_no_question_about_everything(ask: Ask, world: World) -> None:
    """Nor is it zero: GitLab shows what the token may see."""
    world.put("groups", {**world.groups_by_path["acme"].data, "id": 77, "full_path": "empty"})
    with pytest.raises(NotFound, match="empty has no projects"):
        ask([user(world)], group="empty")
    with pytest.raises(NotFound):
        ask([user(world)], group="no/such")


def test_a_project_that_is_not_there_is_left_out(ask: Ask, world: World) -> None:
    """And named; not one of them there is an error."""
    person, project = user(world), world.tables.projects[0]
    write(world, project, person)
    report = ask([person], [project, {"path_with_namespace": "no/such"}])
    assert (report.unknown_projects, len(report.commits)) == (["no/such"], 1)
    with pytest.raises(NotFound, match="no/such"):
        ask([person], [{"path_with_namespace": "no/such"}])


# -- members ---------------------------------------------------------------------------------------


def test_with_nobody_named_people_are_the_members_of_the_projects(ask: Ask, world: World) -> None:
    """Inherited ones too, but no bots; what then matches no one is no member's."""
    project = world.tables.projects[0]
    bot = {"id": 990, "username": "project_1_bot_x", "name": "Token"}
    world.put("users", {**user(world), **bot, "public_email": "project_1_bot_x@x.example"})
    member = {"source_type": "project", "source_id": project["id"], "access_level": 30}
    world.tables.memberships.append({**member, "user_id": 990})
    outsider = next(one for one in everybody(world) if not _is_member(world, project, one))
    for one in (*everybody(world), world.users_by_id[990].data):
        write(world, project, one)
    report = ask(None, [project])
    members = [one for one in everybody(world) if _is_member(world, project, one)]
    assert [row["Username"] for row in report] == sorted(one["username"] for one in members)
    assert {row["Commits Total"] for row in report} == {1}
    assert [row["Address"] for row in report.unmatched] == [outsider["public_email"]]
    assert (report.division.bots, report.division.others) == (1, 0)


def _is_member(world: World, project: Record, person: Record) -> bool:
    sources = world.source_chain(project)
    return any(
        one["user_id"] == person["id"]
        for source in sources
        for one in world.members.get(source, ())
    )


def test_members_who_could_not_be_read_are_said_and_those_of_other_projects_count(
    ask: Ask, world: World, sandbox: Sandbox
) -> None:
    """Not one list of members read is an error."""
    first, second = world.tables.projects[:2]
    path = f"/projects/{first['id']}/members/all"
    sandbox.faults.add("status", status=403, path=path, times=None)
    report = ask(None, [first, second])
    assert len(report) == len(ask(None, [second]))
    (said,) = report.unread
    assert said.startswith(f"members of {first['id']}: 403")
    assert (
        ask(None, group="acme")
        .unread[0]
        .startswith(f"members of {first['path_with_namespace']}: 403")
    )
    with pytest.raises(PermissionDenied):
        ask(None, [first])


# -- what matches no one ---------------------------------------------------------------------------


def test_signatures_that_match_nobody_are_counted_most_first(ask: Ask, world: World) -> None:
    """Over all projects, without regard to case."""
    person, (first, second) = user(world), world.tables.projects[:2]
    write(world, first, person)
    write(world, first, person, email="zoe@x.example", name="Zoe")
    write(world, second, person, email="al@x.example", name="Al")
    write(world, second, person, email="Zoe@X.example", name="zoe")
    report = ask([person], [first, second])
    assert report.unmatched == [
        {"Name": "Zoe", "Address": "zoe@x.example", "Commits": 2},
        {"Name": "Al", "Address": "al@x.example", "Commits": 1},
    ]
    assert tuple(report.unmatched[0]) == COLUMNS["Unmatched"]


def test_the_parts_make_up_all_commits_that_were_read(ask: Ask, world: World) -> None:
    """Each id once, in however many projects it is."""
    person, other, (first, second) = user(world), user(world, 1), world.tables.projects[:2]
    for place in (first, second):
        write(world, place, person, sha="a" * 40)
        write(world, place, person, sha="b" * 40, parents=2)
        write(world, place, person, sha="c" * 40, email="x@y.example", name="X")
        write(world, place, person, sha="d" * 40, email="1@y.example", name="renovate-bot")
    write(world, first, person)
    write(
        world, first, other,
        email=f"{other['id']}-{other['username']}@users.noreply.gitlab.example", name="?",
    )  # fmt: skip
    division = ask([person], [first, second]).division
    read = {one["id"] for place in (first, second) for one in world.tables.commits[place["id"]]}
    assert division.total == len(read) == 6
    assert (division.people, division.unmatched, division.merges) == (2, 1, 1)
    assert (division.bots, division.others) == (1, 1)
    assert str(division) == (
        "6 commits in 2 projects: 2 of these people, 1 unmatched, 1 of bots, 1 of others, 1 merge"
    )


def test_what_is_somebodys_in_the_origin_is_not_unmatched_in_the_fork(
    ask: Ask, world: World
) -> None:
    """There another domain keeps the part before the @ from deciding."""
    person, (fork, origin) = user(world), world.tables.projects[:2]
    mine = f"{person['username']}@one.example"
    for place in (fork, origin):
        write(world, place, person, sha="a" * 40, email=mine, name="?")
    write(world, fork, person, email=f"{person['username']}@two.example", name="Else")
    report = ask([person], [fork, origin])
    assert report[0]["Commits Total"] == 1
    assert [row["Name"] for row in report.unmatched] == ["Else"]
    assert (report.division.people, report.division.unmatched) == (1, 1)


@pytest.mark.parametrize(
    "line", ["{username}, me@home.example", "{name} <{known}> <me@home.example>"]
)
def test_a_signature_that_is_said_to_be_somebodys_is_theirs(
    ask: Ask, world: World, line: str
) -> None:
    """By an alias or by a mailmap."""
    person, project = user(world), world.tables.projects[0]
    write(world, project, person, email="me@home.example", name="No One Knows")
    assert ask([person], [project]).unmatched
    text = line.format(known=person["public_email"], **person)
    report = ask([person], [project], known_by=parse_known_by(text))
    assert (report.unmatched, report[0]["Commits Total"]) == ([], 1)


def test_what_is_listed_as_unmatched_is_what_an_alias_has_to_be_written_for(
    ask: Ask, world: World
) -> None:
    """Where a mailmap changes the signature, its address counts and not the commit's."""
    person, project = user(world), world.tables.projects[0]
    write(world, project, person, email="me@laptop", name="me")
    mailmap = parse_known_by("No One Knows <me@home.example> <me@laptop>")
    (unmatched,) = ask([person], [project], known_by=mailmap).unmatched
    assert (unmatched["Name"], unmatched["Address"]) == ("No One Knows", "me@home.example")
    alias = parse_known_by(f"{person['username']}, {unmatched['Address']}")
    known = all_known([mailmap, alias])
    assert ask([person], [project], known_by=known)[0]["Commits Total"] == 1


# -- co-authors, and who left ----------------------------------------------------------------------


def test_a_commit_counts_for_its_co_authors_if_that_is_asked_for(ask: Ask, world: World) -> None:
    """Once for each of them, in however many projects it is; where it goes does not change."""
    first, second, (fork, origin) = user(world), user(world, 1), world.tables.projects[:2]
    trailers = "".join(
        f"Co-authored-by: {name} <{address}>\n"
        for name, address in (
            (second["name"], second["public_email"]),
            (second["username"], "second@laptop"),
            (first["name"], first["public_email"]),
        )
    )
    for project in (fork, origin):
        write(world, project, first, sha="a" * 40, message=f"fix: it\n\n{trailers}")
    people, where = [first, second], [fork, origin]
    plain, counted = (
        ask(people, where, known_by=KnownBy(co_authors=wanted)) for wanted in (False, True)
    )
    totals = {row["Username"]: row["Commits Total"] for row in plain}
    assert totals == {first["username"]: 1, second["username"]: 0}
    assert [row["Commits Total"] for row in counted] == [1, 1]
    assert {row["Author"] for row in counted.commits} == {first["name"]}
    assert counted.division == plain.division
    assert counted.division.total == counted.division.people == 1


def test_who_left_keeps_their_commits(ask: Ask, world: World) -> None:
    """A blocked or deactivated account is still a person with a name and addresses."""
    people, project = everybody(world)[:3], world.tables.projects[0]
    before = [write(world, project, one) for one in people]
    for one, state in zip(people, ("blocked", "deactivated", "ldap_blocked"), strict=True):
        one["state"] = state
    world.changed()
    report = ask(people, [project])
    assert [row["Commits Total"] for row in report] == [1, 1, 1]
    assert (report.unmatched, report.division.people) == ([], len(before))
    members = {row["Username"]: row["Commits Total"] for row in ask(None, [project])}
    assert [members.get(one["username"], 1) for one in people] == [1, 1, 1]


# -- trouble ---------------------------------------------------------------------------------------


def test_somebody_who_does_not_exist_has_no_numbers(ask: Ask, world: World) -> None:
    """And counts as not found; the others' are whole."""
    person, project = user(world), world.tables.projects[0]
    write(world, project, person)
    rows = {row["Username"]: row for row in ask([person, {"username": "no.such"}], [project])}
    missing = rows["no.such"]
    assert (missing["Status"], set(numbers(missing))) == ("Not Found", {None})
    assert "404" in missing["Error"]
    assert rows[person["username"]]["Status"] == "Success"
    report = ask([person, {"username": "no.such"}], [project])
    assert str(report.completeness) == "1 of 2 people read, 1 not found"


def test_a_project_that_may_not_be_read_makes_the_numbers_the_least_it_can_be(
    ask: Ask, world: World, sandbox: Sandbox
) -> None:
    """With the project it was; if none can be read they are unknown."""
    person, (first, second, third) = user(world), world.tables.projects[:3]
    write(world, second, person)
    for place in (first, third):
        path = f"/projects/{place['id']}/repository/commits"
        sandbox.faults.add("status", status=403, path=path, times=None)
    (row,) = ask([person], [first, second])
    assert (row["Status"], row["Commits Total"]) == ("Partial", 1)
    assert row["Error"].startswith(f"commits of {first['path_with_namespace']}: 403")
    (row,) = report = ask([person], [first, third])
    assert (row["Status"], set(numbers(row)), report.commits) == ("Error", {None}, [])
    assert row["Error"].startswith("commits of 2 projects: 403")
    assert str(report.completeness) == "0 of 1 person read, 1 denied"


def test_members_who_should_have_decided_about_a_name_make_a_row_partial(
    ask: Ask, world: World, sandbox: Sandbox
) -> None:
    """The commit is unmatched until then, and the numbers say so."""
    person, project = user(world), world.tables.projects[0]
    write(world, project, person)
    write(world, project, person, email="me@laptop.local")
    sandbox.faults.add("status", status=403, path=MEMBERS.replace(":id", "*"), times=None)
    (row,) = report = ask([person], [project])
    assert (row["Status"], row["Commits Total"]) == ("Partial", 1)
    assert [each["Address"] for each in report.unmatched] == ["me@laptop.local"]


def test_whose_projects_could_not_be_read_has_no_numbers(
    ask: Ask, world: World, sandbox: Sandbox
) -> None:
    """It is unknown where to look; other people's rows stay complete."""
    first, second = user(world), user(world, 1)
    path = f"/users/{first['id']}/projects"
    sandbox.faults.add("status", status=403, path=path, times=None)
    rows = {row["Username"]: row for row in ask([first, second])}
    broken = rows[first["username"]]
    assert (broken["Status"], set(numbers(broken))) == ("Error", {None})
    assert broken["Error"].startswith("projects: 403")
    assert rows[second["username"]]["Status"] == "Success"


def test_nobody_asked_about_costs_nothing(ask: Ask, sandbox: Sandbox) -> None:
    """An empty list is no question."""
    report = ask([])
    assert (list(report), report.commits, report.unmatched) == ([], [], [])
    assert report.completeness.whole
    assert sandbox.traffic.total == 0


# -- for files -------------------------------------------------------------------------------------


def test_tables_lead_to_people_and_commits(ask: Ask, world: World, client: GitLabClient) -> None:
    """And say what was asked."""
    person, project = user(world), world.tables.projects[0]
    commit = write(world, project, person)
    report = ask([person, {"username": "no.such"}], [project])
    question = CommitsQuery([Person("x")], [project["path_with_namespace"]], group="g")
    sheet = report.sheet(question, "https://gitlab.example")
    assert (sheet.title, sheet.columns) == ("Commits", COLUMNS["Commits"])
    profile = f"https://gitlab.example/{person['username']}"
    assert sheet.link("Username", sheet.rows[0]) == profile
    assert sheet.link("Commit", sheet.rows[0]) == commit["web_url"]
    assert (
        sheet.meta.scope == f"projects {project['path_with_namespace']} and group g and its "
        "subgroups, people"
    )
    totals = report.sheet(question, "https://gitlab.example", "Totals")
    links = {row["Username"]: totals.link("Username", row) for row in totals.rows}
    assert links == {person["username"]: profile, "no.such": None}
    assert (totals.kind("Commits Total"), totals.kind("Morning %")) == ("integer", "percent")


def test_progress_is_told_by_people_and_by_projects(client: GitLabClient, world: World) -> None:
    """The last word is about projects."""
    tracker, told = ProgressTracker(), list[str]()
    projects = [one["path_with_namespace"] for one in world.tables.projects[:2]]
    run = Run(tracker=tracker, on_progress=lambda now: told.append(f"{now.done} {now.what}"))
    answer(client, CommitsQuery([Person(user(world)["username"])], projects), run)
    assert told == ["1 people"]
    now = tracker.now()
    assert (now.done, now.total, now.what) == (2, 2, "projects' commits")
