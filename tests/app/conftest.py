"""What the tests of the app share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from unittest import mock

import pytest
from streamlit.components.v2 import manifest_scanner
from worlds import fresh_world

from gitlab_sync.sandbox import Sandbox


@pytest.fixture(autouse=True)
def classic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server's policy be the one under which worlds know their rows."""
    monkeypatch.setenv("GITLAB_SYNC_POLICY", "classic")


@pytest.fixture(autouse=True, scope="session")
def scanned_once() -> Iterator[None]:
    """Look for installed components once: Streamlit reads all packages for each visitor."""
    scanned = cache(manifest_scanner.scan_component_manifests)
    with mock.patch.object(manifest_scanner, "scan_component_manifests", scanned):
        yield


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a small GitLab for one test."""
    world = fresh_world(seed=3, users=3, merge_requests=3, issues=2, projects=3)
    with Sandbox(world) as sandbox:
        yield sandbox
