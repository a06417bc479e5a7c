"""What the tests of the app share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from worlds import fresh_world

from gitlab_sync.sandbox import Sandbox


@pytest.fixture(autouse=True)
def classic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server's policy be the one under which worlds know their rows."""
    monkeypatch.setenv("GITLAB_SYNC_POLICY", "classic")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a small GitLab for one test."""
    world = fresh_world(seed=3, users=3, merge_requests=3, issues=2, projects=3)
    with Sandbox(world) as sandbox:
        yield sandbox
