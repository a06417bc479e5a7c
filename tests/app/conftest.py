"""What the tests of the app share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from unittest import mock

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import local_script_runner
from worlds import fresh_world

from gitlab_sync.pages.state.browser import SIGN_INS
from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.runtime import get_bridge


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


@pytest.fixture(autouse=True, scope="session")
def compiled_once() -> Iterator[None]:
    """Compile each page once, as a server does: the harness would do so in each of its runs."""
    compiled = ScriptCache()
    with mock.patch.object(local_script_runner, "ScriptCache", return_value=compiled):
        yield


@pytest.fixture(autouse=True, scope="module")
def own_main() -> Iterator[None]:
    """Put the main module back: Streamlit replaces it, and later processes would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True, scope="module")
def forgotten() -> Iterator[None]:
    """Forget what the visitors of a module left: their harness ends no session."""
    yield
    JOBS.close()
    SIGN_INS.close()
    st.cache_resource.clear()
    get_bridge().close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a small GitLab for one test."""
    world = fresh_world(seed=3, users=3, merge_requests=3, issues=2, projects=3)
    with Sandbox(world) as sandbox:
        yield sandbox
