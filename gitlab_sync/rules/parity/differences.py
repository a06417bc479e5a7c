"""The deliberate differences from the older program, each computed from the same facts.

docs/how-to/migrating.md lists them with these ids. A difference changes what the rules are given:
what they then say is what the older program would have said. Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.attribution import is_merge
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.merge_request import LIST_CHECKS
from gitlab_sync.rules.items.paths import is_test_path
from gitlab_sync.rules.parity.columns import Column, TableName
from gitlab_sync.rules.parity.older_item import OlderItem
from gitlab_sync.rules.text import instant
from gitlab_sync.types import PartialList, Record

_NEWEST = 100
_FIRST = 20

Items: TypeAlias = Sequence[OlderItem]
Change: TypeAlias = Callable[[Items, Column], Items]
"""Returns the items of a person as the older program took them for a column: the same objects where
nothing changes."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A deliberate difference. Immutable.

    `older` says in a clause what the older program did. It concerns the `tables`, and of these the
    columns of `checks` (none: all columns about items). Without a `change` it is not about items:
    the comparison knows it by its id.
    """

    id: str
    older: str
    tables: Collection[TableName]
    checks: Collection[str] = ()
    change: Change | None = field(default=None, compare=False)

    def concerns(self, table: TableName, column: Column) -> bool:
        """Return whether it can change numbers of a column of a table."""
        check = None if column.check is None else column.check.id
        about = column.kind is not None and (not self.checks or check in self.checks)
        return self.change is not None and table in self.tables and about

    def applied(self, items: Items, column: Column) -> Items:
        """Return the items as the older program took them for a column."""
        return items if self.change is None else self.change(items, column)

    def has_effect(self, items: Items, column: Column) -> bool:
        """Return whether it changes anything about these items."""
        changed = self.applied(items, column)
        return len(changed) != len(items) or any(
            new is not old for new, old in zip(changed, items, strict=True)
        )


def every(change: Callable[[OlderItem, Column], OlderItem]) -> Change:
    """Return the change that changes each item on its own."""
    return lambda items, column: [change(item, column) for item in items]


# -- which items -----------------------------------------------------------------------------------


def in_scope(items: Iterable[OlderItem]) -> list[OlderItem]:
    """Return the items in the project or group that was asked about."""
    return [item for item in items if item.in_scope]


def without_scope(items: Items, _column: Column) -> Items:
    """Take items wherever they are."""
    return [item if item.in_scope else replace(item, in_scope=True) for item in items]


def newest(items: Items, column: Column) -> Items:
    """Take only the newest items of the kind; items come newest first."""
    found = [item for item in in_scope(items) if item.kind == column.kind]
    return items if len(found) <= _NEWEST else found[:_NEWEST]


def without_both_roles(items: Items, _column: Column) -> Items:
    """Take no item that the person both wrote and has to do."""
    return [item for item in items if not (item.authored and item.assigned)]


# -- how an item is evaluated ----------------------------------------------------------------------


def from_list(item: OlderItem, _column: Column) -> OlderItem:
    """Take what a list says of a merge request."""
    return item if item.kind == "issues" else replace(item, listed=True, verdicts=None)


def from_own_texts(item: OlderItem, _column: Column) -> OlderItem:
    """Take neither commits nor notes."""
    return _with_facts(item, notes=PartialList(), commits=PartialList())


def first_pipeline(item: OlderItem, _column: Column) -> OlderItem:
    """Take the pipeline that comes first in the list."""
    rows = item.facts.pipelines.rows
    numbers = [record.number_id(row) or 0 for row in rows]
    if not rows or numbers[0] == max(numbers):
        return item
    return _with_facts(item, pipelines=PartialList(rows[:1]))


def first_rows(item: OlderItem, _column: Column) -> OlderItem:
    """Take the first notes and commits of the lists."""
    changed = {
        fact: PartialList(found.rows[:_FIRST])
        for fact, found in (("notes", item.facts.notes), ("commits", item.facts.commits))
        if len(found.rows) > _FIRST
    }
    return _with_facts(item, **changed) if changed else item


def by_days(item: OlderItem, _column: Column) -> OlderItem:
    """Take the dates of times as they are written, without time of day and offset."""
    times = {key: record.text(item.record, key) for key in ("created_at", "merged_at", "closed_at")}
    days = {key: f"{text[:10]}T00:00:00Z" for key, text in times.items() if text}
    return _with_record(item, days)


def with_comments(item: OlderItem, _column: Column) -> OlderItem:
    """Take HTML comments for text."""
    text = record.text(item.record, "description") or ""
    if "<!--" in text:
        item = _with_record(item, {"description": _shown(text)})
    return _with_rows(item, "notes", _with_shown_comments)


def any_test(item: OlderItem, _column: Column) -> OlderItem:
    """Take each path with `test` in it for a test, and no other."""
    return _with_rows(item, "diffs", _as_older_path)


def with_merges(item: OlderItem, _column: Column) -> OlderItem:
    """Take merge commits for commits of their own."""
    return _with_rows(item, "commits", _as_own_commit)


def with_bots(item: OlderItem, _column: Column) -> OlderItem:
    """Take the notes of bots for those of people."""
    owner = username_key(record.author(item.record))
    return _with_rows(item, "notes", lambda note: _as_of_person(note, owner))


def _shown(text: str) -> str:
    return text.replace("<!--", "< !--")


def _with_shown_comments(note: Record) -> Record:
    body = record.text(note, "body") or ""
    return {**note, "body": _shown(body)} if "<!--" in body else note


def _as_older_path(diff: Record) -> Record:
    path = record.text(diff, "new_path") or ""
    older = "test" in path.lower()
    if not path or older == is_test_path(path):
        return diff
    return {**diff, "new_path": "tests/it" if older else "it"}


def _as_own_commit(commit: Record) -> Record:
    return {**commit, "parent_ids": commit["parent_ids"][:1]} if is_merge(commit) else commit


def _as_of_person(note: Record, owner: str) -> Record:
    name = record.author(note)
    if name is None or not is_bot(name) or username_key(name) == owner:
        return note
    return {**note, "author": {**note["author"], "username": f"{name}-as-a-person"}}


def _with_rows(item: OlderItem, fact: str, change: Callable[[Record], Record]) -> OlderItem:
    found: PartialList = getattr(item.facts, fact)
    rows = [change(row) if isinstance(row, dict) else row for row in found.rows]
    if all(new is old for new, old in zip(rows, found.rows, strict=True)):
        return item
    return _with_facts(item, **{fact: PartialList(rows, found.missing)})


def _with_facts(item: OlderItem, **facts: Any) -> OlderItem:
    changed: Facts = replace(item.facts, **facts)
    return replace(item, facts=changed, verdicts=None)


def _with_record(item: OlderItem, fields: Record) -> OlderItem:
    return replace(item, record={**item.record, **fields}, verdicts=None)


# -- all of them -----------------------------------------------------------------------------------

FAILURES = "failures_as_zeros"
UNKNOWN_USER = "unknown_user_clean"
OWNERS_GROUPS = "groups_of_token_owner"
"""The differences that are not about items."""

_ITEMS: Final[tuple[TableName, ...]] = ("mrs", "issues")
_EVERY: Final[tuple[TableName, ...]] = (*_ITEMS, "users")
_MRS: Final[tuple[TableName, ...]] = ("mrs",)
_USERS: Final[tuple[TableName, ...]] = ("users",)
_DAYS: Final = ("merge_gt_2_days", "merge_gt_1_week")

DIFFERENCES: Final = (
    Difference(FAILURES, "failures were shown as zeros", _EVERY),
    Difference(UNKNOWN_USER, "a user who does not exist was shown with zeros", _EVERY),
    Difference(OWNERS_GROUPS, "the groups were those of the token's owner", _USERS),
    Difference(
        "scope_ignored",
        "project and group were sent where GitLab ignores them",
        _ITEMS,
        change=without_scope,
    ),
    Difference(
        "newest_100",
        f"only the newest {_NEWEST} merge requests and issues of a person were read",
        _EVERY,
        change=newest,
    ),
    Difference(
        "both_roles_lost",
        "items both authored and assigned were lost",
        _USERS,
        change=without_both_roles,
    ),
    Difference(
        "lists_alone",
        "merge requests of whole people were evaluated from lists alone",
        _USERS,
        tuple(check.id for check in LIST_CHECKS),
        every(from_list),
    ),
    Difference(
        "no_route_for_issues",
        "issues were sought at a route that GitLab does not have, so only title and description "
        "named them",
        _MRS,
        ("no_issues",),
        every(from_own_texts),
    ),
    Difference(
        "first_20",
        f"only the first {_FIRST} notes and commits were read",
        _MRS,
        ("no_issues", "no_semantic_commits", "no_internal_review"),
        every(first_rows),
    ),
    Difference(
        "first_pipeline",
        "the first pipeline in the list counted",
        _MRS,
        ("failed_pipeline",),
        every(first_pipeline),
    ),
    Difference(
        "calendar_days",
        "durations were calendar days, and offsets were ignored",
        (*_MRS, *_USERS),
        _DAYS,
        every(by_days),
    ),
    Difference(
        "comments_counted",
        "HTML comments of templates counted as text",
        _EVERY,
        ("no_desc", "no_issues"),
        every(with_comments),
    ),
    Difference(
        "test_in_path",
        "each path with `test` in it was a test",
        _MRS,
        ("no_unit_tests",),
        every(any_test),
    ),
    Difference(
        "merge_commits_counted",
        "merge commits counted as commits",
        _MRS,
        ("no_semantic_commits", "no_issues"),
        every(with_merges),
    ),
    Difference(
        "bots_counted",
        "notes of bots counted as reviews",
        _MRS,
        ("no_internal_review",),
        every(with_bots),
    ),
)
"""All of them, in the order in which they change items: first which ones, then how."""


def created_since(written: datetime) -> Difference:
    """Return the change of time, which is no fault: items that were created after the file."""

    def change(items: Items, _column: Column) -> Items:
        return [item for item in items if not is_after(item, "created_at", written)]

    return Difference(CREATED, "was created after the file was written", _EVERY, change=change)


CREATED = "created_since"
UPDATED = "updated_since"
"""What time explains."""


def is_after(item: OlderItem, key: str, written: datetime) -> bool:
    """Return whether a time of an item is after a moment; an unreadable one is not."""
    moment = instant(record.field(item.record, key))
    return moment is not None and moment > written
