"""`forget`: remove one person from all runs of a folder of snapshots, and from the store."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.messages import note
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.reports.sheet import Sheet
    from gitlab_sync.snapshots.forget import Forgetting
    from gitlab_sync.types import TableRow

_COLUMNS = ("Run", "Table", "Removed", "Changed")


@click.command(cls=options.Command)
@click.argument("person", metavar="USER")
@click.option(
    "--into", required=True, metavar="DIR", help="The folder of snapshots: a path or a URL."
)
@click.option(
    "--also", multiple=True, metavar="TEXT",
    help="A further name or address of the person. Repeatable.",
)  # fmt: skip
@click.option(
    "--store", "stores", multiple=True, type=options.FILE, metavar="FILE",
    help="A store of facts. Repeatable. Default: this machine's stores of the runs' GitLabs.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@options.target_options
@options.quiet_option
@options.refuse_tokens
def forget(
    person: str,
    into: str,
    also: tuple[str, ...],
    stores: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    target: options.Target,
    quiet: bool,  # noqa: ARG001 - messages look it up
) -> int:
    """Remove a person from all runs of a folder of snapshots, and from the store of facts.

    Rows of the person are removed, and the person's names from all others, under earlier usernames,
    too. It cannot be undone.
    """
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.snapshots.files import Folder
    from gitlab_sync.snapshots.forget import Forgetting

    forgetting = Forgetting(Folder.at(into), person, also)
    paths = [Path(name) for name in stores] or forgetting.stores()
    with Interruption() as interruption, Output(target, interruption) as output:
        if not yes or dry_run:
            rows = _removed(forgetting, paths, only_look=True)
            if rows and not dry_run:
                _ask(person, into, rows)
        if not dry_run:
            rows = _removed(forgetting, paths, only_look=False)
        output.finish(_sheet(forgetting, rows))
    if not rows:
        note(f"nothing of {person} is held in {forgetting.folder.name}")
    return exits.OK


def _removed(forgetting: Forgetting, stores: Sequence[Path], *, only_look: bool) -> list[TableRow]:
    from gitlab_sync.api.facts.stored import forget_person

    rows: list[TableRow] = [
        dict(zip(_COLUMNS, (each.run, each.table, each.removed, each.changed), strict=True))
        for each in forgetting.run(only_look=only_look)
    ]
    for path in stores:
        number = forget_person(path, forgetting.words, forgetting.items, only_look=only_look)
        if number:
            rows.append(dict(zip(_COLUMNS, (None, str(path), number, 0), strict=True)))
    return rows


def _ask(person: str, into: str, rows: Sequence[TableRow]) -> None:
    """Ask whether to go on; raises click.UsageError where no one can be asked, and click.Abort."""
    if not sys.stdin.isatty():
        raise click.UsageError("No one can be asked here: give --yes, or --dry-run to only look.")
    removed, changed = (sum(int(row[name] or 0) for row in rows) for name in _COLUMNS[2:])
    click.confirm(
        f"Remove {plural(removed, 'row')} of {person} in {into}, and the name from "
        f"{plural(changed, 'other')}? It cannot be undone",
        abort=True,
        err=True,
    )


def _sheet(forgetting: Forgetting, rows: Sequence[TableRow]) -> Sheet:
    from datetime import UTC, datetime

    from gitlab_sync.reports.sheet import Meta, Sheet

    meta = Meta(datetime.now(UTC), ", ".join(forgetting.instances), "everything was read")
    return Sheet("Forgotten", _COLUMNS, rows, meta, nothing={*_COLUMNS})
