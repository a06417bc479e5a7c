"""The work of `users`; apart from the command, since it loads the engine."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.cli.ending import end, tell_unknown_projects
from gitlab_sync.cli.judging import asked_people
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import NOTHING_KEPT, Connection, FactOptions, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import COLLEGE, Further, People
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import open_session
from gitlab_sync.run import Run
from gitlab_sync.services import people as answers
from gitlab_sync.services.people import PeopleQuery
from gitlab_sync.session.progress import ProgressTracker


def show(
    people: People,
    query: PeopleQuery,
    target: Target,
    connection: Connection,
    facts: FactOptions = NOTHING_KEPT,
) -> int:
    """Write the table of these people, and return the exit code.

    Raises ConfigurationError when URL or token is missing or the output cannot be written, and
    NotFound if not one of the projects is there.
    """
    with open_session(connection, facts) as session:
        people = asked_people(people, session)
        query = replace(query, people=people.people)
        further = Further(_without_college(people), query.columns)
        tracker = ProgressTracker()
        with Output(target, session.interruption) as output:
            live = not (output.streams and output.to_terminal)
            with watching(tracker, "people", quiet=connection.quiet, live=live):
                run = Run(
                    tracker=tracker,
                    on_row=(lambda row: output.row(further.join(row))) if output.streams else None,
                    max_wait=connection.max_wait,
                    source=facts.source,
                    store=session.store,
                )
                report = answers.answer(session.rest, query, run)
            output.finish(further.behind(report.sheet(session.rest.base_url)))
        tell_unknown_projects(report.unknown_projects)
        for remark in () if connection.quiet else report.remarks:
            note(remark)
        whole = not (report.unknown_projects or people.refused)
        return end(report, session, quiet=connection.quiet, whole=whole)


def _without_college(people: People) -> People:
    """Return the people without what has a column of the report's own."""
    return replace(
        people,
        people=tuple(replace(person, college="") for person in people.people),
        titles=[title for title in people.titles if title != COLLEGE],
    )
