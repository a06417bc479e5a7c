"""Errors as the cells of a table, and back: readers say why something is unknown, as runs do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gitlab_sync import errors
from gitlab_sync.api.project_tree import TooLarge
from gitlab_sync.errors import GitLabSyncError

_Kept = Mapping[str, Any]


def packed(met: Iterable[GitLabSyncError | None]) -> list[dict[str, Any]] | None:
    """Return the cell of errors; None for none."""
    cells = [
        {
            "kind": _kind(error),
            "message": error.message,
            "status": error.status,
            "method": error.method,
            "url": error.url,
        }
        for error in met
        if error is not None
    ]
    return cells or None


def unpacked(cell: Sequence[_Kept] | None) -> tuple[GitLabSyncError, ...]:
    """Return the errors of a cell."""
    return tuple(
        _KINDS.get(each["kind"], GitLabSyncError)(
            each["message"], status=each["status"], method=each["method"], url=each["url"]
        )
        for each in cell or ()
    )


def first_of(cell: Sequence[_Kept] | None) -> GitLabSyncError | None:
    """Return the first error of a cell."""
    return next(iter(unpacked(cell)), None)


def _kind(error: GitLabSyncError) -> str:
    """Return the name of the nearest kind that `gitlab_sync.errors` has."""
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((name for name in names if name in _KINDS), GitLabSyncError.__name__)


def _kinds(kind: type[GitLabSyncError]) -> Iterator[type[GitLabSyncError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _kinds(below)


_KINDS = {kind.__name__: kind for kind in (*_kinds(GitLabSyncError), TooLarge)}
