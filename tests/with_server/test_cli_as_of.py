"""`--as-of` and `--grace`: the same bytes a month later, deadlines of a people file, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cli_runs import Done, of_sandbox, run
from test_as_of import WHEN, move_on, small_world

from gitlab_sync.cli import exits
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.sandbox.moving import Mover

THEN = "2026-06-15T12:00:00Z"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Put a world of its own behind a server."""
    with Sandbox(small_world()) as running:
        yield running


def command(sandbox: Sandbox, home: Path, *arguments: str) -> Done:
    """Run a command under the fair policy, without a store."""
    told = of_sandbox(sandbox, home, GITLAB_SYNC_POLICY="fair", GITLAB_SYNC_STORE="off")
    return run(told, *arguments)


@pytest.mark.parametrize(
    ("name", "form"),
    [("mrs", "csv"), ("mrs", "xlsx"), ("issues", "html"), ("users", "table"), ("users", "json")],
)
def test_the_same_command_a_month_later_gives_the_same_bytes(
    sandbox: Sandbox, tmp_path: Path, name: str, form: str
) -> None:
    """In each format; the heading and the file say as of when."""
    people = sandbox.world.truth.usernames
    options = (name, *people, "--as-of", THEN, "--format", form)
    files = [tmp_path / "before", tmp_path / "later"]
    first = command(sandbox, tmp_path, *options, "--output", str(files[0]))
    move_on(sandbox.world, edits=False)
    second = command(sandbox, tmp_path, *options, "--output", str(files[1]))
    assert first.returncode == second.returncode == exits.OK, first.stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    if form in {"html", "table"}:
        assert "As it was at" in files[0].read_text("utf-8")
        assert "2026-06-15T12:00:00+00:00" in files[0].read_text("utf-8")


def test_a_profile_says_as_of_when(sandbox: Sandbox, tmp_path: Path) -> None:
    """And what is not known of then."""
    (name, *_) = sandbox.world.truth.usernames
    done = command(sandbox, tmp_path, "profile", name, "--as-of", "2026-06-10", "--grace", "2d")
    text = done.stdout.decode()
    assert "As it was at: 2026-06-10T23:59:59+00:00, 2 days of grace" in text
    assert "commits, projects, groups and time of then are not known" in " ".join(text.split())
    assert "Late: " in text


def test_the_last_row_of_a_person_is_their_deadline(sandbox: Sandbox, tmp_path: Path) -> None:
    """Those without one have the moment of the option; late items are listed."""
    world, people = sandbox.world, tmp_path / "people.csv"
    first, second, third, _ = world.truth.usernames
    opened = [mr for mr in world.tables.merge_requests if mr["state"] == "opened"][:3]
    mover = Mover(world, world.tables.users[0])
    for name, mr in zip((first, second, third), opened, strict=True):
        mr["author"] = world.users_by_name[name].data
        mover.merge(mr, WHEN + timedelta(hours=3))
    world.changed()
    people.write_text(
        f"username,deadline\n{first},{THEN}\n{second},\n{third},{THEN}\n"
        f"{third},2026-06-15T18:00:00+05:30\n{third},2026-06-17T00:00:00+05:30\n"
    )
    options = ("mrs", "--people", str(people), "--as-of", "2026-06-14", "--grace", "2d")
    done = command(sandbox, tmp_path, *options, "--format", "json")
    rows = {row["Username"]: row for row in json.loads(done.stdout)}
    assert {name: (row["As Of"], row["Late"]) for name, row in rows.items()} == {
        first: ("2026-06-15T12:00:00+00:00", 1),
        second: ("2026-06-14T23:59:59+00:00", 1),
        third: ("2026-06-17T00:00:00+05:30", 0),
    }
    assert done.stderr.decode().count("late: ") == 2
    for name in (first, second):
        assert f"late: {name}: " in done.stderr.decode()
    table = command(sandbox, tmp_path, *options, "--format", "html").stdout.decode()
    assert all(mr["web_url"] in table for mr in opened[:2])
    by_deadline = command(sandbox, tmp_path, *options[:3], "--as-of", "deadline")
    assert by_deadline.returncode == exits.USAGE
    assert f"{second} must have a deadline, got none" in by_deadline.stderr.decode()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--as-of", "2999-01-01"], "--as-of must be in the past, got 2999-01-01T23:59:59+00:00"),
        (["--as-of", "soon"], "--as-of must be a date or a time, got “soon”"),
        (["--as-of", " "], "--as-of must be a date or a time, got an empty text"),
        (["--as-of", "deadline"], "needs a people file with a column “deadline”"),
        (["--as-of", THEN, "--grace", "long"], "--grace must be a duration, got “long”"),
        (["--grace", "2d"], "--grace needs --as-of"),
    ],
)
def test_what_cannot_be_a_moment_is_refused(
    sandbox: Sandbox, tmp_path: Path, options: list[str], said: str
) -> None:
    """Before any request."""
    done = command(sandbox, tmp_path, "mrs", "alice", *options)
    assert done.returncode == exits.USAGE
    assert said in done.stderr.decode()
    assert not sandbox.traffic.total


@pytest.mark.parametrize(
    ("deadline", "said"),
    [
        ("2026-06-15 12:00", "must be a time with an offset, got “2026-06-15 12:00”"),
        ("2999-01-01T00:00:00Z", "must be in the past"),
    ],
)
def test_what_cannot_be_a_deadline_is_refused(
    sandbox: Sandbox, tmp_path: Path, deadline: str, said: str
) -> None:
    """And the person named; a column without the option only says that it does not count."""
    people = tmp_path / "people.csv"
    people.write_text(f"username,deadline\nalice,{deadline}\n")
    done = command(sandbox, tmp_path, "mrs", "--people", str(people), "--as-of", THEN)
    assert done.returncode == exits.USAGE
    assert f"the deadline of alice {said}" in done.stderr.decode()
    assert not sandbox.traffic.total
    plain = command(sandbox, tmp_path, "mrs", "--people", str(people))
    assert "the column “deadline” counts only with --as-of" in plain.stderr.decode()


def test_lists_alone_do_not_say_what_was_there(sandbox: Sandbox, tmp_path: Path) -> None:
    """So a quick evaluation is of today."""
    done = command(sandbox, tmp_path, "users", "alice", "--quick", "--as-of", THEN)
    assert done.returncode == exits.USAGE
    assert "--quick excludes --as-of" in done.stderr.decode()
