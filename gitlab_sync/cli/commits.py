"""`commits`: whose commits are whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import Connection, Target, connection_options, target_options
from gitlab_sync.cli.people import People, people_options, require_people
from gitlab_sync.cli.scope import WorkScope, scope_options

if TYPE_CHECKING:
    from gitlab_sync.services.commits import Table


@click.command(epilog=EPILOG)
@people_options
@scope_options
@click.option(
    "--group",
    metavar="G",
    help="Only commits of the projects of this group and its subgroups, archived ones included: "
    "id, path or URL. Those of --project count, too.",
)
@click.option("--totals", is_flag=True, help="A row for each person, with the numbers.")
@click.option(
    "--unmatched",
    is_flag=True,
    help="The names and addresses of commits that match nobody, with their number.",
)
@target_options
@connection_options
def commits(
    people: People,
    scope: WorkScope,
    group: str | None,
    totals: bool,
    unmatched: bool,
    target: Target,
    connection: Connection,
) -> int:
    """Show whose commits are whose, the newest first.

    With --project or --group and nobody named, people are the members of these projects, inherited
    ones included, but for bots.
    """
    if totals and unmatched:
        raise click.UsageError("Either --totals or --unmatched: each is a table of its own.")
    if group is not None and not group.strip().strip("/"):
        raise click.UsageError("Which group? Give --group its id, path or URL.")
    if not (scope.projects or group):
        require_people(people, connection)

    from gitlab_sync.cli import commits_table  # noqa: PLC0415 - loads the engine
    from gitlab_sync.services.commits import CommitsQuery  # noqa: PLC0415 - loads the engine

    table: Table = "Totals" if totals else "Unmatched" if unmatched else "Commits"
    query = CommitsQuery(
        None, scope.projects, group, scope.period, scope.known_by, clock=scope.clock
    )
    return commits_table.show(people, query, table, target, connection)
