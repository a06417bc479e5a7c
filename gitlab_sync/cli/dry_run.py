"""`--dry-run`: what a run would take, in requests; one way for all commands that have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from gitlab_sync.api.scope import Scope
from gitlab_sync.cli import exits
from gitlab_sync.cli.ending import tell_unknown_projects
from gitlab_sync.cli.judging import asked_people, in_words
from gitlab_sync.cli.leaderboard_tables import found_teams
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import People
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import CommandRun, open_session
from gitlab_sync.reports.formats import FORMATS
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.scores.weekly import WeekPerson
from gitlab_sync.services import commits, compliance, costs, leaderboard, profile, weekly
from gitlab_sync.services import people as people_table
from gitlab_sync.services.estimate import Estimate
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import DEFAULT_SOURCE, Source

_TEXTS = frozenset({"Username", "Project", "Status", "Error"})
_MOST = 3  # errors and hints that are said


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an estimate is about: what makes it, the question in words, and whether that is whole.

    It is not if somebody was left out of it.
    """

    estimate: Callable[[ProgressTracker], Estimate]
    words: str
    whole: bool = True


def count(
    what: str,
    people: People,
    scope: Scope,
    target: Target,
    connection: Connection,
    source: Source = DEFAULT_SOURCE,
) -> int:
    """Write what judging these people's `what` would take, and return the exit code.

    This and all that follow raise ConfigurationError when URL or token is missing or the output
    cannot be written, and NotFound if a group, or not one of the projects, is there.
    """

    def ask(session: CommandRun) -> _Asked:
        whom = asked_people(people, session)
        names = whom.usernames
        estimate = partial(costs.of_judging, session.rest, what, names, scope, source=source)
        return _Asked(estimate, in_words(what, scope), not whom.refused)

    return _show(ask, target, connection)


def of_users(
    people: People,
    query: people_table.PeopleQuery,
    target: Target,
    connection: Connection,
    source: Source = DEFAULT_SOURCE,
) -> int:
    """Write what the table of these people would take, and return the exit code."""

    def ask(session: CommandRun) -> _Asked:
        whom = asked_people(people, session)
        asked = replace(query, people=whom.people)
        estimate = partial(costs.of_people, session.rest, asked, source=source)
        return _Asked(estimate, asked.in_words(), not whom.refused)

    return _show(ask, target, connection)


def of_profile(
    query: profile.ProfileQuery,
    target: Target,
    connection: Connection,
    source: Source = DEFAULT_SOURCE,
) -> int:
    """Write what a person's profile would take; a blank username is the demo's first person."""

    def ask(session: CommandRun) -> _Asked:
        asked = query
        if not asked.username:
            asked = replace(query, username=session.demo_people[0])
        estimate = partial(costs.of_profile, session.rest, asked, source=source)
        return _Asked(estimate, asked.in_words())

    return _show(ask, target, connection)


def of_commits(
    people: People, query: commits.CommitsQuery, target: Target, connection: Connection
) -> int:
    """Write what the commits of these people, or of the members of projects, would take."""

    def ask(session: CommandRun) -> _Asked:
        asked, refused = query, people.refused
        if people.asked or not (query.projects or query.group):
            asked = replace(query, people=asked_people(people, session).people)
        estimate = partial(costs.of_commits, session.rest, asked)
        return _Asked(estimate, asked.in_words(), not refused)

    return _show(ask, target, connection)


def of_leaderboard(
    query: leaderboard.LeaderboardQuery,
    groups: Sequence[str] | None,
    target: Target,
    connection: Connection,
) -> int:
    """Write what comparing teams would take: the question's (None), or those that groups are."""

    def ask(session: CommandRun) -> _Asked:
        asked = query
        if groups is not None:
            asked = replace(query, teams=found_teams(groups, session))
        return _Asked(partial(costs.of_leaderboard, session.rest, asked), asked.in_words())

    return _show(ask, target, connection)


def of_weekly(
    people: People,
    query: weekly.WeeklyQuery,
    target: Target,
    connection: Connection,
    *,
    hours: bool,
) -> int:
    """Write what these people's days would take; without `hours` the token's owner is asked for."""

    def ask(session: CommandRun) -> _Asked:
        whom = asked_people(people, session)
        listed = [WeekPerson("", "", person.username) for person in whom.people]
        asked = replace(query, people=listed)

        def estimate(tracker: ProgressTracker) -> Estimate:
            found = costs.of_weekly(session.rest, asked, tracker)
            return replace(found, before=found.before + int(not hours))

        return _Asked(estimate, asked.in_words(), not whom.refused)

    return _show(ask, target, connection)


def of_compliance(query: compliance.ComplianceQuery, target: Target, connection: Connection) -> int:
    """Write what judging these projects would take, and return the exit code."""

    def ask(session: CommandRun) -> _Asked:
        estimate = partial(costs.of_compliance, session.rest, query)
        return _Asked(estimate, query.in_words())

    return _show(ask, target, connection)


def _show(ask: Callable[[CommandRun], _Asked], target: Target, connection: Connection) -> int:
    with open_session(connection) as session:
        asked = ask(session)
        tracker = ProgressTracker()
        with Output(target, session.interruption) as output:
            with watching(tracker, "lists", quiet=connection.quiet, live=True):
                estimate = asked.estimate(tracker)
            _write(estimate, asked, output, target, session)
        if not estimate.whole or not connection.quiet:
            note(str(estimate))
        _explain(estimate)
        return exits.of_rows(estimate.rows, estimate.whole and asked.whole)


def _write(
    estimate: Estimate, asked: _Asked, output: Output, target: Target, session: CommandRun
) -> None:
    scope = f"requests that it would take: {asked.words}"
    meta = Meta(datetime.now(UTC), session.rest.base_url, str(estimate), scope)
    sheets = [
        Sheet(
            title,
            table.columns,
            table.rows,
            meta,
            kinds={column: "integer" for column in table.columns if column not in _TEXTS},
        )
        for title, table in estimate.tables.items()
    ]
    if len(sheets) == 1 or FORMATS[target.format].write_all is not None:
        output.finish_all(sheets)
        return
    output.finish(sheets[0])
    others = " and ".join(sheet.title for sheet in sheets[1:])
    note(f"{target.format} holds one table: table, json, xlsx and html hold {others}, too")


def _explain(estimate: Estimate) -> None:
    """Say what could not be counted, and what to do about it, however quiet the run is."""
    tell_unknown_projects(estimate.unknown_projects)
    for trouble in estimate.unread:
        complain(trouble)
    met: dict[str, list[str]] = {}
    for row in estimate.rows:
        if row["Error"] is not None:
            name = row["Username"] if "Username" in row else row["Project"]
            met.setdefault(str(row["Error"]), []).append(str(name))
    for reason, names in list(met.items())[:_MOST]:
        complain(f"{names[0] if len(names) == 1 else f'{len(names)} rows'}: {reason}")
    if len(met) > _MOST:
        note(f"and {len(met) - _MOST} other errors: see the column Error")
    for hint in list(dict.fromkeys(error.hint for error in estimate.errors if error.hint))[:_MOST]:
        note(f"hint: {hint}")
