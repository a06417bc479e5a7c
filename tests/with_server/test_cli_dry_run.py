"""`--dry-run`: what a run would cost, known from a few small requests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_runs import environment, of_sandbox, run

from gitlab_sync.api.facts.rest import LEAST
from gitlab_sync.sandbox import Sandbox, World, generate_world

FACTS = 4
"""Requests that an ended merge request takes at most, if no list of it is longer than a page."""


@pytest.fixture
def world() -> World:
    """Make a world in which no list of a merge request is longer than a page."""
    return generate_world(seed=1, users=4, merge_requests=3, issues=2, projects=2, large_every=0)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.mark.parametrize(
    ("command", "each", "undecided"),
    [(("mrs", "--source", "rest"), 3, FACTS - LEAST), (("issues",), 1, 0)],
)
def test_it_says_what_the_run_then_takes_at_least(
    command: tuple[str, ...],
    each: int,
    undecided: int,
    sandbox: Sandbox,
    environ: dict[str, str],
) -> None:
    """And no more, but for what lists decide; it costs a few for each person itself."""
    people = [*sandbox.world.truth.usernames, "no-such-person"]
    done = run(environ, *command, *people, "--dry-run", "-f", "json")
    assert done.returncode == 0
    assert sandbox.traffic.total == each * len(people)
    rows = json.loads(done.stdout)
    assert [row["Username"] for row in rows] == sorted(people, key=str.lower)
    sandbox.traffic.reset()
    run(environ, *command, *people)
    foreseen = sum(row["Requests"] for row in rows)
    on_top = undecided * sum(row.get("Ended", 0) for row in rows)
    assert foreseen <= sandbox.traffic.total <= foreseen + on_top
    assert f"at least {foreseen} requests".encode() in done.stderr


def test_it_says_what_the_run_takes_with_graphql_and_without(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """The rows are what it takes without."""
    people = sandbox.world.truth.usernames
    done = run(environ, "mrs", *people, "--dry-run", "-f", "json")
    foreseen = sum(row["Requests"] for row in json.loads(done.stdout))
    said = re.fullmatch(
        r"gitlab-sync: at least (\d+) requests with GraphQL, or (\d+) over REST alone, "
        r"would judge the merge requests of 4 people if nothing is stored yet; none was judged\n",
        done.stderr.decode(),
    )
    assert said is not None, done.stderr.decode()
    assert int(said[2]) == foreseen
    sandbox.traffic.reset()
    run(environ, "mrs", *people)
    assert 0 < int(said[1]) <= sandbox.traffic.total < foreseen


def test_a_row_has_what_was_found_and_what_it_would_cost(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Nobody's work is judged for it."""
    truth = sandbox.world.truth.merge_requests()["alice.moreau"]
    done = run(environ, "mrs", "alice.moreau", "--dry-run", "-f", "json")
    assert json.loads(done.stdout) == [
        {
            "Username": "alice.moreau",
            "Merge Requests": 3,
            "Ended": truth["Closed MRs"],
            "Requests": 1 + LEAST * truth["Closed MRs"],
            "Status": "Success",
            "Error": None,
        }
    ]
    assert sandbox.traffic.count("/projects/:id/merge_requests/:iid/notes") == 0


def test_a_scope_and_a_project_count_as_in_the_run(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """They narrow the same lists."""
    truth = sandbox.world.truth.merge_requests(scope="assignee", project_id=101)
    people = sandbox.world.truth.usernames
    done = run(environ, "mrs", *people, "--dry-run", "-f", "json", "--project", "101",
               "--scope", "assignee")  # fmt: skip
    assert {row["Username"]: row["Ended"] for row in json.loads(done.stdout)} == {
        name: truth[name]["Closed MRs"] for name in people
    }


def test_a_table_for_people_is_the_default(environ: dict[str, str]) -> None:
    """And any other format can be had, too."""
    done = run(environ, "issues", "alice.moreau", "--dry-run", "--quiet")
    assert done.stdout.split() == [
        *b"Username Issues Requests Status".split(),
        *(b"-" * len(title) for title in ("alice.moreau", "Issues", "Requests", "Success")),
        *b"alice.moreau 2 1 Success".split(),
    ]
    assert done.stderr == b""
    assert run(environ, "issues", "alice.moreau", "--dry-run", "-f", "xlsx").stdout[:2] == b"PK"


def test_a_list_that_gitlab_does_not_count_is_unknown(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """As those above 10,000: no 0 stands there, and the code is 3."""
    sandbox.faults.add(
        "status", status=200, path="/merge_requests", body="[{}]", times=None,
        query={"author_username": "alice.moreau", "state": "merged"},
    )  # fmt: skip
    sandbox.faults.add(
        "status", status=403, path="/merge_requests", times=None,
        query={"author_username": "bruno.rossi"},
    )  # fmt: skip
    done = run(environ, "mrs", "alice.moreau", "bruno.rossi", "chiara.ivanova", "--dry-run",
               "-f", "json")  # fmt: skip
    rows = {row["Username"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 3
    assert rows["bruno.rossi"]["Status"] == "Error"
    assert rows["bruno.rossi"]["Requests"] is None
    assert "403" in rows["bruno.rossi"]["Error"]
    assert rows["chiara.ivanova"]["Status"] == "Success"
    assert b"more than" in done.stderr
    assert b"read_api" in done.stderr


def test_it_needs_settings_and_people_as_the_run_does(tmp_path: Path) -> None:
    """Wrong usage stays wrong."""
    assert run(environment(tmp_path), "mrs", "--dry-run").returncode == 2
    assert run(environment(tmp_path), "mrs", "ann", "--dry-run").returncode == 2
    assert run(environment(tmp_path), "mrs", "--demo", "--dry-run").returncode == 0
