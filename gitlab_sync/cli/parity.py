"""`parity`: compare a table that the older program wrote with ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.evaluate import which_options
from gitlab_sync.cli.files import STANDARD_INPUT, place_of, read_list
from gitlab_sync.cli.messages import say
from gitlab_sync.cli.period import Span, today_in
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.api.scope import Dated, Scope
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.parity.older_table import OlderTable
    from gitlab_sync.services.parity import ParityReport

_ENDS = {"mrs": "merged", "issues": "closed"}


@click.command(cls=options.Command)
@click.option(
    "--old", "name", type=options.FILE, metavar="FILE", required=True,
    help="The table that the older program wrote: CSV, XLSX or JSON; - is standard input.",
)  # fmt: skip
@click.option(
    "--written", metavar="WHEN",
    help="When it was written, as in --until. Default: when the file was last changed.",
)  # fmt: skip
@which_options
@click.option(
    "--by", "dated", type=options.Choice(["created", *_ENDS.values()]), default="created",
    show_default=True, help="The time that --since and --until are about.",
)  # fmt: skip
@options.fact_options
@options.target_options
@options.connection_options
def parity(
    name: str,
    written: str | None,
    project: str | None,
    group: str | None,
    scope: str,
    span: Span,
    dated: Dated,
    facts: options.FactOptions,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """Compare a table of the older program with ours: cells are equal, explained, or neither."""
    from gitlab_sync.api.scope import Scope
    from gitlab_sync.cli.report import run_report
    from gitlab_sync.rules.parity.older_table import read_older_table
    from gitlab_sync.services.parity import ParityQuery, answer

    moment = _written(name, written, span, demo=connection.demo)
    older = read_older_table(read_list(name), place_of(name))
    where = Scope(project, group, scope, span.period, dated)
    _require_fitting(older, where)
    query = ParityQuery(older, where, moment, span.zone)

    def work(command: CommandRun, output: Output) -> Ending:
        for fault in older.faults:
            say(fault)
        with command.progress("items") as run:
            report = answer(command.session, query, run)
        output.finish(report.sheet(query, command.session.base_url))
        return _ending(report, older)

    return run_report(work, target, connection, facts)


def _require_fitting(older: OlderTable, where: Scope) -> None:
    """Raise click.UsageError for options that the table has no room for."""
    command = older.kind.command
    if command == "users" and (where.group is not None or where.by != "author"):
        raise click.UsageError("--group and --scope do not apply to a table of whole people.")
    if where.dated not in {"created", _ENDS.get(command)}:
        raise click.UsageError(f"--by {where.dated} does not apply to {older.kind.what}.")
    if where.dated != "created" and where.period == Period():
        raise click.UsageError(f"--by {where.dated} needs --since or --until.")


def _written(name: str, given: str | None, span: Span, *, demo: bool) -> datetime | None:
    """Return when the file was written; None if that is not known."""
    from gitlab_sync.api.period import given_period

    if given is not None:
        day = today_in(span.zone, demo=True) if demo else None
        return given_period(None, given, span.zone, day).end
    if name == STANDARD_INPUT:
        return None
    try:
        return datetime.fromtimestamp(Path(name).stat().st_mtime, UTC)
    except OSError as error:
        raise click.UsageError(f"{name} cannot be read: {error.strerror}") from None


def _ending(report: ParityReport, older: OlderTable) -> Ending:
    """Return what to say: 1 for an unexplained cell, 3 for what could not be read."""
    from gitlab_sync.cli.report import Ending

    end = Ending.of_people(report.ours)
    statuses = {row["Status"] for row in report.ours}
    unread = bool(older.faults) or not statuses <= {"Success", "Not Found"}
    code = end.code
    if code != exits.NOTHING:
        code = exits.OK
        if unread or report.numbers.get("unknown"):
            code = exits.INCOMPLETE
        if report.numbers["unexplained"]:
            code = exits.FAILED
    empty = f"{plural(older.empty, 'empty cell')} of the older table left out"
    remarks = [report.summary, *([empty] if older.empty else [])]
    return replace(end, code=code, remarks=remarks)
