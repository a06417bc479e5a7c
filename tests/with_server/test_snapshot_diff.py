"""What changed between two runs is what the tables of both show, with the reason for each cell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from cli_runs import of_sandbox, run
from worlds import fresh_demo, rename

from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sandbox.moving import Mover
from gitlab_sync.snapshots.counts import Counts
from gitlab_sync.snapshots.diff import Change, Diff
from gitlab_sync.snapshots.runs import last_two

pytestmark = pytest.mark.slow

GONE, NEW, RENAMED = "bo.lindqvist", "leo.fischer", "hana.yilmaz"
RULES = 'extends = "fair"\n'
OTHER_RULES = f'{RULES}[checks.merge_gt_2_days]\nlimit = "1h"\n'
WAIVER = """
[[waivers]]
check = "no_internal_review"
person = "goran.petrov"
reason = "a pair"
by = "mentor"
until = 2099-12-31
"""


class Moved:
    """A world that moved on between snapshots, and what was done to it."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox = sandbox
        self.folder = home / "snapshots"
        self.policy = home / "team.toml"
        self.environ = of_sandbox(sandbox, home, GITLAB_SYNC_POLICY=str(self.policy))
        self.policies: dict[str, str] = {}
        self.told: dict[str, Any] = {}

    def take(self, policy: str, without: str) -> None:
        """Take a snapshot under a policy of all but one person."""
        self.policy.write_text(policy, encoding="utf-8")
        known = {*self.sandbox.world.truth.usernames, f"{RENAMED}.new"} - {without}
        names = [user["username"] for user in self.sandbox.world.tables.users]
        people = [*(name for name in names if name in known), "no.such.person"]
        done = run(self.environ, "snapshot", *people, "--into", str(self.folder))
        assert done.returncode == 3, done.stderr.decode()
        self.policies[done.stdout.decode().strip().rpartition("@")[2]] = policy

    def rows(self, command: str, name: str) -> dict[str, dict[str, Any]]:
        """Return the rows of a table from a run, by username as it is afterwards."""
        self.policy.write_text(self.policies[name], encoding="utf-8")
        done = run(self.environ, command, "-f", "json", "--from", f"{self.folder}@{name}")
        found = {row["Username"].lower(): row for row in json.loads(done.stdout)}
        if RENAMED in found:
            found[f"{RENAMED}.new"] = found.pop(RENAMED)
        return found

    def diff(self, last: int) -> Diff:
        """Return the changes up to a run, by its place."""
        return Diff(*last_two(f"{self.folder}@{self.name(last)}"))

    def name(self, place: int) -> str:
        """Return the name of a run."""
        return sorted(self.policies)[place]


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    """Take three snapshots: of then, of a month later, and under other rules."""
    with Sandbox(fresh_demo()) as sandbox:
        found = Moved(sandbox, tmp_path_factory.mktemp("home"))
        found.take(RULES, NEW)
        found.told = _move_on(sandbox.world)
        found.take(RULES + WAIVER, GONE)
        found.take(OTHER_RULES + WAIVER, GONE)
        yield found


def _move_on(world: World) -> dict[str, Any]:
    """Change a few items, each in another way; return them by what was done."""
    at = datetime(2026, 11, 28, tzinfo=UTC)
    people = {user["username"]: user for user in world.tables.users}
    mover = Mover(world, people["kira.osei"])
    mine = [mr for mr in world.tables.merge_requests if not _is_of(mr, GONE, NEW)]
    *_, gone = (mr for mr in mine if mr["state"] == "merged")
    merged = next(mr for mr in mine if mr["state"] == "opened")
    commented = next(mr for mr in mine if mr["merged_at"] and not mr["user_notes_count"])
    retitled = next(each for each in world.tables.issues if not _is_of(each, GONE, NEW))
    title, made = retitled["title"], {**retitled, "id": world.new_id(), "iid": 900}
    made |= {"title": "chore: new", "references": {"full": "harbour/x#900"}}
    world.tables.merge_requests.remove(gone)
    mover.merge(merged, at)
    mover.comment(commented, datetime.fromisoformat(commented["created_at"]), "well done")
    mover.retitle(retitled, at, "Another title")
    world.tables.issues.append(made)
    rename(world, people[RENAMED]["id"], f"{RENAMED}.new")
    world.changed()
    return {
        "gone": gone,
        "merged": merged,
        "commented": commented,
        "retitled": retitled,
        "title": title,
        "made": made,
    }


def _is_of(item: dict[str, Any], *people: str) -> bool:
    return item["author"]["username"] in people


# -- cells -----------------------------------------------------------------------------------------

Cells = dict[tuple[str, str, str], tuple[Any, Any]]


def _cells(moved: Moved, name: str) -> Cells:
    """Return the numbers of the tables of a run by person, table and column, with `(of)`."""
    found: Cells = {}
    for command, kind in (("mrs", "merge_requests"), ("issues", "issues"), ("users", "commits")):
        for person, row in moved.rows(command, name).items():
            for column, number in row.items():
                counted = column == "Commits Total" if kind == "commits" else _is_counted(column)
                if counted and row["Status"] != "Not Found":
                    of = row.get(f"{column} (of)")
                    found[person, kind, column] = (0 if of == 0 else number, of)
    return found


def _is_counted(column: str) -> bool:
    others = {"Username", "Status", "Error", "Unverified", "Policy", "Waived"}
    return column not in others and not column.endswith("(of)")


@pytest.mark.parametrize("last", [1, 2], ids=["later", "other rules"])
def test_the_cells_are_those_in_which_the_tables_differ(moved: Moved, last: int) -> None:
    """None is missing, none is there that did not change, and each says why."""
    with moved.diff(last) as found:
        told = {(cell.person.lower(), cell.table, cell.column): cell for cell in found.cells()}
    tables = {
        "before": _cells(moved, moved.name(last - 1)),
        "after": _cells(moved, moved.name(last)),
    }
    nothing = (None, (0, None), (0, 0))
    for key in {*tables["before"], *tables["after"]}:
        before, after = (table.get(key) for table in tables.values())
        if before != after and not (before in nothing and after in nothing):
            assert key in told
    for key, cell in told.items():
        assert cell.why
        for side, table in tables.items():
            value = getattr(cell, side)
            if isinstance(value, Counts):
                of = value.known or (None if value.unknown else 0)
                assert table[key] == (value.failed if value.known or not of else None, of)
            else:
                assert table.get(key, (None,))[0] == value


def test_some_people_are_compared_as_everyone_is(moved: Moved) -> None:
    """Their cells are the same, and no one else's are there."""
    with moved.diff(1) as found:
        whole = [*found.cells()]
    some = {"goran.petrov", GONE}
    with Diff(found.before, found.after, ["Goran.Petrov", GONE]) as of_some:
        assert [*of_some.cells()] == [cell for cell in whole if cell.person in some]
        assert {each.person for each in of_some.changes()} <= {*some, ""}


# -- changes ---------------------------------------------------------------------------------------


def _of(lines: list[Change], item: Any) -> set[tuple[str, str, str | None, str | None]]:
    """Return what is said of an item: why, what, and both values."""
    return {
        (each.why, each.what, each.before, each.after)
        for each in lines
        if each.item == item["references"]["full"]
    }


def test_each_change_has_its_line_and_its_reason(moved: Moved) -> None:
    """People by their ids, items, verdicts and waivers; a person who came has no lines of items."""
    with moved.diff(1) as found:
        lines = [*found.changes()]
    policy, *people = (each for each in lines if each.subject in {"policy", "person"})
    assert (policy.why, policy.reason) == ("policy changed", "only waivers differ")
    assert [(each.person, each.why, each.before, each.after) for each in people] == [
        (GONE, "person gone", GONE, None),
        (f"{RENAMED}.new", "person renamed", RENAMED, f"{RENAMED}.new"),
        (NEW, "new person", None, NEW),
    ]
    told = moved.told
    assert ("item changed", "state", "opened", "merged") in _of(lines, told["merged"])
    assert ("item gone", "", told["gone"]["title"], None) in _of(lines, told["gone"])
    assert ("new item", "", None, "chore: new") in _of(lines, told["made"])
    assert _of(lines, told["retitled"]) == {
        ("item changed", "title", told["title"], "Another title"),
        ("verdict changed", "no_semantic_title", "pass", "fail"),
    }
    review = ("verdict changed", "no_internal_review", "fail", "pass")
    assert review in _of(lines, told["commented"])
    assert "kira.osei commented" in {each.reason for each in lines}
    waived = {(each.person, each.what) for each in lines if each.why == "waived"}
    assert waived == {("goran.petrov", "no_internal_review")}
    of_items = {each.person for each in lines if each.item}
    assert not of_items & {GONE, NEW, RENAMED, f"{RENAMED}.new"}


def test_other_rules_are_the_reason_that_is_given(moved: Moved) -> None:
    """Of items that did not change; the way back, and the command, say the same."""
    with moved.diff(2) as found, Diff(found.after, found.before) as back:
        lines, way_back = [*found.changes()], [*back.changes()]
    assert {each.why for each in (*lines, *way_back)} == {"policy changed"}
    turned = [(each.item, each.what, each.after, each.before) for each in way_back]
    assert [(each.item, each.what, each.before, each.after) for each in lines] == turned
    asked = ["diff", str(moved.folder), "-f", "ndjson", "--part", "changes"]
    done = run(moved.environ, *asked)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["Item"] for row in rows] == [each.item for each in lines]
    assert rows[1]["What"] == "Merge > 2 Days"


def test_what_could_not_be_read_is_not_gone(tmp_path: Path) -> None:
    """Neither cells nor lines say that items are gone, but that more is not known."""
    with Sandbox(fresh_demo()) as sandbox:
        environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_POLICY="fair")
        take = ["snapshot", "ivo.brandt", "goran.petrov", "--into", str(tmp_path / "snapshots")]
        assert run(environ, *take).returncode == 0
        number = next(
            user["id"] for user in sandbox.world.tables.users if user["username"] == "ivo.brandt"
        )
        query = {"author_id": str(number)}
        sandbox.faults.add("status", status=403, path="/issues", query=query, times=None)
        assert run(environ, *take).returncode == 3
        done = run(environ, "diff", str(tmp_path / "snapshots"), "-f", "json")
    assert done.returncode == 3
    found = cast("dict[str, list[dict[str, Any]]]", json.loads(done.stdout))
    assert {
        (row["Username"], row["Table"], row["Why"].split(" (")[0]) for row in found["Cells"]
    } == {("ivo.brandt", "issues", "not read")}
    (line,) = found["Changes"]
    assert (line["Username"], line["Why"]) == ("ivo.brandt", "not read")
    assert line["Reason"] == "issues could not be read in full after"


def test_projects_are_compared_by_their_checks(tmp_path: Path) -> None:
    """A file that is gone is a fault that was none."""
    with Sandbox(fresh_demo()) as sandbox:
        environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_POLICY="fair")
        take = ["snapshot", "--group", "harbour/tools", "--into", str(tmp_path / "snapshots")]
        assert run(environ, *take).returncode == 0
        world = sandbox.world
        (number,) = (each["id"] for each in world.tables.projects if each["path"] == "mooring")
        tree = world.tables.tree[number]
        tree[:] = [each for each in tree if not each["path"].lower().startswith("changelog")]
        world.changed()
        assert run(environ, *take).returncode == 0
    with Diff(*last_two(str(tmp_path / "snapshots"))) as found:
        (line,) = found.changes()
    assert (line.subject, line.item, line.what) == ("project", "harbour/tools/mooring", "changelog")
    assert (line.before, line.after, line.why) == ("pass", "fail", "verdict changed")


# -- what is refused -------------------------------------------------------------------------------


def test_what_cannot_be_compared_is_refused(moved: Moved, tmp_path: Path) -> None:
    """Runs of two instances, a single run, a damaged one, too many; nothing is shown."""
    first, last = moved.name(0), f"{moved.folder}@{moved.name(1)}"
    shutil.copytree(moved.folder / first, tmp_path / first)
    path = tmp_path / first / "run.json"
    info = json.loads(path.read_text())

    def refused(*runs: str) -> str:
        done = run(moved.environ, "diff", *runs)
        assert (done.returncode, done.stdout) == (2, b"")
        return done.stderr.decode()

    path.write_text(json.dumps({**info, "instance": "https://other.example"}))
    assert "Both runs must be of one GitLab, got https://other" in refused(str(tmp_path), last)
    assert f"There must be a run before {first}" in refused(str(tmp_path))
    assert "diff compares two runs, got 3" in refused(last, last, last)
    assert "There is no snapshot in" in refused(str(tmp_path / "nowhere"))
    path.write_text(json.dumps(info))
    (tmp_path / first / "checks.parquet").write_bytes(b"PAR1")
    assert "checks.parquet was changed" in refused(str(tmp_path), last)
