"""Reads many lists at once, each to its end, page by page through the shared pool."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from gitlab_sync.concurrency.futures import Postpone, in_worker, restartable
from gitlab_sync.errors import BadResponse, Cancelled, GitLabSyncError
from gitlab_sync.http.wire import Reply
from gitlab_sync.session.context import RequestContext, fetch
from gitlab_sync.session.pagination import PageSource
from gitlab_sync.session.request import Request
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import CIRCLE, Session, fingerprint
from gitlab_sync.types import PartialList, Record

K = TypeVar("K", bound=Hashable)

_Asked: TypeAlias = tuple[int, RequestContext, Request]
_Arrived: TypeAlias = tuple[int, Result[Reply]]

_MOST_AHEAD = 16
"""The most pages to request at once while the length of a list is unknown."""


class ListResult(NamedTuple, Generic[K]):
    """What was read of the list with this key, and the error that ended it.

    A list that was read to its end, but for malformed rows, has a `fault`, which is also its error.
    """

    key: K
    reading: PartialList
    error: GitLabSyncError | None
    fault: GitLabSyncError | None = None


@dataclass(slots=True, eq=False)
class _Growing(Generic[K]):
    """A list that is being read. `open` counts the pages under way; all else is by place.

    `upcoming` is the page to request next, `following` has those after it. `faults` are those of
    pages with malformed rows, which are left out of `pages`. `end` is the place of the last page,
    once a page says that nothing follows; `seen` has the fingerprints of pages.
    """

    key: K
    wanted: PageSource
    upcoming: _Page | None = None
    following: deque[Iterator[_Page]] = field(default_factory=deque)
    pages: dict[int, list[Record]] = field(default_factory=dict)
    errors: dict[int, GitLabSyncError] = field(default_factory=dict)
    faults: dict[int, GitLabSyncError] = field(default_factory=dict)
    asked: set[Request] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    open: int = 0
    end: float = math.inf

    @property
    def ahead(self) -> int:
        """How many pages to request at once if their number is unknown: as many as were read.

        So a long list takes few rounds, and at most twice as many requests as it has pages.
        """
        return 1 if self.end < math.inf else min(len(self.pages), _MOST_AHEAD)

    @property
    def done(self) -> bool:
        """Whether no page is under way, and none is to be requested."""
        return not self.open and self.upcoming is None

    def follow(self, pages: Iterable[_Page]) -> None:
        """Request these pages, too, after those that are to be requested already."""
        self.following.append(iter(pages))
        if self.upcoming is None:
            self.advance()

    def advance(self) -> None:
        """Go on to the next page that was not requested yet."""
        self.upcoming = None
        while self.following and self.upcoming is None:
            new = (page for page in self.following[0] if page.request not in self.asked)
            self.upcoming = next(new, None)
            if self.upcoming is None:
                self.following.popleft()

    def stop(self) -> None:
        """Request no further page."""
        self.upcoming = None
        self.following.clear()

    def add(self, place: int, rows: list[Record]) -> None:
        """Add a page; BadResponse if its rows have come before: the server leads in a circle."""
        if self.pages:  # most lists have one page
            self.seen = self.seen or {fingerprint(page) for page in self.pages.values()}
            mark = fingerprint(rows)
            if rows and mark in self.seen:
                raise BadResponse(CIRCLE)
            self.seen.add(mark)
        self.pages[place] = rows

    def found(self) -> ListResult[K]:
        """Return the rows in order; pages past the end of the list do not count."""
        rows = [row for place in sorted(self.pages) for row in self.pages[place]]
        errors, faults = (
            [found[place] for place in sorted(found) if place <= self.end]
            for found in (self.errors, self.faults)
        )
        fault = faults[0] if faults else None
        error = errors[0] if errors else fault
        reading = PartialList(rows, None if error is None else error.reason)
        return ListResult(self.key, reading, error, fault)


class _Page(NamedTuple):
    growing: _Growing[Any]
    place: int
    request: Request


@restartable
def _attempt(asked: _Asked) -> _Arrived:
    """Fetch the page with this number; return an error as a value, so it ends no other page."""
    number, context, request = asked
    try:
        return number, Result(value=fetch(context, request))
    except GitLabSyncError as error:
        return number, Result(error=error)


def fetch_lists(
    session: Session, wanted: Iterable[tuple[K, PageSource]]
) -> Iterator[ListResult[K]]:
    """Read lists side by side, and yield each when it is complete or has failed.

    `session` has a context. `wanted` is pulled as workers become free, so it can be long and lazy;
    it is asked again after it had nothing, so it can grow with the results. Lists are yielded in
    the order in which their last pages arrive, and only a window of them is in memory. An error of
    one list does not affect the others. If the context is cancelled, each list that was not read
    has `Cancelled` as its error. One consumer.
    """
    return _Reader(session, wanted).run()


class _Reader(Generic[K]):
    """The state of one `fetch_lists`. Not thread-safe: one consumer."""

    def __init__(self, session: Session, wanted: Iterable[tuple[K, PageSource]]) -> None:
        self._session = session
        self._wanted = iter(wanted)
        self._next: deque[_Growing[K]] = deque()
        self._sent: dict[int, _Page] = {}
        self._numbers = itertools.count()

    def run(self) -> Iterator[ListResult[K]]:
        """Yield each list when its last page has arrived."""
        context = self._session.active
        with self._session.bridge.reading():
            yield from self._run(context)

    def _run(self, context: RequestContext) -> Iterator[ListResult[K]]:
        # In a worker `map` helps with the tasks that it waits for, and a queue would not.
        results = self._in_order if in_worker() else self._as_they_come
        try:
            for number, outcome in results(context):
                yield from self._take(self._sent.pop(number), outcome)
        except (CancelledError, Cancelled):
            yield from self._give_up(context.cancel.error())

    def _as_they_come(self, context: RequestContext) -> Iterator[_Arrived]:
        """Map over what is wanted, and yield results in the order in which they arrive.

        A slow page does not hold up the others: each task puts its result into a queue.
        """
        arrived: SimpleQueue[_Arrived | BaseException] = SimpleQueue()

        @restartable
        def hand_on(asked: _Asked) -> None:
            try:
                arrived.put(_attempt(asked))
            except Postpone:
                raise
            except BaseException as error:  # noqa: BLE001 - the consumer raises it
                arrived.put(error)

        under_way = 0
        with context.cancel.on_cancel(lambda: arrived.put(context.cancel.error())):
            while True:
                wave = self._wave(under_way)
                under_way += len(wave)
                if not under_way:
                    return
                context.executor.map(hand_on, wave)
                results = deque([arrived.get()])
                while not arrived.empty():  # several can arrive while the last ones are read
                    results.append(arrived.get())
                under_way -= len(results)
                while results:
                    result = results.popleft()
                    if isinstance(result, BaseException):
                        raise result
                    yield result

    def _in_order(self, context: RequestContext) -> Iterator[_Arrived]:
        """Map over what is wanted, and yield results in the order of the inputs."""
        under_way = 0
        waves: deque[Iterator[_Arrived]] = deque()
        while True:
            wave = self._wave(under_way)
            under_way += len(wave)
            waves.append(context.executor.map(_attempt, wave))
            while (result := next(waves[0], None)) is None:
                waves.popleft()
                if not waves:
                    return
            under_way -= 1
            yield result

    def _wave(self, under_way: int) -> list[_Asked]:
        """Return what to send now, so that as much is under way as the bridge has room for."""
        return list(itertools.islice(self, max(0, self._session.bridge.window - under_way)))

    def __iter__(self) -> Iterator[tuple[int, RequestContext, Request]]:
        return self

    def __next__(self) -> tuple[int, RequestContext, Request]:
        """Return the next request: further pages of lists under way, then new lists."""
        while self._next and self._next[0].upcoming is None:
            self._next.popleft()
        if not self._next:
            key, wanted = next(self._wanted)
            growing = _Growing(key, wanted)
            growing.upcoming = _Page(growing, 0, wanted.first(self._session))
            self._next.append(growing)
        growing = self._next[0]
        page = growing.upcoming
        assert page is not None  # noqa: S101 - by the loop above
        growing.asked.add(page.request)
        growing.open += 1
        growing.advance()
        number = next(self._numbers)
        self._sent[number] = page
        return number, self._session.active, page.request

    def _take(self, page: _Page, outcome: Result[Reply]) -> Iterator[ListResult[K]]:
        growing: _Growing[K] = page.growing
        growing.open -= 1
        reply = outcome.value
        if outcome.error is not None:
            growing.errors[page.place] = outcome.error
        elif reply is not None:
            try:
                growing.add(page.place, self._rows(growing, page.place, reply))
                self._go_on(growing, page.place, reply)
            except GitLabSyncError as error:
                growing.errors[page.place] = error
        if growing.errors or (growing.upcoming and growing.upcoming.place > growing.end):
            growing.stop()
        if growing.done:
            yield growing.found()

    def _rows(self, growing: _Growing[K], place: int, reply: Reply) -> list[Record]:
        try:
            return growing.wanted.rows(reply.data)
        except BadResponse as fault:
            if fault.partial is None:
                raise
            growing.faults[place] = fault
            return list(fault.partial)

    def _go_on(self, growing: _Growing[K], place: int, reply: Reply) -> None:
        follow = growing.wanted.after(self._session, place, reply, growing.ahead)
        if not follow:
            growing.end = min(growing.end, place)
            return
        number, request = follow[0]
        if request in growing.asked and number not in growing.pages and growing.done:
            raise BadResponse(CIRCLE)
        growing.follow(_Page(growing, *each) for each in follow)
        self._next.append(growing)

    def _give_up(self, error: Cancelled) -> Iterator[ListResult[K]]:
        places = {page.growing: page.place for page in self._sent.values()}
        places |= {each: each.upcoming.place for each in self._next if each.upcoming is not None}
        for growing, place in places.items():
            growing.errors.setdefault(place, error)
            yield growing.found()
        for key, _ in self._wanted:
            yield ListResult(key, PartialList((), error.reason), error)
