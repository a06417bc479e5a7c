"""Text from other people as Markdown that shows it and does nothing else."""

from __future__ import annotations

import re

_WEB = re.compile(r"https?://[!-'*-~]+", re.IGNORECASE)  # no parentheses, which would end a link


def escaped(text: str) -> str:
    """Return text for Markdown such that none of its characters has a special meaning."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|:$~])", r"\\\1", text)


def linked(text: str, link: str | None) -> str:
    """Return escaped text that links to `link`; without a link if that is not a web URL."""
    shown = escaped(text)
    return f"[{shown}]({link})" if link is not None and _WEB.fullmatch(link) else shown


def literal(text: str) -> str:
    """Return text as inline code; `(nothing)` if it is blank."""
    return f"`{text.replace('`', chr(39))}`" if text.strip() else "(nothing)"
