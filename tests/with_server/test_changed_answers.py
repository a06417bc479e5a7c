"""Thousands of answers with one field changed: true rows, unknown ones with a reason, or our error.

Each report is made of answers in which a field is missing, null, or of another kind. Its rows are
the true ones, or they say that they are not whole, and then no number is above the truth. Nothing
else than an error of `gitlab_sync.errors` is ever raised. What is changed for one person changes
the row of no one else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any

import honest_reports as honest
import pytest
from changed_answers import Change, ChangedAnswers
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.scores.weekly import WeekPerson, days_between
from gitlab_sync.run import Run
from gitlab_sync.services import commits, leaderboard, people, profile, weekly
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Source

pytestmark = pytest.mark.slow

CASES = 300
"""Changes for each kind of report and each source."""

SIZES: dict[str, Any] = {"users": 3, "merge_requests": 3, "issues": 2, "projects": 2}
NAMES = ["alice.moreau", "bruno.rossi", "chiara.ivanova"]
PEOPLE = [Person(name) for name in NAMES]
TODAY = date(2026, 6, 15)  # the last day of the world
DAYS = days_between(TODAY - timedelta(days=44), TODAY)
TEAMS = [
    Team("Red", "", tuple(map(Member, NAMES[:2]))),
    Team("Blue", "", (Member(NAMES[2]),)),
]
QUICK = RetryPolicy(base=0.0005, cap=0.001)
OF_ONE = {"/merge_requests", "/issues", "/users", "/users/:id", "/users/:id/memberships"}
OF_ONE |= {"/users/:id/projects", "/users/:id/contributed_projects", "/users/:id/events"}
OF_ONE |= {"timeLogs"}
"""Endpoints with answers about one person alone."""


@dataclass(frozen=True)
class Asked:
    """One kind of report: how it is made, how it is checked, and whether it knows sources."""

    make: Callable[[GitLabClient, Run], Any]
    check: Callable[[Any, Any], None]
    sources: tuple[Source, ...] = ("rest",)
    token: str | None = None


def board(client: GitLabClient, run: Run) -> Any:
    """Compare the two teams."""
    return leaderboard.answer(client, leaderboard.LeaderboardQuery(TEAMS, zone=UTC), run)


def week(client: GitLabClient, run: Run) -> Any:
    """Read everyone's days."""
    listed = [WeekPerson("", "", name) for name in NAMES]
    return weekly.answer(client, weekly.WeeklyQuery(listed, DAYS, zone=UTC), run)


def table(**further: Any) -> Callable[[GitLabClient, Run], Any]:
    """Return what makes the table of people."""
    query = people.PeopleQuery(PEOPLE, zone=UTC, **further)
    return lambda client, run: people.answer(client, query, run)


BOTH: tuple[Source, ...] = ("rest", "graphql")
SPAN = period("2026-01-01", "2026-05-31", UTC)
ALL = {
    "merge requests": Asked(
        lambda client, run: client.batch_evaluate_mrs([*NAMES, "no.one"], run=run),
        honest.check_evaluation,
        BOTH,
    ),
    "assigned merge requests": Asked(
        lambda client, run: client.batch_evaluate_mrs(NAMES, 101, None, "assignee", run=run),
        honest.check_evaluation,
        BOTH,
    ),
    "issues": Asked(
        lambda client, run: client.batch_evaluate_issues([*NAMES, "no.one"], run=run),
        honest.check_evaluation,
    ),
    "people": Asked(table(), honest.check_people, BOTH),
    "people of projects and a period": Asked(
        table(projects=("acme/figures", 102), period=SPAN), honest.check_people
    ),
    "people by lists alone": Asked(table(quick=True), honest.check_people),
    "people with a member's token": Asked(table(), honest.check_people, ("rest",), NAMES[1]),
    "commits": Asked(
        lambda client, run: commits.answer(client, commits.CommitsQuery(PEOPLE), run),
        honest.check_commits,
    ),
    "commits of a group": Asked(
        lambda client, run: commits.answer(client, commits.CommitsQuery(None, group="acme"), run),
        honest.check_commits,
    ),
    "leaderboard": Asked(board, honest.check_leaderboard),
    "weekly": Asked(week, honest.check_weekly),
    "profile": Asked(
        lambda client, run: profile.answer(client, profile.ProfileQuery(NAMES[0], zone=UTC), run),
        honest.check_profile,
        BOTH,
    ),
}
EACH_SOURCE = [(name, source) for name, asked in ALL.items() for source in asked.sources]


def made(answers: ChangedAnswers, asked: Asked, source: Source) -> Any:
    """Return a report, with a bridge of its own."""
    with Bridge(2, policy=QUICK) as bridge:
        bridge.transport = answers  # type: ignore[assignment]
        client = GitLabClient("http://gitlab.example", "sandbox-admin-token", bridge=bridge)
        return asked.make(client, Run(source=source, max_wait=0.05))


def sample(answers: ChangedAnswers, choice: random.Random) -> Iterator[Change]:
    """Yield changes: each field as likely as any other, and for all people or for one."""
    fields = sorted(answers.changes().items())
    while True:
        (endpoint, _), changes = choice.choice(fields)
        change = choice.choice(changes)
        if choice.random() < 0.1:
            change = Change(endpoint, cut=choice.random())
        if choice.random() < 0.5:
            change = replace(change, only=choice.choice(answers.sent_to(endpoint)))
        yield change


@pytest.mark.parametrize(("name", "source"), EACH_SOURCE)
def test_a_changed_answer_ends_in_the_true_row_an_unknown_one_or_our_error(
    name: str, source: Source
) -> None:
    """Field by field, in all rows or in one, of all people or of one."""
    asked = ALL[name]
    answers = ChangedAnswers(fresh_world(5, **SIZES, large_every=0), asked.token)
    true = made(answers, asked, source)
    struck = 0
    for change in iter_cases(answers, f"{name} {source}"):
        answers.change, answers.hits = change, 0
        try:
            found = made(answers, asked, source)
        except GitLabSyncError:
            assert answers.hits, change
            continue
        except Exception as error:
            raise AssertionError(f"{change}: {error!r}") from error
        struck += answers.hits > 0
        try:
            asked.check(found, true)
            assert_others_are_true(found, true, change)
        except AssertionError as error:
            raise AssertionError(f"{change}\n{error}") from error
    assert struck > CASES / 3


def iter_cases(answers: ChangedAnswers, seed: str) -> Iterator[Change]:
    """Yield `CASES` changes, the same in each run."""
    cases = sample(answers, random.Random(seed))
    return (next(cases) for _ in range(CASES))


def assert_others_are_true(found: Any, true: Any, change: Change) -> None:
    """Check that a change in what is about one person changes one row at most."""
    if change.only is not None and change.endpoint in OF_ONE and "Username" in true[0]:
        rows, true_rows = honest.by(found, "Username"), honest.by(true, "Username")
        assert sum(row != true_rows[name] for name, row in rows.items()) <= 1
