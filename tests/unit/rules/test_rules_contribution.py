"""On which days a person contributed, and the index that is made from it."""

from __future__ import annotations

from datetime import UTC, date

from gitlab_sync.rules.scores.commits import commit_row
from gitlab_sync.rules.scores.contribution import (
    CONTRIBUTIONS,
    INDEX_COLUMNS,
    ContributionIndex,
    Days,
    activity,
    contribution_index,
    index_row,
)
from gitlab_sync.rules.scores.work import Work
from gitlab_sync.rules.working_time import WorkingTime

FIRST, LAST = date(2024, 1, 1), date(2024, 1, 10)
DAYS = Days(FIRST, LAST)


def test_activity_is_counted_by_day() -> None:
    """Commits on the day of their row, items on the day they were opened."""
    commits = [
        commit_row({"authored_date": text}, "App")
        for text in ("2024-01-05T00:30:00+05:30", "2024-01-05T10:00:00Z", "soon")
    ]
    mrs = [{"created_at": "2024-01-05T00:30:00+05:30"}, {"created_at": None}]
    issues = [{"created_at": "2024-01-06T10:00:00Z"}]
    assert activity(commits, mrs, issues, UTC) == {
        date(2024, 1, 5): 2,
        date(2024, 1, 4): 1,
        date(2024, 1, 6): 1,
    }


def test_the_index_says_on_how_many_days_and_how_much_together() -> None:
    """Both ends of the period are in; days outside it are not."""
    numbers = {FIRST: 1, LAST: 9, date(2024, 1, 5): 0, date(2024, 1, 11): 4}
    work = Work("ann", commits=6, mr_created=1, issues_raised=3, mr_assigned=50)
    index = contribution_index(numbers, DAYS, work)
    assert (index.active_days, index.total_days) == (2, 10)
    assert (index.consistency, index.collaboration) == (0.2, 0.4)


def test_days_off_are_neither_missed_nor_made() -> None:
    """Work on a weekend counts, but not as a working day."""
    working = WorkingTime(holidays={date(2024, 1, 1)})  # a Monday
    days = Days(FIRST, LAST, working.is_working_day)
    assert days.number == 7
    numbers = {FIRST: 1, date(2024, 1, 6): 3, date(2024, 1, 8): 1}
    index = contribution_index(numbers, days, Work("a", commits=5, mr_created=0, issues_raised=0))
    assert (index.active_days, index.total_days) == (1, 7)


def test_the_index_of_nothing_is_nothing_and_of_the_unknown_unknown() -> None:
    """No division by zero."""
    idle_work = Work("a", commits=0, mr_created=0, issues_raised=0)
    idle = contribution_index({}, DAYS, idle_work)
    assert (idle.consistency, idle.collaboration) == (0.0, 0.0)
    unknown = contribution_index({FIRST: 1}, DAYS, Work("a", commits=5))
    assert (unknown.active_days, unknown.total_days) == (None, 10)
    assert unknown.consistency is unknown.collaboration is None
    none = contribution_index(
        {}, Days(LAST, FIRST), Work("a", commits=0, mr_created=0, issues_raised=0)
    )
    assert none.consistency == 0.0


def test_shares_of_what_was_read_in_part_are_unknown() -> None:
    """Without the commits that were refused, most of the work would seem to involve others."""
    numbers = {"commits": 1, "mr_created": 60, "issues_raised": 39}
    whole = contribution_index({FIRST: 1}, DAYS, Work("ann", **numbers))
    assert whole.collaboration == 0.99
    for name in numbers:
        partial = Work("ann", **numbers, partial={name})
        index = contribution_index({FIRST: 1}, DAYS, partial)
        assert (index.active_days, index.consistency, index.collaboration) == (None, None, None)
        assert list(index_row("ann", index).values()) == ["ann", None, 10, None, None, None]


def test_an_index_is_a_row_in_percent() -> None:
    """Null where it is not known."""
    rows = [index_row("ann", index) for index in (ContributionIndex(1, 3, 0.125, 8), None)]
    assert [tuple(row) for row in rows] == [(*INDEX_COLUMNS, CONTRIBUTIONS)] * 2
    assert [tuple(row.values()) for row in rows] == [
        ("ann", 1, 3, 33.3, 12.5, 8),
        ("ann", None, None, None, None, None),
    ]
    assert index_row("ann", ContributionIndex(0, 0, None))["Consistency"] == 0.0
