"""`open`: show the open merge requests of people, a group or a project, and who has the ball."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.people import People, find_people, people_options, require_people
from gitlab_sync.cli.period import demo_now
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.open_work import OpenReport
    from gitlab_sync.types import Source

_PARTS = ("Open Work", "Waiting", "Desks")


@click.command("open", cls=options.Command)
@people_options
@click.option(
    "--project", metavar="P", help="Only in this project (id or path). Overrides --group."
)
@click.option("--group", metavar="G", help="Only in this group and its subgroups (id or path).")
@click.option(
    "--for", "desk", metavar="WHO", help="Only what waits for this person, by the username."
)
@policy_option
@click.option(
    "--part",
    type=options.Choice(_PARTS, case_sensitive=False),
    help="Show this table alone.",
)
@options.source_option
@options.from_option
@options.target_options
@options.connection_options
def open(  # noqa: A001 - the name of the command
    people: People,
    project: str | None,
    group: str | None,
    desk: str | None,
    policy: Policy,
    part: str | None,
    source: Source,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """Show every open merge request: what it waits for, who can act, since when, and why.

    With --project or --group and no users given, these are all of the project or the group.
    """
    of_all = (project is not None or group is not None) and not people.asked
    of_all = of_all and connection.snapshot is None
    if not of_all:
        require_people(people, connection)

    from gitlab_sync.cli.report import run_report
    from gitlab_sync.services.open_work import OpenQuery, answer

    def work(command: CommandRun, output: Output) -> Ending:
        named = None if of_all else find_people(people, command, policy.terms.bots)
        names = None if named is None else named.usernames
        query = OpenQuery(names, project, group, policy, desk, demo_now(demo=connection.demo))
        with command.progress("merge requests") as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.open_work(command.snapshot, query, run)
            else:
                report = answer(command.session, query, run)
        output.finish_all(report.sheets(query, command.instance), part)
        # A snapshot has those of its people, not all of a project or a group.
        in_part = (project or group) if named is not None and not people.asked else None
        return _ending(report, people.refused, in_part)

    return run_report(work, target, connection, options.FactOptions(source, store="off"))


def _ending(report: OpenReport, refused: Sequence[str], in_part: str | None) -> Ending:
    from gitlab_sync.cli.report import Ending

    whole = report.completeness.whole and not report.absent and not refused and in_part is None
    code = exits.OK if whole else exits.INCOMPLETE
    if not report and report.completeness.lists:
        code = exits.NOTHING
    left_out = [f"{name}: {reason}" for name, reason in report.absent.items()]
    if in_part is not None:
        left_out.append(
            f"merge requests of {in_part} by others than those of the snapshot: left out"
        )
    unknown = Counter(str(row["Why"]) for row in report if row["Waiting For"] is None)
    errors = [f"{plural(number, 'merge request')}: {why}" for why, number in unknown.most_common()]
    return Ending(
        code, report.completeness, left_out=left_out, errors=errors, warnings=report.warnings
    )
