"""The work of `weekly`; apart from the command, since it loads the engine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, tzinfo

from gitlab_sync.cli.ending import end, tell_unknown_projects
from gitlab_sync.cli.judging import asked_people
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import People
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import open_session
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.scores.weekly import OVERVIEW, WeekPerson
from gitlab_sync.run import Run
from gitlab_sync.services import weekly as answers
from gitlab_sync.services.weekly import WeeklyQuery
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import read_one


def today(zone: tzinfo, *, demo: bool) -> date:
    """Return which day it is in `zone`; in the demo its last one, since nothing happens later."""
    if demo:
        from gitlab_sync.sandbox.generate import TODAY  # noqa: PLC0415 - demo only

        return TODAY.date()
    return datetime.now(zone).date()


def show(
    people: People,
    query: WeeklyQuery,
    target: Target,
    connection: Connection,
    *,
    hours: bool,
    part: str | None,
) -> int:
    """Write what these people recorded, and return the exit code.

    `query.people` says what is known of some of them. `hours` shows everybody's, `part` is the
    title of the only table to be shown; a text table without it is the overview. Raises
    ConfigurationError when URL or token is missing or the output cannot be written, and NotFound if
    not one of the projects is there.
    """
    with open_session(connection) as session:
        people = asked_people(people, session)
        listed = {person.key: person for person in reversed(query.people)}
        query = replace(
            query,
            people=[
                listed.get(person.key, WeekPerson("", "", person.username))
                for person in people.people
            ],
            with_hours={one.key for one in people.people} if hours else _owner(session.rest),
        )
        tracker = ProgressTracker()
        with Output(target, session.interruption) as output:
            with watching(tracker, "people", quiet=connection.quiet, live=True):
                run = Run(tracker=tracker, max_wait=connection.max_wait)
                report = answers.answer(session.rest, query, run)
            sheets = report.sheets(query, session.rest.base_url)
            if part is None and target.format == "table":
                part = OVERVIEW
            output.finish_all(sheets, part)
        tell_unknown_projects(report.unknown_projects)
        whole = not (report.unknown_projects or people.refused)
        return end(report, session, quiet=connection.quiet, whole=whole)


def _owner(rest: Session) -> Collection[str]:
    """Return the key of the token's owner, or nobody's where GitLab does not say who that is."""
    try:
        owner = read_one(rest, "user")
    except GitLabSyncError:  # the rows say what is wrong
        return ()
    return {(record.text(owner, "username") or "").lower()}
