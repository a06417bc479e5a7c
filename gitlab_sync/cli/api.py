"""`api`: any request to GitLab's REST API, and its JSON."""

from __future__ import annotations

from typing import Any

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import FILE, Connection, connection_options
from gitlab_sync.errors import without_secrets

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

    from gitlab_sync.cli import calling  # noqa: PLC0415 - loads the engine
    from gitlab_sync.cli.fields import fields  # noqa: PLC0415 - only for a request

    sent: Any = fields(texts, typed) if body is None else calling.read_json(body)
    call = calling.Call(method, path, sent, paginate=paginate, lines=form == "ndjson")
    return calling.send(call, connection)


def _signs_in(pair: str) -> bool:
    """Whether a field is another way to hand GitLab a token."""
    return pair.partition("=")[0].lower() in {"private_token", "job_token"}
