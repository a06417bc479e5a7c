"""Finds the tools of a project in its settings, hooks, pipeline and scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

from gitlab_sync.rules.projects import ci_pipeline, scripts
from gitlab_sync.rules.projects.ci_config import CIJob, Pipeline, read_pipeline
from gitlab_sync.rules.projects.facts import Finding, Repository, Unread, line_of, own
from gitlab_sync.rules.projects.files import PRE_COMMIT, ci_file, missing_includes
from gitlab_sync.rules.projects.settings_files import Settings
from gitlab_sync.rules.projects.stack import has_code, languages
from gitlab_sync.rules.projects.tool_uses import ToolReader, Use
from gitlab_sync.rules.projects.tools import Purpose, Tool, tools_for
from gitlab_sync.rules.record import field, text


class Place(NamedTuple):
    """A script with its place: the file, the line, and the script."""

    path: str
    line: int | None
    script: str


class Project:
    """A repository with cached results about its files. For one thread at a time."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.settings = Settings(repository)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Its languages (see `stack`)."""
        return languages(self.repository.paths)

    @cached_property
    def has_code(self) -> bool:
        """Whether it has source code."""
        return has_code(self.repository.paths)

    @cached_property
    def pipeline(self) -> Pipeline | Unread | None:
        """Its pipeline, or why it could not be read; None if it has none."""
        path = ci_file(self.repository.project)
        if path is None:
            where = text(self.repository.project, "ci_config_path")
            return Unread(f"the pipeline is elsewhere: {where}")
        content = self.repository.text(path)
        if not isinstance(content, str):
            return content
        local = {name: one for name, one in self.repository.files.items() if isinstance(one, str)}
        return read_pipeline(content, local, path)

    @cached_property
    def pipeline_off(self) -> bool:
        """Whether pipelines are switched off in the project's settings."""
        project = self.repository.project
        level = field(project, "builds_access_level")
        return level == "disabled" or field(project, "jobs_enabled") is False

    @cached_property
    def unread_pipeline(self) -> list[str]:
        """Why the pipeline is not completely known: the parts that could not be read."""
        if isinstance(self.pipeline, Unread):
            return [f"pipeline: {self.pipeline.reason}"]
        if self.pipeline is None or self.pipeline.error is not None:
            return []  # GitLab runs nothing if the configuration is not YAML
        reasons = [f"{one.kind} {one.what} not read" for one in self.pipeline.unread]
        files = self.repository.files
        readable = {path: one for path, one in files.items() if isinstance(one, str)}
        start = ci_file(self.repository.project) or ""
        for path in missing_includes(readable, self.repository.paths, start):
            missing = files.get(path)
            why = missing.reason if isinstance(missing, Unread) else "not read"
            reasons.append(f"{path}: {why}")
        return reasons

    @cached_property
    def scripts(self) -> dict[str, dict[str, str]]:
        """The commands of make, npm, tox and pre-commit, from the files that were read."""
        found: dict[str, dict[str, str]] = {}
        for content in self.settings.named("makefile", "gnumakefile").values():
            found.setdefault("make", {}).update(scripts.make_targets(content))
        for content in self.settings.named("package.json").values():
            found.setdefault("npm", {}).update(scripts.npm_scripts(content))
        for content in self.settings.named("tox.ini").values():
            found.setdefault("tox", {}).update(scripts.tox_environments(content))
        for _, content in self._hooks:
            found.setdefault("pre-commit", {}).update(scripts.pre_commit_hooks(content))
        return found

    @cached_property
    def reader(self) -> ToolReader:
        """The reader of scripts, which knows the commands of targets."""
        return ToolReader(self.scripts)

    @cached_property
    def stages(self) -> dict[Purpose, ci_pipeline.StageReport]:
        """The report on each stage of the pipeline; empty reports without a readable pipeline."""
        pipeline = self.pipeline if isinstance(self.pipeline, Pipeline) else Pipeline()
        return ci_pipeline.evaluate_stages(pipeline, self.scripts)

    @cached_property
    def unread(self) -> list[str]:
        """Why a tool could be in use that was not found: the files that could not be read."""
        _ = self.settings.tables, self.settings.sections  # reading them notes invalid files
        missing = dict(self.settings.unread)
        for path in PRE_COMMIT:
            content = self.repository.text(path)
            if isinstance(content, Unread) and self.repository.named(path):
                missing[path] = content.reason
        files: dict[str, list[str]] = {}
        for path, reason in missing.items():
            files.setdefault(reason, []).append(path)
        listed = [f"{', '.join(paths)}: {reason}" for reason, paths in files.items()]
        return [*self.repository.unlisted, *listed, *self.unread_pipeline]

    def tool(self, purpose: Purpose, wanted: str) -> Finding:
        """Check that a tool for `purpose` is in use; `wanted` names it in words ("linter")."""
        tools = tools_for(purpose, self.languages)
        for found in self._finds(purpose, tools):
            return found
        unread = self._unread_for_hooks if purpose == "hooks" else self.unread
        return self.repository.decide(f"no {wanted} found", unread)

    @property
    def _unread_for_hooks(self) -> list[str]:
        """Return why hooks could be hidden: they are in the list of files or a `package.json`."""
        unread = self.settings.unread.items()
        packages = [f"{path}: {why}" for path, why in unread if path.endswith("package.json")]
        return [*self.repository.unlisted, *packages]

    def places(self) -> Iterator[Place]:
        """Yield everything that runs commands: jobs, targets, scripts and hooks."""
        for job in self._jobs():
            yield Place(job.path, job.line, "\n".join(job.script))
        for path, content in self.settings.named("makefile", "gnumakefile").items():
            for name, script in scripts.make_targets(content).items():
                yield Place(path, line_of(content, f"{name}:") if name else None, script)
        for path, content in self.settings.named("package.json").items():
            for name, script in scripts.npm_scripts(content).items():
                yield Place(path, line_of(content, f'"{name}"'), script)
        for path, content in self.settings.named("tox.ini").items():
            for name, script in scripts.tox_environments(content).items():
                yield Place(path, line_of(content, f"[testenv:{name}" if name else "["), script)
        for path, content in self._hooks:
            for name, script in scripts.pre_commit_hooks(content).items():
                if name:
                    yield Place(path, _hook_line(content, name), script)

    @cached_property
    def _hooks(self) -> list[tuple[str, str]]:
        texts = ((path, self.repository.text(path)) for path in PRE_COMMIT)
        return [(path, content) for path, content in texts if isinstance(content, str)]

    def _jobs(self) -> Iterator[CIJob]:
        if isinstance(self.pipeline, Pipeline) and not self.pipeline_off:
            yield from (job for job in self.pipeline.jobs if job.runs != "never")

    def _finds(self, purpose: Purpose, tools: tuple[Tool, ...]) -> Iterator[Finding]:
        passed = self.repository.passed
        for tool in tools:
            for table in tool.tables:
                if where := self.settings.table(table):
                    content = self.settings.texts[where[0]]
                    yield passed(f"{tool.name} is set up", where[0], line_of(content, where[1]))
            if path := self._file_of(tool):
                yield passed(f"{tool.name} is set up", path)
        names = {tool.name for tool in tools}
        for place, use in self._uses:
            if use.purpose == purpose and use.tool in names:
                yield passed(f"{use.tool} is run", place.path, place.line)
        for tool in tools:
            if entry := self._template_of(tool):
                yield passed(f"{tool.name} is included: {entry}", ci_file(self.repository.project))

    @cached_property
    def _uses(self) -> list[tuple[Place, Use]]:
        return [(place, use) for place in self.places() for use in self.reader.uses([place.script])]

    def _file_of(self, tool: Tool) -> str | None:
        for path in self._own_files:
            name = PurePosixPath(path).name.lower()
            if name in tool.files or path.lower() in tool.files:
                return path
        return None

    @cached_property
    def _own_files(self) -> list[str]:
        return sorted(own(self.repository.paths), key=lambda path: (path.count("/"), path))

    def _template_of(self, tool: Tool) -> str | None:
        included = self.pipeline.included if isinstance(self.pipeline, Pipeline) else ()
        for entry in included if not self.pipeline_off else ():
            if entry.kind in {"template", "component"} and any(
                name in entry.what.lower() for name in tool.templates
            ):
                return entry.what
        return None


def _hook_line(content: str, name: str) -> int | None:
    match = re.search(rf"id:\s*['\"]?{re.escape(name)}\b", content)
    return content.count("\n", 0, match.start()) + 1 if match else None
