"""Shapes that several folders share: JSON records, lists as far as they were read, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypedDict

Record: TypeAlias = dict[str, Any]
"""One JSON object as GitLab sends it. Fields can be null or missing: read it leniently."""

Params: TypeAlias = dict[str, Any]
"""Query parameters: None is left out, True and False become `true` and `false`, lists repeat."""

Scalar: TypeAlias = str | int | float | bool | None

Source: TypeAlias = Literal["auto", "rest", "graphql"]
"""Where the facts of merge requests come from; `auto` uses what costs the fewest requests."""

DEFAULT_SOURCE: Source = "auto"

StoreMode: TypeAlias = Literal["on", "off", "read-only"]
"""Whether facts of ended merge requests are kept on disk, and read from there."""

POLICY_FILE = "gitlab-sync.toml"
"""The usual name of the file with a team's policy."""

POLICY_VARIABLE = "GITLAB_SYNC_POLICY"
"""The environment variable that names the policy."""

STORE_VARIABLE = "GITLAB_SYNC_STORE"
"""The environment variable with a `StoreMode`."""

TableRow: TypeAlias = dict[str, Scalar]
"""One row of a report: column titles to plain values, in the order of the columns."""


Status: TypeAlias = Literal["Success", "Partial", "Not Found", "Error"]
"""Of a row: `Partial` lacks something, which `Error` names and `Unverified` counts."""

MergeRequestRow = TypedDict(
    "MergeRequestRow",
    {
        "Username": str,
        "Closed MRs": int | None,
        "No Desc": int | None,
        "No Issues": int | None,
        "No Time Spent": int | None,
        "No Unit Tests": int | None,
        "Failed Pipeline": int | None,
        "No Semantic Commits": int | None,
        "No Internal Review": int | None,
        "Merge > 1 Week": int | None,
        "Merge > 2 Days": int | None,
        "Status": Status,
        "Error": str | None,
        "Unverified": int | None,
    },
)
"""A person's row of `batch_evaluate_mrs`: counts of merged and closed merge requests, of which so
many have each fault. None is unknown."""

IssueRow = TypedDict(
    "IssueRow",
    {
        "Username": str,
        "Total Assigned": int | None,
        "Opened Issues": int | None,
        "Closed Issues": int | None,
        "No Desc": int | None,
        "No Labels": int | None,
        "No Milestone": int | None,
        "No Time Spent": int | None,
        "Long Open Time (>2 days)": int | None,
        "No Semantic Title": int | None,
        "Status": Status,
        "Error": str | None,
        "Unverified": int | None,
    },
)
"""A person's row of `batch_evaluate_issues`. None is unknown."""


class PersonResult(TypedDict):
    """What `process_single_user` returns: `data` is None if nothing was read."""

    username: str
    status: Status
    error: str | None
    data: Record | None


class RecordList(list[Record]):
    """The rows of a list, and how much of the list they are.

    `complete`: whether the list was read to its end. `total`: the number of rows by the server's
    count, or None. `pages`: the number of pages read.
    """

    def __init__(self, rows: Iterable[Record] = ()) -> None:
        super().__init__(rows)
        self.complete = True
        self.total: int | None = None
        self.pages = 0


@dataclass(frozen=True, slots=True)
class PartialList:
    """The rows of one list as far as they were read, and why the rest is missing (None: it is not).

    Immutable. `rows` can hold some although `missing` says why the others could not be read: they
    can be enough to decide a check.
    """

    rows: Sequence[Record] = ()
    missing: str | None = None

    @property
    def whole(self) -> bool:
        """Whether the list was read to its end."""
        return self.missing is None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come. Immutable.

    `done` and `total` count items (merge requests or issues; `total` is None until all lists are
    read), `requests` the exchanges so far, `waiting` the seconds until a rate limit lets the run
    continue (0: it is not waiting). `what` names the items if a run reads several kinds.
    """

    done: int = 0
    total: int | None = None
    requests: int = 0
    waiting: float = 0.0
    what: str = ""


OnProgress: TypeAlias = Callable[[Progress], None]
OnRow: TypeAlias = Callable[[TableRow], None]
