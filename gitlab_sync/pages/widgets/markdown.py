"""Text from other people as Markdown that shows it and does nothing else."""

from __future__ import annotations

import re

from gitlab_sync.rules.markdown import BLANK, CONTROL

_WEB = re.compile(r"https?://[!-'*-~]+", re.IGNORECASE)  # no parentheses, which would end a link
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
    plain = CONTROL.sub("", BLANK.sub(" ", shown))
    return _SPECIAL.sub(r"\\\1", _REPLACED.sub(_JOINER, plain))


def linked(text: str, link: str | None) -> str:
    """Return escaped text that links to `link`; without a link if that is not a web URL."""
    shown = escaped(text)
    if link is None or not _WEB.fullmatch(link):
        return shown
    return f"[{shown}]({link.replace('&', '&amp;')})"
