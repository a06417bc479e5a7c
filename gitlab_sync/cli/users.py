"""`users`: show everything about each person in one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import options
from gitlab_sync.cli import people as cli_people
from gitlab_sync.cli.as_of import Moments, as_of_options, finish
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import WorkScope, scope_options
from gitlab_sync.rules.identity.usernames import username_key

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.run import Run
    from gitlab_sync.services.people_report import PeopleQuery, PeopleReport
    from gitlab_sync.snapshots.snapshot import Snapshot
    from gitlab_sync.types import TableRow


@click.command(cls=options.Command)
@cli_people.people_options
@scope_options
@options.quick_option
@policy_option
@as_of_options
@options.fact_options
@options.from_option
@options.machine_options
@options.target_options
@options.connection_options
def users(
    people: cli_people.People,
    scope: WorkScope,
    quick: bool,
    policy: Policy,
    moments: Moments,
    facts: options.FactOptions,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """Show the commits, projects and groups of people, and the faults in their work."""
    cli_people.require_people(people, connection)

    as_of, policy, decided = moments.read(policy, people.people, connection)

    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services.people import answer
    from gitlab_sync.services.people_report import PeopleQuery

    def work(command: CommandRun, output: Output) -> Ending:
        named = cli_people.find_people(people, command, policy.terms.bots)
        query = PeopleQuery(
            named.people,
            projects=scope.projects,
            period=scope.period,
            quick=quick,
            known_by=scope.known_by,
            zone=scope.zone,
            clock=scope.clock,
            policy=policy,
            as_of=as_of,
        )
        columns = (*query.columns, *decided.columns)
        further = cli_people.Further(_without_college(named), columns)

        def on_row(row: TableRow) -> None:
            output.row(decided.join(further.join(row)))

        with command.progress("people", on_row, live=not output.shows_rows) as run:
            if command.snapshot is not None:
                report = decided.answer(
                    command.snapshot,
                    named.usernames,
                    partial(_of_snapshot, query=query, run=run),
                )
            else:
                report = answer(command.session, query, run)
        sheet = further.behind(report.sheet(command.instance))
        finish(output, decided.behind(sheet), report, as_of)
        return Ending.of_people(
            report,
            remarks=report.remarks,
            unknown_projects=report.unknown_projects,
            refused=named.refused,
        )

    return run_report(work, target, decided.connection(connection), facts)


def _of_snapshot(
    snapshot: Snapshot, names: Sequence[str], *, query: PeopleQuery, run: Run
) -> PeopleReport:
    """Return what a snapshot answers about those of the people with these names."""
    from gitlab_sync.snapshots import answers

    among = {username_key(name) for name in names}
    people = [person for person in query.people if person.key in among]
    return answers.users(snapshot, replace(query, people=people), run)


def _without_college(people: cli_people.People) -> cli_people.People:
    """Return the people without their college, since the report has its own column for it."""
    return replace(
        people,
        people=tuple(replace(person, college="") for person in people.people),
        titles=[title for title in people.titles if title != cli_people.COLLEGE],
    )
