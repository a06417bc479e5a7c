"""`contests`: list the open issues that dispute faults, with the waiver that would settle each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import options
from gitlab_sync.cli.messages import printable
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.waive import by_option, day_of
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.contests import ContestsReport

_DAYS = 90


@click.command(cls=options.Command)
@click.option(
    "--project", metavar="P",
    help="The project of the issues (id or path). Default: contest.project of the policy.",
)  # fmt: skip
@click.option(
    "--until", metavar="DATE", help=f"The last day of the waivers. Default: in {_DAYS} days.",
)  # fmt: skip
@by_option
@policy_option
@options.target_options
@options.connection_options
def contests(
    project: str | None,
    until: str | None,
    by: str,
    policy: Policy,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """List the open issues that dispute a fault, each with the waiver that would settle it."""
    where = project or policy.contest_project
    if where is None:
        raise click.UsageError(
            "The policy names no project for contests: set contest.project in gitlab-sync.toml, or "
            "give --project."
        )

    from datetime import UTC, datetime, timedelta

    from gitlab_sync.cli.exits import OK
    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services.contests import ContestsQuery, answer

    today = datetime.now(UTC).astimezone(policy.terms.working_time.zone).date()
    last = today + timedelta(days=_DAYS) if until is None else day_of(until)
    query = ContestsQuery(where, policy, by, last)

    def work(command: CommandRun, output: Output) -> Ending:
        with command.progress("contests"):
            report = answer(command.session, query)
        if target.format == "table":
            output.write("".join(f"{line}\n" for line in _to_text(report)).encode(errors="replace"))
        else:
            output.finish(report.sheet(query, command.session.base_url))
        return Ending(OK, remarks=[f"{plural(len(report), 'open contest')} in {where}"])

    return run_report(work, target, connection)


def _to_text(report: ContestsReport) -> Iterator[str]:
    """Return each contest with its waiver, which can be copied as it is. Pure."""
    if not report:
        yield "No fault is contested."
    for place, row in enumerate(report):
        if place:
            yield ""
        yield printable(f"{row['Issue']}  {row['Title']}")
        yield printable(f"by {row['Author']}, {row['Created']}: {row['Link']}")
        if row["Waived Until"] is not None:
            yield f"is waived until {row['Waived Until']}"
        if row["Waiver"] is None:
            yield printable(str(row["Error"]))
        else:
            yield textwrap.indent(str(row["Waiver"]).rstrip(), "  ")
