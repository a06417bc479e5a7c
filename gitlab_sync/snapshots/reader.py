"""What pages ask, answered by a snapshot instead of a GitLab: the same rows, and no request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from gitlab_sync.reports.report import Report
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Team, first_teams, usernames_of
from gitlab_sync.rules.policy import Policy
from gitlab_sync.run import Run
from gitlab_sync.services.compliance import ComplianceQuery
from gitlab_sync.services.identities import IdentitiesQuery, IdentitiesReport
from gitlab_sync.services.leaderboard import LeaderboardQuery, LeaderboardReport
from gitlab_sync.services.open_work import OpenQuery, OpenReport
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport, PersonAnswer
from gitlab_sync.services.profile import ProfileQuery, ProfileReport
from gitlab_sync.services.project_report import Checked, ComplianceReport
from gitlab_sync.services.reviews import ReviewsQuery, ReviewsReport
from gitlab_sync.services.weekly import WeeklyQuery, WeeklyReport
from gitlab_sync.snapshots import answers
from gitlab_sync.snapshots.history import HistoryQuery, HistoryReport, history
from gitlab_sync.snapshots.snapshot import Snapshot

MANY = 30
"""Of more people, rows are kept without what is behind them, which is read when asked for."""

_FIRST, _TIMES = 20, 8
"""How many people the first report is about, and how many times as many the next one."""

Q = TypeVar("Q")
R = TypeVar("R", bound=Report)


class SnapshotReader:
    """Reads a snapshot, as `services.reader.Reader`; `policy` is the one that it was taken by.

    What is not visible in the snapshot is unknown to it, as what is not in it. Thread-safe.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        self._snapshot = snapshot
        self._policy = policy

    def users(self, query: PeopleQuery, run: Run) -> PeopleReport:
        """Answer as `services.people`; of many people without their items."""
        query = answers.with_members(self._snapshot, query)
        is_many = len(query.people) > MANY
        keep = PersonAnswer.without_items if is_many else PersonAnswer.without_lists
        return answers.users(self._snapshot, query, run, keep)

    def profile(self, query: ProfileQuery, run: Run) -> ProfileReport:  # noqa: ARG002
        """Answer as `services.profile`."""
        return answers.profile(self._snapshot, query)

    def weekly(self, query: WeeklyQuery, run: Run) -> WeeklyReport:
        """Answer as `services.weekly`."""

        def first(number: int) -> WeeklyQuery:
            return replace(query, people=query.people[:number])

        answer = partial(answers.weekly, self._snapshot)
        return _first_few_then_all(answer, query, first, len(query.people), run)

    def open_work(self, query: OpenQuery, run: Run) -> OpenReport:
        """Answer as `services.open_work`."""
        names = answers.open_people(self._snapshot, query)

        def first(number: int) -> OpenQuery:
            return replace(query, people=names[:number])

        answer = partial(answers.open_work, self._snapshot)
        return _first_few_then_all(answer, query, first, len(names), run)

    def leaderboard(self, query: LeaderboardQuery, run: Run) -> LeaderboardReport:
        """Answer as `services.leaderboard`; of many people without their lists."""
        people = len(usernames_of(query.teams))

        def first(number: int) -> LeaderboardQuery:
            return replace(query, teams=first_teams(query.teams, number))

        answer = partial(answers.leaderboard, self._snapshot, lists=people <= MANY)
        return _first_few_then_all(answer, query, first, people, run)

    def reviews(self, query: ReviewsQuery, run: Run) -> ReviewsReport:
        """Answer as `services.reviews`."""

        def first(number: int) -> ReviewsQuery:
            return replace(query, teams=first_teams(query.teams, number))

        answer = partial(answers.reviews, self._snapshot)
        return _first_few_then_all(answer, query, first, len(usernames_of(query.teams)), run)

    def compliance(self, query: ComplianceQuery, run: Run) -> ComplianceReport:
        """Answer as `services.compliance`."""

        def on_checked(checked: Checked) -> None:
            if run.on_row is not None:
                run.on_row(checked.row)

        return answers.compliance(self._snapshot, query, self._policy, on_checked)

    def identities(self, query: IdentitiesQuery, run: Run) -> IdentitiesReport:  # noqa: ARG002
        """Answer as `services.identities`, without the rows of commits."""
        return answers.identities(self._snapshot, query).without_commits()

    def history(self, query: HistoryQuery, run: Run) -> HistoryReport:
        """Return what changed since an earlier run of the folder, and the numbers of all runs."""
        return history(self._snapshot.source, query, run, self._snapshot.give_way)

    def people_of_groups(self, groups: Iterable[int | str]) -> list[Person]:
        """Return the members of groups, as `services.members` does."""
        return self._snapshot.people_of_groups(map(str, groups), self._policy.terms.bots)

    def teams_of_groups(self, groups: Iterable[int | str]) -> tuple[Team, ...]:
        """Return a team for each group, as `services.leaderboard` does."""
        return answers.teams_of_groups(self._snapshot, map(str, groups), self._policy.terms.bots)


def _first_few_then_all(
    answer: Callable[[Q, Run], R], query: Q, first: Callable[[int], Q], people: int, run: Run
) -> R:
    """Return the answer to a query about so many people; before that tell the run of the first few.

    `first` returns the query about so many of them. What is read twice is at most a seventh of all.
    """
    number = _FIRST
    while run.on_report is not None and number * _TIMES <= people:
        report = answer(first(number), Run(cancel=run.cancel))
        report.completeness.only_first = True
        run.on_report(report)
        number *= _TIMES
    return answer(query, run)
