"""Every error that this package raises, grouped by what a person can do about it.

All derive from `GitLabSyncError`, carry their facts as attributes, pickle, and never show a token.
The text contains the status code, since older callers look for "404" or "Rate Limit" there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any, ClassVar

_SECRET_PARAMETER = re.compile(
    r"((?:private|access|job|refresh|feed|id)_?-?token|client_secret|password|code)=[^&\s]*",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")
_TOKEN_SHAPE = re.compile(r"\b(gl[a-z]{1,6}-|gho-|eyJ)[A-Za-z0-9_.\-]{8,}")


_HIDDEN = "[hidden]"
_LONGEST_ID = 100
_SHORTEST_SECRET = 6  # a shorter one would be found in any text, and a beginning has two more


def without_secrets(text: str) -> str:
    """Return a URL or a message with user info, secret parameters and tokens masked."""
    text = _SECRET_PARAMETER.sub(rf"\1={_HIDDEN}", _USER_INFO.sub("", text))
    return _TOKEN_SHAPE.sub(_HIDDEN, text)


def without(secret: str, text: str) -> str:
    """Return a text with this secret masked, also as it is written in URLs, JSON and HTML.

    Its beginning is masked at the end of the text, which could have been cut there.
    """
    if len(secret) < _SHORTEST_SECRET:
        return text
    text = re.sub("".join(map(_written, secret)), _HIDDEN, text, flags=re.IGNORECASE)
    whole = text.removesuffix("…")
    for length in range(len(secret) - 1, _SHORTEST_SECRET + 1, -1):
        if whole.endswith(secret[:length]):
            return whole[:-length] + _HIDDEN
    return text


def _written(sign: str) -> str:
    """Return the pattern of a character of a secret, with its escapes in URLs, JSON and HTML."""
    if sign.isalnum():
        return sign
    code, entity = ord(sign), re.escape(html.escape(sign))
    return rf"(?:\\?{re.escape(sign)}|%{code:02x}|\\u{code:04x}|&#x?0*{code:x};|&#{code};|{entity})"


class GitLabSyncError(Exception):
    """The base class of all errors of this package.

    Attributes: `message`, `status` (HTTP status or None), `method`, `url` (without secrets),
    `request_id` (GitLab's `x-request-id`), `attempts` (exchanges made), `retry_after` (seconds, or
    None), `partial` (rows of a list that were read before the error, or None), `hint` (what to do),
    `nothing_sent` (the request never left, so even a write can be sent again), `lasting` (a retry
    cannot help).
    """

    hint_text: ClassVar[str] = ""
    longest: ClassVar[int] = 500
    """The most characters of a message: parts of it can be any text of a server."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        method: str | None = None,
        url: str | None = None,
        request_id: str | None = None,
        attempts: int | None = None,
        retry_after: float | None = None,
        partial: Sequence[Any] | None = None,
        hint: str | None = None,
    ) -> None:
        self.message = _cut(without_secrets(message), self.longest)
        super().__init__(self.message)
        self.status = status
        self.method = method
        self.url = None if url is None else without_secrets(url)
        self.request_id = None if request_id is None else _cut(request_id, _LONGEST_ID)
        self.attempts = attempts
        self.retry_after = retry_after
        self.partial = partial
        self.hint = self.hint_text if hint is None else hint
        self.nothing_sent = False  # set by the transport when the request never left
        self.lasting = False  # set if the error is of a transient kind, but known to stay

    @property
    def reason(self) -> str:
        """What happened, without the request: equal for all items that failed the same way."""
        status = "" if self.status is None or str(self.status) in self.message else self.status
        return f"{status} {self.message}".strip()

    def __str__(self) -> str:
        text = self.reason
        if self.method and self.url:
            text += f" ({self.method} {_cut(self.url, self.longest)})"
        return text

    def hide(self, secret: str) -> None:
        """Mask a secret in this error, and forget the errors that led to it if they show it."""
        self.message = without(secret, self.message)
        self.args = (self.message,)
        if self.request_id is not None:
            self.request_id = without(secret, self.request_id)
        behind = self.__cause__ or self.__context__
        while behind is not None:
            if without(secret, str(behind)) != str(behind):
                self.__cause__ = self.__context__ = None
                return
            behind = behind.__cause__ or behind.__context__

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, self.__dict__.copy()))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rebuild(kind: type[GitLabSyncError], message: str, facts: dict[str, Any]) -> GitLabSyncError:
    error = kind(message)
    error.__dict__.update(facts)
    return error


class ConfigurationError(GitLabSyncError, ValueError):
    """An input cannot work: a URL, a setting, a date. No request was sent."""

    longest = 200_000  # it lists every fault of a file


class ChangedSince(GitLabSyncError):
    """Something changed after the moment that was asked for, and GitLab keeps no earlier value."""

    hint_text = "Read it nearer to that moment: what was changed later can no longer be known."


class AuthenticationError(GitLabSyncError):
    """401: the token is missing, wrong, expired or revoked."""

    hint_text = "Check that the token is right, not expired and belongs to this instance."


class PermissionDenied(GitLabSyncError):
    """403: the token is valid, but not allowed to do this."""

    hint_text = "The token needs the read_api scope, and its owner access to this project or group."


class NotFound(GitLabSyncError):
    """404: no such object (or the token cannot see it), or no such route on an old server."""

    hint_text = "Check the name or id; GitLab also answers 404 for what the token cannot see."


class NotGitLab(NotFound):
    """404 with a page in place of JSON: another server, or GitLab is in a folder of this one."""

    hint_text = "Give the address of the GitLab, not of a group, a project or another page."


class RateLimited(GitLabSyncError):
    """429: the rate limit did not reset in the time allowed. `retry_after` says when it does."""

    hint_text = "Wait and run again, or ask an administrator for a higher limit."


class ServerError(GitLabSyncError):
    """5xx: the server failed on every attempt."""

    hint_text = "The server or a proxy in front of it is failing. Try again later."


class ConnectionFailed(GitLabSyncError):
    """The server could not be reached, or closed the connection."""

    hint_text = "Check the URL, the network and the proxy settings."


class TLSFailed(ConnectionFailed):
    """There is a server, but no connection by TLS: mostly, its certificate was not accepted."""


class TimedOut(GitLabSyncError):
    """No answer in the time allowed."""

    hint_text = "The server is slow or the network drops packets. Try again, or raise the timeout."


class BadResponse(GitLabSyncError):
    """An answer that GitLab does not send: not JSON, cut short, or an unexpected redirect."""

    hint_text = "Check that the URL is that of a GitLab, not of a sign-in page or a proxy."


class RequestRefused(GitLabSyncError):
    """400, 405, 409, 412, 422 and similar: GitLab understood the request and refused it."""

    hint_text = "The message says what GitLab did not accept."


class GraphQLError(GitLabSyncError):
    """GraphQL answered with errors (their HTTP status is 200)."""


class QueryTooComplex(GraphQLError):
    """A GraphQL query above the server's complexity limit: smaller pages can help."""


class Cancelled(GitLabSyncError):
    """The work was cancelled, or the client or bridge was closed, before it was done."""
