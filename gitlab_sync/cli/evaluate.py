"""`mrs` and `issues`: evaluate the merge requests and issues of people, a row for each person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli import options
from gitlab_sync.cli.people import Further, People, find_people, people_options, require_people
from gitlab_sync.cli.scope import where_options
from gitlab_sync.rules.items.table import ISSUE_COLUMNS, MERGE_REQUEST_COLUMNS

if TYPE_CHECKING:
    from gitlab_sync.api.scope import Scope
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.reports.report import Report
    from gitlab_sync.reports.sheet import Sheet
    from gitlab_sync.types import TableRow

_TEXTS = frozenset({"Username", "Status", "Error"})

_by_option = click.option(
    "--scope", type=click.Choice(["author", "assignee"]), default="author", show_default=True,
    help="Count items for their author or for their assignees.",
)  # fmt: skip


@click.command(cls=options.Command)
@people_options
@where_options
@_by_option
@options.fact_options
@options.target_options
@options.connection_options
def mrs(**given: Any) -> int:
    """Evaluate all merged and closed merge requests of people."""
    return _evaluate("merge requests", MERGE_REQUEST_COLUMNS, **given)


@click.command(cls=options.Command)
@people_options
@where_options
@_by_option
@options.target_options
@options.connection_options
def issues(**given: Any) -> int:
    """Count all issues of people, and evaluate the closed ones."""
    return _evaluate("issues", ISSUE_COLUMNS, **given)


def _evaluate(
    what: str,
    columns: Sequence[str],
    *,
    people: People,
    project: str | None,
    group: str | None,
    scope: str,
    target: options.Target,
    connection: options.Connection,
    facts: options.FactOptions = options.NOTHING_KEPT,
) -> int:
    require_people(people, connection)

    from gitlab_sync.api.scope import Scope
    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests

    evaluate = evaluate_issues if what == "issues" else evaluate_merge_requests
    where = Scope(project, group, scope)

    def work(command: CommandRun, output: Output) -> Ending:
        named = find_people(people, command)
        further = Further(named, columns)

        def on_row(row: TableRow) -> None:
            output.row(further.join(row))

        with command.progress(what, on_row, live=not output.shows_rows) as run:
            report = evaluate(command.session, named.usernames, where, run)
        sheet = _sheet(report, what, columns, where, command.session.base_url)
        output.finish(further.behind(sheet))
        return Ending.of_people(report, refused=named.refused)

    return run_report(work, target, connection, facts)


def _sheet(report: Report, what: str, columns: Sequence[str], scope: Scope, instance: str) -> Sheet:
    from gitlab_sync.reports.sheet import Meta, Sheet
    from gitlab_sync.services.rows import profile_links

    return Sheet(
        what.capitalize(),
        columns,
        report,
        Meta.of_report(report, instance, f"{what} by {scope.by}, {scope.in_words()}"),
        links=profile_links(instance),
        kinds={column: "integer" for column in columns if column not in _TEXTS},
    )
