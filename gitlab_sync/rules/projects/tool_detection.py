"""Finds the tools of a project in its settings, hooks, pipeline and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects import ci_pipeline
from gitlab_sync.rules.projects.build_plugins import BuildPlugins
from gitlab_sync.rules.projects.ci_config import CIJob, Pipeline, read_pipeline
from gitlab_sync.rules.projects.ci_includes import Included, expanded
from gitlab_sync.rules.projects.facts import (
    Finding,
    MergedPipeline,
    Repository,
    Unread,
    line_of,
)
from gitlab_sync.rules.projects.files import PRE_COMMIT, ci_file
from gitlab_sync.rules.projects.own_files import OwnFiles
from gitlab_sync.rules.projects.script_files import ScriptFile, script_files
from gitlab_sync.rules.projects.settings_files import Settings
from gitlab_sync.rules.projects.stack import Stack, stack_of
from gitlab_sync.rules.projects.targets import Targets
from gitlab_sync.rules.projects.tool_uses import ToolReader, Use
from gitlab_sync.rules.projects.tools import Purpose, Tool, tools_for
from gitlab_sync.rules.record import field, text

# A type checker is for its own language, and others' dead code is another question, too.
_FOR_MAIN: frozenset[Purpose] = frozenset({"type_check", "dead_code"})


@dataclass(frozen=True, slots=True)
class Place:
    """A script with its place: the file, and how to find the line in it."""

    path: str
    script: str
    find: Callable[[], int | None]
    folder: str = ""
    is_job: bool = False

    @property
    def line(self) -> int | None:
        """The line of the script. It is searched for when it is asked for."""
        return self.find()


class Project:
    """A repository with cached results about its files. For one thread at a time.

    What reads its scripts raises BeyondBounds if the `effort` is used up.
    """

    def __init__(self, repository: Repository, effort: Effort | None = None) -> None:
        self.repository = repository
        self.effort = effort or Effort()
        self.settings = Settings(repository, self.effort)

    @cached_property
    def stack(self) -> Stack:
        """Its languages."""
        shares = {} if self.repository.missing else self.repository.languages
        return stack_of(self.repository.paths, shares)

    def _languages_for(self, purpose: Purpose) -> tuple[str, ...]:
        if purpose == "type_check":
            return self.stack.typed
        return self.stack.main if purpose in _FOR_MAIN else self.stack.spoken

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it is written in (see `stack`)."""
        return self.stack.main

    @property
    def has_code(self) -> bool:
        """Whether it has source code."""
        return bool(self.languages)

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
        merged = self.repository.merged
        whole = merged if isinstance(merged, MergedPipeline) else None
        pipeline = read_pipeline(content, local, path, self.effort, whole)
        return Unread(pipeline.beyond) if pipeline.error and pipeline.beyond else pipeline

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
        reasons = [] if self.pipeline.beyond is None else [f"pipeline: {self.pipeline.beyond}"]
        reasons += _unread_includes(self.pipeline.unread)
        if self.pipeline.unread and isinstance(self.repository.merged, Unread):
            reasons.append(self.repository.merged.reason)
        paths, files = self.repository.paths, self.repository.files
        for one in self.pipeline.included:
            found = expanded(one.what, paths, self.effort) if one.kind == "local" else []
            for path in found:
                missing = files.get(path)
                if not isinstance(missing, str) and self.repository.is_listed(path):
                    why = missing.reason if isinstance(missing, Unread) else "not read"
                    reasons.append(f"{path}: {why}")
        reasons += [f"{path}: {why}" for path, why in self.unread_scripts.items()]
        return list(dict.fromkeys(reasons))

    @cached_property
    def script_files(self) -> list[ScriptFile]:
        """The files with targets of make, npm and others that were read."""
        hooks = ((path, self.repository.text(path)) for path in PRE_COMMIT)
        texts = {path: content for path, content in hooks if isinstance(content, str)}
        return list(script_files({**self.settings.texts, **texts}, self.settings.within_bounds))

    @cached_property
    def plugins(self) -> BuildPlugins:
        """The tools inside its build tools."""
        return BuildPlugins(self.settings)

    @cached_property
    def reader(self) -> ToolReader:
        """The reader of scripts, which knows the commands of targets."""
        tables: dict[tuple[str, str], dict[str, str]] = {}
        for one in self.script_files:
            table = tables.setdefault((one.runner, one.folder), {})
            for name, script in one.commands.items():
                table.setdefault(name, script)
        targets = Targets(tables, self.repository.text, self.repository.paths)
        return ToolReader(targets, self.effort, self.plugins.uses, self.stack.typed or None)

    @cached_property
    def stages(self) -> dict[Purpose, ci_pipeline.StageReport]:
        """The report on each stage of the pipeline; empty reports without a readable pipeline."""
        pipeline = self.pipeline if isinstance(self.pipeline, Pipeline) else Pipeline()
        return ci_pipeline.evaluate_stages(pipeline, self.reader)

    @cached_property
    def unread_scripts(self) -> dict[str, str]:
        """The scripts that jobs call and that could not be read, with the reasons."""
        _ = self.stages
        return dict(self.reader.targets.unread)

    @cached_property
    def unread(self) -> list[str]:
        """Why a tool could be in use that was not found: the files that could not be read."""
        # Reading them notes the files that are invalid or beyond the bounds.
        settings = self.settings
        _ = settings.tables, settings.sections, settings.requirements, self.script_files
        missing = dict(settings.unread)
        for path in PRE_COMMIT:
            content = self.repository.text(path)
            if isinstance(content, Unread) and self.repository.named(path):
                missing[path] = content.reason
        _ = self.uses
        missing |= self.reader.targets.unread
        files: dict[str, list[str]] = {}
        for path, reason in missing.items():
            files.setdefault(reason, []).append(path)
        listed = [f"{', '.join(paths)}: {reason}" for reason, paths in files.items()]
        return [*self.repository.unlisted, *listed, *self.unread_pipeline]

    def tool(self, purpose: Purpose, wanted: str) -> Finding:
        """Check that a tool for `purpose` is in use; `wanted` names it in words ("linter")."""
        tools = tools_for(purpose, self._languages_for(purpose))
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
            script = "\n".join(dict.fromkeys(job.script))
            self.effort.spend(1 + len(script) // 100)
            yield Place(job.path, script, partial(getattr, job, "line"), is_job=True)
        for one in self.script_files:
            for name, script in one.commands.items():
                self.effort.spend(1 + len(script) // 100)
                if name or one.runner != "pre-commit":
                    yield Place(one.path, script, partial(one.line, name), one.folder)

    def _jobs(self) -> Iterator[CIJob]:
        if isinstance(self.pipeline, Pipeline) and not self.pipeline_off:
            yield from (job for job in self.pipeline.jobs if job.runs != "never")

    def _finds(self, purpose: Purpose, tools: tuple[Tool, ...]) -> Iterator[Finding]:
        passed, present = self.repository.passed, self.stack.present
        only_main = purpose in _FOR_MAIN
        for tool in tools:
            for table in tool.tables:
                if where := self.settings.table(table):
                    content = self.settings.texts[where[0]]
                    yield passed(f"{tool.name} is set up", where[0], line_of(content, where[1]))
            if path := self._file_of(tool):
                yield passed(f"{tool.name} is set up", path)
            for word in tool.declared:
                if path := self.settings.declaring(word):
                    yield passed(f"{tool.name} is set up", path)
        for name, path in self.plugins.set_up(purpose):
            yield passed(f"{name} is set up", path, line_of(self.settings.texts[path], "linters"))
        names = {tool.name for tool in tools}
        # A job is evidence enough that a language matters, however little there is of it.
        in_jobs = names if only_main else {tool.name for tool in tools_for(purpose, present)}
        for place, use in self.uses:
            if use.purpose == purpose and use.tool in (in_jobs if place.is_job else names):
                yield passed(f"{use.tool} is run", place.path, place.line)
        for tool in tools:
            if entry := self._template_of(tool):
                yield passed(f"{tool.name} is included: {entry}", ci_file(self.repository.project))

    @cached_property
    def uses(self) -> list[tuple[Place, Use]]:
        """The tools that anything in the repository runs, with the place of each."""
        return [
            (place, use)
            for place in self.places()
            for use in self.reader.uses([place.script], place.folder)
        ]

    def _file_of(self, tool: Tool) -> str | None:
        for pattern in tool.files:
            if path := self._own_files.find(pattern):
                return path
        return None

    @cached_property
    def _own_files(self) -> OwnFiles:
        return OwnFiles(self.repository.paths, self.effort)

    def _template_of(self, tool: Tool) -> str | None:
        included = self.pipeline.included if isinstance(self.pipeline, Pipeline) else ()
        for entry in included if not self.pipeline_off else ():
            if _is_gitlabs(entry) and any(name in entry.what.lower() for name in tool.templates):
                return entry.what
        return None


def _is_gitlabs(entry: Included) -> bool:
    """Return whether an entry is a template or a component of GitLab's own: known by its name."""
    if entry.kind == "component":  # host/components/name@version
        return entry.what.split("/", 2)[1:2] == ["components"]
    return entry.kind == "template"


def _unread_includes(unread: Iterable[Included]) -> Iterator[str]:
    """Yield what was not read, once for all files of one project."""
    files: dict[tuple[str, str, str], list[str]] = {}
    for one in unread:
        project, colon, file = one.what.partition(": ")
        where = project if one.kind == "project" and colon else ""
        files.setdefault((one.kind, where, one.why), []).append(file if where else one.what)
    for (kind, project, why), names in files.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{kind} {f'{project}: ' if project else ''}{names[0]}{more} {why}"
