"""The options that several commands about people share: projects, period, and names in git."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.files import place_of, read_bytes
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import FILE
from gitlab_sync.cli.period import period_options, zone_of
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.identity.known_by import KnownBy, all_known, parse_known_by

if TYPE_CHECKING:
    from gitlab_sync.cli.period import Span
    from gitlab_sync.rules.dates import Period


@dataclass(frozen=True, slots=True)
class WorkScope:
    """Whose commits are whose, and which work counts: where and when.

    `projects` as typed (none: all of each person's); `zone` is where days begin and `clock` that of
    times of day, both as in `people.Batch`.
    """

    projects: tuple[str, ...]
    period: Period
    known_by: KnownBy
    zone: tzinfo | None = None
    clock: tzinfo | None = None


_OPTIONS = (
    click.option(
        "--project", "projects", multiple=True, metavar="P",
        help="Only commits, merge requests and issues of this project: id, path or URL. May be "
        "given several times.",
    ),
    click.option(
        "--aliases", "aliases_files", multiple=True, type=FILE, metavar="FILE",
        help="By what else people are known in git: lines of username, address or name, …; or a "
        ".mailmap. May be given several times.",
    ),
    click.option(
        "--clock", metavar="ZONE",
        help="The time zone of all commits' times of day. Default: as each commit has it.",
    ),
)  # fmt: skip


def scope_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of `WorkScope`, and hand them over as the argument `scope`.

    ConfigurationError for times, zones and aliases that are none, with what was given.
    """

    @functools.wraps(command)
    def gather(span: Span, **given: Any) -> int:
        projects, clock = given.pop("projects"), given.pop("clock")
        if any(not name.strip().strip("/") for name in projects):
            raise click.UsageError("Which project? Give --project its id, path or URL.")
        known_by = read_known_by(given.pop("aliases_files"))
        clock_zone = None if clock is None else zone_of(clock)
        scope = WorkScope(projects, span.period, known_by, span.zone, clock_zone)
        return command(scope=scope, **given)

    options = period_options(gather)
    for option in reversed(_OPTIONS):
        options = option(options)
    return options


def read_known_by(names: tuple[str, ...]) -> KnownBy:
    """Return what files of aliases say; lines of a .mailmap that were passed over are named."""
    files = []
    for name in names:
        files.append(parse_known_by(decoded(read_bytes(name))[0], place_of(name)))
        for fault in files[-1].mailmap.faults:
            note(f"warning: {fault}: left out")
    return all_known(files)
