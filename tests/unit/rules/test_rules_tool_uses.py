"""Which programs a script runs, which tools they are, and what they run through others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.projects.makefiles import make_targets
from gitlab_sync.rules.projects.scripts import (
    npm_scripts,
    pre_commit_hooks,
    tox_environments,
)
from gitlab_sync.rules.projects.shell import commands
from gitlab_sync.rules.projects.targets import Targets
from gitlab_sync.rules.projects.tool_uses import ToolReader, purposes_of_name
from gitlab_sync.rules.projects.tools import TOOLS, tools_for

KNOWN = frozenset({"pytest", "mypy", "ruff", "black", "coverage", "gofmt", "eslint", "cargo"})


def programs(script: str) -> list[str]:
    """Return the known programs that a script runs."""
    return [one.program for one in commands([script], KNOWN) if one.program in KNOWN]


def reader(**scripts: dict[str, str]) -> ToolReader:
    """Return the reader of a repository with these targets of runners, all at its root."""
    return ToolReader(Targets({(runner, ""): each for runner, each in scripts.items()}))


def found(
    script: str, scripts: dict[str, dict[str, str]] | None = None
) -> list[tuple[str, str, str | None]]:
    """Return the tools in a script: name, purpose, and what it is run through."""
    uses = reader(**(scripts or {})).uses([script])
    return [(use.tool, use.purpose, use.via) for use in uses]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pytest -q", ["pytest"]),
        ("cd app && pytest; mypy .", ["pytest", "mypy"]),
        ("pytest | tee log", ["pytest"]),
        ("pytest || true", ["pytest"]),
        ("(cd app; pytest)", ["pytest"]),
        ("if ! ruff check .; then exit 1; fi", ["ruff"]),
        ("A=1 B=$C pytest", ["pytest"]),
        ("time sudo -E pytest", ["pytest"]),
        ("timeout 10m pytest", ["pytest"]),
        ("python -m pytest", ["pytest"]),
        ("python3.12 -W error -m pytest", ["pytest"]),
        ("python -m coverage run -m pytest", ["coverage", "pytest"]),
        ("coverage run -m pytest", ["coverage", "pytest"]),
        ("uv run --group dev pytest tests/coverage", ["pytest"]),
        ("poetry run mypy black/", ["mypy"]),
        ("uvx ruff@0.8 format", ["ruff"]),
        ("npx --yes eslint@9 .", ["eslint"]),
        ("./node_modules/.bin/eslint .", ["eslint"]),
        (".venv\\\\bin/pytest.exe", ["pytest"]),
        ("docker compose run --rm web pytest", ["pytest"]),
        ("docker run -v x:y image sh -c 'ruff check . && mypy .'", ["ruff", "mypy"]),
        ('bash -c "black --check ."', ["black"]),
        ('test -z "$(gofmt -l .)"', ["gofmt"]),
        ("x=`gofmt -l .`", ["gofmt"]),
        ("pytest \\\n  -q", ["pytest"]),
        ("pytest  # and then mypy", ["pytest"]),
        ("curl x#y && mypy .", ["mypy"]),
        ("# mypy .", []),
        ("pip install pytest mypy", []),
        ("echo 'pytest; mypy'", []),
        ("echo pytest", []),
        ("cat pytest.ini", []),
        ("command -v pytest || exit 1", []),
        ("command pytest", ["pytest"]),
        ("uv run python app.py pytest", []),
        ("my-pytest", []),
        ("", []),
        ("'never closed", []),
    ],
)
def test_programs_are_told_from_words(script: str, expected: list[str]) -> None:
    """What is installed, printed or commented on is not run."""
    assert programs(script) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("ruff check .", [("ruff", "lint")]),
        ("ruff format --check .", [("ruff format", "format")]),
        ("ruff --version", []),
        ("ruff", [("ruff", "lint")]),
        ("uv run ruff --quiet", [("ruff", "lint")]),
        ("black", [("black", "format")]),
        ("golangci-lint", [("golangci-lint", "lint")]),
        ("coverage", [("coverage.py", "coverage")]),
        ("ruff clean", []),
        ("pip install ruff", []),
        ("echo ruff", []),
        ("cargo", []),
        ("mypy --version", []),
        ("pytest --cov=src", [("pytest", "test"), ("coverage.py", "coverage")]),
        ("pytest --covers", [("pytest", "test")]),
        ("python manage.py test", [("Django's tests", "test")]),
        ("go vet ./...", [("go vet", "lint"), ("Go compiler", "type_check")]),
        ("cargo +nightly fmt --check", [("rustfmt", "format")]),
        ("./mvnw -B clean verify", [("Maven", "test"), ("Java compiler", "type_check")]),
        ("mvn checkstyle:check", [("Checkstyle", "lint")]),
        ("./gradlew :app:spotlessCheck", [("Spotless", "format")]),
        ("npx tsc --noEmit", [("TypeScript", "type_check")]),
        ("npx biome ci .", [("Biome", "lint"), ("Biome", "format")]),
        ("pip-audit", [("pip-audit", "dependency_audit")]),
        ("npm audit --omit=dev", [("npm audit", "dependency_audit")]),
        ("yarn npm audit", [("npm audit", "dependency_audit")]),
        ("yarn npm publish", []),
        ("gitleaks detect", [("gitleaks", "secret_scan")]),
        ("vulture src", [("vulture", "dead_code")]),
        ("git cliff -o CHANGELOG.md", [("git-cliff", "changelog")]),
        ("go build ./...", [("Go compiler", "type_check")]),
        ("go test -coverprofile=c ./...", [("go test", "test"), ("go test -cover", "coverage")]),
    ],
)
def test_tools_are_known_by_how_they_are_run(script: str, expected: list[tuple[str, str]]) -> None:
    """A subcommand can make another tool of a program; asking for its version is no use of it."""
    assert [(tool, purpose) for tool, purpose, _ in found(script)] == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("make lint", [("make lint", "lint", "make lint")]),
        ("make -C app check", [("make check", "test", "make check")]),
        ("make", []),
        ("make build", []),
        ("just fmt", [("just fmt", "format", "just fmt")]),
        ("tox", [("tox", "test", "tox")]),
        (
            "tox -e lint,py312",
            [("tox lint", "lint", "tox lint"), ("tox py312", "test", "tox py312")],
        ),
        ("nox -s typing", [("nox typing", "type_check", "nox typing")]),
        ("nox", [("nox", "test", "nox")]),
        ("npm test", [("npm test", "test", "npm test")]),
        ("npm run lint", [("npm run lint", "lint", "npm run lint")]),
        ("npm ci", []),
        ("yarn lint", [("npm run lint", "lint", "npm run lint")]),
        ("yarn install", []),
        ("pnpm run test:types", [("npm run test:types", "type_check", "npm run test:types")]),
        ("pre-commit run --all-files", [("pre-commit", "lint", "pre-commit")]),
        ("pre-commit install", []),
        ("hatch run lint:all", [("hatch lint:all", "lint", "hatch lint:all")]),
        ("invoke test", [("invoke test", "test", "invoke test")]),
    ],
)
def test_where_nothing_more_is_known_a_targets_name_says_what_it_does(
    script: str, expected: list[tuple[str, str, str]]
) -> None:
    """A tool that runs through another is a tool all the same."""
    assert found(script) == expected


def test_what_a_target_runs_is_looked_up_where_it_is_known() -> None:
    """Through several of them, and with what is passed on."""
    scripts = {
        "make": make_targets("check: lint\n\tpytest --cov\n\nlint:\n\t@npm run style\n"),
        "npm": npm_scripts('{"scripts": {"style": "eslint .", "unit": "jest"}}'),
    }
    assert found("make check", scripts) == [
        ("ESLint", "lint", "make check"),
        ("pytest", "test", "make check"),
        ("coverage.py", "coverage", "make check"),
    ]
    assert found("npm run unit -- --coverage", scripts) == [
        ("jest", "test", "npm run unit"),
        ("Istanbul", "coverage", "npm run unit"),
    ]


def test_a_target_that_is_known_to_run_nothing_runs_nothing() -> None:
    """As the script that npm puts into every new package; one that is missing fails, too."""
    scripts = {"npm": npm_scripts('{"scripts": {"test": "echo \\"no test\\" && exit 1"}}')}
    assert found("npm test", scripts) == []
    assert found("npm run lint", scripts) == []
    assert found("make lint", {"make": {"build": "cc x.c"}}) == [("make lint", "lint", "make lint")]


def test_targets_that_need_each_other_end() -> None:
    """A circle in a Makefile is for make to complain about."""
    scripts = {"make": make_targets("a: b\n\truff check\nb: a\n\tmypy .\n")}
    assert {use[0] for use in found("make a", scripts)} == {"ruff", "mypy"}


@pytest.mark.parametrize(
    ("name", "purposes"),
    [
        ("test", {"test"}),
        ("unit-tests", {"test"}),
        ("test:lint", {"lint"}),
        ("lint-tests", {"lint"}),
        ("type-check", {"type_check"}),
        ("Type Check", {"type_check"}),
        ("testCoverage", {"test", "coverage"}),
        ("fmt", {"format"}),
        ("check", {"test"}),
        ("link-check", set()),
        ("deploy-test", set()),
        ("build:tests", set()),
        ("latest", set()),
        ("contest", set()),
        ("", set()),
        ("build", set()),
    ],
)
def test_a_name_speaks_by_its_whole_words(name: str, purposes: set[str]) -> None:
    """`latest` is no test, and what deploys a test system tests nothing."""
    assert purposes_of_name(name) == purposes


def test_a_makefile_is_read_rule_by_rule() -> None:
    """Variables are no rules; the first target is what plain `make` builds."""
    text = (
        "SHELL := bash\nexport A = b: c\n.PHONY: all\n# note: x\nall test: lint | dir ; true\n"
        "\t@-pytest\n\nlint::\n\truff check\nx: A = 1\n"
    )
    targets = make_targets(text)
    assert targets["lint"] == "ruff check"
    assert targets["all"] == targets["test"] == targets[""] == "make lint\nmake dir\ntrue\npytest"
    assert set(targets) == {"", "all", "test", "lint"}
    assert make_targets("") == {}


def test_the_environments_of_tox_inherit_their_commands() -> None:
    """`""` stands for all of them."""
    text = (
        "[testenv]\ncommands = pytest\n[testenv:x]\n"
        "[testenv:lint]\ncommands =\n  ruff check\n  mypy\n"
    )
    found = tox_environments(text)
    assert found["x"] == "pytest"
    assert found["lint"].split("\n")[1:] == ["ruff check", "mypy"]
    assert "mypy" in found[""]
    assert tox_environments("no ini") == {}


def test_the_hooks_of_pre_commit_run_what_they_are_called_or_say() -> None:
    """Some are not called as their program."""
    text = "repos: [{repo: x, hooks: [{id: ruff-format}, {id: own, entry: gitleaks git}, 3]}, 4]"
    found = pre_commit_hooks(text)
    assert found["ruff-format"] == "ruff format"
    assert found["own"] == "own\ngitleaks git"
    assert set(found) == {"", "ruff-format", "own"}
    assert pre_commit_hooks("[") == {}


def test_every_tool_is_complete_and_known_by_something() -> None:
    """Names of files are compared in lower case, so they are kept so."""
    for tool in TOOLS:
        assert tool.name
        ways = (tool.commands, tool.files, tool.tables, tool.declared, tool.templates)
        assert any(ways), tool
        assert all(name == name.lower() for name in (*tool.files, *tool.templates)), tool
    assert {tool.name for tool in tools_for("lint", ("Go",))} >= {"golangci-lint", "SonarQube"}
    assert "ruff" not in {tool.name for tool in tools_for("lint", ("Go",))}


SCRIPTS = st.lists(
    st.sampled_from(
        ["make", "npm run", "uv run", "sh -c", "'", '"', "$(", ")", "`", "&&", "-e", "a", "pytest",
         "python -m", "\\", "\n", "tox", "timeout", "if", "=", "--", "{", "-C", "#"]
    )
).map(" ".join)  # fmt: skip


@settings(deadline=None)
@given(st.text() | SCRIPTS)
def test_no_script_raises(script: str) -> None:
    """Shell that is none is read as far as possible."""
    scripts = {
        "make": make_targets(script),
        "npm": npm_scripts(script),
        "tox": tox_environments(script),
        "pre-commit": pre_commit_hooks(script),
    }
    reader(**scripts).uses([script, f"make a {script}", "tox", "pre-commit run", "make"])


@pytest.mark.slow
def test_hostile_scripts_take_no_time() -> None:
    """This ends or hits the time limit."""
    for piece in ("'", '"\\', "$(", "`", "uv run ", "sh -c ", "a&", "time ", "make a ", ": ", "a:"):
        script = piece * 50_000
        reader(make=make_targets(script)).uses([script])
