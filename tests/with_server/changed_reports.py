"""The reports that are made of changed answers, and how each of them is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any

import honest_reports as honest

from gitlab_sync import GitLabClient, GitLabUsersAPI, batch
from gitlab_sync.api import groups, issues, merge_requests, projects, timelogs, users
from gitlab_sync.api.branches import get_project_branches
from gitlab_sync.api.commits import get_user_commits
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.scores.weekly import WeekPerson, days_between
from gitlab_sync.run import Run
from gitlab_sync.services import commits, leaderboard, people, profile, weekly
from gitlab_sync.types import Source

NAMES = ["alice.moreau", "bruno.rossi", "chiara.ivanova"]
_PEOPLE = [Person(name) for name in NAMES]
_TODAY = date(2026, 6, 15)  # the last day of the world
_DAYS = days_between(_TODAY - timedelta(days=44), _TODAY)
_SPAN = period("2026-01-01", "2026-05-31", UTC)
_TEAMS = [
    Team("Red", "", tuple(map(Member, NAMES[:2]))),
    Team("Blue", "", (Member(NAMES[2]),)),
]

OF_ONE = frozenset(
    {
        *("/merge_requests", "/issues", "/users", "/users/:id", "/users/:id/memberships"),
        *("/users/:id/projects", "/users/:id/contributed_projects", "/users/:id/events"),
        "timeLogs",
    }
)
"""Endpoints with answers about one person alone."""


@dataclass(frozen=True)
class Asked:
    """One kind of report: how it is made and checked, its sources, and the token's owner."""

    make: Callable[[GitLabClient, Run], Any]
    check: Callable[[Any, Any], None]
    sources: tuple[Source, ...] = ("rest",)
    token: str | None = None


def _board(client: GitLabClient, run: Run) -> Any:
    return leaderboard.answer(client, leaderboard.LeaderboardQuery(_TEAMS, zone=UTC), run)


def _week(client: GitLabClient, run: Run) -> Any:
    listed = [WeekPerson("", "", name) for name in NAMES]
    return weekly.answer(client, weekly.WeeklyQuery(listed, _DAYS, zone=UTC), run)


def _table(**further: Any) -> Callable[[GitLabClient, Run], Any]:
    query = people.PeopleQuery(_PEOPLE, zone=UTC, **further)
    return lambda client, run: people.answer(client, query, run)


def _older(client: GitLabClient, run: Run) -> list[dict[str, Any]]:
    return batch.process_batch_users(client, [*NAMES, "no.one"], run=run)


def _check_older(found: list[dict[str, Any]], true: list[dict[str, Any]]) -> None:
    """Check who says that all is whole; the numbers of the others are those of other reports."""
    for each, right in zip(found, true, strict=True):
        assert each["username"] == right["username"]
        if each["status"] in {"Success", "Not Found"}:
            assert _counts(each) == _counts(right)
        else:
            assert each["error"]


def _counts(person: dict[str, Any]) -> dict[str, Any]:
    data = person["data"] or {}
    names = ("commit_stats", "mr_stats", "issue_stats", "total_time_spent_seconds")
    sizes = {
        name: len(data[name]) for name in ("commits", "groups", "mrs", "issues") if data.get(name)
    }
    counts = {name: data.get(name) for name in names}
    # Commits of people who could not be read are no one's: they count as unmatched in other rows.
    counts["commit_stats"] = {**(counts["commit_stats"] or {}), "unmatched": None}
    return {"status": person["status"], **counts, **sizes}


def _helpers(client: GitLabClient, run: Run) -> dict[str, Any]:
    """Return what each helper of the older client counts: None for an error or a partial list."""
    api = GitLabUsersAPI(client)

    def whole(rows: Any, counts: Any) -> Any:
        return counts if rows.complete else None

    def of_commits() -> Any:
        rows = api.get_user_commits(1)
        return whole(rows, len(rows))

    asked: dict[str, Callable[[], Any]] = {
        "user": lambda: (users.get_user_by_username(client, NAMES[0]) or {}).get("id"),
        "projects": lambda: len(projects.get_user_projects(client, 1, NAMES[0])["all"]),
        "groups": lambda: len(groups.get_user_groups(client, 2)),
        "members": lambda: [one["username"] for one in groups.get_group_members(client, "acme")],
        "merge requests": lambda: whole(*merge_requests.get_user_mrs(client, 1)),
        "issues": lambda: whole(*issues.get_user_issues(client, None, NAMES[1])),
        "commits": lambda: get_user_commits(client, 1, [101, "acme/platform/mail-relay"])[1:],
        "logs": lambda: sum(
            log["time_spent"] for log in timelogs.fetch_user_timelogs(client, NAMES[1], None, None)
        ),
        "compliance": lambda: merge_requests.get_single_user_live_mr_compliance(
            client, None, NAMES[1]
        )[0],
        "paths": lambda: batch.resolve_project_paths(client, ["acme/figures"])[0] or None,
        "branches": lambda: get_project_branches(client, 101),
        "older user": lambda: api.get_by_username(NAMES[0])["id"],
        "older projects": lambda: len(api.get_user_projects(1)),
        "older commits": of_commits,
    }
    results = {}
    for name, ask in asked.items():
        try:
            results[name] = ask()
        except GitLabSyncError:
            results[name] = None
    return results


def _check_helpers(found: dict[str, Any], true: dict[str, Any]) -> None:
    """Check each count; those of evaluated checks have `Unverified` if they are not whole."""
    for name, result in found.items():
        told = isinstance(result, dict) and "Unverified" in result
        assert result is None or told or result == true[name], (name, result, true[name])


_BOTH: tuple[Source, ...] = ("rest", "graphql")

ALL = {
    "merge requests": Asked(
        lambda client, run: client.batch_evaluate_mrs([*NAMES, "no.one"], run=run),
        honest.check_evaluation,
        _BOTH,
    ),
    "assigned merge requests": Asked(
        lambda client, run: client.batch_evaluate_mrs(NAMES, 101, None, "assignee", run=run),
        honest.check_evaluation,
        _BOTH,
    ),
    "issues": Asked(
        lambda client, run: client.batch_evaluate_issues([*NAMES, "no.one"], run=run),
        honest.check_evaluation,
    ),
    "people": Asked(_table(), honest.check_people, _BOTH),
    "people of projects and a period": Asked(
        _table(projects=("acme/figures", 102), period=_SPAN), honest.check_people
    ),
    "people by lists alone": Asked(_table(quick=True), honest.check_people),
    "people with a member's token": Asked(_table(), honest.check_people, ("rest",), NAMES[1]),
    "commits": Asked(
        lambda client, run: commits.answer(client, commits.CommitsQuery(_PEOPLE), run),
        honest.check_commits,
    ),
    "commits of a group": Asked(
        lambda client, run: commits.answer(client, commits.CommitsQuery(None, group="acme"), run),
        honest.check_commits,
    ),
    "leaderboard": Asked(_board, honest.check_leaderboard),
    "weekly": Asked(_week, honest.check_weekly),
    "profile": Asked(
        lambda client, run: profile.answer(client, profile.ProfileQuery(NAMES[0], zone=UTC), run),
        honest.check_profile,
        _BOTH,
    ),
    "people of the older client": Asked(_older, _check_older),
    "helpers of the older client": Asked(_helpers, _check_helpers),
}
