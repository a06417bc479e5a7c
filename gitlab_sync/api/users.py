"""Users."""

from __future__ import annotations

from collections.abc import Iterable

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import bare_username, username_key
from gitlab_sync.rules.unique import unique
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow, run_workflow, whole
from gitlab_sync.types import Record


def by_username(username: str) -> RestList:
    """Return the list that holds the user of that name, ignoring case, or nothing."""
    return RestList("users", {"username": username})


def distinct_usernames(usernames: Iterable[str]) -> list[str]:
    """Return the names without blanks and repetitions in another case, as first typed."""
    if isinstance(usernames, str):
        raise ConfigurationError(
            f"usernames is one text, {usernames!r}", hint="Give a list of usernames."
        )
    return unique(filter(None, map(bare_username, usernames)), username_key)


def user_number(user_id: object) -> int:
    """Return a user's id as a number; ConfigurationError for what cannot be one.

    GitLab takes a filter without a value for no filter: without this check, everybody's items would
    be those of a user whose id somebody forgot.
    """
    text = "" if isinstance(user_id, bool) else str(user_id).strip()
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(f"{user_id!r} is not the id of a user", hint="Give a number.")
    return int(text)


def get_user_by_username(client: Client, username: str) -> Record | None:
    """Return the user of exactly that name, ignoring case, or None if there is none.

    As `find`. Raises the errors of `gitlab_sync.errors` for what could not be read. Thread-safe.
    """
    return run_workflow(client, find(username))


def find(username: str) -> Workflow[Record | None]:
    """Return the plan that finds a user: the record of `/users/:id`, and what the list has besides.

    A blank name is nobody's and costs no request.
    """
    wanted = bare_username(username)
    if not wanted:
        return None
    found = yield {"list": by_username(wanted)}
    for listed in whole(found["list"]):
        if username_key(record.text(listed, "username")) == username_key(wanted):
            number = user_number(listed.get("id"))
            fuller = yield {"user": RestList(f"users/{number}", single=True)}
            return {**listed, **whole(fuller["user"])[0]}
    return None
