"""Batch analytics: everything about many people, a row for each, down to the items behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st

from gitlab_sync.answers import people as answers
from gitlab_sync.answers.people import PeopleReport, Question, people_sheet
from gitlab_sync.pages import fields
from gitlab_sync.pages.asking import Asking, Look, ask, show_answer
from gitlab_sync.pages.demo import get_demo
from gitlab_sync.pages.frame import begin
from gitlab_sync.pages.items import show_items
from gitlab_sync.pages.moments import visitors_zone
from gitlab_sync.pages.sheet_view import Extras, show_sheet
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.unified import help_texts
from gitlab_sync.sessions import SignIn
from gitlab_sync.types import Row

PAGE = "batch"
TITLE = "Unified_Batch_Report"
LEAD = (
    "Commits, projects, groups, merge requests and issues of many people, a row for each, with "
    "what their merge requests and issues lack. Pick a row to see the items behind its numbers."
)


def show_fields(sign_in: SignIn) -> tuple[Asking[Question, PeopleReport] | None, bool]:
    """Show the fields; return the question that they ask, if any, and whether Run was pressed."""
    demo_people = "\n".join(get_demo().people) if sign_in.is_demo else ""
    with st.expander("Take people from a file", icon=":material/upload_file:"):
        fields.upload_into(
            "users",
            "CSV file with people",
            ("csv", "txt"),
            fields.people_of_csv,
            "A column titled username, gitlab username or user, and perhaps one titled college. "
            "They are put into the field below.",
        )
    with st.form("batch"):
        text = fields.people_area(demo_people)
        columns = st.columns(2)
        with columns[0]:
            group = st.text_input(
                "Members of this group, too (optional)",
                key="group",
                placeholder="group, or its number",
                bind="query-params",
            )
        with columns[1]:
            projects = fields.projects_field()
        since, until = fields.dates_fields()
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            pressed = st.form_submit_button("Run", type="primary", icon=":material/play_arrow:")
            quick = st.toggle(
                "Quick",
                key="quick",
                help="Judge merge requests from lists alone: much faster, but what a list does not "
                "say, such as tests and reviews, stays unknown.",
                bind="query-params",
            )
    return _question(text, group or "", projects, (since, until), quick, pressed), pressed


def _question(
    text: str,
    group: str,
    projects: str,
    days: tuple[date | None, date | None],
    quick: bool,
    pressed: bool,
) -> Asking[Question, PeopleReport] | None:
    people = fields.read_people(text)
    period = fields.read_period(*days)
    if not fields.check_people(people) or period is None:
        return None
    groups = tuple(filter(None, [group.strip().strip("/")]))
    if not people.people and not groups:
        if pressed:
            st.error("Type in at least one username, or a group, first.", icon=":material/error:")
        return None
    question = Question(
        people.people, groups, fields.read_projects(projects), period, quick, zone=visitors_zone()
    )
    return Asking(PAGE, question.key, "people", question, answers.answer)


def show_table(look: Look[Question, PeopleReport]) -> None:
    """Show the rows so far, and behind a picked one its items."""
    report = look.report
    meta = (
        Meta(look.as_of, look.instance, look.completeness, look.question.in_words())
        if report is None
        else report.meta(look.instance)
    )
    known = {} if report is None else report.people

    def unknown(row: Row) -> Mapping[str, int]:
        person = known.get(str(row["Username"]))
        return {} if person is None else person.unknown

    if report is not None and report.unknown_projects:
        names = [str(name) for name in report.unknown_projects]
        fields.show_faults(names, "These projects do not exist, or may not be read: left out")
    for remark in () if report is None else report.remarks:
        st.caption(f"{remark[0].upper()}{remark[1:]}.")
    alt = "Batch analytics: a row for each person, with the number of faults by kind"
    extras = Extras(help_texts(), unknown=unknown, alt=alt)
    sheet = people_sheet(look.question, look.rows, meta)
    row = show_sheet(sheet, PAGE, TITLE, extras, selectable=True)
    if row is not None and report is not None:
        show_items(known[str(row["Username"])], meta)
    elif not look.running:
        st.caption("Pick a row, in the box before it, to see the items behind its numbers.")


visitor = begin("Batch analytics", LEAD)
asking, run_pressed = show_fields(visitor)
if run_pressed and asking is not None:
    ask(visitor, asking)
if not show_answer(visitor, PAGE, asking, show_table):
    st.caption(
        "Press Run to read the work of these people."
        if asking is not None
        else "Type in the usernames of the people whose work you want to see, and press Run."
    )
