"""Errors on a page: who, what, why and what to do. Never a traceback, never a token."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from gitlab_sync import errors
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, without_secrets
from gitlab_sync.pages.state.downloads import File
from gitlab_sync.pages.widgets.download_links import FileLink, show_files
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.rules.markdown import as_code
from gitlab_sync.types import TableRow

T = TypeVar("T")

_MOST_NAMES = 8
_MOST_GROUPS = 20
_HINT_BY_STATUS = {
    "401": errors.AuthenticationError.hint_text,
    "403": errors.PermissionDenied.hint_text,
    "404": errors.NotFound.hint_text,
    "429": errors.RateLimited.hint_text,
}
_HINT_BY_WORDS = {
    "is not in the snapshot": "Check the spelling. The snapshot has the people that it was taken "
    "of, and you see those that your role shows: look at “What I see”.",
    "there is no user": "Check the spelling: it must be the username, not the full name.",
    "cancelled": "Run again to read the rest.",
    "tabs were closed": "Run again to read the rest.",
    "in time": errors.TimedOut.hint_text,
    "The connection to": errors.ConnectionFailed.hint_text,
    "TLS with": "The operator of this server must check the certificate of this GitLab.",
    "not JSON": errors.BadResponse.hint_text,
    "cut short": errors.BadResponse.hint_text,
}
_STATUS = re.compile(r"\b([45]\d\d)\b")
_DEFAULT_HINT = "Run again. If the error stays, look at the item in GitLab."


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, as plain text for people. Immutable."""

    who: str
    what: str
    why: str
    to_do: str


def problem_of_error(who: str, what: str, error: GitLabSyncError) -> Problem:
    """Return the problem that an error describes."""
    why = without_secrets(error.reason)
    return Problem(who, what, why, error.hint or _hint(why))


def problems_of_rows(
    rows: Iterable[TableRow], what: str, subject: str = "Username"
) -> list[Problem]:
    """Return a problem for each incomplete row; `what` names the items that were read.

    The column `subject` has the person or project of the row; `Status` and `Error` say what is
    missing. A row without a `Status` says so in its own way.
    """
    problems = []
    for row in rows:
        if row.get("Status", "Success") != "Success":
            why = without_secrets(str(row["Error"] or row["Status"]))
            problems.append(Problem(str(row[subject]), what, why, _hint(why)))
    return problems


def _hint(why: str) -> str:
    """Return what to do about an error of which only the text is left, as in a row."""
    for words, hint in _HINT_BY_WORDS.items():
        if words in why:
            return hint
    hints = [
        errors.ServerError.hint_text if status[0] == "5" else _HINT_BY_STATUS.get(status)
        for status in _STATUS.findall(why)
    ]
    return " ".join(filter(None, dict.fromkeys(hints))) or _DEFAULT_HINT


def grouped(problems: Iterable[Problem]) -> list[Problem]:
    """Return one problem for each cause, with the names and items that have it, comma-separated."""
    who: dict[tuple[str, str], dict[str, None]] = {}
    what: dict[tuple[str, str], dict[str, None]] = {}
    for problem in problems:
        cause = (problem.why, problem.to_do)
        who.setdefault(cause, {})[problem.who] = None
        what.setdefault(cause, {})[problem.what] = None
    return [Problem(", ".join(who[cause]), ", ".join(what[cause]), *cause) for cause in who]


def as_text(problems: Iterable[Problem]) -> str:
    """Return the grouped problems as a text file for an email or a ticket."""
    return "\n".join(
        f"Who:        {problem.who}\n"
        f"What:       {problem.what}\n"
        f"Why:        {problem.why}\n"
        f"What to do: {problem.to_do}\n"
        for problem in grouped(problems)
    )


def show_problems(problems: Sequence[Problem], file_name: str) -> None:
    """Show all problems in one panel with a download; show nothing if there are none."""
    if not problems:
        return
    with st.container(border=True, key="problems"):
        st.header("What could not be read", anchor=False, icon=":material/report:")
        groups = grouped(problems)
        for problem in groups[:_MOST_GROUPS]:
            who = first_names(problem.who.split(", "))
            st.markdown(
                f"**{who}** · {problem.what}  \n"
                f"Why: {escaped(problem.why)}  \n"
                f"What to do: {escaped(problem.to_do)}"
            )
        if len(groups) > _MOST_GROUPS:
            st.caption(f"The text file has {len(groups) - _MOST_GROUPS} more causes.")
        file = File(file_name, "text/plain; charset=utf-8", as_text(problems).encode)
        show_files([FileLink("Download as text", "problems", file, "For an email or a ticket")])


def first_names(names: Sequence[str]) -> str:
    """Return the first names as Markdown, and how many more there are: `a, b and 3 more`."""
    shown = ", ".join(map(escaped, names[:_MOST_NAMES]))
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def show_input_error(text: str, title: str | None = None) -> None:
    """Show, next to a field, what is wrong with the visitor's input; `text` is Markdown."""
    st.error(text, title=title, icon=":material/error:")


def show_error(title: str, error: GitLabSyncError) -> None:
    """Show one error in place: what happened, and what to do."""
    show_input_error(error_text(error), title)


def valid_or(default: T, read: Callable[[], T], title: str) -> T:
    """Return what `read` returns; if it raises ConfigurationError show that, return `default`."""
    try:
        return read()
    except ConfigurationError as error:
        show_error(title, error)
        return default


def error_text(error: GitLabSyncError) -> str:
    """Return, as Markdown, what happened and what to do."""
    return f"{escaped(without_secrets(error.reason))}.  \n{escaped(error.hint)}"


def show_script_error(error: Exception) -> bool:
    """Show that the page itself failed; return True, so that Streamlit shows nothing else."""
    show_input_error(
        f"This page failed ({as_code(type(error).__name__)}). Reload it. If that does not help, "
        "tell the operator of this server: the server's log has the details.",
        "Something went wrong",
    )
    return True
