"""What tests with a server need besides: a shelf of repositories, and the rules' examples."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitlab_sync.sandbox import Sandbox

# The examples are next to the tests of the rules, which read them without a server.
sys.path.insert(0, str(Path(__file__).parents[1] / "unit/rules"))

from shelf import Shelf


@pytest.fixture
def shelf(sandbox: Sandbox) -> Shelf:
    """Put repositories into the sandbox: `shelf.put({"README.md": "…"})` gives the path."""
    return Shelf(sandbox)


_OTHERS = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no proxy, bundle or policy of this machine be in force."""
    for name in _OTHERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
