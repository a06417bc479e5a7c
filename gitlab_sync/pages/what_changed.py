"""What changed: the work of people in two runs of a snapshot, and how it went from run to run.

A member sees only their own, whatever the page's URL says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.run_charts import show_runs
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, JobAnswer, PageQuery, run_and_show
from gitlab_sync.pages.widgets.table_view import NAME_WIDTH, TableOptions, show_table
from gitlab_sync.pages.widgets.times import time_text
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.run import Run
from gitlab_sync.services.reader import Reader
from gitlab_sync.snapshots.history import SINCE, HistoryQuery, HistoryReport, Since
from gitlab_sync.snapshots.reader import SnapshotReader

LEAD = (
    "What changed in the work of people since an earlier run of the snapshot, and how their "
    "numbers went from run to run."
)
LEAD_OF_MEMBER = (
    "What changed in your work since an earlier run of the snapshot, and how your numbers went "
    "from run to run."
)
_CARDS: Mapping[str, tuple[str, ...]] = {
    "New items": ("new item",),
    "Changed items": ("item changed",),
    "Changed verdicts": ("verdict changed", "policy changed", "item or policy changed"),
    "Waived": ("waived",),
    "No longer waived": ("no longer waived",),
}
"""The cards above the table, and which reasons each counts."""

_WIDE = 190  # pixels: of the values, so that both are in view
_METRIC_WIDTH = 160  # pixels: five fit next to each other, and two on a phone


def answer(reader: Reader, query: HistoryQuery, run: Run) -> HistoryReport:
    """Compare the runs. Raises ConfigurationError for a live GitLab, which has none."""
    if not isinstance(reader, SnapshotReader):
        raise ConfigurationError("Runs must be those of a snapshot, got a live GitLab")
    return reader.history(query, run)


def show_fields(
    page: str, own: str | None, since: Since
) -> FormResult[HistoryQuery, HistoryReport]:
    """Show the fields and return their query; `own` is the only person that it can be about."""
    if own is not None:
        with fields.query_form(page, "Yourself") as form:
            st.caption(f"Since: {since.lower()}.")
        return _page_query(page, HistoryQuery((own,), since)), form.pressed
    with fields.query_form(page, "People") as form:
        text = fields.people_field(
            "users",
            "",
            "alice\nbob",
            "One GitLab username per line. Without any, everyone you see.",
        )
    found = fields.read_people(text)
    if not fields.check_people(found):
        return None, form.pressed
    names = tuple(dict.fromkeys(username_key(each.username) for each in found.people))
    return _page_query(page, HistoryQuery(names, since)), form.pressed


def _page_query(page: str, query: HistoryQuery) -> PageQuery[HistoryQuery, HistoryReport]:
    key = (frozenset(query.people), query.since)
    return PageQuery(page, key, "runs", query, answer)


def show_changes(found: JobAnswer[HistoryQuery, HistoryReport]) -> None:
    """Show how many changes there are of each kind, the changes, and the runs."""
    report = found.report
    if report is None:
        return
    changes, runs = report.sheets(found.instance)
    if report.before is None:
        st.info("There is no earlier run to compare with.", icon=":material/info:")
    else:
        _show_since(report)
        options = TableOptions(
            columns=("Username", "Item", "Open", "What", "Before", "After", "Why"),
            hides_empty=changes.columns,
            widths={"Username": NAME_WIDTH, "Before": _WIDE, "After": _WIDE},
            alt="What changed: one row for each change, by person",
        )
        show_table(changes, "changes", "Changes", options)
    st.header("From run to run", anchor=False)
    show_runs(report.runs)
    show_table(runs, "runs", "Runs", TableOptions(hides_empty=("Error", "Not Read", "Waived")))


def _show_since(report: HistoryReport) -> None:
    if report.before is not None:
        st.markdown(f"Since {time_text(report.before)}:")
    with st.container(horizontal=True):
        for title, reasons in _CARDS.items():
            number = sum(report.why.get(reason, 0) for reason in reasons)
            st.metric(title, f"{number:,}", border=True, width=_METRIC_WIDTH)
    if report.left_out:
        st.caption(
            f"The first {len(report):,} changes: {report.left_out:,} more are not shown. Enter "
            "fewer people to see theirs."
        )


visitor: SignIn = current_visitor()
is_member = role_of(visitor) == "member"
show_header(visitor, "What changed", LEAD_OF_MEMBER if is_member else LEAD)
since = cast("Since", fields.choice_field("Since", SINCE, "since_run", has_label=True))
# The page of a member has a name of its own, so that an answer from before the visitor became a
# member is not shown.
page = "my_changes" if is_member else "changes"
run_and_show(
    visitor,
    page,
    show_fields(
        page,
        visitor.username if is_member else None,
        "A week ago" if since == SINCE[1] else SINCE[0],
    ),
    show_changes,
    ready="Press Run to compare the runs.",
    incomplete="Correct the people above, then press Run.",
)
