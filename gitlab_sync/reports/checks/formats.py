"""The kinds of reports on a check, by name; each is imported when it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from gitlab_sync.reports.checks.summary import CheckSummary

WRITERS: Mapping[str, str] = {
    "junit": "junit.to_junit",
    "codequality": "code_quality.to_code_quality",
    "sarif": "sarif.to_sarif",
    "markdown": "markdown.to_markdown",
}
"""Module and function of each kind."""


def writer(kind: str) -> Callable[[CheckSummary], bytes]:
    """Return what writes a kind of report; KeyError for an unknown one."""
    module, _, name = WRITERS[kind].partition(".")
    found = getattr(import_module(f"gitlab_sync.reports.checks.{module}"), name)
    return cast("Callable[[CheckSummary], bytes]", found)
