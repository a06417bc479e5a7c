"""The teams of commands: from a file, and those of the demo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.files import place_of, read_bytes
from gitlab_sync.cli.messages import note

if TYPE_CHECKING:
    from gitlab_sync.rules.identity.teams import Team


def teams_of_file(name: str) -> tuple[Team, ...]:
    """Return the teams of a file; ConfigurationError with every fault in it."""
    from gitlab_sync.rules.identity.teams import parse_teams

    try:
        return parse_teams(read_bytes(name).decode(), place_of(name))
    except UnicodeDecodeError:
        raise click.UsageError(f"{place_of(name)} must be UTF-8.") from None


def demo_teams() -> tuple[Team, ...]:
    """Return the teams of the demo."""
    from gitlab_sync.rules.identity.teams import Member, Team
    from gitlab_sync.sandbox import demo_world

    return tuple(
        Team(name, "", tuple(map(Member, usernames)))
        for name, usernames in demo_world().teams.items()
    )


def note_empty(teams: Sequence[Team]) -> None:
    """Warn that there is no team, or that a team has no members."""
    if not teams:
        note("warning: there is no team, so there are no rows")
    for team in teams:
        if not team.members:
            note(f"warning: the team {team.name} has no members")
