"""`check`: fail a pipeline on new faults of a merge request, a project, or people's work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.check_subject import AskedSubject, subject_options
from gitlab_sync.cli.checking import Checking, baseline_option, ending, read_baseline
from gitlab_sync.cli.files import open_file
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.errors import GitLabSyncError, PermissionDenied
from gitlab_sync.reports.checks.formats import WRITERS, writer
from gitlab_sync.rules.ratchet.baseline import NAME
from gitlab_sync.rules.ratchet.limits import FailOn, Least, Limits
from gitlab_sync.rules.text import did_you_mean, plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.reports.atomic import AtomicFile
    from gitlab_sync.reports.checks.summary import CheckSummary
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.checks.query import CheckReport
    from gitlab_sync.types import Source


@click.command(cls=options.Command)
@subject_options
@policy_option
@baseline_option
@click.option(
    "--fail-on",
    type=options.Choice(get_args(FailOn)),
    default="new",
    show_default=True,
    help="Exit with 1 on faults that are not in the baseline, on any fault, or on none.",
)
@click.option(
    "--min-severity",
    "least",
    type=options.Choice(get_args(Least)),
    default="low",
    show_default=True,
    help="The lowest severity of a fault to fail on.",
)
@click.option("--tighten", is_flag=True, help="Take faults that are gone out of the baseline.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="KIND=FILE",
    help=f"Also write a report: {', '.join(WRITERS)}. Repeatable.",
)
@click.option(
    "--comment",
    is_flag=True,
    help="Post the result as a note on the merge request, or update that note; needs the scope "
    "api.",
)
@options.source_option
@options.target_options
@options.connection_options
def check(
    asked: AskedSubject,
    policy: Policy,
    baseline: str | None,
    fail_on: FailOn,
    least: Least,
    tighten: bool,
    reports: tuple[str, ...],
    comment: bool,
    source: Source,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """Check a merge request, a project's compliance, or the work of people; fail on new faults.

    In the pipeline of a merge request it checks that one. Faults in the baseline are known, all
    others are new.
    """
    files = _report_files(reports)
    subject, connection = asked.resolved(connection)
    if comment and subject.merge_request is None:
        raise click.UsageError("--comment is about a merge request.")
    path, known = baseline or NAME, read_baseline(baseline, must_exist=True)
    if tighten and known is None:
        raise click.UsageError("--tighten needs a baseline: write it with `baseline --write`.")

    from gitlab_sync.cli.report import run_report

    checking = Checking(subject, policy, known, path, Limits(fail_on, least), target)

    def work(command: CommandRun, output: Output) -> Ending:
        with ExitStack() as stack:

            def opened(name: str, option: str) -> AtomicFile:
                return stack.enter_context(open_file(name, option, command.interruption))

            written = [(writer(kind), opened(name, "--report")) for name, kind in files.items()]
            tight = opened(path, "--baseline") if tighten else None
            report, summary = checking.run(command, output, note=comment)
            for write, file in written:
                file.write(write(summary))
            ended = command.interruption.exit_code is not None
            gone = summary.comparison.gone
            if tight is not None and known is not None:
                if gone and not ended:
                    content = known.without(gone)
                    tight.write(content.to_text().encode())
                    left = plural(len(content.faults), "known fault")
                    report.remarks.append(f"{path} has {left} now")
                else:
                    tight.abandon()
        end = ending(report, summary, _failing(summary))
        has_note = comment and report.results and not ended
        return _noted(end, summary, report, command) if has_note else end

    return run_report(work, target, connection, options.FactOptions(source, store="off"))


def _report_files(given: Sequence[str]) -> dict[str, str]:
    """Return the kind of each report by its file; click.UsageError for a kind that there is not."""
    files: dict[str, str] = {}
    for each in given:
        kind, _, path = each.partition("=")
        if kind not in WRITERS or not path:
            near = did_you_mean(kind, WRITERS)
            raise click.UsageError(
                f"--report must be KIND=FILE with one of {', '.join(WRITERS)}, got {each}.{near}"
            )
        if path in files:
            raise click.UsageError(f"--report must name each file once, got {path} twice.")
        files[path] = kind
    return files


def _failing(summary: CheckSummary) -> list[str]:
    """Return a line with the number of faults to fail on; none if there are none."""
    failing, least = summary.comparison.failing(summary.limits), summary.limits.least
    if not failing:
        return []
    severity = "" if least == "low" else f", of the severity {least} or a higher one"
    kind = "new fault" if summary.limits.fail_on == "new" else "fault"
    return [f"{plural(len(failing), kind)}{severity}"]


def _noted(end: Ending, summary: CheckSummary, report: CheckReport, command: CommandRun) -> Ending:
    """Keep the note on the merge request; return the ending that says so, or why it did not."""
    from gitlab_sync.services.checks.note import keep_note

    try:
        done = keep_note(command.session, report, writer("markdown")(summary).decode())
    except GitLabSyncError as error:
        refused = isinstance(error, PermissionDenied)
        hint = "A note needs a token with the scope api." if refused else error.hint
        code = end.code if end.code == exits.FAILED else exits.USAGE
        errors = [*end.errors, f"the note was not written: {error.reason}"]
        return replace(end, code=code, errors=errors, hints=[*end.hints, hint])
    return replace(end, remarks=[*end.remarks, f"the note on the merge request is {done}"])
