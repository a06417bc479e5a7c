"""JSON with the rows' own keys."""

from __future__ import annotations

import json

from gitlab_sync.reports.json_file import to_json, to_ndjson
from gitlab_sync.types import TableRow

ROWS: list[TableRow] = [
    {"Username": "ann", "Closed MRs": 3, "Error": None},
    {"Username": "zoë", "Closed MRs": None, "Error": "404\nnobody"},
]


def test_json_is_a_list_of_the_rows_with_their_keys_in_order() -> None:
    """Null stays null."""
    text = to_json(ROWS).decode()
    assert json.loads(text) == ROWS
    assert [list(row) for row in json.loads(text)] == [list(row) for row in ROWS]
    assert text.endswith("]\n")


def test_no_rows_are_an_empty_list() -> None:
    """Which is still JSON."""
    assert json.loads(to_json([])) == []
    assert to_ndjson([]) == b""


def test_ndjson_is_one_object_a_line() -> None:
    """Line breaks inside a text do not break lines."""
    lines = to_ndjson(ROWS).decode().splitlines()
    assert [json.loads(line) for line in lines] == ROWS


def test_pieces_of_ndjson_can_be_joined() -> None:
    """That is how they are streamed."""
    assert to_ndjson(ROWS[:1]) + to_ndjson(ROWS[1:]) == to_ndjson(ROWS)


def test_control_characters_are_escaped() -> None:
    """Also those that JSON allows, since a terminal obeys them; programs read the same text."""
    steering = {
        f"a{chr(code)}b": f"é{chr(code)}\x9b2J\\" for code in (*range(32), *range(127, 160))
    }
    for data in (to_json([steering]), to_ndjson([steering])):
        text = data.decode()
        assert text.replace("\n", "").isprintable()
        (row,) = json.loads(text) if text.startswith("[") else [json.loads(text)]
        assert row == steering
