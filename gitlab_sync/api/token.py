"""Whose token it is, and whether it is one. For who has a token and no client yet."""

from __future__ import annotations

from gitlab_sync.api import groups
from gitlab_sync.errors import AuthenticationError, ConfigurationError, PermissionDenied
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.urls import clean_base_url
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import read_all, read_one
from gitlab_sync.types import Record, RecordList


def get_user_from_token(base_url: str, token: str) -> Record:
    """Return the user whom a token of any kind signs in.

    Raises AuthenticationError for a token that is missing, wrong or expired, PermissionDenied for
    one that may not read, and the other errors of `gitlab_sync.errors`. Thread-safe.
    """
    return read_one(_view(base_url, token), "user")


def get_user_groups(base_url: str, token: str) -> RecordList:
    """Return all groups that the token's owner is a member of, as GitLab sends them.

    Raises what `get_user_from_token` raises. Thread-safe.
    """
    return read_all(_view(base_url, token), groups.of_caller())


def validate_token(base_url: str, token: str) -> bool:
    """Say whether a token signs somebody in and may read.

    False is GitLab's own word (401 or 403), or a token that cannot be one. A server that does not
    answer says nothing of the token: that is an error of `gitlab_sync.errors`. Thread-safe.
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
    # As a Bearer every kind of token is taken, an OAuth token in PRIVATE-TOKEN is not.
    credential = Credential(token, is_oauth=True)
    if not credential.token:  # GitLab would answer with what anybody may see
        raise AuthenticationError("401 No token was given", status=401)
    return credential
