"""Reads one answer: status, headers and body in, data or a typed error out. No I/O."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import orjson

from gitlab_sync import errors

Headers = Mapping[str, str]
"""Header fields by name; look-ups ignore case, or the names are in lower case."""

_TOO_COMPLEX = re.compile(r"complexity|query is too large|timeout", re.IGNORECASE)
_LONGEST_MESSAGE = 300
_LONGEST_BODY = 20_000  # how much of an error's body is searched
_LONG = 8192  # bytes of a body that its reader decodes
_DEEPEST = 5
_DIGITS = 15

LONGEST_WAIT = 3600.0
"""The most seconds that a server can make us wait; one that asks for more is in error."""


class Answer(NamedTuple):
    """One HTTP answer as the transport received it, with the words after its status. Immutable."""

    status: int
    headers: Headers
    body: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the `RateLimit-*` headers said: requests left, and seconds until the limit resets."""

    name: str
    remaining: int
    reset_after: float


class _Undecoded(NamedTuple):
    """An answer with JSON of which only the value at `key` is wanted (None: all of it)."""

    answer: Answer
    key: str | None = None

    def decoded(self) -> Any:
        data = _decoded(self.answer)
        return data if self.key is None else data[self.key]


@dataclass(slots=True)
class Reply:
    """A successful answer, for one thread.

    `content` is JSON, decoded or not yet. The rest is about paging: the number of the next page or
    None, else the link to it (keyset) or None, and the totals if GitLab gives them.
    """

    content: Any
    next_page: int | None = None
    next_link: str | None = None
    total: int | None = None
    total_pages: int | None = None

    @property
    def data(self) -> Any:
        """The decoded JSON ([] for an empty body).

        A long one is decoded when it is first asked for: dozens can wait for their reader, and what
        is used at once costs less than what was made long before. BadResponse if it is not JSON.
        """
        if isinstance(self.content, _Undecoded):
            self.content = self.content.decoded()
        return self.content


def read(answer: Answer) -> Reply:
    """Return what a successful answer holds, or raise the error that it means.

    The caller follows redirects; here they raise BadResponse. 204 and an empty body give []. Shapes
    of error bodies: GitLab's API documentation and recorded answers.
    """
    if not 200 <= answer.status < 300:
        raise error_of(answer)
    if not answer.body or answer.status == 204:
        return Reply([])
    return _reply(_decoded(answer), answer.headers)


def _reply(content: Any, headers: Headers) -> Reply:
    if not isinstance(content, list | _Undecoded):
        return Reply(content)
    next_page = _integer(headers.get("x-next-page"))
    link = headers.get("link") if next_page is None else None
    return Reply(
        content,
        next_page,
        _next_link(link) if link and "next" in link.lower() else None,
        _integer(headers.get("x-total")),
        _integer(headers.get("x-total-pages")),
    )


def _decoded(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise _not_json(answer) from None


def _can_wait(answer: Answer, begin: bytes, end: bytes) -> bool:
    """Return whether it is a good answer, too long to be decoded early, and whole by its ends."""
    body = answer.body
    fits = body.startswith(begin) and body.endswith(end)
    return answer.status == 200 and len(body) > _LONG and fits


def _next_link(header: str) -> str | None:
    """Return the URL that a `Link` header gives for the next page, or None."""
    for link in header.split("<")[1:]:
        url, _, parameters = link.partition(">")
        for parameter in parameters.split(";"):
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "rel" and "next" in value.strip(' ,"').lower().split():
                return url
    return None


def read_list(answer: Answer) -> Reply:
    """Return what `read` does, but only for rows: a list, or an object that counts as one row.

    An answer without a body is a BadResponse, not an empty list: it does not say what is missing.
    """
    if _can_wait(answer, b"[", b"]"):
        return _reply(_Undecoded(answer), answer.headers)
    reply = read(answer)
    if not answer.body or not isinstance(reply.data, list | dict):
        raise errors.BadResponse(
            f"{answer.status} must come with the rows of a list, got none",
            status=answer.status,
            request_id=answer.headers.get("x-request-id"),
        )
    return reply


def read_graphql(answer: Answer) -> Reply:
    """Return the `data` of a GraphQL answer; GraphQL errors come with status 200.

    Raises GraphQLError with their text, or QueryTooComplex if it is about the query's size or time.
    """
    # Errors are next to the data; within a text the quotes around a word are escaped.
    if _can_wait(answer, b'{"data":{', b"}}") and b'"errors"' not in answer.body:
        return Reply(_Undecoded(answer, "data"))
    body = read(answer).data
    if not isinstance(body, dict) or not (body.get("errors") or "data" in body):
        raise errors.BadResponse(
            f"{answer.status} must come with the data of a query, got none", status=answer.status
        )
    if not body.get("errors"):
        return Reply(body["data"])
    message = _said(body["errors"])
    kind = errors.QueryTooComplex if _TOO_COMPLEX.search(message) else errors.GraphQLError
    raise kind(
        errors.without_secrets(message),
        status=answer.status,
        request_id=answer.headers.get("x-request-id"),
    )


def rate_limit(headers: Headers, now: float | None = None) -> RateLimit | None:
    """Return what the headers say about the limit, or None. `now` is epoch time (default: ours).

    The reset is compared with the answer's own `Date`, so a wrong local clock does no harm.
    """
    remaining = _integer(headers.get("ratelimit-remaining"))
    reset = _number(headers.get("ratelimit-reset"))
    if remaining is None or reset is None:
        return None
    here = epoch(headers.get("date")) or (time.time() if now is None else now)
    return RateLimit(headers.get("ratelimit-name") or "", remaining, max(0.0, reset - here))


def retry_after(headers: Headers, now: float | None = None) -> float | None:
    """Return the seconds in `Retry-After` (a number, a fraction or an HTTP date), or None."""
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is None:
        then = epoch(text)
        if then is None:
            return None
        here = epoch(headers.get("date")) or (time.time() if now is None else now)
        seconds = then - here
    return max(0.0, seconds)


def error_of(answer: Answer) -> errors.GitLabSyncError:
    """Return the typed error for an answer outside 2xx."""
    status, headers = answer.status, answer.headers
    message = _message(answer)
    wait = retry_after(headers)
    kind: type[errors.GitLabSyncError]
    hint = None
    if status == 401:
        kind = errors.AuthenticationError
    elif status == 403:
        kind = errors.PermissionDenied
        if "insufficient_scope" in message:
            hint = "The token lacks a scope: create one with read_api."
    elif status == 404:
        kind = errors.NotFound
        if _is_page(answer):
            kind, message = errors.NotGitLab, "No GitLab API at this address"
        elif message == "404 Not Found":
            hint = "This server has no such route: it is an older GitLab, or the path is wrong."
    elif status == 429:
        kind, message = errors.RateLimited, f"429 Rate Limit reached: {message}"
        if wait is None:
            limit = rate_limit(headers)
            wait = limit.reset_after if limit is not None and not limit.remaining else None
    elif status >= 500:
        kind = errors.ServerError
    elif status >= 400:
        kind = errors.RequestRefused
    else:
        kind, message = (
            errors.BadResponse,
            f"{status} redirect to {headers.get('location', 'nowhere')}",
        )
    if wait is not None and wait > LONGEST_WAIT:
        message += f" (the server asks for a wait of {wait:.0f} s)"
    request_id = headers.get("x-request-id")
    error = kind(message, status=status, request_id=request_id, retry_after=wait, hint=hint)
    error.lasting = status < 400
    return error


def _message(answer: Answer) -> str:
    """Return the message in an error body, whatever its shape."""
    try:
        data = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        page = answer.body[:_LONGEST_BODY]
        text = (_heading(page) if b"<" in page else page).decode("utf-8", "replace")
    else:
        text = _said(data)
    # Cut first: looking for tags takes time with the square of the length if none is closed.
    text = re.sub(r"<[^<>]+>", " ", text[: 10 * _LONGEST_MESSAGE])
    text = " ".join(text.split())[:_LONGEST_MESSAGE]
    return errors.without_secrets(text) or "no message"


def _is_page(answer: Answer) -> bool:
    """Return whether a body is an HTML page, which no route of GitLab's API answers with."""
    return answer.body[:_LONGEST_BODY].lstrip()[:1] == b"<"


def _heading(page: bytes) -> bytes:
    """Return the text of the title of an HTML page, or of its first heading."""
    tags = page.lower()
    for tag in (b"title", b"h1"):
        opening = tags.find(b"<" + tag)
        begin = tags.find(b">", opening) + 1
        end = tags.find(b"</" + tag, begin)
        if opening >= 0 and 0 < begin <= end:
            return page[begin:end]
    return b"an HTML page"


def _said(data: object, depth: int = 0) -> str:
    """Return the text in an error's JSON; deeper levels than GitLab uses are left out."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(data, Mapping):
        if isinstance(data.get("errors"), list):
            return _said(data["errors"], depth + 1)
        said = data.get("message", data.get("error"))
        if said is None:
            return "; ".join(f"{key}: {_said(value, depth + 1)}" for key, value in data.items())
        more = data.get("error_description")
        return f"{_said(said, depth + 1)}: {more}" if more else _said(said, depth + 1)
    if isinstance(data, list):
        return "; ".join(_said(item, depth + 1) for item in data)
    return str(data)


def _not_json(answer: Answer) -> errors.BadResponse:
    kind = answer.headers.get("content-type", "of no type").partition(";")[0]
    return errors.BadResponse(
        f"{answer.status} with a body that is not JSON ({kind}): {_message(answer)[:80]}",
        status=answer.status,
        request_id=answer.headers.get("x-request-id"),
    )


def _integer(text: str | None) -> int | None:
    digits = text.strip() if text and text.isascii() else ""
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None


def epoch(text: str | None) -> float | None:
    """Return an HTTP date as seconds since 1970, or None for anything else."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None
