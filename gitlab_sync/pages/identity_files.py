"""The files of the page *Identities*: one's own aliases, downloads, and the server's file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.identity_choices import Choices
from gitlab_sync.pages.state import aliases_setting
from gitlab_sync.pages.state.aliases_setting import LastWrite
from gitlab_sync.pages.state.browser import current_sign_in
from gitlab_sync.pages.state.downloads import File
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.widgets.download_links import FileLink, show_files
from gitlab_sync.pages.widgets.error_panel import error_text, show_error, show_input_error
from gitlab_sync.pages.widgets.fields import MOST_MEGABYTES, QueryForm
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.times import time_text
from gitlab_sync.rules.identity.alias_text import Assigned, Form, form_of, with_assigned
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy, parse_known_by
from gitlab_sync.rules.text import plural
from gitlab_sync.services.alias_file import read_text

_OWN = "_own_aliases"
_CHOICES = "_identity_choices"
_NOTICE = "_identity_notice"
_FILES: dict[Form, tuple[str, str]] = {
    "aliases": ("Aliases file", "aliases.txt"),
    "mailmap": (".mailmap", "team.mailmap"),
}
_NOT_VALID = "This server's aliases file is not valid, so it does not count"
_TYPE = "text/plain; charset=utf-8"


def choices(visitor: SignIn) -> Choices:
    """Return what the visitor has assigned in this tab; nothing of one who was here before."""
    kept: tuple[str, Choices] | None = st.session_state.get(_CHOICES)
    if kept is None or kept[0] != visitor.principal:
        kept = st.session_state[_CHOICES] = (visitor.principal, Choices())
    return kept[1]


def own_file(form: QueryForm) -> KnownBy | None:
    """Show the upload for one's own aliases; return what the file says.

    Its text is kept for the downloads. None if it is not valid: then the page says why.
    """
    file = st.file_uploader(
        "Your aliases file or .mailmap (optional)",
        key="aliases_file",
        max_upload_size=MOST_MEGABYTES,
        help="What it says counts, and what you assign is added to it: comments stay.",
    )
    st.session_state.pop(_OWN, None)
    if file is None:
        return NOBODY_ELSE
    try:
        text = file.getvalue().decode("utf-8-sig")
        known_by = parse_known_by(text, file.name)
    except UnicodeDecodeError:
        show_input_error("It must be UTF-8. Save it as UTF-8.", "This file was not read")
        return None
    except ConfigurationError as error:
        if form.pressed:
            show_input_error(error_text(error), "This file is not valid")
        return None
    st.session_state[_OWN] = (file.name, text)
    return known_by


def show_aliases_fault(visitor: SignIn, *, is_admin: bool) -> None:
    """Show that the server's file is not valid, and only to admins why: it names addresses."""
    try:
        aliases_setting.server_aliases(visitor)
    except ConfigurationError as error:
        why = "The operator of this server can read in the log what is wrong with it."
        show_input_error(error_text(error) if is_admin else why, _NOT_VALID)


def show_saving(visitor: SignIn, chosen: Choices) -> None:
    """Show the downloads, and what admins can do with the server's file."""
    _show_notice()
    path = aliases_setting.aliases_path()
    is_admin = path is not None and not visitor.is_demo and role_of(visitor) == "admin"
    if chosen.assigned:
        _show_downloads(chosen.assigned, path if is_admin else None)
    with st.container(horizontal=True):
        if len(chosen.steps) > chosen.saved:
            last = plural(len(chosen.steps[-1]), "signature")
            st.button(
                f"Undo the last choice ({last})",
                key="undo_choice",
                icon=":material/undo:",
                on_click=_undo_choice,
            )
        if is_admin and chosen.unsaved:
            st.button(
                "Write to the server's aliases file",
                key="write_aliases",
                type="primary",
                icon=":material/save:",
                help="Adds what you assigned. All pages of this server count by it from then on.",
                on_click=_write,
            )
        last_write = aliases_setting.last_write() if is_admin else None
        if last_write is not None:
            st.button(
                f"Undo the last write ({plural(last_write.number, 'signature')})",
                key="undo_write",
                icon=":material/history:",
                help=f"By @{escaped(last_write.username)}, {time_text(last_write.when)}.",
                on_click=_undo_write,
                args=(last_write,),
            )


def _show_notice() -> None:
    """Show once what a button has done."""
    notice: tuple[bool, str] | None = st.session_state.pop(_NOTICE, None)
    if notice is not None:
        is_good, text = notice
        icon = ":material/check_circle:" if is_good else ":material/error:"
        (st.success if is_good else st.error)(text, icon=icon)


def _show_downloads(assigned: Sequence[Assigned], server_file: Path | None) -> None:
    """Show a link to each file: one's own, or the server's for an admin, with what was assigned."""
    links = []
    name, text = st.session_state.get(_OWN, ("", ""))
    try:
        if server_file is not None and not name:
            name, text = server_file.name, read_text(server_file)
    except ConfigurationError as error:
        show_error("This server's aliases file cannot be read", error)
    for form, (label, usual) in _FILES.items():
        base = text if name and form_of(name, text) == form else ""
        try:
            content = with_assigned(base, assigned, form, name or usual)
        except ConfigurationError as error:
            st.caption(f"{escaped(label)}: {error_text(error)}")
            continue
        with_what = f" added to {name}" if base else ""
        explained = f"What you assigned{with_what}, as a file for --aliases"
        file = File(name if base else usual, _TYPE, content.encode)
        links.append(FileLink(label, f"identities_{form}", file, explained))
    if links:
        st.caption("What you assigned, as a file:")
        show_files(links)


def _undo_choice() -> None:
    visitor = current_sign_in()
    taken = () if visitor is None else choices(visitor).undo()
    st.session_state[_NOTICE] = (True, f"Taken back: {plural(len(taken), 'signature')}.")


def _write() -> None:
    """Write to the server's file, if the visitor is an admin at this moment."""
    path, visitor = aliases_setting.aliases_path(), current_sign_in()
    if path is None or visitor is None or visitor.is_demo or role_of(visitor) != "admin":
        return
    chosen = choices(visitor)
    try:
        new = aliases_setting.write(path, visitor.username, chosen.unsaved)
    except ConfigurationError as error:
        st.session_state[_NOTICE] = (False, f"**Nothing was written.** {error_text(error)}")
        return
    chosen.save()
    text = "Written to the server's aliases file." if new else "It is all in the file already."
    st.session_state[_NOTICE] = (True, f"{text} Press Refresh to count by it.")


def _undo_write(write: LastWrite) -> None:
    path, visitor = aliases_setting.aliases_path(), current_sign_in()
    if path is None or visitor is None or visitor.is_demo or role_of(visitor) != "admin":
        return
    try:
        aliases_setting.undo_write(path, visitor.username, write)
    except ConfigurationError as error:
        st.session_state[_NOTICE] = (False, f"**Nothing was undone.** {error_text(error)}")
        return
    choices(visitor).reopen()
    st.session_state[_NOTICE] = (True, "The last write is undone. Press Refresh to count by it.")
