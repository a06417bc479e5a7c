"""A value or an error: the result of work that must not end other work."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from gitlab_sync.errors import GitLabSyncError

T = TypeVar("T")


class Result(NamedTuple, Generic[T]):
    """The result of one piece of work: a value, or the error in its place. Immutable."""

    value: T | None = None
    error: GitLabSyncError | None = None
