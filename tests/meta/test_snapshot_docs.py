"""The page of snapshots and the schema of snapshots say the same, column by column."""

from __future__ import annotations

import re

from documents import text_of

from gitlab_sync.snapshots.run_info import RunInfo
from gitlab_sync.snapshots.schema import TABLES, Type

TEXT = text_of("snapshots")
TYPES: dict[Type, str] = {
    "text": "text",
    "integer": "integer",
    "number": "number",
    "truth": "true or false",
    "time": "time",
    "day": "day",
    "texts": "list of texts",
    "integers": "list of integers",
    "groups": "list of groups",
    "reviews": "list of reviews",
    "errors": "list of errors",
}


def test_each_table_is_documented_column_by_column() -> None:
    """Type, unit, meaning, and what null means, in the order of the file."""
    parts = re.split(r"^### (\w+)\n", TEXT, flags=re.MULTILINE)
    documented = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert list(documented) == [table.name for table in TABLES]
    for table in TABLES:
        text = documented[table.name]
        assert table.about in text
        rows = [
            [cell.strip() for cell in line[1:-1].split("|")]
            for line in text.splitlines()
            if line.startswith("| `")
        ]
        assert rows == [
            [f"`{each.name}`", TYPES[each.type], each.unit, each.about, each.null]
            for each in table.columns
        ]


def test_each_key_of_a_run_is_documented() -> None:
    """And no other."""
    text = TEXT.partition("\n## What is read from it\n")[0]
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| [^|]+ \|$", text, re.MULTILINE)
    assert [key for row in rows for key in re.findall(r"`(\w+)`", row)] == [
        *RunInfo.__dataclass_fields__
    ]
