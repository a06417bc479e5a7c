"""What a viewer sees of the tables of a run: SQL for views that leave out all other people.

This is the one place that decides it, by what `schema` declares of tables and columns. Whatever
reads a run reads these views, so nothing else needs to know who asks. In all SQL here `{name}` is a
file of the run or one of `HELPERS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from gitlab_sync.rules.items.reviews import VERBS
from gitlab_sync.snapshots.schema import Column, Owner, Table

Seen: TypeAlias = frozenset[str] | None
"""The keys of visible people; None: all are."""

PLACE = "file_row_number"
"""The column with the place of a row in its file."""

_SEEN = "(SELECT key FROM {seen})"

_ITEMS = f"""
CREATE TABLE {{name}} AS
SELECT "row", CASE WHEN authored_by IN {_SEEN} THEN authored_by END AS authored_by,
    coalesce(theirs, []) AS assigned_to, CAST(project_id AS VARCHAR) AS project
FROM $FILE LEFT JOIN (
    SELECT "row", list(person ORDER BY place) AS theirs
    FROM (
        SELECT "row", unnest(assigned_to) AS person, generate_subscripts(assigned_to, 1) AS place
        FROM $FILE
    )
    WHERE person IN {_SEEN} GROUP BY "row"
) USING ("row")
WHERE authored_by IN {_SEEN} OR theirs IS NOT NULL
"""

HELPERS: Mapping[str, str] = {
    "seen": "CREATE TABLE {name} AS SELECT unnest(?::VARCHAR[]) AS key",
    "seen_merge_requests": _ITEMS.replace("$FILE", "{merge_requests}"),
    "seen_issues": _ITEMS.replace("$FILE", "{issues}"),
    "seen_items": """
        CREATE VIEW {name} AS
        SELECT 'merge request' AS kind, "row" FROM {seen_merge_requests}
        UNION ALL SELECT 'issue', "row" FROM {seen_issues}
    """,
    # A project is known by its id and, where it could not be read, by its path.
    "seen_projects": f"""
        CREATE TABLE {{name}} AS
        WITH theirs AS (
            SELECT CAST(unnest(list_concat(personal_projects, contributed_projects)) AS VARCHAR)
                AS key FROM {{people}} WHERE key IN {_SEEN}
            UNION SELECT project FROM {{seen_merge_requests}}
            UNION SELECT project FROM {{seen_issues}}
            UNION SELECT project_key FROM {{commits}} WHERE person IN {_SEEN}
            UNION SELECT CAST(project_id AS VARCHAR) FROM {{time_logs}} WHERE person IN {_SEEN}
        )
        SELECT key FROM theirs WHERE key IS NOT NULL
        UNION ALL SELECT lower(path_with_namespace) FROM {{projects}} SEMI JOIN theirs USING (key)
    """,
}
"""The tables behind the views: SQL that makes each as `{name}`. `seen` takes the keys."""

_ROWS: Mapping[Owner, str] = {
    "person": f"WHERE lower($BY) IN {_SEEN}",
    "item": 'JOIN {seen_$BY} AS mine ON mine."row" = file."row"',
    "verdict": 'WHERE ($BY) IN (SELECT (kind, "row") FROM {seen_items})',
    "merge request": 'WHERE $BY IN (SELECT "row" FROM {seen_merge_requests})',
    "project": "WHERE $BY IN (SELECT key FROM {seen_projects})",
}
"""Which rows of a table are visible, by its owner; `$BY` is the table's `by`."""

_OTHER = "another person"
"""What a sentence says in the place of a username."""

_ONE = f"CASE WHEN lower($CELL) IN {_SEEN} THEN $CELL END"
_MANY = """CASE WHEN $CELL IS NOT NULL THEN coalesce((
    SELECT list(one ORDER BY place)
    FROM (SELECT unnest($CELL) AS one, generate_subscripts($CELL, 1) AS place)
    WHERE $SHOWN
), []) END"""
_SENTENCE = f"""CASE
    WHEN split_part($CELL, ' ', 2) IN ({", ".join(f"'{verb}'" for verb in VERBS)})
        AND NOT lower(split_part($CELL, ' ', 1)) IN {_SEEN}
    THEN '{_OTHER} ' || split_part($CELL, ' ', 2) ELSE $CELL END"""
_AUTHOR = f"""CASE WHEN $CELL IS NULL OR lower(file.author) IN {_SEEN} THEN $CELL
    ELSE CAST(json_merge_patch($CELL, '{{{{"author": null}}}}') AS VARCHAR) END"""
_OWN = f"CASE WHEN file.person IN {_SEEN} THEN $CELL END"
_CREDIT = f"CASE WHEN $CELL = 'person' AND NOT file.person IN {_SEEN} THEN 'other' ELSE $CELL END"


def _cell(column: Column) -> str:
    """Return SQL for a cell that can name people: without those who are not visible."""
    texts: Mapping[str, str] = {
        "person": _ONE if column.type == "text" else _MANY,
        "sentence": _SENTENCE,
        "author": _AUTHOR,
        "own": _OWN,
        "credit": _CREDIT,
    }
    named = ("one.reviewer", "one.author") if column.type == "reviews" else ("one",)
    shown = " AND ".join(f"lower({each}) IN {_SEEN}" for each in named)
    return texts[column.names].replace("$SHOWN", shown).replace("$CELL", f'file."{column.name}"')


def view(table: Table) -> str:
    """Return SQL that makes the view of a table for those who do not see everyone."""
    rows = "WHERE false" if table.owner is None else _ROWS[table.owner].replace("$BY", table.by)
    cells = {each.name: _cell(each) for each in table.columns if each.names}
    if table.owner == "item":  # the table behind has them already
        cells |= {name: f"mine.{name}" for name in ("authored_by", "assigned_to")}
    shown = ", ".join(f'{cell} AS "{name}"' for name, cell in cells.items())
    replaced = f"REPLACE ({shown})" if shown else ""
    return f"CREATE VIEW {{name}} AS SELECT file.* {replaced} FROM {{{table.name}}} AS file {rows}"
