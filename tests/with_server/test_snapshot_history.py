"""What changed between runs, and how numbers went from run to run, is told of visible people."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from taken_runs import take_run

from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.sandbox import Sandbox, World, demo_world
from gitlab_sync.snapshots import history as module
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.history import HistoryQuery, history
from gitlab_sync.snapshots.runs import source_of
from gitlab_sync.snapshots.snapshot import open_snapshot

pytestmark = pytest.mark.slow

OWN, OTHER = "bo.lindqvist", "hana.yilmaz"


def move_back(folder: Path, run: str, days: int) -> None:
    """Let a run have been taken so many days before."""
    path = folder / run
    said = json.loads((path / "run.json").read_text(encoding="utf-8"))
    moment = datetime.now(UTC) - timedelta(days=days)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    (path / "run.json").write_text(json.dumps({**said, "began": text, "ended": text}))
    path.rename(folder / moment.strftime("%Y%m%dT%H%M%SZ"))


def rename_all(world: World) -> None:
    """Give every open merge request another title."""
    for mr in [each for each in world.tables.merge_requests if each["state"] == "opened"]:
        world.put("merge_requests", {**mr, "title": f"Another {mr['title']}"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take three runs: of nine days ago, of two days ago, and of now, each with other titles."""
    folder = tmp_path_factory.mktemp("snapshots")
    world = demo_world()
    with Sandbox(world) as sandbox:
        for days in (9, 2, 0):
            run = take_run(sandbox, folder, map(Person, world.truth.usernames), ("harbour",))
            rename_all(world)
            if days:
                move_back(folder, run, days)
    return folder


@pytest.fixture
def source(folder: Path) -> Source:
    """Return the last run, of which everyone is visible."""
    return source_of(str(folder))


def test_the_numbers_of_each_run_are_those_of_its_tables(folder: Path, source: Source) -> None:
    """The oldest run first; of one person they are theirs."""
    report = history(source, HistoryQuery())
    assert [each.run for each in report.runs] == source.folder.runs()
    with open_snapshot(str(folder)) as snapshot:
        (wanted,) = snapshot.rows(
            "SELECT count(*) FILTER (result = 'fail') AS failed, "
            "count(*) FILTER (result IN ('pass', 'fail')) AS known FROM checks "
            "JOIN (SELECT row, 'merge request' AS kind, authored_by FROM merge_requests "
            "UNION ALL SELECT row, 'issue', authored_by FROM issues) USING (row, kind) "
            "WHERE authored_by IS NOT NULL",
            tables=["checks", "merge_requests", "issues"],
        )
        own = len(snapshot.items("merge_requests", [OWN])[0].authored)
    last = report.runs[-1]
    assert (last.counts.failed, last.counts.known) == (wanted["failed"], wanted["known"])
    assert last.share == round(100 * wanted["failed"] / wanted["known"], 1)
    assert history(source, HistoryQuery((OWN,))).runs[-1].merge_requests == own
    assert str(report.completeness) == "3 of 3 runs read"


def test_changes_are_those_since_the_run_before_or_since_a_week_ago(source: Source) -> None:
    """Without a run of so long ago they are those since the oldest."""
    day = history(source, HistoryQuery())
    week = history(source, HistoryQuery(since="A week ago"))
    now = source.info.moment
    assert day.before is not None
    assert week.before is not None
    assert (now - day.before).days in {1, 2}
    assert (now - week.before).days in {8, 9}
    titles = {row["Item"]: row for row in day if row["What"] == "title"}
    assert titles
    for row in week:
        if row["What"] == "title":
            assert row["After"] == titles[row["Item"]]["After"]
            assert titles[row["Item"]]["Before"] == f"Another {row['Before']}"
    assert week.why["item changed"] >= len(titles)


def test_what_is_not_visible_is_in_no_change_and_no_number(source: Source) -> None:
    """Neither by asking for it."""
    seen = replace(source, seen=frozenset({OWN}))
    report = history(seen, HistoryQuery(since="A week ago"))
    assert {row["Username"] for row in report} == {OWN}
    assert all(run.people == 1 for run in report.runs)
    hidden = history(seen, HistoryQuery((OTHER,)))
    assert not hidden
    assert [run.people for run in hidden.runs] == [0, 0, 0]
    text = json.dumps([sheet.rows for sheet in report.sheets("https://gitlab.example")])
    assert OTHER not in text


def test_the_first_run_has_nothing_before_it(folder: Path) -> None:
    """And a run that cannot be read says so, without a word about the folder."""
    first = min(each.name for each in folder.iterdir())
    report = history(source_of(f"{folder}@{first}"), HistoryQuery())
    assert (report.before, [*report], len(report.runs)) == (None, [], 1)


def test_a_run_that_cannot_be_read_says_so_and_the_others_have_their_numbers(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line says nothing of the folder."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    first = min(copy.iterdir())
    (first / "checks.parquet").unlink()
    monkeypatch.setattr(module, "MOST_CHANGES", 2)
    report = history(source_of(str(copy)), HistoryQuery())
    row = report.runs[0].row()
    assert (row["Run"], row["Error"]) == (first.name, "This run cannot be read")
    assert row["Faults"] is None
    assert str(report.completeness) == "2 of 3 runs read, 1 not read"
    assert len(report) == 2
    assert report.left_out == sum(report.why.values()) - 2 > 0
