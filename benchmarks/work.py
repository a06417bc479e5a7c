"""What one measured process is given to do, and what it gives back. Standard library only.

Peers import this, so it imports nothing that would add to their memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias
from zlib import crc32

Record: TypeAlias = dict[str, Any]

FACTS = {"notes": "id", "commits": "id", "diffs": "new_path", "pipelines": "id"}
"""The lists of each ended merge request that an evaluation needs, and what identifies a row."""

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work: URL, token, number of threads, and people.

    `options` holds what a single task wants to know besides.
    """

    url: str
    token: str
    workers: int
    usernames: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def dumps(self) -> str:
        """Return it as JSON text: how it goes to the process that does it."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Work:
        """Read what `dumps` wrote."""
        given = json.loads(text)
        given["usernames"] = tuple(given["usernames"])
        return cls(**given)


@dataclass(slots=True)
class Done:
    """What a task did: `items` are ended merge requests, or the rows of a list.

    `proof` is the same for all who found the same by the same task; `extra` is what else was
    measured.
    """

    items: int = 0
    proof: int = 0
    extra: dict[str, float] = field(default_factory=dict)


Task: TypeAlias = Callable[[Work], Done]


def proof_of(values: Iterable[object]) -> int:
    """Return a number that is the same for the same values, in whatever order they come."""
    return sum(crc32(str(value).encode()) for value in values)


def list_query(username: str) -> dict[str, str | int]:
    """Return the parameters of the list of one author's merge requests, on the whole instance."""
    return {
        "author_username": username,
        "scope": "all",
        "state": "all",
        "per_page": PER_PAGE,
    }


def ended(merge_requests: Iterable[Record]) -> Iterator[Record]:
    """Yield the merge requests that are evaluated: the merged and the closed ones."""
    return (mr for mr in merge_requests if mr["state"] in {"merged", "closed"})


def facts_of(mr: Record) -> Iterator[tuple[str, str]]:
    """Yield the endpoints that tell about one merge request, and what tells the rows of each."""
    base = f"/projects/{mr['project_id']}/merge_requests/{mr['iid']}"
    return ((f"{base}/{fact}", key) for fact, key in FACTS.items())
