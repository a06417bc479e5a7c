"""Workflows: work that needs one answer before it knows the next query, many side by side.

A workflow is a generator. It yields the lists that it wants, is sent their results, and returns its
own result. `run_workflows` keeps many of them going in the calling thread; only requests run on the
pool.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Generator, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules.shape import ANY, Shape
from gitlab_sync.session.fetch import ListResult, fetch_lists
from gitlab_sync.session.pagination import PageSource, RestList
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import Client, Session, session_of
from gitlab_sync.types import Params, Record, RecordList

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
Kinds: TypeAlias = type[GitLabSyncError] | tuple[type[GitLabSyncError], ...]

_MOST_ENDED = 8
"""Workflows that can end without a request, one after another, before their results are taken."""

Workflow: TypeAlias = Generator[Mapping[str, PageSource], Mapping[str, ListResult[str]], T]
"""Yields the lists it wants next, by names of its choice; is sent them; returns its result."""


def run_workflows(
    session: Session, workflows: Iterable[tuple[K, Workflow[T]]]
) -> Iterator[tuple[K, T]]:
    """Run workflows side by side, and yield key and result of each as soon as it ends.

    `workflows` is pulled lazily, as in `fetch_lists`. A workflow is sent errors as part of the
    results; if it raises one, that ends all workflows. One consumer.
    """
    return _Runner(workflows).run(session)


def gather(workflows: Mapping[str, Workflow[T]]) -> Workflow[dict[str, T]]:
    """Return one workflow that runs several, and returns their results by name.

    Their lists are requested together, so it takes as many rounds as the longest of them.
    """
    results: dict[str, T] = {}
    answers: Mapping[str, Mapping[str, ListResult[str]] | None] = dict.fromkeys(workflows)
    while answers:
        wanted: dict[str, PageSource] = {}
        asked: dict[str, tuple[str, str]] = {}
        for name, answer in answers.items():
            step = _advance(workflows[name], answer)
            if isinstance(step, _Result):
                results[name] = step.value
                continue
            for key, each in step.items():
                asked[f"{name}/{key}"] = name, key
                wanted[f"{name}/{key}"] = each
        if not wanted:
            break
        found = yield wanted
        sorted_out: defaultdict[str, dict[str, ListResult[str]]] = defaultdict(dict)
        for label, (name, key) in asked.items():
            sorted_out[name][key] = found[label]._replace(key=key)
        answers = sorted_out
    return results


@dataclass(frozen=True, slots=True)
class _Result(Generic[T]):
    value: T


def _advance(
    workflow: Workflow[T], found: Mapping[str, ListResult[str]] | None
) -> Mapping[str, PageSource] | _Result[T]:
    """Resume a workflow with results (None: start it) until it wants more or has ended."""
    try:
        wanted = next(workflow) if found is None else workflow.send(found)
        while not wanted:
            wanted = workflow.send({})
    except StopIteration as end:
        return _Result(end.value)
    return wanted


def as_result(workflow: Workflow[T]) -> Workflow[Result[T]]:
    """Return a workflow with the result of another, or its error, which then ends nothing else."""
    try:
        return Result(value=(yield from workflow))
    except GitLabSyncError as error:
        return Result(error=error)


def run_workflow(client: Client, workflow: Workflow[T]) -> T:
    """Run one workflow and return its result; the client's `timeout` applies to each page."""
    with session_of(client).call() as session:
        return next(run_workflows(session, [(None, workflow)]))[1]


def whole(found: ListResult[str]) -> RecordList:
    """Return the rows of a list that was read to its end; else raise the error that ended it."""
    if found.error is not None:
        raise found.error
    rows = RecordList(found.reading.rows)
    rows.total = len(rows)
    return rows


def usable(found: ListResult[str], faults: list[GitLabSyncError]) -> RecordList:
    """Return what `whole` does, but without malformed rows; their fault is added to `faults`."""
    if found.fault is None or found.error is not found.fault:
        return whole(found)
    faults.append(found.fault)
    return RecordList(found.reading.rows)


def whole_unless(found: ListResult[str], kinds: Kinds) -> RecordList:
    """Return what `whole` does, but no rows for a list that ended with an error of these kinds."""
    return RecordList() if isinstance(found.error, kinds) else whole(found)


def read_all(client: Client, wanted: PageSource) -> RecordList:
    """Return all rows of one list; an error has those read before it in `.partial`."""
    return run_workflow(client, _one(wanted))


def read_one(
    client: Client, endpoint: str, params: Params | None = None, shape: Shape = ANY
) -> Record:
    """Return one object; BadResponse if the answer is not an object of this shape."""
    wanted = RestList(endpoint, single=True, shape=shape)
    rows = wanted.rows(session_of(client).get(endpoint, params))
    return rows[0]


def _one(wanted: PageSource) -> Workflow[RecordList]:
    return whole_or_partial((yield {"rows": wanted})["rows"])


def whole_or_partial(found: ListResult[str]) -> RecordList:
    """Return what `whole` does; an error has the rows read before it in `.partial`."""
    if found.error is not None:
        partial = found.error.partial = RecordList(found.reading.rows)
        partial.complete = False
    return whole(found)


@dataclass(slots=True)
class _Running(Generic[K, T]):
    key: K
    workflow: Workflow[T]
    found: dict[str, ListResult[str]] = field(default_factory=dict)
    awaited: Collection[str] = ()


class _Runner(Generic[K, T]):
    """The state of one `run_workflows`. Not thread-safe: one consumer."""

    def __init__(self, workflows: Iterable[tuple[K, Workflow[T]]]) -> None:
        self._workflows = iter(workflows)
        self._next: deque[tuple[tuple[_Running[K, T], str], PageSource]] = deque()
        self._done: deque[tuple[K, T]] = deque()

    def run(self, session: Session) -> Iterator[tuple[K, T]]:
        """Yield results as workflows end."""
        while True:
            for found in fetch_lists(session, self):
                yield from self._ended()
                going, name = found.key
                going.found[name] = ListResult(name, *found[1:])
                if len(going.found) == len(going.awaited):
                    # They arrive in any order, and are sent in that in which they were requested.
                    self._step(going, {key: going.found[key] for key in going.awaited})
                yield from self._ended()
            if not self._done:
                return
            yield from self._ended()  # after which there can be more

    def __iter__(self) -> Iterator[tuple[tuple[_Running[K, T], str], PageSource]]:
        return self

    def __next__(self) -> tuple[tuple[_Running[K, T], str], PageSource]:
        """Return the next list to read: workflows under way come before new ones."""
        while not self._next:
            if len(self._done) >= _MOST_ENDED:
                raise StopIteration  # for now
            key, workflow = next(self._workflows)
            self._step(_Running(key, workflow), None)
        return self._next.popleft()

    def _step(self, going: _Running[K, T], found: Mapping[str, ListResult[str]] | None) -> None:
        step = _advance(going.workflow, found)
        if isinstance(step, _Result):
            self._done.append((going.key, step.value))
            return
        going.found, going.awaited = {}, step.keys()
        self._next.extend(((going, name), each) for name, each in step.items())

    def _ended(self) -> Iterator[tuple[K, T]]:
        while self._done:
            yield self._done.popleft()
