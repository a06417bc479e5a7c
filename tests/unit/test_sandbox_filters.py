"""Filters of merge requests and issues, one by one."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gitlab_sync.sandbox.answer import Refusal
from gitlab_sync.sandbox.filters import (
    ISSUE_ORDERS,
    MR_ORDERS,
    candidates,
    issue_tests,
    merge_request_tests,
    ordered,
)
from gitlab_sync.sandbox.query import Query
from gitlab_sync.sandbox.world import Items


def person(number: int, username: str) -> dict[str, Any]:
    """Return a user as records show one."""
    return {"id": number, "username": username}


ALICE, BOB, CARLA = person(1, "alice"), person(2, "Bob"), person(3, "carla")


def item(iid: int, **fields: Any) -> dict[str, Any]:
    """Return a merge request or an issue; later ones are newer."""
    return {
        "id": 100 + iid,
        "iid": iid,
        "project_id": 1,
        "title": f"title {iid}",
        "description": None,
        "state": "merged",
        "created_at": f"2024-01-{iid:02}T10:00:00.000Z",
        "updated_at": f"2024-02-{29 - iid:02}T10:00:00.000Z",
        "merged_at": None,
        "author": ALICE,
        "assignees": [],
        "reviewers": [],
        "labels": [],
        "milestone": None,
        "draft": False,
        "source_branch": f"work-{iid}",
        "target_branch": "main",
        "upvotes": 0,
        **fields,
    }


ITEMS = Items(
    [
        item(1, state="opened", draft=True, labels=["bug", "ui"], target_branch="next"),
        item(2, author=BOB, assignees=[ALICE], merged_at="2024-01-03T00:00:00.000Z"),
        item(3, author=BOB, assignees=[ALICE, BOB], reviewers=[CARLA], labels=["bug"]),
        item(4, state="closed", milestone={"title": "M 1"}, description="Look for needles here"),
        item(5, author=None, title="needle", upvotes=3, merge_user=CARLA),
    ]
)


def chosen(query: str, me: int | None = 1, scope: str = "all") -> list[int]:
    """Return the iids of the merge requests that a query gives, in its order."""
    read = Query(query)
    tests = merge_request_tests(read, me, scope)
    rows = [row for row in candidates(ITEMS, read, None) if all(t(row.data) for t in tests)]
    return [row.data["iid"] for row in ordered(read, rows, MR_ORDERS)]


@pytest.mark.parametrize(
    ("query", "iids"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("state=opened", [1]),
        ("state=closed", [4]),
        ("state=all", [5, 4, 3, 2, 1]),
        ("scope=created_by_me", [4, 1]),
        ("scope=assigned_to_me", [3, 2]),
        ("author_id=2", [3, 2]),
        ("author_username=BOB", [3, 2]),
        ("author_username=nobody", []),
        ("assignee_id=1", [3, 2]),
        ("assignee_id=None", [5, 4, 1]),
        ("assignee_id=Any", [3, 2]),
        ("assignee_username[]=alice&assignee_username[]=bob", [3]),
        ("assignee_username=alice", [3, 2]),
        ("reviewer_username=carla", [3]),
        ("reviewer_id=Any", [3]),
        ("labels=bug", [3, 1]),
        ("labels=bug,ui", [1]),
        ("labels=None", [5, 4, 2]),
        ("labels=Any", [3, 1]),
        ("milestone=M 1", [4]),
        ("milestone=None", [5, 3, 2, 1]),
        ("milestone=Any", [4]),
        ("created_after=2024-01-04T10:00:00Z", [5, 4]),
        ("created_before=2024-01-02", [1]),
        ("updated_after=2024-02-28T00:00:00Z", [1]),
        ("updated_before=2024-02-24T10:00:00Z", [5]),
        ("merged_after=2024-01-03T00:00:00Z", [2]),
        ("merged_before=2024-01-03T00:00:00Z", [2]),
        ("iids[]=2&iids[]=4", [4, 2]),
        ("search=needle", [5, 4]),
        ("search=needle&in=title", [5]),
        ("search=needles here", [4]),
        ("draft=true", [1]),
        ("wip=no", [5, 4, 3, 2]),
        ("source_branch=work-2", [2]),
        ("target_branch=next", [1]),
        ("merge_user_username=Carla", [5]),
        ("not[author_username]=alice", [5, 3, 2]),
        ("not[author_id]=1", [5, 3, 2]),
        ("not[labels]=ui", [5, 4, 3, 2]),
        ("not[assignee_username]=bob", [5, 4, 2, 1]),
        ("not[milestone]=M 1", [5, 3, 2, 1]),
        ("my_reaction_emoji=thumbsup", [5, 4, 3, 2, 1]),
        ("unheard_of=1", [5, 4, 3, 2, 1]),
        ("order_by=created_at&sort=asc", [1, 2, 3, 4, 5]),
        ("order_by=updated_at", [1, 2, 3, 4, 5]),
        ("order_by=updated_at&sort=asc", [5, 4, 3, 2, 1]),
        ("order_by=title&sort=asc", [5, 1, 2, 3, 4]),
        ("order_by=popularity", [5, 4, 3, 2, 1]),
        ("order_by=merged_at", [2, 5, 4, 3, 1]),
    ],
)
def test_a_filter_gives_what_it_names(query: str, iids: list[int]) -> None:
    """Each of the filters and orders, in the newest-first order unless told otherwise."""
    assert chosen(query) == iids


def test_the_default_scope_of_the_global_list_is_ones_own() -> None:
    """What I wrote, unless a scope says otherwise."""
    assert chosen("", me=2, scope="created_by_me") == [3, 2]
    assert chosen("scope=all", me=2, scope="created_by_me") == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("state=nonsense", "state does not have a valid value"),
        ("scope=mine", "scope does not have a valid value"),
        ("order_by=colour", "order_by does not have a valid value"),
        ("author_id=x", "author_id is invalid"),
        ("author_id=1&author_username=a", "author_id, author_username are mutually exclusive"),
        (
            "assignee_id=1&assignee_username=a",
            "assignee_id, assignee_username are mutually exclusive",
        ),
        ("created_after=soon", "created_after is invalid"),
    ],
)
def test_nonsense_is_refused_in_gitlabs_words(query: str, text: str) -> None:
    """With status 400."""
    with pytest.raises(Refusal) as refusal:
        chosen(query)
    assert refusal.value.answer.status == 400
    assert orjson.loads(refusal.value.answer.body) == {"error": text}


def test_issues_have_no_merged_state() -> None:
    """The values of `state` are fewer there."""
    with pytest.raises(Refusal):
        issue_tests(Query("state=merged"), None, "all")


def test_issues_are_filtered_by_their_own_fields() -> None:
    """Confidential ones, and those of a type."""
    tests = issue_tests(Query("confidential=true&issue_type=incident"), None, "all")
    assert all(test({"confidential": True, "issue_type": "incident"}) for test in tests)
    assert not all(test({"confidential": True, "issue_type": "issue"}) for test in tests)


def test_issues_can_be_ordered_by_due_date_with_those_without_last() -> None:
    """Missing values come after all others, in either direction."""
    rows = Items([item(1, due_date="2024-05-01"), item(2), item(3, due_date="2024-04-01")]).rows
    for sort, iids in (("asc", [3, 1, 2]), ("desc", [1, 3, 2])):
        found = ordered(Query(f"order_by=due_date&sort={sort}"), rows, ISSUE_ORDERS)
        assert [row.data["iid"] for row in found] == iids
