"""Repositories: the texts of files, many at once."""

from __future__ import annotations

import hashlib
from typing import Any

from gitlab_sync.sandbox.graphql.asking import Info
from gitlab_sync.sandbox.graphql.connections import Page, Resolver, page
from gitlab_sync.sandbox.records import Record


def _blobs(
    project: Record, info: Info, *, paths: list[str], ref: str | None = None, **arguments: Any
) -> Page:
    """Return those of the files that exist at a branch, tag or commit; none for an unknown one."""
    world = info.context.world
    known = {project.get("default_branch"), "HEAD", None}
    known |= {branch["name"] for branch in world.tables.branches.get(project["id"], ())}
    known |= {row.data["id"] for row in world.commits.get(project["id"], ())}
    files = world.tables.files.get(project["id"], {}) if ref in known else {}
    modes = {entry["path"]: entry.get("mode") for entry in world.tables.tree.get(project["id"], ())}
    found = [
        {"path": path, "text": text, "mode": modes.get(path)}
        for path in paths
        if (text := files.get(path)) is not None
    ]
    return page(found, arguments)


def _id(blob: Record, _info: Info) -> str:
    content = str(blob["text"]).encode()
    oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - git's own
    return f"gid://gitlab/Blob/{oid}"


RESOLVERS: dict[str, Resolver] = {
    "Project.repository": lambda project, _info: project,
    "Repository.blobs": _blobs,
    "Repository.empty": lambda project, _info: bool(project.get("empty_repo")),
    "Repository.rootRef": lambda project, _info: project.get("default_branch"),
    "RepositoryBlob.id": _id,
    "RepositoryBlob.name": lambda blob, _info: blob["path"].rpartition("/")[2],
    "RepositoryBlob.size": lambda blob, _info: len(blob["text"].encode()),
    "RepositoryBlob.rawBlob": lambda blob, _info: blob["text"],
    "RepositoryBlob.rawTextBlob": lambda blob, _info: blob["text"],
}
"""Resolvers by type and field."""
