"""The result of a check as GitLab's Code Quality takes it: a part of Code Climate's format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlab_sync.reports.checks.summary import CheckSummary
from gitlab_sync.reports.json_file import json_document
from gitlab_sync.rules.ratchet.check_result import CheckResult

SEVERITIES: Mapping[str, str] = {"low": "minor", "medium": "major", "high": "critical"}
"""GitLab's severities; it also has `info` and `blocker`."""


def to_code_quality(summary: CheckSummary) -> bytes:
    """Return an entry for each fault that is reported."""
    return json_document(list(map(_entry, summary.reported)))


def _entry(result: CheckResult) -> dict[str, Any]:
    check = result.check
    return {
        "description": f"{result.place}: {check.title}: {result.verdict.reason}",
        "check_name": check.id,
        "fingerprint": result.fingerprint,
        "severity": SEVERITIES[check.severity],
        "location": {"path": result.file, "lines": {"begin": result.line}},
    }
