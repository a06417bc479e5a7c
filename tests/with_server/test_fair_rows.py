"""The fair policy over a real server: the same rows from REST, GraphQL and the store."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from real_data import REAL
from sandbox_process import Server, serving

from gitlab_sync import GitLabClient
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import open_store
from gitlab_sync.types import Source

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/rules"))

import truth_from_files as classic_truth
import truth_of_fair as truth

Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def world() -> World:
    """Make a world with squashed ones, drafts, late reviews, late pipelines, and documents."""
    return generate_world(seed=5, users=12, merge_requests=40, issues=20, projects=3)


@pytest.fixture(scope="module")
def served(world: World) -> Iterator[Sandbox]:
    """Put it behind a server."""
    with Sandbox(world, threads=8) as running:
        yield running


def true_rows(world: World) -> Rows:
    """Compute the rows of the world's merge requests a second time."""
    tables, rows = world.tables, {}
    for name in world.truth.usernames:
        own = [mr for mr in tables.merge_requests if mr["author"]["username"] == name]
        states = Counter(mr["state"] for mr in own)
        answers = []
        for mr in own:
            if mr["state"] == "merged":
                key = (mr["project_id"], mr["iid"])
                parts = {
                    "commits": tables.mr_commits.get(key),
                    "diffs": tables.mr_diffs.get(key),
                    "notes": tables.mr_notes.get(key),
                    "pipelines": tables.mr_pipelines.get(key),
                }
                answers.append(truth.answers_of(mr, parts))
        rows[name] = {
            "Username": name,
            "Closed MRs": states["merged"] + states["closed"],
            **truth._counted(classic_truth.MERGE_REQUEST_TITLES, answers),
            "MR Merged": states["merged"],
            "Closed Unmerged": states["closed"],
            "Open": states["opened"],
        }
    return rows


def assert_rows(report: Report, expected: Rows) -> None:
    """Assert that the report has these rows, and no others."""
    assert {row["Username"] for row in report} == set(expected)
    for row in report:
        true = expected[str(row["Username"])]
        assert {title: row[title] for title in true} == true
        assert row["Policy"] == "fair"
        assert row["Status"] == "Success"


def read(served: Sandbox | Server, names: Iterable[str], run: Run) -> Report:
    """Read the rows under the fair policy with a bridge of its own."""
    token = served.token() if isinstance(served, Sandbox) else served.token
    with Bridge(8) as bridge:
        client = GitLabClient(served.url, token, bridge=bridge)
        return client.batch_evaluate_mrs(names, run=run, policy=FAIR)


@contextmanager
def storing(served: Sandbox, folder: Path) -> Iterator[tuple[GitLabClient, Run]]:
    """Yield a client, and a run over REST that keeps facts in a store in the folder."""
    with Bridge(8) as bridge:
        client = GitLabClient(served.url, served.token(), bridge=bridge)
        with open_store(client.base_url, client.session.credential, "on", folder) as store:
            yield client, Run(source="rest", store=store)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_the_rows_of_a_world_are_those_of_a_second_computation(
    served: Sandbox, world: World, source: Source
) -> None:
    """Whether its facts are read by REST or by GraphQL; what still runs makes no row partial."""
    expected = true_rows(world)
    report = read(served, expected, Run(source=source))
    assert_rows(report, expected)
    totals = Counter[str]()
    for row in expected.values():
        totals.update({title: value or 0 for title, value in row.items() if title != "Username"})
    assert totals["Unverified"] > 0, "a pipeline that still runs"
    merged = totals["MR Merged"]
    for title in classic_truth.MERGE_REQUEST_TITLES:
        if title != "No Time Spent":
            assert 0 < totals[title] < totals[f"{title} (of)"] <= merged
    assert totals["No Unit Tests (of)"] < merged
    assert totals["Failed Pipeline (of)"] < merged


@pytest.mark.slow
def test_the_rows_from_a_store_are_the_same_and_cost_nothing_below_lists(
    served: Sandbox, world: World, tmp_path: Path
) -> None:
    """What is not decided yet is read again."""
    expected = true_rows(world)
    with storing(served, tmp_path) as (client, run):
        for _ in range(2):
            served.traffic.reset()
            assert_rows(client.batch_evaluate_mrs(expected, run=run, policy=FAIR), expected)
    below = "/projects/:id/merge_requests/:iid/"
    asked = Counter(served.traffic.by_endpoint)
    again = sum(number for path, number in asked.items() if path.startswith(below))
    assert 0 < again <= 4 * sum(row["Unverified"] for row in expected.values())


@pytest.mark.slow
def test_what_the_classic_policy_has_stored_hides_no_pipeline(
    served: Sandbox, world: World, tmp_path: Path
) -> None:
    """Of many merge requests in a project it reads the newest pipeline alone."""
    expected = true_rows(world)
    with storing(served, tmp_path) as (client, run):
        client.batch_evaluate_mrs(expected, run=run)
        assert_rows(client.batch_evaluate_mrs(expected, run=run, policy=FAIR), expected)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "most"), [("auto", 0.12), ("rest", 4.1)])
def test_a_merge_request_with_pipelines_drafts_and_long_lists_costs_few_requests(
    source: Source, most: float
) -> None:
    """Over REST each person's list comes on top."""
    world = generate_world(3, users=20, merge_requests=30, issues=0, projects=6)
    expected = true_rows(world)
    with Sandbox(world) as sandbox:
        assert_rows(read(sandbox, expected, Run(source=source)), expected)
        requests = sandbox.traffic.total
    merged = sum(row["MR Merged"] for row in expected.values())
    assert requests <= most * merged + (len(expected) if source == "rest" else 0)


@pytest.mark.slow
def test_the_classic_rows_of_the_same_world_are_what_they_were(
    served: Sandbox, world: World
) -> None:
    """What makes a difference to the one policy makes none to the other."""
    expected = world.truth.merge_requests()
    with Bridge(8) as bridge:
        client = GitLabClient(served.url, served.token(), bridge=bridge)
        report = client.batch_evaluate_mrs(expected)
    for row in report:
        true = expected[str(row["Username"])]
        assert {title: row[title] for title in true} == true
        assert "Policy" not in row


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    """Put the real data behind a server."""
    with serving(REAL) as running:
        yield running


@pytest.mark.large
@pytest.mark.parametrize(("source", "most"), [("auto", 0.12), ("rest", 4.1)])
def test_all_authors_of_a_real_project_have_the_rows_of_a_second_computation(
    real: Server, source: Source, most: float
) -> None:
    """Five thousand merge requests of nine hundred people, at so many requests each."""
    expected = truth.merge_request_rows(REAL)
    real.forget()
    assert_rows(read(real, expected, Run(source=source)), expected)
    merged = sum(row["MR Merged"] for row in expected.values())
    assert merged > 5000
    lists = len(expected)
    assert real.traffic()["requests"] <= most * merged + (lists if source == "rest" else 0)


@pytest.mark.large
def test_all_authors_of_a_real_project_have_the_issues_of_a_second_computation(
    real: Server,
) -> None:
    """Cells, and of how many issues they speak."""
    expected = truth.issue_rows(REAL)
    with Bridge(8) as bridge:
        client = GitLabClient(real.url, real.token, bridge=bridge)
        assert_rows(client.batch_evaluate_issues(expected, policy=FAIR), expected)
