"""Names the files of a repository that the checks of compliance read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from gitlab_sync.rules import record
from gitlab_sync.rules.items.paths import is_test_path
from gitlab_sync.rules.projects.ci_includes import CI_FILE
from gitlab_sync.rules.projects.ecosystems.ecosystem import Names
from gitlab_sync.rules.projects.facts import file_name, own, paths_of
from gitlab_sync.rules.projects.tools import BUILD_FILES
from gitlab_sync.types import PartialList, Record

MOST_FILES = 40
"""The maximum number of files to read of one project, without the includes of its pipeline."""

MOST_SCRIPTS = 30
"""The maximum number of scripts to read of one project, which its jobs and targets call."""

README = re.compile(r"^readme(\.(md|markdown|rst|txt|adoc|asciidoc|org))?$", re.IGNORECASE)
LICENSE = re.compile(
    r"^(?!.*\.(py|js|ts|go|rs|java|c|h|json|ya?ml|toml|sh|html?|png|svg)$)"
    r"(licen[cs]es?|copying|unlicense|copyright)([-._][^/]*)?$",
    re.IGNORECASE,
)
LICENSES = re.compile(r"^licenses/[^/]+\.(txt|md)$", re.IGNORECASE)
CONTRIBUTING = re.compile(r"^(docs?/|\.gitlab/)?contributing(\.\w+)?$", re.IGNORECASE)
CHANGELOG = re.compile(
    r"^(docs?/)?(changelog|changes|history|news|releases)(\.\w+)?$|^changelog\.d/.", re.IGNORECASE
)
CODE_OF_CONDUCT = re.compile(
    r"^(docs?/|\.gitlab/)?code[-_ ]?of[-_ ]?conduct(\.\w+)?$", re.IGNORECASE
)
ISSUE_TEMPLATE = re.compile(r"^\.gitlab/issue_templates/[^/]+\.md$", re.IGNORECASE)
MERGE_REQUEST_TEMPLATE = re.compile(r"^\.gitlab/merge_request_templates/[^/]+\.md$", re.IGNORECASE)

PRE_COMMIT = (".pre-commit-config.yaml", ".pre-commit-config.yml")

# Names of files that set up tools, declare dependencies, or define the commands of targets.
_SETTINGS = frozenset(
    {"pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".coveragerc", "package.json"}
    | {"cargo.toml", "go.mod", "pom.xml", "build.gradle", "build.gradle.kts", "pipfile"}
    | {"makefile", "gnumakefile", ".nycrc", ".nycrc.json", ".c8rc.json"}
    | {"codecov.yml", ".codecov.yml", "codecov.yaml", ".codecov.yaml", ".testcoverage.yml"}
    | {"coveralls.json", ".golangci.yml", ".golangci.yaml", "setup.py", "environment.yml"}
    | {".simplecov", "gcovr.cfg", "sonar-project.properties"}
    | {"justfile", ".justfile", "taskfile.yml", "taskfile.yaml", "mise.toml", ".mise.toml"}
    | {"lefthook.yml", ".lefthook.yml", "lefthook.yaml", "composer.json", "pixi.toml", "tox.toml"}
    | {"deno.json", "noxfile.py", "mix.exs", "lerna.json"}
)
_SETTINGS_LIKE = re.compile(
    r"^((jest|vitest|vite)\.config\.\w+|(requirements.*|.*requirements)\.(txt|in)|[^/]+\.mk)$",
    re.IGNORECASE,
)

_SCRIPT_PATHS = frozenset(
    {".cargo/config.toml", ".husky/pre-commit", ".husky/pre-push", ".config/mise.toml"}
)

_BUILD_FILES = Names(BUILD_FILES)

# The maximum for one name, so that many packages do not fill the list with one kind of file.
_MOST_OF_A_KIND = 3
_MOST_BUILD_FILES = 2


def wanted_files(tree: PartialList, project: Record | None = None) -> list[str]:
    """Return the paths in `tree` that the checks need, and no others.

    The most important come first, at most `MOST_FILES`. `project` is GitLab's record, with the path
    of the pipeline. Its includes are only known after it is read: see `IncludeReader`.
    """
    paths = paths_of(tree)
    ci = ci_file(project)
    kinds = (
        (path for path in paths if path == ci),
        matching(paths, LICENSE)[:_MOST_OF_A_KIND],
        matching(paths, README)[:1],
        (path for path in paths if path in PRE_COMMIT),
        settings_files(paths),
    )
    return list(dict.fromkeys(chain.from_iterable(kinds)))[:MOST_FILES]


def ci_file(project: Record | None) -> str | None:
    """Return the path of the pipeline's configuration; None if it is in another project."""
    path = record.text(project, "ci_config_path") if project else None
    if not path:
        return CI_FILE
    return None if "@" in path or "://" in path else path.lstrip("/")


def matching(paths: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """Return the paths that match a pattern, the shortest first."""
    return sorted((p for p in paths if pattern.match(p)), key=lambda path: (len(path), path))


def settings_files(paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths of settings files, those at the root first."""
    kinds: dict[str, int] = {}
    for path in sorted(own(paths), key=lambda one: (one.count("/"), one)):
        name = file_name(path)
        if is_test_path(path):
            continue
        if name in _SETTINGS or _SETTINGS_LIKE.match(name) or path.lower() in _SCRIPT_PATHS:
            kind, most = name, _MOST_OF_A_KIND
        elif pattern := _BUILD_FILES.find(name):
            kind, most = pattern, _MOST_BUILD_FILES
        else:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= most:
            yield path


def build_file(path: str) -> bool:
    """Return whether a file builds the project, so that a plugin that it names is in use."""
    return _BUILD_FILES.find(file_name(path)) is not None
