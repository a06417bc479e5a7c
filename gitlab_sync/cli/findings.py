"""What was found about one project: as text for a person, and as JSON with every finding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitlab_sync.cli.messages import printable
from gitlab_sync.rules import record
from gitlab_sync.rules.projects.checks import CHECKS, ProjectCheck
from gitlab_sync.rules.projects.compliance import Policy, Report
from gitlab_sync.rules.projects.facts import Answer, Finding
from gitlab_sync.services.compliance import finding_rows, suggestions
from gitlab_sync.services.project_report import Checked

_MARKS: dict[Answer, str] = {
    "pass": "pass", "fail": "FAIL", "unknown": "?", "not applicable": "n/a",
}  # fmt: skip
_MOST_NEXT = 3
_INDENT = " " * 8


def details(checked: Checked, policy: Policy) -> dict[str, Any]:
    """Return a project's row with `URL`, `Ref` and `Checks`: its `finding_rows`.

    For a project that could not be read the three are null.
    """
    report = checked.report
    if report is None:
        return {**checked.row, "URL": None, "Ref": None, "Checks": None}
    url = record.text(checked.project, "web_url")
    found = finding_rows(report, policy)
    return {**checked.row, "URL": url or None, "Ref": checked.ref, "Checks": found}


def to_text(checked: Checked, policy: Policy) -> str:
    """Return what was found of a project, check by check, for a person. Pure.

    A mark (`pass`, `FAIL`, `?` for unknown, `n/a` for what does not apply) and what it counts, then
    the reason; below it where that stands, and for a fault what to do about it. The project must
    have a report.
    """
    report = checked.report
    if report is None:
        raise ValueError(f"nothing is known about {checked.asked}")
    lines = [*_head(checked, report), *_body(report, policy), *_next(report, policy)]
    return "".join(f"{line}\n" for line in lines)


def _head(checked: Checked, report: Report) -> Iterator[str]:
    yield printable(str(checked.row["Project"]))
    address = record.text(checked.project, "web_url")
    if address:
        yield printable(address)
    yield ""
    yield f"Score  {report.score}"
    yield f"Stack  {', '.join(report.stack) or 'no known language'}"
    yield f"Ref    {printable(checked.ref)}"


def _body(report: Report, policy: Policy) -> Iterator[str]:
    width = max(len(check.title) for check in CHECKS)
    for area in dict.fromkeys(check.area for check in CHECKS):
        yield ""
        yield area[0].upper() + area[1:]
        for check in CHECKS:
            if check.area == area:
                yield from _check(check, report.findings[check.id], policy, width)


def _check(check: ProjectCheck, finding: Finding, policy: Policy, width: int) -> Iterator[str]:
    weight = policy.weights[check.id]
    points = f"{finding.share * weight:g}/{weight:g}"
    counts = "" if finding.result == "not applicable" or not weight else points
    mark = _MARKS[finding.result]
    yield f"  {mark:<4}  {check.title:<{width}}  {counts:>5}  {printable(finding.reason)}"
    if finding.path is not None:
        place = finding.path if finding.line is None else f"{finding.path}:{finding.line}"
        parts = [place] if finding.link is None else [place, finding.link]
        yield _INDENT + "  ".join(map(printable, parts))
    if finding.result == "fail":
        yield f"{_INDENT}To do: {check.how_to_fix}"


def _next(report: Report, policy: Policy) -> Iterator[str]:
    """Say what to do first: what would raise the score most."""
    best = [each.check.title for each in suggestions(report, policy)[:_MOST_NEXT]]
    if best:
        yield ""
        yield f"What would help most: {', '.join(best)}"
