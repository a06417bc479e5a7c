"""The demo: a GitLab inside this process with made-up people, started on first use."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.rules.identity.teams import Member, Team, usernames_of
from gitlab_sync.sandbox import Sandbox, demo_world


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo: its URL, a token for it, its teams, and full names by username. Immutable.

    `last_day` is the last day with work: the made-up people do nothing while the demo runs.
    """

    url: str
    token: str
    teams: tuple[Team, ...]
    names: Mapping[str, str]
    last_day: date

    @property
    def people(self) -> tuple[str, ...]:
        """The usernames of all team members."""
        return tuple(usernames_of(self.teams))

    def sign_in(self) -> SignIn:
        """Return a visitor's sign-in. Raises GitLabSyncError if the demo does not answer."""
        return SignIn.check(self.url, Credential(self.token), is_demo=True)


_KEPT = 100  # exchanges; nothing in the app looks at them
_lock = threading.Lock()
_demo: Demo | None = None


def get_demo() -> Demo:
    """Return the process's demo; the first call starts it. Thread-safe.

    Its threads are daemons, so it never keeps the process from ending.
    """
    global _demo  # noqa: PLW0603 - one for the process, and too costly to make on import
    with _lock:
        if _demo is None:
            last_day = datetime.now(UTC).date()
            world = demo_world(last_day)
            sandbox = Sandbox(world, kept=_KEPT).start()
            teams = tuple(
                Team(name, "", tuple(map(Member, usernames)))
                for name, usernames in world.teams.items()
            )
            names = {user["username"]: user["name"] for user in world.tables.users}
            _demo = Demo(sandbox.url, sandbox.token(), teams, names, last_day)
        return _demo
