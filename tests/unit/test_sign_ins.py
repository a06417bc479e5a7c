"""Sign-ins: found again, forgotten in time, and silent about their token."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from gitlab_sync.errors import AuthenticationError, BadResponse
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.state.sign_ins import SignIn, SignInRegistry
from gitlab_sync.sandbox import Sandbox, generate_world

TOKEN = "glpat-abcdefgh12345678"


class Clock:
    """Seconds that only the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_sign_in(token: str = TOKEN, *, is_demo: bool = False) -> SignIn:
    """Return a sign-in that was not checked with GitLab."""
    user = {"id": 1, "username": "alice", "name": "Alice"}
    return SignIn("https://gitlab.example", Credential(token), user, is_demo)


@pytest.fixture
def clock() -> Clock:
    """Make a clock that only the test moves."""
    return Clock()


@pytest.fixture
def sign_ins(clock: Clock) -> Iterator[SignInRegistry]:
    """Make a memory that goes by that clock."""
    sign_ins = SignInRegistry(idle=3600.0, clock=clock)
    yield sign_ins
    sign_ins.close()


def test_a_browser_finds_its_own_sign_in_and_no_other(sign_ins: SignInRegistry) -> None:
    """By its key only."""
    alice, bob = a_sign_in(), a_sign_in("glpat-bobbobbob1234")
    sign_ins.put("key a", alice)
    sign_ins.put("key b", bob)
    assert sign_ins.find("key a") is alice
    assert sign_ins.find("key b") is bob
    assert sign_ins.find("key c") is None


def test_an_hour_without_use_forgets_and_use_renews(sign_ins: SignInRegistry, clock: Clock) -> None:
    """Looking it up is a use."""
    sign_ins.put("used", a_sign_in())
    sign_ins.put("unused", a_sign_in())
    clock.now += 3000.0
    assert sign_ins.find("used") is not None
    clock.now += 600.0
    assert sign_ins.find("unused") is None
    assert sign_ins.find("used") is not None
    sign_ins.sweep()
    assert len(sign_ins) == 1


def test_signing_out_forgets_at_once_and_says_who_it_was(sign_ins: SignInRegistry) -> None:
    """Doing it twice does no harm."""
    sign_in = a_sign_in()
    sign_ins.put("key", sign_in)
    assert sign_ins.forget("key") is sign_in
    assert sign_ins.forget("key") is None
    assert sign_ins.find("key") is None


def test_beyond_the_bound_the_one_that_was_not_used_for_longest_goes_first(clock: Clock) -> None:
    """Looking it up is a use."""
    sign_ins = SignInRegistry(most=3, clock=clock)
    for name in ("a", "b", "c"):
        sign_ins.put(name, a_sign_in(f"glpat-{name * 12}"))
    assert sign_ins.find("a") is not None
    sign_ins.put("d", a_sign_in("glpat-dddddddddddd"))
    assert [name for name in "abcd" if sign_ins.find(name)] == ["a", "c", "d"]
    sign_ins.close()


@pytest.mark.parametrize("is_demo", [False, True])
def test_many_sign_ins_of_one_account_sign_no_one_else_out(*, is_demo: bool) -> None:
    """Neither one token in many browsers nor many visitors of the demo."""
    sign_ins = SignInRegistry(most=5)
    sign_ins.put("bob", a_sign_in("glpat-bobbobbob1234"))
    for number in range(20):
        sign_ins.put(f"{number}", a_sign_in(is_demo=is_demo))
    assert sign_ins.find("bob") is not None
    assert [number for number in range(20) if sign_ins.find(f"{number}")] == [16, 17, 18, 19]
    sign_ins.close()


def test_a_token_leaves_memory_by_itself() -> None:
    """With a real clock: a timer forgets it, no other call is made."""
    sign_ins = SignInRegistry(idle=0.05)
    sign_ins.put("key", a_sign_in())
    thread = sign_ins._timer._timer
    assert thread is not None
    thread.join(30)
    assert len(sign_ins) == 0
    sign_ins.close()


def test_no_token_is_in_a_sign_in_s_repr() -> None:
    """So that it can be logged."""
    assert TOKEN not in repr(a_sign_in())


def test_one_token_is_one_principal_but_visitors_of_the_demo_are_not() -> None:
    """Two browsers of one person share results; two visitors of the demo do not."""
    assert a_sign_in().principal == a_sign_in().principal
    assert a_sign_in().principal != a_sign_in("glpat-another123456").principal
    assert a_sign_in(is_demo=True).principal != a_sign_in(is_demo=True).principal


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


def checked(user: object) -> SignIn:
    """Return the sign-in at a server that answers so to `/user`."""
    with Sandbox(
        generate_world(seed=1, users=1, merge_requests=0, issues=0, projects=1)
    ) as sandbox:
        sandbox.faults.add("status", path="*/user", status=200, body=json.dumps(user))
        return SignIn.check(sandbox.url, Credential(sandbox.token()))


@pytest.mark.parametrize(
    "user", [[], "ann", None, {}, {"username": ["ann"]}, {"username": ""}, {"username": "a" * 256}]
)
def test_an_answer_that_names_no_one_signs_no_one_in(user: object) -> None:
    """Whatever a server sends as `/user`."""
    with pytest.raises(BadResponse):
        checked(user)


def test_of_the_answer_only_the_names_are_kept() -> None:
    """A server cannot fill the memory by its users' records."""
    sign_in = checked({"username": "ann", "name": "x" * 100_000, "bio": "y" * 100_000})
    assert sign_in.user == {"username": "ann", "name": "x" * 255}
