"""Weekly performance: what people recorded day by day, beside as many days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages import week_fields as inputs
from gitlab_sync.pages.state.connection import current_sign_in, secrets_of_server
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.week_hours import Viewer
from gitlab_sync.pages.week_view import show_week
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_error
from gitlab_sync.pages.widgets.frame import begin, role_of
from gitlab_sync.pages.widgets.page_query import Asked, PageQuery, ask_and_show
from gitlab_sync.pages.widgets.times import today, visitors_zone
from gitlab_sync.rules.scores.weekly import Days, WeekPerson
from gitlab_sync.run import Run
from gitlab_sync.services import weekly as answers
from gitlab_sync.services.members import people_of_groups
from gitlab_sync.services.weekly import WeeklyQuery, WeeklyReport

LEAD = (
    "Merge requests, issues, commits and time of many people, day by day, beside as many days "
    "before. Pick a row to see the items behind its numbers."
)
LEAD_OF_MEMBER = (
    "Your merge requests, issues, commits and time, day by day, beside as many days before."
)


def answer(
    groups: Sequence[str], client: GitLabClient, query: WeeklyQuery, run: Run
) -> WeeklyReport:
    """Read the days of the people of a question and of the members of groups."""
    members = [WeekPerson("", "", one.username) for one in people_of_groups(client, groups)]
    return answers.answer(client, replace(query, people=[*query.people, *members]), run)


def asking_of(
    page: str,
    people: Sequence[WeekPerson],
    days: Days,
    groups: Sequence[str] = (),
    projects: Sequence[str] = (),
) -> PageQuery[WeeklyQuery, WeeklyReport]:
    """Return what is asked about people; in whatever order they stand, it is the same."""
    zone = visitors_zone()
    about = (frozenset(people), tuple(groups), tuple(projects), days, str(zone))
    query = WeeklyQuery(people, days, projects, zone=zone)
    return PageQuery(page, about, "people", query, partial(answer, groups))


def fields_of_many(sign_in: SignIn, page: str) -> Asked[WeeklyQuery, WeeklyReport]:
    """Show all fields, and return what they ask."""
    inputs.people_file()
    span = inputs.span_field()
    demo = get_demo() if sign_in.is_demo else None
    with st.form("week"):
        days = inputs.days_fields(span, today(), None if demo is None else demo.last_day)
        text = inputs.people_area(
            "" if demo is None else inputs.people_of_teams(demo.teams, demo.names)
        )
        found = inputs.read_people(text)
        right = inputs.check_people(text, found)
        nobody = st.container()
        groups, projects = fields.group_and_projects()
        pressed = fields.run_button()
    if days is None or not right:
        return None, pressed
    if not found.people and not groups:
        if pressed:
            nobody.error("Type in at least one person, or a group, first.", icon=":material/error:")
        return None, pressed
    return asking_of(page, found.people, days, groups, projects), pressed


def fields_of_member(sign_in: SignIn, page: str) -> Asked[WeeklyQuery, WeeklyReport]:
    """Show the fields for the days alone; what they ask is about who is signed in."""
    span = inputs.span_field()
    with st.form("week"):
        days = inputs.days_fields(span, today())
        pressed = fields.run_button()
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
ask_and_show(
    visitor,
    page,
    show_fields(visitor, page),
    partial(show_week, viewer_of(visitor)),
    ready="Press Run to read these days.",
    lacking="Choose the days that you want to see, and press Run."
    if is_member
    else "Type in the people whose days you want to see, choose the days, and press Run.",
)
