"""The reviews of teams as a query of a page, and as a part of a team of the leaderboard."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gitlab_sync.api.projects import extract_path_from_url
from gitlab_sync.api.scope import Scope
from gitlab_sync.pages.review_view import show_part
from gitlab_sync.pages.widgets.page_header import current_visitor
from gitlab_sync.pages.widgets.page_query import PageQuery, run_and_show
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.teams import Team
from gitlab_sync.rules.policy import Policy
from gitlab_sync.run import Run
from gitlab_sync.services.leaderboard import LeaderboardQuery
from gitlab_sync.services.reader import Reader
from gitlab_sync.services.reviews import ReviewsQuery, ReviewsReport


def answer(reader: Reader, query: ReviewsQuery, run: Run) -> ReviewsReport:
    """Read the merge requests of all members and measure the merged ones."""
    return reader.reviews(query, run)


def page_query(
    page: str,
    teams: Sequence[Team],
    period: Period,
    policy: Policy,
    project: int | str | None = None,
) -> PageQuery[ReviewsQuery, ReviewsReport]:
    """Return the query of a page; its key does not depend on the order of the teams' members.

    `project` is an id, a path or a URL (None or empty: all projects).
    """
    path = extract_path_from_url(str(project)) if project else None
    scope = Scope(path, period=period, dated="merged")
    query = ReviewsQuery(teams, scope, policy, visitor_zone())
    members = tuple((team.name, frozenset(each.key for each in team.members)) for team in teams)
    key = (members, scope, policy.name, str(query.zone))
    return PageQuery(page, key, "merge requests", query, answer)


def show_team_reviews(team: Team, board: LeaderboardQuery) -> None:
    """Show the reviews of a team of a leaderboard, which are read when the visitor asks."""
    if len(board.projects) > 1:
        st.caption("Reviews are of one project, or of all: compare the teams in one of them.")
        return
    project = board.projects[0] if board.projects else None
    query = page_query(f"reviews of {team.name}", (team,), board.period, board.policy, project)
    pressed = st.button("Read reviews", key="read_reviews", icon=":material/rate_review:")
    run_and_show(
        current_visitor(),
        query.page,
        (query, pressed),
        show_part,
        ready="How the team's merged merge requests were reviewed. It reads the notes of each.",
        incomplete="",
    )
