"""`api`: send any request to GitLab's REST API, and print the JSON of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.exits import EPILOG, INCOMPLETE, OK
from gitlab_sync.cli.fields import fields
from gitlab_sync.cli.files import place_of, read_bytes
from gitlab_sync.cli.messages import complain_of
from gitlab_sync.cli.options import FILE, Connection, connection_options
from gitlab_sync.errors import Cancelled, GitLabSyncError, without_secrets

if TYPE_CHECKING:
    from gitlab_sync.session.session import Session

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@click.command(epilog=EPILOG)
@click.argument("method", metavar="METHOD", type=click.Choice(_METHODS, case_sensitive=False))
@click.argument("path")
@click.option(
    "--raw-field", "-f", "texts", multiple=True, metavar="KEY=VALUE",
    help="A parameter whose value is a text as it stands.",
)  # fmt: skip
@click.option(
    "--field", "-F", "typed", multiple=True, metavar="KEY=VALUE",
    help="A parameter whose value may also be true, false, null, a whole number, or with @FILE "
    "what a file holds (@-: standard input).",
)  # fmt: skip
@click.option(
    "--input", "body", type=FILE, metavar="FILE",
    help="The body, as JSON; - is standard input. Not with fields, nor with GET.",
)  # fmt: skip
@click.option("--paginate", is_flag=True, help="Read all pages of a list; only with GET.")
@click.option(
    "--format", "form", type=click.Choice(["json", "ndjson"]), default="json", show_default=True,
    help="ndjson: one object a line; with --paginate as each page comes.",
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

    METHOD is GET, POST, PUT, PATCH or DELETE. With GET the fields go into the query, else they are
    the body. A key such as labels[] makes a list, one such as user[name] an object.
    """
    reads = method == "GET"
    if without_secrets(path) != path or any(_signs_in(pair) for pair in (*texts, *typed)):
        raise click.UsageError("A token is never an argument. Put it into GITLAB_TOKEN.")
    if paginate and not reads:
        raise click.UsageError("--paginate goes with GET only.")
    if body is not None and (reads or texts or typed):
        raise click.UsageError("--input goes neither with GET nor with fields.")

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
    """Whether a field is another way to hand GitLab a token."""
    return pair.partition("=")[0].lower() in {"private_token", "job_token"}


def _read_json(name: str) -> Any:
    """Return what a file of JSON holds (`-`: standard input); click.UsageError if it is none."""
    import orjson

    data = read_bytes(name)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise click.UsageError(f"{place_of(name)} is not JSON: {error}") from None


def _print_pages(session: Session, path: str, sent: Any) -> int:
    """Print each page as it comes; what came before an error stays, and the code says so."""
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
