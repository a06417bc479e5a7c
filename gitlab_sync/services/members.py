"""The people of groups, for questions that name a group in the place of its people."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gitlab_sync.api.groups import get_group_members
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS, is_bot
from gitlab_sync.rules.identity.people_input import Person, merged
from gitlab_sync.session.session import Client
from gitlab_sync.types import Record


def people_of_groups(
    client: Client, groups: Iterable[int | str], bots: Collection[str] = DEFAULT_BOTS
) -> list[Person]:
    """Return the members of groups, inherited ones too, each once and in order; no bots.

    `bots` are usernames of bots that do not look like one. Raises NotFound if one of the groups
    does not exist, and the other errors of `gitlab_sync.errors` for what could not be read.
    Thread-safe.
    """
    return people_among((row for group in groups for row in get_group_members(client, group)), bots)


def people_among(members: Iterable[Record], bots: Collection[str] = DEFAULT_BOTS) -> list[Person]:
    """Return the people among members, each once and in order; no bots."""
    names = (record.text(row, "username") or "" for row in members)
    return merged(Person(name) for name in names if name and not is_bot(name, bots))
