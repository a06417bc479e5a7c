"""The table of whole people, a row for each: commits, projects, groups, evaluated work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.milestones import ActiveMilestones
from gitlab_sync.api.past import timeline_of
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules.identity.people_input import merged
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.run import Run
from gitlab_sync.services import people_data
from gitlab_sync.services.members import people_of_groups
from gitlab_sync.services.people_parts import read_and_evaluate
from gitlab_sync.services.people_reader import read_people
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport, PersonAnswer
from gitlab_sync.services.people_rows import KnownVerdicts, PeopleRows, PeopleTable, notes_of
from gitlab_sync.services.projects import known_projects
from gitlab_sync.session.session import Client
from gitlab_sync.types import Record, TableRow


def answer(client: Client, query: PeopleQuery, run: Run | None = None) -> PeopleReport:
    """Read and evaluate everything about these people.

    Errors of single reads never raise: the rows have them. `run.on_row` gets each row as soon
    as it is known. Raises NotFound if a group, or not one of the projects, is there. Thread-safe.
    """
    return answer_and_data(client, query, run or Run())[0]


def answer_and_data(
    client: Client, query: PeopleQuery, run: Run
) -> tuple[PeopleReport, people_data.PeopleData]:
    """Return what `answer` does, and all that was read for it."""
    policy, terms = query.policy, query.policy.terms
    timeline = timeline_of(
        query.as_of, {"merge_requests": policy.merge_requests, "issues": policy.issues}
    )
    with run.context(client) as session:
        source = timeline.source(facts_for(session, run, timeline.reading(policy.merge_requests)))
        ids, unknown = known_projects(session, query.projects)
        if query.groups:
            members = people_of_groups(session, query.groups, terms.bots)
            people = merged([*query.people, *members])
            query = replace(query, people=people)
        request = replace(request_of(query, ids), timeline=timeline, items_only=bool(query.as_of))
        if run.executor is not None and not query.as_of:
            read, verdicts = read_and_evaluate(session, request, run, policy, quick=query.quick)
            return report_of_read(query, [(read, verdicts)], unknown, run), read
        milestones = ActiveMilestones(session, run.source, policy.issues, timeline.milestones)
        table = PeopleTable(query, run, source, milestones, timeline)
        read = read_people(session, request, run, table)
        return table.report(read, unknown), read


def request_of(query: PeopleQuery, project_ids: Sequence[int | str]) -> people_data.PeopleRequest:
    """Return what has to be read for a query, in the projects with these ids."""
    terms = query.policy.terms
    return people_data.PeopleRequest(
        people_data.person_queries(person.username for person in query.people),
        period=query.period,
        projects=project_ids,
        known_by=query.known_by,
        zone=query.zone,
        clock=query.clock,
        bots=terms.bots,
        slots=terms.slots,
    )


def report_of_read(
    query: PeopleQuery,
    parts: Iterable[tuple[people_data.PeopleData, KnownVerdicts]],
    unknown_projects: Sequence[int | str] = (),
    run: Run | None = None,
    keep: Callable[[PersonAnswer], PersonAnswer] = lambda person: person,
) -> PeopleReport:
    """Return the report that `answer` makes, of people and verdicts that were read before.

    They come in `parts`, so that no more than one is in memory with all that was read, if `keep`
    returns less of each person than it gets.
    """
    notes, rows, remarks = notes_of(query), list[TableRow](), dict[str, None]()
    people: dict[str, PersonAnswer] = {}
    for read, verdicts in parts:
        table = PeopleRows(query, run or Run(), notes=notes)
        for place, person in enumerate(read.people):
            for mr in table.expect(place, person):
                table.assembler.take(*verdicts.of("merge_requests", mr))
        table.release(read, partial(_of_issue, verdicts))
        part = table.report(read, unknown_projects)
        rows += part
        remarks |= dict.fromkeys(part.remarks)
        people |= {name: keep(each) for name, each in part.people.items()}
        del read, verdicts, table, part  # before the next part is read
    return PeopleReport(query, rows, people, [*remarks], unknown_projects, notes.warnings())


def _of_issue(verdicts: KnownVerdicts, issue: Record) -> tuple[Verdicts, Sequence[GitLabSyncError]]:
    return verdicts.of("issues", issue)[1:]
