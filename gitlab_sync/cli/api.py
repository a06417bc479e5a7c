"""`api`: send any request to GitLab's REST API, and print the JSON of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.exits import INCOMPLETE, OK
from gitlab_sync.cli.fields import fields
from gitlab_sync.cli.files import place_of, read_bytes
from gitlab_sync.cli.messages import complain_of
from gitlab_sync.cli.options import FILE, Choice, Command, Connection, connection_options
from gitlab_sync.errors import Cancelled, GitLabSyncError, without_secrets

if TYPE_CHECKING:
    from gitlab_sync.session.session import Session

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@click.command(cls=Command)
@click.argument("method", metavar="METHOD", type=Choice(_METHODS, case_sensitive=False))
@click.argument("path")
@click.option(
    "--raw-field", "-f", "texts", multiple=True, metavar="KEY=VALUE",
    help="A parameter; its value is a text.",
)  # fmt: skip
@click.option(
    "--field", "-F", "typed", multiple=True, metavar="KEY=VALUE",
    help="A parameter; its value can also be true, false, null, a whole number, or with @FILE "
    "the content of a file (@-: standard input).",
)  # fmt: skip
@click.option(
    "--input", "body", type=FILE, metavar="FILE",
    help="The body, as JSON; - is standard input. Excludes GET and fields.",
)  # fmt: skip
@click.option("--paginate", is_flag=True, help="Read all pages of a list. Needs GET.")
@click.option(
    "--format", "form", type=Choice(["json", "ndjson"]), default="json", show_default=True,
    help="ndjson: one object per line, with --paginate as soon as each page is read.",
)  # fmt: skip
@connection_options
def api(
    method: str,
    path: str,
    texts: tuple[str, ...],
    typed: tuple[str, ...],
    body: str | None,
    paginate: bool,
    form: str,
    connection: Connection,
) -> int:
    """Send a request to PATH, such as projects/1/issues, and print the JSON of its answer.

    METHOD is GET, POST, PUT, PATCH or DELETE. Fields go into the query of a GET, and into the body
    of all other requests. A key such as labels[] makes a list, a key such as user[name] an object.
    """
    reads = method == "GET"
    if without_secrets(path) != path or any(_signs_in(pair) for pair in (*texts, *typed)):
        raise click.UsageError("A token must not be an argument: put it into GITLAB_TOKEN.")
    if paginate and not reads:
        raise click.UsageError(f"--paginate needs GET, got {method}.")
    if body is not None and (reads or texts or typed):
        raise click.UsageError("--input excludes GET, --field and --raw-field.")

    from gitlab_sync.cli.session import open_session

    lines = form == "ndjson"
    sent = fields(texts, typed) if body is None else _read_json(body)
    with open_session(connection) as command:
        session = command.session
        if paginate and lines:
            return _print_pages(session, path, sent)
        if paginate:
            _print(session.get_all(path, sent), lines=lines)
        else:
            _print(session.request(method, path, sent), lines=lines)
    return OK


def _signs_in(pair: str) -> bool:
    """Return whether a field is another way to send GitLab a token."""
    return pair.partition("=")[0].lower() in {"private_token", "job_token"}


def _read_json(name: str) -> Any:
    """Return the content of a JSON file (`-`: standard input).

    Raises click.UsageError if the file cannot be read or is not JSON.
    """
    import orjson

    data = read_bytes(name)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise click.UsageError(f"{place_of(name)} must be JSON: {error}") from None


def _print_pages(session: Session, path: str, sent: Any) -> int:
    """Print each page as soon as it is read, and return the exit code.

    Pages before an error stay printed, and the code is that of an incomplete run. Raises the error
    if nothing was printed.
    """
    printed = False
    try:
        for page in session.iter_pages(path, sent):
            _print(page, lines=True)
            printed = True
    except GitLabSyncError as error:
        if isinstance(error, Cancelled) or not printed:
            raise
        complain_of(error)
        return INCOMPLETE
    return OK


def _print(data: Any, *, lines: bool) -> None:
    from gitlab_sync.cli.output import StandardOutput
    from gitlab_sync.reports.json_file import json_document, to_ndjson

    rows = data if isinstance(data, list) else [data]
    StandardOutput().write(to_ndjson(rows) if lines else json_document(data))
