"""The compliance report on one project with every check, and the scores of many as bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.pages.widgets.contest import contest_link
from gitlab_sync.pages.widgets.markdown import escaped, linked
from gitlab_sync.pages.widgets.table_view import show_table
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules import record
from gitlab_sync.rules.projects.checks import BY_ID, Area, ProjectCheck
from gitlab_sync.rules.projects.compliance import AT_LEAST, Policy, Report
from gitlab_sync.rules.projects.facts import Answer, Finding
from gitlab_sync.rules.text import plural
from gitlab_sync.services import contests
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
"""The areas of a report by the titles of their tabs; the last tab has the suggestions."""

_KNOWN, _PARTLY, _UNKNOWN = "known", "partly known", "unknown"
_COLOURS = {_KNOWN: charts.BLUE, _PARTLY: charts.VERMILLION, _UNKNOWN: charts.GREY}

_SUGGESTIONS = "Suggestions"
_BADGES: Mapping[Answer, str] = {
    "pass": ":green-badge[:material/check_circle: pass]",
    "fail": ":red-badge[:material/cancel: fail]",
    "waived": ":gray-badge[:material/gavel: waived]",
    "unknown": ":orange-badge[:material/help: unknown]",
    "not applicable": ":gray-badge[:material/do_not_disturb_on: not applicable]",
}


def show_report(checked: Checked, policy: Policy, meta: Meta, key: str) -> None:
    """Show the report on one project; `key` is unique among the reports of a page."""
    name, report = str(checked.row["Project"]), checked.report
    link = record.link(checked.project)
    st.header(linked(name, link), anchor=False)
    if report is None:
        st.markdown(f"The project could not be read: {escaped(str(checked.row['Error']))}.")
        return
    st.caption(f"At {escaped(checked.ref)}")

    def text(check: ProjectCheck) -> str:
        finding = report.findings[check.id]
        address = None
        if finding.result == "fail":
            address = contests.of_finding(policy, meta.instance, checked.project, check, finding)
        shown = check_text(check, finding, policy.weights[check.id])
        return f"{shown}{contest_link(address)}"

    _show_head(report, policy)
    with st.container(border=True):
        st.markdown(f"**Documentation** · {tally(report, 'documentation')}")
        for place, column in enumerate(st.columns(2, gap="medium")):
            with column:
                _show_checks(_of_area(report, "documentation")[place::2], text)
    tabs = st.tabs([*TABS, _SUGGESTIONS], key=f"tab_{key}")
    for tab, area in zip(tabs, TABS.values(), strict=False):
        with tab:
            _show_checks(_of_area(report, area), text)
    with tabs[-1]:
        st.markdown(suggestions_text(report, suggestions(report, policy)))
    with st.expander("All checks as a table, with downloads", icon=":material/table:"):
        sheet = findings_sheet(name, report, policy, meta)
        show_table(sheet, f"checks_{key}", f"Compliance_of_{name}")


def _show_head(report: Report, policy: Policy) -> None:
    score = report.score
    shown, _, unknown = str(score).partition(", ")
    explained = "Unknown checks are left out; their weight is below the score."
    if policy.shown_name and score.at_least is not None:
        unknown = ", ".join(filter(None, [f"at least {score.at_least:g} %", unknown]))
        explained += " “At least” is the score if all of them failed."
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
            help="The weight of the checks that pass, as a percentage of the checks that pass or "
            f"fail. {explained}",
        )
    with second, st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(":small[Stack]")
        st.markdown(escaped(", ".join(report.stack)) or "no language found")
    with third, st.container(border=True, height="stretch", gap="xsmall"):
        licence = report.findings["license"]
        st.markdown(":small[Licence]")
        st.markdown(f"{_BADGES[licence.result]} {_reason(licence)}")


def _of_area(report: Report, area: Area) -> list[ProjectCheck]:
    return [check for check in report.checks if check.area == area]


def _show_checks(checks: Iterable[ProjectCheck], text: Callable[[ProjectCheck], str]) -> None:
    for check in checks:
        st.markdown(text(check))


def check_text(check: ProjectCheck, finding: Finding, weight: float) -> str:
    """Return, as Markdown, a check's result, weight, reason and evidence, and how to fix it."""
    lines = [
        f"{_BADGES[finding.result]} **{check.title}** · {_counts(finding, weight)}",
        _reason(finding),
    ]
    if finding.result == "fail":
        lines.append(f":material/build: {check.how_to_fix}")
    return "  \n".join(lines)


def _counts(finding: Finding, weight: float) -> str:
    if not weight or finding.result in {"not applicable", "waived"}:
        return "does not count"
    if finding.result == "unknown":
        return f"weight {weight:g}, left out"
    return f"{finding.share * weight:g} of {weight:g}"


def _reason(finding: Finding) -> str:
    """Return, as Markdown, the reason of a result, with a link to its evidence."""
    reason = escaped(finding.reason)
    if finding.path is None:
        return reason
    line = "" if finding.line is None else f", line {finding.line}"
    return f"{reason} ({linked(finding.path + line, finding.link)})"


def tally(report: Report, area: Area) -> str:
    """Return how many checks of an area pass: `4 of 6 pass, 1 unknown, 1 waived`."""
    results = [report.findings[check.id].result for check in _of_area(report, area)]
    known = results.count("pass") + results.count("fail")
    others = [f"{results.count(what)} {what}" for what in ("unknown", "waived") if what in results]
    return ", ".join([f"{results.count('pass')} of {known} pass", *others])


def suggestions_text(report: Report, found: Sequence[Suggestion]) -> str:
    """Return, as Markdown, what to fix, the largest gain first, then the unknown checks."""
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
        parts.append("There is nothing to fix." if not unknown else "No faults found.")
    if unknown:
        parts.append(f"Unknown, so neither passed nor failed: {', '.join(unknown)}.")
    return "\n\n".join(parts)


def _gain(suggestion: Suggestion) -> str:
    points = round(suggestion.points, 1)
    return f"adds {points:g} to the score" if suggestion.weight else "does not count"


def score_bars(rows: Sequence[TableRow]) -> charts.Cells:
    """Return a bar for each of the first `charts.MOST_ROWS` rows, in their order.

    Each has `Project`, `Share` (the score in percent, 0 if unknown), `Text` (`75 %`, or `?`; with
    three unknown checks `75 % (at least 70 %)`, or `75 % (+3 ?)` if the rows lack that) and `Kind`
    (how much of the score is known, in words).
    """
    return [_bar(row) for row in rows[: charts.MOST_ROWS]]


def _bar(row: TableRow) -> dict[str, object]:
    score, unknown = row["Compliance Score"], row["Unverified"]
    text, known = "?", _UNKNOWN
    if isinstance(score, int | float):
        text, known = f"{score:g} %", _KNOWN
        if unknown:
            least = row.get(AT_LEAST)
            more = f"+{unknown} ?" if least is None else f"at least {least:g} %"
            text, known = f"{text} ({more})", _PARTLY
    return {"Project": row["Project"], "Share": score or 0.0, "Text": text, "Kind": known}


def show_scores(rows: Sequence[TableRow]) -> None:
    """Show the scores of rows as bars, in their order, with unknown ones marked."""
    title, alt_text = "Score in percent", scores_in_words(rows)
    charts.show_percents(score_bars(rows), "Project", title, alt_text, _COLOURS)
    if len(rows) > charts.MOST_ROWS:
        st.caption(f"The worst {charts.MOST_ROWS} of {len(rows)} projects.")


def scores_in_words(rows: Sequence[TableRow]) -> str:
    """Describe the bars, for screen readers."""
    first = ", ".join(f"{each['Project']} {each['Text']}" for each in score_bars(rows)[:5])
    return f"Bars: the scores of {plural(len(rows), 'project')}, the worst first: {first}"
