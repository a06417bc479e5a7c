"""Errors on the page: who, what, why, and what to do; never a traceback, never a token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    ConnectionFailed,
    GitLabSyncError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    TimedOut,
    without_secrets,
)
from gitlab_sync.types import TableRow

_MOST_NAMES = 8
_MOST_GROUPS = 20
_BY_STATUS = {
    "401": AuthenticationError.hint_text,
    "403": PermissionDenied.hint_text,
    "404": NotFound.hint_text,
    "429": RateLimited.hint_text,
}
_BY_WORDS = {
    "there is no user": "Check how the name is spelled; it is the username, not the full name.",
    "cancelled": "Run again to read the rest.",
    "nobody ": "Run again to read the rest.",
    "in time": TimedOut.hint_text,
    "The connection to": ConnectionFailed.hint_text,
    "TLS with": "Whoever runs this server has to check the certificate of this GitLab.",
    "not JSON": BadResponse.hint_text,
    "cut short": BadResponse.hint_text,
}
_STATUS = re.compile(r"\b([45]\d\d)\b")
_WEB = re.compile(r"https?://[!-'*-~]+", re.IGNORECASE)  # no parenthesis, which would end a link
_UNCLEAR = "Run again; if it stays, look at it in GitLab."


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that could not be read. All plain text, made for people."""

    who: str
    what: str
    why: str
    to_do: str


def literal(text: str) -> str:
    """Return text for Markdown such that it shows as it is, whoever wrote it."""
    return f"`{text.replace('`', chr(39))}`" if text.strip() else "(nothing)"


def of_error(who: str, what: str, error: GitLabSyncError) -> Trouble:
    """Return what is to be said of one error."""
    why = without_secrets(error.reason)
    return Trouble(who, what, why, error.hint or _what_to_do(why))


def of_rows(rows: Iterable[TableRow], what: str, subject: str = "Username") -> list[Trouble]:
    """Return what is to be said of the rows that are not whole; `what` names their items.

    The column `subject` says who or what a row is about.
    """
    found = []
    for row in rows:
        if row["Status"] != "Success":
            why = without_secrets(str(row["Error"] or row["Status"]))
            found.append(Trouble(str(row[subject]), what, why, _what_to_do(why)))
    return found


def _what_to_do(why: str) -> str:
    """Return advice for a reason that has only its text left, as a row has."""
    for words, hint in _BY_WORDS.items():
        if words in why:
            return hint
    hints: dict[str, None] = {}
    for status in _STATUS.findall(why):
        hint = ServerError.hint_text if status[0] == "5" else _BY_STATUS.get(status, "")
        if hint:
            hints[hint] = None
    return " ".join(hints) or _UNCLEAR


def grouped(troubles: Iterable[Trouble]) -> list[Trouble]:
    """Return the troubles, those with the same cause as one: all who, and all what, with commas."""
    people: dict[tuple[str, str], dict[str, None]] = {}
    things: dict[tuple[str, str], dict[str, None]] = {}
    for trouble in troubles:
        cause = (trouble.why, trouble.to_do)
        people.setdefault(cause, {})[trouble.who] = None
        things.setdefault(cause, {})[trouble.what] = None
    return [Trouble(", ".join(people[cause]), ", ".join(things[cause]), *cause) for cause in people]


def as_text(troubles: Iterable[Trouble]) -> str:
    """Return the troubles as a text file for a mail or a ticket."""
    return "\n".join(
        f"Who:        {trouble.who}\n"
        f"What:       {trouble.what}\n"
        f"Why:        {trouble.why}\n"
        f"What to do: {trouble.to_do}\n"
        for trouble in grouped(troubles)
    )


def show_troubles(troubles: Sequence[Trouble], file_name: str) -> None:
    """Show all that went wrong in one panel that can be downloaded; nothing if all is well."""
    if not troubles:
        return
    with st.container(border=True, key="troubles"):
        st.header("What could not be read", anchor=False, icon=":material/report:")
        groups = grouped(troubles)
        for trouble in groups[:_MOST_GROUPS]:
            st.markdown(
                f"**{_shortened(trouble.who)}** · {trouble.what}  \n"
                f"Why: {escaped(trouble.why)}  \n"
                f"What to do: {escaped(trouble.to_do)}"
            )
        if len(groups) > _MOST_GROUPS:
            st.caption(f"{len(groups) - _MOST_GROUPS} other causes stand in the text file.")
        st.download_button(
            "Download as text",
            as_text(troubles),
            file_name,
            "text/plain",
            key="download_troubles",
            on_click="ignore",
            icon=":material/download:",
        )


def _shortened(who: str) -> str:
    names = who.split(", ")
    shown = ", ".join(escaped(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def escaped(text: str) -> str:
    """Return text for Markdown such that nothing in it is taken for a sign of Markdown."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|:$~])", r"\\\1", text)


def linked(text: str, link: str | None) -> str:
    """Return text for Markdown that leads to `link`, if that is an address of the web."""
    shown = escaped(text)
    return f"[{shown}]({link})" if link is not None and _WEB.fullmatch(link) else shown


def show_error(title: str, error: GitLabSyncError) -> None:
    """Show one error in place: what happened, and what to do."""
    st.error(error_text(error), title=title, icon=":material/error:")


def error_text(error: GitLabSyncError) -> str:
    """Return, as Markdown, what happened and what to do."""
    return f"{escaped(without_secrets(error.reason))}.  \n{escaped(error.hint)}"


def show_failure(error: Exception) -> bool:
    """Say that the page itself broke; return True, so that nothing else is shown of it."""
    st.error(
        f"This page broke ({literal(type(error).__name__)}). Reload it; if that does not help, "
        "tell whoever runs this server. What went wrong stands in the server's log.",
        title="Something went wrong",
        icon=":material/error:",
    )
    return True
