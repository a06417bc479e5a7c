"""Every kind of fault at every single request of a batch: never a wrong number that looks clean.

Databases are tested so: each run lets one more request go well before the fault strikes. After each
run a row equals the true one, or it says that it is not whole, and then no number in it is more
than the truth, nor further below it than `Unverified` admits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from honesty import assert_honest

from gitlab_sync import GitLabClient
from gitlab_sync.http import rate_limit as limits
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.reports.report import Report
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.sandbox.truth import ISSUE_CHECKS, MERGE_REQUEST_CHECKS
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Source, TableRow

pytestmark = pytest.mark.slow

QUICK = RetryPolicy(base=0.001, cap=0.002)
TITLES = ("Closed MRs", *MERGE_REQUEST_CHECKS)
NAMES = ["alice.moreau", "Bruno.Rossi", "chiara.ivanova", "no.one"]

PASSING: dict[str, dict[str, Any]] = {
    "limit-text": {"kind": "limit", "retry_after": 0},
    "limit-fraction": {"kind": "limit", "retry_after": 0.001},
    "limit-json": {"kind": "limit", "style": "json"},
    "500": {"kind": "status", "status": 500},
    "502-page": {"kind": "html", "status": 502},
    "503-wait": {"kind": "status", "status": 503, "retry_after": 0},
    "520": {"kind": "status", "status": 520, "body": ""},
    "reset": {"kind": "reset"},
    "reset-middle": {"kind": "reset", "when": "middle"},
    "truncate": {"kind": "truncate"},
    "malformed": {"kind": "malformed"},
    "page-200": {"kind": "html", "status": 200},
    "empty-200": {"kind": "empty"},
    "nothing-204": {"kind": "status", "status": 204, "body": ""},
    "null": {"kind": "status", "status": 200, "body": "null"},
    "text": {"kind": "status", "status": 200, "body": '"maintenance"'},
    "foreign-link": {"kind": "foreign_link"},
    "cookie": {"kind": "cookie"},
}
"""Faults that leave no trace when they strike once: what they spoil is asked for again."""

LASTING: dict[str, dict[str, Any]] = {
    "401": {"kind": "status", "status": 401, "body": '{"message":"401 Unauthorized"}'},
    "403": {"kind": "status", "status": 403},
    "404": {"kind": "status", "status": 404, "body": '{"message":"404 Not found"}'},
    "422": {"kind": "status", "status": 422},
    "redirect": {"kind": "redirect", "location": "https://elsewhere.example/x"},
    "redirect-api": {"kind": "redirect"},
    "redirect-user": {"kind": "redirect", "location": "/api/v4/users/1"},
    "redirect-lost-filter": {"kind": "redirect", "location": "/api/v4/merge_requests?scope=all"},
    "503-wait-for-ever": {"kind": "status", "status": 503, "retry_after": 1e300},
    "object": {"kind": "status", "status": 200, "body": '{"message":"maintenance"}'},
    "list-of-null": {"kind": "status", "status": 200, "body": "[null]"},
    "list-of-texts": {"kind": "status", "status": 200, "body": '["a", "b"]'},
}
"""Faults that are final where they strike."""

ALL = {**PASSING, **LASTING}
HARMLESS = {"foreign-link", "cookie"}
LIMITS = {name for name in ALL if name.startswith("limit")}
EVERYWHERE = {"limit-json", "502-page", "reset", "truncate", "empty-200", "401", "object"}
"""One of each sort strikes at every single request, the others at every third."""


def places(name: str, requests: int) -> range:
    """Return the numbers of the requests at which this fault is to strike, one in each run."""
    if name in EVERYWHERE:
        return range(1, requests + 1)
    return range(1 + list(ALL).index(name) % 3, requests + 1, 3)


def small_world() -> World:
    """Three people: three merge requests, three and a hundred open ones, none. Some long lists."""
    world = generate_world(seed=11, users=3, merge_requests=3, issues=4, projects=2, large_every=0)
    tables = world.tables
    gone = "chiara.ivanova"
    for kind in ("merge_requests", "issues"):
        table = getattr(tables, kind)
        table[:] = [record for record in table if record["author"]["username"] != gone]
    truth = world.truth
    for decisions in (truth.merge_request_decisions, truth.issue_decisions):
        decisions[:] = [one for one in decisions if one.author != gone]
    theirs = next(mr for mr in tables.merge_requests if mr["author"]["username"] == "bruno.rossi")
    tables.merge_requests += [
        {**theirs, "id": 90_000 + n, "iid": 90_000 + n, "state": "opened", "merged_at": None}
        for n in range(100)
    ]
    key = (theirs["project_id"], theirs["iid"])
    word = {"system": True, "body": "added 1 commit", "author": theirs["author"]}
    word["created_at"] = "2030-01-01T00:00:00.000Z"  # newest, so that all else is on page 2
    words = [{**word, "id": 80_000 + n} for n in range(101)]
    tables.mr_notes.put(key, [*tables.mr_notes.get(key), *words])
    merge = {"parent_ids": ["a", "b"], "title": "Merge", "message": "Merge"}
    commits = tables.mr_commits.get(key)
    tables.mr_commits.put(key, [*({**merge, "id": f"{n}"} for n in range(101)), *commits])
    world.changed()
    return world


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """One sandbox for all runs of this file."""
    with Sandbox(small_world()) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Iterator[Sandbox]:
    """Give it out without faults and with nothing counted."""
    server.faults.clear()
    server.traffic.reset()
    yield server
    server.faults.clear()


@pytest.fixture(scope="module", params=["rest", "auto"])
def source(request: pytest.FixtureRequest) -> Source:
    """Where the runs take merge requests from."""
    return cast("Source", request.param)


@pytest.fixture(scope="module")
def requests(server: Sandbox, source: Source) -> int:
    """How many requests a run costs in which nothing goes wrong."""
    run(server, source=source)
    return server.traffic.total


@pytest.fixture(autouse=True)
def quick_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a 429 that names no time be waited out in a moment."""
    monkeypatch.setattr(limits, "_OWN_BACKOFF", (0.001, 0.002))


def run(
    sandbox: Sandbox,
    fault: dict[str, Any] | None = None,
    timeout: float = 60.0,
    source: Source = "rest",
    **where: Any,
) -> tuple[Report, int]:
    """Evaluate everyone under one fault, with this run's own bridge; and how often it struck."""
    sandbox.faults.clear()
    sandbox.traffic.reset()
    planted = sandbox.faults.add(**fault, **where) if fault else None
    with Bridge(4, policy=QUICK) as bridge:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge, timeout=timeout)
        report = client.batch_evaluate_mrs(NAMES, run=Run(max_wait=0.05, source=source))
    return report, planted.hits if planted else 0


def true_rows(sandbox: Sandbox) -> dict[str, TableRow]:
    """Return the rows of a run in which nothing goes wrong."""
    counts = sandbox.world.truth.merge_requests()
    rows: dict[str, TableRow] = {
        name: {"Username": name, **cells, "Status": "Success", "Error": None, "Unverified": 0}
        for name, cells in counts.items()
    }
    blank = dict.fromkeys(TITLES)
    rows["no.one"] = {
        "Username": "no.one",
        **blank,
        "Status": "Not Found",
        "Error": "404 there is no user 'no.one'",
        "Unverified": None,
    }
    return rows


def check(report: Report, true: dict[str, TableRow]) -> None:
    """Check all rows of a run, and that its completeness says the same as they do."""
    assert sorted(row["Username"].lower() for row in report) == sorted(map(str.lower, true))  # type: ignore[union-attr]
    by_name = {name.lower(): row for name, row in true.items()}
    for row in report:
        assert_honest(row, by_name[str(row["Username"]).lower()], TITLES)
    clean = all(row["Status"] in {"Success", "Not Found"} for row in report)
    assert report.completeness.whole == clean, (str(report.completeness), list(report))


def test_without_a_fault_the_rows_are_the_true_ones(
    sandbox: Sandbox, source: Source, requests: int
) -> None:
    """And the sweep below strikes each of these requests."""
    report, _ = run(sandbox, source=source)
    assert {str(row["Username"]): row for row in report} == true_rows(sandbox)
    assert requests >= (20 if source == "rest" else 10)


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_at_any_one_request_leaves_no_trace(
    sandbox: Sandbox, source: Source, requests: int, name: str
) -> None:
    """Request after request; the answer that was spoiled is asked for again."""
    true = true_rows(sandbox)
    for nth in places(name, requests):
        report, hits = run(sandbox, PASSING[name], source=source, nth=nth)
        assert hits == 1
        assert {str(row["Username"]): row for row in report} == true, f"at request {nth}"
        asked_again = sandbox.traffic.total - requests
        assert asked_again == (0 if name in HARMLESS else 1), f"at request {nth}"
        assert not any(exchange.cookie for exchange in sandbox.traffic.exchanges)


@pytest.mark.parametrize("name", LASTING)
def test_a_final_fault_at_any_one_request_is_told_and_spoils_no_other_number(
    sandbox: Sandbox, source: Source, requests: int, name: str
) -> None:
    """One row says that it is not whole, all others are the true ones."""
    true = true_rows(sandbox)
    for nth in places(name, requests):
        report, hits = run(sandbox, LASTING[name], source=source, nth=nth)
        assert hits >= 1
        check(report, true)
        touched = [row for row in report if row not in true.values()]
        assert len(touched) <= 1, f"at request {nth}"
        if touched:
            assert not report.completeness.whole


@pytest.mark.parametrize("name", ALL)
def test_a_fault_that_lasts_from_some_request_on_never_makes_a_wrong_number(
    sandbox: Sandbox, source: Source, requests: int, name: str
) -> None:
    """The server breaks down in the middle of the run, and stays so."""
    true = true_rows(sandbox)
    moments = [n for n in (1, 2, 3, 4, 5, 6, 9, 16, 27) if n <= requests]
    for nth in moments if name in EVERYWHERE else moments[::3]:
        report, hits = run(sandbox, ALL[name], source=source, nth=nth, times=None)
        assert hits >= 1
        check(report, true)
        if name not in HARMLESS:
            assert not report.completeness.whole, f"from request {nth}"
        if nth == 1 and name not in HARMLESS:
            assert {row["Status"] for row in report} == {"Error"}


PATHS = [
    "/users",
    "/merge_requests",
    "*/notes",
    "*/commits",
    "*/diffs",
    "*/pipelines",
]


@pytest.mark.parametrize("name", ALL)
def test_a_route_that_is_always_broken_is_unknown_in_every_row_that_needs_it(
    sandbox: Sandbox, name: str
) -> None:
    """As with a token that may not read it; nothing else is touched."""
    true = true_rows(sandbox)
    for path in PATHS:
        report, hits = run(sandbox, ALL[name], path=path, times=None)
        assert hits >= 1
        check(report, true)
        rows = {str(row["Username"]): row for row in report}
        if name in LIMITS:
            continue  # the gate is closed for all of a principal's work
        if name in HARMLESS:
            assert rows == true
        elif path == "/users":
            assert rows["alice.moreau"] == true["alice.moreau"]
            assert rows["bruno.rossi"] == true["bruno.rossi"]
            assert rows["chiara.ivanova"]["Status"] == rows["no.one"]["Status"] == "Error"
        elif path == "/merge_requests":
            assert {row["Status"] for row in report} == {"Error"}
        else:
            assert rows["chiara.ivanova"] == true["chiara.ivanova"]
            assert rows["no.one"] == true["no.one"]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("page", ["merge_requests", "notes", "commits"])
def test_a_second_page_that_is_always_broken_is_not_taken_for_the_end(
    sandbox: Sandbox, name: str, page: str
) -> None:
    """A list that broke off says so, in the row of its person."""
    true = true_rows(sandbox)
    where = {"path": f"*/{page}", "query": {"page": "2"}}
    report, hits = run(sandbox, ALL[name], times=None, **where)
    assert hits >= 1
    check(report, true)
    rows = {str(row["Username"]): row for row in report}
    bruno = rows.pop("bruno.rossi")
    if name not in LIMITS:
        assert all(row == true[username] for username, row in rows.items())
    if name in HARMLESS:
        assert bruno == true["bruno.rossi"]
    elif page == "merge_requests":
        assert bruno["Status"] == "Partial" or name in LIMITS
        assert report.completeness.lists


@pytest.mark.parametrize("when", ["before", "middle"])
def test_a_stall_is_cut_off_and_asked_for_again(
    sandbox: Sandbox, source: Source, requests: int, when: str
) -> None:
    """Each exchange of a batch has the time of a call, and no more."""
    true = true_rows(sandbox)
    stall = {"kind": "stall", "when": when}
    for nth in (1, 4, 7, requests // 2, requests - 1):
        report, hits = run(sandbox, stall, timeout=0.4, source=source, nth=nth)
        assert hits == 1
        check(report, true)
        assert {str(row["Username"]): row for row in report} == true


def test_a_stall_that_lasts_is_timed_out_and_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the row and in the completeness line."""
    true = true_rows(sandbox)
    twice = RetryPolicy(attempts=2, base=0.001, cap=0.002)
    monkeypatch.setitem(globals(), "QUICK", twice)
    report, _ = run(sandbox, {"kind": "stall"}, timeout=0.3, path="*/notes", times=None)
    check(report, true)
    assert "timed out" in str(report.completeness)


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize("name", sorted(EVERYWHERE))
def test_each_fault_in_the_lists_of_issues_is_told(
    sandbox: Sandbox, name: str, times: int | None
) -> None:
    """Lists and look-ups are all that issues cost."""
    truth = sandbox.world.truth.issues()
    titles = ("Total Assigned", "Opened Issues", "Closed Issues", *ISSUE_CHECKS)
    for nth in range(1, 7):
        sandbox.faults.clear()
        assert sandbox.faults.add(**ALL[name], nth=nth, times=times)
        with Bridge(4, policy=QUICK) as bridge:
            client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
            report = client.batch_evaluate_issues(NAMES, run=Run(max_wait=0.05))
        for row in report:
            cells = {title: row[title] for title in titles}
            if row["Status"] == "Success":
                assert cells == truth[str(row["Username"])]
            elif row["Status"] == "Not Found":
                assert row["Username"] == "no.one"
            else:
                assert row["Status"] == "Error"
                assert row["Error"]
                assert set(cells.values()) == {None}
