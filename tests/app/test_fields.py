"""Fields with odd values: of the page's URL, of a paste, and of a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, texts, until_done

from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.pages.widgets import times
from gitlab_sync.pages.widgets.fields import MOST_CHARACTERS, MOST_MEGABYTES, MOST_PEOPLE

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"
LONG = "x" * 100_000
MANY = "\n".join(f"user{number}" for number in range(25_000))

PARAMETERS = {
    "batch_analytics.py": ("users", "group", "projects", "since", "until", "quick"),
    "user_profile.py": ("user", "projects", "since", "quick", "part"),
    "weekly_performance.py": ("people", "span", "to", "group", "projects", "show"),
    "open_work.py": ("users", "group", "project", "desk", "policy"),
    "team_leaderboard.py": ("teams", "projects", "since", "team", "show", "individuals"),
    "project_compliance.py": ("view", "project", "ref", "licences"),
}
"""The parameters of the URL of each page."""

ODD = {
    "empty": "",
    "a huge number": "9" * 20,
    "a number that is none": "1e400",
    "no such day": "2026-99-99",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "what is left of bytes that are not UTF-8": "\ufffd\ufffd\x00",
    "HTML": "<script>alert(1)</script>",
    "a path": "../../etc/passwd",
    "long": LONG,
}


@pytest.mark.slow
@pytest.mark.parametrize("page", PARAMETERS)
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_page_is_shown_whatever_its_url_says(page: str, odd: str) -> None:
    """All parameters at once, and Run is offered; nothing has started by itself."""
    at = in_the_demo()
    jobs = len(JOBS)
    at.switch_page(page)
    for name in PARAMETERS[page]:
        at.query_params[name] = odd
    at = at.run()
    assert not at.exception
    assert "Run" in [button.label for button in at.button]
    assert len(JOBS) == jobs


@pytest.mark.parametrize(
    ("page", "field", "text"),
    [
        ("batch_analytics.py", "users", MANY),
        ("weekly_performance.py", "people", MANY),
        ("open_work.py", "users", MANY),
        ("team_leaderboard.py", "teams", f"Red: {MANY}"),
    ],
    ids=("users", "people", "open", "teams"),
)
def test_a_list_of_very_many_people_is_refused_with_what_to_do(
    page: str, field: str, text: str
) -> None:
    """Before any of it is read."""
    at = go_to(in_the_demo(), page)
    at.text_area(key=field).set_value(text)
    at = press(at, "Run")
    told = "".join(error.value for error in at.error).replace("\\", "")
    assert f"at most {MOST_CHARACTERS:,} characters, got {len(text):,}" in told
    assert "use the command line" in told
    assert not at.progress


def test_a_list_of_projects_is_refused_likewise() -> None:
    """It is the fourth text of many lines."""
    at = go_to(in_the_demo(), "project_compliance.py")
    at = at.get("button_group")[0].set_value("Many projects").run()
    at.text_area(key="repos").set_value("a/b\n" * 60_000)
    at = press(at, "Run")
    assert f"at most {MOST_CHARACTERS:,} characters" in at.error[0].value.replace("\\", "")


@pytest.mark.parametrize("name", [None, "", "America", "../etc", "x" * 300, "a\0b", "Mars"])
def test_a_browser_without_a_known_time_zone_is_in_utc(
    name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what it likes: also the name of a folder, or of no file at all."""
    context = SimpleNamespace(timezone=name)
    monkeypatch.setattr(times, "st", SimpleNamespace(context=context))
    assert times.visitor_zone() == ZoneInfo("UTC")
    context.timezone = "Asia/Tokyo"
    assert times.visitor_zone() == ZoneInfo("Asia/Tokyo")


def upload(at: AppTest, people: int) -> AppTest:
    """Choose a file of so many people, and press Run."""
    file = "\n".join(["username", *(f"user{number:06}" for number in range(people))])
    at.file_uploader[0].upload("p.csv", file.encode(), "text/csv")
    return press(at, "Run")


@pytest.mark.slow
def test_a_file_with_too_many_people_changes_nothing_and_says_so() -> None:
    """The field keeps its text, and the next file is taken again."""
    at = in_the_demo()
    before = at.text_area(key="users").value
    at = upload(at, 100_000)
    assert at.text_area(key="users").value == before
    assert "were not added" in at.error[0].proto.title
    assert not at.progress
    at.text_area(key="users").set_value("kira.osei")
    at = until_done(upload(at, 3))
    assert not at.error
    added = "kira.osei\nuser000000\nuser000001\nuser000002"
    assert at.text_area(key="users").value == added
    at = press(at, "Run")
    assert at.text_area(key="users").value == added
    at = upload(at, MOST_PEOPLE)
    assert "at most 2,000 people" in texts(at).replace("\\", "")


def test_the_server_takes_no_larger_file_than_the_fields() -> None:
    """Streamlit's default is 200 MB for each, in memory."""
    server = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["server"]
    assert server["maxUploadSize"] == MOST_MEGABYTES
    assert server["maxWidgetStateSize"] * 1_000_000 > MOST_CHARACTERS
