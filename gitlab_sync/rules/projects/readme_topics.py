"""Finds the topics of a README: as words, or in other forms and languages in its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

# For each topic the words in a text, and what a word in a heading begins with.
_TOPICS = {
    "installation": (r"installations?", r"instal|build|compil|download|安装|установк"),
    "usage": (
        r"usages?",
        (
            r"usage|us(?:e|es|ing)\b|how to (?:use|run)|run(?:ning)?\b(?! (?:\w+ )?tests?)"
            r"|utilis|utiliz|verwendung|benutz|nutz|uso\b|usar\b|使用|用法|использован"
        ),
    ),
    "getting started": (
        r"getting[ -]started",
        (
            r"get(?:ting)?[ -]started|start(?:ing)?\b|erste schritte|first steps|premiers pas"
            r"|tutorial|入门"
        ),
    ),
    "setup": (
        r"set-?up",
        (
            r"set(?:ting)?s?[ -]?up\b|config|konfig|einrichtung|require|prerequi|pr[ée]requis"
            r"|requisit|voraussetz|anforderung|dependenc|配置|настройк"
        ),
    ),
    "license": (r"licen[cs]es?", r"licen|lizen|copying|copyright|许可|лиценз"),
    "contributing": (
        r"contributing",
        r"contribu|beitrag|mitwirk|mitmach|develop|entwickl|hacking|participa|贡献|участ",
    ),
    "example": (r"examples?", r"example|beispiel|exemple|ejemplo|exemplo|esempi|demo|示例|пример"),
    "quick start": (
        r"quick[ -]?starts?",
        r"quick[ -]?(?:start|guide|tour|ref)|schnellstart|démarrage rapide|快速",
    ),
    "features": (
        r"features",
        r"feature|funktion|fonctionnalit|caracter[íi]stic|functionalit|功能|特性|возможност",
    ),
}

TOPICS = tuple(_TOPICS)
"""The names of the topics."""

_WORDS = {
    name: re.compile(rf"\b(?:{word})\b", re.IGNORECASE) for name, (word, _) in _TOPICS.items()
}
_HEADINGS = {
    name: re.compile(rf"(?<![^\W_])(?:{stems})", re.IGNORECASE)
    for name, (_, stems) in _TOPICS.items()
}

# Badges, and the addresses of links, say nothing.
_ADDRESSES = re.compile(
    r"!\[[^\[\]\n]*\](?:\([^()\n]*\)|\[[^\[\]\n]*\])?|(?<=\])\([^()\s]*\)|https?://[^\s<>\"')]+"
    r"|\b(?:src|href|alt)=\"[^\"\n]*\"|^\.\. (?:image|\|[^|\n]*\| image)::.*$"
    r"|^ {1,9}:(?:target|alt):.*$",
    re.MULTILINE,
)

_MARKED = re.compile(r"^ {0,3}(?:#{1,6}|={1,6}|h[1-6]\.) ?(?=\S)|^<h[1-6][^>]*>", re.IGNORECASE)
_UNDERLINES = "=-~^\"'*+#`:."
_FENCES = ("```", "~~~")
_MOST_OF_A_HEADING = 80
_MOST_SPACES = 2

# With these, GitLab's template begins; all after it is suggestions for the author.
_TEMPLATE = (
    "## Getting started\n\nTo make it easy for you to get started with GitLab,",
    "To make it easy for you to get started with GitLab, here's a list of recommended next steps",
    "# Editing this README",
)


def own_words(text: str) -> str:
    """Return a README up to GitLab's template, if that was left in it."""
    text = text.replace("\r\n", "\n")
    places = [place for begin in _TEMPLATE if (place := text.find(begin)) >= 0]
    return text[: min(places)] if places else text


def topics(text: str) -> list[str]:
    """Return the topics that a README has, as words or in its headings, in the order of `TOPICS`.

    Badges and addresses do not count.
    """
    said = _ADDRESSES.sub("", text)
    headings = "\n".join(_headings(said))
    return [
        name for name in TOPICS if _WORDS[name].search(said) or _HEADINGS[name].search(headings)
    ]


def _headings(text: str) -> Iterator[str]:
    """Yield the headings of Markdown, reStructuredText, AsciiDoc, HTML, and of plain text."""
    before, is_code = "", False
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith(_FENCES) and not _is_underline(bare):
            is_code = not is_code
        elif not is_code and len(before) <= _MOST_OF_A_HEADING and _is_underline(bare):
            yield before
        elif not is_code and _is_heading(line, bare):
            yield bare
        before = bare


def _is_underline(bare: str) -> bool:
    """Return whether a line repeats one sign; a pattern for that takes 80 bytes for each."""
    return len(bare) > 2 and bare[0] in _UNDERLINES and not bare.strip(bare[0])


def _is_heading(line: str, bare: str) -> bool:
    """Return whether a short line is marked, in bold, in capitals, or few words before a colon."""
    if not 0 < len(bare) <= _MOST_OF_A_HEADING:
        return False
    if bare.startswith(("**", "__")) and bare.rstrip(":").endswith(("**", "__")):
        return True
    is_label = bare.endswith(":") and bare.count(" ") <= _MOST_SPACES and bare[0].isupper()
    return is_label or bare.isupper() or _MARKED.match(line) is not None
