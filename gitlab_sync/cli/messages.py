"""What is said to a person, on standard error: notes, errors with a hint, the log."""

from __future__ import annotations

import contextlib
import logging

import click

from gitlab_sync.errors import GitLabSyncError, without_secrets

NAME = "gitlab-sync"


def printable(text: str) -> str:
    """Return one line without secrets and control characters, since servers wrote parts of it."""
    line = " ".join(without_secrets(text).split())
    return "".join(character if character.isprintable() else "?" for character in line)


def note(text: str) -> None:
    """Say something on standard error."""
    click.echo(f"{NAME}: {printable(text)}", err=True)


def complain(what: str, hint: str = "") -> None:
    """Say what went wrong, each fault on a line of its own, and what to do about it."""
    for line in what.splitlines():
        note(f"error: {line}")
    if hint:
        note(f"hint: {hint}")


def complain_of(error: GitLabSyncError) -> None:
    """Say what an error of ours says."""
    complain(str(error), error.hint)


class _StandardError(logging.Handler):
    """Write records to whatever standard error is at that moment: a live display replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):  # whoever read it has gone; the work goes on
            note(self.format(record))


def log_to_stderr() -> None:
    """Let all that gitlab_sync logs be seen. Idempotent."""
    log = logging.getLogger("gitlab_sync")
    log.setLevel(logging.DEBUG)
    if not any(isinstance(handler, _StandardError) for handler in log.handlers):
        handler = _StandardError()
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        log.addHandler(handler)
