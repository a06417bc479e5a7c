"""A person in sum: numbers that are known, and for the others the reason."""

from __future__ import annotations

import pytest

from gitlab_sync.api.commits import DividedCommits
from gitlab_sync.api.projects import UserProjects
from gitlab_sync.api.user_items import UserItems, divide
from gitlab_sync.errors import GitLabSyncError, PermissionDenied
from gitlab_sync.rules.scores.work import TITLES, Work
from gitlab_sync.services.people_data import PeopleData, PeopleRequest, PersonData, PersonQuery
from gitlab_sync.services.summary import PersonSummary, summaries
from gitlab_sync.session.result import Result
from gitlab_sync.types import Record, RecordList

DENIED = PermissionDenied("denied", status=403)


def item(number: int, state: str) -> Record:
    """Return a merge request or an issue."""
    return {"id": number, "state": state, "created_at": f"2024-01-{number:02}T00:00:00Z"}


def ann() -> PersonData:
    """Return a person with every part read."""
    mrs = divide(
        [item(1, "merged"), item(2, "merged"), item(3, "opened"), item(4, "closed")],
        [item(2, "merged"), item(5, "merged")],
    )
    issues = divide([item(1, "closed"), item(2, "opened")], [item(2, "opened"), item(3, "closed")])
    return PersonData(
        PersonQuery("ANN"),
        {"id": 7, "username": "ann", "name": "Ann"},
        projects=Result(UserProjects([{"id": 1}], [{"id": 2}, {"id": 3}])),
        groups=Result(RecordList([{"name": "G"}])),
        merge_requests=Result(UserItems("ann", mrs)),
        issues=Result(UserItems("ann", issues)),
        time_logs=Result(RecordList()),
        daily_time=Result({"2024-01-01": 3000, "2024-01-02": 600}),
    )


def summary(person: PersonData) -> PersonSummary:
    """Return the summary of one person, who has no commits."""
    (found,) = summaries(PeopleData(PeopleRequest([person.query]), [person], DividedCommits()))
    return found


def test_authored_and_assigned_work_are_counted_apart() -> None:
    """No one has merged what another wrote; what is both is in both."""
    found = summary(ann())
    assert (found.username, found.status, found.error) == ("ann", "Success", None)
    assert found.work == Work(
        username="ann",
        commits=0,
        morning_commits=0,
        afternoon_commits=0,
        mr_created=4,
        mr_merged=2,
        mr_open=1,
        mr_closed=1,
        mr_assigned=2,
        issues_raised=2,
        issues_open=1,
        issues_closed=1,
        issues_assigned=2,
        time_spent=3600,
        groups=1,
        personal_projects=1,
        contributed_projects=2,
    )


def test_of_a_person_who_does_not_exist_nothing_is_known() -> None:
    """Nor of one who could not be looked up; both have the name that was typed."""
    missing = summary(PersonData(PersonQuery("zoe")))
    unread = summary(PersonData(PersonQuery("zoe"), error=DENIED))
    assert (missing.status, missing.error) == ("Not Found", "404 there is no user 'zoe'")
    assert (unread.status, unread.error) == ("Error", "403 denied")
    for found in (missing, unread):
        assert {found.work.count(name) for name in TITLES} == {None}
        assert found.username == "zoe"


@pytest.mark.parametrize(
    ("part", "title", "unknown"),
    [
        ("projects", "projects", {"personal_projects", "contributed_projects", "commits"}),
        ("groups", "groups", {"groups"}),
        ("merge_requests", "merge requests", {"mr_created", "mr_merged", "mr_assigned"}),
        ("issues", "issues", {"issues_raised", "issues_closed", "issues_assigned"}),
        ("daily_time", "time", {"time_spent"}),
        ("time_logs", "time logs", set()),
    ],
)
def test_a_part_that_was_not_read_is_unknown_and_says_why(
    part: str, title: str, unknown: set[str]
) -> None:
    """The others are whole."""
    person, whole = ann(), summary(ann()).work
    setattr(person, part, Result(error=DENIED))
    found = summary(person)
    assert (found.status, found.error) == ("Partial", f"{title}: 403 denied")
    for name in ("groups", "mr_created", "issues_raised", "time_spent", "commits"):
        assert found.work.count(name) == (None if name in unknown else whole.count(name))
    assert all(found.work.count(name) is None for name in unknown)


@pytest.mark.parametrize("read", [(), (item(1, "merged"),)])
def test_an_empty_list_that_broke_off_is_not_known_to_be_empty(read: tuple[Record, ...]) -> None:
    """One that shows something has at least that."""
    person = ann()
    broken: tuple[GitLabSyncError, ...] = (DENIED,)
    person.merge_requests = Result(UserItems("ann", divide(read, ()), broken))
    found = summary(person)
    assert (found.status, found.error) == ("Partial", "merge requests: 403 denied")
    assert found.work.mr_created == (len(read) or None)
