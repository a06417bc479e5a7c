"""Reads YAML as GitLab does: anchors, merge keys and `!reference`, within limits.

The texts come from other people's repositories. PyYAML's own loader recurses once per level, which
crashes the process on deeply nested text, and its merge keys can double the size of a value with
each line. So only its events are used here, and the tree is built within limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import yaml

from gitlab_sync.rules.bounds import (
    MOST_DIRECTIVES,
    MOST_LEVELS,
    MOST_VALUES,
    BeyondBounds,
    Effort,
    within,
)

Plain: TypeAlias = Any
"""None, a bool, a text, a list, a dict with texts as keys, or a `Reference`. Numbers are texts."""

# A text of so many characters counts as one more value, so that aliases of long texts add up.
_CHARACTERS_A_VALUE = 80

_PLAIN = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

# A few builds of PyYAML lack libyaml; both loaders give the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """The text is not YAML, or its values exceed the bounds. The message has the line."""


class YamlBeyondBounds(YamlError, BeyondBounds):
    """The text is longer or deeper, or its aliases grow to more, than in any real file."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`!reference [job, key, …]`, to be looked up when everything is read."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text: its value, and the line (from 1) of each key at the top.

    `header` is GitLab's `spec` header, if there was one.
    """

    value: Plain
    lines: dict[str, int] = field(default_factory=dict)
    header: Plain = None


def load(text: str, effort: Effort | None = None) -> Document:
    """Return the value of a YAML text.

    Of several documents it is the first, or the second if the first is GitLab's `spec` header.
    Values can be shared (anchors): do not change them. Raises `YamlError` if it cannot be read, and
    of its kinds `YamlBeyondBounds` for a text that no real project has; BeyondBounds if the
    `effort` is used up.
    """
    effort = effort or Effort()
    try:
        effort.spend(len(within(text)) // 10)
    except BeyondBounds as beyond:
        raise YamlBeyondBounds(str(beyond)) from None
    if text.count("\n%") > MOST_DIRECTIVES:
        raise YamlBeyondBounds(f"more than {MOST_DIRECTIVES} directives")
    clean = text.encode("utf-8", "replace").decode("utf-8")
    first: Document | None = None
    try:
        for document in _Builder(yaml.parse(clean, Loader=_LOADER), effort).documents():
            if first is not None:
                return replace(document, header=first.value)
            first = document
            if not (isinstance(document.value, dict) and "spec" in document.value):
                break
    except (yaml.YAMLError, RecursionError) as problem:
        raise YamlError(_said(problem)) from problem
    return first or Document(None)


def _said(problem: Exception) -> str:
    """Return PyYAML's message on one line, with the line number."""
    mark = getattr(problem, "problem_mark", None)
    said = getattr(problem, "problem", None) or str(problem) or type(problem).__name__
    place = f" (line {mark.line + 1})" if mark is not None else ""
    return " ".join(str(said).split()) + place


@dataclass(slots=True)
class _Open:
    value: list[Plain] | dict[str, Plain]
    anchor: str | None
    is_reference: bool
    size: int = 1
    key: str | None = None
    has_key: bool = False
    merged: list[dict[str, Plain]] = field(default_factory=list)


class _Builder:
    """Builds values from events, without recursion."""

    def __init__(self, events: Iterator[Any], effort: Effort) -> None:
        self._events = events
        self._effort = effort
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Plain, int]] = {}
        self._lines: dict[str, int] = {}
        self._result: Plain = None

    def documents(self) -> Iterator[Document]:
        """Yield each document of the text."""
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: lambda event: self._open(event, []),
            yaml.MappingStartEvent: lambda event: self._open(event, {}),
            yaml.SequenceEndEvent: self._close,
            yaml.MappingEndEvent: self._close,
        }
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors, self._lines, self._result = {}, {}, None
            elif isinstance(event, yaml.DocumentEndEvent):
                yield Document(self._result, self._lines)
            elif type(event) in handlers:
                handlers[type(event)](event)

    def _scalar(self, event: Any) -> None:
        value: Plain = event.value
        if event.implicit[0] and event.tag is None:
            value = _PLAIN.get(event.value, event.value)
        size = 1 + len(event.value) // _CHARACTERS_A_VALUE
        self._remember(event.anchor, value, size)
        self._add(value, size, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            line = event.start_mark.line + 1
            raise YamlError(f"*{event.anchor} is not defined before its use (line {line})")
        value, size = self._anchors[event.anchor]
        self._add(value, size, event)

    def _open(self, event: Any, value: list[Plain] | dict[str, Plain]) -> None:
        if len(self._stack) >= MOST_LEVELS:
            line = event.start_mark.line + 1
            raise YamlBeyondBounds(f"more than {MOST_LEVELS} levels (line {line})")
        self._stack.append(_Open(value, event.anchor, event.tag == "!reference"))

    def _close(self, event: Any) -> None:
        done = self._stack.pop()
        value: Plain = done.value
        if isinstance(value, dict):
            for merged in done.merged:
                self._effort.spend(len(merged))
                for key, inherited in merged.items():
                    value.setdefault(key, inherited)
        elif done.is_reference:
            value = Reference(tuple(step for step in value if isinstance(step, str)))
        self._remember(done.anchor, value, done.size)
        self._add(value, done.size, event)

    def _remember(self, anchor: str | None, value: Plain, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)

    def _add(self, value: Plain, size: int, event: Any) -> None:
        """Add a finished value to its parent. `size` counts its values, and those of aliases."""
        self._effort.spend(4)
        if not self._stack:
            self._result = value
            return
        parent = self._stack[-1]
        parent.size += size
        if parent.size > MOST_VALUES:
            raise YamlBeyondBounds(f"grows to more than {MOST_VALUES:,} values")
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif not parent.has_key:
            parent.key, parent.has_key = _key(value), True
            if len(self._stack) == 1:
                self._lines.setdefault(parent.key, event.start_mark.line + 1)
        else:
            parent.has_key = False
            self._put(parent, parent.value, value)

    def _put(self, parent: _Open, mapping: dict[str, Plain], value: Plain) -> None:
        key = parent.key or ""
        if key == "<<":
            # Of several merged mappings the first wins, and own keys win over all of them.
            several = value if isinstance(value, list) else [value]
            parent.merged.extend(one for one in several if isinstance(one, dict))
        else:
            mapping[key] = value


def _key(value: Plain) -> str:
    """Return a value as a key. A list or mapping is none of GitLab's, and can be very long."""
    if isinstance(value, str):
        return value
    return str(value) if value is None or isinstance(value, bool) else "?"
