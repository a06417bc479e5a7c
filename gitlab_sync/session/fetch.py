"""Many lists read at once, each to its true end, page by page through the shared pool."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from gitlab_sync.concurrency.futures import completed_map, leaf
from gitlab_sync.errors import BadResponse, Cancelled, GitLabSyncError
from gitlab_sync.http.wire import Reply
from gitlab_sync.session.exchange import Request, fetch
from gitlab_sync.session.pagination import Wanted
from gitlab_sync.session.result import Outcome
from gitlab_sync.session.session import CIRCLE, Rest
from gitlab_sync.types import Reading, Record

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_MOST_AHEAD = 16
"""Pages that are asked for at most before anybody knows that there are so many."""


class Found(NamedTuple, Generic[K]):
    """One list as far as it was read: for which key, what, and the error that ended it."""

    key: K
    reading: Reading
    error: GitLabSyncError | None


@dataclass(slots=True, eq=False)
class _Growing(Generic[K]):
    """A list that is being read. `pages` and `errors` are by place; `open` counts those under way.

    `end` is the place of the last page, where one said that nothing follows.
    """

    key: K
    wanted: Wanted
    pages: dict[int, list[Record]] = field(default_factory=dict)
    errors: dict[int, GitLabSyncError] = field(default_factory=dict)
    asked: set[Request] = field(default_factory=set)
    open: int = 0
    end: float = math.inf

    @property
    def ahead(self) -> int:
        """How many pages to ask for at once, if their number is not known: as many as were read.

        So a long list takes few rounds, and no more is asked for in vain than what it holds.
        """
        return 1 if self.end < math.inf else min(len(self.pages), _MOST_AHEAD)

    def found(self) -> Found[K]:
        """Return what there is, in order; what was asked for in vain has no part in it."""
        rows = [row for place in sorted(self.pages) for row in self.pages[place]]
        errors = [self.errors[place] for place in sorted(self.errors) if place <= self.end]
        error = errors[0] if errors else None
        return Found(self.key, Reading(rows, None if error is None else error.reason), error)


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


@leaf
def _attempt(asked: tuple[int, Rest, Request]) -> tuple[int, Outcome[Reply]]:
    """Do so for a page, and say by its number which one it was."""
    number, rest, request = asked
    return number, attempt((rest, request))


def read_lists(rest: Rest, wanted: Iterable[tuple[K, Wanted]]) -> Iterator[Found[K]]:
    """Read lists side by side and yield each when it is whole, or known not to be.

    `rest` is a view from `Rest.job`. `wanted` is pulled as workers get free, so that it may be long
    and lazy, and is asked again after it had nothing: it may grow with what was found. Lists come
    as they are read: their order is chance. Memory holds a window of them. One list's error never
    touches another's. When the job is cancelled, all that is not read comes out with `Cancelled` as
    its error.
    """
    return _Reader(rest, wanted).run()


class _Reader(Generic[K]):
    """The state of one `read_lists`. Not thread-safe: one consumer."""

    def __init__(self, rest: Rest, wanted: Iterable[tuple[K, Wanted]]) -> None:
        self._rest = rest
        self._wanted = iter(wanted)
        self._next: deque[_Page] = deque()
        self._sent: dict[int, _Page] = {}
        self._numbers = itertools.count()

    def run(self) -> Iterator[Found[K]]:
        """Yield what is found; each list when its last page is in."""
        try:
            for number, outcome in self._outcomes():
                yield from self._take(self._sent.pop(number), outcome)
        except (CancelledError, Cancelled):
            yield from self._give_up(self._rest.cancel.error())

    def _outcomes(self) -> Iterator[tuple[int, Outcome[Reply]]]:
        """Map over what is wanted, and take what comes first: a slow page holds up no other.

        A quarter more than the workers can do is under way: none waits for the caller, and what is
        wanted next has next to no queue before it.
        """
        workers = self._rest.bridge.workers
        return completed_map(self._rest.executor, workers + workers // 4, _attempt, self)

    def __iter__(self) -> Iterator[tuple[int, Rest, Request]]:
        return self

    def __next__(self) -> tuple[int, Rest, Request]:
        """Return what to ask next: further pages of lists in hand before new lists."""
        if not self._next:
            key, wanted = next(self._wanted)
            growing = _Growing(key, wanted)
            self._ask(growing, 0, wanted.first(self._rest))
        page = self._next.popleft()
        number = next(self._numbers)
        self._sent[number] = page
        return number, self._rest, page.request

    def _ask(self, growing: _Growing[K], place: int, request: Request) -> None:
        growing.asked.add(request)
        growing.open += 1
        self._next.append(_Page(growing, place, request))

    def _take(self, page: _Page, outcome: Outcome[Reply]) -> Iterator[Found[K]]:
        growing: _Growing[K] = page.growing
        growing.open -= 1
        reply = outcome.value
        if outcome.error is not None:
            growing.errors[page.place] = outcome.error
        elif reply is not None:
            try:
                growing.pages[page.place] = growing.wanted.rows(reply.data)
                self._go_on(growing, page.place, reply)
            except GitLabSyncError as error:
                growing.errors[page.place] = error
        if not growing.open:
            yield growing.found()

    def _go_on(self, growing: _Growing[K], place: int, reply: Reply) -> None:
        """Ask for what follows, each page once."""
        follow = growing.wanted.after(self._rest, place, reply, growing.ahead)
        if not follow:
            growing.end = min(growing.end, place)
        for number, request in follow:
            if request not in growing.asked:
                self._ask(growing, number, request)
            elif number not in growing.pages and not growing.open:
                raise BadResponse(CIRCLE)

    def _give_up(self, error: Cancelled) -> Iterator[Found[K]]:
        """Yield all that was not read to its end."""
        for page in (*self._sent.values(), *self._next):
            growing: _Growing[K] = page.growing
            if growing.open:
                growing.open = 0
                growing.errors.setdefault(page.place, error)
                yield growing.found()
        for key, _ in self._wanted:
            yield Found(key, Reading((), error.reason), error)
