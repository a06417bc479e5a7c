"""The hours of the day in which people recorded something: who may see whose, and how they look.

They are shown as they are: when something was recorded, and not how much or how well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import charts
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.scores.weekly import (
    MEASURES,
    PERSON_COLUMNS,
    DayWork,
    PersonWeek,
    WeekPerson,
)
from gitlab_sync.rules.text import plural
from gitlab_sync.types import Scalar, TableRow

SETTING = "hours_for"
"""The key of the secrets with the usernames of those who see the hours of others."""

TITLE = "Hours"
_HOURS = 24
_MARK = "•"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose hours somebody sees: their own, and with `sees_all` everybody's. Immutable."""

    username: str
    sees_all: bool = False

    @classmethod
    def of(cls, sign_in: SignIn, secrets: Mapping[str, object]) -> Viewer:
        """Return what the secrets grant to who is signed in; all in the demo, of made-up people.

        No role grants anything, since the hours of others are nothing that running a server or
        leading a team needs. Raises ConfigurationError where `SETTING` is no list of usernames.
        """
        given = secrets.get(SETTING, ())
        if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
            raise ConfigurationError(f"{SETTING} in the secrets is no list of usernames")
        names = {str(name).strip().removeprefix("@").lower() for name in given}
        return cls(sign_in.username, sign_in.is_demo or sign_in.username.lower() in names)

    def sees(self, person: WeekPerson) -> bool:
        """Say whether a person's hours may be shown."""
        return self.sees_all or person.key == self.username.lower()


# -- what is shown ---------------------------------------------------------------------------------


def by_person(weeks: Iterable[PersonWeek]) -> list[dict[str, object]]:
    """Return a cell for each person and each hour: on how many of the days it had something.

    Each has `Row` (the username, with a `?` where something is not known), `Hour`, `Number`, and
    `Text` and `Said` as words.
    """
    cells = []
    for week in weeks:
        for hour in range(_HOURS):
            number = sum(hour in work.hours for work in week.days.values())
            cells.append(_cell(_row_title(week), hour, number, str(number)))
    return cells


def by_day(week: PersonWeek) -> list[dict[str, object]]:
    """Return a cell for each day and each hour of one person, as `by_person`."""
    return [
        _cell(charts.day_title(day), hour, int(hour in work.hours), _MARK)
        for day, work in week.days.items()
        for hour in range(_HOURS)
    ]


def _row_title(week: PersonWeek) -> str:
    unknown = any(_unknown(work) for work in week.days.values())
    return week.person.username + (" ?" if unknown else "")


def _unknown(work: DayWork) -> bool:
    """Say whether there may be more hours, since a number of the day is not known."""
    return any(work.number(measure) is None for measure in MEASURES if measure != "time_spent")


def _cell(title: str, hour: int, number: int, text: str) -> dict[str, object]:
    return {
        "TableRow": title,
        "Hour": hour,
        "Number": number,
        "Text": text if number else "",
        "Said": plural(number, "day"),
        "Clock": f"{hour}:00 to {hour}:59",
    }


def in_words(cells: Sequence[Mapping[str, object]], whose: str) -> str:
    """Describe a grid of hours for whoever does not see it."""
    used = sorted({int(str(cell["Hour"])) for cell in cells if cell["Number"]})
    hours = ", ".join(map(str, used)) or "none"
    return f"Grid: the hours in which {whose} recorded something: {hours}"


def show_grid(cells: Sequence[Mapping[str, object]], whose: str) -> None:
    """Show cells of `by_person` or `by_day` as a grid of rows and hours."""
    found = pd.DataFrame(cells)
    x = alt.X("Hour:O", title="Hour of the day", axis=alt.Axis(labelAngle=0, orient="top"))
    y = charts.rows_down("TableRow")
    tooltip = [
        alt.Tooltip("TableRow", title="TableRow"),
        alt.Tooltip("Clock", title="Hour"),
        alt.Tooltip("Said", title="Recorded on"),
    ]
    charts.show_chart(charts.heat_grid(found, x, y, tooltip), in_words(cells, whose))


def hours_sheet(weeks: Sequence[PersonWeek], meta: Meta) -> Sheet:
    """Return the hours as a table: for each person and day `9, 10, 14`."""
    rows = [_hours_row(week) for week in weeks]
    days = [day.isoformat() for day in weeks[0].days] if weeks else []
    columns = [*PERSON_COLUMNS, *days]
    return Sheet(TITLE, columns, rows, meta, kinds=dict.fromkeys(columns, "text"))


def _hours_row(week: PersonWeek) -> TableRow:
    who = week.person
    cells: dict[str, Scalar] = dict(
        zip(PERSON_COLUMNS, (who.team, who.name, who.username), strict=True)
    )
    for day, work in week.days.items():
        hours = ", ".join(map(str, work.hours))
        cells[day.isoformat()] = None if not hours and _unknown(work) else hours
    return cells
