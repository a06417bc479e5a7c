"""Pages of connections: sizes, cursors both ways, and cursors that hold when rows go."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from graphql import GraphQLError

from gitlab_sync.sandbox.graphql.connections import Order, Page, page

ROWS = [{"id": number} for number in range(1, 251)]


def ids(found: Page) -> list[int]:
    """Return the ids of a page."""
    return [record["id"] for record in found.records]


def end(found: Page) -> str:
    """Return the cursor of a page's last row."""
    return found.cursor(found.stop - 1)


@pytest.mark.parametrize(
    ("arguments", "number"),
    [({}, 100), ({"first": 7}, 7), ({"first": 500}, 100), ({"first": 0}, 0), ({"last": 500}, 100)],
)
def test_a_page_has_at_most_a_hundred_rows(arguments: dict[str, Any], number: int) -> None:
    """More are silently not given."""
    assert len(page(ROWS, arguments).records) == number


@pytest.mark.parametrize("size", [1, 99, 100, 125, 250])
def test_following_the_cursor_gives_each_row_once(size: int) -> None:
    """By position, to the end."""
    found = page(ROWS, {"first": size})
    seen = ids(found)
    while found.stop < len(ROWS):
        found = page(ROWS, {"first": size, "after": end(found)})
        seen += ids(found)
    assert seen == [row["id"] for row in ROWS]


def test_pages_can_be_read_backwards() -> None:
    """`last` and `before` go from the end to the beginning."""
    found = page(ROWS, {"last": 60})
    seen = ids(found)
    while found.start > 0:
        found = page(ROWS, {"last": 60, "before": found.cursor(found.start)})
        seen = ids(found) + seen
    assert seen == [row["id"] for row in ROWS]


def test_first_and_last_exclude_each_other() -> None:
    """It is not clear what both would mean."""
    with pytest.raises(GraphQLError, match="not both"):
        page(ROWS, {"first": 1, "last": 1})


def order(descending: bool) -> Order:
    """Return an order by `value`, which some records do not have."""
    return Order(lambda row: row["value"], lambda row: row["id"], descending)


def arranged(descending: bool) -> list[dict[str, Any]]:
    """Return records in that order: equal values by id, those without one at the end."""
    known = [{"id": number, "value": number // 3} for number in range(30)]
    if descending:
        known.reverse()
    return [*known, *({"id": number, "value": None} for number in (44, 43, 41))]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("size", [1, 4, 32, 33])
def test_an_order_is_followed_to_the_end(descending: bool, size: int) -> None:
    """Over equal values and over rows that have none."""
    rows, kept = arranged(descending), order(descending)
    found = page(rows, {"first": size}, kept)
    seen = ids(found)
    while found.stop < len(rows):
        found = page(rows, {"first": size, "after": end(found)}, kept)
        seen += ids(found)
    assert seen == [row["id"] for row in rows]


@pytest.mark.parametrize("descending", [True, False])
def test_a_cursor_holds_when_its_row_is_gone(descending: bool) -> None:
    """The next page begins where the row had been: nothing is skipped, nothing comes twice."""
    rows, kept = arranged(descending), order(descending)
    found = page(rows, {"first": 10}, kept)
    fewer = rows[:4] + rows[10:]
    assert ids(page(fewer, {"first": 3, "after": end(found)}, kept)) == [
        row["id"] for row in rows[10:13]
    ]


@pytest.mark.parametrize("descending", [True, False])
def test_an_order_can_be_read_backwards(descending: bool) -> None:
    """The row of the cursor itself is not on the page before it."""
    rows, kept = arranged(descending), order(descending)
    found = page(rows, {"first": 5}, kept)
    before = page(rows, {"last": 2, "before": end(found)}, kept)
    assert ids(before) == [row["id"] for row in rows[2:4]]


@pytest.mark.parametrize("cursor", ["?", "bm9uZQ==", base64.b64encode(b"{}").decode()])
@pytest.mark.parametrize("kept", [None, order(descending=True)])
def test_what_is_no_cursor_is_refused(cursor: str, kept: Order | None) -> None:
    """With GitLab's words."""
    with pytest.raises(GraphQLError, match="Please provide a valid cursor"):
        page([], {"after": cursor}, kept)
