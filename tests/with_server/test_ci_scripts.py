"""The scripts of the jobs, run by the shell with GitLab's variables, as a runner does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from checked_world import OPEN, PATH, PROJECT, empty_world, put_merge_request
from ci_files import ROOT, blocks, component
from cli_runs import environment

from gitlab_sync.rules.items.own_note import MARKER
from gitlab_sync.sandbox import Sandbox

PROJECT_JOB = "gitlab-sync compliance"

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell here")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a project with an open merge request that has no description."""
    world = empty_world()
    put_merge_request(world, 7, description="", **OPEN)
    with Sandbox(world) as running:
        yield running


def run_job(
    job: dict[str, Any], sandbox: Sandbox, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run the script of a job in a folder, in the pipeline of the merge request.

    pip can reach no index: what it installs is there already.
    """
    variables = {
        "CI": "true",
        "CI_SERVER_URL": sandbox.url,
        "CI_API_V4_URL": f"{sandbox.url}/api/v4",
        "CI_PROJECT_ID": str(PROJECT),
        "CI_PROJECT_PATH": PATH,
        "CI_COMMIT_SHA": "main",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": str(PROJECT),
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "GITLAB_TOKEN": sandbox.token(),
        "GITLAB_SYNC_POLICY": "",
        "PIP_NO_INDEX": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
    }
    script = "\n".join([*job.get("before_script", ()), *job["script"]])
    return subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def load(text: str) -> dict[str, Any]:
    """Return what a YAML says."""
    content: dict[str, Any] = yaml.safe_load(text)
    return content


@pytest.mark.slow
def test_the_first_example_fails_on_a_fault(sandbox: Sandbox, tmp_path: Path) -> None:
    """Copied as it is. With a baseline in the repository it passes."""
    (job,) = load(blocks()[0]).values()
    done = run_job(job, sandbox, tmp_path)
    assert done.returncode == 1, done.stderr
    assert "No Desc" in done.stdout
    known = {"script": ["gitlab-sync baseline --write"]}
    assert run_job(known, sandbox, tmp_path).returncode == 0
    assert run_job(job, sandbox, tmp_path).returncode == 0


@pytest.mark.slow
def test_the_example_for_a_project_evaluates_its_compliance(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """At the commit of the pipeline."""
    (job,) = (content[PROJECT_JOB] for each in blocks() if PROJECT_JOB in (content := load(each)))
    done = run_job(job, sandbox, tmp_path)
    assert done.returncode == 1, done.stderr
    assert f"project {PATH} at main" in done.stdout


@pytest.mark.slow
def test_the_component_writes_its_reports_and_what_its_inputs_ask_for(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Each artifact is there, also when the job fails."""
    (job,) = component(comment="true").values()
    done = run_job(job, sandbox, tmp_path)
    assert done.returncode == 1, done.stderr
    assert {path.name for path in tmp_path.iterdir()} >= set(job["artifacts"]["paths"])
    assert set(job["artifacts"]["reports"].values()) <= set(job["artifacts"]["paths"])
    entries = json.loads((tmp_path / job["artifacts"]["reports"]["codequality"]).read_bytes())
    assert {entry["check_name"] for entry in entries} == {"no_desc", "no_issues"}
    notes = sandbox.world.tables.mr_notes.get((PROJECT, 7))
    assert sum(note["body"].startswith(MARKER) for note in notes) == 1

    severe = component(job_name="x", min_severity="high", arguments="--policy fair --final")
    done = run_job(severe["x"], sandbox, tmp_path)
    assert done.returncode == 0, done.stderr
