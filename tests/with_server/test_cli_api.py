"""`api`: any request, its fields, its pages and its errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from cli_runs import environment, of_sandbox, run
from odd_server import OddServer
from odd_server import json as answer

from gitlab_sync.cli.fields import fields
from gitlab_sync.sandbox import Sandbox


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.fixture
def odd() -> Iterator[OddServer]:
    """Run a server that answers everything with the path it was asked for."""
    with OddServer(lambda path: answer({"path": path})) as server:
        yield server


# -- fields ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "typed", "made"),
    [
        ([], [], None),
        (["a=1", "b=true", "c=", "d=x=y"], [], {"a": "1", "b": "true", "c": "", "d": "x=y"}),
        (
            [],
            ["a=1", "b=-7", "c=true", "d=false", "e=null", "f=1.5", "g=01x", "h="],
            {"a": 1, "b": -7, "c": True, "d": False, "e": None, "f": "1.5", "g": "01x", "h": ""},
        ),
        (["a[]=x"], ["a[]=2"], {"a": ["x", 2]}),
        (["a[b]=x", "a[c][d]=y", "a[e][]=z"], [], {"a": {"b": "x", "c": {"d": "y"}, "e": ["z"]}}),
        (["a=x", "a=y"], [], {"a": "y"}),
    ],
)
def test_fields_make_parameters(texts: list[str], typed: list[str], made: object) -> None:
    """Texts as they are, or what they look like; brackets nest."""
    assert fields(texts, typed) == made


@pytest.mark.parametrize("pair", ["a", "=x", "[]=x", "a[=x", "a[]b=x", "a[][b]=x", "]=x"])
def test_a_field_that_cannot_be_one_is_wrong_usage(pair: str) -> None:
    """The message says how one looks."""
    with pytest.raises(click.UsageError, match=r"KEY=VALUE|must be like"):
        fields([pair], [])


@pytest.mark.parametrize("pairs", [["a=x", "a[b]=y"], ["a=x", "a[]=y"], ["a[b]=x", "a[]=y"]])
def test_a_key_cannot_be_two_things(pairs: list[str]) -> None:
    """Else one of the values would be lost without a word."""
    with pytest.raises(click.UsageError, match="value of its own"):
        fields(pairs, [])


def test_a_typed_field_may_come_from_a_file(tmp_path: Path) -> None:
    """As it is; a file that is no text is wrong usage."""
    path = tmp_path / "text"
    path.write_bytes("ü\n".encode())
    assert fields([], [f"a=@{path}"]) == {"a": "ü\n"}
    path.write_bytes(b"\xff")
    with pytest.raises(click.UsageError, match="UTF-8"):
        fields([], [f"a=@{path}"])


# -- reading ---------------------------------------------------------------------------------------


def test_get_prints_the_json_of_an_answer(environ: dict[str, str]) -> None:
    """Indented, as GitLab sends it, in any spelling of path and method."""
    for path in ("user", "/user", "/api/v4/user"):
        done = run(environ, "api", "get", path)
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout)["username"]
        assert done.stdout.startswith(b"{\n  ")


def test_ndjson_has_one_object_a_line(environ: dict[str, str]) -> None:
    """Also of an answer that is a single one."""
    done = run(environ, "api", "GET", "users?per_page=3", "--format", "ndjson")
    assert [json.loads(line)["username"] for line in done.stdout.splitlines()]
    assert done.stdout.count(b"\n") == 3
    assert run(environ, "api", "GET", "user", "--format", "ndjson").stdout.count(b"\n") == 1


def test_fields_of_a_get_go_into_the_query(odd: OddServer, tmp_path: Path) -> None:
    """Lists and objects as GitLab reads them; null is left out."""
    told = environment(tmp_path, GITLAB_URL=odd.url, GITLAB_TOKEN="x")
    done = run(told, "api", "GET", "projects?page=2", "-f", "search=a b", "-f", "labels[]=x",
               "-F", "archived=false", "-F", "none=null", "-f", "not[author]=ann")  # fmt: skip
    assert json.loads(done.stdout)["path"] == (
        "/api/v4/projects?page=2&search=a+b&labels%5B%5D=x&not%5Bauthor%5D=ann&archived=false"
    )


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_paginate_reads_a_list_to_its_end(
    form: str, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Each row once, in order."""
    for number in range(120):
        sandbox.world.put("users", {"id": 70_000 + number, "username": f"u{number}", "name": "U"})
    done = run(environ, "api", "GET", "users", "--paginate", "--format", form)
    assert done.returncode == 0
    found = json.loads(done.stdout) if form == "json" else [
        json.loads(line) for line in done.stdout.splitlines()
    ]  # fmt: skip
    ids = [user["id"] for user in found]
    assert len(set(ids)) == len(ids) == len(sandbox.world.tables.users)
    assert sandbox.traffic.count("/users") == 2


def test_pages_before_an_error_stay_and_the_code_is_a_3(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """As one document nothing is printed: half a list would look like the whole."""
    for number in range(120):
        sandbox.world.put("users", {"id": 70_000 + number, "username": f"u{number}", "name": "U"})
    sandbox.faults.add("status", status=403, path="/users", query={"page": "2"}, times=None)
    done = run(environ, "api", "GET", "users", "--paginate", "--format", "ndjson")
    assert done.returncode == 3
    assert done.stdout.count(b"\n") == 100
    assert b"error: 403" in done.stderr
    done = run(environ, "api", "GET", "users", "--paginate")
    assert (done.returncode, done.stdout) == (4, b"")


@pytest.mark.parametrize(
    ("path", "word"), [("projects/no%2Fsuch", b"404"), ("no/such/route", b"404")]
)
@pytest.mark.parametrize("extra", [(), ("--paginate",), ("--paginate", "--format", "ndjson")])
def test_an_error_is_a_4_with_gitlabs_word_for_it(
    path: str, word: bytes, extra: tuple[str, ...], environ: dict[str, str]
) -> None:
    """And nothing on standard output."""
    done = run(environ, "api", "GET", path, *extra)
    assert (done.returncode, done.stdout) == (4, b"")
    assert word in done.stderr


def test_an_answer_that_is_not_json_is_a_4(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """A sign-in page is no data."""
    sandbox.faults.add("html", path="/user", times=None)
    done = run(environ, "api", "GET", "user")
    assert (done.returncode, done.stdout) == (4, b"")


def test_the_demo_answers_too(tmp_path: Path) -> None:
    """Without any setting."""
    done = run(environment(tmp_path), "api", "GET", "groups", "--demo")
    assert json.loads(done.stdout)[0]["full_path"]


# -- writing ---------------------------------------------------------------------------------------


def test_a_note_is_written_changed_and_removed(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """With fields, with a body from standard input, and without either."""
    mr = sandbox.world.tables.merge_requests[0]
    notes = f"projects/{mr['project_id']}/merge_requests/{mr['iid']}/notes"
    made = json.loads(run(environ, "api", "POST", notes, "-f", "body=First").stdout)
    assert made["body"] == "First"
    one = f"{notes}/{made['id']}"
    body = b'{"body": "Second"}'
    changed = run(environ, "api", "put", one, "--input", "-", given=body)
    assert json.loads(changed.stdout)["body"] == "Second"
    removed = run(environ, "api", "DELETE", one)
    assert (removed.returncode, removed.stdout) == (0, b"[]\n")
    assert run(environ, "api", "PUT", one, "-f", "body=Third").returncode == 4


def test_a_write_goes_out_once(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """A server that failed may have done it already."""
    mr = sandbox.world.tables.merge_requests[0]
    notes = f"projects/{mr['project_id']}/merge_requests/{mr['iid']}/notes"
    sandbox.faults.add("status", status=502, method="POST", times=None)
    done = run(environ, "api", "POST", notes, "-f", "body=x")
    assert done.returncode == 4
    assert b"502" in done.stderr
    assert sandbox.traffic.total == 1


def test_a_body_may_come_from_a_file(odd: OddServer, tmp_path: Path) -> None:
    """It goes as JSON."""
    path = tmp_path / "body.json"
    path.write_text('{"a": [1, null]}', encoding="utf-8")
    told = environment(tmp_path, GITLAB_URL=odd.url, GITLAB_TOKEN="x")
    assert run(told, "api", "POST", "projects", "--input", str(path)).returncode == 0
    assert odd.headers[0]["content-type"] == "application/json"
    assert odd.headers[0]["content-length"] == str(len('{"a":[1,null]}'))
