"""`mrs` and `issues`: a row for each person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import Connection, Target, connection_options, target_options
from gitlab_sync.cli.people import read_people

_PEOPLE = (
    click.argument("users", metavar="[USER]...", nargs=-1),
    click.option(
        "--users-file", metavar="FILE",
        help="Usernames, one a line; # begins a comment; - is standard input.",
    ),
    click.option(
        "--project", metavar="P", help="Only in this project: id or path. Wins over --group.",
    ),
    click.option("--group", metavar="G", help="Only in this group: id or path."),
    click.option(
        "--scope", type=click.Choice(["author", "assignee"]), default="author", show_default=True,
        help="Whose they are: who wrote them, or to whom they are assigned.",
    ),
)  # fmt: skip


def _people_options(command: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(_PEOPLE):
        command = option(command)
    return command


@click.command(epilog=EPILOG)
@_people_options
@target_options
@connection_options
def mrs(**given: Any) -> int:
    """Judge all ended merge requests of these people."""
    return _judge("merge requests", **given)


@click.command(epilog=EPILOG)
@_people_options
@target_options
@connection_options
def issues(**given: Any) -> int:
    """Count all issues of these people, and judge the closed ones."""
    return _judge("issues", **given)


def _judge(
    what: str,
    *,
    connection: Connection,
    target: Target,
    users: tuple[str, ...],
    users_file: str | None,
    project: str | None,
    group: str | None,
    scope: str,
) -> int:
    people = read_people(users, users_file)
    if not people.asked and not connection.demo:
        raise click.UsageError("Whose? Give at least one USER, or --users-file FILE.")

    from gitlab_sync.api.scope import Scope  # noqa: PLC0415 - loads the engine
    from gitlab_sync.cli import judging  # noqa: PLC0415 - loads the engine

    return judging.judge(what, people, Scope(project, group, scope), target, connection)
