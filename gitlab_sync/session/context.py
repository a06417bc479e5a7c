"""The context that the requests of one call or batch share, and `fetch`, the task for one request.

Every request is a task: a single exchange on the shared pool. It is retried if that can help, and
put off while a rate limit is closed. Only the caller waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TypedDict, TypeVar

from gitlab_sync import errors
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.concurrency.futures import Postpone, may_postpone, restartable, resumed
from gitlab_sync.http import exchanges, wire
from gitlab_sync.http.cache import Key
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.rate_limit import WaitBudget
from gitlab_sync.http.retry import RetryPolicy, RetryState
from gitlab_sync.http.urls import clean_base_url, moved_to
from gitlab_sync.http.wire import Answer, Reply
from gitlab_sync.session.graphql_presence import PAUSE, GraphQLPresence, KnownPresence
from gitlab_sync.session.request import GRAPHQL_ROOT, READING, Request
from gitlab_sync.session.runtime import Bridge, get_bridge

DEFAULT_TIMEOUT = 60.0
"""The default limit of a whole call, or of one page of a list, in seconds."""

LONGEST = 2_592_000.0
"""The longest time limit in seconds, 30 days: far longer ones overflow the clocks of a system."""

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
    """The last failure of a client: `error_msg` and `last_rate_limit` of the contract."""

    error: str | None = None
    rate_limit: LastRateLimit | None = None


class Access:
    """Where a session sends its requests, and with which credential.

    `timeout` is the limit of a whole call, or of one page of a list, in seconds. `tenant` names the
    queue in the shared pool (None: the principal). It pickles without its bridge, and only if the
    credential is a reference. Raises ConfigurationError for an invalid URL or timeout.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        timeout: float = DEFAULT_TIMEOUT,
        tenant: str | None = None,
        bridge: Bridge | None = None,
    ) -> None:
        if not 0 < timeout <= LONGEST:
            raise errors.ConfigurationError(
                f"The timeout must be above 0 s and at most {LONGEST:.0f} s, got {timeout}"
            )
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
        """The bridge that carries the requests: the one given, else that of the process."""
        return self._given_bridge or get_bridge()


@dataclass(slots=True, eq=False)
class RequestContext:
    """What the requests of one call or one batch share.

    `limit` is the limit of one task in seconds (None: only that of each exchange), `executor` runs
    the tasks, `wait_budget` limits how long they wait for a rate limit, `cancel` ends them all.
    `policy` says how often they are retried (None: as the bridge says). `requests` counts
    exchanges; `read` has the keys of answers that are not requested again; `graphql` lets an
    instance without GraphQL be asked for it only once. `dates` are the server's
    times of the first answer and of the last one, as it sent them.
    """

    access: Access
    executor: Executor
    wait_budget: WaitBudget
    cancel: CancelToken
    limit: float | None
    policy: RetryPolicy | None = None
    requests: int = 0
    read: set[Key] = field(default_factory=set)
    dates: list[str] = field(default_factory=list)
    graphql: GraphQLPresence = field(init=False)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def bridge(self) -> Bridge:
        """The bridge that carries the requests."""
        return self.access.bridge

    def answer(self, request: Request, state: RetryState) -> Answer:
        """Make one exchange, or share an identical one of this principal that is under way.

        An object that was read before is requested with its ETag, so that GitLab can confirm it. If
        the request says `once`, and its answer was read in this context, it is not sent again.
        """
        bridge = self.bridge
        if not request.repeatable:
            return self._exchange(request, state, None)
        key = self._key(request)
        known = bridge.etags.get(key) if request.can_be_confirmed or request.once else None
        if known is not None and key in self.read:
            bridge.etags.reused += 1
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
        """Return the key under which the answer is shared; no two principals have the same one."""
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
        """Make one exchange; return `known` if GitLab confirms that it is still valid."""
        access, bridge = self.access, self.bridge
        etag = known.headers.get("etag") if known is not None and not request.is_list else None
        headers = dict(request.headers)
        if etag:
            headers["If-None-Match"] = etag
        state.begin()
        started = time.monotonic()
        deadline = state.deadline or started + access.timeout
        limit, gate = None, self.wait_budget.gate
        found, failure = None, None
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
            if date := found.headers.get("date"):
                self.saw([date])
        except errors.GitLabSyncError as error:
            failure = type(error).__name__
            raise
        finally:
            gate.leave(limit)
            self.count(1)
            if exchanges.observed():
                self._tell(request, state, found, failure, time.monotonic() - started)
        if known is not None and etag and found.status == HTTPStatus.NOT_MODIFIED:
            bridge.etags.confirmed += 1
            return known
        return found

    def _tell(
        self,
        request: Request,
        state: RetryState,
        found: Answer | None,
        failure: str | None,
        seconds: float,
    ) -> None:
        path = f"{request.root}/{request.target}"
        token = self.access.credential.token
        exchanges.tell(
            exchanges.Exchange(
                request.method,
                self.access.base_url,
                exchanges.route_of(path),
                None if found is None else found.status,
                failure,
                seconds,
                state.made,
                0 if found is None else len(found.body),
                None if found is None else found.headers.get("x-request-id"),
            ),
            path,
            token,
        )

    def count(self, requests: int) -> None:
        """Count exchanges, also those of other processes."""
        with self._counting:
            self.requests += requests

    def saw(self, dates: Sequence[str]) -> None:
        """Note times of the server, the earliest first."""
        self.dates = [*(self.dates or dates)[:1], *dates[-1:]]

    def __post_init__(self) -> None:
        known = self.bridge.of_instance(self.access.base_url, KnownPresence)
        self.graphql = GraphQLPresence(known)

    def ask(self, request: Request, state: RetryState) -> Answer | None:
        """Make one exchange; None if the request waits for another to find out about GraphQL."""
        if request.root != GRAPHQL_ROOT:
            return self.follow(request, state)
        return self.graphql.ask(partial(self.follow, request, state), waits=request.waits)

    def follow(self, request: Request, state: RetryState) -> Answer:
        """Make one exchange, and follow redirects below the API for GET and HEAD."""
        asked = request
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self.answer(asked, state)
            if answer.status not in _REDIRECTS or asked.method not in READING:
                return answer
            location = answer.headers.get("location", "")
            try:
                moved = moved_to(asked.target, location, self.access.base_url)
            except errors.BadResponse as elsewhere:
                elsewhere.status = answer.status
                raise
            asked = replace(asked, target=moved)
        error = errors.BadResponse("The server redirects in a circle", status=answer.status)
        error.lasting = True
        raise error

    def start(self, request: Request) -> RetryState:
        """Return the retry state of a task that has not sent its request yet."""
        limit = self.limit
        if limit is not None:
            limit -= self.wait_budget.waited()  # a call's time includes its waits
        return RetryState(
            self.policy or self.bridge.policy,
            self.bridge.budget(self.access.base_url),
            limit=limit,
            longest=self.wait_budget.limit,
            repeatable=request.repeatable,
        )

    def refused(self, request: Request, error: errors.RateLimited) -> None:
        """Close the principal's gate after a 429, and record it."""
        self.wait_budget.gate.close(error.retry_after)
        self.bridge.count_limited()
        self.access.health.rate_limit = {
            "endpoint": request.target.partition("?")[0],
            "retry_after": error.retry_after,
            "timestamp": datetime.now(UTC),
        }

    def passed(self) -> None:
        """Note that a request succeeded."""
        self.wait_budget.gate.passed()
        self.wait_budget.relax()

    def failed(self, request: Request, error: errors.GitLabSyncError, state: RetryState) -> None:
        """Add the request to its final error, mask the token in it, and record the error."""
        error.hide(self.access.credential.token)
        error.method = request.method
        error.url = errors.without_secrets(f"{self.access.base_url}{request.root}/{request.target}")
        error.attempts = state.made
        self.access.health.error = str(error)

    def pause(self, seconds: float, state: RetryState) -> None:
        """Put the task off if the pool can do that; else wait here, until cancelled."""
        if may_postpone():
            raise Postpone(seconds, state)
        self.cancel.wait(seconds)


def _is_good(request: Request, answer: Answer) -> bool:
    try:
        return bool(answer.body) and request.read(answer) is not None
    except errors.GitLabSyncError:
        return False


def persist(context: RequestContext, request: Request, read: Callable[[Answer], T]) -> T:
    """Send one request, with retries, and return what `read` makes of its answer.

    For tasks only. It waits for the principal's gate, retries what can succeed a moment later, and
    never holds a worker of the shared pool while it waits. `read` raises one of our errors for a
    bad answer; a final error is raised with the request that it belongs to.
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
                    answer = context.ask(request, state)
                    if answer is None:
                        context.pause(PAUSE, state)
                        continue
                    result = read(answer)
                except errors.RateLimited as error:
                    context.refused(request, error)
                    state.refusal = error
                    continue
                except errors.GitLabSyncError as error:
                    wait = state.after(error)
                else:
                    context.passed()
                    return result
            context.pause(wait, state)
    except errors.GitLabSyncError as error:
        context.failed(request, error, state)
        raise
    finally:
        del state  # it has the last 429, and the traceback of that has this frame


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
