"""The tables of a profile: columns, cells, and numbers that are never a silent zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from rules_examples import clean_facts, issue, merge_request

from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.fixes import Entry
from gitlab_sync.rules.items.references import reference
from gitlab_sync.rules.items.roles import UserItem
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.items.while_open import rules_if_merged
from gitlab_sync.rules.items.worklist import open_item
from gitlab_sync.rules.scores import commits, profile
from gitlab_sync.rules.scores.work import Work
from gitlab_sync.types import Record, TableRow

CHECKS: dict[str, Sequence[Check]] = {
    profile.MERGE_REQUESTS: mr_rules.CHECKS,
    profile.ISSUES: issue_rules.CHECKS,
}
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
WORK = Work(
    "ann",
    commits=5,
    morning_commits=0,
    afternoon_commits=2,
    mr_created=3,
    mr_merged=2,
    mr_open=1,
    mr_closed=0,
    issues_raised=0,
    issues_open=0,
    issues_closed=0,
    groups=2,
    personal_projects=0,
    contributed_projects=1,
    time_spent=90,
)


def own(item: Record) -> UserItem:
    """Return an item that a person wrote."""
    return UserItem(item, authored=True, assigned=False)


def rows() -> dict[str, TableRow]:
    """Return a row of each table, made of as little as GitLab can send."""
    entry = Entry("issue", {}, issue_rules.CHECKS[0], Verdict("fail", "no description"))
    return {
        profile.TO_FIX: profile.entry_row(entry),
        profile.NOT_KNOWN: profile.entry_row(entry),
        profile.WAIVED: profile.entry_row(entry),
        profile.PERSONAL: profile.project_row({}, None),
        profile.CONTRIBUTED: profile.project_row({}, 3),
        profile.COMMITS: profile.commit_row(commits.commit_row({}, "App")),
        profile.GROUPS: profile.group_row({}),
        profile.MERGE_REQUESTS: profile.merge_request_row(own({}), None, mr_rules.CHECKS),
        profile.ISSUES: profile.issue_row(own({}), None, issue_rules.CHECKS),
        profile.OPEN_WORK: profile.open_work_row(
            open_item({}, NOTHING, rules_if_merged(mr_rules.RULES, NOW), Terms(), NOW)
        ),
    }


@pytest.mark.parametrize("title", [*profile.TITLES[1:], profile.WAIVED])
def test_a_row_has_exactly_the_columns_of_its_table_in_order(title: str) -> None:
    """Whatever GitLab leaves out."""
    columns = profile.columns(title, CHECKS)
    assert tuple(rows()[title]) == columns
    assert set(profile.links(title, columns)) <= set(columns)
    assert set(profile.links(title, columns).values()) <= set(columns)


def test_numbers_are_those_of_the_work() -> None:
    """In order; a 0 that was read is one."""
    found = profile.numbers(WORK, ())
    assert list(found.values()) == [5, 0, 2, 3, 2, 1, 0, 0, 0, 0, 2, 0, 1, 90]
    assert not profile.at_least(found, ())


def test_nothing_read_is_no_number_at_all() -> None:
    """And nothing is at least anything."""
    found = profile.numbers(Work("ann", "Not Found"), ())
    assert set(found.values()) == {None}
    assert not profile.at_least(found, ("commits",))


def test_a_zero_of_a_part_that_was_cut_short_is_not_known() -> None:
    """While other numbers of it are the least that it can be."""
    short = ("commits", "issues")
    found = profile.numbers(WORK, short)
    assert found["Commits Morning"] is None
    assert found["Issue Total (Auth)"] is None
    assert found["MR Closed"] == 0
    assert profile.at_least(found, short) == {"Commits Total", "Commits Afternoon", "Time Spent"}


def test_time_without_its_logs_is_not_the_least_it_can_be() -> None:
    """That of whole items is used instead, which others can have logged."""
    short = ("time logs", "issues")
    found = profile.numbers(WORK, short)
    assert found["Time Spent"] == 90
    assert profile.at_least(found, short) == set()


@pytest.mark.parametrize(
    ("authored", "assigned", "roles"),
    [
        (True, False, ("Authored", "Author")),
        (False, True, ("Assigned", "Assigned")),
        (True, True, ("Authored & Assigned", "Authored & Assigned")),
    ],
)
def test_a_row_says_the_role_of_the_person(
    authored: bool, assigned: bool, roles: tuple[str, str]
) -> None:
    """In merge requests by another word than in issues, as older programs know them."""
    mr, task = (UserItem(each, authored, assigned) for each in (merge_request(), issue()))
    rows = profile.merge_request_row(mr, None, ()), profile.issue_row(task, None, ())
    assert tuple(row["Role"] for row in rows) == roles


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://gitlab.example/group/app/-/merge_requests/7", "group/app!7"),
        ("https://gitlab.example/a/b/app/-/issues/12", "a/b/app#12"),
        ("https://gitlab.example/a/app/-/work_items/12", "a/app#12"),
        ("https://gitlab.example/a/app/merge_requests/7", "a/app!7"),
        ("https://gitlab.example/issues/app/-/issues/3", "issues/app#3"),
        ("https://gitlab.example/a/app/-/issues/new", None),
        ("", None),
        (None, None),
    ],
)
def test_an_item_is_called_by_its_address(address: str | None, name: str | None) -> None:
    """As GitLab calls it, so that it can be pasted there."""
    assert reference({"web_url": address}) == name


def test_a_evaluated_item_shows_what_came_of_each_check() -> None:
    """An unknown answer is null: neither of the two."""
    mr = merge_request(description="")
    verdicts = mr_rules.evaluate(mr, clean_facts()) | {"no_issues": Verdict("unknown", "not read")}
    row = profile.merge_request_row(own(mr), verdicts, mr_rules.CHECKS)
    assert (row["No Desc"], row["No Issues"], row["No Unit Tests"]) == ("fail", None, "pass")
    assert row["Merge Request"] == "group/app!7"
    assert (row["State"], row["Time Spent"], row["Closed"]) == ("merged", 3600, None)


def test_an_item_that_is_not_evaluated_is_neither_clean_nor_at_fault() -> None:
    """Such as one that is still open."""
    row = profile.issue_row(own(issue(labels=["a", "b"])), None, issue_rules.CHECKS)
    assert {row[check.title] for check in issue_rules.CHECKS} == {profile.NOT_ASKED}
    assert (row["Labels"], row["Milestone"]) == ("a, b", "1.0")


def test_only_a_fault_has_something_to_do() -> None:
    """What is not known could be clean."""
    check = mr_rules.CHECKS[0]
    made = [
        profile.entry_row(Entry("merge request", merge_request(), check, Verdict(result, "so")))
        for result in ("fail", "unknown")
    ]
    assert [row["How to Fix"] for row in made] == [check.how_to_fix, None]


def test_a_commit_shows_the_first_line_of_its_message() -> None:
    """The rest has no room in a table."""
    commit = {"id": "c0ffee", "short_id": "c0f", "message": "fix: it\n\nIt was wrong."}
    row = profile.commit_row(commits.commit_row(commit, "App"))
    assert (row["Commit"], row["Project"], row["Message"]) == ("c0f", "App", "fix: it")
