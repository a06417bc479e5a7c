"""A token: how it is sent, what is known of it, and that it is never shown or sent elsewhere."""

from __future__ import annotations

import pickle

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential

SECRET = "plain-0123456789"  # of no shape that could be recognised


def test_a_token_goes_in_its_own_header() -> None:
    """`PRIVATE-TOKEN` takes personal, project and group tokens."""
    assert Credential(SECRET).headers == {"PRIVATE-TOKEN": SECRET}


def test_an_oauth_token_goes_as_bearer() -> None:
    """In `PRIVATE-TOKEN` GitLab refuses it."""
    assert Credential(SECRET, is_oauth=True).headers == {"Authorization": f"Bearer {SECRET}"}


def test_the_token_of_a_job_goes_in_a_header_of_its_own() -> None:
    """In another one GitLab refuses it; and it is a principal of its own."""
    credential = Credential(SECRET, is_job=True)
    assert credential.headers == {"JOB-TOKEN": SECRET}
    assert "JOB-TOKEN" in repr(credential)
    assert SECRET not in repr(credential)
    instance = "https://a.example"
    assert credential.principal(instance) != Credential(SECRET).principal(instance)


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_without_a_token_nothing_is_sent(nothing: str | None) -> None:
    """Public projects can be read by anybody."""
    assert Credential(nothing).headers == {}
    assert Credential(nothing, is_oauth=True).headers == {}


def test_white_space_around_a_token_is_cut_off() -> None:
    """It comes with copying."""
    assert Credential(f" {SECRET}\n").token == SECRET


@pytest.mark.parametrize("bad", ["a b", "a\r\nX-Injected: 1", "“quoted”", "tokén", "a\0b"])
def test_a_token_that_cannot_be_one_is_refused_without_repeating_it(bad: str) -> None:
    """It could not be sent, or would add a header."""
    with pytest.raises(ConfigurationError) as raised:
        Credential(bad)
    assert bad not in f"{raised.value} {raised.value!r} {raised.value.hint}"
    assert "Copy it again" in raised.value.hint


def test_the_repr_hides_the_token_and_says_how_it_goes() -> None:
    """In logs and tracebacks of others, too."""
    for credential in (Credential(SECRET), Credential(SECRET, is_oauth=True)):
        assert SECRET not in repr(credential)
        assert SECRET not in str(credential)
    assert "Bearer" in repr(Credential(SECRET, is_oauth=True))


def test_the_principal_is_the_same_for_the_same_token_at_the_same_instance_only() -> None:
    """It keys gates and sharing; another way of signing in is another principal."""
    one = Credential(SECRET).principal("https://a.example")
    assert one == Credential(SECRET).principal("https://a.example")
    others = {
        Credential(SECRET).principal("https://b.example"),
        Credential(SECRET, is_oauth=True).principal("https://a.example"),
        Credential(SECRET + "x").principal("https://a.example"),
        Credential(None).principal("https://a.example"),
    }
    assert one not in others
    assert len(others) == 4


def test_the_principal_tells_nothing_of_the_token() -> None:
    """It can be used in keys and on status pages."""
    principal = Credential(SECRET).principal("https://a.example")
    assert SECRET not in principal
    assert len(principal) == 32


def test_a_token_never_travels_to_another_process() -> None:
    """A worker elsewhere rebuilds its client from a reference."""
    with pytest.raises(ConfigurationError, match="cannot be sent"):
        pickle.dumps(Credential(SECRET))


def test_a_reference_travels_and_is_read_where_it_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pickle names the variable and holds no token."""
    monkeypatch.setenv("A_TOKEN_FOR_TESTS", SECRET)
    credential = Credential.from_environment("A_TOKEN_FOR_TESTS", is_oauth=True)
    sent = pickle.dumps(credential)
    assert SECRET.encode() not in sent
    monkeypatch.setenv("A_TOKEN_FOR_TESTS", "another-token")
    arrived = pickle.loads(sent)
    assert arrived.headers == {"Authorization": "Bearer another-token"}
    assert "A_TOKEN_FOR_TESTS" in repr(arrived)


@pytest.mark.parametrize("value", [None, ""])
def test_a_reference_to_nothing_says_which_variable_to_set(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Rather than going on without a token."""
    monkeypatch.delenv("A_TOKEN_FOR_TESTS", raising=False)
    if value is not None:
        monkeypatch.setenv("A_TOKEN_FOR_TESTS", value)
    with pytest.raises(ConfigurationError, match="A_TOKEN_FOR_TESTS") as raised:
        Credential.from_environment("A_TOKEN_FOR_TESTS")
    assert "read_api" in raised.value.hint
