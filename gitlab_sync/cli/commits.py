"""`commits`: show the commits of people, their totals, or the commits that match no one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.options import (
    Command,
    Connection,
    Target,
    connection_options,
    from_option,
    target_options,
)
from gitlab_sync.cli.people import Further, People, find_people, people_options
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import WorkScope, group_option, is_of_members, scope_options
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.commits import CommitsReport, Table


@click.command(cls=Command)
@people_options
@scope_options
@group_option
@click.option("--totals", is_flag=True, help="Show a row for each person, with the totals.")
@click.option(
    "--unmatched",
    is_flag=True,
    help="Show the names and addresses that match no one, with their number of commits.",
)
@policy_option
@from_option
@target_options
@connection_options
def commits(
    people: People,
    scope: WorkScope,
    group: str | None,
    totals: bool,
    unmatched: bool,
    policy: Policy,
    target: Target,
    connection: Connection,
) -> int:
    """Show the commits of each person, the newest first.

    With --project or --group and no users given, the people are the members of these projects,
    inherited members included, without bots.
    """
    if totals and unmatched:
        raise click.UsageError("--totals excludes --unmatched: each is a table of its own.")
    of_members = is_of_members(people, scope, group, connection)

    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services.commits import CommitsQuery, answer

    table: Table = "Totals" if totals else "Unmatched" if unmatched else "Commits"

    def work(command: CommandRun, output: Output) -> Ending:
        named = people if of_members else find_people(people, command, policy.terms.bots)
        query = CommitsQuery(
            None if of_members else named.people,
            scope.projects,
            group,
            scope.period,
            scope.known_by,
            clock=scope.clock,
            policy=policy,
        )
        with command.progress("commits") as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.commits(command.snapshot, query)
            else:
                report = answer(command.session, query, run)
        sheet = report.sheet(query, command.instance, table)
        if "Username" in sheet.columns:
            sheet = Further(named, sheet.columns).behind(sheet)
        output.finish(sheet)
        return Ending.of_people(
            report,
            remarks=list(_remarks(report, table, of_members=of_members)),
            unknown_projects=report.unknown_projects,
            unread=report.unread,
            refused=named.refused,
        )

    return run_report(work, target, connection)


def _remarks(report: CommitsReport, table: Table, *, of_members: bool) -> Iterator[str]:
    """Yield how the commits divide, or how many people might lack commits that match no one."""
    if of_members and not report:
        yield "warning: the projects have no members, so there are no rows"
    unmatched = report.division.unmatched
    without = sum(row["Commits Total"] == 0 for row in report)
    if table == "Unmatched":
        yield str(report.division)
        if unmatched:
            yield "hint: gitlab-sync identities suggests and assigns people for these signatures"
    elif unmatched and without:
        yield (
            f"hint: {'1 person has' if without == 1 else f'{without} people have'} no commit, and "
            f"{plural(unmatched, 'unmatched commit')} could be theirs: --unmatched lists the names "
            "and addresses"
        )
