"""The page of batch analytics, in Streamlit's own test harness."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from visiting import in_the_demo, press, signed_in, texts, until, until_done

from gitlab_sync.rules.scores.unified import QUICK_UNIFIED_COLUMNS, TOTALS, UNIFIED_COLUMNS
from gitlab_sync.rules.scores.wilson import interval
from gitlab_sync.sandbox import RateLimit, Sandbox

EMPTY = ("College", "Error", "Unverified")
"""Columns in which no one of the demo has anything."""


def expected_columns(columns: Sequence[str], empty: Sequence[str] = EMPTY) -> list[str]:
    """Return the columns of the page: faults first, then links, then the rest in its order."""
    first = [column for column in TOTALS if column in columns]
    rest = [each for each in columns[1:] if each not in {*first, *empty}]
    return ["Username", *first, "Profile", "Open", *rest]


def test_the_demo_is_marked_and_one_more_click_shows_the_table() -> None:
    """Faults come first, the worst people on top; a line says how complete it is.

    What no one has is not shown but named, and the form is folded away.
    """
    at = in_the_demo()
    assert [element.value for element in at.info] == [
        "The people, projects and numbers on this page are made up."
    ]
    assert "amelie.laurent" in at.text_area(key="users").value
    at = until_done(press(at, "Run"))
    table = at.dataframe[0].value.set_index("Username")
    assert [*at.dataframe[0].value] == expected_columns(UNIFIED_COLUMNS)
    assert "Not shown, since no one here has any: College, Unverified." in texts(at)
    assert not at.session_state["fields_of_batch"]
    faults = table[[*TOTALS]].sum(axis=1)
    of = 9 * table["MR Ended"] + 6 * table["Issue Closed"]
    lowest = [interval(int(count), int(all_))[0] for count, all_ in zip(faults, of, strict=True)]
    assert lowest == sorted(lowest, reverse=True)
    assert lowest[0] > 0.5
    assert table.loc["amelie.laurent", "MR Total (Authored)"] > 0
    assert "12 of 12 people read" in texts(at)
    assert "data as of" in texts(at)
    assert "What could not be read" not in texts(at)


def test_a_user_who_does_not_exist_is_unknown_and_is_in_the_panel() -> None:
    """Not as a row of zeros."""
    at = in_the_demo()
    at.text_area(key="users").set_value("nobody.here\nkira.osei")
    at = until_done(press(at, "Run"))
    table = at.dataframe[0].value.set_index("Username")
    assert table.loc["nobody.here", "Status"] == "Not Found"
    assert table.loc["nobody.here"].drop(["Status", "Error"]).isna().all()
    assert table.loc["kira.osei", "Issue No Labels"] == 4
    assert next(iter(table)) == "Status"
    assert "1 of 2 people read, 1 not found" in texts(at)
    assert "What could not be read" in texts(at)


def test_a_line_may_have_a_college_and_it_comes_into_the_table() -> None:
    """As in people's spreadsheets."""
    at = in_the_demo()
    at.text_area(key="users").set_value("kira.osei, Riverside\n# a remark\nleo.fischer")
    at = until_done(press(at, "Run"))
    table = at.dataframe[0].value.set_index("Username")
    assert table.loc[["kira.osei", "leo.fischer"], "College"].tolist() == ["Riverside", ""]


def test_an_impossible_name_is_told_with_its_line_and_nothing_is_asked() -> None:
    """The page says which one it is."""
    at = in_the_demo()
    at.text_area(key="users").set_value("good\ngroup/project")
    at = press(at, "Run")
    assert "line 2: “group/project”" in at.error[0].value.replace("\\", "")
    assert not at.dataframe
    assert not at.progress


def test_no_name_at_all_is_told_too() -> None:
    """And the empty page says what to do."""
    at = in_the_demo()
    at.text_area(key="users").set_value(" ")
    at = press(at, "Run")
    assert "at least one username" in at.error[0].value
    assert "Enter the usernames" in texts(at)


def test_more_people_than_an_address_holds_are_refused_in_words() -> None:
    """And the sentence says what else to do."""
    at = in_the_demo()
    at.text_area(key="users").set_value("\n".join(f"u{number}" for number in range(2001)))
    at = press(at, "Run")
    assert "at most 2,000 people, got 2,001" in at.error[0].value
    assert not at.progress


def test_quick_leaves_out_what_lists_cannot_say() -> None:
    """And needs no facts of merge requests."""
    at = in_the_demo()
    at.toggle(key="quick").set_value(True)
    at = until_done(press(at, "Run"))
    assert [*at.dataframe[0].value] == expected_columns(QUICK_UNIFIED_COLUMNS, EMPTY[:2])


def test_the_members_of_a_group_are_read_with_those_who_were_named(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once."""
    group = sandbox.world.tables.groups[0]
    with_members = in_the_demo()
    with_members.text_area(key="users").set_value("kira.osei")
    with_members.text_input(key="group").set_value("no/such/group")
    at = until_done(press(with_members, "Run"))
    assert "The run did not start" in "".join(str(error.proto) for error in at.error)
    at = signed_in(sandbox, monkeypatch, "admin")
    at.text_input(key="group").set_value(str(group["id"]))
    at = until_done(press(at, "Run"))
    assert len(at.dataframe[0].value) >= 1


def test_a_project_that_is_not_there_is_named_and_left_out() -> None:
    """The others count."""
    at = in_the_demo()
    at.text_area(key="users").set_value("kira.osei")
    at.text_input(key="projects").set_value("no/such, 1")
    at = until_done(press(at, "Run"))
    assert r"no/such" in at.error[0].value


def test_dates_the_wrong_way_round_are_told_next_to_them() -> None:
    """Nothing is asked."""
    at = in_the_demo()
    at.date_input(key="since").set_value("2026-03-05")
    at.date_input(key="until").set_value("2026-03-01")
    at = press(at, "Run")
    assert "until must be after since" in at.error[0].value.replace("\\", "")
    assert not at.progress


def test_a_refresh_reads_everything_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is read without it: a second Run of the same page is the only other way."""
    name = sandbox.world.truth.usernames[0]
    at = signed_in(sandbox, monkeypatch, name)
    at.text_area(key="users").set_value(name)
    at.toggle(key="quick").set_value(True)
    until_done(press(at, "Run"))
    first = sandbox.traffic.count("/merge_requests")
    at = at.run()
    assert sandbox.traffic.count("/merge_requests") == first
    until_done(press(at, "Refresh"))
    assert sandbox.traffic.count("/merge_requests") == 2 * first


def test_a_rate_limit_is_told_with_its_seconds_and_can_be_cancelled(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for stays on the page, as not read."""
    at = signed_in(sandbox, monkeypatch, sandbox.world.truth.usernames[0])
    sandbox.limiter.set(RateLimit(limit=1, window=120.0))
    at.text_area(key="users").set_value("\n".join(sandbox.world.truth.usernames))
    at = press(at, "Run")
    at = until(at, lambda at: any("rate limit: going on in" in bar.text for bar in at.progress))
    at = until_done(press(at, "Cancel"))
    assert "Cancelled by you" in texts(at)
    assert not at.progress


def test_what_was_asked_before_stays_when_the_fields_cannot_be_asked() -> None:
    """With a word that says so."""
    at = in_the_demo()
    at.text_area(key="users").set_value("kira.osei")
    at = until_done(press(at, "Run"))
    at.text_area(key="users").set_value("no/name")
    at = press(at, "Run")
    assert at.dataframe[0].value["Username"].tolist() == ["kira.osei"]
    assert "The fields have changed" in texts(at)
