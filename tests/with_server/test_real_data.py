"""The whole way over the history of a real project: rows, cost, and faults of every kind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from honesty import assert_honest
from real_data import REAL
from sandbox_process import Server, serving

from gitlab_sync import GitLabClient
from gitlab_sync.http import rate_limit as limits
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.run import Run
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Source

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/rules"))

import truth_from_files as truth

ONE = "/projects/:id/merge_requests/:iid"
pytestmark = pytest.mark.large

FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "html", "status": 502},
    {"kind": "status", "status": 503, "retry_after": 0.05},
    {"kind": "limit", "retry_after": 0},
    {"kind": "limit", "style": "json"},
    {"kind": "reset"},
    {"kind": "reset", "when": "middle"},
    {"kind": "truncate"},
    {"kind": "malformed"},
    {"kind": "empty"},
    {"kind": "html", "status": 200},
    {"kind": "status", "status": 200, "body": '{"message": "maintenance"}'},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 404},
    {"kind": "redirect"},
    {"kind": "foreign_link"},
    {"kind": "cookie"},
    {"kind": "stall", "seconds": 0.2},
    {"kind": "drip", "seconds": 0.2},
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Put the real data behind a server."""
    with serving(REAL) as running:
        yield running


@pytest.fixture(scope="module")
def true_mrs() -> dict[str, dict[str, Any]]:
    """Return the rows of merge requests, computed from the files by other code."""
    return truth.merge_request_rows(REAL)


@pytest.fixture
def quiet(server: Server) -> Iterator[Server]:
    """Give the server out without faults and with nothing counted."""
    server.control("DELETE", "faults")
    server.forget()
    yield server
    server.control("DELETE", "faults")


@pytest.fixture(scope="module")
def ended(true_mrs: dict[str, dict[str, Any]]) -> int:
    """Return how many merge requests have ended."""
    return sum(row["Closed MRs"] for row in true_mrs.values())


def read_as(
    source: Source, server: Server, true_mrs: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], int]:
    """Read all authors' rows, which are the true ones; return the traffic, and how many workers."""
    with Bridge() as bridge:
        client = GitLabClient(server.url, server.token, bridge=bridge)
        report = client.batch_evaluate_mrs(true_mrs, run=Run(source=source))
    assert len(report) == len(true_mrs) > 900
    for row in report:
        expected = true_mrs[str(row["Username"])]
        assert {title: row[title] for title in expected} == expected
        assert row["Status"] == ("Partial" if row["Unverified"] else "Success")
    return server.traffic(), bridge.workers


def test_all_authors_merge_requests_are_those_of_a_second_computation(
    quiet: Server, true_mrs: dict[str, dict[str, Any]], ended: int
) -> None:
    """Five thousand of nine hundred people: all in all 0.07 requests each."""
    asked, _ = read_as("auto", quiet, true_mrs)
    assert ended > 5000
    assert asked["requests"] <= 0.08 * ended


def test_over_rest_they_are_so_too(
    quiet: Server, true_mrs: dict[str, dict[str, Any]], ended: int
) -> None:
    """At about three requests each."""
    asked, workers = read_as("rest", quiet, true_mrs)
    lists = asked["by_endpoint"]["/merge_requests"]
    assert asked["requests"] - lists <= 3.2 * ended
    assert lists <= len(true_mrs) + ended / 100
    assert "/users" not in asked["by_endpoint"]
    assert asked["connections"] <= workers


def test_all_authors_issues_are_those_of_a_second_computation(quiet: Server) -> None:
    """From lists alone; names in another case are the same people."""
    expected = truth.issue_rows(REAL)
    with Bridge() as bridge:
        client = GitLabClient(quiet.url, quiet.token, bridge=bridge)
        report = client.batch_evaluate_issues([name.upper() for name in expected])
    assert {str(row["Username"]) for row in report} == set(expected)
    for row in report:
        true = expected[str(row["Username"])]
        assert {title: row[title] for title in true} == true
    assert set(quiet.traffic()["by_endpoint"]) == {"/issues"}


def test_when_one_request_in_fifty_fails_in_any_way_no_row_has_another_number(
    quiet: Server, true_mrs: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is the same, or it says that it is not whole and why."""
    monkeypatch.setattr(limits, "_OWN_BACKOFF", (0.01, 0.02))
    share = 0.02 / len(FAULTS)
    planted = [
        {**fault, "probability": share, "seed": seed, "times": None}
        for seed, fault in enumerate(FAULTS)
    ]
    quiet.control("POST", "faults", planted)
    names = list(true_mrs)
    with Bridge(policy=RetryPolicy(base=0.01, cap=0.05)) as bridge:
        client = GitLabClient(quiet.url, quiet.token, bridge=bridge)
        run = Run(max_wait=30, source="rest")
        report = client.batch_evaluate_mrs([*names, "nobody"], run=run)
    met = quiet.traffic()["by_fault"]
    assert set(met) == {str(fault["kind"]) for fault in FAULTS}
    titles = list(next(iter(true_mrs.values())))[1:-1]
    rows = {str(row["Username"]).lower(): row for row in report}
    assert set(rows) == {name.lower() for name in [*names, "nobody"]}
    assert rows.pop("nobody")["Status"] in {"Not Found", "Error"}
    for name in names:
        assert_honest(rows[name.lower()], true_mrs[name], titles)
    statuses = [row["Status"] for row in rows.values()]
    assert statuses.count("Success") > len(names) / 2
    assert statuses.count("Partial")
    assert not report.completeness.whole
    assert "denied" in str(report.completeness)
