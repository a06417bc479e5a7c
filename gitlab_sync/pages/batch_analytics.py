"""Batch analytics: everything about many people, a row for each, down to the items behind it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from gitlab_sync.client import GitLabClient
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.frame import begin
from gitlab_sync.pages.widgets.items import show_items
from gitlab_sync.pages.widgets.page_query import Asked, Look, PageQuery, ask_and_show
from gitlab_sync.pages.widgets.table_view import Extras, show_sheet
from gitlab_sync.pages.widgets.times import visitors_zone
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.scores.unified import help_texts
from gitlab_sync.run import Run
from gitlab_sync.services import people as answers
from gitlab_sync.services.people import PeopleQuery, PeopleReport, people_sheet
from gitlab_sync.types import TableRow

PAGE = "batch"
TITLE = "Unified_Batch_Report"
LEAD = (
    "Commits, projects, groups, merge requests and issues of many people, a row for each, with "
    "what their merge requests and issues lack. Pick a row to see the items behind its numbers."
)


def answer(client: GitLabClient, query: PeopleQuery, run: Run) -> PeopleReport:
    """Read and evaluate everything about these people; keep what this page shows of it."""
    return answers.answer(client, query, run).without_lists()


def show_fields(sign_in: SignIn) -> Asked[PeopleQuery, PeopleReport]:
    """Show the fields, and return what they ask."""
    demo_people = "\n".join(get_demo().people) if sign_in.is_demo else ""
    fields.people_file(
        "users",
        fields.people_of_csv,
        "A column titled username, gitlab username or user, and perhaps one titled college.",
    )
    with st.form("batch"):
        text = fields.people_area(
            "users",
            demo_people,
            "alice\nbob, Riverside College",
            "One GitLab username a line; behind a comma the college, if you like.",
        )
        groups, projects = fields.group_and_projects()
        days = fields.dates_fields()
        pressed, quick = fields.run_button_and_quick()
    people = fields.read_people(text)
    period = fields.read_period(*days)
    if not fields.check_people(people) or period is None:
        return None, pressed
    if not people.people and not groups:
        if pressed:
            st.error("Type in at least one username, or a group, first.", icon=":material/error:")
        return None, pressed
    query = PeopleQuery(people.people, groups, projects, period, quick, zone=visitors_zone())
    return PageQuery(PAGE, query.key, "people", query, answer, grows=True), pressed


def show_table(look: Look[PeopleQuery, PeopleReport]) -> None:
    """Show the rows so far, and behind a picked one its items."""
    report = look.report
    meta = (
        Meta(look.as_of, look.instance, look.completeness, look.query.in_words())
        if report is None
        else report.meta(look.instance)
    )
    known = {} if report is None else report.people

    def unknown(row: TableRow) -> Mapping[str, int]:
        person = known.get(str(row["Username"]))
        return {} if person is None else person.unknown

    fields.show_unknown_projects(() if report is None else report.unknown_projects)
    for remark in () if report is None else report.remarks:
        st.caption(f"{remark[0].upper()}{remark[1:]}.")
    alt = "Batch analytics: a row for each person, with the number of faults by kind"
    extras = Extras(help_texts(), unknown=unknown, alt=alt, growing=look.running)
    sheet = people_sheet(look.query, look.rows, meta)
    row = show_sheet(sheet, PAGE, TITLE, extras, selectable=True)
    if row is not None and report is not None:
        show_items(known[str(row["Username"])], meta)
    elif not look.running:
        st.caption("Pick a row, in the box before it, to see the items behind its numbers.")


visitor = begin("Batch analytics", LEAD)
ask_and_show(
    visitor,
    PAGE,
    show_fields(visitor),
    show_table,
    ready="Press Run to read the work of these people.",
    lacking="Type in the usernames of the people whose work you want to see, and press Run.",
)
