"""Weekly performance: the work that people recorded by day, compared with the days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from gitlab_sync.pages import week_fields as inputs
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.server_settings import is_own_gitlab, server_secrets
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.week_hours import Viewer
from gitlab_sync.pages.week_view import show_week
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_input_error, valid_or
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, PageQuery, run_and_show
from gitlab_sync.pages.widgets.times import last_day, visitor_zone
from gitlab_sync.rules.scores.weekly import PERSON_COLUMNS, Days, WeekPerson
from gitlab_sync.run import Run
from gitlab_sync.services.reader import Reader
from gitlab_sync.services.weekly import WeeklyQuery, WeeklyReport

LEAD = (
    "Merge requests, issues, commits and time spent of many people, day by day, compared with the "
    "same number of days before. Tick a row to see its items."
)
LEAD_OF_MEMBER = (
    "Your merge requests, issues, commits and time spent, day by day, compared with the same "
    "number of days before."
)


def answer(groups: Sequence[str], reader: Reader, query: WeeklyQuery, run: Run) -> WeeklyReport:
    """Read the days of the query's people and of the members of groups. Thread-safe."""
    members = [WeekPerson("", "", one.username) for one in reader.people_of_groups(groups)]
    return reader.weekly(replace(query, people=[*query.people, *members]), run)


def page_query(
    page: str,
    people: Sequence[WeekPerson],
    days: Days,
    groups: Sequence[str] = (),
    projects: Sequence[str] = (),
) -> PageQuery[WeeklyQuery, WeeklyReport]:
    """Return the query about people; its key does not depend on their order."""
    zone = visitor_zone()
    key = (frozenset(people), tuple(groups), tuple(projects), days, str(zone))
    query = WeeklyQuery(people, days, projects, zone=zone)
    return PageQuery(page, key, "people", query, partial(answer, groups))


def fields_of_many(visitor: SignIn, page: str) -> FormResult[WeeklyQuery, WeeklyReport]:
    """Show all fields and return their query."""
    demo = get_demo() if visitor.is_demo else None
    span = fields.choice_field("Days", inputs.SPANS, "span", has_label=True)
    with fields.query_form(page, "People, days and projects") as form:
        days = inputs.days_fields(span, last_day(), None if demo is None else demo.last_day)
        text = fields.list_with_import(
            form,
            "people",
            "people",
            inputs.people_of_csv,
            f"With the columns {', '.join(PERSON_COLUMNS)}.",
            lambda: fields.people_field(
                "people",
                "" if demo is None else inputs.people_of_teams(demo.teams, demo.names),
                "Red Team, Alice Smith, alice\nbob",
                "One person per line: team, full name and GitLab username, or only the username.",
            ),
        )
        groups, projects = fields.group_and_projects()
    found = inputs.read_people(text or "")
    if text is None or not inputs.check_people(text, found) or days is None:
        return None, form.pressed
    if not found.people and not groups:
        if form.pressed:
            show_input_error("Enter at least one person or a group.")
        return None, form.pressed
    return page_query(page, found.people, days, groups, projects), form.pressed


def fields_of_member(visitor: SignIn, page: str) -> FormResult[WeeklyQuery, WeeklyReport]:
    """Show only the fields for the days; their query is about the visitor."""
    span = fields.choice_field("Days", inputs.SPANS, "span", has_label=True)
    with fields.query_form(page, "Days") as form:
        days = inputs.days_fields(span, last_day())
    if days is None:
        return None, form.pressed
    return page_query(page, [WeekPerson("", visitor.name, visitor.username)], days), form.pressed


visitor = current_visitor()
is_member = role_of(visitor) == "member"
show_header(
    visitor,
    "My week" if is_member else "Weekly performance",
    LEAD_OF_MEMBER if is_member else LEAD,
)
# The page of a member has a name of its own, so that an answer from before the visitor became a
# member is not shown.
page, show_fields = ("my_week", fields_of_member) if is_member else ("week", fields_of_many)
form = show_fields(visitor, page)
viewer = valid_or(
    Viewer(visitor.username),
    lambda: Viewer.of(visitor, server_secrets(), is_own=is_own_gitlab(visitor)),
    "This server's list of people who see the hours of others is not valid, so everyone sees only "
    "their own",
)
run_and_show(
    visitor,
    page,
    form,
    partial(show_week, viewer),
    ready="Press Run to read these days.",
    incomplete="Choose the days to see, then press Run."
    if is_member
    else "Enter people or a group, choose the days, then press Run.",
)
