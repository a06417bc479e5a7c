"""User profile: one person's projects, commits, groups, merge requests and issues.

A member sees only their own profile, whatever the page's URL says.
"""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.profile_view import show_profile
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_input_error
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, PageQuery, run_and_show
from gitlab_sync.pages.widgets.policy_field import policy_field
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.usernames import bare_username
from gitlab_sync.run import Run
from gitlab_sync.services.profile import ProfileQuery, ProfileReport
from gitlab_sync.services.reader import Reader

DEMO_USER = "hana.yilmaz"

_CONTENT = (
    "projects, commits, groups, merge requests and issues, and what to fix in them: why, how and "
    "where."
)
LEAD = f"One person's {_CONTENT}"
LEAD_OF_MEMBER = f"Your {_CONTENT}"


def answer(reader: Reader, query: ProfileQuery, run: Run) -> ProfileReport:
    """Read and evaluate everything about the person."""
    return reader.profile(query, run)


def show_fields(
    visitor: SignIn, page: str, own: str | None
) -> FormResult[ProfileQuery, ProfileReport]:
    """Show the fields and return their query.

    `own` is the only username that the visitor may look up; None allows all and shows a field.
    """
    title = "Projects and dates" if own else "Person, projects and dates"
    with fields.query_form(page, title, clean="user") as form:
        text = own
        if text is None:
            fields.fill_in("user", DEMO_USER if visitor.is_demo else "")
            text = fields.line_field(
                "Username", "user", "alice", "The name after the @ in GitLab, not the full name."
            )
        below = st.empty()
        projects = fields.projects_field()
        days = fields.dates_fields()
        policy = policy_field()
        quick = fields.quick_switch(form)
    username = bare_username(text)
    with below:
        is_valid = _check_user(username, pressed=form.pressed)
    period = fields.read_period(*days)
    if not is_valid or period is None:
        return None, form.pressed
    query = ProfileQuery(username, projects, period, quick, zone=visitor_zone(), policy=policy)
    key = query.of_people().key
    return PageQuery(page, key, "parts of the profile", query, answer), form.pressed


def _check_user(username: str, *, pressed: bool) -> bool:
    if not username:
        if pressed:
            show_input_error("Enter a username.")
        return False
    fault = username_fault(username)
    if fault is not None:
        show_input_error(escaped(fault), "Not a username")
    return fault is None


visitor = current_visitor()
is_member = role_of(visitor) == "member"
show_header(
    visitor,
    "My profile" if is_member else "User profile",
    LEAD_OF_MEMBER if is_member else LEAD,
)
# The page of a member has a name of its own, so that an answer from before the visitor became a
# member is not shown.
page = "my_profile" if is_member else "profile"
owner = "your" if is_member else "this person's"
run_and_show(
    visitor,
    page,
    show_fields(visitor, page, visitor.username if is_member else None),
    show_profile,
    ready=f"Press Run to read {owner} work.",
    incomplete="Correct the fields that are marked above, then press Run."
    if is_member or st.session_state.get("user")
    else "Enter the username of the person to look up, then press Run.",
)
