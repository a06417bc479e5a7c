"""The options `--as-of` and `--grace` of commands that evaluate items as they once were."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.decided import NO_RUN, Decided
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import Connection, with_options
from gitlab_sync.cli.period import demo_now
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import duration, end_of
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.items.as_of import AS_THEY_ARE, AsOf, in_iso
from gitlab_sync.rules.text import instant

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.reports.report import Report
    from gitlab_sync.reports.sheet import Sheet
    from gitlab_sync.rules.policy import Policy

DEADLINE = "deadline"
"""The value of `--as-of` with which each person's own deadline counts."""

_OPTIONS = (
    click.option(
        "--as-of", "when", metavar="WHEN",
        help="Evaluate items as they were then, by the times of the server: a time with an "
        "offset, or as --until in the time zone of the policy. The column “deadline” of a people "
        "file has another moment for a person; “deadline” here: each person needs one.",
    ),
    click.option(
        "--grace", metavar="TIME",
        help="Also count and list what came so long after that moment: 90m, 12h, 2d or 1w. Needs "
        "--as-of.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moments:
    """What was given: the texts of `--as-of` and `--grace` (None: not given). Immutable."""

    when: str | None = None
    grace: str | None = None

    def read(
        self, policy: Policy, people: Iterable[Person], connection: Connection
    ) -> tuple[AsOf, Policy, Decided]:
        """Return the moments that count, the policy as it was at them, and which runs decide.

        Runs of snapshots decide where rows come from these, and items count as they have them.
        Times without an offset are in the policy's time zone. A waiver that had not ended by the
        last moment still covers its faults. Raises ConfigurationError for a text that is no moment,
        for one that is not over yet, for a person who needs a deadline and has none, and if no run
        of the folder was over by a moment.
        """
        named = list(people)
        if self.when is None:
            if any(person.deadline for person in named):
                note("the column “deadline” counts only with --as-of")
            return AS_THEY_ARE, policy, NO_RUN
        if connection.snapshot is not None and self.grace is not None:
            raise click.UsageError(
                "--grace excludes --from: a run does not have what came after it."
            )
        now = demo_now(demo=connection.demo) or datetime.now(UTC)
        zone = policy.terms.working_time.zone
        when = None
        if self.when.strip().lower() != DEADLINE:
            when = end_of(self.when, "--as-of", zone, now.astimezone(zone).date())
            if when is None:
                raise ConfigurationError(
                    "--as-of must be a date or a time, got an empty text",
                    hint="Give a time such as 2026-06-30T18:00:00+05:30, or leave the option out.",
                )
            _require_past("--as-of", when, now)
        deadlines = {person.key: _deadline(person, now) for person in named if person.deadline}
        grace = None if self.grace is None else duration(self.grace, "--grace")
        as_of = AsOf(when, deadlines, grace)
        if not as_of:
            raise ConfigurationError(
                "--as-of deadline needs a people file with a column “deadline”, got none",
                hint="Add the column, or give --as-of a time.",
            )
        for person in named:
            as_of.of(person.username)
        if connection.snapshot is not None:
            return AS_THEY_ARE, policy, Decided.of(connection.snapshot, as_of)
        if as_of.last > now:
            note("warning: the grace is not over yet, so there can be more late items")
        return as_of, policy.at(as_of.moments[-1]), NO_RUN


def as_of_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of `Moments`, and pass them as the argument `moments`."""

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        moments = Moments(given.pop("when"), given.pop("grace"))
        if moments.grace is not None and moments.when is None:
            raise click.UsageError("--grace needs --as-of: it is the time after that moment.")
        if moments.when is not None and given.get("quick"):
            raise click.UsageError(
                "--quick excludes --as-of: lists alone do not say what was there then."
            )
        return command(moments=moments, **given)

    return with_options(gather, _OPTIONS)


def _deadline(person: Person, now: datetime) -> datetime:
    found = instant(person.deadline.strip())
    if found is None:
        raise ConfigurationError(
            f"the deadline of {person.username} must be a time with an offset, got "
            f"“{person.deadline[:60]}”",
            hint="Give a time such as 2026-06-30T18:00:00+05:30.",
        )
    _require_past(f"the deadline of {person.username}", found, now)
    return found


def _require_past(name: str, moment: datetime, now: datetime) -> None:
    if moment > now:
        raise ConfigurationError(
            f"{name} must be in the past, got {in_iso(moment)}",
            hint=f"It is {in_iso(now.astimezone(moment.tzinfo))} now: what will be is not known.",
        )


def finish(output: Output, sheet: Sheet, report: Report, as_of: AsOf) -> None:
    """Write a table, and behind it the list of late items if there is a grace.

    Where rows go to programs, or the format holds one table, standard error has the list.
    """
    from gitlab_sync.services.late import late_sheet

    if as_of.grace is None:
        output.finish(sheet)
    elif output.holds_tables:
        output.finish_all([sheet, late_sheet(report.late, sheet.meta)])
    else:
        output.finish(sheet)
        for row in report.late:
            note(f"late: {row['Username']}: {row['Item']}, {row['State']} at {row['Ended']}")
