"""The work of `members` and `search`; apart from the commands, since it loads the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice

from gitlab_sync.api.groups import get_group_members
from gitlab_sync.cli import exits
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import open_session
from gitlab_sync.http.urls import encode_id
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import PER_PAGE, Session
from gitlab_sync.session.workflow import read_all
from gitlab_sync.types import Record, Scalar, TableRow

_Fields = Mapping[str, Callable[[Record], Scalar]]
"""The cell of each column, by its title."""

_LINK = "Link"


def _as_it_is(key: str) -> Callable[[Record], Scalar]:
    return lambda record: record.get(key)


_MEMBER: _Fields = {
    "Username": _as_it_is("username"),
    "Name": _as_it_is("name"),
    "Id": _as_it_is("id"),
    "Email": lambda record: record.get("email") or record.get("public_email"),
    _LINK: _as_it_is("web_url"),
}
_USER: _Fields = {
    "Username": _as_it_is("username"),
    "Name": _as_it_is("name"),
    "Id": _as_it_is("id"),
    "State": _as_it_is("state"),
    _LINK: _as_it_is("web_url"),
}
_PROJECT: _Fields = {
    "Project": _as_it_is("path_with_namespace"),
    "Name": _as_it_is("name"),
    "Id": _as_it_is("id"),
    "Visibility": _as_it_is("visibility"),
    "Archived": _as_it_is("archived"),
    "Last Activity": _as_it_is("last_activity_at"),
    _LINK: _as_it_is("web_url"),
}


@dataclass(frozen=True, slots=True)
class _Found:
    """Records that a question found, and in words how many of all there are they are."""

    records: Sequence[Record]
    completeness: str


@dataclass(frozen=True, slots=True)
class _Question:
    """What is looked for (for people), and the columns of the answer."""

    title: str
    what: str
    fields: _Fields
    ask: Callable[[Session], _Found]


def show_members(group: str, target: Target, connection: Connection, *, direct: bool) -> int:
    """Write the members of a group, `direct` ones only or inherited ones, too; return 0.

    Raises the errors of `gitlab_sync.errors` for what could not be read: a list that is not whole
    is not shown.
    """

    def ask(rest: Session) -> _Found:
        records = (
            read_all(rest, RestList(f"groups/{encode_id(group)}/members"))
            if direct
            else get_group_members(rest, group)
        )
        return _Found(records, f"{len(records)} members read")

    which = "direct members only" if direct else "inherited members, too"
    title = f"Members of {group.strip()}"
    return _show(_Question(title, f"group {group.strip()}, {which}", _MEMBER, ask), target,
                 connection)  # fmt: skip


def show_found(kind: str, text: str, limit: int, target: Target, connection: Connection) -> int:
    """Write the first `limit` of the `kind` ("projects" or "users") that a search finds; return 0.

    Raises the errors of `gitlab_sync.errors` for what could not be read.
    """
    params = {"search": text}
    if kind == "projects" and "/" in text:
        params["search_namespaces"] = "true"

    def ask(rest: Session) -> _Found:
        # One more than wanted says whether there are others.
        wanted = limit + 1
        per_page = min(wanted, PER_PAGE)
        pages = rest.iter_pages(kind, params, per_page, -(-wanted // per_page))
        records = list(islice(chain.from_iterable(pages), wanted))
        if len(records) <= limit:
            return _Found(records, f"{len(records)} {kind} found")
        more = f"more than {limit} {kind} found: the first {limit} are shown, --limit shows others"
        return _Found(records[:limit], more)

    fields = _PROJECT if kind == "projects" else _USER
    query = _Question(f"{kind.capitalize()} found", f"{kind} by {text!r}", fields, ask)
    return _show(query, target, connection)


def _show(query: _Question, target: Target, connection: Connection) -> int:
    tracker = ProgressTracker()
    with open_session(connection) as session, Output(target, session.interruption) as output:
        tracker.attach(session.rest)
        with watching(tracker, query.what, quiet=connection.quiet, live=True):
            found = query.ask(session.rest)
        rows: list[TableRow] = [
            {title: cell(record) for title, cell in query.fields.items()}
            for record in found.records
        ]
        meta = Meta(datetime.now(UTC), session.rest.base_url, found.completeness, query.what)
        columns = list(query.fields)
        output.finish(Sheet(query.title, columns, rows, meta, links={columns[0]: _LINK}))
    if not connection.quiet:
        note(found.completeness)
    return exits.OK
