"""The totals of the runs of a folder are the numbers of the tables of each run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli_runs import of_sandbox, run, shared

from gitlab_sync.rules.items import merge_request
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.snapshots.counts import Counts
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.trends import PersonTotals, totals_of_runs

served, sandbox, world = shared(demo_world)


@pytest.fixture(scope="module")
def taken(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    """Take a snapshot of everyone; return the environment and the folder."""
    home = tmp_path_factory.mktemp("home")
    environ = of_sandbox(served, home, GITLAB_SYNC_POLICY="fair")
    people = [*served.world.truth.usernames, "no.such.person"]
    done = run(environ, "snapshot", *people, "--into", str(home / "snapshots"))
    assert done.returncode == 3, done.stderr.decode()
    return environ, home / "snapshots"


def _rows(environ: dict[str, str], folder: Path, command: str) -> dict[str, Any]:
    done = run(environ, command, "--from", str(folder), "-f", "json")
    return {row["Username"].lower(): row for row in json.loads(done.stdout)}


@pytest.mark.slow
def test_totals_are_the_numbers_of_the_tables(taken: tuple[dict[str, str], Path]) -> None:
    """By person, for each check; of a person who is not there nothing is known."""
    environ, folder = taken
    (totals,) = totals_of_runs(Folder.at(str(folder)))
    mrs, issues, users = (_rows(environ, folder, name) for name in ("mrs", "issues", "users"))
    assert totals.fault is None
    assert list(totals.people) == sorted(mrs)
    for key, person in totals.people.items():
        if key == "no.such.person":
            assert (person.id, person.commits) == (None, None)
            continue
        assert person.commits == users[key]["Commits Total"]
        assert person.items["merge_requests"] == mrs[key]["Closed MRs"] + mrs[key]["Open"]
        assert not person.partial
        for check in merge_request.CHECKS:
            of = person.verdicts.get(("merge_requests", check.id), Counts())
            row = mrs[key]
            assert (of.known and of.failed, of.known) == (
                row[check.title] or 0,
                row[f"{check.title} (of)"] or 0,
            )
        faults = sum(issues[key][check.title] or 0 for check in FAIR.issues.checks)
        assert _failed(person, "issues") == faults


def _failed(person: PersonTotals, kind: str) -> int:
    return sum(of.failed for (of_kind, _), of in person.verdicts.items() if of_kind == kind)


@pytest.mark.slow
def test_a_run_that_cannot_be_read_says_why_and_the_others_are_read(
    taken: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    """In the order of the runs, for the people that are asked for."""
    _, folder = taken
    (known,) = folder.glob("2*")
    for name in ("20200101T000000Z", "20300101T000000Z"):
        shutil.copytree(known, tmp_path / name)
    (tmp_path / "20200101T000000Z" / "people.parquet").write_bytes(b"PAR1")
    broken, whole = totals_of_runs(Folder.at(str(tmp_path)), ["Kira.Osei", "stranger"])
    assert "people.parquet was changed" in str(broken.fault)
    assert not broken.people
    assert list(whole.people) == ["kira.osei"]
