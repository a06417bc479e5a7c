"""Tokens: which header takes which, and what a refused one is told."""

from __future__ import annotations

import orjson
import pytest

from gitlab_sync.sandbox.answer import Refusal
from gitlab_sync.sandbox.tokens import Credential, Token, Tokens, credential_of, make_value

PERSONAL = Token("alice", "glpat-alice", 1)
OAUTH = Token("alice:oauth", "0auth", 1, kind="oauth")
JOB = Token("alice:job", "glcbt-alice", 1, kind="job", project=7)
EXPIRED = Token("old", "glpat-old", 1, expired=True)


@pytest.fixture
def tokens() -> Tokens:
    """One token of each kind."""
    return Tokens([PERSONAL, OAUTH, JOB, EXPIRED])


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("PRIVATE-TOKEN", PERSONAL),
        ("Authorization", PERSONAL),
        ("Authorization", OAUTH),
        ("JOB-TOKEN", JOB),
    ],
)
def test_a_token_is_taken_where_gitlab_takes_it(tokens: Tokens, header: str, token: Token) -> None:
    """Bearer takes personal and OAuth tokens; that of a job has a header of its own."""
    assert tokens.check(Credential(header, token.value)) == token


def test_nobody_is_nobody(tokens: Tokens) -> None:
    """No credential is no error: what is public can be read."""
    assert tokens.check(Credential()) is None


@pytest.mark.parametrize(
    ("credential", "body"),
    [
        (Credential("PRIVATE-TOKEN", "0auth"), {"message": "401 Unauthorized"}),
        (Credential("PRIVATE-TOKEN", "unknown"), {"message": "401 Unauthorized"}),
        (Credential("PRIVATE-TOKEN", "glcbt-alice"), {"message": "401 Unauthorized"}),
        (Credential("JOB-TOKEN", "glpat-alice"), {"message": "401 Unauthorized"}),
        (
            Credential("PRIVATE-TOKEN", "glpat-old"),
            {
                "error": "invalid_token",
                "error_description": (
                    "Token is expired. You can either do re-authorization or token refresh."
                ),
            },
        ),
    ],
)
def test_a_refused_token_is_told_why(
    tokens: Tokens, credential: Credential, body: dict[str, str]
) -> None:
    """With 401: an OAuth token in the wrong header, an unknown one, an expired one."""
    with pytest.raises(Refusal) as refusal:
        tokens.check(credential)
    assert refusal.value.answer.status == 401
    assert orjson.loads(refusal.value.answer.body) == body


def test_a_revoked_token_is_refused_and_may_come_back(tokens: Tokens) -> None:
    """From the next request on."""
    tokens.revoke("alice")
    with pytest.raises(Refusal) as refusal:
        tokens.check(Credential("Authorization", PERSONAL.value))
    assert b"revoked" in refusal.value.answer.body
    tokens.add(PERSONAL)
    assert tokens.check(Credential("Authorization", PERSONAL.value)) == PERSONAL


def test_a_token_of_the_same_name_replaces_the_other(tokens: Tokens) -> None:
    """The old value is unknown then."""
    tokens.add(Token("alice", "glpat-new", 1))
    assert tokens.find(Credential("PRIVATE-TOKEN", PERSONAL.value)) is None
    assert tokens.named("alice").value == "glpat-new"


def test_headers_are_read_as_http_allows() -> None:
    """The scheme's case does not matter."""
    assert credential_of({b"Authorization": b"bearer x"}) == Credential("Authorization", "x")
    assert credential_of({b"Private-Token": b"y"}) == Credential("PRIVATE-TOKEN", "y")
    assert credential_of({}) == Credential()


def test_values_follow_from_names_and_look_like_gitlabs() -> None:
    """So that a second run has the same tokens."""
    assert make_value("alice", "personal") == make_value("alice", "personal")
    assert make_value("alice", "personal").startswith("glpat-")
    assert len(make_value("alice", "oauth")) == 64


@pytest.mark.parametrize(
    ("method", "template", "reached"),
    [
        ("GET", "/projects/:id/merge_requests/:iid", True),
        ("GET", "/projects/:id/merge_requests/:iid/notes", True),
        ("POST", "/projects/:id/merge_requests/:iid/notes", False),
        ("GET", "/projects/:id/merge_requests/:iid/commits", False),
        ("GET", "/projects/:id", False),
    ],
)
def test_a_job_token_reaches_only_what_gitlab_lists(
    method: str, template: str, reached: bool
) -> None:
    """Elsewhere its owner is no one."""
    assert JOB.reaches(method, template) == reached
    assert PERSONAL.reaches(method, template)
