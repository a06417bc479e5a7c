"""Open work over a real server: the same rows from REST and GraphQL, and what they cost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from odd_server import Answer, OddServer, json
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.errors import ConfigurationError, NotFound
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sandbox.generate import TODAY
from gitlab_sync.services.open_work import OpenQuery, OpenReport, answer
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record, Source

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/rules"))

from open_examples import CASES, NOW, Case, open_mr, pipelines

PROJECT = 5001
PEOPLE = {name: number for number, name in enumerate(("ann", "bob", "cid", "dan", "eve"), 9000)}
SOURCES: tuple[Source, ...] = ("rest", "graphql")


def person(name: str) -> Record:
    """Return a person as other records show them."""
    number = PEOPLE.get(name.lower(), 9999)
    return {"id": number, "username": name, "name": name, "state": "active", "web_url": "x"}


def add(world: World, case: Case, number: int, project: Record) -> None:
    """Put the merge request of a case into a world."""
    example = world.tables.merge_requests[0]
    key = project["id"], 1000 + number
    own = {
        "id": 700_000 + number,
        "iid": key[1],
        "project_id": project["id"],
        "title": case.name,
        "author": person("ann"),
        "reviewers": [person(name) for name in case.reviewers],
        "assignees": [person(one["username"]) for one in case.changes.get("assignees", ())],
        "references": {"full": f"{project['path_with_namespace']}!{key[1]}"},
        "web_url": f"{project['web_url']}/-/merge_requests/{key[1]}",
    }
    world.tables.merge_requests.append({**example, **open_mr(**case.changes), **own})
    notes = []
    for place, note in enumerate(case.notes):
        written = note.as_record(10_000_000 + 100 * number + place)
        where = {"project_id": project["id"], "noteable_iid": key[1], "updated_at": note.time}
        notes.append({**written, **where, "author": person(note.by)})
        if note.thread:
            world.tables.threads[written["id"]] = f"{number}{note.thread}"
    world.tables.mr_notes.put(key, notes)
    runs = [{**run, "id": run["id"] + 100 * number} for run in pipelines(*case.pipelines)]
    world.tables.mr_pipelines.put(key, runs)


@pytest.fixture(scope="module")
def cases() -> Iterator[Sandbox]:
    """Serve the table of cases as the open merge requests of one project."""
    world = fresh_world(seed=1, users=5, merge_requests=3, issues=2, projects=2)
    project = world.projects_by_path["acme/platform/mail-relay"].data
    for number, case in enumerate(CASES):
        add(world, case, number, project)
    world.tables.users += [person(name) for name in PEOPLE]
    world.changed()
    with Sandbox(world, threads=8) as running:
        yield running


def read(served: Sandbox, query: OpenQuery, source: Source = "auto") -> OpenReport:
    """Read open work with a bridge of its own."""
    with Bridge(8) as bridge:
        client = GitLabClient(served.url, served.token(), bridge=bridge)
        return answer(client, query, Run(source=source))


@pytest.mark.parametrize("source", SOURCES)
def test_each_case_of_the_table_is_the_same_over_a_socket(cases: Sandbox, source: Source) -> None:
    """What it waits for, who can act, since when, and why."""
    report = read(cases, OpenQuery(["ann"], now=NOW), source)
    found = {row["Title"]: row for row in report}
    assert len(found) == len(report) == len(CASES)
    for case in CASES:
        row = found[case.name]
        told = (row["Waiting For"], row["Who"], row["Since"])
        assert told == (case.waiting_for, case.who, case.began), case.name
        assert case.why in str(row["Why"])
    assert report.completeness.whole
    assert not report.absent


def test_rest_and_graphql_give_the_same_rows(cases: Sandbox) -> None:
    """Those of all people in the world, with ages and faults."""
    query = OpenQuery(group="acme", now=TODAY.astimezone(NOW.tzinfo))
    by_rest, by_graphql = (list(read(cases, query, source)) for source in SOURCES)
    assert by_rest == by_graphql
    assert len(by_rest) > 30


def test_a_project_a_group_and_people_in_them_are_narrower_and_narrower(cases: Sandbox) -> None:
    """Each has exactly the open ones of GitLab's list."""
    world, project = cases.world, cases.world.projects_by_path["acme/platform/mail-relay"].data
    opened = [row.data for row in world.merge_requests.rows if row.data["state"] == "opened"]
    within = {mr["web_url"] for mr in opened if mr["project_id"] == project["id"]}
    queries = {
        "project": OpenQuery(project=project["path_with_namespace"], now=NOW),
        "people": OpenQuery(["Ann", "ann "], project=project["id"], now=NOW),
    }
    found = {name: {row["Link"] for row in read(cases, query)} for name, query in queries.items()}
    assert found["project"] == within
    assert found["people"] == {mr["web_url"] for mr in opened if mr["author"]["username"] == "ann"}


def test_a_desk_has_only_what_waits_for_that_person(cases: Sandbox) -> None:
    """The sums are those of the desk, too."""
    query = OpenQuery(["ann"], desk="@BOB", now=NOW)
    report = read(cases, query)
    assert 0 < len(report) < len(CASES)
    assert all("bob" in str(row["Who"]).split(", ") for row in report)
    _, sums, desks = report.sheets(query, cases.url)
    assert sum(int(row["Merge Requests"] or 0) for row in sums.rows) == len(report)
    assert "bob" in {row["Username"] for row in desks.rows}


def test_who_does_not_exist_is_named_and_the_others_are_read(cases: Sandbox) -> None:
    """A person without open merge requests is not absent."""
    report = read(cases, OpenQuery(["ann", "no.such", "eve"], now=NOW))
    assert report.absent == {"no.such": "404 there is no user 'no.such'"}
    assert len(report) == len(CASES)


def test_a_project_that_is_not_there_is_an_error(cases: Sandbox) -> None:
    """There is nothing to show instead."""
    with pytest.raises(NotFound):
        read(cases, OpenQuery(project="acme/none"))
    with pytest.raises(ConfigurationError, match="people, a project or a group"):
        OpenQuery()


@pytest.mark.slow
@pytest.mark.parametrize(("users", "each"), [(10, 20), (25, 8)])
def test_two_hundred_take_at_most_twenty_five_requests_by_graphql(users: int, each: int) -> None:
    """Of a group, and of all its people; by REST each merge request takes some."""
    world = fresh_world(
        seed=2, users=users, merge_requests=each, issues=0, projects=4, large_every=0
    )
    for mr in world.tables.merge_requests:
        mr.update(state="opened", merged_at=None, closed_at=None, detailed_merge_status="mergeable")
    world.changed()
    names = list(world.truth.usernames)
    rows = {}
    with Sandbox(world, threads=8) as served:
        for name, query in {"acme": OpenQuery(group="acme"), "all": OpenQuery(names)}.items():
            served.traffic.reset()
            rows[name] = list(read(served, replace(query, now=NOW), "graphql"))
            assert len(rows[name]) == 200
            assert served.traffic.total <= 25
            assert not served.traffic.count("/merge_requests")
        served.traffic.reset()
        assert list(read(served, OpenQuery(names, now=NOW), "rest")) == rows["all"]
        assert served.traffic.total > 400
    assert rows["all"] == rows["acme"]


@pytest.mark.slow
def test_what_graphql_lacks_is_read_over_rest(cases: Sandbox) -> None:
    """A server without the field for threads, and one without a field of theirs."""
    query = OpenQuery(["ann"], now=NOW)
    expected = list(read(cases, query, "rest"))
    for missing in (
        "MergeRequest.discussions",
        "Note.resolvable",
        "Discussion.notes",
        "MergeRequest.detailedMergeStatus",
    ):
        with Sandbox(cases.world, threads=8, graphql_without=(missing,)) as served:
            assert list(read(served, query, "graphql")) == expected


def test_more_reviewers_than_a_page_are_all_read() -> None:
    """A list that GraphQL does not return to its end is read over REST."""
    world = fresh_world(seed=1, users=2, merge_requests=1, issues=0, projects=1)
    (mr, *_) = world.tables.merge_requests
    many = [{**person(f"p{number}"), "id": 8000 + number} for number in range(30)]
    mr.update(state="opened", merged_at=None, closed_at=None, draft=False, reviewers=many)
    key = mr["project_id"], mr["iid"]
    world.tables.mr_notes.put(key, [])
    world.tables.mr_pipelines.put(key, [])
    world.changed()
    query = OpenQuery([mr["author"]["username"]], now=NOW)
    with Sandbox(world, threads=8) as served:
        for source in SOURCES:
            (row,) = read(served, query, source)
            assert str(row["Who"]).count(",") == len(many) - 1


def _odd(broken: str) -> OddServer:
    """Return a server with three open merge requests, of which the second is odd."""

    def answers(path: str) -> Answer:
        number = path.partition("/merge_requests/")[2].partition("/")[0]
        if not number:
            mrs = [
                open_mr(id=n, iid=n, project_id=1, web_url=f"https://x.example/a/b/{n}")
                for n in (1, 2, 3)
            ]
            if broken == "record":
                mrs[1] |= {"draft": [], "author": 5, "reviewers": {}, "title": None, "labels": "x"}
            return json(mrs)
        if number == "2" and broken in path:
            return 200, {"Content-Type": "application/json"}, orjson.dumps([{"notes": 7}, {}])
        return json(pipelines((1, "success")) if "pipelines" in path else [])

    return OddServer(answers)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("record", "author of the merge request not known"),
        ("discussions", "a discussion is not readable"),
        ("pipelines", "newest pipeline not known"),
    ],
)
def test_an_odd_record_makes_its_own_row_unknown_and_no_other(broken: str, why: str) -> None:
    """The reason is in the row, and the run is not whole."""
    with _odd(broken) as server, Bridge(4) as bridge:
        client = GitLabClient(server.url, "token", bridge=bridge)
        report = answer(client, OpenQuery(project=1, now=NOW), Run(source="rest"))
    told = {str(row["Link"])[-1]: (row["Waiting For"], row["Why"]) for row in report}
    sound = ("needs reviewer", "no one was asked for a review, and no one has spoken")
    assert told == {"1": sound, "2": (None, why), "3": sound}
    assert not report.completeness.whole
    assert report.completeness.read == 2


def test_a_denied_list_of_threads_is_unknown_with_its_reason() -> None:
    """Drafts are known without it."""

    def answers(path: str) -> Answer:
        if path.partition("?")[0].endswith("merge_requests"):
            draft: dict[str, Any] = {"id": 2, "iid": 2, "draft": True}
            return json([open_mr(id=1, iid=1), open_mr(**draft)])
        return json({"message": "403 Forbidden"}, 403) if "discussions" in path else json([])

    with OddServer(answers) as server, Bridge(4) as bridge:
        client = GitLabClient(server.url, "token", bridge=bridge)
        report = answer(client, OpenQuery(group=3, now=NOW), Run(source="rest"))
    told = {row["Waiting For"]: str(row["Why"]) for row in report}
    assert told["author"] == "it is a draft"
    assert told[None].startswith("discussions not read: 403")
    assert report.completeness.lost == {"denied": 2}
