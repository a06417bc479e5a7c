"""The alarm clock rings at the earliest moment it was set to."""

from __future__ import annotations

import threading
import time

from gitlab_sync.concurrency.timer import Timer


def test_it_rings_when_the_time_has_come() -> None:
    """In a thread of its own."""
    rung = threading.Event()
    Timer(rung.set, time.monotonic).set(time.monotonic())
    assert rung.wait(30)


def test_an_earlier_moment_takes_the_place_of_a_later_one() -> None:
    """A later one set afterwards changes nothing."""
    rung = threading.Event()
    alarm = Timer(rung.set, time.monotonic)
    alarm.set(time.monotonic() + 3600)
    alarm.set(time.monotonic())
    alarm.set(time.monotonic() + 3600)
    assert rung.wait(30)
    alarm.stop()


def test_a_stopped_alarm_leaves_no_thread() -> None:
    """And it can be set again."""
    before = set(threading.enumerate())
    alarm = Timer(lambda: None, time.monotonic)
    alarm.set(time.monotonic() + 3600)
    (thread,) = set(threading.enumerate()) - before
    alarm.stop()
    alarm.stop()
    thread.join(30)
    assert not thread.is_alive()
