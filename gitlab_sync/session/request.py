"""One request to GitLab, as a small value that pickles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gitlab_sync.http import wire
from gitlab_sync.http.urls import API_PATH
from gitlab_sync.http.wire import Answer, Reply

READING = frozenset({"GET", "HEAD"})
"""The methods that only read."""

GRAPHQL_ROOT = "/api"
"""The path above `graphql`, as `/api/v4` is the path above all REST endpoints."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Immutable; it pickles. `target` is path and query below the API's root.

    `repeatable` says that sending it twice does no harm. `is_list` says that the caller wants rows,
    so an answer without a body is an error. `headers` are additional ones, never a credential;
    `root` is the path above the target. `once` says that a run need not send it twice, `waits` that
    it is held back until a GraphQL request shows that the instance has GraphQL.
    """

    method: str
    target: str
    body: bytes | None = None
    repeatable: bool = True
    is_list: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    root: str = API_PATH
    once: bool = field(default=False, compare=False)
    waits: bool = field(default=False, compare=False)

    @property
    def can_be_confirmed(self) -> bool:
        """Whether GitLab can confirm an older answer. Pages of lists are always read again."""
        return self.method == "GET" and not self.is_list

    @property
    def read(self) -> Callable[[Answer], Reply]:
        """The function that reads an answer to this request."""
        if self.root == GRAPHQL_ROOT:
            return wire.read_graphql
        return wire.read_list if self.is_list else wire.read
