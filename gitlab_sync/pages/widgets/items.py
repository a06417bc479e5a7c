"""The items behind a person's numbers, on a page."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.widgets.error_panel import escaped
from gitlab_sync.pages.widgets.table_view import show_sheet
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.items.fixes import Group
from gitlab_sync.rules.text import plural
from gitlab_sync.services.items import items_sheet
from gitlab_sync.services.people import PersonAnswer


def show_items(person: PersonAnswer, meta: Meta) -> None:
    """Show the faults of a person's merge requests and issues, and what is not known of them."""
    username = person.summary.username
    st.header(f"What stands behind the row of {escaped(username)}", anchor=False)
    if person.summary.user is None:
        st.markdown(f"Nothing was read: {escaped(str(person.summary.error))}.")
        return
    fixes = person.fixes
    if not fixes.faults and not fixes.unknown:
        st.markdown("No fault was found: there is nothing to mend.")
        return
    if fixes.groups:
        # One text, since each of its own would stand apart as a paragraph does.
        st.markdown("\n".join(map(_fault_text, fixes.groups)))
    show_sheet(items_sheet(username, fixes, meta), "items", f"Items_of_{username}")


def _fault_text(group: Group) -> str:
    share = f"{len(group.faults)} of {plural(group.known, group.kind)}"
    return f"- **{escaped(group.check.title)}**: {share}. {escaped(group.check.how_to_fix)}"
