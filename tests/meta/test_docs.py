"""The documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitlab_sync.rules import issue, merge_request

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("rules", [merge_request, issue])
def test_every_check_has_a_row_in_the_rules(rules: object) -> None:
    """A column that nobody explains is a column that nobody trusts."""
    text = (DOCS / "rules.md").read_text(encoding="utf-8")
    titles = re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE)
    assert {check.title for check in rules.CHECKS} <= set(titles)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", [DOCS.parent / "README.md", *DOCS.glob("*.md")], ids=str)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    """Links between documents do not break."""
    for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (path.parent / link).exists(), link
