"""How many sign-ins of one address may fail."""

from __future__ import annotations

from contextlib import suppress

import pytest

from gitlab_sync.errors import AuthenticationError, GitLabSyncError
from gitlab_sync.pages.state.attempts import Attempts


class Clock:
    """Seconds that only the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Make a clock that only the test moves."""
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    """Allow three failures within ten minutes."""
    return Attempts(most=3, span=600.0, clock=clock)


def fail(attempts: Attempts, address: str | None, number: int = 1) -> None:
    """Try to sign in from that address with tokens that GitLab refuses."""
    for _ in range(number):
        with suppress(AuthenticationError), attempts.attempt(address):
            raise AuthenticationError("401 Unauthorized", status=401)


def is_open(attempts: Attempts, address: str | None) -> bool:
    """Return whether an address may try, and succeed if it may."""
    try:
        with attempts.attempt(address):
            return True
    except GitLabSyncError:
        return False


def test_after_so_many_failures_an_address_waits_and_is_told_how_long(
    attempts: Attempts, clock: Clock
) -> None:
    """Until the first of them is long enough ago; then there is room for one more."""
    fail(attempts, "198.51.100.7")
    clock.now += 120.0
    fail(attempts, "198.51.100.7", 2)
    with pytest.raises(GitLabSyncError, match="Too many sign-ins") as raised:
        fail(attempts, "198.51.100.7")
    assert raised.value.hint == "Try again in 9 minutes."
    assert is_open(attempts, "198.51.100.8")
    clock.now += 480.0
    fail(attempts, "198.51.100.7")
    assert not is_open(attempts, "198.51.100.7")


def test_what_succeeds_is_not_counted(attempts: Attempts) -> None:
    """A class of people behind one address can sign in one after the other."""
    fail(attempts, None, 2)
    assert all(is_open(attempts, None) for _ in range(100))
    fail(attempts, None)
    assert not is_open(attempts, None)


def test_many_attempts_at_once_have_the_same_bound(attempts: Attempts) -> None:
    """What is under way counts, until it has succeeded."""
    under_way = [attempts.attempt("198.51.100.7") for _ in range(3)]
    for attempt in under_way:
        attempt.__enter__()
    assert not is_open(attempts, "198.51.100.7")
    for attempt in under_way:
        attempt.__exit__(None, None, None)
    assert is_open(attempts, "198.51.100.7")


@pytest.mark.parametrize(
    ("addresses", "is_same"),
    [
        (("2001:db8::1", "2001:db8::ffff:2"), True),
        (("2001:db8::1", "2001:db8:0:1::1"), False),
        (("::ffff:198.51.100.7", "198.51.100.7"), True),
        (("::ffff:198.51.100.7", "::ffff:198.51.100.8"), False),
        ((None, "unix:"), True),
    ],
)
def test_an_address_is_that_of_one_visitor(
    attempts: Attempts, addresses: tuple[str | None, str], *, is_same: bool
) -> None:
    """With IPv6 a visitor has a whole network; IPv4 can be written as IPv6."""
    first, second = addresses
    fail(attempts, first, 3)
    assert is_open(attempts, second) is not is_same
