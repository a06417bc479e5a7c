"""Merge requests: those of a person as rows, and one person's compliance."""

from __future__ import annotations

from datetime import tzinfo

from gitlab_sync.api.facts.rest import read_facts
from gitlab_sync.api.period import given_period
from gitlab_sync.api.user_items import Owner, Projects, UserItems, of_user, read_rows
from gitlab_sync.errors import Cancelled
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import When
from gitlab_sync.rules.items import merge_request as rules
from gitlab_sync.rules.items.description import analyze_description
from gitlab_sync.rules.items.roles import UserItem, merge_request_role
from gitlab_sync.rules.items.tally import Evaluated, Verdicts
from gitlab_sync.session.session import Client, Session, session_of
from gitlab_sync.session.workflow import run_workflows
from gitlab_sync.types import Record, RecordList, TableRow

_BEFORE_ROLE = (
    *("title", "description", "project_id", "iid", "web_url", "state"),
    *("created_at", "merged_at", "closed_at"),
)
_AFTER_ROLE = ("upvotes", "user_notes_count", "time_stats", "head_pipeline", "updated_at")
_STATES = {"merged": "merged", "closed": "closed", "opened": "opened", "pending": "opened"}
"""The counts of what a person wrote: the title of each, and the state that it counts."""

_TITLES = {
    "No Description": "no_desc",
    "No Time Spent": "no_time_spent",
    "No Issues Linked": "no_issues",
    "No Unit Tests": "no_unit_tests",
    "Failed Pipeline": "failed_pipeline",
}
"""The columns of the rows of one person's compliance, by check."""

_STATS = {
    "No Description": "No Desc",
    "Failed Pipelines": "Failed Pipeline",
    "No Issues Linked": "No Issues",
    "No Time Spent": "No Time Spent",
    "No Unit Tests": "No Unit Tests",
}
"""The titles of its counts, and of the same counts in a row of the batch."""


def get_user_mrs(
    client: Client,
    user_id: int | str | None,
    username: str | None = None,
    since: When = None,
    until: When = None,
    project_ids: Projects = None,
    *,
    zone: tzinfo | None = None,
) -> tuple[RecordList, dict[str, int]]:
    """Return all merge requests that a person wrote or that are assigned to them, and counts.

    Rows and counts are those of `user_rows`. The person is `user_id`, or `username` if that is
    None. The period applies to creation; days are days in `zone` (None: the machine's).
    `project_ids` are ids, paths or URLs; None and [] are no filter.

    Raises NotFound if there is no such user or no project with that path, and ConfigurationError
    for invalid input.
    """
    period = given_period(since, until, zone)
    workflow = of_user("merge_requests", Owner.of(user_id, username), period, project_ids)
    return read_rows(client, workflow, user_rows)


def user_rows(found: UserItems) -> tuple[RecordList, dict[str, int]]:
    """Return a person's merge requests as rows, and counts; no request.

    Keys of a row: `title, description, project_id, iid, web_url, state, created_at, merged_at,
    closed_at, role` (`Authored`, `Assigned` or `Authored & Assigned`)`, upvotes, user_notes_count,
    time_stats, head_pipeline, updated_at, desc_score, quality, feedback, _username`; values as in
    GitLab's record, None if it lacks them. Counts: `total, merged, closed, opened, pending` (as
    `opened`) of what the person wrote, and `assigned`.
    """
    return found.rows(_row), found.numbers(_STATES)


def _row(item: UserItem, username: str) -> Record:
    description = _described(item.record)
    return {
        **{key: item.record.get(key) for key in _BEFORE_ROLE},
        "role": merge_request_role(item),
        **{key: item.record.get(key) for key in _AFTER_ROLE},
        "desc_score": description.get("description_score"),
        "quality": description.get("quality_label"),
        "feedback": description.get("feedback"),
        "_username": username,
    }


def _described(mr: Record) -> Record:
    """Return what `analyze_description` says; {} if the description is not readable."""
    text = record.read_text(mr, "description")
    return {} if text is None else analyze_description(text)


def get_single_user_live_mr_compliance(
    client: Client, project_ids: Projects, selected_user_name: str
) -> tuple[TableRow, list[TableRow]]:
    """Evaluate all ended merge requests of one author; return counts, and those with faults.

    `project_ids` are ids, paths or URLs; None and [] mean all projects. The counts are `No
    Description, Failed Pipelines, No Issues Linked, No Time Spent, No Unit Tests, Total Desc
    Score, Total MRs Evaluated`: known faults, None if nothing could be evaluated; also `Unverified`
    if pairs of merge request and check are unknown. The rows are `Title, State, No Description, No
    Time Spent, No Issues Linked, No Unit Tests, Failed Pipeline`: True for a fault, False for none,
    None for unknown; one row for each merge request where not all are False.

    Raises NotFound if the user or a project does not exist. What could not be read about single
    merge requests does not raise: it is unknown.
    """
    owner = Owner.of(None, selected_user_name)
    workflow = of_user("merge_requests", owner, projects=project_ids, roles=("author",))
    with session_of(client).context() as session:
        ((_, found),) = run_workflows(session, [(None, workflow)])
        found.whole_or_raise(found.authored)
        evaluated = _evaluated(session, [mr for mr in found.authored if rules.is_terminal(mr)])
    rows = [_compliance_row(mr, verdicts) for mr, verdicts in evaluated]
    problematic = [row for row in rows if any(row[title] is not False for title in _TITLES)]
    return _compliance_stats(evaluated), problematic


def _evaluated(session: Session, mrs: list[Record]) -> list[Evaluated]:
    """Return merge requests with their verdicts, in order. Raises Cancelled if cancelled."""
    verdicts: dict[int, Verdicts] = {}
    for facts in read_facts(session, mrs):
        cancelled = next((error for error in facts.errors if isinstance(error, Cancelled)), None)
        if cancelled is not None:
            raise cancelled
        verdicts[id(facts.mr)] = rules.evaluate(facts.mr, facts.facts)
    return [(mr, verdicts[id(mr)]) for mr in mrs]


def _compliance_row(mr: Record, verdicts: Verdicts) -> TableRow:
    flags = {title: verdicts[check].flag for title, check in _TITLES.items()}
    return {"Title": mr.get("title"), "State": mr.get("state"), **flags}


def _compliance_stats(evaluated: list[Evaluated]) -> TableRow:
    counted = rules.RULES.count(evaluated)
    scores = [_described(mr).get("description_score", 0) for mr, _ in evaluated]
    unverified = sum(counted.unknown[title] for title in _STATS.values())
    return {
        **{title: counted.cells[column] for title, column in _STATS.items()},
        "Total Desc Score": sum(scores),
        "Total MRs Evaluated": len(evaluated),
        **({"Unverified": unverified} if unverified else {}),
    }
