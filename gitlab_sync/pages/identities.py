"""Identities: the signatures of commits that match no one, and the people they are assigned to."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from gitlab_sync.pages.identities_view import LEAD, show_identities
from gitlab_sync.pages.identity_files import own_file
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_input_error
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, PageQuery, run_and_show
from gitlab_sync.pages.widgets.policy_field import policy_field
from gitlab_sync.run import Run
from gitlab_sync.services.identities import IdentitiesQuery, IdentitiesReport
from gitlab_sync.services.reader import Reader

PAGE = "identities"


def answer(reader: Reader, query: IdentitiesQuery, run: Run) -> IdentitiesReport:
    """Read the commits of these people, and what matches no one."""
    return reader.identities(query, run)


def key_of(query: IdentitiesQuery) -> Hashable:
    """Return the key of a query, which does not depend on the order of people."""
    people = None if query.people is None else frozenset(person.key for person in query.people)
    where = (tuple(query.projects), query.group, query.period)
    return (people, where, query.known_by.key, query.policy.name, query.with_suggestions)


def show_fields(visitor: SignIn) -> FormResult[IdentitiesQuery, IdentitiesReport]:
    """Show the fields and return their query."""
    with fields.query_form(PAGE, "People, group, projects and dates") as form:
        text = fields.people_field(
            "users",
            "\n".join(get_demo().people) if visitor.is_demo else "",
            "alice\nbob",
            "One GitLab username per line. Without any, the members of the projects below.",
        )
        columns = st.columns(2)
        with columns[0]:
            group = fields.line_field(
                "The projects of this group (optional)", "group", "group path or ID"
            ).strip("/")
        with columns[1]:
            projects = fields.projects_field()
        days = fields.dates_fields()
        policy = policy_field()
        known_by = own_file(form)
        suggests = form.actions.toggle(
            "Suggest people",
            key="suggest",
            help="Say who each signature could be of, and why. Nothing is assigned by itself.",
            bind="query-params",
        )
    people = fields.read_people(text)
    period = fields.read_period(*days)
    if not fields.check_people(people) or period is None or known_by is None:
        return None, form.pressed
    if not (people.people or group or projects):
        if form.pressed:
            show_input_error("Enter at least one username, a group or a project.")
        return None, form.pressed
    query = IdentitiesQuery(
        people.people or None,
        projects,
        group or None,
        period,
        known_by,
        policy=policy,
        with_suggestions=suggests,
    )
    return PageQuery(PAGE, key_of(query), "commits", query, answer), form.pressed


visitor = current_visitor()
show_header(visitor, "Identities", LEAD)
if role_of(visitor) != "member":
    run_and_show(
        visitor,
        PAGE,
        show_fields(visitor),
        show_identities,
        ready="Press Run to see which commits match no one.",
        incomplete="Enter people, a group or projects, then press Run.",
    )
