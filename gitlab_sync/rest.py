"""One principal's view of one instance: get, get_all, iter_pages, request.

Whatever goes out goes through `fetch`, the one leaf: a single exchange on the shared pool, tried
again where that helps, put off while a rate limit is closed. What waits for it is the caller.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from gitlab_sync.bridge import Bridge, get_bridge
from gitlab_sync.cancel import CancelToken
from gitlab_sync.errors import (
    BadResponse,
    ConfigurationError,
    GitLabSyncError,
    RateLimited,
    without_secrets,
)
from gitlab_sync.executor import Postpone, leaf, may_postpone, resumed
from gitlab_sync.http import wire
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.limits import Patience
from gitlab_sync.http.retry import Attempts
from gitlab_sync.http.urls import API_PATH, clean_base_url, moved_to, reroot, target
from gitlab_sync.http.wire import Answer, Reply
from gitlab_sync.types import Params, Record, Rows

log = logging.getLogger("gitlab_sync")

DEFAULT_TIMEOUT = 60.0
"""Seconds that a whole call, or one page of a list, may take."""

MAX_WAIT = 300.0
"""Seconds that a batch waits at most for one closing of a rate limit."""

PER_PAGE = 100
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_READING = frozenset({"GET", "HEAD"})
_JSON = (("Content-Type", "application/json"),)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, small and picklable. `target` is path and query below the API's root.

    `repeatable` says that sending it twice does no harm, `is_list` that rows are wanted, so that an
    answer without a body is none. `headers` are further ones, never a credential.
    """

    method: str
    target: str
    body: bytes | None = None
    repeatable: bool = True
    is_list: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Job:
    """What the requests of one call or one batch have in common.

    `limit` is the seconds for one leaf (None: each exchange has its own), `executor` takes the
    leaves, `patience` says how long they wait for a rate limit, `cancel` ends them all; `requests`
    counts exchanges.
    """

    executor: Executor
    patience: Patience
    cancel: CancelToken
    limit: float | None
    requests: int = 0


@dataclass(slots=True)
class Health:
    """The last trouble that a client met: `error_msg` and `last_rate_limit` of the contract."""

    error: str | None = None
    rate_limit: dict[str, Any] | None = None


class Rest:
    """One principal's view of one instance. Thread-safe; no I/O and no thread until the first call.

    `timeout` is the seconds that a whole call, or one page of a list, may take. `tenant` names the
    lane of the shared pool (None: the principal). Raises ConfigurationError for a URL that cannot
    be one. Pickles only if the credential is a reference, and then without bridge and job.
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
        if not timeout > 0:
            raise ConfigurationError(f"A timeout of {timeout} s: give a number above 0")
        self.base_url = clean_base_url(base_url)
        self.api_base = self.base_url + API_PATH
        self.credential = credential
        self.timeout = timeout
        self.principal = credential.principal(self.base_url)
        self._tenant = self.principal if tenant is None else tenant
        self._given_bridge = bridge
        self._cancel = CancelToken()
        self._health = Health()
        self._counting = threading.Lock()
        self._job: Job | None = None

    # -- what older programs and pages ask ------------------------------------------------------

    @property
    def bridge(self) -> Bridge:
        """The bridge that carries the requests: the one given, else the process's own."""
        return self._given_bridge or get_bridge()

    @property
    def error_msg(self) -> str | None:
        """The text of the last failure, or None."""
        return self._health.error

    @property
    def last_rate_limit(self) -> dict[str, Any] | None:
        """`{"endpoint", "retry_after", "timestamp"}` (aware, UTC) of the last 429, or None."""
        return self._health.rate_limit

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url} {self.credential!r}>"

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

    @property
    def executor(self) -> Executor:
        """Where a job's leaves run; only a view from `job` has one."""
        return self._running_job.executor

    @property
    def cancel(self) -> CancelToken:
        """What ends a job; only a view from `job` has one."""
        return self._running_job.cancel

    @property
    def patience(self) -> Patience:
        """How a job waits for the principal's rate limit; only a view from `job` has one."""
        return self._running_job.patience

    @property
    def requests(self) -> int:
        """How many exchanges the job has made; only a view from `job` has a number."""
        return self._running_job.requests

    @property
    def _running_job(self) -> Job:
        if self._job is None:
            raise ConfigurationError("no job is running: use `with rest.job() as rest`")
        return self._job

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
        if verb in _READING:
            return self._single(Request(verb, target(endpoint, params, self.base_url))).data
        where = target(endpoint, None, self.base_url)
        if params is None:
            return self._single(Request(verb, where, repeatable=False)).data
        body = orjson.dumps(params)
        return self._single(Request(verb, where, body, repeatable=False, headers=_JSON)).data

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
        """Yield the replies of a list in order: in parallel once the number of pages is known."""
        if max_pages is not None and max_pages < 1:
            raise ConfigurationError(f"max_pages is {max_pages}: give 1 or more, or None for all")
        given = page_params(params, per_page)
        cap = math.inf if max_pages is None else max_pages
        with self.job(limit=self.timeout, max_wait=self.timeout) as rest:
            reply = rest.send(self.page_request(endpoint, given, None))
            yield reply
            read = 1
            if reply.next_page is not None and reply.total_pages is not None:
                end = min(reply.total_pages, reply.next_page + cap - 2)
                numbers = range(reply.next_page, int(end) + 1)
                requests = (self.page_request(endpoint, given, number) for number in numbers)
                for found in rest.executor.map(fetch, itertools.repeat(rest), requests):
                    reply = found
                    yield reply
                    read += 1
            seen: set[str] = set()
            while read < cap and (after := self.next_request(endpoint, given, reply)) is not None:
                if after.target in seen:
                    raise BadResponse("The list leads back to a page that was read", url=endpoint)
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

    # -- one exchange ----------------------------------------------------------------------------

    def send(self, request: Request) -> Reply:
        """Run one leaf on the pool and wait for it; only on a view from `job`."""
        try:
            return self.executor.submit(fetch, self, request).result()
        except CancelledError:
            raise self.cancel.error() from None

    def _single(self, request: Request) -> Reply:
        limit = self.timeout
        with self.job(limit=limit, max_wait=limit, started=time.monotonic()) as rest:
            return rest.send(request)

    def close(self) -> None:
        """Break off what this client does and refuse more. Idempotent, instant, from any thread.

        The bridge and other clients go on.
        """
        self._cancel.cancel("the client was closed")

    def answer(self, request: Request, attempts: Attempts) -> Answer:
        """Make one exchange; identical GETs of this principal that are under way share one."""
        job, bridge = self._running_job, self.bridge
        gate = job.patience.gate
        url = f"{self.api_base}/{request.target}"
        headers = self.credential.headers
        if request.headers:
            headers = {**dict(request.headers), **headers}

        def exchange() -> Answer:
            attempts.begin()
            deadline = attempts.deadline or time.monotonic() + self.timeout
            limit = None
            gate.enter()
            try:
                found = bridge.transport.exchange(
                    request.method,
                    url,
                    headers,
                    request.body,
                    cancel=job.cancel,
                    deadline=deadline,
                )
                limit = wire.rate_limit(found.headers)
                return found
            finally:
                gate.leave(limit)
                with self._counting:
                    job.requests += 1

        if request.method != "GET":
            return exchange()
        key = (self.base_url, self.principal, request.target, request.headers)
        return bridge.in_flight.share(key, exchange, job.cancel, attempts.deadline)

    def follow(self, request: Request, attempts: Attempts) -> Answer:
        """Make one exchange; follow redirects below our own API, for GET and HEAD."""
        asked = request
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self.answer(asked, attempts)
            if answer.status not in _REDIRECTS or asked.method not in _READING:
                return answer
            try:
                moved = moved_to(asked.target, answer.headers.get("location", ""), self.base_url)
            except BadResponse as elsewhere:
                elsewhere.status = answer.status
                raise
            asked = replace(asked, target=moved)
        error = BadResponse("The server redirects in a circle", status=answer.status)
        error.lasting = True
        raise error

    def attempts(self, request: Request) -> Attempts:
        """Return the fresh state of a leaf's tries."""
        bridge, job = self.bridge, self._running_job
        limit = job.limit
        if limit is not None:
            limit -= job.patience.waited()  # a call's time runs from its start, waits included
        return Attempts(
            bridge.policy,
            bridge.budget(self.base_url),
            limit=limit,
            longest=self._running_job.patience.limit,
            repeatable=request.repeatable,
        )

    def refused(self, request: Request, error: RateLimited) -> None:
        """Close the principal's gate after a 429, and remember it."""
        self._running_job.patience.gate.close(error.retry_after)
        self.bridge.count_limited()
        self._health.rate_limit = {
            "endpoint": request.target.partition("?")[0],
            "retry_after": error.retry_after,
            "timestamp": datetime.now(UTC),
        }

    def passed(self) -> None:
        """Note that a request went through."""
        patience = self._running_job.patience
        patience.gate.passed()
        patience.relax()

    def failed(self, request: Request, error: GitLabSyncError, attempts: Attempts) -> None:
        """Complete a final error with what was asked, and remember it."""
        error.method = request.method
        error.url = without_secrets(f"{self.api_base}/{request.target}")
        error.attempts = attempts.made
        self._health.error = str(error)

    def pause(self, seconds: float, attempts: Attempts) -> None:
        """Put the leaf off if it may be; else wait here, until cancelled."""
        if may_postpone():
            raise Postpone(seconds, attempts)
        self.cancel.wait(seconds)


def persist(rest: Rest, request: Request, read: Callable[[Answer], T]) -> T:
    """Make one request as often as it takes, and return what `read` makes of the answer.

    For leaves. It waits for the principal's gate, tries again what may succeed a moment later, and
    never holds a worker of the shared pool while it waits. `read` raises an error of ours for an
    answer that is none; what stays an error is raised, with what was asked.
    """
    attempts: Attempts = resumed() or rest.attempts(request)
    try:
        while True:
            rest.cancel.check()
            wait = rest.patience.delay_or_raise()
            if wait and not rest.patience.fixed:
                attempts.excuse(wait)
            if not wait:
                try:
                    result = read(rest.follow(request, attempts))
                except RateLimited as error:
                    rest.refused(request, error)
                    continue
                except GitLabSyncError as error:
                    wait = attempts.after(error)
                else:
                    rest.passed()
                    return result
            rest.pause(wait, attempts)
    except GitLabSyncError as error:
        rest.failed(request, error, attempts)
        raise


@leaf
def fetch(rest: Rest, request: Request) -> Reply:
    """Make one request and read its JSON: the leaf that runs on the pool.

    Raises the errors of `gitlab_sync.errors`.
    """
    return persist(rest, request, wire.read_list if request.is_list else wire.read)


def page_params(params: Params | None, per_page: int) -> Params:
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
