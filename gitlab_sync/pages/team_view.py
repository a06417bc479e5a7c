"""One team of the leaderboard, opened: sums, members, and what stands behind their scores."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gitlab_sync.pages.leaderboard_charts import days_in_words, show_days, show_shares
from gitlab_sync.pages.team_tables import HELP, LISTS, OneTeam
from gitlab_sync.pages.widgets.error_panel import escaped
from gitlab_sync.pages.widgets.table_view import Extras, show_sheet
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores.work import TITLES
from gitlab_sync.rules.text import plural

_SUMS = (
    *("commits", "mr_merged", "mr_created", "mr_assigned"),
    *("issues_closed", "issues_raised", "issues_assigned", "time_spent"),
)
_METRIC_WIDTH = 148  # pixels: two stand side by side on a phone
_MOST_NAMES = 8


def show_team(team: OneTeam, members: Sheet) -> None:
    """Show everything about a team; `members` is the table of its members."""
    _show_head(team)
    views: dict[str, Callable[[], None]] = {
        "Members": lambda: _show_members(team, members),
        "Points": lambda: _show_points(team),
        "Shares": lambda: show_shares(team.answer),
        "Days": lambda: _show_days(team),
    }
    # A tab's content is made only while it is open: lists may be long.
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
        for name in _SUMS:
            total = result.total(name)
            unknown = sum(work.count(name) is None for work in result.members)
            if name == "time_spent" and total is not None:
                _metric(TITLES[name], f"{total / 3600:,.0f} h", unknown)
            else:
                _metric(TITLES[name], total, unknown)
    if row["Error"] is not None:
        st.warning(escaped(str(row["Error"])), title="Something is missing")


def _metric(title: str, value: float | str | None, unknown: int) -> None:
    """Show a sum, and of how many members it is not known."""
    shown = UNKNOWN if value is None else value if isinstance(value, str) else f"{value:,}"
    st.metric(
        title,
        shown,
        f"+{unknown} unknown" if unknown else None,
        delta_color="off",
        delta_arrow="off",
        help=HELP[title],
        border=True,
        width=_METRIC_WIDTH,
    )


def _show_members(team: OneTeam, members: Sheet) -> None:
    extras = Extras(HELP, alt=f"The members of {team.name}: a row for each, with their numbers")
    show_sheet(members, "members", f"Members_of_{team.name}", extras)


def _show_points(team: OneTeam) -> None:
    st.caption("Each number of the tab Members that counts, times what one is worth.")
    extras = Extras(HELP, alt=f"The points that make up the scores of the members of {team.name}")
    show_sheet(team.points(), "points", f"Points_of_{team.name}", extras)


def _show_days(team: OneTeam) -> None:
    names = team.usernames
    if not names:
        st.caption("Nobody is in this team.")
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
        st.markdown("Nothing is known of these days.")
    error = team.person(username).summary.error
    if error:
        st.caption(f"Something may be missing: {escaped(error)}.")
    st.markdown("**On how many days, and how much of it with others**")
    extras = Extras(HELP, alt=f"The contribution index of the members of {team.name}")
    show_sheet(team.indexes(), "index", f"Days_of_{team.name}", extras)


def _show_list(team: OneTeam, title: str) -> None:
    missing = team.not_whole(title)
    if missing:
        more = len(missing) - _MOST_NAMES
        names = ", ".join(map(escaped, missing[:_MOST_NAMES])) + (
            f" and {more}" if more > 0 else ""
        )
        st.caption(f"Something may be missing here of {names}.")
    what = title.replace(" ", "_")
    show_sheet(team.items(title), title.lower()[:6], f"{what}_of_{team.name}", Extras(HELP))
