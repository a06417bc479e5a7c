"""What a list of people, teams or projects costs is bounded, and what is beyond is a fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hostile_files import PEOPLE, lines
from linear import assert_linear_memory, assert_linear_time

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import bounds, delimited
from gitlab_sync.rules.identity.aliases import parse_aliases
from gitlab_sync.rules.identity.identity import normal_name
from gitlab_sync.rules.identity.mailmap import parse_mailmap
from gitlab_sync.rules.identity.people_input import parse_people
from gitlab_sync.rules.identity.teams import parse_teams
from gitlab_sync.rules.projects.projects_input import parse_projects


@pytest.mark.slow
@pytest.mark.parametrize("kind", PEOPLE)
def test_lists_of_people_take_time_and_memory_in_proportion_to_their_size(kind: str) -> None:
    """A person's file is a stranger's, too, where others can upload it."""
    assert_linear_time(parse_people, PEOPLE[kind])
    assert_linear_memory(parse_people, PEOPLE[kind])


@pytest.mark.slow
@pytest.mark.parametrize(
    "parse",
    [
        parse_projects,
        parse_mailmap,
        normal_name,
        delimited.records_of,
        lambda text: _faults(parse_aliases, text),
        lambda text: _faults(parse_teams, text),
    ],
)
@pytest.mark.parametrize(
    "piece", ["a,b\n", "a b,c\n", '"', "<", "<a>", "a,", "@", "\u0315\u0300", "[", "1,", "\r", " "]
)
def test_other_lists_take_time_in_proportion_to_their_size(
    parse: Callable[[str], object], piece: str
) -> None:
    """Whatever is repeated in them."""
    assert_linear_time(parse, lambda size: "a" + lines(piece, size))


def _faults(parse: Callable[[str], Any], text: str) -> list[str]:
    """Return the faults of a file that must have some."""
    try:
        parse(text)
    except ConfigurationError as error:
        return error.reason.splitlines()
    return []


def test_faults_of_a_list_are_named_up_to_a_limit_and_counted_beyond() -> None:
    """No screen shows a million lines."""
    bad = "a b\n" * 3_000
    for faults in (
        parse_people(bad).faults,
        parse_projects("x\n" * 3_000).faults,
        parse_mailmap(bad).faults,
        _faults(parse_aliases, bad),
        _faults(parse_teams, f'{{"teams": [{"1, " * 2_999}1]}}'),
    ):
        assert len(faults) == bounds.MOST_FAULTS + 1
        assert faults[-1].endswith("and 2,000 more faults")


def test_a_list_beyond_the_bounds_is_a_fault_and_no_one_is_read() -> None:
    """Its length, its lines, and its columns."""
    long, many = "a" * (bounds.MOST_LIST_CHARACTERS + 1), "a\n" * bounds.MOST_LINES
    for text, why in ((long, "longer than 16 MiB"), (many, "more than 250,000 lines")):
        found = parse_people(text, "people.csv")
        assert found.people == ()
        assert found.faults == (f"people.csv, line 1: not read: {why}",)
        assert why in parse_projects(text).faults[0]
        assert why in parse_mailmap(text).faults[0]
        assert why in _faults(parse_aliases, text)[0]
    assert "longer than 16 MiB" in _faults(parse_teams, long)[0]
    found = parse_people("ann\n" + "b," * bounds.MOST_COLUMNS + "\ncy\n")
    assert [person.username for person in found.people] == ["ann", "cy"]
    assert found.faults == ("text, line 2: more than 1,000 columns",)


def test_a_list_at_the_bounds_is_read() -> None:
    """As many lines and columns as are allowed."""
    found = parse_people("user" + "".join(f",c{n}" for n in range(999)) + "\nann" + ",x" * 999)
    assert len(found.people[0].extra) == 999
    rows = delimited.records_of("a\r\n" * (bounds.MOST_LINES - 1)).rows
    assert len(rows) == bounds.MOST_LINES - 1
