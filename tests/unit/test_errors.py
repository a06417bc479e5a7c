"""Errors: their text, facts and hints, that they pickle, and that they hold no secret."""

from __future__ import annotations

import copy
import html
import json
import pickle
import traceback
from urllib.parse import quote

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


TOKEN = 'Zq3+K/8"1_v&Tr40=pLm2x'
"""A token with all characters that URLs, JSON or HTML write otherwise."""


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        quote(TOKEN, safe=""),
        quote(TOKEN, safe="").lower(),
        json.dumps(TOKEN)[1:-1],
        json.dumps(TOKEN)[1:-1].replace("/", "\\/").replace("&", "\\u0026"),
        html.escape(TOKEN),
    ],
)
def test_a_token_is_masked_however_it_is_written(written: str) -> None:
    """No pattern knows it, but its owner does."""
    assert errors.without(TOKEN, f"no user {written}, sorry") == "no user [hidden], sorry"


@pytest.mark.parametrize("length", range(8, len(TOKEN)))
@pytest.mark.parametrize("end", ["", "…"])
def test_the_beginning_of_a_token_is_masked_where_the_text_was_cut(length: int, end: str) -> None:
    """Almost all of a token is as good as all of it."""
    assert errors.without(TOKEN, f"no user {TOKEN[:length]}{end}") == "no user [hidden]"


def test_what_is_too_short_for_a_token_is_not_masked() -> None:
    """It would be found in any text."""
    assert errors.without("ann", "a message for ann") == "a message for ann"
    assert errors.without("", "a message") == "a message"


def test_an_error_hides_a_token_with_all_that_led_to_it() -> None:
    """A traceback shows the errors behind it, too."""
    error, second = NotFound(f"404 {TOKEN}", status=404, request_id=TOKEN), KeyError("other")
    second.__context__ = ValueError(f"bad line {TOKEN}")
    error.__cause__ = second
    error.hide(TOKEN)
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error.__dict__)
    assert str(error) == "404 [hidden]"
    assert TOKEN not in shown
    assert TOKEN not in str(pickle.loads(pickle.dumps(error)).__dict__)


def test_an_error_keeps_what_led_to_it_if_that_hides_nothing() -> None:
    """It says what went wrong."""
    error = NotFound("404")
    error.__cause__ = cause = ValueError("bad line")
    error.hide(TOKEN)
    assert error.__cause__ is cause


@pytest.mark.parametrize("kind", KINDS)
def test_no_message_is_longer_than_a_person_reads(kind: type[GitLabSyncError]) -> None:
    """Some of it is a server's text; only errors of input list every fault of a file."""
    error = kind("x" * 300_000, method="GET", url="https://gitlab.example/" + "y" * 300_000)
    most = 200_000 if issubclass(kind, ConfigurationError) else 500
    assert len(error.message) == most
    assert error.message.endswith("…")
    assert len(str(error)) < 2 * most + 100
