"""The items of two runs, joined by DuckDB: what is new, gone or other, and which verdicts are.

Items are joined by GitLab's id, and looked at some thousands at a time, so that memory does not
grow with the size of the runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitlab_sync.api.scope import Kind
from gitlab_sync.snapshots.counts import Counts
from gitlab_sync.snapshots.database import Database
from gitlab_sync.snapshots.snapshot import NOUNS
from gitlab_sync.snapshots.trends import PersonTotals

SIDES = ("before", "after")
"""The schemas of the two runs."""

_AT_ONCE = 20_000
"""Items with verdicts that are joined together."""

_ALL = ("project", "title", "state", "assigned_to", "labels", "milestone", "time_spent")

WHILE_OPEN = ("waiting_for", "waiting_on", "would_fail")
"""The columns of open merge requests alone."""

FIELDS: Mapping[Kind, tuple[str, ...]] = {"merge_requests": (*_ALL, *WHILE_OPEN), "issues": _ALL}
"""The columns of items that are compared."""

_SHOWN = ("reference", "web_url")


@dataclass(frozen=True, slots=True)
class PairedPerson:
    """A person in two runs; None: not in that one. Immutable."""

    before: PersonTotals | None
    after: PersonTotals | None

    @property
    def username(self) -> str:
        """The username, as it is afterwards."""
        person = self.after or self.before
        return "" if person is None else person.username

    def knows(self, side: str, kind: Kind) -> bool:
        """Return whether numbers of the items are known, at least in part."""
        person: PersonTotals | None = getattr(self, side)
        return person is not None and person.items[kind] is not None

    def counts(self, side: str, kind: Kind, check: str) -> Counts | None:
        """Return the results of a check; None if they are not known."""
        person: PersonTotals | None = getattr(self, side)
        if person is None or not self.knows(side, kind):
            return None
        return person.verdicts.get((kind, check), Counts())

    def status(self, side: str, kind: Kind) -> str:
        """Return what is known of the items: `absent` person, `unread` in part, or `read`."""
        person: PersonTotals | None = getattr(self, side)
        if person is None or person.found is False:
            return "absent"
        unread = person.items[kind] is None or kind in person.partial
        return "unread" if unread else "read"


class Pairs:
    """The joined items of two runs, in a database with the tables of both `SIDES`. For one thread.

    With `by_rules` the rules of the two differ, so that verdicts can differ without an item. Only
    items are joined that these people wrote or that are assigned to one of them first.
    """

    def __init__(
        self, database: Database, people: Sequence[PairedPerson], *, by_rules: bool
    ) -> None:
        self._database = database
        self._by_rules = by_rules
        self._sizes: dict[Kind, int] = {}
        columns: list[list[Any]] = [
            [*range(len(people))],
            *([None if p is None else p.key for p in _side(people, side)] for side in SIDES),
            *([each.status(side, kind) for each in people] for kind in NOUNS for side in SIDES),
        ]
        names = ["n", *(f"key_{side}" for side in SIDES)]
        names += [f"{kind}_{side}" for kind in NOUNS for side in SIDES]
        values = ", ".join(f"unnest(?) AS {name}" for name in names)
        database.make(f"CREATE TABLE paired AS SELECT {values}", columns)

    def states(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield how many items of each person have which `state_before` and `state_after`.

        Each row has `n`, the person's place, and `why` they differ; a state is None where the item
        is not in the list of what the person wrote.
        """
        self._join(kind)
        return self._database.rows(
            "SELECT n, CASE WHEN own_before THEN state_before END AS state_before, "
            "CASE WHEN own_after THEN state_after END AS state_after, "
            f"coalesce(why, 'item changed') AS why, count(*) AS number FROM pairs_{kind} "
            "WHERE own_before OR own_after GROUP BY ALL"
        )

    def reasons(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield how many verdicts of each person (`n`) and check differ, by `why`."""
        for part in self._parts(kind):
            yield from self._database.rows(
                f'{self._verdicts(kind, part)} SELECT n, "check", {self._why()} AS why, '
                "count(*) AS number FROM joined WHERE (own_before OR own_after) AND "
                "CASE WHEN own_before AND before != 'n/a' THEN before END IS DISTINCT FROM "
                "CASE WHEN own_after AND after != 'n/a' THEN after END GROUP BY ALL",
            )

    def changes(self, kind: Kind) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Yield each item that is new, gone or other, with its verdicts that differ.

        An item has `n`, `why` (None: only verdicts differ), and each of `FIELDS`, the reference and
        the address of both sides, as `title_before`. A verdict has its `check`, `before`, `after`,
        `why` and `reason`. What follows from a person who is new, gone or not read is left out.
        """
        for part in self._parts(kind):
            verdicts: dict[int, list[dict[str, Any]]] = {}
            for row in self._database.rows(
                f"{self._verdicts(kind, part)} SELECT pair, \"check\", before, after, "
                f"reason, {self._why()} AS why FROM joined WHERE "
                "CASE WHEN before IS NULL THEN after IN ('fail', 'waived', 'unknown') "
                "WHEN after IS NULL THEN before IN ('fail', 'waived', 'unknown') "
                f"ELSE before != after END AND {_LISTED} ORDER BY pair, place",
            ):  # fmt: skip
                verdicts.setdefault(row["pair"], []).append(row)
            for row in self._items(kind, part, [*verdicts]):
                yield row, verdicts.get(row["pair"], [])

    def projects(self) -> Iterator[dict[str, Any]]:
        """Yield the checks of projects with other results, by project; None: not there."""
        return self._database.rows(_PROJECTS)

    # -- the queries ---------------------------------------------------------------------------

    def _join(self, kind: Kind) -> int:
        """Make the table of pairs of a kind, once; return its length."""
        if kind not in self._sizes:
            compared = ", ".join([*FIELDS[kind], "updated_at"])
            self._database.make(_JOIN.replace("$KIND", kind).replace("$COMPARED", compared))
            (row,) = self._database.rows(f"SELECT count(*) AS number FROM pairs_{kind}")
            self._sizes[kind] = row["number"]
        return self._sizes[kind]

    def _parts(self, kind: Kind) -> Iterator[_Part]:
        for first in range(1, self._join(kind) + 1, _AT_ONCE):
            last = first + _AT_ONCE - 1
            (row,) = self._database.rows(
                f"SELECT min(row_before) AS b0, max(row_before) AS b1, min(row_after) AS a0, "
                f"max(row_after) AS a1 FROM pairs_{kind} WHERE pair BETWEEN {first} AND {last}"
            )
            rows = {"before": (row["b0"], row["b1"]), "after": (row["a0"], row["a1"])}
            yield _Part(
                first,
                last,
                {side: "false" if low is None else f"row BETWEEN {low} AND {high}"
                 for side, (low, high) in rows.items()},
            )  # fmt: skip

    def _verdicts(self, kind: Kind, part: _Part) -> str:
        """Return SQL for the verdicts of a part, of both sides in one row of `joined`."""
        sides = ", ".join(
            f'{side}_verdicts AS (SELECT pair, "check", result, reason, file_row_number AS place '
            f"FROM (SELECT * FROM {side}.checks WHERE kind = '{NOUNS[kind]}' AND {part.rows[side]})"
            f" JOIN mine ON row = row_{side})"
            for side in SIDES
        )
        return (
            f"WITH mine AS (SELECT * FROM pairs_{kind} WHERE pair BETWEEN {part.first} AND "
            f'{part.last}), {sides}, joined AS (SELECT mine.*, "check", b.result AS before, '
            "a.result AS after, coalesce(a.reason, b.reason) AS reason, "
            "coalesce(a.place, b.place) AS place FROM before_verdicts b FULL JOIN "
            'after_verdicts a USING (pair, "check") JOIN mine USING (pair))'
        )

    def _why(self) -> str:
        """Return SQL for why a verdict in `joined` differs."""
        by_rules = (
            "WHEN NOT changed THEN 'policy changed' ELSE 'item or policy changed'"
            if self._by_rules
            else "WHEN before IS NULL OR after IS NULL THEN 'item changed' ELSE 'verdict changed'"
        )
        return (
            "CASE WHEN missing THEN why WHEN before = 'fail' AND after = 'waived' THEN 'waived' "
            f"WHEN before = 'waived' AND after = 'fail' THEN 'no longer waived' {by_rules} END"
        )

    def _items(self, kind: Kind, part: _Part, also: Sequence[int]) -> Iterator[dict[str, Any]]:
        names = [*FIELDS[kind], *_SHOWN]
        sides = ", ".join(f"{side}.{name} AS {name}_{side}" for name in names for side in SIDES)
        joins = " ".join(
            f"LEFT JOIN (SELECT row, {', '.join(names)} FROM {side}.{kind} "
            f"WHERE {part.rows[side]}) {side} ON {side}.row = row_{side}"
            for side in SIDES
        )
        return self._database.rows(
            f"SELECT pair, n, why, {sides} FROM pairs_{kind} {joins} "
            f"WHERE pair BETWEEN {part.first} AND {part.last} AND {_LISTED} "
            "AND (why IS NOT NULL OR pair IN (SELECT unnest(?))) ORDER BY pair",
            [list(also)],
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """The pairs that are looked at together: the first, the last, and the rows of each side."""

    first: int
    last: int
    rows: Mapping[str, str]


def _side(people: Sequence[PairedPerson], side: str) -> list[PersonTotals | None]:
    return [getattr(each, side) for each in people]


_LISTED = "coalesce(why NOT IN ('new person', 'person gone', 'not read'), true)"
"""The condition for items that no line about their person tells of already."""

_SIDE = """
    SELECT row, coalesce(CAST(id AS VARCHAR), web_url) AS item, state, authored_by,
        assigned_to[1] AS assigned, hash($COMPARED) AS mark
    FROM $SIDE.$KIND
"""
# An item that one side has in another list than the author's is missing from the author's row.
_JOIN = f"""
CREATE TABLE pairs_$KIND AS
WITH b AS ({_SIDE.replace("$SIDE", "before")}), a AS ({_SIDE.replace("$SIDE", "after")}),
joined AS (
    SELECT b.row AS row_before, a.row AS row_after, b.state AS state_before,
        a.state AS state_after, wrote_before.n IS NOT NULL AS own_before,
        wrote_after.n IS NOT NULL AS own_after, b.mark IS DISTINCT FROM a.mark AS changed,
        coalesce(wrote_after.n, wrote_before.n, has_after.n, has_before.n) AS n
    FROM b FULL JOIN a ON b.item = a.item
    LEFT JOIN paired wrote_before ON wrote_before.key_before = b.authored_by
    LEFT JOIN paired wrote_after ON wrote_after.key_after = a.authored_by
    LEFT JOIN paired has_before ON has_before.key_before = b.assigned
    LEFT JOIN paired has_after ON has_after.key_after = a.assigned
),
placed AS (
    SELECT joined.*, row_before IS NULL OR (own_after AND NOT own_before) AS lacks_before,
        row_after IS NULL OR (own_before AND NOT own_after) AS lacks_after,
        $KIND_before AS status_before, $KIND_after AS status_after
    FROM joined JOIN paired USING (n)
)
SELECT row_number() OVER (ORDER BY coalesce(row_after, row_before)) AS pair,
    * EXCLUDE (lacks_before, lacks_after, status_before, status_after),
    lacks_before OR lacks_after AS missing,
    CASE WHEN lacks_before THEN CASE status_before WHEN 'absent' THEN 'new person'
            WHEN 'unread' THEN 'not read' ELSE 'new item' END
        WHEN lacks_after THEN CASE status_after WHEN 'absent' THEN 'person gone'
            WHEN 'unread' THEN 'not read' ELSE 'item gone' END
        WHEN changed THEN 'item changed' END AS why
FROM placed
"""

# A project that could not be read has one row, without a check.
_PROJECTS_OF = """
    SELECT DISTINCT ON (item, "check") coalesce(CAST(project_id AS VARCHAR), asked) AS item,
        coalesce(project, asked) AS name, web_url, "check", result, reason,
        errors[1].message AS error
    FROM {}.project_checks ORDER BY file_row_number
"""
_PROJECTS = f"""
WITH b AS ({_PROJECTS_OF.format("before")}), a AS ({_PROJECTS_OF.format("after")})
SELECT item, coalesce(a.name, b.name) AS project, coalesce(a.web_url, b.web_url) AS web_url,
    "check", b.result AS before, a.result AS after, coalesce(a.reason, b.reason) AS reason,
    coalesce(a.error, b.error) AS error,
    item IN (SELECT item FROM b) AS was_there, item IN (SELECT item FROM a) AS is_there
FROM b FULL JOIN a USING (item, "check")
WHERE b.result IS DISTINCT FROM a.result OR "check" IS NULL
ORDER BY project, item, "check"
"""
