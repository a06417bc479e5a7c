"""`members` and `search`: list people and projects, to find their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.exits import OK
from gitlab_sync.cli.options import (
    Choice,
    Command,
    Connection,
    Target,
    connection_options,
    from_option,
    target_options,
)
from gitlab_sync.rules.text import plural
from gitlab_sync.types import Record

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun

_MOST = 1_000_000
_LINK = "Link"
_PERSON = {"Username": "username", "Name": "name", "Id": "id"}
_MEMBER = {**_PERSON, "Email": "email", _LINK: "web_url"}
_USER = {**_PERSON, "State": "state", _LINK: "web_url"}
_PROJECT = {
    "Project": "path_with_namespace",
    "Name": "name",
    "Id": "id",
    "Visibility": "visibility",
    "Archived": "archived",
    "Last Activity": "last_activity_at",
    _LINK: "web_url",
}
"""The keys of GitLab's records, by the title of the column that shows them."""


@click.command(cls=Command)
@click.argument("group")
@click.option(
    "--direct", is_flag=True, help="Only members of the group itself, not inherited ones."
)
@from_option
@target_options
@connection_options
def members(group: str, direct: bool, target: Target, connection: Connection) -> int:
    """List the members of a GROUP, by its id or path.

    As CSV, the list is input for commands with --users-file.
    """
    group = group.strip()
    if not group.strip("/"):
        raise click.UsageError(f"GROUP must be an id or path, got “{group}”.")

    from gitlab_sync.api.groups import get_group_members, member
    from gitlab_sync.http.urls import encode_id
    from gitlab_sync.session.pagination import RestList
    from gitlab_sync.session.workflow import read_all

    def ask(command: CommandRun) -> tuple[Sequence[Record], str]:
        records: Sequence[Record]
        if command.snapshot is not None:
            records = command.snapshot.members(group, direct=direct)
        elif direct:
            where = f"groups/{encode_id(group)}/members"
            records = list(map(member, read_all(command.session, RestList(where))))
        else:
            records = get_group_members(command.session, group)
        return records, f"{plural(len(records), 'member')} read"

    which = "direct members only" if direct else "with inherited members"
    title, what = f"Members of {group}", f"group {group}, {which}"
    return _list(title, what, _MEMBER, ask, target, connection)


@click.command(cls=Command)
@click.argument("kind", type=Choice(["projects", "users"]))
@click.argument("text")
@click.option(
    "--limit", type=click.IntRange(1, _MOST), metavar="N", default=100, show_default=True,
    help="Show at most N.",
)  # fmt: skip
@target_options
@connection_options
def search(kind: str, text: str, limit: int, target: Target, connection: Connection) -> int:
    """Search for projects or users with TEXT in their name.

    The path and the description of a project count as well, and with a / in TEXT its groups.
    """
    text = text.strip()
    if not text:
        raise click.UsageError("TEXT must not be empty: it would find everything.")

    from gitlab_sync.rules.shape import Shape
    from gitlab_sync.session.session import PER_PAGE

    params = {"search": text}
    if kind == "projects" and "/" in text:
        params["search_namespaces"] = "true"

    def ask(command: CommandRun) -> tuple[Sequence[Record], str]:
        # One more than the limit shows whether there are others.
        wanted = limit + 1
        per_page = min(wanted, PER_PAGE)
        pages = command.session.iter_pages(kind, params, per_page, -(-wanted // per_page))
        records = list(islice(chain.from_iterable(pages), wanted))
        malformed = Shape(kind[:-1]).malformed(records)
        if malformed is not None:
            raise malformed
        if len(records) <= limit:
            return records, f"{plural(len(records), kind[:-1])} found"
        more = f"more than {limit} {kind} found: the first {limit} are shown, --limit shows more"
        return records[:limit], more

    keys = _PROJECT if kind == "projects" else _USER
    title, what = f"{kind.capitalize()} found", f"{kind} by {text!r}"
    return _list(title, what, keys, ask, target, connection)


def _list(
    title: str,
    what: str,
    keys: Mapping[str, str],
    ask: Callable[[CommandRun], tuple[Sequence[Record], str]],
    target: Target,
    connection: Connection,
) -> int:
    """Write a table of records. `ask` returns them, and a sentence about their completeness.

    Raises an error of `gitlab_sync.errors` for a list that is not whole, and shows nothing of it.
    """
    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.reports.sheet import Meta, Sheet

    def work(command: CommandRun, output: Output) -> Ending:
        with command.progress(what):
            records, completeness = ask(command)
        rows = [{column: each.get(key) for column, key in keys.items()} for each in records]
        columns = list(keys)
        when = datetime.now(UTC) if command.snapshot is None else command.snapshot.info.moment
        meta = Meta(when, command.instance, completeness, what)
        output.finish(Sheet(title, columns, rows, meta, links={columns[0]: _LINK}))
        return Ending(OK, remarks=[completeness])

    return run_report(work, target, connection)
