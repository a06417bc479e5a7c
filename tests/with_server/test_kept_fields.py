"""Runs about many people keep of each item what is read of it, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.rules.items import fair_issue, fair_merge_request
from gitlab_sync.rules.items.as_of import MARK
from gitlab_sync.rules.items.fields import EVALUATED
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests
from gitlab_sync.session.pagination import RestList
from gitlab_sync.store.store import open_store
from gitlab_sync.types import Record, Source

TERMS = Terms(
    time_tracking=True,
    milestones="if used",
    exempt_labels={check: {"bug"} for check in ("no_desc", "no_unit_tests", "no_labels")},
)
STRICT = Policy(
    "strict",
    fair_merge_request.rules_for(TERMS),
    fair_merge_request.quick_rules_for(TERMS),
    fair_issue.rules_for(TERMS),
    TERMS,
)


class Watched(dict[str, Any]):
    """A record that notes the keys that are read of it."""

    read: set[str]

    def get(self, key: str, default: Any = None) -> Any:
        """Note the key, and return its value."""
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the keys that are read of all items; lists keep whole records."""
    found: set[str] = set()
    rows = RestList.rows

    def watched(self: RestList, data: object) -> list[Record]:
        whole = rows(RestList(self.endpoint, self.params, self.single, shape=self.shape), data)
        if not self.fields:
            return whole
        records = list(map(Watched, whole))
        for each in records:
            each.read = found
        return list(records)

    monkeypatch.setattr(RestList, "rows", watched)
    return found


@pytest.mark.parametrize("policy", [CLASSIC, FAIR, STRICT], ids=lambda policy: policy.name)
@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_no_more_is_read_of_an_item_than_lists_keep(
    policy: Policy, source: Source, read: set[str], tmp_path: Path
) -> None:
    """By the rules, by what reads facts, and by the store; and enough is read to be of use."""
    world = demo_world()
    with Sandbox(world, threads=8) as sandbox, GitLabClient(sandbox.url, sandbox.token()) as client:
        credential = client.session.credential
        for _ in range(2):
            with open_store(client.base_url, credential, "on", tmp_path) as store:
                run = Run(source=source, store=store)
                names = world.truth.usernames
                evaluate_merge_requests(client, names, run=run, policy=policy)
                evaluate_issues(client, names, run=run, policy=policy)
    assert read - {MARK} <= EVALUATED  # a mark is our own
    assert len(read) > 10


def test_the_records_of_a_list_have_only_the_fields_that_it_keeps() -> None:
    """Of those that the server sent; a row that is no object stays to be refused."""
    kept = RestList("issues", fields=frozenset({"id", "title"}))
    assert kept.rows([{"id": 1, "title": "a", "labels": []}, {"id": 2}]) == [
        {"id": 1, "title": "a"}, {"id": 2},
    ]  # fmt: skip
    assert RestList("issues").rows([{"id": 1, "labels": []}]) == [{"id": 1, "labels": []}]
