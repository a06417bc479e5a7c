"""The script of every run: it checks who is signed in, and shows the sign-in page or a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from gitlab_sync.pages import oidc
from gitlab_sync.pages.closed import show_closed
from gitlab_sync.pages.identity_files import show_aliases_fault
from gitlab_sync.pages.sign_in import show_sign_in
from gitlab_sync.pages.state.browser import current_sign_in, sign_out
from gitlab_sync.pages.state.downloads import downloads_of_run
from gitlab_sync.pages.state.roles import Role
from gitlab_sync.pages.state.served_run import is_snapshot_served
from gitlab_sync.pages.state.server_settings import server_roles
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import NoAccess, Source, source_of
from gitlab_sync.pages.widgets.download_links import STYLE
from gitlab_sync.pages.widgets.error_panel import valid_or
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.policy_field import RULES_PAGE

# Streamlit would load one of its own icons from the host of a font.
_ICON = Path(__file__).with_name("icon.svg")

# Streamlit writes white text on the accent colour and text in the accent colour on the page. On a
# dark page no single accent colour has enough contrast for both, so selected items keep the colour
# of text: their underline or frame marks them. Headers are h2, below the page's title, but smaller
# than Streamlit's h2. Its margins at the sides would take a column from a table.
_STYLE = f"""<style>{STYLE}
[data-testid=stHeading] h2 {{ font-size: 1.75rem !important; padding-top: 0.5rem !important; }}
[data-testid=stMainBlockContainer] {{ padding-inline: clamp(1rem, 3vw, 5rem) !important; }}
[role=tab][aria-selected=true], [role=radio][aria-checked=true] {{ color: inherit !important; }}
</style>"""


_IDENTITIES = ("identities", "Identities", "contacts", "identities")
_RULES = ("evaluation_rules", "How is this evaluated?", "rule", RULES_PAGE)


_OF_SNAPSHOTS = (
    ("what_changed", "What changed", "history", "changes"),
    ("what_i_see", "What I see", "visibility", "access"),
)


def pages_for(role: Role, *, on_snapshot: bool = False) -> list[st.Page]:
    """Return the pages that a role may see. The first one opens by default.

    On a snapshot, only those who see everyone also see commits that match no one.

    Streamlit gives the default page no path of its own, so a hidden copy of it has the path for
    links.
    """
    if role == "member":
        pages = [
            ("user_profile", "My profile", "person", "profile"),
            ("weekly_performance", "My week", "calendar_view_week", "weekly"),
            ("open_work", "My open work", "sports_handball", "open"),
            ("reviews", "My reviews", "rate_review", "reviews"),
            _RULES,
        ]
    else:
        pages = [
            ("batch_analytics", "Batch analytics", "groups", "batch"),
            ("user_profile", "User profile", "person", "profile"),
            ("weekly_performance", "Weekly performance", "calendar_view_week", "weekly"),
            ("open_work", "Open work", "sports_handball", "open"),
            ("team_leaderboard", "Team leaderboard", "trophy", "leaderboard"),
            ("reviews", "Reviews", "rate_review", "reviews"),
            ("project_compliance", "Project compliance", "verified", "compliance"),
            *([] if on_snapshot and role != "admin" else [_IDENTITIES]),
            _RULES,
        ]
    if on_snapshot:
        pages += _OF_SNAPSHOTS
    if role == "admin":
        pages.append(("status", "Status", "monitoring", "status"))
    first, title, icon, path = pages[0]
    return [
        st.Page(f"{first}.py", title=title, icon=f":material/{icon}:", default=True),
        st.Page(f"{first}.py", title=title, url_path=path, visibility="hidden"),
        *(
            st.Page(f"{script}.py", title=title, icon=f":material/{icon}:", url_path=path)
            for script, title, icon, path in pages[1:]
        ),
    ]


def show_account(visitor: SignIn) -> None:
    """Show in the sidebar who is signed in and where, with the button to sign out."""
    with st.sidebar:
        if visitor.is_demo:
            st.badge("Demo data", icon=":material/science:", color="orange")
            st.caption("A GitLab inside this app with made-up people.")
        else:
            st.text(visitor.name)
            host = visitor.base_url.partition("://")[2]
            st.caption(escaped(f"@{visitor.username} at {host}"))
        st.button(
            "Leave the demo" if visitor.is_demo else "Sign out",
            icon=":material/logout:",
            key="sign_out",
            on_click=sign_out,
            args=(
                "You left the demo."
                if visitor.is_demo
                else "You are signed out, and this server has forgotten your token.",
            ),
        )


def show_without_menu(show: Callable[[st.Page], None]) -> None:
    """Show something in the place of each page, so that a link to any of them still leads there."""
    pages = pages_for("admin", on_snapshot=is_snapshot_served())
    page = st.navigation(pages, position="hidden")
    oidc.go_back(pages, page)
    with downloads_of_run():
        show(page)


def show_pages(visitor: SignIn, source: Source) -> None:
    """Show the pages of the visitor's role, and the one that is open."""
    pages = pages_for(source.role, on_snapshot=source.run is not None)
    page = st.navigation(pages)
    oidc.go_back(pages, page)
    if source.run is None:
        roles_error = "This server's list of roles is not valid, so everyone is a member"
        valid_or(None, server_roles, roles_error)
        show_aliases_fault(visitor, is_admin=source.role == "admin")
    with downloads_of_run():
        page.run()


st.set_page_config(page_title="GitLab Sync", page_icon=_ICON, layout="wide")
st.html(_STYLE)
visitor = current_sign_in()
if visitor is None:
    show_without_menu(show_sign_in)
else:
    show_account(visitor)
    try:
        found: Source | NoAccess = source_of(visitor)
    except NoAccess as error:
        found = error
    if isinstance(found, NoAccess):
        refusal = found
        show_without_menu(lambda _: show_closed(refusal))
    else:
        show_pages(visitor, found)
