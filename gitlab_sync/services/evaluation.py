"""Fan-out over people: their merge requests and issues read, evaluated and counted, a row for each.

The lists of all people are read first, then the facts of all their merge requests together; only
requests run on the pool, and everything else in the calling thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from gitlab_sync.api import users
from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import read_facts
from gitlab_sync.api.graphql.lists import AT_ONCE, Lists, lists_for
from gitlab_sync.api.milestones import ActiveMilestones
from gitlab_sync.api.past import timeline_of
from gitlab_sync.api.scope import EVERYWHERE, Kind, Scope
from gitlab_sync.api.timeline import TODAY, Timeline
from gitlab_sync.api.user_items import UserItems, of_users
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.items.as_of import AS_THEY_ARE, AsOf
from gitlab_sync.rules.items.fields import ASSIGNED, ISSUES, MERGE_REQUESTS
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.run import Run
from gitlab_sync.services.evaluation_table import EvaluatedPart, EvaluationTable
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import run_workflow, run_workflows
from gitlab_sync.workers.spread import partitions, spread


def evaluate_merge_requests(
    client: Client,
    usernames: Iterable[str],
    scope: Scope = EVERYWHERE,
    run: Run | None = None,
    policy: Policy = CLASSIC,
    as_of: AsOf = AS_THEY_ARE,
) -> Report:
    """Evaluate the merge requests of these people by a policy: a row for each, sorted by username.

    With `as_of`, the merge requests are as they were at its moments. Columns and status are as in
    `rules.items.table`, with those of `as_of` behind them. Errors of single reads never raise: they
    are in the rows. When `run.cancel` ends it, the rows say what was not read. `run.executor` gets
    parts of the people. Raises ConfigurationError for input that cannot work. Thread-safe.
    """
    return _evaluate(merge_requests_of, client, usernames, scope, run or Run(), policy, as_of)


def evaluate_issues(
    client: Client,
    usernames: Iterable[str],
    scope: Scope = EVERYWHERE,
    run: Run | None = None,
    policy: Policy = CLASSIC,
    as_of: AsOf = AS_THEY_ARE,
) -> Report:
    """Count and evaluate all issues of these people, as `evaluate_merge_requests` does.

    The lists hold all that is needed; only whether a project has an active milestone is read for
    each project, if the policy asks for it.
    """
    return _evaluate(issues_of, client, usernames, scope, run or Run(), policy, as_of)


class _Evaluation(Protocol):
    """Reads and evaluates the items of people; the session has a context."""

    def __call__(
        self,
        session: Session,
        usernames: Sequence[str],
        scope: Scope,
        run: Run,
        policy: Policy,
        as_of: AsOf,
        /,
    ) -> EvaluationTable: ...


def _evaluate(
    of: _Evaluation,
    client: Client,
    usernames: Iterable[str],
    scope: Scope,
    run: Run,
    policy: Policy,
    as_of: AsOf,
) -> Report:
    names = users.distinct_usernames(usernames)
    with run.context(client) as session:
        if run.executor is None:
            return of(session, names, scope, run, policy, as_of).report()
        # An item has one author, but several assignees: all who could share one are one part.
        least = 1 if scope.role == "author" else len(names)
        parts = partitions(names, run.executor, least)
        works = [(len(part), partial(_part, of, part, scope, policy, as_of)) for part in parts]
        together = _table(of, scope, run, policy, as_of)

        def lost(number: int, error: GitLabSyncError) -> EvaluatedPart:
            part = _table(of, scope, Run(), policy, as_of)
            part.begin(UserItems(name, (), (error,), None) for name in parts[number])
            return part.part()

        together.begin(())
        for part in spread(session, run, works, "people", lost):
            together.add(part)
        return together.report()


def _part(
    of: _Evaluation,
    usernames: Sequence[str],
    scope: Scope,
    policy: Policy,
    as_of: AsOf,
    session: Session,
    run: Run,
) -> EvaluatedPart:
    """Evaluate a part of the people of a run: the work of one worker."""
    return of(session, usernames, scope, run, policy, as_of).part()


def _table(
    of: _Evaluation,
    scope: Scope,
    run: Run,
    policy: Policy,
    as_of: AsOf,
    timeline: Timeline | None = None,
) -> EvaluationTable:
    what, rules = "merge requests", policy.merge_requests
    if of is issues_of:
        what, rules = "issues", policy.issues
    known = timeline or timeline_of(as_of, {})
    return EvaluationTable(what, rules, policy.name, scope, run, known)


def merge_requests_of(
    session: Session,
    usernames: Sequence[str],
    scope: Scope,
    run: Run,
    policy: Policy,
    as_of: AsOf,
) -> EvaluationTable:
    """Return the table of `evaluate_merge_requests`, in a session that has a context."""
    rules = policy.merge_requests
    timeline = timeline_of(as_of, {"merge_requests": rules})
    source = timeline.source(facts_for(session, run, timeline.reading(rules)))
    table = _table(merge_requests_of, scope, run, policy, as_of, timeline)
    table.tracker.attach(session)
    scope = _slim(scope, MERGE_REQUESTS, timeline)
    mrs = table.begin(find_authors(session, usernames, scope, run, policy, timeline))
    for found in read_facts(session, mrs, source):
        table.take(found.mr, found.verdicts(rules), found.errors)
    return table


def issues_of(
    session: Session,
    usernames: Sequence[str],
    scope: Scope,
    run: Run,
    policy: Policy,
    as_of: AsOf,
) -> EvaluationTable:
    """Return the table of `evaluate_issues`, in a session that has a context."""
    rules = policy.issues
    timeline = timeline_of(as_of, {"issues": rules})
    table = _table(issues_of, scope, run, policy, as_of, timeline)
    table.tracker.attach(session)
    scope = _slim(scope, ISSUES, timeline)
    issues = table.begin(find_people(session, "issues", usernames, scope, timeline=timeline))
    milestones = ActiveMilestones(session, run.source, rules, timeline.milestones)
    run_workflow(session, milestones.read(milestones.projects_of(issues)))
    for issue in issues:
        verdicts = rules.rule(issue, milestones.facts_of(issue))
        errors = [*milestones.errors_of(issue), *timeline.errors_of(issue)]
        table.take(issue, verdicts, errors)
    return table


def _slim(scope: Scope, fields: frozenset[str], timeline: Timeline) -> Scope:
    """Return the scope with items that have only what is evaluated; what they were needs more."""
    if timeline is not TODAY:
        return scope
    return replace(scope, fields=fields | ASSIGNED if scope.role == "assignee" else fields)


def find_authors(
    session: Session,
    usernames: Iterable[str],
    scope: Scope,
    run: Run,
    policy: Policy,
    timeline: Timeline = TODAY,
) -> list[UserItems]:
    """Read the merge requests of each person as `find_people` does, for rules of this policy."""
    names = users.distinct_usernames(usernames)
    bulk = policy.fits_lists_in_bulk
    lists = lists_for(session, scope, run.source, len(names)) if bulk else None
    return find_people(session, "merge_requests", names, scope, lists, timeline)


def find_people(
    session: Session,
    kind: Kind,
    usernames: Iterable[str],
    scope: Scope = EVERYWHERE,
    lists: Lists | None = None,
    timeline: Timeline = TODAY,
) -> list[UserItems]:
    """Read the items of each person, in the order of the names; blank and repeated ones left out.

    They are as the `timeline` shows them. `lists` reads merge requests of the scope for several
    people at once, and REST all else.
    """
    names = users.distinct_usernames(usernames)
    size = 1 if lists is None else AT_ONCE
    parts = [names[at : at + size] for at in range(0, len(names), size)]
    workflows = ((None, of_users(kind, part, scope, lists, timeline)) for part in parts)
    found = {
        name: items for _, part in run_workflows(session, workflows) for name, items in part.items()
    }
    return [found[name] for name in names]
