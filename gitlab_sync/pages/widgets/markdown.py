"""Text from other people as Markdown that shows it and does nothing else."""

from __future__ import annotations

import re

_WEB = re.compile(r"https?://[!-'*-~]+", re.IGNORECASE)  # no parentheses, which would end a link
_BLANK = re.compile(r"\s+")
# Control characters, also those that turn the direction of all text that follows.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|:$~&])")
# What Streamlit replaces after it has undone the escapes: icons, signs between blanks, addresses.
_REPLACED = re.compile(
    r"(?<=:)(?=material[/_]|streamlit:)|(?<!\S)(?=(?:<->|->|<-|--|>=|<=|~=)(?!\S))"
    r"|(?=https?://|www\.)|(?<=[\w.+-]@)(?=[\w-])",
    re.IGNORECASE,
)
_MOST = 2000  # characters: more is not read, but takes room
_JOINER = "\u2060"  # it is not visible, and keeps such text from being recognised


def escaped(text: str) -> str:
    """Return text for Markdown, on one line, such that none of it has a special meaning.

    Only the beginning of a very long text is kept.
    """
    shown = text if len(text) <= _MOST else f"{text[:_MOST]}…"
    plain = _CONTROL.sub("", _BLANK.sub(" ", shown))
    return _SPECIAL.sub(r"\\\1", _REPLACED.sub(_JOINER, plain))


def linked(text: str, link: str | None) -> str:
    """Return escaped text that links to `link`; without a link if that is not a web URL."""
    shown = escaped(text)
    if link is None or not _WEB.fullmatch(link):
        return shown
    return f"[{shown}]({link.replace('&', '&amp;')})"


def literal(text: str) -> str:
    """Return text as inline code, on one line; `(nothing)` if it is blank."""
    plain = " ".join(_CONTROL.sub("", _BLANK.sub(" ", text)).split())
    return f"`{plain.replace('`', chr(39))}`" if plain else "(nothing)"
