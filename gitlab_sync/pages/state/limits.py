"""The limits of the server that its operator can set: whole numbers in the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from gitlab_sync.errors import ConfigurationError

_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: the environment variable, what it counts, its default and its least value."""

    variable: str
    what: str
    default: int
    least: int = 1

    def value(self) -> int:
        """Return the limit as it is set. Raises ConfigurationError if it is not a number."""
        text = os.environ.get(self.variable, "").strip()
        if not text:
            return self.default
        if not _NUMBER.fullmatch(text) or int(text) < self.least:
            raise ConfigurationError(
                f"{self.variable} must be a number of {self.what}, got {text[:80]!r}",
                hint=f"Write a whole number, {self.least} or more, such as {self.default}.",
            )
        return int(text)


JOB_GRACE = Limit("GITLAB_SYNC_JOB_GRACE", "seconds", 120, least=0)
"""How long a job continues after its last tab was closed: long enough for a reload."""

JOBS = Limit("GITLAB_SYNC_JOBS", "jobs", 32)
"""The jobs that run at once: as many as there are workers, which they share."""

JOBS_EACH = Limit("GITLAB_SYNC_JOBS_EACH", "jobs", 5)
"""The jobs of one account that run at once: one for each page of the app."""

SIGN_INS = Limit("GITLAB_SYNC_SIGN_INS", "sign-ins", 1000)
"""The sign-ins that are kept."""

FAILED_SIGN_INS = Limit("GITLAB_SYNC_FAILED_SIGN_INS", "failed sign-ins", 30)
"""The sign-ins from one address that may fail within ten minutes."""
