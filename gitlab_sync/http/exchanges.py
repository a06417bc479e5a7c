"""Tells of each exchange when it has ended: to the log, at debug, and to observers.

It costs nothing to speak of while no one is to be told. No part of it has a token: observers get
the route alone, the log a path without secrets, and headers are not passed on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from gitlab_sync.errors import without, without_secrets

log = logging.getLogger("gitlab_sync.http")

_LONGEST_ID = 100
_WORD = re.compile(r"[a-z][a-z_]*")
_BEFORE_NAMES = frozenset(
    {
        "branches", "commits", "files", "groups", "labels", "namespaces", "projects", "tags",
        "users", "variables", "wikis",
    }
)  # fmt: skip
"""The segments of a path after which a name is likely, not a further word of the route."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange that has ended. Immutable; no field has a secret.

    `base_url` is that of the instance, `route` the path below it: see `route_of`. `status` is None
    if there was no answer; then `error` names its kind. `attempt` counts from 1. `size` is in bytes
    after decompression, `request_id` is what the server calls it.
    """

    method: str
    base_url: str
    route: str
    status: int | None
    error: str | None
    seconds: float
    attempt: int
    size: int
    request_id: str | None


Observer: TypeAlias = Callable[[Exchange], None]
"""Is told of each exchange, in the thread that made it: it must be quick, and raise nothing."""

_observers: tuple[Observer, ...] = ()


def observe(observer: Observer) -> Callable[[], None]:
    """Tell an observer of each exchange of this process from now on; return what ends that."""
    global _observers  # noqa: PLW0603 - the hook is the process's
    _observers = (*_observers, observer)

    def end() -> None:
        global _observers  # noqa: PLW0603
        _observers = tuple(each for each in _observers if each is not observer)

    return end


def observed() -> bool:
    """Return whether anyone is to be told: an observer, or a log at debug."""
    return bool(_observers) or log.isEnabledFor(logging.DEBUG)


def tell(exchange: Exchange, path: str, token: str) -> None:
    """Tell all observers and the log of an exchange.

    The log shows what was asked, `path` with its query, without secrets, this token among them.
    """
    for observer in _observers:
        observer(exchange)
    if log.isEnabledFor(logging.DEBUG):
        path = without(token, without_secrets(path))
        request_id = exchange.request_id and without(token, exchange.request_id)[:_LONGEST_ID]
        fields = {
            "method": exchange.method,
            "path": path,
            "status": exchange.status,
            "error": exchange.error,
            "seconds": round(exchange.seconds, 6),
            "attempt": exchange.attempt,
            "bytes": exchange.size,
            "request_id": request_id,
        }
        log.debug(
            "%s %s: %s, %.3f s, attempt %d, %d bytes, request id %s",
            exchange.method, path, exchange.status or exchange.error, exchange.seconds,
            exchange.attempt, exchange.size, request_id, extra={"fields": fields},
        )  # fmt: skip


def route_of(path: str) -> str:
    """Return the path below the instance with `{id}` for ids and names: few different texts.

    `/api/v4/projects/7/issues?page=2` gives `/api/v4/projects/{id}/issues`.
    """
    names: list[str] = []
    before = ""
    for name in path.partition("?")[0].split("/"):
        is_word = name in {"", "v4"} or _WORD.fullmatch(name) is not None
        names.append(name if is_word and before not in _BEFORE_NAMES else "{id}")
        before = name
    return "/".join(names)
