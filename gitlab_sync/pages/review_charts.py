"""The charts of reviews: time to first response by week, and who reviews how much of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.rules.scores.review_tables import MEASURES, PAIR_COLUMNS
from gitlab_sync.rules.text import plural
from gitlab_sync.types import TableRow

HALF, MOST = "Median", "9 of 10"
"""The lines of the first chart."""

_TITLES = {HALF: MEASURES[0].title, MOST: MEASURES[1].title}
_OF = MEASURES[0].base
_REVIEWER, _AUTHOR, _NUMBER = PAIR_COLUMNS
_HEIGHT = 260


def week_points(weeks: Sequence[TableRow]) -> charts.Cells:
    """Return the points of two lines: the median of each week, and the time of 9 of 10.

    Each has `Week`, `Line`, `Hours` (None for no response, and for an unknown one) and `Text`.
    """
    return [
        {
            "Week": row["Week"],
            "Line": line,
            "Hours": row[title],
            "Text": _hours_text(row, title),
        }
        for line, title in _TITLES.items()
        for row in weeks
    ]


def _hours_text(row: TableRow, title: str) -> str:
    if row[title] is None:
        return "unknown" if row[_OF] is None else "no response"
    return f"{row[title]:g} h, of {plural(int(row[_OF] or 0), 'merge request')}"


def weeks_in_words(points: charts.Cells) -> str:
    """Describe the lines, for screen readers."""
    texts = [f"{each['Week']}: {each['Text']}" for each in points if each["Line"] == HALF]
    return f"Lines: working time to first response by week of the merge. Median: {'; '.join(texts)}"


def show_weeks(weeks: Sequence[TableRow]) -> None:
    """Show the time to first response by week, if one is known."""
    points = week_points(weeks)
    if all(point["Hours"] is None for point in points):
        st.caption("No first response is known.")
        return
    lines = [*_TITLES]
    base = alt.Chart(pd.DataFrame(points), height=_HEIGHT).encode(
        alt.X("Week:O", title="Week of the merge", sort=None, axis=alt.Axis(labelOverlap=True)),
        alt.Y("Hours:Q", title="Hours of working time"),
        alt.Color(
            "Line:N",
            title=None,
            scale=alt.Scale(domain=lines, range=[charts.BLUE, charts.GREY]),
            legend=alt.Legend(orient="top", symbolType="stroke", symbolSize=400),
        ),
        alt.StrokeDash("Line:N", title=None, scale=alt.Scale(domain=lines, range=[[1, 0], [5, 4]])),
        tooltip=["Week", "Line", alt.Tooltip("Text", title="First response")],
    )
    chart = base.mark_line(point=alt.OverlayMarkDef(size=60))
    charts.show_chart(chart, weeks_in_words(points))


def pair_cells(pairs: Sequence[TableRow]) -> charts.Cells:
    """Return a cell for each of the busiest reviewers and each of the authors reviewed most.

    Each has `Row` (the reviewer), `Author`, `Number` and `Text`, which is empty for none.
    """
    names = [_busiest(pairs, column) for column in (_REVIEWER, _AUTHOR)]
    numbers = {(str(row[_REVIEWER]), str(row[_AUTHOR])): row[_NUMBER] for row in pairs}
    return [
        {
            "Row": reviewer,
            "Author": author,
            "Number": numbers.get((reviewer, author), 0),
            "Text": str(numbers.get((reviewer, author), "")),
        }
        for reviewer in names[0]
        for author in names[1]
    ]


def _busiest(pairs: Sequence[TableRow], column: str) -> list[str]:
    sums: Counter[str] = Counter()
    for row in pairs:
        sums[str(row[column])] += int(row[_NUMBER] or 0)
    return sorted((name for name, _ in sums.most_common(charts.MOST_ROWS)), key=str.lower)


def pairs_in_words(pairs: Sequence[TableRow]) -> str:
    """Describe the matrix, for screen readers: the pairs with the most reviews."""
    most = sorted(pairs, key=lambda row: -int(row[_NUMBER] or 0))[:5]
    texts = [f"{row[_REVIEWER]} of {row[_AUTHOR]} {row[_NUMBER]}" for row in most]
    return f"Grid: reviews by reviewer and author. Most: {', '.join(texts)}"


def show_pairs(pairs: Sequence[TableRow]) -> None:
    """Show who reviewed how many merge requests of which author."""
    if not pairs:
        st.caption("No review is known.")
        return
    cells = pair_cells(pairs)
    x = alt.X("Author:N", title="Author", sort=None, axis=alt.Axis(labelOverlap=False))
    tooltip: list[str | alt.Tooltip] = [
        alt.Tooltip("Row", title="Reviewer"),
        "Author",
        alt.Tooltip("Number", title="Reviews"),
    ]
    charts.show_chart(charts.heat_grid(cells, x, tooltip), pairs_in_words(pairs))
    st.caption(
        "A row is a reviewer and a column an author. The stronger the colour, the more of the "
        "author's merge requests the reviewer commented on or approved."
    )
