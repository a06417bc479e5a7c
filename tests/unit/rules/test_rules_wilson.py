"""Ranks by rates, after Wilson."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.rules.scores.wilson import interval, ranks

rates = st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_the_tables(count: int, of: int, low: float, high: float) -> None:
    """To four places."""
    assert interval(count, of) == pytest.approx((low, high), abs=5e-5)


def test_one_of_one_is_not_above_forty_of_forty_two() -> None:
    """Neither is it below: one item tells little."""
    assert interval(1, 1)[0] < interval(40, 42)[0]
    assert ranks([(1, 1), (40, 42), (0, 42)]) == [1, 1, 3]


@given(rates)
def test_an_interval_holds_its_rate(rate: tuple[int, int]) -> None:
    """And is within 0 and 1."""
    low, high = interval(*rate)
    count, of = rate
    assert 0 <= low <= count / of + 1e-12
    assert count / of - 1e-12 <= high <= 1


@given(rates)
def test_the_intervals_of_passes_and_of_faults_are_mirrored(rate: tuple[int, int]) -> None:
    """So that the best and the worst are told apart by the same measure."""
    count, of = rate
    low, high = interval(count, of)
    assert interval(of - count, of) == pytest.approx((1 - high, 1 - low))


@given(st.lists(rates, min_size=1, max_size=8))
def test_a_rank_counts_those_that_are_certainly_above(found: list[tuple[int, int]]) -> None:
    """Someone is always first, and equal rates share a rank."""
    placed = ranks(found)
    assert min(placed) == 1
    for one, rank in zip(found, placed, strict=True):
        assert {placed[place] for place, each in enumerate(found) if each == one} == {rank}


@pytest.mark.parametrize(("count", "of"), [(1, 0), (-1, 2), (3, 2), (0, 0)])
def test_what_is_no_rate_is_refused(count: int, of: int) -> None:
    """With what it was."""
    with pytest.raises(ValueError, match=f"got {count} of {of}"):
        interval(count, of)
