"""The tables of languages: what each tool is recognised by, in a repository of its language."""

from __future__ import annotations

import json

import pytest
from project_examples import repository

from gitlab_sync.rules.projects.compliance import evaluate
from gitlab_sync.rules.projects.ecosystems.any_language import ANY_LANGUAGE
from gitlab_sync.rules.projects.ecosystems.ecosystem import Names, fits
from gitlab_sync.rules.projects.facts import Repository
from gitlab_sync.rules.projects.tool_detection import Project
from gitlab_sync.rules.projects.tool_uses import STAGES, ToolReader
from gitlab_sync.rules.projects.tools import (
    ECOSYSTEMS,
    TOOLS,
    Purpose,
    command_for,
    has_tools,
)

# One file of source code for each language; `.h` is C's only with a C file.
SOURCES = {
    name: ending.split()[0] for each in ECOSYSTEMS for name, ending in each.languages.items()
}

CHECK_OF: dict[Purpose, str] = {
    "lint": "linter",
    "format": "formatter",
    "type_check": "type_checker",
    "dead_code": "dead_code",
    "dependency_audit": "dependency_audit",
    "changelog": "changelog_generator",
    "secret_scan": "secret_scan",
    "hooks": "pre_commit",
}


def in_ci(language: str, script: str) -> dict[str, str]:
    """Return the results of a project in a language; its only job runs a script."""
    texts = {
        f"src/main{SOURCES[language]}": "",
        ".gitlab-ci.yml": json.dumps({"job": {"script": script}}),
    }
    return {check: one.result for check, one in evaluate(repository(texts)).findings.items()}


@pytest.mark.parametrize(
    ("language", "script", "checks"),
    [
        # C and C++
        ("C", "meson test -C build", "ci_test"),
        ("C", "ninja -C build test", "ci_test"),
        ("C", "ninja -C build dist", "ci_test"),
        ("C", "ctest --test-dir build --output-on-failure", "ci_test"),
        ("C++", "cmake --build build --target test", "ci_test"),
        ("C", "make check", "ci_test"),
        ("C", "kyua test || kyua report --verbose", "ci_test"),
        ("C", "scan-build --status-bugs make", "ci_lint linter"),
        ("C", "cppcheck --error-exitcode=1 src", "ci_lint linter"),
        ("C++", "run-clang-tidy-15 -p build", "ci_lint linter"),
        ("C++", "clang-format-14 --dry-run -Werror src/*.cpp", "ci_format formatter"),
        ("C++", "git clang-format --diff origin/main", "ci_format formatter"),
        ("C", "uncrustify --check -c u.cfg src/*.c", "ci_format formatter"),
        ("C", "gcovr --xml coverage.xml", "ci_coverage"),
        ("C", "ninja -C build coverage-html", "ci_coverage"),
        ("C++", "lcov --capture --directory .", "ci_coverage"),
        ("Vala", "meson test", "ci_test"),
        ("Vala", "io.elementary.vala-lint -d src", "ci_lint linter"),
        ("QML", "qmllint src/*.qml", "ci_lint linter"),
        # Shell
        ("Shell", "shellcheck *.sh", "ci_lint linter"),
        ("Shell", "shfmt -d .", "ci_format formatter"),
        ("Shell", "bats tests", "ci_test"),
        ("Shell", "kcov coverage bats tests", "ci_coverage"),
        # Java, Kotlin, Scala, Clojure
        ("Java", "./mvnw -B verify", "ci_test"),
        ("Java", "mvn checkstyle:check pmd:check", "ci_lint linter"),
        ("Java", "mvn org.jacoco:jacoco-maven-plugin:0.8.8:report", "ci_coverage"),
        ("Java", "mvn spotless:check", "ci_format formatter"),
        ("Java", "mvn org.owasp:dependency-check-maven:check", ""),
        ("Kotlin", "./gradlew testDebugUnitTest", "ci_test"),
        ("Kotlin", "./gradlew :app:connectedDebugAndroidTest", "ci_test"),
        ("Kotlin", "./gradlew lintRelease", "ci_lint linter"),
        ("Kotlin", "./gradlew ktlintCheck", "ci_lint ci_format linter formatter"),
        ("Kotlin", "./gradlew detekt", "ci_lint linter"),
        ("Kotlin", "./gradlew ktfmtCheck", "ci_format formatter"),
        ("Kotlin", "./gradlew koverXmlReport", "ci_coverage"),
        ("Java", "gradle jacocoTestReport", "ci_coverage"),
        ("Scala", "sbt 'scalafmtCheckAll; coverage; test; coverageReport'",
         "ci_test ci_format ci_coverage formatter"),
        ("Scala", "sbt scalafixAll", "ci_lint linter"),
        ("Clojure", "lein test", "ci_test"),
        ("Clojure", "clj-kondo --lint src", "ci_lint linter"),
        # Elixir, Erlang, Haskell, OCaml, Elm
        ("Elixir", "mix test", "ci_test"),
        ("Elixir", "mix credo --strict", "ci_lint linter"),
        ("Elixir", "mix format --check-formatted", "ci_format formatter"),
        ("Elixir", "MIX_ENV=test mix coveralls.html", "ci_test ci_coverage"),
        ("Elixir", "mix do deps.get, test --cover", "ci_test ci_coverage"),
        ("Erlang", "rebar3 do eunit, ct", "ci_test"),
        ("Erlang", "rebar3 dialyzer", "ci_lint linter"),
        ("Erlang", "rebar3 fmt --check", "ci_format formatter"),
        ("Haskell", "cabal test all", "ci_test"),
        ("Haskell", "stack test --coverage", "ci_test ci_coverage"),
        ("Haskell", "hlint .", "ci_lint linter"),
        ("Haskell", "ormolu --mode check src/*.hs", "ci_format formatter"),
        ("OCaml", "dune runtest", "ci_test"),
        ("OCaml", "dune build @fmt", "ci_format formatter"),
        ("Elm", "elm-test", "ci_test"),
        # PHP, Ruby, Perl, Lua, R, Julia
        ("PHP", "vendor/bin/phpunit --coverage-text", "ci_test ci_coverage"),
        ("PHP", "php -d memory_limit=-1 vendor/bin/phpunit", "ci_test"),
        ("PHP", "php artisan test", "ci_test"),
        ("PHP", "vendor/bin/phpstan analyse", "ci_lint linter"),
        ("PHP", "./vendor/bin/psalm", "ci_lint linter"),
        ("PHP", "vendor/bin/phpcs", "ci_lint linter"),
        ("PHP", "php php-cs-fixer-v3.phar fix --dry-run", "ci_format formatter"),
        ("PHP", "vendor/bin/pint --test", "ci_format formatter"),
        ("Ruby", "bundle exec rspec", "ci_test"),
        ("Ruby", "bundle exec rake test", "ci_test"),
        ("Ruby", "bundle exec rubocop", "ci_lint linter"),
        ("Perl", "prove -lr t", "ci_test"),
        ("Perl", "perlcritic lib", "ci_lint linter"),
        ("Perl", "perltidy --assert-tidy lib/A.pm", "ci_format formatter"),
        ("Perl", "cover -test", "ci_coverage"),
        ("Lua", "busted --coverage", "ci_test ci_coverage"),
        ("Lua", "luacheck .", "ci_lint linter"),
        ("Lua", "stylua --check .", "ci_format formatter"),
        ("R", "R CMD check pkg.tar.gz", "ci_test"),
        ("R", "Rscript -e 'lintr::lint_package()'", "ci_lint linter"),
        ("R", "Rscript -e 'covr::codecov()'", "ci_coverage"),
        ("Julia", "julia --project -e 'using Pkg; Pkg.test(coverage=true)'", "ci_test ci_coverage"),
        # Go, Rust, Swift, Dart, C#
        ("Go", "go test -race -cover ./...", "ci_test ci_coverage"),
        ("Go", "golangci-lint run", "ci_lint linter dead_code"),
        ("Go", "golangci-lint run --disable-all -E gofumpt",
         "ci_lint ci_format linter formatter"),
        ("Go", "test -z \"$(gofmt -l .)\"", "ci_format formatter"),
        ("Rust", "cargo nextest run", "ci_test"),
        ("Rust", "cargo +nightly fmt --check", "ci_format formatter"),
        ("Rust", "cargo clippy -- -D warnings", "ci_lint linter"),
        ("Rust", "cargo llvm-cov --lcov", "ci_test ci_coverage"),
        ("Swift", "swift test --enable-code-coverage", "ci_test ci_coverage"),
        ("Swift", "swiftlint lint --strict", "ci_lint linter"),
        ("Dart", "flutter test --coverage", "ci_test ci_coverage"),
        ("Dart", "flutter analyze", "ci_lint linter"),
        ("Dart", "dart format --set-exit-if-changed .", "ci_format formatter"),
        ("C#", "dotnet test --collect 'XPlat Code Coverage'", "ci_test ci_coverage"),
        ("C#", "dotnet test /p:CollectCoverage=true", "ci_test ci_coverage"),
        ("C#", "dotnet format --verify-no-changes", "ci_format formatter"),
        # Python and TypeScript
        ("Python", "python3 -m pytest --cov", "ci_test ci_coverage"),
        ("Python", "mypy .", "ci_type_check type_checker"),
        ("Python", "tsc --noEmit", ""),
        ("TypeScript", "npx tsc --noEmit", "ci_type_check type_checker"),
        ("TypeScript", "mypy .", ""),
        ("JavaScript", "npx eslint .", "ci_lint linter"),
        # What runs nothing
        ("Java", "mvn package -DskipTests", ""),
        ("Java", "./gradlew build -x test", ""),
        ("C", "make", ""),
        ("PHP", "composer install", ""),
        ("Ruby", "gem install rubocop", ""),
        ("C", "clang-format --version", ""),
    ],
)  # fmt: skip
def test_a_tool_in_the_pipeline_passes_the_checks_of_its_language(
    language: str, script: str, checks: str
) -> None:
    """Those checks, and no others."""
    results = in_ci(language, script)
    wanted = [f"ci_{stage}" for stage in STAGES] + list(CHECK_OF.values())
    passed = {check for check in wanted if results[check] == "pass"}
    assert passed == set(checks.split())


@pytest.mark.parametrize(
    ("language", "path", "text", "check"),
    [
        ("C++", ".clang-format", "", "formatter"),
        ("C++", ".clang-tidy", "", "linter"),
        ("C++", "CMakeLists.txt", "kde_clang_format(${ALL_SOURCES})", "formatter"),
        ("C++", "CMakeLists.txt", "set(CMAKE_CXX_CLANG_TIDY clang-tidy)", "linter"),
        ("C", "tools/uncrustify.cfg", "", "formatter"),
        ("Java", "checkstyle.xml", "", "linter"),
        ("Java", "pom.xml", "<artifactId>maven-pmd-plugin</artifactId>", "linter"),
        ("Java", "my-eclipse-formatter.xml", "", "formatter"),
        ("Java", "build.gradle", "plugins { id 'com.diffplug.spotless' }", "formatter"),
        ("Java", "build.gradle", "apply plugin: 'checkstyle'", "linter"),
        ("Kotlin", "build.gradle.kts", 'id("io.gitlab.arturbosch.detekt")', "linter"),
        (
            "Kotlin",
            "gradle/libs.versions.toml",
            'x = {id="org.jlleitschuh.gradle.ktlint"}',
            "linter",
        ),
        ("Scala", ".scalafmt.conf", "", "formatter"),
        ("Elixir", ".formatter.exs", "", "formatter"),
        ("Elixir", ".credo.exs", "", "linter"),
        ("Elixir", "mix.exs", 'defp deps, do: [{:credo, "~> 1.7"}]', "linter"),
        ("Elixir", "mix.exs", '[{:mix_audit, "~> 2.0"}]', "dependency_audit"),
        ("PHP", "phpstan.neon.dist", "", "linter"),
        ("PHP", ".php-cs-fixer.dist.php", "", "formatter"),
        ("PHP", "composer.json", '{"require-dev": {"vimeo/psalm": "^5"}}', "linter"),
        ("Ruby", ".rubocop.yml", "", "linter"),
        ("C#", "App.csproj", '<PackageReference Include="StyleCop.Analyzers" />', "linter"),
        ("C#", ".csharpierrc.json", "", "formatter"),
        ("Dart", "analysis_options.yaml", "", "linter"),
        ("Go", ".golangci.yml", "linters: {enable: [errcheck]}", "dead_code"),
        ("Go", ".golangci.yml", "version: '2'\nformatters: {enable: [gofumpt]}", "formatter"),
        ("Go", ".goreleaser.yml", "", "changelog_generator"),
        ("Rust", "rustfmt.toml", "", "formatter"),
        ("Rust", "deny.toml", "", "dependency_audit"),
        ("Swift", ".swiftlint.yml", "", "linter"),
        ("Perl", ".perlcriticrc", "", "linter"),
        ("Lua", ".luacheckrc", "", "linter"),
        ("Haskell", ".hlint.yaml", "", "linter"),
        ("OCaml", ".ocamlformat", "", "formatter"),
        ("R", ".lintr", "", "linter"),
        ("Shell", ".shellcheckrc", "", "linter"),
        ("JavaScript", ".prettierrc.yaml", "", "formatter"),
        ("JavaScript", "eslint.config.mjs", "", "linter"),
        ("Python", ".secrets.baseline", "", "secret_scan"),
        ("Python", "cz.json", "{}", "changelog_generator"),
    ],
)
def test_settings_set_a_tool_up(language: str, path: str, text: str, check: str) -> None:
    """A file of its own, or its name in what builds the project."""
    finding = evaluate(repository({f"a{SOURCES[language]}": "", path: text})).findings[check]
    if check == "dependency_audit" and finding.result == "not applicable":
        texts = {"Cargo.toml": "[dependencies]\nx = '1'\n", path: text, "a.rs": ""}
        finding = evaluate(repository(texts)).findings[check]
    assert (finding.result, finding.path) == ("pass", path), finding.reason


def test_a_name_that_can_mean_much_is_only_known_at_the_root() -> None:
    """A keyboard layout of the Czech Republic makes no changelog."""
    finding = evaluate(repository({"a.py": "", "layouts/cz.json": "{}"})).findings
    assert finding["changelog_generator"].result == "fail"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("composer.json", '{"require": {"php": "^8", "symfony/console": "^6"}}'),
        ("mix.exs", 'defp deps do [{:phoenix, "~> 1.7"}] end'),
        ("Gemfile", "gem 'rails'\n"),
        ("x.gemspec", "spec.add_dependency 'rake'"),
        ("App.csproj", '<ItemGroup><PackageReference Include="X" /></ItemGroup>'),
        ("Directory.Packages.props", '<PackageVersion Include="X" />'),
        ("packages.config", '<package id="X" />'),
        ("pubspec.yaml", "name: x\ndependencies:\n  http: ^1\n"),
        ("Package.swift", '.package(url: "x", from: "1.0.0")'),
        ("build.sbt", 'libraryDependencies += "a" % "b" % "1"'),
        ("x.cabal", "build-depends: base, text"),
        ("conanfile.txt", "[requires]\nzlib/1\n"),
        ("vcpkg.json", '{"dependencies": ["zlib"]}'),
        ("setup.py", "setup(install_requires=['x'])"),
        ("environment.yml", "dependencies:\n  - numpy\n"),
        ("DESCRIPTION", "Package: x\nImports: dplyr\n"),
        ("cpanfile", "requires 'Moose';\n"),
        ("rebar.config", '{deps, [{cowboy, "2.9"}]}.'),
        ("project.clj", '(defproject x "1" :dependencies [[a "1"]])'),
        ("Gemfile.lock", ""),
        ("composer.lock", ""),
        ("mix.lock", ""),
        ("packages.lock.json", ""),
    ],
)
def test_packages_that_a_manifest_needs_can_be_audited(path: str, text: str) -> None:
    """So that an audit is missed; what names none needs no audit."""
    finding = evaluate(repository({"a.c": "", path: text})).findings["dependency_audit"]
    assert finding.result == "fail"
    empty = evaluate(repository({"a.c": "", "composer.json": '{"require": {"php": "^8"}}'}))
    assert empty.findings["dependency_audit"].result == "not applicable"


@pytest.mark.parametrize(
    ("source", "script", "path", "text"),
    [
        ("a.py", "pytest", "pyproject.toml", "[tool.pytest.ini_options]\naddopts = '--cov'"),
        ("a.py", "pytest -q", "setup.cfg", "[tool:pytest]\naddopts = -v --cov=src"),
        ("a.js", "npx jest", "jest.config.js", "module.exports = { collectCoverage: true }"),
        ("a.js", "npx jest", "package.json", '{"jest": {"collectCoverage": true}}'),
        ("a.rb", "bundle exec rspec", "Gemfile", "gem 'simplecov', require: false"),
        ("a.rb", "bundle exec rake test", "Gemfile", "gem 'simplecov'"),
    ],
)
def test_coverage_that_the_settings_switch_on_is_measured_with_each_test(
    source: str, script: str, path: str, text: str
) -> None:
    """The line in the pipeline does not show it."""
    texts = {source: "", path: text, ".gitlab-ci.yml": json.dumps({"job": {"script": script}})}
    assert evaluate(repository(texts)).findings["ci_coverage"].result == "pass"
    bare = evaluate(repository({**texts, path: "{}" if path.endswith("json") else ""}))
    assert bare.findings["ci_coverage"].result == "fail"


def test_a_task_that_runs_no_tests_measures_nothing() -> None:
    """Rake builds packages, too."""
    texts = {"a.rb": "", "Gemfile": "gem 'simplecov'", ".gitlab-ci.yml": "a: {script: rake build}"}
    assert evaluate(repository(texts)).findings["ci_coverage"].result == "fail"


POM = """<project><build><plugins><plugin><artifactId>jacoco-maven-plugin</artifactId><executions>
<execution><goals><goal>prepare-agent</goal></goals></execution></executions></plugin><plugin>
<artifactId>maven-checkstyle-plugin</artifactId><executions><execution><phase>{phase}</phase>
</execution></executions></plugin></plugins></build></project>"""


@pytest.mark.parametrize(
    ("script", "path", "text", "checks"),
    [
        ("mvn test", "pom.xml", POM.format(phase=""), "ci_test ci_coverage"),
        ("mvn verify", "pom.xml", POM.format(phase=""), "ci_test ci_coverage ci_lint"),
        ("mvn test", "pom.xml", POM.format(phase="validate"), "ci_test ci_coverage ci_lint"),
        ("mvn compile", "pom.xml", POM.format(phase=""), ""),
        (
            "mvn verify",
            "pom.xml",
            POM.format(phase="").replace("build>", "reporting>"),
            "ci_test",
        ),
        ("gradle check", "build.gradle", "id 'com.diffplug.spotless'", "ci_test ci_format"),
        ("gradle test", "build.gradle", "id 'com.diffplug.spotless'", "ci_test"),
        ("gradle test", "build.gradle", "test.finalizedBy jacocoTestReport", "ci_test ci_coverage"),
        ("gradle check", "build.gradle", "// id 'com.diffplug.spotless'", "ci_test"),
    ],
)
def test_plugins_run_with_the_build_that_they_belong_to(
    script: str, path: str, text: str, checks: str
) -> None:
    """From their phase on; what is only configured for a report does not run."""
    pipeline = json.dumps({"job": {"script": script}})
    texts = {"src/A.java": "", path: text, ".gitlab-ci.yml": pipeline}
    findings = evaluate(repository(texts)).findings
    passed = {f"ci_{stage}" for stage in STAGES if findings[f"ci_{stage}"].result == "pass"}
    assert passed == set(checks.split())


@pytest.mark.parametrize(
    ("config", "checks"),
    [
        ("linters: {disable-all: true, enable: [gofmt]}", "ci_lint ci_format formatter"),
        ("linters: {default: none, enable: [unused]}", "ci_lint dead_code"),
        ("linters: {disable: [unused]}", "ci_lint"),
        ("formatters: {enable: [goimports]}", "ci_lint ci_format formatter dead_code"),
        ("{}", "ci_lint dead_code"),
    ],
)
def test_golangci_lint_runs_what_its_settings_switch_on(config: str, checks: str) -> None:
    """In both versions of its settings; by default it looks for unused code."""
    texts = {
        "main.go": "",
        ".golangci.yml": config,
        ".gitlab-ci.yml": "lint: {script: golangci-lint run}",
    }
    findings = evaluate(repository(texts)).findings
    seen = ("ci_lint", "ci_format", "formatter", "dead_code")
    assert {check for check in seen if findings[check].result == "pass"} == set(checks.split())


def test_a_compiler_of_one_language_says_nothing_about_the_types_of_another() -> None:
    """Where TypeScript or Python is written, its own type checker is asked for."""
    java = {f"a/{name}.java": "" for name in "abc"}
    both = {**java, "pom.xml": "", "tsconfig.json": "{}", **{f"b/{n}.ts": "" for n in "abc"}}
    ci = {".gitlab-ci.yml": "build: {script: mvn verify}"}
    findings = evaluate(repository({**both, **ci})).findings
    assert findings["ci_test"].result == "pass"
    assert findings["ci_type_check"].result == "fail"
    assert findings["type_checker"].result == "pass"  # tsconfig.json sets it up
    assert Project(Repository(repository({**java, **ci}))).stages["type_check"].uses


def test_a_language_without_known_tools_fails_nothing_for_lack_of_them() -> None:
    """It says so; a tool of another language that is run counts all the same."""
    report = evaluate(repository({"src/a.odin": "", ".gitlab-ci.yml": "a: {script: make}"}))
    assert report.stack == ("Odin",)
    for check in ("ci_test", "ci_lint", "ci_format", "ci_coverage", "linter", "formatter"):
        assert report.findings[check].result == "not applicable"
        assert "is known for Odin" in report.findings[check].reason
    assert in_ci("COBOL", "ctest")["ci_test"] == "pass"


@pytest.mark.parametrize("language", [name for each in ECOSYSTEMS for name in each.languages])
def test_advice_for_a_language_is_a_command_that_its_table_recognises(language: str) -> None:
    """So that who follows it passes; and it is not for another language."""
    for purpose in ("test", "lint", "format", "coverage", "dependency_audit"):
        command = command_for(purpose, language)
        if not has_tools(purpose, language) or command is None:
            continue
        uses = ToolReader().uses([command])
        assert purpose in {use.purpose for use in uses}, (language, command)


def test_faults_advise_in_the_projects_own_language() -> None:
    """PHP is not told to use ruff."""
    report = evaluate(repository({"a.php": "", "b.php": ""}))
    advice = {check.id: check.how_to_fix for check in report.faults}
    assert "`vendor/bin/phpstan analyse`" in advice["linter"]
    assert "`vendor/bin/phpunit`" in advice["ci_test"]
    assert not any("ruff" in text for text in advice.values())


def test_every_table_is_complete() -> None:
    """Names of files are in lower case, a language is in one table, and suffixes are distinct."""
    languages = [name for each in ECOSYSTEMS for name in each.languages]
    assert len(languages) == len(set(languages))
    for each in ECOSYSTEMS:
        for names in (each.manifests, each.marks, each.locks, *each.languages.values()):
            assert names == names.lower()
        assert not each.tools or set(each.commands) >= set(each.tools) & {"test", "lint", "format"}
    endings = [
        one for each in ECOSYSTEMS for text in each.languages.values() for one in text.split()
    ]
    assert len(endings) == len(set(endings))
    assert all(entry.name for entries in ANY_LANGUAGE.tools.values() for entry in entries)
    for tool in TOOLS:
        assert all(word == "".join(word.lower().split()) for word in tool.declared), tool


@pytest.mark.parametrize(
    ("pattern", "name", "does"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("a*", "ab", True),
        ("*b", "ab", True),
        ("a*a", "a", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c", False),
        ("*a*a*", "a", False),
        ("*", "", True),
    ],
)
def test_a_star_is_any_text(pattern: str, name: str, does: bool) -> None:
    """As in the names of files that people write."""
    assert fits(pattern, name) is does
    assert Names([pattern]).find(name) == (pattern if does else None)
