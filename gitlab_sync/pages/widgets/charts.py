"""The look of all charts: colours that colour-blind people can distinguish, in both themes.

A chart's data is a list of cells or a data frame; functions without `show_` only calculate it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

BLUE = "#0072b2"
VERMILLION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#cc79a7"
ORANGE = "#e69f00"
SKY = "#56b4e9"

PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
"""Colours of categories (Okabe and Ito). The first four contrast with both white and black."""

GREY = "#808080"
"""The colour of unknown values: it contrasts with white, with black and with the palette."""

Cells: TypeAlias = list[dict[str, object]]
"""The data of a chart: one dict for each mark, with values by field."""

_ON_LIGHT = ("#4a98c9", "#2e7ebc", "#1764ab", "#084a91", "#08306b")
_ON_DARK = ("#3a7cb8", "#5a9fd4", "#85bce3", "#b3d6ee", "#e3f1fb")

BAR = 26
"""Pixels from one horizontal bar to the next, enough for a label of each."""

MOST_ROWS = 40
"""The most bars, or rows of a grid, of one chart: more cannot be read."""

_LABELS = 260  # pixels
_ROOM_FOR_TEXT = 160  # percent: the text of a full bar is to its right
_FAINTEST, _STRONGEST = 0.15, 0.65  # opacities on which text can be read, in both themes


def text_colour() -> str:
    """Return the colour of text in charts for the visitor's theme."""
    return {"light": "#31333f", "dark": "#fafafa"}.get(str(st.context.theme.type), GREY)


def ink(colour: str) -> str:
    """Return the colour of text that can be read on a colour of the palette."""
    return "white" if colour == BLUE else "black"


def levels() -> tuple[str, ...]:
    """Return the colours of six levels, from none to most, for the visitor's theme."""
    return (GREY, *(_ON_DARK if st.context.theme.type == "dark" else _ON_LIGHT))


def day_title(day: date) -> str:
    """Return a day as the label of a chart: `Mon 2 Mar`."""
    return f"{day:%a} {day.day} {day:%b}"


def days_across() -> alt.X:
    """Return a horizontal axis of days with `day_title`, in the order of the data, on two lines."""
    lines = "[slice(datum.label, 0, 3), slice(datum.label, 4)]"
    axis = alt.Axis(labelExpr=lines, labelAngle=0, labelAlign="center", labelFlush=False)
    return alt.X("Day:N", title=None, sort=None, axis=axis)


def heat_grid(
    cells: Cells, x: alt.X, tooltip: Sequence[str | alt.Tooltip]
) -> alt.LayerChart | alt.FacetChart:
    """Return a grid of cells with their text; a higher number has a stronger colour.

    Each cell has `Row`, `Number` (no colour for 0 and for None, which is unknown) and `Text`.
    """
    data = pd.DataFrame(cells)
    numbers = pd.to_numeric(data["Number"]).fillna(0)
    span = _STRONGEST - _FAINTEST
    shades = (_FAINTEST + span * numbers / max(1, numbers.max())).where(numbers > 0, 0)
    axis = alt.Axis(labelOverlap=False, labelFlush=False)
    y = alt.Y("Row:N", title=None, sort=None, axis=axis)
    base = alt.Chart(data.assign(Shade=shades)).encode(x, y, tooltip=[*tooltip])
    squares = base.mark_rect(color=BLUE, stroke=GREY, strokeOpacity=0.25).encode(
        fillOpacity=alt.FillOpacity("Shade:Q", scale=None)
    )
    texts = base.mark_text(color=text_colour(), fontSize=11).encode(text="Text:N")
    return alt.layer(squares, texts).properties(height=alt.Step(BAR))


def show_chart(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart,
    alt_text: str,
    *,
    width: Literal["stretch", "content"] = "stretch",
) -> None:
    """Show a chart in the common look; `alt_text` describes it for screen readers."""
    colour = text_colour()  # Streamlit's own grey has too little contrast on white
    looks = chart.configure_axis(labelLimit=_LABELS, labelColor=colour, titleColor=colour)
    looks = looks.configure_legend(labelColor=colour, titleColor=colour)
    looks = looks.configure_view(strokeWidth=0).configure_range(category=list(PALETTE))
    st.altair_chart(looks, width=width, alt=alt_text)


def show_percents(
    bars: Cells,
    label: str,
    title: str,
    alt_text: str,
    colours: Mapping[str, str] | None = None,
) -> None:
    """Show percentages as horizontal bars in the order of the data, with a text to the right.

    Each bar has its name under the key `label`, `Share` (in percent, 0 if unknown) and `Text`.
    `title` is that of the axis. With `colours`, each bar has one of their keys as its `Kind`; a
    legend explains them if there are several.
    """
    data = pd.DataFrame(bars)
    base = alt.Chart(data, height=alt.Step(BAR)).encode(
        alt.Y(f"{label}:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False)),
        alt.X(
            "Share:Q",
            title=title,
            scale=alt.Scale(domain=[0, _ROOM_FOR_TEXT]),
            axis=alt.Axis(values=[0, 50, 100], titleAnchor="start"),
        ),
        tooltip=[label, alt.Tooltip("Text", title=title)],
    )
    marks = base.mark_bar(color=BLUE)
    if colours is not None:
        kinds = {kind: colour for kind, colour in colours.items() if kind in set(data["Kind"])}
        scale = alt.Scale(domain=[*kinds], range=[*kinds.values()])
        legend = alt.Legend(orient="top") if len(kinds) > 1 else None
        marks = marks.encode(alt.Color("Kind:N", title=None, scale=scale, legend=legend))
    text = base.mark_text(align="left", dx=4, color=text_colour()).encode(text="Text:N")
    show_chart(marks + text, alt_text)
