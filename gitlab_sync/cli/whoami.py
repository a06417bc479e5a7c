"""`whoami`: whom the token signs in, where, and what it may do."""

from __future__ import annotations

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import Connection, connection_options


@click.command(epilog=EPILOG)
@click.option(
    "--format", "-f", "form", type=click.Choice(["table", "json"]), default="table",
    show_default=True, help="json: one object.",
)  # fmt: skip
@connection_options
def whoami(connection: Connection, form: str) -> int:
    """Say whom the token signs in, where, and what it may do."""
    from gitlab_sync.cli import identity  # noqa: PLC0415 - loads the engine

    return identity.show(connection, as_json=form == "json")
