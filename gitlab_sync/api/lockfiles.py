"""Dependencies of a project, from its lock file."""

from __future__ import annotations

from gitlab_sync.api.files import read_file_content
from gitlab_sync.errors import Cancelled, ConfigurationError, GitLabSyncError
from gitlab_sync.rules.projects.lockfile import Dependencies, parse_uvlock_content
from gitlab_sync.session.session import Client

__all__ = ["extract_dependencies_from_project", "parse_uvlock_content"]

_LOCK_FILE = "uv.lock"


def extract_dependencies_from_project(
    client: Client, project_id: int | str, branch: str | None = "main"
) -> Dependencies:
    """Return the packages in the `uv.lock` at the root of a branch (None: the default branch).

    The result is `{"total_dependencies", "packages": [{"name", "version", "source"}]}`, or
    `{"error": …}` if the file does not exist, is not a lock file or could not be read. Raises only
    ConfigurationError and Cancelled.
    """
    try:
        text = read_file_content(client, project_id, _LOCK_FILE, branch)
    except (ConfigurationError, Cancelled):
        raise
    except GitLabSyncError as error:
        return {"error": str(error)}
    if text is None:
        return {"error": f"there is no {_LOCK_FILE} on {branch or 'the default branch'}"}
    return parse_uvlock_content(text)
