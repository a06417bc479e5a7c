"""The page of the week, in Streamlit's own test harness, and what it is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages import week_hours, week_trend
from gitlab_sync.pages.state import demo
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.roles import VARIABLE
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.week_fields import people_of_csv, read_people
from gitlab_sync.pages.week_hours import Viewer
from gitlab_sync.pages.week_items import items_of
from gitlab_sync.pages.week_view import change_text, quiet_row, texts_of
from gitlab_sync.pages.widgets import charts
from gitlab_sync.pages.widgets.cell_looks import NONE
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.scores.weekly import (
    MEASURES,
    PersonWeek,
    Recorded,
    WeekPerson,
    days_between,
    last_days,
    person_week,
)
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.weekly import PersonAnswer, WeeklyQuery, answer

PAGE = "weekly_performance.py"
UTC_ZONE = ZoneInfo("UTC")
TODAY = datetime.now(UTC).date()
MONDAY = date(2026, 3, 2)
DAYS = days_between(MONDAY, MONDAY + timedelta(days=1))


@pytest.fixture
def busy() -> Iterator[Sandbox]:
    """Serve a small GitLab in which things happened up to today."""
    world = fresh_world(
        seed=3,
        users=3,
        merge_requests=12,
        issues=9,
        projects=3,
        today=datetime.combine(TODAY, time(12)),
    )
    with Sandbox(world) as sandbox:
        yield sandbox


def ask(at: AppTest, people: str) -> AppTest:
    """Ask for the days of these people, and wait for the answer."""
    at.text_area(key="people").set_value(people)
    return until_done(press(at, "Run"))


def show(at: AppTest, view: str) -> AppTest:
    """Choose what is shown of the answer."""
    at = at.button_group(key="show").set_value(view).run()
    assert not at.exception
    return at


def choose_days(at: AppTest, span: str, **days: date) -> AppTest:
    """Choose a kind of days, and type in days; the one that begins is `first`."""
    at = at.button_group(key="span").set_value(span).run()
    for key, day in days.items():
        at.date_input(key={"first": "from", "last": "to"}[key]).set_value(day)
    return at


def told(at: AppTest) -> str:
    """Return all that is told as wrong, with its titles and without signs of Markdown."""
    parts = [f"{error.proto.title} {error.value}" for error in at.error]
    return "\n".join(parts).replace("\\", "")


def columns(at: AppTest, place: int = 0) -> list[str]:
    """Return the titles of a table."""
    return [column for column in at.dataframe[place].value if column != "Open"]


# -- what is shown ---------------------------------------------------------------------------------


def test_in_the_demo_one_click_shows_everybody_day_by_day() -> None:
    """Teams come from the field and names from GitLab; the last seven days are not empty."""
    at = until_done(press(in_the_demo(PAGE), "Run"))
    days = [day.isoformat() for day in last_days(TODAY)]
    assert columns(at) == [
        *("GitLab Username", *days, "Total", "Change", "Team Name", "Full Name", "Status"),
    ]
    table = at.dataframe[0].value.set_index("GitLab Username")
    assert table.loc["amelie.laurent", "Team Name"] == "Compass"
    assert table.loc["amelie.laurent", "Full Name"] == "Amelie Laurent"
    assert "12 of 12 people read" in texts(at)
    assert [metric.label for metric in at.metric] == [*MEASURES.values()]
    assert int(at.metric[0].value) > 0
    assert "What could not be read" not in texts(at)


def test_a_demo_that_has_run_for_long_opens_with_the_last_days_of_its_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its people do nothing while it runs, and later days can still be asked for."""
    last = TODAY - timedelta(days=30)
    monkeypatch.setattr(demo, "_demo", replace(get_demo(), last_day=last))
    at = in_the_demo(PAGE)
    assert at.date_input(key="to").value == last
    at.date_input(key="to").set_value(TODAY)
    at = until_done(press(at, "Run"))
    assert int(at.metric[0].value) > 0


@pytest.mark.slow
@pytest.mark.parametrize("view", MEASURES.values())
def test_each_measure_has_its_numbers_by_day_and_a_chart_in_words(view: str) -> None:
    """Its total is the one above all views."""
    at = show(until_done(press(in_the_demo(PAGE), "Run")), view)
    place = [*MEASURES.values()].index(view)
    total = at.dataframe[0].value["Total"].sum()
    if view == "Time Spent":
        hours, minutes = at.metric[place].value.removesuffix("m").split("h ")
        assert total // 60 == 60 * int(hours) + int(minutes)
    else:
        assert total == int(at.metric[place].value)
    (chart,) = at.get("vega_lite_chart")
    assert chart.proto.alt.startswith(f"Lines: {view} by day")
    for way in ("By team", "By person"):
        at = at.button_group(key="by").set_value(way).run()
        assert not at.exception
        (chart,) = at.get("vega_lite_chart")
        assert chart.proto.alt.startswith(f"Grid: {view} by day in {3 if 'team' in way else 12}")


def test_of_one_person_the_items_are_shown_at_once() -> None:
    """With days, and links that lead to them."""
    at = ask(choose_days(in_the_demo(PAGE), "Range", first=TODAY - timedelta(days=44)), "kira.osei")
    assert "Details for kira" in texts(at)
    assert columns(at, 1) == ["Day", "Time", "Kind", "Item", "Project"]
    items = at.dataframe[1].value
    assert set(items["Kind"]) <= {"merge request", "issue", "commit"}
    assert all("/-/" in link for link in items["Open"])


def test_one_day_is_one_column() -> None:
    """Compared with the day before."""
    at = choose_days(in_the_demo(PAGE), "One day", last=TODAY - timedelta(days=1))
    at = until_done(press(at, "Run"))
    assert columns(at)[1:3] == [(TODAY - timedelta(days=1)).isoformat(), "Total"]
    assert f"compared with {TODAY - timedelta(days=2)}" in texts(at)


def test_who_is_not_there_is_unknown_and_the_sums_say_so() -> None:
    """Neither zeros nor a silent gap."""
    at = ask(in_the_demo(PAGE), "Red, , nobody.here\nkira.osei")
    assert "1 of 2 people read, 1 not found" in texts(at)
    assert [metric.label for metric in at.metric] == [
        f"{title} (+1 ?)" for title in MEASURES.values()
    ]
    at = show(at, "Commits")
    table = at.dataframe[0].value.set_index("GitLab Username")
    assert table.loc["nobody.here", [day.isoformat() for day in last_days(TODAY)]].isna().all()
    assert "Not everything is known about 1 of 2 people" in texts(at)
    at = ask(at, "nobody.here\nnobody.there")
    at = at.button_group(key="by").set_value("By person").run()
    assert not at.exception
    (chart,) = at.get("vega_lite_chart")
    assert "nobody.here: " in chart.proto.alt
    assert chart.proto.alt.count(": ?") == len(last_days(TODAY))
    at = ask(at, "nobody.here")
    assert [metric.value for metric in at.metric] == ["?"] * 4
    assert "Nothing could be read: 404 there is no user" in texts(at).replace("\\", "")


def test_the_members_of_a_group_count_with_those_who_were_named(
    busy: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, and a group that is not there ends the run in words."""
    group = busy.world.tables.groups[0]
    at = go_to(signed_in(busy, monkeypatch, "admin"), PAGE)
    name = busy.world.truth.usernames[0]
    at.text_input(key="group").set_value(str(group["id"]))
    at = ask(at, f"Red, Some Name, {name.upper()}")
    table = at.dataframe[0].value.set_index("GitLab Username")
    assert table.loc[name, "Full Name"] == "Some Name"
    assert len(table) > 1
    assert table.index.is_unique
    at.text_input(key="group").set_value("no/such/group")
    at = until_done(press(at, "Run"))
    assert "The run did not start" in told(at)


def test_a_project_that_is_not_there_is_named_and_left_out() -> None:
    """The others count."""
    at = in_the_demo(PAGE)
    at.text_input(key="projects").set_value("no/such, harbour/route-planner")
    at = ask(at, "amelie.laurent")
    assert "no/such" in told(at)
    assert len(at.dataframe[0].value) == 1


# -- what is typed in wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ("Red, Ann\nRed, Ann, ann", "people, line 1: no username"),
        ("ann\ngroup/project", "people, line 2: “group/project” is not a valid username"),
        ("Team Name, Full Name, E-Mail\nRed, Ann, ann", "only: Team Name, Full Name, E-Mail"),
        ("\n".join(f"u{number}" for number in range(2001)), "at most 2,000 people, got 2,001"),
        ("\n".join(f"{'r' * 99}, , u{number}" for number in range(1000)), "Leave out full names"),
        (" ", "at least one person"),
    ],
)
def test_people_that_cannot_be_asked_about_are_told_next_to_the_field(
    people: str, sentence: str
) -> None:
    """And nothing is asked."""
    at = in_the_demo(PAGE)
    at.text_area(key="people").set_value(people)
    at = press(at, "Run")
    assert sentence in told(at)
    assert not at.progress
    assert not at.dataframe


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (TODAY, TODAY - timedelta(days=1), "the last day must not be before the first"),
        (TODAY - timedelta(days=45), TODAY, "are 46 days. Choose at most 45 days."),
        (TODAY, TODAY + timedelta(days=2), "or earlier, got "),
    ],
)
def test_days_that_cannot_be_asked_for_are_told_next_to_them(
    first: date, last: date, sentence: str
) -> None:
    """And nothing is asked."""
    at = press(choose_days(in_the_demo(PAGE), "Range", first=first, last=last), "Run")
    assert sentence in " ".join(told(at).split())
    assert not at.progress


def test_a_file_comes_into_the_field_and_its_faults_are_told() -> None:
    """The good lines can be run at once."""
    at = ask(in_the_demo(PAGE), "leo.fischer")
    file = "GitLab Username;Team Name;Full Name\nkira.osei;Red;Kira\nno/name;Red;No\n"
    at.file_uploader[0].upload("p.csv", file.encode(), "text/csv")
    at = until_done(press(at, "Run"))
    lines = at.text_area(key="people").value.splitlines()
    assert lines[:2] == ["leo.fischer", "Red, Kira, kira.osei"]
    assert "Left out of the file" in told(at)
    assert "file, line 3" in told(at)
    assert at.dataframe[0].value["Team Name"].tolist() == ["Red", ""]


def test_a_file_with_other_columns_says_which_one_is_missing() -> None:
    """A column that is not known is not taken for usernames."""
    text = people_of_csv("Team,Full Name,Mail\nRed,Ann,ann\n")
    assert text == (
        "# file has no column of usernames (username, login, user, …), only: Team, Full Name, Mail"
    )


def test_a_line_may_have_the_username_alone_whatever_divides_the_others() -> None:
    """Also below a header, in whatever column it names."""
    ann, bob = WeekPerson("", "", "ann"), WeekPerson("Red", "Bob B", "bob")
    assert read_people("@ann\nRed; Bob B; bob\n# a remark").people == (ann, bob)
    assert read_people("Username, Team Name, Name\nann\nbob, Red, Bob B").people[0] == ann
    assert read_people("Team Name, Full Name, GitLab Username\nann\nRed, Bob B, bob").people == (
        ann,
        bob,
    )


_CELLS = st.text(st.sampled_from('aÜ ,;|\t"#'), max_size=6)


@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=5))
def test_whatever_a_file_says_of_teams_and_names_comes_through_the_field(
    cells: list[tuple[str, str]],
) -> None:
    """Delimiters, quotes and signs of a remark in them included."""
    quoted = [[cell.replace('"', '""') for cell in pair] for pair in cells]
    lines = [f'"{team}","{name}",user{at}' for at, (team, name) in enumerate(quoted)]
    text = people_of_csv("\n".join(["Team Name,Full Name,GitLab Username", *lines]))
    found = read_people(text)
    assert not found.faults
    assert [(one.team, one.name) for one in found.people] == [
        (" ".join(team.split()), " ".join(name.split())) for team, name in cells
    ]


# -- the hours of others --------------------------------------------------------------------------


def viewer(setting: dict[str, object], *, is_own: bool = True, is_demo: bool = False) -> Viewer:
    """Return what a visitor who is called Ann may see with a setting."""
    user = {"username": "ann"}
    visitor = SignIn("https://gitlab.example", Credential("x"), user, is_demo=is_demo)
    return Viewer.of(visitor, setting, is_own=is_own)


def test_the_hours_of_others_are_seen_only_by_people_that_the_setting_names() -> None:
    """One's own always; names are compared without case."""
    other, own = WeekPerson("", "", "bob"), WeekPerson("", "", "Ann")
    for names, sees in (([], False), (["@ANN"], True), (["bob"], False)):
        found = viewer({"hours_for": names})
        assert found.sees(own)
        assert found.sees(other) is sees
    assert not viewer({}).sees(other)
    assert viewer({}, is_own=False, is_demo=True).sees(other)


def test_a_named_person_of_another_gitlab_sees_no_hours_of_others() -> None:
    """There anyone can have that name."""
    found = viewer({"hours_for": ["ann"]}, is_own=False)
    assert found.sees(WeekPerson("", "", "ann"))
    assert not found.sees(WeekPerson("", "", "bob"))


@pytest.mark.parametrize("names", ["ann", 7, {"ann": True}])
def test_a_setting_that_is_no_list_is_refused(names: object) -> None:
    """Else a typing error would show hours to people who are not named."""
    with pytest.raises(ConfigurationError, match="hours_for"):
        viewer({"hours_for": names})


@pytest.mark.parametrize(
    ("setting", "seen"),
    [([], ["own"]), (["OWN"], ["own", "other"]), ("own", ["own"])],
    ids=["no one", "the visitor", "no list"],
)
def test_the_page_shows_the_hours_and_times_that_its_visitor_may_see(
    setting: object, seen: list[str], busy: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the view of hours as in the items of a person; admins have no more rights than others."""
    own, other = busy.world.truth.usernames[:2]
    names = {"own": own, "other": other}
    at = signed_in(busy, monkeypatch, own)
    at.secrets["roles"] = {"admin": [own]}
    at.secrets["hours_for"] = [own] if setting == ["OWN"] else setting
    at = choose_days(go_to(at, PAGE), "Range", first=TODAY - timedelta(days=44))
    at = show(ask(at, f"{own}\n{other}"), "Hours")
    assert set(at.dataframe[0].value["GitLab Username"]) == {names[one] for one in seen}
    assert ("You see only your own hours" in texts(at)) is (len(seen) == 1)
    assert ("hours_for" in told(at)) is (setting == "own")
    at = show(ask(at, other), "Overview")
    assert ("Time" in columns(at, 1)) is ("other" in seen)


def test_without_the_setting_the_view_of_hours_of_others_says_why_it_is_empty(
    busy: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And shows neither a chart nor a table of hours."""
    own, other = busy.world.truth.usernames[:2]
    at = go_to(signed_in(busy, monkeypatch, own), PAGE)
    at = choose_days(at, "Range", first=TODAY - timedelta(days=44))
    at = show(ask(at, other), "Hours")
    assert "You see only your own hours" in texts(at)
    assert not at.get("vega_lite_chart")
    assert columns(at) == ["Day", "Kind", "Item", "Project"]


# -- a member --------------------------------------------------------------------------------------


def test_a_member_has_their_own_week_and_no_field_for_others(
    busy: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever the page's address says."""
    own, other = busy.world.truth.usernames[:2]
    roles = tmp_path / "roles.toml"
    roles.write_text(f'mentor = ["{other}"]\n', encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(roles))
    at = signed_in(busy, monkeypatch, own)
    at.query_params["people"] = other
    at = go_to(at, PAGE)
    assert [title.value for title in at.title] == ["My week"]
    assert not at.text_area
    assert not at.text_input
    at = until_done(press(choose_days(at, "Range", first=TODAY - timedelta(days=44)), "Run"))
    assert at.dataframe[0].value["GitLab Username"].tolist() == [own]
    assert "Time" in columns(at, 1)
    assert "1 of 1 person read" in texts(at)


def test_what_was_asked_as_a_mentor_is_not_left_to_see_as_a_member(
    busy: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who loses rights loses the answers, too."""
    own, other = busy.world.truth.usernames[:2]
    at = go_to(signed_in(busy, monkeypatch, own), PAGE)
    at = ask(at, other)
    assert at.dataframe[0].value["GitLab Username"].tolist() == [other]
    at.secrets["roles"] = {"admin": [other]}
    at = at.run()
    assert [title.value for title in at.title] == ["My week"]
    assert not at.dataframe


# -- what it is made of ----------------------------------------------------------------------------


def test_the_items_of_a_person_are_as_many_as_the_numbers_say(busy: Sandbox) -> None:
    """Of all people on 45 days, each with a link and its project."""
    names = busy.world.truth.usernames
    days = last_days(TODAY, 45)
    query = WeeklyQuery([WeekPerson("", "", name) for name in names], days, zone=UTC_ZONE)
    with GitLabClient(busy.url, busy.token()) as client:
        report = answer(client, query)
    kinds = {"merge_requests": "merge request", "issues": "issue", "commits": "commit"}
    seen = 0
    for person in report.people:
        items = items_of(person, UTC_ZONE, busy.url)
        for measure in MEASURES:
            if measure in kinds:
                of_kind = [row for row in items if row["Kind"] == kinds[measure]]
                assert len(of_kind) == person.week.total(measure)
        assert all(row["Project"] and "/-/" in str(row["Link"]) for row in items)
        moments = [(row["Day"], row["Time"]) for row in items]
        assert moments == sorted(moments, reverse=True)
        seen += len(items)
    assert seen > 10


@pytest.mark.parametrize("link", ["https://[x", "https://gitlab\u2100.example", "x", None, 7])
def test_an_item_with_a_link_that_is_none_has_no_project(link: object) -> None:
    """A server can send any text; the item is shown all the same."""
    mr = {"id": 1, "iid": 7, "merged_at": "2026-03-02T23:30:00Z", "web_url": link}
    recorded = Recorded([mr], [], [], {})
    week = person_week(WeekPerson("", "", "ann"), DAYS, recorded, UTC_ZONE)
    person = PersonAnswer(week, recorded, "Success", None)
    (row,) = items_of(person, UTC_ZONE, "https://example.org")
    assert (row["Item"], row["Project"]) == ("!7 ", "")


def test_a_project_is_named_without_the_folder_in_which_a_gitlab_lives() -> None:
    """As of a GitLab below an address of its own."""
    url = "https://example.org/gitlab/red/app/-/merge_requests/7"
    mr = {"id": 1, "iid": 7, "title": "It", "merged_at": "2026-03-02T23:30:00Z", "web_url": url}
    recorded = Recorded([mr], [], [], {})
    week = person_week(WeekPerson("", "", "ann"), DAYS, recorded, UTC_ZONE)
    person = PersonAnswer(week, recorded, "Success", None)
    (row,) = items_of(person, UTC_ZONE, "https://example.org/gitlab")
    assert row == {
        "Day": "2026-03-02",
        "Time": "23:30",
        "Kind": "merge request",
        "Item": "!7 It",
        "Link": url,
        "Project": "red/app",
    }
    (row,) = items_of(person, ZoneInfo("Asia/Tokyo"), "https://example.org")
    assert (row["Day"], row["Time"], row["Project"]) == ("2026-03-03", "08:30", "gitlab/red/app")


def week_of(name: str, team: str, recorded: Recorded) -> PersonWeek:
    """Return two days of a person."""
    return person_week(WeekPerson(team, "", name), DAYS, recorded, UTC_ZONE)


def issues(*moments: str) -> list[dict[str, object]]:
    """Return issues that were created then."""
    return [{"id": place, "created_at": moment} for place, moment in enumerate(moments)]


def of_two() -> Sequence[PersonWeek]:
    """Return the days of a person with known numbers, and of one with unknown numbers."""
    whole = Recorded([], issues("2026-03-02T09:10:00Z", "2026-03-02T09:50:00Z"), [], {})
    return [week_of("ann", "Red", whole), week_of("bob", "", Recorded(issues=None, commits=[]))]


def test_a_sum_says_of_how_many_people_something_is_not_known() -> None:
    """In the lines as in the rows of teams and people."""
    points = week_trend.together(of_two(), "issues")
    assert [(each["When"], each["Day"], each["Text"]) for each in points] == [
        ("These days", "Mon 2 Mar", "2 (+1 ?)"),
        ("These days", "Tue 3 Mar", "0 (+1 ?)"),
        ("The days before", "Mon 2 Mar", "0 (+1 ?)"),
        ("The days before", "Tue 3 Mar", "0 (+1 ?)"),
    ]
    assert [each["Date"] for each in points][2:] == ["Sat 28 Feb", "Sun 1 Mar"]
    cells = week_trend.in_rows(of_two(), "issues", week_trend.BY_TEAM)
    assert [(cell["Row"], cell["Text"], cell["Number"]) for cell in cells] == [
        ("Red", "2", 2),
        ("Red", "0", 0),
        ("(no team)", "?", None),
        ("(no team)", "?", None),
    ]


def test_of_what_is_there_in_part_there_may_be_more() -> None:
    """The number counts and is marked; there is no change to compare."""
    part = Recorded([], issues("2026-03-02T09:10:00Z"), [], {}, frozenset({"issues"}))
    week = week_of("ann", "", part)
    found = week_trend.Total.of([week], "issues", [week.total("issues")])
    assert found.text("issues") == "1 (+1 ?)"
    assert change_text([week], "issues") == "?"
    assert change_text([*of_two(), week], "issues") == "+2"


def test_time_is_shown_as_hours_and_minutes_and_a_change_with_its_sign() -> None:
    """Numbers that sort in the table, `Xh Ym` in words."""
    booked = {"2026-03-01": 7200, "2026-03-02": 5400}
    week = week_of("ann", "", Recorded([], [], [], booked))
    assert [cell["Number"] for cell in week_trend.together([week], "time_spent")] == [1.5, 0, 0, 2]
    assert change_text([week], "time_spent") == "-0h 30m"
    texts = texts_of("time_spent", ["2026-03-02"])
    shown = [texts[column](5400) for column in ("2026-03-02", "Total", "Change")]
    assert shown == ["1h 30m", "1h 30m", "+1h 30m"]
    assert {text(0) for text in texts.values()} == {NONE}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0 MRs, 0 issues, 0 commits, 0h 0m", NONE),
        ("2 MRs, 0 issues, 10 commits, 0h 30m", "2_MRs, 10_commits, 0h_30m"),
        ("? MRs, 0 issues, 0 commits, ? h", "?_MRs, ?_h"),
        ("0 MRs, 1 issue, 0 commits, 0h 0m, at 0, 10", "1_issue, at_0, 10"),
        ("-1 MR, 0 issues, +20 commits, -1h 0m", "-1_MR, +20_commits, -1h_0m"),
    ],
)
def test_a_day_shows_only_what_there_was_and_what_is_unknown(text: str, shown: str) -> None:
    """Files have all four numbers. A number and its noun stay on one line."""
    row = {"GitLab Username": "0 MRs", "2026-03-02": text, "Error": None}
    quiet = {**row, "2026-03-02": shown.replace("_", "\N{NO-BREAK SPACE}")}
    assert quiet_row(row) == quiet


def test_a_week_fits_next_to_the_names() -> None:
    """In a window of 1280 pixels, where a table has 900."""
    at = until_done(press(in_the_demo(PAGE), "Run"))
    config = json.loads(at.dataframe[0].proto.columns)
    week = [*at.dataframe[0].value][:8]
    assert week[0] == "GitLab Username"
    assert sum(config[column]["width"] for column in week) < 860
    assert all(re.fullmatch(r"\w{3} \d+ \w{3}", config[day]["label"]) for day in week[1:])


def test_a_grid_of_hours_counts_days_and_marks_people_with_unknown_numbers() -> None:
    """Two issues in one hour of a day are one day."""
    cells = week_hours.by_person(of_two())
    assert len(cells) == 2 * 24
    assert [cell["Number"] for cell in cells if cell["Row"] == "ann"] == [0] * 9 + [1] + [0] * 14
    assert {cell["Row"] for cell in cells} == {"ann", "bob ?"}
    assert week_hours.in_words(cells, "people").endswith("something: 9")
    by_day = week_hours.by_day(of_two()[0])
    assert [(cell["Row"], cell["Hour"]) for cell in by_day if cell["Number"]] == [("Mon 2 Mar", 9)]


def test_a_table_of_hours_tells_none_from_not_known() -> None:
    """An empty text and a null are two things."""
    meta = Meta(datetime(2026, 3, 5, tzinfo=UTC), "https://gitlab.example", "all")
    sheet = week_hours.hours_sheet(of_two(), meta)
    first, second = (day.isoformat() for day in DAYS)
    assert [(row[first], row[second]) for row in sheet.rows] == [("9", ""), (None, None)]


def test_a_chart_of_rows_has_the_first_of_many() -> None:
    """More could not be read; the table has them all."""
    ann = of_two()[0]
    many = [
        replace(ann, person=WeekPerson("", "", f"user{number}"))
        for number in range(charts.MOST_ROWS + 1)
    ]
    cells = week_trend.in_rows(many, "issues", week_trend.BY_PERSON)
    assert len({cell["Row"] for cell in cells}) == charts.MOST_ROWS
