"""`leaderboard`: compare teams by what they did."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.options import (
    FILE,
    Command,
    Connection,
    Target,
    connection_options,
    from_option,
    machine_options,
    target_options,
)
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import WorkScope, scope_options
from gitlab_sync.cli.teams import demo_teams, note_empty, teams_of_file
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.text import did_you_mean

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.identity.teams import Team
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.rules.scores.work import Number
    from gitlab_sync.services.leaderboard import LeaderboardQuery


@click.command(cls=Command)
@click.option(
    "--teams",
    "teams_file",
    type=FILE,
    metavar="FILE",
    help="The teams, as JSON; - is standard input. The documentation describes the format, and "
    "--save-teams writes it.",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="G",
    help="A team of this group's members, inherited ones included (id or path). Repeatable: each "
    "group is a team.",
)
@scope_options
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="NAME=N",
    help="Points from 0 to 1000 for each item of a number, such as issues_closed=4; 0 takes it "
    "out of the score. Repeatable.",
)
@click.option("--individuals", is_flag=True, help="Also show a list of people, with their badges.")
@click.option(
    "--save-teams", type=FILE, metavar="FILE", help="Write the teams as JSON, for --teams."
)
@click.option(
    "--part", metavar="TITLE", help="Show this table alone: Leaderboard, a team's name, Scores, …"
)
@policy_option
@from_option
@machine_options
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
    policy: Policy,
    target: Target,
    connection: Connection,
) -> int:
    """Compare teams: a ranking, each team's members, and the points behind each score."""
    if teams_file is not None and groups:
        raise click.UsageError("--teams excludes --group: a run takes its teams from one of them.")
    if teams_file is None and not groups and not connection.demo:
        raise click.UsageError("No teams given: give --teams FILE, or --group G for each team.")
    if any(not group.strip().strip("/") for group in groups):
        raise click.UsageError("--group must be an id or path, got a blank one.")
    teams = None if teams_file is None else teams_of_file(teams_file)
    points = _points(weights, policy)

    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.reports.report import Report
    from gitlab_sync.services.leaderboard import LeaderboardQuery, answer

    def work(command: CommandRun, output: Output) -> Ending:
        query = LeaderboardQuery(
            _teams_of_groups(groups, command, policy) if teams is None else teams,
            scope.projects,
            scope.period,
            scope.known_by,
            scope.zone,
            scope.clock,
            points,
            policy=policy,
        )
        _require_part(part, query, individuals=individuals)
        note_empty(query.teams)
        if save_teams is not None:
            _save(query.teams, save_teams)
        with command.progress("people") as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.leaderboard(command.snapshot, query)
            else:
                report = answer(command.session, query, run)
        output.finish_all(report.sheets(command.instance, individuals=individuals), part)
        people = Report(report.individuals, report.completeness)
        remarks = [f"left out of the teams, as bots: {', '.join(report.bots)}"]
        return Ending.of_people(
            people,
            remarks=remarks if report.bots else (),
            unknown_projects=report.unknown_projects,
        )

    return run_report(work, target, connection)


def _points(given: Iterable[str], policy: Policy) -> Mapping[str, Number]:
    """Return the policy's weights with the given ones in their place; raises as `weights_from`."""
    from gitlab_sync.rules.scores.leaderboard import DEFAULT_WEIGHTS, weights_from

    setting: dict[str, object] = {}
    for text in given:
        name, equals, number = text.partition("=")
        if not equals:
            raise click.UsageError(f"--weight must be NAME=N, such as mr_merged=8, got “{text}”.")
        setting[name.strip().lower()] = _number(number.strip())
    return weights_from(setting, {**DEFAULT_WEIGHTS, **policy.leaderboard_weights})


def _number(text: str) -> Number | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if math.isfinite(number) and number.is_integer() else number


def _teams_of_groups(
    groups: Sequence[str], command: CommandRun, policy: Policy
) -> tuple[Team, ...]:
    """Return a team for each group; without groups, the teams of the demo.

    Raises NotFound if one of the groups does not exist.
    """
    if groups:
        if command.snapshot is not None:
            from gitlab_sync.snapshots import answers

            return answers.teams_of_groups(command.snapshot, groups, policy.terms.bots)
        from gitlab_sync.services.leaderboard import teams_of_groups

        return teams_of_groups(command.session, groups, policy.terms.bots)

    return demo_teams()


def _require_part(part: str | None, query: LeaderboardQuery, *, individuals: bool) -> None:
    """Raise click.UsageError for a table that the report will not have, before anything is read."""
    from gitlab_sync.services.leaderboard import INDIVIDUALS, LEADERBOARD, SCORES

    titles = [LEADERBOARD, *query.titles().values(), SCORES, *([INDIVIDUALS] * individuals)]
    if part not in {None, *titles}:
        near = did_you_mean(str(part), titles)
        raise click.UsageError(f"There is no table “{part}”: give {', '.join(titles)}.{near}")


def _save(teams: Iterable[Team], path: str) -> None:
    from gitlab_sync.reports.atomic import AtomicFile
    from gitlab_sync.rules.identity.teams import teams_to_json

    try:
        with AtomicFile(path) as file:
            file.write(teams_to_json(teams).encode())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}",
            hint="Give --save-teams a file in a folder that exists and is writable.",
        ) from None
