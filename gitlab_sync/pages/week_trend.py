"""How much was recorded day by day: of all together as lines, of teams and people as a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores.time_logs import format_hours_minutes
from gitlab_sync.rules.scores.weekly import MEASURES, Measure, PersonWeek
from gitlab_sync.rules.scores.work import Number, add

TOGETHER, BY_TEAM, BY_PERSON = WAYS = ("All together", "By team", "By person")
"""Whose numbers are one line, or one row."""

NOW, BEFORE = "These days", "The days before"
HOUR = 3600

_NO_TEAM = "(no team)"
_MOST_TEXTS = 14  # days: of more, a day is narrower than its text
_HEIGHT = 260

Cells = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of what is known, and of how many people something is not. Immutable."""

    number: Number | None
    unknown: int

    @classmethod
    def of(
        cls, weeks: Sequence[PersonWeek], measure: Measure, numbers: Sequence[Number | None]
    ) -> Total:
        """Return the sum of people's numbers, one for each of `weeks`."""
        lacking = (
            number is None or measure in week.partial
            for week, number in zip(weeks, numbers, strict=True)
        )
        return cls(add(numbers), sum(lacking))

    @property
    def lack(self) -> str:
        """What is to stand behind the number where something is not known: ` (+1 ?)`, or empty."""
        return f" (+{self.unknown} {UNKNOWN})" if self.unknown and self.number is not None else ""

    def text(self, measure: Measure) -> str:
        """Return it for people: `12`, `1h 30m`, `12 (+1 ?)` where something lacks, or `?`."""
        return shown_number(measure, self.number) + self.lack


def shown_number(measure: Measure, number: Number | None) -> str:
    """Return a number of a measure for people: `1,200`, `1h 30m` of seconds, or `?`."""
    if number is None:
        return UNKNOWN
    return format_hours_minutes(number) if measure == "time_spent" else f"{number:,}"


def together(weeks: Sequence[PersonWeek], measure: Measure) -> Cells:
    """Return the points of two lines: of these days, and of as many before, in the same places.

    Each has `Day` (the title of its place), `Date`, `When`, `Number` (time in hours, None where
    nothing is known) and `Text`. There is at least one week.
    """
    sides = {NOW: [week.days for week in weeks], BEFORE: [week.before for week in weeks]}
    points: Cells = []
    for when, of_people in sides.items():
        for place, day in zip(weeks[0].days, of_people[0], strict=True):
            numbers = [days[day].number(measure) for days in of_people]
            found = Total.of(weeks, measure, numbers)
            points.append(
                {
                    "Day": charts.day_title(place),
                    "Date": charts.day_title(day),
                    "When": when,
                    "Number": _in_hours(measure, found.number),
                    "Text": found.text(measure),
                }
            )
    return points


def in_rows(weeks: Sequence[PersonWeek], measure: Measure, way: str) -> Cells:
    """Return a cell for each day of the first `charts.MOST_ROWS` teams, or people.

    Each has `Row`, `Day`, `Number` (as in `together`), `Text` (empty where it has no room) and
    `Said`.
    """
    cells: Cells = []
    for title, members in [*_rows(weeks, way).items()][: charts.MOST_ROWS]:
        for day in members[0].days:
            numbers = [week.days[day].number(measure) for week in members]
            found = Total.of(members, measure, numbers)
            height = _in_hours(measure, found.number)
            text = UNKNOWN if height is None else f"{round(height, 1):g}{found.lack and UNKNOWN}"
            cells.append(
                {
                    "Row": title,
                    "Day": charts.day_title(day),
                    "Number": height,
                    "Text": text if len(members[0].days) <= _MOST_TEXTS else "",
                    "Said": found.text(measure),
                }
            )
    return cells


def _rows(weeks: Sequence[PersonWeek], way: str) -> Mapping[str, list[PersonWeek]]:
    rows: dict[str, list[PersonWeek]] = {}
    for week in weeks:
        title = week.person.username if way == BY_PERSON else week.person.team or _NO_TEAM
        rows.setdefault(title, []).append(week)
    return rows


def _in_hours(measure: Measure, number: Number | None) -> Number | None:
    return number / HOUR if measure == "time_spent" and number is not None else number


# -- how it looks ----------------------------------------------------------------------------------


def show_trend(weeks: Sequence[PersonWeek], measure: Measure) -> None:
    """Show a measure by day, in the way that the visitor chooses."""
    way = TOGETHER
    if len(weeks) > 1:
        way = st.segmented_control(
            "Chart",
            WAYS,
            default=TOGETHER,
            required=True,
            key="by",
            label_visibility="collapsed",
            bind="query-params",
        )
    if way == TOGETHER:
        points = together(weeks, measure)
        # Without any number the table says it: an empty chart would look like nothing done.
        if any(point["Number"] is not None for point in points):
            _show_lines(points, measure)
            _tell_lack(weeks, measure)
        return
    _show_rows(in_rows(weeks, measure, way), measure, way)
    number = len(_rows(weeks, way))
    if number > charts.MOST_ROWS:
        what = "people" if way == BY_PERSON else "teams"
        st.caption(
            f"The first {charts.MOST_ROWS} of {number:,} {what}; the table below has them all."
        )


def _show_lines(points: Cells, measure: Measure) -> None:
    found = pd.DataFrame(points)
    looks = alt.Scale(domain=[NOW, BEFORE], range=[charts.BLUE, charts.GREY])
    dashes = alt.Scale(domain=[NOW, BEFORE], range=[[1, 0], [5, 4]])
    legend = alt.Legend(orient="top", symbolType="stroke", symbolSize=400, symbolStrokeWidth=2)
    base = alt.Chart(found, height=_HEIGHT).encode(
        charts.days_across(),
        tooltip=["When", "Date", alt.Tooltip("Text", title=MEASURES[measure])],
    )
    lines = base.mark_line(point=alt.OverlayMarkDef(size=60)).encode(
        alt.Y("Number:Q", title=_title(measure), axis=alt.Axis(tickMinStep=1)),
        alt.Color("When:N", title=None, scale=looks, legend=legend),
        alt.StrokeDash("When:N", title=None, scale=dashes, legend=legend),
    )
    unknown = (
        base.transform_filter("datum.Number === null")
        .mark_text(color=charts.text_colour(), fontSize=14, dy=-9)
        .encode(y=alt.datum(0), text=alt.datum(UNKNOWN))
    )
    charts.show_chart(lines + unknown, lines_in_words(points, measure))


def _tell_lack(weeks: Sequence[PersonWeek], measure: Measure) -> None:
    """Say of how many people there may be more than the lines show."""
    lacking = Total.of(weeks, measure, [week.total(measure) for week in weeks]).unknown
    if lacking:
        people = f"{lacking:,} of {len(weeks):,}"
        st.caption(f"Not all is known of {people} people: there may be more than is shown.")


def _show_rows(cells: Cells, measure: Measure, way: str) -> None:
    found = pd.DataFrame(cells)
    y = charts.rows_down("Row")
    tooltip = [
        alt.Tooltip("Row", title=way.removeprefix("By ").capitalize()),
        "Day",
        alt.Tooltip("Said", title=MEASURES[measure]),
    ]
    chart = charts.heat_grid(found, charts.days_across(), y, tooltip)
    charts.show_chart(chart, rows_in_words(cells, measure))
    st.caption("The stronger the colour, the more was recorded on that day.")


def _title(measure: Measure) -> str:
    return f"{MEASURES[measure]} in hours" if measure == "time_spent" else MEASURES[measure]


def lines_in_words(points: Cells, measure: Measure) -> str:
    """Describe the lines for whoever does not see them."""
    said = ", ".join(f"{each['Date']}: {each['Text']}" for each in points if each["When"] == NOW)
    return f"Lines: {MEASURES[measure]} by day, and as many days before. {said}"


def rows_in_words(cells: Cells, measure: Measure) -> str:
    """Describe the grid for whoever does not see it: the first row, and how many there are."""
    rows = [*dict.fromkeys(str(cell["Row"]) for cell in cells)]
    said = ", ".join(f"{cell['Day']}: {cell['Said']}" for cell in cells if cell["Row"] == rows[0])
    return f"Grid: {MEASURES[measure]} by day in {len(rows)} rows. {rows[0]}: {said}"
