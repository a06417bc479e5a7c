"""python-gitlab on our transport: its objects and exceptions, our pool, limits and retries."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
import requests
from gitlab import Gitlab
from gitlab._backends import DefaultBackend, DefaultResponse
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict

from gitlab_sync.concurrency.futures import leaf
from gitlab_sync.errors import (
    BadResponse,
    ConfigurationError,
    GitLabSyncError,
    RateLimited,
    TimedOut,
)
from gitlab_sync.http import wire
from gitlab_sync.http.urls import encode_query, target
from gitlab_sync.http.wire import Answer
from gitlab_sync.session.exchange import Request, persist
from gitlab_sync.session.session import Rest

if TYPE_CHECKING:
    from gitlab_sync.client import GitLabClient

_CREDENTIALS = {"authorization", "private-token", "job-token"}


@leaf
def fetch_answer(rest: Rest, request: Request) -> Answer:
    """Make one request on the pool and return its answer, even one that stays an error."""
    last: list[Answer] = []

    def read(answer: Answer) -> Answer:
        last[:] = [answer]
        if answer.status >= 300:
            raise wire.error_of(answer)
        return answer

    try:
        return persist(rest, request, read)
    except RateLimited as error:
        # Given up before it was asked again: the answer is the one that GitLab would give.
        headers = HTTPHeaderDict({"Retry-After": str(error.retry_after or 0)})
        return Answer(429, headers, orjson.dumps({"message": error.reason}))
    except GitLabSyncError as error:
        if last and error.status == last[0].status:
            return last[0]
        raise


class Backend(DefaultBackend):
    """What python-gitlab sends through: one client's view of the instance. Thread-safe."""

    def __init__(self, rest: Rest) -> None:
        super().__init__(rest.bridge.transport.session)
        self._rest = rest

    def http_request(
        self,
        method: str,
        url: str,
        json: Any = None,
        data: Any = None,
        params: Any = None,
        timeout: float | None = None,
        verify: bool | str | None = True,  # noqa: ARG002 - one TLS policy for the whole process
        stream: bool | None = False,  # noqa: ARG002 - answers are read whole, so that none leaks
        *,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,  # noqa: ARG002 - auth, which our credential takes the place of
    ) -> DefaultResponse:
        """Send one request; raise only what requests itself would raise."""
        verb = method.upper()
        try:
            where = target(_with_query(url, params), None, self._rest.base_url)
        except ConfigurationError as error:
            raise requests.exceptions.InvalidURL(str(error)) from error
        further = {k: str(v) for k, v in (headers or {}).items() if k.lower() not in _CREDENTIALS}
        body = _body(json, data)
        if body is None:
            further.pop("Content-type", None)
        limit = timeout or self._rest.timeout
        request = Request(
            verb,
            where,
            body,
            repeatable=verb in {"GET", "HEAD"},
            headers=tuple(sorted(further.items())),
        )
        try:
            with self._rest.job(limit=limit, max_wait=limit) as rest:
                answer = rest.executor.submit(fetch_answer, rest, request).result()
        except TimedOut as error:
            raise requests.Timeout(str(error)) from error
        except BadResponse as error:
            raise requests.exceptions.ChunkedEncodingError(str(error)) from error
        except GitLabSyncError as error:
            raise requests.ConnectionError(str(error)) from error
        return DefaultResponse(_response(answer, url))


def _with_query(url: str, params: Mapping[str, Any] | None) -> str:
    """Add a query as requests does: a list repeats its key, which python-gitlab has given `[]`."""
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

    It answers `_get`, `_get_paginated` and `_request`, too, as older code expects. Closing it, or
    leaving it as a context manager, closes nothing that is shared.
    """

    def __init__(self, client: GitLabClient) -> None:
        token = client.token or None
        super().__init__(
            client.base_url,
            private_token=None if client.is_oauth else token,
            oauth_token=token if client.is_oauth else None,
            timeout=client.timeout,
            keep_base_url=True,
            backend=lambda: Backend(client),
        )
        self._client = client

    def __exit__(self, *_: object) -> None:
        """Leave the session alone: it belongs to everybody."""

    def http_request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request; its own retries are off, since those of the transport are on."""
        kwargs.update(obey_rate_limit=False, retry_transient_errors=False, max_retries=0)
        return super().http_request(*args, **kwargs)

    def _get(self, endpoint: str, params: dict[str, Any] | None = None) -> Any:
        return self._client._get(endpoint, params)  # noqa: SLF001 - the contract's names

    def _get_paginated(self, endpoint: str, *args: Any, **kwargs: Any) -> Any:
        return self._client._get_paginated(endpoint, *args, **kwargs)  # noqa: SLF001

    def _request(self, method: str, endpoint: str, params: dict[str, Any] | None = None) -> Any:
        return self._client._request(method, endpoint, params)  # noqa: SLF001
