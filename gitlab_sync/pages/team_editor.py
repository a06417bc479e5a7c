"""Making teams: as text in a field, out of a file, and out of groups.

The text is all there is of the teams. It stands in the page's address, and files and groups write
into it. Each line is a team: `Red (Red App): alice, bob (Bob Smith)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

import streamlit as st

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.pages.state.connection import connect, sign_out_refused
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import escaped
from gitlab_sync.pages.widgets.times import today
from gitlab_sync.reports.formats import FORMATS, file_name
from gitlab_sync.rules.delimited import decoded, lines_of
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.teams import (
    Member,
    Team,
    parse_teams,
    teams_to_json,
    usernames_of,
)
from gitlab_sync.rules.text import plural
from gitlab_sync.services.leaderboard import teams_of_groups
from gitlab_sync.session.session import Client

EXAMPLE = "Red (Red App): alice, bob\nBlue: carol (Carol Smith), dave"

_AREA = "teams"
_FILE = "teams_file"
_FILE_FAULTS = "_faults_of_teams_file"
_MOST_MEGABYTES = 2
_AT_A_GLANCE = 5
_LONGEST = 40_000  # characters of the address: servers take 64 KB of all that they are told

# White space is one space each by then: else some lines would take for ever.
_QUOTED = r'"(?:[^"]|"")*" ?'
_PART = rf'\( ?({_QUOTED}|[^"()]*)\) ?'
_LINE = re.compile(rf'({_QUOTED}|[^"():]*)(?:{_PART})?:(.*)')
_MEMBER = re.compile(rf' ?([^"(),]*)(?:{_PART})?(?:,|$)')


# -- teams as text ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamsInput:
    """The teams of a text, and what is wrong with it: `line 3: …`. Immutable."""

    teams: tuple[Team, ...] = ()
    faults: tuple[str, ...] = ()


def teams_as_text(teams: Iterable[Team]) -> str:
    """Return the teams as `read_teams` takes them, a line each; white space becomes one space."""
    return "\n".join(_line_of(team) for team in teams)


def _line_of(team: Team) -> str:
    members = ", ".join(each.username + _in_brackets(each.name) for each in team.members)
    return f"{_quoted(team.name)}{_in_brackets(team.project)}: {members}".strip()


def _in_brackets(text: str) -> str:
    return f" ({_quoted(text)})" if text.strip() else ""


def _quoted(text: str) -> str:
    """Return a text in quotes if it has a sign in it that would end it."""
    plain = " ".join(text.split())
    return '"{}"'.format(plain.replace('"', '""')) if re.search(r'["():#]', plain) else plain


def read_teams(text: str) -> TeamsInput:
    """Return the teams of a text, a line each, and every fault with its line; never raises.

    After the colon stand usernames with commas between them. In brackets stand the team's project
    and a member's full name. What has brackets, quotes or a colon in it stands in quotes. `#`
    begins a remark. A team that is there twice, or somebody twice in one, is a fault.
    """
    reader = _Reader()
    for number, line in enumerate(lines_of(text), 1):
        plain = " ".join(line.split())
        if plain and not plain.startswith("#"):
            reader.take(number, plain)
    return TeamsInput(tuple(reader.teams), tuple(reader.faults))


class _Reader:
    """Turns lines into teams, and collects the faults on the way."""

    def __init__(self) -> None:
        self.teams: list[Team] = []
        self.faults: list[str] = []
        self._line = 0
        self._lines: dict[str, int] = {}

    def take(self, number: int, line: str) -> None:
        self._line = number
        found = _LINE.match(line)
        if found is None:
            self._fault(f"“{line[:60]}” is no team: write Team (Project): alice, bob")
            return
        name, project, members = (_unquoted(part) for part in found.groups())
        if not name:
            self._fault("the team has no name before the colon")
        elif name.lower() in self._lines:
            self._fault(f"the team “{name}” stands on line {self._lines[name.lower()]}, too")
        self._lines.setdefault(name.lower(), number)
        self.teams.append(Team(name, project, tuple(self._members(members))))

    def _members(self, text: str) -> Iterator[Member]:
        met: set[str] = set()
        at = 0
        while at < len(text):
            found = _MEMBER.match(text, at)
            if found is None:
                self._fault(f"“{text[at : at + 60].strip()}” has a bracket or a quote too many")
                return
            at = found.end()
            username, name = (_unquoted(part) for part in found.groups())
            if not username and not name:
                continue
            member = Member(username.removeprefix("@"), name)
            fault = username_fault(member.username)
            if fault is None and member.key in met:
                fault = f"“{member.username}” stands twice in this team"
            met.add(member.key)
            if fault is None:
                yield member
            else:
                self._fault(fault)

    def _fault(self, what: str) -> None:
        self.faults.append(f"line {self._line}: {what}")


def _unquoted(part: str | None) -> str:
    text = (part or "").strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"').strip()
    return text


def with_teams(text: str, teams: Sequence[Team]) -> str:
    """Return the text with these teams at its end; who is called like one of them makes room."""
    names = {" ".join(team.name.lower().split()) for team in teams}

    def stays(line: str) -> bool:
        found = _LINE.match(" ".join(line.split()))
        return found is None or _unquoted(found[1]).lower() not in names

    kept = [line for line in lines_of(text) if line.strip() and stays(line)]
    return "\n".join([*kept, teams_as_text(teams)])


# -- teams out of groups ---------------------------------------------------------------------------


def read_groups(client: Client, groups: Sequence[str]) -> TeamsInput:
    """Return a team for each group, and which groups could not be read, and why. Thread-safe.

    Raises AuthenticationError if GitLab does not take the token.
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
        # Only who sees all of them can tell those of one name apart.
        return TeamsInput(teams_of_groups(client, groups))
    return TeamsInput(tuple(teams), tuple(faults))


# -- the fields ------------------------------------------------------------------------------------


def show_sources(sign_in: SignIn) -> None:
    """Show where teams can be taken from; they go into the field of `teams_field`, below it."""
    with st.expander("Take teams from a file or from groups", icon=":material/upload_file:"):
        columns = st.columns(2, gap="medium")
        with columns[0]:
            _file_field()
        with columns[1]:
            _groups_field(sign_in)


def _file_field() -> None:
    st.file_uploader(
        "JSON file with teams",
        type=["json"],
        key=_FILE,
        on_change=_take_file,
        max_upload_size=_MOST_MEGABYTES,
        help='A file that was saved here, or one of this form: {"teams": [{"team_name": "Red", '
        '"project_name": "Red App", "members": [{"username": "alice", "name": "Alice Smith"}]}]}',
    )
    faults = st.session_state.get(_FILE_FAULTS, ())
    if faults:
        _show_faults(faults, "The file holds no teams: mend it, and choose it again")


def _take_file() -> None:
    """Put the teams of the file that was chosen into the text, or keep what is wrong with it."""
    st.session_state[_FILE_FAULTS] = []
    file = st.session_state.get(_FILE)
    if file is None:
        return
    text, _ = decoded(file.getvalue())
    try:
        _put(parse_teams(text, file.name))
    except ConfigurationError as error:
        st.session_state[_FILE_FAULTS] = error.reason.splitlines()


def _put(teams: Sequence[Team]) -> None:
    st.session_state[_AREA] = with_teams(str(st.session_state.get(_AREA) or ""), teams)


def _groups_field(sign_in: SignIn) -> None:
    with st.form("groups_as_teams", border=False):
        text = st.text_input(
            "Groups",
            key="groups_as_teams_text",
            placeholder="courses/red, courses/blue",
            help="Paths or numbers, with commas between them. Each becomes a team of its members.",
        )
        pressed = st.form_submit_button("Make a team of each", icon=":material/group_add:")
    groups = list(dict.fromkeys(filter(None, (g.strip().strip("/") for g in text.split(",")))))
    if not pressed:
        return
    if not groups:
        st.error("Type in at least one group first.", icon=":material/error:")
        return
    try:
        with st.spinner("Reading the members…"):
            found = read_groups(connect(sign_in).client, groups)
    except AuthenticationError:
        sign_out_refused(sign_in)
    if found.faults:
        _show_faults(found.faults, "These groups could not be read, so no team was made")
    else:
        _put(found.teams)
        st.success(f"{plural(len(found.teams), 'team')} put into the field below.")


def teams_field(default: str) -> tuple[Team, ...] | None:
    """Show the field for teams, what is wrong with them, and a button that saves them.

    Return the teams; None if they cannot be asked about.
    """
    fields.fill_in(_AREA, default)
    before = str(st.session_state.get(_AREA) or st.query_params.get(_AREA) or "")
    fits = len(quote_plus(before)) <= _LONGEST
    text = st.text_area(
        "Teams",
        height=140,
        key=_AREA,
        placeholder=EXAMPLE,
        help="A team a line: its name, in brackets its project if you like, a colon, and the "
        "usernames of its members with commas between them. Change, add or remove lines as you "
        "like.",
        # No run of its own for it: that would swallow the click on Run that ends the typing.
        on_change="ignore",
        bind="query-params" if fits else None,
        persist_state="session",
    )
    if not fits:
        st.query_params.pop(_AREA, None)
        st.caption(
            "These teams are too long for the page's address, so they are gone after a reload: "
            "save them to keep them."
        )
    found = read_teams(text or "")
    people = usernames_of(found.teams)
    empty = [team.name for team in found.teams if not team.members]
    if found.faults:
        _show_faults(found.faults, "Not all of this is a team: mend these lines")
    elif empty:
        st.warning(
            f"Nobody is in {', '.join(map(escaped, empty))}: put usernames behind the colon.",
            icon=":material/warning:",
        )
    too_many = len(people) > fields.MOST_PEOPLE
    if too_many:
        st.error(
            f"{len(people):,} people are more than the {fields.MOST_PEOPLE:,} of one run. "
            "Compare fewer teams at a time, or use the command line, which has no such limit.",
            icon=":material/error:",
        )
    # Opening it sends what was typed, so that the file has the newest of it.
    with st.popover("Save teams", icon=":material/save:", key="save", on_change="rerun"):
        st.caption(f"{plural(len(found.teams), 'team')}, {_people(len(people))}")
        st.download_button(
            "Download",
            teams_to_json(found.teams),
            file_name("Teams", today(), FORMATS["json"]),
            FORMATS["json"].media_type,
            key="save_teams",
            on_click="ignore",
            icon=":material/download:",
            help="A file with these teams, to be taken from there again.",
            disabled=bool(found.faults) or not found.teams,
        )
    return None if found.faults or too_many else found.teams


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _show_faults(faults: Sequence[str], title: str) -> None:
    """Show the first of the faults, and all of them behind a click."""
    fields.show_faults(faults, title)
    if len(faults) > _AT_A_GLANCE:
        with st.expander(f"All {len(faults)} faults"):
            st.text("\n".join(faults))
