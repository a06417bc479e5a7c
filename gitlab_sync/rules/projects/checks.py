"""The checks of a project's compliance, as data: what each asks, its weight, and how to fix it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gitlab_sync.rules.items.check import Check

Area = Literal[
    "documentation",
    "quality & tools",
    "security",
    "testing",
    "automation & CI",
    "metadata",
]
"""Where a page shows a check."""

AppliesTo = Literal["any project", "any code"] | tuple[str, ...]
"""What a check makes sense for: every project, one with source code, or these languages."""

_TYPED = ("Python", "TypeScript")
_DEAD = ("Python", "JavaScript", "TypeScript", "Go")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCheck(Check):
    """One question about a project.

    `weight` is its part of the score, `area` where it is shown, `applies_to` what it makes sense
    for; `not_applicable` says why it makes none for other languages.
    """

    weight: float
    area: Area
    applies_to: AppliesTo = "any code"
    not_applicable: str = "there is no source code"


CHECKS = (
    ProjectCheck(
        "ci_test",
        "CI: tests",
        "high",
        "No job for tests starts by itself, or none runs a known tool: half the weight each.",
        "Tests that run automatically find a fault on the day it is made.",
        "Add a job to the pipeline that runs the tests on every push.",
        ("pipeline",),
        weight=6,
        area="automation & CI",
    ),
    ProjectCheck(
        "ci_lint",
        "CI: linter",
        "medium",
        "No job for linting starts by itself, or none runs a known tool: half the weight each.",
        "A linter in the pipeline keeps its findings from becoming a matter of opinion in reviews.",
        "Add a job to the pipeline that runs the linter.",
        ("pipeline",),
        weight=4,
        area="automation & CI",
    ),
    ProjectCheck(
        "ci_format",
        "CI: format",
        "low",
        "No job for the format starts by itself, or none runs a known tool: half the weight each.",
        "Differences in layout hide the lines that matter in a merge request.",
        "Add a job to the pipeline that runs the formatter in its checking mode.",
        ("pipeline",),
        weight=2,
        area="automation & CI",
    ),
    ProjectCheck(
        "ci_type_check",
        "CI: type check",
        "medium",
        "No job for types starts by itself, or none runs a known tool: half the weight each.",
        "Types that are not checked are comments, and go out of date like them.",
        "Add a job to the pipeline that runs the type checker.",
        ("pipeline",),
        weight=4,
        area="automation & CI",
        applies_to=_TYPED,
        not_applicable="no type checker besides its compiler",
    ),
    ProjectCheck(
        "ci_coverage",
        "CI: coverage",
        "medium",
        "No job for coverage starts by itself, or none runs a known tool: half the weight each.",
        "No one can see which parts of the code the tests never reach.",
        "Let the job that tests measure coverage, and give it a `coverage:` pattern.",
        ("pipeline",),
        weight=4,
        area="automation & CI",
    ),
    ProjectCheck(
        "license",
        "LICENSE",
        "high",
        "No allowed licence is recognised: not by GitLab, nor by name in a file at the root.",
        "Without a licence, no one else is allowed to use, change or share the code.",
        "Put the text of an allowed licence, unchanged, into a file LICENSE at the root.",
        ("files",),
        weight=15,
        area="documentation",
        applies_to="any project",
    ),
    ProjectCheck(
        "readme",
        "README",
        "high",
        "There is no README, or it has fewer than 150 characters or 3 of the usual topics.",
        "Newcomers cannot tell what the project is for and how to start.",
        "Write a README with sections such as Installation, Usage and Contributing.",
        ("files",),
        weight=10,
        area="documentation",
        applies_to="any project",
    ),
    ProjectCheck(
        "tests",
        "Tests",
        "high",
        "No file of source code is a test, by its path.",
        "Code without tests can only be changed with fear.",
        "Add a folder of tests, and begin with what broke last.",
        ("tree",),
        weight=10,
        area="testing",
    ),
    ProjectCheck(
        "linter",
        "Linter",
        "medium",
        "No linter for the project's languages is set up or run.",
        "Mistakes that a program can find take up the time of reviewers.",
        "Set up a linter, such as ruff, ESLint, golangci-lint or clippy.",
        ("files", "pipeline"),
        weight=4,
        area="quality & tools",
    ),
    ProjectCheck(
        "formatter",
        "Formatter",
        "medium",
        "No formatter for the project's languages is set up or run.",
        "Everybody lays out code differently, and merge requests show it.",
        "Set up a formatter, such as ruff format, Prettier, gofmt or rustfmt.",
        ("files", "pipeline"),
        weight=4,
        area="quality & tools",
    ),
    ProjectCheck(
        "type_checker",
        "Type checker",
        "medium",
        "No type checker for the project's languages is set up or run.",
        "A whole kind of faults is found by users that a type checker finds in seconds.",
        "Set up a type checker, such as mypy, pyright or tsc.",
        ("files", "pipeline"),
        weight=4,
        area="quality & tools",
        applies_to=_TYPED,
        not_applicable="no type checker besides its compiler",
    ),
    ProjectCheck(
        "secret_scan",
        "Secret scan",
        "high",
        "No scan for secrets is set up, run or included.",
        "A password that is pushed once is known for good.",
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
        "Holes in packages that others already know of stay open.",
        "Run pip-audit, npm audit or the like, or include GitLab's dependency scanning.",
        ("files", "pipeline"),
        weight=4,
        area="security",
    ),
    ProjectCheck(
        "coverage_threshold",
        "Coverage threshold",
        "medium",
        "Neither settings nor scripts set a least coverage above 0.",
        "Coverage that nothing guards falls a little with every change.",
        "Set the least coverage that passes, such as `fail_under = 80`.",
        ("files", "pipeline"),
        weight=4,
        area="testing",
    ),
    ProjectCheck(
        "templates",
        "Templates",
        "medium",
        "There is no template for issues, or none for merge requests.",
        "Issues and merge requests lack just the facts that one has to ask for every time.",
        "Add templates to .gitlab/issue_templates and .gitlab/merge_request_templates.",
        ("tree",),
        weight=4,
        area="documentation",
        applies_to="any project",
    ),
    ProjectCheck(
        "contributing",
        "CONTRIBUTING",
        "medium",
        "There is no CONTRIBUTING at the root, in docs or in .gitlab.",
        "Newcomers do not know how to begin, and give up or ask the same questions.",
        "Say in CONTRIBUTING.md how to set up, test and hand in a change.",
        ("tree",),
        weight=4,
        area="documentation",
        applies_to="any project",
    ),
    ProjectCheck(
        "changelog",
        "CHANGELOG",
        "medium",
        "There is no CHANGELOG, by this or a like name, at the root or in docs.",
        "Users cannot tell what an update brings them, or breaks.",
        "Keep a CHANGELOG.md with an entry for each release.",
        ("tree",),
        weight=4,
        area="documentation",
        applies_to="any project",
    ),
    ProjectCheck(
        "code_of_conduct",
        "CODE_OF_CONDUCT",
        "low",
        "There is no CODE_OF_CONDUCT at the root, in docs or in .gitlab.",
        "People do not know what is expected of them, or where to turn.",
        "Add a CODE_OF_CONDUCT.md that names a person to write to.",
        ("tree",),
        weight=2,
        area="documentation",
        applies_to="any project",
    ),
    ProjectCheck(
        "description_topics",
        "Description and topics",
        "low",
        "GitLab shows no description of the project, or no topics.",
        "The project cannot be found by those who need it.",
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
        "What a machine could say before the commit is said minutes later by the pipeline.",
        "Set up pre-commit (or Lefthook or Husky) with the linter and the formatter.",
        ("tree",),
        weight=2,
        area="automation & CI",
    ),
    ProjectCheck(
        "dead_code",
        "Dead code",
        "low",
        "No search for unused code is set up or run.",
        "Code that nothing calls is still read, kept and feared.",
        "Run vulture, knip or deadcode now and then, best in the pipeline.",
        ("files", "pipeline"),
        weight=1,
        area="quality & tools",
        applies_to=_DEAD,
        not_applicable="no tool of its own looks for unused code",
    ),
    ProjectCheck(
        "changelog_generator",
        "Changelog generator",
        "low",
        "No tool that writes the changelog is set up or run.",
        "A changelog that is written by hand is forgotten by hand.",
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
        "There is no manifest of a known language, nor a fifth of the source files in one.",
        "The tools of a language that is not known here cannot be told.",
        "Add the manifest of the language, such as pyproject.toml, package.json or go.mod.",
        ("tree",),
        weight=0,
        area="metadata",
    ),
)
"""Every check, in the order in which a report shows them."""

BY_ID: Mapping[str, ProjectCheck] = {check.id: check for check in CHECKS}
"""The checks by their ids."""

WEIGHTS: Mapping[str, float] = {check.id: check.weight for check in CHECKS}
"""The usual weights: the language is shown, but counts for nothing."""
