"""The answer of the page *Identities*: where commits went, suggestions, the rest, and choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from gitlab_sync.pages.identity_choices import Choices
from gitlab_sync.pages.identity_files import choices, show_saving
from gitlab_sync.pages.state.browser import current_sign_in
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_query import JobAnswer
from gitlab_sync.pages.widgets.table_view import TableOptions, show_choice, show_table
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.alias_text import Assigned
from gitlab_sync.rules.identity.suggestions import Signature
from gitlab_sync.rules.text import plural
from gitlab_sync.services.commits import Division
from gitlab_sync.services.identities import IdentitiesQuery, IdentitiesReport
from gitlab_sync.services.unsettled import Unsettled
from gitlab_sync.types import TableRow

LEAD = (
    "Commits come under names and addresses that GitLab does not know. Here are those that match "
    "no one: assign them to people, and take the result as an aliases file or a `.mailmap`."
)
FILE = "Identities"
HELP = {
    "Projects": "The projects with these commits.",
    "First Day": "The day of writing of the first commit, by its own clock.",
    "Suggested": "Who it could be. Nothing is assigned until you choose.",
}
"""The explanations of columns."""

_MOST_CARDS = 10
_METRIC_WIDTH = 140  # pixels: two fit next to each other on a phone
_PARTS: Mapping[str, str] = {
    "Of people": "Commits of the people of this run.",
    "Unmatched": "Commits with a name and an address that match no one.",
    "Of bots": "Commits of bots, by their names.",
    "Of others": "Commits of known people outside this run.",
    "Merges": "Merge commits, which count for no one.",
}


def show_identities(found: JobAnswer[IdentitiesQuery, IdentitiesReport]) -> None:
    """Show all of the answer, once it is there."""
    report, visitor = found.report, current_sign_in()
    if report is None or visitor is None:
        return
    fields.show_unknown_projects(report.unknown_projects)
    if report.unread:
        fields.show_faults(report.unread, "Not all could be read")
    _show_division(report.division)
    chosen = choices(visitor)
    left = [each for each in report.unsettled if each.signature not in chosen.signatures]
    if not report.unsettled:
        st.success("Every commit matches someone.", icon=":material/check_circle:")
    if report.with_suggestions and left:
        _show_suggestions(report, left, found.instance)
    if left:
        _show_left(report, report.identities_sheet(found.query, found.instance, left), left, found)
    if chosen.assigned:
        st.header("Assigned", anchor=False)
        _show_assigned(report, chosen, found)
    show_saving(visitor, chosen)


def _show_division(division: Division) -> None:
    numbers = (
        division.people, division.unmatched, division.bots, division.others, division.merges,
    )  # fmt: skip
    with st.container(horizontal=True):
        for (title, text), number in zip(_PARTS.items(), numbers, strict=True):
            st.metric(title, f"{number:,}", help=text, border=True, width=_METRIC_WIDTH)
    commits, projects = plural(division.total, "commit"), plural(division.projects, "project")
    st.caption(f"These are all {commits} that were read, in {projects}.")


def _show_suggestions(report: IdentitiesReport, left: Sequence[Unsettled], instance: str) -> None:
    """Show the signatures with suggestions, each with a button for each person."""
    suggested = [each for each in left if each.suggestions]
    st.header("Suggestions", anchor=False)
    if not suggested:
        st.caption("For what is left, no suggestion is likely enough to be right.")
        return
    for number, each in enumerate(suggested[:_MOST_CARDS]):
        with st.container(border=True, key=f"card_{number}"):
            st.markdown(_signature_text(each))
            for one in each.suggestions:
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.button(
                        f"Assign to {escaped(one.username)}",
                        key=f"assign_{number}_{one.username}",
                        icon=":material/person_add:",
                        on_click=_add,
                        args=(_assigned(report, [each], one.username, instance),),
                    )
                    st.markdown(escaped(f"{one.reason[0].upper()}{one.reason[1:]}."))
    if len(suggested) > 1:
        firsts = [
            assigned
            for each in suggested
            for assigned in _assigned(report, [each], each.suggestions[0].username, instance)
        ]
        st.button(
            f"Assign all {len(suggested)} to their first suggestion",
            key="assign_all",
            icon=":material/done_all:",
            on_click=_add,
            args=(firsts,),
        )


def _show_left(
    report: IdentitiesReport,
    sheet: Sheet,
    left: Sequence[Unsettled],
    found: JobAnswer[IdentitiesQuery, IdentitiesReport],
) -> None:
    """Show the signatures that are left, and the choice of a person for those that are ticked."""
    st.header("Unmatched", anchor=False)
    options = TableOptions(
        HELP,
        columns=("Name", "Address", "Commits", "Suggested"),
        alt="Unmatched signatures: one row for each, most commits first",
    )
    # A new table after each change: a selection is by the number of a row.
    picked = show_choice(sheet, "unmatched", FILE, options, generation=len(left))
    ticked = {_signature_of(row) for row in picked}
    chosen = [each for each in left if each.signature in ticked]
    if not chosen:
        st.caption("Tick signatures to assign them to a person.")
        return
    names = {key: record.text(user, "name") or "" for key, user in report.users.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        person = st.selectbox(
            f"Assign {plural(len(chosen), 'signature')} to",
            sorted(names),
            index=None,
            format_func=lambda key: f"{names[key]} (@{key})",
            placeholder="Choose a person",
            key=f"person_{len(left)}",
            width=320,
        )
        st.button(
            "Assign",
            key="assign",
            icon=":material/person_add:",
            disabled=person is None,
            on_click=_add,
            args=(_assigned(report, chosen, person or "", found.instance),),
        )


def _show_assigned(
    report: IdentitiesReport,
    chosen: Choices,
    found: JobAnswer[IdentitiesQuery, IdentitiesReport],
) -> None:
    saved = {each.signature for each in chosen.assigned} - {
        each.signature for each in chosen.unsaved
    }
    rows: list[TableRow] = [
        {
            "Name": each.signature[0],
            "Address": each.signature[1],
            "Person": each.username,
            "State": "written" if each.signature in saved else "chosen",
        }
        for each in chosen.assigned
    ]
    meta = report.identities_sheet(found.query, found.instance, ()).meta
    sheet = Sheet("Assigned", ("Name", "Address", "Person", "State"), rows, meta)
    show_table(sheet, "assigned", "Assigned", TableOptions(alt="What you have assigned"))


def _assigned(
    report: IdentitiesReport, chosen: Sequence[Unsettled], username: str, instance: str
) -> list[Assigned]:
    return report.assigned_to(username, chosen, instance) if username else []


def _add(assigned: Sequence[Assigned]) -> None:
    visitor = current_sign_in()
    if visitor is not None:
        choices(visitor).add(assigned)


def _signature_text(each: Unsettled) -> str:
    """Return, as Markdown, a signature with its commits and days."""
    name, address = each.signature
    days = " to ".join(dict.fromkeys((min(each.days), max(each.days)))) if each.days else ""
    parts = [f"**{escaped(name or address)}**", escaped(address) if name else ""]
    parts += [plural(len(each.commits), "commit"), days]
    return " · ".join(filter(None, parts))


def _signature_of(row: TableRow) -> Signature:
    return str(row["Name"]), str(row["Address"])
