"""How merged merge requests were reviewed: responses, rounds, merges, and reviewers and authors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import truth_of_reviews as truth
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from real_data import REAL
from rules_examples import merge_request, note
from test_rules_real_data import records

from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.fair_merge_request import rules_for
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.scores import review_tables as tables
from gitlab_sync.rules.scores import reviews as rules
from gitlab_sync.rules.scores.reviews import Measured, Review
from gitlab_sync.types import PartialList, Record

# A Monday at nine, and the Tuesday after it.
START, END = "2024-03-04T09:00:00Z", "2024-03-05T12:00:00Z"
READY = "marked this merge request as **ready**"
APPROVED = "approved this merge request"
HOUR = 3600


def mr(**changes: Any) -> Record:
    """Return a merge request that another person merged."""
    usual = {
        "created_at": START,
        "merged_at": END,
        "merge_user": {"username": "cleo"},
        "references": {"full": "group/app!7"},
    }
    return merge_request(**{**usual, **changes})


def said(at: str | None, by: str | None = "bob", body: str | None = "Nice.") -> Record:
    """Return a comment of that time."""
    return note(by, body, created_at=at)


def system(at: str, body: str | None, by: str = "ann") -> Record:
    """Return a note of GitLab itself."""
    return note(by, body, created_at=at, system=True)


def on_monday(hour: int, minute: int = 0) -> str:
    """Return a time on the day of creation."""
    return f"2024-03-04T{hour:02}:{minute:02}:00Z"


def measured(*notes: Record, missing: str | None = None, **changes: Any) -> Measured:
    """Return what is measured of a merge request with these notes."""
    return measured_by(Terms(), mr(**changes), PartialList(notes, missing))


def measured_by(terms: Terms, item: Record, notes: PartialList) -> Measured:
    """Return what is measured under these terms."""
    read = Facts(notes=notes)
    review = rules_for(terms).evaluate(item, read)["no_internal_review"]
    return rules.measured(item, read, review, terms)


@pytest.mark.parametrize(
    ("notes", "seconds"),
    [
        ([], None),
        ([said(on_monday(11))], 2 * HOUR),
        ([said(on_monday(13)), said(on_monday(11), "cleo")], 2 * HOUR),
        ([system(on_monday(10), APPROVED, "bob")], HOUR),
        ([said(on_monday(8))], 0),
        ([said(on_monday(10), "ann"), said(on_monday(10), "Ann")], None),
        ([said(on_monday(10), "release-bot"), said(on_monday(12))], 3 * HOUR),
        ([system(on_monday(10), "requested review from @bob", "bob")], None),
        ([said("2024-03-05T12:00:01Z")], None),
    ],
)
def test_the_first_response_is_what_another_person_says_first(
    notes: list[Record], seconds: int | None
) -> None:
    """Neither the author, nor a bot, nor GitLab, nor anyone after the merge."""
    found = measured(*notes)
    assert found.values["first_response"] == seconds
    assert found.values["without_review"] == (seconds is None)


def test_a_draft_waits_for_no_response() -> None:
    """The time counts from when it was ready; an earlier response took none."""
    ready = system(on_monday(12), READY)
    assert measured(ready, said(on_monday(14))).values["first_response"] == 2 * HOUR
    assert measured(ready, said(on_monday(10))).values["first_response"] == 0
    assert measured(ready, said(on_monday(10))).values["time_to_merge"] == 24 * HOUR


def test_only_working_days_count() -> None:
    """From Friday noon to Monday noon is one day; a year that no item has is unknown."""
    long = {"created_at": "2024-03-01T12:00:00Z"}
    assert measured(said(on_monday(12)), **long).values["first_response"] == 24 * HOUR
    odd = measured(created_at="0001-01-01T00:00:00Z")
    assert "time_to_merge" not in odd.values
    assert odd.unread == "times outside of the years 1970 to 2200"


@pytest.mark.parametrize(
    ("notes", "rounds"),
    [
        ([], None),
        ([said(on_monday(10))], 0),
        ([said(on_monday(10)), system(on_monday(11), "added 1 commit")], 1),
        (
            [
                said(on_monday(10)),
                system(on_monday(9, 30), "added 1 commit"),
                system(on_monday(10), "added 3 commits"),
                system(on_monday(11), "added 12 commits\n\n<ul><li>c0ffee - fix: x</li></ul>"),
                system(on_monday(12), "Added 2 commits"),
                system("2024-03-05T12:00:01Z", "added 4 commits"),
                system(on_monday(13), "added ~3 label"),
                said(on_monday(14), "ann", "added 1 commit"),
            ],
            2,
        ),
    ],
)
def test_rounds_are_the_pushes_between_the_first_response_and_the_merge(
    notes: list[Record], rounds: int | None
) -> None:
    """Of those that had a response; people can write the same words."""
    assert measured(*notes).values["rounds"] == rounds


@pytest.mark.parametrize(
    ("changes", "expected", "unread"),
    [
        ({}, 0, None),
        ({"merge_user": {"username": "ANN"}}, 1, None),
        ({"merge_user": {"username": "ann"}, "merged_by": {"username": "bob"}}, 1, None),
        ({"merge_user": None}, None, None),
        ({"merge_user": {}}, "unknown", "merge_user is not a person"),
        ({"merge_user": "ann"}, "unknown", "merge_user is not a person"),
    ],
)
def test_who_merged_is_the_author_or_another(
    changes: dict[str, Any], expected: int | str | None, unread: str | None
) -> None:
    """Where GitLab knows no merger, it counts for neither; what is not readable is unknown."""
    found = measured(**changes)
    assert found.values.get("merged_by_author", "unknown") == expected
    assert found.unread == unread


def test_an_older_server_names_the_merger_otherwise() -> None:
    """A list without either key tells nothing."""
    item = mr(merged_by={"username": "ann"})
    del item["merge_user"]
    assert measured_by(Terms(), item, PartialList()).values["merged_by_author"] == 1
    del item["merged_by"]
    found = measured_by(Terms(), item, PartialList())
    assert "merged_by_author" not in found.values
    assert found.unread == "merge_user not in the list"


@pytest.mark.parametrize(
    ("notes", "is_quick"),
    [
        ([], 0),
        ([system(on_monday(9, 5), APPROVED, "bob")], 1),
        ([system("2024-03-04T09:05:01Z", APPROVED, "bob")], 0),
        ([system(on_monday(8), APPROVED, "bob")], 1),
        ([system(on_monday(9, 5), APPROVED, "ann")], 0),
        ([system(on_monday(9, 5), APPROVED, "bob"), said(on_monday(10))], 0),
        ([system(on_monday(9, 5), APPROVED, "bob"), said(on_monday(10), "ann")], 1),
        ([system(on_monday(9, 5), APPROVED, "bob"), said(on_monday(10), "release-bot")], 1),
        ([system(on_monday(9, 5), APPROVED, "bob"), said("2024-03-05T12:00:01Z")], 1),
        ([said(on_monday(9, 5))], 0),
    ],
)
def test_an_approval_within_five_minutes_and_without_a_word_is_quick(
    notes: list[Record], is_quick: int
) -> None:
    """What the author, a bot, or anyone after the merge says, changes nothing."""
    assert measured(*notes).values["quick_approval"] == is_quick


def test_comments_are_those_of_people() -> None:
    """The author is one; what comes after the merge is no part of it."""
    notes = [said(on_monday(10), by) for by in ("ann", "bob", "bob", "release-bot")]
    late = said("2024-03-06T12:00:00Z")
    assert measured(*notes, system(on_monday(10), "x"), late).values["comments"] == 3


def test_each_reviewer_counts_once_with_their_own_first_word() -> None:
    """Whatever the spelling."""
    notes = [said(on_monday(12)), said(on_monday(11), "Cleo"), said(on_monday(10), "BOB")]
    assert measured(*notes).reviews == (
        Review("BOB", "ann", HOUR),
        Review("Cleo", "ann", 2 * HOUR),
    )


@pytest.mark.parametrize(
    ("notes", "missing", "reason"),
    [
        ([], "403 Forbidden", "notes not read: 403 Forbidden"),
        ([said(on_monday(10))], "cut", "notes not read: cut"),
        ([said(None)], None, "notes not read: time of a note not known"),
        ([said(on_monday(10), None)], None, "author of a note not known"),
        ([{**system(on_monday(10), ""), "body": 7}], None, "a note not readable"),
        ([{**said(on_monday(10)), "system": None}], None, "a note not readable"),
    ],
)
def test_what_could_not_be_read_is_unknown_and_named(
    notes: list[Record], missing: str | None, reason: str
) -> None:
    """It could be the first response, or say when the author was ready."""
    found = measured(*notes, missing=missing)
    assert set(found.values) <= {"merged_by_author", "without_review"}
    assert not found.reviews
    assert reason in str(found.unread)


def test_a_comment_that_was_read_proves_a_review_although_its_time_is_not_the_first() -> None:
    """As in the fair policy."""
    found = measured(said(on_monday(10)), missing="cut")
    assert found.values["without_review"] == 0


def test_what_needs_no_review_counts_in_no_measure() -> None:
    """By a label that the policy exempts; without labels it is not known."""
    terms = Terms(exempt_labels={"no_internal_review": {"release"}})
    exempt = measured_by(terms, mr(labels=["release"]), PartialList((), "not asked for"))
    assert set(exempt.values.values()) == {None}
    assert exempt.unread is None
    assert tables.measure_cells([exempt])["Time to Merge (of)"] == 0
    assert "labels not in the list" in str(measured_by(terms, mr(), PartialList()).unread)


# -- many of them ----------------------------------------------------------------------------------


def of_values(*seconds: int | None, **others: Any) -> list[Measured]:
    """Return merge requests with these first responses."""
    return [
        Measured(
            "ann", "app", None, dict.fromkeys(rules.VALUES) | {"first_response": each, **others}
        )
        for each in seconds
    ]


@pytest.mark.parametrize(
    ("hours", "median", "ninety", "of"),
    [
        ([], None, None, 0),
        ([None], None, None, 0),
        ([3], 3, 3, 1),
        ([1, 2], 1.5, 2, 2),
        ([4, None, 1, 2], 2, 4, 3),
        (list(range(1, 11)), 5.5, 9, 10),
        (list(range(1, 12)), 6, 10, 11),
    ],
)
def test_a_median_says_of_how_many_it_is(
    hours: list[int | None], median: float | None, ninety: float | None, of: int
) -> None:
    """Those without a response are not among them."""
    seconds = [each if each is None else each * HOUR for each in hours]
    cells = tables.measure_cells(of_values(*seconds))
    assert cells["MR Merged"] == len(hours)
    assert cells["First Response (h)"] == median
    assert cells["First Response 90 % (h)"] == ninety
    assert cells["First Response (of)"] == of


def test_an_unknown_one_is_counted_and_in_no_median() -> None:
    """If all are unknown, so is their number."""
    unread = rules.unreadable(mr(), "state is missing")
    cells = tables.measure_cells([*of_values(HOUR), unread])
    assert (cells["First Response (h)"], cells["First Response (of)"]) == (1, 1)
    assert cells["Unverified"] == 1
    cells = tables.measure_cells([unread])
    assert (cells["First Response (h)"], cells["First Response (of)"]) == (None, None)
    assert (cells["Without Review"], cells["MR Merged"]) == (None, 1)


def test_shares_are_numbers_of_how_many() -> None:
    """And comments are divided by the number of merge requests."""
    mrs = [
        *of_values(None, without_review=1, comments=3),
        *of_values(None, without_review=0, comments=0),
    ]
    cells = tables.measure_cells([*mrs, *of_values(None)])
    assert (cells["Without Review"], cells["Without Review (of)"]) == (1, 2)
    assert (cells["Comments per MR"], cells["Comments per MR (of)"]) == (1.5, 2)


def test_every_column_has_its_cell_and_its_meaning() -> None:
    """And no other; the number of how many explains itself."""
    assert {*tables.MEASURE_COLUMNS, "Unverified"} == set(tables.measure_cells([]))
    columns = (
        *tables.MEASURE_COLUMNS,
        *tables.GIVEN_COLUMNS,
        *tables.SPREAD_COLUMNS,
    )
    explained = {each for each in columns if not each.endswith("(of)")}
    assert explained | {"Unverified", "Waived", tables.SHARE} == set(tables.MEANINGS)


@pytest.mark.parametrize(
    ("reviewers", "whole", "number", "index"),
    [
        ("", 0, 0, None),
        ("b", 1, 1, 1),
        ("bbBb", 4, 1, 1),
        ("bcde", 4, 4, 0.25),
        ("bbbc", 4, 2, 0.62),
    ],
)
def test_concentration_is_the_sum_of_the_squared_shares(
    reviewers: str, whole: int, number: int, index: float | None
) -> None:
    """One if one person gives all; it is unknown if a review could be missing."""
    given = [Review(each, "ann", 0) for each in reviewers]
    found = tuple(tables.spread_cells(given, is_known=True).values())
    assert found == (whole, number, index)
    assert tables.spread_cells(given, is_known=False)["Concentration"] is None


def test_a_reviewer_is_told_how_many_they_helped() -> None:
    """Each author once, whatever the spelling."""
    given = [Review("bob", author, HOUR * n) for n, author in enumerate(("ann", "Ann", "dan"))]
    assert tables.given_cells(given) == {
        "Reviews Given": 3,
        "People Helped": 2,
        "Response (h)": 1,
    }
    assert tables.given_cells([])["Response (h)"] is None


def test_a_share_of_nothing_or_of_the_unknown_is_none() -> None:
    """In percent."""
    assert tables.share(1, 3, is_known=True) == 33.3
    assert tables.share(0, 0, is_known=True) is None
    assert tables.share(1, 3, is_known=False) is None


def test_weeks_are_those_of_the_merge_from_monday_and_without_a_gap() -> None:
    """In the time zone of the run."""
    times = ["2024-03-03T23:30:00Z", "2024-03-04T00:30:00Z", "2024-03-18T12:00:00Z"]
    friday = {"created_at": "2024-03-01T12:00:00Z"}
    found = [measured(said("2024-03-01T13:00:00Z"), merged_at=each, **friday) for each in times]
    rows = tables.week_rows(found, UTC)
    assert [row["Week"] for row in rows] == ["2024-02-26", "2024-03-04", "2024-03-11", "2024-03-18"]
    assert [row["First Response (of)"] for row in rows] == [1, 1, 0, 1]
    assert list(rows[0]) == [*tables.WEEK_COLUMNS]
    ahead = tables.week_rows(found, timezone(timedelta(hours=1)))
    assert [row["Week"] for row in ahead] == ["2024-03-04", "2024-03-11", "2024-03-18"]
    assert tables.week_rows([measured(merged_at="0001-01-01T00:00:00Z")], UTC) == []


def test_pairs_count_merge_requests_by_reviewer_and_author() -> None:
    """By name, and each pair once."""
    found = [
        measured(said(on_monday(10)), said(on_monday(11), "cleo")),
        measured(said(on_monday(10), "Bob"), author={"username": "Ann"}),
        measured(said(on_monday(10), "ann"), author={"username": "bob"}),
    ]
    rows = [tuple(row.values()) for row in tables.pair_rows(found)]
    assert rows == [("ann", "bob", 1), ("bob", "ann", 2), ("cleo", "ann", 1)]
    by_team = tables.pair_rows(found, lambda name: "Red" if name.lower() in {"ann", "bob"} else "-")
    assert [tuple(row.values()) for row in by_team] == [("-", "Red", 1), ("Red", "Red", 3)]


# -- a second computation --------------------------------------------------------------------------

MERGED = datetime(2024, 3, 6, 12, tzinfo=UTC)


def within(first: int, last: int) -> st.SearchStrategy[str]:
    """Return times that are so many seconds from the merge."""
    return st.integers(first, last).map(lambda each: (MERGED + timedelta(seconds=each)).isoformat())


bodies = st.sampled_from(
    ["Nice.", READY, APPROVED, "added 1 commit", "added 12 commits\n\n* x", "added ~1 label"]
)
people = st.sampled_from(["ann", "bob", "Bob", "cleo", "release-bot"])


def notes_at(times: st.SearchStrategy[str]) -> st.SearchStrategy[list[Record]]:
    """Return lists of notes of these times."""
    made = st.builds(
        lambda at, by, body, is_system: note(by, body, created_at=at, system=is_system),
        times, people, bodies, st.booleans(),
    )  # fmt: skip
    return st.lists(made, max_size=6)


items = st.builds(
    lambda **changes: mr(**changes, merged_at=MERGED.isoformat()),
    created_at=within(-10 * 86_400, 86_400),
    merge_user=st.sampled_from([None, {"username": "ANN"}, {"username": "bob"}]),
)
in_time = within(-12 * 86_400, 0) | within(-600, 0)


def as_truth(found: Measured) -> dict[str, Any]:
    """Return what was measured as the second computation has it."""
    reviews = {review.reviewer.lower(): review.seconds for review in found.reviews}
    known = "first_response" in found.values
    return {**found.values, **({"reviews": reviews} if known else {})}


@pytest.mark.slow
@settings(max_examples=examples(300))
@given(items, notes_at(in_time | within(1, 86_400)))
def test_the_measures_agree_with_a_second_computation(item: Record, notes: list[Record]) -> None:
    """Of any merge request, with everything read."""
    found = measured_by(Terms(), item, PartialList(notes))
    assert as_truth(found) == truth.values_of(item, notes)


@settings(max_examples=examples(150))
@given(items, notes_at(in_time), notes_at(within(1, 20 * 86_400)), st.randoms())
def test_neither_the_order_of_notes_nor_what_comes_after_the_merge_moves_a_number(
    item: Record, notes: list[Record], later: list[Record], random: Any
) -> None:
    """Comments, approvals, pushes."""
    before = measured_by(Terms(), item, PartialList(notes))
    mixed = [*notes, *later]
    random.shuffle(mixed)
    after = measured_by(Terms(), item, PartialList(mixed))
    assert as_truth(after) == as_truth(before)
    assert after.unread == before.unread


@pytest.mark.large
def test_the_measures_agree_with_a_second_computation_over_real_data() -> None:
    """Each of thousands of merge requests."""
    notes = {
        (line["project_id"], line["iid"]): line["items"]
        for line in records(REAL, "merge_request_notes")
    }
    merged = [mr for mr in records(REAL, "merge_requests") if mr["state"] == "merged"]
    for item in merged:
        own = notes.get((item["project_id"], item["iid"]), [])
        found = measured_by(Terms(), item, PartialList(own))
        assert as_truth(found) == truth.values_of(item, own)
    assert len(merged) > 5000
