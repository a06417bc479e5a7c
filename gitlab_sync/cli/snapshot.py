"""`snapshot`: read everything about people once, and write it as Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.messages import note, say
from gitlab_sync.cli.people import People, people_options
from gitlab_sync.cli.period import zone_of
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import read_known_by
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.rules.policy import Policy


@click.command(cls=options.Command)
@people_options
@click.option(
    "--group",
    "further_groups",
    multiple=True,
    metavar="G",
    help="The members of this group (id or path), inherited ones included. Repeatable.",
)
@click.option(
    "--into",
    required=True,
    metavar="DIR",
    help="The folder of snapshots: a path, or a URL such as s3://bucket/folder.",
)
@click.option(
    "--aliases",
    "aliases_files",
    multiple=True,
    type=options.FILE,
    metavar="FILE",
    help="Further names of people in git: lines of username, address or name, …; or a .mailmap. "
    "Repeatable.",
)
@click.option(
    "--timezone",
    metavar="ZONE",
    help="The time zone of days, such as Asia/Kolkata. Default: that of this machine.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Afterwards, remove all runs of this GitLab in the folder but the last N, and the last N "
    "that have everything.",
)
@policy_option
@options.fact_options
@options.connection_options
def snapshot(
    people: People,
    further_groups: tuple[str, ...],
    into: str,
    aliases_files: tuple[str, ...],
    timezone: str | None,
    keep: int | None,
    policy: Policy,
    facts: options.FactOptions,
    connection: options.Connection,
) -> int:
    """Read everything about people, and write it as one run into a folder.

    Commands with --from show rows of it without asking GitLab. The run is there whole or not at
    all; a run that was ended goes on where it was. The name of the run is written to standard
    output.
    """
    groups = tuple(name for name in (*people.groups, *further_groups) if name.strip().strip("/"))
    if not (people.asked or groups or connection.demo):
        raise click.UsageError("No users given: give --group G, a USER, or --people FILE.")
    zone = None if timezone is None else zone_of(timezone)
    known_by = read_known_by(aliases_files)

    from gitlab_sync.cli.session import open_session
    from gitlab_sync.rules.identity.people_input import Person
    from gitlab_sync.snapshots.files import Folder
    from gitlab_sync.snapshots.keeping import prune
    from gitlab_sync.snapshots.taking import SnapshotQuery, take
    from gitlab_sync.snapshots.writing import write

    folder = Folder.at(into)
    folder.runs()
    for message in people.refused:
        say(message)
    with open_session(connection, facts) as command:
        named = people.people or tuple(map(Person, command.demo_people))
        query = SnapshotQuery(named, groups, policy, known_by, zone)
        with command.progress("people") as run:
            taken = take(command.session, query, run)
        if command.interruption.exit_code is not None:
            say(command.interruption.cancel.reason)
            return command.interruption.exit_code
        written = write(folder, query, taken, command.instance)
    for text in written.completeness.values():
        (note if written.whole else say)(text)
    click.echo(f"{folder.name}@{written.run}")
    if keep is not None and (removed := prune(folder, keep, command.instance)):
        note(f"{plural(len(removed), 'older run')} removed: {', '.join(removed)}")
    return exits.OK if written.whole and not people.refused else exits.INCOMPLETE
