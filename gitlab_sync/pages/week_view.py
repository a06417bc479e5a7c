"""What the week's page shows of an answer: totals, a table for each view, charts, and the items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from gitlab_sync.pages import week_hours as hours
from gitlab_sync.pages.week_hours import Viewer
from gitlab_sync.pages.week_items import items_of, items_sheet
from gitlab_sync.pages.week_trend import HOUR, Total, show_trend, shown_number
from gitlab_sync.pages.widgets import charts, fields
from gitlab_sync.pages.widgets.error_panel import escaped
from gitlab_sync.pages.widgets.page_query import Look
from gitlab_sync.pages.widgets.table_view import Extras, show_sheet
from gitlab_sync.pages.widgets.times import visitors_zone
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores.weekly import (
    MEASURES,
    OVERVIEW,
    PERSON_COLUMNS,
    Measure,
    PersonWeek,
)
from gitlab_sync.rules.scores.work import add
from gitlab_sync.services.weekly import PersonAnswer, WeeklyQuery, WeeklyReport
from gitlab_sync.types import Scalar, TableRow

FILE = "Weekly_Performance"
VIEWS = (OVERVIEW, *MEASURES.values(), hours.TITLE)

_METRIC = 172  # pixels: four beside each other, and two on a phone
_USERNAME = PERSON_COLUMNS[-1]
_HELP = {
    "Total": "Of all the days shown.",
    "Before": "Of as many days just before.",
    "Change": "How much more (+) or less (-) than in as many days just before.",
}
_MEASURE_OF = {title: measure for measure, title in MEASURES.items()}


def show_week(viewer: Viewer, look: Look[WeeklyQuery, WeeklyReport]) -> None:
    """Show the days of everybody, and the items of a picked person, or of the only one."""
    report = look.report
    if report is None:
        return
    fields.show_unknown_projects(report.unknown_projects)
    if not report.people:
        st.info("There is nobody in this group, or only bots.", icon=":material/info:")
        return
    show_totals([each.week for each in report.people])
    view = st.segmented_control(
        "Show",
        VIEWS,
        default=OVERVIEW,
        required=True,
        key="show",
        label_visibility="collapsed",
        bind="query-params",
    )
    meta = Meta.of_report(report, look.instance, look.query.in_words())
    if view == hours.TITLE:
        row = _show_hours(viewer, report.people, meta)
    else:
        row = _show_numbers(report, look, view)
    by_name = {each.week.person.username: each for each in report.people}
    picked = report.people[0] if len(by_name) == 1 else None
    if row is not None:
        picked = by_name[str(row[_USERNAME])]
    if picked is not None:
        sees = viewer.sees(picked.week.person)
        username = picked.week.person.username
        st.header(f"What stands behind the row of {escaped(username)}", anchor=False)
        if sees and view == hours.TITLE:
            hours.show_grid(hours.by_day(picked.week), username)
        _show_items(picked, meta, look, with_times=sees)
    else:
        st.caption("Pick a row, in the box before it, to see the items behind its numbers.")


def show_totals(weeks: Sequence[PersonWeek]) -> None:
    """Show what all people recorded together, and how that compares to the days before."""
    days, before = [*weeks[0].days], [*weeks[0].before]
    with st.container(horizontal=True):
        for measure, title in MEASURES.items():
            found = Total.of(weeks, measure, [week.total(measure) for week in weeks])
            change = change_text(weeks, measure)
            st.metric(
                title + found.lack,
                shown_number(measure, found.number),
                change,
                delta_color="off",
                delta_arrow="off" if change == UNKNOWN else "auto",
                border=True,
                width=_METRIC,
            )
    spans = [
        str(span[0]) if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in (days, before)
    ]
    who = "All people together" if len(weeks) > 1 else weeks[0].person.username
    st.caption(f"{escaped(who)}, {spans[0]}, and the change from {spans[1]}.")


def change_text(weeks: Sequence[PersonWeek], measure: Measure) -> str:
    """Return how much more or less it is than before: `+3`, `-1h 30m`, or `?`.

    It is of those of whom both are known.
    """
    change = add([week.change(measure) for week in weeks])
    sign = "+" if change is not None and change > 0 else ""
    return sign + shown_number(measure, change)


# -- the views -------------------------------------------------------------------------------------


def _show_numbers(
    report: WeeklyReport, look: Look[WeeklyQuery, WeeklyReport], view: str
) -> TableRow | None:
    """Show the overview or one measure, with its chart; return the row that was picked."""
    sheets = {sheet.title: sheet for sheet in report.sheets(look.query, look.instance)}
    sheet = sheets[view]
    measure = _MEASURE_OF.get(view)
    if measure is not None:
        show_trend([each.week for each in report.people], measure)
    if measure == "time_spent":
        sheet = in_hours(sheet)
        st.caption("Numbers are hours: 1.5 is one hour and a half.")
    name = FILE if measure is None else f"{FILE}_{view.replace(' ', '_')}"
    extras = Extras(_HELP, pinned=[_USERNAME], alt=f"{view}: a row for each person, by day")
    return show_sheet(sheet, f"week_{view.lower()}", name, extras, selectable=len(sheet.rows) > 1)


def in_hours(sheet: Sheet) -> Sheet:
    """Return a table of seconds as one of hours, with two decimals."""
    columns = {column for column, kind in sheet.kinds.items() if kind == "integer"}

    def cell(column: str, value: Scalar) -> Scalar:
        if column in columns and isinstance(value, int | float):
            return round(value / HOUR, 2)
        return value

    rows = [{column: cell(column, value) for column, value in row.items()} for row in sheet.rows]
    return replace(sheet, rows=rows, kinds={**sheet.kinds, **dict.fromkeys(columns, "number")})


def _show_hours(viewer: Viewer, people: Sequence[PersonAnswer], meta: Meta) -> TableRow | None:
    """Show the hours of those whose hours the visitor may see; return the row that was picked."""
    weeks = [each.week for each in people if viewer.sees(each.week.person)]
    if len(weeks) < len(people):
        st.caption(
            "The hours of others are shown only to those whom this server's operator names; "
            "your own always are, if you are among these people."
        )
    if not weeks:
        return None
    st.caption(
        "When something was recorded: a commit made (by the clock of whoever made it), a merge "
        "request merged, an issue created (by your clock). It does not say how much, or how well."
    )
    if len(weeks) > 1:
        shown = weeks[: charts.MOST_ROWS]
        hours.show_grid(hours.by_person(shown), "people")
        if len(shown) < len(weeks):
            st.caption(f"The first {len(shown)} of {len(weeks):,} people; the table has them all.")
    sheet = hours.hours_sheet(weeks, meta)
    extras = Extras(pinned=[_USERNAME], alt="Hours: a row for each person, by day")
    return show_sheet(sheet, "week_hours", f"{FILE}_Hours", extras, selectable=len(weeks) > 1)


# -- one person ------------------------------------------------------------------------------------


def _show_items(
    person: PersonAnswer, meta: Meta, look: Look[WeeklyQuery, WeeklyReport], *, with_times: bool
) -> None:
    if person.status not in {"Success", "Partial"}:
        st.markdown(f"Nothing was read: {escaped(str(person.error))}.")
        return
    lacking = missing_in_words(person)
    if lacking:
        st.markdown(f":material/warning: Something is not known of {lacking}: there may be more.")
    rows = items_of(person, look.query.zone or visitors_zone(), look.instance)
    if not rows:
        st.markdown("No merge request, issue or commit was found on these days.")
        return
    username = person.week.person.username
    sheet = items_sheet(rows, username, meta, with_times=with_times)
    show_sheet(sheet, "items", f"Items_of_{username}", Extras(pinned=[]))


def missing_in_words(person: PersonAnswer) -> str:
    """Return of what something is missing: `merge requests, time spent`; empty if all is there."""
    recorded = person.recorded
    return ", ".join(
        title.lower()
        for measure, title in MEASURES.items()
        if getattr(recorded, measure) is None or measure in recorded.partial
    )
