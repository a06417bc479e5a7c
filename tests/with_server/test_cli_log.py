"""The log on standard error: as text, and as JSON lines; each request at debug, and no secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_runs import Done, environment, of_sandbox, run, shared

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.logs import FORMAT_VARIABLE, LEVEL_VARIABLE, PACKAGE, log_by_environment
from gitlab_sync.sandbox import Sandbox

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def lines_of(done: Done) -> list[dict[str, Any]]:
    """Return the objects on standard error, each with what every one of them has."""
    found = [json.loads(line) for line in done.stderr.decode("ascii").splitlines()]
    for each in found:
        moment = datetime.fromisoformat(each["time"])
        assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
        assert {"level", "logger", "message"} < each.keys()
    return found


def test_verbose_twice_logs_each_request(environ: dict[str, str], sandbox: Sandbox) -> None:
    """Once is settings and costs, as text: a line for each request comes with the second."""
    once, twice = (run(environ, "whoami", said).stderr.decode() for said in ("-v", "-vv"))
    assert "INFO 3 requests, 0 retries" in once
    assert "DEBUG" not in once
    assert "DEBUG GET /api/v4/user: 200, 0." in twice
    assert "attempt 1, " in twice
    assert sandbox.token() not in twice


def test_json_has_a_line_for_each_request_with_its_facts(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Attempts, bytes and GitLab's own id of the request, by which its operator finds it."""
    sandbox.faults.add("status", status=503, path="/version")
    done = run(environ, "whoami", "--log-format", "json", "-vv")
    asked = [each for each in lines_of(done) if each["logger"] == "gitlab_sync.http"]
    assert [(each["path"], each["status"], each["attempt"]) for each in asked] == [
        ("/api/v4/user", 200, 1),
        ("/api/v4/personal_access_tokens/self", 200, 1),
        ("/api/v4/version", 503, 1),
        ("/api/v4/version", 200, 2),
    ]
    for each in asked:
        assert each["request_id"].startswith("01SANDBOX")
        assert (each["method"], each["error"], each["level"]) == ("GET", None, "DEBUG")
        assert each["bytes"] > 20
        assert 0 < each["seconds"] < 20


def test_an_exchange_without_an_answer_has_its_error(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """In place of the status."""
    sandbox.faults.add("reset", path="/user")
    done = run(environ, "whoami", "--log-format", "json", "-vv")
    first = next(each for each in lines_of(done) if "path" in each)
    assert (first["status"], first["error"]) == (None, "ConnectionFailed")


@pytest.mark.parametrize("said", [("--log-format", "json"), ()])
def test_with_json_nothing_else_is_on_standard_error(
    said: tuple[str, ...], environ: dict[str, str]
) -> None:
    """Notes, errors and hints are objects, too; the option and its variable do the same."""
    if not said:
        environ[FORMAT_VARIABLE] = "json"
    found = lines_of(run(environ, "mrs", "alice.moreau", "no-such-person", *said))
    levels = [each["level"] for each in found]
    assert levels == ["INFO", "ERROR"]
    assert "no-such-person" in found[1]["message"]
    wrong = lines_of(run(environ, "mrs", *said, "--source", "x"))
    assert "'x' is not one of" in wrong[-1]["message"]
    refused = lines_of(run({**environ, "GITLAB_TOKEN": "wrong"}, "whoami", *said))
    assert [each["message"][:10] for each in refused] == ["error: 401", "hint: Chec"]


def test_json_ends_with_its_command(environ: dict[str, str], tmp_path: Path) -> None:
    """A later command in the process writes text again, and warnings are shown as before."""
    import warnings

    show = warnings.showwarning
    told = environment(tmp_path, GITLAB_SSL_VERIFY="false", GITLAB_TOKEN="x")
    run(told, "whoami", "--url", "https://127.0.0.1:9", "--log-format", "json")
    assert warnings.showwarning is show
    assert b"gitlab-sync: error" in run({**environ, "GITLAB_TOKEN": "wrong"}, "whoami").stderr


def test_no_log_has_a_secret(environ: dict[str, str], sandbox: Sandbox) -> None:
    """Neither the token, nor one that GitLab answers with, nor one in a URL."""
    token, other = sandbox.token("alice.moreau"), "glpat-ABCDEFGHIJKLMNOPQRST"
    sandbox.faults.add("status", status=400, body=json.dumps({"message": f"no {token}, {other}"}))
    for form in ("text", "json"):
        arguments = ("api", "GET", f"users/{token}/x?search={other}", "-vv", "--log-format", form)
        told = {**environ, "GITLAB_TOKEN": token}
        shown = run(told, *arguments).stderr.decode()
        assert "token" in shown or "hidden" in shown
        assert token not in shown
        assert other not in shown


# -- the log of a server ---------------------------------------------------------------------------


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """Return the logger of the package, which is as it was after the test."""
    found = logging.getLogger(PACKAGE)
    for name, value in (("handlers", []), ("level", logging.NOTSET), ("propagate", True)):
        monkeypatch.setattr(found, name, value)
    for name in (FORMAT_VARIABLE, LEVEL_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    yield found
    found.setLevel(logging.NOTSET)  # what is cached of levels is forgotten


def test_the_environment_sets_up_the_log_of_a_server(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it, nothing changes. An error has its trace, on the same line."""
    log_by_environment()
    assert log.handlers == []
    monkeypatch.setenv(FORMAT_VARIABLE, "json")
    monkeypatch.setenv(LEVEL_VARIABLE, "INFO")
    log_by_environment()
    log.info("read https://ann:word@gitlab.example.com")
    try:
        {}["glpat-ABCDEFGHIJKLMNOPQRST"]
    except KeyError:
        log.exception("failed\x9b")
    log.debug("not this")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["message"] == "read https://gitlab.example.com"
    assert (second["level"], second["message"]) == ("ERROR", "failed\x9b")
    assert "KeyError: '[hidden]'" in second["trace"]


@pytest.mark.parametrize("variable", [FORMAT_VARIABLE, LEVEL_VARIABLE])
def test_a_format_or_level_that_there_is_not_is_an_error(
    variable: str, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names those that there are."""
    monkeypatch.setenv(variable, "xml")
    with pytest.raises(ConfigurationError, match=f"{variable} must be one of .*, got 'xml'"):
        log_by_environment()
