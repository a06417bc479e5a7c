"""Merge requests of a generated world: what each fails is decided first, then it is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gitlab_sync.sandbox.making import changes, reviews, words
from gitlab_sync.sandbox.making.builder import Builder, time_stats, utc
from gitlab_sync.sandbox.making.history import add_event, add_push, add_timelogs
from gitlab_sync.sandbox.making.issues import milestone
from gitlab_sync.sandbox.making.merge_request_plan import MergeRequestPlan
from gitlab_sync.sandbox.making.open_work import settle_open
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.making.twists import twist_merge_request
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.truth import (
    MERGE_REQUEST_CHECKS,
    NO_DESC,
    NO_ISSUES,
    NO_REVIEW,
    NO_SEMANTIC_COMMITS,
    NO_TIME,
    TWO_DAYS,
    WEEK,
    Decision,
)

_HOURS_OF_TWO_DAYS, _HOURS_OF_A_WEEK = 48, 168


def add_merge_request(
    builder: Builder,
    project: Record,
    author: Person,
    *,
    assignees: Sequence[Person] = (),
    state: str | None = None,
    large: bool = False,
    fork: Record | None = None,
) -> Record:
    """Add a merge request by `author` with faults after that person's habits; return its record.

    `fork` is the project of its branch, if that is another one.
    """
    plan = _plan(builder, project, author, assignees, state)
    plan.large, plan.fork = large, fork
    record = _record(builder, plan)
    key = (project["id"], plan.iid)
    tables = builder.tables
    commits = [] if plan.no_commits else changes.commits(builder, plan)
    record["sha"] = commits[0]["id"] if commits else None
    tables.mr_commits.put(key, commits)
    tables.mr_diffs.put(key, changes.diffs(builder, plan))
    tables.mr_pipelines.put(key, changes.pipelines(builder, plan, record))
    notes, approved_by = reviews.notes(builder, plan, record)
    tables.mr_notes.put(key, notes)
    record["user_notes_count"] = sum(not note["system"] for note in notes)
    tables.approvals[key] = {
        "approved": True,
        "approvals_required": 0,
        "approvals_left": 0,
        "approved_by": [{"user": person.basic} for person in approved_by],
    }
    twist_merge_request(builder, plan, record)
    settle_open(builder, plan, record)
    if plan.place is not None:
        closes = plan.reference.startswith("Closes") and plan.place != "note"
        (tables.closes if closes else tables.mentions).setdefault(key, []).append(plan.issue_iid)
    tables.merge_requests.append(record)
    changes.add_to_branch(builder, plan, record, commits)
    _remember(builder, plan, record, commits)
    return record


def _plan(
    builder: Builder,
    project: Record,
    author: Person,
    assignees: Sequence[Person],
    state: str | None,
) -> MergeRequestPlan:
    random = builder.random
    fails = {check for check in MERGE_REQUEST_CHECKS if author.forgets(check, random)}
    if WEEK in fails:
        fails.add(TWO_DAYS)
    if state is None:
        state = random.choices(("merged", "closed", "opened"), (75, 12, 13))[0]
    if state == "opened":
        ended, created = None, builder.ago(builder.span / 6, 0.5)
    else:
        ended = builder.ago(builder.span, 0.5)
        created = ended - _open_time(builder, fails)
    plan = MergeRequestPlan(
        project,
        author,
        assignees,
        state,
        created,
        ended,
        fails,
        builder.next_iid("merge_request", project["id"]),
        no_commits=builder.chance(0.04),
        issue_iid=random.randint(1, max(1, builder.last_iid("issue", project["id"]))),
    )
    if plan.passes(NO_ISSUES):
        places = ["title", "note"]
        if plan.passes(NO_DESC):
            places += ["description"] * 3
        if not plan.no_commits:
            places.append("commit")
        plan.place = random.choice(places)
        plan.reference = words.reference(random, plan.issue_iid, project["web_url"])
    if plan.passes(NO_REVIEW) and builder.chance(0.2):
        plan.upvotes = random.randint(1, 3)
    candidates = [person for person in builder.people if person is not author]
    if candidates:
        plan.reviewers = random.sample(candidates, min(len(candidates), random.randint(1, 2)))
    return plan


def _open_time(builder: Builder, fails: set[str]) -> timedelta:
    """Return how long it was open. Exactly two days, or a week, is not yet too long."""
    random = builder.random
    if WEEK in fails:
        return timedelta(hours=_HOURS_OF_A_WEEK, seconds=random.randint(1, 35 * 86_400))
    least, most = (_HOURS_OF_TWO_DAYS, _HOURS_OF_A_WEEK) if TWO_DAYS in fails else (0, 48)
    if builder.chance(0.1):
        return timedelta(hours=most)
    return timedelta(seconds=random.randint(least * 3600 + 60, most * 3600 - 1))


def _record(builder: Builder, plan: MergeRequestPlan) -> Record:
    random, project, iid = builder.random, plan.project, plan.iid
    end = None if plan.ended is None else utc(plan.ended)
    merged = plan.state == "merged"
    closed = plan.state == "closed"
    ender = (plan.reviewers[0] if plan.reviewers else plan.author).basic
    spent = 0 if NO_TIME in plan.fails else 600 * random.randint(1, 40)
    draft = plan.state == "opened" and builder.chance(0.2)
    short = f"!{iid}"
    return {
        "id": builder.next_id(),
        "iid": iid,
        "project_id": project["id"],
        "title": ("Draft: " if draft else "") + _title(builder, plan),
        "description": _description(builder, plan),
        "state": plan.state,
        "created_at": utc(plan.created),
        "updated_at": end or utc(plan.created + timedelta(hours=1)),
        "merged_by": ender if merged else None,
        "merge_user": ender if merged else None,
        "merged_at": end if merged else None,
        "closed_by": ender if closed else None,
        "closed_at": end if closed else None,
        "target_branch": "main",
        "source_branch": f"{random.choice(('feature', 'fix', 'work'))}-{iid}",
        "user_notes_count": 0,
        "upvotes": plan.upvotes,
        "downvotes": 0,
        "author": plan.author.basic,
        "assignees": [person.basic for person in plan.assignees],
        "assignee": plan.assignees[0].basic if plan.assignees else None,
        "reviewers": [person.basic for person in plan.reviewers],
        "source_project_id": _source(builder, plan),
        "target_project_id": project["id"],
        "labels": [] if builder.chance(0.3) else [random.choice(("backend", "frontend"))],
        "draft": draft,
        "imported": False,
        "imported_from": "none",
        "work_in_progress": draft,
        "milestone": milestone(builder, project, plan.created) if builder.chance(0.6) else None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "mergeable" if plan.state == "opened" else "not_open",
        "merge_after": None,
        "sha": None,
        "merge_commit_sha": builder.sha() if merged else None,
        "squash_commit_sha": None,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": True,
        "prepared_at": utc(plan.created),
        "reference": short,
        "references": {
            "short": short,
            "relative": short,
            "full": f"{project['path_with_namespace']}{short}",
        },
        "web_url": f"{project['web_url']}/-/merge_requests/{iid}",
        "time_stats": time_stats(spent),
        "squash": False,
        "squash_on_merge": False,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_conflicts": False,
        "blocking_discussions_resolved": True,
        "approvals_before_merge": None,
    }


def _source(builder: Builder, plan: MergeRequestPlan) -> int | None:
    """Return the id of the branch's project; null if a fork was deleted since."""
    if plan.fork is not None:
        return int(plan.fork["id"])
    if plan.state != "opened" and builder.chance(0.03):
        return None
    return int(plan.project["id"])


def _title(builder: Builder, plan: MergeRequestPlan) -> str:
    # Titles count only if there are no commits; otherwise either kind must be harmless.
    semantic = plan.passes(NO_SEMANTIC_COMMITS) if plan.no_commits else builder.chance(0.6)
    title = words.semantic(builder.random) if semantic else words.unsemantic(builder.random)
    return f"{title} (#{plan.issue_iid})" if plan.place == "title" else title


def _description(builder: Builder, plan: MergeRequestPlan) -> str | None:
    if NO_DESC in plan.fails:
        return words.no_description(builder.random)
    added = plan.reference if plan.place == "description" else ""
    return words.description(builder.random, added)


def _remember(
    builder: Builder, plan: MergeRequestPlan, record: Record, commits: list[Record]
) -> None:
    """Write down what was decided, and what people's events and time logs say of it."""
    project = plan.project
    builder.truth.merge_request_decisions.append(
        Decision(
            project["id"],
            plan.iid,
            plan.author.username,
            tuple(person.username for person in plan.assignees),
            plan.state,
            frozenset(plan.fails),
        )
    )
    kind = "MergeRequest"
    where = record["source_project_id"] or project["id"]
    add_push(builder, plan.author, where, record["source_branch"], commits, plan.created)
    add_event(builder, plan.author, project["id"], "opened", plan.created, record, kind)
    if plan.ended is not None:
        action = "accepted" if plan.state == "merged" else "closed"
        ender = plan.reviewers[0] if plan.reviewers else plan.author
        add_event(builder, ender, project["id"], action, plan.ended, record, kind)
    spent = record["time_stats"]["total_time_spent"]
    add_timelogs(builder, plan.author, project, record, spent, plan.created)
