"""From a fault to its waiver: a link, an issue in GitLab, a list, a decision, the next run."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from cli_runs import of_sandbox, run, shared

from gitlab_sync import GitLabClient
from gitlab_sync.policies.file import load
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.items.fixes import Entry
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services import contests, people
from gitlab_sync.session.runtime import Bridge

served, sandbox, world = shared(
    lambda: generate_world(seed=5, users=5, merge_requests=8, issues=4, projects=2)
)


class Form(HTMLParser):
    """Reads the form of a page: where it is sent, and what it is filled in with."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.action = found["action"] or ""
        elif tag == "input":
            self.fields[found["name"] or ""] = found["value"] or ""
        elif tag == "textarea":
            self._area = found["name"] or ""
            self.fields[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self._area] = self.fields[self._area].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data


def opened(sandbox: Sandbox, address: str, reason: str) -> str:
    """Follow a link as a browser does, add a reason, send the form; return where it leads."""
    signed_in = {"PRIVATE-TOKEN": sandbox.token("admin")}
    page = requests.get(address, headers=signed_in, timeout=10)
    assert page.status_code == 200
    form = Form(page.text)
    name = "issue[description]"
    text = form.fields[name].replace("(Please say why.)", reason)
    sent = {**form.fields, name: text.replace("\n", "\r\n")}
    where = urljoin(address, form.action)
    done = requests.post(where, sent, headers=signed_in, allow_redirects=False, timeout=10)
    assert done.status_code == 302
    return done.headers["location"]


@pytest.fixture
def folder(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a policy that names a project for contests."""
    path = world.tables.projects[0]["path_with_namespace"]
    text = f'# ours\ntimezone = "Asia/Kolkata"  # of the course\n\n[contest]\nproject = "{path}"\n'
    (tmp_path / "gitlab-sync.toml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def environ(sandbox: Sandbox, folder: Path) -> Mapping[str, str]:
    """Let the command find the policy of the folder."""
    return of_sandbox(sandbox, folder, GITLAB_SYNC_POLICY="")


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[GitLabClient]:
    """Sign in."""
    with Bridge(8) as bridge:
        yield GitLabClient(sandbox.url, sandbox.token("admin"), bridge=bridge)


def faults(client: GitLabClient, world: World) -> list[Entry]:
    """Return all faults of all people, by the policy of the folder."""
    query = people.PeopleQuery([Person(name) for name in world.truth.usernames], policy=load())
    found = people.answer(client, query).people
    return [entry for name in sorted(found) for entry in found[name].fixes.faults]


def rows(environ: Mapping[str, str], *arguments: str) -> list[dict[str, Any]]:
    """Return the rows of a command that prints JSON."""
    done = run(environ, *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_a_contest_becomes_a_waiver_that_the_next_run_replays(
    environ: Mapping[str, str],
    folder: Path,
    sandbox: Sandbox,
    world: World,
    client: GitLabClient,
    source: str,
) -> None:
    """The link fills in the issue, and the list has the waiver that settles it."""
    entry = next(each for each in faults(client, world) if each.check.id == "no_internal_review")
    before = world.tables.issues[:]
    try:
        address = contests.of_entry(load(), client.base_url, entry)
        where = opened(sandbox, str(address), "We wrote it together.\n/label ~x")
        listed = [row for row in rows(environ, "contests") if row["Link"].endswith(where)]
        text = run(environ, "contests").stdout.decode()
    finally:
        world.tables.issues[:] = before
        world.changed()
    (row,) = listed
    item = entry.item["references"]["full"]
    assert (row["Check"], row["About"]) == ("no_internal_review", item)
    assert row["Title"] == f"Contest: No Internal Review of {item}"
    assert row["Waived Until"] is None
    (settling,) = tomllib.loads(row["Waiver"])["waivers"]
    assert settling["reason"] == f"contested in {row['Issue']}"
    assert f'  [[waivers]]\n  check = "no_internal_review"\n  item = "{item}"\n' in text

    name = entry.item["author"]["username"]
    line = ("mrs", name, "--source", source, "--store", "off")
    (plain,) = rows(environ, *line)
    done = run(
        environ,
        *("waive", "no_internal_review", item, "--by", "mentor1"),
        *("--reason", "pair-programmed", "--until", "2099-12-31"),
    )
    assert done.returncode == 0, done.stderr.decode()
    (after,) = rows(environ, *line)
    title = "No Internal Review"
    assert after[title] == (plain[title] - 1 if plain[f"{title} (of)"] > 1 else None)
    assert after == {
        **plain,
        title: after[title],
        f"{title} (of)": plain[f"{title} (of)"] - 1,
        "Waived": 1,
    }
    assert "(+1 waived)" in run(environ, *line).stdout.decode()
    head = next(csv.reader(io.StringIO(run(environ, *line, "-f", "csv").stdout.decode())))
    assert head[-2:] == ["Policy", "Waived"]
    shown = run(environ, "profile", name, "--source", source, "--store", "off").stdout.decode()
    assert "Waived, so not counted: 1 fault" in shown
    flat = " ".join(shown.split())
    assert "waived by mentor1 until 2099-12-31: pair-programmed (" in flat
    (told,) = rows(environ, "profile", name, "--part", "Waived", "--store", "off")
    assert told["Item"].endswith(item)


def test_a_contest_that_is_settled_says_so(
    environ: Mapping[str, str], sandbox: Sandbox, world: World, client: GitLabClient
) -> None:
    """Until it is closed; and one with an odd mark has no waiver."""
    entry = faults(client, world)[0]
    item = entry.item["references"]["full"]
    before = world.tables.issues[:]
    try:
        address = str(contests.of_entry(load(), client.base_url, entry))
        opened(sandbox, address, "x")
        opened(sandbox, address.replace(entry.check.id, "no_such_check"), "x")
        opened(sandbox, address.replace("gitlab-sync%20contest", "something"), "x")
        run(
            environ,
            *("waive", entry.check.id, "--project", item.replace("#", "!").partition("!")[0]),
            *("--reason", "y", "--until", "2099-12-31"),
        )
        odd, settled = rows(environ, "contests", "--until", "2098-01-01", "--by", "ann")
    finally:
        world.tables.issues[:] = before
        world.changed()
    assert settled["Waived Until"] == "2099-12-31"
    (settling,) = tomllib.loads(settled["Waiver"])["waivers"]
    assert (settling["by"], f"{settling['until']}") == ("ann", "2098-01-01")
    assert odd["Waiver"] is None
    assert odd["Error"] == f"there is no such check of {item}"


def test_contests_need_a_project(
    environ: Mapping[str, str], folder: Path, sandbox: Sandbox
) -> None:
    """That of the policy, or one that is given; one that cannot be read is an error."""
    (folder / "gitlab-sync.toml").write_text("", "utf-8")
    done = run(environ, "contests")
    assert done.returncode == 2
    assert "set contest.project in gitlab-sync.toml" in done.stderr.decode()
    assert not sandbox.traffic.total
    assert run(environ, "contests", "--project", "no/such").returncode == 4
    assert run(environ, "contests", "--until", "soon").returncode == 2


def test_the_form_of_the_sandbox_is_like_that_of_gitlab(sandbox: Sandbox, world: World) -> None:
    """It wants a sign-in and a title, shows what it is filled in with, and obeys `/close`."""
    path = world.tables.projects[0]["path_with_namespace"]
    address = f"{sandbox.url}/{path}/-/issues/new?issue[title]=%3Cb%3E&issue[description]=a%26%0Ab"
    signed_in = {"PRIVATE-TOKEN": sandbox.token("admin")}
    away = requests.get(address, allow_redirects=False, timeout=10)
    assert (away.status_code, away.headers["location"]) == (302, "/users/sign_in")
    form = Form(requests.get(address, headers=signed_in, timeout=10).text)
    assert form.fields == {"issue[title]": "<b>", "issue[description]": "a&\nb"}
    lost = f"{sandbox.url}/no/such/-/issues/new"
    assert requests.get(lost, headers=signed_in, timeout=10).status_code == 404
    where = f"{sandbox.url}{form.action}"
    untitled = requests.post(where, {"issue[title]": " "}, headers=signed_in, timeout=10)
    assert untitled.status_code == 422
    before = world.tables.issues[:]
    try:
        sent = {"issue[title]": "x", "issue[description]": "y\r\n/close\r\n"}
        requests.post(where, sent, headers=signed_in, allow_redirects=False, timeout=10)
        made = world.tables.issues[-1]
    finally:
        world.tables.issues[:] = before
        world.changed()
    assert (made["title"], made["description"], made["state"]) == ("x", "y\n", "closed")
