"""How people's work went from run to run of a folder, and what changed since an earlier run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal, TypeAlias, get_args

from cachetools import LRUCache

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.cells import Kind
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.run import Run
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.snapshots.counts import Counts
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.diff import Diff
from gitlab_sync.snapshots.diff_tables import CHANGES, change_row
from gitlab_sync.snapshots.run_info import read_run
from gitlab_sync.snapshots.snapshot import Snapshot
from gitlab_sync.snapshots.trends import RunTotals, totals_of
from gitlab_sync.types import TableRow

Since: TypeAlias = Literal["Last run", "A week ago"]
"""With which earlier run the last one is compared."""

SINCE: tuple[Since, ...] = get_args(Since)

MOST_CHANGES = 2000
"""The most changes of one report."""

MOST_RUNS = 60
"""The most runs of one report, the last ones."""

RUNS = (
    "Run", "People", "Not Read", "Merge Requests", "Issues", "Commits", "Faults", "Faults (of)",
    "Faults %", "Waived", "Unknown", "Policy", "Error",
)  # fmt: skip
"""The columns of the table of runs; of people `Not Read` something is missing in the numbers."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Of which people (usernames; none: of all visible ones), and since when. Immutable."""

    people: Sequence[str] = ()
    since: Since = SINCE[0]


@dataclass(frozen=True, slots=True)
class RunSums:
    """The numbers of all people of a run together. Immutable.

    Of `unread` people not everything is known, so that the numbers are the least. `counts` are of
    all verdicts; `rules` tells runs apart that cannot be compared. `fault` says why a run cannot be
    read; then nothing else of it is known.
    """

    run: str
    moment: datetime | None
    policy: str = ""
    rules: str = ""
    people: int = 0
    unread: int = 0
    merge_requests: int = 0
    issues: int = 0
    commits: int = 0
    counts: Counts = field(default_factory=Counts)
    fault: str | None = None

    @property
    def share(self) -> float | None:
        """The faults in percent of what is known; None if nothing is."""
        known = self.counts.known
        return round(100 * self.counts.failed / known, 1) if known else None

    def row(self) -> TableRow:
        """Return the run as a row with the columns `RUNS`."""
        if self.fault is not None:
            return {**dict.fromkeys(RUNS), "Run": self.run, "Error": self.fault}
        return {
            "Run": None if self.moment is None else self.moment.isoformat(),
            "People": self.people,
            "Not Read": self.unread,
            "Merge Requests": self.merge_requests,
            "Issues": self.issues,
            "Commits": self.commits,
            "Faults": self.counts.failed,
            "Faults (of)": self.counts.known,
            "Faults %": self.share,
            "Waived": self.counts.waived,
            "Unknown": self.counts.unknown,
            "Policy": self.policy,
            "Error": None,
        }


class HistoryReport(Report):
    """The changes from an earlier run to the last one, with `CHANGES`. Not to be changed.

    `before` is the moment of the earlier run; None: there is none. `left_out` is how many changes
    are not among the rows, and `why` counts all of them by their reason. `runs` has the numbers of
    each run, the oldest first.
    """

    def __init__(
        self,
        rows: Sequence[TableRow],
        why: Mapping[str, int],
        before: datetime | None,
        runs: Sequence[RunSums],
    ) -> None:
        faults = [each.fault for each in runs if each.fault is not None]
        lost = Counter(["not read"] * len(faults))
        super().__init__(rows, Completeness("runs", len(runs) - len(faults), len(runs), lost))
        self.why = why
        self.before = before
        self.runs = runs
        self.left_out = sum(why.values()) - len(rows)

    def sheets(self, instance: str) -> list[Sheet]:
        """Return the tables of changes and of runs; `instance` is the URL of the GitLab."""
        since = "there is no earlier run" if self.before is None else f"since {self.before}"
        meta = Meta.of_report(self, instance, f"what changed {since}")
        kinds: dict[str, Kind] = dict.fromkeys(RUNS[1:-2], "integer")
        return [
            Sheet("Changes", CHANGES, self, meta, links={"Item": "Link"}, nothing={*CHANGES}),
            Sheet(
                "Runs",
                RUNS,
                [each.row() for each in self.runs],
                meta,
                kinds=kinds | {"Faults %": "percent", "Run": "moment"},
                nothing={"Error"},
                shares={"Faults": "Faults (of)"},
            ),
        ]


def history(
    source: Source,
    query: HistoryQuery,
    run: Run | None = None,
    give_way: Callable[[], None] = lambda: None,
) -> HistoryReport:
    """Return what changed until a run, and the numbers of all runs of its folder until then.

    Only what is visible in the source is in it. `give_way` is called between runs. Raises
    ConfigurationError if a run that is compared cannot be read.
    """
    run = run or Run()
    tracker = run.tracker or ProgressTracker()
    names = source.folder.runs()
    names = names[: names.index(source.run) + 1] if source.run in names else [source.run]
    tracker.begin(len(names[-MOST_RUNS:]), "runs")
    sums = []
    for name in names[-MOST_RUNS:]:
        if run.cancel is not None:
            run.cancel.check()
        give_way()
        sums.append(_sums_of(source, name, query))
        tracker.step()
    before = _before(source, sums[:-1], query.since)
    if before is None:
        return _at(source, HistoryReport([], {}, None, sums))
    people = query.people or None
    with Diff(before, source, people) as found:
        why: Counter[str] = Counter()
        rows: list[TableRow] = []
        changes = found.changes()
        for change in islice(changes, MOST_CHANGES):
            rows.append(change_row(change))
            why[change.why] += 1
        for change in changes:
            why[change.why] += 1
    return _at(source, HistoryReport(rows, why, before.info.moment, sums))


def _at(source: Source, report: HistoryReport) -> HistoryReport:
    report.as_of = source.info.moment
    return report


def _before(source: Source, sums: Sequence[RunSums], since: Since) -> Source | None:
    """Return the run that a run is compared with: the one before, or the last of a week before.

    Without one of so long ago it is the oldest.
    """
    known = [each for each in sums if each.moment is not None]
    if since == "A week ago":
        limit = source.info.moment - timedelta(days=7)
        known = [each for each in known if each.moment and each.moment <= limit] or known[:1]
    if not known:
        return None
    name = known[-1].run
    return replace(source, run=name, info=read_run(source.folder, name), copies=None)


_KEPT: LRUCache[object, RunSums] = LRUCache(4096)
_LOCK = threading.Lock()


def _sums_of(source: Source, name: str, query: HistoryQuery) -> RunSums:
    """Return the numbers of a run, which are kept: a run stays as it is until its mark differs."""
    try:
        info = read_run(source.folder, name)
        key = (source.folder.name, name, info.mark, source.seen, tuple(query.people))
        with _LOCK:
            kept = _KEPT.get(key)
        if kept is None:
            with Snapshot(replace(source, run=name, info=info, copies=None)) as snapshot:
                totals = totals_of(snapshot, query.people or None)
            kept = _sums(totals, info.rules_hash or info.policy_hash)
            with _LOCK:
                _KEPT[key] = kept
    except ConfigurationError:  # its text names the folder, which is not for visitors
        return RunSums(name, None, fault="This run cannot be read")
    return kept


_COUNTED = [*Counts.__dataclass_fields__]


def _sums(totals: RunTotals, rules: str) -> RunSums:
    people = totals.people.values()
    every = [counts for person in people for counts in person.verdicts.values()]
    return RunSums(
        totals.run,
        totals.moment,
        totals.policy,
        rules,
        len(people),
        sum(
            bool(person.partial) or None in {person.commits, *person.items.values()}
            for person in people
        ),
        sum(person.items["merge_requests"] or 0 for person in people),
        sum(person.items["issues"] or 0 for person in people),
        sum(person.commits or 0 for person in people),
        Counts(*(sum(getattr(each, name) for each in every) for name in _COUNTED)),
    )
