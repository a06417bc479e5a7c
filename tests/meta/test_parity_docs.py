"""What docs say of tables of the older program is what the code compares and explains."""

from __future__ import annotations

import re

from documents import text_of

from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.parity.columns import KINDS, OTHERS
from gitlab_sync.rules.parity.differences import CREATED, DIFFERENCES, OWNERS_GROUPS, UPDATED

MIGRATING = text_of("migrating")
COMMANDS = text_of("commands")
WHAT = {"mrs": "merge requests", "issues": "issues", "users": "people"}
CHECKS = {check.id: check.title for check in (*merge_request.CHECKS, *issue.CHECKS)}


def section(text: str, heading: str) -> str:
    """Return the text below a heading of the second level."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def test_every_difference_that_explains_is_listed_and_no_other() -> None:
    """In order, with what it is, in which tables, and in which columns."""
    text = section(MIGRATING, "What explains a number")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    assert rows == [
        (
            each.id,
            each.older,
            ", ".join(WHAT[table] for table in each.tables),
            _columns(each.id, list(each.checks)),
        )
        for each in DIFFERENCES
    ]
    assert f"`{CREATED}`" in text
    assert f"`{UPDATED}`" in text


def _columns(name: str, checks: list[str]) -> str:
    if name == OWNERS_GROUPS:
        return "Groups Count"
    if name == "lists_alone":
        return "all of checks"
    return ", ".join(CHECKS[check] for check in checks) or "all"


def test_the_titles_of_each_table_are_listed() -> None:
    """Those that tell it from others."""
    text = section(COMMANDS, "`gitlab-sync parity`")
    rows = re.findall(r"^\| ([\w ]+) \| `(.+?)` \| \[`(\w+)`\]", text, re.MULTILINE)
    assert rows == [(kind.what, ", ".join(kind.titles), kind.command) for kind in KINDS]
    assert not set(OTHERS) & {kind.what for kind in KINDS}
