"""The rule set of compliance as data, the score, the policy, the rows, and which files are read."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from project_examples import (
    COMPLETE,
    RECORD,
    WEB_URL,
    included_files,
    repository,
    tree,
    without,
)
from real_data import REAL

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.projects.checks import BY_ID, CHECKS, WEIGHTS
from gitlab_sync.rules.projects.compliance import (
    DEFAULT_POLICY,
    Policy,
    Score,
    error_row,
    evaluate,
    summary_row,
    worst_first,
)
from gitlab_sync.rules.projects.facts import ProjectFacts, Unread, line_of
from gitlab_sync.rules.projects.files import MOST_FILES, ci_file, wanted_files
from gitlab_sync.rules.projects.stack import stack_of
from gitlab_sync.rules.projects.tools import ECOSYSTEMS
from gitlab_sync.types import PartialList

COLUMNS = [
    "Project",
    "Compliance Score",
    "Stack",
    "AGPLv3",
    "Security",
    "Coverage",
    "CI/CD",
    "Pre-commit",
    "Status",
    "Error",
    "Unverified",
]


def test_every_check_has_all_that_a_page_shows() -> None:
    """Ids and titles are distinct, and the texts are whole sentences."""
    assert len(BY_ID) == len({check.title for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.id.isidentifier()
        assert check.title
        assert check.severity in {"low", "medium", "high"}
        assert check.why.endswith(".")
        assert check.how_to_fix.endswith(".")
        assert check.area
        assert check.applies_to in ("any project", "any code") or set(check.applies_to) <= {
            name for each in ECOSYSTEMS for name in each.languages
        }
        assert check.not_applicable
        assert check.weight >= 0
        assert set(check.needs) <= {"tree", "files", "pipeline"}


def test_the_weights_are_those_that_were_agreed() -> None:
    """The pipeline's 20 are divided 3/2/1/2/2 over its stages; together they make 99."""
    assert dict(WEIGHTS) == {
        "ci_test": 6,
        "ci_lint": 4,
        "ci_format": 2,
        "ci_type_check": 4,
        "ci_coverage": 4,
        "license": 15,
        "readme": 10,
        "tests": 10,
        **dict.fromkeys(("linter", "formatter", "type_checker", "secret_scan"), 4),
        **dict.fromkeys(("dependency_audit", "coverage_threshold", "templates"), 4),
        **dict.fromkeys(("contributing", "changelog"), 4),
        **dict.fromkeys(("code_of_conduct", "description_topics", "pre_commit"), 2),
        **dict.fromkeys(("dead_code", "changelog_generator"), 1),
        "language": 0,
    }
    assert sum(WEIGHTS[f"ci_{stage}"] for stage in ("test", "lint", "format")) == 12
    assert sum(WEIGHTS.values()) == 99


def test_a_complete_project_has_all_of_the_score() -> None:
    """Every check passes and nothing is unknown."""
    report = evaluate(repository(COMPLETE))
    assert str(report.score) == "100 %"
    assert report.score == Score(99, 0, 0)
    assert report.stack == ("Python",)
    assert report.unverified == 0
    assert report.faults == []


def test_half_of_a_stage_counts_half_of_its_weight() -> None:
    """A job that runs, but no tool that is known."""
    pipeline = "tests: {script: ./run.sh}\n"
    report = evaluate(repository({**COMPLETE, ".gitlab-ci.yml": pipeline}))
    assert report.findings["ci_test"].share == 0.5
    # What is left of the pipeline is 3 of 20, and the threshold and the audit went with it.
    assert report.score.failed == 17 + 4 + 4 + 4
    assert report.score.passed == 99 - report.score.failed


def test_what_is_unknown_stands_beside_the_score_and_not_in_it() -> None:
    """And what does not apply is in neither."""
    texts = without("README.md")
    report = evaluate(repository(texts, {"README.md": Unread("timeout")}))
    assert str(report.score) == "100 %, 10 of 99 unknown"
    assert report.unverified == 1
    go = evaluate(repository({"main.go": "", "go.mod": ""}))
    assert go.score.passed + go.score.failed == 99 - 4 - 4 - 4


@pytest.mark.parametrize(
    ("score", "percent", "text"),
    [
        (Score(), None, "?"),
        (Score(unknown=10), None, "?, 10 of 10 unknown"),
        (Score(67.5, 22.5, 10), 75.0, "75 %, 10 of 100 unknown"),
        (Score(1, 2), 33.3, "33.3 %"),
        (Score(0, 5), 0.0, "0 %"),
        (Score(5, 0, 0.5), 100.0, "100 %, 0.5 of 5.5 unknown"),
    ],
)
def test_a_score_is_shown_with_what_is_unknown(
    score: Score, percent: float | None, text: str
) -> None:
    """Nothing evaluated is no score: never 0 and never 100."""
    assert score.percent == percent
    assert str(score) == text


def test_a_setting_changes_weights_licences_and_the_readme() -> None:
    """What it leaves out stays as it was."""
    policy = Policy().with_setting(
        {"licences": ["MIT"], "weights": {"tests": 50, "license": 0}, "readme_length": 5}
    )
    assert policy.license_title == "MIT"
    assert policy.weights["tests"] == 50
    assert policy.weights["linter"] == 4
    assert policy.readme_sections == 3
    report = evaluate(repository(COMPLETE), policy)
    assert report.findings["license"].result == "fail"
    assert report.score.failed == 0
    assert Policy().with_setting({}) == DEFAULT_POLICY


@pytest.mark.parametrize(
    "setting",
    [
        {"weight": {}},
        {"weights": 3},
        {"weights": {"nothing": 1}},
        {"weights": {"tests": -1}},
        {"weights": {"tests": "much"}},
        {"weights": {"tests": float("nan")}},
        {"licences": "MIT"},
        {"licences": [3]},
        {"licences": None},
        {"readme_length": -1},
        {"readme_sections": "three"},
        {"readme_sections": True},
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(setting: dict[str, Any]) -> None:
    """With words that name it."""
    with pytest.raises(ConfigurationError, match="compliance"):
        Policy().with_setting(setting)


def test_a_gnu_licence_hangs_on_the_form_that_the_policy_allows() -> None:
    """The text does not say; a manifest may."""
    policy = Policy(licences=frozenset({"AGPL-3.0-or-later"}))
    texts = {"LICENSE": "Mine."}
    gitlab = {"license": {"key": "agpl-3.0"}}
    finding = evaluate(repository(texts, **gitlab), policy).findings["license"]
    assert finding.result == "unknown"
    for declared, result in [("AGPL-3.0-or-later", "pass"), ("AGPL-3.0-only", "fail")]:
        manifest = {"pyproject.toml": f'[project]\nlicense = "{declared}"\n'}
        found = evaluate(repository({**texts, **manifest}, **gitlab), policy).findings["license"]
        assert found.result == result
        assert f"declared as {declared}" in found.reason


def test_a_policy_with_a_bare_gnu_name_allows_both_forms_however_it_is_made() -> None:
    """In code and by a setting."""
    made = Policy(licences=frozenset({"AGPL-3.0"}))
    assert made == Policy().with_setting({"licences": ["AGPL-3.0"]}) == DEFAULT_POLICY
    assert made.license_title == "AGPLv3"
    for declared in ("AGPL-3.0-only", "AGPL-3.0-or-later"):
        texts = {"LICENSE": f"SPDX-License-Identifier: {declared}\n"}
        assert evaluate(repository(texts), made).findings["license"].result == "pass"
    other = {"LICENSE": "SPDX-License-Identifier: GPL-3.0-only\n"}
    assert evaluate(repository(other), made).findings["license"].result == "fail"


def test_the_row_has_the_columns_of_the_batch_table() -> None:
    """Words instead of colours, and the policy's licence as a title."""
    facts = repository(COMPLETE)
    row = summary_row(facts, evaluate(facts))
    assert list(row) == COLUMNS
    assert row == {
        "Project": "group/app",
        "Compliance Score": 100.0,
        "Stack": "Python",
        "AGPLv3": "yes",
        "Security": "yes",
        "Coverage": "yes",
        "CI/CD": "yes",
        "Pre-commit": "yes",
        "Status": "Success",
        "Error": None,
        "Unverified": 0,
    }


def test_a_row_tells_no_unknown_and_does_not_apply_apart() -> None:
    """A known fault counts, even with unknown ones."""
    partly = repository({"app.py": "", ".gitlab-ci.yml": "t: {script: pytest}"})
    row = summary_row(partly, evaluate(partly))
    assert (row["CI/CD"], row["Security"], row["AGPLv3"]) == ("partly", "no", "no")
    documents = repository({"README.md": "x"})
    row = summary_row(documents, evaluate(documents))
    assert (row["CI/CD"], row["Pre-commit"], row["Stack"]) == ("n/a", "n/a", None)
    unread = repository({"app.py": ""}, {".gitlab-ci.yml": Unread("timeout")})
    row = summary_row(unread, evaluate(unread))
    assert (row["CI/CD"], row["Status"], row["AGPLv3"]) == (None, "Partial", "no")
    assert "timeout" in str(row["Error"])
    assert row["Unverified"]


def test_a_project_of_which_nothing_could_be_read_is_an_error_and_no_zero() -> None:
    """Its cells are empty."""
    facts = ProjectFacts({}, PartialList((), "403 Forbidden"), {}, "main", WEB_URL)
    report = evaluate(facts)
    row = summary_row(facts, report)
    assert report.score.percent is None
    assert row["Status"] == "Error"
    assert "403 Forbidden" in str(row["Error"])
    assert {row[title] for title in COLUMNS[1:8]} == {None}
    assert list(error_row("g/x", "404 Not Found")) == COLUMNS
    assert error_row("g/x", "404 Not Found")["Error"] == "404 Not Found"


def test_the_worst_come_first_and_the_unknown_last() -> None:
    """Equal ones by name."""
    rows = [
        {"Project": "b", "Compliance Score": 50.0},
        {"Project": "x", "Compliance Score": None},
        {"Project": "A", "Compliance Score": 50.0},
        {"Project": "z", "Compliance Score": 0.0},
    ]
    assert [row["Project"] for row in worst_first(rows)] == ["z", "A", "b", "x"]


def test_evidence_links_to_the_line_of_the_file() -> None:
    """With names escaped as addresses need it."""
    facts = repository({"app.py": "", "pyproject.toml": "\n\n[tool.ruff]\n", "docs/a b.md": ""})
    finding = evaluate(replace(facts, ref="feat/ü")).findings["linter"]
    assert (finding.path, finding.line) == ("pyproject.toml", 3)
    assert finding.link == f"{WEB_URL}/-/blob/feat/%C3%BC/pyproject.toml#L3"
    bare = evaluate(replace(facts, web_url="")).findings["linter"]
    assert (bare.path, bare.link) == ("pyproject.toml", None)
    assert line_of("a\nb", "c") is None


def test_only_what_the_checks_read_is_wanted() -> None:
    """The pipeline and the licence first; neither code, nor tests, nor lock files."""
    paths = [*COMPLETE, "uv.lock", "docs/index.md", "a/b/c/pyproject.toml", "vendor/x/setup.cfg"]
    assert wanted_files(tree(*paths)) == [
        ".gitlab-ci.yml",
        "LICENSE",
        "README.md",
        ".pre-commit-config.yaml",
        "pyproject.toml",
    ]
    assert wanted_files(PartialList()) == []


def test_many_packages_do_not_cost_many_requests() -> None:
    """Of a kind a few, and never more than the limit."""
    paths = [f"packages/p{number}/package.json" for number in range(100)]
    assert len(wanted_files(tree(*paths))) == 3
    paths = [f"p{number}/requirements-{number}.txt" for number in range(100)]
    assert len(wanted_files(tree(*paths))) == MOST_FILES


@pytest.mark.parametrize(
    ("line", "names_one"),
    [
        ("requests==2.32.4", True),
        ("requests[socks] === 2 ; python_version < '3.12'  # why", True),
        ("a.b_c-d (==1)", True),
        ("tool @ https://git.example/tool.zip", True),
        ("-e git+https://x.example/y#egg=why", True),
        ("six==1 \\\n    --hash=sha256:00", True),
        ("# six", False),
        ("-r more.txt", False),
        ("--index-url https://x.example", False),
        ("./local", False),
        ("-e .", False),
        ("a; " + "(" * 5_000, None),
    ],
)
def test_a_requirements_file_declares_dependencies_if_a_line_names_a_package(
    line: str, names_one: bool | None
) -> None:
    """Options, comments and paths name none; of a line that is invalid it is not known."""
    texts = {"app.py": "", "requirements.txt": line}
    finding = evaluate(repository(texts)).findings["dependency_audit"]
    results = {True: "fail", False: "not applicable", None: "unknown"}
    assert finding.result == results[names_one]


def test_what_the_pipeline_includes_is_wanted_once_it_is_read() -> None:
    """Step by step, until nothing is left; what does not exist is not asked for."""
    listed = tree(".gitlab-ci.yml", "ci/a.yml", "b.yml")
    files: dict[str, Any] = {".gitlab-ci.yml": "include: [ci/*.yml, gone.yml]"}
    assert included_files({}, listed) == []
    assert included_files(files, listed) == ["ci/a.yml"]
    files["ci/a.yml"] = "include: [b.yml, .gitlab-ci.yml]"
    assert included_files(files, listed) == ["b.yml"]
    files["b.yml"] = Unread("timeout")
    assert included_files(files, listed) == []


@pytest.mark.large
def test_a_real_tree_of_many_files_needs_few_readings() -> None:
    """Its stack, tools and documents show in the names alone."""
    packed = (REAL / "tree.jsonl.gz").read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    listed = PartialList(rows)
    assert len(rows) > 1000
    assert len(wanted_files(listed)) <= 10
    report = evaluate(ProjectFacts(RECORD, listed))
    assert report.stack == ("Go",)
    for check in ("tests", "linter", "templates", "contributing", "changelog"):
        assert report.findings[check].result == "pass"
    for check in ("readme", "license", "ci_test"):
        assert report.findings[check].result == "unknown"


@pytest.mark.parametrize(
    ("configured", "path"),
    [
        (None, ".gitlab-ci.yml"),
        ("", ".gitlab-ci.yml"),
        ("/ci/x.yml", "ci/x.yml"),
        ("x.yml@group/ci", None),
        ("https://x.example/y.yml", None),
    ],
)
def test_the_pipeline_stands_where_the_project_says(configured: str | None, path: str) -> None:
    """One in another project cannot be read here."""
    assert ci_file({"ci_config_path": configured}) == path
    assert ci_file({}) == ".gitlab-ci.yml"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], ()),
        (["README.md"], ()),
        (["a.py"], ("Python",)),
        (["setup.cfg"], ("Python",)),
        (["uv.lock"], ("Python",)),
        (["package.json", "a.js"], ("JavaScript",)),
        (["package.json", "a.ts"], ("TypeScript",)),
        (["package.json", "tsconfig.json", "a.ts", "b.js"], ("JavaScript", "TypeScript")),
        (["go.mod", "a.go", "tool.py"] + ["b.go"] * 4, ("Go",)),
        (["a.go", "tool.py"] + ["b.go"] * 3, ("Go",)),
        (["a.go"] * 8 + ["tool.py"] * 2, ("Go",)),
        (["a.go"] * 12 + ["tool.py"] * 3, ("Go", "Python")),
        (["a.go"] * 38 + ["b.js"] * 3 + ["package.json"], ("Go", "JavaScript")),
        (["a.go"] * 2 + ["b.js", "package.json"], ("Go", "JavaScript")),
        (["a.ex"] * 9 + ["priv/static/app.js"] * 9, ("Elixir",)),
        (["a.php"] * 9 + ["js/jquery.min.js", "a_pb2.py"] * 9, ("PHP",)),
        (["a.cpp", "b.cpp", "c.h", "po/de.ts", "po/fr.ts"], ("C++",)),
        (["a.c", "b.c", "c.h"], ("C",)),
        (["docs/conf.py"], ()),
        (["a.rs", "eslint.config.js"], ("Rust",)),
        (["a.sh.in", "APKBUILD"], ("Shell",)),
        (["Cargo.toml", "src/main.rs"], ("Rust",)),
        (["app/build.gradle.kts", "A.kt"], ("Kotlin",)),
        (["web/package.json", "api/pyproject.toml"], ("Python", "JavaScript")),
        (["node_modules/x/package.json", "vendor/a.go", "a.py"], ("Python",)),
        (["main.c"], ("C",)),
    ],
)
def test_the_stack_shows_in_the_files(paths: list[str], expected: tuple[str, ...]) -> None:
    """By manifests, and by a fair part of the code; what others wrote does not count."""
    assert stack_of(paths).main == expected


def test_an_empty_repository_is_not_one_that_could_not_be_read() -> None:
    """GitLab answers 404 for the tree where there is no commit yet."""
    facts = ProjectFacts({**RECORD, "empty_repo": True}, PartialList((), "404 Not Found"))
    assert evaluate(facts).findings["license"].result == "fail"
    assert evaluate(replace(facts, project=RECORD)).findings["license"].result == "unknown"


def test_a_project_whose_record_was_not_read_may_have_a_description() -> None:
    """Null and missing are the same in a record that was."""
    unread = evaluate(ProjectFacts({}, tree()))
    assert unread.findings["description_topics"].result == "unknown"
    assert evaluate(ProjectFacts({"id": 1}, tree())).findings["description_topics"].result == "fail"


TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "[",
        "{}",
        "[tool.ruff]",
        "a: {script: make x}",
        "x:\n\tpytest",
        "include: b.yml",
        "[testenv]\n",
        '{"scripts": {"lint": "eslint"}}',
        '{"dependencies": 3, "license": []}',
        "project = 3",
        "[project]\nlicense = {text = 3}\ndynamic = 1\n",
        "[report]\nfail_under = x\n",
    ]
)
NAMES = (
    *(".gitlab-ci.yml", "b.yml", "pyproject.toml", "package.json", "tox.ini", "setup.cfg"),
    *("Makefile", "README.md", "LICENSE", "a.py", "b.ts", "c.go", "tests/test_a.py"),
    *(".pre-commit-config.yaml", "requirements.txt", "go.mod", "pom.xml", ".coveragerc"),
    *("jest.config.js", "Cargo.toml", "build.gradle", "codecov.yml", ".testcoverage.yml"),
)
PATHS = st.sampled_from(NAMES)
FILES = st.dictionaries(PATHS, TEXTS | st.none() | st.builds(Unread, st.just("denied")))
ANYTHING = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just({"key": 3})
PROJECTS = st.dictionaries(
    st.sampled_from(
        ["description", "topics", "tag_list", "license", "ci_config_path", "jobs_enabled",
         "empty_repo", "builds_access_level", "path_with_namespace"]
    ),
    ANYTHING,
)  # fmt: skip
ENTRIES = st.fixed_dictionaries({"path": PATHS | ANYTHING, "type": st.just("blob") | ANYTHING})


@settings(max_examples=examples(100), deadline=None)
@given(PROJECTS, st.lists(ENTRIES), st.none() | st.just("broke off"), FILES, st.text(max_size=5))
def test_evaluating_never_raises_and_the_weights_add_up(
    project: dict[str, Any], rows: list[Any], missing: str | None, files: Any, ref: str
) -> None:
    """Whatever the record, the tree and the files hold."""
    facts = ProjectFacts(project, PartialList(rows, missing), files, ref, WEB_URL)
    report = evaluate(facts)
    assert list(report.findings) == [check.id for check in CHECKS]
    counted = [c for c in CHECKS if report.findings[c.id].result != "not applicable"]
    score = report.score
    total = score.passed + score.failed + score.unknown
    assert total == pytest.approx(sum(check.weight for check in counted))
    assert all(finding.reason for finding in report.findings.values())
    row = summary_row(facts, report)
    assert (row["Compliance Score"] is None) == (row["Status"] == "Error")
    wanted_files(facts.tree, project)
    included_files(files, facts.tree, project)


@settings(max_examples=examples(60), deadline=None)
@given(st.dictionaries(PATHS, TEXTS), st.data())
def test_reading_less_never_turns_an_answer_into_its_opposite(
    texts: dict[str, str], data: st.DataObject
) -> None:
    """A file that cannot be read can only make answers unknown, and so can half a list."""
    whole = evaluate(repository(texts))
    lost = data.draw(st.sets(st.sampled_from(sorted(texts)))) if texts else set()
    kept = {path: text for path, text in texts.items() if path not in lost}
    denied = evaluate(repository(kept, dict.fromkeys(lost, Unread("denied"))))
    cut = evaluate(repository(kept, missing="broke off"))
    for check in CHECKS:
        before = whole.findings[check.id].result
        for after in (denied.findings[check.id].result, cut.findings[check.id].result):
            assert {before, after} not in ({"pass", "fail"}, {"not applicable", "fail"}), check.id


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "\n",
        " ",
        "0",
        "<minimum>",
        "minimum ",
        "a:\n",
        "a: b\n",
        "/*",
        "#",
        "[a]\n",
        "license ",
        "{",
    ],
)
def test_hostile_files_take_no_time(piece: str) -> None:
    """Whatever is in the repository of a stranger, this ends or hits the time limit."""
    assert evaluate(repository(dict.fromkeys(NAMES, piece * 3_000))).findings
    starts = {"pom.xml": "<minimum>", "build.gradle": "minimum", "go.mod": "require"}
    assert evaluate(repository({path: start + piece * 50_000 for path, start in starts.items()}))


def test_includes_with_many_stars_are_not_followed() -> None:
    """A pattern may not cost more than it is worth."""
    paths = tree(".gitlab-ci.yml", *("a" * 200 + str(number) for number in range(50)))
    files = {".gitlab-ci.yml": "include: '" + "**a" * 40 + "b'"}
    assert included_files(files, paths) == []
