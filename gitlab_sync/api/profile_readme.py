"""The README of a person's profile: that of the project with the person's own name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from gitlab_sync.api.files import file_endpoint, text_of, tree_of
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.projects.facts import paths_of
from gitlab_sync.rules.projects.files import README, matching
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow, read_one, run_workflow, whole
from gitlab_sync.types import PartialList, Record


@dataclass(frozen=True, slots=True)
class ProfileReadme:
    """The text of a profile README, and where it is. Immutable.

    GitLab shows it on the profile only if its project is `public`. `link` is None if GitLab does
    not give the project's URL.
    """

    text: str
    path: str
    link: str | None
    public: bool


def read_profile_readme(
    session: Session, username: str, projects: Iterable[Record] | None = None
) -> ProfileReadme | None:
    """Return the README of a person's profile, or None if there is none that the token can see.

    `projects` are the person's own, if they are known already: without one of that name, no request
    is sent.
    """
    if projects is None:
        try:
            projects = [read_one(session, endpoint(f"{username}/{username}"))]
        except NotFound:
            return None
    return run_workflow(session, of_person(username, projects))


def of_person(username: str, projects: Iterable[Record]) -> Workflow[ProfileReadme | None]:
    """Return the workflow of `read_profile_readme`, given the person's own projects."""
    project = _of_path(projects, f"{username}/{username}")
    if project is None:
        yield {}
        return None
    try:
        return (yield from _readme(project))
    except NotFound:  # of the project, or of a tree without any commit
        return None


def _of_path(projects: Iterable[Record], path: str) -> Record | None:
    for project in projects:
        if (record.text(project, "path_with_namespace") or "").lower() == path.lower():
            return project
    return None


def _readme(project: Record) -> Workflow[ProfileReadme | None]:
    tree = (yield {"tree": tree_of(project["id"], None, recursive=False)})["tree"]
    for path in matching(paths_of(PartialList(whole(tree))), README)[:1]:
        where = RestList(file_endpoint(project["id"], path), {"ref": "HEAD"}, single=True)
        text = text_of(whole((yield {"file": where})["file"])[0])
        branch = record.text(project, "default_branch") or "HEAD"
        link = record.link(project, f"/-/blob/{quote(branch)}/{quote(path)}")
        return ProfileReadme(text, path, link, record.text(project, "visibility") == "public")
    return None
