"""What all pages begin with: who looks, what the page is for, and the mark of the demo."""

from __future__ import annotations

import os

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.connection import current_sign_in, secrets_of_server
from gitlab_sync.pages.state.roles import Role, Roles
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.error_panel import show_error


def begin(title: str, lead: str, *, of_people: bool = True) -> SignIn:
    """Show a page's title and in a sentence what it is for; return who looks at it.

    Pages `of_people` bear the mark of the demo in it. Ends the page where nobody is signed in any
    more.
    """
    visitor = current_sign_in()
    if visitor is None:
        st.stop()
    st.title(title, anchor=False)  # beside a link to it a title would have less room
    st.markdown(lead)
    if visitor.is_demo and of_people:
        st.info(
            "The people, projects and numbers on this page are made up.",
            title="Demo data",
            icon=":material/science:",
        )
    return visitor


def role_of(sign_in: SignIn) -> Role:
    """Return somebody's role; that of a member where the roles cannot be read."""
    try:
        return _roles().of(sign_in)
    except ConfigurationError:
        return "member"


def show_fault_of_roles() -> None:
    """Say what is wrong with this server's list of roles, if anything."""
    try:
        _roles()
    except ConfigurationError as error:
        show_error("This server's list of roles is wrong, so everybody is a member", error)


def _roles() -> Roles:
    return Roles.from_settings(secrets_of_server(), os.environ)
