"""`batch_evaluate_mrs`: true rows for generated worlds, at least cost, honest about gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from batch_rows import assert_true, columns, counts, serving
from worlds import fresh_demo, fresh_world

from gitlab_sync import CancelToken, GitLabClient
from gitlab_sync.batch import process_batch_users, resolve_project_paths
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.items.merge_request import RULES
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.sandbox.truth import MERGE_REQUEST_CHECKS
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Progress, Source, TableRow

COUNTS = [
    "Closed MRs", "No Desc", "No Issues", "No Time Spent", "No Unit Tests", "Failed Pipeline",
    "No Semantic Commits", "No Internal Review", "Merge > 1 Week", "Merge > 2 Days",
]  # fmt: skip
ONE = "/projects/:id/merge_requests/:iid"
Maker = Callable[..., GitLabClient]
OVER_REST = Run(source="rest")


@pytest.fixture
def world() -> World:
    """Six people, four merge requests each, one in five with lists of more than a page."""
    return fresh_world(seed=5, users=6, merge_requests=4, issues=1, projects=5, large_every=5)


# -- what is counted -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scope", ["author", "assignee"])
def test_the_rows_of_a_generated_world_are_its_truth(bridge: Bridge, seed: int, scope: Any) -> None:
    """The world decided what each item fails before it wrote the records."""
    world = fresh_world(seed=seed, users=8, merge_requests=5, issues=0, projects=5)
    with serving(world, bridge) as (client, _):
        rows = client.batch_evaluate_mrs(world.truth.usernames, mr_scope=scope)
    assert_true(rows, world.truth.merge_requests(scope))


def test_the_rows_of_the_demo_are_its_truth(bridge: Bridge) -> None:
    """Everybody in it."""
    world = fresh_demo()
    with serving(world, bridge) as (client, _):
        assert_true(client.batch_evaluate_mrs(world.truth.usernames), world.truth.merge_requests())


@pytest.mark.parametrize("scope", ["author", "assignee"])
def test_in_a_project_only_its_items_count(client: GitLabClient, world: World, scope: Any) -> None:
    """By id and by path, encoded or not."""
    for project in world.tables.projects[:3]:
        truth = world.truth.merge_requests(scope, project_id=project["id"])
        path = project["path_with_namespace"]
        for name in (project["id"], str(project["id"]), path, path.replace("/", "%2F")):
            assert_true(client.batch_evaluate_mrs(world.truth.usernames, name, None, scope), truth)


@pytest.mark.parametrize("scope", ["author", "assignee"])
def test_in_a_group_its_projects_and_those_below_count(
    client: GitLabClient, world: World, scope: Any
) -> None:
    """By id and by path; archived projects, too."""
    for group in world.tables.groups:
        rows = client.batch_evaluate_mrs(
            world.truth.usernames, group_id=group["full_path"], mr_scope=scope
        )
        same = client.batch_evaluate_mrs(
            world.truth.usernames, group_id=group["id"], mr_scope=scope
        )
        assert rows == same
        below = {row.data["id"] for row in world.group_projects(group["id"])}
        assert_true(rows, world.truth.merge_requests(scope, project_ids=below))


def test_the_project_wins_over_the_group(client: GitLabClient, world: World) -> None:
    """If both are given."""
    project = world.tables.projects[0]["id"]
    rows = client.batch_evaluate_mrs(world.truth.usernames, project, "no/such/group")
    assert_true(rows, world.truth.merge_requests(project_id=project))


@pytest.mark.parametrize("scope", ["", "reviewer", "AUTHOR"])
def test_any_other_scope_means_the_author(client: GitLabClient, world: World, scope: str) -> None:
    """As in the older client."""
    rows = client.batch_evaluate_mrs(world.truth.usernames, mr_scope=scope)
    assert_true(rows, world.truth.merge_requests())


def test_a_token_that_sees_less_counts_what_it_sees(
    make_client: Maker, world: World, sandbox: Sandbox
) -> None:
    """Private projects of others are not there for it."""
    outsider = sandbox.token_for(world.truth.usernames[3], name="outsider")
    client = GitLabClient(sandbox.url, outsider, bridge=make_client().session.bridge)
    seen = {project["id"] for project in client.get_all("projects")}
    rows = client.batch_evaluate_mrs(world.truth.usernames)
    assert_true(rows, world.truth.merge_requests(project_ids=seen))


# -- rows and people -------------------------------------------------------------------------------


def test_a_row_has_exactly_the_columns_in_their_order(client: GitLabClient, world: World) -> None:
    """Also rows without numbers; and they are plain dicts."""
    rows = client.batch_evaluate_mrs([*world.truth.usernames, "nobody"])
    assert all(list(row) == columns(COUNTS) for row in rows)
    assert all(type(row) is dict for row in rows)


def test_rows_are_sorted_by_username_without_case(client: GitLabClient, world: World) -> None:
    """Whatever the order of the input."""
    rows = client.batch_evaluate_mrs([*reversed(world.truth.usernames), "No-One", "aaa"])
    names = [str(row["Username"]).lower() for row in rows]
    assert names == sorted(names)


def test_a_user_who_does_not_exist_has_no_numbers(client: GitLabClient) -> None:
    """Null is not zero: an unknown user must not look perfect."""
    (row,) = client.batch_evaluate_mrs(["Nobody.Here"])
    assert (row["Username"], row["Status"]) == ("Nobody.Here", "Not Found")
    assert set(counts(row).values()) == {None}
    assert row["Unverified"] is None
    assert "404" in str(row["Error"])


def test_a_user_without_merge_requests_has_zeros(client: GitLabClient, world: World) -> None:
    """Zero is what was counted."""
    world.put("users", {**world.tables.users[0], "id": 999, "username": "Idle.One"})
    (row,) = client.batch_evaluate_mrs(["idle.one"])
    assert (row["Username"], row["Status"], row["Unverified"]) == ("Idle.One", "Success", 0)
    assert set(counts(row).values()) == {0}


def test_the_same_name_in_another_case_counts_once_and_is_shown_as_gitlab_spells_it(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Blank names are left out, an @ in front too."""
    rows = client.batch_evaluate_mrs(
        ["ALICE.moreau", "alice.MOREAU", " Alice.Moreau ", "@alice.moreau", "", "  ", None]  # type: ignore[list-item]
    )
    assert [row["Username"] for row in rows] == ["alice.moreau"]
    assert sandbox.traffic.count("/merge_requests") == 1


def test_no_names_give_no_rows_and_cost_nothing(client: GitLabClient, sandbox: Sandbox) -> None:
    """And the report is whole."""
    report = client.batch_evaluate_mrs([])
    assert report == []
    assert report.completeness.whole
    assert sandbox.traffic.total == 0


def test_one_text_in_place_of_a_list_is_refused(client: GitLabClient) -> None:
    """It would be read letter by letter."""
    for name, call in {
        "usernames": client.batch_evaluate_mrs,
        "paths": partial(resolve_project_paths, client),
        "project_ids": partial(process_batch_users, client, ["alice.moreau"], None, None),
    }.items():
        sentence = rf"^{name} must be a list; did you mean \['dev0010'\]\?$"
        with pytest.raises(ConfigurationError, match=sentence):
            call("dev0010")


def test_names_may_come_from_any_iterable(client: GitLabClient, world: World) -> None:
    """A generator, a set."""
    truth = world.truth.merge_requests()
    assert_true(client.batch_evaluate_mrs(name for name in truth), truth)
    assert_true(client.batch_evaluate_mrs(set(truth)), truth)


def test_names_with_odd_characters_are_asked_for_as_they_are(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """They cannot change the query."""
    names = ["a&scope=created_by_me", "b#c", "d%20e", "é", "x" * 300]
    rows = client.batch_evaluate_mrs(names)
    assert {row["Status"] for row in rows} == {"Not Found"}
    assert sandbox.traffic.count("/merge_requests") == len(names)


def test_a_review_by_a_bot_is_none_and_one_by_ghost_is(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """The name decides."""
    tables = world.tables
    mr = next(
        one for one in tables.merge_requests if one["state"] == "merged" and not one["upvotes"]
    )
    key = (mr["project_id"], mr["iid"])
    name = mr["author"]["username"]
    where = {"project_id": mr["project_id"]}
    note = {"id": 7, "body": "Nice", "system": False, "created_at": mr["created_at"]}

    def unreviewed(reviewer: str) -> Any:
        tables.mr_notes.put(key, [{**note, "author": {"id": 1, "username": reviewer}}])
        world.changed()
        return client.batch_evaluate_mrs([name], **where)[0]["No Internal Review"]

    by_person = unreviewed("somebody")
    assert unreviewed("ghost") == by_person
    for bot in ("renovate", "lint-bot", "x_bot", "y[bot]", "project_7_bot_9f", name):
        assert unreviewed(bot) == by_person + 1, bot


# -- what it costs ---------------------------------------------------------------------------------


def test_a_batch_costs_little_and_asks_nothing_twice(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """A list for each person, what each ended merge request needs, further pages."""
    names = world.truth.usernames
    client.batch_evaluate_mrs(names, run=OVER_REST)
    traffic = sandbox.traffic
    asked = Counter(exchange.url for exchange in traffic.exchanges)
    assert max(asked.values()) == 1
    ended = [row.data for row in world.merge_requests.rows if row.data["state"] != "opened"]
    facts = traffic.total - traffic.count("/merge_requests")
    further = sum("page=" in e.query.replace("per_page=", "") for e in traffic.exchanges)
    assert (
        facts == sum(len(RULES.undecided(mr)) for mr in ended) + further < 4 * len(ended) + further
    )
    assert {endpoint.removeprefix(ONE) for endpoint in traffic.by_endpoint} == {
        "/merge_requests",
        "/notes",
        "/commits",
        "/diffs",
        "/pipelines",
    }


def test_without_long_lists_a_merge_request_costs_less_than_four_requests(
    bridge: Bridge,
) -> None:
    """With the lists of people, and those of the pipelines of projects, in it."""
    world = generate_world(seed=8, users=5, merge_requests=20, issues=0, projects=3, large_every=0)
    with serving(world, bridge) as (client, sandbox):
        rows = client.batch_evaluate_mrs(world.truth.usernames, run=OVER_REST)
        ended = sum(int(row["Closed MRs"] or 0) for row in rows)
        assert 2 * ended < sandbox.traffic.total < 3.7 * ended


def test_open_merge_requests_cost_nothing_but_the_list(bridge: Bridge) -> None:
    """They are not evaluated."""
    world = generate_world(seed=1, users=1, merge_requests=5, issues=0, projects=1)
    for record in world.tables.merge_requests:
        record.update(state="opened", merged_at=None, closed_at=None)
    world.changed()
    with serving(world, bridge) as (client, sandbox):
        (row,) = client.batch_evaluate_mrs(world.truth.usernames)
        assert set(counts(row).values()) == {0}
        assert row["Status"] == "Success"
        assert sandbox.traffic.by_endpoint == {"/merge_requests": 1}


def test_only_a_user_whose_list_is_empty_is_looked_up(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """An item is proof enough that its author exists."""
    client.batch_evaluate_mrs([*world.truth.usernames, "nobody", "nobody.else"])
    look_ups = [e.query for e in sandbox.traffic.exchanges if e.endpoint == "/users"]
    assert sorted(query.split("&")[0] for query in look_ups) == [
        "username=nobody",
        "username=nobody.else",
    ]


def test_a_user_whose_list_could_not_be_read_is_not_looked_up(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """It would say nothing about the list."""
    sandbox.faults.add("status", status=403, path="/merge_requests", times=None)
    (row,) = client.batch_evaluate_mrs(["alice.moreau"])
    assert row["Status"] == "Error"
    assert sandbox.traffic.count("/users") == 0


def test_a_merge_request_of_two_assignees_is_read_once_and_counts_for_both(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """The requests are shared, the rows are not."""
    ended = [mr for mr in world.tables.merge_requests if mr["state"] == "merged"]
    mr = ended[0]
    people = [world.users_by_name[name.lower()].data for name in world.truth.usernames[:2]]
    for other in world.tables.merge_requests:
        other["assignees"] = people if other is mr else []
    world.changed()
    rows = client.batch_evaluate_mrs([one["username"] for one in people], mr_scope="assignee")
    assert [row["Closed MRs"] for row in rows] == [1, 1]
    assert counts(rows[0]) == counts(rows[1])
    assert sandbox.traffic.count(f"{ONE}/notes") in {1, 2}  # one list, which may have two pages
    assert max(Counter(e.url for e in sandbox.traffic.exchanges).values()) == 1


# -- further pages ---------------------------------------------------------------------------------


def lonely(world: World) -> tuple[dict[str, Any], tuple[int, int]]:
    """Leave one merged merge request in a world, without lists, votes or an issue; return it."""
    mr = next(one for one in world.tables.merge_requests if one["state"] == "merged")
    key = (mr["project_id"], mr["iid"])
    world.tables.merge_requests[:] = [mr]
    mr.update(upvotes=0, title="a title", description="a text")
    for children in ("mr_notes", "mr_commits", "mr_diffs", "mr_pipelines"):
        getattr(world.tables, children).put(key, [])
    world.changed()
    return mr, key


def judged(client: GitLabClient, mr: dict[str, Any]) -> TableRow:
    """Return the row of its author."""
    return client.batch_evaluate_mrs([mr["author"]["username"]])[0]


def test_the_hundred_and_first_commit_counts(client: GitLabClient, world: World) -> None:
    """The only semantic one, which names the issue as well."""
    mr, key = lonely(world)
    plain = [
        {"id": str(n), "message": "wip", "title": "wip", "parent_ids": ["p"]} for n in range(100)
    ]
    world.tables.mr_commits.put(key, plain)
    row = judged(client, mr)
    assert (row["No Semantic Commits"], row["No Issues"]) == (1, 1)
    last = {"id": "l", "message": "fix: it\n\nCloses #7", "title": "fix: it", "parent_ids": ["p"]}
    world.tables.mr_commits.put(key, [*plain, last])
    row = judged(client, mr)
    assert (row["No Semantic Commits"], row["No Issues"]) == (0, 0)


def test_a_review_on_the_second_page_of_notes_counts(client: GitLabClient, world: World) -> None:
    """The newest come first; the older client read twenty."""
    mr, key = lonely(world)
    note = {"body": "changed the title", "system": True, "author": mr["author"]}
    newer = [{**note, "id": n + 10, "created_at": f"2025-01-01T00:{n // 60:02}:{n % 60:02}Z"}
             for n in range(100)]  # fmt: skip
    world.tables.mr_notes.put(key, newer)
    assert judged(client, mr)["No Internal Review"] == 1
    review = {
        "id": 1,
        "body": "Looks good",
        "system": False,
        "author": {"id": 77, "username": "another.person"},
        "created_at": "2024-01-01T00:00:00Z",
    }
    world.tables.mr_notes.put(key, [*newer, review])
    assert judged(client, mr)["No Internal Review"] == 0


def test_a_test_on_the_third_page_of_changes_counts(client: GitLabClient, world: World) -> None:
    """All changed paths are looked at."""
    mr, key = lonely(world)
    changed = [{"old_path": f"src/{n}.py", "new_path": f"src/{n}.py"} for n in range(200)]
    world.tables.mr_diffs.put(key, changed)
    assert judged(client, mr)["No Unit Tests"] == 1
    test = {"old_path": "tests/test_a.py", "new_path": "tests/test_a.py"}
    world.tables.mr_diffs.put(key, [*changed, test])
    assert judged(client, mr)["No Unit Tests"] == 0


def test_the_newest_pipeline_counts_wherever_it_stands(client: GitLabClient, world: World) -> None:
    """The list is not sorted by id; the highest can be on the second page."""
    mr, key = lonely(world)
    older = [{"id": n, "status": "failed"} for n in range(1, 101)]
    world.tables.mr_pipelines.put(key, [*older, {"id": 500, "status": "success"}])
    assert judged(client, mr)["Failed Pipeline"] == 0
    world.tables.mr_pipelines.put(key, [{"id": 500, "status": "failed"}, *older])
    assert judged(client, mr)["Failed Pipeline"] == 1
    world.tables.mr_pipelines.put(key, [])
    assert judged(client, mr)["Failed Pipeline"] == 0


def test_time_that_an_older_servers_list_lacks_is_asked_for(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """One request more; where that fails it is unknown."""
    mr, _ = lonely(world)
    mr["time_stats"] = None
    world.changed()
    body = '{"time_estimate": 0, "total_time_spent": 3600}'
    stats = {"path": "*/time_stats", "times": None}
    sandbox.faults.add("status", status=200, body=body, **stats)
    assert judged(client, mr)["No Time Spent"] == 0
    sandbox.faults.clear()
    sandbox.faults.add("status", status=200, body='{"total_time_spent": 0}', **stats)
    assert judged(client, mr)["No Time Spent"] == 1
    for wrong in ("[]", "null", '{"message": "x"}'):
        sandbox.faults.clear()
        sandbox.faults.add("status", status=200, body=wrong, **stats)
        row = judged(client, mr)
        assert (row["No Time Spent"], row["Status"], row["Unverified"]) == (None, "Partial", 1)


# -- trouble ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where", [{"project_id": 999_999}, {"group_id": "no/such"}, {"project_id": "no/such"}]
)
def test_a_project_or_group_that_does_not_exist_makes_every_row_an_error(
    client: GitLabClient, world: World, where: dict[str, Any]
) -> None:
    """With null counts and the reason; no one is looked up."""
    report = client.batch_evaluate_mrs(world.truth.usernames, **where)
    assert len(report) == len(world.truth.usernames)
    for row in report:
        assert row["Status"] == "Error"
        assert set(counts(row).values()) == {None}
        assert "404" in str(row["Error"])
    place = " ".join((next(iter(where)).removesuffix("_id"), str(*where.values())))
    assert str(report.completeness) == f"0 of 0 merge requests read, {place} not found"


def test_one_users_trouble_never_touches_anothers_row(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """A 401, a 403, a reset that lasts, a cut list: one each."""
    names = world.truth.usernames
    faults: list[dict[str, Any]] = [
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 403},
        {"kind": "reset"},
        {"kind": "truncate"},
    ]
    for name, fault in zip(names, faults, strict=False):
        sandbox.faults.add(query={"author_username": name}, times=None, **fault)
    report = client.batch_evaluate_mrs(names, run=OVER_REST)
    rows = {str(row["Username"]): row for row in report}
    assert [rows[name]["Status"] for name in names] == ["Error"] * 4 + ["Success"] * 2
    truth = world.truth.merge_requests()
    assert_true([rows[name] for name in names[4:]], {name: truth[name] for name in names[4:]})


def test_what_is_denied_is_unknown_and_neither_a_fault_nor_clean(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """The other columns are the true ones; the reason is in the row once, with its number."""
    sandbox.faults.add("status", status=403, path="*/diffs", times=None)
    report = client.batch_evaluate_mrs(world.truth.usernames, run=OVER_REST)
    truth = world.truth.merge_requests()
    for row in report:
        expected = truth[str(row["Username"])]
        if expected["Closed MRs"]:
            assert row["Status"] == "Partial"
            assert row["Unverified"] == expected["Closed MRs"]
            assert row["No Unit Tests"] is None
            assert str(row["Error"]).count("403") == 1
        others = {title: row[title] for title in COUNTS if title != "No Unit Tests"}
        assert others == {title: expected[title] for title in others}
    total = sum(row["Closed MRs"] for row in truth.values())
    assert str(report.completeness) == f"0 of {total} merge requests read, {total} denied"
    assert not report.completeness.whole


def test_some_items_unknown_leave_the_known_ones_counted(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """`Unverified` counts the pairs of item and check."""
    truth = world.truth.merge_requests()
    name, expected = next((n, c) for n, c in truth.items() if c["Closed MRs"] >= 2)
    mr = next(
        record
        for record in world.tables.merge_requests
        if record["author"]["username"] == name and record["state"] != "opened"
    )
    path = f"/projects/{mr['project_id']}/merge_requests/{mr['iid']}/pipelines"
    sandbox.faults.add("status", status=404, path=path, times=None)
    report = client.batch_evaluate_mrs([name], run=OVER_REST)
    (row,) = report
    assert (row["Status"], row["Unverified"]) == ("Partial", 1)
    assert row["Closed MRs"] == expected["Closed MRs"]
    assert expected["Failed Pipeline"] - 1 <= row["Failed Pipeline"] <= expected["Failed Pipeline"]  # type: ignore[operator]
    total = expected["Closed MRs"]
    assert str(report.completeness) == f"{total - 1} of {total} merge requests read, 1 not found"


def test_a_whole_run_says_that_everything_was_read(client: GitLabClient, world: World) -> None:
    """In the completeness line."""
    report = client.batch_evaluate_mrs([*world.truth.usernames, "nobody"])
    total = sum(row["Closed MRs"] for row in world.truth.merge_requests().values())
    assert report.completeness.whole
    assert str(report.completeness) == f"{total} of {total} merge requests read"


def test_rows_of_a_list_that_lack_what_identifies_them_are_unknown(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """A proxy could filter fields: what cannot be evaluated is not clean."""
    body = '[{"state": "merged"}, {"state": "merged", "id": 5}, {"state": "opened"}]'
    sandbox.faults.add("status", status=200, body=body, path="/merge_requests")
    (row,) = client.batch_evaluate_mrs(["alice.moreau"])
    assert (row["Closed MRs"], row["Status"]) == (2, "Partial")
    assert row["Unverified"]
    assert row["No Unit Tests"] is None


# -- watching and ending a run ---------------------------------------------------------------------


def test_each_row_is_told_as_soon_as_it_is_known_and_once(
    client: GitLabClient, world: World
) -> None:
    """The same rows as in the report."""
    told: list[TableRow] = []
    report = client.batch_evaluate_mrs(
        [*world.truth.usernames, "nobody"], run=Run(on_row=told.append)
    )
    assert sorted(told, key=lambda row: str(row["Username"]).lower()) == report


def test_progress_goes_up_to_the_total(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """By items, with the requests made so far; the meter ends where it ends."""
    seen: list[Progress] = []
    tracker = ProgressTracker()
    assert tracker.now() == Progress()
    client.batch_evaluate_mrs(
        world.truth.usernames, run=Run(on_progress=seen.append, tracker=tracker)
    )
    ended = sum(one.state != "opened" for one in world.truth.merge_request_decisions)
    assert [progress.done for progress in seen] == list(range(ended + 1))
    assert {progress.total for progress in seen} == {ended}
    assert [p.requests for p in seen] == sorted(p.requests for p in seen)
    assert tracker.now().done == tracker.now().total == ended
    assert tracker.now().requests == sandbox.traffic.total


def test_waiting_for_a_rate_limit_shows_on_the_meter(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """So that a page can say when it goes on; and the rows are true in the end."""
    sandbox.faults.add("limit", retry_after=0.3, path="/merge_requests")
    tracker = ProgressTracker()
    waits: list[float] = []

    def look(progress: Progress) -> None:
        waits.append(progress.waiting)

    run = Run(tracker=tracker, on_progress=look, source="rest")
    rows = client.batch_evaluate_mrs(world.truth.usernames, run=run)
    assert_true(rows, world.truth.merge_requests())
    assert client.last_rate_limit is not None
    assert all(wait >= 0 for wait in waits)


@pytest.mark.parametrize(("source", "after"), [("rest", 0), ("rest", 1), ("rest", 5), ("auto", 0)])
def test_a_run_that_is_cancelled_gives_honest_rows(
    client: GitLabClient, world: World, source: Source, after: int
) -> None:
    """What was read is counted, the rest is unknown; it ends at once."""
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done >= after:
            cancel.cancel("the page was left")

    report = client.batch_evaluate_mrs(
        world.truth.usernames, run=Run(cancel=cancel, on_progress=stop, source=source)
    )
    truth = world.truth.merge_requests()
    assert len(report) == len(truth)
    assert "cancelled" in str(report.completeness)
    assert not report.completeness.whole
    for row in report:
        expected = truth[str(row["Username"])]
        assert row["Closed MRs"] == expected["Closed MRs"]
        known = sum(int(row[title] or 0) for title in MERGE_REQUEST_CHECKS)
        missing = sum(expected[title] for title in MERGE_REQUEST_CHECKS) - known
        assert 0 <= missing <= int(row["Unverified"] or 0)
        assert (row["Status"] == "Success") == (row["Unverified"] == 0)
        if row["Status"] != "Success":
            assert "the page was left" in str(row["Error"])


def test_a_run_that_was_cancelled_before_it_began_asks_nothing(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Every row says so."""
    cancel = CancelToken()
    cancel.cancel()
    report = client.batch_evaluate_mrs(world.truth.usernames, run=Run(cancel=cancel))
    assert {row["Status"] for row in report} == {"Error"}
    assert sandbox.traffic.total == 0


def test_a_client_that_is_closed_in_the_middle_gives_honest_rows(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """As one that was cancelled."""
    sandbox.faults.add("stall", path="*/notes", times=None)
    report = client.batch_evaluate_mrs(
        world.truth.usernames, run=Run(on_progress=lambda _: client.close())
    )
    assert {row["Status"] for row in report} <= {"Partial", "Success"}
    assert "cancelled" in str(report.completeness)


def test_a_bridge_that_is_closed_in_the_middle_gives_honest_rows(
    client: GitLabClient, bridge: Bridge, world: World, sandbox: Sandbox
) -> None:
    """Rather than an exception from some thread pool."""
    report = client.batch_evaluate_mrs(
        world.truth.usernames, run=Run(on_progress=lambda _: bridge.close())
    )
    assert {row["Status"] for row in report} <= {"Partial", "Success"}
    assert "cancelled" in str(report.completeness)


@pytest.mark.parametrize("workers", [1, 4])
def test_parts_of_the_people_run_on_an_executor_given_from_outside(
    client: GitLabClient, world: World, workers: int
) -> None:
    """Any `concurrent.futures.Executor`; the rows are the same."""
    with ThreadPoolExecutor(workers) as executor:
        rows = client.batch_evaluate_mrs(world.truth.usernames, run=Run(executor=executor))
    assert_true(rows, world.truth.merge_requests())


def test_on_an_executor_from_outside_faults_are_told_as_well(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """And what can be retried is."""
    sandbox.faults.add("status", status=502, times=5)
    sandbox.faults.add("limit", retry_after=0.01, times=3)
    with ThreadPoolExecutor(4) as executor:
        rows = client.batch_evaluate_mrs(world.truth.usernames, run=Run(executor=executor))
    assert_true(rows, world.truth.merge_requests())


def test_eight_people_and_more_are_judged_on_two_workers(make_bridge: Any) -> None:
    """The older one waited for itself from eight users on."""
    world = generate_world(seed=9, users=12, merge_requests=2, issues=0, projects=2)
    with serving(world, make_bridge(2)) as (client, _):
        assert_true(client.batch_evaluate_mrs(world.truth.usernames), world.truth.merge_requests())
