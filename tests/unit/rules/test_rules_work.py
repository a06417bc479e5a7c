"""A person's numbers, and their sums."""

from __future__ import annotations

from gitlab_sync.rules.scores.work import TITLES, Work, add


def test_what_no_one_has_counted_is_unknown_and_not_nothing() -> None:
    """Each number by itself."""
    some = Work("ann", mr_created=0)
    assert {some.count(name) for name in TITLES if name != "mr_created"} == {None}
    assert some.count("mr_created") == 0


def test_sums_are_of_what_is_known() -> None:
    """And unknown only where nothing is."""
    assert (add([]), add([None]), add([None, 0]), add([1, None, 2])) == (0, None, 0, 3)
