"""Compliance of a project: evaluates every check, and returns the score and a summary row.

`files.wanted_files` names the files to read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import record as records
from gitlab_sync.rules.bounds import BeyondBounds, Effort, joined
from gitlab_sync.rules.items.adjustment import SWITCHED_OFF
from gitlab_sync.rules.items.table import POLICY, WAIVED
from gitlab_sync.rules.projects import ci_pipeline, coverage_threshold, documents, files
from gitlab_sync.rules.projects.checks import BY_ID, CHECKS, FAIR_CHECKS, WEIGHTS, ProjectCheck
from gitlab_sync.rules.projects.ci_config import Pipeline
from gitlab_sync.rules.projects.ecosystems.ecosystem import Names
from gitlab_sync.rules.projects.facts import Finding, ProjectFacts, Repository, file_name, own
from gitlab_sync.rules.projects.licences import OSI_APPROVED, policy_title, with_forms
from gitlab_sync.rules.projects.tool_detection import Project
from gitlab_sync.rules.projects.tool_uses import STAGES
from gitlab_sync.rules.projects.tools import ECOSYSTEMS, Purpose, has_tools
from gitlab_sync.rules.waivers import NO_WAIVERS, Subject, Waivers, reason_of, subject_of_project
from gitlab_sync.types import TableRow


@dataclass(frozen=True, slots=True)
class Policy:
    """What a team expects of its projects; a setting can replace the default.

    `licences` are the allowed SPDX identifiers; a GNU name without a suffix (`AGPL-3.0`) becomes
    both of its forms. `weights` are those of the checks, by id. A README needs `readme_length`
    characters and `readme_sections` of the usual topics. `checks` are the checks themselves. Rows
    name the policy by `shown_name`, and have the score's lower bound; if it is empty, neither.
    Faults that `waivers` cover count in no score. `contest_project` is the path of the project in
    which faults are disputed.
    """

    licences: frozenset[str] = frozenset({"AGPL-3.0-only", "AGPL-3.0-or-later"})
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    readme_length: int = 150
    readme_sections: int = 3
    checks: tuple[ProjectCheck, ...] = CHECKS
    shown_name: str = ""
    waivers: Waivers = NO_WAIVERS
    contest_project: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "licences", with_forms(self.licences))

    @property
    def name(self) -> str:
        """The name of the policy."""
        return self.shown_name or "classic"

    @property
    def license_title(self) -> str:
        """The title of the licence's column, such as `AGPLv3`."""
        return policy_title(self.licences)

    def with_setting(self, setting: Mapping[str, Any]) -> Policy:
        """Return the policy with the values of a setting in place of its own.

        Keys: `licences` (list), `weights` (check to number), `readme_length`, `readme_sections`.
        Raises `ConfigurationError` for an unknown key, an unknown check or a negative weight.
        """
        unknown = sorted(set(setting) - {"licences", "weights", "readme_length", "readme_sections"})
        weights = setting.get("weights", {})
        if unknown or not isinstance(weights, Mapping):
            raise ConfigurationError(f"compliance: unknown setting {', '.join(unknown) or weights}")
        for check, weight in weights.items():
            if check not in BY_ID:
                raise ConfigurationError(f"compliance: unknown check {check}")
            if not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
                raise ConfigurationError(
                    f"compliance: the weight of {check} must be 0 or more, got {weight!r}"
                )
        licences = setting.get("licences", self.licences)
        listed = isinstance(licences, Collection) and not isinstance(licences, str)
        if not listed or not all(isinstance(one, str) for one in licences):
            raise ConfigurationError("compliance: licences must be a list of SPDX identifiers")
        return replace(
            self,
            licences=frozenset(licences),
            weights={**self.weights, **weights},
            readme_length=_count(setting, "readme_length", self.readme_length),
            readme_sections=_count(setting, "readme_sections", self.readme_sections),
        )


def _count(setting: Mapping[str, Any], key: str, usual: int) -> int:
    value = setting.get(key, usual)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigurationError(f"compliance: {key} must be a whole number, got {value!r}")
    return value


DEFAULT_POLICY = Policy()
"""The policy *classic*, without a setting."""

FAIR = Policy(OSI_APPROVED, checks=FAIR_CHECKS, shown_name="fair")
"""The policy *fair*, without a setting."""

AT_LEAST = "Score (at least)"
"""The column with the score if all that is unknown failed."""


@dataclass(frozen=True, slots=True)
class Score:
    """The weights of checks that pass, fail or are unknown: not of waived ones, nor n/a."""

    passed: float = 0.0
    failed: float = 0.0
    unknown: float = 0.0

    @property
    def percent(self) -> float | None:
        """Passing weight in percent of what was evaluated, one decimal; None if nothing was."""
        evaluated = self.passed + self.failed
        return round(100 * self.passed / evaluated, 1) if evaluated else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The score if all that is unknown failed, and if it passed; None if nothing applies."""
        whole = self.passed + self.failed + self.unknown
        if not whole:
            return None
        return 100 * self.passed / whole, 100 * (self.passed + self.unknown) / whole

    @property
    def at_least(self) -> float | None:
        """The score if all that is unknown failed, one decimal; None if nothing was evaluated."""
        if self.percent is None or self.bounds is None:
            return None
        return round(self.bounds[0], 1)

    def __str__(self) -> str:
        """Return `75 %`, or with unknown weight `75 %, 10 of 100 unknown`."""
        shown = "?" if self.percent is None else f"{self.percent:g} %"
        if not self.unknown:
            return shown
        whole = self.passed + self.failed + self.unknown
        return f"{shown}, {round(self.unknown, 1):g} of {round(whole, 1):g} unknown"


@dataclass(frozen=True, slots=True)
class Report:
    """The result for one project.

    `findings` are by the ids of the checks, in the order of `asked`, the checks of the policy.
    `stack` has the languages.
    """

    findings: Mapping[str, Finding]
    score: Score
    stack: tuple[str, ...]
    asked: tuple[ProjectCheck, ...] = field(default=CHECKS, repr=False, compare=False)

    @property
    def unverified(self) -> int:
        """The number of checks that are unknown."""
        return sum(finding.result == "unknown" for finding in self.findings.values())

    @property
    def waived(self) -> int:
        """The number of faults that waivers cover."""
        return sum(finding.result == "waived" for finding in self.findings.values())

    @property
    def checks(self) -> list[ProjectCheck]:
        """All checks in the order of a report, with advice for the project's main language."""
        main = next(iter(self.stack), "")
        return [check.for_language(main) for check in self.asked]

    @property
    def faults(self) -> list[ProjectCheck]:
        """The checks that fail, those with the highest weight first: what to do next."""
        failed = [check for check in self.checks if self.findings[check.id].result == "fail"]
        return sorted(failed, key=lambda check: -check.weight)


def evaluate(
    facts: ProjectFacts, policy: Policy = DEFAULT_POLICY, effort: Effort | None = None
) -> Report:
    """Return the report on a project; raises only what the `effort` raises to end the work.

    What is beyond the bounds of `rules.bounds` is unknown, with the reason.
    """
    project = Project(Repository(facts), effort)
    subject = subject_of_project(facts.project)
    findings = {
        check.id: _unless_waived(check.id, _evaluate(check, project, policy), policy, subject)
        for check in policy.checks
    }
    return report_of(findings, project.languages, policy)


def report_of(
    findings: Mapping[str, Finding], stack: tuple[str, ...], policy: Policy = DEFAULT_POLICY
) -> Report:
    """Return the report of what was found by the checks of a policy; `stack` has the languages."""
    return Report(findings, _score(findings, policy), stack, policy.checks)


def _unless_waived(check: str, finding: Finding, policy: Policy, subject: Subject) -> Finding:
    waiver = policy.waivers.covering(check, subject) if finding.result == "fail" else None
    if waiver is None:
        return finding
    reason = reason_of(waiver, finding.reason)
    return replace(finding, result="waived", reason=reason, waiver=waiver)


def summary_row(facts: ProjectFacts, report: Report, policy: Policy = DEFAULT_POLICY) -> TableRow:
    """Return the project's row in a table of many.

    Columns: `Project, Compliance Score` (percent)`, Stack`, the policy's licence (`AGPLv3`),
    `Security, Coverage, CI/CD, Pre-commit`, then `Status, Error, Unverified`, for a policy with a
    name `AT_LEAST, Policy`, and for one with waivers `Waived`. The cells of checks are `yes`,
    `partly`, `no`, `waived`, `n/a` (does not apply) or None (unknown).
    """
    findings = report.findings
    name = records.text(facts.project, "path_with_namespace")
    unknown = [finding for finding in findings.values() if finding.result == "unknown"]
    reasons = [reason for one in unknown for reason in one.causes or (one.reason,)]
    nothing = report.score.percent is None
    return {
        "Project": name or facts.web_url or "?",
        "Compliance Score": report.score.percent,
        "Stack": ", ".join(report.stack) or None,
        policy.license_title: _cell([findings["license"]]),
        "Security": _cell([findings["secret_scan"], findings["dependency_audit"]]),
        "Coverage": _cell([findings["coverage_threshold"]]),
        "CI/CD": _cell([findings[f"ci_{stage}"] for stage in STAGES]),
        "Pre-commit": _cell([findings["pre_commit"]]),
        "Status": "Error" if nothing else "Partial" if reasons else "Success",
        "Error": joined(reasons) or None,
        "Unverified": None if nothing else report.unverified,
        **_behind(policy, report.score.at_least, None if nothing else report.waived),
    }


def error_row(name: str, error: str, policy: Policy = DEFAULT_POLICY) -> TableRow:
    """Return the row of a project that could not be read, for the reason `error`."""
    titles = ("Compliance Score", "Stack", policy.license_title, "Security", "Coverage", "CI/CD")
    empty = dict.fromkeys((*titles, "Pre-commit"))
    state = {"Status": "Error", "Error": error, "Unverified": None}
    return {"Project": name, **empty, **state, **_behind(policy, None, None)}


def _behind(policy: Policy, at_least: float | None, waived: int | None) -> TableRow:
    named = {AT_LEAST: at_least, POLICY: policy.shown_name} if policy.shown_name else {}
    return {**named, **({WAIVED: waived} if policy.waivers.every else {})}


def worst_first(rows: Iterable[TableRow]) -> list[TableRow]:
    """Return the rows sorted by score, the lowest first, then by name; unknown scores last."""

    def place(row: TableRow) -> tuple[bool, float, str]:
        score = row["Compliance Score"]
        return score is None, float(score or 0), str(row["Project"]).lower()

    return sorted(rows, key=place)


def _evaluate(check: ProjectCheck, project: Project, policy: Policy) -> Finding:
    project.effort.check()
    try:
        return _within_bounds(check, project, policy)
    except BeyondBounds as beyond:
        return project.repository.unknown([str(beyond)])


def _within_bounds(check: ProjectCheck, project: Project, policy: Policy) -> Finding:
    reason = SWITCHED_OFF if check.severity == "off" else _does_not_apply(check, project)
    if reason is not None:
        return Finding("not applicable", reason)
    finding = _EVALUATORS[check.id](project, policy)
    if finding.result != "fail":
        return finding
    if project.repository.missing and not _applies_surely(check, project):
        # The files that were not listed could show that it does not apply.
        unlisted = project.repository.unlisted
        return project.repository.unknown(unlisted, share=finding.share, fault=finding.reason)
    if check.tool and not any(has_tools(check.tool, name) for name in project.languages):
        reason = f"no {check.tool_name} is known for {', '.join(project.languages)}"
        return Finding("not applicable", reason)
    return finding


def _does_not_apply(check: ProjectCheck, project: Project) -> str | None:
    """Return why a check does not apply; None if it applies or could apply."""
    if project.repository.missing or _applies_surely(check, project):
        return _no_dependencies(project) if check.id == "dependency_audit" else None
    if not project.has_code:
        return "there is no source code"
    return f"{', '.join(project.languages)}: {check.not_applicable}"


def _applies_surely(check: ProjectCheck, project: Project) -> bool:
    if check.applies_to == "any project":
        return True
    if check.applies_to == "any code":
        # Of the languages that are not listed, one could have tools.
        return project.has_code and not (check.tool and project.repository.missing)
    # The languages that are not listed change the share of the others.
    return not project.repository.missing and bool(set(check.applies_to) & set(project.languages))


def _no_dependencies(project: Project) -> str | None:
    if project.repository.missing or project.settings.declares_dependencies() is not False:
        return None
    names = map(file_name, own(project.repository.paths))
    return None if any(map(_LOCKS.find, names)) else "no dependencies are declared"


_LOCKS = Names(name for each in ECOSYSTEMS for name in each.locks.split())
"""Files of projects with dependencies."""


def _stage(stage: Purpose) -> Callable[[Project, Policy], Finding]:
    def evaluate_stage(project: Project, _: Policy) -> Finding:
        repository = project.repository
        path = files.ci_file(repository.project)
        if project.pipeline_off:
            return repository.failed("pipelines are switched off in the project's settings")
        if project.pipeline is None:
            return repository.failed(f"no {path}")
        if isinstance(project.pipeline, Pipeline) and project.pipeline.error:
            return repository.failed(project.pipeline.error, path)
        found = project.stages[stage]
        job = found.job
        place = (job.path, job.line) if job else (None, None)
        if found.share == 1:
            tools = ", ".join(found.tools_of(job)) if job else ""
            return repository.passed(f"{job.name if job else stage} runs {tools}", *place)
        if project.unread_pipeline:
            fault = _lacking(stage, found)
            return repository.unknown(project.unread_pipeline, place[0], found.share, fault)
        return repository.failed(_lacking(stage, found), place[0] or path, place[1], found.share)

    return evaluate_stage


def _lacking(stage: Purpose, found: ci_pipeline.StageReport) -> str:
    title = ci_pipeline.TITLES[stage]
    if found.jobs:
        return f"{found.jobs[0].name} runs no known tool for {title}"
    return found.note or f"no job for {title}"


def _tool(purpose: Purpose, wanted: str) -> Callable[[Project, Policy], Finding]:
    return lambda project, _: project.tool(purpose, wanted)


def _language(project: Project, _: Policy) -> Finding:
    if project.languages:
        return project.repository.passed(", ".join(project.languages))
    return project.repository.decide("no known language", project.repository.unlisted)


_EVALUATORS: Mapping[str, Callable[[Project, Policy], Finding]] = {
    **{f"ci_{stage}": _stage(stage) for stage in STAGES},
    "license": lambda project, policy: documents.license_file(project, policy.licences),
    "readme": lambda project, policy: documents.readme(
        project, policy.readme_length, policy.readme_sections
    ),
    "tests": lambda project, _: documents.tests(project),
    "linter": _tool("lint", "linter"),
    "formatter": _tool("format", "formatter"),
    "type_checker": _tool("type_check", "type checker"),
    "secret_scan": _tool("secret_scan", "scan for secrets"),
    "dependency_audit": _tool("dependency_audit", "audit of dependencies"),
    "coverage_threshold": lambda project, _: coverage_threshold.evaluate(project),
    "templates": lambda project, _: documents.templates(project),
    "contributing": lambda project, _: documents.document(
        project, files.CONTRIBUTING, "CONTRIBUTING"
    ),
    "changelog": lambda project, _: documents.document(project, files.CHANGELOG, "CHANGELOG"),
    "code_of_conduct": lambda project, _: documents.document(
        project, files.CODE_OF_CONDUCT, "CODE_OF_CONDUCT"
    ),
    "description_topics": lambda project, _: documents.description_topics(project),
    "pre_commit": _tool("hooks", "checks before commits"),
    "dead_code": _tool("dead_code", "search for dead code"),
    "changelog_generator": _tool("changelog", "changelog generator"),
    "language": _language,
}


def _score(findings: Mapping[str, Finding], policy: Policy) -> Score:
    totals = {"pass": 0.0, "fail": 0.0, "unknown": 0.0}
    for check, finding in findings.items():
        if finding.result in totals:
            weight = policy.weights[check]
            totals["pass"] += weight * finding.share
            totals[finding.result] += weight * (1 - finding.share)
    return Score(totals["pass"], totals["fail"], totals["unknown"])


def _cell(findings: Iterable[Finding]) -> str | None:
    """Return one word for several findings; a known fault counts, even among unknown ones."""
    every = [*findings]
    counted = [one for one in every if one.result not in {"not applicable", "waived"}]
    results = {one.result for one in counted}
    if not counted:
        return "waived" if any(one.result == "waived" for one in every) else "n/a"
    if results == {"pass"}:
        return "yes"
    if "fail" in results:
        return "partly" if any(one.share for one in counted) else "no"
    return None
