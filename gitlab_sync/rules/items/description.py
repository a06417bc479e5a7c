"""Scores a description from 0 to 100, for length, structure, reasons and lists."""

from __future__ import annotations

import re
from typing import Any

from gitlab_sync.rules.text import without_comments

# Headings and bold text are found first and then searched: one expression for both would take time
# that grows with the square of the length.
_MARKED = re.compile(r"^[ ]{0,3}\#{1,6}[ \t][^\n]*|\*\*[^*\n]+\*\*|__[^_\n]+__", re.MULTILINE)
# Underscores are letters in a regular expression, but mark bold text here.
_SECTION = re.compile(
    r"(?<![A-Za-z])(summary|changes|impact|testing|context|description)(?![A-Za-z])",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(added|fixed|updated|removed|refactored|implemented|resolved)\b", re.IGNORECASE
)
_REASON = re.compile(
    r"\b(because|so that|in order to|fix|resolves|closes|issue|impact)\b", re.IGNORECASE
)
_LIST = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\S", re.MULTILINE)

_SAYS_NOTHING = frozenset({"fix", "wip", "changes", "update", "done", "test"})

_LENGTHS = ((300, 30), (150, 20), (50, 10))
"""The least number of characters, and the points for it."""

_MOST_HINTS = 2


def analyze_description(text: str | None) -> dict[str, Any]:
    """Return `{"description_score", "quality_label", "feedback"}` of a description.

    The score is 0 to 100; the label is `High` from 80, `Moderate` from 50, else `Low`. `feedback`
    has at most two hints, joined by ` | `, those worth the most points first; it is empty if
    nothing is missing. HTML comments do not count, and null is an empty description. Never raises.
    """
    said = without_comments(text).strip() if isinstance(text, str) else ""
    has_section = any(_SECTION.search(marked[0]) for marked in _MARKED.finditer(said))
    words = re.findall(r"\w+", said.lower())
    has_sentence = len(said) > 20 and not _SAYS_NOTHING.issuperset(words)
    length = next((points for least, points in _LENGTHS if len(said) >= least), 0)
    parts = (
        (length, 30, "Say more: a good description has 300 characters or more"),
        (20 * has_section, 20, "Add headings such as Summary, Changes or Testing"),
        (15 * bool(_CHANGE.search(said)), 15, "Say what was added, fixed, updated or removed"),
        (15 * bool(_REASON.search(said)), 15, "Say why: because of what, or which issue it closes"),
        (10 * bool(_LIST.search(said)), 10, "List the single changes"),
        (10 * has_sentence, 10, "Write whole sentences instead of a single word"),
    )
    total = sum(points for points, _, _ in parts)
    missing = sorted((p for p in parts if p[0] < p[1]), key=lambda part: part[0] - part[1])
    return {
        "description_score": total,
        "quality_label": "High" if total >= 80 else "Moderate" if total >= 50 else "Low",
        "feedback": " | ".join(hint for _, _, hint in missing[:_MOST_HINTS]),
    }
