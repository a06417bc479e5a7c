"""Writes to standard error: notes, errors with a hint, the log; as text, or as JSON lines."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import TextIO

import click

from gitlab_sync.errors import GitLabSyncError, without_secrets
from gitlab_sync.logs import PACKAGE, JsonFormatter
from gitlab_sync.reports.cells import visible

NAME = "gitlab-sync"
_LOGGER = f"{PACKAGE}.cli"
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""The lowest level that is logged, by how often `--verbose` is given."""


class _Mode:
    """How this process writes to standard error: one command runs at a time."""

    json = False


def printable(text: str) -> str:
    """Return the text, parts of which servers write, as one line without secrets and controls."""
    return visible(" ".join(without_secrets(text).split()))


@contextlib.contextmanager
def messages() -> Iterator[None]:
    """Begin with text, and undo at the end what a command has set up for its messages."""
    _Mode.json = False
    show = warnings.showwarning
    try:
        yield
    finally:
        warnings.showwarning = show


def is_json() -> bool:
    """Return whether standard error has JSON lines alone."""
    return _Mode.json


def write_json() -> None:
    """Write everything to standard error as JSON lines from now on, warnings of libraries too."""
    _Mode.json = True
    warnings.showwarning = _log_warning
    _attach(logging.getLogger(), JsonFormatter())


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - the signature of `warnings.showwarning`
    line: str | None = None,
) -> None:
    text = warnings.formatwarning(message, category, filename, lineno, line).strip()
    logging.getLogger("py.warnings").warning("%s", text)


def note(text: str) -> None:
    """Write a line to standard error, unless the command is to report errors only."""
    context = click.get_current_context(silent=True)
    if context is None or not context.params.get("quiet"):
        say(text, logging.INFO)


def say(text: str, level: int = logging.WARNING) -> None:
    """Write a line to standard error in any case: it is about an error. JSON names the `level`."""
    if _Mode.json:
        record = logging.LogRecord(_LOGGER, level, "", 0, "%s", (printable(text),), None)
        _write(JsonFormatter().format(record))
    else:
        _write(f"{NAME}: {printable(text)}")


def _write(line: str) -> None:
    """Write a line to standard error, if it can be written: the exit code is about the rows."""
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def complain(what: str, hint: str = "") -> None:
    """Write what went wrong, each fault on a line of its own, and what to do about it."""
    for line in what.splitlines():
        say(f"error: {line}", logging.ERROR)
    if hint:
        say(f"hint: {hint}", logging.ERROR)


def complain_of(error: GitLabSyncError) -> None:
    """Write the text and the hint of an error."""
    complain(str(error), error.hint)


def complain_of_usage(error: click.ClickException) -> None:
    """Write what click says about wrong usage, which quotes arguments and files."""
    said = io.StringIO()
    error.show(said)
    for line in said.getvalue().splitlines():
        shown = visible(without_secrets(line))
        if not _Mode.json:
            _write(shown)
        elif shown:
            say(shown, logging.ERROR)


class _StandardError(logging.Handler):
    """Writes records to the current standard error, since a live display replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if _Mode.json:
            _write(line)
        else:
            say(line)


def log_to_stderr(verbosity: int, *, quiet: bool = False) -> None:
    """Write the log of gitlab_sync to standard error: 1 is from INFO on, 2 from DEBUG on.

    With 0 and `quiet`, only errors are logged.
    """
    log = logging.getLogger(PACKAGE)
    quiet = quiet and not verbosity
    log.setLevel(logging.ERROR if quiet else _LEVELS[min(verbosity, len(_LEVELS) - 1)])
    if verbosity and not _Mode.json:
        _attach(log, logging.Formatter("%(levelname)s %(message)s"))


def _attach(log: logging.Logger, formatter: logging.Formatter) -> None:
    if not any(isinstance(handler, _StandardError) for handler in log.handlers):
        handler = _StandardError()
        handler.setFormatter(formatter)
        log.addHandler(handler)
