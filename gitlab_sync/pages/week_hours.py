"""The hours of the day in which people recorded something: who may see them, and their views.

They show when something was recorded, and not how much or how well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import charts
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.scores import weekly
from gitlab_sync.rules.text import plural
from gitlab_sync.types import Scalar, TableRow

SETTING = "hours_for"
"""The key of the secrets with the usernames that may see the hours of other people."""

TITLE = "Hours"
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Viewer:
    """The hours that a visitor sees: their own and, with `sees_all`, those of others. Immutable."""

    username: str
    sees_all: bool = False

    @classmethod
    def of(cls, visitor: SignIn, secrets: Mapping[str, object], *, is_own: bool) -> Viewer:
        """Return what the secrets allow the visitor to see; everything in the demo.

        The secrets name people of the configured GitLab; `is_own` says whether the visitor is at
        that one. No role allows it: running a server or leading a team does not need the hours of
        others. Raises ConfigurationError if `SETTING` is not a list of usernames.
        """
        setting = secrets.get(SETTING, ())
        if isinstance(setting, str | Mapping) or not isinstance(setting, Iterable):
            raise ConfigurationError(
                f"{SETTING} in the secrets must be a list of usernames, "
                f"got {type(setting).__name__}",
                hint=f'Write, for example, {SETTING} = ["ann"].',
            )
        names = {username_key(str(name)) for name in setting}
        is_named = is_own and username_key(visitor.username) in names
        return cls(visitor.username, visitor.is_demo or is_named)

    def sees(self, person: weekly.WeekPerson) -> bool:
        """Return whether the visitor may see the person's hours."""
        return self.sees_all or person.key == username_key(self.username)


def by_person(weeks: Iterable[weekly.PersonWeek]) -> charts.Cells:
    """Return a cell for each person and hour with the number of days that have something in it.

    Each has `Row` (the username, with ` ?` if something is unknown), `Hour` (0 to 23), `Number`,
    `Text`, `Days` (`3 days`) and `Clock` (`9:00 to 9:59`).
    """
    cells = []
    for week in weeks:
        title = week.person.username + (" ?" if any(map(_has_unknown, week.days.values())) else "")
        for hour in range(_HOURS):
            number = sum(hour in work.hours for work in week.days.values())
            cells.append(_cell(title, hour, number, str(number)))
    return cells


def by_day(week: weekly.PersonWeek) -> charts.Cells:
    """Return a cell for each day and hour of one person, with the fields of `by_person`."""
    return [
        _cell(charts.day_title(day), hour, int(hour in work.hours), "•")
        for day, work in week.days.items()
        for hour in range(_HOURS)
    ]


def _has_unknown(work: weekly.DayWork) -> bool:
    """Return whether the day can have more hours, because one of its numbers is unknown."""
    return any(
        work.number(measure) is None for measure in weekly.MEASURES if measure != "time_spent"
    )


def _cell(title: str, hour: int, number: int, text: str) -> dict[str, object]:
    return {
        "Row": title,
        "Hour": hour,
        "Number": number,
        "Text": text if number else "",
        "Days": plural(number, "day"),
        "Clock": f"{hour}:00 to {hour}:59",
    }


def in_words(cells: charts.Cells, who: str) -> str:
    """Describe a grid of hours, for screen readers."""
    used = sorted({int(str(cell["Hour"])) for cell in cells if cell["Number"]})
    hours = ", ".join(map(str, used)) or "none"
    return f"Grid: the hours in which {who} recorded something: {hours}"


def show_grid(cells: charts.Cells, who: str) -> None:
    """Show the cells of `by_person` or `by_day` as a grid with a column for each hour."""
    x = alt.X("Hour:O", title="Hour of the day", axis=alt.Axis(labelAngle=0, orient="top"))
    tooltip = [
        alt.Tooltip("Row", title="Row"),
        alt.Tooltip("Clock", title="Hour"),
        alt.Tooltip("Days", title="Recorded on"),
    ]
    charts.show_chart(charts.heat_grid(cells, x, tooltip), in_words(cells, who))


def hours_sheet(weeks: Sequence[weekly.PersonWeek], meta: Meta) -> Sheet:
    """Return the hours as a table, one row for each person and one column for each day: `9, 14`."""
    rows = [_hours_row(week) for week in weeks]
    days = [day.isoformat() for day in weeks[0].days] if weeks else []
    columns = [*weekly.PERSON_COLUMNS, *days]
    return Sheet(TITLE, columns, rows, meta, kinds=dict.fromkeys(columns, "text"))


def _hours_row(week: weekly.PersonWeek) -> TableRow:
    person = week.person
    cells: dict[str, Scalar] = dict(
        zip(weekly.PERSON_COLUMNS, (person.team, person.name, person.username), strict=True)
    )
    for day, work in week.days.items():
        hours = ", ".join(map(str, work.hours))
        cells[day.isoformat()] = None if not hours and _has_unknown(work) else hours
    return cells
