"""Reads texts and times of GitLab: comments, semantic first lines, issue references, instants.

All comparisons ignore case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from difflib import get_close_matches

_PLURALS = {"person": "people", "address": "addresses"}

# A comment that is never closed hides the rest of the text, as in a browser.
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
"""How a semantic title of an issue begins: it can report a `bug`, but not change the `build`."""

_ISSUE_REFERENCE = re.compile(
    r"(?<!&)#\d+(?!\w)"  # not the character reference &#39;
    r"|\bGL-\d+\b"
    r"|\bissues?\s*#?\d+(?!\w)"
    r"|/-/(issues|work_items)/\d+",
    re.IGNORECASE,
)


def without_comments(text: str) -> str:
    """Return `text` without HTML comments, which templates are full of."""
    return _COMMENT.sub("", text) if "<!--" in text else text


def first_line(text: str) -> str:
    """Return the text before the first line break: the subject of a commit message."""
    return text.partition("\n")[0].removesuffix("\r")


def has_issue_reference(text: str) -> bool:
    """Return whether `text` names an issue: `#12`, `GL-12`, `issue 12` or a link to one."""
    # Each has one of these, far quicker to find; letters beyond ASCII can be equal to ours.
    can_have = (
        "#" in text
        or not text.isascii()
        or "issue" in (lower := text.lower())
        or "gl-" in lower
        or "/-/" in lower
    )
    return can_have and _ISSUE_REFERENCE.search(text) is not None


def instant(text: object) -> datetime | None:
    """Return the moment of an ISO 8601 time with an offset (or `Z`), or None for anything else.

    The result is aware and keeps the offset. A time without an offset is not a moment.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def second_after(moment: datetime) -> datetime:
    """Return the begin of the next second: what is before it is not after `moment`.

    In whole seconds, since not every source of times has fractions.
    """
    try:
        return moment.replace(microsecond=0) + timedelta(seconds=1)
    except OverflowError:  # the last second of the calendar
        return moment.replace(microsecond=999_999)


def hours_between(start: datetime, end: datetime) -> float:
    """Return the hours from `start` to `end`, two aware times; negative if `end` comes first."""
    return (end - start) / timedelta(hours=1)


def did_you_mean(given: str, known: Iterable[str], likeness: float = 0.5) -> str:
    """Return ` Did you mean x?` with the nearest of the known names; empty if none is near.

    `likeness` is the part of a name that has to match.
    """
    names = {name.lower(): name for name in known}
    nearest = get_close_matches(given.lower(), names, 1, likeness)
    return f" Did you mean {names[nearest[0]]}?" if nearest else ""


def share(part: int, total: int, nouns: str) -> str:
    """Return a number of a total with its noun: `0 of 1 project`, `2 of 3 people`."""
    one = next((one for one, many in _PLURALS.items() if many == nouns), nouns.removesuffix("s"))
    return f"{part} of {total} {one if total == 1 else nouns}"


def besides(unknown: int, waived: int = 0) -> str:
    """Return what a count leaves out: ` (+2 ?, +1 waived)`; empty for nothing."""
    numbers = {"?": unknown, "waived": waived}
    parts = [f"+{number} {what}" for what, number in numbers.items() if number]
    return f" ({', '.join(parts)})" if parts else ""


def format_hours_minutes(seconds: float) -> str:
    """Return `1h 0m`: whole minutes, rounded towards zero."""
    hours, minutes = divmod(int(abs(seconds) // 60), 60)
    return f"{'-' if seconds <= -60 else ''}{hours}h {minutes}m"


def plural(number: int, noun: str) -> str:
    """Return a number with its noun: `1 note`, `3 notes`, `-1 note`, `2 people`."""
    return f"{number} {noun if abs(number) == 1 else _PLURALS.get(noun, f'{noun}s')}"
