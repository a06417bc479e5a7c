"""`mrs` and `issues`: rows on standard output in each format, and nothing else there."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cli_runs import LIMIT, environment, of_sandbox, run, shared

from gitlab_sync.rules.items.table import ISSUE_COLUMNS, MERGE_REQUEST_COLUMNS
from gitlab_sync.sandbox import Sandbox

COLUMNS = {"mrs": MERGE_REQUEST_COLUMNS, "issues": ISSUE_COLUMNS}

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    """Return the usernames of the sandbox's people, sorted as rows are."""
    assert sandbox.world.truth is not None
    return sorted(sandbox.world.truth.usernames, key=str.lower)


@pytest.mark.parametrize("command", ["mrs", "issues"])
def test_json_is_a_list_of_rows_with_exactly_the_keys_of_the_rules(
    command: str, environ: dict[str, str], people: list[str]
) -> None:
    """Sorted by name, and with the right counts."""
    done = run(environ, command, *reversed(people), "--format", "json")
    assert done.returncode == 0
    rows = json.loads(done.stdout)
    assert [row["Username"] for row in rows] == people
    assert all(tuple(row) == COLUMNS[command] for row in rows)
    assert {row["Status"] for row in rows} == {"Success"}


def test_the_counts_are_those_that_the_world_was_made_with(
    sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """The command adds nothing to what the library says, and takes nothing away."""
    assert sandbox.world.truth is not None
    truth = sandbox.world.truth.merge_requests(scope="assignee")
    rows = json.loads(run(environ, "mrs", *people, "--scope", "assignee", "-f", "json").stdout)
    for row in rows:
        assert {title: row[title] for title in truth[row["Username"]]} == truth[row["Username"]]


@pytest.mark.parametrize(("command", "ended"), [("mrs", "merged"), ("issues", "closed")])
@pytest.mark.parametrize("source", ["created", "ended"])
def test_a_period_counts_items_by_their_creation_or_their_end(
    command: str, ended: str, source: str, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """The same from each source and from the store; the report says the period."""
    dated = ended if source == "ended" else "created"
    kind, title, kind_of = {
        "mrs": (sandbox.world.merge_requests, "Closed MRs", "merge_requests"),
        "issues": (sandbox.world.issues, "Closed Issues", "issues"),
    }[command]
    times = sorted(filter(None, (row.data[f"{dated}_at"] for row in kind.rows)))
    since, until = times[len(times) // 4][:10], times[3 * len(times) // 4][:10]
    expected = {
        name: sum(
            row.data["author"]["username"] == name
            and row.data["state"] in {"merged", "closed"}
            and since <= (row.data[f"{dated}_at"] or "")[:10] <= until
            for row in kind.rows
        )
        for name in sandbox.world.truth.usernames
    }
    given = ("--since", since, "--until", until, "--timezone", "UTC", "--by", dated)
    ways: list[tuple[str, ...]] = [()]
    if command == "mrs":
        ways = [("--source", "rest", "--store", "off"), ("--source", "graphql"), ()]
    for way in ways:
        done = run(environ, command, *expected, *given, *way, "-f", "json")
        assert done.returncode == 0, done.stderr
        assert {row["Username"]: row[title] for row in json.loads(done.stdout)} == expected
        assert f"only since {since}T00:00:00+00:00, until {until}T23:59:59+00:00" in str(
            done.stderr
        )
    assert len(set(expected.values())) > 1
    asked = {"created": "created_after=", "ended": "updated_after="}[source]
    lists = [each.query for each in sandbox.traffic.exchanges if each.path == f"/api/v4/{kind_of}"]
    assert lists
    assert all(asked in query and "created_before=" in query for query in lists)
    page = run(environ, command, *expected, *given, "-f", "html").stdout.decode()
    assert f"{dated} since {since}T00:00:00+00:00, until {until}T23:59:59" in page


def test_the_demo_takes_its_own_last_day_for_today(environ: dict[str, str]) -> None:
    """Otherwise nothing in it would be recent."""
    counts = [
        sum(row["Closed MRs"] for row in json.loads(run(environ, *line).stdout))
        for line in (
            ("mrs", "--demo", "--since", "2w", "-f", "json"),
            ("mrs", "--demo", "--since", "2026-06-01", "-f", "json"),
            ("mrs", "--demo", "-f", "json"),
        )
    ]
    assert 0 < counts[0] == counts[1] < counts[2]


def test_ndjson_has_one_row_a_line(environ: dict[str, str], people: list[str]) -> None:
    """In whatever order they became known."""
    done = run(environ, "mrs", *people, "--format", "ndjson")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(row["Username"] for row in rows) == sorted(people)
    assert all(tuple(row) == MERGE_REQUEST_COLUMNS for row in rows)


def test_csv_has_a_header_and_an_empty_cell_for_what_is_not_known(
    environ: dict[str, str], people: list[str]
) -> None:
    """A person who does not exist has no counts, not zeros."""
    done = run(environ, "issues", people[0], "no-such-person", "--format", "csv")
    header, *rows = csv.reader(io.StringIO(done.stdout.decode(), newline=""))
    assert tuple(header) == ISSUE_COLUMNS
    missing = next(row for row in rows if row[0] == "no-such-person")
    assert missing[1] == ""
    assert done.returncode == 3


def test_a_piped_table_has_no_escape_sequence_and_nothing_is_cut_off(
    environ: dict[str, str], people: list[str]
) -> None:
    """80 columns are a terminal's limit and not a pipe's."""
    done = run({**environ, "COLUMNS": "40"}, "mrs", *people, "no-such-person")
    assert b"\x1b" not in done.stdout + done.stderr
    header, _, *lines = done.stdout.decode().splitlines()
    assert all(title in header for title in MERGE_REQUEST_COLUMNS)
    assert {line.split()[0] for line in lines} == {*people, "no-such-person"}
    assert next(line for line in lines if line.startswith("no-such-person")).split()[1] == "?"


def test_progress_and_completeness_go_to_standard_error(
    environ: dict[str, str], people: list[str]
) -> None:
    """With --quiet a whole run says nothing there."""
    assert b"merge requests read" in run(environ, "mrs", people[0]).stderr
    assert run(environ, "mrs", people[0], "--quiet").stderr == b""


def test_quiet_does_not_hide_what_was_not_read(
    sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """Silence would look like success."""
    sandbox.faults.add("status", status=403, path="/projects/:id/merge_requests/:iid/notes",
                       times=None)  # fmt: skip
    done = run(environ, "mrs", *people, "--quiet", "--source", "rest")
    assert done.returncode == 3
    assert b"denied" in done.stderr
    assert b"read_api" in done.stderr


@pytest.mark.parametrize("form", ["json", "csv", "ndjson", "table"])
def test_output_writes_what_standard_output_would_have_got(
    form: str, environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """And leaves standard output empty."""
    path = tmp_path / "rows"
    printed = run(environ, "mrs", *people, "-f", form).stdout
    done = run(environ, "mrs", *people, "-f", form, "--output", str(path))
    assert done.stdout == b""
    assert sorted(path.read_bytes().splitlines()) == sorted(printed.splitlines())


def test_one_persons_trouble_is_in_that_row_alone(
    sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """The others are read as if nothing had been."""
    sandbox.faults.add(
        "status", status=403, path="/merge_requests", query={"author_username": people[1]}
    )
    done = run(environ, "mrs", *people, "-f", "json", "--source", "rest")
    rows = {row["Username"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 3
    assert rows[people[1]]["Status"] == "Error"
    assert rows[people[1]]["Closed MRs"] is None
    assert {rows[name]["Status"] for name in people if name != people[1]} == {"Success"}


def test_a_project_and_a_group_narrow_the_items_down(
    sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """By id or by path."""
    assert sandbox.world.truth is not None
    project = sandbox.world.tables.projects[0]
    truth = sandbox.world.truth.merge_requests(project_id=project["id"])
    for name in (str(project["id"]), project["path_with_namespace"]):
        rows = json.loads(run(environ, "mrs", *people, "--project", name, "-f", "json").stdout)
        for row in rows:
            assert row["Closed MRs"] == truth[row["Username"]]["Closed MRs"]
    group = sandbox.world.tables.groups[0]["full_path"]
    assert run(environ, "issues", *people, "--group", group).returncode == 0
    assert sandbox.traffic.count("/groups/:id/issues") == len(people)


def test_workers_bound_the_requests_at_once(
    sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """For a GitLab that is to be spared."""
    assert run(environ, "mrs", *people, "--workers", "2").returncode == 0
    assert sandbox.traffic.peak <= 2


def test_max_wait_ends_the_waiting_for_a_limit(
    sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """What waited for it is unknown, and the row says why."""
    sandbox.faults.add("limit", retry_after=3000, times=None)
    done = run(environ, "mrs", *people, "--max-wait", "0.2", "-f", "json")
    assert done.returncode == 4
    assert all("Rate Limit" in row["Error"] for row in json.loads(done.stdout))


def test_timeout_ends_a_request_that_hangs(
    sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """Without it a read may take as long as its attempts do."""
    sandbox.faults.add("stall", path="/merge_requests", times=None)
    done = run(environ, "mrs", people[0], "--timeout", "0.2", "-f", "json")
    assert done.returncode == 4
    assert json.loads(done.stdout)[0]["Status"] == "Error"


def test_the_demo_needs_no_setting_and_no_name(tmp_path: Path) -> None:
    """One command, and everybody in the demo has a row."""
    done = run(environment(tmp_path), "mrs", "--demo", "-f", "json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) > 5
    named = run(environment(tmp_path), "issues", "--demo", "amelie.laurent", "-f", "json")
    assert [row["Username"] for row in json.loads(named.stdout)] == ["amelie.laurent"]


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_on_a_terminal_the_table_has_lines_if_it_fits(
    environ: dict[str, str], people: list[str]
) -> None:
    """A narrow one gets the plain table, which is whole, too."""
    wide = on_terminal({**environ, "COLUMNS": "300"}, "mrs", *people)
    narrow = on_terminal({**environ, "COLUMNS": "60"}, "mrs", *people)
    assert "│" in wide
    assert "│" not in narrow
    assert all(name in wide and name in narrow for name in people)
    assert "No Semantic Commits" in narrow


def on_terminal(environ: dict[str, str], *arguments: str) -> str:
    """Run the command with a pseudo-terminal as standard output; return what it showed."""
    import pty

    ours, its = pty.openpty()
    with ThreadPoolExecutor(1) as aside:
        shown = aside.submit(read_to_its_end, ours)
        with os.fdopen(its, "wb", buffering=0) as terminal:
            run({**environ, "TERM": "xterm"}, *arguments, terminal=terminal)
        text = shown.result(LIMIT).decode()
    os.close(ours)
    return text


def read_to_its_end(terminal: int) -> bytes:
    """Return what is shown on a pseudo-terminal until its other end is closed."""
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so that it was closed
        while piece := os.read(terminal, 65536):
            shown += piece
    return shown
