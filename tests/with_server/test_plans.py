"""Plans: work that asks step by step, and many such pieces side by side."""

from __future__ import annotations

from collections.abc import Iterator

from gitlab_sync import GitLabClient
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.workflow import Workflow, gather, run_workflows


def projects_of(username: str) -> Workflow[list[str]]:
    """Find a user, then that user's projects: the second question needs the first answer."""
    users = (yield {"users": RestList("users", {"username": username})})["users"].reading.rows
    if not users:
        return []
    found = yield {"projects": RestList(f"users/{users[0]['id']}/projects")}
    return [project["path"] for project in found["projects"].reading.rows]


def test_plans_run_side_by_side_and_each_gets_its_own_answers(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """What is found for one is never handed to another, and each ends when it is done."""
    names = [row.data["username"] for row in sandbox.world.users]
    with client.session.context() as rest:
        found = dict(run_workflows(rest, ((name, projects_of(name)) for name in names)))
        alone = {name: next(run_workflows(rest, [(name, projects_of(name))]))[1] for name in names}
    assert found == alone
    assert set(found) == set(names)


def test_a_plan_that_wants_nothing_ends_without_a_request(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Not every question costs one."""

    def answer() -> Workflow[int]:
        yield {}
        return 42

    with client.session.context() as rest:
        assert dict(run_workflows(rest, [("all", answer())])) == {"all": 42}
    assert sandbox.traffic.total == 0


def test_a_slow_answer_holds_up_no_other_plan(client: GitLabClient, sandbox: Sandbox) -> None:
    """Whoever came first: the others' results are there while it is still silent."""
    first, *others = [row.data["username"] for row in sandbox.world.users]
    sandbox.faults.add("stall", path="/users", query={"username": first}, times=1)
    with client.session.context() as rest:
        plans = ((name, projects_of(name)) for name in (first, *others))
        running = run_workflows(rest, plans)
        found = [next(running)[0] for _ in others]
    assert sorted(found) == sorted(others)


def test_together_takes_as_many_rounds_as_the_longest_plan(client: GitLabClient) -> None:
    """The rounds of several plans are asked together, and the results keep their names."""

    def short() -> Workflow[int]:
        return len((yield {"version": RestList("version", single=True)})["version"].reading.rows)

    def both() -> Workflow[dict[str, object]]:
        rounds = 0
        plan: Workflow[dict[str, object]] = gather({"long": projects_of("root"), "short": short()})
        wanted = next(plan)
        while True:
            rounds += 1
            found = yield wanted
            try:
                wanted = plan.send(found)
            except StopIteration as end:
                return {**end.value, "rounds": rounds}

    with client.session.context() as rest:
        result = next(run_workflows(rest, [(None, both())]))[1]
    assert result["short"] == 1
    assert isinstance(result["long"], list)
    assert result["rounds"] in {1, 2}


def test_plans_are_pulled_as_workers_get_free(client: GitLabClient, sandbox: Sandbox) -> None:
    """A million plans do not begin at once."""
    begun = 0

    def many() -> Iterator[tuple[int, Workflow[int]]]:
        nonlocal begun
        while True:
            begun += 1
            yield begun, one()

    def one() -> Workflow[int]:
        yield {"version": RestList("version", single=True)}
        return 1

    with client.session.context() as rest:
        results = run_workflows(rest, many())
        for _ in range(10):
            next(results)
        assert begun <= 10 + 2 * client.session.bridge.workers + 1
        results.close()  # type: ignore[attr-defined]
