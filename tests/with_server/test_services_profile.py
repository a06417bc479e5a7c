"""A profile, compared with what is counted a second time in the sandbox's own records."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time
from typing import Any

import pytest
from worlds import fresh_demo

from gitlab_sync import GitLabClient
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import ConfigurationError, NotFound
from gitlab_sync.rules.dates import period
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.rules.scores.unified import ISSUE_CHECKS, MERGE_REQUEST_CHECKS
from gitlab_sync.rules.text import instant
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sandbox.traffic import Traffic
from gitlab_sync.services.profile import ProfileQuery, ProfileReport, answer
from gitlab_sync.services.profile_parts import PARTS
from gitlab_sync.types import DEFAULT_SOURCE, Source

CAREFUL, CARELESS = "amelie.laurent", "ivo.brandt"
SEVERITIES = ("high", "medium", "low")
KINDS = {"merge request": "merge_requests", "issue": "issues"}


@pytest.fixture
def world() -> World:
    """Make the world of the demo, with people who differ as people do."""
    return fresh_demo()


@pytest.fixture
def profile(client: GitLabClient) -> Callable[..., ProfileReport]:
    """Ask for profiles as the administrator: `profile("ivo.brandt", source="rest", quick=True)`."""

    def ask(username: str, source: Source = DEFAULT_SOURCE, **further: Any) -> ProfileReport:
        return answer(client, ProfileQuery(username, zone=UTC, **further), Run(source=source))

    return ask


# -- the second computation ------------------------------------------------------------------------


def written(world: World, kind: str, name: str) -> list[dict[str, Any]]:
    """Return the records of what a person wrote."""
    return [one for one in getattr(world.tables, kind) if one["author"]["username"] == name]


def listed(world: World, kind: str, name: str) -> set[str]:
    """Return the addresses of what a person wrote or has assigned."""
    return {
        one["web_url"]
        for one in getattr(world.tables, kind)
        if name in {one["author"]["username"], *(who["username"] for who in one["assignees"])}
    }


def clocks(world: World, user: dict[str, Any]) -> dict[str, time]:
    """Return what the author's clock showed when each commit of a person was written."""
    return {
        commit["id"]: datetime.fromisoformat(commit["authored_date"]).time()
        for project in world.tables.commits.values()
        for commit in project
        if commit["author_name"] == user["name"] and len(commit["parent_ids"]) < 2
    }


def booked(world: World, user: dict[str, Any]) -> int:
    """Return the seconds of all days: of logs, or of items on a day that has none."""
    of_logs: defaultdict[str, int] = defaultdict(int)
    for log in world.tables.timelogs.get(user["id"], []):
        of_logs[utc_day(log["spentAt"])] += log["timeSpent"]
    of_items: defaultdict[str, int] = defaultdict(int)
    for one in written(world, "issues", user["username"]):
        of_items[utc_day(one["created_at"])] += one["time_stats"]["total_time_spent"]
    for one in written(world, "merge_requests", user["username"]):
        day = utc_day(one["merged_at"] or one["updated_at"])
        of_items[day] += one["time_stats"]["total_time_spent"]
    return sum((of_items | of_logs).values())


def utc_day(text: str) -> str:
    """Return the day of a moment in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).date().isoformat()


def truly_at_fault(world: World, name: str) -> set[tuple[str, str, str]]:
    """Return kind, address and check of each fault that the world was made with."""
    found = set()
    for kind, decisions in (
        ("merge request", world.truth.merge_request_decisions),
        ("issue", world.truth.issue_decisions),
    ):
        addresses = {
            (one["project_id"], one["iid"]): one["web_url"]
            for one in getattr(world.tables, KINDS[kind])
        }
        for one in decisions:
            if one.author == name and one.state != "opened":
                address = addresses[one.project_id, one.iid]
                found |= {(kind, address, check) for check in one.fails}
    return found


@pytest.mark.parametrize("name", [CAREFUL, "DariaKovacs", CARELESS, "kira.osei"])
def test_the_numbers_are_those_of_the_records(
    name: str, world: World, profile: Callable[..., ProfileReport]
) -> None:
    """Commits by the author's clock, items by state, time by day."""
    report = profile(name)
    user = next(user for user in world.tables.users if user["username"] == name)
    times = list(clocks(world, user).values())
    mrs = Counter(one["state"] for one in written(world, "merge_requests", name))
    issues = Counter(one["state"] for one in written(world, "issues", name))
    pushed = {event["project_id"] for event in world.tables.events.get(user["id"], ())}
    own = {one["id"] for one in world.tables.projects if one["namespace"]["path"] == name}
    groups = [
        each for each in world.tables.memberships
        if each["user_id"] == user["id"] and each["source_type"] == "group"
    ]  # fmt: skip
    assert report.numbers == {
        "Commits Total": len(times),
        "Commits Morning": sum(time(9) <= each < time(12, 30) for each in times),
        "Commits Afternoon": sum(time(12, 30) <= each < time(17) for each in times),
        "MR Total (Authored)": mrs.total(),
        "MR Merged": mrs["merged"],
        "MR Open": mrs["opened"],
        "MR Closed": mrs["closed"],
        "Issue Total (Auth)": issues.total(),
        "Issue Open": issues["opened"],
        "Issue Closed": issues["closed"],
        "Groups Count": len(groups),
        "Projects (Auth)": len(own),
        "Projects (Contr)": len(pushed - own),
        "Time Spent": booked(world, user),
    }
    (row,) = report
    assert (row["Username"], row["Name"], row["Id"]) == (name, user["name"], user["id"])
    assert (row["Status"], row["Error"], row["Unverified"]) == ("Success", None, 0)
    assert row["Link"] == user["web_url"]
    assert not report.errors
    assert not report.at_least
    assert report.completeness.whole


@pytest.mark.parametrize("name", [CAREFUL, "DariaKovacs", CARELESS, "kira.osei"])
def test_the_tables_hold_what_the_records_do(
    name: str, world: World, profile: Callable[..., ProfileReport]
) -> None:
    """Each item once, with the address that opens it."""
    report = profile(name)
    links = {title: [row["Link"] for row in part.rows] for title, part in report.parts.items()}
    assert list(links) == list(tables.TABLES)
    for title, kind in ((tables.MERGE_REQUESTS, "merge_requests"), (tables.ISSUES, "issues")):
        assert sorted(links[title]) == sorted(listed(world, kind, name))
    user = next(user for user in world.tables.users if user["username"] == name)
    assert {link.rpartition("/")[2] for link in links[tables.COMMITS]} == set(clocks(world, user))
    projects = [row for title in (tables.PERSONAL, tables.CONTRIBUTED)
                for row in report.parts[title].rows]  # fmt: skip
    assert sum(row["Commits"] for row in projects) == report.numbers["Commits Total"]
    known = {one["path_with_namespace"]: one["web_url"] for one in world.tables.projects}
    assert all(row["Link"] == known[row["Project"]] for row in projects)
    assert {row["Group"]: row["Link"] for row in report.parts[tables.GROUPS].rows} == {
        "harbour": f"{world.external_url}/groups/harbour"
    }


# -- what to fix -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [CAREFUL, "hana.yilmaz", CARELESS])
def test_the_faults_are_those_that_the_world_was_made_with(
    name: str, world: World, profile: Callable[..., ProfileReport]
) -> None:
    """Each with the link to its item; and the table of people counts the same."""
    report = profile(name)
    faults = [(one.kind, str(one.link), one.check.title) for one in report.fixes.faults]
    assert set(faults) == truly_at_fault(world, name)
    assert len(faults) == len(set(faults))
    numbers = Counter((kind, check) for kind, _, check in faults)
    (row,) = report.people
    for kind, columns in (("merge request", MERGE_REQUEST_CHECKS), ("issue", ISSUE_CHECKS)):
        assert {title: row[column] for column, title in columns.items()} == {
            title: numbers[kind, title] for title in columns.values()
        }


def test_the_worst_and_the_newest_come_first(profile: Callable[..., ProfileReport]) -> None:
    """In the list of all, and within each check."""
    fixes = profile(CARELESS).fixes
    shown = [(one.check.severity, instant(one.item["created_at"])) for one in fixes.faults]
    assert len(shown) > 50
    for severity in SEVERITIES:
        dates = [date for each, date in shown if each == severity]
        assert dates == sorted(dates, reverse=True)
    assert [severity for severity, _ in shown] == sorted(
        (severity for severity, _ in shown), key=SEVERITIES.index
    )
    orders = [(SEVERITIES.index(one.check.severity), -len(one.faults)) for one in fixes.groups]
    assert orders == sorted(orders)


def test_the_cells_of_checks_agree_with_the_faults(
    world: World, profile: Callable[..., ProfileReport]
) -> None:
    """What is open, or another wrote, is not evaluated, for better or worse."""
    report = profile(CARELESS)
    faults = {(one.link, one.check.title) for one in report.fixes.faults}
    for title, checks in report.query.checks.items():
        kind = {tables.MERGE_REQUESTS: "merge_requests", tables.ISSUES: "issues"}[title]
        judged = {
            one["web_url"] for one in written(world, kind, CARELESS) if one["state"] != "opened"
        }
        for row in report.parts[title].rows:
            for check in checks:
                fault = (row["Link"], check.title) in faults
                expected = ("fail" if fault else "pass") if row["Link"] in judged else "n/a"
                assert row[check.title] == expected


def test_quick_leaves_open_what_lists_do_not_say(
    sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """That is no failure, and costs no request for single merge requests."""
    report = profile(CARELESS, quick=True)
    assert report[0]["Status"] == "Success"
    assert report.completeness.whole
    assert {one.check.title for one in report.fixes.unknown} == {"Failed Pipeline"}
    (doubt,) = report.fixes.doubts
    assert doubt.number == report.numbers["MR Merged"] + report.numbers["MR Closed"]
    assert "No Unit Tests" not in report.parts[tables.MERGE_REQUESTS].rows[0]
    assert not sandbox.traffic.count("/projects/:id/merge_requests/:iid/notes")


def test_nothing_is_read_twice(sandbox: Sandbox, profile: Callable[..., ProfileReport]) -> None:
    """A profile costs what a row of the table of people does, and the README."""
    profile(CAREFUL, source="rest")
    asked = Counter(one.url for one in sandbox.traffic.exchanges if one.method == "GET")
    assert len(asked) > 50
    assert set(asked.values()) == {1}


# -- the profile README ----------------------------------------------------------------------------


def make_profile_project(world: World, **changes: Any) -> dict[str, Any]:
    """Change the project with the careful person's profile README; return its record."""
    project = next(one for one in world.tables.projects if one["id"] == 31)
    project.update(changes)
    world.changed()
    return project


def test_the_readme_of_the_project_called_as_the_person_is_the_profiles(
    profile: Callable[..., ProfileReport],
) -> None:
    """With its place; a person without such a project has none."""
    report = profile(CAREFUL.upper())
    readme = report.readme.value
    assert readme is not None
    assert readme.text == "# Amelie\n\nMaps, boats, and Python.\n"
    assert readme.link is not None
    assert readme.link.endswith(f"/{CAREFUL}/{CAREFUL}/-/blob/main/README.md")
    assert (report[0]["Profile README"], report[0]["README Text"]) == ("shown", readme.text)
    other = profile(CARELESS)
    assert (other.readme.value, other.readme.error) == (None, None)
    assert other[0]["Profile README"] == "none"


def test_a_readme_of_another_name_is_found_and_an_empty_project_has_none(
    world: World, profile: Callable[..., ProfileReport]
) -> None:
    """GitLab takes many names for a README."""
    entries = world.tables.tree[31]
    for entry in entries:
        entry["path"] = entry["path"].replace("README.md", "readme.rst")
    world.tables.files[31]["readme.rst"] = "Amelie\n======\n"
    world.changed()
    readme = profile(CAREFUL).readme.value
    assert readme is not None
    assert (readme.path, readme.text) == ("readme.rst", "Amelie\n======\n")
    entries.clear()
    world.changed()
    assert profile(CAREFUL)[0]["Profile README"] == "none"


def test_a_private_profile_readme_is_for_those_who_may_see_it(
    world: World, make_client: Callable[..., GitLabClient]
) -> None:
    """They are told that GitLab shows it to no one; to others there is none."""
    make_profile_project(world, visibility="private")
    for viewer, word in (("admin", "not shown"), (CAREFUL, "not shown"), (CARELESS, "none")):
        report = answer(make_client(viewer), ProfileQuery(CAREFUL))
        assert report[0]["Profile README"] == word
        assert any("not public" in remark for remark in report.remarks) == (word == "not shown")


@pytest.mark.parametrize(
    "path", ["/projects/:id/repository/tree", "/projects/:id/repository/files/:path"]
)
def test_a_readme_that_cannot_be_read_is_not_known(
    path: str, sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """It is neither there nor missing; everything else is."""
    sandbox.faults.add("status", status=403, path=path, times=None)
    report = profile(CAREFUL)
    (row,) = report
    assert (row["Profile README"], row["README Text"], row["Status"]) == (None, None, "Partial")
    assert "profile README: 403" in str(row["Error"])
    assert list(report.errors) == ["profile README"]
    assert None not in report.numbers.values()


def test_without_the_list_of_projects_the_readme_is_asked_for_by_name(
    sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """What can be known all the same is known."""
    sandbox.faults.add("status", status=403, path="/users/:id/projects", times=None)
    assert profile(CAREFUL)[0]["Profile README"] == "shown"
    assert profile(CARELESS)[0]["Profile README"] == "none"


# -- what could not be read ------------------------------------------------------------------------

UNREAD = {
    "projects": ("/users/:id/projects", ["Projects (Auth)", "Projects (Contr)", "Commits Total"]),
    "commits": (
        "/projects/:id/repository/commits",
        ["Commits Total", "Commits Morning", "Commits Afternoon"],
    ),
    "groups": ("/users/:id/memberships", ["Groups Count"]),
    "merge requests": ("/merge_requests", ["MR Total (Authored)", "MR Merged", "MR Closed"]),
    "issues": ("/issues", ["Issue Total (Auth)", "Issue Open", "Issue Closed"]),
}


@pytest.mark.parametrize("part", UNREAD)
def test_a_part_that_cannot_be_read_is_neither_zero_nor_empty(
    part: str, sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """Its numbers are unknown, its tables say why, and the rest is there."""
    path, titles = UNREAD[part]
    sandbox.faults.add("status", status=500, path=path, times=None)
    report = profile(CAREFUL)
    assert [report.numbers[title] for title in titles] == [None] * len(titles)
    assert part in report.errors
    assert f"{part}: 500" in str(report[0]["Error"])
    assert report[0]["Status"] == "Partial"
    for sheet in report.sheets("https://gitlab.example"):
        lost = tables.TABLES[sheet.title] in report.errors
        assert (report.parts[sheet.title].number is None) == lost
        last = sheet.rows[-1]
        assert bool(last["Error"]) == lost
        if lost:
            assert len(sheet.rows) == 1
            assert {cell for title, cell in last.items() if title != "Error"} == {None}
            assert "not read: 500" in str(last["Error"])


def test_what_there_is_to_mend_is_not_known_without_the_items(
    sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """The list of faults says so, since it may lack the worst."""
    sandbox.faults.add("status", status=403, path="/merge_requests", times=None)
    _, mend, unknown = profile(CARELESS).summaries("https://gitlab.example")
    for sheet in (mend, unknown):
        assert "403" in str(sheet.rows[-1]["Error"])
    assert {row["Kind"] for row in mend.rows[:-1]} == {"issue"}


def test_a_list_that_breaks_off_gives_the_least_that_it_can_be(
    sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """What was read of it is there, and the last row says that there could be more."""
    sandbox.faults.add("status", status=403, path="/merge_requests",
                       query={"assignee_id": "1"}, times=None)  # fmt: skip
    report = profile(CAREFUL)
    assert report.numbers["MR Total (Authored)"] == 22
    assert {"MR Total (Authored)", "MR Merged", "Time Spent"} <= report.at_least
    (sheet,) = [one for one in report.sheets("x") if one.title == tables.MERGE_REQUESTS]
    assert len(sheet.rows) == 23
    assert str(sheet.rows[-1]["Error"]).startswith("the rest was not read: 403")


def test_commits_of_a_project_that_cannot_be_read_are_not_known(
    sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """Those of the others are the least there can be."""
    whole = profile(CAREFUL)
    sandbox.faults.add("status", status=403, path="/projects/22/repository/commits", times=None)
    report = profile(CAREFUL)
    numbers, before = (
        {row["Project"]: row["Commits"] for row in each.parts[tables.CONTRIBUTED].rows}
        for each in (report, whole)
    )
    assert before["harbour/night-watch"] > 0
    assert numbers == {**before, "harbour/night-watch": None}
    less = before["harbour/night-watch"]
    assert report.numbers["Commits Total"] == whole.numbers["Commits Total"] - less
    assert "Commits Total" in report.at_least


def test_facts_that_cannot_be_read_leave_checks_open(
    world: World, sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """They are listed apart with the reason, and are no faults."""
    sandbox.faults.add("status", status=403, path="/projects/:id/merge_requests/:iid/diffs",
                       times=None)  # fmt: skip
    report = profile(CARELESS, source="rest")
    ended = world.truth.merge_requests()[CARELESS]["Closed MRs"]
    (doubt,) = report.fixes.doubts
    assert (doubt.check.title, doubt.number) == ("No Unit Tests", ended)
    assert "403" in doubt.reason
    assert report[0]["Unverified"] == ended
    assert list(report.errors) == ["checks"]
    faults = {(one.kind, one.link, one.check.title) for one in report.fixes.faults}
    assert faults == {
        each for each in truly_at_fault(world, CARELESS) if each[2] != "No Unit Tests"
    }
    cells = {row["No Unit Tests"] for row in report.parts[tables.MERGE_REQUESTS].rows}
    assert cells == {None, "n/a"}


def test_where_graphql_is_off_the_time_is_that_of_the_items(
    world: World, sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """And it is said that it is."""
    sandbox.faults.add("status", status=404, path="/api/graphql", times=None)
    report = profile(CARELESS)
    items = [*written(world, "issues", CARELESS), *written(world, "merge_requests", CARELESS)]
    assert report.numbers["Time Spent"] == sum(
        one["time_stats"]["total_time_spent"] for one in items
    )
    assert list(report.errors) == ["time logs"]
    assert "Time Spent" not in report.at_least
    assert any("time logs could not be read" in remark for remark in report.remarks)


def test_a_token_that_may_not_ask_for_all_groups_is_told_of(
    make_client: Callable[..., GitLabClient],
) -> None:
    """The number stays, with a remark that reaches the files as well."""
    report = answer(make_client(CARELESS), ProfileQuery(CAREFUL))
    assert report[0]["Status"] == "Success"
    (remark,) = report.remarks
    assert "only administrators can list all" in remark
    assert all(remark in sheet.meta.completeness for sheet in report.sheets("x"))


def test_somebody_who_is_not_there_has_nothing_that_is_known(
    sandbox: Sandbox, profile: Callable[..., ProfileReport]
) -> None:
    """Not one number, not one empty table, and no further request."""
    report = profile("nobody.at.all")
    (row,) = report
    assert (row["Status"], row["Username"]) == ("Not Found", "nobody.at.all")
    assert set(report.numbers.values()) == {None}
    assert (row["Profile README"], row["Link"]) == (None, None)
    assert tuple(report.errors) == PARTS
    for sheet in [*report.summaries("x"), *report.sheets("x")]:
        assert "404" in str(sheet.rows[-1]["Error"])
    assert sandbox.traffic.total == 1


def _asks_for_a_file(traffic: Traffic) -> bool:
    return any("/repository/files/" in one.path for one in traffic.exchanges)


def test_a_cancelled_run_gives_what_it_has(
    client: GitLabClient, sandbox: Sandbox, aside: ThreadPoolExecutor
) -> None:
    """Even while it was reading the last of it."""
    sandbox.faults.add("stall", path="/projects/:id/repository/files/:path", times=None)
    cancel = CancelToken()
    asked = aside.submit(answer, client, ProfileQuery(CAREFUL), Run(cancel=cancel))
    assert sandbox.traffic.wait(_asks_for_a_file, 20)
    cancel.cancel("that was enough")
    report = asked.result(timeout=20)
    assert list(report.errors) == ["profile README"]
    assert "that was enough" in str(report[0]["Error"])
    assert report.numbers["MR Total (Authored)"] == 22


# -- what is asked ---------------------------------------------------------------------------------


def test_a_project_and_a_period_narrow_the_work_down(
    world: World, profile: Callable[..., ProfileReport]
) -> None:
    """Projects and groups stay; of projects that were not looked at commits are not known."""
    report = profile(CARELESS, projects=["harbour/tools/mooring"],
                     period=period("2026-05-01", "2026-05-31", UTC))  # fmt: skip
    expected = {
        one["web_url"]
        for one in written(world, "merge_requests", CARELESS)
        if one["project_id"] == 23 and one["created_at"].startswith("2026-05")
    }
    rows = report.parts[tables.MERGE_REQUESTS].rows
    assert {row["Link"] for row in rows if row["Role"] != "Assigned"} == expected
    numbers = {row["Project"]: row["Commits"] for row in report.parts[tables.CONTRIBUTED].rows}
    assert {name for name, number in numbers.items() if number is not None} == {
        "harbour/tools/mooring"
    }
    assert "since 2026-05-01" in report.query.in_words()


def test_projects_that_are_not_there_are_told_or_end_the_run(
    profile: Callable[..., ProfileReport],
) -> None:
    """With none left there is nothing to show."""
    assert profile(CARELESS, projects=["no/such", 23]).unknown_projects == ["no/such"]
    with pytest.raises(NotFound, match="no/such"):
        profile(CARELESS, projects=["no/such"])


@pytest.mark.parametrize("name", ["", " ", "@"])
def test_a_blank_name_is_refused(name: str, profile: Callable[..., ProfileReport]) -> None:
    """A missing person is no person with an empty profile."""
    with pytest.raises(ConfigurationError, match="username"):
        profile(name)
