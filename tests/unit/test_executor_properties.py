"""The shared pool under random trees of tasks that wait for each other."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.concurrency.executor import SharedExecutor
from gitlab_sync.concurrency.fair_queue import Delay, Task
from gitlab_sync.concurrency.futures import Postpone, may_postpone, restartable, resumed

WATCHDOG = 30.0
Outcome: TypeAlias = tuple[Any, ...]
"""("ok", number, outcomes of the children), ("failed", number) or ("cancelled",)."""


@dataclass(frozen=True)
class Node:
    """One task and what it does with its children.

    `how`: "fail" raises, "late" is put off once, "map" maps over the children and reads `take` of
    the results, "futures" submits them all, cancels every `cancel`th and reads all, "close" ends
    the pool, "cancel view" its own view.
    """

    how: str
    children: tuple[Node, ...] = ()
    take: int | None = None
    window: int | None = None
    closes: bool = False
    cancel: int = 0
    tenant: int = 0
    number: int = field(default=0, compare=False)


class Failure(Exception):
    """What a task raises that is meant to fail."""


class Recording(SharedExecutor):
    """A shared pool that remembers all of its futures."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.futures: list[Future[Any]] = []

    def enqueue(self, task: Task, tenant: Hashable, delay: Delay | None) -> Any:
        future = super().enqueue(task, tenant, delay)
        self.futures.append(future)
        return future


class Run:
    """A tree that runs on a pool of its own, and which of its tasks ran."""

    def __init__(self, workers: int) -> None:
        self.pool = Recording(workers)
        self.views = [self.pool.for_tenant(number) for number in range(3)]
        self.ran: Counter[int] = Counter()

    def outermost(self, node: Node) -> Outcome:
        """Run the whole tree and end the pool; fail if it hangs."""
        found: list[Outcome] = []

        def work() -> None:
            found.append(self._settled(self._submit(node)))
            self.pool.shutdown()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(WATCHDOG)
        assert not thread.is_alive(), "the pool hangs"
        assert self.pool.threads == 0
        assert self.pool.queued() == {}
        assert all(future.done() for future in self.pool.futures), "a future was forgotten"
        assert max(self.ran.values(), default=0) <= 1, "a task ran twice"
        return found[0]

    def _submit(self, node: Node) -> Future[Outcome] | None:
        try:
            return self.views[node.tenant].submit(self._function(node), node)
        except RuntimeError:  # the pool was closed before
            return None

    def _function(self, node: Node) -> Callable[[Node], Outcome]:
        return self._late if node.how == "late" else self._work

    def _settled(self, future: Future[Outcome] | None) -> Outcome:
        try:
            return future.result() if future is not None else ("cancelled",)
        except Failure as error:
            return ("failed", error.args[0])
        except CancelledError:
            return ("cancelled",)

    def _any(self, node: Node) -> Outcome:
        return self._function(node)(node)

    def _work(self, node: Node) -> Outcome:
        self.ran[node.number] += 1
        if node.how == "fail":
            raise Failure(node.number)
        if node.how == "close":
            self.pool.shutdown(wait=False, cancel_futures=True)
        if node.how == "cancel view":
            self.views[node.tenant].cancel()
        if node.how == "futures":
            return ("ok", node.number, self._by_futures(node))
        return ("ok", node.number, self._by_map(self.views[node.tenant], node))

    @property
    def _late(self) -> Callable[[Node], Outcome]:
        @restartable
        def late(node: Node) -> Outcome:
            if may_postpone() and resumed() is None:
                raise Postpone(0.001, "was here")
            self.ran[node.number] += 1
            return ("ok", node.number, [])

        return late

    def _by_futures(self, node: Node) -> list[Outcome]:
        futures = [self._submit(child) for child in node.children]
        if node.cancel:
            for future in futures[:: node.cancel]:
                if future is not None:
                    future.cancel()
        return [self._settled(future) for future in futures]

    def _by_map(self, view: Executor, node: Node) -> list[Outcome]:
        outcomes: list[Outcome] = []
        try:
            results = view.map(self._any, node.children, buffersize=node.window)
        except RuntimeError:  # the pool was closed before
            return [("cancelled",)]
        try:
            outcomes.extend(itertools.islice(results, node.take))
        except Failure as error:
            outcomes.append(("failed", error.args[0]))
        except (CancelledError, RuntimeError):
            outcomes.append(("cancelled",))
        if node.closes:
            results.close()
        return outcomes


def check(node: Node, outcome: Outcome, *, may_end_early: bool = False) -> None:
    """Assert that an outcome is what the tree says, each result once and in its place."""
    if outcome == ("cancelled",):
        assert may_end_early, "no one cancelled it"
        return
    if node.how == "fail":
        assert outcome == ("failed", node.number)
        return
    kind, number, outcomes = outcome
    assert (kind, number) == ("ok", node.number)
    if node.how == "futures":
        assert len(outcomes) == len(node.children)
        for place, (child, found) in enumerate(zip(node.children, outcomes, strict=True)):
            cancelled = bool(node.cancel) and place % node.cancel == 0
            check(child, found, may_end_early=may_end_early or cancelled)
        return
    due = list(node.children[: node.take])
    fails = next((place for place, child in enumerate(due) if child.how == "fail"), len(due))
    assert len(outcomes) == min(len(due), fails + 1) or outcomes[-1] == ("cancelled",)
    for child, found in zip(due, outcomes, strict=False):
        check(child, found, may_end_early=may_end_early)


def numbered(node: Node) -> Node:
    """Return the tree with a number of its own on each node."""
    counter = itertools.count()

    def number(one: Node) -> Node:
        own = next(counter)
        return replace(one, number=own, children=tuple(number(child) for child in one.children))

    return number(node)


def trees(*ends: str) -> st.SearchStrategy[Node]:
    """Make trees of tasks; `ends` are the ways in which tasks without children may end."""
    tenant = st.integers(0, 2)
    single = st.builds(Node, st.sampled_from(["map", "late", *ends]), tenant=tenant)

    def around(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.builds(
            Node,
            st.sampled_from(["map", "futures"]),
            st.lists(inner, min_size=1, max_size=7).map(tuple),
            take=st.none() | st.integers(0, 4),
            window=st.none() | st.integers(1, 3),
            closes=st.booleans(),
            cancel=st.integers(0, 3),
            tenant=tenant,
        )

    return st.recursive(single, around, max_leaves=40).map(numbered)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(80))
@given(trees("fail"), st.integers(1, 4))
def test_any_tree_of_waiting_tasks_ends_with_each_result_once_and_in_order(
    tree: Node, workers: int
) -> None:
    """Whatever fails, is cancelled or is left unread in between."""
    run = Run(workers)
    check(tree, run.outermost(tree))


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(80))
@given(trees("fail", "close", "cancel view"), st.integers(1, 4))
def test_a_tree_ends_although_pool_or_view_is_closed_in_the_middle(
    tree: Node, workers: int
) -> None:
    """What had not started is cancelled; nothing is forgotten, runs twice or moves."""
    run = Run(workers)
    check(tree, run.outermost(tree), may_end_early=True)
