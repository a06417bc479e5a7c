"""The owner of a token, and whether it is valid, for callers that have no client yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from gitlab_sync.api import groups
from gitlab_sync.errors import AuthenticationError, ConfigurationError, PermissionDenied
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.urls import clean_base_url
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import read_all, read_one
from gitlab_sync.types import Record, RecordList

_BOT = re.compile(r"(project|group)_\d+_bot")  # GitLab's users behind project and group tokens

OWN_RECORD = "personal_access_tokens/self"
"""The endpoint with what GitLab tells a token about itself; not of OAuth and job tokens."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What is known of a token, never the token itself. Immutable.

    `kind` is `personal`, `project`, `group`, `OAuth` or `job`. `is_told` says whether GitLab told
    the rest: `name`, `scopes` and the day of the end (`expires`, ISO 8601; None: never).
    """

    kind: str | None
    is_told: bool
    name: str | None = None
    scopes: Sequence[str] | None = None
    expires: str | None = None

    @classmethod
    def of(cls, credential: Credential, username: str, told: Record) -> Self:
        """Return what the owner's name and the token's record say; it is empty if there is none."""
        scopes = told.get("scopes")
        return cls(
            _kind(credential, username, bool(told)),
            bool(told),
            told.get("name"),
            [str(scope) for scope in scopes] if isinstance(scopes, list) else None,
            told.get("expires_at"),
        )


def _kind(credential: Credential, username: str, is_told: bool) -> str | None:
    if credential.is_oauth:
        return "OAuth"
    if credential.is_job:
        return "job"
    bot = _BOT.match(username)
    if bot is not None:
        return bot[1]
    return "personal" if is_told else None


def get_user_from_token(base_url: str, token: str) -> Record:
    """Return the user that a token of any kind signs in.

    Raises AuthenticationError for a token that is missing, wrong or expired, and PermissionDenied
    for one that is not allowed to read.
    """
    return read_one(_view(base_url, token), "user")


def get_user_groups(base_url: str, token: str) -> RecordList:
    """Return all groups that the token's owner is a member of, as GitLab sends them.

    Raises the same errors as `get_user_from_token`.
    """
    return read_all(_view(base_url, token), groups.of_caller())


def validate_token(base_url: str, token: str) -> bool:
    """Return whether a token signs a user in and is allowed to read.

    False means that GitLab refused it (401 or 403), or that it has invalid characters. A server
    that does not answer says nothing about the token, so that raises an error.
    """
    url = clean_base_url(base_url)
    try:
        credential = _credential(token)
    except (AuthenticationError, ConfigurationError):
        return False
    try:
        read_one(Session(url, credential), "user")
    except (AuthenticationError, PermissionDenied):
        return False
    return True


def _view(base_url: str, token: str) -> Session:
    return Session(base_url, _credential(token))


def _credential(token: str) -> Credential:
    # As a Bearer, GitLab accepts every kind of token; in PRIVATE-TOKEN, no OAuth token.
    credential = Credential(token, is_oauth=True)
    if not credential.token:  # GitLab would answer with what is public
        raise AuthenticationError("401 No token was given", status=401)
    return credential
