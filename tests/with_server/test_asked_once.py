"""What several people, columns or tables need in one run is asked for once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.scores.weekly import WeekPerson
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services import commits, compliance, leaderboard, people, profile, reviews, weekly
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.session.runtime import Bridge

Answer = Callable[[GitLabClient, World, Run], Any]


@pytest.fixture(scope="module")
def busy() -> Iterator[Sandbox]:
    """Serve a world of people who share projects and groups."""
    world = generate_world(seed=1, users=6, merge_requests=6, issues=3, projects=3)
    with Sandbox(world) as running:
        yield running


def everybody(world: World) -> list[Person]:
    """Return all people of the world."""
    return [Person(name) for name in world.truth.usernames]


def projects(world: World) -> list[int]:
    """Return the ids of all projects."""
    return [project["id"] for project in world.tables.projects]


ANSWERS: dict[str, Answer] = {
    "people": lambda client, world, run: people.answer(client, PeopleQuery(everybody(world)), run),
    "people in projects": lambda client, world, run: people.answer(
        client, PeopleQuery(everybody(world), projects=projects(world)), run
    ),
    "a profile": lambda client, world, run: profile.answer(
        client, profile.ProfileQuery(world.truth.usernames[0]), run
    ),
    "commits": lambda client, world, run: commits.answer(
        client, commits.CommitsQuery(everybody(world), projects=projects(world)), run
    ),
    "compliance": lambda client, world, run: compliance.answer(
        client, compliance.ComplianceQuery(projects(world)), run
    ),
    "a week": lambda client, world, run: weekly.answer(
        client,
        weekly.WeeklyQuery(
            [WeekPerson("", "", name) for name in world.truth.usernames], (date(2024, 3, 4),)
        ),
        run,
    ),
    "teams": lambda client, world, run: leaderboard.answer(
        client,
        leaderboard.LeaderboardQuery(
            [Team("All", "", tuple(Member(name) for name in world.truth.usernames))],
            projects=projects(world),
        ),
        run,
    ),
    "reviews": lambda client, world, run: reviews.answer(
        client,
        reviews.ReviewsQuery([Team("All", "", tuple(map(Member, world.truth.usernames)))]),
        run,
    ),
}


@pytest.mark.parametrize("source", ["rest", "auto", "graphql"])
@pytest.mark.parametrize("what", ["people", "a week", "teams"])
def test_an_instance_without_graphql_is_asked_for_it_once(
    busy: Sandbox, make_bridge: Callable[..., Bridge], what: str, source: Any
) -> None:
    """The others of the run are told what the first one was: the time of all is unknown."""
    with Sandbox(busy.world, graphql=False) as older:
        client = GitLabClient(older.url, older.token(), bridge=make_bridge())
        report = ANSWERS[what](client, older.world, Run(source=source))
        assert older.traffic.count("/api/graphql") == 1
    errors = [str(row["Error"]) for row in report]
    assert errors
    assert all(error.endswith("time logs: 404 Not Found") for error in errors)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["rest", "auto"])
@pytest.mark.parametrize("what", ANSWERS)
@pytest.mark.parametrize("by", ["admin", "an ordinary token"])
def test_no_run_asks_the_same_thing_twice(
    busy: Sandbox, make_bridge: Callable[..., Bridge], what: str, source: Any, by: str
) -> None:
    """Not even what many people share: their projects, groups, and pipelines."""
    token = busy.token("admin" if by == "admin" else busy.world.truth.usernames[0])
    busy.traffic.reset()
    client = GitLabClient(busy.url, token, bridge=make_bridge())
    ANSWERS[what](client, busy.world, Run(source=source))
    asked = Counter(each.url for each in busy.traffic.exchanges if each.method == "GET")
    assert asked
    assert {url: number for url, number in asked.items() if number > 1} == {}
