"""The checks of documents for people: README, LICENSE, templates, description and others.

Each takes a project and returns a finding; none raises.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from gitlab_sync.rules import record
from gitlab_sync.rules.items.paths import is_test_path
from gitlab_sync.rules.projects import files as project_files
from gitlab_sync.rules.projects.facts import Finding, Repository, Unread, line_of, own
from gitlab_sync.rules.projects.licences import (
    allowed,
    family,
    named_licences,
    policy_names,
    spdx,
)
from gitlab_sync.rules.projects.readme_topics import own_words, topics
from gitlab_sync.rules.projects.stack import is_code
from gitlab_sync.rules.projects.tool_detection import Project
from gitlab_sync.rules.text import plural, without_comments

# In these languages, tests usually are in the files of what they test.
_TESTED_INSIDE = frozenset({"Rust", "Zig", "D"})

# `foo.unittests/`, `AppTests/`, `App.Test/`, `unit_tests/`, `androidTest/`, `testing/`, `t/`.
_TEST_FOLDER = re.compile(
    r"^(t|testing|testsuite|testsuites|unittests?|autotests?|cypress)$"
    r"|[._ -](unit)?tests?$|^(unit|integration|functional|e2e)[._ -]?tests?$"
    r"|^tests?[._ -]|[a-z0-9](Tests?|Specs)$|\.(UnitTests?|Tests?|IntegrationTests?)$"
)


def readme(project: Project, length: int, sections: int) -> Finding:
    """Check that the README has `length` characters and `sections` of the usual topics."""
    repository = project.repository
    path = _first(repository, project_files.README)
    if path is None:
        return repository.decide("no README", repository.unlisted)
    text = repository.text(path)
    if not isinstance(text, str):
        return _not_read(repository, path, text)
    said = without_comments(own_words(text)).strip()
    found = topics(said)
    if len(said) < length:
        template = (
            ", apart from GitLab's template" if said != without_comments(text).strip() else ""
        )
        return repository.failed(f"{plural(len(said), 'character')}, not {length}{template}", path)
    if len(found) < sections:
        listed = ", ".join(found) or "no topic"
        return repository.failed(f"has {listed}: not {plural(sections, 'topic')}", path)
    return repository.passed(f"has {', '.join(found)}", path)


def license_file(project: Project, policy: Collection[str]) -> Finding:
    """Check the licence that GitLab recognises, then those that the files name.

    If there are none, the manifest decides. One allowed licence of several is enough: users can
    choose one.
    """
    repository, wanted = project.repository, f"; allowed: {policy_names(policy)}"
    paths = project_files.matching(repository.paths, project_files.LICENSE)[:3]
    named, unread = _named_licences(project, paths)
    first = next(iter((*paths, *named)), None)
    found: list[tuple[str, str | None, tuple[str, ...]]]
    found = [(f"{path} names", path, names) for path, names in named.items()]
    if recognised := _recognised(project):
        exact = [name for names in named.values() for name in names]
        if allowed(recognised, policy) is None:
            exact.append(project.settings.declared_licence() or "")
        form = next((one for one in exact if family(one) == recognised), recognised)
        says = (
            "GitLab detects" if form == recognised else f"GitLab detects {recognised}, declared as"
        )
        found.insert(0, (says, first, (form,)))
    elif paths and not named:
        declared = project.settings.declared_licence()
        unread += _unread_licences(project)
        found += [("the manifest declares", first, (declared,))] if declared else []
    faults: list[tuple[str, str | None]] = []
    for says, path, names in found:
        shown = f"{says} {' and '.join(names)}"
        answers = {allowed(name, policy) for name in names}
        if answers == {True}:
            text = repository.text(path) if path else None
            line = line_of(text, "SPDX-License-Identifier:") if isinstance(text, str) else None
            return repository.passed(shown, path, line)
        faults.append((shown, path))
        if answers != {False}:
            what = "which one counts" if len(answers) > 1 else "whether later versions count"
            unread.append(f"it does not say {what}")
    faults.append(("no licence is recognised in it" if paths else "no LICENSE", first))
    fault, place = faults[0]
    return repository.decide(fault + wanted, [*repository.unlisted, *unread], place)


def _named_licences(
    project: Project, paths: list[str]
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return the licences that each file names, and why some files could not be read."""
    repository = project.repository
    named, unread = {}, []
    for path in paths:
        text = repository.text(path)
        if isinstance(text, str):
            named[path] = named_licences(path, text)
        else:
            unread.append(_not_read(repository, path, text).reason)
    for path in project_files.matching(repository.paths, project_files.LICENSES):
        named[path] = named_licences(path, "")
    return {path: names for path, names in named.items() if names}, unread


def _recognised(project: Project) -> str | None:
    """Return the licence that GitLab recognises, or None."""
    return spdx(record.text(record.field(project.repository.project, "license"), "key") or "")


def _unread_licences(project: Project) -> list[str]:
    """Return why GitLab could know a licence, or a manifest declare one, that was not read."""
    unread = [f"{path}: {why}" for path, why in project.settings.unread.items() if "/" not in path]
    if "license" not in project.repository.project:
        unread.append("what GitLab recognises was not read")
    return unread


def tests(project: Project) -> Finding:
    """Check that there are tests: source code on a test path, not a test plan."""
    repository = project.repository
    mine = own(repository.paths, deepest=20)
    found = [
        path
        for path in mine
        if is_code(path)
        and (is_test_path(path) or _is_tested(path))
        and not path.startswith("config/")  # settings for tests, such as `config/test.exs`
    ]
    if found:
        return repository.passed(plural(len(found), "file") + " of tests", found[0])
    inside = _TESTED_INSIDE.intersection(project.languages)
    if inside and (job := project.stages["test"].job) and project.stages["test"].share == 1:
        # They are next to what they test, in the same files.
        return repository.passed(f"{job.name} runs the tests inside the code", job.path, job.line)
    return repository.decide(
        "no file is a test", [*repository.unlisted, *_unread_tests(inside, project)]
    )


def _unread_tests(inside: Collection[str], project: Project) -> list[str]:
    """Return why it is not known whether the tests inside the code are run."""
    return project.unread_pipeline if inside else []


def _is_tested(path: str) -> bool:
    """Return whether a file is a test by its folder or suffix, beyond the rule for changes."""
    *folders, name = path.split("/")
    return name.endswith((".t", ".bats")) or any(map(_TEST_FOLDER.search, folders))


def templates(project: Project) -> Finding:
    """Check that there are templates for issues and for merge requests."""
    repository = project.repository
    wanted = {
        "issues": project_files.ISSUE_TEMPLATE,
        "merge requests": project_files.MERGE_REQUEST_TEMPLATE,
    }
    found = {name: _first(repository, pattern) for name, pattern in wanted.items()}
    missing = [name for name, path in found.items() if path is None]
    path = next((one for one in found.values() if one), None)
    if missing:
        fault = f"no template for {' and '.join(missing)}"
        return repository.decide(fault, repository.unlisted, path)
    return repository.passed("templates for issues and merge requests", path)


def document(project: Project, pattern: re.Pattern[str], name: str) -> Finding:
    """Check that a file exists, by its name."""
    path = _first(project.repository, pattern)
    if path is not None:
        return project.repository.passed(f"there is {path}", path)
    return project.repository.decide(f"no {name}", project.repository.unlisted)


def description_topics(project: Project) -> Finding:
    """Check that GitLab shows a description and topics of the project."""
    repository = project.repository
    shown = repository.project
    if not shown:
        return repository.unknown(["the project's record was not read"])
    topics = record.field(shown, "topics") or record.field(shown, "tag_list")
    missing = []
    if not (record.text(shown, "description") or "").strip():
        missing.append("description")
    if not (isinstance(topics, list) and topics):
        missing.append("topics")
    if missing:
        return repository.failed(f"no {' and no '.join(missing)}")
    named = ", ".join(topic for topic in topics if isinstance(topic, str))
    return repository.passed(f"a description and {named or 'topics'}")


def _first(repository: Repository, pattern: re.Pattern[str]) -> str | None:
    return next(iter(project_files.matching(repository.paths, pattern)), None)


def _not_read(repository: Repository, path: str, text: Unread | None) -> Finding:
    reason = text.reason if isinstance(text, Unread) else "listed, but no longer there"
    return repository.unknown([f"{path}: {reason}"], path)
