"""Repositories of a generated world: files, tree, branches and the order of commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import pairwise

from gitlab_sync.sandbox.making import files
from gitlab_sync.sandbox.making.builder import Builder
from gitlab_sync.sandbox.making.changes import commit
from gitlab_sync.sandbox.records import Record, instant

_LICENSES = {
    "AGPL-3.0": ("agpl-3.0", "GNU Affero General Public License v3.0"),
    "MIT": ("mit", "MIT License"),
}


def add_repository(builder: Builder, project: Record, kind: files.Kind) -> None:
    """Fill a project with the files of that `kind`, first commits and its branches."""
    texts = files.texts(kind, project)
    tables, number = builder.tables, project["id"]
    tables.files[number] = dict(texts)
    tables.tree[number] = tree(texts)
    license_name = files.LICENSES.get(kind)
    if license_name is not None:
        key, name = _LICENSES[license_name]
        tables.licenses[number] = {
            "key": key,
            "name": name,
            "nickname": None,
            "html_url": f"https://choosealicense.com/licenses/{key}",
            "source_url": None,
        }
    else:
        tables.licenses[number] = {}
    if "README.md" not in texts:
        project["readme_url"] = None
    history = tables.commits.setdefault(number, [])
    for position in range(3):
        author = builder.people[(number + position) % len(builder.people)]
        moment = builder.ago(690, 640)
        row = commit(builder, project, author, f"chore: first files, part {position + 1}\n", moment)
        if position == 1:
            # An address that no one in the world has: such commits match no person.
            row["author_name"], row["author_email"] = "Build Server", "root@localhost"
        history.append(row)


def tree(texts: Mapping[str, str]) -> list[Record]:
    """Return the entries of a tree with these files: folders and blobs."""
    folders = {
        "/".join(parts[:depth])
        for parts in (path.split("/") for path in texts)
        for depth in range(1, len(parts))
    }
    entries = [_entry(path, "tree", "040000", path) for path in sorted(folders)]
    return entries + [_entry(path, "blob", "100644", texts[path]) for path in sorted(texts)]


def _entry(path: str, kind: str, mode: str, text: str) -> Record:
    content = text.encode()
    digest = hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()  # noqa: S324 - git's own
    return {
        "id": digest,
        "name": path.rpartition("/")[2],
        "type": kind,
        "path": path,
        "mode": mode,
    }


def settle_repositories(builder: Builder) -> None:
    """Order each project's commits with the newest first, chain them, and list its branches."""
    tables = builder.tables
    for project in tables.projects:
        number = project["id"]
        history = tables.commits.get(number, [])
        history.sort(key=lambda row: (instant(row["committed_date"]), row["id"]), reverse=True)
        for newer, older in pairwise(history):
            if not newer["parent_ids"]:
                newer["parent_ids"] = [older["id"]]
        names = {sha: name for name, ids in tables.ahead.get(number, {}).items() for sha in ids}
        heads: dict[str, Record] = {}
        for row in history:
            heads.setdefault(names.get(row["id"], "main"), row)
        tables.branches[number] = [
            _branch(project, name, head) for name, head in sorted(heads.items())
        ]


def _branch(project: Record, name: str, head: Record) -> Record:
    return {
        "name": name,
        "commit": head,
        "merged": False,
        "protected": name == "main",
        "developers_can_push": False,
        "developers_can_merge": False,
        "can_push": False,
        "default": name == "main",
        "web_url": f"{project['web_url']}/-/tree/{name}",
    }
