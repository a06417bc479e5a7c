"""Bounds for the texts of strangers, all in one place: size, depth, aliases, columns, and work.

They are far above what real files have. What is beyond them is unknown, with the reason: it must
neither hold a thread nor fill the memory, and not be taken for an empty file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

MOST_CHARACTERS = 2 * 1024 * 1024
"""Of one file of a repository. GitLab reads no longer CI configuration either."""

MOST_LEVELS = 100
"""Of lists and mappings inside each other in YAML: GitLab's own limit."""

MOST_VALUES = 250_000
"""Of one YAML file, with those of aliases; a long text counts as several."""

MOST_KEY_PARTS = 30
"""Of one dotted key in TOML: the time and memory to read it grow with the square."""

MOST_DIRECTIVES = 100
"""Of one YAML file: for each `%TAG` line libyaml searches those before it."""

MOST_LICENCES = 100
"""That one file names."""

MOST_REQUIREMENT = 10_000
"""Characters of a line of a requirements file: the time for one grows with the square."""

MOST_TARGETS = 500
"""Of a Makefile, `package.json`, `tox.ini` or list of hooks; the rest is not looked at."""

MAX_INCLUDES = 150
"""Of one pipeline: GitLab's own limit."""

MOST_ENTRIES = 1_000
"""Of `include` in one file, with those of its child pipelines."""

MOST_SCRIPT_LINES = 200_000
"""Of all jobs of a pipeline, with what they inherit and refer to."""

MOST_STEPS = 10_000_000
"""For all files of a project: a step takes about half a microsecond. See `Effort`."""

MOST_LIST_CHARACTERS = 8 * MOST_CHARACTERS
"""Of one list or CSV file of people, projects or teams, and of one lock file."""

MOST_LINES = 250_000
"""Of one list or CSV file, or sheet of a workbook."""

MOST_WORKBOOK = 64 * 1024 * 1024
"""Bytes of all parts of a workbook after decompression."""

MOST_COLUMNS = 1_000
"""Of a CSV file."""

MOST_FAULTS = 1_000
"""That are named of one file; those after them are counted."""

MOST_NAME = 1_000
"""Characters of a name that can be a person's. GitLab allows 255."""

MOST_PATTERN = 200
"""Characters of a pattern of paths."""

MOST_PATTERNS = 100
"""In one list."""

MOST_WILD_FOLDERS = 4
"""`**` in one pattern of paths."""

MOST_PATH = 4_096
"""Characters of a path that a pattern can match: git writes no longer one to a disk."""

MOST_FOLDERS = 100
"""Of a path that a pattern can match, with its file."""

MOST_SHOWN = 500
"""Characters of a reason or of a name inside one, as people see it."""

_MOST_REASONS = 20


class BeyondBounds(Exception):
    """A text is larger or deeper than any real one. The message says in which way."""


class Effort:
    """The work that one project is worth. For one thread.

    It is counted in steps, not measured, so that the result is the same on any machine. `check` is
    called again and again, and can end the work by raising, such as `CancelToken.check`.
    """

    def __init__(self, check: Callable[[], object] = lambda: None, steps: int = MOST_STEPS) -> None:
        self.check = check
        self._left = steps

    def spend(self, steps: int) -> None:
        """Count some steps before they are made; raises BeyondBounds if there were too many."""
        self.check()
        self._left -= steps
        if self._left < 0:
            raise BeyondBounds("its files take more work than those of any real project")


def within(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return the text; raises BeyondBounds if it is longer than `most`."""
    if len(text) > most:
        raise BeyondBounds(f"longer than {most >> 20} MiB")
    return text


def shown(text: str) -> str:
    """Return a text as people see it: cut, if it is longer than they would read."""
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def joined(reasons: Iterable[str], most: int = _MOST_REASONS) -> str:
    """Return reasons as one text, each once; of more than `most`, the first and how many more."""
    each = list(dict.fromkeys(map(shown, reasons)))
    more = len(each) - most
    return "; ".join(each[:most]) + (f"; and {more:,} more" if more > 0 else "")


def first_faults(faults: Iterable[str]) -> list[str]:
    """Return the faults of one file, cut; of very many, the first and how many more."""
    each = list(map(shown, faults))
    more = len(each) - MOST_FAULTS
    return each[:MOST_FAULTS] + ([f"and {more:,} more faults"] if more > 0 else [])
