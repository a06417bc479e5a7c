"""The answer of the page of open work: how many wait for what, the worklist, and who has what."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.page_query import JobAnswer
from gitlab_sync.pages.widgets.policy_field import show_policy
from gitlab_sync.pages.widgets.policy_notes import show_warnings
from gitlab_sync.pages.widgets.table_view import TableOptions, show_table
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.items.open_work import WAITING_FOR
from gitlab_sync.services.open_work import OpenQuery, OpenReport

FILE = "Open_Work"
HELP = {
    "Age": "Working days since it was created; a working day has 24 hours.",
    "Idle": "Working days since the last comment, approval or push.",
    "Waiting For": "What it waits for. It is the first that holds of: author, reviewer, needs "
    "reviewer, checks, merge.",
    "Who": "Who can act now.",
    "Since": "Since when it waits. It is unknown for conflicts: GitLab does not say when they "
    "began.",
    "Would Fail": "The checks that fail if it is merged now; (+1 ?) counts those that are unknown, "
    "and +1 waived the faults that do not count.",
}
"""The explanations of columns."""

_METRIC_WIDTH = 200  # pixels: so that “Waiting for reviewer” has room
_OF_DESKS = {"Total": "The merge requests that wait for this person."}


def show_open(found: JobAnswer[OpenQuery, OpenReport], *, by_person: bool) -> None:
    """Show the sums and the worklist; with `by_person`, also what waits for each person."""
    report = found.report
    if report is None:
        return
    if report.absent:
        absent = [f"{name}: {reason}" for name, reason in report.absent.items()]
        fields.show_faults(absent, "Left out")
    if not report.items:
        st.info("No open merge request was found.", icon=":material/info:")
        return
    show_policy(found.query.policy)
    if by_person:
        show_warnings(report.warnings)
    worklist, sums, desks = report.sheets(found.query, found.instance)
    _show_sums(sums)
    show_worklist(worklist, "open", FILE)
    if by_person:
        st.header("Who has what", anchor=False)
        options = TableOptions(_OF_DESKS, alt="Who has what: one row for each person")
        show_table(desks, "desks", f"{FILE}_by_Person", options)


def show_worklist(sheet: Sheet, key: str, title: str) -> None:
    """Show a worklist as a table; `key` and `title` are as in `show_table`."""
    options = TableOptions(HELP, alt="Open work: one row for each open merge request")
    show_table(sheet, key, title, options)


def _show_sums(sheet: Sheet) -> None:
    with st.container(horizontal=True):
        for row in sheet.rows:
            name = str(row["Waiting For"])
            st.metric(
                _label(name),
                str(row["Merge Requests"]),
                help=_oldest(row["Oldest"]),
                border=True,
                width=_METRIC_WIDTH,
            )


def _label(name: str) -> str:
    if name not in WAITING_FOR:
        return f"Unknown ({UNKNOWN})"
    return name.capitalize() if name == "needs reviewer" else f"Waiting for {name}"


def _oldest(age: object) -> str | None:
    return None if age is None else f"The oldest is {age} working days old."
