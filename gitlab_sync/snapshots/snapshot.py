"""One run of a folder, read as the typed data that services make rows of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from sys import intern
from typing import Any, Self

from gitlab_sync.api.period import Moment
from gitlab_sync.api.projects import extract_path_from_url
from gitlab_sync.api.scope import EVERYWHERE, ROLES, Kind, Role, Scope
from gitlab_sync.api.user_items import UserItems, of_lists, within
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.open_work import Turn
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.items.verdict import Result, Verdict
from gitlab_sync.rules.items.worklist import OpenItem, item_of
from gitlab_sync.rules.policy import Policy
from gitlab_sync.rules.scores.reviews import VALUES, Measured, Review
from gitlab_sync.rules.text import instant
from gitlab_sync.services.members import people_among
from gitlab_sync.snapshots import faults, records
from gitlab_sync.snapshots.database import MAIN, Database, Engine, Source, columns_of
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.listed import listed_within
from gitlab_sync.snapshots.run_info import policy_hash, read_run
from gitlab_sync.snapshots.runs import source_of
from gitlab_sync.snapshots.seen import Seen
from gitlab_sync.types import Record

NOUNS: Mapping[Kind, str] = {"merge_requests": "merge request", "issues": "issue"}
"""The kinds of items, and what `checks.kind` says of each."""

_LAYOUTS: Mapping[Kind, records.Layout] = {
    "merge_requests": records.MERGE_REQUEST,
    "issues": records.ISSUE,
}
_THEIRS: Mapping[Role, str] = {
    "author": 'SELECT "row" FROM {} WHERE authored_by IN (SELECT unnest(?))',
    "assignee": 'SELECT "row" FROM (SELECT "row", unnest(assigned_to) AS person FROM {}) '
    "WHERE person IN (SELECT unnest(?))",
}
"""SQL for the rows of people by their role."""

_ITEM = ("row", "project", "authored_by", "assigned_to", "errors")
_VERDICT = '"row", "check", result, reason, evidence, pending'


class KeptRecord(dict[str, Any]):
    """A record with its number in the snapshot, and the errors met when it was evaluated."""

    row: int
    errors: Sequence[GitLabSyncError]


class NotInSnapshot(GitLabSyncError):
    """What was asked for is not in the snapshot, so that nothing of it is known."""

    hint_text = "Take a snapshot with these people, or ask GitLab itself."


class Snapshot:
    """One run, with what the source says is visible: what is about others is not there at all.

    Readers who take long call `give_way` now and then, for others who wait. An `engine` is that of
    other readers of the same files. Thread-safe. A context manager, which closes it.
    """

    def __init__(
        self,
        source: Source,
        give_way: Callable[[], None] = lambda: None,
        engine: Engine | None = None,
    ) -> None:
        self.source = source
        self.give_way = give_way
        self.folder, self.run, self.info = source.folder, source.run, source.info
        self.seen = source.seen
        self._database = Database({MAIN: source}, engine)

    @classmethod
    def at(cls, folder: Folder, run: str, seen: Seen = None) -> Self:
        """Return a run of a folder; `seen` is as in a `Source`. Raises as `read_run`."""
        return cls(Source(folder, run, read_run(folder, run), seen))

    def close(self) -> None:
        """Close its files."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def require_policy(self, policy: Policy) -> Policy:
        """Return the policy as it was at the moment of the run.

        Raises ConfigurationError for another one than that of the run: verdicts are kept, not what
        they were made of.
        """
        if policy_hash(policy) != self.info.policy_hash:
            named = self.info.policy
            same = " with other settings" if named == policy.name else ""
            raise ConfigurationError(
                f"The policy must be that of the snapshot, {named}, got {policy.name}{same}",
                hint=f"Give --policy {named} as it was then, or take a snapshot with the other.",
            )
        return policy.at(self.info.moment)

    # -- people --------------------------------------------------------------------------------

    def everyone(self) -> list[Person]:
        """Return all people of the snapshot, by username."""
        rows = self.rows("SELECT asked, college FROM people ORDER BY key", tables=["people"])
        return [Person(each["asked"], college=each["college"] or "") for each in rows]

    def people_of_groups(self, groups: Iterable[str], bots: Collection[str]) -> list[Person]:
        """Return the members of groups, as `services.members` does; no bots.

        Raises ConfigurationError for a group that the snapshot does not have.
        """
        return people_among((row for group in groups for row in self.members(group)), bots)

    @property
    def groups(self) -> Sequence[str]:
        """The groups of the run as they were given: those with a visible member."""
        if self.seen is None:
            return self.info.groups
        rows = self.rows('SELECT DISTINCT "group" FROM members', tables=["members"])
        known = {each["group"] for each in rows}
        return [name for name in self.info.groups if name in known]

    def left_out(self, group: str) -> Mapping[str, int]:
        """Return how many projects of a group were not evaluated, by reason, if all are visible."""
        return self.info.left_out.get(group, {}) if self.seen is None else {}

    def group(self, name: str) -> Record:
        """Return the record of a group, given by id, path or URL; raises as `members`."""
        rows = self._members(name)
        return {key: rows[0][f"group_{key}"] for key in ("id", "name")} | {
            "full_path": rows[0]["group_path"]
        }

    def members(self, group: str, *, direct: bool = False) -> list[Record]:
        """Return the members of a group, given by id, path or URL, as `api.groups.member` does.

        Raises ConfigurationError for a group that the snapshot does not have.
        """
        names = ("id", "username", "name", "email", "avatar_url", "web_url")
        rows = self._members(group)
        return [{name: row[name] for name in names} for row in rows if row["direct"] or not direct]

    def _members(self, group: str) -> list[dict[str, Any]]:
        path = extract_path_from_url(group).strip("/").removeprefix("groups/")
        found = self.rows(
            "SELECT * FROM members WHERE CAST(group_id AS VARCHAR) = ? "
            'OR lower("group") = ? OR lower(group_path) = ? ORDER BY file_row_number',
            [path, path.lower(), path.lower()],
            ["members"],
        )
        if rows := [*found]:
            return rows
        known = ", ".join(self.groups) or "none"
        raise ConfigurationError(
            f"The group must be one of the snapshot {self.run}, got {group}",
            hint=f"Its groups: {known}. What it does not have, GitLab itself can tell.",
        )

    def people(self, usernames: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the rows of these people, by key; those that are not there are missing."""
        keys = [username_key(name) for name in usernames]
        rows = self.rows("SELECT * FROM people WHERE key IN (SELECT unnest(?))", [keys], ["people"])
        return {each["key"]: each for each in rows}

    def not_asked(self, username: str) -> NotInSnapshot:
        """Return the error of a person that the snapshot was not taken of."""
        return NotInSnapshot(f"{username} is not in the snapshot {self.run}")

    # -- merge requests and issues -------------------------------------------------------------

    def items(
        self,
        kind: Kind,
        usernames: Sequence[str],
        scope: Scope = EVERYWHERE,
        roles: Sequence[Role] = ROLES,
        moment: Moment = "created",
        inside: Collection[int] | None = None,
    ) -> list[UserItems]:
        """Return the items of each person as `api.user_items` reads them, in the same order."""
        known = self.people(usernames)
        lists = self._lists(kind, list(known), scope, roles, moment)
        found = []
        for name in usernames:
            person = known.get(username_key(name))
            if person is None:
                found.append(UserItems(name, (), (self.not_asked(name),), None))
                continue
            if not person["found"]:
                error = faults.first_of(person["errors"])
                missing = error or NotFound(f"404 There is no user {name!r}", status=404)
                exists = None if person["found"] is None else False
                found.append(UserItems(name, (), (missing,), exists))
                continue
            authored, assigned = (
                lists.get((role, person["key"]), []) if role in roles else [] for role in ROLES
            )
            errors = faults.unpacked(person[f"{kind}_errors"])
            items = of_lists(
                kind, person["username"], authored, assigned, errors, True, scope.period,
                moment, inside,
            )  # fmt: skip
            found.append(items)
        return found

    def items_in(self, kind: Kind, usernames: Sequence[str], scope: Scope) -> list[UserItems]:
        """Return the items of each person that count in a scope, as `api.user_items.of_users`."""
        found = self.items(kind, usernames, scope, (scope.role,), scope.moment)
        return [within(kind, scope, person) for person in found]

    def _lists(
        self,
        kind: Kind,
        keys: Collection[str],
        scope: Scope,
        roles: Sequence[Role],
        moment: Moment,
    ) -> dict[tuple[Role, str], list[Record]]:
        """Return the items of each list of these people, by role and key, the newest first."""
        wanted = set(keys)
        where, given = self._place(scope)
        when, times = listed_within(scope.period, moment)
        where, given = f"{where} AND {when}", [*given, *times]
        if scope.state != EVERYWHERE.state:
            where, given = f"{where} AND state = ?", [*given, scope.state]
        # Files are sorted by authors, so few parts of a file are read in full.
        theirs = " UNION ".join(_THEIRS[role].format(kind) for role in roles)
        given += [list(keys)] * len(roles)
        layout = _LAYOUTS[kind]
        columns = columns_of(kind, [*_ITEM, *layout.columns])
        rows = self.rows(
            f'SELECT {columns} FROM {kind} WHERE {where} AND "row" IN ({theirs}) '
            f"ORDER BY {kind}.created_at DESC NULLS LAST, id DESC",
            given,
            [kind],
        )
        lists: dict[tuple[Role, str], list[Record]] = {}
        for cells in rows:
            item = KeptRecord(layout.unpacked(cells))
            item.row, item.errors = cells["row"], faults.unpacked(cells["errors"])
            if "author" in roles and cells["authored_by"] in wanted:
                lists.setdefault(("author", cells["authored_by"]), []).append(item)
            if "assignee" in roles:
                for key in wanted.intersection(cells["assigned_to"]):
                    lists.setdefault(("assignee", key), []).append(item)
        return lists

    def _place(self, scope: Scope) -> tuple[str, list[Any]]:
        """Return the condition of a scope's project or group, and its values.

        Raises ConfigurationError for one that the snapshot does not know.
        """
        if scope.project is not None:
            path = extract_path_from_url(scope.project).strip("/")
            column = "project_id" if path.isdigit() else "lower(project)"
            value: object = int(path) if path.isdigit() else path.lower()
            self._require_place("project", path, f"{column} = ?", value)
            return f"{column} = ?", [value]
        if scope.group is not None:
            path = self.group_path(str(scope.group))
            condition = "starts_with(lower(project), ?)"
            self._require_place("group", path, condition, f"{path.lower()}/")
            return condition, [f"{path.lower()}/"]
        return "true", []

    def group_path(self, group: str) -> str:
        """Return the full path of a group that is given by its id, its path or its URL."""
        path = extract_path_from_url(group).strip("/").removeprefix("groups/")
        found = self.rows(
            'SELECT group_path FROM members WHERE CAST(group_id AS VARCHAR) = ? OR "group" = ? '
            "LIMIT 1",
            [path, path],
            ["members"],
        )
        return next((str(each["group_path"]) for each in found if each["group_path"]), path)

    def _require_place(self, noun: str, name: str, condition: str, value: object) -> None:
        of_project = condition.replace("project_id", "id").replace(
            "(project)", "(path_with_namespace)"
        )
        found = self.rows(
            f"SELECT 1 FROM merge_requests WHERE {condition} UNION ALL "
            f"SELECT 1 FROM issues WHERE {condition} UNION ALL "
            f"SELECT 1 FROM projects WHERE {of_project} LIMIT 1",
            [value] * 3,
            ["merge_requests", "issues", "projects"],
        )
        if next(found, None) is None:
            raise ConfigurationError(
                f"The snapshot {self.run} knows no {noun} {name}: it has no work there",
                hint="Check the name. What it does not have, GitLab itself can tell.",
            )

    def verdicts(self, kind: Kind, items: Iterable[Record]) -> Mapping[int, Verdicts]:
        """Return the verdicts on items of this snapshot before waivers, by their rows."""
        wanted = [item.row for item in items if isinstance(item, KeptRecord)]
        found: dict[int, dict[str, Verdict]] = {row: {} for row in wanted}
        rows = self.rows(
            f"SELECT {_VERDICT} FROM checks WHERE kind = ? AND row IN (SELECT unnest(?)) "
            "ORDER BY file_row_number",
            [NOUNS[kind], wanted],
            ["checks"],
        )
        for each in rows:
            result: Result = "fail" if each["result"] == "waived" else each["result"]
            found[each["row"]][each["check"]] = Verdict(
                result, each["reason"], each["evidence"], each["pending"]
            )
        return found

    def measured(self, items: Iterable[Record]) -> dict[int, Measured]:
        """Return how merged merge requests of this snapshot were reviewed, by their rows."""
        wanted = [item.row for item in items if isinstance(item, KeptRecord)]
        columns = ["row", "author", "project", "merged", *VALUES, "unknown", "reviews", "unread"]
        rows = self.rows(
            f"SELECT {columns_of('reviews', [*columns, 'waived'])} FROM reviews "
            "WHERE row IN (SELECT unnest(?))",
            [wanted],
            ["reviews"],
        )
        return {
            each["row"]: Measured(
                intern(each["author"] or ""),  # each name is there once, not in each row
                intern(each["project"]),
                instant(each["merged"]),
                {name: each[name] for name in VALUES if name not in each["unknown"]},
                tuple(
                    Review(intern(one["reviewer"]), intern(one["author"]), one["seconds"])
                    for one in each["reviews"]
                ),
                each["unread"],
                each["waived"],
            )
            for each in rows
        }

    def open_items(self, items: Iterable[Record]) -> dict[int, OpenItem]:
        """Return what open merge requests of this snapshot wait for, by their rows."""
        kept = {item.row: item for item in items if isinstance(item, KeptRecord)}
        columns = ["row", "age", "idle", "waiting_for", "waiting_on", "waiting_since"]
        columns += ["waiting_why", "would_fail", "open_whole"]
        rows = self.rows(
            f"SELECT {columns_of('merge_requests', columns)} FROM merge_requests "
            "WHERE row IN (SELECT unnest(?)) AND open_whole IS NOT NULL",
            [list(kept)],
            ["merge_requests"],
        )
        return {each["row"]: _open_item(kept[each["row"]], each) for each in rows}

    def rows(
        self, sql: str, given: Sequence[Any] = (), tables: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query over these tables."""
        return self._database.rows(sql, given, tables)


def _open_item(mr: Record, row: Mapping[str, Any]) -> OpenItem:
    found: Turn | str = row["waiting_why"]
    if row["waiting_for"] is not None:
        since = instant(row["waiting_since"])
        found = Turn(row["waiting_for"], tuple(row["waiting_on"]), since, row["waiting_why"])
    return item_of(mr, found, row["age"], row["idle"], row["would_fail"], whole=row["open_whole"])


@contextmanager
def open_snapshot(name: str, seen: Seen = None) -> Iterator[Snapshot]:
    """Yield the run that `DIR` or `DIR@RUN` names: of a folder alone its last one.

    `seen` is as in a `Source`. Raises ConfigurationError if there is no snapshot, for a newer
    schema, and for damaged files.
    """
    with Snapshot(replace(source_of(name), seen=seen)) as snapshot:
        yield snapshot
