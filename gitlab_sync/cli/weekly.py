"""`weekly`: show what each person recorded, day by day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING

import click

from gitlab_sync.api.period import given_period, local_zone
from gitlab_sync.cli import people as cli_people
from gitlab_sync.cli.options import (
    Choice,
    Command,
    Connection,
    Target,
    connection_options,
    from_option,
    machine_options,
    target_options,
)
from gitlab_sync.cli.period import today_in
from gitlab_sync.cli.scope import WorkScope, scope_options
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period, day_of
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.scores import weekly as rules

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun


@click.command(cls=Command)
@partial(cli_people.people_options, bare=rules.PERSON_COLUMNS)
@click.option(
    "--day", metavar="WHEN", help="Only that day, week or month. Default: the last 7 days."
)
@scope_options
@click.option(
    "--hours",
    is_flag=True,
    help="Show the hours of the day with recorded work for everyone, not only for the owner of the "
    "token.",
)
@click.option(
    "--part",
    type=Choice([rules.OVERVIEW, *rules.MEASURES.values()], case_sensitive=False),
    help="Show this table alone.",
)
@from_option
@machine_options
@target_options
@connection_options
def weekly(
    people: cli_people.People,
    day: str | None,
    scope: WorkScope,
    hours: bool,
    part: str | None,
    target: Target,
    connection: Connection,
) -> int:
    """Show what each person recorded on each day, compared with the same number of days before."""
    cli_people.require_people(people, connection)
    zone = scope.zone or local_zone()
    today = today_in(zone, demo=connection.demo, snapshot=connection.snapshot)
    span = scope.period
    if day is not None:
        if span != Period():
            raise click.UsageError("--day excludes --since and --until.")
        span = given_period(day, day, zone, today)

    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services.weekly import WeeklyQuery, answer

    days = _days(span, zone, today)
    if part is None and target.format == "table":
        part = rules.OVERVIEW

    def work(command: CommandRun, output: Output) -> Ending:
        named = cli_people.find_people(people, command)
        query = WeeklyQuery(
            list(map(rules.WeekPerson.of, named.people)),
            days,
            scope.projects,
            scope.known_by,
            scope.zone,
            scope.clock,
            {one.key for one in named.people} if hours else _owner(command),
        )
        with command.progress("people") as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.weekly(command.snapshot, query)
            else:
                report = answer(command.session, query, run)
        output.finish_all(report.sheets(query, command.instance), part)
        return Ending.of_people(
            report, unknown_projects=report.unknown_projects, refused=named.refused
        )

    return run_report(work, target, connection)


def _days(span: Period, zone: tzinfo, today: date) -> rules.Days:
    """Return the days of a period, from its first to its last.

    A period without an end ends today, and one without a beginning has seven days.
    """
    last = today if span.end is None else _day(span.end, zone)
    return (
        rules.last_days(last)
        if span.start is None
        else rules.days_between(_day(span.start, zone), last)
    )


def _day(moment: datetime, zone: tzinfo) -> date:
    return day_of(moment.isoformat(), zone) or moment.date()  # at the ends of the calendar


def _owner(command: CommandRun) -> Collection[str]:
    """Return the key of the token's owner; empty if GitLab does not say, and for a snapshot."""
    from gitlab_sync.session.workflow import read_one

    if command.snapshot is not None:
        return ()
    try:
        owner = read_one(command.session, "user")
    except GitLabSyncError:  # the rows say what is wrong
        return ()
    return {username_key(record.text(owner, "username"))}
