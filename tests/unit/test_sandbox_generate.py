"""Generated worlds: the same for the same seed, and as awkward as real ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import orjson
import pytest

from gitlab_sync.sandbox import World, demo_world, generate_world


@pytest.fixture(scope="module")
def world() -> World:
    """Return a world of some size."""
    return generate_world(seed=5, users=20, merge_requests=16, issues=6, projects=6)


def dump(world: World) -> bytes:
    """All that a world holds, as text."""
    tables = world.tables
    notes = tables.mr_notes
    return orjson.dumps(
        [
            tables.users,
            tables.merge_requests,
            tables.issues,
            {str(key): notes.get(key) for key in world.merge_requests.by_key},
            list(tables.commits.values()),
        ]
    )


def test_the_same_seed_gives_the_same_world() -> None:
    """Down to the last byte."""
    assert dump(generate_world(seed=4, users=4)) == dump(generate_world(seed=4, users=4))


def test_another_seed_gives_another_world() -> None:
    """Else a second seed would try nothing new."""
    assert dump(generate_world(seed=4, users=4)) != dump(generate_world(seed=5, users=4))


def test_sizes_are_per_person() -> None:
    """Each user writes so many merge requests and issues."""
    world = generate_world(seed=1, users=6, merge_requests=3, issues=2, projects=2)
    assert len(world.truth.usernames) == 6
    assert {len(rows) for rows in world.merge_requests.by_author.values()} == {3}
    assert {len(rows) for rows in world.issues.by_author.values()} == {2}


def test_there_are_many_distinct_usernames() -> None:
    """Names run out, numbers do not."""
    world = generate_world(seed=1, users=1200, merge_requests=0, issues=0, projects=1)
    assert len({name.lower() for name in world.truth.usernames}) == 1200


def test_the_newest_pipeline_is_not_always_the_first_of_the_list(world: World) -> None:
    """Those of merge request events come first, whatever their ids."""
    lists = [world.tables.mr_pipelines.get(key) for key in world.merge_requests.by_key]
    assert any(rows and rows[0]["id"] != max(row["id"] for row in rows) for rows in lists)


def test_some_merge_requests_have_more_than_a_page_of_everything(world: World) -> None:
    """What decides a check can be on the second page."""
    tables = world.tables
    sizes = [
        (
            len(tables.mr_commits.get(key)),
            len(tables.mr_diffs.get(key)),
            len(tables.mr_notes.get(key)),
        )
        for key in world.merge_requests.by_key
    ]
    assert any(notes > 100 and files > 100 for _, files, notes in sizes)
    assert any(commits > 100 for commits, _, _ in sizes)


@pytest.mark.parametrize("field", ["sha", "source_project_id", "description", "milestone"])
def test_fields_that_may_be_null_are_null_somewhere(world: World, field: str) -> None:
    """As in real records; and not null somewhere else."""
    values = [row.data[field] for row in world.merge_requests.rows]
    assert None in values
    assert set(map(type, values)) != {type(None)}


def test_there_are_all_kinds_of_projects(world: World) -> None:
    """Private, archived, forked, in subgroups, in a person's own namespace."""
    projects = [row.data for row in world.projects]
    assert any(project["visibility"] == "private" for project in projects)
    assert any(project["archived"] for project in projects)
    assert any("forked_from_project" in project for project in projects)
    assert {project["namespace"]["kind"] for project in projects} == {"group", "user"}
    assert any(group.data["parent_id"] for group in world.groups)


def test_the_pipelines_of_a_fork_belong_to_the_fork(world: World) -> None:
    """So the target's list in bulk does not show them."""
    forked = [
        row.data
        for row in world.merge_requests.rows
        if row.data["source_project_id"] not in {None, row.data["target_project_id"]}
    ]
    assert forked
    for record in forked:
        rows = world.tables.mr_pipelines.get((record["project_id"], record["iid"]))
        assert {row["project_id"] for row in rows} <= {record["source_project_id"]}


def test_events_are_pushes_and_what_happened_to_merge_requests(world: World) -> None:
    """Each is in the shape of GitLab's events."""
    events = [event for rows in world.tables.events.values() for event in rows]
    assert {"pushed to", "opened", "accepted", "closed"} <= {
        event["action_name"] for event in events
    }
    assert all("ref" in e["push_data"] for e in events if e["action_name"] == "pushed to")


def test_time_logs_add_up_to_the_time_spent(world: World) -> None:
    """What is logged is what the items' time stats say."""
    logged = sum(log["timeSpent"] for rows in world.tables.timelogs.values() for log in rows)
    rows = [*world.merge_requests.rows, *world.issues.rows]
    assert logged == sum(row.data["time_stats"]["total_time_spent"] for row in rows)


def test_nothing_is_later_than_the_last_day(world: World) -> None:
    """All dates are before `today`."""
    assert world.today == date(2026, 6, 15)
    for row in [*world.merge_requests.rows, *world.issues.rows]:
        for field in ("created_at", "merged_at", "closed_at"):
            if row.data.get(field):
                assert datetime.fromisoformat(row.data[field]).date() <= world.today


def test_commits_carry_the_offsets_of_their_authors(world: World) -> None:
    """People live in several time zones."""
    dates = [row.data["authored_date"] for rows in world.commits.values() for row in rows]
    assert len({text[-6:] for text in dates}) > 2


def test_commits_are_newest_first(world: World) -> None:
    """As the API lists them."""
    for rows in world.commits.values():
        moments = [datetime.fromisoformat(row.data["committed_date"]) for row in rows]
        assert moments == sorted(moments, reverse=True)


def test_counts_of_notes_leave_out_those_of_the_system(world: World) -> None:
    """`user_notes_count` is what people and bots wrote."""
    for key, row in world.merge_requests.by_key.items():
        written = [note for note in world.tables.mr_notes.get(key) if not note["system"]]
        assert row.data["user_notes_count"] == len(written)


def test_urls_name_the_configured_address() -> None:
    """`external_url` is in every `web_url`."""
    world = generate_world(seed=1, users=2, external_url="https://git.corp.example")
    rows: list[Any] = [
        *world.users,
        *world.projects,
        *world.merge_requests.rows,
        *world.issues.rows,
    ]
    assert all(row.data["web_url"].startswith("https://git.corp.example/") for row in rows)


def test_the_demo_is_always_the_same() -> None:
    """Screenshots and tests can rely on it."""
    assert dump(demo_world()) == dump(demo_world())


def test_the_demo_has_the_size_that_it_promises() -> None:
    """12 people in 3 teams, 4 projects in a group with a subgroup, about 150 and 80 items."""
    world = demo_world()
    assert [len(team) for team in world.teams.values()] == [4, 4, 4]
    assert sum(row.data["namespace"]["kind"] == "group" for row in world.projects) == 4
    assert sum(row.data["visibility"] == "private" for row in world.projects) == 1
    assert len(world.groups) == 2
    assert 140 <= len(world.merge_requests.rows) <= 170
    assert 70 <= len(world.issues.rows) <= 90
    assert all(row.data["avatar_url"] is None for row in world.users)


def test_the_demo_has_the_people_that_it_promises() -> None:
    """A person without any fault, one with nearly all, one without work, a bot."""
    rows = demo_world().truth.merge_requests()
    assert sum(rows["amelie.laurent"].values()) == rows["amelie.laurent"]["Closed MRs"] > 10
    assert all(count > 0 for count in rows["ivo.brandt"].values())
    assert sum(rows["kira.osei"].values()) == 0
    assert rows["renovate-bot"]["Closed MRs"] > 0


def test_the_demo_can_end_today() -> None:
    """Given a day, the newest work is of that week."""
    world = demo_world(date(2027, 3, 3))
    merged = [row.data["merged_at"] for row in world.merge_requests.rows if row.data["merged_at"]]
    assert "2027-02-24" < max(merged) < "2027-03-04"
