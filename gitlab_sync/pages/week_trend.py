"""The work by day: of all people together as lines, of teams and of people as a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.pages.widgets.fields import choice_field
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores.weekly import MEASURES, Measure, PersonWeek
from gitlab_sync.rules.scores.work import Number, add
from gitlab_sync.rules.text import format_hours_minutes

TOGETHER, BY_TEAM, BY_PERSON = WAYS = ("All together", "By team", "By person")
"""The ways to show a measure: one line for all, or one row for each team or person."""

NOW, BEFORE = "These days", "The days before"
HOUR = 3600

_NO_TEAM = "(no team)"
_MOST_TEXTS = 14  # days: of more, a day is narrower than its text
_HEIGHT = 260


@dataclass(frozen=True, slots=True)
class Total:
    """The total of the known numbers, and how many people have an unknown number. Immutable."""

    number: Number | None
    unknown: int

    @classmethod
    def of(
        cls, weeks: Sequence[PersonWeek], measure: Measure, numbers: Sequence[Number | None]
    ) -> Total:
        """Return the total of `numbers`, which has a number for each of `weeks`."""
        is_unknown = (
            number is None or measure in week.partial
            for week, number in zip(weeks, numbers, strict=True)
        )
        return cls(add(numbers), sum(is_unknown))

    @property
    def suffix(self) -> str:
        """The text after the number: ` (+1 ?)` if one person's is unknown, or empty."""
        return f" (+{self.unknown} {UNKNOWN})" if self.unknown and self.number is not None else ""

    def text(self, measure: Measure) -> str:
        """Return the total as text: `12`, `1h 30m`, `12 (+1 ?)` with one unknown person, or `?`."""
        return number_text(measure, self.number) + self.suffix


def number_text(measure: Measure, number: Number | None) -> str:
    """Return a number of a measure as text: `1,200`, `1h 30m` (given seconds), or `?`."""
    if number is None:
        return UNKNOWN
    return format_hours_minutes(number) if measure == "time_spent" else f"{number:,}"


def together(weeks: Sequence[PersonWeek], measure: Measure) -> charts.Cells:
    """Return the points of two lines: these days, and the same number of days before.

    Each has `Day` (its position, which is a day of the first line), `Date`, `When`, `Number` (time
    in hours; None if unknown) and `Text`. `weeks` must not be empty.
    """
    sides = {NOW: [week.days for week in weeks], BEFORE: [week.before for week in weeks]}
    points: charts.Cells = []
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


def in_rows(weeks: Sequence[PersonWeek], measure: Measure, way: str) -> charts.Cells:
    """Return a cell for each day of the first `charts.MOST_ROWS` teams or people.

    Each has `Row`, `Day`, `Number` (as in `together`), `Text` (empty if there is no room for it)
    and `Total`, which is the number as text.
    """
    cells: charts.Cells = []
    for title, members in [*_rows(weeks, way).items()][: charts.MOST_ROWS]:
        for day in members[0].days:
            numbers = [week.days[day].number(measure) for week in members]
            found = Total.of(members, measure, numbers)
            number = _in_hours(measure, found.number)
            text = UNKNOWN if number is None else f"{round(number, 1):g}{found.suffix and UNKNOWN}"
            cells.append(
                {
                    "Row": title,
                    "Day": charts.day_title(day),
                    "Number": number,
                    "Text": text if len(members[0].days) <= _MOST_TEXTS else "",
                    "Total": found.text(measure),
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


def show_trend(weeks: Sequence[PersonWeek], measure: Measure) -> None:
    """Show a measure by day, in the way that the visitor selects."""
    way = choice_field("Chart", WAYS, "by") if len(weeks) > 1 else TOGETHER
    if way == TOGETHER:
        points = together(weeks, measure)
        # If all numbers are unknown the table says so; an empty chart would look like no work.
        if any(point["Number"] is not None for point in points):
            _show_lines(points, measure)
            unknown = Total.of(weeks, measure, [week.total(measure) for week in weeks]).unknown
            if unknown:
                st.caption(
                    f"Not everything is known about {unknown:,} of {len(weeks):,} people: the real "
                    "numbers can be higher."
                )
        return
    cells = in_rows(weeks, measure, way)
    tooltip: list[str | alt.Tooltip] = [
        alt.Tooltip("Row", title=way.removeprefix("By ").capitalize()),
        "Day",
        alt.Tooltip("Total", title=MEASURES[measure]),
    ]
    grid = charts.heat_grid(cells, charts.days_across(), tooltip)
    charts.show_chart(grid, rows_in_words(cells, measure))
    st.caption("The stronger the colour, the more was recorded on that day.")
    number = len(_rows(weeks, way))
    if number > charts.MOST_ROWS:
        what = "people" if way == BY_PERSON else "teams"
        st.caption(
            f"The first {charts.MOST_ROWS} of {number:,} {what}; the table below has all of them."
        )


def _show_lines(points: charts.Cells, measure: Measure) -> None:
    title = f"{MEASURES[measure]} in hours" if measure == "time_spent" else MEASURES[measure]
    looks = alt.Scale(domain=[NOW, BEFORE], range=[charts.BLUE, charts.GREY])
    dashes = alt.Scale(domain=[NOW, BEFORE], range=[[1, 0], [5, 4]])
    legend = alt.Legend(orient="top", symbolType="stroke", symbolSize=400, symbolStrokeWidth=2)
    base = alt.Chart(pd.DataFrame(points), height=_HEIGHT).encode(
        charts.days_across(),
        tooltip=["When", "Date", alt.Tooltip("Text", title=MEASURES[measure])],
    )
    lines = base.mark_line(point=alt.OverlayMarkDef(size=60)).encode(
        alt.Y("Number:Q", title=title, axis=alt.Axis(tickMinStep=1)),
        alt.Color("When:N", title=None, scale=looks, legend=legend),
        alt.StrokeDash("When:N", title=None, scale=dashes, legend=legend),
    )
    unknown = (
        base.transform_filter("datum.Number === null")
        .mark_text(color=charts.text_colour(), fontSize=14, dy=-9)
        .encode(y=alt.datum(0), text=alt.datum(UNKNOWN))
    )
    charts.show_chart(lines + unknown, lines_in_words(points, measure))


def lines_in_words(points: charts.Cells, measure: Measure) -> str:
    """Describe the lines, for screen readers."""
    texts = [f"{each['Date']}: {each['Text']}" for each in points if each["When"] == NOW]
    return (
        f"Lines: {MEASURES[measure]} by day, and on the same number of days before. "
        f"{', '.join(texts)}"
    )


def rows_in_words(cells: charts.Cells, measure: Measure) -> str:
    """Describe the grid, for screen readers: the number of rows, and the first row."""
    rows = [*dict.fromkeys(str(cell["Row"]) for cell in cells)]
    texts = [f"{cell['Day']}: {cell['Total']}" for cell in cells if cell["Row"] == rows[0]]
    return f"Grid: {MEASURES[measure]} by day in {len(rows)} rows. {rows[0]}: {', '.join(texts)}"
