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
from gitlab_sync.rules.projects.licences import allowed, named_licences, spdx
from gitlab_sync.rules.projects.stack import is_code
from gitlab_sync.rules.projects.tool_detection import Project
from gitlab_sync.rules.text import plural, without_comments

_SECTIONS = {
    "installation": re.compile(r"\binstallation\b", re.IGNORECASE),
    "usage": re.compile(r"\busage\b", re.IGNORECASE),
    "getting started": re.compile(r"\bgetting[ -]started\b", re.IGNORECASE),
    "setup": re.compile(r"\bset-?up\b", re.IGNORECASE),
    "license": re.compile(r"\blicen[cs]e\b", re.IGNORECASE),
    "contributing": re.compile(r"\bcontributing\b", re.IGNORECASE),
    "example": re.compile(r"\bexamples?\b", re.IGNORECASE),
    "quick start": re.compile(r"\bquick[ -]?start\b", re.IGNORECASE),
    "features": re.compile(r"\bfeatures\b", re.IGNORECASE),
}
"""The topics of a README, as headings or words."""


def readme(project: Project, length: int, sections: int) -> Finding:
    """Check that the README has `length` characters and `sections` of the usual topics."""
    repository = project.repository
    path = _first(repository, project_files.README)
    if path is None:
        return repository.decide("no README", repository.unlisted)
    text = repository.text(path)
    if not isinstance(text, str):
        return _not_read(repository, path, text)
    said = without_comments(text).strip()
    found = [name for name, pattern in _SECTIONS.items() if pattern.search(said)]
    if len(said) < length:
        return repository.failed(f"{plural(len(said), 'character')}, not {length}", path)
    if len(found) < sections:
        topics = ", ".join(found) or "no topic"
        return repository.failed(f"has {topics}: not {plural(sections, 'topic')}", path)
    return repository.passed(f"has {', '.join(found)}", path)


def license_file(project: Project, policy: Collection[str]) -> Finding:
    """Check the licence that the files name, or for files that name none, GitLab's finding.

    If GitLab recognises none, the manifest decides. One allowed licence in several files is enough:
    users can choose one.
    """
    repository = project.repository
    paths = project_files.matching(repository.paths, project_files.LICENSE)[:3]
    found, unread = [], list(repository.unlisted)
    for path in paths:
        text = repository.text(path)
        if not isinstance(text, str):
            unread.append(_not_read(repository, path, text).reason)
        elif names := named_licences(path, text):
            found.append(_evaluated(project, path, names, policy))
    first = paths[0] if paths else None
    if not paths or len(found) < len(paths):
        if recognised := _recognised(project, first, policy):
            found.append(recognised)
        elif paths:
            unread += _unread_licences(project)
    unread += [finding.reason for finding in found if finding.result == "unknown"]
    for result in ("pass", "fail"):
        for finding in found:
            if finding.result == result and (result == "pass" or not unread):
                return finding
    fault = "no licence is recognised in it" if paths else "no LICENSE"
    return repository.decide(fault, unread, first)


def _recognised(project: Project, path: str | None, policy: Collection[str]) -> Finding | None:
    """Check the licence that GitLab recognises, else the one that the manifest declares."""
    key = record.text(record.field(project.repository.project, "license"), "key")
    if name := spdx(key or ""):
        return _evaluated(project, path, (name,), policy, ", says GitLab")
    declared = project.settings.declared_licence()
    if path is None or declared is None:
        return None
    return _evaluated(project, path, (declared,), policy, ", says the manifest")


def _unread_licences(project: Project) -> list[str]:
    """Return why GitLab could know a licence, or a manifest declare one, that was not read."""
    unread = [f"{path}: {why}" for path, why in project.settings.unread.items()]
    if "license" not in project.repository.project:
        unread.append("what GitLab recognises was not read")
    return unread


def tests(project: Project) -> Finding:
    """Check that there are tests: source code on a test path, not a test plan."""
    repository = project.repository
    mine = own(repository.paths, deepest=20)
    found = [path for path in mine if is_code(path) and is_test_path(path)]
    if found:
        return repository.passed(plural(len(found), "file") + " of tests", found[0])
    return repository.decide("no file is a test", repository.unlisted)


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


def _evaluated(
    project: Project, path: str | None, ids: tuple[str, ...], policy: Collection[str], by: str = ""
) -> Finding:
    """Return the finding for these licences; a manifest can complete them."""
    repository, shown = project.repository, " and ".join(ids) + by
    answers = {allowed(one, policy) for one in ids}
    if None in answers:
        declared = project.settings.declared_licence()
        answers = {allowed(declared, policy) if declared else None}
        shown += f", declared as {declared}" if declared else ""
    if answers == {True}:
        text = repository.text(path) if path else None
        line = line_of(text, "SPDX-License-Identifier:") if isinstance(text, str) else None
        return repository.passed(shown, path, line)
    if answers == {False}:
        return repository.failed(f"{shown}: not allowed", path)
    if len(answers) > 1:
        return repository.unknown([f"{shown}: it does not say which one counts"], path)
    return repository.unknown([f"{shown}: it does not say whether later versions count"], path)


def _first(repository: Repository, pattern: re.Pattern[str]) -> str | None:
    return next(iter(project_files.matching(repository.paths, pattern)), None)


def _not_read(repository: Repository, path: str, text: Unread | None) -> Finding:
    reason = text.reason if isinstance(text, Unread) else "listed, but no longer there"
    return repository.unknown([f"{path}: {reason}"], path)
