"""The demo's world: three teams of named people, who differ as people do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from gitlab_sync.sandbox.generate import TODAY, assignees, finish
from gitlab_sync.sandbox.making.builder import Builder
from gitlab_sync.sandbox.making.files import Kind
from gitlab_sync.sandbox.making.issues import add_issue
from gitlab_sync.sandbox.making.merge_requests import add_merge_request
from gitlab_sync.sandbox.making.people import Person, ghost, user_record
from gitlab_sync.sandbox.making.projects import (
    DEVELOPER,
    MAINTAINER,
    OWNER,
    add_group,
    add_project,
    join,
)
from gitlab_sync.sandbox.making.repositories import add_repository
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.truth import (
    FAILED_PIPELINE,
    LONG_OPEN,
    MERGE_REQUEST_CHECKS,
    NO_DESC,
    NO_ISSUES,
    NO_LABELS,
    NO_MILESTONE,
    NO_REVIEW,
    NO_SEMANTIC_COMMITS,
    NO_SEMANTIC_TITLE,
    NO_TESTS,
    NO_TIME,
    TWO_DAYS,
    WEEK,
)
from gitlab_sync.sandbox.world import World

_SEED = 20_260_615
_URL = "https://gitlab.demo.example"
_SPAN = 100.0
_KINDS: tuple[Kind, ...] = ("complete", "partial", "web", "bare")


@dataclass(frozen=True, slots=True)
class _Part:
    """One person's part in the demo: team, amount of work, probabilities of faults."""

    username: str
    name: str
    team: str
    merge_requests: int
    issues: int
    lapses: Mapping[str, float] = field(default_factory=dict)
    offset: str = "+02:00"


def _all(probability: float) -> dict[str, float]:
    checks = (*MERGE_REQUEST_CHECKS, NO_LABELS, NO_MILESTONE, LONG_OPEN, NO_SEMANTIC_TITLE)
    return dict.fromkeys(checks, probability)


_PARTS = (
    _Part("amelie.laurent", "Amelie Laurent", "Compass", 22, 9),
    _Part("bo.lindqvist", "Bo Lindqvist", "Compass", 14, 8, _all(0.1)),
    _Part("chidi.okafor", "Chidi Okafor", "Compass", 12, 7, _all(0.25), "+01:00"),
    _Part("DariaKovacs", "Daria Kovacs", "Compass", 15, 6, {NO_DESC: 0.8, NO_TIME: 0.6}),
    _Part(
        "eli.navarro", "Eli Navarro", "Lantern", 16, 7, {NO_TESTS: 0.85, NO_ISSUES: 0.4}, "-04:00"
    ),
    _Part("fumiko.sato", "Fumiko Sato", "Lantern", 18, 10, {TWO_DAYS: 0.1}, "+09:00"),
    _Part(
        "goran.petrov",
        "Goran Petrov",
        "Lantern",
        11,
        5,
        {NO_REVIEW: 0.8, TWO_DAYS: 0.7, WEEK: 0.5, LONG_OPEN: 0.9},
    ),
    _Part("hana.yilmaz", "Hana Yilmaz", "Lantern", 12, 8, _all(0.3), "+03:00"),
    _Part("ivo.brandt", "Ivo Brandt", "Anchor", 13, 5, _all(0.8)),
    _Part(
        "jules.mbeki",
        "Jules Mbeki",
        "Anchor",
        12,
        8,
        {FAILED_PIPELINE: 0.6, NO_SEMANTIC_COMMITS: 0.3, NO_SEMANTIC_TITLE: 0.5},
    ),
    _Part("kira.osei", "Kira Osei", "Anchor", 0, 5, {NO_LABELS: 1.0}, "+00:00"),
    _Part("leo.fischer", "Leo Fischer", "Anchor", 3, 2, _all(0.4)),
)
_BOT_MERGE_REQUESTS = 6


def demo_world(today: date | None = None) -> World:
    """Return the demo's world: 12 people in 3 teams, 4 projects, about 150 merge requests.

    It is the same each time for the same `today`, which is a fixed day unless given; the app gives
    the real one, so that "this week" is not empty. `world.teams` holds the usernames of each team.
    """
    now = TODAY if today is None else datetime.combine(today, time(12))
    builder = Builder(_SEED, now, _URL, _SPAN)
    for position, part in enumerate(_PARTS):
        record = user_record(position + 1, part.username, part.name, _URL)
        record["job_title"] = f"Team {part.team}"
        builder.people.append(Person(record, part.lapses, part.offset))
    bot = Person(user_record(90, "renovate-bot", "Renovate", _URL, bot=True), _all(0.2))
    builder.bots = [bot]
    builder.others = [ghost(99, _URL)]
    everybody = [*builder.people, bot, *builder.others]
    builder.tables.users = [person.record for person in everybody]
    builder.truth.usernames = [person.username for person in (*builder.people, bot)]
    projects = _add_projects(builder)
    _add_work(builder, projects, bot)
    world = finish(builder)
    for part in _PARTS:
        world.teams.setdefault(part.team, []).append(part.username)
    return world


def _add_projects(builder: Builder) -> dict[str, Record]:
    group = add_group(builder, 10, "harbour")
    below = add_group(builder, 11, "tools", parent=group)
    found = {
        "Compass": add_project(
            builder, 21, "route-planner", group, description="Finds the way.", topics=("python",)
        ),
        "Lantern": add_project(
            builder, 22, "night-watch", group, description="Looks after servers."
        ),
        "Anchor": add_project(builder, 23, "mooring", below, topics=("web",)),
        "private": add_project(builder, 24, "payroll", below, visibility="private"),
    }
    for project, kind in zip(found.values(), _KINDS, strict=True):
        add_repository(builder, project, kind)
    _sign_elsewhere(builder)
    profile = add_project(builder, 31, "amelie.laurent", builder.people[0])
    add_repository(builder, profile, "bare")
    builder.tables.files[31]["README.md"] = "# Amelie\n\nMaps, boats, and Python.\n"
    builder.tables.moved["harbour/route-finder"] = 21
    for position, person in enumerate(builder.people):
        team = _PARTS[position].team
        join(builder, "group", group, person, OWNER if position == 0 else DEVELOPER)
        join(
            builder, "project", found[team], person, MAINTAINER if position % 4 == 0 else DEVELOPER
        )
    return found


def _sign_elsewhere(builder: Builder) -> None:
    """Let two people have a commit from a machine that signs it in another way."""
    for number, name, address in (
        (22, "Petrov, Goran", "goran@laptop.local"),
        (23, "hana", "5067+hana.yilmaz@users.noreply.github.com"),
    ):
        commits = builder.tables.commits[number]
        row = next(each for each in commits if each["author_email"] == "root@localhost")
        row["author_name"], row["author_email"] = name, address


def _add_work(builder: Builder, projects: Mapping[str, Record], bot: Person) -> None:
    """Let everybody write issues and merge requests, mostly in the project of their team."""

    def place(team: str) -> Record:
        if builder.chance(0.12):
            return projects["private"]
        return projects[team] if builder.chance(0.8) else projects["Compass"]

    for part, person in zip(_PARTS, builder.people, strict=True):
        for _ in range(part.issues):
            add_issue(builder, place(part.team), person, assignees=assignees(builder, person))
    for part, person in zip(_PARTS, builder.people, strict=True):
        for position in range(part.merge_requests):
            add_merge_request(
                builder,
                place(part.team),
                person,
                assignees=assignees(builder, person),
                large=part.username == "fumiko.sato" and position == 0,
            )
    for _ in range(_BOT_MERGE_REQUESTS):
        add_merge_request(builder, projects["Lantern"], bot, state="merged")
