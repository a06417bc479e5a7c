"""`members` and `search`: people and projects that one does not know by name yet."""

from __future__ import annotations

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import Connection, Target, connection_options, target_options


@click.command(epilog=EPILOG)
@click.argument("group")
@click.option("--direct", is_flag=True, help="Only those of the group itself, not inherited ones.")
@target_options
@connection_options
def members(group: str, direct: bool, target: Target, connection: Connection) -> int:
    """List the members of a GROUP, by its id or path.

    As CSV the list can be handed to the commands that take --users-file.
    """
    if not group.strip().strip("/"):
        raise click.UsageError("Which GROUP? Give its id or path.")

    from gitlab_sync.cli import looking_up  # noqa: PLC0415 - loads the engine

    return looking_up.show_members(group, target, connection, direct=direct)


@click.command(epilog=EPILOG)
@click.argument("kind", type=click.Choice(["projects", "users"]))
@click.argument("text")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", default=100, show_default=True,
    help="Show so many at most.",
)  # fmt: skip
@target_options
@connection_options
def search(kind: str, text: str, limit: int, target: Target, connection: Connection) -> int:
    """Search for projects or users whose name holds TEXT.

    For projects the path and the description count, too, and with a / in TEXT also the groups.
    """
    if not text.strip():
        raise click.UsageError("For which TEXT? An empty one would find everything.")

    from gitlab_sync.cli import looking_up  # noqa: PLC0415 - loads the engine

    return looking_up.show_found(kind, text.strip(), limit, target, connection)
