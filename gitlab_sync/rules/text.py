"""What texts and times of GitLab say: comments, semantic first lines, issue references, instants.

Letters are compared without case everywhere.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

# One that is never closed hides all the rest, in a browser and here.
_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)

SEMANTIC = re.compile(
    r"^(feat|fix|chore|docs|style|refactor|perf|test|build|ci|revert)(\([^)]*\))?!?:",
    re.IGNORECASE,
)
"""How a semantic commit or title of a merge request begins (conventionalcommits.org)."""

SEMANTIC_ISSUE = re.compile(
    r"^(feat|fix|docs|style|refactor|perf|test|chore|bug)(\([^)]*\))?!?:",
    re.IGNORECASE,
)
"""How a semantic title of an issue begins: it may report a `bug`, but not change the `build`."""

_ISSUE_REFERENCE = re.compile(
    r"(?<!&)#\d+(?!\w)"  # not the character reference &#39;
    r"|\bGL-\d+\b"
    r"|\bissues?\s*#?\d+(?!\w)"
    r"|/-/(issues|work_items)/\d+",
    re.IGNORECASE,
)


def without_comments(text: str) -> str:
    """Return `text` without its HTML comments, of which templates are full."""
    return _COMMENT.sub("", text)


def first_line(text: str) -> str:
    """Return the text before the first line break: the subject of a commit message."""
    return text.partition("\n")[0].removesuffix("\r")


def has_issue_reference(text: str) -> bool:
    """Say whether `text` names an issue: `#12`, `GL-12`, `issue 12` or a link to one."""
    return _ISSUE_REFERENCE.search(text) is not None


def instant(text: object) -> datetime | None:
    """Return the moment that an ISO 8601 time with an offset (or `Z`) names.

    The result is aware, in the offset it was written with. None for everything else: a time
    without an offset names no moment.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def hours_between(start: datetime, end: datetime) -> float:
    """Return the hours from `start` to `end`, two aware times; negative if `end` comes first."""
    return (end - start) / timedelta(hours=1)


def plural(number: int, noun: str) -> str:
    """Return `1 note`, `3 notes`: a number with its noun, for reasons that people read."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
