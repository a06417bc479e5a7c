"""What the requests of one call or one batch share, and `fetch`, the task that sends one of them.

Every request goes through a task: a single exchange on the shared pool. It is tried again where
that helps, and put off while a rate limit is closed. Only the caller waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TypedDict, TypeVar

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.concurrency.futures import Postpone, may_postpone, restartable, resumed
from gitlab_sync.errors import (
    BadResponse,
    ConfigurationError,
    GitLabSyncError,
    RateLimited,
    without_secrets,
)
from gitlab_sync.http import wire
from gitlab_sync.http.cache import FirstAlone, Key
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.rate_limit import WaitBudget
from gitlab_sync.http.retry import RetryState
from gitlab_sync.http.urls import clean_base_url, moved_to
from gitlab_sync.http.wire import Answer, Reply
from gitlab_sync.session.request import GRAPHQL_ROOT, READING, Request
from gitlab_sync.session.runtime import Bridge, get_bridge

DEFAULT_TIMEOUT = 60.0
"""Seconds that a whole call, or one page of a list, may take."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
T = TypeVar("T")


class LastRateLimit(TypedDict):
    """The last 429 that a client met; `retry_after` is in seconds, `timestamp` is aware UTC."""

    endpoint: str
    retry_after: float | None
    timestamp: datetime


@dataclass(slots=True)
class ClientHealth:
    """The last failure that a client met: `error_msg` and `last_rate_limit` of the contract."""

    error: str | None = None
    rate_limit: LastRateLimit | None = None


class Access:
    """Where a session sends requests, and as whom. Thread-safe.

    `timeout` is the seconds that a whole call, or one page of a list, may take. `tenant` names the
    queue in the shared pool (None: the principal). Raises ConfigurationError for a URL that cannot
    be one. It pickles without its bridge, and only if the credential is a reference.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        timeout: float = DEFAULT_TIMEOUT,
        tenant: str | None = None,
        bridge: Bridge | None = None,
    ) -> None:
        if not timeout > 0:
            raise ConfigurationError(f"The timeout must be above 0 s, got {timeout}")
        self.base_url = clean_base_url(base_url)
        self.credential = credential
        self.timeout = timeout
        self.principal = credential.principal(self.base_url)
        self.tenant = self.principal if tenant is None else tenant
        self.health = ClientHealth()
        self._given_bridge = bridge

    def __reduce__(self) -> tuple[type[Access], tuple[str, Credential, float]]:
        return (Access, (self.base_url, self.credential, self.timeout))

    @property
    def bridge(self) -> Bridge:
        """The bridge that carries the requests: the one given, else the process's own."""
        return self._given_bridge or get_bridge()


@dataclass(slots=True, eq=False)
class RequestContext:
    """What the requests of one call or one batch share. Thread-safe.

    `limit` is the seconds for one task (None: each exchange has its own), `executor` takes the
    tasks, `wait_budget` says how long they wait for a rate limit, `cancel` ends them all.
    `requests` counts exchanges; `read` has the keys of answers that are not asked for again;
    `graphql` keeps an instance without GraphQL from being asked for it more than once.
    """

    access: Access
    executor: Executor
    wait_budget: WaitBudget
    cancel: CancelToken
    limit: float | None
    requests: int = 0
    read: set[Key] = field(default_factory=set)
    graphql: FirstAlone = field(default_factory=FirstAlone)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def __reduce__(
        self,
    ) -> tuple[Callable[..., RequestContext], tuple[Access, float | None, float]]:
        return (_rebuild, (self.access, self.limit, self.wait_budget.limit))

    @property
    def bridge(self) -> Bridge:
        """The bridge that carries the requests."""
        return self.access.bridge

    def answer(self, request: Request, state: RetryState) -> Answer:
        """Make one exchange, unless it is known already that the instance has no GraphQL."""
        if request.root != GRAPHQL_ROOT:
            return self._answer(request, state)
        patience = request.patience
        until = state.deadline if patience is None else time.monotonic() + patience
        return self.graphql.ask(partial(self._answer, request, state), self.cancel, until)

    def _answer(self, request: Request, state: RetryState) -> Answer:
        """Make one exchange; identical reads of this principal that are under way share one.

        An object that was read is asked for again with its ETag, so that GitLab can confirm it.
        What was read in this context, and is wanted `once`, is not asked for again.
        """
        bridge = self.bridge
        if not request.repeatable:
            return self._exchange(request, state, None)
        key = self._key(request)
        known = bridge.etags.get(key) if request.can_be_confirmed or request.once else None
        if known is not None and key in self.read:
            return known

        def exchange() -> Answer:
            found = self._exchange(request, state, known)
            if request.once and _is_good(request, found):
                # Before the exchange ends, so that a later request finds it here.
                bridge.etags.keep(key, found)
                self.read.add(key)
            return found

        return bridge.in_flight.share(key, exchange, self.cancel, state.deadline)

    def _key(self, request: Request) -> Key:
        """Return the key that shares the answers to a request: never between two principals."""
        return (self.access.base_url, self.access.principal, request)

    def keep(self, request: Request, answer: Answer) -> None:
        """Keep a good answer, if GitLab can confirm it later.

        A page can stay the same while more pages follow it, and an ETag covers only its body.
        """
        headers = answer.headers
        is_page = headers.get("x-page") is not None or headers.get("link") is not None
        good = request.can_be_confirmed and answer.body and headers.get("etag")
        if good and not is_page and not request.once:
            self.bridge.etags.keep(self._key(request), answer)

    def _exchange(self, request: Request, state: RetryState, known: Answer | None) -> Answer:
        """Make one exchange; return `known` if GitLab says that this is still its answer."""
        access, bridge = self.access, self.bridge
        etag = known.headers.get("etag") if known is not None and not request.is_list else None
        headers = dict(request.headers)
        if etag:
            headers["If-None-Match"] = etag
        state.begin()
        deadline = state.deadline or time.monotonic() + access.timeout
        limit, gate = None, self.wait_budget.gate
        gate.enter()
        try:
            found = bridge.transport.exchange(
                request.method,
                f"{access.base_url}{request.root}/{request.target}",
                {**headers, **access.credential.headers},
                request.body,
                cancel=self.cancel,
                deadline=deadline,
            )
            limit = wire.rate_limit(found.headers)
        finally:
            gate.leave(limit)
            with self._counting:
                self.requests += 1
        if known is not None and etag and found.status == HTTPStatus.NOT_MODIFIED:
            return known
        return found

    def follow(self, request: Request, state: RetryState) -> Answer:
        """Make one exchange; follow redirects below our own API, for GET and HEAD."""
        asked = request
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self.answer(asked, state)
            if answer.status not in _REDIRECTS or asked.method not in READING:
                return answer
            location = answer.headers.get("location", "")
            try:
                moved = moved_to(asked.target, location, self.access.base_url)
            except BadResponse as elsewhere:
                elsewhere.status = answer.status
                raise
            asked = replace(asked, target=moved)
        error = BadResponse("The server redirects in a circle", status=answer.status)
        error.lasting = True
        raise error

    def start(self, request: Request) -> RetryState:
        """Return the state of a task that has not sent its request yet."""
        limit = self.limit
        if limit is not None:
            limit -= self.wait_budget.waited()  # a call's time runs from its start, waits included
        return RetryState(
            self.bridge.policy,
            self.bridge.budget(self.access.base_url),
            limit=limit,
            longest=self.wait_budget.limit,
            repeatable=request.repeatable,
        )

    def refused(self, request: Request, error: RateLimited) -> None:
        """Close the principal's gate after a 429, and remember it."""
        self.wait_budget.gate.close(error.retry_after)
        self.bridge.count_limited()
        self.access.health.rate_limit = {
            "endpoint": request.target.partition("?")[0],
            "retry_after": error.retry_after,
            "timestamp": datetime.now(UTC),
        }

    def passed(self) -> None:
        """Note that a request went through."""
        self.wait_budget.gate.passed()
        self.wait_budget.relax()

    def failed(self, request: Request, error: GitLabSyncError, state: RetryState) -> None:
        """Complete a final error with the request that it belongs to, and remember it."""
        error.method = request.method
        error.url = without_secrets(f"{self.access.base_url}{request.root}/{request.target}")
        error.attempts = state.made
        self.access.health.error = str(error)

    def pause(self, seconds: float, state: RetryState) -> None:
        """Put the task off if the pool can; else wait here, until cancelled."""
        if may_postpone():
            raise Postpone(seconds, state)
        self.cancel.wait(seconds)


def _rebuild(access: Access, limit: float | None, max_wait: float) -> RequestContext:
    """Return a context in another process: on that process's bridge."""
    bridge = access.bridge
    budget = WaitBudget(bridge.gate(access.base_url, access.principal), max_wait)
    return RequestContext(access, bridge.executor, budget, bridge.cancel, limit)


def _is_good(request: Request, answer: Answer) -> bool:
    """Say whether an answer is what the request asked for."""
    try:
        return bool(answer.body) and request.read(answer) is not None
    except GitLabSyncError:
        return False


def persist(context: RequestContext, request: Request, read: Callable[[Answer], T]) -> T:
    """Send one request as often as it takes, and return what `read` makes of the answer.

    For tasks. It waits for the principal's gate, tries again what can succeed a moment later, and
    never holds a worker of the shared pool while it waits. `read` raises one of our errors for a
    bad answer; an error that stays is raised, with the request that it belongs to.
    """
    state: RetryState = resumed() or context.start(request)
    try:
        while True:
            context.cancel.check()
            wait = context.wait_budget.delay_or_raise()
            if wait and not context.wait_budget.fixed:
                state.excuse(wait)
            if not wait:
                state.check_time()
                try:
                    result = read(context.follow(request, state))
                except RateLimited as error:
                    context.refused(request, error)
                    state.refusal = error
                    continue
                except GitLabSyncError as error:
                    wait = state.after(error)
                else:
                    context.passed()
                    return result
            context.pause(wait, state)
    except GitLabSyncError as error:
        context.failed(request, error, state)
        raise


@restartable
def fetch(context: RequestContext, request: Request) -> Reply:
    """Send one request and read its JSON: the task that runs on the pool.

    Raises the errors of `gitlab_sync.errors`.
    """

    def read(answer: Answer) -> Reply:
        reply = request.read(answer)
        context.keep(request, answer)
        return reply

    return persist(context, request, read)
