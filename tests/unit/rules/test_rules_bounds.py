"""What a stranger's files cost is bounded, and what is beyond the bounds is unknown."""

from __future__ import annotations

import configparser
import re
from dataclasses import replace

import pytest
from hostile_files import HOSTILE, LONG_KEYS, Files, numbered
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from linear import assert_linear_memory, assert_linear_time
from project_examples import COMPLETE, repository, tree

from gitlab_sync.errors import Cancelled
from gitlab_sync.rules import bounds
from gitlab_sync.rules.bounds import BeyondBounds, Effort
from gitlab_sync.rules.projects.ci_config import read_pipeline
from gitlab_sync.rules.projects.ci_includes import IncludeReader, local_includes
from gitlab_sync.rules.projects.ci_pipeline import check_ci_pipeline
from gitlab_sync.rules.projects.ci_yaml import load
from gitlab_sync.rules.projects.compliance import Report, evaluate, summary_row
from gitlab_sync.rules.projects.facts import ProjectFacts
from gitlab_sync.rules.projects.lockfile import parse_uvlock_content
from gitlab_sync.rules.projects.parsing import read_ini


def facts(files: Files) -> ProjectFacts:
    """Return a Python project with these files."""
    return repository({"app.py": "", **files})


def all_read(files: Files) -> ProjectFacts:
    """Return that project when all files have been read, without the work to see which to read."""
    texts = {"app.py": "", **files}
    return replace(repository({}), tree=tree(*texts), files=texts)


def reasons(report: Report) -> str:
    """Return why checks are unknown."""
    return "; ".join(f.reason for f in report.findings.values() if f.result == "unknown")


# -- one file that costs too much ------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_costs_time_and_memory_in_proportion_to_its_size(kind: str) -> None:
    """What the effort counts ends soon; what it does not count must not grow with the square."""

    def run(hostile: ProjectFacts) -> Report:
        return evaluate(hostile, effort=Effort(steps=200_000))

    assert_linear_time(run, lambda size: all_read(HOSTILE[kind](size)))
    assert_linear_memory(run, lambda size: all_read(HOSTILE[kind](size)))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        *((f"TOML key {name}", "toml: a key with more than 30 parts") for name in LONG_KEYS),
        ("TOML levels", "pyproject.toml: too many levels"),
        ("INI lines that are none", "setup.cfg: not a valid INI file"),
        ("make targets of one rule", "Makefile: the commands of all its targets are too long"),
        ("YAML levels", "pipeline: more than 100 levels (line 1)"),
        ("YAML aliases of aliases", "pipeline: grows to more than 250,000 values"),
        ("YAML directives", "pipeline: more than 100 directives"),
        ("files of a project without end", "pipeline: more than 1,000 entries of include"),
        ("licences", "LICENSE: more than 100 licences"),
        ("a long requirement", "requirements.txt: a line of more than 10,000 characters"),
    ],
)  # fmt: skip
def test_what_is_beyond_the_bounds_is_unknown_with_the_reason(kind: str, why: str) -> None:
    """And what does not need that file is evaluated as ever."""
    report = evaluate(facts(HOSTILE[kind](64_000)))
    assert why in reasons(report)
    assert report.findings["language"].result == "pass"
    assert report.findings["tests"].result == "fail"
    row = summary_row(facts({}), report)
    assert row["Status"] == "Partial"
    assert why in str(row["Error"])


@pytest.mark.parametrize("path", ["README.md", "LICENSE", "pyproject.toml", ".gitlab-ci.yml"])
def test_a_file_of_more_than_two_mebibytes_is_unknown(path: str) -> None:
    """As long as the limit is not."""
    files = {**COMPLETE, path: COMPLETE[path] + "\n" + "#" * bounds.MOST_CHARACTERS}
    assert "longer than 2 MiB" in reasons(evaluate(repository(files)))
    files[path] = files[path][: bounds.MOST_CHARACTERS]
    assert not reasons(evaluate(repository(files)))


def test_a_long_string_with_dots_is_no_long_key() -> None:
    """Nor are numbers, versions, comments and names of modules."""
    text = "\n".join(
        [
            f'x = "{"word. " * 99}"',
            f"b = [{'1.5, ' * 99}]",
            f'c = """\n{"a.b " * 99}\n"""',
            f"# {'a.' * 99}",
            f"{'a.' * 29}a = '{'...' * 99}'",
            f'd = "{"a.b-c_" * 99}"',
            "[tool.ruff]",
        ]
    )
    assert evaluate(facts({"pyproject.toml": text})).findings["linter"].result == "pass"


def test_a_number_with_too_many_digits_is_a_threshold() -> None:
    """Python refuses to show it, and that must end nothing."""
    text = f"[tool.coverage.report]\nfail_under = 0x{'f' * 9_999}"
    finding = evaluate(facts({"pyproject.toml": text})).findings["coverage_threshold"]
    assert (finding.result, finding.reason) == ("pass", "fail_under is above 100")


def test_options_of_pytest_that_are_no_texts_set_no_threshold() -> None:
    """However deep they are."""
    deep = "[" * 90 + "]" * 90
    text = f"[tool.pytest.ini_options]\naddopts = [1, {deep}]"
    assert evaluate(facts({"pyproject.toml": text})).findings["coverage_threshold"].result == "fail"


def test_a_reason_is_never_longer_than_people_read() -> None:
    """Whatever is quoted in it, and however many there are."""
    many = {f"ci/{'x' * 99}{number}.yml": "" for number in range(100)}
    text = f"include: ci/*.yml\n? {'j' * 9_999}\n: {{script: ruff check .}}\n"
    files = {"app.py": "", ".gitlab-ci.yml": text, **many}
    report = evaluate(replace(repository(files), files={".gitlab-ci.yml": text}))
    assert "and 98 more" in report.findings["ci_test"].reason
    assert max(len(finding.reason) for finding in report.findings.values()) < 4_000
    assert len(evaluate(facts(files)).findings["ci_lint"].reason) <= bounds.MOST_SHOWN + 1


# -- many files, and much work ---------------------------------------------------------------------


def test_each_text_of_a_chain_of_includes_is_read_once() -> None:
    """Level by level, as they arrive: 60 levels are not 1,800 texts."""
    steps: list[int] = []

    class Counted(Effort):
        def spend(self, count: int) -> None:
            steps.append(count)
            super().spend(count)

    def work(levels: int) -> int:
        texts = {f"c{level}.yml": f"include: c{level + 1}.yml\n" for level in range(levels)}
        reader = IncludeReader(texts, "c0.yml", Counted())
        known = {"c0.yml": texts["c0.yml"]}
        steps.clear()
        while missing := reader.missing(known):
            known |= {path: texts[path] for path in missing}
        assert known == texts
        return sum(steps)

    assert work(120) < 2.5 * work(60)


def test_a_pattern_with_stars_takes_no_product_of_its_stars() -> None:
    """It follows all places at once."""
    text = "include: '**a*a**a*a**b.yml'"
    assert_linear_time(
        lambda paths: local_includes(text, paths), lambda size: [f"{'a' * size}c/b.ymlb.yml"]
    )


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "/", "b", "*", "**"]), max_size=7).map("".join),
    st.sets(st.text("ab/", max_size=7), max_size=4),
)
def test_stars_match_within_a_folder_or_across_folders(pattern: str, paths: set[str]) -> None:
    """As a regular expression would, which takes a product of the stars to say no."""
    rules = {"*": "[^/]*", "**": ".*"}
    parts = re.split(r"(\*\*?)", f"a{pattern}*".lstrip("/"))
    wanted = re.compile("".join(rules.get(part, part) for part in parts))
    found = local_includes(f"include: {{local: 'a{pattern}*'}}", paths)
    assert found == sorted(filter(wanted.fullmatch, paths))


def test_more_includes_than_gitlab_allows_are_unknown() -> None:
    """They are not even read, and if they are, not merged."""
    many = {f"ci/{number:03}.yml": f"j{number}: {{script: x}}\n" for number in range(200)}
    text = "include: 'ci/*.yml'\n"
    report = evaluate(facts({".gitlab-ci.yml": text, **many}))
    assert "ci/150.yml: not read" in report.findings["ci_test"].reason
    pipeline = read_pipeline(text, many)
    assert len(pipeline.jobs) == bounds.MAX_INCLUDES
    assert pipeline.unread[0].why == "not read, since it is not one of the first 150"


def test_lines_of_scripts_that_multiply_are_unknown() -> None:
    """A job that refers to one that refers to another, each five hundred times."""
    jobs = "".join(
        f".{n}: {{script: [{f'!reference [.{n + 1}, script], ' * 500}]}}\n" for n in range(9)
    )
    report = evaluate(facts({".gitlab-ci.yml": f"{jobs}a: {{script: !reference [.0, script]}}\n"}))
    assert report.findings["ci_test"].result == "unknown"
    assert "pipeline: larger than any real pipeline" in report.findings["ci_test"].reason


def test_an_included_file_beyond_the_bounds_leaves_the_others() -> None:
    """Its own jobs are unknown."""
    files = {
        ".gitlab-ci.yml": "include: [a.yml, b.yml]\n",
        "a.yml": "[" * 200,
        "b.yml": "lint: {script: ruff check .}\n",
    }
    report = evaluate(facts(files))
    assert report.findings["ci_lint"].result == "pass"
    assert report.findings["ci_test"].result == "unknown"
    assert "local a.yml not read: more than 100 levels" in report.findings["ci_test"].reason


def test_effort_that_is_used_up_makes_what_needs_it_unknown_and_nothing_else() -> None:
    """Documents and the list of files take none."""
    report = evaluate(repository(COMPLETE), effort=Effort(steps=3))
    assert "take more work than those of any real project" in reasons(report)
    results = {check: finding.result for check, finding in report.findings.items()}
    assert {results[check] for check in ("readme", "license", "tests", "templates")} == {"pass"}
    assert {results[check] for check in ("ci_test", "dead_code")} == {"unknown"}
    assert "fail" not in results.values()


@pytest.mark.slow
def test_a_large_but_real_project_is_evaluated_as_a_whole() -> None:
    """The bounds are far above it."""
    setup = numbered("    - echo step {0} && apt-get install --yes package\n", 1_500)
    job = "job {0}:\n  <<: *usual\n  script:\n    - uv run pytest tests/{0}\n    - ruff check .\n"
    usual = f".usual: &usual\n  before_script:\n{setup}"
    included = {
        f"ci/{number}.yml": usual + numbered(job.replace("job", f"job{number}"), 10_000)
        for number in range(40)
    }
    packages = numbered('"p{0}": "^1.2.{0}", ', 200_000)
    selected = numbered('"A{0}.b", ', 100_000)
    files = {
        **COMPLETE,
        **included,
        ".gitlab-ci.yml": f"include: 'ci/*.yml'\n{usual}{numbered(job, 30_000)}",
        "README.md": COMPLETE["README.md"] + "A line of the README.\n" * 20_000,
        "package.json": f'{{"dependencies": {{{packages}"a": "1"}}}}',
        "pyproject.toml": f"{COMPLETE['pyproject.toml']}[tool.ruff.lint]\nselect = [{selected}]\n",
        "requirements.txt": numbered("package-{0}==1.2.{0}  # why\n", 200_000),
        "Makefile": numbered("target{0}: prepare\n\tuv run tool {0}\n", 20_000),
    }  # fmt: skip
    report = evaluate(repository(files))
    assert not reasons(report)
    assert report.findings["ci_test"].result == "pass"


def test_a_cancel_ends_an_evaluation_in_the_middle() -> None:
    """Between two checks, and within one that takes long."""
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls >= 500:
            raise Cancelled("that is enough")

    jobs = "".join(f"j{number}: {{script: [pytest, ruff, mypy]}}\n" for number in range(2_000))
    with pytest.raises(Cancelled):
        evaluate(facts({".gitlab-ci.yml": jobs}), effort=Effort(check))
    assert calls == 500
    with pytest.raises(Cancelled):
        evaluate(facts({}), effort=Effort(check))


# -- single parsers --------------------------------------------------------------------------------


LINES = st.sampled_from(
    ["[a]", "[DEFAULT]", "[b] x", "[", "[]", "a", "=", "k = v", "k:v", " ", " c", "  d", "\t", "#x",
     " ;y", "\r", "B = 1", "", "\x0b", "=x", "a b = c", "[a]]", "k = [a]"]
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=examples(500), deadline=None)
@given(st.lists(st.lists(LINES, max_size=3).map("".join), max_size=8).map("\n".join))
def test_ini_is_read_as_configparser_reads_it(text: str) -> None:
    """Continued values, defaults, comments, and what is not valid."""
    parser = configparser.RawConfigParser(strict=False)
    wanted: dict[str, dict[str, str]] | None
    try:
        parser.read_string(text)
        wanted = {name: dict(parser.items(name)) for name in parser.sections()}
    except configparser.Error:
        wanted = None
    try:
        found = {name: dict(options) for name, options in read_ini(text, Effort()).items()}
    except ValueError:
        found = None  # type: ignore[assignment]
    assert found == wanted


def test_yaml_keys_that_are_lists_take_no_memory() -> None:
    """They have no name; the values next to them do."""
    assert load("? [a, b]\n: 1\nc: 2\ntrue: 3\n").value == {"?": "1", "c": "2", "True": "3"}


@pytest.mark.slow
def test_scripts_beyond_the_bounds_are_an_error_of_the_pipeline() -> None:
    """The function that older programs call never raises."""
    text = HOSTILE["a default script for many jobs"](60_000)[".gitlab-ci.yml"]
    assert "not evaluated" in check_ci_pipeline(text)["error"]
    assert "not evaluated" in check_ci_pipeline("[" * 999)["error"]


def test_a_lock_file_beyond_the_bounds_is_an_error() -> None:
    """Never an empty list."""
    assert list(parse_uvlock_content("a." * 99 + "a = 1")) == ["error"]
    assert list(parse_uvlock_content("a = " + "[" * 9_999)) == ["error"]


def test_the_bounds_say_what_was_beyond_them() -> None:
    """In words for people."""
    with pytest.raises(BeyondBounds, match="longer than 2 MiB"):
        bounds.within("a" * (bounds.MOST_CHARACTERS + 1))
    effort = Effort(steps=2)
    effort.spend(2)
    with pytest.raises(BeyondBounds, match="more work"):
        effort.spend(1)
    assert bounds.joined(map(str, range(25))).endswith("19; and 5 more")
