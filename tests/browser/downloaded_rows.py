"""The rows of a batch: those that a visitor saves, and those that the library finds."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Page

from gitlab_sync import GitLabClient
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.people import PeopleQuery, answer
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
    with Bridge() as bridge, GitLabClient(sandbox.url, token, bridge=bridge) as client:
        rows = answer(client, query)
    return [{key: "" if v is None else str(v) for key, v in row.items()} for row in rows]
