"""Weekly performance: what people recorded day by day, beside as many days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import streamlit as st

from gitlab_sync.answers import weekly as answers
from gitlab_sync.answers.members import people_of_groups
from gitlab_sync.answers.weekly import Question, WeeklyReport
from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages import fields
from gitlab_sync.pages import week_fields as inputs
from gitlab_sync.pages.asking import Asking, ask, show_answer
from gitlab_sync.pages.connection import current_sign_in, secrets_of_server
from gitlab_sync.pages.demo import get_demo
from gitlab_sync.pages.frame import begin, role_of
from gitlab_sync.pages.moments import today, visitors_zone
from gitlab_sync.pages.trouble import show_error
from gitlab_sync.pages.week_hours import Viewer
from gitlab_sync.pages.week_view import show_week
from gitlab_sync.rules.weekly import Days, WeekPerson
from gitlab_sync.run import Run
from gitlab_sync.sessions import SignIn

LEAD = (
    "Merge requests, issues, commits and time of many people, day by day, beside as many days "
    "before. Pick a row to see the items behind its numbers."
)
LEAD_OF_MEMBER = (
    "Your merge requests, issues, commits and time, day by day, beside as many days before."
)

# No text below it: Streamlit would show that on the page.
Asked: TypeAlias = tuple[Asking[Question, WeeklyReport] | None, bool]


def answer(
    groups: Sequence[str], client: GitLabClient, question: Question, run: Run
) -> WeeklyReport:
    """Read the days of the people of a question and of the members of groups."""
    members = [WeekPerson("", "", one.username) for one in people_of_groups(client, groups)]
    return answers.answer(client, replace(question, people=[*question.people, *members]), run)


def asking_of(
    page: str,
    people: Sequence[WeekPerson],
    days: Days,
    groups: Sequence[str] = (),
    projects: Sequence[str] = (),
) -> Asking[Question, WeeklyReport]:
    """Return what is asked about people; in whatever order they stand, it is the same."""
    zone = visitors_zone()
    about = (frozenset(people), tuple(groups), tuple(projects), days, str(zone))
    question = Question(people, days, projects, zone=zone)
    return Asking(page, about, "people", question, partial(answer, groups))


def fields_of_many(sign_in: SignIn, page: str) -> Asked:
    """Show all fields; return their question, if any, and whether Run was pressed."""
    inputs.upload_people()
    span = inputs.span_field()
    with st.form("week"):
        days = inputs.days_fields(span, today())
        text = inputs.people_area(_people_of_demo() if sign_in.is_demo else "")
        found = inputs.read_people(text)
        right = inputs.check_people(text, found)
        nobody = st.container()
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
        pressed = st.form_submit_button("Run", type="primary", icon=":material/play_arrow:")
    groups = tuple(filter(None, [(group or "").strip().strip("/")]))
    if days is None or not right:
        return None, pressed
    if not found.people and not groups:
        if pressed:
            nobody.error("Type in at least one person, or a group, first.", icon=":material/error:")
        return None, pressed
    asked = asking_of(page, found.people, days, groups, fields.read_projects(projects))
    return asked, pressed


def _people_of_demo() -> str:
    demo = get_demo()
    return inputs.people_of_teams(demo.teams, demo.names)


def fields_of_member(sign_in: SignIn, page: str) -> Asked:
    """Show the fields for the days alone; return the question about who is signed in."""
    span = inputs.span_field()
    with st.form("week"):
        days = inputs.days_fields(span, today())
        pressed = st.form_submit_button("Run", type="primary", icon=":material/play_arrow:")
    if days is None:
        return None, pressed
    return asking_of(page, [WeekPerson("", sign_in.name, sign_in.username)], days), pressed


def viewer_of(sign_in: SignIn) -> Viewer:
    """Return whose hours somebody sees; their own, with a word about it, if that is set wrong."""
    try:
        return Viewer.of(sign_in, secrets_of_server())
    except ConfigurationError as error:
        show_error("This server's list of who sees the hours of others is wrong", error)
        return Viewer(sign_in.username)


signed_in = current_sign_in()
is_member = signed_in is not None and role_of(signed_in) == "member"
visitor = begin(
    "My week" if is_member else "Weekly performance", LEAD_OF_MEMBER if is_member else LEAD
)
# Another name of the page, so that nothing is left to see of what was asked with more rights.
page, show_fields = ("my_week", fields_of_member) if is_member else ("week", fields_of_many)
asking, run_pressed = show_fields(visitor, page)
if run_pressed and asking is not None:
    ask(visitor, asking)
if not show_answer(visitor, page, asking, partial(show_week, viewer_of(visitor))):
    if asking is not None:
        st.caption("Press Run to read these days.")
    elif is_member:
        st.caption("Choose the days that you want to see, and press Run.")
    else:
        st.caption("Type in the people whose days you want to see, choose the days, and press Run.")
