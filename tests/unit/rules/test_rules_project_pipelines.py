"""Which of a project's pipelines are a merge request's: told only if nothing else is possible."""

from __future__ import annotations

from typing import Any

import pytest
from rules_examples import merge_request

from gitlab_sync.rules.items.project_pipelines import ProjectPipelines, is_within
from gitlab_sync.rules.text import instant
from gitlab_sync.types import Record

HEAD, OTHER = "a" * 40, "b" * 40
REF = "refs/merge-requests/7/head"
CREATED = "2024-03-02T00:00:00Z"


def mr(**changes: Any) -> Record:
    """Return a merge request of the branch `login` of its own project."""
    within = {"project_id": 3, "source_project_id": 3, "target_project_id": 3}
    return merge_request(**{**within, "source_branch": "login", "sha": HEAD, **changes})


def for_it(number: Any, status: Any = "success", **changes: Any) -> Record:
    """Return a pipeline that ran for the merge request on its head."""
    row = {"id": number, "status": status, "ref": REF, "sha": HEAD, "created_at": CREATED}
    return {**row, "source": "merge_request_event", **changes}


def of_branch(number: Any, status: Any = "success", **changes: Any) -> Record:
    """Return a pipeline of its branch, on its head."""
    return for_it(number, status, **{"ref": "login", "source": "push", **changes})


def found(*rows: Record, since: str | None = None, of: Record | None = None) -> object:
    """Return the ids that are told (`None`: the merge request has to be asked alone)."""
    told = ProjectPipelines(rows, instant(since)).of(of or mr())
    return None if told is None else [row["id"] for row in told.rows]


@pytest.mark.parametrize("kind", ["head", "merge", "train"])
@pytest.mark.parametrize("status", ["success", "failed"])
def test_what_ran_for_the_merge_request_is_its(kind: str, status: str) -> None:
    """The newest of them, wherever it is; results of merges have their own commit."""
    sha = HEAD if kind == "head" else OTHER
    newest = for_it(9, status, ref=f"refs/merge-requests/7/{kind}", sha=sha)
    assert found(for_it(2, "failed"), newest, for_it(5, "canceled")) == [9]


def test_a_project_without_any_pipeline_of_its_has_none() -> None:
    """Neither those of other merge requests nor those of other branches are."""
    others = [for_it(2, ref="refs/merge-requests/77/head"), of_branch(3, ref="main")]
    assert found() == []
    assert found(*others) == []


def test_a_pipeline_of_its_branch_on_its_head_is_its() -> None:
    """Whatever ran for older heads."""
    rows = (of_branch(2, "failed", sha=OTHER), of_branch(4), for_it(3, "failed"))
    assert found(*rows) == [4]


@pytest.mark.parametrize(
    "newer",
    [
        of_branch(9, "failed", sha=OTHER),  # of an older head, or of who used the branch again
        of_branch(9, "failed"),  # of a tag with the branch's name, perhaps
        of_branch(9, "failed", source="parent_pipeline"),
        of_branch(9, "failed", source="merge_request_event"),  # as old versions named them
        for_it(9, "failed", sha=OTHER),
        for_it(9, "failed", sha=None),
        for_it(9, "failed", source="parent_pipeline"),
        for_it(9, "failed", ref=None),
        for_it(9, None),
        for_it(None, "failed"),
        {"id": 9, "status": "failed"},
    ],
)
def test_a_newer_one_that_may_be_its_leaves_a_doubt(newer: Record) -> None:
    """Unless it says the same, or is older than one that surely is its."""
    assert found(for_it(5), newer) is None
    assert found(newer) is None
    if newer["status"]:
        assert found(for_it(5), {**newer, "status": "SUCCESS"}) is not None
    if newer["id"]:
        assert found(newer, for_it(10)) == [10]


def test_on_one_commit_a_branch_and_a_tag_of_its_name_look_alike() -> None:
    """So they have to say the same: one is as likely the branch's as the other."""
    assert found(of_branch(4, "failed"), of_branch(5)) is None
    assert found(of_branch(4), of_branch(5)) == [5]
    assert found(of_branch(4, "failed"), for_it(5)) == [5]


def test_a_list_that_begins_late_shows_no_absence() -> None:
    """A branch may have run before its merge request was there."""
    assert found(since=CREATED) is None
    assert found(for_it(5), since="2024-03-01T23:59:59Z") == [5]
    assert found(for_it(5), since=CREATED) is None
    assert found(for_it(5, created_at=None), since="2024-03-01T23:59:59Z") is None


@pytest.mark.parametrize("key", ["source_branch", "sha"])
def test_without_its_branch_or_its_head_little_is_told(key: str) -> None:
    """A null is no name of anything."""
    bare = mr(**{key: None})
    assert found(for_it(5, sha=None), of=bare) is None
    assert found(of_branch(5, sha=None, ref=None), of=bare) is None


def test_only_a_merge_request_within_one_project_is_told_by_that_project() -> None:
    """Those of forks run elsewhere; of a deleted fork nothing is known."""
    assert is_within(mr())
    for key in ("project_id", "source_project_id", "target_project_id"):
        for other in (4, None, "3", True):
            assert not is_within(mr(**{key: other}))
    assert not is_within({})
