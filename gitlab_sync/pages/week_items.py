"""The items behind a person's days: merged merge requests, created issues, and commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from urllib.parse import urlsplit

from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import moment_in
from gitlab_sync.rules.scores.commits import distinct_rows
from gitlab_sync.rules.text import first_line
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.services.weekly import PersonAnswer
from gitlab_sync.types import Record, TableRow

COLUMNS = ("Day", "Time", "Kind", "Item", "Project")


def items_of(person: PersonAnswer, zone: tzinfo, instance: str) -> list[TableRow]:
    """Return a row for each item of the person's days, with `COLUMNS` and `Link`, newest first.

    The days of commits are in the author's time zone, all others in `zone`. `instance` is the URL
    of the GitLab.
    """
    recorded = person.recorded
    rows = [
        *_dated(recorded.merge_requests, "merged_at", "merge request", "!", zone),
        *_dated(recorded.issues, "created_at", "issue", "#", zone),
        *(_of_commit(row) for row in distinct_rows(recorded.commits or ()) if row["date"]),
    ]
    days = {day.isoformat() for day in person.week.days}
    kept = [{**row, "Project": _project(row, instance)} for row in rows if row["Day"] in days]
    return sorted(kept, key=lambda row: (str(row["Day"]), str(row["Time"])), reverse=True)


def items_sheet(rows: list[TableRow], username: str, meta: Meta, *, with_times: bool) -> Sheet:
    """Return the items as a table with links to GitLab; the column `Time` only `with_times`."""
    columns = [column for column in COLUMNS if with_times or column != "Time"]
    return Sheet(
        username,
        columns,
        rows,
        meta,
        links={"Item": "Link"},
        kinds={"Day": "day", **dict.fromkeys(columns[1:], "text")},
        nothing=columns[1:],
    )


def _dated(
    items: Iterable[Record] | None, key: str, kind: str, sign: str, zone: tzinfo
) -> Iterator[TableRow]:
    for item in unique_records(items or ()):
        moment = moment_in(record.field(item, key), zone)
        if moment is not None:
            number = record.number(item, "iid")
            name = "" if number is None else f"{sign}{number} "
            yield {
                "Day": moment.date().isoformat(),
                "Time": f"{moment:%H:%M}",
                "Kind": kind,
                "Item": name + (record.text(item, "title") or ""),
                "Link": record.link(item),
            }


def _of_commit(row: TableRow) -> TableRow:
    return {
        "Day": row["date"],
        "Time": str(row["time"])[:5],
        "Kind": "commit",
        "Item": f"{row['short_id']} {first_line(str(row['message']))}",
        "Link": row["web_url"],
    }


def _project(row: TableRow, instance: str) -> str:
    """Return the path of an item's project, which is the beginning of its link."""
    # A server can send a link that cannot be parsed as a URL.
    _, _, below_host = str(row["Link"] or "").partition("://")[2].partition("/")
    path = f"/{below_host}".removeprefix(urlsplit(instance).path)
    return path.partition("/-/")[0].strip("/")
