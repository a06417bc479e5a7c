"""Finds a coverage threshold in settings, scripts or the pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitlab_sync.rules.projects.facts import Finding, file_name, line_of
from gitlab_sync.rules.projects.settings_files import at
from gitlab_sync.rules.projects.tool_detection import Project

# Options of pytest-cov, coverage.py, cargo llvm-cov, cargo tarpaulin, gcovr, diff-cover, nyc, c8,
# jest, vitest, Pest, Coverlet, very_good and others.
_OPTION = re.compile(
    r"--(?:cov-)?fail-under(?:-\w+)?[=\s]+(?P<least>[\d.]+)"
    r"|--(?:min|min-coverage|minimum-coverage|coverage-threshold|threshold-total)[=\s]+(?P<min>[\d.]+)"
    r"|[/-]p:Threshold=\"?(?P<coverlet>[\d.]+)"
    r"|--check-coverage\b|--coverage\.thresholds?|--coverageThreshold|\bkoverVerify\b"
    r"|\bjacocoTestCoverageVerification\b"
)

# The patterns of thresholds in files that are programs, XML or YAML.
_IN_FILES = (
    (re.compile(r"^jest\.config\."), re.compile(r"\bcoverageThreshold\b")),
    (re.compile(r"^karma\.conf"), re.compile(r"\bthresholds\b")),
    (re.compile(r"^(vitest|vite)\.config\."), re.compile(r"\bthresholds\b")),
    (re.compile(r"^pom\.xml$"), re.compile(r"<minimum>[\s0.]{0,20}[1-9]")),
    (
        re.compile(r"^build\.gradle"),
        re.compile(
            r"\b(?:minimum(?:Value)?\s{0,9}(?:=|\.set)?[\s(]{0,9}[\d.\"]|minBound\s{0,9}\(\s{0,9}[1-9])"
        ),
    ),
    # Codecov compares with the last commit if no number is set.
    (
        re.compile(r"^\.?codecov\.ya?ml$"),
        re.compile(
            r"^[ \t]*(?:target:[ \t]*['\"]?(?:\d|auto)|threshold:[ \t]*['\"]?\d)", re.MULTILINE
        ),
    ),
    (
        re.compile(r"^\.testcoverage\.yml$"),
        re.compile(r"^[ \t]*\w+:[ \t]*0{0,9}[1-9]", re.MULTILINE),
    ),
    (re.compile(r"\.(cs|fs|vb)proj$|^directory\.build"), re.compile(r"<Threshold>\s{0,9}[1-9]")),
    (re.compile(r"^mix\.exs$"), re.compile(r"\bthreshold:\s{0,9}[1-9]")),
    (re.compile(r"^build\.sbt$"), re.compile(r"\bcoverageMinimum\w{0,40}\s{0,9}:=\s{0,9}[1-9]")),
    (re.compile(r"^\.simplecov$"), re.compile(r"\bminimum_coverage\b")),
    (
        re.compile(r"^gcovr\.cfg$"),
        re.compile(r"^[ \t]*fail-under-\w+[ \t]*=[ \t]*[1-9]", re.MULTILINE),
    ),
)
_MOST_PERCENT = 100


def evaluate(project: Project) -> Finding:
    """Check that a coverage threshold above 0 is set. Never raises."""
    for found in _finds(project):
        return found
    return project.repository.decide("no coverage threshold set", project.unread)


def _finds(project: Project) -> Iterator[Finding]:
    passed, settings = project.repository.passed, project.settings
    for path, data in settings.tables.items():
        for key, words in _KEYS:
            if _is_set(at(data, key)):
                line = line_of(settings.texts[path], words)
                yield passed(f"{words} is {_shown(at(data, key))}", path, line)
    for path in settings.sections:
        for section in ("coverage:report", "report"):
            value = settings.option(path, section, "fail_under")
            if _is_set(value):
                line = line_of(settings.texts[path], "fail_under")
                yield passed(f"fail_under is {value}", path, line)
        yield from _in_options(project, path)
    for place in project.places():
        if option := _option(place.script):
            yield passed(f"{option} is given", place.path, place.line)
    yield from _in_programs(project)


_KEYS = (
    ("tool.coverage.report.fail_under", "fail_under"),
    ("jest.coverageThreshold", "coverageThreshold"),
    ("nyc.check-coverage", "check-coverage"),
    ("c8.check-coverage", "check-coverage"),
    ("check-coverage", "check-coverage"),
    ("coverage_options.minimum_coverage", "minimum_coverage"),
)
"""Keys of TOML and JSON that hold a threshold, and the word in the file."""


def _in_programs(project: Project) -> Iterator[Finding]:
    for path, text in project.settings.texts.items():
        for name, threshold in _IN_FILES:
            if not name.match(file_name(path)):
                continue
            if match := threshold.search(project.settings.bare(path)):
                line = line_of(text, match[0].strip())
                yield project.repository.passed("a threshold is set", path, line)
    for path in project.settings.tables:
        yield from _in_options(project, path)


def _in_options(project: Project, path: str) -> Iterator[Finding]:
    """Yield the options of pytest in a settings file that set a threshold."""
    for options in project.settings.pytest_options(path):
        if option := _option(options):
            line = line_of(project.settings.texts[path], "addopts")
            yield project.repository.passed(f"{option} in addopts", path, line)


def _option(script: str) -> str | None:
    """Return the option in a script that sets a threshold above 0, or None."""
    for match in _OPTION.finditer(script):
        least = next(filter(None, match.groups()), None)
        if least is None or least.strip("0."):
            return match[0].strip()
    return None


def _is_set(value: Any) -> bool:
    """Return whether a value sets a threshold: a number above 0, a mapping or `true`."""
    try:
        return float(value) > 0 if isinstance(value, str) else bool(value)
    except ValueError:
        return False


def _shown(value: Any) -> str:
    """Return a threshold for people; a whole number can have too many digits for `str`."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MOST_PERCENT:
        return f"above {_MOST_PERCENT}"
    return "set" if isinstance(value, dict | bool | list) else str(value)
