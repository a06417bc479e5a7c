"""`mrs` and `issues`: evaluate the merge requests and issues of people, a row for each person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli import options
from gitlab_sync.cli.as_of import Moments, as_of_options, finish
from gitlab_sync.cli.people import Further, People, find_people, people_options, require_people
from gitlab_sync.cli.period import Span, period_options
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import where_options
from gitlab_sync.rules.dates import Period

if TYPE_CHECKING:
    from gitlab_sync.api.scope import Dated, Kind, Scope
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.reports.report import Report
    from gitlab_sync.reports.sheet import Sheet
    from gitlab_sync.rules.items.as_of import AsOf
    from gitlab_sync.rules.items.rule_set import RuleSet
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.types import TableRow

_TEXTS = frozenset({"Username", "Status", "Error", "Policy", "As Of"})

_SCOPE = click.option(
    "--scope", type=options.Choice(["author", "assignee"]), default="author", show_default=True,
    help="Count items for their author or for their assignees.",
)  # fmt: skip


def which_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say which items count: `--project`, `--group`, `--scope`, a period."""
    return where_options(_SCOPE(period_options(command)))


def _by_option(ended: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(
        "--by", "dated", type=options.Choice(["created", ended]), default="created",
        show_default=True, help="The time that --since and --until are about.",
    )  # fmt: skip


@click.command(cls=options.Command)
@people_options
@which_options
@_by_option("merged")
@policy_option
@as_of_options
@options.fact_options
@options.from_option
@options.machine_options
@options.target_options
@options.connection_options
def mrs(**given: Any) -> int:
    """Evaluate all merged and closed merge requests of people."""
    return _evaluate("merge requests", given["policy"].merge_requests, **given)


@click.command(cls=options.Command)
@people_options
@which_options
@_by_option("closed")
@policy_option
@as_of_options
@options.from_option
@options.machine_options
@options.target_options
@options.connection_options
def issues(**given: Any) -> int:
    """Count all issues of people, and evaluate the closed ones."""
    return _evaluate("issues", given["policy"].issues, **given)


def _evaluate(
    what: str,
    rules: RuleSet,
    *,
    policy: Policy,
    people: People,
    project: str | None,
    group: str | None,
    scope: str,
    span: Span,
    dated: Dated,
    moments: Moments,
    target: options.Target,
    connection: options.Connection,
    facts: options.FactOptions = options.NOTHING_KEPT,
) -> int:
    require_people(people, connection)
    if dated != "created" and span.period == Period():
        raise click.UsageError(f"--by {dated} needs --since or --until.")

    from gitlab_sync.api.scope import Scope
    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.rules.items.table import columns as columns_of
    from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests

    evaluate = evaluate_issues if what == "issues" else evaluate_merge_requests
    as_of, policy, decided = moments.read(policy, people.people, connection)
    columns = (*columns_of(rules), *as_of.columns)
    where = Scope(project, group, scope, span.period, dated)

    def work(command: CommandRun, output: Output) -> Ending:
        named = find_people(people, command, policy.terms.bots)
        further = Further(named, (*columns, *decided.columns))

        def on_row(row: TableRow) -> None:
            output.row(decided.join(further.join(row)))

        with command.progress(what, on_row, live=not output.shows_rows) as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                kind: Kind = "issues" if what == "issues" else "merge_requests"
                report = decided.answer(
                    command.snapshot,
                    named.usernames,
                    lambda kept, names: answers.evaluate(kept, kind, names, policy, where, run),
                )
            else:
                report = evaluate(command.session, named.usernames, where, run, policy, as_of)
        sheet = _sheet(report, what, columns, where, policy, command.instance, as_of)
        finish(output, decided.behind(further.behind(sheet)), report, as_of)
        return Ending.of_people(report, refused=named.refused)

    return run_report(work, target, decided.connection(connection), facts)


def _sheet(
    report: Report,
    what: str,
    columns: Sequence[str],
    scope: Scope,
    policy: Policy,
    instance: str,
    as_of: AsOf,
) -> Sheet:
    from gitlab_sync.reports.sheet import Meta, Sheet
    from gitlab_sync.rules.items.table import POLICY, shares
    from gitlab_sync.services.rows import profile_links

    return Sheet(
        what.capitalize(),
        columns,
        report,
        Meta.of_report(
            report, instance, _in_words(what, scope), policy.shown_name, as_of.in_words()
        ),
        links=profile_links(instance),
        kinds={column: "integer" for column in columns if column not in _TEXTS},
        shares=shares(columns),
        doubts=report.doubts,
        waived=report.waived,
        repeated={POLICY, *as_of.repeated},
    )


def _in_words(what: str, scope: Scope) -> str:
    period = scope.period.in_words().replace(",", f", {scope.dated}", 1)
    return f"{what} by {scope.by}, {scope.in_words()}{period}"
