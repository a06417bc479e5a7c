"""The documents say what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from pkgutil import resolve_name

import pytest
from documents import DOCS, DOCUMENTS, label, text_of

from gitlab_sync.rules import bounds, text
from gitlab_sync.rules.items import issue, merge_request, open_work, worklist
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.rules.projects.checks import CHECKS, WEIGHTS, ProjectCheck
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY, Score, error_row, evaluate
from gitlab_sync.rules.projects.ecosystems.any_language import ANY_LANGUAGE
from gitlab_sync.rules.projects.facts import FileText, ProjectFacts, Unread
from gitlab_sync.rules.projects.readme_topics import TOPICS
from gitlab_sync.rules.projects.tools import ECOSYSTEMS
from gitlab_sync.rules.scores import review_tables
from gitlab_sync.rules.scores.badges import BADGES, SCORE, Badge
from gitlab_sync.rules.scores.heatmap import LEVEL_TITLES, WEEKS, level
from gitlab_sync.rules.scores.leaderboard import (
    DEFAULT_WEIGHTS,
    MEMBER_COLUMNS,
    PEOPLE_COLUMNS,
    TEAM_COLUMNS,
)
from gitlab_sync.rules.scores.unified import UNIFIED_COLUMNS, unified_row
from gitlab_sync.rules.scores.weekly import (
    MEASURES,
    MOST_DAYS,
    PERSON_COLUMNS,
    WEEK,
    DayWork,
    PersonWeek,
    WeekPerson,
    measure_rows,
    overview_rows,
)
from gitlab_sync.rules.scores.work import TITLES, Work
from gitlab_sync.rules.slots import USUAL_SLOTS
from gitlab_sync.services.reviews import PERSON_COLUMNS as PERSON_REVIEWS
from gitlab_sync.services.reviews import TEAM_COLUMNS as TEAM_REVIEWS
from gitlab_sync.types import PartialList, Record

PACKAGE = DOCS.parent / "gitlab_sync"
RULES = text_of("rules")


def section(heading: str) -> str:
    """Return the text below a heading of the rules."""
    parts = re.split(r"^## (.+)\n", RULES, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]


def prose(heading: str) -> str:
    """Return the text below a heading, on one line: code can go over a line's end."""
    return " ".join(section(heading).split())


def table(heading: str, first: str) -> list[dict[str, str]]:
    """Return the rows of the table below a heading that has this title in its first column."""
    for block in section(heading).split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        head, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines] or [[""]]
        if head[0] == first:
            return [dict(zip(head, row, strict=True)) for row in rows[1:]]
    raise AssertionError(f"no table of {first} below {heading}")


# -- merge requests, issues, people ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "checks"), [("Merge requests", merge_request.CHECKS), ("Issues", issue.CHECKS)]
)
def test_every_check_has_its_row_in_order(heading: str, checks: Sequence[Check]) -> None:
    """No one trusts a column without an explanation."""
    rows = [(row["column"], row["fails when"]) for row in table(heading, "column")]
    assert rows == [(check.title, check.fails_when) for check in checks]


def test_what_a_merge_request_costs_stands_beside_its_checks() -> None:
    """`time_stats` are asked for only where a list lacks them, which is said below the table."""
    for row, check in zip(table("Merge requests", "column"), merge_request.CHECKS, strict=True):
        needs = [need for need in check.needs if need != "time_stats"]
        assert row["read for it"] == (", ".join(needs) or "the list")


@pytest.mark.parametrize(
    ("heading", "pattern"),
    [("Merge requests", text.SEMANTIC), ("Issues", text.SEMANTIC_ISSUE)],
)
def test_the_kinds_are_all_those_that_are_known(heading: str, pattern: re.Pattern[str]) -> None:
    """A kind that is missing there would be called a fault without a word."""
    kinds = re.match(r"\^\(([^)]+)\)", pattern.pattern)
    assert kinds is not None
    assert f"`{kinds[1].replace('|', ', ')}`" in prose(heading)


def test_every_column_of_whole_people_is_explained_in_order() -> None:
    """Spreadsheets rely on both."""
    assert [row["column"] for row in table("Whole people", "column")] == list(UNIFIED_COLUMNS)


@pytest.mark.parametrize("check", merge_request.CHECKS, ids=lambda check: check.id)
def test_a_column_of_whole_people_names_the_check_of_merge_requests(check: Check) -> None:
    """Its title is another one there."""
    row = unified_row(Work("ann"), None, Tally({check.title: 1}, {}), None)
    assert_named(row, f"{check.title} of merge requests")


@pytest.mark.parametrize("check", issue.CHECKS, ids=lambda check: check.id)
def test_a_column_of_whole_people_names_the_check_of_issues(check: Check) -> None:
    """Its title is another one there."""
    row = unified_row(Work("ann"), None, None, Tally({check.title: 1}, {}))
    assert_named(row, f"{check.title} of issues")


def assert_named(row: Record, what: str) -> None:
    """Assert that the one column with a fault is said to count `what`."""
    (column,) = [title for title, cell in row.items() if cell == 1]
    meanings = {row["column"]: row["what is in it"] for row in table("Whole people", "column")}
    assert meanings[column].startswith(what)


# -- projects --------------------------------------------------------------------------------------


def test_every_check_of_projects_has_its_row_in_order() -> None:
    """With its id, its weight, what it applies to, and when it fails."""
    keys = ("check", "id", "weight", "applies to", "fails when")
    rows = [tuple(row[key] for key in keys) for row in table("Project compliance", "check")]
    assert rows == [
        (check.title, f"`{check.id}`", f"{check.weight:g}", applies_to(check), check.fails_when)
        for check in CHECKS
    ]


def applies_to(check: ProjectCheck) -> str:
    """Return what a check makes sense for, as people read it."""
    what = check.applies_to
    return what if isinstance(what, str) else ", ".join(what)


PYTHON = {
    **dict.fromkeys(("app.py", ".gitlab-ci.yml", "LICENSE", "README.md"), ""),
    "pyproject.toml": "project = {dependencies = ['requests']}",
}


def facts(unread: Sequence[str], missing: str | None = None, **project: object) -> ProjectFacts:
    """Return a project in Python of which these files were not read."""
    files: dict[str, FileText] = {
        path: Unread("403 Forbidden") if path in unread else content
        for path, content in PYTHON.items()
    }
    entries = () if missing else [{"path": path, "type": "blob"} for path in PYTHON]
    return ProjectFacts(project, PartialList(entries, missing), {} if missing else files)


SHOWN = {"description": "d", "topics": ["t"], "license": None}


@pytest.mark.parametrize(
    ("read", "without"),
    [
        (facts([".gitlab-ci.yml"], **SHOWN), {"pipeline"}),
        (facts(["LICENSE", "README.md", "pyproject.toml"], **SHOWN), {"files"}),
        (facts([], "timeout", **SHOWN), {"list", "pipeline"}),
        (facts([]), {"record"}),
        (facts([], **SHOWN), set()),
    ],
    ids=["pipeline", "files", "list", "record", "nothing"],
)
def test_a_check_is_unknown_without_what_the_rules_name(
    read: ProjectFacts, without: set[str]
) -> None:
    """And only then. A list of files that broke off may hold the pipeline, too."""
    findings = evaluate(read).findings.values()
    unknown = [finding.result == "unknown" for finding in findings]
    rows = table("Project compliance", "check")
    assert unknown == [bool(without & set(row["unknown without"].split(", "))) for row in rows]


def test_what_the_usual_policy_asks_for_is_said() -> None:
    """Licences, the topics of a README, the sum of the weights, and how a score reads."""
    told = prose("Project compliance")
    assert f"`{', '.join(sorted(DEFAULT_POLICY.licences))}`" in told
    assert f"`{', '.join(TOPICS)}`" in told
    readme = next(row for row in table("Project compliance", "check") if row["id"] == "`readme`")
    length, sections = DEFAULT_POLICY.readme_length, DEFAULT_POLICY.readme_sections
    assert f"at least {length} characters and {sections} of the topics" in readme["passes when"]
    assert f"({sum(WEIGHTS.values()):g} together)" in told
    assert f"`{Score(67.5, 22.5, 10)}`" in told


def test_the_bounds_of_files_are_those_of_the_code() -> None:
    """Of repositories, and of lists."""
    told = prose("Project compliance")
    for number, noun in (
        (bounds.MOST_CHARACTERS >> 20, "MiB"),
        (bounds.MOST_KEY_PARTS, "parts"),
        (bounds.MOST_LEVELS, "levels"),
        (bounds.MOST_VALUES, "values"),
        (bounds.MAX_INCLUDES, "included files"),
        (bounds.MOST_LICENCES, "licences"),
    ):
        assert f"{number:,} {noun}" in told
    commands = " ".join(text_of("commands").split())
    assert f"{bounds.MOST_LINES:,} lines, {bounds.MOST_COLUMNS:,} columns" in commands
    assert (
        f"{bounds.MOST_LIST_CHARACTERS >> 20} MiB. Of more than {bounds.MOST_FAULTS:,}" in commands
    )


def test_languages_and_tools_are_all_those_that_are_known() -> None:
    """Who uses another one has to know that it is not found."""
    text = text_of("tools")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert rows == [
        f"| {', '.join(each.languages) or 'any'} | {PURPOSES[purpose]} | {', '.join(names)} |"
        for each in (*ECOSYSTEMS, ANY_LANGUAGE)
        for purpose, entries in each.tools.items()
        for names in [dict.fromkeys(entry.name for entry in entries)]
    ]
    unknown = [name for each in ECOSYSTEMS if not each.tools for name in each.languages]
    assert f"no tools of theirs: {', '.join(unknown)}." in " ".join(text.split())


PURPOSES = {
    "test": "tests",
    "lint": "linting",
    "format": "format",
    "type_check": "types",
    "coverage": "coverage",
    "dead_code": "dead code",
    "secret_scan": "secrets",
    "dependency_audit": "dependencies",
    "changelog": "changelogs",
    "hooks": "hooks",
}


def test_the_columns_of_many_projects_are_said() -> None:
    """In their order, with the licence that is usually allowed."""
    assert f"`{', '.join(error_row('', ''))}`" in prose("Project compliance")


# -- commits, leaderboard, weeks -------------------------------------------------------------------


def test_the_slots_are_those_of_the_code() -> None:
    """To the minute."""
    rows = table("Commits and times of day", "slot")
    assert {row["slot"] for row in rows} == {"Morning", "Afternoon", "Other"}
    for row in rows:
        first, after = (datetime.strptime(row[key], "%H:%M") for key in ("from", "before"))  # noqa: DTZ007
        assert USUAL_SLOTS.of(first.time()) == row["slot"]
        assert USUAL_SLOTS.of((after - timedelta(minutes=1)).time()) == row["slot"]
        assert USUAL_SLOTS.of(after.time()) != row["slot"]


def test_the_points_are_those_of_the_code() -> None:
    """Adding up a score by hand gives the same."""
    rows = [(row["number"], row["points"]) for row in table("Leaderboard", "number")]
    assert rows == [(TITLES[name], f"{points:g}") for name, points in DEFAULT_WEIGHTS.items()]


def test_every_column_of_the_leaderboard_is_said() -> None:
    """For each of its tables in order; what a number counts once for all."""
    rows = [row["columns"] for row in table("Leaderboard", "table")]
    tables = (TEAM_COLUMNS, MEMBER_COLUMNS, PEOPLE_COLUMNS)
    assert rows == [f"`{', '.join(columns)}`" for columns in tables]
    assert [row["column"] for row in table("Leaderboard", "column")] == list(TITLES.values())


def test_the_badges_are_those_of_the_code() -> None:
    """In the order in which they are given, with what is compared and among which people."""
    rows = [tuple(row.values()) for row in table("Leaderboard", "badge")]
    among = {"all": "all", "team": "each team"}
    assert rows == [(badge.title, most_of(badge), among[badge.among]) for badge in BADGES]


def most_of(badge: Badge) -> str:
    """Return what a badge goes by, as people read it."""
    titles = [{**TITLES, SCORE: "Score"}[name] for name in badge.of]
    return " + ".join(titles) if badge.by == "sum" else f"evenness of {', '.join(titles)}"


def test_the_levels_of_the_heatmap_are_those_of_the_code() -> None:
    """Both by their titles and by what they stand for."""
    rows = [(int(row["level"]), row["number"]) for row in table("Leaderboard", "level")]
    assert rows == list(enumerate(LEVEL_TITLES))
    for number, title in rows:
        first, *last = (int(bound) for bound in re.findall(r"\d+", title))
        assert {level(bound) for bound in (first + ("more" in title), *last)} == {number}
    assert f"{WEEKS} weeks" in prose("Leaderboard")


def test_the_measures_and_the_days_of_a_week_are_those_of_the_code() -> None:
    """As many days at most."""
    assert [row["measure"] for row in table("Weekly", "measure")] == list(MEASURES.values())
    assert f"on {WEEK} days up to today" in prose("Weekly")
    assert f"at most {MOST_DAYS} days" in prose("Weekly")


def test_the_columns_and_the_cells_of_a_week_are_those_of_the_code() -> None:
    """With hours only for people who are allowed to be shown with them."""
    day = date(2024, 1, 5)
    work = {day: DayWork(2, 1, 5, 5400, (9, 10, 14))}
    week = PersonWeek(WeekPerson("a", "b", "c"), work, work)
    (row,), (with_hours,) = overview_rows([week]), overview_rows([week], ["c"])
    told, shown = prose("Weekly"), day.isoformat()
    assert list(row) == [*PERSON_COLUMNS, shown, "Total", "Change"]
    people = f"`{', '.join(PERSON_COLUMNS)}`"
    assert f"{people}, one for each day (`{shown}`), `Total` and `Change`" in told
    assert f"A cell reads `{row[shown]}`" in told
    assert f"(`{str(with_hours[shown]).removeprefix(str(row[shown]))}`)" in told
    (measured,) = measure_rows([week], "commits")
    assert f"`{', '.join(list(measured)[-3:])}`" in told


# -- open work -------------------------------------------------------------------------------------


def test_the_rules_of_open_work_are_those_of_the_code_in_order() -> None:
    """The first one that holds decides."""
    assert [row["waits for"] for row in table("Open work", "waits for")] == [
        waiting_for for waiting_for, _ in open_work.RULES
    ]


def test_the_columns_of_open_work_are_said() -> None:
    """Those that a merge request does not have itself."""
    said = [row["column"] for row in table("Open work", "column")]
    assert said == [title for title in worklist.COLUMNS[3:] if title != "Link"]


def test_every_column_of_reviews_is_explained() -> None:
    """With the columns of weeks and of pairs, and of each table of the command."""
    rows = {row["column"]: row["what it says"] for row in table("Reviews", "column")}
    assert rows == review_tables.MEANINGS
    for columns in (review_tables.WEEK_COLUMNS, review_tables.PAIR_COLUMNS):
        assert f"`{', '.join(columns)}`" in prose("Reviews")
    commands = text_of("commands")
    for columns in (
        TEAM_REVIEWS,
        PERSON_REVIEWS,
        review_tables.WEEK_COLUMNS,
        review_tables.PAIR_COLUMNS,
    ):
        assert f"| `{', '.join(columns)}` |" in commands


# -- all documents ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=label)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    """Links between documents do not break, nor do those to a heading."""
    for link, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", path.read_text("utf-8")):
        if "://" not in link:
            found = path.parent / link if link else path
            assert found.exists(), link
            assert not anchor or anchor in anchors(found), f"{link}#{anchor}"


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitLab gives to a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=label)
def test_every_module_that_a_document_names_exists(path: Path) -> None:
    """By its dotted name, by its path in the repository, or by the path in the package."""
    text = path.read_text("utf-8")
    for name in re.findall(r"`(gitlab_sync(?:\.\w+)+)", text):
        resolve_name(name)
    named = re.findall(r"`((?:gitlab_sync|tests|benchmarks|docs)/[\w/.]*)`", text)
    assert [each for each in named if not (DOCS.parent / each).exists()] == []
    if path.name == "design.md":
        named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?|\w+\.py)`", text)
        named += re.findall(r"^([\w/]+/(?:\w+\.py)?|\w+\.py)(?:, | {2,})", text, re.MULTILINE)
        assert [each for each in named if not (PACKAGE / each).exists()] == []
        assert len(named) > 40


def test_the_map_shows_every_folder_and_every_module_at_the_root() -> None:
    """A newcomer finds each of them there, and nothing that is gone."""
    folders = {path.parent for path in PACKAGE.rglob("*/__init__.py")}
    modules = {path for path in PACKAGE.glob("*.py") if not path.name.startswith("_")}
    assert set(mapped()) == folders | modules


def mapped() -> Iterator[Path]:
    """Yield the paths in the tree of design.md."""
    tree = text_of("design").split("```")[1]
    at = {-1: PACKAGE.parent}
    for indent, names in re.findall(r"^( *)((?:\w+(?:/|\.py)(?:, )?)+)", tree, re.MULTILINE):
        for name in names.split(", "):
            depth = len(indent) // 2
            at[depth] = at[depth - 1] / name
            if depth:
                yield at[depth]


@pytest.mark.parametrize("path", DOCUMENTS, ids=label)
def test_each_table_has_one_kind_of_row(path: Path) -> None:
    """Rows have as many cells as the head, and options are in tables of options alone."""
    for head, line, *rows in tables_of(path):
        assert {len(row) for row in (line, *rows)} == {len(head)}, head
        assert {row[0].startswith("`-") for row in rows} == {head[0].startswith("option")}, head


def tables_of(path: Path) -> Iterator[list[list[str]]]:
    """Yield the tables of a document: the cells of each of their lines."""
    for block in re.findall(r"(?:^\|.*\n)+", path.read_text("utf-8"), re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()]
        yield [[cell.strip() for cell in line] for line in lines]
