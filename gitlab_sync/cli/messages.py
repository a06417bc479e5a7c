"""Writes to standard error: notes, errors with a hint, the log."""

from __future__ import annotations

import contextlib
import io
import logging

import click

from gitlab_sync.errors import GitLabSyncError, without_secrets
from gitlab_sync.reports.cells import visible

NAME = "gitlab-sync"


def printable(text: str) -> str:
    """Return the text, parts of which servers write, as one line without secrets and controls."""
    return visible(" ".join(without_secrets(text).split()))


def note(text: str) -> None:
    """Write a line to standard error, unless the command is to report errors only."""
    context = click.get_current_context(silent=True)
    if context is None or not context.params.get("quiet"):
        say(text)


def say(text: str) -> None:
    """Write a line to standard error in any case: it is about an error."""
    _write(f"{NAME}: {printable(text)}")


def _write(line: str) -> None:
    """Write a line to standard error, if it can be written: the exit code is about the rows."""
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def complain(what: str, hint: str = "") -> None:
    """Write what went wrong, each fault on a line of its own, and what to do about it."""
    for line in what.splitlines():
        say(f"error: {line}")
    if hint:
        say(f"hint: {hint}")


def complain_of(error: GitLabSyncError) -> None:
    """Write the text and the hint of an error."""
    complain(str(error), error.hint)


def complain_of_usage(error: click.ClickException) -> None:
    """Write what click says about wrong usage, which quotes arguments and files."""
    said = io.StringIO()
    error.show(said)
    for line in said.getvalue().splitlines():
        _write(visible(without_secrets(line)))


class _StandardError(logging.Handler):
    """Writes records to the current standard error, since a live display replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record))


def log_to_stderr() -> None:
    """Write all log records of gitlab_sync to standard error. Idempotent."""
    log = logging.getLogger("gitlab_sync")
    log.setLevel(logging.DEBUG)
    if not any(isinstance(handler, _StandardError) for handler in log.handlers):
        handler = _StandardError()
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        log.addHandler(handler)
