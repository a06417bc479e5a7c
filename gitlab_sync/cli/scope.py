"""The options that commands about people share: projects, period, and names in git."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.files import place_of, read_bytes
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import FILE, Connection, with_options
from gitlab_sync.cli.people import People, require_people
from gitlab_sync.cli.period import period_options, zone_of
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.identity.known_by import KnownBy, all_known, parse_known_by

if TYPE_CHECKING:
    from gitlab_sync.cli.period import Span
    from gitlab_sync.rules.dates import Period


@dataclass(frozen=True, slots=True)
class WorkScope:
    """The work that counts: where and when, and the names of people in git.

    `projects` are as typed (empty: all projects of each person). `zone` is the time zone of days,
    and `clock` that of the times of day of commits (None: the offset of each commit).
    """

    projects: tuple[str, ...]
    period: Period
    known_by: KnownBy
    zone: tzinfo | None = None
    clock: tzinfo | None = None


_OPTIONS = (
    click.option(
        "--project", "projects", multiple=True, metavar="P",
        help="Only commits, merge requests and issues of this project (id, path or URL). "
        "Repeatable.",
    ),
    click.option(
        "--aliases", "aliases_files", multiple=True, type=FILE, metavar="FILE",
        help="Further names of people in git: lines of username, address or name, …; or a "
        ".mailmap. Repeatable.",
    ),
    click.option(
        "--co-authors", is_flag=True,
        help="Count a commit also for the people in its “Co-authored-by” lines, once for each.",
    ),
    click.option(
        "--clock", metavar="ZONE",
        help="The time zone of the times of day of commits. Default: the offset of each commit.",
    ),
)  # fmt: skip


_WHERE = (
    click.option(
        "--project", metavar="P", help="Only in this project (id or path). Overrides --group.",
    ),
    click.option("--group", metavar="G", help="Only in this group and its subgroups (id or path)."),
)  # fmt: skip


def where_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options `--project` and `--group`, of which a command takes one of each."""
    return with_options(command, _WHERE)


group_option = click.option(
    "--group",
    metavar="G",
    help="Only commits in the projects of this group (id, path or URL) and its subgroups, archived "
    "ones included. Projects of --project count as well.",
)
"""The option `--group` of commands about commits."""


def is_of_members(
    people: People, scope: WorkScope, group: str | None, connection: Connection
) -> bool:
    """Return whether a command about commits is about the members of the projects it names.

    It is if it names no one. Raises UsageError for a blank group, and if it names no projects.
    """
    if group is not None and not group.strip().strip("/"):
        raise click.UsageError(f"--group must be an id, path or URL, got “{group}”.")
    if (scope.projects or group) and not people.asked and connection.snapshot is None:
        return True
    require_people(people, connection)
    return False


def scope_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of `WorkScope`, and pass them as the argument `scope`.

    Raises ConfigurationError, which shows the value, for wrong times, time zones and aliases.
    """

    @functools.wraps(command)
    def gather(span: Span, **given: Any) -> int:
        projects, clock = given.pop("projects"), given.pop("clock")
        if any(not name.strip().strip("/") for name in projects):
            raise click.UsageError("--project must be an id, path or URL, got a blank one.")
        aliases = given.pop("aliases_files")
        if aliases and given.get("snapshot") is not None:
            raise click.UsageError(
                "--from excludes --aliases: commits were divided when the snapshot was taken, and "
                "that takes --aliases itself."
            )
        co_authors = given.pop("co_authors")
        if co_authors and given.get("snapshot") is not None:
            raise click.UsageError(
                "--from excludes --co-authors: a snapshot does not have the whole messages of "
                "commits."
            )
        known_by = replace(read_known_by(aliases), co_authors=co_authors)
        clock_zone = None if clock is None else zone_of(clock)
        scope = WorkScope(projects, span.period, known_by, span.zone, clock_zone)
        return command(scope=scope, **given)

    return with_options(period_options(gather), _OPTIONS)


def read_known_by(names: tuple[str, ...]) -> KnownBy:
    """Return the aliases in files, and warn about each line of a .mailmap that is left out."""
    files = []
    for name in names:
        files.append(parse_known_by(decoded(read_bytes(name))[0], place_of(name)))
        for fault in files[-1].mailmap.faults:
            note(f"warning: {fault}: left out")
    return all_known(files)
