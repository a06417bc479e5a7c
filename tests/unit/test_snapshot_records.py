"""What a snapshot keeps of a record is what GitLab sent, whatever that is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitlab_sync.snapshots import records
from gitlab_sync.snapshots.records import Layout, text_of

LAYOUTS = {
    "merge request": records.MERGE_REQUEST,
    "issue": records.ISSUE,
    "user": records.USER,
    "commit": records.COMMIT,
    "time log": records.TIME_LOG,
    "project": records.PROJECT,
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
TIMES = st.sampled_from(
    [
        "2026-01-05T09:00:00.000Z",
        "2026-01-05T09:00:00Z",
        "2026-01-05T09:00:00.123456Z",
        "2026-01-05T09:00:00.000+05:30",
        "2026-01-05T09:00:00.000+00:00",
        "2026-01-05T09:00:00.000-00:00",
        "2026-01-05T09:00:00.000+00:60",
        "2026-01-05T24:00:00.000Z",
        "0001-01-01T00:00:00.000+14:00",
        "9999-12-31T23:59:59.999-12:00",
        "2026-01-05T09:00:00.000",
        "2026-01-05",
    ]
)
VALUES = st.recursive(
    SCALARS | TEXTS | TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def likely(layout: Layout) -> st.SearchStrategy[dict[str, Any]]:
    """Return records with the keys of a layout, each missing, as usual, or anything at all."""
    kinds: dict[str, st.SearchStrategy[Any]] = {"time": TIMES, "text": TEXTS}
    kinds["integer"] = st.integers(0, 2**40)
    parts = {}
    for field in layout.fields:
        usual = kinds.get(field.type, VALUES)
        if field.inner is not None:
            usual = st.fixed_dictionaries(
                {}, optional={field.inner: usual | VALUES, "other": TEXTS}
            )
        parts[field.key] = usual | VALUES
    return st.fixed_dictionaries({}, optional=parts)


def as_read(layout: Layout, cells: dict[str, Any]) -> dict[str, Any]:
    """Return cells as a query returns them: times as texts."""
    assert set(cells) == set(layout.columns)
    return {
        name: text_of(cell) if isinstance(cell, datetime) else cell for name, cell in cells.items()
    }


@pytest.mark.slow
@given(st.data())
@example(None)
def test_a_record_is_read_as_it_was_written(data: st.DataObject | None) -> None:
    """With keys that lack, and values of any type."""
    for layout in LAYOUTS.values():
        record = {} if data is None else data.draw(likely(layout))
        found = layout.unpacked(as_read(layout, layout.packed(record)))
        assert orjson.dumps(found, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
            layout.kept(record), option=orjson.OPT_SORT_KEYS
        )
