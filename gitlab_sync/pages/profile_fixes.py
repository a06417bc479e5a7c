"""What to fix in a person's work: why, how and where; and, apart from it, what is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st

from gitlab_sync.pages.widgets.contest import CONTEST, HELP, contest_column, contest_link
from gitlab_sync.pages.widgets.markdown import escaped, linked
from gitlab_sync.pages.widgets.table_view import TableOptions, show_table
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Fix, Severity
from gitlab_sync.rules.items.fixes import Doubt, Entry, Fixes, Group
from gitlab_sync.rules.items.references import reference
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.rules.text import plural
from gitlab_sync.services import contests
from gitlab_sync.services.profile import ProfileReport

MOST_ITEMS = 10
"""The most items that are listed for one check; the table has all of them."""

_BADGES: dict[Severity, str] = {
    "high": ":red-badge[high]",
    "medium": ":orange-badge[medium]",
    "low": ":gray-badge[low]",
}
WHEN: dict[Fix, str] = {
    "now": "This can be fixed now, by an edit.",
    "follow-up": "This can be fixed by a merge request of one's own.",
    "next time": "This can be done better next time.",
}
_EVALUATED = ("merge requests", "issues")


def show_fixes(report: ProfileReport, instance: str) -> None:
    """Show what to fix, the most severe faults first, and what is unknown."""
    sheets = {sheet.title: sheet for sheet in report.summaries(instance)}
    username = str(report[0]["Username"])
    st.header("What to fix", anchor=False)
    if report.fixes.faults:
        _show_faults(report, sheets[tables.TO_FIX], instance)
    else:
        unread = [part for part in _EVALUATED if part in report.errors]
        text, is_good = nothing_to_fix(report.fixes, unread)
        icon = ":material/sentiment_satisfied:" if is_good else ":material/info:"
        (st.success if is_good else st.info)(text, icon=icon)
    _show_waived(report, sheets.get(tables.WAIVED), username)
    _show_unknown(report, sheets[tables.NOT_KNOWN], username)


def _show_faults(report: ProfileReport, sheet: Sheet, instance: str) -> None:
    fixes, policy = report.fixes, report.query.policy

    def link(entry: Entry) -> str:
        return contest_link(contests.of_entry(policy, instance, entry))

    faults, items = plural(len(fixes.faults), "fault"), evaluated_text(fixes.evaluated)
    first = "What can be fixed now comes" if fixes.now_first else "The most severe come"
    st.markdown(
        f"{faults} in {items}. {first} first. Open a check to see how to fix its "
        "faults, and where they are."
    )
    for place, group in enumerate(fixes.groups):
        with st.expander(group_title(group), expanded=place == 0):
            st.markdown(group_text(group, says_when=fixes.now_first, behind=link))
    with st.expander("All faults as a table, with downloads", icon=":material/table:"):
        options = TableOptions(
            {CONTEST: HELP},
            app_links=contest_column(policy, instance, fixes.faults),
            alt="What to fix: a row for each item and check, most severe first",
        )
        show_table(sheet, "fixes", f"{sheet.title}_of_{report[0]['Username']}", options)


def nothing_to_fix(fixes: Fixes, unread: Sequence[str]) -> tuple[str, bool]:
    """Return what it means that no fault is known, as Markdown, and whether that is good news.

    `unread` names the items of which some could not be read.
    """
    evaluated = evaluated_text(fixes.evaluated)
    if not evaluated and unread:
        text = f"Unknown: not all {' and '.join(unread)} could be read."
    elif not evaluated:
        text = (
            "Nothing yet: merge requests are evaluated when they are merged or closed, issues when "
            "they are closed."
        )
    elif unread or fixes.unknown:
        text = f"No faults found in {evaluated}, but not everything could be checked."
    else:
        return f"**Nothing to fix: well done!** Every check passes in {evaluated}.", True
    return text, False


def evaluated_text(numbers: Mapping[str, int]) -> str:
    """Return how many items were evaluated: `12 merge requests and 1 issue`; empty for none."""
    return " and ".join(plural(number, kind) for kind, number in numbers.items() if number)


def group_title(group: Group) -> str:
    """Return, as Markdown, a check with its severity and the share of items that fail it."""
    share = f"{len(group.faults)} of {plural(group.known, group.kind)} ({group.share:.0%})"
    unknown = f", {group.unknown} unknown" if group.unknown else ""
    return f"{_BADGES[group.check.severity]} **{escaped(group.check.title)}** · {share}{unknown}"


def group_text(
    group: Group, *, says_when: bool = False, behind: Callable[[Entry], str] = lambda _: ""
) -> str:
    """Return, as Markdown, how to fix a check's faults, why, and the newest items with one.

    With `says_when` it says when that can be done. `behind` returns what is behind a fault.
    """
    check = group.check
    when = f" {WHEN[check.fix]}" if says_when else ""
    lines = [f":material/build: {escaped(check.how_to_fix)}{when}  ", escaped(check.why), ""]
    lines += [f"- {entry_text(entry)}{behind(entry)}" for entry in group.faults[:MOST_ITEMS]]
    more = len(group.faults) - MOST_ITEMS
    if more > 0:
        lines.append(f"- and {more} more, in the table below")
    if group.example is not None:
        lines += ["", f"As it should be: {entry_text(group.example)}"]
    return "\n".join(lines)


def entry_text(entry: Entry) -> str:
    """Return, as Markdown, an item and the reason of its fault, each with a link."""
    name = reference(entry.item) or f"{entry.kind} {record.field(entry.item, 'iid')}"
    title = " ".join((record.text(entry.item, "title") or "").split())
    verdict = entry.verdict
    reason = linked(verdict.reason, None if verdict.evidence == entry.link else verdict.evidence)
    return f"{linked(name, entry.link)} {escaped(title)}: {reason}"


def _show_waived(report: ProfileReport, sheet: Sheet | None, username: str) -> None:
    """Show the faults that do not count, each with the reason, and until when that holds."""
    waived = report.fixes.waived
    if not waived or sheet is None:
        return
    st.header("Waived", anchor=False)
    st.markdown("These faults do not count, as the policy says.")
    lines = [waived_text(entry) for entry in waived[:MOST_ITEMS]]
    more = len(waived) - MOST_ITEMS
    lines += [f"- and {more} more, in the table below"] if more > 0 else []
    st.markdown("\n".join(lines))
    with st.expander("These faults as a table, with downloads", icon=":material/table:"):
        options = TableOptions(alt="Waived faults: a row for each item and check")
        show_table(sheet, "waived", f"{sheet.title}_of_{username}", options)


def waived_text(entry: Entry) -> str:
    """Return, as Markdown, a check, the item that fails it, and why that does not count."""
    return f"- **{escaped(entry.check.title)}**: {entry_text(entry)}"


def _show_unknown(report: ProfileReport, sheet: Sheet, username: str) -> None:
    lines = [f"- {text}" for text in unread_texts(report, _EVALUATED)]
    lines += [f"- {doubt_text(doubt)}" for doubt in report.fixes.doubts]
    if not lines:
        return
    st.header("Unknown", anchor=False)
    st.markdown("These checks have no answer. They count as neither passed nor failed.")
    st.markdown("\n".join(lines))
    if report.query.quick:
        st.caption("*Quick* evaluates lists only: run again without it to know more.")
    if report.fixes.unknown:
        with st.expander("These items as a table, with downloads", icon=":material/table:"):
            options = TableOptions(alt="What is unknown: a row for each item and check")
            show_table(sheet, "unknown", f"{sheet.title}_of_{username}", options)


def unread_texts(report: ProfileReport, parts: Iterable[str]) -> list[str]:
    """Return, as Markdown, which of these parts could not be read completely, and why."""
    return [
        f"Not all {part} could be read: {escaped(report.errors[part].reason)}"
        for part in dict.fromkeys(parts)
        if part in report.errors
    ]


def doubt_text(doubt: Doubt) -> str:
    """Return, as Markdown, a check that is unknown, for how many items, and why."""
    items = plural(doubt.number, doubt.kind)
    return f"**{escaped(doubt.check.title)}**: unknown for {items} ({escaped(doubt.reason)})"
