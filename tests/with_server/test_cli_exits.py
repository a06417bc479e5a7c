"""Exit codes and messages: what a run's end tells a script and a person."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import environment, of_sandbox, run, shared, start

from gitlab_sync.cli.exits import EXIT_CODES, of_rows
from gitlab_sync.cli.main import COMMANDS
from gitlab_sync.sandbox import Sandbox, Token, World

SECRET = "Zq3-Kd81_vvTr40pLm2x"  # the older shape of tokens, which no pattern recognises

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def test_a_person_who_does_not_exist_is_a_3(environ: dict[str, str]) -> None:
    """Alone or among others; the row says so."""
    done = run(environ, "mrs", "alice.moreau", "no-such-person", "-f", "json")
    assert done.returncode == 3
    assert [row["Status"] for row in json.loads(done.stdout)] == ["Success", "Not Found"]
    assert run(environ, "mrs", "no-such-person").returncode == 3


def test_a_wrong_token_is_a_4_with_a_hint_and_rows(environ: dict[str, str]) -> None:
    """No missing person looks like a clean result."""
    done = run({**environ, "GITLAB_TOKEN": SECRET}, "mrs", "alice.moreau", "-f", "json")
    assert done.returncode == 4
    row = json.loads(done.stdout)[0]
    assert (row["Status"], row["Closed MRs"]) == ("Error", None)
    assert b"401" in done.stderr
    assert b"Check that the token is right" in done.stderr


def test_a_server_that_is_not_there_is_a_4(tmp_path: Path, sandbox: Sandbox) -> None:
    """Once its retries are used up."""
    environ = of_sandbox(sandbox, tmp_path)
    sandbox.stop()
    assert run(environ, "issues", "alice.moreau", "--timeout", "1").returncode == 4
    assert run(environ, "whoami", "--timeout", "1").returncode == 4


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("mr", "ann"), "mrs"),
        (("mrs", "ann", "--fromat", "csv"), "--format"),
        (("mrs", "ann", "--format", "exel"), "xlsx"),
        (("mrs", "ann", "--by", "merge"), "merged"),
        (("mrs", "ann", "--source", "grafql"), "graphql"),
        (("mrs", "ann", "--since", "1d", "--timezone", "Europe/Berln"), "Europe/Berlin"),
        (("mrs", "ann", "-o", "rows.xslx"), ".xlsx"),
        (("mrs", "ann", "-o", "rows.xls"), ".xlsx"),
        (("search", "user", "x"), "users"),
        (("weekly", "ann", "--part", "Commit"), "Commits"),
        (("profile", "ann", "--part", "To_Fixx"), "To_Fix"),
        (("leaderboard", "--demo", "--part", "Score"), "Scores"),
        (("leaderboard", "--demo", "--weight", "mr_mergd=3"), "mr_merged"),
        (("completion", "bsh"), "bash"),
        (("explain", "no_unit_test"), "no_unit_tests"),
    ],
)
def test_the_error_for_a_typo_names_what_is_nearest(
    arguments: tuple[str, ...],
    nearest: str,
    environ: dict[str, str],
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And no file is written."""
    monkeypatch.chdir(tmp_path)
    done = run(environ, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    told = rf"(Did you mean( one of:)?|closest matches are:) '?{nearest}\b"
    assert re.search(told, done.stderr.decode())
    assert not list(tmp_path.glob("rows*"))


def test_quiet_leaves_errors_alone(environ: dict[str, str], tmp_path: Path) -> None:
    """Periods, warnings and remarks are none; names that are left out are."""
    people = tmp_path / "people.csv"
    people.write_bytes("username;college\nalice.moreau;Zürich\n".encode("cp1252"))
    given = ("--users-file", str(people), "--since", "2020-01-01")
    for command in ("mrs", "issues", "users", "commits", "weekly"):
        period = () if command == "weekly" else given[2:]
        done = run(environ, command, *given[:2], *period, "-q")
        assert (done.returncode, done.stderr) == (0, b""), command
        assert done.stdout
    assert (
        run(environ, "profile", "alice.moreau", "-o", str(tmp_path / "a.csv"), "-q").stderr == b""
    )
    assert b"a b" in run(environ, "mrs", "alice.moreau", "a b", "-q").stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "Usage"),
        (("mrs",), "USER"),
        (("mrs", "ann", "--format", "xml"), "xml"),
        (("mrs", "ann", "--by", "merged"), "--since"),
        (("mrs", "ann", "--workers", "0"), "workers"),
        (("mrs", "ann", "--users-file", "no/such/file"), "no/such/file"),
        (("mrs", "ann", "--output", "no/such/folder/rows.csv"), "no/such/folder"),
        (("mrs", "--demo", "--url", "https://gitlab.example"), "--demo"),
        (("mrs", "ann", "--url", "gitlab.example"), "https://"),
        (("mrs", "ann", "--output", "no/such/folder/rows.xlsx"), "no/such/folder"),
        (("members",), "GROUP"),
        (("members", " / "), "GROUP"),
        (("members", "a", "--output", "no/such/folder/rows.csv"), "no/such/folder"),
        (("search", "projects"), "TEXT"),
        (("search", "issues", "x"), "projects"),
        (("search", "users", " "), "TEXT"),
        (("search", "users", "x", "--limit", "0"), "limit"),
        (("api", "GET"), "PATH"),
        (("api", "FETCH", "user"), "METHOD"),
        (("api", "GET", ""), "endpoint"),
        (("api", "GET", "../admin"), ".."),
        (("api", "GET", "https://elsewhere.example/api/v4/user"), "must be below"),
        (("api", "POST", "projects", "--paginate"), "--paginate"),
        (("api", "GET", "user", "--input", "-"), "--input"),
        (("api", "POST", "projects", "--input", "-", "-f", "a=b"), "--input"),
        (("api", "POST", "projects", "--input", "no/such/file"), "no/such/file"),
        (("api", "POST", "projects", "--input", "-"), "must be JSON"),
        (("api", "POST", "projects", "-f", "name"), "KEY=VALUE"),
        (("api", "POST", "projects", "-F", "a=@no/such/file"), "no/such/file"),
        (("completion", "tcsh"), "bash"),
        (("no-such-command",), "no-such-command"),
        (("sandbox", "--demo", "--users", "3"), "--demo"),
        (("sandbox", "--data", "no/such/folder"), "no/such/folder"),
    ],
)
def test_wrong_usage_is_a_2_that_says_what_is_wrong(
    arguments: tuple[str, ...], word: str, environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Before anything is asked of anybody."""
    done = run(environ, *arguments)
    assert done.returncode == 2
    assert word in done.stderr.decode()
    assert done.stdout == b""
    assert sandbox.traffic.total == 0


def test_missing_settings_are_a_2_that_says_what_to_set(tmp_path: Path) -> None:
    """In the words of the environment."""
    done = run(environment(tmp_path), "mrs", "ann")
    assert done.returncode == 2
    assert b"GITLAB_URL" in done.stderr
    assert b"GITLAB_TOKEN" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("mrs", "--token", SECRET, "ann"),
        ("mrs", "ann", f"--token={SECRET}"),
        ("issues", "ann", "--private-token", SECRET),
        ("whoami", "--token", SECRET),
        ("sandbox", f"--private-token={SECRET}"),
        (f"--token={SECRET}", "mrs", "ann"),
        ("--private-token", SECRET, "whoami"),
        ("mrs", "ann", "--token"),
        ("mrs", "glpat-0123456789abcdefghij"),
        ("members", "--token", SECRET, "a"),
        ("search", "users", "ann", f"--private-token={SECRET}"),
        ("completion", "bash", "--token", SECRET),
        ("api", "GET", "user", "--token", SECRET),
        ("api", "GET", f"user?private_token={SECRET}"),
        ("api", "GET", "user", "-f", f"private_token={SECRET}"),
    ],
)
def test_a_token_as_an_argument_is_refused_and_not_repeated(
    arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    """The error says where it belongs."""
    done = run(environ, *arguments)
    assert done.returncode == 2
    assert b"GITLAB_TOKEN" in done.stderr
    assert not any(word in done.stderr.decode() for word in (SECRET, "glpat-"))


@pytest.mark.parametrize("token", [SECRET, "glpat-0123456789abcdefghij"])
@pytest.mark.parametrize("trouble", ["none", "unknown", "reset", "html"])
def test_no_output_ever_has_the_token(
    token: str, trouble: str, world: World, tmp_path: Path
) -> None:
    """Not with --verbose, and not when something breaks."""
    known = [Token("mine", token, 1, ("api",), admin=True)] if trouble != "unknown" else []
    with Sandbox(world, tokens=known) as sandbox:
        if trouble in {"reset", "html"}:
            sandbox.faults.add(trouble, times=None, path="/merge_requests")
        check_secrecy(token, of_sandbox(sandbox, tmp_path, MINE=token), tmp_path / "rows.json")


def check_secrecy(token: str, told: dict[str, str], path: Path) -> None:
    """Run commands with this token, in the variable `MINE`, and look for it in all they write."""
    for extra in ((), ("-o", str(path))):
        done = run(told, "mrs", "alice.moreau", "-v", "-f", "json", "--timeout", "2",
                   "--token-env", "MINE", *extra)  # fmt: skip
        assert token.encode() not in done.stdout + done.stderr
    assert token not in path.read_text(encoding="utf-8")
    assert token.encode() not in (found := run(told, "whoami", "-v", "--token-env", "MINE")).stderr
    assert token.encode() not in found.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("form", ["table", "ndjson", "json"])
def test_a_reader_that_has_gone_ends_the_run_quietly(form: str, environ: dict[str, str]) -> None:
    """As with `| head`: no traceback, and the code of a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    with start(environ, "mrs", "alice.moreau", "-f", form, stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 141
    assert b"Traceback" not in err
    assert b"Exception" not in err


@pytest.mark.parametrize(
    ("statuses", "whole", "code"),
    [
        ([], True, 0),
        (["Success"], True, 0),
        (["Success"], False, 3),
        (["Success", "Error"], False, 3),
        (["Partial"], False, 3),
        (["Not Found"], True, 3),
        (["Error", "Not Found"], False, 4),
        (["Error"], False, 4),
    ],
)
def test_the_code_follows_from_the_rows(statuses: list[str], whole: bool, code: int) -> None:
    """0 only if everything was read, 4 only if nothing was."""
    assert of_rows([{"Status": status} for status in statuses], whole) == code


def test_help_names_every_exit_code(tmp_path: Path) -> None:
    """Where people look first."""
    text = run(environment(tmp_path), "mrs", "--help").stdout.decode()
    assert all(f"{code}  {meaning}" in text for code, meaning in EXIT_CODES.items())


HELP = """
import sys
from gitlab_sync.cli.main import COMMANDS, main

HEAVY = {
    "requests", "urllib3", "tenacity", "rich", "orjson", "gitlab", "cheroot", "xlsxwriter",
    "pyarrow", "streamlit", "platformdirs", "packaging", "gitlab_sync.reports.formats",
    "gitlab_sync.rules.projects.compliance", "gitlab_sync.sandbox", "gitlab_sync.session.session",
}
for words in [], *([name] for name in COMMANDS):
    assert main([*words, "--help"]) == 0
    loaded = HEAVY & sys.modules.keys()
    assert not loaded, (words, loaded)
"""


def test_neither_the_package_nor_help_on_any_command_loads_what_is_heavy(tmp_path: Path) -> None:
    """Help is there at once, since the engine is loaded only when it is used."""
    line = [sys.executable, "-c", HELP]
    done = subprocess.run(line, env=environment(tmp_path), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"Usage: gitlab-sync") == 1 + len(COMMANDS)


def test_version_names_the_program(tmp_path: Path) -> None:
    """And nothing else."""
    from gitlab_sync import __version__

    done = run(environment(tmp_path), "--version")
    assert done.stdout.decode().strip() == f"gitlab-sync {__version__}"
