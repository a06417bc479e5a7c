"""The top of every page: the visitor, its title and purpose, its source, the mark of the demo."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.state.browser import current_sign_in
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.policy_field import show_source


def current_visitor() -> SignIn:
    """Return the visitor's sign-in; end the page's run if the browser is no longer signed in."""
    visitor = current_sign_in()
    if visitor is None:
        st.stop()
    return visitor


def show_header(visitor: SignIn, title: str, lead: str, *, has_people: bool = True) -> None:
    """Show a page's title, as Markdown what the page is for, its snapshot, and its policy.

    In the demo, a page that `has_people` also says that its data is made up.
    """
    st.title(title, anchor=False)  # an anchor would take room from the title
    st.markdown(lead)
    show_source()
    if visitor.is_demo and has_people:
        st.info(
            "The people, projects and numbers on this page are made up.",
            title="Demo data",
            icon=":material/science:",
        )
