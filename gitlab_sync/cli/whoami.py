"""`whoami`: show the user of the token, the GitLab, and the scopes of the token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.exits import INCOMPLETE, OK
from gitlab_sync.cli.messages import complain_of
from gitlab_sync.cli.options import Choice, Command, Connection, connection_options
from gitlab_sync.errors import (
    AuthenticationError,
    Cancelled,
    GitLabSyncError,
    NotFound,
    PermissionDenied,
)

if TYPE_CHECKING:
    from gitlab_sync.http.credentials import Credential
    from gitlab_sync.session.session import Session
    from gitlab_sync.types import Record, TableRow

_BOT = re.compile(r"(project|group)_\d+_bot")  # GitLab's users behind project and group tokens


@click.command(cls=Command)
@click.option(
    "--format", "-f", "form", type=Choice(["table", "json"]), default="table",
    show_default=True, help="json: one object.",
)  # fmt: skip
@connection_options
def whoami(connection: Connection, form: str) -> int:
    """Show the user of the token, the GitLab, and the scopes of the token."""
    from gitlab_sync.cli.output import StandardOutput
    from gitlab_sync.cli.session import open_session
    from gitlab_sync.reports.json_file import to_ndjson
    from gitlab_sync.reports.text_table import text_cell

    with open_session(connection) as command:
        found, errors = _identity(command.session)
    for error in errors:
        complain_of(error)
    if form == "json":
        data = to_ndjson([found])
    else:
        width = max(len(title) for title in found)
        lines = (f"{title:<{width}}  {text_cell(title, cell)}\n" for title, cell in found.items())
        data = "".join(lines).encode(errors="replace")
    StandardOutput().write(data)
    return INCOMPLETE if errors else OK


def _identity(session: Session) -> tuple[TableRow, list[GitLabSyncError]]:
    """Return what is known of the token's owner, and the errors that left something unknown.

    It is not an error if GitLab says nothing about a token (OAuth tokens, old versions). Raises the
    errors of `gitlab_sync.errors` if the owner cannot be read.
    """
    from gitlab_sync.session.workflow import read_one

    user = read_one(session, "user")
    errors: list[GitLabSyncError] = []
    token = _read_if_told(session, "personal_access_tokens/self", errors)
    version = _read_if_told(session, "version", errors)
    scopes = token.get("scopes")
    found: TableRow = {
        "Instance": session.base_url,
        "Username": user.get("username"),
        "Name": user.get("name"),
        "Id": user.get("id"),
        "Token kind": _kind(session.credential, str(user.get("username")), bool(token)),
        "Token name": token.get("name"),
        "Token scopes": ", ".join(map(str, scopes)) if isinstance(scopes, list) else None,
        "Token expires": (token.get("expires_at") or "never") if token else None,
        "GitLab version": version.get("version"),
    }
    return found, errors


def _read_if_told(session: Session, endpoint: str, errors: list[GitLabSyncError]) -> Record:
    try:
        found: Any = session.get(endpoint)
    except Cancelled:
        raise
    except (AuthenticationError, PermissionDenied, NotFound):
        return {}
    except GitLabSyncError as error:
        errors.append(error)
        return {}
    return found if isinstance(found, dict) else {}


def _kind(credential: Credential, username: str, told: bool) -> str | None:
    if credential.is_oauth:
        return "OAuth"
    if credential.is_job:
        return "job"
    bot = _BOT.match(username)
    if bot is not None:
        return bot[1]
    return "personal" if told else None
