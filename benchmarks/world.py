"""The GitLab that is measured against, in a process that changes its world when told to.

`python -m benchmarks.world`: the first line on standard input says which world, as JSON with the
fields of `Wanted`; the answer on standard output says where it is. Each further line is a command,
answered by a line. It ends with its input.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.run import peak_memory
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sandbox.__main__ import make_world
from gitlab_sync.sandbox.records import Record, without_collection
from gitlab_sync.sandbox.tables import Key
from gitlab_sync.sandbox.tokens import ADMIN_TOKEN

LIST_OF = "list-of-{}"
"""The username of a person who wrote so many merge requests and nothing else."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which world: a folder's (`data`), or one of `sizes`, which are those of the sandbox.

    Each merge request exists `times` times, with the same facts, so that even a large world is made
    quickly. `lists` adds, for each number, a person who wrote so many. With `merged`, none was
    closed without a merge.
    """

    data: str | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    times: int = 1
    lists: Sequence[int] = ()
    merged: bool = False

    def make(self) -> World:
        """Return it. Raises what `make_world` does."""
        world = make_world(self.data, demo=False, sizes=self.sizes)
        if self.merged:
            rows = world.tables.merge_requests
            rows[:] = [row for row in rows if row["state"] != "closed"]
            world.changed()
        if self.times > 1 or self.lists:
            with without_collection():
                self._grow(_Copier(world))
                world.changed()
        return world

    def _grow(self, copier: _Copier) -> None:
        for record in copier.originals * (self.times - 1):
            copier.copy(record)
        for number in self.lists:
            copier.add_list(number)


class _Copier:
    """Adds copies of merge requests to a world; its indexes are rebuilt afterwards."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tables = world.tables
        self.originals = list(world.tables.merge_requests)
        self._iids: Counter[int] = Counter()
        for record in self.originals:
            project = record["project_id"]
            self._iids[project] = max(self._iids[project], record["iid"])

    def copy(self, record: Record) -> None:
        """Add one that differs in nothing but its numbers."""
        tables, key = self._tables, (record["project_id"], record["iid"])
        iid = self._add(record)
        for children in (tables.mr_notes, tables.mr_commits, tables.mr_diffs, tables.mr_pipelines):
            children.put((key[0], iid), children.get(key))
        facts: tuple[dict[Key, Any], ...] = (tables.approvals, tables.closes, tables.mentions)
        for table in facts:
            if key in table:
                table[key[0], iid] = table[key]

    def add_list(self, number: int) -> None:
        """Add a person who wrote `number` merge requests without any facts."""
        name = LIST_OF.format(number)
        author = {**self._tables.users[0], "id": self._world.new_id(), "username": name}
        self._tables.users.append(author)
        first = self.originals[0]
        shown = {key: author[key] for key in first["author"]}
        for _ in range(number):
            self._add({**first, "author": shown})

    def _add(self, record: Record) -> int:
        project, old = record["project_id"], record["iid"]
        self._iids[project] += 1
        iid = self._iids[project]
        reference = f"!{iid}"
        full = record["references"]["full"].rpartition("!")[0] + reference
        self._tables.merge_requests.append(
            {
                **record,
                "id": self._world.new_id(),
                "iid": iid,
                "reference": reference,
                "references": {"short": reference, "relative": reference, "full": full},
                "web_url": record["web_url"].removesuffix(str(old)) + str(iid),
            }
        )
        return iid


def authors(world: World) -> list[str]:
    """Return the usernames of all who wrote a merge request, but for those of long lists."""
    written = world.merge_requests.by_author
    names = (row.data["username"] for row in world.users if row.data["id"] in written)
    return [name for name in names if not name.startswith(LIST_OF.format(""))]


def change(world: World, each: int) -> int:
    """Write a note on one in `each` ended merge requests; return how many those are.

    As on GitLab that moves `updated_at` and the number of notes.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    notes = world.tables.mr_notes
    chosen = _ended(world)[each // 2 :: each]
    for record in chosen:
        key = (record["project_id"], record["iid"])
        note: Record = {
            "id": world.new_id(),
            "type": None,
            "body": "See also #1.",
            "author": record["author"],
            "created_at": now,
            "updated_at": now,
            "system": False,
            "noteable_id": record["id"],
            "noteable_type": "MergeRequest",
            "project_id": key[0],
            "noteable_iid": key[1],
        }
        notes.put(key, [*notes.get(key), note])
        record["updated_at"] = now
        record["user_notes_count"] = (record.get("user_notes_count") or 0) + 1
    world.changed()
    return len(chosen)


def _ended(world: World) -> list[Record]:
    records: Iterator[Record] = (row.data for row in world.merge_requests.rows)
    return [record for record in records if record["state"] in {"merged", "closed"}]


def _obey(world: World, command: dict[str, Any]) -> dict[str, Any]:
    if "change" in command:
        return {"changed": change(world, command["change"])}
    return {"peak_memory": peak_memory()}


def main() -> None:
    """Serve until standard input ends."""
    # Who started this closes the input when it is interrupted; both get the terminal's signal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    began = time.perf_counter()
    world = Wanted(**json.loads(sys.stdin.readline())).make()
    gc.freeze()  # the world stays as long as the process: no collection need look at it again
    with Sandbox(world) as sandbox:
        ready = {
            "url": sandbox.url,
            "token": ADMIN_TOKEN,
            "authors": authors(world),
            "seconds": time.perf_counter() - began,
        }
        print(json.dumps(ready), flush=True)
        for line in sys.stdin:
            print(json.dumps(_obey(world, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
