"""The totals of each run of a folder: what the numbers of people were, run by run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gitlab_sync.api.scope import Kind
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.snapshots.counts import Counts, counted
from gitlab_sync.snapshots.database import MAIN, Source
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.snapshot import NOUNS, Snapshot


@dataclass(frozen=True, slots=True)
class PersonTotals:
    """The numbers of one person in one run. Immutable.

    `id` is GitLab's, by which a person who was renamed is known again (None: not known). `found`
    says whether there is such a person (None: that could not be read). `items` counts the written
    merge requests and issues, and `commits` those in the person's projects, each once; None: they
    could not be read. `verdicts` are by kind and the id of the check; checks that apply to no item
    are not in it. `partial` names what is not whole, so that its number is the least:
    `merge_requests`, `issues`, `commits`.
    """

    key: str
    id: int | None
    username: str
    found: bool | None
    items: Mapping[Kind, int | None]
    verdicts: Mapping[tuple[Kind, str], Counts]
    commits: int | None
    partial: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The numbers of one run, by `people.key`. Immutable.

    Numbers of runs with different `policy_hash` cannot be compared. `fault` says why a run cannot
    be read; then all else of it is unknown, but `run`.
    """

    run: str
    moment: datetime | None
    policy: str = ""
    policy_hash: str = ""
    people: Mapping[str, PersonTotals] = field(default_factory=dict)
    fault: ConfigurationError | None = None


def totals_of_runs(folder: Folder, people: Collection[str] | None = None) -> Iterator[RunTotals]:
    """Yield the totals of each run of a folder, the oldest first.

    Only those of `people`, by username (None: of everyone). A run is read when it is asked for.
    Raises ConfigurationError if the folder cannot be read, or without duckdb.
    """
    for run in folder.runs():
        try:
            with Snapshot.at(folder, run) as snapshot:
                yield totals_of(snapshot, people)
        except ConfigurationError as fault:
            yield RunTotals(run, None, fault=fault)


def totals_of(snapshot: Snapshot, people: Collection[str] | None = None) -> RunTotals:
    """Return the totals of a run, as `totals_of_runs` does. Raises as `Snapshot.rows`."""
    source = Source(snapshot.folder, snapshot.run, snapshot.info)
    return totals_in(snapshot, source, MAIN, people)


class _HasRows(Protocol):
    """What queries are asked of."""

    def rows(
        self, sql: str, given: Sequence[Any] = (), tables: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query."""


def totals_in(
    database: _HasRows, source: Source, schema: str, people: Collection[str] | None = None
) -> RunTotals:
    """Return what `totals_of` does, of a run with its tables in a schema of a database."""
    only = None if people is None else [username_key(name) for name in people]

    def rows(sql: str, column: str, *tables: str, **parts: str) -> Iterator[dict[str, Any]]:
        where, given = f"{column} IS NOT NULL", list[Any]()
        if only is not None:
            where, given = f"{column} IN (SELECT unnest(?))", [only]
        query = sql.format(schema=schema, where=where, **parts)
        return database.rows(query, given, [f"{schema}.{name}" for name in tables])

    found = {row["key"]: row for row in rows(_PEOPLE, "key", "people")}
    items: dict[Kind, dict[str, int]] = {}
    verdicts: dict[str, dict[tuple[Kind, str], Counts]] = {key: {} for key in found}
    for kind, noun in NOUNS.items():
        counts = rows(_ITEMS, "authored_by", kind, kind=kind)
        items[kind] = {row["person"]: row["number"] for row in counts}
        for row in rows(_VERDICTS, "authored_by", kind, "checks", kind=kind, noun=noun):
            if row["person"] in verdicts:
                verdicts[row["person"]][kind, row["check"]] = Counts.of_row(row)
    written = {row["person"]: row for row in rows(_COMMITS, "key", "people", "commits", "projects")}
    info = source.info
    return RunTotals(
        source.run,
        info.moment,
        info.policy,
        info.policy_hash,
        {
            key: _totals(row, items, verdicts[key], written.get(key, {}))
            for key, row in found.items()
        },
    )


_PEOPLE = """
SELECT key, id, coalesce(username, asked) AS username, found, merge_requests_read, issues_read,
    merge_requests_errors IS NOT NULL AS merge_requests_lack,
    issues_errors IS NOT NULL AS issues_lack,
    personal_projects IS NOT NULL AS projects_read, projects_errors IS NOT NULL AS projects_lack
FROM {schema}.people WHERE {where} ORDER BY key
"""
_ITEMS = """
SELECT authored_by AS person, count(*) AS number FROM {schema}.{kind} WHERE {where} GROUP BY ALL
"""
_VERDICTS = f"""
SELECT authored_by AS person, "check", {counted("result")}
FROM {{schema}}.checks checks JOIN {{schema}}.{{kind}} item ON checks.row = item.row
WHERE kind = '{{noun}}' AND result != 'n/a' AND {{where}} GROUP BY ALL
"""
# A commit without a sha is one of its own; projects without an id have no commits of a person.
_COMMITS = """
WITH mine AS (
    SELECT key, CAST(unnest(list_concat(personal_projects, contributed_projects)) AS VARCHAR)
        AS project FROM {schema}.people WHERE {where}
)
SELECT mine.key AS person,
    count(DISTINCT sha) + count(*) FILTER (sha IS NULL AND person IS NOT NULL) AS number,
    bool_or(NOT commits_read OR commits_errors IS NOT NULL) AS lacks
FROM mine JOIN {schema}.projects projects ON projects.key = mine.project
LEFT JOIN {schema}.commits ON project_key = mine.project AND person = mine.key
GROUP BY ALL
"""


def _totals(
    person: Mapping[str, Any],
    items: Mapping[Kind, Mapping[str, int]],
    verdicts: Mapping[tuple[Kind, str], Counts],
    commits: Mapping[str, Any],
) -> PersonTotals:
    key = person["key"]
    lacking: set[str] = {kind for kind in items if person[f"{kind}_lack"]}
    if person["projects_lack"] or commits.get("lacks"):
        lacking.add("commits")
    written = commits.get("number", 0) if person["found"] and person["projects_read"] else None
    return PersonTotals(
        key,
        person["id"],
        person["username"],
        person["found"],
        {
            kind: found.get(key, 0) if person[f"{kind}_read"] else None
            for kind, found in items.items()
        },
        verdicts,
        written,
        frozenset(lacking),
    )
