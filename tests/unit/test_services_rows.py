"""Rows are made of verdicts: each once, as soon as nothing of its person is missing."""

from __future__ import annotations

import random

import pytest

from gitlab_sync.errors import Cancelled, GitLabSyncError, NotFound, PermissionDenied, ServerError
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.services.rows import (
    PersonVerdicts,
    RowAssembler,
    reasons_in_words,
    status_of_absent,
)
from gitlab_sync.types import Record, TableRow

CLEAN = {"check": Verdict("pass", "fine")}
DOUBTFUL = {"check": Verdict("unknown", "not read")}


def row(theirs: PersonVerdicts[str]) -> TableRow:
    """Return a row that says how many items have verdicts, and how many errors there were."""
    known = sum(bool(verdicts) for _, verdicts in theirs.evaluated)
    return {"Username": theirs.person, "Known": known, "Errors": len(theirs.errors)}


def items(*ids: int | None) -> list[Record]:
    """Return records with these ids."""
    return [{"id": number} for number in ids]


def test_a_row_is_made_with_the_last_verdict_of_its_person_whatever_the_order() -> None:
    """And each person's is given away once."""
    owned = {"ann": items(1, 2, 3), "bob": items(4), "zoe": items()}
    expected = {"ann": 3, "bob": 1, "zoe": 0}
    for seed in range(10):
        seen: list[TableRow] = []
        assembler = RowAssembler[str](seen.append)
        wanted = [one for name, own in owned.items() for one in assembler.expect(name, own, own)]
        assembler.release(row)
        random.Random(seed).shuffle(wanted)
        for one in wanted:
            before = {each["Username"] for each in seen}
            assembler.take(one, CLEAN)
            for each in seen[len(before) :]:
                assert one in owned[str(each["Username"])]
        assert {each["Username"]: each["Known"] for each in seen} == expected
        assert assembler.rows == seen


def test_no_row_is_made_before_the_release() -> None:
    """Those of people who are complete by then come at once."""
    assembler = RowAssembler[str]()
    (one,) = assembler.expect("ann", items(1), items(1))
    assembler.expect("bob", [], [])
    assembler.take(one, CLEAN)
    assert assembler.rows == []
    assembler.release(row)
    assert {each["Username"] for each in assembler.rows} == {"ann", "bob"}


def test_an_item_of_two_people_is_evaluated_once_and_counts_for_both() -> None:
    """As one that is assigned to both."""
    assembler = RowAssembler[str]()
    wanted = [*assembler.expect("ann", items(1, 2), items(1, 2)),
              *assembler.expect("bob", items(2), items(2))]  # fmt: skip
    assert wanted == items(1, 2)
    assembler.release(row)
    for one in wanted:
        assembler.take(one, CLEAN)
    assert {each["Username"]: each["Known"] for each in assembler.rows} == {"ann": 2, "bob": 1}


def test_items_without_an_id_are_each_their_own() -> None:
    """They stay apart although they look alike."""
    assembler = RowAssembler[str]()
    assembler.release(row)
    for one in assembler.expect("ann", two := items(None, None), two):
        assert assembler.rows == []
        assembler.take(one, CLEAN)
    assert assembler.rows[0]["Known"] == 2


def test_an_item_that_is_not_to_be_evaluated_has_no_verdicts_and_holds_nothing_up() -> None:
    """Such as one that is still open."""
    assembler = RowAssembler[str]()
    opened, ended = items(1, 2)
    assembler.expect("ann", [opened, ended], [ended])
    assembler.release(row)
    assembler.take(ended, CLEAN)
    assert assembler.rows == [{"Username": "ann", "Known": 1, "Errors": 0}]


def test_errors_count_where_they_leave_a_check_unknown() -> None:
    """What decided nothing is not said."""
    assembler = RowAssembler[str]()
    clean, doubtful = assembler.expect("ann", items(1, 2), items(1, 2))
    assembler.release(row)
    assert assembler.take(clean, CLEAN, [ServerError("502")])
    assert not assembler.take(doubtful, DOUBTFUL, [ServerError("502")])
    assert assembler.rows[0]["Errors"] == 1


@pytest.mark.parametrize(
    ("errors", "text"),
    [
        ([], "some records lack what a check needs"),
        ([PermissionDenied("denied", status=403)], "403 denied"),
        ([NotFound("gone", status=404), *[PermissionDenied("denied", status=403)] * 2],
         "403 denied (2 times); 404 gone"),
        ([GitLabSyncError(letter) for letter in "abcde"], "a; b; c; and 2 other reasons"),
    ],
)  # fmt: skip
def test_the_commonest_reasons_are_said_with_their_numbers(
    errors: list[GitLabSyncError], text: str
) -> None:
    """At most three of them."""
    assert reasons_in_words(errors) == text


def test_what_was_cancelled_is_told_once_without_a_number() -> None:
    """Thousands of items have no more to say about it."""
    errors = [Cancelled("you cancelled the run")] * 2694
    assert reasons_in_words(errors) == "not read: run cancelled"
    assert reasons_in_words(errors, "issues") == "issues not read: run cancelled"
    assert reasons_in_words([Cancelled("interrupted by Ctrl-C")] * 2) == "interrupted by Ctrl-C"
    assert status_of_absent("ann", errors[0]) == ("Error", "not read: run cancelled")


def test_a_reason_can_name_what_it_is_about() -> None:
    """Before each."""
    assert reasons_in_words([GitLabSyncError("slow")], "merge requests") == "merge requests: slow"


def test_no_such_person_is_not_the_same_as_not_readable() -> None:
    """Both have a row without numbers."""
    assert status_of_absent("x", None) == ("Not Found", "404 there is no user 'x'")
    assert status_of_absent("x", ServerError("bad gateway", status=502)) == (
        "Error", "502 bad gateway",
    )  # fmt: skip
