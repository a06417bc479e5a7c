"""Sign-ins: found again, forgotten in time, and silent about their token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gitlab_sync.errors import AuthenticationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.state.sign_ins import Sessions, SignIn
from gitlab_sync.sandbox import Sandbox, generate_world

TOKEN = "glpat-abcdefgh12345678"


class Clock:
    """Seconds that only the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def somebody(token: str = TOKEN, *, is_demo: bool = False) -> SignIn:
    """Return a sign-in that nobody asked GitLab for."""
    user = {"id": 1, "username": "alice", "name": "Alice"}
    return SignIn("https://gitlab.example", Credential(token), user, is_demo)


@pytest.fixture
def clock() -> Clock:
    """Make a clock that stands."""
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Iterator[Sessions]:
    """Make a memory that goes by that clock."""
    sessions = Sessions(idle=3600.0, clock=clock)
    yield sessions
    sessions.close()


def test_a_browser_finds_its_own_sign_in_and_no_other(sessions: Sessions) -> None:
    """By its key only."""
    alice, bob = somebody(), somebody("glpat-bobbobbob1234")
    sessions.put("key a", alice)
    sessions.put("key b", bob)
    assert sessions.find("key a") is alice
    assert sessions.find("key b") is bob
    assert sessions.find("key c") is None


def test_an_hour_without_use_forgets_and_use_renews(sessions: Sessions, clock: Clock) -> None:
    """Looking it up is a use."""
    sessions.put("used", somebody())
    sessions.put("unused", somebody())
    clock.now += 3000.0
    assert sessions.find("used") is not None
    clock.now += 600.0
    assert sessions.find("unused") is None
    assert sessions.find("used") is not None
    sessions.sweep()
    assert len(sessions) == 1


def test_signing_out_forgets_at_once_and_says_who_it_was(sessions: Sessions) -> None:
    """Doing it twice does no harm."""
    sign_in = somebody()
    sessions.put("key", sign_in)
    assert sessions.forget("key") is sign_in
    assert sessions.forget("key") is None
    assert sessions.find("key") is None


def test_a_token_leaves_memory_without_anybody_coming_by() -> None:
    """With a real clock: an alarm forgets it, no other call is made."""
    sessions = Sessions(idle=0.05)
    sessions.put("key", somebody())
    alarm = sessions._timer._timer
    assert alarm is not None
    alarm.join(30)
    assert len(sessions) == 0
    sessions.close()


def test_no_token_stands_in_a_sign_in_s_repr() -> None:
    """Whoever logs one gives nothing away."""
    assert TOKEN not in repr(somebody())


def test_one_token_is_one_principal_but_visitors_of_the_demo_are_not() -> None:
    """Two browsers of one person share results; two visitors of the demo do not."""
    assert somebody().principal == somebody().principal
    assert somebody().principal != somebody("glpat-another123456").principal
    assert somebody(is_demo=True).principal != somebody(is_demo=True).principal


def test_gitlab_is_asked_once_who_that_is() -> None:
    """And a token that it does not take raises what the form can explain."""
    world = generate_world(seed=1, users=3, merge_requests=1, issues=1, projects=2)
    with Sandbox(world) as sandbox:
        name = world.truth.usernames[0]
        sign_in = SignIn.check(sandbox.url, Credential(sandbox.token(name)))
        assert sign_in.username == name
        assert sandbox.traffic.count("/user") == sandbox.traffic.total == 1
        with pytest.raises(AuthenticationError):
            SignIn.check(sandbox.url, Credential("glpat-nobodysnobodys"))
