"""The fields that several pages have: whose work, in which projects, and when.

All stand in the page's address, so that a link leads to the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

import streamlit as st

from gitlab_sync.errors import ConfigurationError, without_secrets
from gitlab_sync.pages.moments import visitors_zone
from gitlab_sync.pages.trouble import error_text, escaped
from gitlab_sync.rules.dates import Period, period
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.people_input import PeopleInput, parse_people

MOST_PEOPLE = 2000
"""People of one question: more do not fit into the page's address."""

_MOST_FAULTS = 5
_MOST_BYTES = 2_000_000


def people_area(default: str = "", *, key: str = "users", label: str = "People") -> str:
    """Show the field for people and return its text."""
    text = st.text_area(
        label,
        value=default,
        height=140,
        key=key,
        placeholder="alice\nbob, Riverside College",
        help="One GitLab username a line; behind a comma the college, if you like.",
        bind="query-params",
    )
    return text or ""


def upload_into(
    area: str, label: str, kinds: Sequence[str], as_text: Callable[[str], str], help_text: str
) -> None:
    """Show a field for a file whose content goes into the text field with the key `area`.

    There it can be seen and mended, and it stands in the page's address; `as_text` turns what the
    file holds into what the field takes. For outside of a form.
    """

    def take() -> None:
        file = st.session_state.get(f"upload_{area}")
        if file is None:
            return
        text, _ = decoded(file.getvalue())
        before = str(st.session_state.get(area) or "").strip()
        st.session_state[area] = "\n".join(filter(None, (before, as_text(text).strip())))

    st.file_uploader(
        label,
        type=list(kinds),
        key=f"upload_{area}",
        on_change=take,
        max_upload_size=_MOST_BYTES // 1_000_000,
        help=help_text,
    )


def people_of_csv(text: str) -> str:
    """Return the people of a CSV file as the field takes them; what is no name stays to be seen."""
    found = parse_people(text, "file")
    lines = [
        f"{each.username}, {each.college}" if each.college else each.username
        for each in found.people
    ]
    return "\n".join([*lines, *(f"# {fault}" for fault in found.faults)])


def hide_secrets(key: str) -> None:
    """Take tokens and passwords out of a field, which stands in the page's address."""
    text = str(st.session_state.get(key) or "")
    if without_secrets(text) != text:
        st.session_state[key] = without_secrets(text)


def read_people(text: str) -> PeopleInput:
    """Return the people of the field; lines that begin with `#` are remarks."""
    lines = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    return parse_people("\n".join(lines), "people")


def show_faults(faults: Sequence[str], title: str) -> None:
    """Show what is wrong with a field, next to it."""
    shown = [f"- {escaped(fault)}" for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        shown.append(f"- and {len(faults) - _MOST_FAULTS} more")
    st.error("\n".join(shown), title=title, icon=":material/error:")


def check_people(found: PeopleInput) -> bool:
    """Show what is wrong with the people that were named; say whether they can be asked about."""
    if found.faults:
        show_faults(found.faults, "Not a username: mend these lines, and run again")
    if len(found.people) > MOST_PEOPLE:
        st.error(
            f"{len(found.people):,} people are more than the {MOST_PEOPLE:,} of one run. "
            "Run them in parts, or use the command line, which has no such limit.",
            icon=":material/error:",
        )
        return False
    return not found.faults


def projects_field(*, key: str = "projects") -> str:
    """Show the field for projects and return its text."""
    text = st.text_input(
        "Only these projects (optional)",
        key=key,
        placeholder="group/project, or its number or address",
        help="Several with commas between them. Else all projects of each person count.",
        bind="query-params",
    )
    return text or ""


def read_projects(text: str) -> tuple[str, ...]:
    """Return the projects of the field, each once."""
    names = (name.strip() for name in text.replace("\n", ",").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def dates_fields() -> tuple[date | None, date | None]:
    """Show the fields for the first and the last day; None where they are empty."""
    columns = st.columns(2)
    with columns[0]:
        since = st.date_input(
            "From (optional)", value=None, key="since", format="YYYY-MM-DD", bind="query-params"
        )
    with columns[1]:
        until = st.date_input(
            "To (optional)", value=None, key="until", format="YYYY-MM-DD", bind="query-params"
        )
    return _day(since), _day(until)


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def read_period(since: date | None, until: date | None) -> Period | None:
    """Return the period between two days of the visitor's; None, and why, if there is none."""
    try:
        return period(since, until, visitors_zone())
    except ConfigurationError as error:
        st.error(error_text(error), title="These dates cannot be", icon=":material/error:")
        return None
