"""Pages and files of the reference that are made from the code: `make reference`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import gitlab_sync
from gitlab_sync import errors
from gitlab_sync.policies.model import schema

FOLDER = Path(__file__).parents[2] / "docs" / "reference"

_HEAD = """\
# The library

Other programs can rely on these names; [Migrating](../how-to/migrating.md) compares them with those
of the older client. `help()` shows the whole text of each, with types, units and errors. This page
is made from it:

```sh
make reference
```

Everything is thread-safe unless it says otherwise. Calls block and return their value.
"""
_MODULES = (
    "gitlab_sync.batch",
    "gitlab_sync.api.users",
    "gitlab_sync.api.projects",
    "gitlab_sync.api.groups",
    "gitlab_sync.api.merge_requests",
    "gitlab_sync.api.issues",
    "gitlab_sync.api.commits",
    "gitlab_sync.api.timelogs",
    "gitlab_sync.api.files",
    "gitlab_sync.api.branches",
    "gitlab_sync.api.token",
    "gitlab_sync.api.lockfiles",
    "gitlab_sync.rules.description",
    "gitlab_sync.rules.ci_pipeline",
)


def made() -> Mapping[str, str]:
    """Return what each of these files has to be, by its name."""
    page = "\n".join([_HEAD, *_classes(), *_errors(), *_functions()])
    shape = json.dumps(schema(), indent=2, ensure_ascii=False)
    return {"library.md": page, "policy.schema.json": f"{shape}\n"}


def _classes() -> Iterator[str]:
    for name in gitlab_sync.__all__:
        member = getattr(gitlab_sync, name)
        if not inspect.isclass(member):
            continue
        yield f"## {name}\n\n{_paragraph(member)}\n\n```python\n{_call(name, member)}\n```\n"
        rows = [
            (_call(key, value, method=True), _first_line(value))
            for key, value in sorted(inspect.getmembers(member))
            if not key.startswith("_")
            and not any(getattr(each, key, None) is value for each in member.__bases__)
            and (inspect.isfunction(value) or isinstance(value, property))
            and inspect.getdoc(value)
        ]
        if rows:
            yield _table("on it", rows)


def _errors() -> Iterator[str]:
    rows = [
        (name, _first_line(each))
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, errors.GitLabSyncError)
    ]
    yield "## Errors\n\nEach is in `gitlab_sync.errors`, and derives from the first one.\n"
    yield _table("error", rows)


def _functions() -> Iterator[str]:
    yield "## Functions\n\nThe first argument is a client or its session, where one is needed.\n"
    for name in _MODULES:
        module = import_module(name)
        members = [(key, getattr(module, key)) for key in getattr(module, "__all__", vars(module))]
        rows = [
            (_call(key, value), _first_line(value))
            for key, value in members
            if inspect.isfunction(value)
            and not key.startswith("_")
            and ("__all__" in vars(module) or value.__module__ == name)
        ]
        yield f"### `{name}`\n"
        yield _table("function", rows)


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| `{call}` | {text} |".replace("\n", " ") for call, text in rows]
    return "\n".join([f"| {title} | what it does |", "|---|---|", *lines, ""])


def _call(name: str, member: object, *, method: bool = False) -> str:
    """Return how a function is called, without types, which `help()` shows."""
    if isinstance(member, property) or not callable(member):
        return name
    parameters = list(inspect.signature(member).parameters.values())[method:]
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in parameters]
    shown = [
        each
        if isinstance(each.default, str | int | float | type(None) | type)
        else each.replace(default=_Shown(each.default))
        for each in plain
    ]
    return f"{name}{inspect.Signature(shown)}".replace("|", "\\|")


class _Shown:
    """Shows a default by its kind."""

    def __init__(self, value: object) -> None:
        self._kind = type(value).__name__

    def __repr__(self) -> str:
        return f"<{self._kind}>"


def _paragraph(member: object) -> str:
    return (inspect.getdoc(member) or "").replace("|", "\\|")


def _first_line(member: object) -> str:
    return (inspect.getdoc(member) or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")


if __name__ == "__main__":
    for file, text in made().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
