"""Commits that a test writes into a sandbox's world, by any person at any time."""

from __future__ import annotations

from gitlab_sync.sandbox import World
from gitlab_sync.types import Record


def without_commits(world: World) -> World:
    """Return the world with no commit in any of its projects."""
    for project in world.tables.projects:
        world.tables.commits[project["id"]] = []
    world.changed()
    return world


def user(world: World, place: int = 0) -> Record:
    """Return the record of one of the people."""
    return world.users_by_name[world.truth.usernames[place].lower()].data


def write(
    world: World,
    project: Record,
    person: Record,
    when: str = "2024-03-05T10:00:00.000+01:00",
    *,
    email: str | None = None,
    name: str | None = None,
    message: str = "fix: one thing\n\nAnd why.\n",
    parents: int = 1,
    sha: str | None = None,
) -> Record:
    """Write a commit of that person, or under another name or address, and return it."""
    number = sha or f"{world.new_id():040x}"
    written = {
        "id": number,
        "short_id": number[-8:],
        "title": message.partition("\n")[0],
        "message": message,
        "author_name": person["name"] if name is None else name,
        "author_email": person["public_email"] if email is None else email,
        "authored_date": when,
        "committed_date": when,
        "created_at": when,
        "parent_ids": [f"{parent:040x}" for parent in range(parents)],
        "web_url": f"{project['web_url']}/-/commit/{number}",
    }
    world.tables.commits[project["id"]].insert(0, written)
    world.changed()
    return written
