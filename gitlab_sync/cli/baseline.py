"""`baseline`: show or write the file of known faults, which `check` compares with."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import options
from gitlab_sync.cli.check_subject import AskedSubject, subject_options
from gitlab_sync.cli.checking import Checking, baseline_option, ending, read_baseline
from gitlab_sync.cli.files import open_file
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.rules.ratchet.baseline import NAME, Baseline
from gitlab_sync.rules.ratchet.limits import Limits
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.types import Source


@click.command(cls=options.Command)
@subject_options
@policy_option
@baseline_option
@click.option("--write", is_flag=True, help="Write the faults into the file, too.")
@options.source_option
@options.target_options
@options.connection_options
def baseline(
    asked: AskedSubject,
    policy: Policy,
    baseline: str | None,
    write: bool,
    source: Source,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """Show the faults of a merge request, a project or people, and make them the known ones.

    In the file they replace what it has about the same checks of the same places; the rest stays.
    """
    subject, connection = asked.resolved(connection)
    path, known = baseline or NAME, read_baseline(baseline, must_exist=not write)

    from gitlab_sync.cli.report import run_report

    checking = Checking(subject, policy, known, path, Limits("none"), target)

    def work(command: CommandRun, output: Output) -> Ending:
        with ExitStack() as stack:
            file = None
            if write:
                file = stack.enter_context(open_file(path, "--baseline", command.interruption))
            report, summary = checking.run(command, output)
            if file is None:
                return ending(report, summary)
            if report.nothing or command.interruption.exit_code is not None:
                file.abandon()
                return ending(report, summary)
            from gitlab_sync.rules.ratchet.comparison import decided, known_faults

            results = report.results
            content = known or Baseline(policy.name, report.project)
            content = content.renewed(known_faults(results), decided(results))
            file.write(content.to_text().encode())
        report.remarks.append(f"{path} has {plural(len(content.faults), 'known fault')} now")
        return ending(report, summary)

    return run_report(work, target, connection, options.FactOptions(source, store="off"))
