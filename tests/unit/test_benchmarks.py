"""The benchmarks run from end to end; how fast anything is, no test may ask."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = ("--quick", "--users", "2", "--merge-requests", "2")
SCENARIOS = {
    "side_by_side",
    "workers_busy",
    "cpu_of_a_request",
    "real_data",
    "users_real_data",
    "many_callers",
    "small_behind_large",
}


def test_a_quick_run_measures_all_and_compares_like_with_like(tmp_path: Path) -> None:
    """Each section has figures or says why not, so little proves no target, nobody reads less."""
    file = tmp_path / "latest.json"
    command = [sys.executable, "-m", "benchmarks", *TINY, "--markdown", "--output", str(file)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(file.read_text(encoding="utf-8"))

    assert {section["name"] for section in found["sections"]} >= SCENARIOS
    for section in found["sections"]:
        assert section["failed"] is None
        assert section["rows"] or section["skipped"]
        assert all(check["passed"] is None for check in section["checks"])

    side_by_side = found["sections"][0]["raw"]
    most = max(sample["people"] for sample in side_by_side)
    whole = [sample for sample in side_by_side if sample["people"] == most]
    assert len({sample["peer"] for sample in whole}) >= 3
    assert all(sample["endpoints"] == whole[0]["endpoints"] for sample in whole)
    assert all(sample["items"] == whole[0]["items"] > 0 for sample in whole)

    assert str(found["machine"]["processor"]) in ended.stdout
    assert "python -m benchmarks --quick" in ended.stdout


def test_whole_people_are_measured_by_the_merge_requests_that_were_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As many from lists alone, without a request about one; commits are read in either case."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.measuring import generated, measure, work_at
    from benchmarks.peers import installed

    ours = installed()[0][0]
    with generated(3, 4) as server:
        work = work_at(server, 2)
        batch = measure(ours, "batch", server, work)
        full = measure(ours, "people", server, work)
        quick = measure(ours, "people", server, replace(work, options={"quick": 1}))
    assert full.items == quick.items == batch.items > 0
    facts = {name: n for name, n in full.endpoints.items() if name not in quick.endpoints}
    assert facts == {name: n for name, n in batch.endpoints.items() if name != "/merge_requests"}
    assert quick.endpoints["/projects/:id/repository/commits"] > 0


def test_answers_with_errors_are_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals are quick to give, and must not pass for speed."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.measuring import generated, measure
    from benchmarks.peers import installed
    from benchmarks.server import MeasurementFailed
    from benchmarks.work import Work

    peers, _ = installed()
    with generated(2, 2) as server:
        work = Work(server.url, "wrong", 2, tuple(server.authors()))
        for peer in peers:
            with pytest.raises(MeasurementFailed, match=peer.name):
                measure(peer, "batch", server, work)
