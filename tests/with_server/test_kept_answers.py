"""Answers that are kept: confirmed by GitLab, each time, for those who can see them."""

from __future__ import annotations

from typing import Any

import pytest
from odd_server import Answer, OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.errors import BadResponse, NotFound
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.sandbox.faults import Kind
from gitlab_sync.sandbox.traffic import Exchange
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.workflow import Workflow, run_workflows
from gitlab_sync.types import Record


@pytest.fixture
def project(sandbox: Sandbox) -> Record:
    """Return a project's record, to be changed."""
    found: Record = sandbox.world.tables.projects[0]
    return found


def exchanges(sandbox: Sandbox) -> list[Exchange]:
    """Return what was asked, and start the count again."""
    found = list(sandbox.traffic.exchanges)
    sandbox.traffic.reset()
    return found


def test_an_object_that_is_as_it_was_is_confirmed_and_not_sent_again(
    client: GitLabClient, sandbox: Sandbox, project: Record
) -> None:
    """The same record comes out, and no body went over the wire."""
    first = client.get(f"projects/{project['id']}")
    exchanges(sandbox)
    assert client.get(f"projects/{project['id']}") == first
    (again,) = exchanges(sandbox)
    assert again.marker
    assert (again.status, again.sent) == (304, 0)


def test_an_object_that_has_changed_is_read_anew(
    client: GitLabClient, sandbox: Sandbox, project: Record
) -> None:
    """And the new one is what is confirmed from then on."""
    endpoint = f"projects/{project['id']}"
    client.get(endpoint)
    project["description"] = "quite another one"
    sandbox.world.changed()
    assert client.get(endpoint)["description"] == "quite another one"
    exchanges(sandbox)
    assert client.get(endpoint)["description"] == "quite another one"
    assert [each.status for each in exchanges(sandbox)] == [304]


def test_what_was_given_out_may_be_changed_and_the_next_reader_does_not_notice(
    client: GitLabClient, project: Record
) -> None:
    """Bytes are kept, not records."""
    first = client.get(f"projects/{project['id']}")
    first["name"] = "changed by its reader"
    assert client.get(f"projects/{project['id']}")["name"] == project["name"]


def test_nobody_gets_or_is_asked_to_confirm_what_another_one_read(
    bridge: Bridge, sandbox: Sandbox, project: Record
) -> None:
    """Each principal's answers are its own, though all use the same bridge."""
    project["visibility"] = "private"
    sandbox.world.changed()
    stranger = dict(sandbox.world.tables.users[0], id=7777, username="stranger")
    sandbox.world.tables.users.append(stranger)
    sandbox.world.changed()
    GitLabClient(sandbox.url, sandbox.token(), bridge=bridge).get(f"projects/{project['id']}")
    exchanges(sandbox)
    other = GitLabClient(sandbox.url, sandbox.token_for("stranger"), bridge=bridge)
    with pytest.raises(NotFound):
        other.get(f"projects/{project['id']}")
    (asked,) = exchanges(sandbox)
    assert asked.marker is None


def test_who_may_not_see_it_any_more_does_not(
    client: GitLabClient, sandbox: Sandbox, project: Record
) -> None:
    """What is kept proves nothing."""
    endpoint = f"projects/{project['id']}"
    client.get(endpoint)
    sandbox.faults.add("status", status=404, path=f"/{endpoint}", times=None)
    with pytest.raises(NotFound):
        client.get(endpoint)


def test_lists_are_read_whole_each_time(client: GitLabClient, sandbox: Sandbox) -> None:
    """What is deleted, hidden or moved shows only there."""
    client.get_all("projects")
    client.get_all("projects")
    assert {each.marker for each in exchanges(sandbox)} == {None}


def test_a_page_that_is_as_it_was_may_have_more_behind_it(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Who lists with python-gitlab sees what has come since, too."""
    users = sandbox.world.tables.users
    order = {"order_by": "id", "sort": "asc", "per_page": len(users)}
    before = [user.id for user in client.client.users.list(iterator=True, **order)]
    users.append(dict(users[-1], id=9999, username="newcomer"))
    sandbox.world.changed()
    after = [user.id for user in client.client.users.list(iterator=True, **order)]
    assert after == [*before, 9999]


def _twice(number: int) -> Workflow[list[Record]]:
    rows: list[Record] = []
    for _ in range(2):
        found = yield {"project": RestList(f"projects/{number}", single=True)}
        rows += found["project"].reading.rows
    return rows


def test_one_run_asks_for_an_object_once_however_many_want_it(
    client: GitLabClient, sandbox: Sandbox, project: Record
) -> None:
    """A second run asks whether it is still so."""
    number: int = project["id"]
    for statuses in ([200], [304]):
        with client.session.context() as job:
            found = dict(run_workflows(job, ((name, _twice(number)) for name in "abc")))
        assert [row["id"] for rows in found.values() for row in rows] == [number] * 6
        assert [each.status for each in exchanges(sandbox)] == statuses


def test_a_program_that_asks_twice_is_answered_twice(
    client: GitLabClient, sandbox: Sandbox, project: Record
) -> None:
    """Even inside one context: it could be waiting for a change."""
    with client.session.context() as job:
        job.get(f"projects/{project['id']}")
        project["description"] = "changed meanwhile"
        sandbox.world.changed()
        assert job.get(f"projects/{project['id']}")["description"] == "changed meanwhile"
    assert len(exchanges(sandbox)) == 2


def test_an_error_is_not_kept(client: GitLabClient, sandbox: Sandbox, project: Record) -> None:
    """Not even for the rest of a run."""
    number: int = project["id"]
    sandbox.faults.add("status", status=404, path=f"/projects/{number}", times=1)
    with client.session.context() as job:
        ((_, rows),) = run_workflows(job, [("a", _twice(number))])
    assert [row["id"] for row in rows] == [number]


@pytest.mark.parametrize("kind", ["malformed", "empty"])
def test_a_spoiled_answer_is_never_confirmed(
    client: GitLabClient, sandbox: Sandbox, project: Record, kind: Kind
) -> None:
    """Its ETag is that of the good one."""
    endpoint = f"projects/{project['id']}"
    sandbox.faults.add(kind, path=f"/{endpoint}", times=1)
    client.get(endpoint)
    assert client.get(endpoint)["id"] == project["id"]


def test_an_answer_is_confirmed_only_to_who_asked(bridge: Bridge) -> None:
    """A 304 that was not asked for is no answer."""
    with OddServer(lambda _: (304, {}, b"")) as server:
        with pytest.raises(BadResponse):
            GitLabClient(server.url, "x", bridge=bridge).get("projects/1")
        assert "if-none-match" not in server.headers[0]


def test_an_object_without_an_etag_is_read_anew(bridge: Bridge) -> None:
    """As some proxies leave it."""
    bodies: list[Any] = [{"id": 1, "name": "old"}, {"id": 1, "name": "new"}]

    def answer(_: str) -> Answer:
        return json(bodies.pop(0))

    with OddServer(answer) as server:
        client = GitLabClient(server.url, "x", bridge=bridge)
        assert [client.get("projects/1")["name"] for _ in range(2)] == ["old", "new"]
