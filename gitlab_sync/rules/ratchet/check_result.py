"""What one check says of one place, whether that is an item or a project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.ratchet.place import Place
from gitlab_sync.types import Record

if TYPE_CHECKING:
    from gitlab_sync.rules.projects.compliance import Report
    from gitlab_sync.rules.projects.facts import Finding

Outcome: TypeAlias = Literal["fault", "waived", "unknown", "not yet", "n/a", "pass"]

_OUTCOMES: Mapping[str, Outcome] = {"fail": "fault", "waived": "waived", "n/a": "n/a"}

README = "README.md"
"""The file of what has no other: almost every repository has it."""

_FILES: Mapping[str, str] = {
    "license": "LICENSE",
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
    "code_of_conduct": "CODE_OF_CONDUCT.md",
    "pre_commit": ".pre-commit-config.yaml",
    **dict.fromkeys(
        ("ci_test", "ci_lint", "ci_format", "ci_type_check", "ci_coverage"), ".gitlab-ci.yml"
    ),
}
"""The files that checks of projects ask for, where nothing that was found has a place."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check says of one place. Immutable.

    `title` is that of the item, empty for a project. `file` and `line` (from 1) are where a report
    for a repository shows it: they are a choice for readers, and no part of the fingerprint.
    """

    check: Check
    place: Place
    verdict: Verdict
    title: str = ""
    file: str = README
    line: int = 1

    @property
    def outcome(self) -> Outcome:
        """What it says, in one word."""
        result: str = self.verdict.result
        if result == "unknown":
            return "not yet" if self.verdict.pending else "unknown"
        return _OUTCOMES.get(result, "pass")

    @property
    def fingerprint(self) -> str:
        """By what it is known again: the check and the place."""
        return self.place.fingerprint(self.check.id)


def of_item(
    item: Record,
    place: Place,
    rules: RuleSet,
    verdicts: Mapping[str, Verdict],
    facts: Facts = NOTHING,
    terms: Terms | None = None,
    file: str = README,
) -> Iterator[CheckResult]:
    """Yield what the checks say of a merge request or an issue, in their order.

    Those that look at changed files name the first one that counts as source; the others name
    `file`.
    """
    title = record.text(item, "title") or ""
    changed = _changed_file(facts, terms or Terms())
    for check in rules.checks:
        shown = changed if changed is not None and "diffs" in check.needs else file
        yield CheckResult(check, place, verdicts[check.id], title, shown)


def of_project(report: Report, place: Place) -> Iterator[CheckResult]:
    """Yield what the checks say of a project, in their order, with the file of the evidence."""
    for check in report.checks:
        finding = report.findings[check.id]
        file = finding.path or _FILES.get(check.id, README)
        yield CheckResult(check, place, _verdict(finding), "", file, finding.line or 1)


def _changed_file(facts: Facts, terms: Terms) -> str | None:
    changed = [path for diff in facts.diffs.rows if (path := record.text(diff, "new_path"))]
    return next(filter(terms.paths.is_source, changed), None)


def _verdict(finding: Finding) -> Verdict:
    result = finding.result
    return Verdict("n/a" if result == "not applicable" else result, finding.reason, finding.link)
