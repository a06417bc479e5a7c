"""`GitLabClient`, row by row of the contract: what `test_client.py` does not say by its names."""

from __future__ import annotations

import ast
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gitlab
import pytest

import gitlab_sync
from gitlab_sync import GitLabClient
from gitlab_sync.errors import AuthenticationError, NotFound
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.types import RecordList

Maker = Callable[..., GitLabClient]
OLDER = {"_get", "_get_paginated", "_request"}


# -- attributes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["https://gitlab.example", "https://gitlab.example/"])
def test_base_url_has_no_slash_at_its_end(given: str) -> None:
    """Programs put it before a path of their own."""
    assert GitLabClient(given, "x").base_url == "https://gitlab.example"


def test_api_base_is_the_base_url_with_the_apis_path() -> None:
    """Even if GitLab is below a path."""
    client = GitLabClient("https://host.example/gitlab/", "x")
    assert client.api_base == f"{client.base_url}/api/v4"
    assert client.base_url == "https://host.example/gitlab"


def test_client_is_a_gitlab_that_answers_the_older_names_too(client: GitLabClient) -> None:
    """Older code hands it to functions that call `_get` and its like, as well as to others."""

    def count_users(either: Any) -> int:
        assert either._get("projects/999999") == []
        assert either._request("GET", "version")
        return len(either._get_paginated("users"))

    assert isinstance(client.client, gitlab.Gitlab)
    assert count_users(client.client) == count_users(client) > 0
    assert client.client.version()[0] == client.get("version")["version"]


# -- reading ---------------------------------------------------------------------------------------


def test_get_gives_the_decoded_json_of_one_thing(client: GitLabClient, world: World) -> None:
    """A dict for a thing, a plain list for a list of one page."""
    assert client.get("users/1")["id"] == 1
    assert len(client.get("users", {"per_page": 2})) == 2


def test__get_is_get_but_for_a_404(make_client: Maker, sandbox: Sandbox) -> None:
    """Which gives []; every other refusal is raised, as `get` raises it."""
    client = make_client()
    assert client._get("users/1", {"x": True}) == client.get("users/1")
    assert sandbox.traffic.exchanges[0].query == "x=true"
    assert client._get("users/999999") == []
    sandbox.faults.add("status", status=401)
    with pytest.raises(AuthenticationError):
        client._get("users/1")


@pytest.mark.slow
def test__get_and_its_like_are_called_by_nothing_inside() -> None:
    """Else a 404 could become an empty list unseen. They may call each other under one name."""
    package = Path(gitlab_sync.__file__).parent
    found = []
    for path in package.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            used = {each.attr for each in ast.walk(function) if isinstance(each, ast.Attribute)}
            found += [(path.name, function.name, name) for name in used & OLDER - {function.name}]
    assert found == []


def test_get_all_gives_every_row_and_a_cap_that_cuts_is_told(
    client: GitLabClient, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The result is a list that knows whether it is whole."""
    rows = client.get_all("users", per_page=2)
    assert isinstance(rows, list)
    assert len(rows) == len(world.users)
    assert (rows.complete, rows.total, rows.pages) == (True, len(rows), -(-len(rows) // 2))
    assert not caplog.records
    with caplog.at_level(logging.WARNING, "gitlab_sync"):
        cut = client.get_all("users", per_page=2, max_pages=1)
    assert list(cut) == list(rows)[:2]
    assert (cut.complete, cut.total, cut.pages) == (False, len(rows), 1)
    assert "only the first 1 pages" in caplog.text
    assert client.get_all("users/1") == [client.get("users/1")]


def test__get_paginated_is_get_all_of_ten_pages_but_for_a_404(
    client: GitLabClient, world: World
) -> None:
    """The same kind of list; `all` and None lift the cap."""
    person = world.tables.users[0]
    world.tables.users.extend({**person, "id": n, "username": f"p{n}"} for n in range(100, 120))
    world.changed()
    whole = client.get_all("users", per_page=1)
    assert len(whole) > 20
    rows = client._get_paginated("users", None, 1)
    assert (list(rows), rows.complete, rows.pages) == (list(whole)[:10], False, 10)
    assert client._get_paginated("users", per_page=1, all=True) == whole
    assert client._get_paginated("users", per_page=1, max_pages=None) == whole
    nothing = client._get_paginated("projects/999999/issues")
    assert (nothing, type(nothing)) == ([], RecordList)


def test_iter_pages_yields_lists_of_rows(client: GitLabClient) -> None:
    """Together they are what `get_all` gives, in the same order."""
    pages = list(client.iter_pages("users", per_page=2))
    assert all(isinstance(page, list) for page in pages)
    assert {len(page) for page in pages[:-1]} == {2}
    assert [row for page in pages for row in page] == client.get_all("users")
    assert len(list(client.iter_pages("users", per_page=2, max_pages=1))) == 1


def test__request_is_request_and_a_404_raises_in_both(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Unlike `_get`; and a DELETE goes out as one."""
    assert client._request("GET", "users/1") == client.request("GET", "users/1")
    sandbox.faults.add("status", status=404, body="{}", times=None)
    for call in (client.request, client._request):
        sandbox.traffic.reset()
        with pytest.raises(NotFound, match="404"):
            call("DELETE", "projects/999999")
        assert [exchange.method for exchange in sandbox.traffic.exchanges] == ["DELETE"]


# -- batches ---------------------------------------------------------------------------------------


def test_batch_evaluate_mrs_gives_a_row_for_each_person(client: GitLabClient, world: World) -> None:
    """The older titles in their order, then the three new ones."""
    report = client.batch_evaluate_mrs([*world.truth.usernames, "nobody.here"])
    assert isinstance(report, list)
    assert list(report[0]) == [
        "Username", "Closed MRs", "No Desc", "No Issues", "No Time Spent", "No Unit Tests",
        "Failed Pipeline", "No Semantic Commits", "No Internal Review", "Merge > 1 Week",
        "Merge > 2 Days", "Status", "Error", "Unverified",
    ]  # fmt: skip
    found = {row["Username"]: row for row in report}
    assert found.pop("nobody.here")["Closed MRs"] is None
    for name, truth in world.truth.merge_requests().items():
        assert {title: found[name][title] for title in truth} == truth


def test_batch_evaluate_issues_gives_a_row_for_each_person(
    client: GitLabClient, world: World
) -> None:
    """The older titles in their order, then the three new ones."""
    report = client.batch_evaluate_issues([*world.truth.usernames, "nobody.here"])
    assert list(report[0]) == [
        "Username", "Total Assigned", "Opened Issues", "Closed Issues", "No Desc", "No Labels",
        "No Milestone", "No Time Spent", "Long Open Time (>2 days)", "No Semantic Title",
        "Status", "Error", "Unverified",
    ]  # fmt: skip
    found = {row["Username"]: row for row in report}
    assert found.pop("nobody.here")["Total Assigned"] is None
    for name, truth in world.truth.issues().items():
        assert {title: found[name][title] for title in truth} == truth


# -- single items, and counts without a request ---------------------------------------------------


@pytest.mark.parametrize("given", [{"_username": "ann"}, {"_username": ""}, {}])
def test__evaluate_single_mr_gives_the_older_flags(
    client: GitLabClient, world: World, given: dict[str, str]
) -> None:
    """Username, flags, and what could not be read."""
    for record in world.tables.merge_requests[:4]:
        name, flags = client._evaluate_single_mr({**record, **given})
        assert name == (given.get("_username") or "unknown")
        assert list(flags) == [
            "is_terminal", "is_merged", "is_closed_rejected", "no_desc", "no_issues", "no_time",
            "no_unit_tests", "failed_pipe", "no_semantic_commits", "no_internal_review",
            "merge_gt_2_days", "merge_gt_1_week", "errors",
        ]  # fmt: skip
        assert flags["is_closed_rejected"] is (record["state"] == "closed")
        assert not flags["errors"]


def test__evaluate_single_mr_efficiently_judges_what_a_list_holds(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Its flag for a closed one has another name, and it knows nothing of tests."""
    for record in world.tables.merge_requests[:4]:
        name, flags = client._evaluate_single_mr_efficiently(record)
        assert name == "unknown"
        assert flags["is_closed"] is (record["state"] == "closed")
        assert not {"is_closed_rejected", "no_unit_tests"} & set(flags)
    assert sandbox.traffic.total == 0


def test__evaluate_single_issue_gives_the_older_flags(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """The record has all that they need."""
    for record in world.tables.issues[:4]:
        name, flags = client._evaluate_single_issue({**record, "_username": "ann"})
        assert name == "ann"
        assert list(flags) == [
            "is_opened", "is_closed", "no_desc", "no_labels", "no_milestone", "no_time",
            "long_open_time", "no_semantic_title", "errors",
        ]  # fmt: skip
        assert flags["is_closed"] is (record["state"] == "closed")
    assert sandbox.traffic.total == 0


def test__evaluate_single_issue_efficiently_does_the_same(
    client: GitLabClient, world: World
) -> None:
    """There is no cheaper way."""
    for record in world.tables.issues[:4]:
        quick = client._evaluate_single_issue_efficiently(record)
        assert quick == client._evaluate_single_issue(record)
        assert quick[0] == "unknown"


def test_a_single_item_whose_facts_cannot_be_read_has_unknown_flags(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """None, and why: neither a fault nor clean."""
    record = next(mr for mr in world.tables.merge_requests if mr["state"] == "merged")
    sandbox.faults.add("status", status=403, path="*/diffs", times=None)
    _, flags = client._evaluate_single_mr(record)
    assert flags["no_unit_tests"] is None
    assert flags["is_merged"] is True
    assert "403" in str(flags["errors"])


def test_a_single_open_item_costs_no_request(client: GitLabClient, sandbox: Sandbox) -> None:
    """It has no faults yet."""
    _, flags = client._evaluate_single_mr({"id": 1, "iid": 1, "project_id": 1, "state": "opened"})
    assert flags["is_terminal"] is False
    assert flags["no_desc"] is False
    assert sandbox.traffic.total == 0


def test_batch_evaluate_mrs_efficiently_counts_what_a_list_holds(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """One dict with the old titles, and no request."""
    row = client.batch_evaluate_mrs_efficiently(world.tables.merge_requests)
    assert list(row) == [
        "Closed MRs", "No Desc", "No Issues", "No Time Spent", "Failed Pipeline",
        "No Semantic Commits", "No Internal Review", "Merge > 1 Week", "Merge > 2 Days",
    ]  # fmt: skip
    truth = world.truth.merge_requests().values()
    assert row["Closed MRs"] == sum(count["Closed MRs"] for count in truth)
    assert sandbox.traffic.total == 0


def test_batch_evaluate_issues_efficiently_counts_what_a_list_holds(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """One dict with the old titles, and no request."""
    row = client.batch_evaluate_issues_efficiently(world.tables.issues)
    assert list(row) == [
        "Total Assigned", "Opened Issues", "Closed Issues", "No Desc", "No Labels", "No Milestone",
        "No Time Spent", "Long Open Time (>2 days)", "No Semantic Title",
    ]  # fmt: skip
    assert row == {
        title: sum(count[title] for count in world.truth.issues().values()) for title in row
    }
    assert sandbox.traffic.total == 0
