"""The timer rings at the earliest moment it was set to."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager

import pytest

from gitlab_sync.concurrency.timer import Timer


def test_it_rings_when_the_time_has_come() -> None:
    """In a thread of its own."""
    rung = threading.Event()
    Timer(rung.set, time.monotonic).set(time.monotonic())
    assert rung.wait(30)


def test_an_earlier_moment_takes_the_place_of_a_later_one() -> None:
    """A later one set afterwards changes nothing."""
    rung = threading.Event()
    timer = Timer(rung.set, time.monotonic)
    timer.set(time.monotonic() + 3600)
    timer.set(time.monotonic())
    timer.set(time.monotonic() + 3600)
    assert rung.wait(30)
    timer.stop()


def test_a_stopped_timer_leaves_no_thread() -> None:
    """And it can be set again."""
    before = set(threading.enumerate())
    timer = Timer(lambda: None, time.monotonic)
    timer.set(time.monotonic() + 3600)
    (thread,) = set(threading.enumerate()) - before
    timer.stop()
    timer.stop()
    thread.join(30)
    assert not thread.is_alive()


def test_a_timer_whose_thread_could_not_start_can_be_set_again(
    no_more_threads: AbstractContextManager[None],
) -> None:
    """The error reaches the caller, and nothing is left half done."""
    rung = threading.Event()
    timer = Timer(rung.set, time.monotonic)
    with no_more_threads, pytest.raises(RuntimeError):
        timer.set(time.monotonic())
    timer.set(time.monotonic())
    assert rung.wait(30)
