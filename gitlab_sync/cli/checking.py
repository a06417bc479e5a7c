"""The work of `compliance`; apart from the command, since it loads the engine."""

from __future__ import annotations

from gitlab_sync.cli import exits, findings
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import CommandRun, open_session
from gitlab_sync.reports.json_file import to_json
from gitlab_sync.run import Run
from gitlab_sync.services.compliance import ComplianceQuery, answer, left_out, report_sheet
from gitlab_sync.services.project_report import Checked, ComplianceReport
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import TableRow

_MOST_ERRORS = 3


def check(
    query: ComplianceQuery,
    target: Target,
    connection: Connection,
    *,
    details: bool,
    fail_under: float | None,
) -> int:
    """Judge these projects, write what was found, and return the exit code.

    `details`: with every finding. `fail_under`: the least score, in percent. Raises
    ConfigurationError when URL or token is missing or the output cannot be written.
    """
    with open_session(connection) as session:
        with Output(target, session.interruption) as output:
            report = _run(query, session, output, connection, details=details)
            _write(report, query, target, output, session, details=details)
        _tell(report, quiet=connection.quiet)
        if session.interruption.exit_code is not None:
            note(session.interruption.cancel.reason)
            return session.interruption.exit_code
        _explain(report)
        return exit_code(report, fail_under)


def exit_code(report: ComplianceReport, fail_under: float | None) -> int:
    """Return the exit code that a report calls for, given the least score that is good enough.

    A score that is below it goes before anything that could not be read; that checks are unknown
    although everything was read is no reason for another code.
    """
    if report and all(row["Status"] == "Error" for row in report):
        return exits.NOTHING
    scores = [row["Compliance Score"] for row in report]
    if fail_under is not None and any(
        isinstance(score, float) and score < fail_under for score in scores
    ):
        return exits.FAILED
    return exits.OK if report.completeness.whole else exits.INCOMPLETE


def _run(
    query: ComplianceQuery,
    session: CommandRun,
    output: Output,
    connection: Connection,
    *,
    details: bool,
) -> ComplianceReport:
    tracker = ProgressTracker()

    def on_checked(checked: Checked) -> None:
        if output.streams:
            output.row(_shown(checked, query, details=details))

    live = not (output.streams and output.to_terminal)
    with watching(tracker, "projects", quiet=connection.quiet, live=live):
        run = Run(tracker=tracker, max_wait=connection.max_wait)
        return answer(session.rest, query, run, on_checked)


def _shown(checked: Checked, query: ComplianceQuery, *, details: bool) -> TableRow:
    return findings.details(checked, query.policy) if details else checked.row


def _write(
    report: ComplianceReport,
    query: ComplianceQuery,
    target: Target,
    output: Output,
    session: CommandRun,
    *,
    details: bool,
) -> None:
    alone = len(report) == 1 and query.group is None and not query.everything
    if target.format == "table" and alone and report.checked[0].report is not None:
        text = findings.to_text(report.checked[0], query.policy)
        output.write(text.encode(errors="replace"))
    elif target.format == "json":
        rows = [_shown(checked, query, details=details) for checked in report.checked]
        output.write(to_json(rows))
    elif not output.streams:
        output.finish(report_sheet(query, report, session.rest.base_url))


def _tell(report: ComplianceReport, *, quiet: bool) -> None:
    """Say how complete the run was."""
    if not report:
        note("warning: no project was found, so there are no rows")
    if not report.completeness.whole or not quiet:
        note(str(report.completeness))
    if report.left_out and not quiet:
        note(f"left out of the group: {', '.join(left_out(report))}")


def _explain(report: ComplianceReport) -> None:
    """Say what could not be read, and what to do about it, however quiet the run is."""
    met: dict[str, list[str]] = {}
    hints: dict[str, None] = {}
    for checked in report.checked:
        for error in () if checked.whole else checked.errors:
            names = met.setdefault(error.reason, [])
            name = str(checked.row["Project"])
            if name not in names:
                names.append(name)
            if error.hint:
                hints[error.hint] = None
    for reason, names in list(met.items())[:_MOST_ERRORS]:
        complain(f"{names[0] if len(names) == 1 else f'{len(names)} projects'}: {reason}")
    if len(met) > _MOST_ERRORS:
        note(f"and {len(met) - _MOST_ERRORS} other errors: see the column Error")
    for hint in list(hints)[:_MOST_ERRORS]:
        note(f"hint: {hint}")
