"""The charts of the leaderboard: scores of teams, shares of members, and a person's days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import cycle
from typing import Literal

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores.heatmap import LEVEL_TITLES
from gitlab_sync.rules.scores.leaderboard import SHARED, TeamResult, score_columns, terms
from gitlab_sync.rules.scores.work import TITLES, Number
from gitlab_sync.rules.text import plural
from gitlab_sync.services.leaderboard import LeaderboardReport, TeamAnswer
from gitlab_sync.types import TableRow

_ROOM_FOR_TEXT = 1.25  # the text of the longest bar is to its right
_ROOM_FOR_POINTS = 0.05  # of the longest bar: the text does not fit into a shorter part
_DAY_SIZE = 12  # pixels from one day to the next
_WEEKS_ACROSS = 27
_SIZES = [9, 49, 72, 92, 110, 132]  # square pixels of the squares of days, by level
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def score_parts(board: LeaderboardReport) -> charts.Cells:
    """Return the parts of the scores of the best teams, up to `charts.MOST_ROWS` teams.

    There is a part for each team and each number that counts: `Team`, `Term` (`MR Merged x 5`),
    `Points`, and the begin, end and middle of the part on its bar (`From`, `To`, `Middle`).
    """
    parts: charts.Cells = []
    for name, team in [*board.teams.items()][: charts.MOST_ROWS]:
        begin: Number = 0
        for term, points in _points(team.result, board.query.weights).items():
            end = begin + points
            parts.append(
                {
                    "Team": name,
                    "Term": term,
                    "Points": points,
                    "From": begin,
                    "To": end,
                    "Middle": (begin + end) / 2,
                }
            )
            begin = end
    return parts


def _points(result: TeamResult, weights: Mapping[str, Number]) -> dict[str, Number]:
    """Return the points of a team by term, for the members with a known score."""
    sums: defaultdict[str, Number] = defaultdict(int)
    for work, score in zip(result.members, result.scores, strict=True):
        for term in terms(work, weights) if score is not None else ():
            sums[term.heading] += term.points or 0
    return {heading: sums[heading] for heading in score_columns(weights)[2:-1]}


def score_text(result: TeamResult) -> str:
    """Return a team's score as text: `661`, `661 (+1 ?)` with one unknown member, or `?`."""
    unknown = result.scores.count(None)
    if result.score is None:
        return UNKNOWN
    return f"{result.score:,}" + (f" (+{unknown} {UNKNOWN})" if unknown else "")


def scores_in_words(board: LeaderboardReport) -> str:
    """Describe the bars, for screen readers."""
    first = [f"{name} {score_text(team.result)}" for name, team in board.teams.items()]
    return f"Bars: the scores of {plural(len(first), 'team')}, best first: {', '.join(first[:5])}"


def show_scores(board: LeaderboardReport) -> None:
    """Show the teams' scores as bars that are divided into their points."""
    parts = pd.DataFrame(score_parts(board))
    shown = [*board.teams.items()][: charts.MOST_ROWS]
    ends = pd.DataFrame(
        {
            "Team": [name for name, _ in shown],
            "Score": [team.result.score or 0 for _, team in shown],
            "Text": [score_text(team.result) for _, team in shown],
        }
    )
    longest = max(1, float(ends["Score"].max()))
    y = alt.Y("Team:N", sort=[*ends["Team"]], title=None, axis=alt.Axis(labelOverlap=False))
    scale = alt.Scale(domain=[0, longest * _ROOM_FOR_TEXT], nice=False)
    headings = [*score_columns(board.query.weights)[2:-1]]
    colours = dict(zip(headings, cycle(charts.PALETTE), strict=False))
    parts["Ink"] = [charts.ink(colours[term]) for term in parts["Term"]]
    bars = (
        alt.Chart(parts)
        .mark_bar()
        .encode(
            y,
            alt.X("From:Q", title="Points", scale=scale),
            alt.X2("To:Q"),
            alt.Color(
                "Term:N",
                title=None,
                sort=headings,
                scale=alt.Scale(domain=headings, range=[*colours.values()]),
                legend=alt.Legend(orient="top", columns=2, labelLimit=0),
            ),
            tooltip=["Team", "Term", "Points"],
        )
    )
    inside = (
        alt.Chart(parts[parts["Points"] >= longest * _ROOM_FOR_POINTS])
        .mark_text(fontSize=11)
        .encode(
            y,
            alt.X("Middle:Q", scale=scale),
            alt.Color("Ink:N", scale=None),
            text="Points:Q",
            tooltip=["Team", "Term", "Points"],
        )
    )
    totals = (
        alt.Chart(ends)
        .mark_text(align="left", dx=5, color=charts.text_colour(), fontWeight="bold")
        .encode(y, alt.X("Score:Q", scale=scale), text="Text:N")
    )
    chart = alt.layer(bars, inside, totals).properties(height=alt.Step(charts.BAR))
    chart = chart.resolve_scale(color="independent")
    charts.show_chart(chart, scores_in_words(board))
    if len(board.teams) > len(shown):
        st.caption(f"The best {len(shown)} of {len(board.teams)} teams.")


def share_bars(team: TeamAnswer, measure: str) -> charts.Cells:
    """Return the members' shares of one of the team's numbers, the largest first.

    Each has `Username`, `Share` (in percent, 0 if unknown) and `Text`: `12 (34 %)`, `12` if the
    share is unknown, or `?`.
    """
    rows = [row for row in team.shares if row["Measure"] == measure]
    rows.sort(key=lambda row: -_known(row, "Number"))
    bars: charts.Cells = []
    for row in rows[: charts.MOST_ROWS]:
        share = _known(row, "Share")
        text = UNKNOWN if row["Number"] is None else f"{row['Number']}"
        text += "" if row["Share"] is None else f" ({share:.0f} %)"
        bars.append({"Username": row["Username"], "Share": share, "Text": text})
    return bars


def _known(row: TableRow, column: str) -> float:
    cell = row[column]
    return float(cell) if isinstance(cell, int | float) else 0.0


def show_shares(team: TeamAnswer) -> None:
    """Show the members' shares of the team's work, one chart for each number."""
    for column, name in zip(st.columns(len(SHARED)), SHARED, strict=True):
        title, total = TITLES[name], team.result.total(name)
        bars = share_bars(team, title)
        first = ", ".join(f"{bar['Username']} {bar['Text']}" for bar in bars[:5])
        alt_text = f"Bars: shares of {title}, most first: {first}"
        with column:
            st.markdown(f"**{title}**: {UNKNOWN if total is None else f'{total:,}'}")
            charts.show_percents(bars, "Username", "Share in percent", alt_text)
    if len(team.result.members) > charts.MOST_ROWS:
        st.caption(f"The {charts.MOST_ROWS} members with the most, of {len(team.result.members)}.")


def days_in_words(days: Sequence[TableRow]) -> str:
    """Return what a heatmap shows: how much on how many days, and the day with most."""
    numbers = {str(row["Day"]): int(row["Number"] or 0) for row in days}
    active = sum(number > 0 for number in numbers.values())
    text = f"{sum(numbers.values()):,} on {active} of {plural(len(numbers), 'day')}"
    if not active:
        return text
    most = max(numbers, key=lambda day: numbers[day])
    return f"{text}, most on {long_day(most)}: {numbers[most]}"


def long_day(day: str) -> str:
    """Return a day (`YYYY-MM-DD`) as text: `Thursday, 5 March 2026`."""
    found = date.fromisoformat(day)
    return f"{found:%A}, {found.day} {found:%B %Y}"


def weeks_across(days: Sequence[TableRow]) -> list[list[TableRow]]:
    """Return the days in one or two parts of weeks that fit on a phone, the oldest first."""
    weeks = sorted({str(row["Week"]) for row in days})
    older = set(weeks[:-_WEEKS_ACROSS])
    parts: list[list[TableRow]] = [[], []]
    for row in days:
        parts[row["Week"] not in older].append(row)
    return [part for part in parts if part]


def show_days(username: str, days: Sequence[TableRow]) -> None:
    """Show 53 weeks with a square for each day. Its size and its colour show how much was recorded.

    `days` are rows with `heatmap.HEATMAP_COLUMNS`.
    """
    parts = weeks_across(days)
    with st.container(horizontal=True):
        for place, part in enumerate(parts, 1):
            words = f"Days of {username}, part {place} of {len(parts)}: {days_in_words(part)}"
            charts.show_chart(_weeks(part, has_legend=part is parts[-1]), words, width="content")


def _weeks(days: Sequence[TableRow], *, has_legend: bool) -> alt.Chart:
    found = pd.DataFrame(days)
    found["Recorded"] = [LEVEL_TITLES[level] for level in found["Level"]]
    found["Date"] = [long_day(day) for day in found["Day"]]
    titles = [*LEVEL_TITLES]
    month = f"{_MONTHS}[toNumber(slice(datum.value, 5, 7)) - 1]"
    legend = alt.Legend(title="On a day", orient="bottom", columns=3) if has_legend else None
    chart: alt.Chart = (
        alt.Chart(found, width=alt.Step(_DAY_SIZE), height=alt.Step(_DAY_SIZE))
        .mark_square(opacity=1)
        .encode(
            alt.X(
                "Week:O",
                title=None,
                # A month's name is at the week of its first Monday.
                axis=_bare_axis(f"toNumber(slice(datum.value, 8)) <= 7 ? {month} : ''", "left"),
            ),
            alt.Y("Weekday:O", title=None, sort=_DAYS, axis=_bare_axis()),
            alt.Color(
                "Recorded:O",
                scale=alt.Scale(domain=titles, range=[*charts.levels()]),
                legend=legend,
            ),
            alt.Size("Recorded:O", scale=alt.Scale(domain=titles, range=_SIZES), legend=legend),
            tooltip=["Date", "Number"],
        )
    )
    return chart


def _bare_axis(label: str = "datum.label", align: Literal["left", "right"] = "right") -> alt.Axis:
    """Return an axis with all of its labels and nothing else; `label` is a Vega expression."""
    return alt.Axis(
        labelExpr=label,
        labelAlign=align,
        labelAngle=0,
        labelOverlap=False,
        ticks=False,
        domain=False,
        grid=False,
    )
