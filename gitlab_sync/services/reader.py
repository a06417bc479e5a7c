"""What pages ask: of a GitLab through a client, or of anything else that answers the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy, all_known
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Team
from gitlab_sync.run import Run
from gitlab_sync.services import (
    compliance,
    identities,
    leaderboard,
    members,
    open_work,
    people,
    profile,
    reviews,
    weekly,
)
from gitlab_sync.services.compliance import ComplianceQuery
from gitlab_sync.services.identities import IdentitiesQuery, IdentitiesReport
from gitlab_sync.services.leaderboard import LeaderboardQuery, LeaderboardReport
from gitlab_sync.services.open_work import OpenQuery, OpenReport
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport
from gitlab_sync.services.profile import ProfileQuery, ProfileReport
from gitlab_sync.services.project_report import ComplianceReport
from gitlab_sync.services.reviews import ReviewsQuery, ReviewsReport
from gitlab_sync.services.weekly import WeeklyQuery, WeeklyReport
from gitlab_sync.session.session import Client


class Reader(Protocol):
    """Answers queries, as the function `answer` of the service of each does."""

    def users(self, query: PeopleQuery, run: Run) -> PeopleReport:
        """Answer as `services.people`, with what pages show of it."""

    def profile(self, query: ProfileQuery, run: Run) -> ProfileReport:
        """Answer as `services.profile`."""

    def weekly(self, query: WeeklyQuery, run: Run) -> WeeklyReport:
        """Answer as `services.weekly`."""

    def open_work(self, query: OpenQuery, run: Run) -> OpenReport:
        """Answer as `services.open_work`."""

    def leaderboard(self, query: LeaderboardQuery, run: Run) -> LeaderboardReport:
        """Answer as `services.leaderboard`."""

    def reviews(self, query: ReviewsQuery, run: Run) -> ReviewsReport:
        """Answer as `services.reviews`."""

    def compliance(self, query: ComplianceQuery, run: Run) -> ComplianceReport:
        """Answer as `services.compliance`."""

    def identities(self, query: IdentitiesQuery, run: Run) -> IdentitiesReport:
        """Answer as `services.identities`, without the rows of commits."""

    def people_of_groups(self, groups: Iterable[int | str]) -> list[Person]:
        """Return the members of groups, as `services.members` does."""

    def teams_of_groups(self, groups: Iterable[int | str]) -> tuple[Team, ...]:
        """Return a team for each group, as `services.leaderboard` does."""


class GitLabReader:
    """Reads a GitLab. `known_by` counts for all queries, with what each says. Thread-safe."""

    def __init__(self, client: Client, known_by: KnownBy = NOBODY_ELSE) -> None:
        self._client = client
        self._known_by = known_by

    def _both(self, known_by: KnownBy) -> KnownBy:
        return all_known([self._known_by, known_by])

    def users(self, query: PeopleQuery, run: Run) -> PeopleReport:
        """Answer as `services.people`, with what pages show of it."""
        query = replace(query, known_by=self._both(query.known_by))
        return people.answer(self._client, query, run).without_lists()

    def profile(self, query: ProfileQuery, run: Run) -> ProfileReport:
        """Answer as `services.profile`."""
        query = replace(query, known_by=self._both(query.known_by))
        return profile.answer(self._client, query, run)

    def weekly(self, query: WeeklyQuery, run: Run) -> WeeklyReport:
        """Answer as `services.weekly`."""
        query = replace(query, known_by=self._both(query.known_by))
        return weekly.answer(self._client, query, run)

    def open_work(self, query: OpenQuery, run: Run) -> OpenReport:
        """Answer as `services.open_work`."""
        return open_work.answer(self._client, query, run)

    def leaderboard(self, query: LeaderboardQuery, run: Run) -> LeaderboardReport:
        """Answer as `services.leaderboard`."""
        query = replace(query, known_by=self._both(query.known_by))
        return leaderboard.answer(self._client, query, run)

    def reviews(self, query: ReviewsQuery, run: Run) -> ReviewsReport:
        """Answer as `services.reviews`."""
        return reviews.answer(self._client, query, run)

    def compliance(self, query: ComplianceQuery, run: Run) -> ComplianceReport:
        """Answer as `services.compliance`."""
        return compliance.answer(self._client, query, run)

    def identities(self, query: IdentitiesQuery, run: Run) -> IdentitiesReport:
        """Answer as `services.identities`, without the rows of commits."""
        query = replace(query, known_by=self._both(query.known_by))
        return identities.answer(self._client, query, run).without_commits()

    def people_of_groups(self, groups: Iterable[int | str]) -> list[Person]:
        """Return the members of groups, as `services.members` does."""
        return members.people_of_groups(self._client, groups)

    def teams_of_groups(self, groups: Iterable[int | str]) -> tuple[Team, ...]:
        """Return a team for each group, as `services.leaderboard` does."""
        return leaderboard.teams_of_groups(self._client, groups)
