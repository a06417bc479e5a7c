"""The leaderboard: teams with the sums of their people, and the items they count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date
from typing import Any

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync import CancelToken, GitLabClient
from gitlab_sync.api.commits import PersonCommits
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import ConfigurationError, NotFound
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.identity.teams import (
    Member,
    Team,
    parse_teams,
    teams_to_json,
    usernames_of,
)
from gitlab_sync.rules.scores.leaderboard import DEFAULT_WEIGHTS, weights_from
from gitlab_sync.run import Run
from gitlab_sync.sandbox import RateLimit, Sandbox, World
from gitlab_sync.services.leaderboard import (
    INDIVIDUAL_COLUMNS,
    LEADERBOARD_COLUMNS,
    TEAM_MEMBER_COLUMNS,
    LeaderboardQuery,
    LeaderboardReport,
    answer,
    teams_of_groups,
)
from gitlab_sync.services.people_data import PeopleRequest, person_queries
from gitlab_sync.services.people_reader import read_people
from gitlab_sync.services.summary import PersonSummary, summaries
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import TableRow

COMMITS = "/projects/:id/repository/commits"
SUMS = {
    "Team Score": "Score",
    **{
        title: title
        for title in (
            *("Total Commits", "MR Merged", "MR Created", "MR Assigned"),
            *("Issues Closed", "Issues Raised", "Issues Assigned"),
        )
    },
}
"""The columns of a team that are sums, and those of its members that they are sums of."""


def team(name: str, *usernames: str) -> Team:
    """Return a team of these people."""
    return Team(name, f"{name} App", tuple(map(Member, usernames)))


@pytest.fixture
def people(world: World) -> list[str]:
    """Return the usernames of the sandbox's people."""
    return list(world.truth.usernames)


@pytest.fixture
def teams(people: list[str]) -> list[Team]:
    """Put everybody into one of two teams."""
    return [team("Red", *people[:2]), team("Blue", *people[2:])]


def by_name(rows: Sequence[TableRow], column: str = "Team") -> dict[str, TableRow]:
    """Return the rows by the value in a column."""
    return {str(row[column]): row for row in rows}


def summaries_of(client: GitLabClient, people: list[str]) -> list[PersonSummary]:
    """Read these people, without any team."""
    return summaries(read_people(client, PeopleRequest(person_queries(people))))


def assert_sums(report: LeaderboardReport) -> None:
    """Check that each team's sums are those of the known numbers of its members."""
    for row in report:
        members = report.teams[str(row["Team"])].members
        for of_team, of_member in SUMS.items():
            cells = [member[of_member] for member in members]
            known = [cell for cell in cells if isinstance(cell, int | float)]
            assert row[of_team] == (sum(known) if known or not cells else None), of_team


# -- numbers ---------------------------------------------------------------------------------------


def test_the_numbers_are_those_that_the_world_was_made_with(
    client: GitLabClient, world: World, teams: list[Team]
) -> None:
    """What a person wrote, and apart from it what is assigned to them."""
    report = answer(client, LeaderboardQuery(teams))
    mrs, issues = world.truth.merge_request_decisions, world.truth.issue_decisions
    for each in report.teams.values():
        for row in each.members:
            name = str(row["Username"])
            wrote = [one.state for one in mrs if one.author == name]
            raised = [one.state for one in issues if one.author == name]
            assert row["MR Created"] == len(wrote)
            assert row["MR Merged"] == wrote.count("merged")
            assert row["MR Open"] == wrote.count("opened")
            assert row["MR Closed"] == wrote.count("closed")
            assert row["MR Assigned"] == sum(name in one.assignees for one in mrs)
            assert row["Issues Raised"] == len(raised)
            assert row["Issues Closed"] == raised.count("closed")
            assert row["Issues Assigned"] == sum(name in one.assignees for one in issues)


def test_everybody_has_the_numbers_that_they_have_without_a_team(
    client: GitLabClient, people: list[str], teams: list[Team]
) -> None:
    """One person, one number, whatever other people are asked about."""
    report = answer(client, LeaderboardQuery(teams))
    for name, alone in zip(people, summaries_of(client, people), strict=True):
        assert report.people[name].work == alone.work
    assert any(each.work.commits for each in report.people.values())


def test_the_sums_of_the_teams_are_the_sums_of_their_people(
    client: GitLabClient, people: list[str], teams: list[Team]
) -> None:
    """For each number and the score; no one is lost, and no one counts twice."""
    report = answer(client, LeaderboardQuery(teams))
    assert_sums(report)
    for row in report:
        assert tuple(row) == LEADERBOARD_COLUMNS
        assert (row["Status"], row["Error"], row["Unverified"]) == ("Success", None, 0)
    assert [row["Rank"] for row in report] == [1, 2]
    for of_team, of_person in SUMS.items():
        if of_person in INDIVIDUAL_COLUMNS:
            assert sum(int(row[of_team] or 0) for row in report) == sum(
                int(row[of_person] or 0) for row in report.individuals
            )
    assert {row["Username"] for row in report.individuals} == set(people)
    assert str(report.completeness) == "5 of 5 people read"


def test_each_score_opens_to_its_terms(client: GitLabClient, teams: list[Team]) -> None:
    """By the weights that were given."""
    weights = weights_from({"commits": 0.25, "mr_assigned": 3, "mr_created": 0})
    report = answer(client, LeaderboardQuery(teams, weights=weights))
    assert_sums(report)
    scores = by_name(report.scores, "Username")
    for name, person in report.people.items():
        assert [term.weight for term in person.terms] == list(weights.values())
        points = {term.heading: term.points for term in person.terms if term.weight}
        row = scores[name]
        assert {title: row[title] for title in points} == points
        assert row["Score"] == sum(each for each in points.values() if each is not None)
        assert row["Score"] == by_name(report.individuals, "Username")[name]["Score"]


def test_nobody_scores_for_what_another_wrote(
    client: GitLabClient, world: World, people: list[str], teams: list[Team]
) -> None:
    """Whatever is assigned to them: that is counted apart."""
    before = answer(client, LeaderboardQuery(teams))
    one = next(user for user in world.tables.users if user["username"] == people[0])
    for mr in world.tables.merge_requests:
        mr["assignee"], mr["assignees"] = one, [one]
    for issue in world.tables.issues:
        issue["assignee"], issue["assignees"] = one, [one]
    world.changed()
    after = answer(client, LeaderboardQuery(teams))
    assert after.scores == before.scores
    assert after.people[people[0]].work.mr_assigned == len(world.tables.merge_requests)
    assert after.people[people[1]].work.issues_assigned == 0
    assert after.people[people[0]].activity == before.people[people[0]].activity


def test_who_is_in_two_teams_counts_in_both_and_is_read_once(
    client: GitLabClient, sandbox: Sandbox, people: list[str]
) -> None:
    """In the list of individuals they are there once."""
    first, second = people[:2]
    report = answer(
        client, LeaderboardQuery([team("Red", first), team("Blue", second, first.upper())])
    )
    assert sandbox.traffic.count("/users/:id/projects") == 2
    assert_sums(report)
    rows = by_name(report.individuals, "Username")
    assert set(rows) == {first, second}
    assert sorted(str(rows[first]["Team"]).split(", ")) == ["Blue", "Red"]
    assert {row["Username"] for row in report.teams["Blue"].members} == {first, second}
    assert str(report.completeness) == "2 of 2 people read"


def test_teams_that_did_the_same_share_a_rank(client: GitLabClient, people: list[str]) -> None:
    """And the next one is counted on."""
    same = [team(name, people[0]) for name in ("Red", "Blue")]
    report = answer(client, LeaderboardQuery([*same, team("None")]))
    assert [(row["Team"], row["Rank"]) for row in report] == [("Blue", 1), ("Red", 1), ("None", 3)]


def test_projects_and_period_narrow_the_work_down(
    client: GitLabClient, world: World, teams: list[Team]
) -> None:
    """A project by its path; a year in which no one did anything is known to be empty."""
    project = world.tables.projects[0]
    report = answer(client, LeaderboardQuery(teams, [project["path_with_namespace"]]))
    inside = [one for one in world.truth.merge_request_decisions if one.project_id == project["id"]]
    for name, person in report.people.items():
        assert person.work.mr_created == sum(one.author == name for one in inside)
    once = period("1999-01-01", "1999-12-31", UTC)
    for row in answer(client, LeaderboardQuery(teams, period=once, zone=UTC)):
        assert {row[title] for title in SUMS} == {0}
        assert row["Status"] == "Success"


# -- what is not known -----------------------------------------------------------------------------


def test_who_does_not_exist_is_missing_from_the_sums_and_the_team_says_so(
    client: GitLabClient, people: list[str]
) -> None:
    """A team of unknown people has no score and no rank, which is not 0."""
    missing = team("Lost", "no-such-person")
    report = answer(client, LeaderboardQuery([team("Red", *people, "no-such-person"), missing]))
    assert_sums(report)
    red, lost = report
    assert (red["Team"], red["Status"], red["Unverified"]) == ("Red", "Partial", 1)
    assert "no-such-person: 404" in str(red["Error"])
    assert (lost["Rank"], lost["Status"], lost["Unverified"]) == (None, "Not Found", 1)
    assert {lost[title] for title in SUMS} == {None}
    (row,) = report.teams["Lost"].members
    assert tuple(row) == TEAM_MEMBER_COLUMNS
    assert set(list(row.values())[2:-1]) == {None}
    assert report.heatmap("no-such-person") == []
    assert report.teams["Lost"].indexes[0]["Active Days"] is None
    assert str(report.completeness) == "5 of 6 people read, 1 not found"


def test_a_denied_project_makes_its_people_and_their_team_partial(
    client: GitLabClient, sandbox: Sandbox, world: World, teams: list[Team]
) -> None:
    """Who has no part in it is whole."""
    project = world.tables.projects[-1]["id"]
    whole = answer(client, LeaderboardQuery(teams))
    sandbox.faults.add("status", status=403, path=f"/projects/{project}/repository/commits",
                       times=None)  # fmt: skip
    report = answer(client, LeaderboardQuery(teams))
    assert_sums(report)
    partial = {name for name, each in report.people.items() if each.work.status == "Partial"}
    assert set() < partial < set(report.people)
    for name, person in report.people.items():
        before, after = whole.people[name].work.commits, person.work.commits
        assert before is not None
        assert after is not None
        assert after <= before if name in partial else after == before
    for row in report:
        members = {str(each["Username"]) for each in report.teams[str(row["Team"])].members}
        assert row["Unverified"] == len(members & partial)
        assert row["Status"] == ("Partial" if members & partial else "Success")
        assert ("commits: 403" in str(row["Error"])) == bool(members & partial)


def test_what_could_not_be_read_of_somebody_is_unknown_and_so_is_their_score(
    client: GitLabClient, sandbox: Sandbox, world: World, people: list[str], teams: list[Team]
) -> None:
    """The others' points stay as they are."""
    whole = answer(client, LeaderboardQuery(teams))
    number = world.users_by_name[people[0].lower()].data["id"]
    for role in ("author_id", "assignee_id"):
        sandbox.faults.add("status", status=403, path="/issues", query={role: str(number)},
                           times=None)  # fmt: skip
    report = answer(client, LeaderboardQuery(teams))
    assert_sums(report)
    row = by_name(report.teams["Red"].members, "Username")[people[0]]
    assert (row["Issues Closed"], row["Score"], row["Status"]) == (None, None, "Partial")
    assert row["MR Created"] == whole.people[people[0]].work.mr_created
    red = by_name(report)["Red"]
    assert red["Team Score"] == by_name(report.scores, "Username")[people[1]]["Score"]
    assert (red["Unverified"], red["Status"]) == (1, "Partial")
    assert f"{people[0]}: issues: 403" in str(red["Error"])
    assert report.teams["Blue"].members == whole.teams["Blue"].members
    assert by_name(report.individuals, "Username")[people[0]]["Rank"] is None


def test_the_same_error_of_many_is_said_once(
    client: GitLabClient, sandbox: Sandbox, teams: list[Team]
) -> None:
    """With the number of those who met it."""
    sandbox.faults.add("status", status=403, path=COMMITS, times=None)
    (row,) = answer(client, LeaderboardQuery([team("All", *usernames_of(teams))]))
    assert str(row["Error"]).count("403") == 1
    assert "members: commits: 403" in str(row["Error"])


def test_a_team_of_nobody_and_no_team_at_all_are_answered(client: GitLabClient) -> None:
    """Nothing was done, and that is known."""
    (row,) = answer(client, LeaderboardQuery([team("Empty")]))
    assert (row["Team Score"], row["Status"], row["Unverified"]) == (0, "Success", 0)
    report = answer(client, LeaderboardQuery([]))
    assert list(report) == report.individuals == report.scores == []
    assert report.completeness.whole


def test_projects_that_are_not_there_are_said(client: GitLabClient, teams: list[Team]) -> None:
    """The others count; with none left there is nothing to answer."""
    report = answer(client, LeaderboardQuery(teams, ["no/such", 101]))
    assert report.unknown_projects == ["no/such"]
    with pytest.raises(NotFound, match="no/such"):
        answer(client, LeaderboardQuery(teams, ["no/such"]))


@pytest.mark.slow
def test_a_rate_limit_delays_the_answer_and_changes_nothing(
    client: GitLabClient, sandbox: Sandbox, teams: list[Team]
) -> None:
    """With refusals in the middle of everything."""
    whole = answer(client, LeaderboardQuery(teams))
    planted = sandbox.faults.add("limit", probability=0.3, times=20, seed=7, retry_after=0)
    sandbox.limiter.set(RateLimit(30, 0.5))
    report = answer(client, LeaderboardQuery(teams))
    assert planted.hits
    assert list(report) == list(whole)
    assert report.individuals == whole.individuals


def test_a_cancelled_run_says_what_it_did_not_read(client: GitLabClient, teams: list[Team]) -> None:
    """And has a row for everybody."""
    token = CancelToken()
    token.cancel("enough")
    report = answer(client, LeaderboardQuery(teams), Run(cancel=token))
    assert {row["Status"] for row in report} == {"Error"}
    assert {row["Team Score"] for row in report} == {None}
    assert all("enough" in str(row["Error"]) for row in report.individuals)


def test_progress_can_be_watched(client: GitLabClient, teams: list[Team]) -> None:
    """The meter counts what is read last."""
    tracker = ProgressTracker()
    answer(client, LeaderboardQuery(teams), Run(tracker=tracker))
    now = tracker.now()
    assert now.what == "projects' commits"
    assert now.done == now.total > 0  # type: ignore[operator]


# -- days ------------------------------------------------------------------------------------------


@pytest.fixture
def everyone(client: GitLabClient, people: list[str]) -> list[PersonSummary]:
    """Read all people."""
    return summaries_of(client, people)


def test_the_days_of_a_chart_hold_everything_that_was_done_on_them(
    everyone: list[PersonSummary], world: World, teams: list[Team]
) -> None:
    """53 weeks up to the last day, and none before the period."""
    assert world.today is not None
    question = LeaderboardQuery(teams, zone=UTC)
    report = LeaderboardReport(question, everyone, world.today)
    assert any(person.activity for person in report.people.values())
    for name, person in report.people.items():
        rows = report.heatmap(name)
        assert person.activity is not None
        shown = {str(row["Day"]): row["Number"] for row in rows}
        assert len(shown) == (world.today - report.first).days + 1
        assert {day: number for day, number in shown.items() if number} == {
            day.isoformat(): number
            for day, number in person.activity.items()
            if report.first <= day <= world.today
        }
    since = period("2026-06-01", "2026-06-10", UTC)
    narrow = LeaderboardReport(
        LeaderboardQuery(teams, period=since, zone=UTC), everyone, world.today
    )
    assert (narrow.first, narrow.last) == (date(2026, 6, 1), date(2026, 6, 10))
    days = [row["Day"] for row in narrow.heatmap(str(teams[0].members[0].username))]
    assert "2026-06-01" in days
    assert max(map(str, days)) == "2026-06-10"


def test_the_index_counts_the_days_of_the_period_up_to_today(
    everyone: list[PersonSummary], teams: list[Team]
) -> None:
    """A day to come is none on which nothing was done."""
    whole = period("2026-06-01", "2026-12-31", UTC)
    report = LeaderboardReport(
        LeaderboardQuery(teams, period=whole, zone=UTC), everyone, date(2026, 6, 15)
    )
    assert (report.first, report.last) == (date(2026, 6, 1), date(2026, 6, 15))
    for each in report.teams.values():
        names = [row["Username"] for row in each.members]
        assert [row["Username"] for row in each.indexes] == names
        assert {row["Total Days"] for row in each.indexes} == {15}
        for row in each.indexes:
            index = report.people[str(row["Username"])].index
            assert index is not None
            assert row["Active Days"] == index.active_days


# -- order, names ----------------------------------------------------------------------------------


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcdef"), unique=True), min_size=1, max_size=4),
    st.lists(st.none() | st.integers(0, 3), min_size=6, max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_teams_and_people_are_given_changes_nothing(
    members: list[list[str]], commits: list[int | None], random: Any
) -> None:
    """No row of any table."""

    def report(teams: list[Team], found: list[PersonSummary]) -> LeaderboardReport:
        return LeaderboardReport(LeaderboardQuery(teams, zone=UTC), found, date(2026, 6, 15))

    def summary(name: str, number: int | None) -> PersonSummary:
        nothing = UserItems(name, ())
        if number is None:
            return PersonSummary(name, "Partial", "commits: 403", {"username": name},
                                 merge_requests=nothing, issues=nothing)  # fmt: skip
        return PersonSummary(name, user={"username": name}, merge_requests=nothing, issues=nothing,
                             commits=PersonCommits([], {}, {"total": number}, ()))  # fmt: skip

    teams = [team(name, *names) for name, names in zip("WXYZ", members, strict=False)]
    found = [summary(name, number) for name, number in zip("abcdef", commits, strict=True)]
    mixed = [team(each.name, *(random.sample([m.username for m in each.members],
                                             len(each.members)))) for each in teams]  # fmt: skip
    one, other = report(teams, found), report(random.sample(mixed, len(mixed)), found[::-1])
    assert list(one) == list(other)
    assert one.individuals == other.individuals
    assert one.scores == other.scores
    assert [each.members for each in one.teams.values()] == [
        each.members for each in other.teams.values()
    ]
    assert_sums(one)


def test_tables_have_titles_of_their_own(client: GitLabClient, people: list[str]) -> None:
    """Whatever the teams are called."""
    names = ["Scores", "Scores (2)", "leaderboard", "Individuals", "Red"]
    report = answer(client, LeaderboardQuery([team(name, people[0]) for name in names]))
    titles = [sheet.title for sheet in report.sheets(client.base_url, individuals=True)]
    assert titles[0] == "Leaderboard"
    assert titles[-2:] == ["Individuals", "Scores"]
    assert set(titles[1:-2]) == {
        "Scores (3)", "Scores (2)", "leaderboard (2)", "Individuals (2)", "Red",
    }  # fmt: skip


def test_people_who_exist_are_linked(client: GitLabClient, people: list[str]) -> None:
    """In each table with a username."""
    report = answer(client, LeaderboardQuery([team("Red", people[0], "no-such-person")]))
    for sheet in report.sheets(client.base_url, individuals=True)[1:]:
        links = {str(row["Username"]): sheet.link("Username", row) for row in sheet.rows}
        assert links == {people[0]: f"{client.base_url}/{people[0]}", "no-such-person": None}


def test_a_file_says_what_counted_and_for_how_many_points() -> None:
    """Years later no one remembers."""
    question = LeaderboardQuery([team("Red")], ["a/b"], period("2026-01-01", None, UTC),
                        weights={**DEFAULT_WEIGHTS, "mr_merged": 0})  # fmt: skip
    assert question.in_words() == (
        "1 team, projects a/b, since 2026-01-01T00:00:00+00:00; "
        "score: Total Commits x 1 + MR Created x 2 + Issues Closed x 3"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        [team("Red"), team("RED")],
        [team("Red", "ann", "Ann")],
        [team("Red", "ann b")],
        [team("", "ann")],
    ],
)
def test_teams_that_no_file_may_hold_are_refused(wrong: list[Team]) -> None:
    """However they were made: otherwise a person would count twice in a team."""
    with pytest.raises(ConfigurationError, match=r"teams\[\d\]"):
        LeaderboardQuery(wrong)


# -- groups ----------------------------------------------------------------------------------------


def test_a_group_is_a_team_of_its_people(client: GitLabClient, world: World) -> None:
    """Inherited ones included, but no bots; one named twice is there once."""
    bot = world.new_id()
    world.tables.users.append(
        {"id": bot, "username": "group_501_bot_ab12", "name": "Bot", "state": "active"}
    )
    world.tables.memberships.append(
        {"source_type": "group", "source_id": 501, "user_id": bot, "access_level": 30,
         "created_at": "2024-10-23T12:00:00.000Z"}
    )  # fmt: skip
    world.changed()
    found = teams_of_groups(client, ["acme", 502, "501"])
    assert [(each.name, each.project) for each in found] == [("Acme", ""), ("Platform", "")]
    members = {
        user["username"]
        for user in world.tables.users
        for membership in world.tables.memberships
        if membership["source_id"] == 501 and membership["user_id"] == user["id"] != bot
    }
    assert [{member.username for member in each.members} for each in found] == [members, members]
    assert parse_teams(teams_to_json(found)) == found


def test_groups_of_the_same_name_are_called_by_their_paths(
    client: GitLabClient, world: World
) -> None:
    """Otherwise no one could tell them apart, and no file could hold them."""
    tools = next(group for group in world.tables.groups if group["full_path"].endswith("tools"))
    world.put("groups", {**tools, "id": 999, "name": "TOOLS", "path": "other-tools",
                         "full_path": "acme/other-tools", "parent_id": 501})  # fmt: skip
    found = teams_of_groups(client, [tools["id"], "acme", "acme/other-tools"])
    assert [each.name for each in found] == [tools["full_path"], "Acme", "acme/other-tools"]


def test_a_group_that_is_not_there_is_said(client: GitLabClient) -> None:
    """There is no team of it, not even an empty one."""
    with pytest.raises(NotFound):
        teams_of_groups(client, ["acme", "no/such"])
