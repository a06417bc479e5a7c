"""Each rule for issues at its boundaries, flags, and counting."""

from __future__ import annotations

from typing import Any

import pytest
from rules_examples import issue

from gitlab_sync.rules.items.issue import (
    CHECKS,
    RULES,
    efficient_row,
    evaluate,
    flags,
    is_closed,
)

COLUMNS = [
    "Total Assigned",
    "Opened Issues",
    "Closed Issues",
    "No Desc",
    "No Labels",
    "No Milestone",
    "No Time Spent",
    "Long Open Time (>2 days)",
    "No Semantic Title",
]


def result(check: str, **changes: Any) -> str:
    """Return what `check` says of an issue that is clean but for `changes`."""
    return evaluate(issue(**changes))[check].result


def test_a_clean_issue_passes_every_check_in_order() -> None:
    """The verdicts come in the order of the columns, each with a link."""
    verdicts = evaluate(issue())
    assert list(verdicts) == [check.id for check in CHECKS]
    assert [check.title for check in CHECKS] == COLUMNS[3:]
    assert {verdict.result for verdict in verdicts.values()} == {"pass"}
    assert {verdict.evidence for verdict in verdicts.values()} == {issue()["web_url"]}


def test_every_check_costs_no_request_and_explains_itself() -> None:
    """A list of issues holds all that is needed."""
    for check in CHECKS:
        assert check.needs == ()
        assert check.why.endswith(".")
        assert check.how_to_fix.endswith(".")


@pytest.mark.parametrize(
    ("check", "key", "bad", "good", "strange"),
    [
        ("no_desc", "description", ["", None, "<!-- a -->"], ["x"], [4]),
        ("no_labels", "labels", [[], None], [["a"], [{"name": "a"}]], ["a", 3, [3], [{}]]),
        ("no_milestone", "milestone", [None], [{"title": "1.0"}], [3, "1.0", [], True]),
        ("no_semantic_title", "title", ["x", "", None, "build: x"], ["Bug(a)!: x"], [4]),
        (
            "no_time_spent",
            "time_stats",
            [{"total_time_spent": 0}],
            [{"total_time_spent": 1}],
            [None, {}, {"total_time_spent": None}, {"total_time_spent": -60}],
        ),
    ],
)
def test_each_field_fails_passes_or_is_unknown(
    check: str, key: str, bad: list[Any], good: list[Any], strange: list[Any]
) -> None:
    """Null is empty; what is of a strange kind, or does not say, is unknown."""
    assert [result(check, **{key: value}) for value in bad] == ["fail"] * len(bad)
    assert [result(check, **{key: value}) for value in good] == ["pass"] * len(good)
    assert [result(check, **{key: value}) for value in strange] == ["unknown"] * len(strange)


@pytest.mark.parametrize(
    ("check", "key"),
    [
        ("no_desc", "description"),
        ("no_labels", "labels"),
        ("no_milestone", "milestone"),
        ("no_semantic_title", "title"),
        ("no_time_spent", "time_stats"),
    ],
)
def test_a_missing_key_is_unknown_and_not_null(check: str, key: str) -> None:
    """It was not read, and null says that there is nothing."""
    without = {name: value for name, value in issue().items() if name != key}
    verdict = evaluate(without)[check]
    assert (verdict.result, verdict.reason) == ("unknown", f"{key} not in the list")
    assert RULES.count([(without, evaluate(without))]).unverified == 1


@pytest.mark.parametrize("state", [..., None, 3, "x", ["closed"], {}, True])
def test_an_issue_without_a_readable_state_is_in_no_count_and_unknown_in_all_checks(
    state: object,
) -> None:
    """It could be open or closed."""
    record = issue(state=state)
    if state is ...:
        del record["state"]
    verdicts = evaluate(record)
    assert {verdict.result for verdict in verdicts.values()} == {"unknown"}
    row = efficient_row([record])
    assert [row.cells[title] for title in COLUMNS[:3]] == [0, 0, 0]
    assert {row.cells[title] for title in COLUMNS[3:]} == {None}
    assert row.unverified == len(CHECKS)
    assert row == RULES.count([(record, {})])


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2024-03-03T10:00:00Z", "pass"),
        ("2024-03-03T10:00:01Z", "fail"),
        ("2024-03-03T15:30:00+05:30", "pass"),
        ("2024-03-03T15:30:01+05:30", "fail"),
        (None, "unknown"),
        ("soon", "unknown"),
    ],
)
def test_two_days_are_exceeded_only_by_more(end: str | None, expected: str) -> None:
    """Exactly 48 hours are in time."""
    assert result("long_open_time", closed_at=end) == expected


def test_only_a_closed_issue_is_evaluated() -> None:
    """Without a state nothing is evaluated on a guess."""
    assert is_closed(issue())
    assert is_closed(issue(state="CLOSED"))
    assert not is_closed(issue(state="opened"))
    assert not is_closed({})


def test_the_row_counts_all_but_evaluates_the_closed_ones() -> None:
    """Each id counts once, and the titles are in order."""
    row = efficient_row(
        [
            issue(id=1),
            issue(id=1),
            issue(id=2, labels=[], time_stats=None),
            issue(id=3, state="opened", labels=[]),
            issue(id=None, state=None, labels=[]),
        ]
    )
    assert list(row.cells) == COLUMNS
    assert row.cells == {
        **dict.fromkeys(COLUMNS, 0),
        "Total Assigned": 3,
        "Opened Issues": 1,
        "Closed Issues": 2,
        "No Labels": 1,
    }
    assert row.unknown["No Time Spent"] == 2
    assert row.unverified == 1 + len(CHECKS)  # the last has no state


def test_a_cell_is_null_only_if_nothing_could_be_evaluated() -> None:
    """No issues at all are zero."""
    assert set(efficient_row([]).cells.values()) == {0}
    assert efficient_row([issue(time_stats=None)]).cells["No Time Spent"] is None
    assert set(list(RULES.count([(issue(), {})]).cells.values())[3:]) == {None}


def test_flags_have_the_older_names_in_their_order() -> None:
    """Programs of the older client read them."""
    broken = issue(labels=[], time_stats=None)
    found = flags(broken, evaluate(broken))
    assert found == {
        "is_opened": False,
        "is_closed": True,
        "no_desc": False,
        "no_labels": True,
        "no_milestone": False,
        "no_time": None,
        "long_open_time": False,
        "no_semantic_title": False,
        "errors": ["time_stats not in the list"],
    }
    assert list(found)[5:8] == ["no_time", "long_open_time", "no_semantic_title"]


def test_an_open_issue_has_no_faults_yet_and_one_without_state_is_unknown() -> None:
    """Only closed ones are evaluated."""
    found = flags(issue(state="opened", labels=[]), evaluate(issue(labels=[])))
    assert found.pop("errors") == []
    assert found.pop("is_opened") is True
    assert set(found.values()) == {False}
    found = flags({}, evaluate({}))
    assert found.pop("errors") == ["state not read"]
    assert set(found.values()) == {None}
