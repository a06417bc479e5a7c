"""`--dry-run` of commands about whole people and projects: the least that the run then takes."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs

import openpyxl
import pytest
from cli_runs import LIMIT, environment, of_sandbox, run, start
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync import GitLabClient
from gitlab_sync.api.facts.rest import LEAST
from gitlab_sync.api.scope import Scope
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import Cancelled, NotFound
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.scores.weekly import WeekPerson, last_days
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world, paging
from gitlab_sync.sandbox.traffic import Exchange
from gitlab_sync.services import (
    commits,
    compliance,
    costs,
    leaderboard,
    people,
    profile,
    weekly,
)
from gitlab_sync.services.estimate import Estimate
from gitlab_sync.services.evaluation import evaluate_merge_requests
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import DEFAULT_SOURCE, Source

ALICE = "alice.moreau"
DAYS = last_days(date(2026, 6, 15))
MEMBERS, COMMITS = "/projects/:id/members/all", "/projects/:id/repository/commits"
FACTS, PIPELINES = "/projects/:id/merge_requests/:iid/", "/projects/:id/pipelines"


@dataclass(frozen=True)
class Case:
    """One run: what foresees it, and what carries it out; whether merge requests are judged."""

    foresee: Callable[..., Estimate]
    answer: Callable[..., object]
    question: Any
    judges: bool = False


def cases(world: World) -> Iterator[tuple[str, Case]]:
    """Yield a run of each kind about everybody in a world, and one who is not there."""
    names = [*world.truth.usernames, "no-such-person"]
    persons = tuple(map(Person, names))
    path = world.tables.projects[0]["path_with_namespace"]
    some = period("2025-06-01", "2026-03-01", UTC)
    team = Team("Everybody", "", tuple(map(Member, names)))
    week = [WeekPerson("", "", name) for name in names]

    for name, question in (
        ("users", people.PeopleQuery(persons)),
        ("users of a period", people.PeopleQuery(persons, period=some)),
        ("users in a project", people.PeopleQuery(persons, projects=[path])),
        ("users, quick", people.PeopleQuery(persons, quick=True)),
    ):
        yield name, Case(costs.of_people, people.answer, question, judges=True)
    mine = profile.ProfileQuery(names[0])
    yield "profile", Case(costs.of_profile, profile.answer, mine, judges=True)
    for name, written in (
        ("commits", commits.CommitsQuery(persons)),
        ("commits in a project", commits.CommitsQuery(persons, [path])),
        ("commits of a group's members", commits.CommitsQuery(None, group="acme")),
    ):
        yield name, Case(costs.of_commits, commits.answer, written)
    teams = leaderboard.LeaderboardQuery([team])
    yield "leaderboard", Case(costs.of_leaderboard, leaderboard.answer, teams)
    yield "weekly", Case(costs.of_weekly, weekly.answer, weekly.WeeklyQuery(week, DAYS))
    for name, theirs in (
        ("compliance", compliance.ComplianceQuery(everything=True)),
        ("compliance of a group", compliance.ComplianceQuery([path, "no/such"], group="acme")),
    ):
        yield name, Case(costs.of_compliance, compliance.answer, theirs)


def foreseen(client: GitLabClient, case: Case, source: Source = DEFAULT_SOURCE) -> Estimate:
    """Return what is foreseen for a run."""
    given = {"source": source} if case.judges else {}
    with client.session.context() as job:
        return case.foresee(job, case.query, **given)


def taken(
    sandbox: Sandbox, client: GitLabClient, case: Case, source: Source = DEFAULT_SOURCE
) -> int:
    """Carry the run out, and return how many requests it took."""
    given = {"run": Run(source=source)} if case.judges else {}
    sandbox.traffic.reset()
    case.answer(client, case.query, **given)
    return sandbox.traffic.total


def on_top(sandbox: Sandbox) -> int:
    """Return how many of the requests could not be foreseen.

    Members where a name has to decide, pages of commits behind the last one, pages of time logs
    after a person's first, groups that were asked for again, since the same request was not under
    way any more, and what the list of merge requests could have decided.
    """
    asked, count = sandbox.traffic.exchanges, sandbox.traffic.count
    groups = Counter(each.url for each in asked if each.endpoint.startswith("/groups"))
    in_vain = sum(_is_behind_the_last(sandbox, each) for each in asked if each.endpoint == COMMITS)
    time_logs = max(0, count("/api/graphql") - count("/users/:id"))
    facts = Counter(each.path.rpartition("/")[0] for each in asked if FACTS in each.endpoint)
    undecided = count(PIPELINES) + sum(facts.values()) - LEAST * len(facts)
    again = sum(groups.values()) - len(groups)
    return count(MEMBERS) + again + in_vain + time_logs + undecided


def _is_behind_the_last(sandbox: Sandbox, asked: Exchange) -> bool:
    commits_there = sandbox.world.tables.commits.get(int(asked.path.split("/")[4]), ())
    page = int(parse_qs(asked.query).get("page", ["1"])[0])
    return page > max(1, -(-len(commits_there) // 100))


@pytest.fixture
def world() -> World:
    """Make a world in which no list of a merge request is longer than a page."""
    return generate_world(seed=1, users=4, merge_requests=3, issues=2, projects=2, large_every=0)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def tables_of(environ: dict[str, str], *arguments: str, code: int = 0) -> Any:
    """Run a dry run with JSON as its format, and return what it wrote."""
    done = run(environ, *arguments, "--dry-run", "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout)


# -- the bound -------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 10_000),
    users=st.integers(1, 5),
    merge_requests=st.sampled_from([0, 1, 4, 30]),
    issues=st.integers(0, 3),
    projects=st.integers(1, 6),
    large_every=st.sampled_from([0, 3]),
    as_admin=st.booleans(),
    source=st.sampled_from(get_args(Source)),
)
def test_no_run_takes_less_than_was_foreseen(as_admin: bool, source: Source, **sizes: int) -> None:
    """Whatever the world, whichever command, whoever asks, and whatever is asked."""
    world = generate_world(**sizes)
    with Sandbox(world) as sandbox, Bridge(8) as bridge:
        token = sandbox.token("admin" if as_admin else world.truth.usernames[0])
        client = GitLabClient(sandbox.url, token, bridge=bridge)
        for name, case in cases(world):
            least = foreseen(client, case, source).requests
            assert 0 < least <= taken(sandbox, client, case, source), name


@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 10_000),
    users=st.integers(1, 60),
    merge_requests=st.sampled_from([0, 1, 4, 20]),
    projects=st.integers(1, 6),
    by=st.sampled_from(["author", "assignee"]),
    source=st.sampled_from(["auto", "graphql"]),
)
def test_no_judging_takes_less_than_was_foreseen(by: str, source: Source, **sizes: int) -> None:
    """With GraphQL, for as many as are judged."""
    world = generate_world(issues=0, **sizes)
    names, scope = world.truth.usernames, Scope(by=by)
    with Sandbox(world) as sandbox, Bridge(8) as bridge:
        client = GitLabClient(sandbox.url, sandbox.token("admin"), bridge=bridge)
        with client.session.context() as job:
            estimate = costs.of_judging(job, "merge requests", names, scope, source=source)
        sandbox.traffic.reset()
        evaluate_merge_requests(client, names, scope, Run(source=source))
        assert 0 < estimate.requests <= sandbox.traffic.total


@pytest.mark.parametrize(
    "sizes",
    [
        {"seed": 1, "users": 5, "merge_requests": 6, "issues": 3, "projects": 3},
        {"seed": 2, "users": 4, "merge_requests": 12, "issues": 0, "projects": 6},
        {"seed": 3, "users": 3, "merge_requests": 130, "issues": 205, "projects": 4},
        {"seed": 4, "users": 2, "merge_requests": 0, "issues": 0, "projects": 1},
    ],
)
def test_it_is_to_the_request_what_can_be_foreseen(sizes: dict[str, int]) -> None:
    """Over REST, where no list of a merge request is longer than a page; lists of items may be."""
    world = generate_world(**sizes, large_every=0)
    with Sandbox(world) as sandbox, Bridge(8) as bridge:
        client = GitLabClient(sandbox.url, sandbox.token("admin"), bridge=bridge)
        for name, case in cases(world):
            if name in {"commits of a group's members", "compliance of a group"}:
                continue  # members are read anyway, and what cannot be read is not in the sum
            least = foreseen(client, case, "rest").requests
            assert taken(sandbox, client, case, "rest") == least + on_top(sandbox), name


@pytest.mark.parametrize("source", ["auto", "graphql"])
def test_what_graphql_spares_is_said(source: Source) -> None:
    """And what it takes without; what is read over REST alone says nothing of GraphQL."""
    world = generate_world(seed=6, users=3, merge_requests=9, issues=1, large_every=0)
    with Sandbox(world) as sandbox, Bridge(8) as bridge:
        client = GitLabClient(sandbox.url, sandbox.token("admin"), bridge=bridge)
        question = people.PeopleQuery(tuple(map(Person, world.truth.usernames)))
        case = Case(costs.of_people, people.answer, question, judges=True)
        estimate, over_rest = foreseen(client, case, source), foreseen(client, case, "rest")
        assert estimate.over_rest == over_rest.requests
        assert str(estimate).startswith(
            f"at least {estimate.requests} requests with GraphQL, or "
            f"{over_rest.requests} over REST alone, would show 3 people if nothing is "
            "stored yet; this was"
        )
        assert "GraphQL" not in str(over_rest)
        assert estimate.requests <= taken(sandbox, client, case, source) < over_rest.requests


def test_nobodys_work_is_read_for_it(sandbox: Sandbox, client: GitLabClient) -> None:
    """No item's facts, no commit, no file; and items by a row of each list."""
    sandbox.traffic.reset()
    for _, case in cases(sandbox.world):
        foreseen(client, case)
    asked = set(sandbox.traffic.by_endpoint)
    facts = {each for each in asked if each.startswith("/projects/:id/merge_requests/:iid")}
    assert not facts
    assert not {each for each in asked if "commits" in each or "files" in each}
    items = [each for each in sandbox.traffic.exchanges if each.endpoint == "/merge_requests"]
    assert items
    assert all("per_page=1&" in f"{each.query}&" for each in items)


# -- what stands in it -----------------------------------------------------------------------------


def test_people_and_projects_have_a_table_each(
    sandbox: Sandbox, world: World, environ: dict[str, str]
) -> None:
    """The sum of both, and of what found them, is what standard error says."""
    asked = ("users", "--members-of", "acme", "--source", "rest")
    done = run(environ, *asked, "--dry-run", "-f", "json")
    assert done.returncode == 0
    tables = json.loads(done.stdout)
    assert list(tables) == ["People", "Projects"]
    truth = world.truth.merge_requests()
    for row in tables["People"]:
        name = row["Username"]
        assert tuple(row) == (
            "Username", "Projects", "Groups", "Merge Requests", "Ended", "Issues",
            "Requests", "Status", "Error",
        )  # fmt: skip
        assert (row["Merge Requests"], row["Issues"]) == (3, 2)
        assert row["Ended"] == truth[name]["Closed MRs"]
        assert row["Requests"] > LEAST * row["Ended"]
        assert (row["Status"], row["Error"]) == ("Success", None)
    for row in tables["Projects"]:
        found = world.project(row["Project"])
        assert found is not None
        number = len(world.tables.commits[found.data["id"]])
        assert row == {
            "Project": row["Project"], "Commits": number, "Requests": max(1, -(-number // 100)),
            "Status": "Success", "Error": None,
        }  # fmt: skip
    rows = [*tables["People"], *tables["Projects"]]
    total = 1 + sum(row["Requests"] for row in rows)  # the list of the members, too
    assert f"at least {total} requests would show".encode() in done.stderr
    sandbox.traffic.reset()
    run(environ, *asked, "--quiet")
    assert total <= sandbox.traffic.total <= total + on_top(sandbox)


@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        (("users", ALICE, "--quick"), ("Projects", "Groups", "Merge Requests", "Issues")),
        (("profile", ALICE), ("Projects", "Groups", "Merge Requests", "Ended", "Issues")),
        (("leaderboard", "--group", "acme"), ("Projects", "Groups", "Merge Requests", "Issues")),
        (("weekly", ALICE), ("Projects", "Merge Requests", "Issues")),
        (("weekly", ALICE, "--hours"), ("Projects", "Merge Requests", "Issues")),
        (("commits", ALICE), ("Projects",)),
        (("commits", "--group", "acme"), ()),
    ],
)
def test_each_command_says_what_it_then_takes(
    arguments: tuple[str, ...],
    columns: tuple[str, ...],
    sandbox: Sandbox,
    environ: dict[str, str],
) -> None:
    """With the columns of what it reads."""
    done = run(environ, *arguments, "--dry-run", "-f", "json")
    assert done.returncode == 0
    shown = json.loads(done.stdout)["People"]
    assert shown
    assert all(tuple(row)[1:-3] == columns for row in shown)
    said = re.search(r"at least (\d+) requests (?:with GraphQL, or (\d+) )?", done.stderr.decode())
    assert said is not None
    sandbox.traffic.reset()
    assert run(environ, *arguments, "--quiet").returncode == 0
    over_rest = int(said[2] or said[1]) + on_top(sandbox)
    assert int(said[1]) <= sandbox.traffic.total <= over_rest


def test_compliance_says_which_files_it_would_read(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """A row for each project; no score fails it."""
    rows = tables_of(environ, "compliance", "--group", "acme", "--fail-under", "100")
    assert [tuple(row) for row in rows] == [
        ("Project", "Files", "Requests", "Status", "Error")
    ] * len(rows)
    assert all(row["Requests"] == 2 + row["Files"] for row in rows)
    sandbox.traffic.reset()
    run(environ, "compliance", "--group", "acme", "--quiet")
    assert sandbox.traffic.total == 1 + sum(row["Requests"] for row in rows)
    files = sandbox.traffic.count("/projects/:id/repository/files/:path")
    assert files == sum(row["Files"] for row in rows)


def test_what_a_group_leaves_out_is_not_in_it_unless_it_is_named(
    sandbox: Sandbox, client: GitLabClient
) -> None:
    """As in the run; and what is named and in the group counts once."""
    first, second, fork = sandbox.world.tables.projects[:3]
    assert fork["forked_from_project"]
    first["archived"] = True
    sandbox.world.changed()
    paths = [each["path_with_namespace"] for each in (first, second)]
    for named, judged in (([], paths[1:]), (paths, paths)):
        case = Case(
            costs.of_compliance, compliance.answer, compliance.ComplianceQuery(named, group="acme")
        )
        estimate = foreseen(client, case)
        assert {row["Project"] for row in estimate.rows} == set(judged)
        assert len(estimate.rows) == len(judged)
        assert taken(sandbox, client, case) == estimate.requests


def test_a_repository_without_a_commit_takes_no_file_and_no_commits(
    sandbox: Sandbox, client: GitLabClient
) -> None:
    """And that is no error, as in the run."""
    project = sandbox.world.tables.projects[0]
    project["empty_repo"] = True
    sandbox.world.tables.tree[project["id"]] = []
    sandbox.faults.add("status", status=404, path="*/repository/tree", times=None)
    sandbox.world.changed()
    question = compliance.ComplianceQuery([project["id"]])
    (row,) = foreseen(client, Case(costs.of_compliance, compliance.answer, question)).rows
    assert (row["Files"], row["Requests"], row["Status"]) == (0, 2, "Success")
    of_group = commits.CommitsQuery(None, group="acme")
    estimate = foreseen(client, Case(costs.of_commits, commits.answer, of_group))
    shown = {row["Project"] for row in estimate.tables["Projects"].rows}
    assert shown
    assert project["path_with_namespace"] not in shown


def test_only_what_counts_is_judged(
    sandbox: Sandbox, world: World, environ: dict[str, str]
) -> None:
    """Of the named projects alone, and of the period alone."""
    truth = world.truth.merge_requests(project_ids={101})
    shown = tables_of(environ, "users", *world.truth.usernames, "--project", "101")
    assert {row["Username"]: row["Ended"] for row in shown["People"]} == {
        name: truth[name]["Closed MRs"] for name in world.truth.usernames
    }
    assert [row["Project"] for row in shown["Projects"]] == [
        world.tables.projects[0]["path_with_namespace"]
    ]
    then = ("--since", "1999-01-01", "--until", "1999-12-31")
    (row,) = tables_of(environ, "users", ALICE, *then)["People"]
    assert (row["Merge Requests"], row["Ended"], row["Issues"]) == (0, 0, 0)


def test_what_several_need_counts_once(world: World, environ: dict[str, str]) -> None:
    """The records of their groups are in the row of the first of them."""
    alone = {
        name: tables_of(environ, "users", name, "--quick")["People"][0]
        for name in world.truth.usernames
    }
    together = tables_of(environ, "users", *world.truth.usernames, "--quick")["People"]
    assert together[0] == alone[together[0]["Username"]]
    assert sum(row["Groups"] for row in together) > 1
    spared = sum(alone[row["Username"]]["Requests"] - row["Requests"] for row in together)
    memberships = [
        each["source_id"]
        for name in world.truth.usernames
        for each in world.memberships_of[world.users_by_name[name.lower()].data["id"]]
        if each["source_id"] in world.groups_by_id
    ]
    assert spared == len(memberships) - len(set(memberships))


# -- what cannot be counted ------------------------------------------------------------------------


def test_somebody_who_is_not_there_and_a_project_that_is_not_are_named(
    environ: dict[str, str],
) -> None:
    """The others count; the code is that of the run."""
    arguments = ("users", ALICE, "no-such-person", "--project", "101", "--project", "no/such")
    done = run(environ, *arguments, "--dry-run", "--quiet", "-f", "json")
    assert done.returncode == run(environ, *arguments, "--quiet").returncode == 3
    rows = {row["Username"]: row for row in json.loads(done.stdout)["People"]}
    assert rows[ALICE]["Status"] == "Success"
    assert rows["no-such-person"] == {
        "Username": "no-such-person", "Projects": None, "Groups": None, "Merge Requests": None,
        "Ended": None, "Issues": None, "Requests": 1, "Status": "Not Found",
        "Error": "404 there is no user 'no-such-person'",
    }  # fmt: skip
    assert b"more than" in done.stderr
    assert b"error: no-such-person: 404 there is no user" in done.stderr
    assert b"no/such" in done.stderr
    known = ("users", ALICE, "--project", "101", "--project", "no/such")
    assert run(environ, *known, "--dry-run").returncode == run(environ, *known).returncode == 3
    nobody = tables_of(environ, "users", "no-such-person", "--project", "101", code=3)
    assert nobody["Projects"] == []  # nobody's commits are read
    gone = ("users", ALICE, "--project", "no/such")
    assert run(environ, *gone, "--dry-run").returncode == run(environ, *gone).returncode == 4


def test_commits_that_gitlab_does_not_count_are_unknown(
    sandbox: Sandbox, world: World, environ: dict[str, str]
) -> None:
    """For whoever may not see the number, and for whoever may not see the project."""
    first, second = world.tables.projects[:2]
    counting = {"statistics": "true"}
    sandbox.faults.add(
        "status", status=200, body=json.dumps(first), times=None, query=counting,
        path=f"/projects/{first['id']}",
    )  # fmt: skip
    sandbox.faults.add(
        "status", status=403, times=None, query=counting, path=f"/projects/{second['id']}"
    )
    done = run(environ, "commits", *world.truth.usernames, "--dry-run", "-f", "json")
    assert done.returncode == 3
    rows = {row["Project"]: row for row in json.loads(done.stdout)["Projects"]}
    hidden = rows[first["path_with_namespace"]]
    assert (hidden["Commits"], hidden["Requests"], hidden["Status"]) == (None, 1, "Partial")
    assert "does not show" in hidden["Error"]
    denied = rows[second["path_with_namespace"]]
    assert (denied["Commits"], denied["Requests"], denied["Status"]) == (None, None, "Error")
    assert b"more than" in done.stderr
    assert f"error: {second['path_with_namespace']}: 403".encode() in done.stderr
    assert b"read_api" in done.stderr


def test_items_that_gitlab_does_not_count_are_unknown(
    sandbox: Sandbox, client: GitLabClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those above 10,000: no 0 stands there, and the reason does."""
    monkeypatch.setattr(paging, "MOST_COUNTED", 1)
    question = people.PeopleQuery([Person(ALICE)])
    estimate = foreseen(client, Case(costs.of_people, people.answer, question))
    (row,) = estimate.tables["People"].rows
    assert (row["Merge Requests"], row["Issues"], row["Status"]) == (None, None, "Partial")
    assert str(row["Error"]).startswith("merge requests: GitLab does not say how many there are")
    assert not estimate.whole
    assert str(estimate).startswith("more than ")


def test_members_are_people_and_those_who_could_not_be_read_are_said(
    sandbox: Sandbox, world: World, environ: dict[str, str]
) -> None:
    """But no bots are; and where nobody's membership can be read there is nothing to show."""
    project = world.tables.projects[0]
    token = {"id": 990, "username": "project_1_bot_x", "name": "Token"}
    world.put("users", {**world.users[0].data, **token})
    member = {"source_type": "project", "source_id": project["id"], "access_level": 30}
    world.tables.memberships.append({**member, "user_id": 990})
    world.changed()
    there = ("commits", "--project", str(project["id"]))
    assert {row["Username"] for row in tables_of(environ, *there)["People"]} <= set(
        world.truth.usernames
    )
    path = f"/projects/{project['id']}/members/all"
    sandbox.faults.add("status", status=403, path=path, times=None)
    done = run(environ, "commits", "--group", "acme", "--dry-run")
    assert done.returncode == 3
    assert f"members of project {project['id']}: 403".encode() in done.stderr
    assert run(environ, *there, "--dry-run").returncode == 4


def test_parts_that_are_denied_are_unknown(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """All the others count."""
    sandbox.faults.add("status", status=403, path="/users/:id/events", times=None)
    sandbox.faults.add("status", status=403, path="/issues", times=None)
    (row,) = tables_of(environ, "users", ALICE, code=3)["People"]
    assert (row["Projects"], row["Issues"], row["Status"]) == (None, None, "Partial")
    assert row["Merge Requests"] == 3
    assert "projects: 403" in row["Error"]
    assert "issues: 403" in row["Error"]


def test_a_token_that_is_none_shows_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """The code is 4, as that of the run."""
    environ = of_sandbox(sandbox, tmp_path, GITLAB_TOKEN="glpat-wrong")
    for arguments in (("users", ALICE), ("compliance", "101"), ("weekly", ALICE)):
        done = run(environ, *arguments, "--dry-run")
        assert done.returncode == 4, done.stderr.decode()
        assert b"401" in done.stderr


# -- how it is said --------------------------------------------------------------------------------


def test_it_can_be_had_in_all_formats(environ: dict[str, str], tmp_path: Path) -> None:
    """What holds but one table holds that of people, and says where the other is."""
    done = run(environ, "users", ALICE, "--dry-run")
    titles = [line for line in done.stdout.decode().splitlines() if line in {"People", "Projects"}]
    assert titles == ["People", "Projects"]
    done = run(environ, "users", ALICE, "--dry-run", "-f", "csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode()))
    assert row["Username"] == ALICE
    assert b"csv holds one table: table, json, xlsx and html hold Projects, too" in done.stderr
    done = run(environ, "users", ALICE, "--dry-run", "-f", "ndjson")
    assert json.loads(done.stdout)["Username"] == ALICE
    path = tmp_path / "cost.xlsx"
    assert run(environ, "weekly", ALICE, "--dry-run", "-o", str(path)).returncode == 0
    assert {"People", "Projects"} <= set(openpyxl.load_workbook(path).sheetnames)
    done = run(environ, "leaderboard", "--group", "acme", "--dry-run", "-f", "html")
    assert b"requests that it would take" in done.stdout


def test_it_saves_no_teams(environ: dict[str, str], tmp_path: Path) -> None:
    """Nothing is done but said."""
    path = tmp_path / "teams.json"
    done = run(environ, "leaderboard", "--group", "acme", "--save-teams", str(path), "--dry-run")
    assert done.returncode == 0
    assert not path.exists()


def test_in_the_demo_it_is_about_the_people_of_the_demo(tmp_path: Path) -> None:
    """As the run is; without it somebody has to be named."""
    bare = environment(tmp_path)
    for command in ("users", "profile", "commits", "leaderboard", "weekly", "compliance"):
        assert run(bare, command, "--demo", "--dry-run").returncode == 0, command
        assert run(bare, command, "--dry-run").returncode == 2, command


def test_an_interrupted_one_says_nothing(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """Half an estimate is none."""
    sandbox.faults.add("stall", path="/users/:id/projects", times=None)
    with start(environ, "users", ALICE, "--dry-run") as process:
        assert sandbox.traffic.wait(lambda t: t.in_flight >= 1, timeout=LIMIT)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out) == (130, b""), err.decode()


def test_a_cancelled_one_raises(sandbox: Sandbox, client: GitLabClient) -> None:
    """In a program, too."""
    cancel = CancelToken()
    cancel.cancel("enough")
    question = people.PeopleQuery([Person(ALICE)])
    with pytest.raises(Cancelled), client.session.context(cancel=cancel) as job:
        costs.of_people(job, question)


def test_a_group_that_is_not_there_ends_it(client: GitLabClient) -> None:
    """As it ends the run; a row says it where the run has one."""
    with pytest.raises(NotFound):
        foreseen(
            client, Case(costs.of_commits, commits.answer, commits.CommitsQuery(None, group="x"))
        )
    question = compliance.ComplianceQuery(group="no-such-group")
    (row,) = foreseen(client, Case(costs.of_compliance, compliance.answer, question)).rows
    assert (row["Project"], row["Status"], row["Requests"]) == ("no-such-group", "Error", None)
