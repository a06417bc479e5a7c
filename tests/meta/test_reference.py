"""The reference has what the code has: names, schemas, settings."""

from __future__ import annotations

import re

import pytest
from documents import ROOT, text_of
from reference_pages import FOLDER, made

from gitlab_sync.pages.state import limits

SETTINGS = text_of("settings")
OURS = {"GITLAB_SYNC_DEMO_TOKEN"}
"""Variables by which the program tells itself something: no one sets them."""


@pytest.mark.parametrize("name", made())
def test_what_is_made_from_the_code_is_what_the_code_makes(name: str) -> None:
    """`make reference` makes it again."""
    assert (FOLDER / name).read_text(encoding="utf-8") == made()[name]


def test_every_variable_that_the_code_reads_is_a_documented_setting() -> None:
    """Those of the command, of the app, and of a job of GitLab CI."""
    found = {
        name
        for path in (ROOT / "gitlab_sync").rglob("*.py")
        for name in re.findall(r'"((?:GITLAB|CI|PYTHON|REQUESTS|CURL|MALLOC)_[A-Z_0-9]+)"',
                               path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert len(found) > 25
    assert {name for name in found - OURS if f"`{name}`" not in SETTINGS} == set()


def test_the_limits_of_the_app_are_said_with_their_defaults() -> None:
    """In the row of their variable, once the section of the app begins."""
    section = SETTINGS.split("## Of the app")[1]
    rows = [line for line in section.splitlines() if line.startswith("| `GITLAB_SYNC_")]
    for limit in vars(limits).values():
        if isinstance(limit, limits.Limit):
            (row,) = [row for row in rows if f"`{limit.variable}`" in row]
            assert f"default {limit.default}" in row
