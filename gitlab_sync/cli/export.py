"""`export`: write everything that snapshots hold about one person."""

from __future__ import annotations

from pathlib import PurePath

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.messages import note
from gitlab_sync.rules.text import plural


@click.command(cls=options.Command)
@click.argument("person", metavar="USER")
@click.option(
    "--from", "name", required=True, metavar="DIR[@RUN]",
    help="The folder of snapshots: all of its runs, or RUN alone.",
)  # fmt: skip
@click.option(
    "--also", multiple=True, metavar="TEXT",
    help="A further name or address of the person. Repeatable.",
)  # fmt: skip
@click.option(
    "--output", "-o", "path", type=options.FILE, metavar="FILE",
    help="Write to this file: a ZIP file if its name ends so, else JSON. Default: JSON to standard "
    "output.",
)  # fmt: skip
@options.quiet_option
@options.refuse_tokens
def export(
    person: str,
    name: str,
    also: tuple[str, ...],
    path: str | None,
    quiet: bool,  # noqa: ARG001 - messages look it up
) -> int:
    """Write everything that snapshots hold about a person.

    These are the person's own rows of each run, under earlier usernames, too, and of rows of others
    what names the person.
    """
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.snapshots.person_export import as_json, as_zip, export_person
    from gitlab_sync.snapshots.runs import sources_of

    write = as_zip if PurePath(path or "").suffix.lower() == ".zip" else as_json
    target = options.Target("json", path)
    with Interruption() as interruption, Output(target, interruption) as output:
        held = export_person(sources_of(name), person, also)
        output.write(write(held))
    note(f"{plural(len(held), 'run')} with something about {person}")
    return exits.OK
