"""Faults on demand: everything that servers, proxies and networks do to a client."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from email.utils import formatdate
from fnmatch import fnmatchcase
from time import time
from typing import Any, Literal, get_args

from gitlab_sync.sandbox.answer import Answer, json_answer

Kind = Literal[
    "status",
    "limit",
    "reset",
    "stall",
    "truncate",
    "html",
    "malformed",
    "empty",
    "redirect",
    "foreign_link",
    "cookie",
    "drip",
]

MODIFIERS = frozenset({"foreign_link", "cookie"})
"""Kinds that only change an otherwise sound answer; any number of them can meet one request."""

TOO_MANY = "This endpoint has been requested too many times. Try again later."


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and which requests it meets.

    Which: `path` is a pattern (`*` and `?`, over slashes too) for the path below `/api/v4`, or, if
    it holds a colon, the template of a route (`/projects/:id/issues`); GraphQL is `/api/graphql`.
    `method`, `token` (its name) and `query` (parameters that must have these values) narrow it
    down. Of the requests that match, the `nth` (from 1) is the first that is met, then each until
    `times` were (None: for ever), each with `probability` (drawn from `seed`).

    What, by `kind`: "status" answers with `status` and `body`; "limit" with 429, in plain text or
    as JSON (`style`); "html" with a page and `status`; "redirect" with `status` and `location`;
    "empty" and "malformed" spoil the body of a real answer; "reset" breaks the connection (RST)
    "before" or in the "middle" of the answer (`when`); "stall" goes silent there for `seconds`
    (None: for ever), at most until the fault is taken away or the server stops; "truncate" sends
    half the body it announced and closes; "drip" sends the body in pieces over `seconds`.
    "foreign_link" lets links and locations name `host`, "cookie" sets `cookie`. `retry_after` is
    sent as it is, or with `as_date` as the date so many seconds from now; `headers` come along with
    an answer that takes the real one's place.
    """

    kind: Kind
    path: str = "*"
    method: str | None = None
    token: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    nth: int = 1
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    status: int | None = None
    body: str | None = None
    style: Literal["text", "json"] = "text"
    retry_after: float | str | None = None
    as_date: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    when: Literal["before", "middle"] = "before"
    seconds: float | None = None
    location: str = "https://elsewhere.example/api/v4/version"
    host: str = "https://behind-the-proxy.example"
    cookie: str = "_gitlab_session=0123456789abcdef; path=/; HttpOnly"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"no such kind of fault: {self.kind}")


class Planted:
    """A fault in its place. `seen` counts the requests that matched, `hits` those that it met."""

    def __init__(self, owner: Faults, fault: Fault) -> None:
        self._owner = owner
        self._random = random.Random(fault.seed)  # noqa: S311 - which requests fail is no secret
        self.fault = fault
        self.seen = 0
        self.hits = 0

    def remove(self) -> None:
        """Take the fault away; idempotent."""
        self._owner.discard(self)

    def meets(self) -> bool:
        """Count a request that matches and say whether the fault meets it."""
        fault = self.fault
        self.seen += 1
        if self.seen < fault.nth or (fault.times is not None and self.hits >= fault.times):
            return False
        if fault.probability < 1 and self._random.random() >= fault.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of a sandbox; `removed` is called after some were removed."""

    def __init__(self, removed: Callable[[], None] = lambda: None) -> None:
        self._removed = removed
        self._lock = threading.Lock()
        self._planted: list[Planted] = []

    def add(self, kind: Kind | Fault, **settings: Any) -> Planted:
        """Plant a fault, given whole or as its kind and `settings` (see `Fault`).

        Raises ValueError for an unknown kind, TypeError for an unknown setting.
        """
        fault = kind if isinstance(kind, Fault) else Fault(kind, **settings)
        planted = Planted(self, fault)
        with self._lock:
            self._planted = [*self._planted, planted]
        return planted

    def discard(self, planted: Planted) -> None:
        """Take one fault away."""
        with self._lock:
            self._planted = [other for other in self._planted if other is not planted]
        self._removed()

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._planted = []
        self._removed()

    def holds(self, fault: Fault) -> bool:
        """Say whether that fault is in its place."""
        return any(planted.fault is fault for planted in self._planted)

    def summary(self) -> list[dict[str, Any]]:
        """Return all faults with their counts as plain JSON values."""
        with self._lock:
            return [
                {**asdict(one.fault), "seen": one.seen, "hits": one.hits} for one in self._planted
            ]

    def meeting(
        self, method: str, path: str, endpoint: str, query: Mapping[str, str], token: str | None
    ) -> list[Fault]:
        """Return what meets this request: modifiers, and at most one other fault, which is last."""
        if not self._planted:
            return []
        met: list[Fault] = []
        breaking: Fault | None = None
        with self._lock:
            for planted in self._planted:
                fault = planted.fault
                if breaking is not None and fault.kind not in MODIFIERS:
                    continue
                if not _matches(fault, method, path, endpoint, query, token):
                    continue
                if planted.meets():
                    if fault.kind in MODIFIERS:
                        met.append(fault)
                    else:
                        breaking = fault
        return met if breaking is None else [*met, breaking]


def fault_of(settings: Mapping[str, Any]) -> Fault:
    """Return the fault that a JSON object describes; ValueError for what is no setting."""
    known = {one.name for one in fields(Fault)}
    strange = sorted(set(settings) - known)
    if strange or "kind" not in settings:
        raise ValueError(f"not a fault: {', '.join(strange) or 'kind is missing'}")
    return Fault(**settings)


def replacement(fault: Fault) -> Answer | None:
    """Return the answer that a fault puts in place of the real one; None if it needs the latter."""
    if fault.kind == "status":
        return _with_headers(fault, _failed(fault.status or 503, fault.body))
    if fault.kind == "limit":
        return _with_headers(fault, limited(fault.style))
    if fault.kind == "html":
        return _with_headers(fault, _page(fault.status or 502, fault.body))
    if fault.kind == "redirect":
        moved = [("location", fault.location)]
        return _with_headers(fault, Answer(fault.status or 302, headers=moved, plain=True))
    return None


def spoiled(fault: Fault, answer: Answer) -> None:
    """Spoil the body of a real answer: "malformed" or "empty"."""
    answer.settle()
    if fault.kind == "malformed":
        answer.body = answer.body[: max(1, len(answer.body) // 2)] + b'{"'
    elif fault.kind == "empty":
        answer.body = b""


def limited(style: str) -> Answer:
    """Return one of GitLab's two answers to too many requests."""
    if style == "json":
        answer = json_answer({"message": {"error": TOO_MANY}}, 429)
    else:
        answer = Answer(429, b"Retry later\n", content_type="text/plain")
    answer.plain = True
    return answer


def _matches(
    fault: Fault,
    method: str,
    path: str,
    endpoint: str,
    query: Mapping[str, str],
    token: str | None,
) -> bool:
    if fault.method is not None and fault.method != method:
        return False
    if fault.token is not None and fault.token != token:
        return False
    if any(query.get(name) != str(value) for name, value in fault.query.items()):
        return False
    if ":" in fault.path:
        return fault.path == endpoint
    return fault.path == "*" or fnmatchcase(path, fault.path)


def _with_headers(fault: Fault, answer: Answer) -> Answer:
    answer.headers += fault.headers.items()
    wait = fault.retry_after
    if wait is not None:
        text = formatdate(time() + float(wait), usegmt=True) if fault.as_date else str(wait)
        answer.headers.append(("retry-after", text))
    return answer


def _failed(status: int, body: str | None) -> Answer:
    if body is None and status in {502, 504}:
        return _page(status, None)
    if body is None:
        answer = json_answer({"message": f"{status} Internal Server Error"}, status)
    else:
        answer = Answer(status, body.encode())
    answer.plain = True
    return answer


def _page(status: int, body: str | None) -> Answer:
    text = body or (
        f"<!DOCTYPE html>\n<html><head><title>{status}</title></head>"
        "<body><h1>Waiting for GitLab</h1></body></html>\n"
    )
    return Answer(status, text.encode(), content_type="text/html; charset=utf-8", plain=True)
