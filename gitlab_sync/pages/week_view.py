"""The answer of the weekly page: totals, a table and a chart for each view, and items."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st

from gitlab_sync.pages import week_hours as hours
from gitlab_sync.pages.week_hours import Viewer
from gitlab_sync.pages.week_items import items_of, items_sheet
from gitlab_sync.pages.week_trend import Total, number_text, show_trend
from gitlab_sync.pages.widgets import charts, fields
from gitlab_sync.pages.widgets.cell_looks import NONE, CellLooks
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_query import JobAnswer
from gitlab_sync.pages.widgets.table_view import (
    NAME_WIDTH,
    Picked,
    TableOptions,
    details_of,
    show_select_hint,
    show_table,
)
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores import weekly
from gitlab_sync.rules.scores.work import add
from gitlab_sync.services.weekly import PersonAnswer, WeeklyQuery, WeeklyReport
from gitlab_sync.types import TableRow

FILE = "Weekly_Performance"
VIEWS = (weekly.OVERVIEW, *weekly.MEASURES.values(), hours.TITLE)

_METRIC_WIDTH = 172  # pixels: four fit next to each other, and two on a phone
_USERNAME = weekly.PERSON_COLUMNS[-1]
_HELP = {
    "Total": "The total of all days that are shown.",
    "Before": "The total of the same number of days before.",
    "Change": "How much more (+) or less (-) than on the same number of days before.",
}
_SUMS = ("Total", "Before", "Change")
_DAY_WIDTH = 92  # pixels: a week fits next to the names
_ZERO = re.compile(r"0 (MRs|issues|commits)|0h 0m")
_MEASURE_OF = {title: measure for measure, title in weekly.MEASURES.items()}


def show_week(viewer: Viewer, found: JobAnswer[WeeklyQuery, WeeklyReport]) -> None:
    """Show the days of all people, and the items of the selected person or of the only one."""
    report = found.report
    if report is None:
        return
    fields.show_unknown_projects(report.unknown_projects)
    if not report.people:
        st.info("This group has no members, or only bots.", icon=":material/info:")
        return
    show_totals([each.week for each in report.people])
    view = fields.choice_field("Show", VIEWS, "show")
    meta = Meta.of_report(report, found.instance, found.query.in_words())
    if view == hours.TITLE:
        picked = _show_hours(viewer, report.people, meta)
    else:
        picked = _show_numbers(report, found, view)
    by_name = {each.week.person.username: each for each in report.people}
    selected = report.people[0] if len(by_name) == 1 else None
    if picked is not None:
        selected = by_name[str(picked.row[_USERNAME])]
    if selected is None:
        show_select_hint("its items")
        return
    with details_of(picked):
        sees = viewer.sees(selected.week.person)
        username = selected.week.person.username
        st.header(f"Details for {escaped(username)}", anchor=False)
        if sees and view == hours.TITLE:
            hours.show_grid(hours.by_day(selected.week), username)
        _show_items(selected, meta, found, with_times=sees)


def show_totals(weeks: Sequence[weekly.PersonWeek]) -> None:
    """Show the totals of all people, compared with the days before."""
    days, before = [*weeks[0].days], [*weeks[0].before]
    with st.container(horizontal=True):
        for measure, title in weekly.MEASURES.items():
            found = Total.of(weeks, measure, [week.total(measure) for week in weeks])
            change = change_text(weeks, measure)
            st.metric(
                title + found.suffix,
                number_text(measure, found.number),
                change,
                delta_color="off",
                delta_arrow="off" if change == UNKNOWN else "auto",
                border=True,
                width=_METRIC_WIDTH,
            )
    spans = [
        str(span[0]) if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in (days, before)
    ]
    who = "All people together" if len(weeks) > 1 else weeks[0].person.username
    st.caption(f"{escaped(who)}, {spans[0]}, compared with {spans[1]}.")


def change_text(weeks: Sequence[weekly.PersonWeek], measure: weekly.Measure) -> str:
    """Return how much more or less it is than before: `+3`, `-1h 30m`, or `?`.

    People with an unknown number, now or before, are left out.
    """
    change = add([week.change(measure) for week in weeks])
    sign = "+" if change is not None and change > 0 else ""
    return sign + number_text(measure, change)


def _show_numbers(
    report: WeeklyReport, found: JobAnswer[WeeklyQuery, WeeklyReport], view: str
) -> Picked | None:
    """Show the overview or one measure with its chart; return what is selected."""
    sheets = {sheet.title: sheet for sheet in report.sheets(found.query, found.instance)}
    sheet = sheets[view]
    measure = _MEASURE_OF.get(view)
    if measure is not None:
        show_trend([each.week for each in report.people], measure)
    name = FILE if measure is None else f"{FILE}_{view.replace(' ', '_')}"
    days = [day.isoformat() for day in found.query.days]
    options = TableOptions(
        _HELP,
        pinned=[_USERNAME],
        looks=CellLooks(texts={} if measure is None else texts_of(measure, days)),
        columns=(_USERNAME, *days, *_SUMS),
        hides_empty=weekly.PERSON_COLUMNS[:-1],
        shown=quiet_row if measure is None else None,
        titles={day.isoformat(): charts.day_title(day) for day in found.query.days},
        widths={_USERNAME: NAME_WIDTH, **dict.fromkeys((*days, *_SUMS), _DAY_WIDTH)},
        lines=1 if measure is not None else lines_of(sheet.rows, (*days, *_SUMS)),
        alt=f"{view}: one row for each person",
    )
    return show_table(sheet, f"week_{view.lower()}", name, options, selectable=len(sheet.rows) > 1)


def texts_of(measure: weekly.Measure, days: Sequence[str]) -> Mapping[str, Callable[[float], str]]:
    """Return how a page writes the numbers of a measure; 0 is quiet."""

    def text(number: float) -> str:
        return number_text(measure, number) if number else NONE

    def signed(number: float) -> str:
        return f"+{text(number)}" if number > 0 else text(number)

    return {**dict.fromkeys((*days, *_SUMS), text), "Change": signed}


def quiet_row(row: TableRow) -> TableRow:
    """Return a row of the overview without the parts that are 0: `5 commits, 1h 30m`, or `NONE`.

    A part stays on one line.
    """
    kept = {*weekly.PERSON_COLUMNS, "Status", "Error"}
    return {
        column: _quiet(cell) if isinstance(cell, str) and column not in kept else cell
        for column, cell in row.items()
    }


def lines_of(rows: Iterable[TableRow], columns: Sequence[str]) -> int:
    """Return how many lines the cells of `quiet_row` have at most."""
    quiet = map(quiet_row, rows)
    return max(str(row.get(column)).count(", ") + 1 for row in quiet for column in columns)


def _quiet(text: str) -> str:
    parts = [part for part in text.split(", ") if not _ZERO.fullmatch(part)]
    return ", ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts) or NONE


def _show_hours(viewer: Viewer, people: Sequence[PersonAnswer], meta: Meta) -> Picked | None:
    """Show the hours that the visitor may see; return what is selected."""
    weeks = [each.week for each in people if viewer.sees(each.week.person)]
    if len(weeks) < len(people):
        st.caption(
            "You see only your own hours, if you are among these people. The operator of this "
            "server decides who sees the hours of others."
        )
    if not weeks:
        return None
    st.caption(
        "The hours in which something was recorded: a commit (in the author's time zone), a merged "
        "merge request or a created issue (in your time zone). They say nothing about the "
        "amount or the quality of the work."
    )
    if len(weeks) > 1:
        shown = weeks[: charts.MOST_ROWS]
        hours.show_grid(hours.by_person(shown), "people")
        if len(shown) < len(weeks):
            st.caption(f"The first {len(shown)} of {len(weeks):,} people. The table has all.")
    sheet = hours.hours_sheet(weeks, meta)
    options = TableOptions(pinned=[_USERNAME], alt="Hours: one row for each person")
    return show_table(sheet, "week_hours", f"{FILE}_Hours", options, selectable=len(weeks) > 1)


def _show_items(
    person: PersonAnswer,
    meta: Meta,
    found: JobAnswer[WeeklyQuery, WeeklyReport],
    *,
    with_times: bool,
) -> None:
    if person.status not in {"Success", "Partial"}:
        st.markdown(f"Nothing could be read: {escaped(str(person.error))}.")
        return
    recorded = person.recorded
    missing = [
        title.lower()
        for measure, title in weekly.MEASURES.items()
        if getattr(recorded, measure) is None or measure in recorded.partial
    ]
    if missing:
        st.markdown(f":material/warning: This list can be incomplete: {', '.join(missing)}.")
    rows = items_of(person, found.query.zone or visitor_zone(), found.instance)
    if not rows:
        st.markdown("No merge requests, issues or commits were found on these days.")
        return
    username = person.week.person.username
    sheet = items_sheet(rows, username, meta, with_times=with_times)
    show_table(sheet, "items", f"Items_of_{username}", TableOptions(pinned=[]))
