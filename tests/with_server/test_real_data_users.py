"""`users` over all people of a real project, each cell against a second computation."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import truth_of_people as truth
from cli_runs import environment, start
from real_data import REAL
from sandbox_process import Server, serving

PROJECT, PROJECT_ID = "gitlab-org/gitlab-runner", 250833
ONE = "/projects/:id/merge_requests/:iid"
COMMITS = "/projects/:id/repository/commits"
MOST_IN_VAIN = 16
"""Pages that are asked for behind the last one: GitLab does not say how many there are."""
LISTS_OF_ONE = 11
"""Requests about a person with lists of one page each."""

LIMIT = 250.0  # seconds, only so that a broken test ends
pytestmark = pytest.mark.large

Rows = list[dict[str, Any]]
Users = Callable[..., Rows]


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """Put the real data behind a server."""
    with serving(REAL) as running:
        yield running


@pytest.fixture
def users(served: Server, tmp_path: Path) -> Users:
    """Run the command over people, with options, and return its rows."""
    served.forget()
    return lambda people, *options: rows_of(served, tmp_path, people, *options)


def rows_of(server: Server, home: Path, people: Iterable[str], *options: str) -> Rows:
    """Run the command as a shell does, to its end without a fault, and return the rows."""
    line = ("users", "--users-file", "-", "--format", "json", *options)
    told = environment(home, GITLAB_URL=server.url, GITLAB_TOKEN=server.token)
    with start(told, *line, stdin=subprocess.PIPE) as process:
        out, err = process.communicate("\n".join(people).encode(), timeout=LIMIT)
    assert process.returncode == 0, err.decode()
    rows: Rows = json.loads(out)
    return rows


@pytest.fixture(scope="module")
def everybody() -> list[str]:
    """Return the usernames of all people of the data, sorted as rows are."""
    return sorted(user["username"] for user in truth.records(REAL, "users"))


@pytest.fixture(scope="module")
def some(everybody: list[str]) -> list[str]:
    """Return every fifth of them: five has no divisor in common with the six ways to sign."""
    return everybody[::5]


@pytest.fixture(scope="module")
def authors() -> list[str]:
    """Return the usernames of all who wrote a merge request, sorted as rows are."""
    return sorted({mr["author"]["username"] for mr in truth.records(REAL, "merge_requests")})


def total(rows: Rows, title: str) -> int:
    """Return the sum of a column."""
    return sum(row[title] for row in rows)


def test_every_cell_of_every_author_is_that_of_a_second_computation(
    served: Server, users: Users, authors: list[str]
) -> None:
    """With a fixed number of requests for each person, and each page of commits read once."""
    rows = users(name.upper() for name in reversed(authors))
    assert rows == truth.people_rows(REAL, authors)
    assert len(rows) > 900
    assert all(list(row) == truth.TITLES for row in rows)
    ended = total(rows, "MR Total (Authored)")
    assert ended > 5000
    assert total(rows, "Commits Total") > 9000

    asked = served.traffic()
    facts = sum(number for path, number in asked["by_endpoint"].items() if path.startswith(ONE))
    facts += asked["by_endpoint"]["/api/graphql"] - len(rows)  # but for everybody's time logs
    assert facts <= ended
    pages = -(-len(truth.records(REAL, "commits")) // 100)
    assert pages <= asked["by_endpoint"][COMMITS] <= pages + MOST_IN_VAIN
    about_people = asked["requests"] - facts - asked["by_endpoint"][COMMITS]
    assert about_people <= LISTS_OF_ONE * len(rows) + ended / 50
    assert asked["by_status"] == {"200": asked["requests"]}


def test_quick_is_what_lists_alone_say(served: Server, users: Users, some: list[str]) -> None:
    """A person without merge requests contributed nowhere, so their commits are not read."""
    rows = users(some, "--quick")
    assert rows == truth.people_rows(REAL, some, quick=True)
    assert total(rows, "Unverified") > 1000
    idle = [row for row in rows if not row["Projects (Contr)"]]
    assert len(idle) > 10
    assert total(idle, "Commits Total") == 0
    assert not any(path.startswith(ONE) for path in served.traffic()["by_endpoint"])


def test_only_what_was_made_in_the_project_and_in_the_period_counts(
    served: Server, users: Users, everybody: list[str]
) -> None:
    """In a project that is named, commits count of those, too, who wrote no merge request there.

    Days begin where the option says: a merge request, an issue and a commit are near either end.
    """
    days = ("--since", "2021-02-25", "--until", "2021-05-03", "--timezone", "Asia/Kolkata")
    rows = users(everybody, "--project", PROJECT, "--source", "rest", *days)

    def expected(zone: str) -> Rows:
        first, after = (datetime(2021, *day, tzinfo=ZoneInfo(zone)) for day in ((2, 25), (5, 4)))
        return truth.people_rows(REAL, everybody, truth.Scope({PROJECT_ID}, first, after))

    assert rows == expected("Asia/Kolkata")
    elsewhere = expected("UTC")
    for title in ("MR Total (Authored)", "Issue Total (Auth)", "Commits Total"):
        assert [row[title] for row in rows] != [row[title] for row in elsewhere]
    assert total([row for row in rows if not row["Projects (Contr)"]], "Commits Total") > 10
    asked = served.traffic()["by_endpoint"]
    assert asked[f"{ONE}/commits"] == total(rows, "MR Total (Authored)") > 50


KNOWN, PRIVATE, LOCAL_PART, NAME, TWO_DOMAINS, NAMESAKES = range(6)


def signed(user: dict[str, Any], commit: dict[str, Any]) -> dict[str, Any]:
    """Return the commit as its author signs it, who does so in one of six ways."""
    username, address = user["username"], user["public_email"]
    name, email = {
        KNOWN: ("Someone", address.upper()),
        PRIVATE: ("Someone", f"{user['id']}-{username}@users.noreply.gitlab.example"),
        LOCAL_PART: ("Someone", address),
        NAME: (user["name"].replace(" ", "_").upper(), "root@build.invalid"),
        TWO_DOMAINS: ("Someone", f"{username}@{commit['id'][0]}.invalid"),
        NAMESAKES: ("Two Namesakes", "root@build.invalid"),
    }[user["id"] % 6]
    return {**commit, "author_name": name, "author_email": email}


def profile(user: dict[str, Any]) -> dict[str, Any]:
    """Return the user with a profile that shows an address only of the first kind."""
    way = user["id"] % 6
    name = "Two Namesakes" if way == NAMESAKES else user["name"]
    return {**user, "name": name, "public_email": user["public_email"] if way == KNOWN else None}


def varied(item: dict[str, Any], *, ended: str) -> dict[str, Any]:
    """Return a merge request or issue in one of several states; `ended` names its date of end."""
    number = item["iid"]
    changed = {"time_stats": {**item["time_stats"], "total_time_spent": 60 * (number % 3)}}
    if number % 7 < 2:
        changed |= {"title": f"docs: {item['title']}", "description": "<!-- Why? -->"}
    if number % 11 < 2:
        changed |= {"description": f"See #{number}.", "labels": ["bug"]}
    if number % 13 < 2:
        changed["milestone"] = {"id": 1, "iid": 1, "title": "1.0"}
    if number % 5 == 0:
        changed |= {"state": "opened", ended: None}
    if number % 5 == 1:
        changed |= {"state": "closed", ended: None, "closed_at": item[ended]}
    return {**item, **changed}


def write_varied(folder: Path) -> None:
    """Write the data again, with what the real one lacks: open items, time spent, odd commits."""
    people = truth.records(REAL, "users")
    authors = {user["public_email"]: user for user in people}
    commits = truth.records(REAL, "commits")
    truth.write(folder, "users", map(profile, people))
    truth.write(folder, "commits", (signed(authors[one["author_email"]], one) for one in commits))
    for kind, ended in (("merge_requests", "merged_at"), ("issues", "closed_at")):
        items = truth.records(REAL, kind)
        truth.write(folder, kind, (varied(item, ended=ended) for item in items))
    for kind in ("projects", "groups"):
        truth.write(folder, kind, truth.records(REAL, kind))


def test_the_numbers_hold_however_commits_are_signed_and_whatever_state_items_are_in(
    some: list[str], tmp_path: Path
) -> None:
    """By address, by username and by name commits are the same; a doubtful one is unmatched."""
    folder = tmp_path / "data"
    folder.mkdir()
    write_varied(folder)
    with serving(folder) as server:
        rows = rows_of(server, tmp_path, some, "--project", PROJECT, "--quick")
        assert server.traffic()["by_endpoint"]["/projects/:id/members/all"]
    scope = truth.Scope({PROJECT_ID})
    assert rows == truth.people_rows(folder, some, scope, quick=True)
    assert 0 < total(rows, "Issue Closed") < total(rows, "Issue Total (Auth)")
    for title in truth.ISSUE_TITLES:
        assert 0 < total(rows, title) < total(rows, "Issue Closed")

    plain = truth.people_rows(REAL, some, scope, quick=True)
    ways = {user["username"]: user["id"] % 6 for user in truth.records(REAL, "users")}
    found = dict.fromkeys(range(6), 0)
    for row, before in zip(rows, plain, strict=True):
        way = ways[row["Username"]]
        found[way] += row["Commits Total"]
        if way in {KNOWN, PRIVATE, LOCAL_PART, NAME}:
            for title in ("Commits Total", "Commits Morning", "Commits Afternoon"):
                assert row[title] == before[title]
    assert all(found[way] > 100 for way in (KNOWN, PRIVATE, LOCAL_PART, NAME))
    assert found[TWO_DOMAINS] < 100
    assert found[NAMESAKES] == 0
