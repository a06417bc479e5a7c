"""Items as of a moment: the rows of then, whatever people did later, or why they are not known."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.items.as_of import AS_THEY_ARE, AsOf
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sandbox.generate import TODAY
from gitlab_sync.sandbox.moving import Mover
from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests
from gitlab_sync.services.people import PeopleQuery, PeopleReport
from gitlab_sync.services.people import answer as answer_people
from gitlab_sync.services.people_data import ITEMS_ONLY
from gitlab_sync.services.profile import ProfileQuery, ProfileReport
from gitlab_sync.services.profile import answer as answer_profile
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import open_store
from gitlab_sync.types import Source

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/rules"))

import truth_from_files as classic_truth
import truth_of_fair as truth

WHEN = TODAY.replace(tzinfo=UTC)
THEN = AsOf(WHEN)
Kind = Literal["merge_requests", "issues"]
EVALUATE: dict[Kind, Callable[..., Report]] = {
    "merge_requests": evaluate_merge_requests,
    "issues": evaluate_issues,
}
POLICIES = [CLASSIC, FAIR]
NOT_NEEDED = ("Title", "Labels", "Milestone", "Time Spent")
"""What a profile shows of an item that no check may need: it is unknown if the item changed."""


def small_world() -> World:
    """Return a world of its own for each test, since each moves it on."""
    return fresh_world(5, users=4, merge_requests=9, issues=7, projects=2)


def read(
    sandbox: Sandbox,
    kind: Kind,
    policy: Policy,
    as_of: AsOf = AS_THEY_ARE,
    source: Source = "rest",
    folder: Path | None = None,
) -> Report:
    """Read the rows of all people with a bridge of their own."""
    names = sandbox.world.truth.usernames
    with Bridge(8) as bridge:
        client = GitLabClient(sandbox.url, sandbox.token("admin"), bridge=bridge)
        if folder is None:
            return EVALUATE[kind](client, names, run=Run(source=source), policy=policy, as_of=as_of)
        with open_store(client.base_url, client.session.credential, "on", folder) as store:
            run = Run(source=source, store=store)
            return EVALUATE[kind](client, names, run=run, policy=policy, as_of=as_of)


def rows_of(report: Report) -> dict[str, dict[str, Any]]:
    """Return the rows by username, without the moment."""
    return {str(row["Username"]): {key: row[key] for key in row if key != "As Of"}
            for row in report}  # fmt: skip


def move_on(world: World, *, edits: bool, seed: int = 1) -> None:
    """Let a month of work come after `WHEN`: on old items, and on new ones.

    Without `edits`, nothing is changed of which GitLab keeps no earlier value.
    """
    chosen = random.Random(seed)
    people = world.tables.users[:4]
    for number, item in enumerate([*world.tables.merge_requests, *world.tables.issues]):
        mover = Mover(world, chosen.choice(people))
        at = WHEN + timedelta(minutes=number + 1)
        is_mr = "source_branch" in item
        mover.comment(item, at, f"see #{number}")
        if is_mr:
            mover.approve(item, at + timedelta(hours=1))
            mover.run_pipeline(item, at, chosen.choice(["failed", "success"]))
        for name in ("backend", "late"):
            mover.label(item, at, name)
        if not is_mr:
            mover.plan(item, at, None if item["milestone"] and number % 2 else milestone(item))
        if item["state"] == "closed" and number % 3:
            mover.reopen(item, at + timedelta(hours=2))
        if item["state"] == "opened":
            end = mover.merge if is_mr and number % 2 else mover.close
            end(item, at + timedelta(hours=3))
        if edits and number % 4 == 0:
            mover.describe(item, at + timedelta(days=1), "" if item["description"] else "Text.")
        if edits and number % 4 == 1:
            mover.retitle(item, at + timedelta(days=1), "Another title")
        if edits and number % 4 == 2 and is_mr and item["state"] == "merged":
            mover.retry_pipeline(item, at + timedelta(days=1), "failed")
    for item in [*world.tables.merge_requests[:3], *world.tables.issues[:3]]:
        later = {**item, "id": world.new_id(), "iid": item["iid"] + 1000}
        later |= {"created_at": "2026-07-01T00:00:00.000Z", "updated_at": "2026-07-02T00:00:00Z"}
        later |= dict.fromkeys(("merged_at", "closed_at", "sha") & item.keys())
        later["state"] = "opened"
        table = world.tables.merge_requests if "source_branch" in item else world.tables.issues
        table.append(later)
    world.changed()


def milestone(item: dict[str, Any]) -> dict[str, Any]:
    """Return a milestone of a later quarter."""
    return {"id": 7, "iid": 7, "project_id": item["project_id"], "title": "Next", "state": "active"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Put such a world behind a server."""
    with Sandbox(small_world()) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVALUATE)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_month_later_the_rows_are_those_of_then(
    sandbox: Sandbox, kind: Kind, policy: Policy
) -> None:
    """Those that were read then without asking for any moment; REST and GraphQL say the same."""
    before = rows_of(read(sandbox, kind, policy))
    at_once = read(sandbox, kind, policy, THEN)
    move_on(sandbox.world, edits=False)
    later = read(sandbox, kind, policy, THEN)
    assert list(later) == list(at_once)
    if policy is FAIR or kind == "issues":
        assert rows_of(later) == before
    assert list(read(sandbox, kind, policy, THEN, "graphql")) == list(later)
    assert rows_of(read(sandbox, kind, policy)) != before, "the world has moved on"


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVALUATE)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_what_was_edited_later_is_unknown_and_says_when(
    sandbox: Sandbox, kind: Kind, policy: Policy
) -> None:
    """Nothing else changes, and nothing passes or fails by what was written later."""
    before = rows_of(read(sandbox, kind, policy, THEN))
    move_on(sandbox.world, edits=True)
    later = read(sandbox, kind, policy, THEN)
    assert list(read(sandbox, kind, policy, THEN, "graphql")) == list(later)
    lost = 0
    for name, row in rows_of(later).items():
        for check in (policy.issues if kind == "issues" else policy.merge_requests).checks:
            fewer = (before[name][check.title] or 0) - (row[check.title] or 0)
            more = row["Unverified"] - before[name]["Unverified"]
            assert 0 <= fewer <= more
            lost += fewer
        if row["Unverified"] > before[name]["Unverified"]:
            assert row["Status"] == "Partial"
            assert "changed at 2026-06-16T" in row["Error"]
    assert lost
    assert later.completeness.lost["changed since"]


@pytest.mark.parametrize("kind", EVALUATE)
def test_only_what_changed_costs_requests(sandbox: Sandbox, kind: Kind) -> None:
    """And of that only what the rules need: not the labels or the milestone of merge requests."""
    read(sandbox, kind, FAIR)
    usual = dict(sandbox.traffic.by_endpoint)
    sandbox.traffic.reset()
    read(sandbox, kind, FAIR, THEN)
    assert dict(sandbox.traffic.by_endpoint) == usual
    move_on(sandbox.world, edits=False)
    sandbox.traffic.reset()
    read(sandbox, kind, FAIR, THEN)
    one = f"/projects/:id/{kind}/:iid"
    extra = set(sandbox.traffic.by_endpoint) - set(usual)
    of_issues = {f"{one}/resource_label_events", f"{one}/notes"}
    assert extra == {f"{one}/resource_state_events", *(of_issues if kind == "issues" else ())}


@pytest.mark.slow
def test_a_store_changes_no_row_and_keeps_what_it_holds(sandbox: Sandbox, tmp_path: Path) -> None:
    """Facts are stored as they are: a run of today uses them, and one as of then as well."""
    move_on(sandbox.world, edits=True)
    for item in sandbox.world.tables.merge_requests:
        item["updated_at"] = min(item["updated_at"], "2026-07-01T00:00:00.000Z")
    kind: Kind = "merge_requests"
    today, then = read(sandbox, kind, FAIR), read(sandbox, kind, FAIR, THEN)
    for as_of, expected in ((THEN, then), (AS_THEY_ARE, today), (THEN, then)):
        sandbox.traffic.reset()
        assert list(read(sandbox, kind, FAIR, as_of, folder=tmp_path)) == list(expected)
    below = "/projects/:id/merge_requests/:iid/"
    asked = dict(sandbox.traffic.by_endpoint)
    again = sum(number for path, number in asked.items() if path.startswith(below))
    states = asked[f"{below}resource_state_events"]
    assert again - states <= 4 * sum(int(row["Unverified"] or 0) for row in today)


@pytest.mark.slow
def test_whole_people_and_profiles_are_those_of_then(sandbox: Sandbox) -> None:
    """Of their items; what else there was is not known, and said so."""
    names = sandbox.world.truth.usernames

    def ask(as_of: AsOf) -> tuple[PeopleReport, ProfileReport]:
        with Bridge(8) as bridge:
            client = GitLabClient(sandbox.url, sandbox.token("admin"), bridge=bridge)
            people = tuple(map(Person, names))
            query = PeopleQuery(people, policy=FAIR, as_of=as_of)
            profile = ProfileQuery(names[0], policy=FAIR, as_of=as_of)
            return answer_people(client, query), answer_profile(client, profile)

    (today, _), before = ask(AS_THEY_ARE), ask(THEN)
    move_on(sandbox.world, edits=False)
    sandbox.traffic.reset()
    later = ask(THEN)
    assert not [path for path in sandbox.traffic.by_endpoint if "commits" in path.split("/")[-1]
                and "merge_requests" not in path]  # fmt: skip
    for then, now in zip(before, later, strict=True):
        assert list(now) == list(then)
    for now, then in zip(later[1].sheets(""), before[1].sheets(""), strict=True):
        for row, was in zip(now.rows, then.rows, strict=True):
            lost = {key for key in was if row[key] is None}
            told = {"Error"} if "changed later" in str(row["Error"]) else set[str]()
            assert {**row, **{key: was[key] for key in lost | told}} == was
            assert lost <= {key for key in was if was[key] is None} | set(NOT_NEEDED)
    unknown = {"Commits Total", "Commits Morning", "Commits Afternoon", "Groups Count", "As Of"}
    unknown |= {"Projects (Auth)", "Projects (Contr)"}
    for row, true in zip(later[0], today, strict=True):
        assert {key: row[key] for key in true if key not in unknown} == {
            key: true[key] for key in true if key not in unknown
        }
        assert {row[key] for key in unknown - {"As Of"}} == {None}
    assert ITEMS_ONLY in later[0].remarks
    assert set(later[1].parts) == {"MergeRequests", "Issues"}


def test_each_person_has_a_deadline_and_what_came_after_it_is_late(sandbox: Sandbox) -> None:
    """Within the grace; the moment of one person changes nothing for another."""
    world = sandbox.world
    first, second, *_ = world.truth.usernames
    mover = Mover(world, world.tables.users[0])
    opened = [mr for mr in world.tables.merge_requests if mr["state"] == "opened"]
    theirs = {first: opened[:2], second: opened[2:4]}
    for name, mrs in theirs.items():
        for mr in mrs:
            mr["author"] = world.users_by_name[name].data
    for mrs in theirs.values():
        mover.merge(mrs[0], WHEN + timedelta(hours=5))
        mover.merge(mrs[1], WHEN + timedelta(days=5))
    world.changed()
    extended = AsOf(WHEN, {second: WHEN + timedelta(days=1)}, timedelta(hours=12))
    report = read(sandbox, "merge_requests", FAIR, extended)
    rows, before = rows_of(report), rows_of(read(sandbox, "merge_requests", FAIR, THEN))
    assert rows[first] == {**before[first], "Late": 1}
    assert rows[second]["MR Merged"] == before[second]["MR Merged"] + 1
    assert rows[second]["Late"] == 0
    (late,) = report.late
    assert late["Username"] == first
    assert late["Link"] == theirs[first][0]["web_url"]
    assert late["Ended"] == "2026-06-15T17:00:00.000Z"
    assert {row["Username"]: row["As Of"] for row in report}[second] == "2026-06-16T12:00:00+00:00"


def test_what_no_event_explains_is_unknown(sandbox: Sandbox) -> None:
    """As on a server that wrote no events when the item was closed; no other row changes."""
    world = sandbox.world
    before = rows_of(read(sandbox, "issues", FAIR, THEN))
    issue = next(each for each in world.tables.issues if each["state"] == "opened")
    Mover(world, world.tables.users[0]).close(issue, WHEN + timedelta(hours=1))
    world.tables.resource_events[("Issue", issue["project_id"], issue["iid"])] = []
    world.changed()
    later = rows_of(read(sandbox, "issues", FAIR, THEN))
    name = issue["author"]["username"]
    assert {each for each in later if later[each] != before[each]} == {name}
    assert later[name]["Status"] == "Partial"
    assert "the state events do not lead to the state of today" in later[name]["Error"]
    assert later[name]["Opened Issues"] == before[name]["Opened Issues"] - 1
    assert later[name]["Closed Issues"] == before[name]["Closed Issues"]


@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_in_the_midst_of_a_history_the_rows_are_those_of_a_second_computation(
    sandbox: Sandbox, source: Source
) -> None:
    """At a moment after a merge and before an edit of what was merged."""
    world = sandbox.world
    merged = sorted(
        mr["merged_at"] for mr in world.tables.merge_requests
        if mr["merged_at"] and mr["updated_at"] > mr["merged_at"]
    )  # fmt: skip
    when = datetime.fromisoformat(merged[len(merged) // 2]) + timedelta(hours=1)
    seconds, edited = when.timestamp(), 0
    report = read(sandbox, "merge_requests", FAIR, AsOf(when), source)
    for name, row in rows_of(report).items():
        answers, states = [], Counter[str]()
        for mr in world.tables.merge_requests:
            if mr["author"]["username"] != name or not was(mr["created_at"], seconds):
                continue
            state = mr["state"] if was(mr.get(f"{mr['state']}_at"), seconds) else "opened"
            events = world.tables.resource_events["MergeRequest", mr["project_id"], mr["iid"]]
            for event in events:
                if "state" in event and was(event["created_at"], seconds):
                    state = {"reopened": "opened"}.get(event["state"], event["state"])
            states[state] += 1
            if state == "merged":
                found, was_edited = answers_then(world, mr, seconds)
                answers.append(found)
                edited += was_edited
        expected = {
            "MR Merged": states["merged"],
            "Closed Unmerged": states["closed"],
            "Open": states["opened"],
            **truth._counted(classic_truth.MERGE_REQUEST_TITLES, answers),
        }
        assert {title: row[title] for title in expected} == expected
    assert edited


def was(time: str | None, seconds: float) -> bool:
    """Return whether a time is there and not after the moment."""
    return time is not None and int(classic_truth._seconds(time)) <= seconds


def answers_then(world: World, mr: dict[str, Any], seconds: float) -> tuple[list[Any], bool]:
    """Return what is said of a merge request, and whether its description was edited later."""
    key, tables = (mr["project_id"], mr["iid"]), world.tables
    notes, pipelines = tables.mr_notes.get(key), tables.mr_pipelines.get(key)
    parts: dict[str, list[Any]] = {
        "commits": tables.mr_commits.get(key),
        "diffs": tables.mr_diffs.get(key),
        "notes": [note for note in notes if was(note["created_at"], seconds)],
        "pipelines": [row for row in pipelines if was(row["created_at"], seconds)],
    }
    later = {note["body"] for note in notes} - {note["body"] for note in parts["notes"]}
    if "changed the description" not in later:
        return truth.answers_of(mr, parts), False
    answers = truth.answers_of({**mr, "description": ""}, parts)
    return [truth.UNREAD, answers[1] and truth.UNREAD, *answers[2:]], True
