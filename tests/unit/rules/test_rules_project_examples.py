"""Tiny repositories, each with the answers that its checks must give."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from project_examples import AGPL_NOTICE, COMPLETE, README, repository, without

from gitlab_sync.rules.projects.checks import CHECKS
from gitlab_sync.rules.projects.compliance import evaluate
from gitlab_sync.rules.projects.facts import ProjectFacts, Unread

DENIED = Unread("403 Forbidden")
PASS, FAIL, UNKNOWN, NONE = "pass", "fail", "unknown", "not applicable"

PY = {"app.py": "x = 1\n"}
GO = {"go.mod": "module app\n\nrequire x v1\n", "main.go": "package main\n"}
RUST = {"Cargo.toml": "[package]\nname = 'app'\n\n[dependencies]\nserde = '1'\n", "src/main.rs": ""}
JAVA = {"pom.xml": "<project><dependency/></project>", "src/main/java/App.java": ""}
JS = {"package.json": '{"dependencies": {"x": "1"}}', "index.js": ""}
TS = {**JS, "tsconfig.json": "{}", "src/main.ts": "", "index.js": "", "src/b.ts": ""}
DOCS = {"README.md": README, "guide/start.md": "# Start\n"}


class Example(NamedTuple):
    """A repository, and for some of its checks the result and a part of the reason."""

    name: str
    facts: ProjectFacts
    expected: dict[str, tuple[str, str]]


def example(name: str, texts: dict[str, str], expected: dict[str, Any], **read: Any) -> Example:
    """Return an example; an expected answer may leave out the reason."""
    answers = {
        check: (answer, "") if isinstance(answer, str) else answer
        for check, answer in expected.items()
    }
    return Example(name, repository(texts, **read), answers)


def ci(text: str) -> dict[str, str]:
    """Return a Python file with a pipeline."""
    return {**PY, ".gitlab-ci.yml": text}


def tool(purpose: str, path: str, text: str = "") -> dict[str, Any]:
    """Return the files and the answer of a tool that is set up in one file."""
    return {"texts": {**PY, path: text}, "expected": {purpose: (PASS, "")}}


EXAMPLES = [
    example("complete", dict(COMPLETE), {check.id: PASS for check in CHECKS}),
    example(
        "an empty repository has nothing to evaluate its code by",
        {},
        {
            "ci_test": (NONE, "no source code"),
            "ci_lint": NONE,
            "ci_format": NONE,
            "ci_type_check": NONE,
            "ci_coverage": NONE,
            "license": (FAIL, "no LICENSE"),
            "readme": (FAIL, "no README"),
            "tests": NONE,
            "linter": NONE,
            "formatter": NONE,
            "type_checker": NONE,
            "dead_code": NONE,
            "secret_scan": FAIL,
            "dependency_audit": NONE,
            "coverage_threshold": NONE,
            "templates": FAIL,
            "contributing": FAIL,
            "changelog": FAIL,
            "code_of_conduct": FAIL,
            "pre_commit": NONE,
            "changelog_generator": FAIL,
            "language": NONE,
        },
    ),
    example(
        "a bare script has a language and not much else",
        PY,
        {
            "language": (PASS, "Python"),
            "ci_test": (FAIL, "no .gitlab-ci.yml"),
            "ci_type_check": FAIL,
            "tests": (FAIL, "no file is a test"),
            "linter": (FAIL, "no linter found"),
            "formatter": FAIL,
            "type_checker": FAIL,
            "dead_code": FAIL,
            "secret_scan": FAIL,
            "dependency_audit": (NONE, "no dependencies"),
            "coverage_threshold": FAIL,
            "pre_commit": FAIL,
            "changelog_generator": FAIL,
        },
    ),
    example(
        "documents alone need no tests and no linter, but a licence and a scan for secrets",
        DOCS,
        {"tests": NONE, "linter": NONE, "readme": PASS, "license": FAIL, "secret_scan": FAIL},
    ),
    example(
        "the list of files could not be read: nothing is known",
        {},
        {
            check.id: (UNKNOWN, "403 Forbidden")
            for check in CHECKS
            if check.id != "description_topics"
        },
        missing="403 Forbidden",
    ),
    example(
        "half a list of files: what is there passes, what is not is unknown",
        {**PY, "LICENSE": AGPL_NOTICE, "tests/test_app.py": "", "pyproject.toml": "[tool.ruff]"},
        {
            "license": PASS,
            "tests": PASS,
            "linter": PASS,
            "formatter": (UNKNOWN, "page 2"),
            "readme": (UNKNOWN, "page 2"),
            "changelog": UNKNOWN,
            "templates": UNKNOWN,
            "pre_commit": UNKNOWN,
        },
        missing="page 2: timeout",
    ),
    # README
    example(
        "a README of 150 characters with three topics passes",
        {"README.md": "Installation, usage, features" + "." * 121},
        {"readme": (PASS, "installation, usage, features")},
    ),
    example(
        "a README of 149 characters is too short",
        {"README.md": "Installation, usage, features" + "." * 120},
        {"readme": (FAIL, "149 characters")},
    ),
    example(
        "a README of two topics is not enough, whatever its comments say",
        {"README.md": "Installation and usage. <!-- features, setup -->" + "." * 200},
        {"readme": (FAIL, "has installation, usage")},
    ),
    example("a README in another format counts", {"readme.rst": README}, {"readme": PASS}),
    example("a README in a folder does not", {"docs/README.md": README}, {"readme": FAIL}),
    example(
        "a README that cannot be read is unknown",
        {},
        {"readme": (UNKNOWN, "403 Forbidden")},
        unread={"README.md": DENIED},
    ),
    # LICENSE
    example("the policy's licence", {"LICENSE": AGPL_NOTICE}, {"license": (PASS, "AGPL")}),
    example(
        "another licence is not allowed",
        {"COPYING": "SPDX-License-Identifier: MIT\n"},
        {"license": (FAIL, "COPYING names MIT; allowed: AGPL-3.0")},
    ),
    example(
        "a text that only names the licence is none",
        {"LICENSE.md": "This is not under the GNU Affero General Public License, version 3."},
        {"license": (FAIL, "no licence is recognised in it")},
    ),
    example(
        "GitLab's word decides where the text does not",
        {"LICENSE": "GNU AFFERO GENERAL PUBLIC LICENSE, see the web."},
        {"license": (PASS, "GitLab detects AGPL-3.0")},
        license={"key": "agpl-3.0", "name": "GNU AGPLv3"},
    ),
    example(
        "GitLab has compared the whole text: its word comes before a line in it",
        {"LICENSE": "SPDX-License-Identifier: MIT\n"},
        {"license": PASS},
        license={"key": "agpl-3.0"},
    ),
    example(
        "GitLab's `other` is no licence",
        {"LICENSE": "Mine."},
        {"license": (FAIL, "no licence is recognised in it")},
        license={"key": "other"},
    ),
    example(
        "what neither the text nor GitLab says, the manifest does",
        {"LICENSE": "Mine.", "package.json": '{"license": "AGPL-3.0-or-later"}'},
        {"license": (PASS, "the manifest declares AGPL-3.0-or-later")},
        license={"key": "other"},
    ),
    example(
        "a manifest alone is no LICENSE",
        {"pyproject.toml": '[project]\nlicense = "AGPL-3.0-or-later"\n'},
        {"license": (FAIL, "no LICENSE")},
    ),
    example(
        "a manifest that cannot be read may declare the licence",
        {"LICENSE": "Mine."},
        {"license": (UNKNOWN, "pyproject.toml: 403 Forbidden")},
        unread={"pyproject.toml": DENIED},
    ),
    example(
        "a licence that GitLab names and the policy does not",
        {"LICENSE": "Mine."},
        {"license": (FAIL, "GitLab detects MIT; allowed: AGPL-3.0")},
        license={"key": "mit"},
    ),
    example(
        "a LICENSE that cannot be read is unknown",
        {},
        {"license": (UNKNOWN, "403 Forbidden")},
        unread={"LICENSE": DENIED},
    ),
    example(
        "of two licences to choose from one is enough",
        {"LICENSES/MIT.txt": "", "LICENSES/AGPL-3.0-or-later.txt": ""},
        {"license": PASS},
    ),
    example(
        "all of LICENSES/ counts by name, and an exception is no licence",
        {f"LICENSES/{name}.txt": "" for name in ("CC0-1.0", "MIT", "ISC", "0BSD", "AGPL-3.0-only")},
        {"license": (PASS, "LICENSES/AGPL-3.0-only.txt names AGPL-3.0-only")},
    ),
    example(
        "a manifest in a folder declares the licence of that folder",
        {"LICENSE": "Mine.", "sub/package.json": '{"license": "AGPL-3.0-or-later"}'},
        {"license": (FAIL, "no licence is recognised in it; allowed: AGPL-3.0")},
        license={"key": "other"},
    ),
    example(
        "setup.py and meson.build declare a licence, too",
        {"COPYING": "Ours.", "meson.build": "project('x', license : 'AGPLv3+')"},
        {"license": (PASS, "the manifest declares AGPL-3.0-or-later")},
        license=None,
    ),
    example(
        "of two licences the allowed one could be the one that cannot be read",
        {"LICENSE": "SPDX-License-Identifier: MIT\n"},
        {"license": (UNKNOWN, "LICENSE-AGPL: 403 Forbidden")},
        unread={"LICENSE-AGPL": DENIED},
    ),
    example(
        "two licences in one file: which of them counts is not said",
        {"LICENSE": AGPL_NOTICE + "\nSPDX-License-Identifier: MIT\n"},
        {"license": (UNKNOWN, "which one counts")},
    ),
    example(
        "an SPDX line is an identifier, and a REUSE folder holds licences",
        {"LICENSES/AGPL-3.0-or-later.txt": "SPDX-License-Identifier: AGPL-3.0-or-later\n"},
        {"license": (PASS, "AGPL-3.0-or-later")},
    ),
    example(
        "code about licences is no licence",
        {"license.py": "# SPDX-License-Identifier: AGPL-3.0-or-later"},
        {"license": FAIL},
    ),
    # Tests
    example("a spec next to the code", {**JS, "a.spec.js": ""}, {"tests": (PASS, "1 file")}),
    *[
        example(f"{path} is a test", {"a.c": "", path: ""}, {"tests": PASS})
        for path in [
            *("Foo.unittests/A.cs", "AppTests/A.swift", "App.Tests/A.cs", "App.Test/A.cs"),
            *("src/test/java/A.java", "t/basic.t", "unit_tests/a.c", "app/src/androidTest/A.kt"),
            *("testing/a.py", "tests-unit/a.c", "foo-tests/a.c", "bats/install.bats"),
            *("autotests/a.cpp", "spec/a_spec.rb", "testsuite/a.c"),
        ]
    ],
    example(
        "the tests of Rust can be inside its code: a job that runs them is evidence",
        {**RUST, ".gitlab-ci.yml": "check: {script: cargo test}"},
        {"tests": (PASS, "check runs the tests inside the code")},
    ),
    example("Rust without a job for tests", RUST, {"tests": (FAIL, "no file is a test")}),
    example(
        "Go has no tests inside its code",
        {**GO, ".gitlab-ci.yml": "check: {script: go test ./...}"},
        {"tests": FAIL},
    ),
    *[
        example(f"{path} is no test", {"a.c": "", path: ""}, {"tests": FAIL})
        for path in [
            "latest/a.c",
            "contest/a.c",
            "Attest/a.c",
            "protest.d/a.c",
            "t.c",
            "tests/a.md",
        ]
    ],
    example("a plan of tests is no test", {**PY, "tests/plan.md": ""}, {"tests": FAIL}),
    example("tests of others are none", {**PY, "vendor/x/test_x.py": ""}, {"tests": FAIL}),
    # Languages and what does not apply to them
    example(
        "Go: its compiler checks the types",
        GO,
        {"type_checker": (NONE, "Go"), "ci_type_check": NONE, "dead_code": FAIL, "linter": FAIL},
    ),
    example(
        "Rust: the compiler finds unused code, too",
        RUST,
        {"type_checker": NONE, "dead_code": (NONE, "Rust"), "dependency_audit": FAIL},
    ),
    example("Java", JAVA, {"type_checker": NONE, "dead_code": NONE, "language": (PASS, "Java")}),
    example("JavaScript without types", JS, {"type_checker": NONE, "dead_code": FAIL}),
    example(
        "TypeScript is checked by its own compiler",
        TS,
        {"type_checker": (PASS, "TypeScript"), "language": (PASS, "TypeScript")},
    ),
    example(
        "a language without known tools is code all the same, and nothing fails for lack of them",
        {"main.odin": ""},
        {
            "language": (PASS, "Odin"),
            "tests": FAIL,
            "type_checker": (NONE, "Odin"),
            "linter": (NONE, "no linter is known for Odin"),
            "ci_test": (NONE, "no tool for tests is known for Odin"),
            "ci_coverage": NONE,
        },
    ),
    example("a linter of another language does not count", {**GO, ".flake8": ""}, {"linter": FAIL}),
    # Tools, by each way in which they show
    example("a table of pyproject.toml", **tool("linter", "pyproject.toml", "[tool.ruff.lint]")),
    example("a table for one use", **tool("formatter", "pyproject.toml", "[tool.ruff.format]")),
    example(
        "ruff without its formatter is none",
        {**PY, "pyproject.toml": "[tool.ruff]\n"},
        {"linter": PASS, "formatter": FAIL},
    ),
    example("a section of setup.cfg", **tool("type_checker", "setup.cfg", "[mypy]\nstrict = 1\n")),
    example("a file of its own", **tool("type_checker", "mypy.ini")),
    example(
        "a hook",
        **tool("secret_scan", ".pre-commit-config.yaml", "repos: [{hooks: [{id: gitleaks}]}]"),
    ),
    example("a target of make", **tool("dead_code", "Makefile", "dead:\n\tvulture src\n")),
    example("an environment of tox", **tool("linter", "tox.ini", "[testenv:x]\ncommands=flake8\n")),
    example("a job", **tool("changelog_generator", ".gitlab-ci.yml", "a: {script: git-cliff}")),
    example(
        "a script of package.json",
        {"package.json": '{"scripts": {"x": "npx knip"}}', "a.js": ""},
        {"dead_code": (PASS, "knip is run")},
    ),
    example(
        "a key of package.json",
        {"package.json": '{"prettier": {}, "eslintConfig": {}, "husky": {}}', "a.js": ""},
        {"formatter": PASS, "linter": PASS, "pre_commit": PASS},
    ),
    example(
        "templates and components of GitLab",
        ci(
            "include:\n  - template: Jobs/Secret-Detection.gitlab-ci.yml\n"
            "  - component: gitlab.example/components/dependency-scanning/main@1\n"
        ),
        {"secret_scan": (PASS, "included"), "linter": (UNKNOWN, "component")},
    ),
    example(
        "a job that never runs uses nothing",
        ci("a: {script: gitleaks detect, rules: [{when: never}]}"),
        {"secret_scan": FAIL},
    ),
    example(
        "what is only installed is not used",
        ci("a: {script: pip install ruff black mypy vulture}"),
        {"linter": FAIL, "formatter": FAIL, "type_checker": FAIL, "dead_code": FAIL},
    ),
    example(
        "settings that cannot be read leave open what is not found elsewhere",
        {**PY, ".flake8": ""},
        {
            "linter": PASS,
            "formatter": (UNKNOWN, "pyproject.toml: 403 Forbidden"),
            "type_checker": UNKNOWN,
            "dead_code": UNKNOWN,
            "secret_scan": UNKNOWN,
            "dependency_audit": UNKNOWN,
            "coverage_threshold": UNKNOWN,
            "changelog_generator": UNKNOWN,
            "pre_commit": FAIL,
        },
        unread={"pyproject.toml": DENIED},
    ),
    example(
        "broken settings are as good as unread",
        {**PY, "pyproject.toml": "[tool.ruff"},
        {"linter": (UNKNOWN, "not valid TOML")},
    ),
    # Dependencies
    example(
        "an audit of dependencies",
        {**PY, "requirements.txt": "six", "Makefile": "audit:\n\tpip-audit\n"},
        {"dependency_audit": (PASS, "pip-audit")},
    ),
    example(
        "a list of requirements without any",
        {**PY, "requirements.txt": "# none\n"},
        {"dependency_audit": (NONE, "no dependencies")},
    ),
    example("a lock file", {**PY, "uv.lock": ""}, {"dependency_audit": FAIL}),
    # Coverage threshold
    example(
        "fail_under",
        {**PY, "pyproject.toml": "[tool.coverage.report]\nfail_under = 80\n"},
        {"coverage_threshold": (PASS, "fail_under is 80")},
    ),
    example(
        "a threshold of 0 is none",
        {**PY, "pyproject.toml": "[tool.coverage.report]\nfail_under = 0\n"},
        {"coverage_threshold": FAIL},
    ),
    example(
        "an option in the pipeline",
        ci("t: {script: pytest --cov --cov-fail-under=75}"),
        {"coverage_threshold": (PASS, "--cov-fail-under=75")},
    ),
    example(
        "an option of 0 in the pipeline",
        ci("t: {script: pytest --cov --cov-fail-under 0}"),
        {"coverage_threshold": FAIL},
    ),
    example(
        "a section of .coveragerc",
        {**PY, ".coveragerc": "[report]\nfail_under = 90.5\n"},
        {"coverage_threshold": PASS},
    ),
    example(
        "a threshold of jest",
        {"jest.config.js": "module.exports = { coverageThreshold: {} }", "a.js": ""},
        {"coverage_threshold": PASS},
    ),
    example(
        "a threshold that is commented out",
        {"vitest.config.ts": "export default {\n  // thresholds: { lines: 80 }\n}", "a.ts": ""},
        {"coverage_threshold": FAIL},
    ),
    example(
        "a threshold of JaCoCo",
        {**JAVA, "pom.xml": "<limit><minimum>0.80</minimum></limit>"},
        {"coverage_threshold": PASS},
    ),
    # Documents
    example(
        "documents can be in folders, under any spelling",
        {
            "docs/contributing.rst": "",
            "HISTORY.md": "",
            "docs/Code-Of-Conduct.md": "",
            ".gitlab/issue_templates/a.md": "",
        },
        {
            "contributing": PASS,
            "changelog": PASS,
            "code_of_conduct": PASS,
            "templates": (FAIL, "no template for merge requests"),
        },
    ),
    example(
        "templates elsewhere are none",
        {".github/ISSUE_TEMPLATE/a.md": "", ".gitlab/issue_templates/deep/a.md": ""},
        {"templates": (FAIL, "issues and merge requests")},
    ),
    example(
        "a description of white space, and topics by their old name",
        {},
        {"description_topics": (FAIL, "no description")},
        description="  ",
        topics=None,
        tag_list=["a"],
    ),
    example("no topics", {}, {"description_topics": (FAIL, "no topics")}, topics=[]),
    example(
        "Lefthook is a pre-commit check, too", {**PY, "lefthook.yml": ""}, {"pre_commit": PASS}
    ),
    # The pipeline
    example(
        "a job without a known tool reaches half",
        ci("tests: {script: ./run.sh}"),
        {"ci_test": (FAIL, "tests runs no known tool"), "ci_lint": (FAIL, "no job for linting")},
    ),
    example(
        "a job by hand",
        ci("tests: {script: pytest, when: manual}"),
        {"ci_test": (FAIL, "only started manually: tests")},
    ),
    example(
        "`when: never` after other rules does not switch a job off",
        ci("tests: {script: pytest, rules: [{if: $A}, {when: never}]}"),
        {"ci_test": PASS},
    ),
    example(
        "`when: never` as the only rule does",
        ci("tests: {script: pytest, rules: [{when: never}]}"),
        {"ci_test": (FAIL, "switched off: tests")},
    ),
    example(
        "a pipeline that is no YAML",
        ci("a: ["),
        {"ci_test": (FAIL, "not valid YAML"), "linter": FAIL},
    ),
    example(
        "a pipeline that cannot be read",
        PY,
        {"ci_test": (UNKNOWN, "403"), "ci_coverage": UNKNOWN, "linter": (UNKNOWN, "403")},
        unread={".gitlab-ci.yml": DENIED},
    ),
    example(
        "a part of the pipeline that is in another project",
        ci("include: {project: g/ci, file: a.yml}\ntests: {script: pytest}"),
        {"ci_test": PASS, "ci_lint": (UNKNOWN, "project g/ci: a.yml")},
    ),
    example(
        "what was looked for comes first, and the files of one project are named once",
        ci("include: [{project: g/ci, file: [a.yml, b.yml, c.yml]}]"),
        {
            "linter": (
                UNKNOWN,
                "no linter found; project g/ci: a.yml and 2 more",
            ),
            "ci_test": (UNKNOWN, "no job for tests; project g/ci: a.yml"),
        },
    ),
    example(
        "a part of the pipeline that is in the repository",
        {**ci("include: /ci/*.yml"), "ci/a.yml": "include: b.yml", "b.yml": "t: {script: pytest}"},
        {"ci_test": (PASS, "t runs pytest"), "ci_lint": FAIL},
    ),
    example(
        "a part of the pipeline in the repository that cannot be read",
        ci("include: /ci/*.yml"),
        {"ci_test": (UNKNOWN, "ci/a.yml: 403 Forbidden")},
        unread={"ci/a.yml": DENIED},
    ),
    example(
        "a pipeline under another name",
        {**PY, "ci/main.yml": "tests: {script: pytest}", ".gitlab-ci.yml": "a: ["},
        {"ci_test": PASS},
        ci_config_path="ci/main.yml",
    ),
    example(
        "a pipeline in another project",
        PY,
        {"ci_test": (UNKNOWN, "is elsewhere")},
        ci_config_path="main.yml@group/ci",
    ),
    example(
        "pipelines that are switched off",
        ci("tests: {script: pytest}"),
        {"ci_test": (FAIL, "switched off")},
        builds_access_level="disabled",
    ),
    example(
        "tools through npm and make",
        {
            **ci("a: {script: [npm run style, make check]}"),
            "package.json": '{"scripts": {"style": "eslint ."}}',
            "Makefile": "check:\n\tmypy .\n\tpytest --cov\n",
            "b.js": "",
        },
        {"ci_lint": (PASS, "ESLint"), "ci_type_check": (PASS, "mypy"), "ci_coverage": PASS},
    ),
    *[
        example(f"without {path}", without(path), {check: FAIL})
        for path, check in [
            (".gitlab-ci.yml", "ci_format"),
            (".gitlab-ci.yml", "ci_coverage"),
            (".gitlab/issue_templates/Bug.md", "templates"),
            (".pre-commit-config.yaml", "secret_scan"),
            ("CHANGELOG.md", "changelog"),
            ("CODE_OF_CONDUCT.md", "code_of_conduct"),
            ("CONTRIBUTING.md", "contributing"),
            ("LICENSE", "license"),
            ("README.md", "readme"),
            ("cliff.toml", "changelog_generator"),
            ("pyproject.toml", "dead_code"),
            ("tests/test_app.py", "tests"),
        ]
    ],
]


@pytest.mark.parametrize("one", EXAMPLES, ids=[one.name for one in EXAMPLES])
def test_each_repository_gets_the_answers_that_it_deserves(one: Example) -> None:
    """The result, the reason, and a link wherever there is a place."""
    report = evaluate(one.facts)
    for check, (result, reason) in one.expected.items():
        finding = report.findings[check]
        assert (check, finding.result) == (check, result), finding.reason
        assert reason in finding.reason
    for finding in report.findings.values():
        assert finding.reason
        assert (finding.link is None) == (finding.path is None)
        assert (finding.result == "pass") == (finding.share == 1)


def test_every_check_is_seen_in_each_of_its_answers() -> None:
    """Pass, fail and unknown for all, and `not applicable` for those that need code."""
    seen = {(check, answer) for one in EXAMPLES for check, (answer, _) in one.expected.items()}
    for check in CHECKS:
        answers = {answer for name, answer in seen if name == check.id}
        wanted = {PASS, FAIL, UNKNOWN}
        if check.applies_to != "any project":
            wanted.add(NONE)
        if check.id == "description_topics":
            wanted.discard(UNKNOWN)  # it hangs on the record alone: see the tests of the rules
        if check.id == "language":
            wanted.discard(FAIL)  # what is not in a known language is not seen to be code
        assert answers >= wanted, check.id
    assert len(EXAMPLES) >= 40
