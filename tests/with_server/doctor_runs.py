"""Runs of the doctor: all of their outputs are searched for secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from cli_runs import run

from gitlab_sync.services.doctor.examination import CHECKS

Findings: TypeAlias = dict[str, dict[str, Any]]
PASSWORD = "wordofproxy"


def examined(environ: Mapping[str, str], *arguments: str, code: int) -> Findings:
    """Return the doctor's findings by check, after making sure of its exit code and of no secret.

    All outputs are looked at: the table, JSON, and the log of all requests as text and as JSON.
    """
    ways = (("-vv",), ("--format", "json", "-vv", "--log-format", "json"))
    outputs = [run(environ, "doctor", *arguments, *further) for further in ways]
    token = environ.get("GITLAB_TOKEN", "")
    for done in outputs:
        shown = (done.stdout + done.stderr).decode()
        assert done.returncode == code, shown
        for secret in (token, PASSWORD, "wordinurl"):
            assert len(secret) < 6 or secret not in shown
    table, document = (done.stdout.decode() for done in outputs)
    findings = {each["check"]: each for each in json.loads(document)}
    assert list(findings) == [check.name for check in CHECKS]
    for line in outputs[1].stderr.splitlines():
        json.loads(line)
    lines = table.splitlines()
    assert len(lines) == len(CHECKS)
    for line, (name, finding) in zip(lines, findings.items(), strict=True):
        assert line.startswith(f"{finding['status']:<11}  {name}")
        if finding["status"] in {"warning", "problem"}:
            assert finding["to_do"] in line
    return findings


def statuses(findings: Findings, *but: str) -> set[str]:
    """Return the statuses of all checks but these."""
    return {finding["status"] for name, finding in findings.items() if name not in but}
