"""Patterns of paths, as `.gitignore` has them, in time that no pattern or path can blow up.

Regular expressions for whole paths try the places of two `*` in each combination, and three in the
name of a file of 1,000 characters take a minute. Here a pattern meets a path name by name, and
within a name each `*` takes the first place that fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from gitlab_sync.rules.bounds import MOST_FOLDERS, MOST_PATH, MOST_PATTERN, MOST_WILD_FOLDERS

_TOKEN = re.compile(
    r"\\(?P<plain>.)|\[(?P<sign>[!^]?)(?P<set>\]?[^\[\]\\/]+)\]|(?P<other>.)", re.DOTALL
)
_TRAILING = re.compile(r"(?<!\\) +$")

Name: TypeAlias = Callable[[str], object]
"""Whether one name of a path matches."""


def matcher(lines: Iterable[str]) -> Callable[[str], bool]:
    """Return whether a path (with `/`, from the root) is one that the patterns name.

    As in git, the last pattern that matches a folder or file decides, and with a folder all that is
    in it is named, whatever later patterns say. A path with more folders or characters than real
    ones have is not. Raises ValueError for a pattern that `pattern_fault` refuses.
    """
    patterns = [Pattern.of(line) for line in lines]
    known = [pattern for pattern in patterns if pattern is not None]

    @lru_cache(maxsize=10_000)  # the same files change again and again
    def matches(path: str) -> bool:
        names = path.split("/")
        if len(path) > MOST_PATH or len(names) > MOST_FOLDERS:
            return False
        named = [False] * len(names)
        for pattern in known:
            for place in pattern.matched(names):
                named[place] = not pattern.negated
        return any(named)

    return matches


def pattern_fault(line: str) -> str | None:
    """Return why this is no pattern, or None."""
    try:
        Pattern.of(line)
    except ValueError as error:
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: what its names match, in order; None is `**`, any number of folders."""

    parts: Sequence[Name | None]
    negated: bool = False
    only_folders: bool = False

    @classmethod
    def of(cls, line: str) -> Pattern | None:
        """Return the pattern of a line; None for one that is blank or a comment.

        Raises ValueError, with the reason.
        """
        if len(line) > MOST_PATTERN:
            raise ValueError(f"must have at most {MOST_PATTERN} characters")
        text = _TRAILING.sub("", line)
        if not text or text.startswith("#"):
            return None
        negated = text.startswith("!")
        text = text.removeprefix("!")
        only_folders = text.endswith("/")
        text = text.removesuffix("/")
        names = text.removeprefix("/").split("/")
        if "" in names:
            raise ValueError("must have a name between slashes")
        if "/" not in text:
            names.insert(0, "**")
        elif names[-1] == "**":
            names.insert(-1, "*")  # all that is inside, and not the folder itself
        parts = [None if name == "**" else _name(name) for name in names]
        parts = [each for before, each in pairwise([_name("*"), *parts]) if before or each]
        if parts.count(None) > MOST_WILD_FOLDERS:
            raise ValueError(f"must have “**” at most {MOST_WILD_FOLDERS} times")
        return cls(parts, negated, only_folders)

    def matched(self, names: Sequence[str]) -> Iterator[int]:
        """Yield the places of the names of a path up to which it matches."""
        last = len(names) - 1
        at = self._with_none({0})
        for place, name in enumerate(names):
            after = set()
            for each in at - {len(self.parts)}:
                part = self.parts[each]
                if part is None:
                    after.add(each)
                elif part(name):
                    after.add(each + 1)
            at = self._with_none(after)
            if len(self.parts) in at and (place < last or not self.only_folders):
                yield place

    def _with_none(self, at: set[int]) -> set[int]:
        """Return where one can be, since `**` can stand for no folder at all."""
        further = {each + 1 for each in at if each < len(self.parts) and self.parts[each] is None}
        return at | further


@lru_cache(maxsize=1000)
def _name(pattern: str) -> Name:
    """Return what a pattern without `/` matches; ValueError for a set that has no end."""
    return re.compile(translate("".join(map(_translated, _TOKEN.finditer(pattern))))).match


def _translated(token: re.Match[str]) -> str:
    """Return a part of a pattern as the patterns of the standard library have it."""
    if token["set"] is not None:
        return f"[{'!' if token['sign'] else ''}{token['set']}]"
    if token["plain"] is not None:
        return f"[{token['plain']}]" if token["plain"] in "*?[" else token["plain"]
    if token["other"] in "[\\":
        raise ValueError("must close each “[”, and have a character behind each “\\”")
    return token["other"]
