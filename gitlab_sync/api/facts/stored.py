"""Facts of ended merge requests that were read before, from a store instead of from GitLab.

Lists are read in full each time, and show what is deleted, hidden, renamed or reopened. Stored
facts of a merge request are valid only while its record in the list is unchanged.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import orjson

from gitlab_sync.api.facts.rest import FactSource, FactsRead
from gitlab_sync.rules import record
from gitlab_sync.rules.items.facts import NOT_ASKED, Facts
from gitlab_sync.rules.items.merge_request import RULES, is_terminal
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.text import instant
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.store.store import Item, PrincipalStore, remove_items
from gitlab_sync.types import PartialList, Record

SETTLE = timedelta(days=3)
"""How long after its end a merge request can change without a trace in the list: a pipeline can
finish, or an approval can come late."""

JUST_NOW = timedelta(minutes=1)
"""How long a merge request must be unchanged to be kept: it could change again within the same
second, and not every source reports fractions of seconds."""

READ_BY_RULES = {
    "notes": ("id", "system", "body", "author", "created_at", "updated_at"),
    "commits": ("message", "title", "parent_ids"),
    "diffs": ("new_path",),
    "pipelines": ("id", "status", "created_at", "updated_at"),
    "time_stats": ("total_time_spent",),
}
"""The fields kept of each fact's rows: all that the rules read."""

_AUTHOR = ("username",)
# `updated_at` changes with edits, labels, state and notes. The others change without it, or decide
# what has to be read: a vote, a deleted note, the author's new name.
_STAMPED = ("project_id", "iid", "id", "state", "sha", "upvotes", "user_notes_count")
_MOMENTS = ("updated_at", "merged_at", "closed_at")
_FORM = orjson.dumps([6, READ_BY_RULES, _AUTHOR, _STAMPED, _MOMENTS])

_NUMBERS = 2**63  # what SQLite can hold
_LOOKED_UP_AT_ONCE = 25
_KEPT_AT_ONCE = 25
_LONGEST_UNKEPT = 0.5  # seconds of work that can be lost when a run is killed


class StoredFacts:
    """A source of facts that asks another one only for what its store lacks.

    `now`, aware, is the moment of reading or an earlier one: the start of the run. Merge requests
    that ended less than `settle` before it are read and not kept; nor is what was not read in full,
    or is not decided yet. Rows from the store hold only the fields in `READ_BY_RULES`.
    """

    def __init__(
        self,
        inner: FactSource,
        store: PrincipalStore,
        now: datetime,
        settle: timedelta = SETTLE,
        rules: RuleSet = RULES,
    ) -> None:
        self._rules = rules
        self._inner = inner
        self._store = store
        self._settled_before = now - settle
        self._quiet_since = now - JUST_NOW
        self._awaited = 0
        self._unkept: list[Item] = []
        self._kept_at = time.monotonic()

    def workflows(self, mrs: Sequence[Record]) -> Iterator[tuple[int, Workflow[list[FactsRead]]]]:
        """Return workflows without requests for what is stored, then the other source's.

        What the latter read is stored soon after, a few at a time.
        """
        unread: list[Record] = []
        for start in range(0, len(mrs), _LOOKED_UP_AT_ONCE):
            known, others = self._look_up(mrs[start : start + _LOOKED_UP_AT_ONCE])
            unread += others
            if known:
                yield len(known), _at_once(known)
        self._awaited += len(unread)
        for number, workflow in self._inner.workflows(unread):
            yield number, self._keeping(workflow)

    def _look_up(self, mrs: Sequence[Record]) -> tuple[list[FactsRead], list[Record]]:
        stamps = [self._stamp(mr) for mr in mrs]
        ids = [mr["id"] for mr, stamp in zip(mrs, stamps, strict=True) if stamp is not None]
        stored = {item.stamp: item.data for item in (self._store.find(ids) if ids else ())}
        known, others = [], []
        for mr, stamp in zip(mrs, stamps, strict=True):
            data = None if stamp is None else stored.get(stamp)
            facts = None if data is None else _unpacked(data)
            found = None if facts is None else FactsRead(mr, facts)
            if found is None or _is_open(found, self._rules):
                others.append(mr)
            else:
                known.append(found)
        return known, others

    def _keeping(self, workflow: Workflow[list[FactsRead]]) -> Workflow[list[FactsRead]]:
        """Do what `workflow` does, and store what it returns: a few at a time, the last at once."""
        found = yield from workflow
        self._unkept += [item for each in found if (item := self._item(each)) is not None]
        self._awaited -= len(found)
        late = time.monotonic() - self._kept_at > _LONGEST_UNKEPT
        if self._unkept and (late or self._awaited <= 0 or len(self._unkept) >= _KEPT_AT_ONCE):
            self._store.keep(self._unkept)
            self._unkept = []
            self._kept_at = time.monotonic()
        return found

    def _item(self, found: FactsRead) -> Item | None:
        """Return the item to store for a merge request, or None if it is not to be stored."""
        stamp, data = self._stamp(found.mr), _packed(found, self._rules)
        return None if stamp is None or data is None else Item(found.mr["id"], stamp, data)

    def _stamp(self, mr: Record) -> bytes | None:
        """Return a hash of what must stay unchanged; None for what must not be stored."""
        number = record.identity(mr)
        if not isinstance(number, int) or not 0 < number < _NUMBERS or not is_terminal(mr):
            return None
        updated, *ends = (instant(mr.get(key)) for key in _MOMENTS)
        if updated is None or updated > self._quiet_since:
            return None
        if max(filter(None, ends), default=updated) > self._settled_before:
            return None
        values = [mr.get(key) for key in _STAMPED]
        values += [None if each is None else int(each.timestamp()) for each in (updated, *ends)]
        values += [record.author(mr), mr.get("time_stats") is None]
        # Rules for which the newest pipeline decides are given no other one.
        values += [self._rules.newest_decides]
        text = _FORM + orjson.dumps(values)
        # With the principal in it, not even a damaged file could mix up two principals.
        return blake2b(text, key=self._store.principal, digest_size=16).digest()


def forget_person(
    path: Path, names: Collection[str], ids: Collection[int], *, only_look: bool = False
) -> int:
    """Delete stored facts that have one of these names, or are of these merge requests.

    Returns how many merge requests that are; with `only_look` nothing is deleted. They are read
    again when they are asked for. Raises as `store.remove_items`.
    """
    spelled = {*names, *(orjson.dumps(name).decode()[1:-1] for name in names)}
    named = re.compile("|".join(map(re.escape, sorted(spelled))) or r"(?!)", re.IGNORECASE)

    def is_meant(number: int, data: bytes) -> bool:
        try:
            return number in ids or named.search(zlib.decompress(data).decode()) is not None
        except (zlib.error, ValueError):  # no one can read it, so no one misses it
            return True

    return remove_items(path, is_meant, only_look=only_look)


def _at_once(known: list[FactsRead]) -> Workflow[list[FactsRead]]:
    yield from ()
    return known


def _is_open(found: FactsRead, rules: RuleSet) -> bool:
    """Return whether facts that were not read leave a check undecided."""
    return bool(rules.lacking(found.verdicts(rules), found.facts))


def _packed(found: FactsRead, rules: RuleSet) -> bytes | None:
    """Return facts as bytes; None if they leave a check undecided or are not valid JSON.

    A pipeline that still runs can end without a trace in the list.
    """
    if found.errors or _is_open(found, rules):
        return None
    if any(verdict.pending for verdict in found.verdicts(rules).values()):
        return None
    kept = {}
    for name, keys in READ_BY_RULES.items():
        reading: PartialList | None = getattr(found.facts, name)
        if reading is not None and reading is not NOT_ASKED:
            kept[name] = [reading.missing, [_cut(row, keys) for row in reading.rows]]
    try:
        return zlib.compress(orjson.dumps(kept))
    except orjson.JSONEncodeError:
        return None


def _cut(row: Record, keys: Sequence[str]) -> Record:
    kept: Record = {key: row[key] for key in keys if key in row}
    if isinstance(kept.get("author"), dict):
        kept["author"] = _cut(kept["author"], _AUTHOR)
    return kept


def _unpacked(data: bytes) -> Facts | None:
    """Return the facts in bytes from `_packed`; None for other bytes."""
    try:
        kept = orjson.loads(zlib.decompress(data))
        return Facts(**{name: PartialList(rows, missing) for name, (missing, rows) in kept.items()})
    except (zlib.error, ValueError, TypeError, AttributeError):
        return None
