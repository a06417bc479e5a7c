"""The public names with their signatures, one a line: `python -m tests.meta.public_surface`."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import gitlab_sync
import gitlab_sync.api

HANDED_ON = ("gitlab_sync.batch", "gitlab_sync.rules.ci_pipeline", "gitlab_sync.rules.description")
"""Modules that only hand on the names of the drop-in contract."""


def surface() -> Iterator[str]:
    """Yield the lines, sorted within each module."""
    for name in gitlab_sync.__all__:
        yield from _lines("gitlab_sync", name, getattr(gitlab_sync, name))
    modules = [
        f"gitlab_sync.api.{found.name}"
        for found in pkgutil.iter_modules(gitlab_sync.api.__path__)
        if not found.ispkg
    ]
    for module in (*modules, *HANDED_ON):
        members = vars(import_module(module))
        for name in sorted(members.get("__all__", members)):
            member = members[name]
            own = "__all__" in members or getattr(member, "__module__", "") == module
            if inspect.isfunction(member) and own and not name.startswith("_"):
                yield from _lines(module, name, member)


def _lines(module: str, name: str, member: object) -> Iterator[str]:
    if not callable(member):
        yield f"{module}.{name}"
        return
    yield f"{module}.{name}{_signature(member)}"
    if inspect.isclass(member):
        for key, value in sorted(inspect.getmembers(member)):
            if key.startswith("_") and key not in _CONTRACT:
                continue
            if inspect.isfunction(value):
                yield f"{module}.{name}.{key}{_signature(value)}"
            elif isinstance(value, property):
                yield f"{module}.{name}.{key}"


_CONTRACT = {
    "_get", "_get_paginated", "_request", "_run_sync", "_evaluate_single_mr",
    "_evaluate_single_mr_efficiently", "_evaluate_single_issue",
    "_evaluate_single_issue_efficiently",
}  # fmt: skip


_PLAIN = (str, int, float, tuple, type(None), type(inspect.Parameter.empty))


class _Named:
    """Shows a default by its kind: its content can come in any order."""

    def __init__(self, value: object) -> None:
        self._kind = type(value).__name__

    def __repr__(self) -> str:
        return f"<{self._kind}>"


def _signature(member: object) -> str:
    found = inspect.signature(member)  # type: ignore[arg-type]
    parameters = [
        each if isinstance(each.default, _PLAIN) else each.replace(default=_Named(each.default))
        for each in found.parameters.values()
    ]
    return str(found.replace(parameters=parameters))


if __name__ == "__main__":
    print("\n".join(surface()))  # noqa: T201 - that is what it is for
