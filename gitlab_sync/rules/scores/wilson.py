"""Ranks by rates that are fair to small numbers: 1 of 1 is not above 40 of 42.

A rate is compared by the lower end of its 95 % interval, after E. B. Wilson, "Probable inference,
the law of succession, and statistical inference", Journal of the American Statistical Association
22 (1927), 209-212.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

_Z = 1.959963984540054  # the 97.5th percentile of the standard normal distribution


def interval(count: int, of: int) -> tuple[float, float]:
    """Return the interval in which the rate behind `count` of `of` is with 95 %: from 0 to 1.

    Raises ValueError unless `count` is from 0 to `of`, and `of` above 0.
    """
    if not 0 <= count <= of or not of:
        raise ValueError(f"count must be from 0 to of, and of above 0, got {count} of {of}")
    rate, square = count / of, _Z * _Z
    middle = rate + square / (2 * of)
    spread = _Z * math.sqrt(rate * (1 - rate) / of + square / (4 * of * of))
    scale = 1 + square / of
    # At either end of the rates it ends there, exactly.
    low = (middle - spread) / scale if count else 0.0
    high = (middle + spread) / scale if count < of else 1.0
    return low, high


def ranks(rates: Sequence[tuple[int, int]]) -> list[int]:
    """Return the rank of each rate, the highest first; rates that cannot be told apart share one.

    A rank is 1 and the number of those with an interval that is wholly above. A rate of 0 items has
    no rank of its own: it is behind none and before none, so 1.
    """
    intervals = [interval(count, of) if of else (0.0, 1.0) for count, of in rates]
    lows = sorted(low for low, _ in intervals)
    return [1 + len(lows) - bisect_right(lows, high) for _, high in intervals]
