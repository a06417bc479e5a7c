"""The GitLab that the tests are about, and how a real one is named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_runs import environment

from gitlab_sync.sandbox import Sandbox

URL_VARIABLE = "GITLAB_SYNC_TEST_URL"
NAME_VARIABLE = "GITLAB_SYNC_TEST_TOKEN_ENV"
MISSING = "no real GitLab is named: make test-gitlab URL=https://… TOKEN_ENV=NAME"


@dataclass(frozen=True)
class GitLab:
    """A GitLab with a token for it. `sandbox` is the one that it is, if it is one."""

    url: str
    token: str
    sandbox: Sandbox | None = None

    def environ(self, home: Path) -> dict[str, str]:
        """Return the environment of a command that reads it."""
        return environment(home, GITLAB_URL=self.url, GITLAB_TOKEN=self.token)


def named_gitlab() -> GitLab | None:
    """Return the real GitLab that the environment names, or None."""
    url, name = os.environ.get(URL_VARIABLE), os.environ.get(NAME_VARIABLE)
    token = os.environ.get(name) if name else None
    if (url or name) and not (url and token):
        raise pytest.UsageError(
            f"{URL_VARIABLE} or the variable that {NAME_VARIABLE} names is empty"
        )
    return GitLab(url, token) if url and token else None
