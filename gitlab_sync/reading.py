"""Many lists read at once, each to its true end, page by page through the shared pool.

Work that needs one answer before it knows the next question is written as a *plan*: a generator
that yields what it wants read, gets that back, and returns its result. `run_plans` keeps many of
them going side by side, in the calling thread; only their requests run on the pool.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from gitlab_sync.errors import BadResponse, Cancelled, GitLabSyncError
from gitlab_sync.futures import leaf
from gitlab_sync.http.wire import Reply
from gitlab_sync.listing import CIRCLE, Wanted
from gitlab_sync.outcomes import Outcome
from gitlab_sync.rest import Rest
from gitlab_sync.types import Reading, Record
from gitlab_sync.view import Request, fetch

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Found(NamedTuple, Generic[K]):
    """One list as far as it was read: for which key, what, and the error that ended it."""

    key: K
    reading: Reading
    error: GitLabSyncError | None


Plan: TypeAlias = Generator[Mapping[str, Wanted], Mapping[str, Found[str]], T]
"""Yields the lists that it wants next, by names of its own; is sent them; returns its result."""


@dataclass(slots=True, eq=False)
class _Growing(Generic[K]):
    """A list that is being read. `pages` are by place; `open` counts those under way."""

    key: K
    wanted: Wanted
    pages: dict[int, list[Record]] = field(default_factory=dict)
    asked: set[Request] = field(default_factory=set)
    open: int = 0
    error: GitLabSyncError | None = None

    def found(self) -> Found[K]:
        """Return what there is, in order."""
        rows = [row for place in sorted(self.pages) for row in self.pages[place]]
        missing = None if self.error is None else self.error.reason
        return Found(self.key, Reading(rows, missing), self.error)


class _Page(NamedTuple):
    """One page that is asked for: of which list, at which place in it."""

    growing: _Growing[Any]
    place: int
    request: Request


@leaf
def attempt(asked: tuple[Rest, Request]) -> Outcome[Reply]:
    """Run the leaf, and give its error back as a value: one failure must not end all."""
    try:
        return Outcome(value=fetch(*asked))
    except GitLabSyncError as error:
        return Outcome(error=error)


def read_lists(rest: Rest, wanted: Iterable[tuple[K, Wanted]]) -> Iterator[Found[K]]:
    """Read lists side by side and yield each when it is whole, or known not to be.

    `rest` is a view from `Rest.job`. `wanted` is pulled as workers get free, so that it may be long
    and lazy, and is asked again after it had nothing: it may grow with what was found. Memory holds
    a window of it. One list's error never touches another's. When the job is cancelled, all that is
    not read comes out with `Cancelled` as its error.
    """
    return _Reader(rest, wanted).run()


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


class _Reader(Generic[K]):
    """The state of one `read_lists`. Not thread-safe: one consumer."""

    def __init__(self, rest: Rest, wanted: Iterable[tuple[K, Wanted]]) -> None:
        self._rest = rest
        self._wanted = iter(wanted)
        self._next: deque[_Page] = deque()
        self._sent: deque[_Page] = deque()

    def run(self) -> Iterator[Found[K]]:
        """Yield what is found; each list when its last page is in."""
        try:
            while True:
                read = 0
                for outcome in self._rest.executor.map(attempt, self):
                    read += 1
                    yield from self._take(self._sent.popleft(), outcome)
                if not read:
                    return
        except (CancelledError, Cancelled):
            yield from self._give_up(self._rest.cancel.error())

    def __iter__(self) -> Iterator[tuple[Rest, Request]]:
        return self

    def __next__(self) -> tuple[Rest, Request]:
        """Return what to ask next: further pages of lists in hand before new lists."""
        if not self._next:
            key, wanted = next(self._wanted)
            growing = _Growing(key, wanted)
            self._ask(growing, 0, wanted.first(self._rest))
        page = self._next.popleft()
        self._sent.append(page)
        return self._rest, page.request

    def _ask(self, growing: _Growing[K], place: int, request: Request) -> None:
        growing.asked.add(request)
        growing.open += 1
        self._next.append(_Page(growing, place, request))

    def _take(self, page: _Page, outcome: Outcome[Reply]) -> Iterator[Found[K]]:
        growing: _Growing[K] = page.growing
        growing.open -= 1
        reply = outcome.value
        if reply is None:
            growing.error = growing.error or outcome.error
        else:
            try:
                growing.pages[page.place] = growing.wanted.rows(reply.data)
                self._go_on(growing, page.place, reply)
            except GitLabSyncError as error:
                growing.error = growing.error or error
        if not growing.open:
            yield growing.found()

    def _go_on(self, growing: _Growing[K], place: int, reply: Reply) -> None:
        """Ask for what follows, each page once."""
        for number, request in growing.wanted.after(self._rest, place, reply):
            if request not in growing.asked:
                self._ask(growing, number, request)
            elif number not in growing.pages and not growing.open:
                raise BadResponse(CIRCLE)

    def _give_up(self, error: Cancelled) -> Iterator[Found[K]]:
        """Yield all that was not read to its end."""
        for page in (*self._sent, *self._next):
            growing: _Growing[K] = page.growing
            if growing.open:
                growing.open = 0
                growing.error = growing.error or error
                yield growing.found()
        for key, _ in self._wanted:
            yield Found(key, Reading((), error.reason), error)


@dataclass(slots=True)
class _Going(Generic[K, T]):
    """A plan that waits for what it wants."""

    key: K
    plan: Plan[T]
    found: dict[str, Found[str]] = field(default_factory=dict)
    awaited: int = 0


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
            if len(going.found) == going.awaited:
                self._step(going, going.found)
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
        going.found, going.awaited = {}, len(step)
        self._next.extend(((going, name), each) for name, each in step.items())

    def _ended(self) -> Iterator[tuple[K, T]]:
        while self._done:
            yield self._done.popleft()
