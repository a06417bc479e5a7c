"""One principal's view of one instance: get, get_all, iter_pages, request, graphql."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Any

import orjson

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import BadResponse, ConfigurationError, GitLabSyncError, without_secrets
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.rate_limit import Patience
from gitlab_sync.http.urls import reroot, target
from gitlab_sync.http.wire import Reply
from gitlab_sync.session.exchange import GRAPHQL_ROOT, READING, Job, Request, View, fetch
from gitlab_sync.types import Params, Record, Rows

log = logging.getLogger("gitlab_sync")

MAX_WAIT = 300.0
"""Seconds that a batch waits at most for one closing of a rate limit."""

PER_PAGE = 100
CIRCLE = "The list leads back to a page that was read"
_JSON = (("Content-Type", "application/json"),)


class Rest(View):
    """One principal's view of one instance. Thread-safe; no I/O and no thread until the first call.

    It takes what `View` takes. Pickles only if the credential is a reference, and then without
    bridge and job.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        job = self._job
        waits = None if job is None else (job.limit, job.patience.limit)
        return (_rebuild, (self.base_url, self.credential, self.timeout, waits))

    # -- jobs ------------------------------------------------------------------------------------

    @contextmanager
    def job(
        self,
        *,
        limit: float | None = None,
        max_wait: float = MAX_WAIT,
        started: float | None = None,
        cancel: CancelToken | None = None,
        executor: Executor | None = None,
    ) -> Iterator[Rest]:
        """Yield a view of the same instance whose calls share one executor view and one cancel.

        `limit` and `max_wait` are seconds, for one leaf and for one closing of a rate limit. Inside
        another job that job goes on. What is under way when the block ends is broken off.
        """
        if self._job is not None:
            yield self
            return
        bridge = self.bridge
        if self._cancel.cancelled:
            raise ConfigurationError("client is closed", hint="Make a new client.")
        if bridge.closed:
            raise ConfigurationError("the bridge is closed", hint="Make a new bridge.")
        parents = [self._cancel, bridge.cancel, *([] if cancel is None else [cancel])]
        token = CancelToken(*parents)
        patience = Patience(bridge.gate(self.base_url, self.principal), max_wait, started)
        view = bridge.executor.for_tenant(self._tenant, patience.delay)
        token.add(view, view.cancel)
        rest = Rest.__new__(Rest)
        rest.__dict__.update(self.__dict__)
        rest._job = Job(executor or view, patience, token, limit)  # noqa: SLF001 - one of us
        try:
            yield rest
        except CancelledError:
            raise token.error() from None
        finally:
            token.release()
            token.cancel()

    # -- reading ---------------------------------------------------------------------------------

    def get(self, endpoint: str, params: Params | None = None) -> Any:
        """Return the decoded JSON of one GET; [] for an empty body.

        `projects/1`, `/projects/1` and `/api/v4/projects/1` are the same; the endpoint may carry a
        query of its own. Raises the errors of `gitlab_sync.errors`.
        """
        return self._single(Request("GET", target(endpoint, params, self.base_url))).data

    def request(self, method: str, endpoint: str, params: Params | None = None) -> Any:
        """Send any verb and return the decoded JSON ([] for an empty body).

        GET and HEAD send `params` as the query, all others as a JSON body. A write is sent again
        only if it never left, or on 429.
        """
        verb = method.upper()
        if verb in READING:
            return self._single(Request(verb, target(endpoint, params, self.base_url))).data
        where = target(endpoint, None, self.base_url)
        if params is None:
            return self._single(Request(verb, where, repeatable=False)).data
        body = orjson.dumps(params)
        return self._single(Request(verb, where, body, repeatable=False, headers=_JSON)).data

    def graphql(self, query: str, variables: Params | None = None) -> Record:
        """Return the `data` of one GraphQL query: a read, and tried again like one.

        Raises GraphQLError for what the server says in `errors` (QueryTooComplex above its limit),
        NotFound where GraphQL is switched off. Mutations go through `request`, as writes do.
        """
        data: Record = self._single(self.graphql_request(query, variables)).data
        return data

    def graphql_request(self, query: str, variables: Params | None = None) -> Request:
        """Return the request for one GraphQL query."""
        if query.lstrip().startswith("mutation"):
            raise ConfigurationError("graphql() only reads", hint="Send a mutation by request().")
        body = orjson.dumps({"query": query, "variables": variables or {}})
        return Request("POST", "graphql", body, headers=_JSON, root=GRAPHQL_ROOT)

    def get_all(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = PER_PAGE,
        max_pages: int | None = None,
        all: bool = False,  # noqa: A002 - the contract's name
    ) -> Rows:
        """Return all rows of a list in order, up to `max_pages` pages (None, `all`: no cap).

        The result says whether it is `complete`, the server's `total` and how many `pages` were
        read; a cap that cuts is logged. An error carries the rows read before it in `.partial`. A
        single object gives a list of one.
        """
        rows = Rows()
        cap = None if all else max_pages
        try:
            for reply in self._replies(endpoint, params, per_page, cap):
                data = reply.data
                rows.extend(data if isinstance(data, list) else [data])
                rows.pages += 1
                rows.total = reply.total if reply.total is not None else rows.total
                rows.complete = reply.next_page is None and reply.next_link is None
        except GitLabSyncError as error:
            rows.complete = False
            error.partial = rows
            raise
        if rows.complete:
            rows.total = len(rows)
        else:
            log.warning(
                "%s: only the first %d pages were read (%d of %s rows)",
                without_secrets(endpoint), rows.pages, len(rows), rows.total or "unknown",
            )  # fmt: skip
        return rows

    def iter_pages(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = PER_PAGE,
        max_pages: int | None = None,
    ) -> Iterator[list[Record]]:
        """Yield a list page by page, each a list of rows, holding only a window of pages.

        Not thread-safe: one consumer. When it stops, what is under way is broken off.
        """
        for reply in self._replies(endpoint, params, per_page, max_pages):
            yield reply.data if isinstance(reply.data, list) else [reply.data]

    def _replies(
        self, endpoint: str, params: Params | None, per_page: int, max_pages: int | None
    ) -> Iterator[Reply]:
        """Yield the replies of a list in order, further pages by number side by side.

        Where nobody says how many there are, as many are asked for at once as were read, at most
        one for each worker: those behind the last one are asked for in vain.
        """
        if max_pages is not None and max_pages < 1:
            raise ConfigurationError(f"max_pages is {max_pages}: give 1 or more, or None for all")
        given = page_params(params, per_page)
        cap = math.inf if max_pages is None else max_pages
        with self.job(limit=self.timeout, max_wait=self.timeout) as rest:
            reply = rest.send(self.page_request(endpoint, given, None))
            yield reply
            read, number = 1, 0
            while reply.next_page is not None and read < cap:
                first, end = reply.next_page, reply.total_pages
                if first <= number:
                    raise BadResponse(CIRCLE, url=endpoint)
                ahead = min(read, self.bridge.workers) if end is None else end - first + 1
                numbers = range(first, first + int(max(1, min(ahead, cap - read))))
                requests = (self.page_request(endpoint, given, each) for each in numbers)
                replies = rest.executor.map(fetch, itertools.repeat(rest), requests)
                for number, reply in zip(numbers, replies, strict=True):
                    yield reply
                    read += 1
                    if reply.next_page != number + 1:
                        break
            seen: set[str] = set()
            while read < cap and (after := self.next_request(endpoint, given, reply)) is not None:
                if after.target in seen:
                    raise BadResponse(CIRCLE, url=endpoint)
                seen.add(after.target)
                reply = rest.send(after)
                yield reply
                read += 1

    def page_request(self, endpoint: str, params: Params, page: int | None) -> Request:
        """Return the request for one page of a list; `params` come from `page_params`."""
        numbered = params if page is None else {**params, "page": page}
        return Request("GET", target(endpoint, numbered, self.base_url), is_list=True)

    def next_request(self, endpoint: str, params: Params, reply: Reply) -> Request | None:
        """Return the request for the page after `reply`, or None if that was the last.

        A number is trusted before a link: the link names the host that GitLab was configured with,
        and for keyset there is only the link, so that is brought back to our own host.
        """
        if reply.next_page is not None:
            return self.page_request(endpoint, params, reply.next_page)
        if reply.next_link is not None:
            return Request("GET", reroot(reply.next_link, self.base_url), is_list=True)
        return None

    def _single(self, request: Request) -> Reply:
        limit = self.timeout
        with self.job(limit=limit, max_wait=limit, started=time.monotonic()) as rest:
            return rest.send(request)

    def close(self) -> None:
        """Break off what this client does and refuse more. Idempotent, instant, from any thread.

        The bridge and other clients go on.
        """
        self._cancel.cancel("the client was closed")


def page_params(params: Params | None, per_page: int = PER_PAGE) -> Params:
    """Return the parameters of a list; GitLab cuts pages at 100 rows, so we ask for no more."""
    if per_page < 1:
        raise ConfigurationError(f"per_page is {per_page}: give 1 to {PER_PAGE}")
    return {**(params or {}), "per_page": min(per_page, PER_PAGE)}


def _rebuild(
    base_url: str,
    credential: Credential,
    timeout: float,
    waits: tuple[float | None, float] | None,
) -> Rest:
    """Make a view anew in another process: on that process's bridge, with a job of its own."""
    rest = Rest(base_url, credential, timeout=timeout)
    if waits is not None:
        limit, max_wait = waits
        bridge = rest.bridge
        patience = Patience(bridge.gate(rest.base_url, rest.principal), max_wait)
        rest._job = Job(bridge.executor, patience, bridge.cancel, limit)  # noqa: SLF001
    return rest
