"""Kept answers are bounded, and the latest used stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.http.cache import ETagCache
from gitlab_sync.http.wire import Answer

MOST = 20_000


def answer(size: int) -> Answer:
    """Return an answer with a body of so many bytes."""
    return Answer(200, {}, b"x" * size)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30_000)), max_size=60))
def test_they_never_take_more_than_their_bound(kept: list[tuple[int, int]]) -> None:
    """Whatever comes, in whatever order; what is given out is what was kept last."""
    store, latest = ETagCache(MOST), {}
    for key, size in kept:
        store.keep((key,), answer(size))
        latest[key] = size
        found = {key: each for key in range(10) if (each := store.get((key,))) is not None}
        assert sum(len(each.body) for each in found.values()) <= MOST
        assert all(len(each.body) == latest[key] for key, each in found.items())


def test_what_was_not_used_for_longest_goes_first() -> None:
    """Using is what counts, not coming."""
    store = ETagCache(MOST)
    for key in range(3):
        store.keep((key,), answer(4_000))
    assert store.get((0,)) is not None
    store.keep((3,), answer(4_000))
    assert [key for key in range(4) if store.get((key,))] == [0, 2, 3]


def test_what_is_too_large_pushes_nothing_out() -> None:
    """And takes the place of an older answer, which is not true any more."""
    store = ETagCache()
    store.keep((1,), answer(10))
    store.keep((2,), answer(10))
    store.keep((2,), answer(1_000_000))
    assert store.get((1,)) is not None
    assert store.get((2,)) is None
