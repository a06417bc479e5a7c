"""Users: one by name, and names and ids as people give them."""

from __future__ import annotations

from collections.abc import Iterable

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import bare_username, username_key
from gitlab_sync.rules.shape import ID, NAME, TEXT, Shape
from gitlab_sync.rules.unique import several, unique
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow, run_workflow, whole
from gitlab_sync.types import Record

_LISTED = Shape("user", {"id": ID, "username": NAME})
_ADDRESSES = ("email", "public_email", "commit_email")
_WHOLE = Shape("user", {**_LISTED.fields, **{key: TEXT.if_any() for key in ("name", *_ADDRESSES)}})
"""What decides which commits are a person's: addresses only for tokens that can see them."""

NAMED = Shape("user", {"name": TEXT})
"""A user with a name, which can be that of the author of a commit."""

_LONGEST_ID = 18
"""The digits of the longest id; `int` refuses thousands of digits."""


def by_username(username: str) -> RestList:
    """Return the list of users with this name in any case: one user, or none."""
    return RestList("users", {"username": username}, shape=_LISTED)


def by_id(number: int) -> RestList:
    """Return the list with the record of one user."""
    return RestList(f"users/{number}", single=True, shape=_WHOLE)


def with_id(user_id: object) -> Workflow[Record]:
    """Return the workflow that reads the record of a user; NotFound if there is none."""
    found = yield {"user": by_id(user_number(user_id))}
    return whole(found["user"])[0]


def distinct_usernames(usernames: Iterable[str]) -> list[str]:
    """Return the names as first typed, without blanks and without repetitions in another case."""
    given = several("usernames", usernames)
    return unique(filter(None, map(bare_username, given)), username_key)


def user_number(user_id: object) -> int:
    """Return a user's id as a number; ConfigurationError for an invalid id.

    GitLab treats a filter without a value as no filter: without this check, a missing id would
    select the items of all users.
    """
    text = "" if isinstance(user_id, bool) else str(user_id).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        raise ConfigurationError(f"A user's id must be a number, got {user_id!r:.60}")
    return int(text)


def get_user_by_username(client: Client, username: str) -> Record | None:
    """Return the user with exactly this name in any case, or None if there is none."""
    return run_workflow(client, find(username))


def find(username: str) -> Workflow[Record | None]:
    """Return the workflow that finds a user: the record of `/users/:id`, completed by the list's.

    A blank name gives None, and costs no request.
    """
    wanted = bare_username(username)
    if not wanted:
        return None
    found = yield {"list": by_username(wanted)}
    for listed in whole(found["list"]):
        if username_key(record.text(listed, "username")) == username_key(wanted):
            fuller = yield {"user": by_id(listed["id"])}
            return {**listed, **whole(fuller["user"])[0]}
    return None
