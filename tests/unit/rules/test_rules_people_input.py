"""Lists of people, pasted or uploaded."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.delimited import records_of
from gitlab_sync.rules.identity.people_input import (
    COLLEGE_TITLES,
    USER_TITLES,
    PeopleInput,
    Person,
    merge,
    parse_people,
)

ANN, BOB = Person("ann", "North"), Person("bob", "South")
SIGNS = st.text(st.sampled_from('ab,;\t|"\n\r \ufeff@') | st.characters())


def test_one_username_a_line_is_enough() -> None:
    """Empty lines and white space do not matter, nor do Windows' line ends."""
    assert parse_people(" ann\r\n\r\n  bob  \r\n").people == (Person("ann"), Person("bob"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("header", ["", "Username{}College\n"])
def test_every_delimiter_is_found(delimiter: str, mark: str, header: str) -> None:
    """With and without a header, with and without a byte order mark."""
    text = f"{mark}{header.format(delimiter)}ann{delimiter}North\nbob {delimiter} South\n"
    assert parse_people(text) == PeopleInput((ANN, BOB), ())


def test_a_comma_in_a_later_cell_does_not_hide_the_delimiter() -> None:
    """Nor does one in quotes; a line with a username alone is no table of another kind."""
    text = "ann; North, West, East\nbob\ncleo; A, B\n"
    assert [person.college for person in parse_people(text).people] == [
        "North, West, East",
        "",
        "A, B",
    ]
    quoted = 'bob\nann, "College of Arts; Delhi, India"\n'
    assert parse_people(quoted).people[1].college == "College of Arts; Delhi, India"
    first = 'College;Username\n"Arts, Delhi";ann\n"Arts, Goa";bob\n"Arts, Agra";cleo\n'
    assert [person.username for person in parse_people(first).people] == ["ann", "bob", "cleo"]


@pytest.mark.parametrize("title", USER_TITLES)
def test_every_title_of_the_user_column_is_known(title: str) -> None:
    """In any case and at any place."""
    found = parse_people(f"No,{title.title()},College\n1,ann,North\n")
    assert found.people == (Person("ann", "North", {"No": "1"}),)


@pytest.mark.parametrize("title", COLLEGE_TITLES)
def test_every_title_of_the_college_column_is_known(title: str) -> None:
    """In any case and at any place."""
    assert parse_people(f"{title.upper()},user\nNorth,ann\n").people == (ANN,)


def test_the_clearest_title_is_the_username() -> None:
    """“User” may hold a full name."""
    text = "User,GitLab Username\nAnn Lee,ann\n"
    assert parse_people(text).people == (Person("ann", "", {"User": "Ann Lee"}),)


def test_a_header_without_a_college_has_none() -> None:
    """The second column is then something else, and passed through."""
    assert parse_people("username,Room\nann,12\n").people == (Person("ann", "", {"Room": "12"}),)


def test_further_columns_pass_through_under_their_titles() -> None:
    """Those without one, or with one that is there already, get their number."""
    text = "username,college,Year,,Year\nann,North,2024,x,2025,y\n"
    extra = {"Year": "2024", "Column 4": "x", "Column 5": "2025", "Column 6": "y"}
    assert parse_people(text).people == (Person("ann", "North", extra),)
    assert parse_people("ann,North,x\n").people == (Person("ann", "North", {"Column 3": "x"}),)


def test_duplicates_are_merged_without_case() -> None:
    """The first spelling stays; what it leaves empty comes from a later line."""
    text = "username,college,Year,Room\nAnn,,2024,\nbob,South,,\nANN,North,2025,7\nann,West,,\n"
    assert parse_people(text).people == (
        Person("Ann", "North", {"Year": "2024", "Room": "7"}),
        BOB,
    )


def test_text_and_file_are_merged_in_their_order() -> None:
    """With the faults of both."""
    typed = parse_people("ann\n?\n", "text")
    uploaded = parse_people("ANN,North\nbob,South\n,West\n", "list.csv")
    both = merge(typed, uploaded)
    assert both.people == (ANN, BOB)
    assert [fault.partition(":")[0] for fault in both.faults] == [
        "text, line 2",
        "list.csv, line 3",
    ]


def test_an_at_sign_before_a_username_is_left_out() -> None:
    """In a list and in a cell, quoted or not; no one is there twice because of it."""
    assert parse_people("@ann\n  @bob\nANN\n").people == (Person("ann"), Person("bob"))
    text = 'College,Username,Room\nNorth,@ann,@7\nSouth," @bob ",\n,bob,\n'
    assert parse_people(text).people == (Person("ann", "North", {"Room": "@7"}), BOB)


@pytest.mark.parametrize("cell", ["@", "@@ann", "@ ann", "ann@", "a@b"])
def test_an_at_sign_alone_or_elsewhere_is_no_username(cell: str) -> None:
    """An e-mail address, above all."""
    found = parse_people(f"username,college\n{cell},North\n")
    assert found.people == ()
    assert len(found.faults) == 1


def test_every_bad_line_is_named_and_the_others_are_read() -> None:
    """With file, line and what is wrong."""
    text = 'username,college\nAnn Lee,North\n,West\n,,\nann,North\n@@bob\n"bob"x,South\n'
    found = parse_people(text, "list.csv")
    assert found.people == (ANN,)
    assert [fault.split(" ", 4)[:3] for fault in found.faults] == [
        ["list.csv,", "line", f"{line}:"] for line in (2, 3, 6, 7)
    ]
    assert "“Ann Lee” is not a valid username" in found.faults[0]
    assert found.faults[1].endswith("no username")


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    """It is a fault of its own line; cells of several lines are read where they are closed."""
    text = 'ann,"North\nand West"\nbob,"South\ncleo,East\ndan,"W"\n'
    found = parse_people(text, "list.csv")
    assert [(each.username, each.college) for each in found.people] == [
        ("ann", "North\nand West"),
        ("cleo", "East"),
        ("dan", "W"),
    ]
    assert [fault.partition(":")[0] for fault in found.faults] == ["list.csv, line 3"]


@pytest.mark.slow
def test_many_open_quotes_take_no_time() -> None:
    """A hostile file must not hold a thread: this ends at once or hits the time limit."""
    for line in ('"a', 'x,"a"', '"a\nb', '"', '"""', 'a","'):
        parse_people(f"{line}\n" * 50_000)


def test_nothing_and_a_header_alone_are_nobody() -> None:
    """That is no fault."""
    for text in ("", "\ufeff", "\n\n", "username,college\n", " , \n"):
        assert parse_people(text) == PeopleInput()


@settings(deadline=None)
@given(st.text() | SIGNS, st.text(max_size=5))
def test_no_text_raises_and_nobody_is_there_twice(text: str, source: str) -> None:
    """Every line with something on it is read, is a fault, or part of another."""
    found = parse_people(text, source)
    keys = [person.key for person in found.people]
    assert len(set(keys)) == len(keys)
    assert all(fault.startswith(f"{source}, line ") for fault in found.faults)


TABLES = st.lists(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"])).map(str.strip), min_size=2, max_size=4
    ).filter(any),
    min_size=1,
)


@settings(deadline=None)
@given(TABLES, st.sampled_from(",;\t|"))
@example([["", "0\n,"]], ";")
def test_what_a_csv_writer_writes_is_read_as_it_was(rows: list[list[str]], delimiter: str) -> None:
    """Whatever its cells hold: quotes, delimiters and line breaks."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["username", *row] for row in rows])
    read = records_of(file.getvalue())
    assert not read.faults
    expected = [
        tuple(cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row) for row in rows
    ]
    assert [cells[1:] for _, cells in read.rows] == expected


ALICE = "alice.moreau"


@pytest.mark.parametrize(
    "text",
    [
        "https://gitlab.example/alice.moreau",
        "http://gitlab.example:8080/alice.moreau/\n",
        "https://gitlab.example/users/alice.moreau/?tab=activity#top",
        "name,Profile\nAlice M.,https://gitlab.example/alice.moreau\n",
        "login;E-Mail\nalice.moreau;a@b.example\n",
        "E-Mail\tGitLab_Username\na@b.example\talice.moreau\n",
        # Moodle's participants, and rosters of GitHub Classroom
        '"First name","Email address",Username,"ID number"\nAl,a@b.example,alice.moreau,7\n',
        "identifier,github_username,github_id,name\nMoreau,alice.moreau,17,Alice\n",
        "# our class\nalice.moreau  # lead\n",
    ],
)
def test_people_are_read_however_a_program_lists_them(text: str) -> None:
    """As names or addresses of profiles, below the titles that are usual."""
    found = parse_people(text)
    assert ([each.username for each in found.people], found.faults) == ([ALICE], ())


@pytest.mark.parametrize("text", ["https://gitlab.example/a/b", "https://gitlab.example/", "a/b"])
def test_an_address_that_is_no_profile_is_no_username(text: str) -> None:
    """The last part of a project's address must not pass for a person."""
    assert parse_people(text).people == ()


@pytest.mark.parametrize(
    "header",
    ["Last Name,First Name,Email Address", "Team;Full Name;Mail", "Student ID\tGroup", "E-mail"],
)
def test_a_header_without_usernames_refuses_the_list_with_its_columns(header: str) -> None:
    """A column that is not known is not taken for usernames: here that of Google Classroom."""
    found = parse_people(f"{header}\nMoreau\nRossi\n", "people.csv")
    assert found.refused
    assert found.people == ()
    assert found.faults[0].startswith("people.csv has no column of usernames (username, login,")
    assert found.faults[0].endswith(
        ", ".join(header.replace("\t", ",").replace(";", ",").split(","))
    )


def test_the_full_name_can_be_in_two_columns() -> None:
    """As Moodle writes it; a team is known by its title in any case."""
    found = parse_people("First name,Last_Name,TEAM,Username\nAlice,Moreau,Red,alice\n").people
    assert (found[0].name, found[0].team) == ("Alice Moreau", "Red")
