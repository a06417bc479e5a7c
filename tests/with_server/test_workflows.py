"""Workflows: work that asks step by step, and many such pieces side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session import fetch, workflow
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.workflow import Workflow, gather, run_workflows

PATIENCE = 20.0


def projects_of(username: str) -> Workflow[list[str]]:
    """Find a user, then that user's projects: the second query needs the first answer."""
    users = (yield {"users": RestList("users", {"username": username})})["users"].reading.rows
    if not users:
        return []
    found = yield {"projects": RestList(f"users/{users[0]['id']}/projects")}
    return [project["path"] for project in found["projects"].reading.rows]


def test_workflows_run_side_by_side_and_each_gets_its_own_answers(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """What is found for one is never handed to another, and each ends when it is done."""
    names = [row.data["username"] for row in sandbox.world.users]
    with client.session.context() as session:
        found = dict(run_workflows(session, ((name, projects_of(name)) for name in names)))
        alone = dict(next(run_workflows(session, [(name, projects_of(name))])) for name in names)
    assert found == alone
    assert set(found) == set(names)


def test_a_workflow_that_wants_nothing_ends_without_a_request(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Not every query costs one."""

    def answer() -> Workflow[int]:
        yield {}
        return 42

    with client.session.context() as session:
        assert dict(run_workflows(session, [("all", answer())])) == {"all": 42}
    assert sandbox.traffic.total == 0


def test_results_that_need_no_request_are_handed_on_before_many_have_come_together(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """A long list of facts from a store is never in memory as a whole; none is left out."""
    name = sandbox.world.users[0].data["username"]
    begun: list[int] = []

    def answer(number: int) -> Workflow[int]:
        yield {}
        return number

    def workflows() -> Iterator[tuple[int, Workflow[object]]]:
        for number in range(100):
            begun.append(number)
            yield number, projects_of(name) if number % 30 == 29 else answer(number)

    with client.session.context() as session:
        found = {}
        for key, result in run_workflows(session, workflows()):
            found[key] = result
            known = len(begun) - len(found)
            assert known <= workflow._MOST_ENDED + 3, "and the three that are under way"
        (alone,) = dict(run_workflows(session, [("", projects_of(name))])).values()
    asked = {29, 59, 89}
    assert found == {number: alone if number in asked else number for number in range(100)}


def test_a_slow_answer_holds_up_no_other_workflow(client: GitLabClient, sandbox: Sandbox) -> None:
    """The others' results are there while it is still silent."""
    first, *others = [row.data["username"] for row in sandbox.world.users]
    sandbox.faults.add("stall", path="/users", query={"username": first}, times=1)
    with client.session.context() as session:
        workflows = ((name, projects_of(name)) for name in (first, *others))
        running = run_workflows(session, workflows)
        found = [next(running)[0] for _ in others]
    assert sorted(found) == sorted(others)


def test_gather_takes_as_many_rounds_as_the_longest_workflow(client: GitLabClient) -> None:
    """The rounds of several workflows are asked together, and the results keep their names."""

    def short() -> Workflow[int]:
        return len((yield {"version": RestList("version", single=True)})["version"].reading.rows)

    def both() -> Workflow[dict[str, object]]:
        rounds = 0
        parts: dict[str, Workflow[object]] = {"long": projects_of("root"), "short": short()}
        workflow = gather(parts)
        wanted = next(workflow)
        while True:
            rounds += 1
            found = yield wanted
            try:
                wanted = workflow.send(found)
            except StopIteration as end:
                return {**end.value, "rounds": rounds}

    with client.session.context() as session:
        result = next(run_workflows(session, [(None, both())]))[1]
    assert result["short"] == 1
    assert isinstance(result["long"], list)
    assert result["rounds"] in {1, 2}


def test_workflows_are_pulled_as_workers_get_free(client: GitLabClient, sandbox: Sandbox) -> None:
    """A million workflows do not begin at once."""
    begun = 0

    def many() -> Iterator[tuple[int, Workflow[int]]]:
        nonlocal begun
        while True:
            begun += 1
            yield begun, one()

    def one() -> Workflow[int]:
        yield {"version": RestList("version", single=True)}
        return 1

    with client.session.context() as session:
        results = run_workflows(session, many())
        for _ in range(10):
            next(results)
        assert begun <= 10 + 2 * client.session.bridge.workers + 1
        results.close()  # type: ignore[attr-defined]


def test_workflows_inside_the_pool_do_not_wait_for_a_free_worker(
    make_bridge: Callable[..., Bridge], sandbox: Sandbox
) -> None:
    """The one worker there is runs their requests itself."""
    bridge = make_bridge(workers=1)
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
    names = [row.data["username"] for row in sandbox.world.users]

    def inside() -> dict[str, list[str]]:
        with client.session.context() as session:
            return dict(run_workflows(session, ((name, projects_of(name)) for name in names)))

    assert set(bridge.executor.submit(inside).result(PATIENCE)) == set(names)


def test_a_fault_of_the_program_ends_the_run_and_is_raised(
    client: GitLabClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only errors of GitLab and the network are results; nothing waits for ever."""

    def broken(*_: object) -> None:
        raise LookupError("a fault of the program")

    monkeypatch.setattr(fetch, "fetch", broken)
    with client.session.context() as session, pytest.raises(LookupError, match="of the program"):
        list(run_workflows(session, [("root", projects_of("root"))]))
