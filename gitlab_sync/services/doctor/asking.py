"""Sends the doctor's requests, and keeps what their answers say besides their content."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from gitlab_sync.concurrency.futures import restartable
from gitlab_sync.errors import GitLabSyncError, RateLimited
from gitlab_sync.http import wire
from gitlab_sync.http.urls import target
from gitlab_sync.http.wire import Answer
from gitlab_sync.session.context import RequestContext, persist
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import Session
from gitlab_sync.types import Params


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer, whatever its status below 500, and when and how fast it came. Immutable.

    `seconds` is how long the last attempt took; `at` is the middle of it, as epoch time by our
    clock. `errors` come without the `token`.
    """

    request: Request
    answer: Answer
    seconds: float
    at: float
    token: str

    def data(self) -> Any:
        """Return the content; raise the error that the answer means."""
        try:
            return self.request.read(self.answer).data
        except GitLabSyncError as error:
            error.hide(self.token)
            raise


@restartable
def _ask(context: RequestContext, request: Request) -> Seen:
    started, at = time.monotonic(), time.time()
    answer = persist(context, request, _usable)
    seconds = time.monotonic() - started
    token = context.access.credential.token
    return Seen(request, answer, seconds, at + seconds / 2, token)


def _usable(answer: Answer) -> Answer:
    """Return an answer to this request; raise the error of one that a retry could replace."""
    if answer.status == 429 or answer.status >= 500:
        raise wire.error_of(answer)
    return answer


class Asking:
    """Sends requests one after another, so that their times mean something. For one thread.

    `seen` has all answers, and `refusal` the last 429 for which no answer came.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seen: list[Seen] = []
        self.refusal: RateLimited | None = None

    def get(self, endpoint: str, params: Params | None = None, *, signed_in: bool = True) -> Seen:
        """Send a GET, without the credential unless `signed_in`."""
        request = Request("GET", target(endpoint, params, self.session.base_url))
        return self._send(request, self.session if signed_in else self.session.without_credential())

    def graphql(self, query: str, variables: Params) -> Seen:
        """Send a GraphQL query."""
        return self._send(self.session.graphql_request(query, variables), self.session)

    def _send(self, request: Request, session: Session) -> Seen:
        context = session.active
        try:
            seen = context.executor.submit(_ask, context, request).result()
        except RateLimited as error:
            self.refusal = error
            raise
        except CancelledError:
            raise context.cancel.error() from None
        self.seen.append(seen)
        return seen
