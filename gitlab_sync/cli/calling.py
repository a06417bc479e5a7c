"""The work of `api`; apart from the command, since it loads the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
import orjson

from gitlab_sync.cli import exits
from gitlab_sync.cli.files import place_of, read_bytes
from gitlab_sync.cli.messages import complain_of
from gitlab_sync.cli.options import Connection
from gitlab_sync.cli.output import StandardOutput
from gitlab_sync.cli.session import open_session
from gitlab_sync.errors import Cancelled, GitLabSyncError
from gitlab_sync.reports.json_file import to_ndjson
from gitlab_sync.session.session import Session

_INDENTED = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `sent` goes into the query of a GET, else it is the body (None: there is none).

    `paginate` reads all pages of a list; `lines` prints one object a line.
    """

    method: str
    path: str
    sent: Any = None
    paginate: bool = False
    lines: bool = False


def send(call: Call, connection: Connection) -> int:
    """Send the request, print its JSON and return the exit code.

    Raises the errors of `gitlab_sync.errors` if nothing was printed.
    """
    with open_session(connection) as session:
        if call.paginate and call.lines:
            return _print_pages(session.rest, call)
        data = (
            session.rest.get_all(call.path, call.sent)
            if call.paginate
            else session.rest.request(call.method, call.path, call.sent)
        )
        _print(data, lines=call.lines)
    return exits.OK


def read_json(name: str) -> Any:
    """Return what a file of JSON holds (`-`: standard input); click.UsageError if it is none."""
    data = read_bytes(name)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise click.UsageError(f"{place_of(name)} is not JSON: {error}") from None


def _print_pages(rest: Session, call: Call) -> int:
    """Print each page as it comes; what came before an error stays, and the code says so."""
    printed = False
    try:
        for page in rest.iter_pages(call.path, call.sent):
            _print(page, lines=True)
            printed = True
    except GitLabSyncError as error:
        if isinstance(error, Cancelled) or not printed:
            raise
        complain_of(error)
        return exits.INCOMPLETE
    return exits.OK


def _print(data: Any, *, lines: bool) -> None:
    if lines:
        StandardOutput().write(to_ndjson(data if isinstance(data, list) else [data]))
    else:
        StandardOutput().write(orjson.dumps(data, option=_INDENTED))
