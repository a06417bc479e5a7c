"""Whatever the list of roles says, no page, file, link or address shows a row of other people.

Everything that an answer holds is searched for usernames, names and addresses, and so is each file
that can be made of it.
"""

from __future__ import annotations

import gc
import io
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import openpyxl  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
import tomlkit
from how_many import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from taken_runs import take_run
from visiting import NAVIGATION, PATIENCE, go_to, press, until_done

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.state import served_run
from gitlab_sync.pages.state.browser import SIGN_INS
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.size import _SHARED
from gitlab_sync.pages.state.source import NoAccess, SnapshotSource, source_of
from gitlab_sync.pages.team_tables import LISTS, OneTeam
from gitlab_sync.pages.week_items import items_of
from gitlab_sync.pages.week_items import items_sheet as week_sheet
from gitlab_sync.reports.formats import FORMATS
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.reports.xlsx_file import to_xlsx
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.rules.scores.weekly import WeekPerson
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, demo_world
from gitlab_sync.services.compliance import ComplianceQuery, findings_sheet, projects_sheet
from gitlab_sync.services.items import items_sheet
from gitlab_sync.services.leaderboard import LeaderboardQuery
from gitlab_sync.services.open_work import OpenQuery
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.services.profile import ProfileQuery
from gitlab_sync.services.reviews import ReviewsQuery
from gitlab_sync.services.weekly import WeeklyQuery
from gitlab_sync.snapshots.history import HistoryQuery
from gitlab_sync.snapshots.reader import SnapshotReader

WORLD = demo_world()
KEYS = sorted(name.lower() for name in WORLD.truth.usernames)
IDS = {user["username"].lower(): user["id"] for user in WORLD.tables.users}
COLLEGES = {key: f"College {place % 3}" for place, key in enumerate(KEYS)}
GROUPS = ("harbour/tools", "harbour")
MEMBERS = {key for key in KEYS if key != "renovate-bot"}
"""The members of each of the groups."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Take two runs of the demo; return the URL of its GitLab, and where they are."""
    folder = tmp_path_factory.mktemp("snapshots")
    people = [Person(key, COLLEGES[key]) for key in KEYS]
    with Sandbox(WORLD) as sandbox:
        take_run(sandbox, folder, people, GROUPS)
        rename_all(WORLD)
        take_run(sandbox, folder, people, GROUPS)
    yield sandbox.url, folder
    served_run.POOL.close()


def rename_all(world: World) -> None:
    """Give every item another title, so that each of them has changed."""
    for kind in ("merge_requests", "issues"):
        for item in [*getattr(world.tables, kind)]:
            world.put(kind, {**item, "title": f"Another {item['title']}"})


# -- random lists of roles -------------------------------------------------------------------------

NAMES = st.sampled_from([*KEYS, "zoe.stranger"])
LISTS_OF_NAMES = st.lists(NAMES, max_size=3, unique=True)
TEAMS = ("red", "blue")
ENTRIES = st.fixed_dictionaries(
    {"people": st.lists(NAMES, min_size=1, max_size=2)},
    optional={
        "groups": st.lists(st.sampled_from([*GROUPS, "no/such"]), max_size=1),
        "of_groups": st.lists(st.sampled_from([*GROUPS, 11, "no/such"]), max_size=1),
        "of_teams": st.lists(st.sampled_from(TEAMS), max_size=2),
        "of_colleges": st.lists(st.sampled_from(["college 0", "College 1", "none"]), max_size=2),
    },
)
ROLES = st.fixed_dictionaries(
    {"teams": st.fixed_dictionaries(dict.fromkeys(TEAMS, LISTS_OF_NAMES))},
    optional={
        "admin": st.lists(NAMES, max_size=1),
        "mentor": st.lists(NAMES | ENTRIES, max_size=3),
        "member": LISTS_OF_NAMES,
    },
)


def visible(roles: Mapping[str, Any], viewer: str, *, known: bool = True) -> set[str] | None:
    """Return the people with work that a person sees, by what the documents say; None: nothing.

    Who is not `known` is another person with that name.
    """
    if viewer in roles.get("admin", ()):
        return {*KEYS}
    seen = {viewer} & {*KEYS} if known else set()
    is_named = viewer in roles.get("member", ()) or viewer in roles.get("mentor", ())
    for entry in roles.get("mentor", ()):
        if isinstance(entry, str):
            continue
        is_member = known and viewer in MEMBERS and {*entry.get("groups", ())} & {*GROUPS}
        if viewer not in entry["people"] and not is_member:
            continue
        is_named = True
        if {*entry.get("of_groups", ())} & {*GROUPS, 11}:
            seen |= MEMBERS
        for team in entry.get("of_teams", ()):
            seen |= {*roles["teams"][team]} & {*KEYS}
        for college in entry.get("of_colleges", ()):
            seen |= {key for key in KEYS if COLLEGES[key].lower() == college.lower()}
    return seen if seen or is_named else None


# -- what an answer holds --------------------------------------------------------------------------


def strings_of(thing: object) -> Iterator[str]:
    """Yield all texts that a thing leads to."""
    seen: dict[int, object] = {}
    level = [thing]
    while level:
        new = {id(each): each for each in level if id(each) not in seen}
        seen |= new
        yield from (each for each in new.values() if isinstance(each, str))
        level = gc.get_referents(*(e for e in new.values() if not isinstance(e, _SHARED)))


def file_texts(sheets: Sequence[Sheet]) -> Iterator[str]:
    """Yield the content of each file that can be made of tables."""
    for sheet in sheets:
        for name, form in FORMATS.items():
            content = form.write(sheet)
            if name == "parquet":
                table = pq.read_table(io.BytesIO(content))
                yield json.dumps([table.to_pylist(), str(table.schema.metadata)], default=str)
            elif name == "xlsx":
                yield workbook_text(content)
            else:
                yield content.decode()
        for row in sheet.rows:
            links = [column for column in sheet.links if column in sheet.columns]
            yield from (str(sheet.link(column, row)) for column in links)
    yield workbook_text(to_xlsx([replace(each, title=f"{n}") for n, each in enumerate(sheets)]))


def workbook_text(content: bytes) -> str:
    """Return all cells of a workbook, with their links."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return "\n".join(
        f"{cell.value} {cell.hyperlink and cell.hyperlink.target}"
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
    )


class Hidden:
    """The words by which hidden people would be known, and the paths of projects that are shown."""

    def __init__(self, seen: Collection[str], projects: Collection[str]) -> None:
        self._projects = sorted(map(str.lower, projects), key=len, reverse=True)
        self._words = [
            word.lower()
            for user in WORLD.tables.users
            if user["username"].lower() not in seen
            for word in (user["username"], user["name"], user["email"])
            if word
        ]

    def in_text(self, text: str) -> list[str]:
        """Return which of them are in a text."""
        text = text.lower()
        for path in self._projects:
            text = text.replace(path, "").replace(f"{path.partition('/')[2]}", "")
        return [word for word in self._words if word in text]


def answers_of(reader: SnapshotReader, seen: Collection[str], instance: str) -> Iterator[Any]:
    """Yield what each page shows to a viewer who asks for as much as there can be."""
    run = Run()
    names = sorted(seen)
    meta = Meta(datetime(2026, 1, 1, tzinfo=UTC), instance, "", "")
    groups = [group for group in GROUPS if seen & MEMBERS]  # type: ignore[operator]
    people = tuple(map(Person, names))
    for group in groups:
        assert {each.username.lower() for each in reader.people_of_groups([group])} <= {*seen}
    batch = reader.users(PeopleQuery(people, groups, policy=FAIR), run)
    yield batch, [batch.sheet(instance)]
    for name, person in batch.people.items():
        yield person, [items_sheet(name, person.fixes, meta)]
    for name in names[:2]:
        profile = reader.profile(ProfileQuery(name, policy=FAIR), run)
        yield profile, [*profile.sheets(instance), *profile.summaries(instance)]
    days = [date(2026, 11, 1) - timedelta(place) for place in reversed(range(10))]
    weekly = WeeklyQuery([WeekPerson("", "", name) for name in names], days)
    week = reader.weekly(weekly, run)
    of_people = [
        week_sheet(items_of(each, None, instance), "x", meta, with_times=True)  # type: ignore[arg-type]
        for each in week.people
    ]
    yield week, [*week.sheets(weekly, instance), *of_people]
    for where in ({"group": "harbour"}, {"project": "harbour/route-planner"}, {}):
        query = OpenQuery(None if where else names, policy=FAIR, **where)
        if names:
            work = reader.open_work(query, run)
            yield work, work.sheets(query, instance)
    teams = (Team("Red", "", tuple(map(Member, names))), *reader.teams_of_groups(groups))
    if any(team.members for team in teams):
        board = reader.leaderboard(LeaderboardQuery(teams, policy=FAIR), run)
        lists = [OneTeam(board, name, meta).items(each) for name in board.teams for each in LISTS]
        yield board, [*board.sheets(instance, individuals=True), *lists]
        reviews = reader.reviews(ReviewsQuery(teams, policy=FAIR), run)
        yield reviews, reviews.sheets(instance, people=True)
    standards = standards_of(FAIR)
    for group in groups:
        asked = ComplianceQuery((), group, policy=standards)
        found = reader.compliance(asked, run)
        details = [
            findings_sheet("x", each.report, standards, meta)
            for each in found.checked
            if each.report is not None
        ]
        yield found, [projects_sheet(asked, found, meta, found.checked), *details]
    changes = reader.history(HistoryQuery(), run)
    yield changes, changes.sheets(instance)


@pytest.mark.slow
@pytest.mark.timeout(400)
@given(ROLES, st.sampled_from([*KEYS, "zoe.stranger"]), st.booleans())
@settings(
    max_examples=examples(10, 20), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_answer_and_no_file_holds_a_word_about_people_who_are_not_visible(
    snapshot: tuple[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
    roles: Mapping[str, Any],
    viewer: str,
    is_namesake: bool,
) -> None:
    """For any list of roles, and any viewer: also one who only has the name of another person."""
    instance, folder = snapshot
    path = tmp_path_factory.mktemp("roles") / "roles.toml"
    path.write_text(tomlkit.dumps(roles), encoding="utf-8")
    number = 9_999 if is_namesake else IDS.get(viewer)
    user = {"username": viewer, "name": viewer, "id": number}
    sign_in = SignIn(instance, Credential("glpat-x"), user)
    wanted = visible(roles, viewer, known=not is_namesake)
    with settings_of_server(folder, path):
        if wanted is None:
            with pytest.raises(NoAccess):
                source_of(sign_in)
            return
        source = source_of(sign_in)
        assert isinstance(source, SnapshotSource)
        seen = source.access.seen
        assert ({*KEYS} if seen is None else seen) == wanted
        if seen is None:
            return
        with source.reader(Run()) as reader:
            assert isinstance(reader, SnapshotReader)
            projects = [
                row["path_with_namespace"]
                for row in reader._snapshot.rows("SELECT * FROM projects", tables=["projects"])
            ]
            hidden = Hidden(seen, projects)
            for answer, sheets in answers_of(reader, seen, instance):
                assert hidden.in_text("\n".join({*strings_of(answer)})) == [], type(answer)
                assert hidden.in_text("\n".join(file_texts(sheets))) == [], type(answer)
            told_of_no_one = told_of(reader, "no.such.person")
            for name in sorted({*KEYS} - seen)[:2]:
                assert told_of(reader, name) == told_of_no_one


def settings_of_server(folder: Path, roles: Path) -> Any:
    """Let the server show a snapshot by a list of roles."""
    environ = {
        "GITLAB_SYNC_SNAPSHOT": str(folder),
        "GITLAB_SYNC_ROLES": str(roles),
        "GITLAB_SYNC_POLICY": "fair",
    }
    return mock.patch.dict(os.environ, environ)


def told_of(reader: SnapshotReader, name: str) -> str:
    """Return what each page says about a person, without the name that was asked for."""
    run = Run()
    batch = reader.users(PeopleQuery((Person(name),), policy=FAIR), run)
    profile = reader.profile(ProfileQuery(name, policy=FAIR), run)
    weekly = WeeklyQuery([WeekPerson("", "", name)], [date(2026, 11, 1)])
    open_work = OpenQuery([name], policy=FAIR)
    work = reader.open_work(open_work, run)
    team = (Team("Red", "", (Member(name),)),)
    reviews = reader.reviews(ReviewsQuery(team, policy=FAIR), run)
    board = reader.leaderboard(LeaderboardQuery(team, policy=FAIR), run)
    told = [
        [*batch, str(batch.completeness)],
        [*profile, str(profile.completeness)],
        [*reader.weekly(weekly, run)],
        [*work, work.absent],
        [*reviews, reviews.team_rows()],
        [*board, *board.individuals],
        [*reader.history(HistoryQuery((name,)), run)],
    ]
    return json.dumps(told, default=str).replace(name, "NAME")


# -- pages, with addresses that name hidden people -------------------------------------------------

PAGES: Mapping[str, Sequence[str]] = {
    "batch_analytics.py": ("users",),
    "user_profile.py": ("user",),
    "weekly_performance.py": ("people",),
    "open_work.py": ("users", "desk"),
    "team_leaderboard.py": ("teams",),
    "reviews.py": ("teams",),
    "project_compliance.py": ("project",),
    "what_changed.py": ("users",),
    "what_i_see.py": (),
}
"""Each page with the fields of its address that name people."""


@pytest.mark.slow
@pytest.mark.timeout(400)
@given(ROLES, st.sampled_from(KEYS), st.sampled_from(sorted(PAGES)), st.sampled_from(KEYS))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_page_says_a_word_about_people_who_are_not_visible_whatever_its_address_names(
    snapshot: tuple[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
    roles: Mapping[str, Any],
    viewer: str,
    page: str,
    named: str,
) -> None:
    """Besides what the address itself says; all that the page sends to the browser is searched."""
    instance, folder = snapshot
    path = tmp_path_factory.mktemp("roles") / "roles.toml"
    path.write_text(tomlkit.dumps(roles), encoding="utf-8")
    user = {"username": viewer, "name": viewer, "id": IDS[viewer]}
    wanted = visible(roles, viewer)
    assert wanted is not None
    with settings_of_server(folder, path):
        at = AppTest.from_file(str(NAVIGATION), default_timeout=PATIENCE).run()
        SIGN_INS.put(str(at.session_state["_browser_key"]), SignIn(instance, Credential("x"), user))
        at = at.run()
        try:
            at = go_to(at, page)
        except ValueError:  # the visitor's role does not have that page
            return
        for key in PAGES[page]:
            value = f"Red: {named}, {viewer}" if key == "teams" else named
            for field in [*at.text_area, *at.text_input]:
                if field.key == key:
                    field.set_value(value)
        if page != "what_i_see.py":
            at = until_done(press(at, "Run"))
        hidden = Hidden({*wanted, named}, ["amelie.laurent/amelie.laurent"])
        shown = "\n".join(map(str, (at.main, at.sidebar)))
        shown += "\n".join(frame.value.to_csv() for frame in at.dataframe)
        assert hidden.in_text(shown) == []
        assert "Traceback" not in shown


@pytest.mark.slow
def test_an_error_in_the_middle_names_no_one(snapshot: tuple[str, Path], tmp_path: Path) -> None:
    """What a snapshot refuses to a viewer says only what was asked for."""
    instance, folder = snapshot
    path = tmp_path / "roles.toml"
    path.write_text("member = []", encoding="utf-8")
    user = {"username": "kira.osei", "name": "Kira", "id": IDS["kira.osei"]}
    with settings_of_server(folder, path):
        source = source_of(SignIn(instance, Credential("x"), user))
        hidden = Hidden({"kira.osei"}, ())
        with source.reader(Run()) as reader:
            for ask in (
                lambda: reader.people_of_groups(["no/such"]),
                lambda: reader.teams_of_groups(["no/such"]),
                lambda: reader.open_work(OpenQuery(project="no/such", policy=FAIR), Run()),
                lambda: reader.users(PeopleQuery((), (), ("no/such",), policy=FAIR), Run()),
                lambda: reader.compliance(
                    replace(ComplianceQuery(("no/such",)), policy=standards_of(FAIR)), Run()
                ),
            ):
                with pytest.raises(ConfigurationError) as raised:
                    ask()
                assert hidden.in_text(f"{raised.value.reason} {raised.value.hint}") == []
