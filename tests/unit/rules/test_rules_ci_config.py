"""The jobs of a pipeline: YAML, includes, extends, references, defaults, and when a job runs."""

from __future__ import annotations

from textwrap import dedent

import pytest
from how_many import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.projects.ci_config import CIJob, Pipeline, read_pipeline
from gitlab_sync.rules.projects.ci_includes import Included, local_includes
from gitlab_sync.rules.projects.ci_yaml import Reference, YamlError, load


def read(text: str, **local: str) -> Pipeline:
    """Return the pipeline of an indented text; `local` names included files without `.yml`."""
    files = {f"{name}.yml": dedent(content) for name, content in local.items()}
    return read_pipeline(dedent(text), files)


def job(text: str, name: str = "job", **local: str) -> CIJob:
    """Return one job of a pipeline that has no problems."""
    pipeline = read(text, **local)
    assert pipeline.error is None
    assert pipeline.problems == ()
    return next(one for one in pipeline.jobs if one.name == name)


def test_a_job_has_its_stage_script_image_and_place() -> None:
    """A single line and a list are the same."""
    pipeline = read(
        "stages: [lint]\n\njob:\n  stage: lint\n  image: python\n  script: ruff check\n"
    )
    assert pipeline == Pipeline(
        stages=("lint",),
        jobs=(CIJob("job", "lint", ("ruff check",), "always", image="python", line=3),),
    )


def test_lists_within_a_script_are_taken_apart() -> None:
    """As anchors of lists make them."""
    text = """
    .lines: &lines [b, [c, d]]
    job:
      script: [a, *lines, e]
    """
    assert job(text).script == ("a", "b", "c", "d", "e")


def test_merge_keys_hand_on_what_a_job_does_not_say_itself() -> None:
    """Of several the first wins, whatever the order in the text."""
    text = """
    .one: &one {stage: lint, script: one}
    .two: &two {stage: test, image: two}
    job:
      <<: [*one, *two]
      script: own
    """
    assert job(text) == CIJob("job", "lint", ("own",), "always", image="two", line=4)


def test_hidden_jobs_and_keywords_are_no_jobs() -> None:
    """`pages` is one, and so is a job called `types`, which is no keyword any more."""
    text = """
    default: {image: x}
    variables: {A: b}
    workflow: {rules: [{when: always}]}
    .hidden: {script: x}
    notes: {whatever: x}
    text: x
    pages: {script: x}
    types: {script: mypy}
    """
    assert [one.name for one in read(text).jobs] == ["pages", "types"]


def test_extends_merges_mappings_and_replaces_lists() -> None:
    """Over a chain, and of a list the last one wins."""
    text = """
    .base:
      script: [base]
      before_script: [prepare]
      artifacts: {reports: {coverage_report: {path: c.xml}}}
    .lint: {extends: .base, stage: lint}
    .image: {image: {name: python}, stage: test}
    job: {extends: [.lint, .image], script: [own]}
    """
    assert job(text) == CIJob(
        "job",
        "test",
        ("prepare", "own"),
        "always",
        image="python",
        coverage_report=True,
        line=8,
    )


def test_a_circle_of_extends_is_a_problem_and_its_jobs_never_run() -> None:
    """GitLab refuses such a configuration."""
    pipeline = read("a: {extends: b, script: x}\nb: {extends: a}\nc: {extends: c, script: x}")
    assert {one.runs for one in pipeline.jobs} == {"never"}
    assert any("circle" in problem for problem in pipeline.problems)


def test_extending_what_is_not_there_is_a_problem() -> None:
    """Unless it could be in a file that was not read."""
    text = "job: {extends: .base, script: x}"
    missing = read(text)
    assert missing.jobs[0].runs == "never"
    assert missing.problems == ("job extends .base, which does not exist",)
    hidden = read(f"include: {{project: g/ci, file: base.yml}}\n{text}")
    assert hidden.jobs[0].runs == "always"
    assert hidden.problems == ()


def test_extends_may_be_eleven_levels_deep_and_no_more() -> None:
    """As in GitLab."""

    def chain(levels: int) -> Pipeline:
        links = "".join(f".j{n}: {{extends: .j{n + 1}}}\n" for n in range(1, levels))
        return read(f"job: {{extends: .j1}}\n{links}.j{levels}: {{script: x}}")

    assert chain(11).jobs[0].script == ("x",)
    assert chain(11).problems == ()
    assert chain(13).problems


def test_references_are_looked_up_wherever_they_stand() -> None:
    """In lists, as a whole value, in what is extended, and one behind the other."""
    text = """
    .snippets: {install: [pip install .], again: !reference [.snippets, install]}
    .base: {script: [!reference [.snippets, again], pytest]}
    .rules: {rules: [{when: manual}]}
    job:
      before_script: !reference [.snippets, install]
      script: [!reference [.base, script], done]
      rules: !reference [.rules, rules]
    other:
      extends: .base
      rules: [!reference [.rules, rules], {when: never}]
    """
    assert job(text).script == ("pip install .", "pip install .", "pytest", "done")
    assert job(text).runs == "manual"
    assert job(text, "other").script == ("pip install .", "pytest")
    assert job(text, "other").runs == "manual"


def test_a_reference_sees_what_a_job_inherits() -> None:
    """GitLab follows `extends` first."""
    text = """
    .base: {script: [pytest]}
    .mid: {extends: .base}
    job: {script: [!reference [.mid, script]]}
    """
    assert job(text).script == ("pytest",)


@pytest.mark.parametrize("path", ["[.a, script]", "[]", "[.nobody, x]", "[job, script]"])
def test_references_that_lead_nowhere_or_in_a_circle_give_nothing(path: str) -> None:
    """And never raise."""
    pipeline = read(f".a: {{script: !reference [.a, script]}}\njob: {{script: !reference {path}}}")
    assert pipeline.jobs[0].script == ()


def test_default_and_the_top_of_the_file_are_handed_down() -> None:
    """`default` wins over the top, the job over both."""
    text = """
    default: {before_script: [default]}
    before_script: [top]
    image: top
    job: {script: x}
    own: {script: x, before_script: [], image: own}
    """
    assert job(text).script == ("default", "x")
    assert job(text).image == "top"
    assert job(text, "own").script == ("x",)
    assert job(text, "own").image == "own"


@pytest.mark.parametrize(
    ("inherit", "script"),
    [
        ("{default: false}", ("x",)),
        ("{default: [image]}", ("x",)),
        ("{default: [before_script]}", ("first", "x")),
        ("{default: true}", ("first", "x")),
        ("{variables: false}", ("first", "x")),
    ],
)
def test_inherit_says_what_is_handed_down(inherit: str, script: tuple[str, ...]) -> None:
    """All, nothing, or a list of keys."""
    text = f"default: {{before_script: first}}\njob: {{script: x, inherit: {inherit}}}"
    assert job(text).script == script


@pytest.mark.parametrize(
    ("keys", "runs"),
    [
        ("when: on_success", "always"),
        ("when: delayed", "always"),
        ("when: manual", "manual"),
        ("when: never", "never"),
        ("when: on_failure", "never"),
        ("rules: []", "never"),
        ("rules: [{when: never}]", "never"),
        ("rules: [{if: $A, when: never}]", "never"),
        ("rules: [{if: $A}, {when: never}]", "always"),
        ("rules: [{if: $A, when: never}, {when: always}]", "always"),
        ("rules: [{when: never}, {if: $A}]", "never"),
        ("rules: [{changes: [a], when: manual}, {when: never}]", "manual"),
        ("rules: [{if: $A, when: manual}, {if: $B}]", "always"),
        ("rules: [{exists: [a]}]", "always"),
        ("{rules: [{if: $A}], when: manual}", "manual"),
        ("rules: [$A]", "always"),
        ("only: [main]", "always"),
        ("only: {refs: [tags]}", "always"),
        ("only: []", "never"),
        ("except: [tags]", "always"),
        ("except: [branches, tags]", "never"),
        ("except: {refs: [branches, tags]}", "never"),
        ("allow_failure: true", "always"),
    ],
)
def test_rules_and_when_say_whether_a_job_runs(keys: str, runs: str) -> None:
    """`when: never` after other rules does not switch a job off, as the only rule it does."""
    inside = keys.strip("{}") if keys.startswith("{") else keys
    assert job(f"job: {{script: x, {inside}}}").runs == runs


def test_a_workflow_that_never_starts_a_pipeline_starts_no_job() -> None:
    """One that sometimes does, does."""
    assert job("workflow: {rules: [{when: never}]}\njob: {script: x}").runs == "never"
    text = "workflow: {rules: [{if: $A, when: never}, {when: always}]}\njob: {script: x}"
    assert job(text).runs == "always"


def test_allowed_failure_and_coverage_are_noted() -> None:
    """With exit codes, a failure is allowed at least sometimes."""
    assert job("job: {script: x, allow_failure: {exit_codes: 3}}").allow_failure
    assert not job("job: {script: x, allow_failure: false}").allow_failure
    assert job("job: {script: x, coverage: '/TOTAL/'}").coverage


def test_local_includes_are_merged_and_keep_their_place() -> None:
    """The file itself wins over what it includes; included files may include more."""
    pipeline = read(
        "include: [one.yml, {local: /two.yml}]\njob: {script: own}",
        one="job: {stage: test, script: one}\nfirst: {script: x}",
        two="include: {local: three.yml}",
        three="\ndeep: {script: x}",
    )
    assert {one.name: (one.path, one.line) for one in pipeline.jobs} == {
        "job": (".gitlab-ci.yml", 2),
        "first": ("one.yml", 2),
        "deep": ("three.yml", 2),
    }
    assert pipeline.jobs[0].stage == "test"
    assert pipeline.jobs[0].script == ("own",)
    assert pipeline.unread == ()


def test_what_is_included_but_not_there_is_unread() -> None:
    """Scanners of GitLab's own are known to hold no job that matters here."""
    text = """
    include:
      - local: missing.yml
      - project: g/ci
        file: [a.yml, b.yml]
      - remote: https://x.example/a.yml
      - https://x.example/b.yml
      - template: Auto-DevOps.gitlab-ci.yml
      - template: Security/SAST.gitlab-ci.yml
      - template: Jobs/Secret-Detection.gitlab-ci.yml
      - component: gitlab.example/components/python@1
    child: {trigger: {include: child.yml}}
    """
    pipeline = read(text)
    assert [(one.kind, one.what) for one in pipeline.unread] == [
        ("local", "missing.yml"),
        ("project", "g/ci: a.yml"),
        ("project", "g/ci: b.yml"),
        ("remote", "https://x.example/a.yml"),
        ("remote", "https://x.example/b.yml"),
        ("template", "Auto-DevOps.gitlab-ci.yml"),
        ("component", "gitlab.example/components/python@1"),
        ("local", "child.yml"),
    ]
    assert Included("template", "Security/SAST.gitlab-ci.yml") in pipeline.included


def test_a_file_that_includes_itself_or_is_broken_does_no_harm() -> None:
    """A broken one is a problem of its own."""
    pipeline = read(
        "include: [one.yml, two.yml]\njob: {script: x}", one="include: one.yml", two="["
    )
    assert [one.name for one in pipeline.jobs] == ["job"]
    assert pipeline.problems[0].startswith("two.yml: ")


def test_local_includes_are_named_for_the_reader() -> None:
    """Patterns stand for what matches; a variable cannot be followed."""
    paths = ["ci/a.yml", "ci/deep/b.yml", "ci/c.txt", "other.yml"]
    text = "include: ['/ci/*.yml', {local: 'ci/**.yml'}, other.yml, '$X.yml', {template: t}]"
    assert local_includes(text, paths) == ["ci/a.yml", "ci/deep/b.yml", "other.yml"]
    assert local_includes("include: x.yml") == ["x.yml"]
    assert local_includes("[") == []
    assert local_includes("- a") == []


@pytest.mark.parametrize("text", ["", "\n# only a comment\n", "---", "a list: []\n---"])
def test_texts_without_a_job_have_none(text: str) -> None:
    """And an empty text says so."""
    pipeline = read_pipeline(text)
    assert pipeline.jobs == ()
    assert (pipeline.error is None) == ("list" in text)


@pytest.mark.parametrize("text", ["a: [", "a: *b", "\tx", "a: b: c", "a: &a [*a]", "a: '"])
def test_what_is_no_yaml_is_an_error_with_its_line(text: str) -> None:
    """Never an exception."""
    error = read_pipeline(text).error
    assert error is not None
    assert "line 1" in error or "line 2" in error


def test_a_header_of_inputs_is_passed_over() -> None:
    """GitLab's `spec` is a document of its own."""
    assert read("spec: {inputs: {a: }}\n---\njob: {script: x}").jobs[0].name == "job"


def test_values_are_plain_and_numbers_stay_texts() -> None:
    """`yes` is a word, as in YAML 1.2; quoted words always are."""
    document = load("a: null\nb: true\nc: 'true'\nd: 1.0\ne: !reference [x, y]\nf: yes\n<<: {g: ~}")
    assert document.value == {
        "a": None,
        "b": True,
        "c": "true",
        "d": "1.0",
        "e": Reference(("x", "y")),
        "f": "yes",
        "g": None,
    }
    assert document.lines["c"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "- " * 20_000 + "a",
        "{a: " * 50_000,
        "a: &a [" + "x," * 9 + "x]\n" + "".join(f"b{n}: &a [{'*a,' * 9}*a]\n" for n in range(9)),
        "a: &a {x: 1}\n" + "".join(f"b{n}: &a {{c: *a, d: *a}}\n" for n in range(60)),
        "x" * 3_000_000,
    ],
)
def test_a_text_that_would_grow_beyond_bounds_is_refused_at_once(text: str) -> None:
    """Whatever is in the repository of a stranger, this ends or hits the time limit."""
    with pytest.raises(YamlError):
        load(text)


def test_references_that_multiply_are_cut_short() -> None:
    """A thousand times a thousand times a thousand lines of nothing."""
    references = "\n".join(
        f".{n}: {{script: [{', '.join([f'!reference [.{n + 1}, script]'] * 500)}]}}"
        for n in range(10)
    )
    pipeline = read_pipeline(references + "\njob: {script: !reference [.0, script]}")
    assert any("larger" in problem for problem in pipeline.problems)


VALUES = st.recursive(
    st.sampled_from(["a", "[b, c]", "!reference [.a, script]", "1", "~", "manual", "{x: y}", "*z"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
    max_leaves=4,
)
KEYS = st.sampled_from(
    ["script", "before_script", "extends", "rules", "only", "except", "when", "stage", "image",
     "artifacts", "inherit", "trigger", "run", "allow_failure", "coverage"]
)  # fmt: skip
JOBS = st.dictionaries(KEYS, VALUES, max_size=4).map(
    lambda keys: "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"
)
NAMES = st.sampled_from([".a", "b", "default", "include", "stages", "workflow", "spec", "<<"])
TEXTS = st.lists(st.tuples(NAMES, JOBS | VALUES), max_size=5).map(
    lambda rows: "\n".join(f"{name}: {value}" for name, value in rows)
)


@settings(max_examples=examples(200), deadline=None)
@example("00: {extends: [!reference [00,0]]}\n0:")
@example(".0: {extends: [!reference [.0,0]]}\n0: {script: !reference [.0,0]}")
@given(st.text() | TEXTS)
def test_no_text_raises(text: str) -> None:
    """There are jobs, or an error, or simply none."""
    pipeline = read_pipeline(text, {"a": text, "b": "include: a"})
    assert isinstance(pipeline, Pipeline)
    local_includes(text, ["a", "b"])
