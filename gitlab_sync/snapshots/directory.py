"""Who is in a run: its people, with their colleges, and the members of its groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """The people of a run by key: GitLab's ids, and colleges. Immutable.

    `groups` has the members of each group, with their ids, by each name that the group has: its id,
    its path, and what it was given as, in lower case.
    """

    ids: Mapping[str, int | None]
    colleges: Mapping[str, str]
    groups: Mapping[str, Mapping[str, int | None]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Read the directory of a run, of which everyone is visible."""
        ids: dict[str, int | None] = {}
        colleges: dict[str, str] = {}
        groups: dict[str, dict[str, int | None]] = {}
        for row in snapshot.rows("SELECT key, id, college FROM people", tables=["people"]):
            ids[row["key"]] = row["id"]
            colleges[row["key"]] = (row["college"] or "").strip()
        sql = 'SELECT "group", group_id, group_path, username, id FROM members'
        for row in snapshot.rows(sql, tables=["members"]):
            key = username_key(row["username"])
            for name in {row["group"], str(row["group_id"]), row["group_path"] or ""} - {""}:
                groups.setdefault(name.lower(), {})[key] = row["id"]
        return cls(ids, colleges, groups)

    def has(self, key: str, number: int | None) -> bool:
        """Return whether a person is in the run: one with another id has only got the username."""
        return number is not None and self.ids.get(key) == number

    def is_member(self, group: str, key: str, number: int | None) -> bool:
        """Return whether a person was a member of a group, as `has` knows them."""
        return number is not None and self.groups.get(group, {}).get(key) == number

    def at_college(self, college: str) -> frozenset[str]:
        """Return the people of a college, whatever the case of its name."""
        wanted = college.casefold()
        return frozenset(key for key, each in self.colleges.items() if each.casefold() == wanted)
