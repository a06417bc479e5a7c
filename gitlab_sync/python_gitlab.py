"""python-gitlab on our transport: its objects and exceptions with our pool, limits and retries."""

from __future__ import annotations

import functools
import io
import threading
import time
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
import requests
from gitlab import Gitlab
from gitlab._backends import DefaultBackend, DefaultResponse
from gitlab.exceptions import RedirectError
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict

from gitlab_sync import errors
from gitlab_sync.concurrency.futures import restartable
from gitlab_sync.http import wire
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.http.urls import encode_query, target
from gitlab_sync.http.wire import Answer
from gitlab_sync.session.context import RequestContext, persist
from gitlab_sync.session.request import READING, Request
from gitlab_sync.session.session import Session

_CREDENTIALS = {"authorization", "private-token", "job-token"}
_REDIRECTS = {301, 302}  # those for which requests sends a GET in place of a write


@restartable
def fetch_answer(context: RequestContext, request: Request, locked_is_transient: bool) -> Answer:
    """Make one request on the pool and return its answer, even if it is a final error.

    If GitLab refuses it because an object is locked, nothing was done, so even a write is sent
    again if `locked_is_transient`.
    """
    last: list[Answer] = []

    def read(answer: Answer) -> Answer:
        last[:] = [answer]
        if answer.status < 300:
            return answer
        if locked_is_transient and answer.status == 409 and "Resource lock" in answer.reason:
            locked = errors.ConnectionFailed("409 Resource lock", status=409)
            locked.nothing_sent = True
            raise locked
        raise wire.error_of(answer)

    try:
        return persist(context, request, read)
    except errors.GitLabSyncError as error:
        if last and error.status == last[0].status:
            return last[0]
        if not isinstance(error, errors.RateLimited):
            raise
        # It gave up before asking again: this is the answer that GitLab would give.
        headers = HTTPHeaderDict({"Retry-After": str(error.retry_after or 0)})
        body = orjson.dumps({"message": error.reason})
        return Answer(429, headers, body, HTTPStatus.TOO_MANY_REQUESTS.phrase)


class _Wishes(threading.local):
    """What the call of this thread says about retries: see `SharedGitlab.http_request`."""

    attempts: int | None = None
    locked = False
    waits = True


class Backend(DefaultBackend):
    """Sends python-gitlab's requests through one client's session. Thread-safe."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.bridge.transport.session)
        self._session = session
        self.wishes = _Wishes()

    def http_request(
        self,
        method: str,
        url: str,
        json: Any = None,
        data: Any = None,
        params: Any = None,
        timeout: float | None = None,
        verify: bool | str | None = True,  # noqa: ARG002 - one TLS policy for the whole process
        stream: bool | None = False,  # noqa: ARG002 - answers are read in full, so that no connection leaks
        *,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,  # noqa: ARG002 - auth, which our credential replaces
    ) -> DefaultResponse:
        """Send one request.

        Raises only what requests itself would raise, and python-gitlab's RedirectError for a
        redirect that is not followed.
        """
        started, verb = time.monotonic(), method.upper()
        attempts, locked, waits = self.wishes.attempts, self.wishes.locked, self.wishes.waits
        try:
            where = target(_with_query(url, params), None, self._session.base_url)
        except errors.ConfigurationError as error:
            raise requests.exceptions.InvalidURL(str(error)) from error
        further = {k: str(v) for k, v in (headers or {}).items() if k.lower() not in _CREDENTIALS}
        body = _body(json, data)
        if body is None:
            further.pop("Content-type", None)
        limit = timeout or self._session.timeout
        request = Request(
            verb,
            where,
            body,
            repeatable=verb in READING,
            headers=tuple(sorted(further.items())),
        )
        asked = self._as_prepared(request)
        try:
            with self._session.context(limit=limit, max_wait=limit if waits else 0) as session:
                context = session.active
                context.policy = _policy(session.bridge.policy, attempts)
                answer = context.executor.submit(fetch_answer, context, request, locked).result()
        except errors.TimedOut as error:
            raise requests.Timeout(str(error), request=asked) from error
        except errors.BadResponse as error:
            if error.status is not None:
                raise RedirectError(str(error), error.status) from error
            raise requests.exceptions.ChunkedEncodingError(str(error), request=asked) from error
        except errors.GitLabSyncError as error:
            raise requests.ConnectionError(str(error), request=asked) from error
        response = _response(answer, asked, self._session.credential.token)
        response.elapsed = timedelta(seconds=time.monotonic() - started)
        return DefaultResponse(response)

    def _as_prepared(self, request: Request) -> requests.PreparedRequest:
        """Return what requests would have sent, but without the token."""
        asked = requests.PreparedRequest()
        asked.method, asked.body = request.method, request.body
        asked.url = f"{self._session.base_url}{request.root}/{request.target}"
        asked.headers = CaseInsensitiveDict(request.headers)
        return asked


@functools.cache
def _policy(usual: RetryPolicy, attempts: int | None) -> RetryPolicy:
    """Return a policy with at most so many attempts, also after an answer that is cut short."""
    most = usual.attempts if attempts is None else min(attempts, usual.attempts)
    return replace(usual, attempts=most, bad_answers=most)


def _with_query(url: str, params: Mapping[str, Any] | None) -> str:
    """Add a query as requests does: a list repeats its key, to which python-gitlab added `[]`."""
    pairs = [
        encode_query({key: item})
        for key, value in (params or {}).items()
        for item in (value if isinstance(value, list | tuple) else [value])
        if item is not None
    ]
    return f"{url}?{'&'.join(pairs)}" if pairs else url


def _body(json: Any, data: Any) -> bytes | None:
    if json is not None:
        return json if isinstance(json, bytes) else orjson.dumps(json)
    if data is None or isinstance(data, bytes):
        return data
    read = data.read()
    return read.encode() if isinstance(read, str) else bytes(read)


def _response(answer: Answer, asked: requests.PreparedRequest, secret: str) -> requests.Response:
    """Return an answer as requests does; a refusal is without the token, if the server repeats it.

    A redirected write, which is not followed, has itself as its history: there python-gitlab looks.
    """
    headers, body, reason = answer.headers, answer.body, answer.reason
    if answer.status >= 300:
        headers = {name: errors.without(secret, text) for name, text in headers.items()}
        body = errors.without(secret, body.decode("latin-1")).encode("latin-1")
        reason = errors.without(secret, reason)
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.raw = io.BytesIO(body)
    response.reason, response.request, response.url = reason, asked, str(asked.url)
    if answer.status in _REDIRECTS and asked.method not in READING:
        response.history = [copy(response)]
    return response


class SharedGitlab(Gitlab):
    """A `gitlab.Gitlab` on a client's transport, with its own objects and exceptions.

    It also has `_get`, `_get_paginated` and `_request`, as older code expects: those of `older`, a
    `GitLabClient`. Leaving it as a context manager closes nothing that is shared.
    """

    def __init__(self, session: Session, older: Any) -> None:
        credential, token = session.credential, session.credential.token or None
        is_private = not (credential.is_oauth or credential.is_job)
        self._shared = Backend(session)
        super().__init__(
            session.base_url,
            private_token=token if is_private else None,
            oauth_token=token if credential.is_oauth else None,
            job_token=token if credential.is_job else None,
            timeout=session.timeout,
            keep_base_url=True,
            backend=lambda: self._shared,
        )
        self._older = older

    def __exit__(self, *_: object) -> None:
        """Leave the session open: all clients share it."""

    def http_request(
        self,
        *args: Any,
        obey_rate_limit: bool = True,
        retry_transient_errors: bool | None = None,
        max_retries: int = -1,
        **kwargs: Any,
    ) -> requests.Response:
        """Send one request; the transport retries it, so python-gitlab's own retries are off.

        Reads are retried unless `retry_transient_errors` is False, and at most `max_retries` times
        (-1: as often as the transport does). If it is True, here or on the object, what GitLab
        refuses because of a resource lock is sent again, too. Without `obey_rate_limit`, a 429 is
        not waited for.
        """
        wishes, retry = self._shared.wishes, retry_transient_errors
        wishes.attempts = 1 if retry is False else None if max_retries < 0 else max_retries + 1
        wishes.locked = self.retry_transient_errors if retry is None else retry
        wishes.waits = obey_rate_limit and max_retries != 0
        kwargs.update(obey_rate_limit=False, retry_transient_errors=False, max_retries=0)
        return super().http_request(*args, **kwargs)

    def _get(self, endpoint: str, params: dict[str, Any] | None = None) -> Any:
        return self._older._get(endpoint, params)  # noqa: SLF001 - the contract's names

    def _get_paginated(self, endpoint: str, *args: Any, **kwargs: Any) -> Any:
        return self._older._get_paginated(endpoint, *args, **kwargs)  # noqa: SLF001

    def _request(self, method: str, endpoint: str, params: dict[str, Any] | None = None) -> Any:
        return self._older._request(method, endpoint, params)  # noqa: SLF001
