"""What was found about projects: one with every check, and the scores of many as bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.pages.widgets.error_panel import escaped, linked
from gitlab_sync.pages.widgets.table_view import show_sheet
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules import record
from gitlab_sync.rules.projects.checks import BY_ID, CHECKS, Area, ProjectCheck
from gitlab_sync.rules.projects.compliance import Policy, Report
from gitlab_sync.rules.projects.facts import Answer, Finding
from gitlab_sync.rules.text import plural
from gitlab_sync.services.compliance import Suggestion, findings_sheet, suggestions
from gitlab_sync.services.project_report import Checked
from gitlab_sync.types import TableRow

TABS: Mapping[str, Area] = {
    "Quality & tools": "quality & tools",
    "Security": "security",
    "Testing": "testing",
    "Automation & CI": "automation & CI",
    "Metadata": "metadata",
}
"""The tabs of a report, by their titles; the suggestions come behind them."""

_KNOWN, _IN_PART, _NOT_KNOWN = "known", "known in part", "not known"
_COLOURS = {_KNOWN: charts.BLUE, _IN_PART: charts.VERMILLION, _NOT_KNOWN: charts.GREY}

_SUGGESTIONS = "Suggestions"
_BADGES: Mapping[Answer, str] = {
    "pass": ":green-badge[:material/check_circle: pass]",
    "fail": ":red-badge[:material/cancel: fail]",
    "unknown": ":orange-badge[:material/help: unknown]",
    "not applicable": ":gray-badge[:material/do_not_disturb_on: not applicable]",
}


# -- one project -----------------------------------------------------------------------------------


def show_report(checked: Checked, policy: Policy, meta: Meta, key: str) -> None:
    """Show what was found of one project; `key` tells the reports of a page apart."""
    name, report = str(checked.row["Project"]), checked.report
    link = record.link(checked.project)
    st.header(linked(name, link), anchor=False)
    if report is None:
        st.markdown(f"Nothing is known of it: {escaped(str(checked.row['Error']))}.")
        return
    st.caption(f"At {escaped(checked.ref)}")
    _show_head(report)
    with st.container(border=True):
        st.markdown(f"**Documentation** · {tally(report, 'documentation')}")
        for place, column in enumerate(st.columns(2, gap="medium")):
            with column:
                _show_checks(_of_area("documentation")[place::2], report, policy)
    tabs = st.tabs([*TABS, _SUGGESTIONS], key=f"tab_{key}")
    for tab, area in zip(tabs, TABS.values(), strict=False):
        with tab:
            _show_checks(_of_area(area), report, policy)
    with tabs[-1]:
        st.markdown(suggestions_text(report, suggestions(report, policy)))
    with st.expander("All checks as a table, and as a file", icon=":material/table:"):
        sheet = findings_sheet(name, report, policy, meta)
        show_sheet(sheet, f"checks_{key}", f"Compliance_of_{name}")


def _show_head(report: Report) -> None:
    score = report.score
    shown, _, unknown = str(score).partition(", ")
    first, second, third = st.columns(3)
    with first:
        st.metric(
            "Score",
            shown,
            unknown or None,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help="The weight of the checks that pass, in percent of those that pass or fail. What "
            "is unknown counts for neither, and its weight stands beside the score.",
        )
    with second, st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(":small[Stack]")
        st.markdown(escaped(", ".join(report.stack)) or "no known language")
    with third, st.container(border=True, height="stretch", gap="xsmall"):
        licence = report.findings["license"]
        st.markdown(":small[Licence]")
        st.markdown(f"{_BADGES[licence.result]} {_reason(licence)}")


def _of_area(area: Area) -> list[ProjectCheck]:
    return [check for check in CHECKS if check.area == area]


def _show_checks(checks: Iterable[ProjectCheck], report: Report, policy: Policy) -> None:
    for check in checks:
        st.markdown(check_text(check, report.findings[check.id], policy.weights[check.id]))


def check_text(check: ProjectCheck, finding: Finding, weight: float) -> str:
    """Return, as Markdown, a check's result, what it counts, why, where, and how to fix it."""
    lines = [
        f"{_BADGES[finding.result]} **{check.title}** · {_counts(finding, weight)}",
        _reason(finding),
    ]
    if finding.result == "fail":
        lines.append(f":material/build: {check.how_to_fix}")
    return "  \n".join(lines)


def _counts(finding: Finding, weight: float) -> str:
    if not weight or finding.result == "not applicable":
        return "does not count"
    if finding.result == "unknown":
        return f"weight {weight:g}, left out"
    return f"{finding.share * weight:g} of {weight:g}"


def _reason(finding: Finding) -> str:
    """Return, as Markdown, why a check answers so, with a link to the place that shows it."""
    reason = escaped(finding.reason)
    if finding.path is None:
        return reason
    line = "" if finding.line is None else f", line {finding.line}"
    return f"{reason} ({linked(finding.path + line, finding.link)})"


def tally(report: Report, area: Area) -> str:
    """Say how many checks of an area pass: `4 of 6 pass, 1 unknown`."""
    results = [report.findings[check.id].result for check in _of_area(area)]
    judged = results.count("pass") + results.count("fail")
    unknown = results.count("unknown")
    return f"{results.count('pass')} of {judged} pass" + (f", {unknown} unknown" if unknown else "")


def suggestions_text(report: Report, found: Sequence[Suggestion]) -> str:
    """Return, as Markdown, what to mend first, each with how and why, then what is not known."""
    parts = [
        f"{place}. **{each.check.title}** · {_gain(each)}  \n"
        f"{each.check.how_to_fix}  \n{each.check.why}"
        for place, each in enumerate(found, 1)
    ]
    unknown = [
        BY_ID[name].title
        for name, finding in report.findings.items()
        if finding.result == "unknown"
    ]
    if not parts:
        parts.append("Nothing is to be mended." if not unknown else "No fault was found.")
    if unknown:
        parts.append(f"Not known, so neither good nor bad: {', '.join(unknown)}.")
    return "\n\n".join(parts)


def _gain(suggestion: Suggestion) -> str:
    if not suggestion.weight:
        return "does not count"
    return f"adds {round(suggestion.points, 1):g} to the score"


# -- many projects ---------------------------------------------------------------------------------


def bars(rows: Sequence[TableRow]) -> list[dict[str, object]]:
    """Return the bars of rows, in their order, the first `charts.MOST_ROWS` of them.

    Each has `Project`, `Share` (the score, 0 where it is unknown), `Text` (what stands beside the
    bar: `75 %`, `75 % (+3 ?)` where three checks are unknown, `?`) and `Kind` (how well it is
    known, in words).
    """
    return [_bar(row) for row in rows[: charts.MOST_ROWS]]


def _bar(row: TableRow) -> dict[str, object]:
    score, unknown = row["Compliance Score"], row["Unverified"]
    text, known = "?", _NOT_KNOWN
    if isinstance(score, int | float):
        text, known = f"{score:g} %", _KNOWN
        if unknown:
            text, known = f"{text} (+{unknown} ?)", _IN_PART
    return {"Project": row["Project"], "Share": score or 0.0, "Text": text, "Kind": known}


def show_scores(rows: Sequence[TableRow]) -> None:
    """Show the scores of rows as bars, in their order, with what is not known marked."""
    title, alt_text = "Score in percent", scores_in_words(rows)
    charts.show_percents(bars(rows), "Project", title, alt_text, _COLOURS)
    if len(rows) > charts.MOST_ROWS:
        st.caption(f"The first {charts.MOST_ROWS} of {len(rows)} projects, the worst first.")


def scores_in_words(rows: Sequence[TableRow]) -> str:
    """Describe the bars for whoever does not see them."""
    first = ", ".join(f"{each['Project']} {each['Text']}" for each in bars(rows)[:5])
    return f"Bars: the scores of {plural(len(rows), 'project')}, the worst first: {first}"
