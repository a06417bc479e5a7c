"""The answer of the page of reviews: teams, projects, charts, and people when asked for."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.review_charts import show_pairs, show_weeks
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_query import Snapshot
from gitlab_sync.pages.widgets.table_view import TableOptions, show_table, show_workbook_download
from gitlab_sync.reports.sheet import Meta
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

_OPTIONS = TableOptions(review_tables.MEANINGS)
_OPTIONS_OF_PEOPLE = TableOptions(review_tables.MEANINGS, pinned=("Team", "Username"))


def show_reviews(snapshot: Snapshot[ReviewsQuery, ReviewsReport]) -> None:
    """Show everything that was measured; the list of people only if the visitor asks for it."""
    report = snapshot.report
    if report is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        people = st.toggle(
            "People",
            key="show_people",
            help="Also show a row for each person, and people in the grid of reviewers.",
            bind="query-params",
        )
        sheets = {sheet.title: sheet for sheet in report.sheets(snapshot.instance, people=people)}
        help_text = "A workbook with all tables of this page."
        show_workbook_download([*sheets.values()], FILE, help_text)
    _show_policy(report)
    show_table(sheets[TEAMS], "teams_table", "Reviews_of_Teams", _OPTIONS)
    st.header("Projects", anchor=False)
    show_table(sheets[PROJECTS], "projects_table", "Reviews_of_Projects", _OPTIONS)
    st.header("Time to first response", anchor=False)
    show_weeks(report.week_rows())
    st.header("Reviewers and authors", anchor=False)
    show_pairs(report.pair_rows() if people else report.team_pair_rows())
    if people:
        st.header("People", anchor=False)
        show_table(sheets[PEOPLE], "people_table", "Reviews_of_People", _OPTIONS_OF_PEOPLE)


def show_own(snapshot: Snapshot[ReviewsQuery, ReviewsReport]) -> None:
    """Show what was measured of the visitor's own merge requests, and nothing about others."""
    report = snapshot.report
    if report is None:
        return
    _show_policy(report)
    meta = Meta.of_report(report, snapshot.instance, snapshot.query.in_words())
    columns = [column for column in TEAM_COLUMNS[1:] if column not in review_tables.SPREAD_COLUMNS]
    rows = [{column: row[column] for column in columns} for row in report.team_rows()]
    show_table(sheet_of("My reviews", columns, rows, meta), "own", "My_Reviews", _OPTIONS)
    st.header("Time to first response", anchor=False)
    show_weeks(report.week_rows())


def show_part(snapshot: Snapshot[ReviewsQuery, ReviewsReport]) -> bool:
    """Show the reviews of one team as a part of another page; errors are in its table."""
    report = snapshot.report
    if report is not None:
        _show_policy(report)
        (team, *_) = report.sheets(snapshot.instance)
        show_table(team, "team_reviews", f"Reviews_of_{report.query.teams[0].name}", _OPTIONS)
        show_weeks(report.week_rows())
    return True


def _show_policy(report: ReviewsReport) -> None:
    st.caption(f"{escaped(report.query.in_words()).capitalize()}. Hours are working time.")
