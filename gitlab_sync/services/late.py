"""The list of items that came after their moment."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.items.as_of import LATE_COLUMNS
from gitlab_sync.types import TableRow

LATE_ITEMS = "Late"


def late_sheet(rows: Sequence[TableRow], meta: Meta) -> Sheet:
    """Return late items (`Report.late`) as exporters take them."""
    return Sheet(LATE_ITEMS, LATE_COLUMNS, rows, meta, links={"Item": "Link"})
