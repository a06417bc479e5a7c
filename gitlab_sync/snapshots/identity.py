"""By what a person is known in the runs of a folder, and where a text names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.usernames import bare_username, username_key
from gitlab_sync.snapshots.files import LocalCopies

FORGOTTEN = "[forgotten]"
"""What is in the place of a name that was removed from a text."""

_SHORTEST = 3
"""The characters of a name that is looked for inside texts: a shorter one is part of any text."""

_PARTS = re.compile(r"[\w.-]")

_NAMING = {"people": ("key", "asked", "username", "name"), "members": ("username", "name", "email")}


@dataclass(frozen=True)
class Identity:
    """What names a person in one run. Immutable.

    `keys` are the usernames in lower case, and `ids` GitLab's. `words` are all texts that mean the
    person and no one else of the run, in lower case: usernames, names, addresses. `others` are the
    usernames of the other people: a text that has one of them does not name this person.
    """

    keys: frozenset[str]
    ids: frozenset[int]
    words: frozenset[str]
    others: frozenset[str] = frozenset()

    def is_named(self, text: object) -> bool:
        """Return whether a text is one of the person's names, and nothing else."""
        return isinstance(text, str) and text.strip().lower() in self.words

    @cached_property
    def pattern(self) -> str:
        """A pattern that every text with one of the names has, and perhaps others; empty: none."""
        longest = sorted(self.words, key=lambda word: (-len(word), word))
        return "|".join(map(re.escape, longest))

    @cached_property
    def _inside(self) -> re.Pattern[str]:
        words = sorted((word for word in self.words if len(word) >= _SHORTEST), key=len)
        names = "|".join(map(re.escape, reversed(words))) or r"(?!)"
        return re.compile(rf"(?<![^\W_])(?:{names})(?![^\W_])", re.IGNORECASE)

    def without(self, text: str) -> str:
        """Return a text without the person's names; the same one if it has none."""
        around, is_other = (0, 0), False

        def removed(found: re.Match[str]) -> str:
            nonlocal around, is_other
            # Once for all names in one word, however many there are.
            if not around[0] <= found.start() < around[1]:
                start, end = found.span()
                while start and _PARTS.match(text[start - 1]):
                    start -= 1
                while end < len(text) and _PARTS.match(text[end]):
                    end += 1
                around = start, end
                is_other = text[start:end].strip(".").lower() in self.others
            return found[0] if is_other else FORGOTTEN

        return FORGOTTEN if self.is_named(text) else self._inside.sub(removed, text)


@dataclass(frozen=True)
class Wanted:
    """The person who is looked for in all runs: usernames in lower case, ids, further names."""

    keys: frozenset[str]
    ids: frozenset[int]
    also: frozenset[str] = frozenset()

    def in_run(self, files: LocalCopies) -> Identity:
        """Return what names the person in a run; raises as `LocalCopies.path`."""
        words, theirs = set(self.also), set[str]()
        keys, others = set(self.keys), set[str]()
        for table, columns in _NAMING.items():
            for row in read_rows(files, table, ("id", *columns)):
                mine = self._is(row)
                texts = {str(row[name]).lower() for name in columns if row[name]}
                (words if mine else theirs).update(texts)
                names = {username_key(row[name]) for name in ("key", "username") if row.get(name)}
                (keys if mine else others).update(names)
        words |= keys
        for row in read_rows(files, "commits", ("person", "author_name", "author_email")):
            signature = {
                str(row[name]).lower() for name in ("author_name", "author_email") if row[name]
            }
            if row["person"] in keys or (row["person"] is None and signature & words):
                words |= {each for each in signature if "@" in each}
        return Identity(
            frozenset(keys), self.ids, frozenset(words - theirs), frozenset(others - keys)
        )

    def _is(self, row: Mapping[str, Any]) -> bool:
        if row["id"] is not None:
            return row["id"] in self.ids
        return username_key(row.get("key") or row.get("username")) in self.keys


def find(person: str, runs: Iterable[LocalCopies], also: Collection[str] = ()) -> Wanted:
    """Return a person, by the username, in all runs: also under names of before and afterwards.

    `also` are further names and addresses. Raises ConfigurationError if several people had the
    username, and as `LocalCopies.path`.
    """
    name = bare_username(person)
    fault = username_fault(name)
    if fault is not None:
        raise ConfigurationError(f"The person must be a username: {fault}")
    key = username_key(name)
    known: dict[int, set[str]] = {}
    for files in runs:
        for table, column in (("people", "key"), ("members", "username")):
            for row in read_rows(files, table, ("id", column)):
                if row["id"] is not None:
                    known.setdefault(row["id"], set()).add(username_key(row[column]))
    ids = {number for number, keys in known.items() if key in keys}
    if len(ids) > 1:
        several = ", ".join(map(str, sorted(ids)))
        raise ConfigurationError(
            f"{person} must be one person, got those with the ids {several}",
            hint="They had the username one after the other. Name one of them by another username.",
        )
    keys = {key}.union(*(known[number] for number in ids))
    words = frozenset(text.strip().lower() for text in also if text.strip())
    return Wanted(frozenset(keys), frozenset(ids), words)


def read_rows(files: LocalCopies, table: str, columns: Collection[str]) -> Iterable[dict[str, Any]]:
    """Yield the rows of a table with these columns; raises as `LocalCopies.path`."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with pq.ParquetFile(files.path(table)) as file:
        for batch in file.iter_batches(columns=list(columns)):
            yield from batch.to_pylist()
