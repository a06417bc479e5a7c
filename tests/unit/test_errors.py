"""Errors: their text, facts and hints, that they pickle, and that they hold no secret."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from gitlab_sync import errors
from gitlab_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    GitLabSyncError,
    NotFound,
    RateLimited,
    ServerError,
    without_secrets,
)
from gitlab_sync.types import RecordList

KINDS = sorted(
    (
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, GitLabSyncError)
    ),
    key=lambda kind: kind.__name__,
)


def full(kind: type[GitLabSyncError]) -> GitLabSyncError:
    """Return an error of this kind with all its facts."""
    rows = RecordList([{"id": 1}])
    rows.complete, rows.total, rows.pages = False, 9, 1
    error = kind(
        "went wrong",
        status=418,
        method="GET",
        url="https://gitlab.example/api/v4/projects/1",
        request_id="01HX",
        attempts=3,
        retry_after=1.5,
        partial=rows,
        hint="Do this.",
    )
    error.nothing_sent = True
    error.lasting = True
    return error


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_pickles_with_all_its_facts(kind: type[GitLabSyncError]) -> None:
    """It may come back from another process, with the rows that were read."""
    error = full(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert again.__dict__ == error.__dict__
        assert str(again) == str(error)
        assert again.args == error.args
        assert (again.partial.complete, again.partial.total, again.partial.pages) == (False, 9, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_one_root(kind: type[GitLabSyncError]) -> None:
    """One `except` catches all of ours, and a bad setting is a ValueError, too."""
    assert issubclass(kind, GitLabSyncError)
    assert issubclass(ConfigurationError, ValueError)


def test_the_text_has_the_status_once_and_the_request_behind_it() -> None:
    """Older callers look for the number in it."""
    url = "https://gitlab.example/api/v4/projects/1"
    bare = ServerError("Bad Gateway", status=502)
    assert str(bare) == "502 Bad Gateway"
    assert str(NotFound("404 Project Not Found", status=404)) == "404 Project Not Found"
    asked = NotFound("404 Project Not Found", status=404, method="GET", url=url)
    assert str(asked) == f"404 Project Not Found (GET {url})"
    assert asked.reason == "404 Project Not Found"
    assert str(GitLabSyncError("broken")) == "broken"


def test_each_kind_says_what_to_do_unless_told_better() -> None:
    """In plain words, for the person who reads it."""
    assert "token" in AuthenticationError("no").hint
    assert "limit" in RateLimited("no").hint
    assert AuthenticationError("no", hint="Sign in again.").hint == "Sign in again."


def test_facts_that_are_not_known_are_none() -> None:
    """No error pretends to know."""
    error = GitLabSyncError("x")
    facts = (error.status, error.method, error.url, error.request_id, error.attempts)
    assert facts == (None,) * 5
    assert (error.retry_after, error.partial) == (None, None)
    assert not error.nothing_sent


SECRETS = [
    "https://ann:{}@gitlab.example/x",
    "go to https://{}@gitlab.example/x now",
    "https://gitlab.example/x?private_token={}&page=2",
    "https://gitlab.example/x?page=2&access_token={}",
    "PRIVATE-TOKEN={}",
    "refresh_token={}",
    "https://app.example/?code={}&state=1",
    "client_secret={}",
    "password={}",
    "the token glpat-{} is bad",
    "gldt-{}",
    "Bearer eyJ{}",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    """In messages, in URLs, in the repr and in a traceback."""
    secret = "s3cret0123456789word"
    said = text.format(secret)
    assert secret not in without_secrets(said)
    error = GitLabSyncError(said, url=said, method="GET")
    try:
        raise error
    except GitLabSyncError:
        shown = traceback.format_exc()
    assert secret not in f"{error} {error!r} {error.args} {error.url} {shown}"


@pytest.mark.parametrize(
    "text",
    [
        "https://gitlab.example/api/v4/projects?page=2&per_page=100",
        "404 Project Not Found",
        "mail ann@gitlab.example about https://gitlab.example/@ann",
        "http://[::1]:8080/api/v4/users",
        "http://[bad",
        "",
    ],
)
def test_what_holds_no_secret_is_left_alone(text: str) -> None:
    """Masking must not hide what went wrong, nor fail on a strange text."""
    assert without_secrets(text) == text
