"""Finds the project's own files by their names, fast for many names and patterns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import takewhile

from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects.ecosystems.ecosystem import fits
from gitlab_sync.rules.projects.facts import file_name, own


class OwnFiles:
    """The own files near the root, by name and by path, both in lower case. For one thread."""

    def __init__(self, paths: Iterable[str], effort: Effort) -> None:
        self._paths = list(own(paths))
        self._effort = effort

    def find(self, pattern: str) -> str | None:
        """Return the path of the first file with a name, or a path, that a pattern fits.

        Files nearer to the root come first. A `*` is any text; what begins with `/` is at the root.
        """
        if "*" not in pattern:
            return self._by_name.get(pattern)
        found = [self._by_name[name] for name in self._alike(pattern) if fits(pattern, name)]
        return min(found, key=_place, default=None)

    def _alike(self, pattern: str) -> Iterator[str]:
        """Yield the names that begin with or end like a pattern."""
        begin, ending = pattern.partition("*")[0], pattern.rpartition("*")[2]
        if begin:
            names = self._sorted[bisect_left(self._sorted, begin) :]
            alike: Iterable[str] = takewhile(lambda name: name.startswith(begin), names)
        else:
            alike = self._by_ending.get(_ending(ending), ())
        for name in alike:
            self._effort.spend(1)
            yield name

    @cached_property
    def _by_name(self) -> dict[str, str]:
        mine = sorted(self._paths, key=_place, reverse=True)
        by_name = {file_name(path): path for path in mine}
        at_root = {f"/{path.lower()}": path for path in mine if "/" not in path}
        return {path.lower(): path for path in mine} | by_name | at_root

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._by_name)

    @cached_property
    def _by_ending(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self._by_name:
            found.setdefault(_ending(name), []).append(name)
        return found


def _place(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _ending(name: str) -> str:
    return name.rpartition(".")[2]
