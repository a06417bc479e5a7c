"""What the charts and tables of the leaderboard show, without a page around them."""

from __future__ import annotations

from datetime import date

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.pages.team_charts import (
    days_in_words,
    long_day,
    score_parts,
    score_text,
    scores_in_words,
    share_bars,
    weeks_across,
)
from gitlab_sync.pages.team_tables import OneTeam, badges_in_words, unknown_members
from gitlab_sync.pages.widgets.charts import MOST_ROWS
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.scores.heatmap import heatmap, heatmap_rows
from gitlab_sync.rules.scores.leaderboard import weights_from
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.leaderboard import LeaderboardQuery, LeaderboardReport, answer


@pytest.fixture
def board(sandbox: Sandbox) -> LeaderboardReport:
    """Return a leaderboard of two teams, one with a member who does not exist."""
    first, *others = sandbox.world.truth.usernames
    teams = (
        Team("Red", "App", (Member(first), Member("nobody.here"))),
        Team("Blue", "", tuple(map(Member, others))),
        Team("Lost", "", (Member("nor.this.one"),)),
    )
    with GitLabClient(sandbox.url, sandbox.token()) as client:
        return answer(client, LeaderboardQuery(teams, weights=weights_from({"mr_assigned": 0.5})))


def test_the_parts_of_a_bar_follow_each_other_and_make_up_the_score(
    board: LeaderboardReport,
) -> None:
    """From nothing to the score, with a part for each number that counts."""
    parts = score_parts(board)
    for name, team in board.teams.items():
        own = [each for each in parts if each["Team"] == name]
        assert [each["From"] for each in own] == [0, *(each["To"] for each in own[:-1])]
        assert own[-1]["To"] == (team.result.score or 0)
        assert len(own) == 5


def test_a_score_says_of_how_many_it_is_not_known(board: LeaderboardReport) -> None:
    """As `?` next to the bar, and in words for screen readers."""
    red, lost = (board.teams[name].result for name in ("Red", "Lost"))
    assert score_text(red) == f"{red.score:,} (+1 ?)"
    assert score_text(lost) == "?"
    assert "the scores of 3 teams" in scores_in_words(board)
    assert scores_in_words(board).endswith("Lost ?")


def test_unknown_members_are_counted_for_each_sum(board: LeaderboardReport) -> None:
    """A team of which all is known has none."""
    rows = {row["Team"]: unknown_members(board, row) for row in board}
    assert rows["Blue"] == {}
    assert rows["Red"]["Team Score"] == rows["Red"]["Total Commits"] == 1


def test_shares_are_sorted_and_say_their_number(board: LeaderboardReport) -> None:
    """Who is not known has `?`."""
    bars = share_bars(board.teams["Red"], "MR Created")
    total = board.teams["Red"].result.total("mr_created")
    assert [bar["Text"] for bar in bars] == [f"{total} (100 %)", "?"]
    blue = [bar["Share"] for bar in share_bars(board.teams["Blue"], "Total Commits")]
    assert blue == sorted(blue, reverse=True)
    assert len(blue) <= MOST_ROWS


def test_a_list_has_what_each_member_did_the_newest_first(board: LeaderboardReport) -> None:
    """As many merge requests as the numbers say, written and assigned ones."""
    team = OneTeam(board, "Blue", Meta.of_report(board, "https://gitlab.example"))
    rows = team.items("Merge requests").rows
    for row in team.answer.members:
        own = [each for each in rows if each["Username"] == row["Username"]]
        assert sum("Authored" in str(each["Role"]) for each in own) == row["MR Created"]
        assert sum("Assigned" in str(each["Role"]) for each in own) == row["MR Assigned"]
    created = [str(row["Created"]) for row in rows]
    assert created == sorted(created, reverse=True)
    assert team.incomplete("Merge requests") == []
    red = OneTeam(board, "Red", team.meta)
    assert red.incomplete("Issues") == ["nobody.here"]
    assert red.full_name("nobody.here") == "nobody.here"


def test_the_points_of_a_team_are_those_of_its_members(board: LeaderboardReport) -> None:
    """Each row makes up a score."""
    team = OneTeam(board, "Blue", Meta.of_report(board, "https://gitlab.example"))
    sheet = team.points()
    assert sheet.columns[0] == "Username"
    assert "Team" not in sheet.columns
    assert len(sheet.rows) == len(team.usernames)
    assert all(sheet.link("Username", row) for row in sheet.rows)


def test_days_are_told_in_words() -> None:
    """How many, on how many days, and which had most."""
    today = date(2026, 3, 5)
    days = heatmap_rows(heatmap({date(2026, 3, 2): 3, today: 7}, today))
    assert days_in_words(days) == "10 on 2 of 368 days, most on Thursday, 5 March 2026: 7"
    assert days_in_words(heatmap_rows(heatmap({}, today))) == "0 on 0 of 368 days"
    assert long_day("2026-01-31") == "Saturday, 31 January 2026"


def test_53_weeks_come_in_two_parts_and_no_day_is_lost() -> None:
    """The newest part is a full one; few weeks are one part."""
    today = date(2026, 3, 5)
    days = heatmap_rows(heatmap({}, today))
    older, newer = weeks_across(days)
    assert sorted(row["Day"] for row in [*older, *newer]) == sorted(row["Day"] for row in days)
    assert len({row["Week"] for row in newer}) == 27
    assert max(str(row["Week"]) for row in older) < min(str(row["Week"]) for row in newer)
    few = heatmap_rows(heatmap({}, today, since=date(2026, 2, 1)))
    assert weeks_across(few) == [few]


def test_each_badge_is_explained() -> None:
    """In words of the columns."""
    text = badges_in_words()
    assert "Team Player: most Score in their team" in text
    assert "Merge Master: most MR Merged" in text
