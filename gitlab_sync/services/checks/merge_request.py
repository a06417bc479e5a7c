"""Checks one merge request: its record, and the facts that its checks need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gitlab_sync.api.facts.rest import FactsRead, facts_of
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.report import Completeness
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.while_open import is_open, rules_in_pipeline
from gitlab_sync.rules.ratchet.place import place_of_item
from gitlab_sync.services.checks.query import CheckQuery, CheckReport, count, no_place, results_of
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow, run_workflows, whole
from gitlab_sync.types import Record


def check_merge_request(session: Session, query: CheckQuery) -> CheckReport:
    """Read and evaluate the merge request of a query.

    Raises the errors of `gitlab_sync.errors` if its record could not be read.
    """
    now = query.now or datetime.now(UTC)
    ((_, (read, user)),) = run_workflows(session, [(None, _reading(query, now))])
    rules = _rules(query, read.mr, now)
    place = place_of_item(read.mr, "merge request")
    results, unread, remarks = [], [], list[str]()
    if not rules.is_due(read.mr):
        remarks = ["It was closed without a merge, and the policy evaluates only what was merged."]
    elif place is None:
        unread = [no_place(read.mr)]
    else:
        results = results_of(read, "merge request", rules, query)
    completeness = Completeness("merge requests", total=1)
    count(completeness, results, read.errors, unread)
    return CheckReport(
        f"merge request {place or query.merge_request}",
        None if place is None else place.project,
        results,
        completeness,
        unread,
        remarks,
        read,
        user,
        WaiverNotes(rules.waivers, rules.checks).warnings(),
    )


def _reading(
    query: CheckQuery, now: datetime
) -> Workflow[tuple[FactsRead, Record | GitLabSyncError | None]]:
    """Return the workflow that reads one merge request, its facts, and the owner of the token."""
    where = endpoint(query.project or "", f"merge_requests/{query.merge_request}")
    wanted = {"mr": RestList(where, single=True)}
    if query.note:
        wanted["user"] = RestList("user", single=True)
    found = yield wanted
    mr = whole(found["mr"])[0]
    user: Record | GitLabSyncError | None = None
    if query.note:
        user = found["user"].error or found["user"].reading.rows[0]
    rules = _rules(query, mr, now)
    if not rules.is_due(mr):
        return FactsRead(mr, NOTHING), user
    return (yield from facts_of(mr, rules)), user


def _rules(query: CheckQuery, mr: Record, now: datetime) -> RuleSet:
    rules = query.policy.merge_requests
    if is_open(mr):
        rules = rules_in_pipeline(rules, now, final=query.final)
    return replace(rules, always=("notes",)) if query.note else rules
