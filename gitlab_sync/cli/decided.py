"""Which runs of a folder of snapshots decide, where `--from` and `--as-of` are given together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self, TypeVar

from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import Connection
from gitlab_sync.rules.items.as_of import AS_OF, AS_THEY_ARE, AsOf, in_iso
from gitlab_sync.rules.text import format_hours_minutes, plural

if TYPE_CHECKING:
    from gitlab_sync.reports.report import Report
    from gitlab_sync.reports.sheet import Sheet
    from gitlab_sync.snapshots.database import Source
    from gitlab_sync.snapshots.snapshot import Snapshot
    from gitlab_sync.types import TableRow

R = TypeVar("R", bound="Report")


@dataclass(frozen=True, slots=True)
class Decided:
    """The run that decides for each person: the last that was over by their moment. Immutable.

    `as_of` has the moments, and `runs` the run of each. False if no moment was asked for.
    """

    folder: str = ""
    as_of: AsOf = AS_THEY_ARE
    runs: Mapping[datetime, Source] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: str, as_of: AsOf) -> Self:
        """Return which runs of a folder decide at these moments, and say so on standard error.

        Raises ConfigurationError as `snapshots.runs.last_by`.
        """
        from gitlab_sync.snapshots.runs import last_by

        runs = {moment: last_by(folder, moment) for moment in as_of.moments}
        for moment, source in runs.items():
            people = sum(deadline == moment for deadline in as_of.deadlines.values())
            among = "" if moment == as_of.when else f" for {plural(people, 'person')}"
            before = format_hours_minutes((moment - source.info.moment).total_seconds())
            note(
                f"as of {in_iso(moment)} the run {source.run} decides{among}: it began {before} "
                "before, and what changed in between is not known"
            )
        return cls(folder, as_of, runs)

    def __bool__(self) -> bool:
        return bool(self.runs)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns behind all others: the moment of the run that decides."""
        return (AS_OF,) if self else ()

    def connection(self, connection: Connection) -> Connection:
        """Return the connection with the run of those without a deadline, else the last one."""
        if not self:
            return connection
        source = self.runs[self.as_of.when or max(self.runs)]
        return replace(connection, snapshot=f"{self.folder}@{source.run}")

    def answer(
        self,
        snapshot: Snapshot,
        names: Sequence[str],
        ask: Callable[[Snapshot, Sequence[str]], R],
    ) -> R:
        """Return what the runs answer, each about the people that it decides for.

        `snapshot` is that of the connection. Raises ConfigurationError for a person without a
        moment, and the errors of opening a snapshot and of `ask`.
        """
        from gitlab_sync.snapshots.answers import joined
        from gitlab_sync.snapshots.snapshot import open_snapshot

        parts: dict[str, list[str]] = {}
        for name in names:
            run = self._run_of(name).run if self else snapshot.run
            parts.setdefault(run, []).append(name)
        if not parts:
            return ask(snapshot, ())
        reports = []
        for run, people in parts.items():
            if run == snapshot.run:
                reports.append(ask(snapshot, people))
            else:
                with open_snapshot(f"{self.folder}@{run}") as other:
                    reports.append(ask(other, people))
        return joined(reports)

    def join(self, row: TableRow) -> TableRow:
        """Return the row of a person, by its `Username`, with the moment of their run."""
        if not self:
            return row
        return row | {AS_OF: in_iso(self._run_of(str(row["Username"])).info.moment)}

    def behind(self, sheet: Sheet) -> Sheet:
        """Return a table of people with these moments behind all other columns."""
        if not self:
            return sheet
        words = [f"{in_iso(when)} by the run {self.runs[when].run}" for when in sorted(self.runs)]
        return replace(
            sheet,
            columns=[*sheet.columns, *self.columns],
            rows=[self.join(row) for row in sheet.rows],
            meta=replace(sheet.meta, then=", ".join(words)),
            repeated={*sheet.repeated, *(self.columns if len(self.runs) == 1 else ())},
        )

    def _run_of(self, username: str) -> Source:
        return self.runs[self.as_of.of(username)]


NO_RUN = Decided()
"""No moment was asked for."""
