"""`compliance`: evaluate how well projects meet your standards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.exits import FAILED, INCOMPLETE, NOTHING, OK, USAGE
from gitlab_sync.cli.files import read_bytes
from gitlab_sync.cli.messages import note, printable
from gitlab_sync.cli.options import (
    FILE,
    Command,
    Connection,
    Number,
    Target,
    connection_options,
    from_option,
    machine_options,
    target_options,
)
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.errors import ConfigurationError, without_secrets
from gitlab_sync.rules import record
from gitlab_sync.rules.delimited import decoded

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules import policy as policies
    from gitlab_sync.rules.projects.checks import ProjectCheck
    from gitlab_sync.rules.projects.compliance import Policy, Report
    from gitlab_sync.rules.projects.facts import Answer, Finding
    from gitlab_sync.rules.projects.gate import Gate
    from gitlab_sync.services.project_report import Checked, ComplianceReport
    from gitlab_sync.types import TableRow

_MARKS: dict[Answer, str] = {
    "pass": "pass", "fail": "FAIL", "waived": "-", "unknown": "?", "not applicable": "n/a",
}  # fmt: skip
_DOCUMENTS = frozenset({"html", "xlsx"})
"""The formats in which the report on a single project has every check, as in a table."""

_MOST_NEXT = 3
_INDENT = " " * 8

# A URL may have a `#` in it.
_COMMENT = re.compile(r"(?:^|\s)#.*")


@click.command(cls=Command)
@click.argument("projects", metavar="[PROJECT]...", nargs=-1)
@click.option(
    "--projects-file",
    "projects_files",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="Projects, one per line; # starts a comment; - is standard input. Repeatable.",
)
@click.option("--group", metavar="G", help="Also all projects of this group and its subgroups.")
@click.option("--ref", metavar="REF", help="A branch, tag or commit. Default: the default branch.")
@click.option(
    "--license",
    "licences",
    multiple=True,
    metavar="SPDX",
    help="An allowed licence, by its SPDX identifier. Repeatable. Default: those of the policy.",
)
@click.option(
    "--fail-under",
    type=Number(0, 100),
    metavar="PERCENT",
    help="Exit with 1 if a project cannot reach this score, with 3 if what is unknown decides.",
)
@click.option("--details", is_flag=True, help="With json and ndjson: include every finding.")
@policy_option
@from_option
@machine_options
@target_options
@connection_options
def compliance(
    projects: tuple[str, ...],
    projects_files: tuple[str, ...],
    group: str | None,
    ref: str | None,
    licences: tuple[str, ...],
    fail_under: float | None,
    details: bool,
    policy: policies.Policy,
    target: Target,
    connection: Connection,
) -> int:
    """Evaluate how well projects meet your standards: each PROJECT by its id, path or URL.

    A single project is shown with every check, its evidence and how to fix it; several projects
    are a table, the lowest score first.
    """
    if details and target.format not in {"json", "ndjson"}:
        raise click.UsageError(f"--details needs --format json or ndjson, got {target.format}.")
    for name in licences:
        _check_licence(name)
    if group is not None and not group.strip().strip("/"):
        raise click.UsageError(f"--group must be an id, path or URL, got “{group}”.")
    asked = bool(projects or projects_files or group is not None)
    if not asked and not (connection.demo or connection.snapshot):
        raise click.UsageError(
            "No projects given: give a PROJECT, --group G, or --projects-file FILE."
        )
    names = [*_given(projects), *_listed(projects_files)]
    if asked and not names and group is None:
        raise click.UsageError("--projects-file must name a project, got none.")

    from gitlab_sync.api.projects import path_at
    from gitlab_sync.cli.report import Ending, by_reason, run_report
    from gitlab_sync.rules.projects.standards import standards_of
    from gitlab_sync.services import compliance as service

    standards = service.policy_of(licences, standards_of(policy))
    query = service.ComplianceQuery(names, group, ref, standards, everything=not asked)

    def row(checked: Checked) -> TableRow:
        return _details(checked, query.policy) if details else checked.row

    def work(command: CommandRun, output: Output) -> Ending:
        def on_checked(checked: Checked) -> None:
            output.row(row(checked))

        with command.progress("projects", live=not output.shows_rows) as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.compliance(command.snapshot, query, policy, on_checked)
            else:
                for name in names:
                    if not path_at(command.session, name):
                        raise ConfigurationError(
                            f"PROJECT must be an id, path or URL, got “{name}”"
                        )
                report = service.answer(command.session, query, run, on_checked)
        alone = len(report) == 1 and group is None and asked
        whole = report.checked[0].report if alone else None
        sheet = service.report_sheet(query, report, command.instance)
        if target.format == "table" and whole is not None:
            output.write(_to_text(report.checked[0], query.policy).encode(errors="replace"))
        elif target.format in _DOCUMENTS and whole is not None and sheet.meta is not None:
            found = service.findings_sheet("Checks", whole, query.policy, sheet.meta)
            output.finish_all([sheet, found])
        else:
            output.finish(replace(sheet, rows=list(map(row, report.checked))))
        if not report:
            note("warning: no project was found, so there are no rows")
        met, hints = _errors(report)
        if not report and fail_under is not None:
            hints.append("--fail-under needs the score of a project to pass")
        remarks = [f"left out of the group: {', '.join(service.left_out(report))}"]
        remarks = remarks if report.left_out else []
        gate = None if fail_under is None else service.gate_of(report, fail_under)
        said = list(gate.in_words()) if gate and report else []
        missed = gate is not None and not gate.passed
        return Ending(
            _exit_code(report, gate),
            report.completeness,
            remarks if missed else [*remarks, *said],
            said if missed else [],
            errors=by_reason(met, "projects"),
            hints=hints,
            warnings=report.warnings,
        )

    return run_report(work, target, connection)


def _given(projects: Iterable[str]) -> Iterator[str]:
    for name in projects:
        if without_secrets(name) != name and "://" not in name:
            raise click.UsageError("A token was given as a PROJECT: put it into GITLAB_TOKEN.")
        yield name.strip()


def _listed(files: Iterable[str]) -> Iterator[str]:
    for file in files:
        for line in decoded(read_bytes(file))[0].splitlines():
            name = _COMMENT.sub("", line).strip()
            if name.strip("/"):
                yield name


def _exit_code(report: ComplianceReport, gate: Gate | None) -> int:
    """Return the exit code of a report, by its gate if there is one.

    A project that cannot reach the score counts before one that is not known to. Without a gate,
    unknown checks do not change the code if everything was read. With one, no project at all is
    wrong usage.
    """
    if not report and gate is not None:
        return USAGE
    if report and all(row["Status"] == "Error" for row in report):
        return NOTHING
    if gate is None:
        return OK if report.completeness.whole else INCOMPLETE
    return FAILED if gate.below else INCOMPLETE if gate.open else OK


def _check_licence(name: str) -> None:
    from gitlab_sync.rules.projects.licences import near_identifiers, spdx

    if re.fullmatch(r"[A-Za-z0-9.+-]+", name) and spdx(name):
        return
    near = near_identifiers(name)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise click.UsageError(
        f"--license must be an SPDX identifier such as MIT or AGPL-3.0, got {name!r}.{meant}"
    )


def _errors(report: ComplianceReport) -> tuple[dict[str, list[str]], list[str]]:
    met: dict[str, dict[str, None]] = {}
    hints: dict[str, None] = {}
    for checked in report.checked:
        for error in () if checked.whole else checked.errors:
            met.setdefault(error.reason, {})[str(checked.row["Project"])] = None
            if error.hint:
                hints[error.hint] = None
    return {reason: list(names) for reason, names in met.items()}, list(hints)


def _details(checked: Checked, policy: Policy) -> dict[str, Any]:
    """Return a project's row with `URL`, `Ref`, and its `finding_rows` as `Checks`.

    The three are null for a project that could not be read.
    """
    from gitlab_sync.services.compliance import finding_rows

    report = checked.report
    if report is None:
        return {**checked.row, "URL": None, "Ref": None, "Checks": None}
    url = record.text(checked.project, "web_url")
    found = finding_rows(report, policy)
    return {**checked.row, "URL": url or None, "Ref": checked.ref, "Checks": found}


def _to_text(checked: Checked, policy: Policy) -> str:
    """Return what was found in a project, check by check, for a person to read. Pure.

    Each check has a mark (`pass`, `FAIL`, `-` for waived, `?` for unknown, `n/a` if it does not
    apply), its points, and the reason; below it the place of the evidence, and for a fault what to
    do. Raises ValueError for a project without a report.
    """
    report = checked.report
    if report is None:
        raise ValueError(f"nothing is known about {checked.asked}")
    lines = [*_head(checked, report, policy), *_body(report, policy), *_next(report, policy)]
    if policy.shown_name:
        lines += ["", f"Policy: {printable(policy.shown_name)}"]
    return "".join(f"{line}\n" for line in lines)


def _head(checked: Checked, report: Report, policy: Policy) -> Iterator[str]:
    yield printable(str(checked.row["Project"]))
    address = record.text(checked.project, "web_url")
    if address:
        yield printable(address)
    yield ""
    least = f"; at least {report.score.at_least or 0:g} %" if policy.shown_name else ""
    yield f"Score  {report.score}{least}"
    yield f"Stack  {', '.join(report.stack) or 'no known language'}"
    yield f"Ref    {printable(checked.ref)}"


def _body(report: Report, policy: Policy) -> Iterator[str]:
    from gitlab_sync.rules.projects.checks import CHECKS

    width = max(len(check.title) for check in CHECKS)
    told: set[tuple[str, ...]] = set()
    for area in dict.fromkeys(check.area for check in CHECKS):
        yield ""
        yield area[0].upper() + area[1:]
        for check in report.checks:
            if check.area == area:
                finding = report.findings[check.id]
                if finding.causes and finding.causes in told and finding.fault:
                    finding = replace(finding, reason=f"{finding.fault}; as above")
                told.add(finding.causes)
                yield from _check(check, finding, policy, width)


def _check(check: ProjectCheck, finding: Finding, policy: Policy, width: int) -> Iterator[str]:
    weight = policy.weights[check.id]
    points = f"{finding.share * weight:g}/{weight:g}"
    counts = "" if finding.result in {"not applicable", "waived"} or not weight else points
    mark = _MARKS[finding.result]
    yield f"  {mark:<4}  {check.title:<{width}}  {counts:>5}  {printable(finding.reason)}"
    if finding.path is not None:
        place = finding.path if finding.line is None else f"{finding.path}:{finding.line}"
        parts = [place] if finding.link is None else [place, finding.link]
        yield _INDENT + "  ".join(map(printable, parts))
    if finding.result == "fail":
        yield f"{_INDENT}To do: {check.how_to_fix}"


def _next(report: Report, policy: Policy) -> Iterator[str]:
    from gitlab_sync.services.compliance import suggestions

    best = [each.check.title for each in suggestions(report, policy)[:_MOST_NEXT]]
    if best:
        yield ""
        yield f"What would help most: {', '.join(best)}"
