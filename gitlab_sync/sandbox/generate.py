"""Worlds of any size, made from a seed, that know what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gitlab_sync.sandbox.making.builder import Builder
from gitlab_sync.sandbox.making.files import Kind
from gitlab_sync.sandbox.making.history import add_resource_events
from gitlab_sync.sandbox.making.issues import add_issue
from gitlab_sync.sandbox.making.merge_requests import add_merge_request
from gitlab_sync.sandbox.making.people import Person, bots, ghost, people
from gitlab_sync.sandbox.making.projects import (
    DEVELOPER,
    MAINTAINER,
    OWNER,
    add_group,
    add_project,
    join,
    settle_groups,
)
from gitlab_sync.sandbox.making.repositories import add_repository, settle_repositories
from gitlab_sync.sandbox.making.review_twists import twist_reviews
from gitlab_sync.sandbox.making.twists import edit_later
from gitlab_sync.sandbox.records import Record, without_collection
from gitlab_sync.sandbox.world import World

TODAY = datetime(2026, 6, 15, 12, 0, 0)  # noqa: DTZ001 - all times of making are naive, in UTC
"""The last day of a generated world."""

FIRST_PROJECT, FIRST_GROUP = 101, 501
_KINDS: tuple[Kind, ...] = ("complete", "partial", "bare", "web")
_PATHS = (
    "figures",
    "mail-relay",
    "docs-site",
    "dashboard",
    "billing",
    "search-index",
    "old-portal",
    "secret-plans",
)


@without_collection()
def generate_world(
    seed: int = 0,
    *,
    users: int = 10,
    merge_requests: int = 10,
    issues: int = 5,
    projects: int = 4,
    large_every: int = 40,
    external_url: str = "https://gitlab.example",
    today: datetime = TODAY,
) -> World:
    """Return a world of so many `users`, each the author of `merge_requests` and `issues`.

    There are `projects` in a group and two subgroups; of four or more the last is private, of five
    or more the last but one archived. Three of four people are members of the group and see all of
    that, the others of one project only. Each fortieth merge request (`large_every`; 0
    for none) has more than a page of commits, files and notes. Besides the users there are bots and
    `ghost`, who write notes but nothing else, a fork and a renamed project. `world.truth` knows
    what each report must say. The same arguments give the same world.
    """
    builder = Builder(seed, today, external_url)
    builder.people = people(builder.random, users, external_url)
    builder.bots = bots(users + 9001, external_url)
    builder.others = [ghost(users + 9990, external_url)]
    everybody = [*builder.people, *builder.bots, *builder.others]
    builder.tables.users = [person.record for person in everybody]
    builder.truth.usernames = [person.username for person in builder.people]
    places = _add_projects(builder, projects)
    fork = _add_fork(builder, places[0])
    _add_members(builder)
    for person in builder.people:
        for _ in range(issues):
            add_issue(
                builder, _place(builder, places), person, assignees=assignees(builder, person)
            )
    written = 0
    for person in builder.people:
        for _ in range(merge_requests):
            written += 1
            place = _place(builder, places)
            add_merge_request(
                builder,
                place,
                person,
                assignees=assignees(builder, person),
                large=bool(large_every) and written % large_every == large_every // 4,
                fork=fork if place is places[0] and builder.chance(0.08) else None,
            )
    return finish(builder)


def finish(builder: Builder) -> World:
    """Return the world of a builder once all its items are there."""
    twist_reviews(builder)
    edit_later(builder)
    add_resource_events(builder)
    settle_groups(builder)
    settle_repositories(builder)
    for events in builder.tables.events.values():
        events.sort(key=lambda event: (event["created_at"], event["id"]))
    return World(
        builder.tables, external_url=builder.url, truth=builder.truth, today=builder.today.date()
    )


def assignees(builder: Builder, author: Person) -> Sequence[Person]:
    """Return who an item is assigned to: no one, its author, another, or both."""
    random = builder.random
    kind = random.choices(("none", "author", "other", "both"), (20, 45, 25, 10))[0]
    other = random.choice(builder.people)
    if kind == "both" and other is not author:
        return [author, other]
    return {"none": [], "author": [author], "other": [other], "both": [author]}[kind]


def _place(builder: Builder, places: Sequence[Record]) -> Record:
    return builder.random.choice(places)


def _add_projects(builder: Builder, number: int) -> list[Record]:
    top = add_group(builder, FIRST_GROUP, "acme")
    platform = add_group(builder, FIRST_GROUP + 1, "platform", parent=top)
    tools = add_group(builder, FIRST_GROUP + 2, "tools", parent=platform)
    groups = (top, platform, tools)
    found = []
    for position in range(number):
        rounds = position // len(_PATHS)
        path = _PATHS[position % len(_PATHS)] + (f"-{rounds + 1}" if rounds else "")
        project = add_project(
            builder,
            FIRST_PROJECT + position,
            path,
            groups[position % len(groups)],
            visibility="private" if number >= 4 and position == number - 1 else "public",
            archived=number >= 5 and position == number - 2,
            description=None if position % 3 == 2 else "Figures for people who like to know.",
            topics=("python", "internal") if position % 2 == 0 else (),
        )
        add_repository(builder, project, _KINDS[position % len(_KINDS)])
        found.append(project)
    builder.tables.moved["acme/old-figures"] = found[0]["id"]
    return found


def _add_fork(builder: Builder, original: Record) -> Record:
    """Give the first person a fork of a project, and the second one of their own."""
    fork = add_project(builder, 801, original["path"], builder.people[0], fork_of=original)
    add_repository(builder, fork, "bare")
    if len(builder.people) > 1:
        own = add_project(builder, 802, "notes", builder.people[1])
        add_repository(builder, own, "bare")
    return fork


def _add_members(builder: Builder) -> None:
    tables = builder.tables
    top = tables.groups[0]
    for position, person in enumerate(builder.people):
        level = OWNER if position == 0 else MAINTAINER if position % 5 == 1 else DEVELOPER
        if position % 4 == 3 and position > 0:
            # Not of the group: only of one project each.
            project = tables.projects[position % len(tables.projects)]
            join(builder, "project", project, person, level)
        else:
            join(builder, "group", top, person, level)
