"""`diff`: show which cells changed between two runs of a folder, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.messages import note, say
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.reports.sheet import Sheet
    from gitlab_sync.snapshots.diff import Diff
    from gitlab_sync.types import TableRow

_PARTS = ("Cells", "Changes")


@click.command(cls=options.Command)
@click.argument("runs", metavar="DIR[@RUN] [DIR@RUN]", nargs=-1, required=True)
@click.option(
    "--part", type=options.Choice(_PARTS, case_sensitive=False), help="Show this table alone."
)
@options.target_options
@options.quiet_option
@options.refuse_tokens
def diff(runs: tuple[str, ...], part: str | None, target: options.Target, quiet: bool) -> int:  # noqa: ARG001 - messages look it up
    """Show which cells changed from one run of a snapshot to another, and why.

    Of a folder alone these are the last two runs.
    """
    if len(runs) > 2:
        raise click.UsageError(f"diff compares two runs, got {len(runs)}.")

    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.errors import Cancelled
    from gitlab_sync.snapshots.diff import Diff
    from gitlab_sync.snapshots.runs import last_two, source_of

    before, after = last_two(runs[0]) if len(runs) == 1 else map(source_of, runs)
    with Interruption() as interruption, Diff(before, after) as found:
        cancel = interruption.cancel
        try:
            with (
                cancel.on_cancel(lambda: found.interrupt(cancel.reason)),
                Output(target, interruption) as output,
            ):
                whole = _show(found, output, [part] if part else _PARTS)
        except Cancelled as cancelled:
            say(str(cancelled))
            return interruption.exit_code or exits.NOTHING
    if not (before.info.whole and after.info.whole):
        say("a run is not whole: “not read” says where more is not known")
        return exits.INCOMPLETE
    return exits.OK if whole else exits.INCOMPLETE


def _show(found: Diff, output: Output, names: Sequence[str]) -> bool:
    """Write the tables with these names; return whether all of their rows are shown."""
    sheets, whole = [], True
    for name in names[:1] if output.streams else names:
        taken = output.take(_rows(found, name))
        sheets.append(_sheet(found, name, taken.rows, output))
        number = plural(taken.number, name.lower().removesuffix("s"))
        note(f"{number} from {found.before.run} to {found.after.run}")
        if taken.left_out:
            whole = False
            say(f"{taken.left_out:,} rows left out: --format ndjson --part {name} shows all")
    output.finish_all(sheets)
    return whole


def _rows(found: Diff, name: str) -> Iterator[TableRow]:
    from gitlab_sync.snapshots.diff_tables import cell_row, change_row

    return map(cell_row, found.cells()) if name == "Cells" else map(change_row, found.changes())


def _sheet(found: Diff, name: str, rows: Sequence[TableRow], output: Output) -> Sheet:
    from gitlab_sync.reports.sheet import Meta, Sheet
    from gitlab_sync.snapshots import diff_tables

    before, after = found.before.info, found.after.info
    known = [each.run for each in (found.before, found.after) if not each.info.whole]
    policies = list(dict.fromkeys([before.policy, after.policy]))
    meta = Meta(
        after.moment,
        after.instance,
        f"not everything was read in {', '.join(known)}" if known else "everything was read",
        f"{found.before.run} to {found.after.run}",
        ", then ".join(policies),
    )
    of_cells = name == "Cells"
    columns = list(diff_tables.CELLS if of_cells else diff_tables.CHANGES)
    if of_cells and output.holds_tables:  # people look for what is there
        empty = {name for name in diff_tables.BESIDES if not any(row[name] for row in rows)}
        columns = [column for column in columns if column not in empty]
        rows = [*map(diff_tables.without_empty_shares, rows)]
    return Sheet(
        name,
        columns,
        rows,
        meta,
        links={"Item": "Link", "Link": "Link"},
        kinds=dict.fromkeys(diff_tables.NUMBERS, "integer"),
        nothing={*columns},
        shares=diff_tables.SHARES if of_cells else {},
    )
