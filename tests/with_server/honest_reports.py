"""Whether reports are honest: what differs from the true one says that it is not whole.

In a row that says so, numbers can be lower than the true ones, or unknown; shares are unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from honesty import assert_honest

from gitlab_sync.reports.report import Report
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.rules.scores.weekly import MEASURES
from gitlab_sync.sandbox.truth import ISSUE_CHECKS, MERGE_REQUEST_CHECKS
from gitlab_sync.services.commits import CommitsReport
from gitlab_sync.services.leaderboard import LeaderboardReport
from gitlab_sync.services.people_report import PeopleReport
from gitlab_sync.services.profile import ProfileReport
from gitlab_sync.services.weekly import WeeklyReport
from gitlab_sync.types import TableRow

_TOLD = ("Status", "Error", "Unverified", "Remarks")
_MERGE_REQUESTS = ("Closed MRs", *MERGE_REQUEST_CHECKS)
_ISSUES = ("Total Assigned", "Opened Issues", "Closed Issues", *ISSUE_CHECKS)


def by(rows: Sequence[Mapping[str, Any]], column: str) -> dict[str, Mapping[str, Any]]:
    """Return rows by the lower case of a column."""
    return {str(row[column]).lower(): row for row in rows}


def check_evaluation(found: Report, true: Report) -> None:
    """Check the rows of merge requests or issues, and that the completeness says the same."""
    titles = _MERGE_REQUESTS if "Closed MRs" in true[0] else _ISSUES
    rows, true_rows = by(found, "Username"), by(true, "Username")
    assert rows.keys() == true_rows.keys()
    for name, row in rows.items():
        assert_honest(row, true_rows[name], titles)
    whole = all(row["Status"] in {"Success", "Not Found"} for row in found)
    assert found.completeness.whole == whole, str(found.completeness)


def check_rows(
    found: Sequence[Mapping[str, Any]],
    true: Sequence[Mapping[str, Any]],
    column: str = "Username",
    free: Collection[str] = (),
) -> None:
    """Check rows with a `Status` and an `Error`; the columns in `free` can have any value."""
    rows, true_rows = by(found, column), by(true, column)
    assert rows.keys() == true_rows.keys(), (rows.keys(), true_rows.keys())
    for name, row in rows.items():
        true_row = true_rows[name]
        if all(cell == true_row[title] for title, cell in row.items() if title not in free):
            continue
        assert row["Status"] in {"Partial", "Error"}, (row, true_row)
        assert row["Error"], row
        for title, cell in row.items():
            if title not in (*_TOLD, *free):
                _check_cell(title, cell, true_row[title], row)


def _check_cell(title: str, cell: Any, true: Any, row: Mapping[str, Any]) -> None:
    if cell is None or cell == true:
        return
    if true is None:  # it is unknown even if all answers are sound
        return
    assert not title.endswith("%"), (title, cell, true, row["Error"])
    assert isinstance(cell, int | float), (title, cell, true, row["Error"])
    assert cell <= true, (title, cell, true, row["Error"])


def check_people(found: PeopleReport, true: PeopleReport) -> None:
    """Check the table of people; projects that were not found are told besides."""
    if not found.unknown_projects:
        check_rows(found, true)


def check_commits(found: CommitsReport, true: CommitsReport) -> None:
    """Check the totals; if all of them are whole, also the commits and where they all went.

    Members that could not be read are told besides.
    """
    names = by(found, "Username")
    known = [row for row in true if str(row["Username"]).lower() in names]
    assert len(known) == len(true) or found.unread
    check_rows(found, known)
    if len(known) == len(true) and all(row["Status"] == "Success" for row in found):
        assert len(found.commits) == len(true.commits)
        for row, true_row in zip(found.commits, true.commits, strict=True):
            for title, cell in row.items():
                nothing = title in {"Commit", "URL"} and not cell
                assert nothing or cell == true_row[title], (row, true_row)
        assert found.division == true.division
        assert found.unmatched == true.unmatched


def check_leaderboard(found: LeaderboardReport, true: LeaderboardReport) -> None:
    """Check teams, members, individuals, shares and indexes; ranks and badges compare people."""
    check_rows(found, true, "Team", {"Rank"})
    check_rows(found.individuals, true.individuals, free={"Rank", "Badges"})
    assert found.teams.keys() == true.teams.keys()
    for name, team in found.teams.items():
        true_team = true.teams[name]
        times = by(team.members, "Username"), by(true_team.members, "Username")
        check_rows(team.members, true_team.members, free={"Time Spent"})
        states = {row["Username"]: row["Status"] for row in team.members}
        for username, state in states.items():
            key = str(username).lower()
            if state == "Success":
                assert times[0][key]["Time Spent"] == times[1][key]["Time Spent"]
        whole = set(states.values()) == {"Success"}
        for share, true_share in zip(team.shares, true_team.shares, strict=True):
            assert share["Share"] in {true_share["Share"], *[None] * (not whole)}, share
        for index, true_index in zip(team.indexes, true_team.indexes, strict=True):
            unknown = [None] * (states[index["Username"]] != "Success")
            for title in ("Active Days", "Consistency", "Collaboration"):
                assert index[title] in {true_index[title], *unknown}, (index, true_index)


def check_weekly(found: WeeklyReport, true: WeeklyReport) -> None:
    """Check each number of each day."""
    true_people = {each.week.person.key: each for each in true.people}
    assert [each.week.person.key for each in found.people] == list(true_people)
    for each in found.people:
        week, true_week = each.week, true_people[each.week.person.key].week
        if each.status == "Success":
            assert week == true_week
            continue
        assert each.error, week
        for days, true_days in ((week.days, true_week.days), (week.before, true_week.before)):
            for day, work in days.items():
                for measure in MEASURES:
                    number, right = work.number(measure), true_days[day].number(measure)
                    if number in {None, right}:
                        continue
                    assert measure in week.partial, (day, measure, each.error)
                    assert number is not None
                    assert number <= (right or 0), (day, measure, each.error)


def check_profile(found: ProfileReport, true: ProfileReport) -> None:
    """Check the row, the rows of each table, and what there is to fix."""
    unread = "time logs" in found.errors  # then the time of whole items counts
    free = {"README Text", *["Time Spent"] * unread}
    # Pictures and addresses are shown and never counted.
    row = {**found[0], "Avatar": true[0]["Avatar"]}
    row[tables.LINK] = row[tables.LINK] or true[0][tables.LINK]
    check_rows([row], true, free=free)
    for title, part in true.parts.items():
        rows, error = found.parts[title].rows, found.parts[title].error
        assert len(rows) == len(part.rows) or error is not None, title
        for place, shown in enumerate(rows):
            candidates = part.rows if error is not None else [part.rows[place]]
            wrong = [_wrong_cells(shown, each, malformed=error is not None) for each in candidates]
            assert not all(wrong), (title, wrong[0], shown)
    faults = {(fault.link, fault.check.id) for fault in true.fixes.faults}
    for fault in found.fixes.faults:
        assert fault.link is None or (fault.link, fault.check.id) in faults, fault


def _wrong_cells(row: TableRow, true: TableRow, *, malformed: bool) -> list[str]:
    """Return the cells that are neither true nor unknown; null can also mean that there is none."""
    told = malformed or row[tables.ERROR] is not None
    # Where the list of what a person wrote is not whole, an item can be there as assigned alone.
    free = {tables.ERROR, *["Role", "State"] * malformed}
    # What is not known of open work says why instead, and how many checks are unknown.
    free |= {"Why"} if row.get("Waiting For", "") is None else set()
    free |= {"Would Fail"} if "?" in str(row.get("Would Fail")) else set()
    return [
        f"{title}: {cell!r} instead of {true[title]!r}"
        for title, cell in row.items()
        if cell != true[title]
        and title not in free
        and not (cell is None and (told or title not in tables.NOTHING))
        and not (cell == tables.NOT_ASKED and malformed)
    ]
