"""Teams as text, one team per line: `Red (Red App): alice, bob (Bob Smith)`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gitlab_sync.rules.bounds import BeyondBounds, first_faults
from gitlab_sync.rules.delimited import lines_of, list_lines
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.identity.usernames import bare_username

EXAMPLE = "Red (Red App): alice, bob\nBlue: carol (Carol Smith), dave"

# These patterns expect single spaces: with more white space some lines would take too long.
_QUOTED = r'"(?:[^"]|"")*" ?'
_PART = rf'\( ?({_QUOTED}|[^"()]*)\) ?'
_LINE = re.compile(rf'({_QUOTED}|[^"():]*)(?:{_PART})?:(.*)')
_MEMBER = re.compile(rf' ?([^"(),]*)(?:{_PART})?(?:,|$)')


@dataclass(frozen=True, slots=True)
class TeamsInput:
    """The teams of a text or of groups, and what is wrong with it: `line 3: …`. Immutable."""

    teams: tuple[Team, ...] = ()
    faults: tuple[str, ...] = ()


def teams_as_text(teams: Iterable[Team]) -> str:
    """Return the teams as text for `read_teams`, one line each, with single spaces."""
    return "\n".join(_line_of(team) for team in teams)


def _line_of(team: Team) -> str:
    members = ", ".join(each.username + _in_parentheses(each.name) for each in team.members)
    return f"{_quoted(team.name)}{_in_parentheses(team.project)}: {members}".strip()


def _in_parentheses(text: str) -> str:
    return f" ({_quoted(text)})" if text.strip() else ""


def _quoted(text: str) -> str:
    """Return a text, in quotes if it contains a character that would end it."""
    plain = " ".join(text.split())
    return '"{}"'.format(plain.replace('"', '""')) if re.search(r'["():#]', plain) else plain


def read_teams(text: str) -> TeamsInput:
    """Return the teams of a text, and each fault with its line; never raises.

    A line has the team's name, optionally its project in parentheses, a colon, and usernames with
    commas between them; a full name in parentheses can follow a username. Text with parentheses,
    quotes or a colon needs quotes. A line that begins with `#` is a comment. Two teams with one
    name are a fault, and so is a member who is twice in one team.
    """
    try:
        lines = list_lines(text)
    except BeyondBounds as beyond:
        return TeamsInput(faults=(f"line 1: {beyond}",))
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        plain = " ".join(line.split())
        if plain and not plain.startswith("#"):
            reader.read(number, plain)
    return TeamsInput(tuple(reader.teams), tuple(first_faults(reader.faults)))


class _Reader:
    """Converts lines to teams and collects the faults. Not thread-safe."""

    def __init__(self) -> None:
        self.teams: list[Team] = []
        self.faults: list[str] = []
        self._line = 0
        self._lines: dict[str, int] = {}

    def read(self, number: int, line: str) -> None:
        """Read the line with that number."""
        self._line = number
        found = _LINE.match(line)
        if found is None:
            self._fault(f"“{line[:60]}” is not a team; write Team (Project): alice, bob")
            return
        name, project, members = (_unquoted(part) for part in found.groups())
        if not name:
            self._fault("the team has no name before the colon")
        elif name.lower() in self._lines:
            self._fault(f"the team “{name}” is already on line {self._lines[name.lower()]}")
        self._lines.setdefault(name.lower(), number)
        self.teams.append(Team(name, project, tuple(self._members(members))))

    def _members(self, text: str) -> Iterator[Member]:
        keys: set[str] = set()
        at = 0
        while at < len(text):
            found = _MEMBER.match(text, at)
            if found is None:
                unread = text[at : at + 60].strip()
                self._fault(f"“{unread}” has an unmatched parenthesis or quote")
                return
            at = found.end()
            username, name = (_unquoted(part) for part in found.groups())
            if not username and not name:
                continue
            member = Member(bare_username(username), name)
            fault = username_fault(member.username)
            if fault is None and member.key in keys:
                fault = f"“{member.username}” is twice in this team"
            keys.add(member.key)
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
    """Return the text with these teams at its end, without earlier teams of the same names."""
    names = {" ".join(team.name.lower().split()) for team in teams}

    def stays(line: str) -> bool:
        found = _LINE.match(" ".join(line.split()))
        return found is None or _unquoted(found[1]).lower() not in names

    kept = [line for line in lines_of(text) if line.strip() and stays(line)]
    return "\n".join([*kept, teams_as_text(teams)])
