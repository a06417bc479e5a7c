"""One team of the leaderboard: totals, members, and the points, days and items behind its score."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gitlab_sync.pages.team_charts import days_in_words, show_days, show_shares
from gitlab_sync.pages.team_reviews import show_team_reviews
from gitlab_sync.pages.team_tables import HELP, LISTS, OneTeam
from gitlab_sync.pages.widgets.error_panel import first_names
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.table_view import TableOptions, show_table
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores.work import TITLES
from gitlab_sync.rules.text import format_hours_minutes, plural

_TOTALS = (
    *("commits", "mr_merged", "mr_created", "mr_assigned"),
    *("issues_closed", "issues_raised", "issues_assigned", "time_spent"),
)
_METRIC_WIDTH = 148  # pixels: two fit next to each other on a phone
_WIDE_METRIC = 216  # for what does not fit, such as “1337h 30m” or “Issues Assigned”
_MOST_SHORT, _LONG_TITLE = 6, 15  # characters


def show_team(team: OneTeam, members: Sheet) -> None:
    """Show everything about a team; `members` is the table of its members."""
    _show_head(team)
    views: dict[str, Callable[[], None]] = {
        "Members": lambda: _show_members(team, members),
        "Points": lambda: _show_points(team),
        "Shares": lambda: show_shares(team.answer),
        "Days": lambda: _show_days(team),
        "Reviews": lambda: show_team_reviews(team.answer.result.team, team.board.query),
    }
    # Lists can be long, so only the open tab is filled.
    titles = [*views, *LISTS]
    for title, tab in zip(titles, st.tabs(titles, key="part", bind="query-params"), strict=True):
        if tab.open:
            with tab:
                views.get(title, lambda title=title: _show_list(team, title))()


def _show_head(team: OneTeam) -> None:
    result = team.answer.result
    row = next(row for row in team.board if row["Team"] == team.name)
    st.header(escaped(team.name), anchor=False)
    parts = [
        f"Rank {row['Rank']} of {len(team.board)}" if row["Rank"] is not None else "No rank",
        *filter(None, [escaped(result.team.project)]),
        plural(len(result.members), "member"),
    ]
    st.caption(" · ".join(parts))
    with st.container(horizontal=True):
        _metric("Team Score", result.score, result.scores.count(None))
        for name in _TOTALS:
            total = result.total(name)
            unknown = sum(work.count(name) is None for work in result.members)
            if name == "time_spent" and total is not None:
                _metric(TITLES[name], format_hours_minutes(total), unknown)
            else:
                _metric(TITLES[name], total, unknown)
    if row["Error"] is not None:
        st.warning(escaped(str(row["Error"])), title="Some data is missing")


def _metric(title: str, value: float | str | None, unknown: int) -> None:
    """Show a total, with the number of members that have an unknown number."""
    shown = UNKNOWN if value is None else value if isinstance(value, str) else f"{value:,}"
    is_long = len(shown) > _MOST_SHORT or len(title) >= _LONG_TITLE
    st.metric(
        title,
        shown,
        f"+{unknown} unknown" if unknown else None,
        delta_color="off",
        delta_arrow="off",
        help=HELP[title],
        border=True,
        width=_WIDE_METRIC if is_long else _METRIC_WIDTH,
    )


def _show_members(team: OneTeam, members: Sheet) -> None:
    options = TableOptions(team.help, alt=f"The members of {team.name}, one row for each person")
    show_table(members, "members", f"Members_of_{team.name}", options)


def _show_points(team: OneTeam) -> None:
    st.caption("Each number of the tab Members that counts, multiplied by its points.")
    options = TableOptions(team.help, alt=f"The points of the members of {team.name}")
    show_table(team.points(), "points", f"Points_of_{team.name}", options)


def _show_days(team: OneTeam) -> None:
    names = team.usernames
    if not names:
        st.caption("This team has no members.")
        return
    if st.session_state.get("member") not in names:
        st.session_state.pop("member", None)  # of another team
    username = st.selectbox(
        "Member", names, key="member", format_func=team.full_name, bind="query-params"
    )
    days = team.board.heatmap(username)
    if days:
        show_days(username, days)
        st.markdown(f"Recorded: {days_in_words(days)}.")
    else:
        st.markdown("Nothing is known about these days.")
    error = team.board.people[username].summary.error
    if error:
        st.caption(f"Some data is missing: {escaped(error)}.")
    st.markdown("**Active days and collaboration**")
    options = TableOptions(team.help, alt=f"The contribution index of the members of {team.name}")
    show_table(team.indexes(), "index", f"Days_of_{team.name}", options)


def _show_list(team: OneTeam, title: str) -> None:
    incomplete = team.incomplete(title)
    if incomplete:
        st.caption(f"This list is incomplete for {first_names(incomplete)}.")
    what = title.replace(" ", "_")
    options = TableOptions(team.help)
    show_table(team.items(title), title.lower()[:6], f"{what}_of_{team.name}", options)
