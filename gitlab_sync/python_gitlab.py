"""python-gitlab on our transport: its objects and exceptions with our pool, limits and retries."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import orjson
import requests
from gitlab import Gitlab
from gitlab._backends import DefaultBackend, DefaultResponse
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict

from gitlab_sync import errors
from gitlab_sync.concurrency.futures import restartable
from gitlab_sync.http import wire
from gitlab_sync.http.urls import encode_query, target
from gitlab_sync.http.wire import Answer
from gitlab_sync.session.context import RequestContext, persist
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import Session

_CREDENTIALS = {"authorization", "private-token", "job-token"}


@restartable
def fetch_answer(context: RequestContext, request: Request) -> Answer:
    """Make one request on the pool and return its answer, even if it is a final error."""
    last: list[Answer] = []

    def read(answer: Answer) -> Answer:
        last[:] = [answer]
        if answer.status >= 300:
            raise wire.error_of(answer)
        return answer

    try:
        return persist(context, request, read)
    except errors.RateLimited as error:
        # It gave up before asking again: this is the answer that GitLab would give.
        headers = HTTPHeaderDict({"Retry-After": str(error.retry_after or 0)})
        return Answer(429, headers, orjson.dumps({"message": error.reason}))
    except errors.GitLabSyncError as error:
        if last and error.status == last[0].status:
            return last[0]
        raise


class Backend(DefaultBackend):
    """Sends python-gitlab's requests through one client's session. Thread-safe."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.bridge.transport.session)
        self._session = session

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
        """Send one request; raise only exceptions that requests itself would raise."""
        verb = method.upper()
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
            repeatable=verb in {"GET", "HEAD"},
            headers=tuple(sorted(further.items())),
        )
        try:
            with self._session.context(limit=limit, max_wait=limit) as session:
                context = session.active
                answer = context.executor.submit(fetch_answer, context, request).result()
        except errors.TimedOut as error:
            raise requests.Timeout(str(error)) from error
        except errors.BadResponse as error:
            raise requests.exceptions.ChunkedEncodingError(str(error)) from error
        except errors.GitLabSyncError as error:
            raise requests.ConnectionError(str(error)) from error
        return DefaultResponse(_response(answer, url))


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


def _response(answer: Answer, url: str) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.raw = io.BytesIO(answer.body)
    response.url = url
    return response


class SharedGitlab(Gitlab):
    """A `gitlab.Gitlab` on a client's transport, with its own objects and exceptions.

    It also has `_get`, `_get_paginated` and `_request`, as older code expects: those of `older`, a
    `GitLabClient`. Leaving it as a context manager closes nothing that is shared.
    """

    def __init__(self, session: Session, older: Any) -> None:
        token, is_oauth = session.credential.token or None, session.credential.is_oauth
        super().__init__(
            session.base_url,
            private_token=None if is_oauth else token,
            oauth_token=token if is_oauth else None,
            timeout=session.timeout,
            keep_base_url=True,
            backend=lambda: Backend(session),
        )
        self._older = older

    def __exit__(self, *_: object) -> None:
        """Leave the session open: all clients share it."""

    def http_request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request; python-gitlab's own retries are off, since the transport retries."""
        kwargs.update(obey_rate_limit=False, retry_transient_errors=False, max_retries=0)
        return super().http_request(*args, **kwargs)

    def _get(self, endpoint: str, params: dict[str, Any] | None = None) -> Any:
        return self._older._get(endpoint, params)  # noqa: SLF001 - the contract's names

    def _get_paginated(self, endpoint: str, *args: Any, **kwargs: Any) -> Any:
        return self._older._get_paginated(endpoint, *args, **kwargs)  # noqa: SLF001

    def _request(self, method: str, endpoint: str, params: dict[str, Any] | None = None) -> Any:
        return self._older._request(method, endpoint, params)  # noqa: SLF001
