"""People's days, compared with what is counted a second time in the sandbox's own records."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from worlds import fresh_demo

from gitlab_sync import GitLabClient
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import NotFound
from gitlab_sync.rules.scores.weekly import MEASURES, Days, WeekPerson, days_between
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services.weekly import PersonAnswer, WeeklyQuery, answer
from gitlab_sync.session.runtime import Bridge

TODAY = date(2026, 6, 15)  # the last day of the worlds
WEEK = days_between(TODAY - timedelta(days=6), TODAY)
UTC = ZoneInfo("UTC")


@pytest.fixture
def world() -> World:
    """Make the world in which most happens within a few weeks."""
    return fresh_demo()


def asked(*names: str, days: Days = WEEK, zone: str = "UTC", **further: Any) -> WeeklyQuery:
    """Return the question about these people, who have no team."""
    people = [WeekPerson("", "", name) for name in names]
    return WeeklyQuery(people, days, zone=ZoneInfo(zone), **further)


def only(client: GitLabClient, question: WeeklyQuery) -> PersonAnswer:
    """Return what is said of the one person of a question."""
    return answer(client, question).people[0]


def numbers(person: PersonAnswer, measure: str) -> list[Any]:
    """Return a person's numbers of one measure, day by day."""
    return [getattr(day, measure) for day in person.week.days.values()]


def dated(world: World, kind: str, place: int, **times: str | None) -> dict[str, Any]:
    """Give an item of the world other times, and return its record."""
    item: dict[str, Any] = getattr(world.tables, kind)[place]
    item.update(times)
    world.changed()
    return item


# -- the second computation ------------------------------------------------------------------------


def day_of(text: str, zone: str | None) -> date:
    """Return the day of a moment in a zone, or on the clock that wrote it."""
    moment = datetime.fromisoformat(text)
    return (moment if zone is None else moment.astimezone(ZoneInfo(zone))).date()


def counted(world: World, name: str, days: Days, zone: str) -> dict[str, list[int]]:
    """Return a person's numbers by measure, day by day, from the records of the world."""
    user = next(user for user in world.tables.users if user["username"] == name)
    mrs = [mr for mr in world.tables.merge_requests if mr["author"]["id"] == user["id"]]
    issues = [one for one in world.tables.issues if one["author"]["id"] == user["id"]]
    commits = {
        commit["id"]: day_of(commit["authored_date"], None)
        for project in world.tables.commits.values()
        for commit in project
        if commit["author_name"] == user["name"] and len(commit["parent_ids"]) < 2
    }
    booked: defaultdict[date, int] = defaultdict(int)
    for log in world.tables.timelogs.get(user["id"], []):
        booked[day_of(log["spentAt"], zone)] += log["timeSpent"]
    of_items: defaultdict[date, int] = defaultdict(int)
    for item in (*mrs, *issues):
        times = ("created_at",) if "issue_type" in item else ("merged_at", "updated_at")
        when = next(item[time] for time in times if item[time])
        of_items[day_of(when, zone)] += item["time_stats"]["total_time_spent"]
    merged = Counter(day_of(mr["merged_at"], zone) for mr in mrs if mr["merged_at"])
    raised = Counter(day_of(issue["created_at"], zone) for issue in issues)
    written = Counter(commits.values())
    return {
        "merge_requests": [merged[day] for day in days],
        "issues": [raised[day] for day in days],
        "commits": [written[day] for day in days],
        "time_spent": [booked[day] or of_items[day] for day in days],
    }


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def test_every_number_is_that_of_a_second_computation(
    zone: str, client: GitLabClient, world: World
) -> None:
    """Of everybody, on 45 days and on as many before them."""
    days = days_between(TODAY - timedelta(days=44), TODAY)
    before = days_between(days[0] - timedelta(days=45), days[0] - timedelta(days=1))
    found = answer(client, asked(*world.truth.usernames, days=days, zone=zone))
    assert found.completeness.whole
    sums: Counter[str] = Counter()
    for person in found.people:
        name = person.week.person.username
        now, then = counted(world, name, days, zone), counted(world, name, before, zone)
        for measure in MEASURES:
            assert numbers(person, measure) == now[measure], (name, measure)
            assert person.week.total(measure) == sum(now[measure])
            assert person.week.change(measure) == sum(now[measure]) - sum(then[measure])
            sums[measure] += sum(now[measure])
    assert all(sums[measure] > 10 for measure in MEASURES)


# -- days and clocks -------------------------------------------------------------------------------


def test_a_merge_late_in_the_evening_is_tomorrows_further_east(
    client: GitLabClient, world: World
) -> None:
    """A day is one of the zone that is asked for."""
    times = {"created_at": "2024-02-20T10:00:00.000Z", "updated_at": "2024-02-29T04:30:00.000Z"}
    mr = dated(world, "merge_requests", 0, **times, merged_at="2024-02-28T23:30:00.000-05:00")
    days = (date(2024, 2, 28), date(2024, 2, 29))
    for zone, merged in (("America/New_York", [1, 0]), ("UTC", [0, 1]), ("Asia/Tokyo", [0, 1])):
        question = asked(mr["author"]["username"], days=days, zone=zone)
        assert numbers(only(client, question), "merge_requests") == merged


def test_a_merge_request_counts_by_its_merge_whenever_it_was_created_and_changed(
    client: GitLabClient, world: World
) -> None:
    """One of a year ago that is merged this week does, and so does one that was changed since."""
    merged = "2024-03-05T10:00:00.000Z"
    times = {"created_at": "2023-03-01T10:00:00.000Z", "merged_at": merged, "updated_at": merged}
    mr = dated(world, "merge_requests", 0, **times)
    days = days_between(date(2024, 3, 4), date(2024, 3, 10))
    question = asked(mr["author"]["username"], days=days)
    assert numbers(only(client, question), "merge_requests") == [0, 1, 0, 0, 0, 0, 0]
    dated(world, "merge_requests", 0, updated_at="2026-06-01T10:00:00.000Z")
    assert numbers(only(client, question), "merge_requests") == [0, 1, 0, 0, 0, 0, 0]


def test_an_hour_that_summer_takes_away_moves_nothing(client: GitLabClient, world: World) -> None:
    """In Berlin 31 March 2024 has 23 hours: both its ends are those of its own clocks."""
    moments = ("2024-03-30T22:59:59.000Z", "2024-03-30T23:00:00.000Z",
               "2024-03-31T21:59:59.000Z", "2024-03-31T22:00:00.000Z")  # fmt: skip
    author = world.tables.issues[0]["author"]
    for place, moment in enumerate(moments):
        issue = dated(world, "issues", place, created_at=moment, updated_at=moment)
        issue["author"] = author
    world.changed()
    days = days_between(date(2024, 3, 30), date(2024, 4, 1))
    berlin = only(client, asked(author["username"], days=days, zone="Europe/Berlin"))
    assert numbers(berlin, "issues") == [1, 2, 1]
    assert [day.hours for day in berlin.week.days.values()] == [(23,), (0, 23), (0,)]


@pytest.mark.parametrize(
    ("written", "by_utc"),
    [("2024-02-28T23:30:00.000-11:00", [0, 0, 1]), ("2024-02-28T00:30:00.000+14:00", [1, 0, 0])],
)
def test_a_commit_counts_on_the_day_that_its_authors_clock_showed(
    written: str, by_utc: list[int], client: GitLabClient, world: World
) -> None:
    """Though that is another day in the zone of the run; or in the zone of a clock for all."""
    commit = next(
        commit
        for commit in world.tables.commits[21]
        if commit["author_name"] == "Amelie Laurent" and len(commit["parent_ids"]) < 2
    )
    commit["authored_date"] = written
    world.changed()
    days = days_between(date(2024, 2, 27), date(2024, 2, 29))
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        for chosen in (days, days[1:2]):
            person = only(client, asked("amelie.laurent", days=chosen, zone=zone))
            assert numbers(person, "commits") == [int(day == days[1]) for day in chosen]
    person = only(client, asked("amelie.laurent", days=days, clock=UTC))
    assert numbers(person, "commits") == by_utc


def test_time_counts_on_the_day_for_which_it_was_booked(client: GitLabClient, world: World) -> None:
    """As a day of the zone, whatever the zone of this machine."""
    log = world.tables.timelogs[1][0]
    log["spentAt"], log["timeSpent"] = "2024-02-28T20:00:00.000Z", 2700
    world.changed()
    days = (date(2024, 2, 28), date(2024, 2, 29))
    for zone, spent in (("UTC", [2700, 0]), ("Asia/Kolkata", [0, 2700])):
        person = only(client, asked("amelie.laurent", days=days, zone=zone))
        assert numbers(person, "time_spent") == spent


# -- who and where ---------------------------------------------------------------------------------


def test_people_are_named_as_gitlab_does_and_sorted_by_team(client: GitLabClient) -> None:
    """Each once, by the first line about them; who has no team comes last."""
    people = [
        WeekPerson("", "", "KIRA.OSEI"),
        WeekPerson("Red", "Bo", "bo.lindqvist"),
        WeekPerson("blue", "", "hana.yilmaz"),
        WeekPerson("Blue", "", "dariakovacs"),
        WeekPerson("Green", "", "Hana.Yilmaz"),
    ]
    found = answer(client, WeeklyQuery(people, WEEK, zone=UTC))
    assert [each.week.person for each in found.people] == [
        WeekPerson("Blue", "Daria Kovacs", "DariaKovacs"),
        WeekPerson("blue", "Hana Yilmaz", "hana.yilmaz"),
        WeekPerson("Red", "Bo", "bo.lindqvist"),
        WeekPerson("", "Kira Osei", "kira.osei"),
    ]
    assert [row["Username"] for row in found] == [
        each.week.person.username for each in found.people
    ]


def test_projects_narrow_everything_down(client: GitLabClient, world: World) -> None:
    """Booked time as well; one that is not there is named, and none at all is an error."""
    names, days = world.truth.usernames, days_between(TODAY - timedelta(days=44), TODAY)
    whole = answer(client, asked(*names, days=days))
    found = answer(client, asked(*names, days=days, projects=(21, "no/such")))
    assert found.unknown_projects == ["no/such"]
    tables = world.tables
    for items in (tables.merge_requests, tables.issues):
        items[:] = [item for item in items if item["project_id"] == 21]
    for key in tables.commits.keys() - {21}:
        tables.commits[key].clear()
    for logs in tables.timelogs.values():
        logs[:] = [log for log in logs if log["project"]["id"] == "gid://gitlab/Project/21"]
    for person in found.people:
        expected = counted(world, person.week.person.username, days, "UTC")
        assert {measure: numbers(person, measure) for measure in MEASURES} == expected
    for measure in MEASURES:
        some, all_of_it = (
            sum(person.week.total(measure) or 0 for person in each.people)
            for each in (found, whole)
        )
        assert 0 < some < all_of_it
    with pytest.raises(NotFound):
        answer(client, asked(*names, projects=("no/such",)))


def test_nothing_is_asked_for_that_no_number_needs(client: GitLabClient, sandbox: Sandbox) -> None:
    """Neither groups nor what is assigned to people, and nothing about a single item."""
    answer(client, asked("amelie.laurent", "bo.lindqvist"))
    exchanges = sandbox.traffic.exchanges
    assert {each.endpoint for each in exchanges} == {
        "/users", "/users/:id", "/users/:id/projects", "/users/:id/contributed_projects",
        "/users/:id/events", "/merge_requests", "/issues", "/projects/:id/repository/commits",
        "/api/graphql",
    }  # fmt: skip
    assert not [each for each in exchanges if "assignee" in each.query]


def test_hours_are_shown_of_those_who_are_named_alone(client: GitLabClient) -> None:
    """In the overview; no other table has them."""
    question = asked("amelie.laurent", "eli.navarro", with_hours={"eli.navarro"})
    overview, *others = answer(client, question).sheets(question, client.base_url)
    cells = {row["GitLab Username"]: " ".join(map(str, row.values())) for row in overview.rows}
    assert ", at " in cells["eli.navarro"]
    assert ", at " not in cells["amelie.laurent"]
    assert [sheet.title for sheet in others] == list(MEASURES.values())
    assert ", at " not in str([sheet.rows for sheet in others])


# -- what could not be read ------------------------------------------------------------------------


def test_somebody_who_does_not_exist_has_no_number(client: GitLabClient) -> None:
    """And is counted as not found, which changes nothing for the others."""
    found = answer(client, asked("amelie.laurent", "no-such-person"))
    known, nobody = found.people
    assert (known.status, nobody.status) == ("Success", "Not Found")
    assert str(found.completeness) == "1 of 2 people read, 1 not found"
    assert nobody.week.person.username == "no-such-person"
    for measure in MEASURES:
        assert numbers(nobody, measure) == [None] * 7
        assert nobody.week.total(measure) is None


def test_commits_of_a_project_that_is_denied_are_not_nothing(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """A day with commits elsewhere shows these, any other is unknown, and so is the change."""
    days = days_between(TODAY - timedelta(days=44), TODAY)
    everything = numbers(only(client, asked("eli.navarro", days=days)), "commits")
    sandbox.faults.add("status", status=403, path="/projects/22/repository/commits", times=None)
    person = only(client, asked("eli.navarro", days=days))
    assert person.status == "Partial"
    assert "commits: 403" in str(person.error)
    world.tables.commits[22].clear()
    elsewhere = counted(world, "eli.navarro", days, "UTC")["commits"]
    assert elsewhere != everything
    assert numbers(person, "commits") == [number or None for number in elsewhere]
    assert person.week.change("commits") is None
    assert numbers(person, "issues") == counted(world, "eli.navarro", days, "UTC")["issues"]


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("/merge_requests", {"merge_requests"}),
        ("/issues", {"issues"}),
        ("/users/*/events", {"commits"}),
        ("/api/graphql", {"time_spent"}),
    ],
)
def test_what_could_not_be_read_is_unknown_and_the_rest_is_known(
    path: str, unknown: set[str], client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Even if a missing item could have time: only days with logs are certain."""
    sandbox.faults.add("status", status=500, path=path, times=None)
    person = only(client, asked("eli.navarro"))
    assert person.status == "Partial"
    assert "500" in str(person.error)
    expected = counted(world, "eli.navarro", WEEK, "UTC")
    for measure in MEASURES:
        if measure in unknown:
            assert numbers(person, measure) == [None] * 7
        elif measure != "time_spent" or "commits" in unknown:
            assert numbers(person, measure) == expected[measure]
    if path in {"/merge_requests", "/issues"}:
        booked = {day_of(log["spentAt"], "UTC") for log in world.tables.timelogs[5]}
        spent = dict(zip(WEEK, numbers(person, "time_spent"), strict=True))
        assert {day for day in WEEK if spent[day]} >= booked & set(WEEK)
        assert 0 not in spent.values()


def test_where_graphql_is_off_time_is_unknown(world: World, bridge: Bridge) -> None:
    """What items say of it completes logs, and is nothing without them."""
    with Sandbox(world, graphql=False) as older:
        client = GitLabClient(older.url, older.token(), bridge=bridge)
        person = only(client, asked("eli.navarro"))
    assert numbers(person, "time_spent") == [None] * 7
    assert (
        numbers(person, "merge_requests")
        == counted(world, "eli.navarro", WEEK, "UTC")["merge_requests"]
    )
    assert (person.status, str(person.error)[:14]) == ("Partial", "time logs: 404")


def test_a_list_that_breaks_off_says_nothing_of_its_empty_days(bridge: Bridge) -> None:
    """What was read of it counts, and all else is unknown."""
    world = generate_world(seed=4, users=1, merge_requests=120, issues=1, projects=1)
    merged = "2024-03-06T10:00:00.000Z"
    for mr in world.tables.merge_requests:
        mr.update(created_at="2024-03-05T10:00:00.000Z", merged_at=merged, updated_at=merged)
    world.changed()
    days = days_between(date(2024, 3, 4), date(2024, 3, 10))
    with Sandbox(world) as sandbox:
        sandbox.faults.add(
            "status", status=500, path="/merge_requests", query={"page": "2"}, times=None
        )
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        person = only(client, asked(world.truth.usernames[0], days=days))
    assert numbers(person, "merge_requests") == [None, None, 100, None, None, None, None]
    assert person.week.change("merge_requests") is None
    assert person.status == "Partial"


@pytest.mark.slow
def test_a_rate_limit_changes_no_number(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """It is waited for."""
    sandbox.faults.add("limit", nth=4, times=4, retry_after=0.1)
    found = answer(client, asked("eli.navarro", "amelie.laurent"))
    assert sandbox.traffic.by_status[429] == 4
    assert found.completeness.whole
    for person in found.people:
        expected = counted(world, person.week.person.username, WEEK, "UTC")
        assert {measure: numbers(person, measure) for measure in MEASURES} == expected


def test_an_interrupted_run_says_of_everybody_what_is_missing(client: GitLabClient) -> None:
    """No one has a number that was not read."""
    cancel = CancelToken()
    cancel.cancel("enough")
    found = answer(client, asked("eli.navarro", "amelie.laurent"), Run(cancel=cancel))
    for person in found.people:
        assert person.status == "Error"
        assert "enough" in str(person.error)
        assert all(person.week.total(measure) is None for measure in MEASURES)
