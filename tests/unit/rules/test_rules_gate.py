"""The gate: which projects reach a score, and of which that is open."""

from __future__ import annotations

import pytest
from project_examples import COMPLETE, repository

from gitlab_sync.rules.projects.compliance import Score, evaluate
from gitlab_sync.rules.projects.facts import FileText, Unread
from gitlab_sync.rules.projects.gate import Gate


@pytest.mark.parametrize(
    ("score", "least", "expected"),
    [
        (Score(6, 4), 60, "above"),
        (Score(6, 4), 61, "below"),
        (Score(6, 2, 2), 60, "above"),
        (Score(6, 2, 2), 80, "open"),
        (Score(6, 2, 2), 81, "below"),
        (Score(0, 0, 5), 0, "above"),
        (Score(0, 0, 5), 1, "open"),
        (Score(), 0, "open"),
        (None, 0, "open"),
        (Score(2, 1), 66.7, "above"),
    ],
)
def test_what_is_unknown_counts_as_failed_and_as_passed(
    score: Score | None, least: float, expected: str
) -> None:
    """Only if both say the same, the gate is decided; as people see the score, with one decimal."""
    gate = Gate(least)
    gate.add("a/b", score)
    assert [name for name in ("below", "above", "open") if getattr(gate, name)] == [expected]


def test_the_gate_names_the_projects_that_it_is_about() -> None:
    """At most three of them."""
    gate = Gate(50)
    for number in range(5):
        gate.add(f"a/{number}", Score(1, 9))
    gate.add("a/open", Score(4, 4, 2))
    gate.add("a/unread", None)
    below, undecided = gate.in_words()
    assert below == "below 50 %: a/0 (10 %), a/1 (10 %), a/2 (10 %), 2 more"
    assert undecided.startswith("not known to reach 50 %: a/open (40 to 60 %), a/unread;")
    whole = Gate(50)
    whole.add("a/b", Score(9, 1))
    assert list(whole.in_words()) == ["at least 50 %, whatever is unknown: 1 project"]


PROJECT = {
    **COMPLETE,
    "package.json": '{"scripts": {"lint": "eslint ."}, "dependencies": {"left-pad": "1"}}',
    "go.mod": "module x\n\nrequire example.com/y v1.0.0\n",
    "Makefile": "test:\n\tpytest --cov\n",
    "tox.ini": "[testenv]\ncommands = pytest\n",
    "requirements.txt": "requests==2.0\n",
    "ci/more.yml": "check: {script: [npm run lint, make test, ./run.sh]}\n",
    ".gitlab-ci.yml": "include: ci/more.yml\n" + COMPLETE[".gitlab-ci.yml"].partition("\n\n")[2],
    "run.sh": "ruff format --check .\n",
    "web/a.js": "",
    "cmd/a.go": "",
}


@pytest.mark.parametrize("path", sorted(PROJECT))
@pytest.mark.parametrize("broken", ["{", "", "\0\0", Unread("403 Forbidden"), Unread("too large")])
def test_a_file_that_is_broken_never_raises_what_is_sure_of_the_score(
    path: str, broken: FileText
) -> None:
    """Neither by a check that does not apply any more, nor by one that is unknown."""
    whole = evaluate(repository(PROJECT)).score.bounds
    files = {name: text for name, text in PROJECT.items() if name != path}
    found = evaluate(repository(files, {path: broken})).score.bounds
    assert whole is not None
    assert found is not None
    assert found[0] <= whole[0]


MANIFESTS = {
    "go.mod": ("a.go", "module x\n\nrequire example.com/y v1.0.0\n"),
    "requirements.txt": ("a.py", "requests==2.0\n"),
    "package.json": ("a.js", '{"dependencies": {"a": "1"}}'),
    "pyproject.toml": ("a.py", '[project]\ndependencies = ["x"]\n'),
    "Cargo.toml": ("a.rs", '[dependencies]\nserde = "1"\n'),
    "pom.xml": ("A.java", "<project><dependency><artifactId>x</artifactId></dependency></project>"),
    "composer.json": ("a.php", '{"require": {"a/b": "1"}}'),
    "setup.py": ("a.py", 'setup(install_requires=["x"])'),
    "mix.exs": ("a.ex", 'defp deps do\n  [{:a, "~> 1"}]\nend\n'),
}


@pytest.mark.parametrize("path", sorted(MANIFESTS))
@pytest.mark.parametrize("broken", ["{", "\0\0", Unread("403 Forbidden")])
def test_a_manifest_that_is_broken_still_needs_an_audit(path: str, broken: FileText) -> None:
    """That it declares nothing is not known, so the check does not stop to apply."""
    source, text = MANIFESTS[path]
    whole = evaluate(repository({source: "", path: text}))
    found = evaluate(repository({source: ""}, {path: broken}))
    assert whole.findings["dependency_audit"].result == "fail"
    assert found.findings["dependency_audit"].result != "not applicable"
    assert whole.score.bounds is not None
    assert found.score.bounds is not None
    assert found.score.bounds[0] <= whole.score.bounds[0]
