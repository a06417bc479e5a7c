"""`whoami`: show the user of the token, the GitLab, and the scopes of the token."""

from __future__ import annotations

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
    from gitlab_sync.session.session import Session
    from gitlab_sync.types import Record, TableRow


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
    from gitlab_sync.api.token import OWN_RECORD, TokenFacts
    from gitlab_sync.session.workflow import read_one

    user = read_one(session, "user")
    errors: list[GitLabSyncError] = []
    told = _read_if_told(session, OWN_RECORD, errors)
    token = TokenFacts.of(session.credential, str(user.get("username")), told)
    version = _read_if_told(session, "version", errors)
    found: TableRow = {
        "Instance": session.base_url,
        "Username": user.get("username"),
        "Name": user.get("name"),
        "Id": user.get("id"),
        "Token kind": token.kind,
        "Token name": token.name,
        "Token scopes": None if token.scopes is None else ", ".join(token.scopes),
        "Token expires": (token.expires or "never") if token.is_told else None,
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
