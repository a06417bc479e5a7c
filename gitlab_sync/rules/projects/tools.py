"""The known tools as data: the purpose of each, and how its use is recognised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Purpose = Literal[
    "test",
    "lint",
    "format",
    "type_check",
    "coverage",
    "dead_code",
    "secret_scan",
    "dependency_audit",
    "changelog",
    "hooks",
]

PYTHON = ("Python",)
SCRIPT = ("JavaScript", "TypeScript")
GO = ("Go",)
RUST = ("Rust",)
JAVA = ("Java",)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool in one of its uses.

    `languages` is empty for a tool for any language. `commands` are programs with what has to
    follow: a subcommand, the begin of an option (`pytest --cov`), or `$` for nothing but options
    (`ruff $`). `files` are names of its configuration files. `tables` are tables of
    `pyproject.toml` (dotted), keys of `package.json`, or sections of `setup.cfg` and `tox.ini`.
    `templates` are names of GitLab's templates or components.
    """

    name: str
    purpose: Purpose
    languages: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


TOOLS = (
    # Tests
    Tool("pytest", "test", PYTHON, ("pytest", "py.test", "hatch test")),
    Tool("unittest", "test", PYTHON, ("unittest", "nose2", "manage.py test", "django-admin test")),
    Tool("behave", "test", PYTHON, ("behave", "robot", "trial", "stestr")),
    Tool("jest", "test", SCRIPT, ("jest", "react-scripts test", "ng test", "lerna test")),
    Tool("vitest", "test", SCRIPT, ("vitest",)),
    Tool("mocha", "test", SCRIPT, ("mocha", "ava", "karma start", "tap", "jasmine")),
    Tool("Cypress", "test", SCRIPT, ("cypress run", "playwright test", "wdio")),
    Tool("node --test", "test", SCRIPT, ("node --test", "deno test", "bun test")),
    Tool("go test", "test", GO, ("go test", "gotestsum", "ginkgo")),
    Tool("cargo test", "test", RUST, ("cargo test", "cargo nextest")),
    Tool("Maven", "test", JAVA, ("mvn test", "mvn verify", "mvn package", "mvn install")),
    Tool("Gradle", "test", JAVA, ("gradle test", "gradle check", "gradle build")),
    Tool("RSpec", "test", (), ("rspec", "minitest", "rails test")),
    Tool("PHPUnit", "test", (), ("phpunit", "pest")),
    Tool("CTest", "test", (), ("ctest", "bats", "dotnet test", "mix test", "swift test")),
    # Linters
    Tool(
        "ruff",
        "lint",
        PYTHON,
        ("ruff check", "ruff .", "ruff $", "hatch fmt"),
        ("ruff.toml", ".ruff.toml"),
        ("ruff",),
    ),
    Tool("flake8", "lint", PYTHON, ("flake8", "flakehell"), (".flake8",), ("flake8",)),
    Tool(
        "pylint",
        "lint",
        PYTHON,
        ("pylint", "prospector"),
        (".pylintrc", "pylintrc"),
        ("pylint", "pylint.main", "pylint.master"),
    ),
    Tool("pycodestyle", "lint", PYTHON, ("pycodestyle", "pydocstyle"), (), ("pycodestyle",)),
    Tool(
        "ESLint",
        "lint",
        SCRIPT,
        ("eslint", "next lint", "ng lint"),
        (
            *(".eslintrc", ".eslintrc.json", ".eslintrc.js", ".eslintrc.cjs", ".eslintrc.yml"),
            *("eslint.config.js", "eslint.config.mjs", "eslint.config.cjs", "eslint.config.ts"),
            ".eslintrc.yaml",
        ),
        ("eslintConfig",),
    ),
    Tool(
        "Biome",
        "lint",
        SCRIPT,
        ("biome lint", "biome check", "biome ci", "biome $"),
        ("biome.json", "biome.jsonc"),
    ),
    Tool("oxlint", "lint", SCRIPT, ("oxlint", "standard", "xo", "tslint"), (".oxlintrc.json",)),
    Tool(
        "golangci-lint",
        "lint",
        GO,
        ("golangci-lint run", "golangci-lint $", "staticcheck", "revive", "go vet"),
        (".golangci.yml", ".golangci.yaml", ".golangci.toml", "revive.toml", "staticcheck.conf"),
    ),
    Tool(
        "clippy", "lint", RUST, ("cargo clippy", "clippy-driver"), ("clippy.toml", ".clippy.toml"),
    ),
    Tool(
        "Checkstyle",
        "lint",
        JAVA,
        ("mvn checkstyle", "mvn pmd", "mvn spotbugs", "gradle checkstyleMain", "gradle lint"),
        ("checkstyle.xml", "pmd.xml", "detekt.yml"),
    ),
    Tool("RuboCop", "lint", (), ("rubocop",), (".rubocop.yml",)),
    Tool("ShellCheck", "lint", (), ("shellcheck",), (".shellcheckrc",)),
    Tool("phpcs", "lint", (), ("phpcs", "phpstan", "clang-tidy"), ("phpcs.xml", ".clang-tidy")),
    # Formatters
    Tool("ruff format", "format", PYTHON, ("ruff format", "hatch fmt"), (), ("ruff.format",)),
    Tool("black", "format", PYTHON, ("black",), (), ("black",)),
    Tool("isort", "format", PYTHON, ("isort",), (".isort.cfg",), ("isort",)),
    Tool("yapf", "format", PYTHON, ("yapf", "autopep8"), (".style.yapf",), ("yapf",)),
    Tool(
        "Prettier",
        "format",
        SCRIPT,
        ("prettier", "dprint check", "dprint fmt", "deno fmt"),
        (
            *(".prettierrc", ".prettierrc.json", ".prettierrc.yml", ".prettierrc.yaml"),
            *(".prettierrc.js", ".prettierrc.cjs", ".prettierrc.mjs", ".prettierrc.toml"),
            *("prettier.config.js", "prettier.config.mjs", "prettier.config.cjs", "dprint.json"),
        ),
        ("prettier",),
    ),
    Tool(
        "Biome", "format", SCRIPT, ("biome format", "biome check", "biome ci"),
        ("biome.json", "biome.jsonc"),
    ),
    Tool("gofmt", "format", GO, ("gofmt", "goimports", "gofumpt", "go fmt", "golangci-lint fmt")),
    Tool("rustfmt", "format", RUST, ("cargo fmt", "rustfmt"), ("rustfmt.toml", ".rustfmt.toml")),
    Tool(
        "Spotless", "format", JAVA,
        ("mvn spotless", "gradle spotlessCheck", "gradle spotlessApply", "google-java-format",
         "mvn formatter", "ktlint"),
    ),
    Tool("clang-format", "format", (), ("clang-format",), (".clang-format",)),
    # Type checkers; for Go, Rust and Java the compilers
    Tool("mypy", "type_check", PYTHON, ("mypy", "dmypy"), ("mypy.ini", ".mypy.ini"), ("mypy",)),
    Tool(
        "pyright", "type_check", PYTHON, ("pyright", "basedpyright"), ("pyrightconfig.json",),
        ("pyright", "basedpyright"),
    ),
    Tool(
        "ty", "type_check", PYTHON,
        ("ty check", "ty $", "pytype", "pyre check", "pyre $", "pyrefly check", "pyrefly $"),
        ("ty.toml", ".pyre_configuration", "pyrefly.toml"), ("ty", "pytype", "pyrefly"),
    ),
    Tool(
        "TypeScript", "type_check", SCRIPT,
        ("tsc", "vue-tsc", "tsgo", "svelte-check", "flow check"),
        ("tsconfig.json", ".flowconfig"),
    ),
    Tool("Go compiler", "type_check", GO, ("go build", "go vet", "go install")),
    Tool("Rust compiler", "type_check", RUST, ("cargo check", "cargo build", "cargo clippy")),
    Tool(
        "Java compiler", "type_check", JAVA,
        ("mvn compile", "mvn test", "mvn verify", "mvn package", "mvn install", "gradle build",
         "gradle check", "gradle test", "gradle compileJava"),
    ),
    # Coverage
    Tool(
        "coverage.py", "coverage", PYTHON,
        ("pytest --cov", "py.test --cov", "coverage run", "coverage report", "coverage xml",
         "coverage $", "slipcover", "hatch --cover"),
    ),
    Tool(
        "Istanbul", "coverage", SCRIPT,
        ("nyc", "c8", "jest --coverage", "vitest --coverage", "vitest --coverage.enabled",
         "react-scripts --coverage", "ng --code-coverage", "node --experimental-test-coverage",
         "bun --coverage"),
    ),
    Tool(
        "go test -cover", "coverage", GO,
        ("go -cover", "go -coverprofile", "gotestsum -cover", "gotestsum -coverprofile", "go cover",
         "go-test-coverage", "gocover-cobertura"),
    ),
    Tool("cargo llvm-cov", "coverage", RUST, ("cargo llvm-cov", "cargo tarpaulin", "grcov")),
    Tool(
        "JaCoCo", "coverage", JAVA,
        ("mvn jacoco", "gradle jacocoTestReport", "gradle jacocoTestCoverageVerification",
         "gradle koverVerify", "gradle koverXmlReport"),
    ),
    Tool("Codecov", "coverage", (), ("codecov", "codecovcli", "lcov", "gcovr", "diff-cover")),
    # Dead code
    Tool("vulture", "dead_code", PYTHON, ("vulture", "deadcode"), (), ("vulture", "deadcode")),
    Tool(
        "knip", "dead_code", SCRIPT, ("knip", "ts-prune", "unimported", "depcheck"),
        ("knip.json", "knip.jsonc", "knip.ts", ".knip.json"), ("knip",),
    ),
    Tool("deadcode", "dead_code", GO, ("deadcode", "staticcheck", "unused")),
    # Secrets
    Tool("gitleaks", "secret_scan", (), ("gitleaks",), (".gitleaks.toml", "gitleaks.toml")),
    Tool("TruffleHog", "secret_scan", (), ("trufflehog",)),
    Tool(
        "detect-secrets", "secret_scan", (), ("detect-secrets", "detect-secrets-hook"),
        (".secrets.baseline",),
    ),
    Tool(
        "GitGuardian", "secret_scan", (), ("ggshield secret",),
        (".gitguardian.yaml", ".gitguardian.yml"),
    ),
    Tool(
        "Talisman", "secret_scan", (), ("talisman", "git-secrets", "git secrets"),
        (".talismanrc",),
    ),
    Tool("GitLab secret detection", "secret_scan", templates=("secret-detection",)),
    # Vulnerable dependencies
    Tool(
        "pip-audit", "dependency_audit", PYTHON, ("pip-audit", "safety check", "safety scan",
         "uv audit"), (".safety-policy.yml",),
    ),
    Tool(
        "npm audit", "dependency_audit", SCRIPT,
        ("npm audit", "yarn audit", "pnpm audit", "audit-ci", "better-npm-audit", "yarn npm audit",
         "bun audit"),
    ),
    Tool("govulncheck", "dependency_audit", GO, ("govulncheck", "nancy")),
    Tool("cargo audit", "dependency_audit", RUST, ("cargo audit", "cargo deny"), ("deny.toml",)),
    Tool(
        "OWASP Dependency-Check", "dependency_audit", JAVA,
        ("mvn dependency-check", "gradle dependencyCheckAnalyze", "dependency-check.sh"),
    ),
    Tool(
        "OSV-Scanner", "dependency_audit", (), ("osv-scanner", "trivy fs", "trivy filesystem",
         "trivy repo", "grype", "snyk test"), ("osv-scanner.toml", ".snyk"),
    ),
    Tool("GitLab dependency scanning", "dependency_audit", templates=("dependency-scanning",)),
    # Changelogs from commits
    Tool(
        "git-cliff", "changelog", (), ("git-cliff", "git cliff"), ("cliff.toml",),
        ("git-cliff", "git-cliff.changelog"),
    ),
    Tool(
        "commitizen", "changelog", (), ("cz changelog", "cz bump", "cz ch"),
        (".cz.toml", ".cz.json", ".cz.yaml", "cz.toml"), ("commitizen",),
    ),
    Tool(
        "semantic-release", "changelog", (), ("semantic-release",),
        (".releaserc", ".releaserc.json", ".releaserc.yml", ".releaserc.yaml", ".releaserc.js",
         "release.config.js", "release.config.cjs", "release.config.mjs"),
        ("semantic_release", "release"),
    ),
    Tool("towncrier", "changelog", (), ("towncrier",), ("towncrier.toml",), ("towncrier",)),
    Tool("Changesets", "changelog", (), ("changeset",), (".changeset/config.json",)),
    Tool(
        "release-please", "changelog", (),
        ("release-please", "standard-version", "conventional-changelog", "auto-changelog", "cog",
         "release-it"),
        ("release-please-config.json", ".versionrc", ".versionrc.json", "cog.toml",
         ".release-it.json"),
        ("standard-version", "release-it"),
    ),
    Tool(
        "GitLab changelog", "changelog", (), ("glab changelog",), (".gitlab/changelog_config.yml",),
    ),
    # Checks before each commit
    Tool("pre-commit", "hooks", (), (), (".pre-commit-config.yaml", ".pre-commit-config.yml")),
    Tool(
        "Lefthook", "hooks", (), (),
        ("lefthook.yml", ".lefthook.yml", "lefthook.yaml", "lefthook.toml"),
    ),
    Tool("Husky", "hooks", (), (), (".husky/pre-commit", ".huskyrc", ".huskyrc.json"), ("husky",)),
)  # fmt: skip
"""All tools; a tool with two purposes is there twice."""


def tools_for(purpose: Purpose, languages: tuple[str, ...] = ()) -> tuple[Tool, ...]:
    """Return the tools for a purpose and these languages (default: all)."""
    return tuple(
        tool
        for tool in TOOLS
        if tool.purpose == purpose
        and (not tool.languages or not languages or set(tool.languages) & set(languages))
    )
