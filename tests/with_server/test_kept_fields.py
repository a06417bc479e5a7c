"""Runs about many people keep of each item what is read of it, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api.scope import Kind, Role, Scope
from gitlab_sync.rules.items import fair_issue, fair_merge_request
from gitlab_sync.rules.items.as_of import MARK
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
    """A record, or an object in one, that notes the keys that are read of it."""

    def __init__(self, record: Record, read: set[str], within: str = "") -> None:
        super().__init__({key: watched(value, read, within + key) for key, value in record.items()})
        self.read, self.within = read, within

    def get(self, key: str, default: Any = None) -> Any:
        """Note the key, and return its value."""
        self.read.add(self.within + key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(self.within + key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(f"{self.within}{key}")
        return super().__contains__(key)


def watched(value: Any, read: set[str], name: str) -> Any:
    """Return a value that notes what is read of it, under its own name."""
    if isinstance(value, dict):
        return Watched(value, read, f"{name}.")
    if isinstance(value, list):
        return [watched(each, read, name) for each in value]
    return value


class Reading:
    """What is `read` of all items, and what is `kept` by lists that keep a part of them."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.kept: set[str] = set()

    @property
    def lost(self) -> set[str]:
        """What is read and not kept. An object is read to get at what is in it."""
        objects = {name.partition(".")[0] for name in self.kept}
        return self.read - self.kept - objects - {MARK}  # a mark is our own


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """Return what is read of all items; lists keep whole records."""
    found = Reading()
    rows = RestList.rows

    def whole_rows(self: RestList, data: object) -> list[Record]:
        whole = rows(RestList(self.endpoint, self.params, self.single, shape=self.shape), data)
        found.kept |= self.fields
        return [Watched(each, found.read) for each in whole] if self.fields else whole

    monkeypatch.setattr(RestList, "rows", whole_rows)
    return found


@pytest.mark.parametrize("policy", [CLASSIC, FAIR, STRICT], ids=lambda policy: policy.name)
@pytest.mark.parametrize("source", ["rest", "graphql"])
@pytest.mark.parametrize("kind", ["merge_requests", "issues"])
@pytest.mark.parametrize("role", ["author", "assignee"])
def test_no_more_is_read_of_an_item_than_lists_keep(
    policy: Policy, source: Source, kind: Kind, role: Role, reading: Reading, tmp_path: Path
) -> None:
    """By the rules, by what reads facts, and by the store; and enough is read to be of use."""
    evaluate = evaluate_merge_requests if kind == "merge_requests" else evaluate_issues
    world = demo_world()
    with Sandbox(world, threads=8) as sandbox, GitLabClient(sandbox.url, sandbox.token()) as client:
        credential = client.session.credential
        for _ in range(2):
            with open_store(client.base_url, credential, "on", tmp_path) as store:
                run = Run(source=source, store=store)
                names = world.truth.usernames
                evaluate(client, names, Scope(by=role), run=run, policy=policy)
    assert not reading.lost
    assert len(reading.read) > 10


def test_the_records_of_a_list_have_only_the_fields_that_it_keeps() -> None:
    """Of those that the server sent, and of the objects in them; anything else stays as it is."""
    fields = {"id", "title", "author.username", "assignees.username", "references.full"}
    kept = RestList("issues", fields=frozenset(fields))
    ann = {"id": 7, "username": "ann"}
    assert kept.rows([
        {"id": 1, "title": "a", "labels": []},
        {"id": 2, "author": ann, "references": {"full": "a!2"}, "assignees": [ann, {}, 1, [ann]]},
        {"id": 3, "author": None, "assignees": [], "references": "a!3"},
    ]) == [
        {"id": 1, "title": "a"},
        {
            "id": 2, "author": {"username": "ann"}, "references": {"full": "a!2"},
            "assignees": [{"username": "ann"}, {}, 1, [ann]],
        },
        {"id": 3, "author": None, "assignees": [], "references": "a!3"},
    ]  # fmt: skip
    assert RestList("issues").rows([{"id": 1, "labels": []}]) == [{"id": 1, "labels": []}]
