"""What to mend in a person's work, on a page: why, how and where; and what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from gitlab_sync.pages.widgets.error_panel import escaped, linked
from gitlab_sync.pages.widgets.table_view import Extras, show_sheet
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Severity
from gitlab_sync.rules.items.fixes import Doubt, Entry, Fixes, Group
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.rules.text import plural
from gitlab_sync.services.profile import ProfileReport

MOST_ITEMS = 10
"""Items that are listed below one check; the table has all."""

_BADGES: dict[Severity, str] = {
    "high": ":red-badge[high]",
    "medium": ":orange-badge[medium]",
    "low": ":gray-badge[low]",
}
_JUDGED = ("merge requests", "issues")


def show_mending(report: ProfileReport, instance: str) -> None:
    """Show what to mend, the worst first, and apart from it what is not known."""
    sheets = {sheet.title: sheet for sheet in report.summaries(instance)}
    username = str(report[0]["Username"])
    st.header("What to mend", anchor=False)
    if report.fixes.faults:
        _show_groups(report.fixes, sheets[tables.TO_FIX], username)
    else:
        unread = [part for part in _JUDGED if part in report.errors]
        text, good = nothing_to_mend(report.fixes, unread)
        icon = ":material/sentiment_satisfied:" if good else ":material/info:"
        (st.success if good else st.info)(text, icon=icon)
    _show_unknown(report, sheets[tables.NOT_KNOWN], username)


def _show_groups(fixes: Fixes, sheet: Sheet, username: str) -> None:
    things = plural(len(fixes.faults), "thing")
    st.markdown(
        f"{things} can be better in {in_words(fixes.evaluated)}. The weightiest come first: begin "
        "there. Open one to see how to mend it, and where it is."
    )
    for place, group in enumerate(fixes.groups):
        with st.expander(group_title(group), expanded=place == 0):
            st.markdown(group_text(group))
    with st.expander("All of it as a table, and as a file", icon=":material/table:"):
        alt = "What to mend: a row for each item and check, the worst first"
        show_sheet(sheet, "mend", f"{sheet.title}_of_{username}", Extras(alt=alt))


def nothing_to_mend(fixes: Fixes, unread: Sequence[str]) -> tuple[str, bool]:
    """Say, as Markdown, what it means that no fault is known, and whether that is good news.

    `unread` names the items of which some are not known.
    """
    judged = in_words(fixes.evaluated)
    if not judged and unread:
        text = f"Nobody can say: the {' and '.join(unread)} could not all be read."
    elif not judged:
        text = (
            "Nothing yet: merge requests are looked at once they are merged or closed, and issues "
            "once they are closed."
        )
    elif unread or fixes.unknown:
        text = f"No fault was found in {judged}, but not everything could be checked."
    else:
        return f"**Nothing at all: well done!** Every check passes in {judged}.", True
    return text, False


def in_words(judged: Mapping[str, int]) -> str:
    """Return how many items were judged: `12 merge requests and 1 issue`; empty for none."""
    return " and ".join(plural(number, kind) for kind, number in judged.items() if number)


def group_title(group: Group) -> str:
    """Return, as Markdown, a check that fails, how heavy that is, and how often it happens."""
    share = f"{len(group.faults)} of {plural(group.known, group.kind)} ({group.share:.0%})"
    others = f", {group.unknown} not known" if group.unknown else ""
    return f"{_BADGES[group.check.severity]} **{escaped(group.check.title)}** · {share}{others}"


def group_text(group: Group) -> str:
    """Return, as Markdown, how to fix what a check finds, why, and the newest items behind it."""
    check = group.check
    lines = [f":material/build: {escaped(check.how_to_fix)}  ", escaped(check.why), ""]
    lines += [f"- {entry_text(entry)}" for entry in group.faults[:MOST_ITEMS]]
    more = len(group.faults) - MOST_ITEMS
    if more > 0:
        lines.append(f"- and {more} more, in the table below")
    return "\n".join(lines)


def entry_text(entry: Entry) -> str:
    """Return, as Markdown, an item and the reason, each with a link to it."""
    name = tables.reference(entry.item) or f"{entry.kind} {record.field(entry.item, 'iid')}"
    title = " ".join((record.text(entry.item, "title") or "").split())
    verdict = entry.verdict
    shown = linked(verdict.reason, None if verdict.evidence == entry.link else verdict.evidence)
    return f"{linked(name, entry.link)} {escaped(title)}: {shown}"


# -- what is not known -----------------------------------------------------------------------------


def _show_unknown(report: ProfileReport, sheet: Sheet, username: str) -> None:
    lines = [f"- {text}" for text in unread_texts(report, _JUDGED)]
    lines += [f"- {doubt_text(doubt)}" for doubt in report.fixes.doubts]
    if not lines:
        return
    st.header("Not known", anchor=False)
    st.markdown("What could not be checked counts neither as right nor as wrong.")
    st.markdown("\n".join(lines))
    if report.query.quick:
        st.caption("*Quick* judges from lists alone: run again without it to know more.")
    if report.fixes.unknown:
        with st.expander("These items as a table, and as a file", icon=":material/table:"):
            alt = "What is not known: a row for each item and check"
            show_sheet(sheet, "unknown", f"{sheet.title}_of_{username}", Extras(alt=alt))


def unread_texts(report: ProfileReport, parts: Iterable[str]) -> list[str]:
    """Say, as Markdown, which of these parts could not be read whole, and why."""
    return [
        f"Not all {part} could be read: {escaped(report.errors[part].reason)}"
        for part in dict.fromkeys(parts)
        if part in report.errors
    ]


def doubt_text(doubt: Doubt) -> str:
    """Return, as Markdown, a check whose answer is not known, for how many items, and why."""
    items = plural(doubt.number, doubt.kind)
    return f"**{escaped(doubt.check.title)}**: {items}, since {escaped(doubt.reason)}"
