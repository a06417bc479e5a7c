"""What `check` and `baseline` share: the file of known faults, and the way to a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import exits
from gitlab_sync.cli.files import read_bytes
from gitlab_sync.cli.options import FILE, Target
from gitlab_sync.rules.ratchet.baseline import NAME, Baseline, parse_baseline
from gitlab_sync.rules.ratchet.limits import Limits

if TYPE_CHECKING:
    from gitlab_sync.cli.check_subject import Subject
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.reports.checks.summary import CheckSummary
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.checks.query import CheckReport

baseline_option = click.option(
    "--baseline", type=FILE, metavar="FILE",
    help=f"The file of known faults. Default: {NAME} in the working directory.",
)  # fmt: skip


def read_baseline(path: str | None, *, must_exist: bool) -> Baseline | None:
    """Return the baseline of a file, or of the one with the usual name; None if there is none.

    Raises click.UsageError for a file that cannot be read, or is named and `must_exist` and does
    not, and ConfigurationError if it is no baseline.
    """
    name = path or NAME
    if not Path(name).exists() and not (path and must_exist):
        return None
    return parse_baseline(read_bytes(name), name)


@dataclass(frozen=True, slots=True)
class Checking:
    """What is checked, and how the result is shown. Immutable. `path` is that of the baseline."""

    subject: Subject
    policy: Policy
    known: Baseline | None
    path: str
    limits: Limits
    target: Target

    def run(
        self, command: CommandRun, output: Output, *, note: bool = False
    ) -> tuple[CheckReport, CheckSummary]:
        """Read and evaluate what is checked, compare it with the baseline, and show it.

        `note` says to read what is needed to keep a note on the merge request.
        """
        from gitlab_sync.reports.checks.summary import CheckSummary
        from gitlab_sync.rules.ratchet.comparison import Comparison
        from gitlab_sync.services.checks.answer import answer

        query = self.subject.query(command, self.policy, note=note)
        with command.progress("items") as run:
            report = answer(command.session, query, run)
        if self.known is not None:
            self.known.check_fits(self.policy.name, report.project, self.path)
        summary = CheckSummary(
            report.subject,
            self.policy.name,
            Comparison.of(report.results, self.known),
            self.limits,
            str(report.completeness),
            report.unread,
            [*report.remarks, *report.warnings],
        )
        self._show(summary, command.session.base_url, output)
        return report, summary

    def _show(self, summary: CheckSummary, instance: str, output: Output) -> None:
        from gitlab_sync.reports.checks.table import check_sheet
        from gitlab_sync.reports.checks.text import to_text
        from gitlab_sync.reports.sheet import Meta

        if self.target.format == "table":
            output.write(to_text(summary))
            return
        told = (summary.completeness, summary.subject, summary.policy)
        output.finish(check_sheet(summary, Meta(datetime.now(UTC), instance, *told)))


def ending(report: CheckReport, summary: CheckSummary, left_out: Sequence[str] = ()) -> Ending:
    """Return the ending of a run that has found nothing to fail on, or says so in `left_out`."""
    from gitlab_sync.cli.report import Ending

    code = exits.OK
    if left_out:
        code = exits.FAILED
    elif report.nothing:
        code = exits.NOTHING
    elif report.unread or summary.comparison.unread(summary.limits):
        code = exits.INCOMPLETE
    return Ending(
        code,
        report.completeness,
        report.remarks,
        left_out,
        report.unread,
        warnings=report.warnings,
    )
