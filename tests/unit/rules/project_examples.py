"""Tiny repositories for the tests of compliance: texts by path, and what was read of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlab_sync.rules.projects.called_files import called_files
from gitlab_sync.rules.projects.ci_includes import IncludeReader
from gitlab_sync.rules.projects.facts import FileText, ProjectFacts, paths_of
from gitlab_sync.rules.projects.files import ci_file, wanted_files
from gitlab_sync.types import PartialList, Record

WEB_URL = "https://gitlab.example/group/app"

AGPL_NOTICE = """\
SPDX-License-Identifier: AGPL-3.0-or-later
Copyright (C) 2025 Ann Example

This program is free software: you can redistribute it and/or modify
it under the terms of the GNU Affero General Public License as published
by the Free Software Foundation, either version 3 of the License, or
(at your option) any later version.

This program is distributed in the hope that it will be useful,
but WITHOUT ANY WARRANTY; without even the implied warranty of
MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
GNU Affero General Public License for more details.

You should have received a copy of the GNU Affero General Public License
along with this program.  If not, see <https://www.gnu.org/licenses/>.
"""

README = (
    "# App\n\nIt collects figures and shows them where people look anyway.\n\n"
    "## Installation\n\n    pip install app\n\n## Usage\n\n    app show --last-week\n\n"
    "## Contributing\n\nSee CONTRIBUTING.md, and write a test first.\n"
)

PIPELINE = """\
include:
  - template: Jobs/Dependency-Scanning.gitlab-ci.yml

lint:
  script: [ruff check ., ruff format --check ., mypy .]

test:
  script: pytest --cov --cov-fail-under=80
"""

COMPLETE: Mapping[str, str] = {
    ".gitlab-ci.yml": PIPELINE,
    ".gitlab/issue_templates/Bug.md": "## What happened\n",
    ".gitlab/merge_request_templates/Default.md": "## What changes\n",
    ".pre-commit-config.yaml": "repos: [{repo: x, hooks: [{id: gitleaks}]}]\n",
    "CHANGELOG.md": "# Changelog\n",
    "CODE_OF_CONDUCT.md": "Be kind.\n",
    "CONTRIBUTING.md": "Open a merge request.\n",
    "LICENSE": AGPL_NOTICE,
    "README.md": README,
    "cliff.toml": "[changelog]\n",
    "pyproject.toml": (
        '[project]\ndependencies = ["requests"]\n\n[tool.ruff]\n\n[tool.mypy]\n\n[tool.vulture]\n'
    ),
    "src/app.py": "print(1)\n",
    "tests/test_app.py": "def test_it(): ...\n",
}
"""A Python project without a fault."""

RECORD: Record = {
    "id": 1,
    "path_with_namespace": "group/app",
    "description": "Figures where people look anyway.",
    "topics": ["figures"],
    "web_url": WEB_URL,
    "license": None,
}
"""As GitLab shows a project in which it recognises no licence."""


def tree(*paths: str, missing: str | None = None) -> PartialList:
    """Return the tree of these files, with their folders."""
    folders = {path[:at] for path in paths for at, sign in enumerate(path) if sign == "/"}
    entries = [{"path": path, "type": "tree"} for path in sorted(folders)]
    return PartialList([*entries, *({"path": path, "type": "blob"} for path in paths)], missing)


def included_files(
    files: Mapping[str, FileText], listed: PartialList, project: Record | None = None
) -> list[str]:
    """Return the paths that the pipeline includes and that are not yet in `files`."""
    start = ci_file(project)
    return [] if start is None else IncludeReader(paths_of(listed), start).missing(files)


def repository(
    texts: Mapping[str, str],
    unread: Mapping[str, FileText] | None = None,
    missing: str | None = None,
    **project: Any,
) -> ProjectFacts:
    """Return what a reader finds who reads just what is asked for.

    `unread` are files that cannot be read, listed in the tree like the others; `missing` why the
    tree is not whole; `project` what differs in the record.
    """
    record = {**RECORD, **project}
    contents: dict[str, FileText] = {**texts, **(unread or {})}
    listed = tree(*contents, missing=missing)
    files = {path: contents[path] for path in wanted_files(listed, record)}
    while more := included_files(files, listed, record):
        files.update({path: contents[path] for path in more})
    facts = ProjectFacts(record, listed, files, "main", WEB_URL)
    while called := called_files(facts):
        files.update({path: contents[path] for path in called})
    return facts


def without(*paths: str) -> dict[str, str]:
    """Return the complete project without these files."""
    return {path: text for path, text in COMPLETE.items() if path not in paths}
