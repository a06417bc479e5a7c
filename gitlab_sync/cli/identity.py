"""The work of `whoami`; apart from the command, since it loads the engine."""

from __future__ import annotations

import re
from typing import Any

from gitlab_sync.cli import exits
from gitlab_sync.cli.messages import complain_of
from gitlab_sync.cli.options import Connection
from gitlab_sync.cli.output import StandardOutput
from gitlab_sync.cli.session import open_session
from gitlab_sync.errors import (
    AuthenticationError,
    Cancelled,
    GitLabSyncError,
    NotFound,
    PermissionDenied,
)
from gitlab_sync.reports.json_file import to_ndjson
from gitlab_sync.reports.text_table import text_cell
from gitlab_sync.session.session import Session
from gitlab_sync.types import Record, TableRow

_BOT = re.compile(r"(project|group)_\d+_bot")  # GitLab's users behind project and group tokens


def show(connection: Connection, *, as_json: bool) -> int:
    """Print who the token's owner is and return the exit code.

    Raises the errors of `gitlab_sync.errors` if GitLab does not say who it is.
    """
    with open_session(connection) as session:
        found, errors = identity(session.rest)
    for error in errors:
        complain_of(error)
    if as_json:
        data = to_ndjson([found])
    else:
        width = max(len(title) for title in found)
        lines = (f"{title:<{width}}  {text_cell(title, cell)}\n" for title, cell in found.items())
        data = "".join(lines).encode(errors="replace")
    StandardOutput().write(data)
    return exits.INCOMPLETE if errors else exits.OK


def identity(rest: Session) -> tuple[TableRow, list[GitLabSyncError]]:
    """Return what is known of the token's owner, and the errors that left something unknown.

    That GitLab tells nothing of a token (OAuth tokens, old versions) is no error. Raises the
    errors of `gitlab_sync.errors` if the owner cannot be read.
    """
    user = rest.get("user")
    errors: list[GitLabSyncError] = []
    token = _read_if_told(rest, "personal_access_tokens/self", errors)
    version = _read_if_told(rest, "version", errors)
    scopes = token.get("scopes")
    found: TableRow = {
        "Instance": rest.base_url,
        "Username": user.get("username"),
        "Name": user.get("name"),
        "Id": user.get("id"),
        "Token kind": _kind(rest.credential.is_oauth, str(user.get("username")), bool(token)),
        "Token name": token.get("name"),
        "Token scopes": ", ".join(map(str, scopes)) if isinstance(scopes, list) else None,
        "Token expires": (token.get("expires_at") or "never") if token else None,
        "GitLab version": version.get("version"),
    }
    return found, errors


def _read_if_told(rest: Session, endpoint: str, errors: list[GitLabSyncError]) -> Record:
    try:
        found: Any = rest.get(endpoint)
    except Cancelled:
        raise
    except (AuthenticationError, PermissionDenied, NotFound):
        return {}
    except GitLabSyncError as error:
        errors.append(error)
        return {}
    return found if isinstance(found, dict) else {}


def _kind(is_oauth: bool, username: str, told: bool) -> str | None:
    if is_oauth:
        return "OAuth"
    bot = _BOT.match(username)
    if bot is not None:
        return bot[1]
    return "personal" if told else None
