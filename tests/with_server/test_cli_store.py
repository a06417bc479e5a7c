"""What was read of ended merge requests is not read twice, unless one says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runs import of_sandbox, run, shared

from gitlab_sync.sandbox import Sandbox, World

FACTS = ("/notes", "/commits", "/diffs", "/pipelines")

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox, with a cache folder of its own."""
    return of_sandbox(sandbox, tmp_path)


def facts_asked(sandbox: Sandbox) -> int:
    """Return how many requests went to single merge requests so far."""
    paths = [e.path for e in sandbox.traffic.exchanges if "/merge_requests/" in e.path]
    return sum(path.endswith(FACTS) for path in paths)


@pytest.mark.parametrize("command", ["mrs", "users"])
def test_a_second_run_asks_for_no_facts_and_says_the_same(
    command: str, world: World, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Until the store is cleared."""
    line = (command, *world.truth.usernames, "--source", "rest", "-f", "json")
    first = run(environ, *line)
    asked = facts_asked(sandbox)
    assert asked > 0
    second = run(environ, *line)
    assert facts_asked(sandbox) == asked
    assert second.stdout == first.stdout
    third = run(environ, *line, "--clear-store")
    assert b"stored merge requests deleted" in third.stderr
    assert facts_asked(sandbox) == 2 * asked
    assert third.stdout == first.stdout


@pytest.mark.parametrize("said", ["option", "variable"])
def test_switched_off_nothing_is_kept(
    said: str, world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """And nothing is written anywhere."""
    option = ("--store", "off") if said == "option" else ()
    if said == "variable":
        environ = {**environ, "GITLAB_SYNC_STORE": "off"}
    line = ("mrs", *world.truth.usernames, "--source", "rest", *option)
    run(environ, *line)
    asked = facts_asked(sandbox)
    run(environ, *line)
    assert facts_asked(sandbox) == 2 * asked
    assert not (tmp_path / "cache").exists()


def test_a_refresh_reads_all_anew_and_keeps_it(
    world: World, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Only that sees an old pipeline that was tried again."""
    line = ("mrs", *world.truth.usernames, "--source", "rest", "-f", "json")
    run(environ, *line)
    asked = facts_asked(sandbox)
    run(environ, *line, "--refresh")
    assert facts_asked(sandbox) == 2 * asked
    run(environ, *line)
    assert facts_asked(sandbox) == 2 * asked


def test_read_only_finds_what_is_kept_and_writes_nothing(
    world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """Not even a folder."""
    line = ("mrs", *world.truth.usernames, "--source", "rest")
    run(environ, *line, "--store", "read-only")
    assert not (tmp_path / "cache").exists()
    run(environ, *line)
    asked = facts_asked(sandbox)
    run(environ, *line, "--store", "read-only")
    assert facts_asked(sandbox) == asked
    run(environ, *line, "--store", "read-only", "--refresh")
    assert facts_asked(sandbox) > asked


def test_no_token_is_in_any_file_of_the_store(
    world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """The files do not let anyone sign in."""
    run(environ, "mrs", *world.truth.usernames)
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files
    token = sandbox.token("admin").encode()
    assert not [path for path in files if token in path.read_bytes()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
