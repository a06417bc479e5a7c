"""The work of `profile`; apart from the command, since it loads the engine."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.cli.ending import end, tell_unknown_projects
from gitlab_sync.cli.options import NOTHING_KEPT, Connection, FactOptions, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.profile_text import to_text
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import open_session
from gitlab_sync.run import Run
from gitlab_sync.services import profile as answers
from gitlab_sync.services.profile import ProfileQuery
from gitlab_sync.session.progress import ProgressTracker


def show(
    query: ProfileQuery,
    part: str | None,
    target: Target,
    connection: Connection,
    facts: FactOptions = NOTHING_KEPT,
) -> int:
    """Write a person's profile, and return the exit code.

    A blank username is the first of the demo's people. `part` is the title of the only table to be
    shown; without it a text table is the profile in words, and a workbook has the tables of what
    the person has and did. Raises ConfigurationError when URL or token is missing or the output
    cannot be written, and NotFound if not one of the projects is there.
    """
    with open_session(connection, facts) as session:
        if not query.username:
            query = replace(query, username=session.demo_people[0])
        tracker = ProgressTracker()
        with Output(target, session.interruption) as output:
            with watching(tracker, "people", quiet=connection.quiet, live=True):
                run = Run(
                    tracker=tracker,
                    max_wait=connection.max_wait,
                    source=facts.source,
                    store=session.store,
                )
                report = answers.answer(session.rest, query, run)
            summaries, sheets = (
                make(session.rest.base_url) for make in (report.summaries, report.sheets)
            )
            if part is None and target.format == "table":
                output.write(to_text(report).encode(errors="replace"))
            elif part is None and target.format == "xlsx":
                output.finish_all(sheets)
            else:
                output.finish_all([*summaries, *sheets], part)
        tell_unknown_projects(report.unknown_projects)
        return end(report, session, quiet=connection.quiet, whole=not report.unknown_projects)
