"""The result of a check in SARIF 2.1.0, the format of tools that analyse code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gitlab_sync._version import __version__
from gitlab_sync.reports.checks.summary import CheckSummary
from gitlab_sync.reports.json_file import json_document
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.ratchet.baseline import KnownFault
from gitlab_sync.rules.ratchet.check_result import README, CheckResult

LEVELS: Mapping[str, str] = {"low": "note", "medium": "warning", "high": "error"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_FINGERPRINT = "gitlabSync/v1"


def to_sarif(summary: CheckSummary) -> bytes:
    """Return one run: each fault is new or unchanged, and those that are gone are absent.

    Waived faults are there as suppressed ones. What could not be read is a notification.
    """
    comparison = summary.comparison
    shown = comparison.those("new", "known", "waived")
    checks = {each.check.id: each.check for each in shown}
    results = [_result(each, known=each.fingerprint in comparison.known) for each in shown]
    told = {each.fingerprint for each in shown}  # what is waived can be gone, too
    results += [_absent(each) for each in comparison.gone if each.fingerprint not in told]
    unread = [
        *summary.unread,
        *(
            f"{each.place}: {each.check.title}: {each.verdict.reason}"
            for each in comparison.those("unknown")
        ),
    ]
    run = {
        "tool": {
            "driver": {
                "name": "gitlab-sync",
                "semanticVersion": __version__,
                "rules": list(map(_rule, checks.values())),
            }
        },
        "invocations": [
            {
                "executionSuccessful": not unread,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": text}} for text in unread
                ],
            }
        ],
        "columnKind": "utf16CodeUnits",
        "results": results,
    }
    return json_document({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": f"{check.fails_when} {check.why}"},
        "help": {"text": check.how_to_fix},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
    }


def _result(result: CheckResult, *, known: bool) -> dict[str, Any]:
    check, reason = result.check, result.verdict.reason
    fault: dict[str, Any] = {
        "ruleId": check.id,
        "level": LEVELS[check.severity],
        "message": {"text": f"{result.place}: {check.title}: {reason}"},
        "baselineState": "unchanged" if known else "new",
        "properties": {"title": result.title, "evidence": result.verdict.evidence},
        **_where(str(result.place), result.fingerprint, result.file, result.line),
    }
    if result.outcome == "waived":
        fault["suppressions"] = [{"kind": "external", "justification": reason}]
    return fault


def _absent(fault: KnownFault) -> dict[str, Any]:
    return {
        "ruleId": fault.check,
        "message": {"text": f"{fault.place}: this fault is gone"},
        "baselineState": "absent",
        **_where(fault.place, fault.fingerprint, README, 1),
    }


def _where(place: str, fingerprint: str, file: str, line: int) -> dict[str, Any]:
    artifact = {"uri": quote(file), "uriBaseId": "%SRCROOT%"}
    physical = {"artifactLocation": artifact, "region": {"startLine": line}}
    logical = [{"fullyQualifiedName": place}]
    return {
        "locations": [{"physicalLocation": physical, "logicalLocations": logical}],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
    }
