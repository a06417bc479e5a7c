"""The script of every page run: who is signed in, and which page that leads to."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.connection import current_sign_in, sign_out
from gitlab_sync.pages.sign_in import show_sign_in
from gitlab_sync.pages.trouble import escaped
from gitlab_sync.sessions import SignIn


def show_account(sign_in: SignIn) -> None:
    """Show who is signed in where, and the way out."""
    with st.sidebar:
        if sign_in.is_demo:
            st.badge("Demo data", icon=":material/science:", color="orange")
            st.caption("A GitLab inside this app, with made-up people.")
        else:
            st.text(sign_in.name)
            host = sign_in.base_url.partition("://")[2]
            st.caption(escaped(f"@{sign_in.username} at {host}"))
        st.button(
            "Leave the demo" if sign_in.is_demo else "Sign out",
            icon=":material/logout:",
            key="sign_out",
            on_click=sign_out,
            args=(
                "You left the demo."
                if sign_in.is_demo
                else "You are signed out, and the token is forgotten.",
            ),
        )


st.set_page_config(page_title="GitLab Sync", page_icon=":material/fact_check:", layout="wide")
visitor = current_sign_in()
page = st.navigation(
    [st.Page("batch_analytics.py", title="Batch analytics", icon=":material/groups:")],
    position="hidden" if visitor is None else "sidebar",
)
if visitor is None:
    show_sign_in()
else:
    show_account(visitor)
    page.run()
