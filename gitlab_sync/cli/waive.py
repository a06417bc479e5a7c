"""`waive`: add a waiver to the policy file, so that a fault no longer counts."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, date, datetime
from pathlib import Path

import click

from gitlab_sync.cli.messages import printable
from gitlab_sync.cli.options import FILE, Command
from gitlab_sync.rules.items.references import reference_at

_LIMITS = ("item", "project", "person", "group")


def _name() -> str:
    """Return who runs the command: the person of a GitLab job, or of this machine."""
    return os.environ.get("GITLAB_USER_LOGIN") or getpass.getuser()


by_option = click.option(
    "--by", metavar="NAME", default=_name, show_default="your name on this machine",
    help="Who decides.",
)  # fmt: skip


@click.command(cls=Command)
@click.argument("check")
@click.argument("item", required=False)
@click.option("--project", metavar="P", help="All of this project, by its full path.")
@click.option("--person", metavar="USER", help="All of this person, by the username.")
@click.option("--group", metavar="G", help="All projects of this group, by its full path.")
@click.option("--everywhere", is_flag=True, help="Everything: the check alone.")
@click.option("--reason", required=True, metavar="TEXT", help="Why the fault does not count.")
@click.option("--until", required=True, metavar="DATE", help="The last day, as 2026-12-31.")
@by_option
@click.option(
    "--file", "file", type=FILE, metavar="FILE",
    help="The policy file. Default: the nearest gitlab-sync.toml, from the working directory "
    "upward, or a new one in it.",
)  # fmt: skip
def waive(
    check: str,
    item: str | None,
    project: str | None,
    person: str | None,
    group: str | None,
    everywhere: bool,
    reason: str,
    until: str,
    by: str,
    file: str | None,
) -> int:
    """Add a waiver to the policy file: faults of CHECK no longer count, of ITEM or of more.

    CHECK is an id that `gitlab-sync explain` lists. ITEM is a merge request (group/app!42), an
    issue (group/app#7), or the address of one.
    """
    given = dict(zip(_LIMITS, (item, project, person, group), strict=True))
    limit = {key: value for key, value in given.items() if value is not None}
    if len(limit) + everywhere != 1:
        raise click.UsageError(
            "Give exactly one of ITEM, --project, --person, --group and --everywhere."
        )
    if item is not None:
        limit["item"] = _reference(item)
    last = day_of(until)

    from gitlab_sync.policies.edit import add_waiver, valid_waiver
    from gitlab_sync.policies.file import NAME, find
    from gitlab_sync.rules.waivers import described

    path = (find(Path.cwd()) or Path.cwd() / NAME) if file is None else Path(file)
    said = {"check": check, "reason": reason.strip(), "by": by, "until": last, **limit}
    waiver = valid_waiver(said)
    add_waiver(path, waiver, datetime.now(UTC))
    click.echo(printable(f"{path}: {described(waiver)} is waived until {waiver.until}"))
    return 0


def _reference(item: str) -> str:
    """Return the reference of an item, if its address is given; the text itself otherwise."""
    place = item.partition("#")[0].rstrip("/")
    base = os.environ.get("GITLAB_URL", "").rstrip("/")
    if base and place.startswith(f"{base}/"):
        # The path of the GitLab itself is no part of a reference.
        place = f"https://gitlab{place.removeprefix(base)}"
    return reference_at(place) or item


def day_of(text: str) -> date:
    """Return the day; click.UsageError for a text that is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise click.UsageError(
            f"--until must be a date such as 2026-12-31, got {text!r}."
        ) from None
