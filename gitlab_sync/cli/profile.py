"""`profile`: show everything about one person, and what there is to fix in their work."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli import options
from gitlab_sync.cli.as_of import Moments, as_of_options
from gitlab_sync.cli.messages import printable
from gitlab_sync.cli.period import demo_now
from gitlab_sync.cli.policy import policy_option
from gitlab_sync.cli.scope import WorkScope, scope_options
from gitlab_sync.errors import without_secrets
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.usernames import bare_username
from gitlab_sync.rules.items.references import reference
from gitlab_sync.rules.scores.profile import NOT_KNOWN, TITLES, TO_FIX, WAIVED
from gitlab_sync.rules.text import format_hours_minutes, plural

if TYPE_CHECKING:
    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.report import Ending
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.items.fixes import Entry, Group
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.profile import ProfileReport

WIDTH = 100
"""The characters of a line. Only an address can be longer, since a part of it leads nowhere."""

_WHEN = {
    "now": "can be fixed now",
    "follow-up": "can be fixed by a follow-up",
    "next time": "to be done better next time",
}
_MOST_FAULTS = 3  # of each check
_MOST_DOUBTS = 10
_LABEL = 16
_INDENT = " " * 8

_NUMBERS = {
    "Commits": {
        "Commits Total": "",
        "Commits Morning": "in the morning",
        "Commits Afternoon": "in the afternoon",
    },
    "Merge requests": {
        "MR Total (Authored)": "written",
        "MR Merged": "merged",
        "MR Open": "open",
        "MR Closed": "closed",
    },
    "Issues": {"Issue Total (Auth)": "written", "Issue Open": "open", "Issue Closed": "closed"},
    "Projects": {"Projects (Auth)": "personal", "Projects (Contr)": "contributed to"},
    "Groups": {"Groups Count": ""},
}
"""The lines of numbers: the label of each, and the words after its numbers."""


@click.command(cls=options.Command)
@click.argument("user", required=False)
@scope_options
@options.quick_option
@click.option(
    "--part",
    type=options.Choice((*TITLES, WAIVED), case_sensitive=False),
    metavar="TITLE",
    help=f"Show this table alone: {', '.join(TITLES)}; with a policy that has waivers, {WAIVED}.",
)
@policy_option
@as_of_options
@options.fact_options
@options.from_option
@options.target_options
@options.connection_options
def profile(
    user: str | None,
    scope: WorkScope,
    quick: bool,
    part: str | None,
    policy: Policy,
    moments: Moments,
    facts: options.FactOptions,
    target: options.Target,
    connection: options.Connection,
) -> int:
    """Show one USER: projects, commits, groups, merge requests, issues, and what to fix in them.

    Without a USER, the demo shows the first of its people.
    """
    username = bare_username(user)
    if without_secrets(username) != username:
        raise click.UsageError("A token was given as the USER: put it into GITLAB_TOKEN.")
    if not username and not connection.demo:
        raise click.UsageError("Missing USER: give one username.")
    fault = username_fault(username) if username else None
    if fault is not None:
        raise click.UsageError(f"{fault}.")

    as_of, policy, decided = moments.read(policy, (), connection)

    from gitlab_sync.cli.report import Ending, run_report
    from gitlab_sync.services.profile import ProfileQuery, answer

    def work(command: CommandRun, output: Output) -> Ending:
        query = ProfileQuery(
            username or command.demo_people[0],
            scope.projects,
            scope.period,
            quick,
            scope.known_by,
            scope.zone,
            scope.clock,
            now=demo_now(demo=connection.demo),
            policy=policy,
            as_of=as_of,
        )
        with command.progress("people") as run:
            if command.snapshot is not None:
                from gitlab_sync.snapshots import answers

                report = answers.profile(command.snapshot, query)
            else:
                report = answer(command.session, query, run)
        instance = command.instance
        if part is None and target.format == "table":
            output.write(_to_text(report).encode(errors="replace"))
        elif part is None and target.format == "xlsx":
            output.finish_all(report.sheets(instance))
        else:
            output.finish_all([*report.summaries(instance), *report.sheets(instance)], part)
        return Ending.of_people(report, unknown_projects=report.unknown_projects)

    return run_report(work, target, decided.connection(connection), facts)


def _to_text(report: ProfileReport) -> str:
    """Return a profile for a person to read. Pure.

    A number that could be higher is `12 or more`, an unknown number is `?`.
    """
    blocks = [_head(report)]
    if report.user is not None:
        blocks += [_numbers(report), _to_fix(report), _not_known(report)]
        blocks += [_waived(report), _late(report), _tables(report)]
    told = {"Policy": report.query.policy.shown_name, "As it was at": report.query.as_of.in_words()}
    blocks.append(f"{label}: {printable(text)}" for label, text in told.items() if text)
    texts = ("".join(f"{line}\n" for line in block) for block in blocks)
    return "\n".join(text for text in texts if text)


def _head(report: ProfileReport) -> Iterator[str]:
    (row,) = report
    if report.user is None:
        yield _cut(str(row["Username"]))
    else:
        yield _cut(f"{row['Name']} (@{row['Username']}, id {row['Id']})")
        yield printable(_known(row["Link"]))
        if row["Avatar"] is not None:
            yield _labelled("Avatar", printable(str(row["Avatar"])))
    yield _labelled("Status", str(row["Status"]))
    error = [] if row["Error"] is None else [("Error", str(row["Error"]))]
    for label, text in [*error, *(("Note", remark) for remark in report.remarks)]:
        yield from _wrapped(printable(text), _labelled(label, ""), " " * _LABEL)


def _numbers(report: ProfileReport) -> Iterator[str]:
    for label, titles in _NUMBERS.items():
        shown = [f"{_number(report, title)} {word}".strip() for title, word in titles.items()]
        yield _labelled(label, ", ".join(shown))
    seconds = report.numbers["Time Spent"]
    spent = _known(None if seconds is None else format_hours_minutes(seconds))
    yield _labelled("Time spent", f"{spent}{_more(report, 'Time Spent')}")
    (row,) = report
    readme = report.readme.value
    link = "" if readme is None or readme.link is None else printable(readme.link)
    yield _labelled("Profile README", f"{_known(row['Profile README'])}  {link}".rstrip())


def _number(report: ProfileReport, title: str) -> str:
    return f"{_known(report.numbers[title])}{_more(report, title)}"


def _more(report: ProfileReport, title: str) -> str:
    return " or more" if title in report.at_least else ""


def _to_fix(report: ProfileReport) -> Iterator[str]:
    fixes = report.fixes
    unread = [part for part in ("merge requests", "issues") if part in report.errors]
    if fixes.faults:
        first = "what can be fixed now" if fixes.now_first else "the most severe"
        yield f"What to fix, {first} first: {plural(len(fixes.faults), 'fault')}"
    elif any(fixes.evaluated.values()):
        whole = not (unread or fixes.unknown)
        yield f"What to fix: no fault {'was found' if whole else 'is known'}"
    elif unread:
        yield f"What to fix: {_known(None)}"
    else:
        yield "What to fix: nothing yet, since no merge request has ended and no issue is closed"
    for part in unread:
        yield f"  There could be more: not all {part} could be read"
    for group in fixes.groups:
        yield ""
        yield from _group(group, says_when=fixes.now_first)


def _group(group: Group, *, says_when: bool) -> Iterator[str]:
    share = f"{len(group.faults)} of {plural(group.known, group.kind)} ({group.share:.0%})"
    others = f", {group.unknown} not known" if group.unknown else ""
    when = f", {_WHEN[group.check.fix]}" if says_when else ""
    yield f"{group.check.severity:<{len(_INDENT)}}{group.check.title}: {share}{others}{when}"
    yield from _wrapped(f"To do: {group.check.how_to_fix}", _INDENT, _INDENT)
    for entry in group.faults[:_MOST_FAULTS]:
        yield from _entry(entry)
    more = len(group.faults) - _MOST_FAULTS
    if more > 0:
        yield f"{_INDENT}and {more} more: --part {TO_FIX} shows all"


def _entry(entry: Entry) -> Iterator[str]:
    name = reference(entry.item) or f"{entry.kind} {record.field(entry.item, 'iid')}"
    title = record.text(entry.item, "title") or ""
    yield _cut(f"{entry.verdict.reason}: {name} {title}", f"{_INDENT}- ")
    if entry.link is not None:
        yield f"{_INDENT}  {printable(entry.link)}"


def _not_known(report: ProfileReport) -> Iterator[str]:
    doubts = report.fixes.doubts
    if doubts:
        yield "Not known, so neither passed nor failed"
    for doubt in doubts[:_MOST_DOUBTS]:
        items = plural(doubt.number, doubt.kind)
        yield _cut(f"{doubt.check.title}: {items}: {doubt.reason}", "  ")
    if len(doubts) > _MOST_DOUBTS:
        yield f"  and {len(doubts) - _MOST_DOUBTS} more: --part {NOT_KNOWN} shows all"


def _waived(report: ProfileReport) -> Iterator[str]:
    entries = report.fixes.waived
    if entries:
        yield f"Waived, so not counted: {plural(len(entries), 'fault')}"
    for entry in entries[:_MOST_DOUBTS]:
        name = reference(entry.item) or f"{entry.kind} {record.field(entry.item, 'iid')}"
        yield from _wrapped(
            printable(f"{entry.check.title}: {name}: {entry.verdict.reason}"), "  ", "    "
        )
    if len(entries) > _MOST_DOUBTS:
        yield f"  and {len(entries) - _MOST_DOUBTS} more: --part {WAIVED} shows all"


def _late(report: ProfileReport) -> Iterator[str]:
    if report.query.as_of.grace is not None:
        yield f"Late: {plural(len(report.late), 'item')}"
    for row in report.late:
        yield _cut(f"{row['Item']}: {row['State']} at {row['Ended']}", "  ")


def _tables(report: ProfileReport) -> Iterator[str]:
    yield "Tables (--part TITLE shows one)"
    for title, part in report.parts.items():
        more = " or more" if part.error is not None and part.number is not None else ""
        yield f"  {title:<20}  {_known(part.number)}{more}"


def _known(value: object) -> str:
    from gitlab_sync.reports.text_table import UNKNOWN

    return UNKNOWN if value is None else str(value)


def _labelled(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}{text}"


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )


def _cut(text: str, indent: str = "") -> str:
    """Return a text on one line, with an ellipsis instead of what does not fit."""
    from rich.cells import cell_len, set_cell_size

    line = indent + printable(text)
    return line if cell_len(line) <= WIDTH else f"{set_cell_size(line, WIDTH - 1).rstrip()}…"
