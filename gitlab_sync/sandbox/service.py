"""From a request to an answer: faults, limits, tokens, routes and ETags, without a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from gitlab_sync.sandbox import issue_form
from gitlab_sync.sandbox.answer import Answer, Refusal, json_answer, no_route
from gitlab_sync.sandbox.call import Call, Lists
from gitlab_sync.sandbox.faults import MODIFIERS, Fault, Faults, replacement, spoiled
from gitlab_sync.sandbox.limiter import Limiter
from gitlab_sync.sandbox.query import Query
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.routes import ROUTER
from gitlab_sync.sandbox.tokens import Credential, Token, Tokens
from gitlab_sync.sandbox.traffic import KEPT, Exchange, Traffic
from gitlab_sync.sandbox.viewer import Viewers
from gitlab_sync.sandbox.waits import Waits
from gitlab_sync.sandbox.world import World

if TYPE_CHECKING:
    from gitlab_sync.sandbox.graphql.endpoint import GraphQL

API = "/api/v4"
GRAPHQL = "/api/graphql"
_CACHED = ("cache-control", "max-age=0, private, must-revalidate")
_UNCACHED = ("cache-control", "no-cache")
_ANY_SCOPE = frozenset({"/personal_access_tokens/self"})
_USER_SCOPE = frozenset({"/user", "/users", "/users/:id"})


@dataclass(slots=True)
class Request:
    """One request as the gateway read it. `path` is still encoded, without the query.

    `host` is what the client called, with the scheme; `marker` the `If-None-Match` it sent.
    """

    method: str
    path: str
    query: str
    host: str
    credential: Credential
    marker: str | None = None
    body: bytes = b""


@dataclass(slots=True)
class Reply:
    """An answer, and what shall still happen to it on its way: at most one fault."""

    answer: Answer
    fault: Fault | None = None


class Service:
    """Answers requests of one world.

    Every wait here and in the gateway is one of `waits`.
    `link_host` is the address that links name; None for the one that was called. Without `graphql`
    its path is unknown; `graphql_without` names what its schema lacks (ValueError for what it has
    not anyway). `node_latency` is added to its answers for each merge request in them. `traffic`
    keeps the latest `kept` exchanges.
    """

    def __init__(
        self,
        world: World,
        tokens: Tokens,
        *,
        latency: float = 0.0,
        link_host: str | None = None,
        graphql: bool = True,
        graphql_without: Iterable[str] = (),
        node_latency: float = 0.0,
        version: str = "",
        kept: int = KEPT,
    ) -> None:
        self.world = world
        self.tokens = tokens
        self.waits = Waits()
        self._latency = latency
        self.link_host = link_host
        self.node_latency = node_latency
        self._version = version
        self.faults = Faults(self.waits.changed)
        self.limiter = Limiter()
        self.traffic = Traffic(kept)
        self._lists = Lists()
        self._viewers = Viewers(world)
        self._request_ids = count(1)
        self._has_graphql = graphql
        self._without = tuple(graphql_without)
        self._graphql: GraphQL | None = None
        self._making = threading.Lock()
        if self._without:
            self._engine()  # So that a wrong name shows now, and not as an error of some query.

    @property
    def latency(self) -> float:
        """Seconds added to each answer; a change counts for requests that wait already, too."""
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._latency = seconds
        self.waits.changed()

    def reply(self, request: Request, exchange: Exchange) -> Reply:
        """Return the reply to `request`; notes route, fault and status on `exchange`."""
        if self._latency:
            self.waits.wait(lambda: self._latency)
        segments = _segments(request.path)
        found = None if segments is None else ROUTER.find(segments)
        asks_graphql = request.path.rstrip("/") == GRAPHQL
        exchange.endpoint = GRAPHQL if asks_graphql else found[0] if found else ""
        path = request.path.removeprefix(API)
        query = Query(request.query)
        faults = self._faults(request, path, exchange, query)
        breaking = faults[-1] if faults and faults[-1].kind not in MODIFIERS else None
        if breaking is not None:
            exchange.fault = breaking.kind
        answer = None if breaking is None else replacement(breaking)
        limits: list[tuple[str, str]] = []
        if answer is None:
            limits, answer = self.limiter.check(path, exchange.endpoint, exchange.token)
        if answer is None and asks_graphql:
            answer = self._queried(request, exchange)
        if answer is None:
            host = self._host(request, faults)
            answer = self._routed(request, segments, found, query, host)
        self._finish(answer, request)
        answer.headers += limits
        for fault in faults:
            if fault.kind == "cookie":
                answer.headers.append(("set-cookie", fault.cookie))
        if breaking is not None:
            spoiled(breaking, answer)
        answer.settle()
        exchange.status = answer.status
        return Reply(answer, breaking)

    def _faults(self, request: Request, path: str, exchange: Exchange, query: Query) -> list[Fault]:
        values = dict(query.without())
        faults = self.faults.meeting(
            request.method, path, exchange.endpoint, values, exchange.token
        )
        if faults:
            exchange.fault = faults[0].kind
        return faults

    def _host(self, request: Request, faults: list[Fault]) -> str:
        for fault in faults:
            if fault.kind == "foreign_link":
                return fault.host
        return self.link_host or request.host

    def _routed(
        self,
        request: Request,
        segments: tuple[str, ...] | None,
        found: tuple[str, Mapping[str, Route], tuple[str, ...]] | None,
        query: Query,
        host: str,
    ) -> Answer:
        try:
            if issue_form.is_form(request.path):
                return self._form(request, query)
            if found is None or segments is None:
                raise no_route()
            template, methods, arguments = found
            token = self.tokens.check(request.credential)
            method = "GET" if request.method == "HEAD" else request.method
            if token is not None and not token.reaches(method, template):
                token = None
            _check_scope(token, method, template)
            route = methods.get(method)
            if route is None:
                return _not_allowed({*methods, "HEAD"})
            call = Call(
                world=self.world,
                viewer=self._viewers.of(token),
                method=method,
                root=host + API,
                segments=segments,
                arguments=arguments,
                query=query,
                lists=self._lists,
                body=request.body,
                version=self._version,
            )
            return route(call)
        except Refusal as refusal_:
            return refusal_.answer

    def _form(self, request: Request, query: Query) -> Answer:
        """Answer a request for the form of a new issue; the owner of the token is signed in."""
        viewer = self._viewers.of(self.tokens.check(request.credential))
        return issue_form.answer(
            self.world, viewer, request.method, request.path, query, request.body
        )

    def _queried(self, request: Request, exchange: Exchange) -> Answer:
        """Answer a request to GraphQL: always a POST, with errors in a shape of their own."""
        try:
            if not self._has_graphql:
                raise no_route()
            if request.method != "POST":
                return _not_allowed(("POST",))
            viewer = self._viewers.of(self._reader(request.credential))
            engine = self._engine()
            exchange.operation = engine.operation(request.body)
            answer, merge_requests = engine.answer(request.body, viewer)
        except Refusal as refusal_:
            return refusal_.answer
        if self.node_latency and merge_requests:
            self.waits.wait(lambda: self.node_latency * merge_requests)
        return answer

    def _reader(self, credential: Credential) -> Token | None:
        """Return the token of a request; raises GraphQL's 401 for one that may not read."""
        invalid = Refusal(json_answer({"errors": [{"message": "Invalid token"}]}, 401))
        try:
            token = self.tokens.check(credential)
        except Refusal:
            raise invalid from None
        if token is not None and not token.reaches("POST", GRAPHQL):
            return None
        if token is not None and not token.reads:
            raise invalid
        return token

    def _engine(self) -> GraphQL:
        """Return what answers queries, made when it is first needed."""
        with self._making:
            if self._graphql is None:
                from gitlab_sync.sandbox.graphql.endpoint import GraphQL  # noqa: PLC0415

                self._graphql = GraphQL(self.world, self._lists, self._without)
            return self._graphql

    def _finish(self, answer: Answer, request: Request) -> None:
        """Add what every answer carries, and turn one that the client has into a 304."""
        answer.headers.append(("x-request-id", f"01SANDBOX{next(self._request_ids):017d}"))
        if answer.status != 200 or answer.plain or request.method not in {"GET", "HEAD"}:
            answer.headers.append(_UNCACHED)
            return
        etag = answer.etag()
        answer.headers += (_CACHED, ("etag", etag), ("vary", "Origin"))
        if request.marker is not None and etag in request.marker:
            answer.status = 304
            answer.rows = None
            answer.body = b""


def _segments(path: str) -> tuple[str, ...] | None:
    """Return the segments of a path below the API's, still encoded; None for another path."""
    if not path.startswith(API + "/"):
        return None
    return tuple(path[len(API) + 1 :].rstrip("/").split("/"))


def _not_allowed(methods: Iterable[str]) -> Answer:
    answer = json_answer({"error": "405 Not Allowed"}, 405)
    answer.headers.append(("allow", ", ".join(sorted(methods))))
    return answer


def _check_scope(token: Token | None, method: str, template: str) -> None:
    """Raise the 403 of a token with insufficient scopes."""
    if token is None or template in _ANY_SCOPE:
        return
    if method == "GET":
        if token.reads or ("read_user" in token.scopes and template in _USER_SCOPE):
            return
        needed = "api read_api"
    else:
        if "api" in token.scopes:
            return
        needed = "api"
    raise Refusal(
        json_answer(
            {
                "error": "insufficient_scope",
                "error_description": (
                    "The request requires higher privileges than provided by the access token."
                ),
                "scope": needed,
            },
            403,
        )
    )
