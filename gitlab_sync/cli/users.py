"""`users`: all about each person in one row."""

from __future__ import annotations

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import (
    Connection,
    FactOptions,
    Target,
    connection_options,
    fact_options,
    target_options,
)
from gitlab_sync.cli.people import People, people_options, require_people
from gitlab_sync.cli.scope import WorkScope, scope_options


@click.command(epilog=EPILOG)
@people_options
@scope_options
@click.option(
    "--quick",
    is_flag=True,
    help="Judge merge requests from lists alone, with few requests: what these do not say is "
    "unknown.",
)
@fact_options
@target_options
@connection_options
def users(
    people: People,
    scope: WorkScope,
    quick: bool,
    facts: FactOptions,
    target: Target,
    connection: Connection,
) -> int:
    """Show commits, projects, groups, and judged merge requests and issues of each person."""
    require_people(people, connection)

    from gitlab_sync.cli import people_table  # noqa: PLC0415 - loads the engine
    from gitlab_sync.services.people import PeopleQuery  # noqa: PLC0415 - loads the engine

    query = PeopleQuery(
        (),
        projects=scope.projects,
        period=scope.period,
        quick=quick,
        known_by=scope.known_by,
        zone=scope.zone,
        clock=scope.clock,
    )
    return people_table.show(people, query, target, connection, facts)
