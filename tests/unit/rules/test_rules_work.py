"""How much a person did, from what a batch says of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.scores.work import TITLES, Work, add, work_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def mr(iid: int, state: str, role: str) -> dict[str, object]:
    """Return a row of a person's merge requests or issues."""
    return {"project_id": 1, "iid": iid, "state": state, "role": role}


def test_authored_and_assigned_work_are_counted_apart() -> None:
    """Nobody has merged what another wrote; what is both is in both."""
    outcome = {
        "username": "Ann",
        "status": "Success",
        "data": {
            "commit_stats": {"total": 9, "morning_commits": 4, "afternoon_commits": 3},
            "mrs": [
                mr(1, "merged", "Authored"),
                mr(2, "merged", "Authored & Assigned"),
                mr(2, "merged", "Authored & Assigned"),
                mr(3, "opened", "Authored"),
                mr(4, "closed", "Authored"),
                mr(5, "merged", "Assigned"),
            ],
            "issues": [
                mr(1, "closed", "Author"),
                mr(2, "opened", "Authored & Assigned"),
                mr(3, "closed", "Assigned"),
            ],
            "groups": [{"name": "G"}],
            "total_time_spent_seconds": 3600,
        },
    }
    assert work_of(outcome) == Work(
        username="Ann",
        status="Success",
        commits=9,
        morning_commits=4,
        afternoon_commits=3,
        mr_created=4,
        mr_merged=2,
        mr_open=1,
        mr_closed=1,
        mr_assigned=2,
        issues_raised=2,
        issues_closed=1,
        issues_assigned=2,
        time_spent=3600,
        groups=1,
    )


def test_what_was_not_read_is_unknown_and_not_nothing() -> None:
    """Of somebody who does not exist nothing is known; an empty list is known to be empty."""
    nobody = work_of({"username": "zoe", "status": "Not Found", "data": None})
    assert {nobody.count(name) for name in TITLES} == {None}
    some = work_of({"username": "ann", "data": {"mrs": [], "commit_stats": None}})
    assert (some.mr_created, some.mr_merged, some.commits, some.issues_raised) == (0, 0, None, None)


def test_sums_are_of_what_is_known() -> None:
    """And unknown only where nothing is."""
    assert (add([]), add([None]), add([None, 0]), add([1, None, 2])) == (0, None, 0, 3)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["username", "status", "data"]), JSON),
    st.dictionaries(st.sampled_from(["mrs", "issues", "groups", "commit_stats"]), JSON),
)
def test_no_outcome_makes_the_numbers_fail(
    outcome: dict[str, object], data: dict[str, object]
) -> None:
    """Whatever is null, missing or of a strange kind."""
    work_of(outcome)
    work_of({**outcome, "data": data})
