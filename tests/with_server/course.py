"""The course of the documents: whatever their examples name is there."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import openpyxl

from gitlab_sync.rules.items.table import ISSUE_COLUMNS
from gitlab_sync.sandbox import World
from gitlab_sync.sandbox.generate import finish
from gitlab_sync.sandbox.making.builder import Builder
from gitlab_sync.sandbox.making.issues import add_issue
from gitlab_sync.sandbox.making.merge_requests import add_merge_request
from gitlab_sync.sandbox.making.people import FIRST_NAMES, LAST_NAMES, Person, user_record
from gitlab_sync.sandbox.making.projects import (
    DEVELOPER,
    OWNER,
    add_group,
    add_project,
    join,
)
from gitlab_sync.sandbox.making.repositories import add_repository
from gitlab_sync.sandbox.records import Record, without_collection
from gitlab_sync.sandbox.truth import ISSUE_CHECKS, MERGE_REQUEST_CHECKS

URL = "https://gitlab.example.com"
TODAY = datetime(2026, 6, 15, 12, 0, 0)  # noqa: DTZ001 - all times of making are naive, in UTC
TEAMS = ("red", "blue", "green", "yellow")
MENTOR = "ann"
_NAMED = ("alice", "bob", "carol", "dan")
_PEOPLE = 40
_WORK = {"merge_requests": 4, "issues": 2}


@without_collection()
def course_world() -> World:
    """Return a world of forty students in four teams, and the mentor who reads their work."""
    builder = Builder(20_260_401, TODAY, URL, 70.0)
    builder.people = [_student(builder, number) for number in range(_PEOPLE)]
    mentor = Person(user_record(90, MENTOR, "Ann Mentor", URL))
    builder.tables.users = [person.record for person in (*builder.people, mentor)]
    builder.truth.usernames = [person.username for person in builder.people]
    courses = add_group(builder, 10, "courses")
    year = add_group(builder, 11, "2026", parent=courses)
    groups = [add_group(builder, 20 + n, team, parent=year) for n, team in enumerate(TEAMS)]
    app = add_project(builder, 1, "app", year, description="The app.", topics=("python",))
    others = [
        add_project(builder, 2, "app", courses),
        add_project(builder, 3, "decisions", courses),
        *(add_project(builder, 30 + n, "router", group) for n, group in enumerate(groups)),
    ]
    for project in (app, *others):
        add_repository(builder, project, "complete" if project is app else "partial")
    # Not of a group: members are inherited from above, and each team would have the mentor.
    join(builder, "project", others[1], mentor, OWNER)
    for number, person in enumerate(builder.people):
        join(builder, "group", groups[number % len(groups)], person, DEVELOPER)
        _add_work(builder, person, (app, others[2 + number % len(groups)]))
    # Examples name a merge request 42 and an issue 7.
    for number in range(42):
        add_merge_request(builder, others[0], builder.people[number % _PEOPLE])
    for number in range(7):
        add_issue(builder, others[0], builder.people[number])
    _sign_at_home(builder, app)
    return finish(builder)


def _sign_at_home(builder: Builder, app: Record) -> None:
    """Let Alice have a commit under an address that GitLab does not know."""
    alice = builder.people[0].record["name"]
    row = next(each for each in builder.tables.commits[app["id"]] if each["author_name"] == alice)
    row["author_name"], row["author_email"] = "Alice", "alice@home.example"


def _student(builder: Builder, number: int) -> Person:
    first = _NAMED[number] if number < len(_NAMED) else FIRST_NAMES[number % len(FIRST_NAMES)]
    again = "" if number < len(FIRST_NAMES) else "2"
    record = user_record(
        number + 1, f"{first.lower()}{again}", f"{first.title()} {LAST_NAMES[number % 30]}", URL
    )
    careless = builder.random.choice((0.05, 0.2, 0.4))
    return Person(record, dict.fromkeys((*MERGE_REQUEST_CHECKS, *ISSUE_CHECKS), careless), "+02:00")


def _add_work(builder: Builder, person: Person, places: tuple[Record, Record]) -> None:
    for position in range(_WORK["merge_requests"]):
        add_merge_request(builder, places[position % 2], person)
    for position in range(_WORK["issues"]):
        add_issue(builder, places[position % 2], person)


def put_files(folder: Path) -> None:
    """Write the files that examples name and do not make themselves."""
    deadline = "2026-06-12T18:00:00+02:00"
    rows = "".join(f"{name},{deadline}\n" for name in _NAMED)
    for name in ("team.txt", "class.csv", "everyone.csv"):
        (folder / name).write_text(f"username,deadline\n{rows}", encoding="utf-8")
    (folder / "aliases.txt").write_text("bob, bob@home.example\n", encoding="utf-8")
    (folder / "team.toml").write_text("time_tracking = true\n", encoding="utf-8")
    titles = ISSUE_COLUMNS[:10]
    old = f"{','.join(titles)}\nalice{',0' * 9}\n"
    (folder / "old.csv").write_text(old, encoding="utf-8")
    members = [{"username": "alice"}, {"username": "bob"}]
    teams = {"teams": [{"team_name": "Red", "members": members}]}
    (folder / "teams.json").write_text(json.dumps(teams), encoding="utf-8")
    for name in ("class.xlsx", "people.xlsx"):
        book = openpyxl.Workbook()
        book.worksheets[0].append(["alice"])
        book.save(folder / name)
