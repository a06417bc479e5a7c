"""Checks of the GitLab: its version, its REST and GraphQL, its rate limits and its clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from packaging.version import Version

from gitlab_sync.api import timelogs
from gitlab_sync.api.graphql import health, query, records
from gitlab_sync.api.graphql.page_size import FEW_ROWS
from gitlab_sync.errors import AuthenticationError, GraphQLError, NotFound, QueryTooComplex
from gitlab_sync.http import wire
from gitlab_sync.rules import record
from gitlab_sync.services.doctor.finding import Finding, not_checked, ok, problem, warning
from gitlab_sync.services.doctor.subject import Subject
from gitlab_sync.types import Params, Scalar

OLDEST = Version("15.7")
"""The first GitLab that lists the changed files of a merge request page by page."""

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
LISTED = (
    "author", "description", "detailed_merge_status", "draft", "references", "reviewers", "sha",
    "time_stats", "updated_at", "user_notes_count",
)  # fmt: skip
"""What runs read in the record of a merge request in a list; old servers lack some of it."""

_LEFT = 0.1  # of a rate limit
_SKEW = 10.0  # seconds; a date has whole ones
_NOWHERE, _NO_ONE = "gitlab-sync/no-such-project", "gitlab-sync-no-one"


def version(subject: Subject) -> Finding:
    """Check that the GitLab is not too old."""
    data = subject.asking.get("version").data()
    told = record.text(data, "version") or "unknown"
    number = _VERSION.match(told)
    if number is None:
        return warning(f"its version is {told}", "Ask its operator which version it is.")
    facts: dict[str, Scalar] = {"version": told}
    if Version(number[0]) < OLDEST:
        return warning(
            f"{told}, older than {OLDEST}: changed files are unknown over REST, and fields are "
            "missing",
            f"Ask its operator to update it to {OLDEST} or newer.",
            **facts,
        )
    return ok(told, **facts)


def rest(subject: Subject) -> Finding:
    """Check that a list of merge requests can be read, with the fields that runs need."""
    asking = subject.asking
    mine = {"membership": True, "simple": True, "order_by": "last_activity_at", "per_page": 1}
    projects = asking.get("projects", mine)
    rows = projects.data()
    if not isinstance(rows, list) or "x-next-page" not in projects.answer.headers:
        return problem(
            "its lists do not say where they go on",
            "Check that no proxy removes headers such as X-Next-Page from answers.",
        )
    if not rows:
        return warning(
            "the owner of the token is a member of no project: only what is public can be read",
            "Let a member of the projects create the token, or add its owner to them.",
            projects=0,
        )
    number = record.number_id(rows[0])
    listed = asking.get(f"projects/{number}/merge_requests", {"per_page": 1}).data()
    missing = [name for name in LISTED if listed and name not in listed[0]]
    if missing:
        return warning(
            f"merge requests lack {', '.join(missing)}",
            "Some results are unknown, or take more requests; a newer GitLab has these fields.",
            missing=", ".join(missing),
        )
    if not listed:
        return ok("lists can be read; there was no merge request to look at")
    return ok("lists can be read, and have all fields that runs need")


def graphql(subject: Subject) -> Finding:
    """Send each kind of query that runs send, and check which fields are missing."""
    schema, missing, limit = health.Schema(), list[str](), None
    subject.learnt.graphql = False
    for text, variables in queries():
        try:
            data = subject.asking.graphql(text, variables).data()
        except (NotFound, AuthenticationError) as error:
            return _unused(
                f"not there ({error.reason})",
                "Ask its operator whether GraphQL is switched off, or /api/graphql blocked.",
            )
        except GraphQLError as error:
            left = schema.without(error.message)
            if left is not None:
                schema = left
                missing += health.named_in(error.message)
            elif isinstance(error, QueryTooComplex):
                return _unused(error.message, "Ask its operator for the usual limit, 250.")
            else:
                raise
        else:
            limit = record.count(record.field(data, "queryComplexity"), "limit") or limit
    subject.learnt.graphql = schema.facts == query.FACTS
    facts: dict[str, Scalar] = {"available": True, "complexity": limit}
    if missing:
        named = ", ".join(dict.fromkeys(missing))
        return warning(
            f"it lacks {named}: what needs them is read over REST, with more requests",
            "A newer GitLab has these fields.",
            missing=named,
            **facts,
        )
    told = f"a query can have a complexity of {limit}" if limit else "it does not tell its limit"
    return ok(f"has all fields that runs need; {told}", **facts)


def _unused(why: str, to_do: str) -> Finding:
    text = f"{why}: merge requests are read over REST, with some twenty times as many requests"
    return warning(text, to_do, available=False)


def queries() -> Iterator[tuple[str, Params]]:
    """Yield the queries for facts, for lists of merge requests, and for logged time: of no one."""
    yield query.query(query.FACTS, 1, FEW_ROWS, tells=True), {"p0": _NOWHERE, "i0": ["1"]}
    for opened in (False, True):
        which = records.Which(opened=opened)
        yield (
            records.query(which, records.FIELDS, 1, tells=True),
            {"u0": _NO_ONE, "n0": 1, **which.variables},
        )
    now = datetime.now(UTC)
    times = {"start": (now - timedelta(days=1)).isoformat(), "end": now.isoformat()}
    yield timelogs.QUERY, {"username": _NO_ONE, "first": 1, **times}


def limits(subject: Subject) -> Finding:
    """Check what the server says about its rate limits, and whether much is left."""
    refusal = subject.asking.refusal
    if refusal is not None:
        return warning(refusal.reason, "Wait, then run again: runs wait by themselves.")
    if not subject.asking.seen:
        return not_checked("it needs Connection")
    for seen in reversed(subject.asking.seen):
        headers = seen.answer.headers
        told = wire.rate_limit(headers)
        most = headers.get("ratelimit-limit", "").strip()
        if told is None or not most.isdecimal():
            continue
        learnt = subject.learnt
        learnt.limit, learnt.remaining = int(most[:9]), told.remaining
        text = (
            f"{learnt.remaining:,} of {learnt.limit:,} requests left, for "
            f"{told.reset_after:.0f} s ({told.name or 'no name'})"
        )
        facts: dict[str, Scalar] = {
            "limit": learnt.limit,
            "remaining": learnt.remaining,
            "resets_after": round(told.reset_after),
        }
        if learnt.remaining <= _LEFT * learnt.limit:
            return warning(text, "Wait, then run again: runs wait by themselves.", **facts)
        return ok(text, **facts)
    return ok("the server announces none", limit=None)


def clock(subject: Subject) -> Finding:
    """Compare the server's clock with ours."""
    for seen in subject.asking.seen:
        date = seen.answer.headers.get("date")
        then = wire.epoch(date)
        if then is None:
            continue
        ahead = round(seen.at - (then + 0.5), 1)
        if abs(ahead) <= _SKEW:
            return ok("the server's and ours agree", ahead=ahead)
        which = "ahead of" if ahead > 0 else "behind"
        return warning(
            f"ours is {abs(ahead):,.0f} s {which} the server's: what is of the last days can be "
            "counted for another day",
            "Synchronize the clock of this machine, or tell the server's operator.",
            ahead=ahead,
        )
    return warning("the server sends no date", "Check whether a proxy removes the header Date.")
