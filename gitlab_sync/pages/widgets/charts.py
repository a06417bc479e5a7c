"""How all charts look: colours that colour-blind people tell apart, in both themes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

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
"""Colours of categories, by Okabe and Ito: the first four stand out on white and on black."""

GREY = "#808080"
"""For what is not known: it stands out on white and on black, and from the palette."""

_ON_LIGHT = ("#4a98c9", "#2e7ebc", "#1764ab", "#084a91", "#08306b")
_ON_DARK = ("#3a7cb8", "#5a9fd4", "#85bce3", "#b3d6ee", "#e3f1fb")

BAR = 26
"""Pixels from one horizontal bar to the next, such that each has its label."""

MOST_ROWS = 40
"""Bars, or rows of a grid, of one chart: more cannot be read."""

_LABELS = 260
_ROOM_FOR_TEXT = 160  # percent: the text of a whole bar stands beyond its end
_FAINTEST, _STRONGEST = 0.15, 0.65  # opacities: text can be read on all of them, in both themes


def text_colour() -> str:
    """Return the colour of text inside a chart, as whoever looks has light or dark."""
    kind = st.context.theme.type
    return {"light": "#31333f", "dark": "#fafafa"}.get(str(kind), GREY)


def ink(colour: str) -> str:
    """Return the colour of text on one of the palette, such that it can be read."""
    return "white" if colour == BLUE else "black"


def levels() -> tuple[str, ...]:
    """Return six colours for nothing, little, and ever more, as whoever looks has light or dark."""
    return (GREY, *(_ON_DARK if st.context.theme.type == "dark" else _ON_LIGHT))


def day_title(day: date) -> str:
    """Return a day as charts name it: `Mon 2 Mar`."""
    return f"{day:%a} {day.day} {day:%b}"


def days_across(field: str = "Day") -> alt.X:
    """Return the axis of days with `day_title`: in the order of the data, each in two lines."""
    lines = "[slice(datum.label, 0, 3), slice(datum.label, 4)]"
    axis = alt.Axis(labelExpr=lines, labelAngle=0, labelAlign="center", labelFlush=False)
    return alt.X(f"{field}:N", title=None, sort=None, axis=axis)


def rows_down(field: str) -> alt.Y:
    """Return the axis of a grid's rows, in the order of the data, each with its title."""
    axis = alt.Axis(labelOverlap=False, labelFlush=False)
    return alt.Y(f"{field}:N", title=None, sort=None, axis=axis)


def heat_grid(cells: pd.DataFrame, x: alt.X, y: alt.Y, tooltip: list[Any]) -> Any:
    """Return a grid whose cells are the stronger the more they hold, with what is written in them.

    `cells` has `Number` (nothing for 0, None where it is not known) and `Text`.
    """
    numbers = pd.to_numeric(cells["Number"]).fillna(0)
    span = _STRONGEST - _FAINTEST
    shades = (_FAINTEST + span * numbers / max(1, numbers.max())).where(numbers > 0, 0)
    base = alt.Chart(cells.assign(Shade=shades)).encode(x, y, tooltip=tooltip)
    squares = base.mark_rect(color=BLUE, stroke=GREY, strokeOpacity=0.25).encode(
        fillOpacity=alt.FillOpacity("Shade:Q", scale=None)
    )
    texts = base.mark_text(color=text_colour(), fontSize=11).encode(text="Text:N")
    return alt.layer(squares, texts).properties(height=alt.Step(BAR))


def show_chart(
    chart: Any,
    alt_text: str,
    *,
    key: str | None = None,
    width: Literal["stretch", "content"] = "stretch",
) -> None:
    """Show a chart with the looks that all have; `alt_text` is for whoever does not see it."""
    ink = text_colour()  # Streamlit's own grey is pale on white
    looks = chart.configure_axis(labelLimit=_LABELS, labelColor=ink, titleColor=ink)
    looks = looks.configure_legend(labelColor=ink, titleColor=ink).configure_view(strokeWidth=0)
    st.altair_chart(
        looks.configure_range(category=list(PALETTE)), width=width, key=key, alt=alt_text
    )


def show_percents(
    bars: Sequence[Mapping[str, object]],
    label: str,
    title: str,
    alt_text: str,
    colours: Mapping[str, str] | None = None,
) -> None:
    """Show percents as bars from left to right, in their order, each with its text beside it.

    Each of `bars` has a name under `label`, `Share` (in percent, 0 where it is not known) and
    `Text`. `title` says what the percents are. With `colours`, each has one of their keys as its
    `Kind`, which a legend explains where there are several.
    """
    found = pd.DataFrame(bars)
    base = alt.Chart(found, height=alt.Step(BAR)).encode(
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
        kinds = {kind: colour for kind, colour in colours.items() if kind in set(found["Kind"])}
        scale = alt.Scale(domain=[*kinds], range=[*kinds.values()])
        legend = alt.Legend(orient="top") if len(kinds) > 1 else None
        marks = marks.encode(alt.Color("Kind:N", title=None, scale=scale, legend=legend))
    text = base.mark_text(align="left", dx=4, color=text_colour()).encode(text="Text:N")
    show_chart(marks + text, alt_text)
