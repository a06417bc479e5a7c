"""Users, and how the modules beside this one read lists: whole, or not without a word."""

from __future__ import annotations

from typing import TypeVar

from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.listing import Listing, Wanted
from gitlab_sync.reading import Found, Plan, run_plans
from gitlab_sync.rest import Rest
from gitlab_sync.rules import record
from gitlab_sync.types import Params, Record, Rows

T = TypeVar("T")
Kinds = type[GitLabSyncError] | tuple[type[GitLabSyncError], ...]


def by_username(username: str) -> Listing:
    """Return the list that holds the user of that name, ignoring case, or nothing."""
    return Listing("users", {"username": username})


def user_number(user_id: object) -> int:
    """Return a user's id as a number; ConfigurationError for what cannot be one.

    GitLab takes a filter without a value for no filter: without this check, everybody's items would
    be those of a user whose id somebody forgot.
    """
    text = "" if isinstance(user_id, bool) else str(user_id).strip()
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(f"{user_id!r} is not the id of a user", hint="Give a number.")
    return int(text)


def get_user_by_username(client: Rest, username: str) -> Record | None:
    """Return the user of exactly that name, ignoring case, or None if there is none.

    As `find`. Raises the errors of `gitlab_sync.errors` for what could not be read. Thread-safe.
    """
    return run(client, find(username))


def find(username: str) -> Plan[Record | None]:
    """Return the plan that finds a user: the record of `/users/:id`, and what the list has besides.

    A blank name is nobody's and costs no request.
    """
    wanted = str(username or "").strip().removeprefix("@")
    if not wanted:
        return None
    found = yield {"list": by_username(wanted)}
    for listed in whole(found["list"]):
        if (record.text(listed, "username") or "").lower() == wanted.lower():
            number = user_number(listed.get("id"))
            fuller = yield {"user": Listing(f"users/{number}", single=True)}
            return {**listed, **whole(fuller["user"])[0]}
    return None


# -- reading ---------------------------------------------------------------------------------------


def run(client: Rest, plan: Plan[T]) -> T:
    """Carry out one plan and return its result; each page has the client's `timeout`."""
    with client.job(limit=client.timeout, max_wait=client.timeout) as rest:
        return next(run_plans(rest, [(None, plan)]))[1]


def whole(found: Found[str]) -> Rows:
    """Return the rows of a list that was read to its end, or raise the error that ended it."""
    if found.error is not None:
        raise found.error
    rows = Rows(found.reading.rows)
    rows.total = len(rows)
    return rows


def whole_unless(found: Found[str], kinds: Kinds) -> Rows:
    """Return what `whole` does, but no rows for a list that ended in an error of these kinds."""
    return Rows() if isinstance(found.error, kinds) else whole(found)


def read_all(client: Rest, wanted: Wanted) -> Rows:
    """Return all rows of one list; an error carries those read before it. Thread-safe."""
    return run(client, _one(wanted))


def read_one(client: Rest, endpoint: str, params: Params | None = None) -> Record:
    """Return one object; BadResponse if the answer is none. Thread-safe."""
    rows = Listing(endpoint, single=True).rows(client.get(endpoint, params))
    return rows[0]


def _one(wanted: Wanted) -> Plan[Rows]:
    found = (yield {"rows": wanted})["rows"]
    if found.error is not None:
        partial = found.error.partial = Rows(found.reading.rows)
        partial.complete = False
    return whole(found)
