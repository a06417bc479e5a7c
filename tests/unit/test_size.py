"""How much memory something takes."""

from __future__ import annotations

import sys

from gitlab_sync.pages.state.size import size_of


class Node:
    """Something with a field, and a method that leads on to the whole program."""

    def __init__(self, field: object) -> None:
        self.field = field


def test_everything_within_counts_once() -> None:
    """However deep it is, and however many ways lead to it."""
    text = "x" * 100_000
    size = size_of([{"a": (text,)}, Node(text), {text}])
    assert 100_000 < size < 105_000


def test_what_the_whole_program_shares_does_not_count() -> None:
    """A class and a function lead to their module, and that to all others; so does a traceback."""
    try:
        size_of(*[])
    except TypeError as error:
        found = error
    assert size_of([Node, size_of, sys, Node(1).__init__, found]) < 2_000


def test_what_is_too_large_anyway_is_not_looked_at_to_its_end() -> None:
    """It is more than the most, and that is enough to know."""
    texts = [str(number) * 10 for number in range(10_000)]
    whole = size_of(texts)
    assert size_of(texts, whole) == whole
    assert 200_000 < size_of(texts, 200_000) < whole / 2


def test_a_circle_has_an_end() -> None:
    """It is counted as anything else."""
    node = Node(None)
    node.field = [node]
    assert 0 < size_of(node) < 2_000
