"""Reviews of teams over a real server: the same tables from every source, at no further request."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api.scope import Scope
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services import reviews
from gitlab_sync.services.reviews import ReviewsQuery, ReviewsReport
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import open_store
from gitlab_sync.types import Source, TableRow

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/rules"))

import truth_of_reviews as truth

NOTES = "/projects/:id/merge_requests/:iid/notes"
PEOPLE = 30
"""So many that their lists are read over GraphQL."""


@pytest.fixture(scope="module")
def world() -> World:
    """Make a world with responses, rounds, drafts, late reviews and self-merges."""
    return generate_world(seed=5, users=12, merge_requests=30, issues=1, projects=3)


@pytest.fixture(scope="module")
def running(world: World) -> Iterator[Sandbox]:
    """Put it behind a server."""
    with Sandbox(world, threads=8) as sandbox:
        yield sandbox


@pytest.fixture
def served(running: Sandbox) -> Iterator[Sandbox]:
    """Lend it to a test, which finds no traffic and no fault of another one."""
    running.traffic.reset()
    yield running
    running.faults.clear()


def team(name: str, usernames: Iterable[str]) -> Team:
    """Return a team of these people."""
    return Team(name, "", tuple(map(Member, usernames)))


def two_teams(world: World) -> ReviewsQuery:
    """Return a query about two teams, which share a member."""
    names = world.truth.usernames
    return ReviewsQuery([team("Red", names[:7]), team("Blue", names[6:])], zone=UTC)


def read(served: Sandbox, query: ReviewsQuery, run: Run | None = None) -> ReviewsReport:
    """Answer a query with a bridge of its own."""
    with Bridge(8) as bridge:
        client = GitLabClient(served.url, served.token(), bridge=bridge)
        return reviews.answer(client, query, run)


def tables(report: ReviewsReport) -> dict[str, list[TableRow]]:
    """Return all rows by the title of their table."""
    sheets = report.sheets("https://gitlab.example", people=True)
    assert all(
        list(row) and set(sheet.columns) >= set(row) for sheet in sheets for row in sheet.rows
    )
    return {sheet.title: list(sheet.rows) for sheet in sheets}


def true_values(world: World) -> list[tuple[dict[str, Any], truth.Values]]:
    """Measure the world's merge requests a second time."""
    merged = [mr for mr in world.tables.merge_requests if mr["state"] == "merged"]
    notes = world.tables.mr_notes
    return [(mr, truth.values_of(mr, notes.get((mr["project_id"], mr["iid"])))) for mr in merged]


@pytest.mark.slow
@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_teams_projects_and_people_are_those_of_a_second_computation(
    served: Sandbox, world: World, source: Source
) -> None:
    """From either source; each kind of fault occurs."""
    query, found = two_teams(world), true_values(world)
    report = read(served, query, Run(source=source))
    assert report.completeness.whole
    rows = tables(report)
    for each, row in zip(query.teams, rows[reviews.TEAMS], strict=True):
        keys = {member.key for member in each.members}
        own = [values for mr, values in found if mr["author"]["username"].lower() in keys]
        given = Counter(by for _, values in found for by in values["reviews"] if by in keys)
        assert_measures(row, own)
        assert row["Reviews Given"] == given.total()
        assert row["Reviewers"] == len(given)
        index = sum(number**2 for number in given.values()) / given.total() ** 2
        assert row["Concentration"] == pytest.approx(index, abs=0.005)
    paths = {project["id"]: project["path_with_namespace"] for project in world.tables.projects}
    for row in rows[reviews.PROJECTS]:
        own = [values for mr, values in found if paths[mr["project_id"]] == row["Project"]]
        assert_measures(row, own)
        assert row["Reviews Given"] == sum(len(values["reviews"]) for values in own)
    for row in rows[reviews.PEOPLE]:
        name = str(row["Username"]).lower()
        assert_measures(row, [v for mr, v in found if mr["author"]["username"].lower() == name])
        helped = {mr["author"]["username"] for mr, values in found if name in values["reviews"]}
        assert row["People Helped"] == len(helped)
    pairs = Counter(
        (by, mr["author"]["username"].lower()) for mr, values in found for by in values["reviews"]
    )
    assert pairs == {
        (str(row["Reviewer"]).lower(), str(row["Author"]).lower()): row["Reviews"]
        for row in rows[reviews.PAIRS]
    }
    assert len(rows[reviews.PEOPLE]) == 13, "one is in both teams"


def assert_measures(row: TableRow, own: list[truth.Values]) -> None:
    """Assert that a row is about these merge requests."""
    responses = [each["first_response"] for each in own if each["first_response"] is not None]
    rounds = [each["rounds"] for each in own if each["rounds"] is not None]
    assert row["MR Merged"] == row["Time to Merge (of)"] == len(own)
    assert row["First Response (of)"] == row["Rounds (of)"] == len(responses) < len(own)
    assert row["First Response (h)"] == round(median(responses) / 3600, 2)
    assert row["Time to Merge (h)"] == round(median(e["time_to_merge"] for e in own) / 3600, 2)
    assert row["Rounds"] == median(rounds)
    assert row["Merged by Author"] == sum(each["merged_by_author"] for each in own)
    assert row["Without Review"] == sum(each["without_review"] for each in own)
    assert row["Approved in 5 min"] == sum(each["quick_approval"] for each in own)
    assert row["Comments per MR"] == round(sum(each["comments"] for each in own) / len(own), 2)
    assert (row["Status"], row["Error"], row["Policy"]) == ("Success", None, "fair")


def test_a_world_has_everything_that_is_measured(world: World) -> None:
    """Or a mistake would not show."""
    found = [values for _, values in true_values(world)]
    for name in ("merged_by_author", "without_review", "quick_approval"):
        assert 0.05 < sum(each[name] for each in found) / len(found) < 0.7
    assert max(each["rounds"] or 0 for each in found) > 1
    waits = [each["first_response"] for each in found if each["first_response"]]
    assert max(waits) > 4 * median(waits)


@pytest.mark.parametrize("source", ["rest", "auto", "graphql"])
def test_it_costs_what_the_rows_of_merge_requests_cost(source: Source) -> None:
    """The same requests, one by one, whatever the source; the lists of many come from GraphQL.

    With one worker, since the sizes of queries follow the answers in the order in which they come.
    """
    world = generate_world(seed=6, users=PEOPLE, merge_requests=2, issues=0, projects=3)
    asked: list[dict[str, int]] = []
    with Sandbox(world, threads=8) as sandbox:
        for work in ("mrs", "reviews"):
            sandbox.traffic.reset()
            with Bridge(1) as bridge:
                client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
                run = Run(source=source)
                if work == "mrs":
                    client.batch_evaluate_mrs(world.truth.usernames, run=run, policy=FAIR)
                else:
                    reviews.answer(client, ReviewsQuery([team("All", world.truth.usernames)]), run)
            asked.append(dict(sandbox.traffic.by_endpoint))
    assert asked[0] == asked[1]
    assert ("/api/graphql" in asked[0]) == (source != "rest")


@pytest.mark.slow
def test_from_a_store_they_are_the_same_and_cost_only_lists(
    served: Sandbox, world: World, tmp_path: Path
) -> None:
    """What the rows of merge requests keep is enough for them."""
    query = two_teams(world)
    expected = tables(read(served, query))
    with Bridge(8) as bridge:
        client = GitLabClient(served.url, served.token(), bridge=bridge)
        with open_store(client.base_url, client.session.credential, "on", tmp_path) as store:
            run = Run(source="rest", store=store)
            client.batch_evaluate_mrs(world.truth.usernames, run=run, policy=FAIR)
            served.traffic.reset()
            assert tables(reviews.answer(client, query, run)) == expected
    asked = Counter(served.traffic.by_endpoint)
    # What still ran, or could run, is read again.
    assert asked[NOTES] < 0.15 * sum(row["MR Merged"] for row in expected[reviews.PROJECTS])  # type: ignore[misc]


@pytest.mark.slow
def test_notes_that_are_denied_make_it_unknown_and_are_named(served: Sandbox, world: World) -> None:
    """A row says how many; the shares of reviews are not known, since one could be missing."""
    merged = [mr for mr, values in true_values(world) if values["reviews"]]
    path = f"/projects/{merged[0]['project_id']}/merge_requests/{merged[0]['iid']}/notes"
    served.faults.add("status", status=403, path=path, times=None)
    report = read(served, two_teams(world), Run(source="rest"))
    assert "1 denied" in str(report.completeness)
    (row,) = [row for row in report if row["Status"] == "Partial"]
    assert row["Username"] == merged[0]["author"]["username"]
    assert "403" in str(row["Error"])
    rows = tables(report)
    (mine,) = {id(r): r for r in rows[reviews.PEOPLE] if r["Username"] == row["Username"]}.values()
    assert mine["Unverified"] == 1
    assert mine["Time to Merge (of)"] == mine["MR Merged"] - 1  # type: ignore[operator]
    assert all(row["Share of Reviews"] is None for row in rows[reviews.PEOPLE])
    assert all(row["Concentration"] is None for row in rows[reviews.TEAMS])
    assert any("403" in str(row["Error"]) for row in rows[reviews.TEAMS])
    assert any("403" in str(row["Error"]) for row in rows[reviews.PROJECTS])


def test_a_person_who_is_not_there_and_a_list_that_is_denied_are_no_zeros(
    served: Sandbox, world: World
) -> None:
    """Their cells are unknown; a team of nothing else has no numbers."""
    name = world.truth.usernames[0]
    served.faults.add(
        "status", status=403, path="/merge_requests", query={"author_username": name}, times=None
    )
    teams = [team("Gone", ["nobody.here", name]), team("Half", [name, world.truth.usernames[1]])]
    report = read(served, ReviewsQuery(teams, zone=UTC), Run(source="rest"))
    assert [row["Status"] for row in report] == ["Not Found", "Error", "Success"]
    rows = tables(report)
    gone, half = rows[reviews.TEAMS]
    assert (gone["Status"], gone["MR Merged"], gone["Unverified"]) == ("Error", None, None)
    assert "nobody.here" in str(gone["Error"])
    assert half["Status"] == "Partial"
    assert half["MR Merged"]
    assert [row["MR Merged"] for row in rows[reviews.PEOPLE][:2]] == [None, None]
    assert {row["Status"] for row in rows[reviews.PROJECTS]} == {"Partial"}


def test_a_project_and_a_period_limit_what_counts(served: Sandbox, world: World) -> None:
    """By the time of the merge; only those are read below their lists."""
    found = [mr for mr, _ in true_values(world)]
    project = found[0]["project_id"]
    times = sorted(mr["merged_at"] for mr in found if mr["project_id"] == project)
    since = times[len(times) // 2]
    scope = Scope(project=project, period=period(since, None, UTC), dated="merged")
    query = replace(two_teams(world), scope=scope)
    report = read(served, query, Run(source="rest"))
    (row,) = tables(report)[reviews.PROJECTS]
    assert row["MR Merged"] == sum(time >= since for time in times)
    urls = {each.url.partition("?")[0] for each in served.traffic.exchanges}
    assert sum(url.endswith("/notes") for url in urls) == row["MR Merged"]
    assert f"project {project}, since " in query.in_words()


def test_people_are_in_no_table_until_they_are_asked_for(served: Sandbox, world: World) -> None:
    """Teams come first."""
    report = read(served, two_teams(world))
    sheets = report.sheets("https://gitlab.example")
    assert [sheet.title for sheet in sheets] == ["Teams", "Projects", "Weeks"]
    names = set(world.truth.usernames)
    assert not any(cell in names for sheet in sheets for row in sheet.rows for cell in row.values())
