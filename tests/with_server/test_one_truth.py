"""The history of a real project: live rows, those of a snapshot, of processes, and of a cluster."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import truth_of_people
from cli_runs import environment, run
from clusters import cluster_of
from real_data import REAL
from sandbox_process import Server, serving

from gitlab_sync import GitLabClient

pytestmark = pytest.mark.large

PEOPLE = "PEOPLE"
MOST = 24
"""People: those with the most merge requests, and as many with the fewest."""

QUESTIONS: list[list[str]] = [
    ["mrs", PEOPLE],
    ["issues", PEOPLE],
    ["users", PEOPLE],
    ["weekly", PEOPLE, "--since", "2024-05-01", "--until", "2024-05-14"],
    ["leaderboard", "--teams", "teams.json", "--individuals"],
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Serve the real data."""
    with serving(REAL) as started:
        yield started


@pytest.fixture(scope="module")
def people(server: Server) -> list[str]:
    """Choose people by how much they wrote.

    The owner of the token is none of them: `weekly` shows their hours to them alone, and a snapshot
    does not know who asks.
    """
    owner = GitLabClient(server.url, server.token).get("user")["username"]
    wrote = Counter(
        mr["author"]["username"] for mr in truth_of_people.records(REAL, "merge_requests")
    )
    by_work = sorted(wrote.keys() - {owner}, key=lambda name: (-wrote[name], name))
    return [*by_work[:MOST], *by_work[-MOST:]]


@pytest.fixture(scope="module", params=["fair", "classic"])
def told(
    server: Server, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, str]:
    """Return the environment of all runs: they share a folder, and nothing is stored."""
    home = tmp_path_factory.mktemp("home")
    return environment(
        home,
        GITLAB_URL=server.url,
        GITLAB_TOKEN=server.token,
        GITLAB_SYNC_STORE="off",
        GITLAB_SYNC_POLICY=request.param,
    )


@pytest.fixture(scope="module")
def folder(told: dict[str, str], people: list[str]) -> str:
    """Take a snapshot of these people."""
    into = str(Path(told["HOME"], "runs"))
    taken = run(told, "snapshot", *people, "--into", into)
    assert taken.returncode == 0, taken.stderr.decode()
    return into


@pytest.fixture(scope="module")
def workers(server: Server) -> Iterator[str]:
    """Run a cluster of two workers with the same token; the policy comes with the work."""
    with cluster_of({**os.environ, "GITLAB_TOKEN": server.token}) as (address, _):
        yield address


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_all_four_say_the_same(
    question: list[str],
    told: dict[str, str],
    people: list[str],
    folder: str,
    workers: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same bytes, the same messages, the same exit code."""
    monkeypatch.chdir(tmp_path)
    teams = [
        {
            "team_name": f"Team {at}",
            "project_name": "",
            "members": [{"username": name} for name in people[at::3]],
        }
        for at in range(3)
    ]
    Path("teams.json").write_text(json.dumps({"teams": teams}), encoding="utf-8")
    asked = [text for each in question for text in (people if each == PEOPLE else [each])]
    asked += ["--format", "json"]
    live = run(told, *asked)
    assert len(json.loads(live.stdout)) >= 3
    for further in (["--from", folder], ["--processes", "2"], ["--cluster", workers]):
        other = run(told, *asked, *further)
        assert other.stdout == live.stdout, further
        assert (other.returncode, other.stderr) == (live.returncode, live.stderr), further
