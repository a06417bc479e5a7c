"""The page of costs has the formula of the estimate, and measurements that it is near to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from documents import text_of

from gitlab_sync.services.doctor import cost
from gitlab_sync.services.doctor.cost import GRAPHQL, REST, Prices, estimated

TEXT = text_of("performance")
LATENCY = 0.05  # of the measurements that have the server's time for a merge request
BUSY = 39  # people of the scenarios
FAR = 2.5


class Measured(NamedTuple):
    """One measured run, and what it was about."""

    prices: Prices
    people: int
    ended: int
    workers: int
    requests: int
    seconds: float


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the benchmark."""
    block = TEXT.partition(f"<!-- benchmark: {name} -->")[2].partition("<!-- end -->")[0]
    lines = [line for line in block.splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


def measured() -> Iterator[Measured]:
    """Yield the first runs with a store, and those that grow with people, items and workers."""
    sources = {"gitlab_sync, source auto": GRAPHQL, "gitlab_sync, source rest": REST}
    for row in table("cold_and_warm"):
        if row["state"] == "nothing is known" and row["client"] in sources:
            yield Measured(
                sources[row["client"]], BUSY, 2015, 32, number(row["requests"]),
                float(row["wall, s"]),
            )  # fmt: skip
    for row in table("growth"):
        if row["grows"] in {"people", "workers"}:
            to = number(row["to"])
            people, workers = (to, 32) if row["grows"] == "people" else (BUSY, to)
            yield Measured(
                sources[row["client"]], people, number(row["ended"]), workers,
                number(row["requests"]), float(row["wall, s"]),
            )  # fmt: skip


def number(text: str) -> int:
    """Return a whole number as tables write it."""
    return int(text.replace(",", ""))


@pytest.mark.parametrize("run", [*measured()])
def test_the_estimate_is_near_to_what_was_measured(run: Measured) -> None:
    """Of requests and of seconds."""
    items = max(1, round(run.ended / run.people))
    found = estimated(run.people, items, run.prices, LATENCY, run.workers)
    assert 1 / FAR <= found.requests / run.requests <= FAR
    assert 1 / FAR <= found.seconds / run.seconds <= FAR


def test_the_prices_are_those_of_the_code() -> None:
    """In the table, and in the sentence about each person."""
    for source, prices in (("GraphQL", GRAPHQL), ("REST", REST)):
        numbers = (prices.lists, prices.requests, prices.server * 1000, prices.cpu * 1000)
        row = f"| {source} | {' | '.join(f'{number:g}' for number in numbers)} |"
        assert row in TEXT
    prose = " ".join(TEXT.split())
    assert f"about N people, each with {cost.ITEMS} ended merge requests" in prose
    assert "at most two and a half times as much, or as little" in prose
