"""Projects as a snapshot has them: what was found of those of its groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from gitlab_sync.api.projects import extract_path_from_url
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.projects import compliance as rules
from gitlab_sync.rules.projects.compliance import Policy
from gitlab_sync.rules.projects.facts import Finding
from gitlab_sync.services.compliance import ComplianceQuery
from gitlab_sync.services.project_report import (
    Checked,
    ComplianceReport,
    checked_before,
    report_of_checked,
)
from gitlab_sync.snapshots import faults
from gitlab_sync.snapshots.snapshot import Snapshot

_Row = Mapping[str, Any]


def read_compliance(snapshot: Snapshot, query: ComplianceQuery) -> ComplianceReport:
    """Return what `services.compliance.answer` says of these projects.

    `everything` means all projects of the snapshot. Raises ConfigurationError for a branch, and for
    projects and groups that the snapshot has not evaluated.
    """
    if query.ref is not None:
        raise ConfigurationError(
            f"A snapshot has projects at their default branch, got {query.ref}",
            hint="Leave out the branch, or ask GitLab itself.",
        )
    rows: dict[str, list[_Row]] = {}
    left_out: Counter[str] = Counter()
    if query.everything:
        rows |= _by_project(_rows(snapshot, "true", ()))
        for group in snapshot.groups:
            left_out.update(snapshot.left_out(group))
    for name in query.projects:
        path = extract_path_from_url(name).strip("/")
        number = "CAST(project_id AS VARCHAR) = ? OR lower(project) = ?"
        found = _by_project(_rows(snapshot, number, [path, path.lower()]))
        if not found:
            raise _unknown(snapshot, f"project {name}")
        rows |= found
    if query.group is not None:
        path = extract_path_from_url(query.group).strip("/").removeprefix("groups/")
        named = _group_of(snapshot, path)
        rows |= _by_project(_rows(snapshot, '"group" = ?', [named]))
        left_out.update(snapshot.left_out(named))
    checked = (_checked(each, query.policy) for each in rows.values())
    return report_of_checked(checked, query.policy, left_out)


def _group_of(snapshot: Snapshot, path: str) -> str:
    """Return the name of a group by which the snapshot was taken."""
    for name in snapshot.groups:
        known = snapshot.group(name)
        if path.lower() in {name.lower(), str(known["id"]), str(known["full_path"]).lower()}:
            return name
    raise _unknown(snapshot, f"group {path}")


def _unknown(snapshot: Snapshot, what: str) -> ConfigurationError:
    known = ", ".join(snapshot.groups) or "none"
    return ConfigurationError(
        f"The snapshot {snapshot.run} has not evaluated the {what}",
        hint=f"It has the projects of its groups: {known}. What it does not have, GitLab itself "
        "can tell.",
    )


def _rows(snapshot: Snapshot, condition: str, given: Sequence[object]) -> Iterator[_Row]:
    return snapshot.rows(
        f"SELECT * FROM project_checks WHERE {condition} ORDER BY file_row_number",
        given,
        ["project_checks"],
    )


def _by_project(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    """Return the rows of each project, once, by its id or what it was asked for by."""
    parts = groupby(rows, lambda row: (row["group"], row["project_id"] or row["asked"]))
    return {str(key[1]): [*part] for key, part in parts}


def _checked(rows: Sequence[_Row], policy: Policy) -> Checked:
    first = rows[0]
    errors = faults.unpacked(first["errors"])
    if first["check"] is None:
        row = rules.error_row(first["asked"], errors[0].reason, policy)
        return Checked(first["asked"], row, errors=errors)
    findings = {
        row["check"]: Finding(
            row["result"],
            row["reason"],
            row["path"],
            row["line"],
            row["link"],
            row["share"],
            tuple(row["causes"]),
        )
        for row in rows
    }
    report = rules.report_of(findings, tuple(first["stack"]), policy)
    project = {
        "id": first["project_id"],
        "path_with_namespace": first["project"],
        "web_url": first["web_url"],
    }
    return checked_before(first["asked"], project, first["ref"], report, errors, policy)
