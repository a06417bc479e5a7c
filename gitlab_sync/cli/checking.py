"""The work of `compliance`; apart from the command, since it loads the engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitlab_sync.api.compliance import Checked, ComplianceReport, check_projects, columns
from gitlab_sync.cli import exits, findings
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import Session, open_session
from gitlab_sync.meter import Meter
from gitlab_sync.reports.json_file import to_json
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.project import DEFAULT_POLICY, Policy
from gitlab_sync.rules.text import plural
from gitlab_sync.run import Run
from gitlab_sync.types import Row

_MOST_ERRORS = 3

# The licences of which a text alone does not say whether later versions may be used.
_GNU = re.compile(r"(?:A?GPL|LGPL|GFDL)-\d+\.\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """What a run of `compliance` is about. Immutable.

    `projects` as typed; `everything` says to take all projects of the instance, which is for the
    demo. `details`: with every finding. `fail_under`: the least score, in percent.
    """

    projects: Sequence[str]
    group: str | None
    ref: str | None
    policy: Policy
    details: bool
    fail_under: float | None
    everything: bool = False


def policy_of(licences: Iterable[str]) -> Policy:
    """Return the policy that allows these licences, by SPDX identifier; none: the usual one.

    `AGPL-3.0`, as people write it, allows both forms of it, `-only` and `-or-later`.
    """
    allowed = set(licences)
    allowed |= {
        f"{name}{ending}"
        for name in licences
        if _GNU.fullmatch(name)
        for ending in ("-only", "-or-later")
    }
    return Policy(licences=frozenset(allowed)) if allowed else DEFAULT_POLICY


class _Document(Output):
    """An output that takes finished text in the place of a table, too."""

    def write(self, data: bytes) -> None:
        self._sink.write(data)


def check(question: Question, target: Target, connection: Connection) -> int:
    """Judge these projects, write what was found, and return the exit code.

    Raises ConfigurationError when URL or token is missing or the output cannot be written.
    """
    with open_session(connection) as session:
        names = _all_projects(session) if question.everything else question.projects
        with _Document(target, session.interruption) as output:
            report = _run(question, names, session, output, connection)
            _write(report, question, target, output, session)
        _tell(report, quiet=connection.quiet)
        if session.interruption.exit_code is not None:
            note(session.interruption.cancel.reason)
            return session.interruption.exit_code
        _explain(report)
        return exit_code(report, question.fail_under)


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


def _all_projects(session: Session) -> list[str]:
    projects = session.rest.get_all("projects", {"order_by": "id", "sort": "asc"})
    return [str(record.identity(project)) for project in projects]


def _run(
    question: Question,
    names: Sequence[str],
    session: Session,
    output: _Document,
    connection: Connection,
) -> ComplianceReport:
    meter = Meter()

    def on_checked(checked: Checked) -> None:
        if output.streams:
            output.row(_shown(checked, question))

    live = not (output.streams and output.to_terminal)
    with watching(meter, "projects", quiet=connection.quiet, live=live):
        run = Run(meter=meter, max_wait=connection.max_wait)
        return check_projects(
            session.rest, names, question.group, question.ref, question.policy, run, on_checked
        )


def _shown(checked: Checked, question: Question) -> Row:
    return findings.details(checked, question.policy) if question.details else checked.row


def _write(
    report: ComplianceReport,
    question: Question,
    target: Target,
    output: _Document,
    session: Session,
) -> None:
    alone = len(report) == 1 and question.group is None and not question.everything
    if target.format == "table" and alone and report.checked[0].report is not None:
        text = findings.to_text(report.checked[0], question.policy)
        output.write(text.encode(errors="replace"))
    elif target.format == "json":
        output.write(to_json([_shown(checked, question) for checked in report.checked]))
    elif not output.streams:
        output.finish(_sheet(report, question, session.rest.base_url))


def _sheet(report: ComplianceReport, question: Question, instance: str) -> Sheet:
    links = {
        each.row["Project"]: record.text(each.project, "web_url") or None for each in report.checked
    }
    titles = columns(question.policy)
    return Sheet(
        "Project compliance",
        titles,
        report,
        Meta.of_report(report, instance, _in_words(question, report)),
        links={"Project": lambda row: links[row["Project"]]},
        kinds={
            **dict.fromkeys(titles, "text"),
            "Compliance Score": "percent",
            "Unverified": "integer",
        },
    )


def _in_words(question: Question, report: ComplianceReport) -> str:
    """Say which projects were judged and by what, for whoever reads a file later."""
    where = [] if question.group is None else [f"group {question.group} and its subgroups"]
    if question.projects:
        where.append(plural(len(question.projects), "named project"))
    left_out = [f"without {text}" for text in _left_out(report)]
    licences = ", ".join(sorted(question.policy.licences))
    allowed = f"allowed licences {licences}"
    at = f"at {question.ref or 'the default branch'}"
    return "; ".join([" and ".join(where) or "all projects", *left_out, at, allowed])


def _left_out(report: ComplianceReport) -> list[str]:
    return [f"{count} {reason}" for reason, count in sorted(report.left_out.items())]


def _tell(report: ComplianceReport, *, quiet: bool) -> None:
    """Say how complete the run was."""
    if not report:
        note("warning: no project was found, so there are no rows")
    if not report.completeness.whole or not quiet:
        note(str(report.completeness))
    if report.left_out and not quiet:
        note(f"left out of the group: {', '.join(_left_out(report))}")


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
