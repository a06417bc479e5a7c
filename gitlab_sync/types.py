"""Shapes that several rooms share: JSON records, and what a reading of a list brought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Record: TypeAlias = dict[str, Any]
"""One JSON object as GitLab sends it. Fields may be null or missing: read it leniently."""

Params: TypeAlias = dict[str, Any]
"""Query parameters: None is left out, True and False become `true` and `false`, lists repeat."""

Scalar: TypeAlias = str | int | float | bool | None

Source: TypeAlias = Literal["auto", "rest", "graphql"]
"""Where the facts of merge requests come from; `auto` takes what costs least."""

DEFAULT_SOURCE: Source = "auto"

StoreMode: TypeAlias = Literal["on", "off", "read-only"]
"""Whether what was read of ended merge requests is kept on disk, and found there."""

STORE_VARIABLE = "GITLAB_SYNC_STORE"
"""The environment variable with a `StoreMode`."""

TableRow: TypeAlias = dict[str, Scalar]
"""One row of a report: titles to plain values, in the order of the columns."""


class RecordList(list[Record]):
    """The rows of a list, and how much of it they are.

    `complete`: the list was read to its end. `total`: rows the server counts, None if it does not
    say. `pages`: pages read.
    """

    def __init__(self, rows: Iterable[Record] = ()) -> None:
        super().__init__(rows)
        self.complete = True
        self.total: int | None = None
        self.pages = 0


@dataclass(frozen=True, slots=True)
class PartialList:
    """What was read of one list: its rows, and why it is not whole (None: it is).

    Immutable, so threads may share it. `rows` may hold something although `missing` says that
    the rest could not be read: what is there may already decide a question.
    """

    rows: Sequence[Record] = ()
    missing: str | None = None

    @property
    def whole(self) -> bool:
        """Whether the list was read to its true end."""
        return self.missing is None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, for a person to watch. Immutable; safe to hand between threads.

    `done` and `total` count items (merge requests or issues; `total` is None until all lists are
    read), `requests` the exchanges so far, `waiting` the seconds until a rate limit lets the run go
    on (0: it is not waiting). `what` names the items of a run that reads several kinds.
    """

    done: int = 0
    total: int | None = None
    requests: int = 0
    waiting: float = 0.0
    what: str = ""


OnProgress: TypeAlias = Callable[[Progress], None]
OnRow: TypeAlias = Callable[[TableRow], None]
