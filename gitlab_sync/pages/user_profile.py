"""User profile: one person's projects, commits, groups, merge requests and issues.

A member sees their own and nobody else's, whatever stands in the address.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gitlab_sync.pages.profile_view import show_profile
from gitlab_sync.pages.state.connection import current_sign_in
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import escaped
from gitlab_sync.pages.widgets.frame import begin, role_of
from gitlab_sync.pages.widgets.page_query import Asked, PageQuery, ask_and_show
from gitlab_sync.pages.widgets.times import visitors_zone
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.services import profile as answers
from gitlab_sync.services.profile import ProfileQuery, ProfileReport

DEMO_USER = "hana.yilmaz"

LEAD = (
    "One person's projects, commits, groups, merge requests and issues, and what there is to mend "
    "in them: why, how, and where."
)
LEAD_OF_MEMBER = (
    "Your projects, commits, groups, merge requests and issues, and what there is to mend in them: "
    "why, how, and where."
)


def show_fields(sign_in: SignIn, page: str, own: str | None) -> Asked[ProfileQuery, ProfileReport]:
    """Show the fields, and return what they ask.

    `own` is the only username that may be asked about: then there is no field for another.
    """
    with st.form("profile"):
        typed, below = _user_field(sign_in) if own is None else (own, st.empty())
        projects = fields.projects_field()
        days = fields.dates_fields()
        pressed, quick = fields.run_button_and_quick(clean="user")
    username = typed.strip().removeprefix("@")
    with below:
        known = _check_user(username, pressed=pressed)
    period = fields.read_period(*days)
    if not known or period is None:
        return None, pressed
    question = ProfileQuery(username, projects, period, quick, zone=visitors_zone())
    about = question.of_people().key
    return PageQuery(page, about, "parts of the profile", question, answers.answer), pressed


def _user_field(sign_in: SignIn) -> tuple[str, DeltaGenerator]:
    """Show the field for the person; return its text, and the place below it."""
    fields.fill_in("user", DEMO_USER if sign_in.is_demo else "")
    text = st.text_input(
        "Username",
        key="user",
        placeholder="alice",
        help="The name behind the @ in GitLab, not the full name.",
        bind="query-params",
    )
    return text or "", st.empty()


def _check_user(username: str, *, pressed: bool) -> bool:
    """Say whether this can be asked about, and if not, why."""
    if not username:
        if pressed:
            st.error("Type in a username first.", icon=":material/error:")
        return False
    fault = username_fault(username)
    if fault is not None:
        st.error(escaped(fault), title="Not a username", icon=":material/error:")
    return fault is None


signed_in = current_sign_in()
is_member = signed_in is not None and role_of(signed_in) == "member"
visitor = begin(
    "My profile" if is_member else "User profile", LEAD_OF_MEMBER if is_member else LEAD
)
# Another name of the page, so that nothing is left to see of what was asked with more rights.
page = "my_profile" if is_member else "profile"
asked = show_fields(visitor, page, visitor.username if is_member else None)
whose = "your" if is_member else "this person's"
ask_and_show(
    visitor,
    page,
    asked,
    show_profile,
    ready=f"Press Run to read {whose} work.",
    lacking="Mend what is marked above, and press Run."
    if is_member or st.session_state.get("user")
    else "Type in the username of the person whose work you want to see, and press Run.",
)
