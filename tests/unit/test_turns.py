"""Some compute at once, and the others wait in the order in which they came."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import Cancelled
from gitlab_sync.snapshots.turns import Turns

PATIENCE = 20.0


def waiting(turns: Turns, number: int) -> None:
    """Wait until so many wait for a turn."""
    pause = threading.Event()
    while len(turns._waiting) < number:
        assert not pause.wait(0.005)


def started(work: Callable[[], None]) -> threading.Thread:
    """Start something in a thread."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_turns_come_in_the_order_of_those_who_wait() -> None:
    """However many there are; one who gives way comes after all of them."""
    turns, order, threads = Turns(1), list[str](), list[threading.Thread]()

    def take(name: str) -> None:
        with turns.turn():
            order.append(name)

    with turns.turn():
        for number in range(5):
            threads.append(started(lambda number=number: take(str(number))))
            waiting(turns, number + 1)
        turns.give_way()
        order.append("first")
    for thread in threads:
        thread.join(PATIENCE)
    assert order == ["0", "1", "2", "3", "4", "first"]


def test_no_more_than_so_many_have_a_turn_at_once() -> None:
    """And each of them gets one."""
    turns, most, at_once = Turns(2), [0], [0]
    lock, pause = threading.Lock(), threading.Event()

    def take() -> None:
        for _ in range(3):
            with turns.turn():
                with lock:
                    at_once[0] += 1
                    most[0] = max(most[0], at_once[0])
                pause.wait(0.002)
                with lock:
                    at_once[0] -= 1
                turns.give_way()

    threads = [started(take) for _ in range(6)]
    for thread in threads:
        thread.join(PATIENCE)
    assert 0 < most[0] <= 2
    assert turns._free == 2
    assert not turns._waiting


def test_who_is_cancelled_while_waiting_leaves_the_line() -> None:
    """The others keep their places."""
    turns, cancel, ended = Turns(1), CancelToken(), list[str]()

    def give_up() -> None:
        with pytest.raises(Cancelled), turns.turn(cancel):
            ended.append("never")
        ended.append("cancelled")

    def take() -> None:
        with turns.turn():
            ended.append("taken")

    with turns.turn():
        one = started(give_up)
        waiting(turns, 1)
        two = started(take)
        waiting(turns, 2)
        cancel.cancel("no longer wanted")
        one.join(PATIENCE)
        assert ended == ["cancelled"]
    two.join(PATIENCE)
    assert ended == ["cancelled", "taken"]
    assert turns._free == 1
