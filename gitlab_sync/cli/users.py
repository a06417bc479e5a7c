"""`users`: all about each person in one row."""

from __future__ import annotations

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import Connection, Target, connection_options, target_options
from gitlab_sync.cli.people import people_options, read_people
from gitlab_sync.cli.period import Span, period_options


@click.command(epilog=EPILOG)
@people_options
@click.option(
    "--project",
    "projects",
    multiple=True,
    metavar="P",
    help="Only commits, merge requests and issues of this project: id, path or URL. May be given "
    "several times.",
)
@period_options
@click.option(
    "--quick",
    is_flag=True,
    help="Judge merge requests from lists alone, with few requests: what these do not say is "
    "unknown.",
)
@target_options
@connection_options
def users(
    users: tuple[str, ...],
    users_files: tuple[str, ...],
    projects: tuple[str, ...],
    span: Span,
    quick: bool,
    target: Target,
    connection: Connection,
) -> int:
    """Show commits, projects, groups, and judged merge requests and issues of each person."""
    if any(not name.strip().strip("/") for name in projects):
        raise click.UsageError("Which project? Give --project its id, path or URL.")
    people = read_people(users, users_files)
    if not people.asked and not connection.demo:
        raise click.UsageError("Whose? Give at least one USER, or --users-file FILE.")

    from gitlab_sync.cli import people_table  # noqa: PLC0415 - loads the engine

    question = people_table.Question(people, projects, span.period, quick=quick)
    return people_table.show(question, target, connection)
