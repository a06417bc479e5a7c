"""The charts of a profile: how often each check fails, and the faults of merge requests by week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta, tzinfo

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.reports.shares import NOT_APPLICABLE
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import day_of
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.tally import Evaluated, Verdicts, distinct, tally
from gitlab_sync.rules.text import besides, plural

MOST_WEEKS = 26
"""The most weeks of one chart: more cannot be read."""

CLEAN, FEW, MANY = "without faults", "with 1 or 2 faults", "with 3 or more faults"
NOT_KNOWN = "unknown"
GRADES = (CLEAN, FEW, MANY, NOT_KNOWN)
"""The grades of merge requests. `unknown` has no known fault, but unknown checks."""

_COLOURS = dict(
    zip(GRADES, (charts.BLUE, charts.ORANGE, charts.VERMILLION, charts.GREY), strict=True)
)
_MOST_FEW = 2
_WEEK = timedelta(days=7)
_HEIGHT = 320  # pixels, with legend and titles
_IN_WORDS = 5  # bars and weeks that a description names


def fault_bars(checks: Sequence[Check], evaluated: Sequence[Evaluated]) -> charts.Cells:
    """Return a bar for each check with the share of items that fail it, the largest share first.

    Each has `Check`, `Share` (in percent of the items that pass or fail, 0 without any) and `Text`:
    `3 of 12 (25%)`, `3 of 12 (25%) (+2 ?, +1 waived)` with others, `?`, or `n/a` if it is of none.
    """
    verdicts = [each for _, each in distinct(evaluated)]
    counted = tally({}, checks, verdicts)
    bars: list[tuple[float, dict[str, object]]] = []
    for check in checks:
        title = check.title
        faults, known = counted.cells[title] or 0, counted.of[title]
        share, text = 0.0, UNKNOWN if known is None else NOT_APPLICABLE
        if known:
            share = faults / known
            text = f"{faults} of {known} ({share:.0%})"
        text += besides(counted.unknown[title] if known else 0, counted.waived[title])
        bars.append((share, {"Check": check.title, "Share": 100 * share, "Text": text}))
    return [bar for _, bar in sorted(bars, key=lambda pair: -pair[0])]


def bars_in_words(nouns: str, bars: charts.Cells) -> str:
    """Describe the bars, for screen readers."""
    first = ", ".join(f"{bar['Check']} {bar['Text']}" for bar in bars[:_IN_WORDS])
    return f"Bars: the share of {nouns} with a fault, by check, most first: {first}"


def show_faults(nouns: str, checks: Sequence[Check], evaluated: Sequence[Evaluated]) -> None:
    """Show for each check the share of items that fail it."""
    bars = fault_bars(checks, evaluated)
    charts.show_percents(
        bars, "Check", "Share with this fault, in percent", bars_in_words(nouns, bars)
    )


def grade(verdicts: Verdicts) -> str:
    """Return the grade, one of `GRADES`, of a merge request with these verdicts."""
    results = Counter(verdict.result for verdict in verdicts.values())
    if results["fail"]:
        return FEW if results["fail"] <= _MOST_FEW else MANY
    return NOT_KNOWN if results["unknown"] or not results else CLEAN


def weeks(evaluated: Sequence[Evaluated], zone: tzinfo) -> dict[date, Counter[str]]:
    """Return how many merge requests have each grade, by the Monday of the week of their creation.

    These are the last `MOST_WEEKS` weeks up to the newest merge request, with the empty weeks
    between them. A merge request without a creation time is left out.
    """
    found: dict[date, Counter[str]] = {}
    for item, verdicts in distinct(evaluated):
        day = day_of(record.field(item, "created_at"), zone)
        if day is not None:
            monday = day - timedelta(days=day.weekday())
            found.setdefault(monday, Counter())[grade(verdicts)] += 1
    if not found:
        return {}
    last = max(found)
    number = min((last - min(found)) // _WEEK + 1, MOST_WEEKS)
    shown = (last - _WEEK * back for back in reversed(range(number)))
    return {monday: found.get(monday, Counter()) for monday in shown}


def weeks_in_words(found: dict[date, Counter[str]]) -> str:
    """Describe the last weeks with merge requests, for screen readers."""
    filled = [(monday, grades) for monday, grades in found.items() if grades]
    texts = [f"{_title(monday)} ({_grades(grades)})" for monday, grades in filled[-_IN_WORDS:]]
    return f"Bars: merge requests by week, the last ones: {', '.join(texts)}"


def _grades(grades: Counter[str]) -> str:
    return ", ".join(f"{grades[name]} {name}" for name in GRADES if grades[name])


def _title(monday: date) -> str:
    return f"{monday.day} {monday:%b}"


def show_weeks(found: dict[date, Counter[str]]) -> None:
    """Show the grades of merge requests by week; nothing for fewer than two weeks."""
    if len(found) < 2:
        return
    rows = [
        {"Week": _title(monday), "Grade": name, "Order": place, "Number": grades[name]}
        for monday, grades in found.items()
        for place, name in enumerate(GRADES)
        if grades[name]
    ]
    total = sum(found.values(), Counter())
    used = [name for name in GRADES if total[name]]
    axis = alt.Scale(domain=[*map(_title, found)])
    chart = (
        alt.Chart(pd.DataFrame(rows), height=_HEIGHT)
        .mark_bar(stroke=charts.GREY, strokeWidth=0.5)
        .encode(
            alt.X("Week:N", title="Week of", scale=axis, axis=alt.Axis(labelAngle=0)),
            alt.Y("Number:Q", title="Merge requests", axis=alt.Axis(tickMinStep=1, format="d")),
            alt.Color(
                "Grade:N",
                title=None,
                scale=alt.Scale(domain=used, range=[_COLOURS[name] for name in used]),
                legend=alt.Legend(orient="top", labelLimit=0, symbolStrokeWidth=0),
            ),
            alt.Order("Order:Q"),
            tooltip=["Week", "Grade", "Number"],
        )
    )
    st.markdown("**Merge requests by the week of their creation**")
    charts.show_chart(chart, weeks_in_words(found))
    st.caption(f"{plural(total.total(), 'merge request')}: {_grades(total)}.")
