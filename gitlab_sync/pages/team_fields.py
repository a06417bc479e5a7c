"""The fields for teams: text in a field, a file, and groups.

The teams are the text of the field: files and groups add lines to it. It is in the page's URL.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

import streamlit as st

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.pages.state.browser import sign_out_refused
from gitlab_sync.pages.state.downloads import File
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import source_of
from gitlab_sync.pages.team_text import EXAMPLE, TeamsInput, read_teams, with_teams
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.download_links import FileLink, show_files
from gitlab_sync.pages.widgets.error_panel import show_input_error
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.times import today
from gitlab_sync.reports.formats import FORMATS, file_name
from gitlab_sync.rules.identity.teams import Team, parse_teams, teams_to_json, usernames_of
from gitlab_sync.rules.text import plural
from gitlab_sync.run import Run
from gitlab_sync.services.reader import Reader

_FIELD = "teams"
_GROUPS = "groups_as_teams"
_GROUPS_TAKEN = "_groups_as_teams_taken"
_MOST_GROUPS = 100  # they are read one after the other, while the visitor waits
_SHOWN_FAULTS = 5
_LONGEST = 40_000  # characters of the URL: servers accept 64 KB of headers in total


def _import_fields(visitor: SignIn, form: fields.QueryForm) -> bool:
    """Show the upload and the groups that teams can come from, which Run adds to the field.

    Return False if they are not added, and the page says why.
    """
    columns = st.columns(2, gap="medium")
    with columns[0]:
        file_is_added = fields.import_field(
            form,
            "Import teams from a file",
            "upload_teams",
            ("json",),
            "Run adds its teams to the field above. It was saved here, or has this form: "
            '{"teams": [{"team_name": "Red", "project_name": "Red App", "members": '
            '[{"username": "alice", "name": "Alice Smith"}]}]}',
            _add_file,
        )
    with columns[1]:
        return _groups_field(visitor, form) and file_is_added


def _add_file(text: str, name: str) -> bool:
    """Add the teams of a file to the field; show what is wrong with it and return False if not."""
    try:
        faults: Sequence[str] = _add(parse_teams(text, name))
    except ConfigurationError as error:
        faults = error.reason.splitlines()
    if faults:
        _show_faults(faults, "Not a file with teams: fix it and choose it again")
    return not faults


def _add(teams: Sequence[Team]) -> tuple[str, ...]:
    """Add teams to the field; return what is wrong if that is not possible."""
    text = with_teams(str(st.session_state.get(_FIELD) or ""), teams)
    faults = fields.too_long(text)
    if not faults:
        st.session_state[_FIELD] = text
    return faults


def _groups_field(visitor: SignIn, form: fields.QueryForm) -> bool:
    """Show the field for groups as teams; return False if these cannot be added."""
    if st.session_state.pop(_GROUPS_TAKEN, False):
        st.session_state[_GROUPS] = ""
    text = st.text_input(
        "Make teams of groups",
        key=_GROUPS,
        placeholder="courses/red, courses/blue",
        help="Paths or IDs, separated by commas. Run adds a team of the members of each group.",
    )
    groups = list(dict.fromkeys(filter(None, (g.strip().strip("/") for g in text.split(",")))))
    if not groups or not form.pressed:
        return True
    if not fields.check_number(len(groups), _MOST_GROUPS, "groups", "Add them in several steps"):
        return False
    try:
        with st.spinner("Reading the members…"), source_of(visitor).reader(Run()) as reader:
            found = read_groups(reader, groups)
    except AuthenticationError:
        sign_out_refused(visitor)
    faults = found.faults or _add(found.teams)
    if faults:
        _show_faults(faults, "No team was made of these groups")
    else:
        st.session_state[_GROUPS_TAKEN] = True
    return not faults


def read_groups(reader: Reader, groups: Sequence[str]) -> TeamsInput:
    """Return a team for each group, or which groups could not be read, and why. Thread-safe.

    Raises AuthenticationError if GitLab does not accept the token.
    """
    teams: list[Team] = []
    faults = []
    for group in groups:
        try:
            teams += reader.teams_of_groups([group])
        except AuthenticationError:
            raise
        except GitLabSyncError as error:
            faults.append(f"{group}: {error.reason}. {error.hint}")
    if not faults and len({team.name.lower() for team in teams}) < len(teams):
        # Read together, groups of the same name become teams with different names.
        return TeamsInput(reader.teams_of_groups(groups))
    return TeamsInput(tuple(teams), tuple(faults))


def teams_field(visitor: SignIn, form: fields.QueryForm, default: str) -> TeamsInput | None:
    """Show the fields for teams; return the teams of the text, with its faults.

    Return None if teams of a file or of groups are not added, and the page says why.
    """
    field, below = st.container(), st.container()
    with below:
        is_added = _import_fields(visitor, form)
    with field:
        text = _text_field(default)
    if not is_added:
        return None
    faults = fields.too_long(text)
    return TeamsInput(faults=faults) if faults else read_teams(text)


def save_button(form: fields.QueryForm) -> bool:
    """Show the button that submits the form to save its teams; return whether it was pressed."""
    return form.actions.form_submit_button("Save teams", key="save", icon=":material/save:")


def check_teams(found: TeamsInput) -> bool:
    """Show what is wrong with the teams of the field; return whether they can be compared."""
    empty = [team.name for team in found.teams if not team.members]
    if found.faults:
        _show_faults(found.faults, "Not all lines are teams: fix these")
    elif empty:
        st.warning(
            f"No members in {', '.join(map(escaped, empty))}: enter usernames after the colon.",
            icon=":material/warning:",
        )
    people, advice = len(usernames_of(found.teams)), "Compare fewer teams at a time"
    return fields.check_number(people, fields.MOST_PEOPLE, "people", advice) and not found.faults


def check_members(found: TeamsInput, *, pressed: bool) -> bool:
    """Return whether a team has a member; where Run was `pressed`, show that it needs one."""
    has_one = any(team.members for team in found.teams)
    if pressed and not has_one:
        show_input_error("Enter at least one team with a member.")
    return has_one


def show_saved(teams: Sequence[Team]) -> None:
    """Show the file with these teams, which can be imported here again."""
    people = len(usernames_of(teams))
    number = "1 person" if people == 1 else f"{people:,} people"
    form = FORMATS["json"]
    file = File(file_name("Teams", today(), form), form.media_type, teams_to_json(teams).encode)
    help_text = "A file with these teams that can be imported here again."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{plural(len(teams), 'team')}, {number}", width="content")
        show_files([FileLink("Download", "teams", file, help_text)])


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
