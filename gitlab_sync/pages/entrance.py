"""The script of every page run: who is signed in, and which pages that opens."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gitlab_sync.pages import oidc
from gitlab_sync.pages.sign_in import show_sign_in
from gitlab_sync.pages.state.connection import current_sign_in, sign_out
from gitlab_sync.pages.state.roles import Role
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.error_panel import escaped
from gitlab_sync.pages.widgets.frame import role_of, show_fault_of_roles

# One of Streamlit's own icons would be loaded from the host of a font.
_ICON = Path(__file__).with_name("icon.svg")

# Streamlit writes white on the accent, and the accent on the page; on a dark page no colour can be
# read both ways. So what is selected keeps the colour of text: its line or frame shows it, too.
# Sections are of the second level, as they are below a title, but not as large as that would be.
_STYLE = """<style>
[data-testid=stHeading] h2 { font-size: 1.75rem !important; padding-top: 0.5rem !important; }
[role=tab][aria-selected=true], [role=radio][aria-checked=true] { color: inherit !important; }
</style>"""


def pages_for(role: Role) -> list[st.Page]:
    """Return the pages that somebody may see, the first of them opening by itself.

    That one has no path of its own, so it is there once more, for links that name it.
    """
    own = role == "member"
    mine = "My profile" if own else "User profile"
    profile = st.Page("user_profile.py", title=mine, icon=":material/person:", url_path="profile")
    weekly = st.Page(
        "weekly_performance.py",
        title="My week" if own else "Weekly performance",
        icon=":material/calendar_view_week:",
        url_path="weekly",
    )
    if own:
        first = st.Page("user_profile.py", title=mine, icon=":material/person:", default=True)
        return [first, weekly, _hidden("user_profile.py", mine, "profile")]
    pages = [
        st.Page(
            "batch_analytics.py", title="Batch analytics", icon=":material/groups:", default=True
        ),
        _hidden("batch_analytics.py", "Batch analytics", "batch"),
        profile,
        weekly,
        st.Page(
            "team_leaderboard.py",
            title="Team leaderboard",
            icon=":material/trophy:",
            url_path="leaderboard",
        ),
        st.Page(
            "project_compliance.py",
            title="Project compliance",
            icon=":material/verified:",
            url_path="compliance",
        ),
    ]
    if role == "admin":
        pages.append(
            st.Page("status.py", title="Status", icon=":material/monitoring:", url_path="status")
        )
    return pages


def _hidden(script: str, title: str, path: str) -> st.Page:
    return st.Page(script, title=title, url_path=path, visibility="hidden")


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


st.set_page_config(page_title="GitLab Sync", page_icon=_ICON, layout="wide")
st.html(_STYLE)
visitor = current_sign_in()
if visitor is None:
    # All of them, so that a link to any page still leads there after signing in.
    pages = pages_for("admin")
    page = st.navigation(pages, position="hidden")
    oidc.go_back(pages, page)
    show_sign_in(page)
else:
    pages = pages_for(role_of(visitor))
    page = st.navigation(pages)
    oidc.go_back(pages, page)
    show_account(visitor)
    show_fault_of_roles()
    page.run()
