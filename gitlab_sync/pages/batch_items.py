"""The items behind one person's row of the batch table."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.widgets.contest import CONTEST, HELP, contest_column
from gitlab_sync.pages.widgets.markdown import escaped, linked
from gitlab_sync.pages.widgets.table_view import TableOptions, show_table
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules import record
from gitlab_sync.rules.items.fixes import Group
from gitlab_sync.rules.scores import unified
from gitlab_sync.rules.text import plural
from gitlab_sync.services.items import items_sheet
from gitlab_sync.services.people_report import PersonAnswer


def show_items(
    person: PersonAnswer, meta: Meta, instance: str, profile: str | None, column: str | None = None
) -> None:
    """Show the faults of the person's merge requests and issues, waived ones, and unknown checks.

    `instance` is the URL of the GitLab, `profile` the path of this app's profile of the person.
    With the `column` of a check, show only what that counts and leaves out.
    """
    username = person.summary.username
    only = column if column in unified.TOTALS else None
    title = username if only is None else f"{username}: {only}"
    st.header(f"Details for {escaped(title)}", anchor=False)
    if person.summary.user is None:
        st.markdown(f"Nothing could be read: {escaped(str(person.summary.error))}.")
        return
    at_gitlab = linked("GitLab", record.text(person.summary.user, "web_url"))
    st.markdown(f"[Profile]({profile}) · {at_gitlab}")
    fixes = person.fixes
    if only is not None:
        fixes = fixes.of_check(*unified.check_of(only))
    if not (fixes.faults or fixes.unknown or fixes.waived):
        st.markdown("No faults found: there is nothing to fix.")
        return
    if fixes.groups:
        # One Markdown text: separate ones would have the gaps of paragraphs between them.
        st.markdown("\n".join(map(_fault_text, fixes.groups)))
    links = contest_column(person.policy, instance, fixes.faults)
    options = TableOptions({CONTEST: HELP}, app_links=links)
    show_table(items_sheet(username, fixes, meta), "items", f"Items_of_{username}", options)


def _fault_text(group: Group) -> str:
    share = f"{len(group.faults)} of {plural(group.known, group.kind)}"
    return f"- **{escaped(group.check.title)}**: {share}. {escaped(group.check.how_to_fix)}"
