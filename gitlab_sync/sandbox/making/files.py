"""The files of a generated project: from well kept to nearly nothing."""

from __future__ import annotations

from typing import Literal

from gitlab_sync.sandbox.records import Record

Kind = Literal["complete", "partial", "bare", "web"]

LICENSES: dict[Kind, str] = {"complete": "AGPL-3.0", "partial": "MIT", "web": "AGPL-3.0"}
"""The licence that a project of each kind has; none for the others."""

_AGPL = """\
                    GNU AFFERO GENERAL PUBLIC LICENSE
                       Version 3, 19 November 2007

 Copyright (C) 2007 Free Software Foundation, Inc. <https://fsf.org/>
 Everyone is permitted to copy and distribute verbatim copies
 of this license document, but changing it is not allowed.
"""

_MIT = """\
MIT License

Copyright (c) 2025 The team of this project

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction.
"""

_README = """\
# {name}

{name} collects figures from several sources and shows them where people look anyway. It is small,
has no server of its own and needs no account.

## Features

- reads three kinds of sources
- keeps what it has read
- works without a network once it has read something

## Installation

    pip install {path}

## Usage

    {path} --help

For example, `{path} show --last-week` prints a table of the last seven days.

## Contributing

See CONTRIBUTING.md.

## License

AGPL-3.0-or-later
"""

_PIPELINE = """\
stages:
  - lint
  - test

default:
  image: python:3.12

ruff:
  stage: lint
  script:
    - ruff check .

format:
  stage: lint
  script:
    - ruff format --check .

types:
  stage: lint
  script:
    - mypy src

tests:
  stage: test
  script:
    - pytest --cov=src --cov-fail-under=80
  coverage: '/TOTAL.*? (\\d+)%/'

secrets:
  stage: lint
  script:
    - gitleaks detect

dependencies:
  stage: lint
  script:
    - pip-audit
"""

_SHORT_PIPELINE = """\
tests:
  script:
    - pytest
"""

_PYPROJECT = """\
[project]
name = "{path}"
version = "1.4.0"
requires-python = ">=3.11"
dependencies = ["requests>=2.32"]

[tool.ruff]
line-length = 100

[tool.mypy]
strict = true

[tool.coverage.report]
fail_under = 80
"""

_PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: ruff
        name: ruff
        entry: ruff check
        language: system
"""

_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "{path}"
version = "1.4.0"
source = {{ virtual = "." }}

[[package]]
name = "requests"
version = "2.32.4"
source = {{ registry = "https://registry.example/simple" }}

[[package]]
name = "urllib3"
version = "2.5.0"
source = {{ registry = "https://registry.example/simple" }}
"""

_PACKAGE = """\
{{
  "name": "{path}",
  "version": "0.9.0",
  "license": "AGPL-3.0-or-later",
  "scripts": {{"lint": "eslint .", "test": "vitest run", "format": "prettier --check ."}},
  "devDependencies": {{"eslint": "^9.0.0", "prettier": "^3.3.0", "vitest": "^2.1.0"}}
}}
"""

_WEB_PIPELINE = """\
image: node:22

stages: [lint, test]

eslint:
  stage: lint
  script:
    - npm run lint

unit:
  stage: test
  script:
    - npm test
  when: manual
"""


def texts(kind: Kind, project: Record) -> dict[str, str]:
    """Return path and text of each file of a project of that `kind`."""
    words = {"name": project["name"], "path": project["path"]}
    module = project["path"].replace("-", "_")
    if kind == "bare":
        return {"README.md": f"# {project['name']}\n", "main.py": "print('hello')\n"}
    if kind == "partial":
        return {
            "README.md": f"# {project['name']}\n\n## Usage\n\nRun it.\n",
            "LICENSE": _MIT,
            ".gitlab-ci.yml": _SHORT_PIPELINE,
            "requirements.txt": "requests==2.32.4\n",
            f"src/{module}/__init__.py": "",
            f"src/{module}/main.py": "def main() -> None:\n    print('hello')\n",
            "tests/test_main.py": "def test_nothing():\n    assert True\n",
        }
    if kind == "web":
        return {
            "README.md": _README.format(**words),
            "LICENSE": _AGPL,
            ".gitlab-ci.yml": _WEB_PIPELINE,
            "package.json": _PACKAGE.format(**words),
            "CHANGELOG.md": "# Changelog\n\n## 0.9.0\n\n- first page\n",
            "src/main.ts": "export const answer = 42;\n",
            "src/main.spec.ts": "import { answer } from './main';\n",
            "src/style.css": "body { margin: 0; }\n",
        }
    return {
        "README.md": _README.format(**words),
        "LICENSE": _AGPL,
        "CONTRIBUTING.md": "# Contributing\n\nOpen a merge request; write a test first.\n",
        "CHANGELOG.md": "# Changelog\n\n## 1.4.0\n\n- a table of the last week\n",
        "CODE_OF_CONDUCT.md": "# Code of conduct\n\nBe kind.\n",
        ".gitlab-ci.yml": _PIPELINE,
        ".gitlab/issue_templates/Bug.md": "## What happened\n\n## What you expected\n",
        ".gitlab/merge_request_templates/Default.md": "<!-- What changes, and why -->\n",
        ".pre-commit-config.yaml": _PRE_COMMIT,
        "pyproject.toml": _PYPROJECT.format(**words),
        "uv.lock": _LOCK.format(**words),
        f"src/{module}/__init__.py": '"""The package."""\n',
        f"src/{module}/main.py": "def main() -> None:\n    print('hello')\n",
        f"src/{module}/sources/files.py": "KINDS = ('csv', 'json')\n",
        "tests/unit/test_main.py": "def test_nothing():\n    assert True\n",
        "docs/index.md": f"# {project['name']}\n",
    }
