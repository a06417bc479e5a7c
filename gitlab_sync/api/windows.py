"""Lists of any length, even beyond the point where GitLab's numbered pages end.

Above 10,000 rows GitLab no longer reports their number, and for some lists page numbers end at
50,000 rows (status 405). Such a list is read in another way from its second page on: by keyset if
the endpoint supports it; merge requests and issues in windows of time, in the order of their last
change. Each window begins where the one before ended, so anything that changes meanwhile moves to a
later window: it can appear twice, and then its later version counts, but nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gitlab_sync.errors import GitLabSyncError, RequestRefused
from gitlab_sync.http.wire import Reply
from gitlab_sync.rules import record
from gitlab_sync.rules.text import instant
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import NextPages, RestList
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow, run_workflow, whole_or_partial
from gitlab_sync.types import Params, PartialList, Record, RecordList

OVERLAP = timedelta(seconds=1)
"""How far each window overlaps the one before."""

_BY_ID: Params = {"pagination": "keyset", "order_by": "id", "sort": "asc"}
_KEYSET: tuple[tuple[re.Pattern[str], Params], ...] = (
    (re.compile(r"projects|users|projects/[^/]+/issues"), _BY_ID),
    (re.compile(r"groups"), {"pagination": "keyset", "order_by": "name", "sort": "asc"}),
    (re.compile(r"projects/[^/]+/repository/tree"), {"pagination": "keyset"}),
)
_WITH_TIMES = re.compile(r"((projects|groups)/[^/]+/)?(merge_requests|issues)")


class _ReadOn(GitLabSyncError):
    """Signals, inside this module only, that a list has to be continued in another way.

    `start` is where the next window begins.
    """

    start: datetime | None = None


def _require_length(reply: Reply) -> None:
    if reply.next_page is not None and reply.total_pages is None:
        raise _ReadOn("The server does not report the length of the list")


@dataclass(frozen=True, slots=True)
class _Window:
    """A list from `start` on, by last change, up to the first page that reaches a later time.

    As long as all rows of its pages are within the overlap, the window continues by page numbers.
    """

    rest_list: RestList
    start: datetime | None

    @property
    def _pages(self) -> RestList:
        params = {**self.rest_list.params, "order_by": "updated_at", "sort": "asc"}
        if self.start is not None:
            params["updated_after"] = self.start.isoformat()
        return RestList(self.rest_list.endpoint, params)

    def first(self, session: Session) -> Request:
        return self._pages.first(session)

    def rows(self, data: object) -> list[Record]:
        return self.rest_list.rows(data)

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:  # noqa: ARG002
        # One page at a time: changes during the reading shift the numbers of later pages.
        follow = self._pages.after(session, place, reply)[:1]
        start = self.next_start(reply.data) if follow else None
        if start is not None:
            signal = _ReadOn("A further window begins")
            signal.start = start
            raise signal
        return follow

    def next_start(self, rows: Sequence[Record]) -> datetime | None:
        """Return where the window after these rows begins; None if it would begin no later.

        That is also None if the server ignores the order or the filter.
        """
        if not rows:
            return None
        first, last = (instant(record.field(row, "updated_at")) for row in (rows[0], rows[-1]))
        if first is None or last is None or first > last:
            return None
        start = (last - OVERLAP).astimezone(UTC)
        if self.start is not None and (first < self.start - OVERLAP or start <= self.start):
            return None
        return start


def reading(rest_list: RestList) -> Workflow[ListResult[str]]:
    """Return the workflow that reads one list to its end, however long it is.

    If the server does not report its length, the rows are in the order in which they were read: by
    id, by name or by last change. The result holds an error along with the rows read before it.
    """
    found = (yield {"rows": replace(rest_list, check=_require_length)})["rows"]
    if not isinstance(found.error, _ReadOn):
        return found
    keyset = _by_keyset(rest_list)
    if keyset is not None:
        found = (yield {"rows": keyset})["rows"]
        if not isinstance(found.error, RequestRefused):
            return found
    if _WITH_TIMES.fullmatch(_path(rest_list)):
        return (yield from _in_windows(rest_list))
    return (yield {"rows": rest_list})["rows"]


def read_all(session: Session, rest_list: RestList) -> RecordList:
    """Return all rows of one list, however long it is, in the order of `reading`."""
    return run_workflow(session, _rows(rest_list))


def _rows(rest_list: RestList) -> Workflow[RecordList]:
    return whole_or_partial((yield from reading(rest_list)))


def _path(rest_list: RestList) -> str:
    return rest_list.endpoint.partition("?")[0].strip("/")


def _by_keyset(rest_list: RestList) -> RestList | None:
    """Return the list by keyset; None if its kind has none, or if an order was requested."""
    if "pagination" in rest_list.params or "order_by" in rest_list.params:
        return None
    params = next((found for kind, found in _KEYSET if kind.fullmatch(_path(rest_list))), None)
    return None if params is None else replace(rest_list, params={**rest_list.params, **params})


def _in_windows(rest_list: RestList) -> Workflow[ListResult[str]]:
    rows: dict[object, Record] = {}
    fault: GitLabSyncError | None = None
    start = instant(rest_list.params.get("updated_after"))
    while True:
        window = _Window(rest_list, start)
        found = (yield {"rows": window})["rows"]
        for row in found.reading.rows:
            rows[record.identity(row) or object()] = row
        fault = fault or found.fault
        if not isinstance(found.error, _ReadOn):
            error = found.error or fault
            missing = None if error is None else error.reason
            return ListResult(found.key, PartialList(list(rows.values()), missing), error, fault)
        start = found.error.start
