"""Scores how complete a CI pipeline is: tests, linting, format, type checks and coverage.

Each of the five stages has a weight: half for a job that runs automatically, half for a recognised
tool. The weights add up to ten, so that their sum is the score (`dx_score`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitlab_sync.rules.bounds import MAX_INCLUDES, BeyondBounds, shown
from gitlab_sync.rules.projects.checks import BY_ID
from gitlab_sync.rules.projects.ci_config import CIJob, Pipeline, Runs, read_pipeline
from gitlab_sync.rules.projects.tool_uses import STAGES, ToolReader, Use, purposes_of_name
from gitlab_sync.rules.projects.tools import Purpose, command_for
from gitlab_sync.rules.text import plural

WEIGHTS: Mapping[Purpose, int] = {
    "test": 3,
    "lint": 2,
    "format": 1,
    "type_check": 2,
    "coverage": 2,
}
"""The weight of each stage, of ten in total."""

TITLES: Mapping[Purpose, str] = {
    "test": "tests",
    "lint": "linting",
    "format": "the format",
    "type_check": "type checks",
    "coverage": "coverage",
}

_IDLE: Mapping[Runs, str] = {
    "unclear": "not known when it starts",
    "manual": "only started manually",
    "never": "switched off",
}


@dataclass(frozen=True, slots=True)
class StageReport:
    """The jobs and tools of a pipeline for one stage.

    `declared` is whether the pipeline has a stage of this name. `jobs` are those for it that run
    automatically, `idle` those that run manually or never. `running` has the recognised tools for
    the stage of each of these jobs that has some, without jobs that never run.
    """

    declared: bool = False
    jobs: tuple[CIJob, ...] = ()
    idle: tuple[CIJob, ...] = ()
    running: tuple[tuple[CIJob, tuple[Use, ...]], ...] = ()

    @property
    def uses(self) -> tuple[Use, ...]:
        """The recognised tools, each once."""
        return tuple(dict.fromkeys(use for _, uses in self.running for use in uses))

    @property
    def job(self) -> CIJob | None:
        """The job to look at: one that runs a tool, automatically if there is such, else any."""
        best = sorted(self.running, key=lambda each: each[0].runs != "always")
        return next(iter((*(job for job, _ in best), *self.jobs, *self.idle)), None)

    def tools_of(self, job: CIJob) -> tuple[str, ...]:
        """Return the names of the tools for this stage that a job runs."""
        uses = (use.tool for each, found in self.running if each is job for use in found)
        return tuple(dict.fromkeys(uses))

    @property
    def share(self) -> float:
        """The reached part of the stage's weight: 0, 0.5 or 1."""
        return (bool(self.jobs) + bool(self.uses)) / 2

    @property
    def indirect(self) -> bool:
        """Whether all its tools run through make, tox, npm or others."""
        return bool(self.uses) and all(use.via for use in self.uses)

    @property
    def note(self) -> str | None:
        """A remark for people, or None."""
        if self.idle and not self.jobs:
            for runs, said in _IDLE.items():
                names = [job.name for job in self.idle if job.runs == runs]
                if names:
                    return f"{said}: {', '.join(names)}"
        if self.indirect:
            return "run through " + ", ".join(dict.fromkeys(use.via or "" for use in self.uses))
        if self.jobs and all(job.allow_failure for job in self.jobs):
            return "can fail without failing the pipeline"
        return None


def evaluate_stages(pipeline: Pipeline, reader: ToolReader) -> dict[Purpose, StageReport]:
    """Return the report on each of the five stages, in order.

    Raises BeyondBounds for scripts that no real project has.
    """
    used = [(job, tuple(reader.uses(job.script))) for job in pipeline.jobs]
    served = [(job, found, _serves(job, found, reader)) for job, found in used]
    named = {purpose for stage in pipeline.stages for purpose in purposes_of_name(stage)}
    reports = {}
    for purpose in STAGES:
        mine = [(job, found) for job, found, serves in served if purpose in serves]
        running = [
            (job, tools)
            for job, found in mine
            if job.runs != "never" and (tools := _tools_for(purpose, job, found))
        ]
        reports[purpose] = StageReport(
            purpose in named
            or any(purpose in purposes_of_name(job.stage or "") for job, _ in mine),
            tuple(job for job, _ in mine if job.runs == "always"),
            tuple(job for job, _ in mine if job.runs != "always"),
            tuple(running),
        )
    return reports


def _tools_for(purpose: Purpose, job: CIJob, found: tuple[Use, ...]) -> tuple[Use, ...]:
    """Return the tools of a job for one stage: GitLab's coverage report is one, too."""
    tools = [use for use in found if use.purpose == purpose]
    if purpose == "coverage" and job.coverage_report:
        tools.append(Use("GitLab coverage report", "coverage"))
    return tuple(tools)


def check_ci_pipeline(text: str | None, project_type: str = "Unknown") -> dict[str, Any]:
    """Evaluate the text of a `.gitlab-ci.yml` for a project in a language; never raises.

    The result has `stages_present` and `missing_stages` (of `test, lint, format, type_check,
    coverage`); `jobs`, for each of them `{stage_present, job_present, tool_detected, job_names,
    detected_tools, indirect_execution}` and optionally `note`; `issues` (`{message, severity}`);
    `dx_score` (0 to 10, one decimal); `recommendations` (`{message, command, severity}`), with
    commands for the language of the project; and `error` if there is nothing to read.

    A stage is present if the pipeline has a stage of this name, or a job for it that runs. Included
    files are unknown here: each `include` is one of the issues.
    """
    if not isinstance(text, str) or not text.strip():
        return _nothing("no CI configuration", project_type)
    pipeline = read_pipeline(text)
    if pipeline.error is not None:
        return _nothing(pipeline.error, project_type)
    try:
        return _report(pipeline, project_type)
    except BeyondBounds as beyond:
        return _nothing(f"not evaluated: {beyond}", project_type)


def _report(pipeline: Pipeline, project_type: str) -> dict[str, Any]:
    stages = evaluate_stages(pipeline, ToolReader())
    present = [stage for stage, found in stages.items() if found.declared or found.jobs]
    return {
        "stages_present": present,
        "missing_stages": [stage for stage in STAGES if stage not in present],
        "jobs": {stage: _jobs(found, stage in present) for stage, found in stages.items()},
        "issues": [*_issues(stages), *_problems(pipeline)],
        "dx_score": _score(stages),
        "recommendations": _recommendations(stages, project_type),
    }


def _nothing(error: str, project_type: str) -> dict[str, Any]:
    """Return the result without a pipeline to evaluate, for the reason `error`."""
    empty = dict.fromkeys(STAGES, StageReport())
    return {
        "stages_present": [],
        "missing_stages": list(STAGES),
        "jobs": {stage: _jobs(found, present=False) for stage, found in empty.items()},
        "issues": [_issue(error, "high")],
        "dx_score": 0.0,
        "recommendations": _recommendations(empty, project_type),
        "error": error,
    }


def _score(stages: Mapping[Purpose, StageReport]) -> float:
    """Return the score, 0 to 10 with one decimal: each weight times its reached part."""
    reached = sum(WEIGHTS[stage] * found.share for stage, found in stages.items())
    return round(10 * reached / sum(WEIGHTS.values()), 1)


def _severity(stage: Purpose) -> str:
    return BY_ID[f"ci_{stage}"].severity


def _serves(job: CIJob, found: tuple[Use, ...], reader: ToolReader) -> set[Purpose]:
    """Return the stages of a job: by its tools and its name, else by its own stage."""
    serves = {use.purpose for use in found if use.purpose in WEIGHTS}
    serves |= purposes_of_name(job.name)
    if job.coverage or job.coverage_report:
        serves.add("coverage")
    if not serves and job.script and not found:
        serves |= purposes_of_name(job.stage or "")
    if serves and not found and reader.only_prints(job.script):
        return set()
    return serves


def _jobs(found: StageReport, present: bool) -> dict[str, Any]:
    entry = {
        "stage_present": present,
        "job_present": bool(found.jobs),
        "tool_detected": bool(found.uses),
        "job_names": [job.name for job in (*found.jobs, *found.idle)],
        "detected_tools": list(dict.fromkeys(use.tool for use in found.uses)),
        "indirect_execution": found.indirect,
    }
    return entry if found.note is None else {**entry, "note": found.note}


def _issues(stages: Mapping[Purpose, StageReport]) -> list[dict[str, str]]:
    issues = []
    for stage, found in stages.items():
        title = TITLES[stage]
        if not found.jobs:
            lacking = "the stage has no job" if found.declared else f"no job for {title}"
            issues.append(_issue(f"{stage}: {found.note or lacking}", _severity(stage)))
        elif not found.uses:
            names = ", ".join(job.name for job in found.jobs)
            issues.append(_issue(f"{stage}: no tool for {title} recognised in {names}", "low"))
        if found.jobs and all(job.allow_failure for job in found.jobs):
            issues.append(_issue(f"{stage}: a failure does not fail the pipeline", "low"))
    return issues


def _problems(pipeline: Pipeline) -> list[dict[str, str]]:
    found = [_issue(problem, "high") for problem in pipeline.problems]
    if pipeline.unread:
        names = ", ".join(f"{entry.kind} {entry.what}" for entry in pipeline.unread[:MAX_INCLUDES])
        number = plural(len(pipeline.unread), "included file")
        found.append(_issue(f"{number} not read: {names}", "low"))
    return found


def _issue(message: str, severity: str) -> dict[str, str]:
    return {"message": shown(message), "severity": severity}


def _recommendations(
    stages: Mapping[Purpose, StageReport], project_type: str
) -> list[dict[str, str]]:
    found = []
    for stage, state in stages.items():
        if not state.jobs and not state.idle:
            message = f"Add a job for {TITLES[stage]}."
        elif not state.jobs:
            message = f"Run the job for {TITLES[stage]} automatically in each pipeline."
        elif not state.uses:
            message = f"Run a well-known tool for {TITLES[stage]}."
        else:
            continue
        command = command_for(stage, project_type.strip()) or ""
        found.append({"message": message, "command": command, "severity": _severity(stage)})
    return found
