"""`identities`: show the signatures that match no one, suggest people, and assign them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from gitlab_sync.cli.options import (
    FILE,
    Choice,
    Command,
    Connection,
    Target,
    connection_options,
    from_option,
    target_options,
)
from gitlab_sync.cli.people import People, find_people, people_options
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import (
    WorkScope,
    group_option,
    is_of_members,
    read_known_by,
    scope_options,
)
from gitlab_sync.rules.identity.alias_text import Assigned, Form, form_of, with_assigned, with_open
from gitlab_sync.rules.identity.known_by import KnownBy, all_known
from gitlab_sync.rules.text import plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.identities import IdentitiesReport
    from gitlab_sync.services.unsettled import Unsettled


@click.command(cls=Command)
@people_options
@scope_options
@group_option
@click.option(
    "--suggest", "suggests", is_flag=True, help="Suggest up to three people for each, with reasons."
)
@click.option(
    "--assign",
    "assignments",
    multiple=True,
    metavar="ADDRESS=USER",
    help="Assign the signatures with this address (or name, where they have none). Repeatable.",
)
@click.option(
    "--write",
    "file",
    type=FILE,
    metavar="FILE",
    help="Add what --assign says to this aliases file or .mailmap; without --assign, add a comment "
    "for each signature, to fill in. What is there stays.",
)
@click.option(
    "--write-format",
    "form",
    type=Choice(get_args(Form)),
    help="The format of --write. Default: that of its lines, else mailmap for a name that ends "
    "with mailmap.",
)
@policy_option
@from_option
@target_options
@connection_options
def identities(
    people: People,
    scope: WorkScope,
    group: str | None,
    suggests: bool,
    assignments: tuple[str, ...],
    file: str | None,
    form: Form | None,
    policy: Policy,
    target: Target,
    connection: Connection,
) -> int:
    """Show the names and addresses of commits that match no one, and assign them to people.

    With --project or --group and no users given, the people are the members of these projects,
    inherited members included, without bots. Nothing is assigned without --assign.
    """
    pairs = [_pair(text) for text in assignments]
    if form is not None and file is None:
        raise click.UsageError("--write-format needs --write: it is the format of its FILE.")
    of_members = is_of_members(people, scope, group, connection)
    known_by = scope.known_by
    if file is not None and connection.snapshot is None:
        known_by = _with_file(known_by, file)

    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services.identities import IdentitiesQuery, answer

    def work(command: CommandRun, output: Output) -> Ending:
        named = people if of_members else find_people(people, command, policy.terms.bots)
        query = IdentitiesQuery(
            None if of_members else named.people,
            scope.projects,
            group,
            scope.period,
            known_by,
            clock=scope.clock,
            policy=policy,
            with_suggestions=suggests,
        )
        with command.progress("commits") as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.identities(command.snapshot, query)
            else:
                report = answer(command.session, query, run)
        assigned = report.assign(pairs, command.instance)
        taken = {each.signature for each in assigned}
        left = [each for each in report.unsettled if each.signature not in taken]
        said = [str(report.division), *_settled(report, assigned)]
        if file is not None and command.interruption.exit_code is None:
            said.append(_write(file, form, assigned, [] if pairs else left, report))
        output.finish(report.identities_sheet(query, command.instance, left))
        return Ending.of_people(
            report,
            remarks=[*said, *_hints(left, pairs, file, suggests=suggests)],
            unknown_projects=report.unknown_projects,
            unread=report.unread,
            refused=named.refused,
        )

    return run_report(work, target, connection)


def _pair(text: str) -> tuple[str, str]:
    what, sign, username = (part.strip() for part in text.rpartition("="))
    if not (what and sign and username):
        raise click.UsageError(f"--assign must be ADDRESS=USER, got “{text}”.")
    return what, username


def _with_file(known_by: KnownBy, file: str) -> KnownBy:
    """Return what is known with what the file to write to says already."""
    if not Path(file).is_file():
        return known_by
    both = all_known([known_by, read_known_by((file,))])
    return replace(both, co_authors=known_by.co_authors)


def _settled(report: IdentitiesReport, assigned: Sequence[Assigned]) -> Iterator[str]:
    numbers = {each.signature: len(each.commits) for each in report.unsettled}
    for each in assigned:
        name = " ".join(filter(None, (each.signature[0], f"<{each.signature[1]}>")))
        yield f"{name}: {plural(numbers[each.signature], 'commit')} assigned to {each.username}"


def _write(
    file: str,
    form: Form | None,
    assigned: Sequence[Assigned],
    left: Sequence[Unsettled],
    report: IdentitiesReport,
) -> str:
    """Add to the file, and return what was done."""
    from gitlab_sync.services.alias_file import change_file

    def changed(text: str) -> str:
        written_as = form or form_of(file, text)
        text = with_assigned(text, assigned, written_as, file)
        return with_open(text, map(report.to_fill_in, left), written_as)

    change = change_file(Path(file), changed)
    return f"{file}: {'nothing to add' if change is None else 'written'}"


def _hints(
    left: Sequence[Unsettled], pairs: Sequence[object], file: str | None, *, suggests: bool
) -> Iterator[str]:
    if pairs and file is None:
        yield "hint: nothing was written: --write FILE adds it to an aliases file or a .mailmap"
    if left and not suggests:
        yield "hint: --suggest says who they could be, and --assign ADDRESS=USER assigns them"
