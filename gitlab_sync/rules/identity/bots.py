"""Tells bots from people, by the username alone.

Notes have a `bot` flag in GraphQL but not in REST, so only the name gives the same result in both.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from gitlab_sync.rules.identity.usernames import username_key

DEFAULT_BOTS = frozenset({"dependabot", "renovate", "copilot-swe-agent"})
"""Bots that do not look like bots. A setting can replace the list, which can have patterns."""

# GitLab names the users behind project and group access tokens `project_12_bot_3f…`.
_TOKEN_USER = re.compile(r"^(project|group)_\d+_bot", re.IGNORECASE)
_ENDINGS = ("-bot", "_bot", "[bot]")


def is_bot(username: str, extra: Collection[str] = DEFAULT_BOTS) -> bool:
    """Return whether `username` is a bot: it looks like one, or `extra` lists it, ignoring case.

    In `extra`, `*` is any text, also none: `*-ci`. `ghost`, which GitLab gives the work of deleted
    accounts to, is a person.
    """
    name = username_key(username)
    return (
        name.endswith(_ENDINGS)
        or _TOKEN_USER.match(name) is not None
        or _is_listed(name, frozenset(extra))
    )


@lru_cache(maxsize=10_000)  # the same few people write most notes
def _is_listed(name: str, extra: frozenset[str]) -> bool:
    return any(_is_one_of(name, username_key(each)) for each in extra)


def _is_one_of(name: str, pattern: str) -> bool:
    """Return whether a name is one of a pattern: that part by part, each as early as possible."""
    first, *middle = pattern.split("*")
    if not middle:
        return name == pattern
    last = middle.pop()
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
