"""`mrs` and `issues`: a row for each person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.options import (
    NOTHING_KEPT,
    Connection,
    FactOptions,
    Target,
    connection_options,
    fact_options,
    target_options,
)
from gitlab_sync.cli.people import People, people_options, require_people

_WHICH = (
    click.option(
        "--project", metavar="P", help="Only in this project: id or path. Wins over --group.",
    ),
    click.option("--group", metavar="G", help="Only in this group: id or path."),
    click.option(
        "--scope", type=click.Choice(["author", "assignee"]), default="author", show_default=True,
        help="Whose they are: who wrote them, or to whom they are assigned.",
    ),
)  # fmt: skip


def _which_options(command: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(_WHICH):
        command = option(command)
    return command


@click.command(epilog=EPILOG)
@people_options
@_which_options
@fact_options
@target_options
@connection_options
def mrs(**given: Any) -> int:
    """Judge all ended merge requests of these people."""
    return _judge("merge requests", **given)


@click.command(epilog=EPILOG)
@people_options
@_which_options
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
    people: People,
    project: str | None,
    group: str | None,
    scope: str,
    facts: FactOptions = NOTHING_KEPT,
) -> int:
    require_people(people, connection)

    from gitlab_sync.api.scope import Scope  # noqa: PLC0415 - loads the engine
    from gitlab_sync.cli import judging  # noqa: PLC0415 - loads the engine

    where = Scope(project, group, scope)
    return judging.judge(what, people, where, target, connection, facts)
