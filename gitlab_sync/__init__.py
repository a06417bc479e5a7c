"""How well does a team work in GitLab? Evaluates merge requests and issues of many people.

Names are loaded when they are first used, so importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gitlab_sync._version import __version__

if TYPE_CHECKING:
    from gitlab_sync import errors
    from gitlab_sync.batch_client import BatchClient, GitLabUsersAPI
    from gitlab_sync.client import GitLabClient
    from gitlab_sync.concurrency.cancel import CancelToken
    from gitlab_sync.http.credentials import Credential
    from gitlab_sync.session.runtime import Bridge, get_bridge

_HOMES = {
    "BatchClient": "gitlab_sync.batch_client",
    "Bridge": "gitlab_sync.session.runtime",
    "CancelToken": "gitlab_sync.concurrency.cancel",
    "Credential": "gitlab_sync.http.credentials",
    "GitLabClient": "gitlab_sync.client",
    "GitLabUsersAPI": "gitlab_sync.batch_client",
    "get_bridge": "gitlab_sync.session.runtime",
}

__all__ = [
    "BatchClient",
    "Bridge",
    "CancelToken",
    "Credential",
    "GitLabClient",
    "GitLabUsersAPI",
    "__version__",
    "errors",
    "get_bridge",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("gitlab_sync.errors")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gitlab_sync' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
