"""The charts of the page of changes: the share of faults and the numbers of items by run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.pages.widgets import charts
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.rules.text import plural
from gitlab_sync.snapshots.history import RunSums

_HEIGHT = 220
ITEMS: Mapping[str, Callable[[RunSums], int]] = {
    "Merge requests": lambda run: run.merge_requests,
    "Issues": lambda run: run.issues,
    "Commits": lambda run: run.commits,
}
"""The lines of the second chart."""

_COLOURS = (charts.BLUE, charts.VERMILLION, charts.GREY)
_DASHES = ([1, 0], [5, 4], [2, 2])


def comparable(runs: Sequence[RunSums]) -> list[RunSums]:
    """Return the runs that could be read and were taken by the rules of the last one."""
    known = [run for run in runs if run.moment is not None]
    return [run for run in known if run.rules == known[-1].rules]


def share_points(runs: Sequence[RunSums]) -> charts.Cells:
    """Return a point for each run with a share of faults: `Run`, `Share` (percent) and `Text`."""
    return [
        {"Run": _label(run), "Share": run.share, "Text": _share_text(run)}
        for run in runs
        if run.share is not None
    ]


def item_points(runs: Sequence[RunSums]) -> charts.Cells:
    """Return a point for each run and each of `ITEMS`: `Run`, `Line` and `Number`."""
    return [
        {"Run": _label(run), "Line": line, "Number": number(run)}
        for line, number in ITEMS.items()
        for run in runs
        if run.moment is not None
    ]


def _label(run: RunSums) -> str:
    if run.moment is None:
        return run.run
    return f"{run.moment.astimezone(visitor_zone()):%Y-%m-%d %H:%M}"


def _share_text(run: RunSums) -> str:
    return f"{run.share:g} %, {run.counts.failed:,} of {plural(run.counts.known, 'result')}"


def shares_in_words(points: charts.Cells) -> str:
    """Describe the share of faults by run, for screen readers."""
    texts = [f"{each['Run']}: {each['Text']}" for each in points]
    return f"Line: faults by run. {'; '.join(texts)}"


def items_in_words(points: charts.Cells) -> str:
    """Describe the numbers of items by run, for screen readers."""
    texts = [f"{each['Run']} {each['Line']} {each['Number']}" for each in points]
    return f"Lines: items by run. {'; '.join(texts)}"


def show_runs(runs: Sequence[RunSums]) -> None:
    """Show the share of faults and the numbers of items from run to run."""
    alike = comparable(runs)
    if len([run for run in runs if run.moment is not None]) < 2:
        st.caption("With a second run there are lines here.")
        return
    _show_shares(alike)
    if len(alike) < len(runs):
        left_out = plural(len(runs) - len(alike), "run")
        st.caption(f"Faults without {left_out} by other rules, or that cannot be read.")
    _show_items(runs)


def _show_shares(runs: Sequence[RunSums]) -> None:
    points = share_points(runs)
    if not points:
        st.caption("No result of a check is known.")
        return
    chart = (
        alt.Chart(pd.DataFrame(points), height=_HEIGHT)
        .mark_line(color=charts.BLUE, point=alt.OverlayMarkDef(size=60, color=charts.BLUE))
        .encode(
            alt.X("Run:O", title=None, sort=None, axis=alt.Axis(labelOverlap=True, labelAngle=0)),
            alt.Y("Share:Q", title="Faults in percent", scale=alt.Scale(zero=True)),
            tooltip=["Run", alt.Tooltip("Text", title="Faults")],
        )
    )
    charts.show_chart(chart, shares_in_words(points))


def _show_items(runs: Sequence[RunSums]) -> None:
    points = item_points(runs)
    lines = [*ITEMS]
    chart = (
        alt.Chart(pd.DataFrame(points), height=_HEIGHT)
        .mark_line(point=alt.OverlayMarkDef(size=60))
        .encode(
            alt.X("Run:O", title=None, sort=None, axis=alt.Axis(labelOverlap=True, labelAngle=0)),
            alt.Y("Number:Q", title="Number"),
            alt.Color(
                "Line:N",
                title=None,
                scale=alt.Scale(domain=lines, range=[*_COLOURS]),
                legend=alt.Legend(orient="top", symbolType="stroke", symbolSize=400),
            ),
            alt.StrokeDash("Line:N", title=None, scale=alt.Scale(domain=lines, range=[*_DASHES])),
            tooltip=["Run", "Line", "Number"],
        )
    )
    charts.show_chart(chart, items_in_words(points))
