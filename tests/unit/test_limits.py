"""The gate of a principal, and the patience of one piece of work."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest

from gitlab_sync.errors import RateLimited
from gitlab_sync.http import rate_limit as limits
from gitlab_sync.http.rate_limit import Gate, WaitBudget
from gitlab_sync.http.wire import RateLimit


def said(remaining: int, reset_after: float = 60.0, name: str = "api") -> RateLimit:
    """Return what an answer's headers said."""
    return RateLimit(name, remaining, reset_after)


def one_answer(gate: Gate, limit: RateLimit | None) -> None:
    """Let one request through the gate."""
    gate.enter()
    gate.leave(limit)


# -- the gate ----------------------------------------------------------------------------------


def test_a_new_gate_is_open() -> None:
    """Nothing is known, so nothing holds anybody back."""
    assert Gate().delay() == 0.0


def test_a_closed_gate_says_how_long_and_opens_by_itself(until: Any) -> None:
    """Everybody is told the same moment."""
    gate = Gate()
    gate.close(0.05)
    assert 0.0 < gate.delay() <= 0.05
    until(lambda: gate.delay() == 0.0)


def test_of_two_closings_the_later_moment_counts() -> None:
    """An answer that was overtaken does not open the gate too soon."""
    gate = Gate()
    gate.close(100.0)
    gate.close(1.0)
    assert gate.delay() > 90.0


def test_a_refusal_without_a_time_backs_off_longer_each_time() -> None:
    """Half a second at first; a few refusals later it is more, but never above the bound."""
    gate = Gate()
    waits = []
    for _ in range(12):
        gate._opens_at = 0.0  # it has opened again
        gate.close(None)
        waits.append(gate.delay())
    shortest, longest = limits._OWN_BACKOFF[0] / 2, limits._OWN_BACKOFF[1]
    assert all(shortest - 0.1 <= wait <= longest for wait in waits)
    assert waits[0] <= limits._OWN_BACKOFF[0]
    assert gate._refusals == 12


def test_what_is_refused_together_is_refused_once() -> None:
    """Eight workers that meet the same 429 are one refusal."""
    gate = Gate()
    for _ in range(8):
        gate.close(None)
    assert gate._refusals == 1
    assert gate.delay() <= limits._OWN_BACKOFF[0]


def test_a_server_that_asks_us_back_at_once_again_and_again_is_not_hammered() -> None:
    """From the second refusal in a row the gate backs off, whatever `Retry-After` says."""
    gate = Gate()
    gate.close(0.0)
    assert gate.delay() == 0.0
    gate.close(0.0)
    assert gate.delay() > limits._OWN_BACKOFF[0] / 4


def test_a_request_that_goes_through_makes_the_next_refusal_a_first_one() -> None:
    """What was long ago is forgotten."""
    gate = Gate()
    for _ in range(5):
        gate._opens_at = 0.0
        gate.close(None)
    gate.passed()
    gate._opens_at = 0.0
    gate.close(0.0)
    assert gate.delay() == 0.0


def test_it_closes_before_the_server_has_to_refuse() -> None:
    """The headers alone: once the requests under way use up what remains, no more go."""
    gate = Gate()
    one_answer(gate, said(2))
    assert gate.delay() == 0.0
    gate.enter()
    assert gate.delay() == 0.0
    gate.enter()
    assert 50.0 < gate.delay() <= 60.0
    gate.leave(said(1))
    assert gate.delay() > 50.0
    gate.leave(said(0))
    assert gate.delay() > 50.0


def test_it_opens_when_the_window_is_renewed(until: Any) -> None:
    """The end of the window is enough: no answer has to say so."""
    gate = Gate()
    one_answer(gate, said(0, 0.05))
    assert gate.delay() > 0.0
    until(lambda: gate.delay() == 0.0)


def test_an_answer_that_was_overtaken_does_not_raise_the_number() -> None:
    """Within one window the lowest number is the newest."""
    gate = Gate()
    one_answer(gate, said(0))
    one_answer(gate, said(7))
    assert gate.delay() > 50.0


def test_a_new_window_raises_the_number_again(until: Any) -> None:
    """Once the old window is over, what the answers say counts afresh."""
    gate = Gate()
    one_answer(gate, said(0, 0.02))
    until(lambda: gate.delay() == 0.0)
    one_answer(gate, said(100))
    assert gate.delay() == 0.0


def test_limits_of_different_names_are_kept_apart() -> None:
    """GitLab has several: the one that is used up closes, and another's number changes nothing."""
    gate = Gate()
    one_answer(gate, said(0, name="search"))
    one_answer(gate, said(1000, name="api"))
    assert gate.delay() > 50.0


def test_an_answer_without_headers_changes_nothing() -> None:
    """Older servers send none."""
    gate = Gate()
    one_answer(gate, None)
    assert gate.delay() == 0.0
    one_answer(gate, said(0))
    one_answer(gate, None)
    assert gate.delay() > 50.0


def test_after_a_fork_what_the_parent_has_under_way_does_not_count() -> None:
    """But what is known of the limit does."""
    gate = Gate()
    one_answer(gate, said(1))
    gate.enter()
    assert gate.delay() > 0.0
    gate.after_fork()
    assert gate.delay() == 0.0
    gate.close(50.0)
    gate.after_fork()
    assert gate.delay() > 40.0


def test_the_requests_under_way_are_counted_right_by_many_threads() -> None:
    """Afterwards none is under way."""
    gate = Gate()

    def work() -> None:
        for _ in range(500):
            one_answer(gate, said(5))
            gate.delay()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert gate._under_way == 0


# -- patience ----------------------------------------------------------------------------------


def test_patience_waits_as_long_as_the_gate_says_if_it_may() -> None:
    """An open gate costs nothing."""
    gate = Gate()
    patience = WaitBudget(gate, 60.0)
    assert patience.delay() == patience.delay_or_raise() == 0.0
    gate.close(30.0)
    assert 29.0 < patience.delay() <= 30.0
    assert 29.0 < patience.delay_or_raise() <= 30.0


def test_a_wait_without_hope_fails_at_once_and_says_when_to_come_back() -> None:
    """Holding it back would only waste its time: the delay is 0, so that it runs and fails."""
    gate = Gate()
    gate.close(3600.0)
    patience = WaitBudget(gate, 300.0)
    assert patience.delay() == 0.0
    with pytest.raises(RateLimited, match="Rate Limit") as caught:
        patience.delay_or_raise()
    assert caught.value.status == 429
    assert caught.value.retry_after == pytest.approx(3600.0, abs=5.0)
    assert "429" in str(caught.value)
    assert re.search(r"resets in 3[56]\d\d s; --max-wait is 300 s", str(caught.value))


def test_a_calls_patience_runs_out_from_its_beginning() -> None:
    """What went by before counts, and nothing gives it back."""
    gate = Gate()
    patience = WaitBudget(gate, 60.0, started=time.monotonic() - 50.0)
    gate.close(5.0)
    assert patience.delay() > 0.0
    patience.relax()
    gate.close(20.0)
    assert patience.delay() == 0.0
    with pytest.raises(RateLimited):
        patience.delay_or_raise()
    assert patience.waited() == pytest.approx(50.0, abs=5.0)


def test_a_batchs_patience_is_for_each_closing() -> None:
    """Whatever went through in between shows that waiting is worth it."""
    gate = Gate()
    patience = WaitBudget(gate, 60.0)
    gate.close(40.0)
    assert patience.delay() > 0.0
    patience._since = time.monotonic() - 50.0  # it has waited that long
    assert patience.delay() == 0.0
    patience.relax()
    assert patience.delay() > 0.0
    assert patience.waited() == 0.0
