"""Records that no GitLab should send: one of them makes one item unknown, and nothing else.

`test_changed_answers.py` tries thousands of such changes; these have a name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from batch_rows import assert_true
from changed_answers import EACH, MISSING, Change, ChangedAnswers
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api import merge_requests, timelogs
from gitlab_sync.errors import BadResponse, GitLabSyncError
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.run import Run
from gitlab_sync.sandbox import World
from gitlab_sync.services import commits, leaderboard, people, profile
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Source, TableRow

NAMES = ["alice.moreau", "bruno.rossi", "chiara.ivanova"]
ALICE, BRUNO, CHIARA = NAMES
STRANGE = [MISSING, None, 7, "x", ["x"], {}, True]
DIGITS = "9" * 5000


@pytest.fixture
def world() -> World:
    """Make a world of three people."""
    return fresh_world(5, users=3, merge_requests=3, issues=2, projects=2, large_every=0)


@pytest.fixture
def answers(world: World) -> ChangedAnswers:
    """Serve it without sockets; `answers.change` is what happens to the answers."""
    return ChangedAnswers(world)


@pytest.fixture
def client(answers: ChangedAnswers, bridge: Bridge) -> GitLabClient:
    """Make a client that gets these answers."""
    bridge.transport = answers  # type: ignore[assignment]
    return GitLabClient("http://gitlab.example", "sandbox-admin-token", bridge=bridge)


@pytest.fixture
def for_one(answers: ChangedAnswers, client: GitLabClient) -> Callable[..., None]:
    """Change the answers to the requests with a text in them: `for_one("alice", "/issues", …)`."""

    def change(who: str, endpoint: str, *path: str, value: Any, row: int | None = None) -> None:
        client.batch_evaluate_mrs(NAMES)
        client.batch_evaluate_issues(NAMES)
        people.answer(client, PeopleQuery([Person(name) for name in NAMES]))
        sent = [each for each in answers.sent_to(endpoint) if who in f"{each[1]}{each[2]!r}"]
        answers.change = Change(endpoint, path, value, row, only=sent[0])

    return change


def rows_of(report: Any) -> dict[str, TableRow]:
    """Return the rows of a report by username."""
    return {str(row["Username"]): row for row in report}


def table(client: GitLabClient, source: Source = "rest") -> dict[str, TableRow]:
    """Return the rows of the table of people."""
    query = PeopleQuery([Person(name) for name in NAMES], zone=UTC)
    return rows_of(people.answer(client, query, Run(source=source)))


# -- items -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STRANGE)
def test_merge_requests_without_a_readable_state_are_in_no_count_and_unverified(
    client: GitLabClient, answers: ChangedAnswers, state: object
) -> None:
    """They could be open or have ended, with or without a fault."""
    answers.change = Change("/merge_requests", (EACH, "state"), state)
    for row in client.batch_evaluate_mrs(NAMES):
        assert row["Status"] == "Partial"
        assert (row["Closed MRs"], row["No Desc"]) == (0, None)
        assert row["Unverified"] == 3 * len(mr_rules.CHECKS)
        assert "3 merge requests not readable: state" in str(row["Error"])


@pytest.mark.parametrize("state", STRANGE)
def test_issues_without_a_readable_state_are_in_no_count_and_unverified(
    client: GitLabClient, answers: ChangedAnswers, state: object
) -> None:
    """As merge requests."""
    answers.change = Change("/issues", (EACH, "state"), state)
    for row in client.batch_evaluate_issues(NAMES):
        assert row["Status"] == "Partial"
        assert [row[title] for title in ("Opened Issues", "Closed Issues")] == [0, 0]
        assert row["Unverified"] == 2 * len(issue_rules.CHECKS)


@pytest.mark.parametrize(
    ("key", "column"),
    [
        ("description", "No Desc"),
        ("title", "No Semantic Title"),
        ("labels", "No Labels"),
        ("milestone", "No Milestone"),
    ],
)
def test_a_record_without_a_field_has_no_fault_but_an_unknown_check(
    client: GitLabClient, answers: ChangedAnswers, key: str, column: str
) -> None:
    """What is missing was not read; null would be empty."""
    true = rows_of(client.batch_evaluate_issues(NAMES))
    answers.change = Change("/issues", (EACH, key), MISSING)
    for name, row in rows_of(client.batch_evaluate_issues(NAMES)).items():
        closed = true[name]["Closed Issues"]
        assert row == {
            **true[name],
            column: None if closed else 0,
            "Unverified": closed,
            "Status": "Partial" if closed else "Success",
            "Error": "some records lack what a check needs" if closed else None,
        }


@pytest.mark.parametrize("value", ["x", -1, ["x"], {}, True, 1e300, None, MISSING])
def test_ids_of_another_kind_make_no_two_items_one(
    client: GitLabClient, answers: ChangedAnswers, value: object
) -> None:
    """All are counted, and the row says that two of them could be the same."""
    true = rows_of(client.batch_evaluate_issues(NAMES))
    answers.change = Change("/issues", (EACH, "id"), value)
    for name, row in rows_of(client.batch_evaluate_issues(NAMES)).items():
        assert row["Error"]
        assert {**row, "Status": "Success", "Error": None} == true[name]
    assert rows_of(client.batch_evaluate_mrs(NAMES))[ALICE]["Status"] == "Success"


@pytest.mark.parametrize("source", ["rest", "graphql"])
@pytest.mark.parametrize("value", [-1, 1e300, "1", True])
def test_time_and_upvotes_below_0_or_of_another_kind_clear_no_fault(
    client: GitLabClient, answers: ChangedAnswers, world: World, source: Source, value: object
) -> None:
    """Time is asked for again, and votes leave the review to the notes."""
    truth = world.truth.merge_requests()
    for path in ((EACH, "time_stats", "total_time_spent"), (EACH, "upvotes")):
        answers.change = Change("/merge_requests", path, value)
        for row in client.batch_evaluate_mrs(NAMES, run=Run(source=source)):
            true = truth[str(row["Username"])]
            for column in ("No Time Spent", "No Internal Review"):
                faults = row[column]
                unknown = row["Status"] == "Partial"
                assert faults == true[column] or (unknown and faults in {None, 0})


@pytest.mark.parametrize("value", [7, "x", {"username": 5}, [5], [["x"]]])
def test_assignees_that_are_no_list_of_people_change_nothing(
    client: GitLabClient, answers: ChangedAnswers, world: World, value: object
) -> None:
    """They are only looked at for how a name is spelled."""
    answers.change = Change("/merge_requests", (EACH, "assignees"), value)
    assert_true(list(client.batch_evaluate_mrs(NAMES)), world.truth.merge_requests())


@pytest.mark.parametrize("key", ["id", "iid", "project_id", "author", "created_at"])
def test_a_field_that_is_a_list_makes_one_persons_row_unknown_at_most(
    client: GitLabClient, for_one: Callable[..., None], world: World, key: str
) -> None:
    """An id, a number in a project, a project."""
    for_one(f"author_username={BRUNO}", "/merge_requests", EACH, key, value=["x"], row=0)
    rows = rows_of(client.batch_evaluate_mrs(NAMES))
    assert_true([rows.pop(ALICE), rows.pop(CHIARA)], {
        name: counts for name, counts in world.truth.merge_requests().items() if name != BRUNO
    })  # fmt: skip
    (row,) = rows.values()
    assert row["Status"] in {"Success", "Partial"}
    assert (row["Status"] == "Partial") == bool(row["Error"])


def test_a_row_of_a_list_that_is_a_text_is_one_unknown_item(
    client: GitLabClient, for_one: Callable[..., None]
) -> None:
    """The other rows of the page count."""
    true = rows_of(client.batch_evaluate_issues(NAMES))
    for_one(f"author_username={ALICE}", "/issues", EACH, value="text", row=1)
    rows = rows_of(client.batch_evaluate_issues(NAMES))
    row = rows.pop(ALICE)
    assert (row["Total Assigned"], row["Status"]) == (1, "Partial")
    assert row["Error"] == "1 row not readable: it is not an object"
    assert all(each == true[name] for name, each in rows.items())


def test_a_record_that_lacks_what_counts_need_is_a_row_that_says_so(
    client: GitLabClient, answers: ChangedAnswers
) -> None:
    """The helper of the older client gives rows, which are not complete."""
    found, _ = merge_requests.get_user_mrs(client, 1)
    assert found.complete
    for key in ("state", "created_at", "id"):
        answers.change = Change("/merge_requests", (EACH, key), MISSING)
        rows, _ = merge_requests.get_user_mrs(client, 1)
        assert len(rows) == len(found)
        assert not rows.complete
    answers.change = Change("/merge_requests", (EACH, "project_id"), MISSING)
    with pytest.raises(BadResponse, match="project_id is missing"):
        merge_requests.get_user_mrs(client, 1, project_ids=[101])


def test_a_description_that_was_not_read_has_no_score(
    client: GitLabClient, answers: ChangedAnswers
) -> None:
    """Null is an empty one, with 0 points."""
    answers.change = Change("/merge_requests", (EACH, "description"), MISSING)
    rows, _ = merge_requests.get_user_mrs(client, 1)
    shown = ("desc_score", "quality", "feedback")
    assert {row[key] for row in rows for key in shown} == {None}
    answers.change = Change("/merge_requests", (EACH, "description"), None)
    assert {row["desc_score"] for row in merge_requests.get_user_mrs(client, 1)[0]} == {0}


# -- GraphQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["graphql", "auto"])
@pytest.mark.parametrize("value", [f"gid://gitlab/MergeRequest/{DIGITS}", DIGITS, 7, ["x"], {}])
@pytest.mark.parametrize("key", ["id", "iid", "state", "projectId", "author"])
def test_a_list_of_graphql_with_a_malformed_record_is_left_to_rest(
    client: GitLabClient,
    answers: ChangedAnswers,
    world: World,
    source: Source,
    key: str,
    value: object,
) -> None:
    """Ids with thousands of digits, and values of any other kind."""
    nodes = ("data", "p0", "authoredMergeRequests", "nodes", EACH)
    answers.change = Change("mergeRequestsOfPeople", (*nodes, key), value)
    rows = list(client.batch_evaluate_mrs(NAMES, run=Run(source=source)))
    assert_true(rows, world.truth.merge_requests())


@pytest.mark.parametrize("value", ["x", 7, [], None, {"hasNextPage": "no"}, {"hasNextPage": True}])
def test_a_page_of_time_logs_that_does_not_say_what_follows_is_our_error(
    client: GitLabClient, answers: ChangedAnswers, value: object
) -> None:
    """A text, a number, nothing: further logs could follow. The rows so far are there."""
    answers.change = Change("timeLogs", ("data", "user", "timelogs", "pageInfo"), value)
    with pytest.raises(BadResponse) as caught:
        timelogs.fetch_user_timelogs(client, BRUNO, None, None)
    assert caught.value.partial
    assert table(client)[BRUNO]["Status"] == "Partial"


@pytest.mark.parametrize("value", [None, "x", {}])
def test_a_time_log_that_is_no_record_is_not_left_out_in_silence(
    client: GitLabClient, answers: ChangedAnswers, value: object
) -> None:
    """The others are in the error."""
    whole = timelogs.fetch_user_timelogs(client, BRUNO, None, None)
    path = ("data", "user", "timelogs", "nodes", EACH)
    answers.change = Change("timeLogs", path, value, row=0)
    with pytest.raises(BadResponse, match="1 time log not readable") as caught:
        timelogs.fetch_user_timelogs(client, BRUNO, None, None)
    assert caught.value.partial == whole[1:]


def test_the_sandbox_says_whether_the_caller_is_active(client: GitLabClient) -> None:
    """As GitLab does of each user."""
    query = '{ currentUser { active } user(username: "bruno.rossi") { active } }'
    assert client.graphql(query) == {"currentUser": {"active": True}, "user": {"active": True}}


# -- people and projects ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [["x"], {}, "x", DIGITS, MISSING, True])
def test_an_event_with_a_malformed_project_is_one_project_unknown(
    client: GitLabClient, for_one: Callable[..., None], value: object
) -> None:
    """It ended the run for everyone."""
    true = table(client)
    for_one("/users/2/events", "/users/:id/events", EACH, "project_id", value=value, row=0)
    rows = table(client)
    row = rows.pop(BRUNO)
    assert row["Status"] == "Partial"
    assert "1 push not readable: project_id" in str(row["Error"])
    assert row["MR Total (Authored)"] == true[BRUNO]["MR Total (Authored)"]
    assert all(each == true[name] for name, each in rows.items())


@pytest.mark.parametrize(
    ("key", "value"),
    [("id", DIGITS), ("id", ["x"]), ("id", None), ("username", 7), ("public_email", ["x"])],
)
def test_a_malformed_user_is_one_row_with_an_error(
    client: GitLabClient, for_one: Callable[..., None], key: str, value: object
) -> None:
    """Not a person who does not exist, and no fault of ours."""
    true = table(client)
    for_one("/users/1", "/users/:id", key, value=value)
    rows = table(client)
    row = rows.pop(ALICE)
    assert row["Status"] == "Error"
    assert str(row["Error"]).startswith(f"1 user not readable: {key} is not a")
    assert all(each == true[name] for name, each in rows.items())


def test_a_user_without_a_name_has_no_certain_number_of_commits(
    client: GitLabClient, for_one: Callable[..., None]
) -> None:
    """A name can decide who wrote a commit."""
    for_one("/users/1", "/users/:id", "name", value=None)
    row = table(client)[ALICE]
    assert row["Status"] == "Partial"
    assert row["Error"] == "commits: 1 user not readable: name is not a text"


def test_a_malformed_project_is_set_apart_and_the_others_count(
    client: GitLabClient, for_one: Callable[..., None]
) -> None:
    """In the numbers of projects and of commits."""
    true = table(client)
    for_one("/users/1/projects", "/users/:id/projects", EACH, "namespace", value=5, row=0)
    rows = table(client)
    row = rows.pop(ALICE)
    assert row["Status"] == "Partial"
    for kind in ("Projects (Auth)", "Commits Total"):
        assert int(str(row[kind])) <= int(str(true[ALICE][kind]))
    assert "projects: 1 project not readable: namespace" in str(row["Error"])
    assert "commits: 1 project not readable: namespace" in str(row["Error"])
    assert all(each == true[name] for name, each in rows.items())


@pytest.mark.parametrize("path", ["..", "a/../b", "acme?x", "", 7])
def test_a_group_with_a_path_that_leads_elsewhere_is_not_asked_for(
    client: GitLabClient, answers: ChangedAnswers, path: object
) -> None:
    """It would be a request to another place."""
    answers.change = Change("/groups/:id", ("full_path",), path)
    for row in table(client).values():
        assert row["Groups Count"] is None
        assert "groups: 1 group not readable: full_path is not a path" in str(row["Error"])


@pytest.mark.parametrize("key", ["parent_ids", "id", "author_email"])
def test_a_malformed_commit_makes_the_people_of_its_project_partial(
    client: GitLabClient, answers: ChangedAnswers, key: str
) -> None:
    """It could be anyone's; the shares of the day are unknown."""
    true = rows_of(commits.answer(client, commits.CommitsQuery([Person(n) for n in NAMES])))
    place = ("/projects/:id/repository/commits", (EACH, key), 5, 0)
    answers.change = Change(*place)
    for name, row in rows_of(
        commits.answer(client, commits.CommitsQuery([Person(n) for n in NAMES]))
    ).items():
        assert row["Status"] == "Partial"
        assert f"commit not readable: {key}" in str(row["Error"])
        assert row["Morning %"] is row["Afternoon %"] is None
        assert int(str(row["Commits Total"])) <= int(str(true[name]["Commits Total"]))


# -- numbers that are made of others ---------------------------------------------------------------


def test_the_time_spent_is_shown_wherever_the_check_knows_it(
    client: GitLabClient, answers: ChangedAnswers
) -> None:
    """A list without `time_stats` leaves the check to a request of its own."""
    query = profile.ProfileQuery(BRUNO, zone=UTC)
    true = profile.answer(client, query, Run(source="rest"))
    answers.change = Change("/merge_requests", (EACH, "time_stats"), MISSING)
    found = profile.answer(client, query, Run(source="rest"))
    rows = found.parts["MergeRequests"].rows
    assert len(rows) == len(true.parts["MergeRequests"].rows)
    for row, true_row in zip(rows, true.parts["MergeRequests"].rows, strict=True):
        assert row["No Time Spent"] == true_row["No Time Spent"]
        if row["No Time Spent"] in {"pass", "fail"}:
            assert row["Time Spent"] == true_row["Time Spent"]
    assert any(row["No Time Spent"] in {"pass", "fail"} for row in rows)


def test_shares_of_people_who_were_read_in_part_are_unknown(
    client: GitLabClient, answers: ChangedAnswers
) -> None:
    """Without a part of the commits, collaboration would seem higher, and so would others' work."""
    teams = [Team("All", "", tuple(map(Member, NAMES)))]
    query = leaderboard.LeaderboardQuery(teams, zone=UTC)
    whole = leaderboard.answer(client, query).teams["All"]
    assert all(None not in row.values() for row in (*whole.indexes, *whole.shares))
    (sent,) = [
        each for each in answers.sent_to("/projects/:id/repository/commits") if "/101/" in each[1]
    ]
    answers.change = Change("/projects/:id/repository/commits", only=sent, value={"a": "403"})
    found = leaderboard.answer(client, query)
    team = found.teams["All"]
    partial = {row["Username"] for row in team.members if row["Status"] == "Partial"}
    assert partial
    for index in team.indexes:
        shown = [index[title] for title in ("Active Days", "Consistency", "Collaboration")]
        assert (None in shown) == (index["Username"] in partial)
    for share in team.shares:
        assert (share["Share"] is None) == (share["Measure"] == "Total Commits")


@pytest.mark.parametrize("value", [None, 7, "x", [7], [[]], {"message": "404"}])
def test_an_answer_that_is_no_list_is_our_error_for_the_helpers_of_the_older_client(
    client: GitLabClient, answers: ChangedAnswers, value: object
) -> None:
    """Nothing else comes out."""
    answers.change = Change("/merge_requests", value=value)
    with pytest.raises(BadResponse):
        merge_requests.get_user_mrs(client, 1)
    answers.change = Change("timeLogs", value=value)
    with pytest.raises(GitLabSyncError):
        timelogs.fetch_user_timelogs(client, BRUNO, None, None)
