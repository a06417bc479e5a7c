"""Repositories on the shelf of a sandbox: what the rules' examples hold, served as projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from project_examples import repository

from gitlab_sync.rules.projects.facts import ProjectFacts, Unread
from gitlab_sync.sandbox import Sandbox


class Shelf:
    """Puts repositories into a sandbox's world."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.world = sandbox.world
        self._next = 5001

    def put(self, texts: Mapping[str, str], **project: Any) -> str:
        """Serve these files as a project of its own, and return its path."""
        return self.serve(repository(dict(texts), **project))

    def serve(self, facts: ProjectFacts) -> str:
        """Serve what was read of a repository, faults included, and return its path."""
        world, number = self.world, self._next
        self._next += 1
        path = facts.project["path_with_namespace"]
        if path == "group/app":
            path = f"group/app-{number}"
        record = {
            **facts.project,
            "id": number,
            "path_with_namespace": path,
            "web_url": f"https://gitlab.example/{path}",
            "default_branch": "main",
        }
        world.tables.licenses[number] = record.pop("license", None) or {}
        world.tables.projects.append(record)
        world.tables.tree[number] = [dict(entry) for entry in facts.tree.rows]
        names = [entry["path"] for entry in facts.tree.rows if entry["type"] == "blob"]
        # What the checks do not read has a text that would change their answers.
        world.tables.files[number] = dict.fromkeys(names, "pytest --cov-fail-under=99 gitleaks")
        for name, text in facts.files.items():
            if isinstance(text, str):
                world.tables.files[number][name] = text
            elif isinstance(text, Unread):
                del world.tables.files[number][name]
                self._deny(f"/projects/{number}/repository/files/{quote(name, safe='')}", text)
        world.tables.languages[number] = {}  # the rules count the files themselves
        if facts.tree.missing is not None:
            for name in (str(number), quote(path, safe="")):
                self._deny(f"/projects/{name}/repository/tree", Unread(facts.tree.missing))
        world.changed()
        return path

    def _deny(self, path: str, unread: Unread) -> None:
        body = f'{{"message": "{unread.reason}"}}'
        self._sandbox.faults.add("status", status=403, body=body, path=path, times=None)
