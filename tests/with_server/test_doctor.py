"""The doctor: what it finds of each fault of token, GitLab and this machine; and no secret."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_runs import environment, interrupted, of_sandbox, run, shared, stalled
from doctor_runs import examined, statuses

from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sandbox.limiter import RateLimit
from gitlab_sync.store.store import Item, Store, store_path

served, sandbox, world = shared()
pytestmark = pytest.mark.usefixtures("bare_machine")


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox, for a person with projects."""
    return of_sandbox(sandbox, tmp_path, GITLAB_TOKEN=sandbox.token("alice.moreau"))


# -- all is well -----------------------------------------------------------------------------------


def test_a_sound_setting_is_a_0_with_everything_told(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """And nothing but reading was done for it."""
    found = examined(environ, code=0)
    assert statuses(found) == {"ok"}
    assert "alice.moreau" in found["Token"]["finding"]
    assert found["Token"]["facts"]["scopes"] == "read_api"
    assert found["GitLab"]["facts"] == {"version": "18.4.1"}
    assert found["GraphQL"]["facts"] == {"available": True, "complexity": 250}
    assert found["Latency"]["facts"]["seconds"] > 0
    assert found["Policy"]["finding"] == "classic"
    sent = {(each.method, each.endpoint) for each in sandbox.traffic.exchanges}
    assert {method for method, _ in sent} == {"GET", "POST"}
    assert {endpoint for method, endpoint in sent if method == "POST"} == {"/api/graphql"}


def test_the_estimate_is_about_as_many_people_as_are_named(environ: dict[str, str]) -> None:
    """More people cost more."""
    few, many = (
        json.loads(run(environ, "doctor", "--people", n, "-f", "json").stdout)[-1]["facts"]
        for n in ("2", "1000")
    )
    assert (few["people"], few["requests"]) == (2, 9)
    assert many["requests"] == 500 * few["requests"]
    assert run(environ, "doctor", "--people", "0").returncode == 2


def test_a_file_gets_the_format_of_its_name_whole_or_not_at_all(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """As for other commands."""
    path = tmp_path / "d.json"
    done = run(environ, "doctor", "-o", str(path))
    assert (done.returncode, done.stdout) == (0, b"")
    assert json.loads(path.read_bytes())[0]["check"] == "URL"
    assert run(environ, "doctor", "-o", str(tmp_path / "no/such")).returncode == 2


def test_the_demo_is_sound_and_keeps_nothing(tmp_path: Path) -> None:
    """It needs no settings."""
    done = run(environment(tmp_path), "doctor", "--demo")
    assert done.returncode == 0, done.stdout
    assert b"off: nothing is kept" in done.stdout


def test_ctrl_c_ends_it_after_what_was_found(environ: dict[str, str], sandbox: Sandbox) -> None:
    """With the code of the signal."""
    done = interrupted(environ, "doctor", when=stalled(sandbox, "/personal_access_tokens/self"))
    assert done.returncode == 130
    assert done.stdout.decode().splitlines()[-1].split()[:2] == ["ok", "Connection"]


# -- the token -------------------------------------------------------------------------------------


def test_a_wrong_token_is_a_problem_of_the_token(environ: dict[str, str]) -> None:
    """Clock and rate limits are known all the same."""
    found = examined({**environ, "GITLAB_TOKEN": "wrong-secret-word"}, code=4)
    assert found["Token"]["status"] == "problem"
    assert "401" in found["Token"]["finding"]
    assert found["Clock"]["status"] == found["Rate limit"]["status"] == "ok"
    assert found["REST"]["finding"] == "it needs Token"


def test_a_missing_token_is_a_problem_of_the_token_alone(
    sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """The way to the GitLab is checked without it; also for the URL of a file without a token."""
    del environ["GITLAB_TOKEN"]
    found = examined(environ, code=4)
    assert "GITLAB_TOKEN" in found["Token"]["to_do"]
    assert found["Connection"]["status"] == "ok"
    (tmp_path / ".python-gitlab.cfg").write_text(
        f"[global]\ndefault = here\n[here]\nurl = {sandbox.url}\n", encoding="utf-8"
    )
    found = examined(environment(tmp_path), code=4)
    assert "section [here]" in found["URL"]["finding"]
    assert "private_token" in found["Token"]["finding"]


@pytest.mark.parametrize("scopes", [("read_user",), ("read_repository",)])
def test_a_token_without_read_api_is_a_problem(
    scopes: tuple[str, ...], environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Whether GitLab signs it in or not."""
    environ["GITLAB_TOKEN"] = sandbox.token_for("alice.moreau", scopes=scopes, name="narrow")
    found = examined(environ, code=4)["Token"]
    assert scopes[0] in found["finding"]
    assert "read_api is missing" in found["to_do"]


@pytest.mark.parametrize(("days", "code", "status"), [(5, 3, "warning"), (300, 0, "ok")])
def test_the_end_of_a_token_is_told_in_days(
    days: int, code: int, status: str, environ: dict[str, str], sandbox: Sandbox
) -> None:
    """One that ends soon is a warning."""
    end = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    environ["GITLAB_TOKEN"] = sandbox.token_for("alice.moreau", expires=end, name="ending")
    found = examined(environ, code=code)["Token"]
    assert (found["status"], found["facts"]["days"]) == (status, days)
    assert f"{days} days ({end})" in found["finding"]


def test_an_expired_token_is_a_problem_and_an_oauth_token_tells_little(
    environ: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """By GitLab's own words."""
    expired = sandbox.token_for("alice.moreau", expired=True, name="over")
    found = examined({**environ, "GITLAB_TOKEN": expired}, code=4)["Token"]
    assert "Token is expired" in found["finding"]
    oauth = sandbox.token_for("alice.moreau", kind="oauth")
    (tmp_path / "cfg").write_text(
        f"[global]\ndefault = o\n[o]\nurl = {sandbox.url}\noauth_token = {oauth}\n", "utf-8"
    )
    told = environment(tmp_path, PYTHON_GITLAB_CFG=str(tmp_path / "cfg"))
    found = examined(told, code=0)["Token"]
    assert found["facts"] == {"username": "alice.moreau", "kind": "OAuth"}


def test_the_token_of_a_ci_job_is_a_warning(environ: dict[str, str], sandbox: Sandbox) -> None:
    """What it cannot read is not checked, and no problem."""
    token = sandbox.token_for("alice.moreau", kind="job", project=1)
    told = {**environ, "CI_JOB_TOKEN": token, "GITLAB_TOKEN": token}
    found = examined(told, code=3)
    assert found["Token"]["status"] == "warning"
    assert found["GitLab"]["status"] == "not checked"


# -- the GitLab ------------------------------------------------------------------------------------


def test_an_old_gitlab_without_fields_is_told_with_what_it_lacks(
    world: World, tmp_path: Path
) -> None:
    """Runs work, with more requests."""
    without = ("MergeRequest.closedAt", "Query.queryComplexity", "Note.system")
    with Sandbox(world, version="14.10.5-ee", graphql_without=without) as old:
        found = examined(of_sandbox(old, tmp_path, GITLAB_TOKEN=old.token("alice.moreau")), code=3)
    assert found["GitLab"]["status"] == "warning"
    assert found["GitLab"]["finding"].startswith("14.10.5-ee, older than 15.7")
    assert found["GraphQL"]["status"] == "warning"
    for name in without:
        assert name in found["GraphQL"]["facts"]["missing"]
    assert "by REST" in found["Estimate"]["finding"]


def test_without_graphql_a_run_costs_many_more_requests(world: World, tmp_path: Path) -> None:
    """It is a warning, and the estimate counts with it."""
    with Sandbox(world, graphql=False) as bare:
        told = of_sandbox(bare, tmp_path, GITLAB_TOKEN=bare.token("alice.moreau"))
        found = examined(told, code=3)
    assert found["GraphQL"]["status"] == "warning"
    assert found["Estimate"]["facts"]["requests"] == 6740


def test_a_proxy_that_removes_headers_of_pages_is_a_problem(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Lists would end after their first page."""
    sandbox.faults.add("status", status=200, body="[]", path="/projects", times=None)
    found = examined(environ, code=4)["REST"]
    assert "do not say where they go on" in found["finding"]


def test_a_member_of_no_project_is_a_warning(environ: dict[str, str], sandbox: Sandbox) -> None:
    """Their reports would be empty."""
    empty = {"status": 200, "body": "[]", "headers": {"x-next-page": ""}}
    sandbox.faults.add("status", path="/projects", times=None, **empty)
    assert examined(environ, code=3)["REST"]["status"] == "warning"


def test_fields_of_merge_requests_that_are_missing_are_named(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """As on old servers."""
    body = {"status": 200, "body": '[{"iid": 1, "author": {}}]', "headers": {"x-next-page": ""}}
    sandbox.faults.add("status", path="/projects/:id/merge_requests", times=None, **body)
    found = examined(environ, code=3)["REST"]
    assert "time_stats" in found["facts"]["missing"]
    assert "author" not in found["facts"]["missing"]


def test_a_server_that_fails_is_a_problem_where_it_fails(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """After one retry; other checks go on."""
    sandbox.faults.add("status", status=500, path="/api/graphql", times=None)
    found = examined(environ, code=4)
    assert found["GraphQL"]["status"] == "problem"
    assert statuses(found, "GraphQL") == {"ok"}


def test_a_rate_limit_is_told_and_estimated_with(world: World, tmp_path: Path) -> None:
    """How much is left, and how long a run would wait."""
    with Sandbox(world, rate_limits=[RateLimit(200)]) as limited:
        told = of_sandbox(limited, tmp_path, GITLAB_TOKEN=limited.token("alice.moreau"))
        found = examined(told, "--people", "100", code=3)
        assert found["Rate limit"]["status"] == "ok"
        assert found["Rate limit"]["facts"]["limit"] == 200
        assert "waiting for the rate limit" in found["Estimate"]["finding"]
        limited.limiter.set(RateLimit(10))  # the doctor itself has used nine by then
        assert b"warning      Rate limit  " in run(told, "doctor").stdout


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_429_is_told_at_once_and_is_no_problem(
    style: Any, environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Nothing waits for it: what is not known is not checked."""
    sandbox.limiter.set(RateLimit(1, style=style, token="alice.moreau"))
    started = time.monotonic()
    found = examined(environ, code=3)
    sandbox.limiter.set()
    assert time.monotonic() - started < 20
    assert found["Token"]["status"] == "not checked"
    assert found["Rate limit"]["status"] == "warning"
    assert "429" in found["Rate limit"]["finding"]


def test_a_429_to_everything_leaves_all_else_unknown(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Even the first request, which has no token."""
    sandbox.limiter.set(RateLimit(0))
    found = examined(environ, code=3)
    sandbox.limiter.set()
    assert found["Connection"]["status"] == "not checked"
    assert found["Rate limit"]["status"] == "warning"


@pytest.mark.parametrize(("ahead", "which"), [(3600.0, "behind"), (-90.0, "ahead of")])
def test_clocks_that_differ_are_a_warning(
    ahead: float, which: str, world: World, tmp_path: Path
) -> None:
    """With how far, and in which direction."""
    with Sandbox(world, clock_ahead=ahead) as skewed:
        told = of_sandbox(skewed, tmp_path, GITLAB_TOKEN=skewed.token("alice.moreau"))
        found = examined(told, code=3)["Clock"]
    assert found["facts"]["ahead"] == pytest.approx(-ahead, abs=5)
    assert f"s {which} the server's" in found["finding"]


# -- this machine ----------------------------------------------------------------------------------


@pytest.fixture
def folder(environ: dict[str, str]) -> Path:
    """Return the folder of stores of the run."""
    made = Path(environ["XDG_CACHE_HOME"]) / "gitlab_sync"
    made.mkdir(parents=True)
    return made


def test_a_store_is_told_with_size_mode_and_age(
    environ: dict[str, str], sandbox: Sandbox, folder: Path
) -> None:
    """One that others can read is a warning; with --store off it is not looked at."""
    with Store(sandbox.url, folder=folder) as store:
        store.keep(b"p" * 16, [Item(1, b"s", b"d" * 100)])
    path = store_path(sandbox.url, folder)
    os.utime(path, (time.time() - 5 * 86_400,) * 2)
    found = examined(environ, code=0)["Store"]
    assert {"items": 1, "mode": "0600", "days": 5}.items() <= found["facts"].items()
    path.chmod(0o644)
    assert examined(environ, code=3)["Store"]["to_do"] == f"Run chmod 600 {path}."
    assert examined({**environ, "GITLAB_SYNC_STORE": "off"}, code=0)["Store"]["facts"] == {
        "store": "off"
    }


def test_a_store_that_cannot_be_used_is_a_warning_and_stays_as_it_is(
    environ: dict[str, str], sandbox: Sandbox, folder: Path
) -> None:
    """Runs continue without it."""
    path = store_path(sandbox.url, folder)
    path.write_bytes(b"no database" * 100)
    found = examined(environ, code=3)["Store"]
    assert "cannot be used" in found["finding"]
    assert path.read_bytes() == b"no database" * 100
    path.unlink()
    path.symlink_to(folder / "elsewhere")
    assert "not a link" in examined(environ, code=3)["Store"]["finding"]


def test_a_store_with_a_page_that_is_damaged_is_found(
    environ: dict[str, str], sandbox: Sandbox, folder: Path
) -> None:
    """Not only its first one is read."""
    with Store(sandbox.url, folder=folder) as store:
        store.keep(b"p" * 16, [Item(n, b"s", os.urandom(3000)) for n in range(100)])
    path = store_path(sandbox.url, folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 9000] = b"\xff" * 9000
    path.write_bytes(data)
    assert examined(environ, code=3)["Store"]["status"] == "warning"


def test_the_policy_in_force_is_checked_with_all_of_its_faults(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """That of the folder, unless another is named; with such a one no run would begin."""
    del environ["GITLAB_SYNC_POLICY"]
    file = tmp_path / "gitlab-sync.toml"
    file.write_text("time_trakking = true\nmilestones = 7\n", encoding="utf-8")
    found = examined(environ, code=4)["Policy"]
    assert "time_trakking" in found["finding"]
    assert "milestones" in found["finding"]
    assert examined(environ, "--policy", "fair", code=0)["Policy"]["finding"] == "fair"
    file.write_text(
        '[[waivers]]\ncheck = "no_desc"\nreason = "r"\nby = "ann"\nuntil = 2024-01-01\n',
        encoding="utf-8",
    )
    assert "of which 1 ended" in examined(environ, code=3)["Policy"]["finding"]


def test_a_policy_in_the_gitlab_is_read_there(environ: dict[str, str], sandbox: Sandbox) -> None:
    """One that is not there is a problem."""
    address = f"{sandbox.url}/no/such/-/blob/main/gitlab-sync.toml"
    found = examined(environ, "--policy", address, code=4)["Policy"]
    assert "There is no file at" in found["finding"]
