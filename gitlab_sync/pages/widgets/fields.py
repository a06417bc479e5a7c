"""The input fields that several pages have: people, projects, days, and the button Run.

All fields of a page are in one form, so what a visitor types starts no run of the page, and no run
of the page changes what they type. Run sends all of it. The values are in the page's URL, so a link
leads to the same query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.typing import UploadedFile

from gitlab_sync.errors import ConfigurationError, without_secrets
from gitlab_sync.pages.state.source import current_run
from gitlab_sync.pages.widgets.error_panel import show_input_error, valid_or
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.rules.dates import Period, period
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.identity.people_input import PeopleInput, parse_people

MOST_PEOPLE = 2000
"""The most people of one query: more do not fit into the page's URL."""

MOST_CHARACTERS = 200_000
"""The longest text of a field: a list of so many people is shorter."""

MOST_MEGABYTES = 2
"""The largest file of a visitor. The server's `maxUploadSize` is the same."""

PROJECT_EXAMPLE = "group/project, ID or URL"
"""The placeholder of fields for a project."""

_MOST_FAULTS = 5
_OPEN = "fields_of_"
_FOLD = "_fold_"
_UPLOADS = "_uploads_of_"


class QueryForm(NamedTuple):
    """The form of a page: whether its button Run was pressed, and the place next to that button."""

    pressed: bool
    actions: DeltaGenerator


@contextmanager
def query_form(page: str, title: str, clean: str | None = None) -> Iterator[QueryForm]:
    """Show the fields of a page in one form with the button Run, below `title`.

    `fold` folds it away. Run masks secrets in the field with the key `clean`.
    """
    key = _OPEN + page
    if st.session_state.pop(_FOLD + page, False):
        st.session_state[key] = False
    else:
        st.session_state.setdefault(key, True)
    icon = ":material/tune:"
    with (
        st.expander(title, key=key, icon=icon, on_change="rerun"),
        st.form(f"form_of_{page}", border=False),
    ):
        above, actions = st.container(), _row_of_actions()
        # First, so that it is there as soon as there is a field to press Enter in.
        pressed = actions.form_submit_button(
            "Run",
            type="primary",
            icon=":material/play_arrow:",
            on_click=None if clean is None else hide_secrets,
            args=None if clean is None else (clean,),
        )
        with above:
            yield QueryForm(pressed, actions)


def _row_of_actions() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="medium")


def fold(page: str) -> None:
    """Fold the form of a page away in the next run of the page."""
    st.session_state[_FOLD + page] = True


def fill_in(key: str, text: str) -> None:
    """Fill in the field of that key before it is shown, unless it has text or the URL has it.

    A field with Streamlit's own default could not be written to by an upload.
    """
    if text and key not in st.session_state and key not in st.query_params:
        st.session_state[key] = text


def lines_field(label: str, key: str, placeholder: str, help_text: str) -> str:
    """Show a text area for one item per line, and return its text."""
    text = st.text_area(
        label, height=140, key=key, placeholder=placeholder, help=help_text, bind="query-params"
    )
    return text or ""


def line_field(label: str, key: str, placeholder: str, help_text: str | None = None) -> str:
    """Show a text input, and return its text without white space around it."""
    text = st.text_input(
        label, key=key, placeholder=placeholder, help=help_text, bind="query-params"
    )
    return (text or "").strip()


def people_field(key: str, default: str, placeholder: str, help_text: str) -> str:
    """Show the text area for people, filled with `default` at first, and return its text."""
    fill_in(key, default)
    return lines_field("People", key, placeholder, help_text)


def choice_field(label: str, choices: Sequence[str], key: str, *, has_label: bool = False) -> str:
    """Show a choice, with the first one chosen at first, and return what is chosen."""
    chosen = st.segmented_control(
        label,
        choices,
        default=choices[0],
        required=True,
        key=key,
        label_visibility="visible" if has_label else "collapsed",
        bind="query-params",
    )
    return chosen or choices[0]  # an empty parameter of the URL chooses nothing


def import_field(
    form: QueryForm,
    label: str,
    key: str,
    types: Sequence[str],
    help_text: str,
    add: Callable[[str, str], bool],
) -> bool:
    """Show an upload with a text file that Run takes: `add` gets its text and its name.

    It must be called before the field that `add` writes to is shown. Return what `add` does: False
    if it has shown what is wrong with the file.
    """
    slot, number = st.empty(), st.session_state.setdefault(_UPLOADS + key, 0)

    def show(number: int) -> UploadedFile | None:
        return slot.file_uploader(
            label,
            type=[*types],
            key=f"{key}_{number}",
            max_upload_size=MOST_MEGABYTES,
            help=help_text,
        )

    file = show(number)
    if file is None or not form.pressed:
        return True
    try:
        is_added = add(decoded(file.getvalue())[0], file.name)
    except ConfigurationError as error:
        show_faults((error.reason,), "This file was not added")
        return False
    if is_added:
        st.session_state[_UPLOADS + key] = number + 1
        show(number + 1)  # an empty one, so that the file is added once
    return is_added


def list_with_import(
    form: QueryForm,
    nouns: str,
    key: str,
    as_text: Callable[[str], str],
    columns: str,
    show: Callable[[], str],
) -> str | None:
    """Show the field of `key` by `show`, and an upload that adds `nouns` of a file to it.

    There the visitor can see and correct them. `as_text` converts the file's text to that of the
    field; `columns` says in a sentence what the file has to contain. Return the text of the field.
    Beyond `MOST_CHARACTERS` nothing is added: the page says so, and the return value is None.
    """

    def add(text: str, _name: str) -> bool:
        before = str(st.session_state.get(key) or "").strip()
        after = "\n".join(filter(None, (before, as_text(text).strip())))
        faults = too_long(after)
        if faults:
            show_faults(faults, f"The {nouns} of this file were not added")
        else:
            st.session_state[key] = after
        return not faults

    field, below = st.container(), st.container()
    with below:
        help_text = f"{columns} Run adds the {nouns} to the field above."
        label, types = f"Import {nouns} from a file", ("csv", "txt", "xlsx")
        is_added = import_field(form, label, f"upload_{key}", types, help_text, add)
    with field:
        text = show()
    return text if is_added else None


def too_long(text: str) -> tuple[str, ...]:
    """Return what is wrong with a text that is too long for a field; empty if it is not."""
    fault = (
        f"a text can have at most {MOST_CHARACTERS:,} characters, got {len(text):,}: split it into "
        "several runs, or use the command line, which has no such limit"
    )
    return (fault,) if len(text) > MOST_CHARACTERS else ()


def people_of_csv(text: str) -> str:
    """Return the people of a CSV file as lines of the field; faults become lines with `#`."""
    found = parse_people(text, "file")
    lines = [
        f"{each.username}, {each.college}" if each.college else each.username
        for each in found.people
    ]
    return "\n".join([*lines, *(f"# {fault}" for fault in found.faults)])


def hide_secrets(key: str) -> None:
    """Mask tokens and passwords in the field of that key, since its value is in the page's URL."""
    text = str(st.session_state.get(key) or "")
    if without_secrets(text) != text:
        st.session_state[key] = without_secrets(text)


def read_people(text: str) -> PeopleInput:
    """Return the people of the field's text; lines that begin with `#` are comments."""
    if faults := too_long(text):
        return PeopleInput(faults=faults)
    return parse_people(text, "people")


def show_faults(faults: Sequence[str], title: str) -> None:
    """Show the first faults of a field next to it, and how many more there are."""
    lines = [f"- {escaped(fault)}" for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        lines.append(f"- and {len(faults) - _MOST_FAULTS} more")
    show_input_error("\n".join(lines), title)


def check_people(found: PeopleInput) -> bool:
    """Show what is wrong with the people of the field; return whether they can be looked up."""
    if found.faults:
        show_faults(found.faults, "Not a username: fix these lines and run again")
    return check_number(len(found.people), MOST_PEOPLE, "people") and not found.faults


def check_number(
    number: int, most: int, nouns: str, advice: str = "Split them into several runs"
) -> bool:
    """Show an error if there are more than `most` items; return whether there are not."""
    if number > most:
        show_input_error(
            f"A run can have at most {most:,} {nouns}, got {number:,}. "
            f"{advice}, or use the command line, which has no such limit."
        )
    return number <= most


def group_and_projects() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Show the fields for a group and for projects next to each other; return what they name."""
    columns = st.columns(2)
    with columns[0]:
        group = line_field(
            "Also the members of this group (optional)", "group", "group path or ID"
        ).strip("/")
    with columns[1]:
        projects = projects_field()
    return (group,) if group else (), projects


def projects_field() -> tuple[str, ...]:
    """Show the field for projects, and return the projects that it names, each once."""
    text = line_field(
        "Only these projects (optional)",
        "projects",
        PROJECT_EXAMPLE,
        "Separate several projects with commas. Without any, all projects of each person count.",
    )
    names = (name.strip() for name in text.replace("\n", ",").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def show_unknown_projects(names: Iterable[object]) -> None:
    """Show which of the named projects were left out, if any."""
    unknown = [str(name) for name in names]
    if unknown:
        show_faults(unknown, "Left out: these projects do not exist, or you cannot read them")


def dates_fields() -> tuple[date | None, date | None]:
    """Show the fields for the first and the last day; return None for an empty one."""
    columns = st.columns(2)
    with columns[0]:
        since = _date_field("From (optional)", "since")
    with columns[1]:
        until = _date_field("To (optional)", "until")
    return since, until


def _date_field(label: str, key: str) -> date | None:
    return st.date_input(label, None, key=key, format="YYYY-MM-DD", bind="query-params")


def read_period(since: date | None, until: date | None) -> Period | None:
    """Return the period of two days of the visitor; show an error and return None if invalid."""
    return valid_or(None, lambda: period(since, until, visitor_zone()), "These dates are not valid")


def quick_switch(form: QueryForm) -> bool:
    """Show the switch *Quick* next to Run; return whether it is on. A snapshot is not slower."""
    if current_run() is not None:
        return False
    return form.actions.toggle(
        "Quick",
        key="quick",
        help="Estimate merge requests from lists only. This is much faster, but issues, commits "
        "and reviews are estimated, and tests and pipelines are unknown.",
        bind="query-params",
    )
