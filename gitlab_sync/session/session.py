"""One principal at one instance: get, get_all, iter_pages, request, graphql."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

import orjson

from gitlab_sync import errors
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.concurrency.mapping import bounded_map
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.rate_limit import WaitBudget
from gitlab_sync.http.urls import reroot, target
from gitlab_sync.http.wire import Reply
from gitlab_sync.session.context import (
    DEFAULT_TIMEOUT,
    LONGEST,
    Access,
    ClientHealth,
    RequestContext,
    fetch,
)
from gitlab_sync.session.request import GRAPHQL_ROOT, READING, Request
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Params, Record, RecordList

log = logging.getLogger("gitlab_sync")

MAX_WAIT = 300.0
"""How many seconds a batch waits at most each time a rate limit closes."""

PER_PAGE = 100
_WINDOW = 2  # pages for each worker that are under way or unread
CIRCLE = "The list leads back to a page that was already read"
_JSON = (("Content-Type", "application/json"),)


class HasSession(Protocol):
    """Something that holds a session, such as `GitLabClient`."""

    @property
    def session(self) -> Session:
        """The session that does the work."""


class Session:
    """One principal at one instance. No I/O and no thread until the first call.

    `timeout` is the limit of a whole call, or of one page of a list, in seconds. `tenant` names the
    queue in the shared pool (None: the principal). It pickles only if the credential is a
    reference, and then without its bridge. Raises ConfigurationError for an invalid URL.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        *,
        bridge: Bridge | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        tenant: str | None = None,
    ) -> None:
        self.access = Access(base_url, credential, timeout, tenant, bridge)
        self._cancel = CancelToken()
        self._context: RequestContext | None = None

    def __repr__(self) -> str:
        return f"<Session {self.base_url} {self.credential!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_bound, (self.access, CancelToken, None))

    @property
    def base_url(self) -> str:
        """The URL of the instance, without a `/` at its end."""
        return self.access.base_url

    @property
    def credential(self) -> Credential:
        """The credential of the principal."""
        return self.access.credential

    @property
    def timeout(self) -> float:
        """The limit of a whole call, or of one page of a list, in seconds."""
        return self.access.timeout

    @property
    def principal(self) -> str:
        """A keyed hash that tells principals apart and reveals nothing of a token."""
        return self.access.principal

    @property
    def bridge(self) -> Bridge:
        """The bridge that carries the requests: the one given, else that of the process."""
        return self.access.bridge

    @property
    def health(self) -> ClientHealth:
        """The last failure and the last 429."""
        return self.access.health

    @property
    def active(self) -> RequestContext:
        """The context of this session's requests; only a session from `context` has one."""
        if self._context is None:
            raise errors.ConfigurationError(
                "the session must have a context", hint="Use `with session.context() as session`."
            )
        return self._context

    @contextmanager
    def context(
        self,
        *,
        limit: float | None = None,
        max_wait: float = MAX_WAIT,
        started: float | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[Session]:
        """Yield a session with a context that its calls share: one queue and one cancel token.

        `limit` and `max_wait` are seconds, for one task and for each closing of a rate limit. A
        context that is already open is used. When the block ends, requests under way are broken
        off.
        """
        if self._context is not None:
            yield self
            return
        access, bridge = self.access, self.bridge
        for seconds in (max_wait, 0 if limit is None else limit):
            if not 0 <= seconds <= LONGEST:  # nor NaN
                raise errors.ConfigurationError(
                    f"A time limit must be from 0 s to {LONGEST:.0f} s, got {seconds}"
                )
        if self._cancel.cancelled:
            raise errors.ConfigurationError("client is closed", hint="Make a new client.")
        if bridge.closed:
            raise errors.ConfigurationError("the bridge is closed", hint="Make a new bridge.")
        parents = [self._cancel, bridge.cancel, *([] if cancel is None else [cancel])]
        token = CancelToken(*parents)
        budget = WaitBudget(bridge.gate(access.base_url, access.principal), max_wait, started)
        view = bridge.executor.for_tenant(access.tenant, budget.delay)
        token.add(view, view.cancel)
        context = RequestContext(access, view, budget, token, limit)
        try:
            yield _bound(access, lambda: self._cancel, context)
        except CancelledError:
            raise token.error() from None
        finally:
            token.release()
            token.cancel()

    def without_credential(self) -> Session:
        """Return a session with the same context that sends no credential: it sees what is public.

        Only for a session with a context.
        """
        mine, context = self.access, self.active
        access = Access(mine.base_url, Credential(None), mine.timeout, mine.tenant, mine.bridge)
        return _bound(access, lambda: self._cancel, replace(context, access=access))

    def call(self, started: float | None = None) -> AbstractContextManager[Session]:
        """Yield a session for one call: `timeout` limits each task and each wait.

        With `started`, the begin of the call on the monotonic clock, it limits the whole call.
        """
        return self.context(limit=self.timeout, max_wait=self.timeout, started=started)

    def send(self, request: Request) -> Reply:
        """Run one task on the pool and wait for it; only for a session with a context."""
        context = self.active
        try:
            return context.executor.submit(fetch, context, request).result()
        except CancelledError:
            raise context.cancel.error() from None

    def get(self, endpoint: str, params: Params | None = None) -> Any:
        """Return the decoded JSON of one GET; [] for an empty body.

        `projects/1`, `/projects/1` and `/api/v4/projects/1` are the same; the endpoint can have its
        own query. Raises the errors of `gitlab_sync.errors`.
        """
        return self._single(Request("GET", target(endpoint, params, self.base_url))).data

    def request(self, method: str, endpoint: str, params: Params | None = None) -> Any:
        """Send any verb and return the decoded JSON ([] for an empty body).

        GET and HEAD send `params` as the query, the others as a JSON body. A write is sent again
        only if it never left, or after a 429.
        """
        verb = method.upper()
        if verb in READING:
            return self._single(Request(verb, target(endpoint, params, self.base_url))).data
        where = target(endpoint, None, self.base_url)
        if params is None:
            return self._single(Request(verb, where, repeatable=False)).data
        body = _json(params)
        return self._single(Request(verb, where, body, repeatable=False, headers=_JSON)).data

    def graphql(self, query: str, variables: Params | None = None) -> Record:
        """Return the `data` of one GraphQL query; it is a read, and retried like one.

        Raises GraphQLError for the server's `errors` (QueryTooComplex above its limit), and
        NotFound if GraphQL is switched off. Mutations go through `request`, as writes do.
        """
        data: Record = self._single(self.graphql_request(query, variables)).data
        return data

    def graphql_request(self, query: str, variables: Params | None = None) -> Request:
        """Return the request for one GraphQL query."""
        if query.lstrip().startswith("mutation"):
            raise errors.ConfigurationError(
                "graphql() must be a query, got a mutation", hint="Send mutations with request()."
            )
        body = _json({"query": query, "variables": variables or {}})
        return Request("POST", "graphql", body, headers=_JSON, root=GRAPHQL_ROOT)

    def get_all(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = PER_PAGE,
        max_pages: int | None = None,
        all: bool = False,  # noqa: A002 - the contract's name
    ) -> RecordList:
        """Return all rows of a list in order, up to `max_pages` pages (None, `all`: no cap).

        The result has `complete`, the server's `total` and the number of `pages` read; a cap that
        cuts the list is logged. An error has the rows read before it in `.partial`. A single object
        gives a list of one.
        """
        rows = RecordList()
        cap = None if all else max_pages
        try:
            for reply in self._replies(endpoint, params, per_page, cap):
                data = reply.data
                rows.extend(data if isinstance(data, list) else [data])
                rows.pages += 1
                rows.total = reply.total if reply.total is not None else rows.total
                rows.complete = reply.next_page is None and reply.next_link is None
        except errors.GitLabSyncError as error:
            rows.complete = False
            error.partial = rows
            raise
        if rows.complete:
            rows.total = len(rows)
        else:
            log.warning(
                "%s: only the first %d pages were read (%d of %s rows)",
                errors.without_secrets(endpoint), rows.pages, len(rows), rows.total or "unknown",
            )  # fmt: skip
        return rows

    def iter_pages(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = PER_PAGE,
        max_pages: int | None = None,
    ) -> Iterator[list[Record]]:
        """Yield a list page by page, each a list of rows; only a window of pages is in memory.

        One consumer. When it stops, requests under way are broken off.
        """
        for reply in self._replies(endpoint, params, per_page, max_pages):
            yield reply.data if isinstance(reply.data, list) else [reply.data]

    def _replies(
        self, endpoint: str, params: Params | None, per_page: int, max_pages: int | None
    ) -> Iterator[Reply]:
        """Yield the replies of a list in order; pages after the first are read in parallel.

        If their number is unknown, as many are requested at once as were read so far, at most one
        for each worker; those past the end are empty.
        """
        if max_pages is not None and max_pages < 1:
            raise errors.ConfigurationError(
                f"max_pages must be 1 or more, or None for all, got {max_pages}"
            )
        given = page_params(params, per_page)
        cap = math.inf if max_pages is None else max_pages
        with self.call() as session:
            reply = session.send(self.page_request(endpoint, given, None))
            yield reply
            read, number = 1, 0
            seen: set[object] = {fingerprint(reply.data)}
            while reply.next_page is not None and read < cap:
                first, end = reply.next_page, reply.total_pages
                if first <= number:
                    raise errors.BadResponse(CIRCLE, url=endpoint)
                ahead = min(read, self.bridge.workers) if end is None else end - first + 1
                numbers = range(first, first + int(max(1, min(ahead, cap - read))))
                requests = (self.page_request(endpoint, given, each) for each in numbers)
                window, context = _WINDOW * self.bridge.workers, session.active
                contexts = itertools.repeat(context)
                replies = bounded_map(context.executor, window, fetch, contexts, requests)
                for number, reply in zip(numbers, replies, strict=True):
                    mark = fingerprint(reply.data)
                    if reply.data and mark in seen:
                        raise errors.BadResponse(CIRCLE, url=endpoint)
                    seen.add(mark)
                    yield reply
                    read += 1
                    if reply.next_page != number + 1:
                        break
            while read < cap and (after := self.next_request(endpoint, given, reply)) is not None:
                if after.target in seen:
                    raise errors.BadResponse(CIRCLE, url=endpoint)
                seen.add(after.target)
                reply = session.send(after)
                yield reply
                read += 1

    def page_request(self, endpoint: str, params: Params, page: int | None) -> Request:
        """Return the request for one page of a list, with parameters from `page_params`."""
        numbered = params if page is None else {**params, "page": page}
        return Request("GET", target(endpoint, numbered, self.base_url), is_list=True)

    def next_request(self, endpoint: str, params: Params, reply: Reply) -> Request | None:
        """Return the request for the page after `reply`, or None if that was the last.

        A page number is preferred to a link. A link names the host that GitLab was configured with,
        so it is brought back to our own host; with keyset pagination there is only the link.
        """
        if reply.next_page is not None:
            return self.page_request(endpoint, params, reply.next_page)
        if reply.next_link is not None:
            try:
                return Request("GET", reroot(reply.next_link, self.base_url), is_list=True)
            except errors.BadResponse as error:
                error.hide(self.credential.token)
                raise
        return None

    def _single(self, request: Request) -> Reply:
        with self.call(time.monotonic()) as session:
            return session.send(request)

    def close(self) -> None:
        """Break off the work of this session and refuse more. Idempotent, immediate.

        The bridge and other sessions continue.
        """
        self._cancel.cancel("the client was closed")


Client: TypeAlias = Session | HasSession
"""The first argument of library functions: a client or a session."""


def session_of(client: Client) -> Session:
    """Return the session itself, or that of a client."""
    return client if isinstance(client, Session) else client.session


def fingerprint(rows: object) -> int:
    """Return a number that is the same for pages with the same rows.

    A server that sends one page under ever higher numbers would be followed without end. First and
    last row are enough to tell pages apart, and cheap.
    """
    ends = [rows[0], rows[-1], len(rows)] if isinstance(rows, list) and rows else rows
    return hash(orjson.dumps(ends, option=orjson.OPT_NON_STR_KEYS))


def _json(content: object) -> bytes:
    try:
        return orjson.dumps(content)
    except orjson.JSONEncodeError as error:
        raise errors.ConfigurationError(f"The parameters must fit into JSON: {error}") from None


def page_params(params: Params | None, per_page: int = PER_PAGE) -> Params:
    """Return the parameters of a list. GitLab cuts pages at 100 rows, so that is the most."""
    if per_page < 1:
        raise errors.ConfigurationError(f"per_page must be 1 or more, got {per_page}")
    return {**(params or {}), "per_page": min(per_page, PER_PAGE)}


def _bound(
    access: Access, cancel: Callable[[], CancelToken], context: RequestContext | None
) -> Session:
    session = Session.__new__(Session)
    session.access = access
    session._cancel = cancel()  # noqa: SLF001 - one of us
    session._context = context  # noqa: SLF001
    return session
