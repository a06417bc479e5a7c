"""The work of `commits`; apart from the command, since it loads the engine."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.cli.ending import end, tell_unknown_projects
from gitlab_sync.cli.judging import asked_people
from gitlab_sync.cli.messages import complain, note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import Further, People
from gitlab_sync.cli.progress import watching
from gitlab_sync.cli.session import open_session
from gitlab_sync.rules.text import plural
from gitlab_sync.run import Run
from gitlab_sync.services import commits as answers
from gitlab_sync.services.commits import CommitsQuery, CommitsReport, Table
from gitlab_sync.session.progress import ProgressTracker


def show(
    people: People, query: CommitsQuery, table: Table, target: Target, connection: Connection
) -> int:
    """Write a table about the commits of these people, and return the exit code.

    Nobody named, and projects or a group: it is about their members. Raises ConfigurationError when
    URL or token is missing or the output cannot be written, and what
    `services.commits.answer` does.
    """
    with open_session(connection) as session:
        if people.asked or not (query.projects or query.group):
            people = asked_people(people, session)
            query = replace(query, people=people.people)
        tracker = ProgressTracker()
        with Output(target, session.interruption) as output:
            with watching(tracker, "commits", quiet=connection.quiet, live=True):
                run = Run(tracker=tracker, max_wait=connection.max_wait)
                report = answers.answer(session.rest, query, run)
            sheet = report.sheet(query, session.rest.base_url, table)
            if "Username" in sheet.columns:
                sheet = Further(people, sheet.columns).behind(sheet)
            output.finish(sheet)
        if not connection.quiet:
            _tell(report, query, table)
        tell_unknown_projects(report.unknown_projects)
        for trouble in report.unread:
            complain(trouble)
        whole = not (report.unknown_projects or report.unread or people.refused)
        return end(report, session, quiet=connection.quiet, whole=whole)


def _tell(report: CommitsReport, query: CommitsQuery, table: Table) -> None:
    """Say how the commits divide, or who may miss some that match nobody."""
    if query.people is None and not report:
        note("warning: the projects have no members, so there are no rows")
    unmatched = report.division.unmatched
    without = sum(row["Commits Total"] == 0 for row in report)
    if table == "Unmatched":
        note(str(report.division))
        if unmatched:
            note("hint: say whose they are by lines of “username, address” in a file for --aliases")
    elif unmatched and without:
        note(
            f"hint: {'1 person has' if without == 1 else f'{without} people have'} no commit, and "
            f"{plural(unmatched, 'commit')} of nobody may be theirs: --unmatched lists the names "
            "and addresses"
        )
