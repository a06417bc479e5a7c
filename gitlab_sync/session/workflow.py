"""Plans: work that needs one answer before it knows the next question, many side by side.

A plan is a generator that yields what it wants read, is sent what was found, and returns its
result. `run_plans` keeps many of them going in the calling thread; only requests run on the pool.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Generator, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.session.fetch import Found, read_lists
from gitlab_sync.session.pagination import Listing, Wanted
from gitlab_sync.session.result import Outcome
from gitlab_sync.session.session import Rest
from gitlab_sync.types import Params, Record, Rows

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
Kinds: TypeAlias = type[GitLabSyncError] | tuple[type[GitLabSyncError], ...]

Plan: TypeAlias = Generator[Mapping[str, Wanted], Mapping[str, Found[str]], T]
"""Yields the lists that it wants next, by names of its own; is sent them; returns its result."""


def run_plans(rest: Rest, plans: Iterable[tuple[K, Plan[T]]]) -> Iterator[tuple[K, T]]:
    """Run plans side by side and yield each one's result as soon as it has one.

    `plans` is pulled lazily, as `read_lists` does. A plan gets errors as part of what was found; if
    it raises, that ends all of them.
    """
    return _Planner(plans).run(rest)


def together(plans: Mapping[str, Plan[T]]) -> Plan[dict[str, T]]:
    """Return one plan that carries out several, and returns their results by their names.

    What they want is asked for together: it takes as many rounds as the longest of them.
    """
    results: dict[str, T] = {}
    answers: Mapping[str, Mapping[str, Found[str]] | None] = dict.fromkeys(plans)
    while answers:
        wanted: dict[str, Wanted] = {}
        asked: dict[str, tuple[str, str]] = {}
        for name, answer in answers.items():
            step = _advance(plans[name], answer)
            if isinstance(step, _Result):
                results[name] = step.value
                continue
            for key, each in step.items():
                asked[f"{name}/{key}"] = name, key
                wanted[f"{name}/{key}"] = each
        if not wanted:
            break
        found = yield wanted
        sorted_out: defaultdict[str, dict[str, Found[str]]] = defaultdict(dict)
        for label, (name, key) in asked.items():
            sorted_out[name][key] = found[label]._replace(key=key)
        answers = sorted_out
    return results


@dataclass(frozen=True, slots=True)
class _Result(Generic[T]):
    """What a plan returned."""

    value: T


def _advance(
    plan: Plan[T], found: Mapping[str, Found[str]] | None
) -> Mapping[str, Wanted] | _Result[T]:
    """Let a plan go on with what was found (None: begin) until it wants something or has ended."""
    try:
        wanted = next(plan) if found is None else plan.send(found)
        while not wanted:
            wanted = plan.send({})
    except StopIteration as end:
        return _Result(end.value)
    return wanted


def attempted(plan: Plan[T]) -> Plan[Outcome[T]]:
    """Return a plan that gives the error of another as a value, so that it ends nothing else."""
    try:
        return Outcome(value=(yield from plan))
    except GitLabSyncError as error:
        return Outcome(error=error)


def run(client: Rest, plan: Plan[T]) -> T:
    """Carry out one plan and return its result; each page has the client's `timeout`."""
    with client.job(limit=client.timeout, max_wait=client.timeout) as rest:
        return next(run_plans(rest, [(None, plan)]))[1]


def whole(found: Found[str]) -> Rows:
    """Return the rows of a list that was read to its end, or raise the error that ended it."""
    if found.error is not None:
        raise found.error
    rows = Rows(found.reading.rows)
    rows.total = len(rows)
    return rows


def whole_unless(found: Found[str], kinds: Kinds) -> Rows:
    """Return what `whole` does, but no rows for a list that ended in an error of these kinds."""
    return Rows() if isinstance(found.error, kinds) else whole(found)


def read_all(client: Rest, wanted: Wanted) -> Rows:
    """Return all rows of one list; an error carries those read before it. Thread-safe."""
    return run(client, _one(wanted))


def read_one(client: Rest, endpoint: str, params: Params | None = None) -> Record:
    """Return one object; BadResponse if the answer is none. Thread-safe."""
    rows = Listing(endpoint, single=True).rows(client.get(endpoint, params))
    return rows[0]


def _one(wanted: Wanted) -> Plan[Rows]:
    found = (yield {"rows": wanted})["rows"]
    if found.error is not None:
        partial = found.error.partial = Rows(found.reading.rows)
        partial.complete = False
    return whole(found)


@dataclass(slots=True)
class _Going(Generic[K, T]):
    """A plan that waits for what it wants."""

    key: K
    plan: Plan[T]
    found: dict[str, Found[str]] = field(default_factory=dict)
    awaited: Collection[str] = ()


class _Planner(Generic[K, T]):
    """The state of one `run_plans`. Not thread-safe: one consumer."""

    def __init__(self, plans: Iterable[tuple[K, Plan[T]]]) -> None:
        self._plans = iter(plans)
        self._next: deque[tuple[tuple[_Going[K, T], str], Wanted]] = deque()
        self._done: deque[tuple[K, T]] = deque()

    def run(self, rest: Rest) -> Iterator[tuple[K, T]]:
        """Yield results as plans end."""
        for (going, name), reading, error in read_lists(rest, self):
            yield from self._ended()
            going.found[name] = Found(name, reading, error)
            if len(going.found) == len(going.awaited):
                # Which came first is chance: they are handed over in the order of the question.
                self._step(going, {key: going.found[key] for key in going.awaited})
            yield from self._ended()
        yield from self._ended()

    def __iter__(self) -> Iterator[tuple[tuple[_Going[K, T], str], Wanted]]:
        return self

    def __next__(self) -> tuple[tuple[_Going[K, T], str], Wanted]:
        """Return what is wanted next: by plans under way before new plans."""
        while not self._next:
            key, plan = next(self._plans)
            self._step(_Going(key, plan), None)
        return self._next.popleft()

    def _step(self, going: _Going[K, T], found: Mapping[str, Found[str]] | None) -> None:
        """Let a plan go on until it wants something, or has ended."""
        step = _advance(going.plan, found)
        if isinstance(step, _Result):
            self._done.append((going.key, step.value))
            return
        going.found, going.awaited = {}, step.keys()
        self._next.extend(((going, name), each) for name, each in step.items())

    def _ended(self) -> Iterator[tuple[K, T]]:
        while self._done:
            yield self._done.popleft()
