"""The README of a person's profile: that of the project with the person's own name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from gitlab_sync.api.files import read_file_content, tree_of
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.projects.facts import paths_of
from gitlab_sync.rules.projects.files import README, matching
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import read_all, read_one
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
    path = f"{username}/{username}"
    try:
        project = (
            read_one(session, endpoint(path)) if projects is None else _of_path(projects, path)
        )
        return None if project is None else _readme(session, project)
    except NotFound:  # of the project, or of a tree without any commit
        return None


def _of_path(projects: Iterable[Record], path: str) -> Record | None:
    for project in projects:
        if (record.text(project, "path_with_namespace") or "").lower() == path.lower():
            return project
    return None


def _readme(session: Session, project: Record) -> ProfileReadme | None:
    tree = PartialList(read_all(session, tree_of(project["id"], None, recursive=False)))
    for path in matching(paths_of(tree), README)[:1]:
        text = read_file_content(session, project["id"], path)
        if text is not None:
            branch = record.text(project, "default_branch") or "HEAD"
            link = record.link(project, f"/-/blob/{quote(branch)}/{quote(path)}")
            public = record.text(project, "visibility") == "public"
            return ProfileReadme(text, path, link, public)
    return None
