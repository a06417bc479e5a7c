"""The fields of the week's page: people with their teams, and which days.

People are lines `Team Name, Full Name, GitLab Username`, or just a username. All fields stand in
the page's address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from urllib.parse import quote

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import error_text
from gitlab_sync.rules.delimited import DELIMITERS, delimiter_of, lines_of, records_of
from gitlab_sync.rules.identity.people_input import Layout, PeopleInput, Person, layout_of
from gitlab_sync.rules.identity.teams import Team
from gitlab_sync.rules.scores.weekly import (
    MOST_DAYS,
    PERSON_COLUMNS,
    WEEK,
    Days,
    WeekPeople,
    WeekPerson,
    days_between,
    last_days,
    parse_week_people,
)

LAST_DAYS, ONE_DAY, RANGE = SPANS = (f"{WEEK} days", "One day", "Range")
"""Which days may be asked for."""

MOST_LETTERS = 100_000
"""Of the people in the page's address: of twice as many the server takes no request any more."""

_NUMBERS = {LAST_DAYS: WEEK, ONE_DAY: 1}
_AREA = "people"
_OF_FILE = "file"
_TITLES = {"team name", "team", "full name", "name"}
_USERNAME_COLUMN = 2  # where there is no header
_TO_QUOTE = re.compile(rf'["#\s{re.escape(DELIMITERS)}]')


# -- people ----------------------------------------------------------------------------------------


def people_file() -> None:
    """Show the field for a file with people, which are put into the field for people."""
    fields.people_file(_AREA, people_of_csv, f"With the columns {', '.join(PERSON_COLUMNS)}.")


def people_area(default: str) -> str:
    """Show the field for people, with `default` in it at first, and return its text."""
    return fields.people_area(
        _AREA,
        default,
        "Red Team, Alice Smith, alice\nbob",
        "A line for each: team, full name and GitLab username, or the username alone.",
    )


def people_of_teams(teams: Iterable[Team], names: Mapping[str, str]) -> str:
    """Return the members of teams as the field takes them; `names` has full ones by username."""
    return "\n".join(
        _line(WeekPerson(team.name, names.get(member.username, ""), member.username))
        for team in teams
        for member in team.members
    )


def people_of_csv(text: str) -> str:
    """Return the people of a CSV file as the field takes them; what is wrong becomes a remark."""
    found = read_people(text, _OF_FILE)
    return "\n".join([*map(_line, found.people), *(f"# {fault}" for fault in found.faults)])


def _line(person: WeekPerson) -> str:
    if not person.team and not person.name:
        return person.username
    return ", ".join([_quoted(person.team), _quoted(person.name), person.username])


def _quoted(cell: str) -> str:
    """Return a cell such that no sign in it is taken for a delimiter, a quote or a remark."""
    plain = " ".join(cell.split())
    if not _TO_QUOTE.search(plain.replace(" ", "")):
        return plain
    return '"' + plain.replace('"', '""') + '"'


def read_people(text: str, source: str = _AREA) -> WeekPeople:
    """Return the people of a text, each once, and what is wrong with it; never raises.

    Lines that begin with `#` are remarks; one without a delimiter is a username. A header that
    names no username is a fault, since its columns cannot be guessed.
    """
    lines = ["" if line.lstrip().startswith("#") else line for line in lines_of(text)]
    records = records_of("\n".join(lines))
    layout = layout_of(records)
    if not layout.titles and layout.rows and _TITLES & {cell.lower() for cell in layout.rows[0][1]}:
        number, cells = layout.rows[0]
        titles = ", ".join(filter(None, cells))
        fault = f"no column is titled {PERSON_COLUMNS[-1]}; there is {titles[:200]}"
        return WeekPeople((), (f"{source}, line {number}: {fault}",))
    before = delimiter_of(lines) * _position(layout)
    return parse_week_people("\n".join(_whole(line, before) for line in lines), source)


def _position(layout: Layout) -> int:
    return layout.user if layout.titles else _USERNAME_COLUMN


def _whole(line: str, before: str) -> str:
    """Return a line such that what stands alone on it is in the column of the username."""
    alone = line.strip() and not any(sign in line for sign in DELIMITERS)
    return before + line if alone else line


def check_people(text: str, found: WeekPeople) -> bool:
    """Show what is wrong with the people that were named; say whether they can be asked about."""
    left_out = [line.lstrip("# ") for line in text.splitlines() if line.startswith(f"# {_OF_FILE}")]
    if left_out:
        fields.show_faults(left_out, "Left out of the file")
    if found.faults:
        fields.show_faults(found.faults, "Mend these lines, and run again")
        return False
    if not fields.check_people(PeopleInput(tuple(Person(one.username) for one in found.people))):
        return False
    if len(quote(text)) > MOST_LETTERS:
        st.error(
            "These lines are longer than a page's address can be. Leave out full names, or run "
            "them in parts; a group, or the command line, has no such limit.",
            icon=":material/error:",
        )
        return False
    return True


# -- days ------------------------------------------------------------------------------------------


def span_field() -> str:
    """Show the choice of which days, one of `SPANS`; for outside of a form."""
    return st.segmented_control(
        "Days", SPANS, default=LAST_DAYS, required=True, key="span", bind="query-params"
    )


def days_fields(span: str, today: date, default: date | None = None) -> Days | None:
    """Show the fields for the days and return them; None, and why, where they cannot be.

    `today` is the last day that can be asked for, and `default` that which is filled in.
    """
    default = min(today, default or today)
    if span == RANGE:
        columns = st.columns(2)
        with columns[0]:
            first = _day_field("From", "from", last_days(default)[0])
        with columns[1]:
            last = _day_field(f"To (at most {MOST_DAYS} days)", "to", default)
    else:
        last = _day_field("Day" if span == ONE_DAY else "Up to", "to", default)
    try:
        days = days_between(first, last) if span == RANGE else last_days(last, _NUMBERS[span])
        return _until(today, days)
    except ConfigurationError as error:
        st.error(error_text(error), title="These days cannot be", icon=":material/error:")
        return None


def _until(today: date, days: Days) -> Days:
    if days[-1] > today:
        raise ConfigurationError(
            f"{days[-1]} is still to come", hint=f"Choose days up to today, {today}."
        )
    return days


def _day_field(label: str, key: str, default: date) -> date:
    return st.date_input(label, default, key=key, format="YYYY-MM-DD", bind="query-params")
