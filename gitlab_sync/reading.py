"""Many lists read at once, each to its true end, page by page through the shared pool."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from gitlab_sync.errors import BadResponse, Cancelled, GitLabSyncError
from gitlab_sync.executor import leaf
from gitlab_sync.http.wire import Reply
from gitlab_sync.outcomes import Outcome
from gitlab_sync.rest import Rest, page_params
from gitlab_sync.types import Params, Reading, Record
from gitlab_sync.view import Request, fetch

K = TypeVar("K", bound=Hashable)
_CIRCLE = "The list leads back to a page that was read"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list to be read: its endpoint and parameters.

    `single` says that one object is asked for, which counts as a list of one. Where a list is, an
    object in its place is no answer: it may be the error of some proxy.
    """

    endpoint: str
    params: Params = field(default_factory=dict)
    single: bool = False

    def rows(self, data: object) -> list[Record]:
        """Return the rows that one answer holds; BadResponse if it does not hold what was asked."""
        rows = [data] if self.single else data
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            wanted = "an object" if self.single else "a list of objects"
            raise BadResponse(f"The answer is not {wanted}", status=200)
        return rows


class Found(NamedTuple, Generic[K]):
    """One list as far as it was read: for which key, what, and the error that ended it."""

    key: K
    reading: Reading
    error: GitLabSyncError | None


@dataclass(slots=True)
class _Growing(Generic[K]):
    """A list that is being read. `pages` are by place; `open` counts those under way."""

    key: K
    listing: Listing
    params: Params
    pages: dict[int, list[Record]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    open: int = 0
    error: GitLabSyncError | None = None

    def found(self) -> Found[K]:
        """Return what there is, in order."""
        rows = [row for place in sorted(self.pages) for row in self.pages[place]]
        missing = None if self.error is None else self.error.reason
        return Found(self.key, Reading(rows, missing), self.error)


class _Page(NamedTuple):
    """One page that is asked for: of which list, at which place in it."""

    growing: _Growing[Hashable]
    place: int
    request: Request


@leaf
def attempt(rest: Rest, request: Request) -> Outcome[Reply]:
    """Run the leaf of `rest`, and give its error back as a value: one failure must not end all."""
    try:
        return Outcome(value=fetch(rest, request))
    except GitLabSyncError as error:
        return Outcome(error=error)


def read_lists(rest: Rest, wanted: Iterable[tuple[K, Listing]]) -> Iterator[Found[K]]:
    """Read lists side by side and yield each when it is whole, or known not to be.

    `rest` is a view from `Rest.job`. `wanted` is pulled as workers get free, so that it may be long
    and lazy; memory holds a window of it. One list's error never touches another's. When the job is
    cancelled, all that is not read comes out with `Cancelled` as its error.
    """
    reader = _Reader(rest, wanted)
    return reader.run()


class _Reader(Generic[K]):
    """The state of one `read_lists`. Not thread-safe: one consumer."""

    def __init__(self, rest: Rest, wanted: Iterable[tuple[K, Listing]]) -> None:
        self._rest = rest
        self._wanted = iter(wanted)
        self._next: deque[_Page] = deque()
        self._sent: deque[_Page] = deque()

    def run(self) -> Iterator[Found[K]]:
        try:
            while True:
                requests = self._requests()
                results = self._rest.executor.map(attempt, itertools.repeat(self._rest), requests)
                read = 0
                for outcome in results:
                    read += 1
                    yield from self._take(self._sent.popleft(), outcome)
                if not read:
                    return
        except (CancelledError, Cancelled):
            yield from self._give_up(self._rest.cancel.error())

    def _requests(self) -> Iterator[Request]:
        """Yield what to ask next: further pages of lists in hand before new lists."""
        while True:
            if not self._next:
                found = next(self._wanted, None)
                if found is None:
                    return
                self._open(*found)
            page = self._next.popleft()
            self._sent.append(page)
            yield page.request

    def _open(self, key: K, listing: Listing) -> None:
        params = page_params(listing.params, per_page=100)
        growing = _Growing(key, listing, params)
        self._ask(growing, 0, self._rest.page_request(listing.endpoint, params, None))

    def _ask(self, growing: _Growing[K], place: int, request: Request) -> None:
        if request.target not in growing.asked:
            growing.asked.add(request.target)
            growing.open += 1
            self._next.append(_Page(growing, place, request))  # type: ignore[arg-type]

    def _take(self, page: _Page, outcome: Outcome[Reply]) -> Iterator[Found[K]]:
        growing: _Growing[K] = page.growing  # type: ignore[assignment]
        growing.open -= 1
        reply = outcome.value
        if reply is None:
            growing.error = growing.error or outcome.error
        else:
            try:
                growing.pages[page.place] = growing.listing.rows(reply.data)
                self._go_on(growing, page.place, reply)
            except GitLabSyncError as error:
                growing.error = growing.error or error
        if not growing.open:
            yield growing.found()

    def _go_on(self, growing: _Growing[K], place: int, reply: Reply) -> None:
        """Ask for what follows: all pages at once where their number is known."""
        endpoint, params = growing.listing.endpoint, growing.params
        if reply.next_page is not None and reply.next_page <= max(place, 1):
            raise BadResponse(_CIRCLE)
        if place == 0 and reply.next_page is not None and reply.total_pages is not None:
            for number in range(reply.next_page, reply.total_pages + 1):
                request = self._rest.page_request(endpoint, params, number)
                self._ask(growing, number, request)
            return
        after = self._rest.next_request(endpoint, params, reply)
        if after is None:
            return
        if reply.next_page is None and after.target in growing.asked:
            raise BadResponse(_CIRCLE)
        self._ask(growing, reply.next_page or place + 1, after)

    def _give_up(self, error: Cancelled) -> Iterator[Found[K]]:
        """Yield all that was not read to its end."""
        for page in (*self._sent, *self._next):
            growing: _Growing[K] = page.growing  # type: ignore[assignment]
            if growing.open:
                growing.open = 0
                growing.error = growing.error or error
                yield growing.found()
        for key, _ in self._wanted:
            yield Found(key, Reading((), error.reason), error)
