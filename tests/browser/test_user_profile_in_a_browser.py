"""What only a browser can tell of a profile: what it loads, and what it saves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import pytest
from playwright.sync_api import Page, expect
from running_app import RunningApp, press, sign_in

from gitlab_sync.reports.xlsx_file import ABOUT
from gitlab_sync.sandbox import Sandbox, demo_world

PERSON = "amelie.laurent"
TABLES = [
    *("Personal_Projects", "Contributed_Projects", "Commits", "Groups", "MergeRequests", "Issues"),
    "Open_Work",
]
ELSEWHERE = "tracker.example"
NAME = "Amelie :material/check_circle: -> www.tracker.example :red[x] <b>"
README = """# Amelie <img src="https://tracker.example/1.png">

![a](https://tracker.example/2.png) \\![b](https://tracker.example/3.png) ![c][d] ![d]
\\\\![e](https://tracker.example/4.png) [![f](https://tracker.example/5.png)](https://f.example)

[d]: https://tracker.example/6.png

<iframe src="https://tracker.example/7"></iframe> [bad](javascript:alert(1))

$\\includegraphics{https://tracker.example/8.png}$

```mermaid
flowchart LR
A@{ img: "https://tracker.example/9.png", label: "x", w: 60, h: 60 }
```

~~~ &#109;ermaid
flowchart LR
A["<img src='https://tracker.example/10.png'>"] --> B
~~~

The end.
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve the demo's world with pictures on other hosts, a name and a README full of traps."""
    world = demo_world()
    for user in world.tables.users:
        user["avatar_url"] = f"https://{ELSEWHERE}/0.png"
        user["name"] = NAME
    (project,) = [
        each
        for each in world.tables.projects
        if each["path_with_namespace"] == f"{PERSON}/{PERSON}"
    ]
    world.tables.files[project["id"]]["README.md"] = README
    world.changed()
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def page(visitors, app: RunningApp, sandbox: Sandbox) -> Page:
    """Return a visitor who came by a link to a person's profile, and pressed Run."""
    page = visitors.new()
    page.goto(f"{app.url}/profile?user={PERSON}")
    sign_in(page, sandbox.token(), sandbox.url)
    expect(page.get_by_role("textbox", name="Username")).to_have_value(PERSON)
    return page


def run(page: Page) -> None:
    """Press Run and wait for all of it."""
    press(page, "Run")
    expect(page.get_by_text("parts of the profile read")).to_be_visible()
    expect(page.get_by_text("The end.")).to_be_visible()


def test_nothing_that_people_wrote_loads_anything_from_elsewhere(page: Page) -> None:
    """Neither a README nor an avatar tells another host that it was looked at."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    run(page)
    expect(page.get_by_role("img", name=f"Picture of {NAME}")).to_be_visible()
    expect(page.get_by_text('A@{ img: "https://tracker.example/9.png"')).to_be_visible()
    expect(page.locator(".st-key-readme [aria-busy=true]")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert ELSEWHERE not in {urlsplit(url).hostname for url in asked}
    readme = page.locator(".st-key-readme")
    expect(readme.locator("iframe")).to_have_count(0)
    addresses = [link.get_attribute("href") or "" for link in readme.get_by_role("link").all()]
    assert "https://f.example" in addresses
    assert {urlsplit(address).scheme for address in addresses} <= {"https", ""}


def test_a_name_is_shown_as_it_is_and_does_nothing_else(page: Page) -> None:
    """No icon, no link, no other sign: Streamlit would make some of what is already escaped."""
    run(page)
    heading = page.get_by_role("heading", name="Amelie").first
    assert (heading.text_content() or "").replace("\u2060", "") == NAME
    expect(heading.get_by_role("link")).to_have_count(0)
    expect(heading.get_by_role("img")).to_have_count(0)


def test_the_workbook_that_is_saved_has_exactly_the_tables_and_the_one_about_them(
    page: Page, tmp_path: Path
) -> None:
    """Its name has the person and the day."""
    run(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="All tables as XLSX").click()
    assert download.value.suggested_filename.startswith("Profile_of_amelie_laurent_20")
    path = tmp_path / "profile.xlsx"
    download.value.save_as(path)
    assert openpyxl.load_workbook(path).sheetnames == [*TABLES, ABOUT]
