"""The app on a snapshot: the rows that GitLab showed, without a request, of the right people."""

from __future__ import annotations

import json
import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import pytest
from streamlit.testing.v1 import AppTest
from taken_runs import take_run
from visiting import PATIENCE, go_to, in_the_demo, press, signed_in, texts, until, until_done

from gitlab_sync.pages.state import served_run
from gitlab_sync.pages.state.access import Access
from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.pages.state.downloads import response_at
from gitlab_sync.pages.state.source import SnapshotSource
from gitlab_sync.policies.file import load
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, demo, demo_world
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.services.reviews import ReviewsQuery
from gitlab_sync.snapshots import reader as snapshot_reader

ADMIN, MENTOR, MEMBER, OTHER = "admin", "kira.osei", "bo.lindqvist", "leo.fischer"
HIDDEN = "hana.yilmaz"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    """Serve the demo's world with a snapshot of it; return it, and the snapshot's folder."""
    folder = tmp_path_factory.mktemp("snapshots")
    world = demo_world()
    with Sandbox(world) as sandbox:
        take_run(sandbox, folder, map(Person, world.truth.usernames), ("harbour", "harbour/tools"))
        yield sandbox, folder
    served_run.POOL.close()


@pytest.fixture
def sandbox(
    served: tuple[Sandbox, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Sandbox:
    """Let the server show the snapshot by a list of roles; requests count from here."""
    sandbox, folder = served
    path = tmp_path / "roles.toml"
    path.write_text(
        f'member = ["{OTHER}"]\n[[mentor]]\npeople = ["{MENTOR}"]\nof_teams = ["red"]\n'
        f'[teams]\nred = ["{MEMBER}", "{OTHER}"]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("GITLAB_SYNC_POLICY", "fair")
    monkeypatch.setenv("GITLAB_SYNC_SNAPSHOT", str(folder))
    monkeypatch.setenv("GITLAB_SYNC_ROLES", str(path))
    monkeypatch.setenv("GITLAB_SYNC_ADMINS", sandbox.world.tables.users[0]["username"])
    sandbox.traffic.reset()
    return sandbox


def ask(at: AppTest, page: str | None, fields: Mapping[str, str]) -> AppTest:
    """Fill in the fields of a page that it has, run it, and return it with its answer."""
    at = go_to(at, page)
    for key, value in fields.items():
        kinds = (at.text_area, at.text_input, at.segmented_control)
        for field in [each for kind in kinds for each in kind if each.key == key]:
            field.set_value(value)
            if key in _AT_ONCE:
                at = at.run()
    return until_done(press(at, "Run"))


_AT_ONCE = {"view"}
"""The fields that decide which others there are."""


def frames(at: AppTest) -> list[pd.DataFrame]:
    """Return the tables of a page, without what grows between two readings."""
    ages = ["Age", "Idle", "Oldest"]
    return [each.value.drop(columns=ages, errors="ignore") for each in at.dataframe]


def numbers(at: AppTest) -> list[tuple[str, str]]:
    """Return the cards of a page."""
    return [(each.label, each.value) for each in at.metric]


EVERYONE = "\n".join([*(part.username for part in demo._PARTS), "renovate-bot"])
TEAMS = f"Red: {MENTOR}, {MEMBER}\nBlue: {OTHER}, {HIDDEN}"
QUESTIONS: Mapping[str, tuple[str | None, Mapping[str, str]]] = {
    "batch": (None, {"users": f"{MENTOR}\n{MEMBER}", "group": "harbour/tools"}),
    "batch of projects": (
        None,
        {"users": f"{MENTOR}\n{MEMBER}", "projects": "harbour/route-planner,no/such"},
    ),
    "profile": ("user_profile.py", {"user": MENTOR}),
    "profile of a project": (
        "user_profile.py",
        {"user": MEMBER, "projects": "harbour/route-planner"},
    ),
    "week": ("weekly_performance.py", {"people": f"{MENTOR}\n{MEMBER}", "group": "harbour"}),
    "open": ("open_work.py", {"users": f"{MENTOR}\n{HIDDEN}", "group": "harbour"}),
    "leaderboard": ("team_leaderboard.py", {"teams": TEAMS}),
    "reviews": ("reviews.py", {"teams": TEAMS}),
    "project": ("project_compliance.py", {"project": "harbour/route-planner"}),
    "projects": ("project_compliance.py", {"view": "Many projects", "in_group": "harbour"}),
    "identities": ("identities.py", {"users": EVERYONE}),
}


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_each_page_shows_what_gitlab_showed_and_asks_it_for_nothing(
    question: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for who the visitor is."""
    page, fields = QUESTIONS[question]
    kept = ask(signed_in(sandbox, monkeypatch, ADMIN), page, fields)
    assert [each.path for each in sandbox.traffic.exchanges] == ["/api/v4/user"]
    assert "Snapshot of " in texts(kept)
    for name in ("SNAPSHOT", "ROLES"):
        monkeypatch.delenv(f"GITLAB_SYNC_{name}")
    live = ask(signed_in(sandbox, monkeypatch, ADMIN), page, fields)
    assert sandbox.traffic.total > 2
    assert frames(live), "there is something to compare"
    assert numbers(kept) == numbers(live)
    for one, other in zip(frames(kept), frames(live), strict=True):
        pd.testing.assert_frame_equal(one, other)


MANY: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "weekly": (
        "weekly_performance.py",
        {"people": f"{MENTOR}\n{MEMBER}\n{OTHER}"},
        "GitLab Username",
    ),
    "open_work": ("open_work.py", {"users": f"{MENTOR}\n{MEMBER}\n{HIDDEN}"}, "Author"),
    "leaderboard": ("team_leaderboard.py", {"teams": TEAMS}, "Team"),
    "reviews": ("reviews.py", {"teams": TEAMS}, "Team"),
}


def until_first(
    question: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> tuple[AppTest, threading.Event]:
    """Ask about several people; return the page with the first two, and what lets it go on."""
    monkeypatch.setattr(snapshot_reader, "_FIRST", 2)
    monkeypatch.setattr(snapshot_reader, "_TIMES", 1.5)
    is_last, go = iter((False, True)), threading.Event()
    whole = getattr(snapshot_reader.answers, question)

    def answer(*args: object, **more: object) -> Report:
        assert not next(is_last) or go.wait(PATIENCE)
        found: Report = whole(*args, **more)
        return found

    monkeypatch.setattr(snapshot_reader.answers, question, answer)
    page, fields, _ = MANY[question]
    at = go_to(signed_in(sandbox, monkeypatch, ADMIN), page)
    for key, value in fields.items():
        at.text_area(key=key).set_value(value)
    return until(press(at, "Run"), lambda at: "other people not read yet" in texts(at)), go


@pytest.mark.slow
@pytest.mark.parametrize("question", MANY)
def test_a_page_about_many_shows_the_first_few_until_all_are_read(
    question: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that they are not all."""
    at, go = until_first(question, sandbox, monkeypatch)
    first, column = frames(at)[0], MANY[question][2]
    go.set()
    at = until_done(at)
    assert "other people not read yet" not in texts(at)
    last = frames(at)[0]
    assert 0 < len(first) < len(last)
    assert set(first[column]) < set(last[column])


def test_a_person_named_twice_in_a_team_takes_the_place_of_no_one(sandbox: Sandbox) -> None:
    """Rows are those of all who are named."""
    run = served_run.served_run()
    assert run is not None
    members = tuple(map(Member, (MENTOR, MENTOR.upper(), MEMBER)))
    query = ReviewsQuery((Team("Red", "", members),))
    with SnapshotSource(run, Access("admin", None)).reader(Run()) as reader:
        assert {row["Username"] for row in reader.reviews(query, Run())} == {MENTOR, MEMBER}


@pytest.mark.slow
def test_the_first_few_stay_when_the_run_is_cancelled(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is not lost, and it is still said that it is not all."""
    at, go = until_first("weekly", sandbox, monkeypatch)
    first = frames(at)[0]
    at = press(at, "Cancel")
    go.set()
    at = until_done(at)
    assert "Cancelled by you" in texts(at)
    assert "2 of 2 people read, other people not read yet" in texts(at)
    pd.testing.assert_frame_equal(frames(at)[0], first)


@pytest.mark.slow
def test_a_member_sees_their_own_work_whatever_the_address_says(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the pages that members have."""
    at = signed_in(sandbox, monkeypatch, MEMBER)
    assert [title.value for title in at.title] == ["My profile"]
    at = ask(at, None, {"user": HIDDEN, "users": HIDDEN})
    assert "Bo Lindqvist" in [header.value for header in at.header]
    for page in ("weekly_performance.py", "open_work.py", "reviews.py"):
        at = ask(at, page, {"people": HIDDEN, "users": HIDDEN, "teams": f"A: {HIDDEN}"})
        assert HIDDEN not in "".join(frame.to_csv() for frame in frames(at))
    assert sandbox.traffic.total == 1


def test_only_who_sees_everyone_sees_what_matches_no_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No one else knows if it is of someone they may see."""
    with pytest.raises(ValueError, match="page"):
        go_to(signed_in(sandbox, monkeypatch, MENTOR), "identities.py")


@pytest.mark.slow
def test_who_is_hidden_is_told_of_as_who_there_never_was(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People, groups and projects, on a page with a row for each and on one with a message."""
    at = signed_in(sandbox, monkeypatch, MENTOR)
    told = []
    for name in (HIDDEN, "no.one"):
        at = ask(at, "batch_analytics.py", {"users": f"{MEMBER}\n{name}"})
        told.append(texts(at).replace("\\", "").replace(name, "NAME"))
    assert told[0] == told[1]
    assert "NAME is not in the snapshot" in told[0]
    for page, field, names in (
        ("open_work.py", "project", ("amelie.laurent/amelie.laurent", "no/such")),
        ("project_compliance.py", "project", ("amelie.laurent/amelie.laurent", "no/such")),
    ):
        told = []
        for name in names:
            at = ask(at, page, {field: name})
            told.append(texts(at).replace("\\", "").replace(name, "NAME"))
        assert told[0] == told[1]


def test_what_i_see_says_of_which_people_and_which_entry_grants_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each role; other people of the list are not named."""
    at = go_to(signed_in(sandbox, monkeypatch, MENTOR), "what_i_see.py")
    assert numbers(at) == [("Your role", "mentor"), ("People you see", "3")]
    assert "mentor, entry 1, line 2** names you" in texts(at)
    assert "team red: 2 people of this snapshot" in texts(at)
    at = go_to(signed_in(sandbox, monkeypatch, ADMIN), "what_i_see.py")
    assert numbers(at)[0] == ("Your role", "admin")
    at = go_to(signed_in(sandbox, monkeypatch, OTHER), "what_i_see.py")
    assert numbers(at) == [("Your role", "member"), ("People you see", "1")]
    assert MENTOR not in texts(at)


@pytest.mark.slow
def test_what_is_behind_the_rows_of_many_is_read_when_it_is_asked_for(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the same as where all of it is kept, and rows are, too."""
    shown: dict[int, list[pd.DataFrame]] = {}
    for many in (100, 2):
        monkeypatch.setattr(snapshot_reader, "MANY", many)
        at = signed_in(sandbox, monkeypatch, ADMIN)
        at = ask(at, "team_leaderboard.py", {"teams": TEAMS})
        at = at.selectbox(key="team").set_value("Red").run()
        shown[many] = []
        for part in ("Members", "Days", "Merge requests", "Commits"):
            at.session_state["part"] = part
            at = at.run()
            assert not at.exception
            shown[many] += frames(at)
    assert len(shown[2]) == len(shown[100]) == 8
    for one, other in zip(shown[2], shown[100], strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_batch_of_many_has_the_rows_and_not_the_items(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked alone, a person has them."""
    run = served_run.served_run()
    assert run is not None
    query = PeopleQuery((Person(MENTOR), Person(MEMBER)), policy=FAIR)
    with SnapshotSource(run, Access("admin", None)).reader(Run()) as reader:
        whole = reader.users(query, Run())
        monkeypatch.setattr(snapshot_reader, "MANY", 1)
        rows = reader.users(query, Run())
        alone = reader.users(replace(query, people=query.people[1:]), Run())
    assert [*rows] == [*whole]
    assert [each.unknown for each in rows.people.values()] == [
        each.unknown for each in whole.people.values()
    ]
    assert not any(each.has_items or each.mrs for each in rows.people.values())
    assert alone.people[MEMBER].fixes == whole.people[MEMBER].fixes


@pytest.mark.slow
def test_what_changed_is_told_of_the_same_people(
    served: tuple[Sandbox, Path],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Before there is a second run, it says that; a member's page is about the member."""
    at = ask(signed_in(sandbox, monkeypatch, MENTOR), "what_changed.py", {})
    assert "There is no earlier run to compare with." in texts(at)
    assert "With a second run there are lines here." in texts(at)
    folder = tmp_path / "two"
    shutil.copytree(served[1], folder)
    take_run(sandbox, folder, map(Person, (MEMBER, MENTOR, OTHER)))
    monkeypatch.setenv("GITLAB_SYNC_SNAPSHOT", str(folder))
    for name, number in ((MENTOR, 3), (MEMBER, 1)):
        at = ask(signed_in(sandbox, monkeypatch, name), "what_changed.py", {"users": HIDDEN})
        if name == MENTOR:
            assert frames(at)[-1]["People"].tolist() == [0, 0]
            at = ask(at, None, {"users": ""})
        assert frames(at)[-1]["People"].tolist() == [number, number]
        assert "2 of 2 runs read" in texts(at)
        assert HIDDEN not in "".join(frame.to_csv() for frame in frames(at))


def jobs() -> int:
    """Return how many jobs the process has."""
    return len(JOBS.all())


@pytest.mark.slow
def test_only_those_who_see_the_same_people_share_a_job(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An admin and a mentor who ask the same do not; two admins do."""
    fields = {"users": f"{MEMBER}\n{OTHER}"}
    before = jobs()
    for number, name in enumerate((MENTOR, ADMIN, ADMIN)):
        ask(signed_in(sandbox, monkeypatch, name), None, fields)
        assert jobs() == before + min(number + 1, 2)


def file_paths(at: AppTest) -> list[str]:
    """Return the paths of the files that a page offers."""
    html = "".join(each.proto.body for each in at.get("html"))
    return re.findall(r'href="(download/[^"]+)"', html)


def test_a_file_is_gone_as_soon_as_its_reader_sees_other_people(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even if the page that offered it is still open."""
    at = ask(signed_in(sandbox, monkeypatch, MENTOR), None, {"users": MEMBER})
    paths = file_paths(at)
    assert paths
    assert {response_at(f"/{path}").status_code for path in paths} == {200}
    (tmp_path / "roles.toml").write_text("admin = []", encoding="utf-8")
    assert {response_at(f"/{path}").status_code for path in paths} == {404}


@pytest.mark.slow
def test_a_newer_run_is_there_without_a_restart(
    served: tuple[Sandbox, Path],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """An open answer stays, says that there is a newer one, and becomes it by Refresh."""
    folder = tmp_path / "growing"
    shutil.copytree(served[1], folder)
    monkeypatch.setenv("GITLAB_SYNC_SNAPSHOT", str(folder))
    monkeypatch.setattr(served_run, "LOOK", 0.0)
    at = ask(signed_in(sandbox, monkeypatch, MENTOR), None, {"users": MEMBER})
    before = frames(at)
    take_run(sandbox, folder, map(Person, (MEMBER, MENTOR, OTHER)))
    at = until_done(at.run())
    assert "There is a newer snapshot. Press Refresh to see it." in texts(at)
    pd.testing.assert_frame_equal(frames(at)[0], before[0])
    at = until_done(press(at, "Refresh"))
    assert "There is a newer snapshot" not in texts(at)
    pd.testing.assert_frame_equal(frames(at)[0], before[0])


def test_an_answer_is_gone_when_a_person_was_removed_from_its_run(
    served: tuple[Sandbox, Path],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """That of an open page, too: the run has its name still, but says something else."""
    folder = tmp_path / "changed"
    shutil.copytree(served[1], folder)
    monkeypatch.setenv("GITLAB_SYNC_SNAPSHOT", str(folder))
    monkeypatch.setattr(served_run, "LOOK", 0.0)
    at = ask(signed_in(sandbox, monkeypatch, MENTOR), None, {"users": MEMBER})
    assert frames(at)
    (run,) = folder.iterdir()
    said = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps({**said, "forgotten": 1}), encoding="utf-8")
    assert not frames(at.run())


def closed(at: AppTest) -> str:
    """Return what a page says that shows nothing; there is no menu and nothing to run."""
    assert [title.value for title in at.title] == ["Nothing to see"]
    assert [button.label for button in at.button] == ["Sign out"]
    (warning,) = at.warning
    return f"{warning.proto.title} {warning.value}".replace("\\", "")


def break_snapshot(folder: Path) -> None:
    """Remove a file of each run in a folder."""
    for run in folder.iterdir():
        (run / "people.parquet").unlink()


FAULTS: Mapping[str, tuple[Callable[[Path, Path], Any], str]] = {
    "a key of no role": (lambda roles, _: roles.write_text('boss = ["a.secret"]'), "got “boss”"),
    "no username": (lambda roles, _: roles.write_text('admin = ["A secret"]'), "“A secret” is not"),
    "no TOML": (lambda roles, _: roles.write_text("admin = ["), "is not TOML"),
    "no file": (lambda roles, _: roles.unlink(), "cannot be read"),
    "no snapshot": (lambda _, folder: shutil.rmtree(folder), "There is no snapshot"),
    "a damaged one": (lambda _, folder: break_snapshot(folder), "people.parquet is missing"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_settings_closes_the_app_for_everyone(
    fault: str,
    served: tuple[Sandbox, Path],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also to who was signed in, and to admins. The fault is in the log, once, and on no page."""
    folder = tmp_path / "copy"
    shutil.copytree(served[1], folder)
    monkeypatch.setenv("GITLAB_SYNC_SNAPSHOT", str(folder))
    monkeypatch.setattr(served_run, "LOOK", 0.0)
    cause, reason = FAULTS[fault]
    before = signed_in(sandbox, monkeypatch, MENTOR)
    cause(tmp_path / "roles.toml", folder)
    served_run._served.cache_clear()
    served_run.POOL.close()
    with caplog.at_level(logging.ERROR, logger="gitlab_sync"):
        for at in (before.run(), signed_in(sandbox, monkeypatch, ADMIN)):
            said = closed(at)
            assert "a fault in its settings, so it shows its snapshot to no one" in said
            assert "secret" not in said
            assert str(tmp_path) not in said
    told = [each.getMessage() for each in caplog.records if each.name == "gitlab_sync"]
    assert [reason in each for each in told] == [True]


def test_a_snapshot_by_rules_that_the_server_does_not_have_is_closed(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With them it is open, and pages offer no other."""
    policy = tmp_path / "course.toml"
    policy.write_text("time_tracking = true", encoding="utf-8")
    folder = tmp_path / "by-course"
    take_run(sandbox, folder, [Person(MENTOR)], policy=load(str(policy)))
    monkeypatch.setenv("GITLAB_SYNC_SNAPSHOT", str(folder))
    assert "a fault in its settings" in closed(signed_in(sandbox, monkeypatch, MENTOR))
    monkeypatch.setenv("GITLAB_SYNC_POLICY", str(policy))
    served_run._served.cache_clear()
    at = signed_in(sandbox, monkeypatch, MENTOR)
    assert "by the policy [course.toml](rules?policy=course.toml)" in texts(at).replace("\\", "")
    assert not at.radio
    assert "Quick" not in [each.label for each in at.toggle]


def test_a_stranger_and_a_namesake_elsewhere_see_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither who is in neither list, nor who has the admin's name at another GitLab."""
    assert "there is nothing for you" in closed(signed_in(sandbox, monkeypatch, "ghost"))
    with Sandbox(demo_world()) as elsewhere:
        assert "there is nothing for you" in closed(signed_in(elsewhere, monkeypatch, MENTOR))


def test_the_demo_never_shows_the_snapshot(sandbox: Sandbox) -> None:
    """It is a GitLab of its own, whatever the server shows to others."""
    at = in_the_demo()
    assert "Snapshot of" not in texts(at)
    assert "Policy in force" in texts(at)
    assert sandbox.traffic.total == 0
