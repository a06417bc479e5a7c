"""`compliance`: how well projects are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.files import read_bytes
from gitlab_sync.cli.options import FILE, Connection, Target, connection_options, target_options
from gitlab_sync.errors import without_secrets
from gitlab_sync.rules.delimited import decoded

# A URL may have a `#` in it.
_COMMENT = re.compile(r"(?:^|\s)#.*")


@click.command(epilog=EPILOG)
@click.argument("projects", metavar="[PROJECT]...", nargs=-1)
@click.option(
    "--projects-file",
    "projects_files",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="Projects, one a line; # begins a comment; - is standard input. May be given several "
    "times.",
)
@click.option("--group", metavar="G", help="All projects of this group and its subgroups.")
@click.option("--ref", metavar="REF", help="A branch, tag or commit. Default: the default branch.")
@click.option(
    "--license",
    "licences",
    multiple=True,
    metavar="SPDX",
    help="A licence that is allowed, by its SPDX identifier. May be given several times. Default: "
    "AGPL-3.0.",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 if a project's score is below this.",
)
@click.option("--details", is_flag=True, help="With json and ndjson: every finding, too.")
@target_options
@connection_options
def compliance(
    projects: tuple[str, ...],
    projects_files: tuple[str, ...],
    group: str | None,
    ref: str | None,
    licences: tuple[str, ...],
    fail_under: float | None,
    details: bool,
    target: Target,
    connection: Connection,
) -> int:
    """Judge how well projects are kept: each PROJECT by its id, path or URL.

    A single one is shown with every check, its evidence and how to fix it; many are a table, the
    worst first.
    """
    if details and target.format not in {"json", "ndjson"}:
        raise click.UsageError("--details is for the formats json and ndjson.")
    for name in licences:
        if not re.fullmatch(r"[A-Za-z0-9.+-]+", name):
            raise click.UsageError(f"{name!r} is no SPDX identifier, such as MIT or AGPL-3.0.")
    if group is not None and not group.strip().strip("/"):
        raise click.UsageError("Which group? Give --group its id or path.")
    asked = bool(projects or projects_files or group is not None)
    if not asked and not connection.demo:
        raise click.UsageError("Which? Give a PROJECT, --group G, or --projects-file FILE.")
    names = [*_given(projects), *_listed(projects_files)]

    from gitlab_sync.cli import checking  # noqa: PLC0415 - likewise
    from gitlab_sync.services.compliance import ComplianceQuery, policy_of  # noqa: PLC0415 - the engine

    query = ComplianceQuery(names, group, ref, policy_of(licences), everything=not asked)
    return checking.check(query, target, connection, details=details, fail_under=fail_under)


def _given(projects: Iterable[str]) -> Iterator[str]:
    for name in projects:
        if without_secrets(name) != name and "://" not in name:
            raise click.UsageError("A token was given as a PROJECT. Put it into GITLAB_TOKEN.")
        if name.strip().strip("/"):
            yield name.strip()


def _listed(files: Iterable[str]) -> Iterator[str]:
    """Yield the projects that files name, one a line."""
    for file in files:
        for line in decoded(read_bytes(file))[0].splitlines():
            name = _COMMENT.sub("", line).strip()
            if name.strip("/"):
                yield name
