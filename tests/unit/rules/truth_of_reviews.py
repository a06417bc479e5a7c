"""The measures of reviews, computed a second time from records.

It shares no code with the package. Lists are whole.
"""

from __future__ import annotations

import re
from typing import Any

import truth_from_files as classic
import truth_of_fair as fair

Values = dict[str, Any]


def values_of(mr: dict[str, Any], notes: list[dict[str, Any]]) -> Values:
    """Return what is measured of one merged merge request, and its reviews by reviewer."""
    merged = _second(mr["merged_at"])
    early = sorted((n for n in notes if _second(n["created_at"]) <= merged), key=_of)
    start = mr["created_at"]
    for note in early:
        if note["system"] and _text(note) == "marked this merge request as **ready**":
            start = note["created_at"]
    took = fair._working(start, mr["merged_at"])
    merger = mr.get("merge_user")
    values: Values = {
        "merged_by_author": merger and _name(merger) == _name(mr["author"]),
        "without_review": classic._unreviewed({**mr, "upvotes": 0}, early),
    }
    if isinstance(took, str):
        return values
    firsts: dict[str, int] = {}
    comments, approvals, opinions, pushes = 0, [], 0, []
    for note in early:
        approves = note["system"] and _text(note) == "approved this merge request"
        person = not classic._bot(note["author"]["username"])
        comments += person and not note["system"]
        if note["system"] and re.match("added [0-9]+ commits?($|[^a-z])", _text(note)):
            pushes.append(_of(note))
        if not person or _name(note["author"]) == _name(mr["author"]):
            continue
        if approves or not note["system"]:
            waited = fair._working(start, note["created_at"])
            seconds = 0 if isinstance(waited, str) else waited
            firsts.setdefault(_name(note["author"]), seconds)
            if approves:
                approvals.append(seconds)
            else:
                opinions += 1
    begun = min((_of(n) for n in early if _is_response(n, mr)), default=None)
    return {
        **values,
        "first_response": min(firsts.values()) if firsts else None,
        "time_to_merge": took,
        "rounds": None if begun is None else sum(push > begun for push in pushes),
        "quick_approval": opinions == 0 and any(seconds <= 300 for seconds in approvals),
        "comments": comments,
        "reviews": firsts,
    }


def _is_response(note: dict[str, Any], mr: dict[str, Any]) -> bool:
    by = _name(note["author"])
    other = by != _name(mr["author"]) and not classic._bot(note["author"]["username"])
    return other and (not note["system"] or _text(note) == "approved this merge request")


def _of(note: dict[str, Any]) -> int:
    return _second(note["created_at"])


def _second(text: str) -> int:
    return int(classic._seconds(text) // 1)


def _name(person: dict[str, Any]) -> str:
    return str(person["username"]).lower()


def _text(note: dict[str, Any]) -> str:
    return str(note["body"]).strip().lower()
