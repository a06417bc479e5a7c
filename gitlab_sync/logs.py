"""The log: as text for people, or one JSON object on each line for programs that collect logs."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from gitlab_sync.errors import ConfigurationError, without_secrets

FORMAT_VARIABLE = "GITLAB_SYNC_LOG_FORMAT"
"""The environment variable with the format of the log, `text` or `json`."""

LEVEL_VARIABLE = "GITLAB_SYNC_LOG_LEVEL"
"""The environment variable with the lowest level that the app logs."""

FORMATS = ("text", "json")
_LEVELS = ("debug", "info", "warning", "error")

PACKAGE = "gitlab_sync"
"""The logger of this package, above all of its own."""


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object on one line, in ASCII: no text in it steers a terminal.

    The keys are `time` (UTC), `level`, `logger`, `message`, then those of the mapping `fields` that
    the record was given as extra, and `trace` if it has an error. Secrets are masked.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["trace"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(fields, default=str)


def log_by_environment() -> None:
    """Set up the log of a server, on standard error, as the environment says; else do nothing.

    Raises ConfigurationError for a format or a level that there is not.
    """
    form = _chosen(FORMAT_VARIABLE, FORMATS)
    level = _chosen(LEVEL_VARIABLE, _LEVELS)
    if form is None and level is None:
        return
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if form == "json" else text)
    log = logging.getLogger(PACKAGE)
    log.handlers = [handler]
    log.setLevel((level or "warning").upper())
    log.propagate = False


def _chosen(variable: str, known: tuple[str, ...]) -> str | None:
    said = os.environ.get(variable, "").strip().lower()
    if said and said not in known:
        raise ConfigurationError(
            f"{variable} must be one of {', '.join(known)}, got {said[:40]!r}",
            hint="Set it to one of them, or remove it.",
        )
    return said or None
