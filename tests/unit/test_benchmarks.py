"""The benchmarks run from end to end; how fast anything is, no test may ask."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TINY = ("--quick", "--users", "2", "--merge-requests", "2")
MEASURED = {
    "side_by_side",
    "cold_and_warm",
    "cpu_of_a_request",
    "policies",
    "workers_busy",
    "lists",
    "growth",
    "many_callers",
    "small_behind_large",
    "processes",
    "beyond",
}
LEFT_OUT = {"real_data", "users_real_data"}


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_quick_run_measures_all_compares_like_with_like_and_proves_no_target(
    tmp_path: Path,
) -> None:
    """Each section has figures or says why not; where and by what they came is told."""
    file = tmp_path / "latest.json"
    command = [sys.executable, "-m", "benchmarks", *TINY, "--markdown", "--output", str(file)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(file.read_text(encoding="utf-8"))
    sections = {section["name"]: section for section in found["sections"]}
    assert set(sections) == MEASURED | LEFT_OUT
    for name, section in sections.items():
        assert section["failed"] is None
        assert bool(section["rows"]) == (name in MEASURED)
        assert bool(section["skipped"]) == (name in LEFT_OUT)
        assert all(check["passed"] is None for check in section["checks"])
    assert str(found["machine"]["processor"]) in ended.stdout
    assert "python -m benchmarks --quick" in ended.stdout
    assert_like_with_like(sections["side_by_side"]["raw"])
    assert_pictures(tmp_path, ended.stdout)


def assert_like_with_like(samples: list[dict[str, Any]]) -> None:
    """Assert that no client reads less than others, and that ours finds as many by each source."""
    most = max(sample["people"] for sample in samples)
    whole = [each for each in samples if each["task"] == "read" and each["people"] == most]
    assert len({sample["peer"] for sample in whole}) >= 2
    assert all(sample["endpoints"] == whole[0]["endpoints"] for sample in whole)
    assert all(sample["proof"] == whole[0]["proof"] for sample in whole)
    assert whole[0]["proof"] > 0
    ours = [sample for sample in samples if sample["peer"] == "ours"]
    assert {sample["items"] for sample in ours} == {whole[0]["items"]} != {0}


def assert_pictures(folder: Path, printed: str) -> None:
    """Assert that pictures are next to the figures, or that the report says what is missing."""
    from benchmarks.charts import NEEDED, can_be_drawn

    drawn = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}
    if can_be_drawn():
        assert set(drawn) == {"latencies.svg", "growth.svg"}
        assert all("<svg" in text for text in drawn.values())
    else:
        assert not drawn
        assert NEEDED in printed


def test_a_client_that_is_not_installed_is_named() -> None:
    """So no client is left out without a word."""
    from benchmarks.peers import NAMES, installed

    peers, left_out = installed()
    assert len(peers) + len(left_out) == len(NAMES)


@pytest.mark.parametrize(
    "other", [{"items": 3}, {"proof": 5}, {"endpoints": {"/merge_requests": 2}}], ids=str
)
def test_whoever_does_less_is_not_compared(other: dict[str, Any]) -> None:
    """Neither by fewer merge requests, nor by other ones, nor by other requests."""
    from benchmarks.measuring import Sample, require_agreement
    from benchmarks.server import MeasurementFailed

    one = Sample("ours", "read", 2, 0.1, 0.1, 1.0, 4, 7, 3, 0.1, {"/merge_requests": 3}, {})
    require_agreement([one, replace(one, peer="other")])
    with pytest.raises(MeasurementFailed, match="other and ours do not agree"):
        require_agreement([one, replace(one, peer="other", **other)])


@pytest.mark.slow
def test_whole_people_are_measured_by_the_merge_requests_that_were_judged() -> None:
    """As many from lists alone, without a request about one; commits are read in either case."""
    from benchmarks.measuring import generated, measure, work_at
    from benchmarks.peers import installed

    ours = installed()[0][0]
    below = "/projects/:id/merge_requests/:iid/"
    with generated(3, 4) as server:
        work = replace(work_at(server, 2), options={"source": "rest"})
        batch = measure(ours, "batch", server, work)
        full = measure(ours, "people", server, work)
        quick = measure(ours, "people", server, replace(work, options={"quick": 1}))
    assert full.items == quick.items == batch.items > 0
    assert any(endpoint.startswith(below) for endpoint in full.endpoints)
    assert not any(endpoint.startswith(below) for endpoint in quick.endpoints)
    assert quick.endpoints["/projects/:id/repository/commits"] > 0


@pytest.mark.slow
def test_what_has_changed_is_read_again_and_the_rest_is_not(tmp_path: Path) -> None:
    """A run with a store asks about the changed merge requests alone."""
    from benchmarks.measuring import generated, measure, work_at
    from benchmarks.peers import installed

    ours = installed()[0][0]
    options = {"source": "rest", "store": str(tmp_path)}
    with generated(3, 4) as server:
        work = replace(work_at(server, 2), options=options)
        cold, warm = (measure(ours, "batch", server, work) for _ in range(2))
        assert server.change(3) == cold.items // 3 + (cold.items % 3 > 1)
        changed = measure(ours, "batch", server, work)
    assert cold.items == warm.items == changed.items
    assert cold.proof == warm.proof
    assert warm.requests < changed.requests < cold.requests


@pytest.mark.slow
def test_a_large_world_is_a_small_one_many_times() -> None:
    """Each copy is a merge request of its own, with the facts of the first."""
    from benchmarks.measuring import generated, measure, work_at
    from benchmarks.peers import installed

    requests = next(peer for peer in installed()[0] if peer.name == "requests_threads")
    with generated(2, 3) as server:
        once = measure(requests, "read", server, work_at(server, 2))
    with generated(2, 3, times=3) as server:
        thrice = measure(requests, "read", server, work_at(server, 2))
    assert thrice.items == 3 * once.items
    assert thrice.proof == 3 * once.proof
    assert thrice.people == once.people == 2


@pytest.mark.slow
def test_a_long_list_belongs_to_nobody_who_is_judged() -> None:
    """It is read page by page, as often as is wanted."""
    from benchmarks.measuring import generated, measure, work_at
    from benchmarks.peers import installed
    from benchmarks.world import LIST_OF

    ours = installed()[0][0]
    with generated(2, 1, lists=[250]) as server:
        work = work_at(server, 2)
        assert len(work.usernames) == 2
        options = {"author": LIST_OF.format(250), "times": 2}
        sample = measure(ours, "long_list", server, replace(work, options=options))
    assert (sample.items, sample.requests) == (500, 6)


@pytest.mark.slow
def test_answers_with_errors_are_no_measurement() -> None:
    """Refusals are quick to give, and must not pass for speed."""
    from benchmarks.measuring import generated, measure
    from benchmarks.peers import installed
    from benchmarks.server import MeasurementFailed
    from benchmarks.work import Work

    peers = {peer.name: peer for peer in installed()[0]}
    with generated(2, 2) as server:
        work = Work(server.url, "wrong", 2, server.authors)
        for peer in (peers["ours"], peers["requests_threads"]):
            with pytest.raises(MeasurementFailed, match=peer.name):
                measure(peer, "read", server, work)


def test_the_profile_says_where_the_time_of_a_batch_goes() -> None:
    """By package, ours among them; all shares together are the whole."""
    from benchmarks.measuring import generated, work_at
    from benchmarks.profiling import by_package, profile

    with generated(2, 2) as server:
        shares = dict(by_package(profile(work_at(server, 1), "rest")))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["gitlab_sync/http"] > 0
    assert shares["urllib3"] > 0


def test_more_workers_help_until_something_else_is_waited_for() -> None:
    """A server's limit is waited for by any number of them."""
    from benchmarks.scenarios.beyond import Need, time_of

    need = Need(cpu=0.002, requests=0.1)
    assert time_of(need, 1, 0) == (1000.0, "the workers")
    assert time_of(need, 2, 0) == (500.0, "the workers")
    assert time_of(need, 100, 0) == (78.125, "the latency")
    assert time_of(need, 1, 600) == time_of(need, 100, 600) == (5000.0, "the limit")
