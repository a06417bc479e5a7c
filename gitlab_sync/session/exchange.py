"""One principal's view of one instance, as far as one exchange goes; and `fetch`, the leaf.

Whatever goes out goes through a leaf here: a single exchange on the shared pool, tried again where
that helps, put off while a rate limit is closed. What waits for it is the caller.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.concurrency.futures import Postpone, leaf, may_postpone, resumed
from gitlab_sync.errors import (
    BadResponse,
    ConfigurationError,
    GitLabSyncError,
    RateLimited,
    without_secrets,
)
from gitlab_sync.http import wire
from gitlab_sync.http.cache import Key
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.rate_limit import Patience
from gitlab_sync.http.retry import Attempts
from gitlab_sync.http.urls import API_PATH, clean_base_url, moved_to
from gitlab_sync.http.wire import Answer, Reply
from gitlab_sync.session.runtime import Bridge, get_bridge

DEFAULT_TIMEOUT = 60.0
"""Seconds that a whole call, or one page of a list, may take."""

READING = frozenset({"GET", "HEAD"})
"""The methods that only read."""

GRAPHQL_ROOT = "/api"
"""What stands before `graphql`, as `/api/v4` before all else."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, small and picklable. `target` is path and query below the API's root.

    `repeatable` says that sending it twice does no harm, `is_list` that rows are wanted, so that an
    answer without a body is none. `headers` are further ones, never a credential; `root` is what
    stands before the target. `once` says that one run need not ask it twice.
    """

    method: str
    target: str
    body: bytes | None = None
    repeatable: bool = True
    is_list: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    root: str = API_PATH
    once: bool = field(default=False, compare=False)

    @property
    def may_be_confirmed(self) -> bool:
        """Whether an answer may be confirmed later: the pages of lists are read anew each time."""
        return self.method == "GET" and not self.is_list

    @property
    def read(self) -> Callable[[Answer], Reply]:
        """What reads an answer to this request."""
        if self.root == GRAPHQL_ROOT:
            return wire.read_graphql
        return wire.read_list if self.is_list else wire.read


@dataclass(slots=True)
class Job:
    """What the requests of one call or one batch have in common.

    `limit` is the seconds for one leaf (None: each exchange has its own), `executor` takes the
    leaves, `patience` says how long they wait for a rate limit, `cancel` ends them all; `requests`
    counts exchanges, `read` has the keys of those that need not be made again.
    """

    executor: Executor
    patience: Patience
    cancel: CancelToken
    limit: float | None
    requests: int = 0
    read: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class Health:
    """The last trouble that a client met: `error_msg` and `last_rate_limit` of the contract."""

    error: str | None = None
    rate_limit: dict[str, Any] | None = None


class View:
    """What leaves need to know: where to ask, as whom, and for which job. Thread-safe.

    `timeout` is the seconds that a whole call, or one page of a list, may take. `tenant` names the
    lane of the shared pool (None: the principal). Raises ConfigurationError for a URL that cannot
    be one.
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
            raise ConfigurationError("no job is running: use `with view.job() as rest`")
        return self._job

    # -- one exchange ----------------------------------------------------------------------------

    def send(self, request: Request) -> Reply:
        """Run one leaf on the pool and wait for it; only on a view from `job`."""
        try:
            return self.executor.submit(fetch, self, request).result()
        except CancelledError:
            raise self.cancel.error() from None

    def answer(self, request: Request, attempts: Attempts) -> Answer:
        """Make one exchange; identical reads of this principal that are under way share one.

        An object that was read is asked for again with its ETag, so that GitLab may confirm it;
        what was read in this job, and is wanted `once`, is not asked for again.
        """
        job, bridge = self._running_job, self.bridge
        if not request.repeatable:
            return self._exchange(request, attempts, None)
        key = self._key(request)
        kept = bridge.kept.get(key) if request.may_be_confirmed or request.once else None
        if kept is not None and key in job.read:
            return kept

        def exchange() -> Answer:
            found = self._exchange(request, attempts, kept)
            if request.once and _is_good(request, found):
                # Before anybody else can ask: who comes later finds it here.
                bridge.kept.keep(key, found)
                job.read.add(key)
            return found

        return bridge.in_flight.share(key, exchange, job.cancel, attempts.deadline)

    def _key(self, request: Request) -> Key:
        """Return what the answers to a request are shared by: never between two principals."""
        return (self.base_url, self.principal, request)

    def keep(self, request: Request, answer: Answer) -> None:
        """Keep an answer that was found to be a good one, if it may be confirmed later.

        A page may be as it was while more pages follow it now, and an ETag knows only its body.
        """
        headers = answer.headers
        is_page = headers.get("x-page") is not None or headers.get("link") is not None
        good = request.may_be_confirmed and answer.body and headers.get("etag")
        if good and not is_page and not request.once:
            self.bridge.kept.keep(self._key(request), answer)

    def _exchange(self, request: Request, attempts: Attempts, kept: Answer | None) -> Answer:
        """Make one exchange; return `kept` if GitLab says that this is still its answer."""
        job, bridge = self._running_job, self.bridge
        etag = kept.headers.get("etag") if kept is not None and not request.is_list else None
        headers = dict(request.headers)
        if etag:
            headers["If-None-Match"] = etag
        attempts.begin()
        deadline = attempts.deadline or time.monotonic() + self.timeout
        limit, gate = None, job.patience.gate
        gate.enter()
        try:
            found = bridge.transport.exchange(
                request.method,
                f"{self.base_url}{request.root}/{request.target}",
                {**headers, **self.credential.headers},
                request.body,
                cancel=job.cancel,
                deadline=deadline,
            )
            limit = wire.rate_limit(found.headers)
        finally:
            gate.leave(limit)
            with self._counting:
                job.requests += 1
        if kept is not None and etag and found.status == HTTPStatus.NOT_MODIFIED:
            return kept
        return found

    def follow(self, request: Request, attempts: Attempts) -> Answer:
        """Make one exchange; follow redirects below our own API, for GET and HEAD."""
        asked = request
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self.answer(asked, attempts)
            if answer.status not in _REDIRECTS or asked.method not in READING:
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
        error.url = without_secrets(f"{self.base_url}{request.root}/{request.target}")
        error.attempts = attempts.made
        self._health.error = str(error)

    def pause(self, seconds: float, attempts: Attempts) -> None:
        """Put the leaf off if it may be; else wait here, until cancelled."""
        if may_postpone():
            raise Postpone(seconds, attempts)
        self.cancel.wait(seconds)


def _is_good(request: Request, answer: Answer) -> bool:
    """Say whether an answer is what was asked for."""
    try:
        return bool(answer.body) and request.read(answer) is not None
    except GitLabSyncError:
        return False


def persist(view: View, request: Request, read: Callable[[Answer], T]) -> T:
    """Make one request as often as it takes, and return what `read` makes of the answer.

    For leaves. It waits for the principal's gate, tries again what may succeed a moment later, and
    never holds a worker of the shared pool while it waits. `read` raises an error of ours for an
    answer that is none; what stays an error is raised, with what was asked.
    """
    attempts: Attempts = resumed() or view.attempts(request)
    try:
        while True:
            view.cancel.check()
            wait = view.patience.delay_or_raise()
            if wait and not view.patience.fixed:
                attempts.excuse(wait)
            if not wait:
                attempts.check_time()
                try:
                    result = read(view.follow(request, attempts))
                except RateLimited as error:
                    view.refused(request, error)
                    attempts.refusal = error
                    continue
                except GitLabSyncError as error:
                    wait = attempts.after(error)
                else:
                    view.passed()
                    return result
            view.pause(wait, attempts)
    except GitLabSyncError as error:
        view.failed(request, error, attempts)
        raise


@leaf
def fetch(view: View, request: Request) -> Reply:
    """Make one request and read its JSON: the leaf that runs on the pool.

    Raises the errors of `gitlab_sync.errors`.
    """

    def read(answer: Answer) -> Reply:
        reply = request.read(answer)
        view.keep(request, answer)
        return reply

    return persist(view, request, read)
