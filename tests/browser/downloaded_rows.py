"""The rows of a batch: those that a visitor saves, and those that the library finds."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

from playwright.sync_api import Page

from gitlab_sync import GitLabClient
from gitlab_sync.reports.csv_file import to_csv
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.people import answer
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.session.runtime import Bridge

Cells = list[dict[str, str]]


def downloaded(page: Page, path: Path) -> Cells:
    """Save the CSV file of the page's table under that path, and return its rows."""
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).first.click()
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def expected(sandbox: Sandbox, token: str, names: Iterable[str]) -> Cells:
    """Return what the library finds with that token, as the cells of a CSV file."""
    query = PeopleQuery([Person(name) for name in names])
    return cells_of(sandbox, token, lambda client: answer(client, query).sheet(client.base_url))


def cells_of(sandbox: Sandbox, token: str, table: Callable[[GitLabClient], Sheet]) -> Cells:
    """Return a table as the library makes it with that token, as the cells of its CSV file."""
    with Bridge() as bridge, GitLabClient(sandbox.url, token, bridge=bridge) as client:
        sheet = table(client)
    written = to_csv(sheet.columns, sheet.rows).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(written, newline="")))
