"""CI lint: what GitLab makes of a project's pipeline, with all that it includes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from gitlab_sync.sandbox.answer import Answer, json_answer, message, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.routes.repository import check_ref

_MOST_INCLUDES = 150
_GUEST = 10


def lint(call: Call) -> Answer:
    """GET /projects/:id/ci/lint: the pipeline at `content_ref`, checked and merged.

    404 for an empty repository or an unknown ref, 403 for guests of a private project: they may
    not read code. An included file that the caller cannot read makes it invalid.
    """
    project = call.project()
    if not _may_read_code(call, project):
        raise message(403, "403 Forbidden")
    if project.get("empty_repo"):
        raise not_found("Repository")
    check_ref(call, project, call.query.get("content_ref") or call.query.get("sha"), "Commit")
    path = project.get("ci_config_path") or ".gitlab-ci.yml"
    text = call.world.tables.files.get(project["id"], {}).get(path)
    if not text:
        return _answer(None, ["Please provide content of .gitlab-ci.yml"], [], call)
    merger = _Merger(call, project)
    try:
        value = merger.merged(text, project)
    except (yaml.YAMLError, _InvalidError) as error:
        return _answer(text, [str(error)], [], call)
    if not any(_is_job(name, job) for name, job in value.items()):
        return _answer(text, ["jobs config should contain at least one visible job"], [], call)
    extended = {name: _extended(value, name, 0) for name in value}
    dumped = yaml.dump(_resolved(extended, extended, 0), Dumper=_Dumper, sort_keys=False)
    return _answer(f"---\n{dumped}", [], merger.includes, call)


def _may_read_code(call: Call, project: Record) -> bool:
    if call.viewer.admin or project.get("visibility") in {"public", "internal", None}:
        return True
    levels = [
        membership["access_level"]
        for source in call.world.source_chain(project)
        for membership in call.world.members.get(source, ())
        if membership["user_id"] == call.me
    ]
    return max(levels, default=_GUEST) > _GUEST


def _answer(merged: str | None, errors: list[str], includes: list[Record], call: Call) -> Answer:
    body = {
        "valid": not errors,
        "errors": errors,
        "warnings": [],
        "merged_yaml": merged,
        "includes": includes,
    }
    return json_answer({**body, "jobs": []} if call.query.flag("include_jobs") else body)


class _InvalidError(Exception):
    """The pipeline includes what cannot be read."""


class _Loader(yaml.SafeLoader):
    """Reads GitLab's YAML, with `!reference`."""


class _Dumper(yaml.SafeDumper):
    """Writes values out each time."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Return True: a merged pipeline has no anchors."""
        return True


class _Reference(list[str]):
    """A value of another job, to be looked up."""


def _reference(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> _Reference:
    return _Reference(loader.construct_sequence(node))


_Loader.add_constructor("!reference", _reference)


class _Merger:
    """Merges the files that a pipeline includes."""

    def __init__(self, call: Call, project: Record) -> None:
        self._call = call
        self._context = project
        self.includes: list[Record] = []

    def merged(self, text: str, project: Record) -> dict[str, Any]:
        """Return a text of a project over what it includes; raises _InvalidError."""
        documents = list(yaml.load_all(text, Loader=_Loader))
        # A header declares inputs, which are not filled in here.
        has_header = (
            len(documents) > 1 and isinstance(documents[0], dict) and "spec" in documents[0]
        )
        value = documents[1 if has_header else 0] if documents else None
        if not isinstance(value, dict):
            raise _InvalidError("Invalid configuration format")
        found: dict[str, Any] = {}
        include = value.pop("include", [])
        for entry in include if isinstance(include, list) else [include]:
            kind, location, text, owner = self._file(entry, project)
            self._note(kind, location, owner, entry)
            found = {**found, **_over(found, self.merged(text, owner))}
        return {**found, **_over(found, value)}

    def _note(self, kind: str, location: str, owner: Record, entry: Any) -> None:
        if len(self.includes) >= _MOST_INCLUDES:
            raise _InvalidError(f"Maximum of {_MOST_INCLUDES} nested includes are allowed!")
        extra = {}
        if kind == "file":
            extra = {"project": owner["path_with_namespace"], "ref": entry.get("ref") or "HEAD"}
        self.includes.append(
            {
                "type": kind,
                "location": location,
                "blob": f"{owner['web_url']}/-/blob/HEAD/{location}",
                "raw": f"{owner['web_url']}/-/raw/HEAD/{location}",
                "extra": extra,
                "context_project": self._context["path_with_namespace"],
                "context_sha": None,
            }
        )

    def _file(self, entry: Any, project: Record) -> tuple[str, str, str, Record]:
        """Return the type, location and text of an include, and the project that holds it."""
        given: Mapping[str, Any] = entry
        if isinstance(entry, str):
            given = {"remote" if "://" in entry else "local": entry}
        if "template" in given:
            return "template", given["template"], "{}", project
        if "local" in given:
            return "local", given["local"].lstrip("/"), *self._text(project, given["local"])
        if "project" in given:
            owner = self._project(given["project"])
            return "file", given["file"].lstrip("/"), *self._text(owner, given["file"])
        if "component" in given:
            where = str(given["component"]).rpartition("@")[0].partition("/")[2]
            path, _, name = where.rpartition("/")
            owner = self._project(path)
            return "component", given["component"], *self._text(owner, f"templates/{name}.yml")
        raise _InvalidError("Remote file could not be fetched because of a socket error!")

    def _project(self, path: str) -> Record:
        row = self._call.world.projects_by_path.get(path.lower())
        if row is None or not self._call.viewer.sees_project(row.data):
            raise _InvalidError(
                f"Project `{path}` not found or access denied! Make sure any includes in the "
                "pipeline configuration are correctly defined."
            )
        return row.data

    def _text(self, project: Record, path: str) -> tuple[str, Record]:
        files = self._call.world.tables.files.get(project["id"], {})
        text = files.get(path.lstrip("/"))
        if text is None:
            raise _InvalidError(f"Local file `{path}` does not exist!")
        return text, project


def _is_job(name: str, job: object) -> bool:
    return (
        isinstance(job, dict) and not name.startswith(".") and bool({"script", "trigger"} & {*job})
    )


def _over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    made = dict(below)
    for key, value in above.items():
        made[key] = _over(made[key], value) if key in made else value
    return made


def _extended(whole: Mapping[str, Any], name: str, depth: int) -> Any:
    """Return a job over those that it extends; GitLab keeps the key `extends`."""
    job = whole.get(name)
    if not isinstance(job, dict) or depth > 10:
        return job
    parents = job.get("extends") or []
    below: Any = {}
    for parent in [parents] if isinstance(parents, str) else parents:
        below = _over(below, _extended(whole, parent, depth + 1) or {})
    return _over(below, job)


def _resolved(value: Any, whole: Mapping[str, Any], depth: int) -> Any:
    """Return a value with the values that its references name."""
    if isinstance(value, _Reference):
        found: Any = whole
        for step in value:
            found = found.get(step) if isinstance(found, dict) else None
        return None if depth > 10 else _resolved(found, whole, depth + 1)
    if isinstance(value, list):
        return [_resolved(each, whole, depth) for each in value]
    if isinstance(value, dict):
        return {key: _resolved(each, whole, depth) for key, each in value.items()}
    return value


ROUTES: dict[str, Route] = {"/projects/:id/ci/lint": lint}
