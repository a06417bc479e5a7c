"""What makes sure that a real GitLab is only read would see a write."""

from __future__ import annotations

import json

import pytest
from named_gitlab import MISSING, named_gitlab
from only_reading import writes

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.request import GRAPHQL_ROOT, Request
from gitlab_sync.session.session import Session


def test_a_write_is_seen_whatever_the_way_to_it(sandbox: Sandbox) -> None:
    """Other verbs, mutations, and texts that hold both; queries and reads are none."""
    session = Session(sandbox.url, Credential(sandbox.token()))
    query = "{ currentUser { id } }"
    texts = ("mutation { a }", "{ a } mutation b { c }", "not even a query", query)
    with session.call() as active:
        active.get("user")
        for method in ("POST", "PUT", "DELETE"):
            with pytest.raises(GitLabSyncError):
                active.request(method, "version")
        for text in texts:
            body = json.dumps({"query": text}).encode()
            request = Request("POST", "graphql", body, root=GRAPHQL_ROOT)
            try:
                active.send(request)
            except GitLabSyncError:
                assert text != query
    assert [each.method for each in writes(sandbox)] == ["POST", "PUT", "DELETE", *["POST"] * 3]


def test_a_real_gitlab_is_asked_only_if_one_is_named() -> None:
    """Without it, the sandbox stands in for one: see `make test-gitlab`."""
    named = named_gitlab()
    if named is None:
        pytest.skip(MISSING)
    assert named.url
