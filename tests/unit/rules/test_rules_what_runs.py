"""Compliance follows what a job really runs: prefixes, runners of targets, and scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from project_examples import repository

from gitlab_sync.rules.projects.compliance import evaluate
from gitlab_sync.rules.projects.facts import Repository, Unread
from gitlab_sync.rules.projects.tool_detection import Project

CODE = {"app.py": "", "app.ts": "", "app.rs": ""}


def tools(script: str, files: Mapping[str, str]) -> set[str]:
    """Return the tools that a job with this script runs in a repository with these files."""
    lines = "".join(f"    {line}\n" for line in script.split("\n"))
    ci = f"job:\n  script:\n  - |\n{lines}"
    project = Project(Repository(repository({**CODE, ".gitlab-ci.yml": ci, **files})))
    return {use.tool for found in project.stages.values() for use in found.uses}


@pytest.mark.parametrize(
    ("ci", "expected"),
    [
        ("variables: {CHECK: ruff check .}\na: {script: [$CHECK]}", {"ruff"}),
        ("variables: {C: {value: ruff check .}}\na: {script: ['${C} --fix']}", {"ruff"}),
        (".a: {script: [$CHECK]}\nb: {extends: .a, variables: {CHECK: pytest}}", {"pytest"}),
        ("variables: {C: ruff check}\na: {variables: {C: pytest}, script: [$C]}", {"pytest"}),
        ("a: {parallel: {matrix: [{T: [unit, style]}]}, script: [make $T]}", {"pytest", "black"}),
        ("a: {script: [$UNKNOWN]}", set()),
        ("a: {variables: {N: ruff}, script: ['/usr/bin/$N check .']}", {"ruff"}),
        ("a: {variables: {N: x y}, script: ['/usr/bin/$N check .']}", set()),
        ("default: {after_script: [ruff check]}\na: {script: [pytest]}", {"ruff", "pytest"}),
    ],
)
def test_variables_of_the_pipeline_can_hold_commands(ci: str, expected: set[str]) -> None:
    """Those of a job come before those of all."""
    make = "unit:\n\tpytest\nstyle:\n\tblack --check .\n"
    files = {**CODE, ".gitlab-ci.yml": ci, "Makefile": make}
    stages = Project(Repository(repository(files))).stages.values()
    assert {use.tool for found in stages for use in found.uses} == expected


@pytest.mark.parametrize(
    "script",
    [
        ["echo 'Running unit tests... This will take about 60 seconds.'", "sleep 60"],
        ["echo 'Code coverage is 90%'"],
        ["sleep 10; echo 'Linting code...'; exit 0"],
    ],
)
@pytest.mark.parametrize("name", ["unit-test-job", "lint-test-job", "coverage"])
def test_a_job_that_only_prints_earns_nothing(name: str, script: list[str]) -> None:
    """As those of GitLab's own template: their names are no checks."""
    files = {**CODE, ".gitlab-ci.yml": json.dumps({name: {"stage": "test", "script": script}})}
    stages = Project(Repository(repository(files))).stages
    assert {found.share for found in stages.values()} == {0}


def test_the_job_that_is_named_runs_the_tool_that_is_named() -> None:
    """Not the first one with the right name."""
    ci = (
        "test-docs: {script: [./docs.sh]}\n"
        "by-hand: {script: [pytest], when: manual}\n"
        "everything: {script: [pytest]}\n"
    )
    found = evaluate(repository({**CODE, ".gitlab-ci.yml": ci})).findings["ci_test"]
    assert (found.reason, found.line) == ("everything runs pytest", 3)


PREFIXES = [
    "pytest -q",
    "git ls-files '*.py' | xargs pytest",
    "find . -name '*.py' -print0 | xargs -0 -n 1 -P 4 pytest",
    "find tests -name 'test_*.py' -exec pytest {} +",
    "dbus-run-session -- pytest",
    "xwfb-run -c mutter -- pytest -q",
    "retry --times 3 -- ./.venv/bin/pytest",
    "xvfb-run -a -s '-screen 0 1024x768x24' pytest",
    "nix run nixpkgs#python3Packages.pytest -- pytest",
    "nix develop -c pytest",
    "nix develop .#ci --command bash -c 'pytest -q'",
    "nix-shell --run 'pytest -q'",
    "docker run --rm -v $PWD:/app image:1 sh -c 'cd /app && pytest'",
    "docker compose run --rm web pytest",
    "env -u HOME A=1 pytest",
    "time pytest",
    "sudo -u tester -E pytest",
    "su tester -c 'pytest -q'",
    "timeout -k 5 10m pytest",
    "nice -n 5 pytest",
    "export RUN='xvfb-run -a'\n$RUN pytest",
    "$IN_CONTAINER pytest -q",
    "flatpak-builder --user --run build org.example.App.json pytest",
    "poetry run pytest",
    "uv run --group test pytest",
    "uvx --with x pytest",
    "pipenv run pytest",
    "bash -lc 'pytest'",
    "bash -euo pipefail -c 'pytest'",
    "if ! pytest; then exit 1; fi",
    "for v in 1 2; do pytest; done",
    "retry() { pytest; }; retry",
    "RUN='python3 -m pytest'\n$RUN -q",
    "python3 -m pytest",
    "catchsegv pytest",
    "valgrind --leak-check=full pytest",
    "direnv exec . pytest",
    "mise exec -- pytest",
    "cross-env A=1 pytest",
    "flock /tmp/lock pytest",
    "(cd src && pytest)",
    "bash <<EOF\npytest\nEOF",
]


@pytest.mark.parametrize("script", PREFIXES)
def test_a_prefix_changes_nothing_of_what_runs(script: str) -> None:
    """Whatever its own options are."""
    assert tools(script, {}) == {"pytest"}


@pytest.mark.parametrize(
    "script",
    [
        "sudo apt-get install -y pytest",
        "docker build -t pytest .",
        "cat > run.sh <<EOF\npytest\nEOF",
        "echo pytest | tee log",
        "which pytest",
        "git log -- pytest",
        "rm -rf -- pytest",
        "xargs -a list echo pytest",
        "yarn add pytest",
        "npm install -g eslint",
        "make -C pytest",
        "python3 tools/pytest-report.py",
    ],
)
def test_what_only_names_a_tool_runs_none(script: str) -> None:
    """It is installed, printed, written or looked for."""
    assert tools(script, {}) == set()


NPM = '{"scripts": {%s}}'
LINT = '"lint": "eslint ."'
MANY = '"lint:js": "eslint .", "lint:types": "tsc --noEmit", "build": "mocha"'
RUNNERS: list[tuple[str, Mapping[str, str], set[str]]] = [
    # make
    ("make test", {"Makefile": "test:\n\tpytest\n"}, {"pytest"}),
    ("make test", {"Makefile": "GO=go\nT := $(GO) test\ntest:\n\t$(T) ./...\n"}, {"go test"}),
    ("make test", {"Makefile": "GOTEST ?= go test\ntest:\n\t@${GOTEST} ./...\n"}, {"go test"}),
    ("make", {"Makefile": "all: lint\nlint:\n\t$(MAKE) -C sub check\n",
              "sub/Makefile": "check:\n\truff check\n"}, {"ruff"}),
    ("make -C sub check", {"Makefile": "check:\n\tpytest\n",
                           "sub/Makefile": "check:\n\truff check\n"}, {"ruff"}),
    ("cd sub && make check", {"Makefile": "check:\n\tpytest\n",
                              "sub/Makefile": "check:\n\truff check\n"}, {"ruff"}),
    ("(cd sub; ls)\nmake check", {"Makefile": "check:\n\tpytest\n",
                                  "sub/Makefile": "check:\n\truff check\n"}, {"pytest"}),
    ("make test", {"Makefile": "include mk/own.mk\n", "mk/own.mk": "test:\n\tpytest\n"},
     {"pytest"}),
    ("make test", {"Makefile": "test:\nifdef X\n\tpytest\nendif\n\truff check\n"},
     {"pytest", "ruff"}),
    ("make -j test", {"Makefile": "test:\n\tpytest\n"}, {"pytest"}),
    ("make -k -j 4 V=1 test", {"Makefile": "test:\n\tpytest\n"}, {"pytest"}),
    ("make -j$(nproc) -C . test", {"Makefile": "test:\n\tpytest\n"}, {"pytest"}),
    ("make t", {"Makefile": "t: ; pytest\n"}, {"pytest"}),
    # scripts of the repository
    ("ci/test.sh", {"ci/test.sh": "#!/bin/sh\npytest\n"}, {"pytest"}),
    ("./test", {"test": "#!/usr/bin/env bash\npytest\n"}, {"pytest"}),
    ("bash -e ci/test.sh", {"ci/test.sh": "pytest\n"}, {"pytest"}),
    ("sh -eux ./ci/test.sh unit", {"ci/test.sh": "pytest\n"}, {"pytest"}),
    (". ci/env.sh", {"ci/env.sh": "pytest\n"}, {"pytest"}),
    ("source ./ci/env.sh", {"ci/env.sh": "pytest\n"}, {"pytest"}),
    ("cd ci && ./test.sh", {"ci/test.sh": "pytest\n"}, {"pytest"}),
    ("mkdir -p build; cd build; ../ci/test.sh", {"ci/test.sh": "pytest\n"}, {"pytest"}),
    ("$CI_PROJECT_DIR/ci/test.sh", {"ci/test.sh": "pytest\n"}, {"pytest"}),
    ('"${SCRIPTS}/test.sh"', {"ci/test.sh": "pytest\n"}, {"pytest"}),
    ("ci/all.sh", {"ci/all.sh": 'D="$(dirname "$0")"\n"$(dirname "$0")"/test.sh\n',
                   "ci/test.sh": "pytest\n"}, {"pytest"}),
    ("sudo -u ci ./ci/test.sh", {"ci/test.sh": "pytest\n"}, {"pytest"}),
    ("docker run -v $PWD:/x image ./ci/test.sh", {"ci/test.sh": "pytest\n"}, {"pytest"}),
    ("ci/hooks.sh run -a", {"ci/hooks.sh": 'pre-commit "$@"\n',
                            ".pre-commit-config.yaml": "repos: [{hooks: [{id: black}]}]"},
     {"black"}),
    ("make lint", {"Makefile": "lint:\n\t./lint.sh\n", "lint.sh": "ruff check\n"}, {"ruff"}),
    ("./x.py", {"x.py": "#!/usr/bin/env python3\npytest\n"}, set()),
    ("./x", {"x": "#!/usr/bin/python3\npytest\n"}, set()),
    ("a.sh", {"a.sh": "pytest\n"}, set()),
    ("./a.sh", {"a.sh": "./b.sh\n", "b.sh": "./a.sh\npytest\n"}, {"pytest"}),
    # npm, yarn, pnpm, bun
    ("npm run lint", {"package.json": NPM % LINT}, {"ESLint"}),
    ("npm test", {"package.json": NPM % '"test": "mocha"'}, {"mocha"}),
    ("npm t", {"package.json": NPM % '"pretest": "eslint .", "test": "mocha"'},
     {"mocha", "ESLint"}),
    ("yarn lint", {"package.json": NPM % LINT}, {"ESLint"}),
    ("yarn check-all", {"package.json": NPM % '"check-all": "eslint ."'}, {"ESLint"}),
    ("yarn eslint .", {"package.json": NPM % '"x": ""'}, {"ESLint"}),
    ("yarn run eslint .", {"package.json": NPM % '"x": ""'}, {"ESLint"}),
    ("pnpm lint", {"package.json": NPM % LINT}, {"ESLint"}),
    ("pnpm -r lint", {"package.json": NPM % '"x": ""', "a/package.json": NPM % LINT},
     {"ESLint"}),
    ("pnpm --filter a run lint", {"package.json": NPM % '"x": ""', "a/package.json": NPM % LINT},
     {"ESLint"}),
    ("pnpm exec eslint .", {}, {"ESLint"}),
    ("yarn workspace a lint", {"package.json": NPM % '"x": ""', "a/package.json": NPM % LINT},
     {"ESLint"}),
    ("yarn workspaces foreach -A run lint", {"a/package.json": NPM % LINT}, {"ESLint"}),
    ("npm --prefix web run lint", {"package.json": NPM % '"x": ""', "web/package.json": NPM % LINT},
     {"ESLint"}),
    ("cd web && npm run lint", {"package.json": NPM % '"lint": ""',
                                "web/package.json": NPM % LINT}, {"ESLint"}),
    ("npm run lint -w web", {"package.json": NPM % '"x": ""', "web/package.json": NPM % LINT},
     {"ESLint"}),
    ("cd src/deep && npm run lint", {"package.json": NPM % LINT}, {"ESLint"}),
    ("npm run lint", {"package.json": NPM % '"x": ""'}, set()),
    ("npm run test -- --coverage", {"package.json": NPM % '"test": "jest"'}, {"jest", "Istanbul"}),
    ("npm run all", {"package.json": NPM % f'"all": "run-s lint:*", {MANY}'},
     {"ESLint", "TypeScript"}),
    ("npm run all", {"package.json": NPM % f'"all": "npm-run-all -p lint:js build", {MANY}'},
     {"ESLint", "mocha"}),
    ("npm run all", {"package.json": NPM % f'"all": "run-p \\"lint:**\\"", {MANY}'},
     {"ESLint", "TypeScript"}),
    ("npx concurrently 'npm:lint:*' 'npm run build'", {"package.json": NPM % MANY},
     {"ESLint", "TypeScript", "mocha"}),
    ("npx turbo run lint", {"package.json": NPM % '"x": ""', "a/package.json": NPM % LINT},
     {"ESLint"}),
    ("turbo lint", {"a/package.json": NPM % LINT}, {"ESLint"}),
    ("npx nx run-many --target=lint --all", {"a/package.json": NPM % LINT}, {"ESLint"}),
    ("npx nx affected -t lint", {"a/package.json": NPM % LINT}, {"ESLint"}),
    ("npx nx run web:lint", {"a/package.json": NPM % LINT}, {"ESLint"}),
    ("npx lerna run lint", {"a/package.json": NPM % LINT}, {"ESLint"}),
    ("deno task lint", {"deno.json": '{"tasks": {"lint": "eslint ."}}'}, {"ESLint"}),
    # just, Task, mise
    ("just test", {"justfile": "py := 'python3'\n\ntest *args: lint\n    {{py}} -m pytest\n\n"
                               "lint:\n    ruff check\n"}, {"pytest", "ruff"}),
    ("just", {"justfile": "default: lint\nlint:\n  @ruff check\n"}, {"ruff"}),
    ("task lint", {"Taskfile.yml": "tasks:\n  lint:\n    deps: [x]\n    cmds: [{task: y}]\n"
                                   "  x: ruff check\n  y:\n    cmds: [black --check .]\n"},
     {"ruff", "black"}),
    ("mise run lint", {"mise.toml": '[tasks.lint]\nrun = ["ruff check"]\ndepends = ["fmt"]\n'
                                    '[tasks]\nfmt = "black --check ."\n'}, {"ruff", "black"}),
    # Python
    ("tox -e lint", {"tox.ini": "[testenv]\ncommands = pytest\n"
                                "[testenv:lint]\ncommands = ruff check"}, {"ruff"}),
    ("tox -e py311", {"tox.ini": "[testenv]\ncommands = pytest --cov"}, {"pytest", "coverage.py"}),
    ("tox", {"tox.ini": "[testenv]\ncommands =\n  py: pytest\n  lint: ruff check"},
     {"pytest", "ruff"}),
    ("tox run -e lint,fmt", {"tox.ini": "[testenv:lint,fmt]\ncommands = ruff check"}, {"ruff"}),
    ("tox", {"tox.toml": '[env_run_base]\ncommands = [["pytest", "-q"]]'}, {"pytest"}),
    ("nox -s lint", {"noxfile.py": 'import nox\n\n@nox.session(python="3.12")\ndef lint(session):\n'
                                   '    session.run("ruff", "check", "src")\n'}, {"ruff"}),
    ("nox", {"noxfile.py": '@nox.session(name="t")\ndef x(session):\n    session.run(\n'
                           '        "pytest", "--cov")\n'}, {"pytest", "coverage.py"}),
    ("poe lint", {"pyproject.toml": '[tool.poe.tasks]\nlint = ["a", "b"]\na = "ruff check"\n'
                                    'b = {cmd = "black --check ."}\n'}, {"ruff", "black"}),
    ("pdm run lint", {"pyproject.toml": '[tool.pdm.scripts]\nlint = "ruff check"\n'}, {"ruff"}),
    ("hatch run lint:all", {"pyproject.toml": '[tool.hatch.envs.lint.scripts]\n'
                                              'all = ["ruff check", "black --check ."]\n'},
     {"ruff", "black"}),
    ("pixi run lint", {"pixi.toml": '[tasks]\nlint = "ruff check"\n'}, {"ruff"}),
    ("pipenv run lint", {"Pipfile": '[scripts]\nlint = "ruff check"\n'}, {"ruff"}),
    # hooks
    ("pre-commit run --all-files", {".pre-commit-config.yaml":
                                    "repos: [{hooks: [{id: black}, {id: ruff}]}]"},
     {"black", "ruff"}),
    ("pre-commit run ruff -a", {".pre-commit-config.yaml":
                                "repos: [{hooks: [{id: black}, {id: ruff}]}]"}, {"ruff"}),
    ("python3 -m pre_commit run -a", {".pre-commit-config.yaml": "repos: [{hooks: [{id: ruff}]}]"},
     {"ruff"}),
    ("lefthook run pre-commit", {"lefthook.yml": "pre-commit:\n  commands: {l: {run: ruff check}}\n"
                                                 "  jobs: [{run: black .}]\n"}, {"ruff", "black"}),
    ("npx lint-staged", {"package.json": '{"lint-staged": {"*.js": ["eslint", "prettier -c"]}}'},
     {"ESLint", "Prettier"}),
    # other languages
    ("composer lint", {"composer.json": '{"scripts": {"lint": ["@php vendor/bin/phpcs", "@t"],'
                                        ' "t": "phpunit"}}'}, {"PHP_CodeSniffer", "PHPUnit"}),
    ("composer run-script t", {"composer.json": '{"scripts": {"t": "phpunit"}}'}, {"PHPUnit"}),
    ("php vendor/bin/phpunit", {}, {"PHPUnit"}),
    ("mix ci", {"mix.exs": 'defp aliases do\n  [\n    ci: ["cmd pytest", "lint"],\n'
                           '    lint: "cmd ruff check"\n  ]\nend\n'}, {"pytest", "ruff"}),
    ("cargo lint", {".cargo/config.toml": '[alias]\nlint = "clippy -- -D warnings"\n'},
     {"clippy"}),
    ("cargo +nightly lint", {".cargo/config.toml": '[alias]\nlint = ["fmt", "--check"]\n'},
     {"rustfmt"}),
    ("go run github.com/golangci/golangci-lint/cmd/golangci-lint@v2 run", {}, {"golangci-lint"}),
    ("cmake --build build --target test", {}, {"cmake test"}),
    ("cmake --build build -t test lint", {}, {"cmake test"}),
    ("ninja -C build test", {}, {"ninja test"}),
    ("meson dist -C build", {}, {"Meson"}),
    ("make distcheck", {"Makefile.am": ""}, {"make distcheck"}),
    ("clang-format-18 --dry-run -Werror a.c", {}, {"clang-format"}),
    ("npx nyc mocha", {}, {"Istanbul", "mocha"}),
]  # fmt: skip


@pytest.mark.parametrize(("script", "files", "expected"), RUNNERS)
def test_what_runs_through_others_is_found(
    script: str, files: Mapping[str, str], expected: set[str]
) -> None:
    """Targets, scripts and hooks are read; a name counts where its commands are not known."""
    assert tools(script, files) == expected


@pytest.mark.parametrize("script", ["npx tailwindcss -o ./site.css --minify", "./site.css"])
def test_a_file_that_no_shell_runs_is_not_looked_for(script: str) -> None:
    """However large it is: it leaves nothing unknown."""
    files = {**CODE, ".gitlab-ci.yml": json.dumps({"job": {"script": [script]}}), "site.css": ""}
    facts = repository(files)
    facts = replace(facts, files={**facts.files, "site.css": Unread("longer than 2 MiB")})
    assert not Project(Repository(facts)).unread


JOB = """spec:
  inputs:
    name: {default: check}
    run: {default: pytest}
    options: {}
---
"$[[ inputs.name ]]":
  script:
    - $[[ inputs.run ]] -m $[[ inputs.options | expand_vars ]]
"""


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("{local: job.yml}", {"pytest"}),
        ("{local: job.yml, inputs: {run: ruff check}}", {"ruff"}),
        ("[{local: job.yml}, {local: job.yml, inputs: {name: style, run: black}}]",
         {"pytest", "black"}),
        ("{local: other.yml, inputs: {tool: mypy}}", {"mypy"}),
        ("{local: job.yml, inputs: {run: [ruff, check]}}", set()),
        ("{local: job.yml, inputs: 5}", {"pytest"}),
    ],
)  # fmt: skip
def test_an_included_file_runs_what_its_inputs_say(include: str, expected: set[str]) -> None:
    """As often as it is included; without a value, those of its header."""
    other = 'include: {local: job.yml, inputs: {run: "$[[ inputs.tool ]]"}}'
    files = {**CODE, ".gitlab-ci.yml": f"include: {include}", "job.yml": JOB, "other.yml": other}
    stages = Project(Repository(repository(files))).stages.values()
    assert {use.tool for found in stages for use in found.uses} == expected


@pytest.mark.parametrize(
    ("files", "check"),
    [
        ({"package.json": {"scripts": {"precommit": "lint-staged"}}}, "pre_commit"),
        ({"package.json": {"devDependencies": {"eslint-plugin-prettier": "4"}}}, "formatter"),
        ({"lerna.json": {"command": {"publish": {"conventionalCommits": True}}}},
         "changelog_generator"),
    ],
)  # fmt: skip
def test_what_another_tool_brings_with_it_is_set_up(
    files: Mapping[str, Mapping[str, object]], check: str
) -> None:
    """An old Husky, a formatter that is a rule of the linter, a publisher that writes changes."""
    texts = {path: json.dumps(value) for path, value in files.items()}
    package = {"package.json": "{}", **texts}
    assert evaluate(repository({**CODE, "a.js": "", **package})).findings[check].result == "pass"
    assert evaluate(repository({**CODE, "a.js": ""})).findings[check].result == "fail"
