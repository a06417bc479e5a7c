"""Open work: the open merge requests of people, a group or a project, and who has the ball.

A member sees only their own, whatever the page's URL says.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from gitlab_sync.pages.open_view import show_open
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_input_error
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, PageQuery, run_and_show
from gitlab_sync.pages.widgets.policy_field import policy_field
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.run import Run
from gitlab_sync.services.open_work import OpenQuery, OpenReport
from gitlab_sync.services.reader import Reader

LEAD = (
    "The open merge requests of people, a group or a project: what each waits for, who can act, "
    "since when, and why."
)
LEAD_OF_MEMBER = "Your open merge requests: what each waits for, who can act, since when, and why."


def answer(reader: Reader, query: OpenQuery, run: Run) -> OpenReport:
    """Read the open merge requests and find out who has the ball in each."""
    return reader.open_work(query, run)


def page_query(page: str, query: OpenQuery) -> PageQuery[OpenQuery, OpenReport]:
    """Return the query of the page; its key does not depend on the order of people."""
    people = None if query.people is None else frozenset(map(username_key, query.people))
    desk = None if query.desk is None else username_key(query.desk)
    key = (people, query.project, query.group, query.policy.name, desk)
    return PageQuery(page, key, "merge requests", query, answer, "Merge Request")


def fields_of_many(visitor: SignIn, page: str) -> FormResult[OpenQuery, OpenReport]:
    """Show all fields and return their query."""
    with fields.query_form(page, "People, group, project and desk") as form:
        text = fields.people_field(
            "users",
            "\n".join(get_demo().people) if visitor.is_demo else "",
            "alice\nbob",
            "One GitLab username per line. Without any, everyone's in the group or the project.",
        )
        columns = st.columns(3)
        with columns[0]:
            group = fields.line_field("Only in this group (optional)", "group", "group path or ID")
        with columns[1]:
            project = fields.line_field(
                "Only in this project (optional)", "project", "group/project or ID"
            )
        with columns[2]:
            desk = fields.line_field(
                "Only what waits for (optional)", "desk", "alice", "One GitLab username."
            )
        policy = policy_field()
    pressed = form.pressed
    found = fields.read_people(text)
    if not fields.check_people(found):
        return None, pressed
    group, project = group.strip("/"), project.strip("/")
    if not (found.people or group or project):
        if pressed:
            show_input_error("Enter at least one username, a group or a project.")
        return None, pressed
    people = [one.username for one in found.people] or None
    query = OpenQuery(people, project or None, group or None, policy, desk or None)
    return page_query(page, query), pressed


def fields_of_member(visitor: SignIn, page: str) -> FormResult[OpenQuery, OpenReport]:
    """Show only the button; its query is about the visitor."""
    with fields.query_form(page, "Policy") as form:
        policy = policy_field()
    return page_query(page, OpenQuery([visitor.username], policy=policy)), form.pressed


visitor = current_visitor()
is_member = role_of(visitor) == "member"
show_header(
    visitor,
    "My open work" if is_member else "Open work",
    LEAD_OF_MEMBER if is_member else LEAD,
)
# The page of a member has a name of its own, so that an answer from before the visitor became a
# member is not shown.
page, show_fields = ("my_open", fields_of_member) if is_member else ("open", fields_of_many)
run_and_show(
    visitor,
    page,
    show_fields(visitor, page),
    partial(show_open, by_person=not is_member),
    ready="Press Run to read your open merge requests."
    if is_member
    else "Press Run to read these merge requests.",
    incomplete="Enter people, a group or a project, then press Run.",
)
