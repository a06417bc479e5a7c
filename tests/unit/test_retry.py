"""When a failed exchange is tried again, how often, and after how long."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    ConnectionFailed,
    GitLabSyncError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    ServerError,
    TimedOut,
)
from gitlab_sync.http import retry
from gitlab_sync.http.retry import (
    TRANSIENT_STATUS,
    RetryBudget,
    RetryPolicy,
    RetryState,
    is_transient,
)

QUICK = RetryPolicy(base=0.01, cap=0.05)


def attempts(
    policy: RetryPolicy = QUICK,
    budget: RetryBudget | None = None,
    *,
    limit: float | None = None,
    longest: float = 300.0,
    repeatable: bool = True,
) -> RetryState:
    """Return the state of a call that has not begun."""
    return RetryState(
        policy, budget or RetryBudget(), limit=limit, longest=longest, repeatable=repeatable
    )


def tries(error: GitLabSyncError, state: RetryState) -> int:
    """Fail with the same error until it is final; return how many exchanges were made."""
    for _ in range(50):
        state.begin()
        try:
            state.after(error)
        except type(error):
            return state.made
    raise AssertionError("it is tried for ever")


# -- what is worth it --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 525, 530])
def test_passing_trouble_of_servers_and_proxies_is_transient(status: int) -> None:
    """The statuses that GitLab and the proxies before it use for it."""
    assert status in TRANSIENT_STATUS
    assert is_transient(ServerError("x", status=status))


@pytest.mark.parametrize(
    "error",
    [
        ServerError("x", status=501),
        ServerError("x", status=505),
        ServerError("x", status=531),
        AuthenticationError("x", status=401),
        PermissionDenied("x", status=403),
        NotFound("x", status=404),
        RequestRefused("x", status=422),
        RateLimited("x", status=429),
        LookupError("a fault of ours"),
    ],
)
def test_what_will_be_the_same_in_a_moment_is_final(error: Exception) -> None:
    """A rate limit is the gate's affair."""
    assert not is_transient(error)


@pytest.mark.parametrize("kind", [ConnectionFailed, TimedOut, BadResponse])
def test_broken_lines_and_answers_are_transient_unless_they_are_known_to_last(
    kind: type[GitLabSyncError],
) -> None:
    """A wrong certificate or a foreign redirect stays what it is."""
    error = kind("x")
    assert is_transient(error)
    error.lasting = True
    assert not is_transient(error)


# -- how often ---------------------------------------------------------------------------------


def test_a_transient_error_is_tried_five_times() -> None:
    """And the error says how often it was tried."""
    error = ServerError("x", status=502)
    assert tries(error, attempts()) == 5
    assert error.attempts == 5


@pytest.mark.parametrize("number", [1, 2, 7])
def test_the_policy_says_how_often(number: int) -> None:
    """One attempt means none again."""
    policy = RetryPolicy(attempts=number, base=0.01)
    assert tries(ServerError("x", status=502), attempts(policy)) == number


def test_a_final_error_is_tried_once() -> None:
    """It is raised as it came."""
    assert tries(NotFound("x", status=404), attempts()) == 1


def test_an_answer_that_is_no_json_is_asked_for_once_more() -> None:
    """A sign-in page stays one."""
    assert tries(BadResponse("x", status=200), attempts()) == 2


def test_a_write_is_sent_again_only_if_it_never_left() -> None:
    """What became of it is unknown otherwise."""
    assert tries(ServerError("x", status=502), attempts(repeatable=False)) == 1
    assert tries(TimedOut("x"), attempts(repeatable=False)) == 1
    unsent = ConnectionFailed("x")
    unsent.nothing_sent = True
    assert tries(unsent, attempts(repeatable=False)) == 5


# -- how long ----------------------------------------------------------------------------------


def test_the_wait_is_a_full_jitter_below_a_bound_that_doubles() -> None:
    """From 0 to base * 2**n, and never above the cap."""
    policy = RetryPolicy(attempts=9, base=0.5, cap=6.0)
    seen: dict[int, list[float]] = {}
    for _ in range(100):
        state = attempts(policy, RetryBudget())
        for number in range(8):
            seen.setdefault(number, []).append(state.after(ServerError("x", status=502)))
    for number, waits in seen.items():
        bound = min(6.0, 0.5 * 2**number)
        assert all(0.0 <= wait <= bound for wait in waits)
        assert max(waits) > bound / 2
        assert min(waits) < bound / 2


def test_the_servers_own_word_goes_before_the_jitter() -> None:
    """503 with `Retry-After`."""
    error = ServerError("x", status=503, retry_after=7.25)
    assert attempts().after(error) == 7.25


def test_a_server_cannot_make_a_batch_wait_longer_than_it_may() -> None:
    """An hour is an error at once, deadline or none."""
    state = attempts(longest=300.0)
    assert state.after(ServerError("x", status=503, retry_after=300.0)) == 300.0
    with pytest.raises(ServerError):
        state.after(ServerError("x", status=503, retry_after=3600.0))


def test_no_attempt_is_begun_that_would_come_after_the_deadline() -> None:
    """The error is raised at once: waiting for nothing does not help."""
    error = ServerError("x", status=503, retry_after=60.0)
    state = attempts(limit=30.0)
    assert state.deadline == pytest.approx(time.monotonic() + 30.0, abs=5.0)
    state.begin()
    with pytest.raises(ServerError):
        state.after(error)
    assert attempts().deadline is None


def test_a_wait_that_has_a_limit_of_its_own_does_not_count() -> None:
    """The deadline moves by it; without a deadline there is nothing to move."""
    state = attempts(limit=30.0)
    before = state.deadline
    assert before is not None
    state.excuse(20.0)
    assert state.deadline == before + 20.0
    endless = attempts()
    endless.excuse(20.0)
    assert endless.deadline is None


def test_a_policy_is_a_value_that_threads_share() -> None:
    """Calls of many threads do not count each other's attempts."""
    begin = threading.Barrier(8)

    def one_call() -> int:
        state = attempts()
        begin.wait(20)
        return tries(ServerError("x", status=502), state)

    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(one_call) for _ in range(8)]
        assert [result.result(20) for result in results] == [5] * 8
    assert RetryPolicy() == RetryPolicy()


def test_a_call_may_be_tried_by_one_thread_and_again_by_another() -> None:
    """A task that was put off continues in any worker."""
    state = attempts()
    for _ in range(4):
        state.begin()
        with ThreadPoolExecutor(1) as another:
            another.submit(state.after, ServerError("x", status=502)).result(20)
    state.begin()
    with pytest.raises(ServerError):
        state.after(ServerError("x", status=502))


# -- the budget --------------------------------------------------------------------------------


def test_a_dead_server_gets_ten_retries_and_a_fifth_of_the_requests() -> None:
    """However many calls there are."""
    budget = RetryBudget()
    for _ in range(100):
        budget.count()
    assert sum(budget.take() for _ in range(100)) == 30
    assert budget.retries == 30
    for _ in range(5):
        budget.count()
    assert budget.take()
    assert not budget.take()


def test_when_the_budget_is_spent_the_error_is_final() -> None:
    """It is the error that the server gave, not one about budgets."""
    budget = RetryBudget()
    while budget.take():
        pass
    assert tries(ServerError("x", status=502), attempts(budget=budget)) == 1


def test_what_was_more_than_a_minute_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget is for a minute, and memory holds no more than that."""
    now = 1000.0
    monkeypatch.setattr(retry.time, "monotonic", lambda: now)
    budget = RetryBudget()
    while budget.take():
        pass
    for second in range(200):
        now = 1000.0 + second
        budget.count()
    assert len(budget._seconds) <= 60
    assert sum(budget.take() for _ in range(100)) == 10 + 60 // 5
