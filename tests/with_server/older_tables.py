"""Tables as the older program wrote them: the truth of a world, with its differences put in.

One person has no work but what a test gives them, so each number of theirs is known by hand; the
numbers of all others are those that the world was made with.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import openpyxl
from checked_world import AUTHOR, PROJECT, REVIEWER, person, put_issue, put_merge_request
from worlds import fresh_world

from gitlab_sync.sandbox import World

REFERENCE = "(#1)"
SPENT = {
    "time_estimate": 0,
    "total_time_spent": 3600,
    "human_time_estimate": None,
    "human_total_time_spent": "1h",
}
FIRST = 901

Row = dict[str, Any]


def world_with_idle_author() -> World:
    """Return a world with people who work, and one who has not begun."""
    world = fresh_world(seed=1, users=5, merge_requests=3, issues=2, projects=2)
    for rows in (world.tables.merge_requests, world.tables.issues):
        rows[:] = [row for row in rows if row["author"]["username"] != AUTHOR]
    world.changed()
    return world


def truth(world: World, command: str, **scope: Any) -> dict[str, Row]:
    """Return the older rows of everyone, by username: zeros for the person without work."""
    found = (
        world.truth.issues(**scope) if command == "issues" else world.truth.merge_requests(**scope)
    )
    return {
        name: {"Username": name, **(dict.fromkeys(row, 0) if name == AUTHOR else row)}
        for name, row in found.items()
    }


def as_csv(rows: Iterable[Row], delimiter: str = ",") -> bytes:
    """Return rows as a spreadsheet writes them, with a byte order mark."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Row]) -> bytes:
    """Return rows as a workbook."""
    rows = list(rows)
    book = openpyxl.Workbook()
    book.worksheets[0].append(list(rows[0]))
    for row in rows:
        book.worksheets[0].append(list(row.values()))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_json(rows: Iterable[Row]) -> bytes:
    """Return rows as a list of objects."""
    return json.dumps(list(rows)).encode()


@dataclass(frozen=True)
class Injected:
    """One difference, put into a world: what the person has, and the cell that shows it.

    `given` puts work into the world. Then `counted` has our numbers of that person where they are
    not 0, and `older` is what the older program wrote into the cell `title`. `items` are the
    numbers of the merge requests or issues that make the difference.
    """

    id: str
    command: str
    title: str
    given: Callable[[World], object]
    counted: Mapping[str, int]
    older: int
    items: tuple[int, ...] = (FIRST,)
    options: tuple[str, ...] = ()
    scope: Mapping[str, int] = field(default_factory=dict)

    def rows(self, world: World) -> dict[str, Row]:
        """Put the work into the world; return the older rows."""
        self.given(world)
        world.changed()
        rows = truth(world, self.command, **self.scope)
        rows[AUTHOR] |= {**self.counted, self.title: self.older}
        return rows

    @property
    def names(self) -> str:
        """The references of the items."""
        sign = "#" if self.command == "issues" else "!"
        return ", ".join(sorted(f"acme/figures{sign}{iid}" for iid in self.items))


def mr(**changes: Any) -> Callable[[World], Any]:
    """Return what puts a merge request of the person, without faults but for the changes."""

    def put(world: World, iid: int = FIRST) -> Any:
        known = {"title": f"fix: it {REFERENCE}", "time_stats": SPENT, "user_notes_count": 1}
        return put_merge_request(world, iid, **{**known, "assignees": [], **changes})

    return put


def issue(**changes: Any) -> Callable[[World], None]:
    """Return what puts an issue of the person, without faults but for the changes."""

    def put(world: World) -> None:
        known = {"time_stats": SPENT, "milestone": {"id": 1, "iid": 1, "title": "1.0"}}
        put_issue(world, FIRST, **{**known, "assignees": [], **changes})

    return put


def with_facts(put: Callable[[World], Any], **facts: Any) -> Callable[[World], None]:
    """Return what also gives the merge request these commits, notes, diffs or pipelines."""

    def put_all(world: World) -> None:
        key = put(world)
        for name, rows in facts.items():
            found = rows(world) if callable(rows) else rows
            getattr(world.tables, f"mr_{name}").put(key, found)

    return put_all


def note(world: World, number: int, by: str, body: str = "Fine.") -> Row:
    """Return a note; a higher number is a newer one."""
    moment = f"2026-06-08T09:{number:02}:00.000Z"
    return {"id": 610_000 + number, "body": body, "system": False, "author": person(world, by),
            "created_at": moment, "updated_at": moment}  # fmt: skip


def late_review(world: World) -> list[Row]:
    """Return notes of which the review is the oldest, so the last in the list."""
    return [note(world, 0, REVIEWER), *(note(world, n, AUTHOR) for n in range(1, 23))]


def pipeline(number: int, status: str) -> Row:
    """Return a pipeline."""
    return {"id": number, "iid": number, "project_id": PROJECT, "status": status, "sha": "1" * 40,
            "ref": "main", "source": "push", "created_at": "2026-06-08T09:10:00.000Z",
            "updated_at": "2026-06-08T09:20:00.000Z",
            "web_url": f"https://gitlab.example/{number}"}  # fmt: skip


def commit(title: str, parents: int = 1) -> Row:
    """Return a commit."""
    return {"id": f"{len(title):040x}", "title": title, "message": title,
            "parent_ids": [str(n) for n in range(parents)]}  # fmt: skip


def many(world: World) -> None:
    """Put more merge requests than a page holds, the first of them the oldest."""
    for place in range(101):
        day = 1 + place // 24
        created = f"2026-05-{day:02}T{place % 24:02}:00:00.000Z"
        ended = f"2026-05-{day:02}T{place % 24:02}:30:00.000Z"
        mr(created_at=created, updated_at=ended, merged_at=ended)(world, FIRST + place)


def elsewhere(world: World) -> None:
    """Put a merge request into the project, and one into another."""
    mr()(world, FIRST + 1)
    address = "https://gitlab.example/acme/platform/mail-relay/-/merge_requests/901"
    full = "acme/platform/mail-relay!901"
    mr(project_id=102, web_url=address, references={"full": full})(world)


ONE = {"Closed MRs": 1}
INJECTED = (
    Injected("comments_counted", "mrs", "No Desc", mr(description="<!-- Why? -->"), ONE, 0),
    Injected(
        "comments_counted", "issues", "No Desc", issue(description="<!-- Why? -->"),
        {"Total Assigned": 1, "Closed Issues": 1}, 0,
    ),
    Injected(
        "no_route_for_issues", "mrs", "No Issues",
        with_facts(mr(title="fix: it", description="It."), commits=[commit("fix: it, see #1")]),
        ONE, 1,
    ),
    Injected(
        "first_20", "mrs", "No Internal Review", with_facts(mr(), notes=late_review), ONE, 1,
    ),
    Injected(
        "first_pipeline", "mrs", "Failed Pipeline",
        with_facts(mr(), pipelines=[pipeline(71, "success"), pipeline(72, "failed")]), ONE, 0,
    ),
    Injected(
        "calendar_days", "mrs", "Merge > 2 Days",
        mr(created_at="2026-06-05T11:00:00.000Z", merged_at="2026-06-07T23:00:00.000Z"), ONE, 0,
    ),
    Injected(
        "test_in_path", "mrs", "No Unit Tests",
        with_facts(mr(), diffs=[{"new_path": "src/latest.txt", "old_path": "src/latest.txt"}]),
        ONE, 0,
    ),
    Injected(
        "merge_commits_counted", "mrs", "No Semantic Commits",
        with_facts(mr(), commits=[commit("it"), commit("chore: merge main", 2)]), ONE, 0,
    ),
    Injected(
        "bots_counted", "mrs", "No Internal Review",
        with_facts(mr(), notes=lambda world: [note(world, 1, "renovate")]), ONE, 0,
    ),
    Injected("newest_100", "mrs", "Closed MRs", many, {}, 100),
    Injected(
        "scope_ignored", "mrs", "Closed MRs", elsewhere, {}, 2, (),
        ("--project", "acme/figures"), {"project_id": PROJECT},
    ),
    Injected(
        "created_since", "mrs", "Closed MRs", mr(), {}, 0,
        options=("--written", "2026-06-01", "--timezone", "UTC"),
    ),
    Injected(
        "updated_since", "mrs", "Closed MRs", mr(), {}, 0,
        options=("--written", "2026-06-08T09:30:00Z"),
    ),
)  # fmt: skip
"""A difference for each of those that concern a person's list of items."""
