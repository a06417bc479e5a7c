"""What I see: the visitor's role on a snapshot, the people with work that it shows, and why."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.state.access import Access, Reason
from gitlab_sync.pages.state.source import SnapshotSource, source_of
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.text import plural
from gitlab_sync.snapshots.directory import Directory

LEAD = (
    "This app shows a snapshot: what was read of GitLab at one moment. Your role decides of which "
    "people you see work, on every page, in every file and behind every link."
)
MEANINGS = {
    "admin": "You see the work of everyone, and the status of this server.",
    "mentor": "You see all pages, with the work of the people below.",
    "member": "You see your own work.",
}
_PLAIN = (
    "This entry names none of of_groups, of_teams and of_colleges, so it shows you the work of no "
    "one else. The operator of this server can add them."
)


def show_access(access: Access, directory: Directory, username: str) -> None:
    """Show what a visitor sees, and which entries of the roles grant it."""
    number = len(directory.ids) if access.seen is None else len(access.seen)
    with st.container(horizontal=True):
        st.metric("Your role", access.role, border=True, width="content")
        st.metric("People you see", f"{number:,}", border=True, width="content")
    st.markdown(MEANINGS[access.role])
    st.header("Why", anchor=False)
    st.markdown("\n".join(lines_of(access, username)))


def lines_of(access: Access, username: str) -> list[str]:
    """Return, as a list in Markdown, what a visitor sees and why: each reason with its parts."""
    lines = []
    if access.seen is not None:
        lines.append(_OWN if username_key(username) in access.seen else _NOT_IN_IT)
    for reason in access.reasons:
        lines.append(f"- **{escaped(reason.place)}** {escaped(reason.how)}. {_of(reason)}")
        lines += [
            f"    - {escaped(part.words)}: {plural(part.number, 'person')} of this snapshot"
            for part in reason.parts
        ]
    return lines


_OWN = "- **Yourself**: everyone in the snapshot sees their own work."
_NOT_IN_IT = "- The snapshot was not taken of you, so there is no work of your own."


def _of(reason: Reason) -> str:
    if reason.parts:
        return f"It makes you {reason.role} of:"
    return _PLAIN if reason.role == "mentor" else f"It makes you a {reason.role}."


visitor = current_visitor()
show_header(visitor, "What I see", LEAD)
source = source_of(visitor)
if isinstance(source, SnapshotSource):
    show_access(source.access, source.run.directory, visitor.username)
