"""Paging for any number of rows, any page size and any cap, against what a list must hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from how_many import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitlab_sync import GitLabClient
from gitlab_sync.sandbox import Sandbox, generate_world, paging
from gitlab_sync.session.runtime import Bridge

SIZES = st.one_of(st.integers(0, 40), st.sampled_from([99, 100, 101, 199, 200, 201, 305]))
LIST = "users?search=row"
MARKS = count()
unhurried = settings(
    deadline=None,
    max_examples=examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def crowd() -> Iterator[tuple[Sandbox, GitLabClient]]:
    """Make a sandbox with users as its rows, and a client of it."""
    world = generate_world(seed=1, users=1, merge_requests=0, issues=0, projects=1)
    with Sandbox(world) as sandbox, Bridge(4) as bridge:
        yield sandbox, GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)


def fill(sandbox: Sandbox, number: int) -> list[int]:
    """Let the sandbox have so many users; return their ids in the order of the list."""
    numbers = range(1000, 1000 + number)
    users = sandbox.world.tables.users
    users[:] = [user for user in users if user["id"] < 1000]
    users += [{"id": n, "username": f"row{n}", "name": "", "state": "active"} for n in numbers]
    sandbox.world.changed()
    sandbox.traffic.reset()
    return list(reversed(numbers))


@pytest.mark.slow
@unhurried
@given(
    number=SIZES,
    per_page=st.integers(1, 130),
    cap=st.none() | st.integers(1, 12),
    counted=st.sampled_from([10_000, 0, 50]),
)
def test_a_list_holds_the_first_pages_in_order_and_says_whether_that_is_all(
    crowd: tuple[Sandbox, GitLabClient],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    per_page: int,
    cap: int | None,
    counted: int,
) -> None:
    """With totals and without; no row twice, and hardly a request for nothing."""
    sandbox, client = crowd
    monkeypatch.setattr(paging, "MOST_COUNTED", counted)
    expected = fill(sandbox, number)
    size = min(per_page, 100)
    pages = max(1, -(-number // size))
    read = pages if cap is None else min(pages, cap)
    # What an example before this one broke off may still arrive: it has another mark.
    mark = f"mark={next(MARKS)}"
    rows = client.get_all(f"{LIST}&{mark}", per_page=per_page, max_pages=cap)
    assert [row["id"] for row in rows] == expected[: read * size]
    assert rows.pages == read
    asked = [each for each in sandbox.traffic.exchanges if mark in each.query.split("&")]
    in_vain = 0 if number <= counted else 4 - 1
    assert read <= len(asked) <= read + in_vain
    assert rows.complete == (read == pages)
    known = rows.complete or number <= counted
    assert rows.total == (number if known else None)
    given_out = list(client.iter_pages(LIST, per_page=per_page, max_pages=cap))
    assert [row for page in given_out for row in page] == rows
    assert len(given_out) == read


@unhurried
@given(number=SIZES, per_page=st.integers(1, 100), taken=st.integers(0, 8))
def test_reading_may_stop_after_any_page(
    crowd: tuple[Sandbox, GitLabClient], number: int, per_page: int, taken: int
) -> None:
    """No more is asked for than a window ahead."""
    sandbox, client = crowd
    expected = fill(sandbox, number)
    # What an example before this one broke off may still arrive: it has another mark.
    mark = f"mark={next(MARKS)}"
    pages = client.iter_pages(f"{LIST}&{mark}", per_page=per_page)
    found = [row["id"] for page, _ in zip(pages, range(taken), strict=False) for row in page]
    pages.close()
    assert found == expected[: len(found)]
    assert len(found) == min(number, per_page * taken)
    asked = [each for each in sandbox.traffic.exchanges if mark in each.query.split("&")]
    assert len(asked) <= taken + 1 + 2 * 4


@pytest.mark.slow
@unhurried
@given(
    number=SIZES, per_page=st.integers(1, 100), link=st.sampled_from([None, "https://x.invalid"])
)
def test_keyset_lists_are_whole_too(
    crowd: tuple[Sandbox, GitLabClient], number: int, per_page: int, link: str | None
) -> None:
    """By links alone, whatever host they name."""
    sandbox, client = crowd
    expected = fill(sandbox, number)
    sandbox.faults.clear()
    if link is not None:
        sandbox.faults.add("foreign_link", times=None, host=link)
    rows = client.get_all(LIST, {"pagination": "keyset", "order_by": "id"}, per_page=per_page)
    sandbox.faults.clear()
    assert sorted((row["id"] for row in rows), reverse=True) == expected
    assert rows.complete
