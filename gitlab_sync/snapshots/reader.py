"""What pages ask, answered by a snapshot instead of a GitLab: the same rows, and no request."""

from __future__ import annotations

from collections.abc import Iterable

from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Team, usernames_of
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
        return answers.weekly(self._snapshot, query, run)

    def open_work(self, query: OpenQuery, run: Run) -> OpenReport:
        """Answer as `services.open_work`."""
        return answers.open_work(self._snapshot, query, run)

    def leaderboard(self, query: LeaderboardQuery, run: Run) -> LeaderboardReport:
        """Answer as `services.leaderboard`; of many people without their lists."""
        lists = len(usernames_of(query.teams)) <= MANY
        return answers.leaderboard(self._snapshot, query, run, lists=lists)

    def reviews(self, query: ReviewsQuery, run: Run) -> ReviewsReport:  # noqa: ARG002
        """Answer as `services.reviews`."""
        return answers.reviews(self._snapshot, query)

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
