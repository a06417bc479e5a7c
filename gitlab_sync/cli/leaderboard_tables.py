"""The work of `leaderboard`; apart from the command, since it loads the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import click

from gitlab_sync.cli.ending import end, tell_unknown_projects
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import CommandRun, open_session
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.atomic import AtomicFile
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.identity.teams import Member, Team, teams_to_json
from gitlab_sync.run import Run
from gitlab_sync.services import leaderboard as answers
from gitlab_sync.services.leaderboard import INDIVIDUALS, LEADERBOARD, SCORES, LeaderboardQuery
from gitlab_sync.session.progress import ProgressTracker


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which teams, if the question has none of its own, and which tables. Immutable.

    `groups` are the teams, and with none of them those of the demo (None: the question's own).
    `part` is the title of the only table that is wanted, `save_teams` the file for the teams.
    """

    groups: Sequence[str] | None
    individuals: bool = False
    part: str | None = None
    save_teams: str | None = None


def show(query: LeaderboardQuery, wanted: Wanted, target: Target, connection: Connection) -> int:
    """Write the tables of the teams, and return the exit code.

    Raises ConfigurationError when URL or token is missing or a file cannot be written,
    click.UsageError for a part that there is not, and NotFound if a group, or not one of the
    projects, is there.
    """
    with open_session(connection) as session:
        if wanted.groups is not None:
            query = replace(query, teams=found_teams(wanted.groups, session))
        _require_part(query, wanted)
        _tell_empty(query.teams)
        tracker = ProgressTracker()
        with Output(target, session.interruption) as output:
            if wanted.save_teams is not None:
                _save(query.teams, wanted.save_teams)
            with watching(tracker, "people", quiet=connection.quiet, live=True):
                run = Run(tracker=tracker, max_wait=connection.max_wait)
                report = answers.answer(session.rest, query, run)
            sheets = report.sheets(session.rest.base_url, individuals=wanted.individuals)
            output.finish_all(sheets, wanted.part)
        tell_unknown_projects(report.unknown_projects)
        people = Report(report.individuals, report.completeness)
        whole = not report.unknown_projects
        return end(people, session, quiet=connection.quiet, whole=whole)


def found_teams(groups: Sequence[str], session: CommandRun) -> tuple[Team, ...]:
    """Return the teams that these groups are; without any, those of the demo.

    Raises NotFound if one of the groups does not exist.
    """
    if groups:
        return answers.teams_of_groups(session.rest, groups)
    from gitlab_sync.sandbox import demo_world  # noqa: PLC0415 - demo only

    return tuple(
        Team(name, "", tuple(map(Member, usernames)))
        for name, usernames in demo_world().teams.items()
    )


def _require_part(query: LeaderboardQuery, wanted: Wanted) -> None:
    """Refuse a table that there will not be, before anything is read for it."""
    titles = [LEADERBOARD, *query.titles().values(), SCORES]
    if wanted.individuals:
        titles.append(INDIVIDUALS)
    if wanted.part not in {None, *titles}:
        raise click.UsageError(f"There is no table “{wanted.part}”: give {', '.join(titles)}.")


def _tell_empty(teams: Sequence[Team]) -> None:
    if not teams:
        note("warning: there is no team, so there are no rows")
    for team in teams:
        if not team.members:
            note(f"warning: the team {team.name} has no members")


def _save(teams: Iterable[Team], path: str) -> None:
    try:
        with AtomicFile(path) as file:
            file.write(teams_to_json(teams).encode())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}",
            hint="Give --save-teams a file in a folder that exists and may be written.",
        ) from None
