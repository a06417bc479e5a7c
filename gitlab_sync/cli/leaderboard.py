"""`leaderboard`: teams compared by what they did."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.files import place_of, read_bytes
from gitlab_sync.cli.options import FILE, Connection, Target, connection_options, target_options
from gitlab_sync.cli.scope import WorkScope, scope_options

if TYPE_CHECKING:
    from gitlab_sync.rules.identity.teams import Team
    from gitlab_sync.rules.scores.work import Number


@click.command(epilog=EPILOG)
@click.option(
    "--teams",
    "teams_file",
    type=FILE,
    metavar="FILE",
    help="The teams, as JSON; - is standard input. Its form is said in the documentation, and "
    "--save-teams writes it.",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="G",
    help="A team of this group's members, inherited ones included: id or path. May be given "
    "several times: each is a team.",
)
@scope_options
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="NAME=N",
    help="Points from 0 to 1000 for each of these, such as issues_closed=4; 0 takes it out of the "
    "score. May be given several times.",
)
@click.option("--individuals", is_flag=True, help="With a list of people, and their badges.")
@click.option(
    "--save-teams", type=FILE, metavar="FILE", help="Write the teams as JSON, for --teams."
)
@click.option(
    "--part", metavar="TITLE", help="Only this table: Leaderboard, a team's name, Scores, …"
)
@target_options
@connection_options
def leaderboard(
    teams_file: str | None,
    groups: tuple[str, ...],
    scope: WorkScope,
    weights: tuple[str, ...],
    individuals: bool,
    save_teams: str | None,
    part: str | None,
    target: Target,
    connection: Connection,
) -> int:
    """Compare teams: a ranking, each team's members, and the points behind each score."""
    if teams_file is not None and groups:
        raise click.UsageError("Either --teams or --group: a run has its teams from one of them.")
    if teams_file is None and not groups and not connection.demo:
        raise click.UsageError("Which teams? Give --teams FILE, or --group G for each.")
    if any(not group.strip().strip("/") for group in groups):
        raise click.UsageError("Which group? Give --group its id or path.")
    teams = None if teams_file is None else _teams(teams_file)
    points = _points(weights)

    from gitlab_sync.cli import leaderboard_tables  # noqa: PLC0415 - loads the engine
    from gitlab_sync.services.leaderboard import LeaderboardQuery  # noqa: PLC0415 - loads the engine

    query = LeaderboardQuery(
        teams or (),
        scope.projects,
        scope.period,
        scope.known_by,
        scope.zone,
        scope.clock,
        points,
    )
    where = None if teams is not None else groups
    wanted = leaderboard_tables.Wanted(where, individuals, part, save_teams)
    return leaderboard_tables.show(query, wanted, target, connection)


def _teams(name: str) -> tuple[Team, ...]:
    """Return the teams of a file; ConfigurationError with every fault in it."""
    from gitlab_sync.rules.identity.teams import parse_teams  # noqa: PLC0415 - only where there is a file

    try:
        return parse_teams(read_bytes(name).decode(), place_of(name))
    except UnicodeDecodeError:
        raise click.UsageError(f"{place_of(name)} is not UTF-8, as JSON has to be.") from None


def _points(given: Iterable[str]) -> Mapping[str, Number]:
    """Return the weights with those that were given in their place; else as `_teams`."""
    from gitlab_sync.rules.scores.leaderboard import weights_from  # noqa: PLC0415 - as above

    setting: dict[str, object] = {}
    for text in given:
        name, equals, number = text.partition("=")
        if not equals:
            raise click.UsageError(f"--weight {text}: give NAME=N, such as mr_merged=8.")
        setting[name.strip().lower()] = _number(number.strip())
    return weights_from(setting)


def _number(text: str) -> Number | str:
    """Return the number that a text is, whole if it can be; else the text."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if math.isfinite(number) and number.is_integer() else number
