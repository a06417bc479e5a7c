"""The answer of the page of reviews: teams, projects, charts, and people when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from gitlab_sync.pages.review_charts import show_pairs, show_weeks
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_query import JobAnswer
from gitlab_sync.pages.widgets.policy_field import show_policy
from gitlab_sync.pages.widgets.policy_notes import show_warnings
from gitlab_sync.pages.widgets.table_view import TableOptions, show_table, show_workbook_download
from gitlab_sync.reports.shares import readable_row
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.rules.scores import review_tables
from gitlab_sync.services.reviews import (
    PEOPLE,
    PROJECTS,
    TEAM_COLUMNS,
    TEAMS,
    ReviewsQuery,
    ReviewsReport,
    sheet_of,
)

FILE = "Reviews"


def show_reviews(found: JobAnswer[ReviewsQuery, ReviewsReport]) -> None:
    """Show everything that was measured; the list of people only if the visitor asks for it."""
    report = found.report
    if report is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        people = st.toggle(
            "People",
            key="show_people",
            help="Also show a row for each person, and people in the grid of reviewers.",
            bind="query-params",
        )
        sheets = {sheet.title: sheet for sheet in report.sheets(found.instance, people=people)}
        help_text = "A workbook with all tables of this page."
        show_workbook_download([*sheets.values()], FILE, help_text)
    _show_policy(report)
    show_warnings(report.warnings)
    _show_measures(sheets[TEAMS], "teams_table", "Reviews_of_Teams")
    st.header("Projects", anchor=False)
    _show_measures(sheets[PROJECTS], "projects_table", "Reviews_of_Projects")
    st.header("Time to first response", anchor=False)
    show_weeks(report.week_rows())
    st.header("Reviewers and authors", anchor=False)
    show_pairs(report.pair_rows() if people else report.team_pair_rows())
    if people:
        st.header("People", anchor=False)
        pinned = ("Team", "Username")
        _show_measures(sheets[PEOPLE], "people_table", "Reviews_of_People", pinned)


def show_own(found: JobAnswer[ReviewsQuery, ReviewsReport]) -> None:
    """Show what was measured of the visitor's own merge requests, and nothing about others."""
    report = found.report
    if report is None:
        return
    _show_policy(report)
    meta = report.meta(found.instance)
    columns = [column for column in TEAM_COLUMNS[1:] if column not in review_tables.SPREAD_COLUMNS]
    rows = [{column: row[column] for column in columns} for row in report.team_rows()]
    _show_measures(sheet_of("My reviews", columns, rows, meta), "own", "My_Reviews")
    st.header("Time to first response", anchor=False)
    show_weeks(report.week_rows())


def show_part(found: JobAnswer[ReviewsQuery, ReviewsReport]) -> bool:
    """Show the reviews of one team as a part of another page; errors are in its table."""
    report = found.report
    if report is not None:
        _show_policy(report)
        (team, *_) = report.sheets(found.instance)
        _show_measures(team, "team_reviews", f"Reviews_of_{report.query.teams[0].name}")
        show_weeks(report.week_rows())
    return True


def _show_policy(report: ReviewsReport) -> None:
    st.caption(f"{escaped(report.query.in_words()).capitalize()}. Hours are working time.")
    show_policy(report.query.policy)


def _show_measures(sheet: Sheet, key: str, title: str, pinned: Sequence[str] | None = None) -> None:
    """Show a table with each number in a cell with the number of merge requests behind it."""
    options = TableOptions(
        review_tables.MEANINGS, pinned=pinned, shown=partial(readable_row, sheet)
    )
    show_table(sheet, key, title, options)
