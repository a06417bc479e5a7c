"""One person's profile: the person, numbers, what to fix, charts, tables and the README."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from urllib.parse import urlsplit

import streamlit as st

from gitlab_sync.pages.profile_charts import show_faults, show_weeks, weeks
from gitlab_sync.pages.profile_fixes import show_fixes, unread_texts
from gitlab_sync.pages.widgets import charts, fields
from gitlab_sync.pages.widgets.markdown import escaped, linked
from gitlab_sync.pages.widgets.page_query import JobAnswer
from gitlab_sync.pages.widgets.policy_field import show_policy
from gitlab_sync.pages.widgets.table_view import TableOptions, show_table, show_workbook_download
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.reports.cells import legal
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.rules.text import format_hours_minutes, without_comments
from gitlab_sync.services.profile import ProfileQuery, ProfileReport
from gitlab_sync.types import TableRow

CARDS: tuple[dict[str, dict[str, str]], ...] = (
    {
        "Commits": {
            "Commits Total": "Total",
            "Commits Morning": "Morning",
            "Commits Afternoon": "Afternoon",
        },
        "Merge requests": {
            "MR Total (Authored)": "Total",
            "MR Merged": "Merged",
            "MR Open": "Open",
            "MR Closed": "Closed",
        },
    },
    {
        "Issues": {"Issue Total (Auth)": "Total", "Issue Open": "Open", "Issue Closed": "Closed"},
        "Projects": {"Projects (Auth)": "Personal", "Projects (Contr)": "Contributed"},
        "Groups and time": {"Groups Count": "Groups", "Time Spent": "Time spent"},
    },
)
"""The cards by row: for each card its title, and the labels of its numbers by column."""

HELP = {
    "Commits Morning": "From 9:00 to 12:30.",
    "Commits Afternoon": "From 12:30 to 17:00. Commits at other hours are in the total only.",
    "MR Total (Authored)": "Merge requests that this person created.",
    "MR Closed": "Closed without being merged.",
    "Issue Total (Auth)": "Issues that this person created.",
    "Projects (Contr)": "Projects of others to which this person contributed.",
}
"""The explanations of numbers, by column."""

TABS = {
    tables.PERSONAL: "Personal projects",
    tables.CONTRIBUTED: "Contributed projects",
    tables.COMMITS: "Commits",
    tables.GROUPS: "Groups",
    tables.MERGE_REQUESTS: "Merge requests",
    tables.ISSUES: "Issues",
    tables.OPEN_WORK: "Open work",
}
"""The titles of the tabs, by the titles of their tables."""

MOST_CHARACTERS = 20_000
"""The longest part of a profile README that is shown."""

_LINKED_IMAGE = re.compile(r"\[!\[([^\[\]]*)\]\([^()\s]*\)\]\(")
_FENCE = re.compile(r"(`{3,}|~{3,})([^\n\r]*)")
_AT_LEAST = "At least this many: not everything could be read."
_AVATAR = 72  # pixels
_WIDTHS = ((3, 4), (3, 3, 4))  # of the cards, so that each has its numbers on one line


def show_profile(found: JobAnswer[ProfileQuery, ProfileReport]) -> bool:
    """Show a profile when all of it has been read.

    Return True if there is no such user: then that is shown instead of the panel of errors.
    """
    report, instance = found.report, found.instance
    if report is None:
        st.caption("The profile appears when all of it has been read.")
        return False
    fields.show_unknown_projects(report.unknown_projects)
    if report.user is None:
        is_missing = report[0]["Status"] == "Not Found"  # otherwise an error hides the person
        if is_missing:
            st.warning(
                "Check the spelling: it must be the name after the @, not the full name. Or your "
                "account is not allowed to see this person.",
                title=f"There is no user {escaped(_username(report))} in this GitLab",
                icon=":material/person_off:",
            )
        return is_missing
    _show_head(report, instance)
    _show_numbers(report)
    show_policy(found.query.policy)
    show_fixes(report, instance)
    _show_quality(report)
    _show_tables(report, report.sheets(instance))
    _show_readme(report)
    return False


def _show_head(report: ProfileReport, instance: str) -> None:
    (row,) = report
    name = str(row["Name"] or row["Username"])
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        picture = own_avatar(row, instance) or initials_image(name)
        st.image(picture, width=_AVATAR, alt=f"Picture of {name}")
        with st.container(gap=None):
            st.header(escaped(name), anchor=False)
            link = row[tables.LINK]
            parts = [
                f"@{escaped(str(row['Username']))}",
                f"ID {escaped(str(row['Id']))}",
                linked("Open in GitLab", str(link)) if link is not None else "",
            ]
            st.markdown(" · ".join(filter(None, parts)))
    for remark in report.remarks:
        st.caption(f"{remark[0].upper()}{escaped(remark[1:])}.")


def own_avatar(row: TableRow, instance: str) -> str | None:
    """Return the URL of the person's avatar; None if it is not on the GitLab's own host.

    Any other host would learn which visitor looks at which person.
    """
    url, own = row["Avatar"], urlsplit(instance)
    is_own = isinstance(url, str) and url.startswith(f"{own.scheme}://{own.netloc}/")
    return str(url) if is_own else None


def initials_image(name: str) -> str:
    """Return an SVG image with the initials of a name."""
    words = legal(name).split()
    letters = "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper() or UNKNOWN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72" width="{_AVATAR}">'
        f'<circle cx="36" cy="36" r="36" fill="{charts.BLUE}"/>'
        '<text x="36" y="46" text-anchor="middle" font-family="sans-serif" font-size="28" '
        f'fill="white">{escape(letters)}</text></svg>'
    )


def _show_numbers(report: ProfileReport) -> None:
    for cards, widths in zip(CARDS, _WIDTHS, strict=True):
        for column, (card, titles) in zip(st.columns(widths), cards.items(), strict=True):
            with column, st.container(border=True, height="stretch"):
                _show_card(report, card, titles)


def _show_card(report: ProfileReport, card: str, titles: Mapping[str, str]) -> None:
    st.markdown(f"**{card}**")
    with st.container(horizontal=True, gap="medium"):
        for title, label in titles.items():
            help_text = _AT_LEAST if title in report.at_least else HELP.get(title)
            st.metric(label, number_text(report, title), help=help_text, width="content")
    parts = (part for title in titles for part in tables.NUMBERS[title][1])
    for text in unread_texts(report, parts):
        st.caption(f":material/warning: {text}")


def number_text(report: ProfileReport, title: str) -> str:
    """Return a number as text: `12`, `≥ 12` if the real number can be higher, or `?`."""
    number = report.numbers[title]
    if number is None:
        return UNKNOWN
    shown = format_hours_minutes(number) if title == "Time Spent" else f"{number:,}"
    return f"≥ {shown}" if title in report.at_least else shown


def _show_quality(report: ProfileReport) -> None:
    (answer,) = report.people.people.values()
    evaluated = {
        "merge requests": (tables.MERGE_REQUESTS, answer.mrs),
        "issues": (tables.ISSUES, answer.issues),
    }
    if not any(items for _, items in evaluated.values()):
        return
    st.header("Merge requests and issues by check", anchor=False)
    for column, (nouns, (title, items)) in zip(st.columns(2), evaluated.items(), strict=True):
        with column:
            st.markdown(f"**Evaluated {nouns}**")
            if items:
                show_faults(nouns, report.query.checks[title], items)
            else:
                unread = unread_texts(report, [nouns])
                st.caption(unread[0] if unread else f"There are no {nouns} to evaluate.")
    show_weeks(weeks(answer.mrs, visitor_zone()))


def _show_tables(report: ProfileReport, sheets: Sequence[Sheet]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Tables", anchor=False)
        show_workbook_download(
            sheets,
            f"Profile_of_{_username(report)}",
            f"A workbook with the sheets {', '.join(tables.TABLES)}, and a last sheet about the "
            "source of the data.",
        )
    names = [TABS[sheet.title] for sheet in sheets]
    for sheet, tab in zip(sheets, st.tabs(names, key="part", bind="query-params"), strict=True):
        # Lists can be long, so only the open tab is filled.
        if tab.open:
            with tab:
                alt = f"{TABS[sheet.title]} of {_username(report)}"
                title = f"{sheet.title}_of_{_username(report)}"
                show_table(sheet, sheet.title.lower(), title, TableOptions(alt=alt))


def _username(report: ProfileReport) -> str:
    return str(report[0]["Username"])


def _show_readme(report: ProfileReport) -> None:
    st.header("Profile README", anchor=False)
    readme = report.readme.value
    if report.readme.error is not None:
        st.caption(f"The profile README could not be read: {escaped(report.readme.error.reason)}.")
        return
    if readme is None:
        name = _username(report)
        st.caption(
            "There is no profile README. GitLab shows one on the person's page if there is a "
            f"public project {escaped(f'{name}/{name}')} with a README.md."
        )
        return
    with st.container(border=True, key="readme"):
        st.markdown(safe_readme(readme.text), anchors=False)
    longer = "Only the beginning is shown. " if len(readme.text) > MOST_CHARACTERS else ""
    st.caption(f"{longer}{linked('Open it in GitLab', readme.link)}")


def safe_readme(text: str) -> str:
    """Return a README as Markdown that loads nothing: images become links, diagrams become text.

    Comments are removed. Streamlit shows HTML in Markdown as text.
    """
    plain = _FENCE.sub(_without_diagram, without_comments(text[:MOST_CHARACTERS]))
    plain = _LINKED_IMAGE.sub(r"[\1](", plain)
    # An exclamation mark right before a bracket begins an image; the word joiner is not visible.
    return plain.replace("![", "!\u2060[")


def _without_diagram(fence: re.Match[str]) -> str:
    """Return the fence of a block of code without its language if that is Mermaid."""
    # A diagram can have images of any host. Its language can also be written as an entity.
    return fence[1] if "mermaid" in unescape(fence[2]).lower() else fence[0]
