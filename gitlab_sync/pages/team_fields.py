"""The fields for teams: text in a field, a file, and groups.

The teams are the text of the field: files and groups add lines to it. It is in the page's URL.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

import streamlit as st

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.pages.state.browser import sign_out_refused
from gitlab_sync.pages.state.connection import connect
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.team_text import EXAMPLE, TeamsInput, read_teams, with_teams
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_input_error
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.times import today
from gitlab_sync.reports.formats import FORMATS, file_name
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.identity.teams import Team, parse_teams, teams_to_json, usernames_of
from gitlab_sync.rules.text import plural
from gitlab_sync.services.leaderboard import teams_of_groups
from gitlab_sync.session.session import Client

_FIELD = "teams"
_FILE = "teams_file"
_FILE_FAULTS = "_faults_of_teams_file"
_MOST_GROUPS = 100  # they are read one after the other, while the visitor waits
_SHOWN_FAULTS = 5
_LONGEST = 40_000  # characters of the URL: servers accept 64 KB of headers in total


def show_sources(visitor: SignIn) -> None:
    """Show the uploads and groups that teams can come from; they are added to `teams_field`."""
    with st.expander("Add teams from a file or from groups", icon=":material/upload_file:"):
        columns = st.columns(2, gap="medium")
        with columns[0]:
            _file_field()
        with columns[1]:
            _groups_field(visitor)


def _file_field() -> None:
    st.file_uploader(
        "JSON file with teams",
        type=["json"],
        key=_FILE,
        on_change=_read_file,
        max_upload_size=fields.MOST_MEGABYTES,
        help='A file that was saved here, or a file of this form: {"teams": [{"team_name": "Red", '
        '"project_name": "Red App", "members": [{"username": "alice", "name": "Alice Smith"}]}]}',
    )
    faults = st.session_state.get(_FILE_FAULTS, ())
    if faults:
        _show_faults(faults, "Not a file with teams: fix it and choose it again")


def _read_file() -> None:
    """Add the teams of the uploaded file to the field, or store what is wrong with the file."""
    st.session_state[_FILE_FAULTS] = []
    file = st.session_state.get(_FILE)
    if file is None:
        return
    text, _ = decoded(file.getvalue())
    try:
        st.session_state[_FILE_FAULTS] = _add(parse_teams(text, file.name))
    except ConfigurationError as error:
        st.session_state[_FILE_FAULTS] = error.reason.splitlines()


def _add(teams: Sequence[Team]) -> tuple[str, ...]:
    """Add teams to the field; return what is wrong if that is not possible."""
    text = with_teams(str(st.session_state.get(_FIELD) or ""), teams)
    faults = fields.too_long(text)
    if not faults:
        st.session_state[_FIELD] = text
    return faults


def _groups_field(visitor: SignIn) -> None:
    with st.form("groups_as_teams", border=False):
        text = st.text_input(
            "Groups",
            key="groups_as_teams_text",
            placeholder="courses/red, courses/blue",
            help="Paths or IDs, separated by commas. Each group becomes a team of its members.",
        )
        pressed = st.form_submit_button("Make a team of each", icon=":material/group_add:")
    groups = list(dict.fromkeys(filter(None, (g.strip().strip("/") for g in text.split(",")))))
    if not pressed:
        return
    if not groups:
        show_input_error("Enter at least one group.")
        return
    if not fields.check_number(len(groups), _MOST_GROUPS, "groups", "Add them in several steps"):
        return
    try:
        with st.spinner("Reading the members…"):
            found = read_groups(connect(visitor).client, groups)
    except AuthenticationError:
        sign_out_refused(visitor)
    faults = found.faults or _add(found.teams)
    if faults:
        _show_faults(faults, "No team was made of these groups")
    else:
        st.success(f"{plural(len(found.teams), 'team')} added to the field below.")


def read_groups(client: Client, groups: Sequence[str]) -> TeamsInput:
    """Return a team for each group, or which groups could not be read, and why. Thread-safe.

    Raises AuthenticationError if GitLab does not accept the token.
    """
    teams: list[Team] = []
    faults = []
    for group in groups:
        try:
            teams += teams_of_groups(client, [group])
        except AuthenticationError:
            raise
        except GitLabSyncError as error:
            faults.append(f"{group}: {error.reason}. {error.hint}")
    if not faults and len({team.name.lower() for team in teams}) < len(teams):
        # Read together, groups of the same name become teams with different names.
        return TeamsInput(teams_of_groups(client, groups))
    return TeamsInput(tuple(teams), tuple(faults))


def teams_field(default: str) -> tuple[Team, ...] | None:
    """Show the field for teams, its faults and the button that saves the teams; return the teams.

    Return None if the text is invalid.
    """
    text = _text_field(default)
    faults = fields.too_long(text)
    found = TeamsInput(faults=faults) if faults else read_teams(text)
    people = len(usernames_of(found.teams))
    empty = [team.name for team in found.teams if not team.members]
    if found.faults:
        _show_faults(found.faults, "Not all lines are teams: fix these")
    elif empty:
        st.warning(
            f"No members in {', '.join(map(escaped, empty))}: enter usernames after the colon.",
            icon=":material/warning:",
        )
    advice = "Compare fewer teams at a time"
    is_valid = fields.check_number(people, fields.MOST_PEOPLE, "people", advice)
    # Opening it sends what the visitor typed, so the file has the newest text.
    with st.popover("Save teams", icon=":material/save:", key="save", on_change="rerun"):
        number = "1 person" if people == 1 else f"{people:,} people"
        st.caption(f"{plural(len(found.teams), 'team')}, {number}")
        st.download_button(
            "Download",
            teams_to_json(found.teams),
            file_name("Teams", today(), FORMATS["json"]),
            FORMATS["json"].media_type,
            key="save_teams",
            on_click="ignore",
            icon=":material/download:",
            help="A file with these teams that can be added here again.",
            disabled=bool(found.faults) or not found.teams,
        )
    return found.teams if is_valid and not found.faults else None


def _text_field(default: str) -> str:
    """Show the text area for teams and return its text, which is in the URL unless too long."""
    fields.fill_in(_FIELD, default)
    before = str(st.session_state.get(_FIELD) or st.query_params.get(_FIELD) or "")
    fits = len(quote_plus(before)) <= _LONGEST
    text = st.text_area(
        "Teams",
        height=140,
        key=_FIELD,
        placeholder=EXAMPLE,
        help="One team per line: its name, optionally its project in parentheses, a colon, and the "
        "usernames of its members, separated by commas.",
        # Typing starts no run of its own: that would swallow the click on Run that ends the typing.
        on_change="ignore",
        bind="query-params" if fits else None,
        persist_state="session",
    )
    if not fits:
        st.query_params.pop(_FIELD, None)
        st.caption(
            "These teams are too long for the page's URL, so a reload loses them. Save them to "
            "keep them."
        )
    return text or ""


def _show_faults(faults: Sequence[str], title: str) -> None:
    fields.show_faults(faults, title)
    if len(faults) > _SHOWN_FAULTS:
        with st.expander(f"All {len(faults)} faults"):
            st.text("\n".join(faults))
