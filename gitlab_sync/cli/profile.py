"""`profile`: all about one person, and what there is to mend."""

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
from gitlab_sync.cli.scope import WorkScope, scope_options
from gitlab_sync.errors import without_secrets
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.scores.profile import TITLES


@click.command(epilog=EPILOG)
@click.argument("user", required=False)
@scope_options
@click.option(
    "--quick",
    is_flag=True,
    help="Judge merge requests from lists alone, with few requests: what these do not say is "
    "unknown.",
)
@click.option(
    "--part",
    type=click.Choice(TITLES, case_sensitive=False),
    metavar="TITLE",
    help=f"Show this table alone: {', '.join(TITLES)}.",
)
@fact_options
@target_options
@connection_options
def profile(
    user: str | None,
    scope: WorkScope,
    quick: bool,
    part: str | None,
    facts: FactOptions,
    target: Target,
    connection: Connection,
) -> int:
    """Show one USER: projects, commits, groups, merge requests, issues, and what to mend in them.

    Without a USER the demo shows the first of its people.
    """
    username = (user or "").strip().removeprefix("@")
    if without_secrets(username) != username:
        raise click.UsageError("A token was given as the USER. Put it into GITLAB_TOKEN.")
    if username or not connection.demo:
        fault = username_fault(username)
        if fault is not None:
            raise click.UsageError(f"Whose? Give one USER: {fault}.")

    from gitlab_sync.cli import profile_tables  # noqa: PLC0415 - loads the engine
    from gitlab_sync.services.profile import ProfileQuery  # noqa: PLC0415 - loads the engine

    query = ProfileQuery(
        username, scope.projects, scope.period, quick, scope.known_by, scope.zone, scope.clock
    )
    return profile_tables.show(query, part, target, connection, facts)
