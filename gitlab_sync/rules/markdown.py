"""Text of other people in Markdown."""

from __future__ import annotations

import re

BLANK = re.compile(r"\s+")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, also those that turn the direction of all text that follows."""


def as_code(text: str) -> str:
    """Return text as inline code, on one line; `(nothing)` if it is blank.

    In code, GitLab reads no mentions, references, quick actions or comments.
    """
    plain = " ".join(CONTROL.sub("", BLANK.sub(" ", text)).split())
    return f"`{plain.replace('`', chr(39))}`" if plain else "(nothing)"


_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def escaped(text: str) -> str:
    """Return a text as one line of Markdown that shows its characters and does nothing.

    A backslash also keeps GitLab from reading a mention or a reference. The caller sees to it that
    no line begins with the text: it could be a quick action.
    """
    return _PUNCTUATION.sub(r"\\\1", " ".join(CONTROL.sub("", BLANK.sub(" ", text)).split()))
