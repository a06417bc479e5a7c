"""The fields of the weekly page: people with their teams, and the days.

People are lines `Team Name, Full Name, GitLab Username`, or only a username. All values are in the
page's URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from urllib.parse import quote

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_error, show_input_error, valid_or
from gitlab_sync.rules.delimited import DELIMITERS
from gitlab_sync.rules.identity.people_input import PeopleInput, Person
from gitlab_sync.rules.identity.teams import Team
from gitlab_sync.rules.scores import weekly

LAST_DAYS, ONE_DAY, RANGE = SPANS = (f"{weekly.WEEK} days", "One day", "Range")
"""The choices of days."""

MOST_CHARACTERS = 100_000
"""The longest text of people in the page's URL: the server refuses requests of twice the length."""

_NUMBERS = {LAST_DAYS: weekly.WEEK, ONE_DAY: 1}
_NOT_VALID = "These days are not valid"
_FIELD = "people"
_FILE = "file"
_TO_QUOTE = re.compile(rf'["#\s{re.escape(DELIMITERS)}]')


def people_of_teams(teams: Iterable[Team], names: Mapping[str, str]) -> str:
    """Return the members of teams as lines of the field; `names` has full names by username."""
    return "\n".join(
        _line(weekly.WeekPerson(team.name, names.get(member.username, ""), member.username))
        for team in teams
        for member in team.members
    )


def people_of_csv(text: str) -> str:
    """Return the people of a CSV file as lines of the field; faults become lines with `#`."""
    found = read_people(text, _FILE)
    return "\n".join([*map(_line, found.people), *(f"# {fault}" for fault in found.faults)])


def _line(person: weekly.WeekPerson) -> str:
    if not person.team and not person.name:
        return person.username
    return ", ".join([_quoted(person.team), _quoted(person.name), person.username])


def _quoted(cell: str) -> str:
    """Return a cell, in quotes if it has a delimiter, a quote or the sign of a comment."""
    plain = " ".join(cell.split())
    if not _TO_QUOTE.search(plain.replace(" ", "")):
        return plain
    return '"' + plain.replace('"', '""') + '"'


def read_people(text: str, source: str = _FIELD) -> weekly.WeekPeople:
    """Return the people of a text, each once, and its faults; never raises.

    `source` begins the text of each fault.
    """
    if source == _FIELD and (faults := fields.too_long(text)):
        return weekly.WeekPeople(faults=faults)
    return weekly.parse_week_people(text, source)


def check_people(text: str, found: weekly.WeekPeople) -> bool:
    """Show what is wrong with the people of the field; return whether they can be looked up."""
    left_out = [line.lstrip("# ") for line in text.splitlines() if line.startswith(f"# {_FILE}")]
    if left_out:
        fields.show_faults(left_out, "Left out of the file")
    if found.faults:
        fields.show_faults(found.faults, "Fix these lines and run again")
        return False
    if not fields.check_people(PeopleInput(tuple(Person(one.username) for one in found.people))):
        return False
    if len(quote(text)) > MOST_CHARACTERS:
        show_input_error(
            "These lines are too long for the page's URL. Leave out full names, or split them into "
            "several runs. A group or the command line has no such limit."
        )
        return False
    return True


def days_fields(span: str, today: date, default: date | None = None) -> weekly.Days | None:
    """Show the fields for the days and return the days; show an error and return None if invalid.

    `today` is the last possible day, and `default` the last day that is filled in.
    """
    default = min(today, default or today)
    if span == RANGE:
        columns = st.columns(2)
        with columns[0]:
            first = _day_field("From", "from", weekly.last_days(default)[0])
        with columns[1]:
            last = _day_field(f"To (at most {weekly.MOST_DAYS} days)", "to", default)
        read = partial(weekly.days_between, first, last)
    else:
        last = _day_field("Day" if span == ONE_DAY else "Up to", "to", default)
        read = partial(weekly.last_days, last, _NUMBERS[span])
    days = valid_or(None, read, _NOT_VALID)
    if days is not None and days[-1] > today:
        fault = f"The last day must be {today} or earlier, got {days[-1]}"
        show_error(_NOT_VALID, ConfigurationError(fault, hint="Choose days up to today."))
        return None
    return days


def _day_field(label: str, key: str, default: date) -> date:
    return st.date_input(label, default, key=key, format="YYYY-MM-DD", bind="query-params")
