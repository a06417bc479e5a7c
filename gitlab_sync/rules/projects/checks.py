"""The checks of a project's compliance as data: the question, the weight, and how to fix it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.projects.stack import CHECKED_APART
from gitlab_sync.rules.projects.tools import Purpose, command_for

Area = Literal[
    "documentation",
    "quality & tools",
    "security",
    "testing",
    "automation & CI",
    "metadata",
]
"""The group in which a page shows a check."""

AppliesTo = Literal["any project", "any code"] | tuple[str, ...]
"""The projects that a check is for: all, those with source code, or those in these languages."""

_DEAD = ("Python", "JavaScript", "TypeScript", "Go")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCheck(Check):
    """One question about a project.

    `weight` is its part of the score, `area` the group in which it is shown, and `applies_to` the
    projects that it is for; `not_applicable` is the reason for all others. If only tools of some
    purpose pass it, `tool` is that purpose, and `tool_name` the tool in words: without one for
    the project's languages, the check does not apply.
    """

    weight: float
    area: Area
    applies_to: AppliesTo = "any code"
    not_applicable: str = "there is no source code"
    tool: Purpose | None = None
    tool_name: str = ""

    def for_language(self, language: str) -> ProjectCheck:
        """Return the check with advice for a language: the command that it usually takes."""
        command = command_for(self.tool, language) if self.tool else None
        if command is None:
            return self
        return replace(self, how_to_fix=f"{self.how_to_fix} For {language}: `{command}`.")


_ci = partial(ProjectCheck, needs=("pipeline",), area="automation & CI")
_document = partial(ProjectCheck, area="documentation", applies_to="any project")
_tool = partial(ProjectCheck, needs=("files", "pipeline"), area="quality & tools")

CHECKS = (
    _ci(
        "ci_test",
        "CI: tests",
        "high",
        "No job for tests runs automatically, or none runs a known tool: half weight each.",
        "Tests that run automatically find a fault on the day it is made.",
        "Add a job to the pipeline that runs the tests on every push.",
        tool="test",
        tool_name="tool for tests",
        weight=6,
    ),
    _ci(
        "ci_lint",
        "CI: linter",
        "medium",
        "No job for linting runs automatically, or none runs a known tool: half weight each.",
        "With a linter in the pipeline, its findings are not a matter of opinion in reviews.",
        "Add a job to the pipeline that runs the linter.",
        tool="lint",
        tool_name="linter",
        weight=4,
    ),
    _ci(
        "ci_format",
        "CI: format",
        "low",
        "No job for the format runs automatically, or none runs a known tool: half weight each.",
        "Differences in layout hide the lines that matter in a merge request.",
        "Add a job to the pipeline that runs the formatter in check mode.",
        tool="format",
        tool_name="formatter",
        weight=2,
    ),
    _ci(
        "ci_type_check",
        "CI: type check",
        "medium",
        "No job for types runs automatically, or none runs a known tool: half weight each.",
        "Types that are not checked go out of date like comments.",
        "Add a job to the pipeline that runs the type checker.",
        tool="type_check",
        tool_name="type checker",
        weight=4,
        applies_to=CHECKED_APART,
        not_applicable="no type checker besides its compiler",
    ),
    _ci(
        "ci_coverage",
        "CI: coverage",
        "medium",
        "No job for coverage runs automatically, or none runs a known tool: half weight each.",
        "The team cannot see which parts of the code have no tests.",
        "Measure coverage in the test job, and give it a `coverage:` pattern.",
        tool="coverage",
        tool_name="tool for coverage",
        weight=4,
    ),
    _document(
        "license",
        "LICENSE",
        "high",
        "No allowed licence is recognised: not by GitLab, nor by name in a file at the root.",
        "Without a licence no one else is allowed to use, change or share the code.",
        "Put the text of an allowed licence, unchanged, into a file LICENSE at the root.",
        ("files",),
        weight=15,
    ),
    _document(
        "readme",
        "README",
        "high",
        "There is no README, or it has fewer than 150 characters or 3 of the usual topics.",
        "A visitor cannot tell what the project is for and how to start.",
        "Write a README with sections such as Installation, Usage and Contributing.",
        ("files",),
        weight=10,
    ),
    ProjectCheck(
        "tests",
        "Tests",
        "high",
        "No file of source code is a test, by its path.",
        "Code without tests is risky to change.",
        "Add a folder of tests, and begin with what broke last.",
        ("tree",),
        weight=10,
        area="testing",
    ),
    _tool(
        "linter",
        "Linter",
        "medium",
        "No linter for the project's languages is set up or run.",
        "Mistakes that a program can find take up the time of reviewers.",
        "Set up a linter, and run it in the pipeline.",
        tool="lint",
        tool_name="linter",
        weight=4,
    ),
    _tool(
        "formatter",
        "Formatter",
        "medium",
        "No formatter for the project's languages is set up or run.",
        "Everyone formats code differently, and merge requests show it.",
        "Set up a formatter, and check the format in the pipeline.",
        tool="format",
        tool_name="formatter",
        weight=4,
    ),
    _tool(
        "type_checker",
        "Type checker",
        "medium",
        "No type checker for the project's languages is set up or run.",
        "Users find faults that a type checker finds in seconds.",
        "Set up a type checker, and run it in the pipeline.",
        tool="type_check",
        tool_name="type checker",
        weight=4,
        applies_to=CHECKED_APART,
        not_applicable="no type checker besides its compiler",
    ),
    ProjectCheck(
        "secret_scan",
        "Secret scan",
        "high",
        "No scan for secrets is set up, run or included.",
        "A password that is pushed once stays known.",
        "Run gitleaks before each commit, or include GitLab's secret detection.",
        ("files", "pipeline"),
        weight=4,
        area="security",
        applies_to="any project",
    ),
    ProjectCheck(
        "dependency_audit",
        "Dependency audit",
        "high",
        "No audit of the packages that the project needs is set up, run or included.",
        "Vulnerabilities that are already public stay in the project.",
        "Run an audit in the pipeline, or include GitLab's dependency scanning.",
        ("files", "pipeline"),
        tool="dependency_audit",
        tool_name="audit of dependencies",
        weight=4,
        area="security",
    ),
    ProjectCheck(
        "coverage_threshold",
        "Coverage threshold",
        "medium",
        "Neither settings nor scripts set a minimum coverage above 0.",
        "Without a threshold, coverage falls a little with every change.",
        "Set a minimum coverage, such as `fail_under = 80`.",
        ("files", "pipeline"),
        weight=4,
        area="testing",
    ),
    _document(
        "templates",
        "Templates",
        "medium",
        "There is no template for issues, or none for merge requests.",
        "Issues and merge requests lack facts that reviewers have to ask for every time.",
        "Add templates to .gitlab/issue_templates and .gitlab/merge_request_templates.",
        ("tree",),
        weight=4,
    ),
    _document(
        "contributing",
        "CONTRIBUTING",
        "medium",
        "There is no CONTRIBUTING at the root, in docs or in .gitlab.",
        "Newcomers do not know how to start, and give up or ask the same questions.",
        "Explain in CONTRIBUTING.md how to set up the project, test and submit a change.",
        ("tree",),
        weight=4,
    ),
    _document(
        "changelog",
        "CHANGELOG",
        "medium",
        "There is no CHANGELOG, under this or a similar name, at the root or in docs.",
        "Users cannot tell what an update adds or breaks.",
        "Keep a CHANGELOG.md with an entry for each release.",
        ("tree",),
        weight=4,
    ),
    _document(
        "code_of_conduct",
        "CODE_OF_CONDUCT",
        "low",
        "There is no CODE_OF_CONDUCT at the root, in docs or in .gitlab.",
        "People do not know what is expected of them, or who to ask for help.",
        "Add a CODE_OF_CONDUCT.md with a contact.",
        ("tree",),
        weight=2,
    ),
    ProjectCheck(
        "description_topics",
        "Description and topics",
        "low",
        "GitLab shows no description of the project, or no topics.",
        "People who need the project cannot find it.",
        "Add a sentence and a few topics under Settings, General.",
        weight=2,
        area="metadata",
        applies_to="any project",
    ),
    ProjectCheck(
        "pre_commit",
        "Pre-commit",
        "low",
        "Neither pre-commit nor Lefthook nor Husky is set up.",
        "The pipeline reports minutes later what a hook reports before the commit.",
        "Set up pre-commit (or Lefthook or Husky) with the linter and the formatter.",
        ("tree",),
        weight=2,
        area="automation & CI",
    ),
    _tool(
        "dead_code",
        "Dead code",
        "low",
        "No search for unused code is set up or run.",
        "Code that nothing calls still has to be read and maintained.",
        "Run a search for dead code regularly, for example in the pipeline.",
        tool="dead_code",
        tool_name="search for dead code",
        weight=1,
        applies_to=_DEAD,
        not_applicable="no separate tool looks for unused code",
    ),
    ProjectCheck(
        "changelog_generator",
        "Changelog generator",
        "low",
        "No tool that writes the changelog is set up or run.",
        "A changelog that is written by hand is easily forgotten.",
        "Set up git-cliff, commitizen or towncrier.",
        ("files", "pipeline"),
        weight=1,
        area="automation & CI",
        applies_to="any project",
    ),
    ProjectCheck(
        "language",
        "Language",
        "low",
        "No source file is in a known language.",
        "The tools of an unknown language cannot be recognised.",
        "Give source files the usual suffix of their language.",
        ("tree",),
        weight=0,
        area="metadata",
    ),
)
"""All checks of the policy *classic*, in the order of a report."""

_FAIR: Mapping[str, Mapping[str, Any]] = {
    "tests": {
        "fails_when": "No file of source code is a test, by its path, and a tool for tests is "
        "known for one of the project's languages.",
        "tool": "test",
        "tool_name": "tool for tests",
    },
    "coverage_threshold": {
        "fails_when": "Neither settings nor scripts set a minimum coverage above 0, and a tool for "
        "coverage is known for one of the project's languages.",
        "tool": "coverage",
        "tool_name": "tool for coverage",
    },
}
FAIR_CHECKS = tuple(replace(check, **_FAIR.get(check.id, {})) for check in CHECKS)
"""All checks of the policy *fair*: none asks for what no tool for the language can give."""

BY_ID: Mapping[str, ProjectCheck] = {check.id: check for check in CHECKS}
"""The checks by their ids."""

WEIGHTS: Mapping[str, float] = {check.id: check.weight for check in CHECKS}
"""The default weights; the language is shown, but has no weight."""
