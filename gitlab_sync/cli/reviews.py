"""`reviews`: how merge requests of teams were reviewed, and by how many people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import options
from gitlab_sync.cli.people import People, find_people, people_options
from gitlab_sync.cli.period import Span, period_options
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import where_options
from gitlab_sync.cli.teams import demo_teams, note_empty, teams_of_file

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy

_ALL = "All"


@click.command(cls=options.Command)
@people_options
@click.option(
    "--teams",
    "teams_file",
    type=options.FILE,
    metavar="FILE",
    help="The teams, as JSON; - is standard input. Without them, all people are one team.",
)
@where_options
@period_options
@policy_option
@click.option(
    "--individuals",
    is_flag=True,
    help="Also show people, and how often each reviewed each other's work.",
)
@click.option("--part", metavar="TITLE", help="Show this table alone: Teams, Projects, Weeks, …")
@options.fact_options
@options.from_option
@options.target_options
@options.connection_options
def reviews(
    people: People,
    teams_file: str | None,
    project: str | None,
    group: str | None,
    span: Span,
    policy: Policy,
    individuals: bool,
    part: str | None,
    facts: options.FactOptions,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """Show how merged merge requests were reviewed: responses, rounds, merges, and by how many."""
    if teams_file is not None and people.asked:
        raise click.UsageError("--teams excludes people: a run takes its people from one of them.")
    if teams_file is None and not people.asked and not (connection.demo or connection.snapshot):
        raise click.UsageError(
            "No users given: give a USER, --users-file FILE, --members-of GROUP, or --teams FILE."
        )
    given = None if teams_file is None else teams_of_file(teams_file)

    from gitlab_sync.api.scope import Scope
    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services import reviews as service

    titles = [service.TEAMS, service.PROJECTS, service.WEEKS]
    titles += [service.PEOPLE, service.PAIRS] if individuals else []
    if part not in {None, *titles}:
        raise click.UsageError(f"There is no table “{part}”: give {', '.join(titles)}.")

    def work(command: CommandRun, output: Output) -> Ending:
        from gitlab_sync.rules.identity.teams import Member, Team

        refused: list[str] = []
        teams = given
        if teams is None and (people.asked or command.snapshot is not None):
            named = find_people(people, command, policy.terms.bots)
            refused = named.refused
            teams = (Team(_ALL, "", tuple(map(Member, named.usernames))),)
        query = service.ReviewsQuery(
            demo_teams() if teams is None else teams,
            Scope(project, group, period=span.period, dated="merged"),
            policy,
            span.zone,
        )
        note_empty(query.teams)
        with command.progress("merge requests") as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.reviews(command.snapshot, query)
            else:
                report = service.answer(command.session, query, run)
        output.finish_all(report.sheets(command.instance, people=individuals), part)
        return Ending.of_people(report, refused=refused)

    return run_report(work, target, connection, facts)
