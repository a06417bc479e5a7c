"""The owner of a token, and whether it is valid, for callers that have no client yet."""

from __future__ import annotations

from gitlab_sync.api import groups
from gitlab_sync.errors import AuthenticationError, ConfigurationError, PermissionDenied
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.urls import clean_base_url
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import read_all, read_one
from gitlab_sync.types import Record, RecordList


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
