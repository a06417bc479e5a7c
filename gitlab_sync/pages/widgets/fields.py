"""The fields that several pages have: whose work, in which projects, and when.

All stand in the page's address, so that a link leads to the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

import streamlit as st

from gitlab_sync.errors import ConfigurationError, without_secrets
from gitlab_sync.pages.widgets.error_panel import error_text, escaped
from gitlab_sync.pages.widgets.times import visitors_zone
from gitlab_sync.rules.dates import Period, period
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.identity.people_input import PeopleInput, parse_people

MOST_PEOPLE = 2000
"""People of one question: more do not fit into the page's address."""

_MOST_FAULTS = 5
_MOST_BYTES = 2_000_000


def fill_in(key: str, text: str) -> None:
    """Put text into the field with that key if nobody did yet, by hand, by a file or by a link.

    A field with a default of its own could not be written to besides. For before it is shown.
    """
    if text and key not in st.session_state and key not in st.query_params:
        st.session_state[key] = text


def people_area(key: str, default: str, placeholder: str, help_text: str) -> str:
    """Show the field for people, with `default` in it at first, and return its text."""
    fill_in(key, default)
    text = st.text_area(
        "People",
        height=140,
        key=key,
        placeholder=placeholder,
        help=help_text,
        bind="query-params",
    )
    return text or ""


def people_file(area: str, as_text: Callable[[str], str], columns: str) -> None:
    """Show the field for a file with people, which go into the field with the key `area`.

    `columns` says in a sentence what the file holds. For outside of a form.
    """
    with st.expander("Take people from a file", icon=":material/upload_file:"):
        upload_into(
            area,
            "CSV file with people",
            ("csv", "txt"),
            as_text,
            f"{columns} They are put into the field below.",
        )


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


def group_and_projects() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Show the fields for a group and for projects side by side; return the groups, and these."""
    columns = st.columns(2)
    with columns[0]:
        group = st.text_input(
            "Members of this group, too (optional)",
            key="group",
            placeholder="group, or its number",
            bind="query-params",
        )
    with columns[1]:
        projects = projects_field()
    return tuple(filter(None, [(group or "").strip().strip("/")])), projects


def projects_field() -> tuple[str, ...]:
    """Show the field for projects, and return those in it, each once."""
    text = st.text_input(
        "Only these projects (optional)",
        key="projects",
        placeholder="group/project, or its number or address",
        help="Several with commas between them. Else all projects of each person count.",
        bind="query-params",
    )
    names = (name.strip() for name in (text or "").replace("\n", ",").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def show_unknown_projects(names: Iterable[object]) -> None:
    """Say which of the projects that were named are not there, if any."""
    unknown = [str(name) for name in names]
    if unknown:
        show_faults(unknown, "These projects do not exist, or may not be read: left out")


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


def run_button(clean: str | None = None) -> bool:
    """Show the button that ends a form, and return whether it was pressed.

    From the field with the key `clean` it takes tokens and passwords.
    """
    return st.form_submit_button(
        "Run",
        type="primary",
        icon=":material/play_arrow:",
        on_click=None if clean is None else hide_secrets,
        args=None if clean is None else (clean,),
    )


def run_button_and_quick(clean: str | None = None) -> tuple[bool, bool]:
    """Show `run_button` and the switch for a quick judgement; return both of their states."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        pressed = run_button(clean)
        quick = st.toggle(
            "Quick",
            key="quick",
            help="Judge merge requests from lists alone: much faster, but what a list does not "
            "say, such as tests and reviews, stays unknown.",
            bind="query-params",
        )
    return pressed, quick
