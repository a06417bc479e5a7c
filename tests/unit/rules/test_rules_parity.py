"""Tables of the older program: which ones are known, and what their cells say."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import reduce
from itertools import combinations

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.parity.columns import KINDS, OlderKind
from gitlab_sync.rules.parity.comparison import Comparison, Ours, counts_of, in_words, worst_first
from gitlab_sync.rules.parity.differences import DIFFERENCES
from gitlab_sync.rules.parity.older_cell import cell_of
from gitlab_sync.rules.parity.older_item import OlderItem
from gitlab_sync.rules.parity.older_table import OlderRow, read_older_table
from gitlab_sync.rules.text import instant
from gitlab_sync.types import PartialList

MRS, ISSUES, USERS = KINDS
GROUPS_OF_THREE = (",", ".", "'", "\u2019", " ", "\xa0", "\u202f", "\u2009")


@given(st.integers(-(10**12), 10**12), st.sampled_from(GROUPS_OF_THREE), st.sampled_from(" \t\n"))
def test_a_whole_number_is_read_however_it_is_written(number: int, mark: str, around: str) -> None:
    """As text, with a fraction of zeros, with groups of three digits."""
    point = "." if mark == "," else ","
    grouped = f"{number:,}".replace(",", mark)
    for text in (str(number), f"{number}.0", f"{number},00", grouped, f"{grouped}{point}0"):
        assert cell_of(f"{around}{text}{around}") == number
    assert cell_of(number) == cell_of(float(number)) == cell_of(f"'{number}") == number


@given(st.text())
def test_any_text_is_a_number_or_nothing_or_itself(text: str) -> None:
    """Never an error."""
    found = cell_of(text)
    assert found is None or isinstance(found, int | float) or found == text.strip()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        (" ", None),
        ("NaN", None),
        ("-", None),
        (float("nan"), None),
        (True, "True"),
        ("2.5", 2.5),
        ("2,5", 2.5),
        ("0.250", 0.25),
        ("1,2,3", "1,2,3"),
        ("1 2", "1 2"),
        ("1,234,5", "1,234,5"),
        ("3 (+2 ?)", "3 (+2 ?)"),
        ("1" * 50, "1" * 50),
        ("٣", "٣"),
    ],
)
def test_a_cell_says_what_a_person_would_read(given: object, read: object) -> None:
    """And no number where none is."""
    assert cell_of(given) == read
    assert type(cell_of(given)) is type(read)


def table(*rows: dict[str, object], kind: int = 0) -> list[dict[str, object]]:
    """Return rows with all titles of a kind, 0 in each cell that is not given."""
    return [{**dict.fromkeys(KINDS[kind].titles, 0), **row} for row in rows]


def as_csv(rows: list[dict[str, object]], sign: str) -> bytes:
    """Return rows as delimited text with a byte order mark."""
    lines = [rows[0].keys(), *(row.values() for row in rows)]
    quoted = (sign.join(f'"{cell}"' for cell in line) for line in lines)
    return "\r\n".join(quoted).encode("utf-8-sig")


def as_workbook(rows: list[dict[str, object]]) -> bytes:
    """Return rows as a workbook."""
    book = openpyxl.Workbook()
    for line in (rows[0].keys(), *(row.values() for row in rows)):
        book.worksheets[0].append(list(line))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_every_kind_of_file_holds_the_same_table() -> None:
    """With any delimiter, the titles in any case, order and white space, and further columns."""
    rows = table({"Username": "@ann", "No Desc": "1,234", "No Issues": ""}, {"Username": "bob"})
    rows = [{"Team": "x", **dict(reversed(row.items()))} for row in rows]
    odd = [{f" {title.upper()} ": cell for title, cell in row.items()} for row in rows]
    files = [as_csv(each, sign) for each in (rows, odd) for sign in ",;\t|"]
    files += [
        as_workbook(rows),
        json.dumps(rows).encode(),
        b"\xef\xbb\xbf" + json.dumps(odd).encode(),
    ]
    for data in files:
        found = read_older_table(decoded(data)[0], "old")
        assert found.kind is MRS
        assert found.usernames == ["ann", "bob"]
        assert found.rows[0].cells["No Desc"] == 1234
        assert "No Issues" not in found.rows[0].cells
        assert found.empty == 1
        assert not found.faults


def test_of_two_columns_with_one_title_the_first_counts() -> None:
    """In any case, and in each kind of file."""
    rows: list[dict[str, object]] = table({"Username": "ann", "No Desc": 3})
    rows[0] |= {"NO DESC": 4}
    for data in (as_csv(rows, ","), json.dumps(rows).encode()):
        assert read_older_table(decoded(data)[0], "old").rows[0].cells["No Desc"] == 3


@pytest.mark.parametrize("kind", range(3))
def test_a_table_is_known_by_its_titles(kind: int) -> None:
    """Each lacks something that another has."""
    text = json.dumps(table({"Username": "ann"}, kind=kind))
    assert read_older_table(text, "old").kind is KINDS[kind]


def test_a_row_without_a_username_is_named_and_left_out() -> None:
    """In a file with lines, and in one with rows; the same person in two rows is compared twice."""
    rows = table({"Username": ""}, {"Username": "a b"}, {"Username": "Ann"}, {"Username": "ann"})
    for data, place in ((as_csv(rows, ","), "line"), (json.dumps(rows).encode(), "row")):
        found = read_older_table(decoded(data)[0], "old")
        assert len(found.faults) == 2
        assert found.faults[1].startswith(f"old, {place} {3 if place == 'line' else 2}: “a b”")
        assert [row.username for row in found.rows] == ["Ann", "ann"]
        assert found.usernames == ["Ann"]


def test_a_table_that_is_nearly_one_is_told_what_it_lacks() -> None:
    """With the nearest title, and the titles that were expected."""
    rows = table({"Username": "ann"})
    rows[0]["No Description"] = rows[0].pop("No Desc")
    with pytest.raises(ConfigurationError, match="merge requests by person") as met:
        read_older_table(json.dumps(rows), "old")
    assert "lacks “No Desc” (Did you mean No Description?)" in str(met.value)
    assert ", ".join(MRS.titles) in met.value.hint


# -- one person ------------------------------------------------------------------------------------


def merge_request(number: int, **changes: object) -> OlderItem:
    """Return an ended merge request without a fault in what its record says."""
    known = {
        "id": number,
        "iid": number,
        "project_id": 1,
        "state": "merged",
        "description": "Closes #1",
        "created_at": "2026-01-01T00:00:00Z",
        "merged_at": "2026-01-01T10:00:00Z",
        "updated_at": "2026-01-01T10:00:00Z",
        "web_url": f"https://gitlab.example/a/b/-/merge_requests/{number}",
    }
    return OlderItem("merge_requests", {**known, **changes})


def test_differences_are_explained_together_when_none_is_enough() -> None:
    """All that give the number are named, with the items of the first."""
    late = {"created_at": "2026-01-01T00:00:00+05:30", "merged_at": "2026-01-03T23:00:00+05:30"}
    items = [merge_request(200 - n, description="") for n in range(100)]
    items.append(merge_request(1, description="<!-- a -->", **late))
    comparison = Comparison(MRS)

    def explained(title: str, number: int) -> tuple[str, ...]:
        cells = {"No Desc": 101, "Merge > 2 Days": 1}
        row = OlderRow("ann", {title: number})
        (cell,) = comparison.compare(row, Ours("Success", cells, items=items))
        return (cell.result, *cell.why.differences, *cell.why.items)

    assert explained("No Desc", 100) == ("explained", "newest_100", "comments_counted", "a/b!1")
    assert explained("Merge > 2 Days", 0) == ("explained", "newest_100", "calendar_days", "a/b!1")
    assert explained("No Desc", 99) == ("unexplained",)


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=12),
    st.integers(0, 12),
)
def test_an_explanation_is_never_more_than_what_happened(
    made: list[tuple[bool, bool, bool]], older: int
) -> None:
    """A table is explained by its time only if so many items changed since: no guess."""
    written = "2026-06-01T00:00:00Z"
    after = "2026-07-01T00:00:00Z"
    items = [
        merge_request(
            number,
            state="merged" if ended else "opened",
            created_at=after if created else "2026-01-01T00:00:00Z",
            updated_at=after if created or updated else "2026-01-01T10:00:00Z",
        )
        for number, (ended, created, updated) in enumerate(made, start=1)
    ]
    comparison = Comparison(MRS, instant(written))
    own = sum(ended for ended, _, _ in made)
    row = OlderRow("ann", {"Closed MRs": older})
    (cell,) = comparison.compare(row, Ours("Success", {"Closed MRs": own}, items=items))
    before = [(ended, updated) for ended, created, updated in made if not created]
    least = sum(ended and not updated for ended, updated in before)
    most = least + sum(updated for _, updated in before)
    expected = "equal" if own == older else "explained" if least <= older <= most else "unexplained"
    assert cell.result == expected


PEOPLE = st.sampled_from(["ann", "bob", "renovate"])
TEXTS = st.sampled_from(["", "It.", "Closes #1", "<!-- #2 -->", "<!-- a -->", "See #3 <!-- a -->"])
HOURS = st.integers(0, 200)


@st.composite
def any_item(draw: st.DrawFn, number: int) -> OlderItem:
    """Return an ended merge request of `ann` with any facts that were read."""
    created = datetime(2026, 1, 1, 23, tzinfo=timezone(timedelta(hours=5)))
    author = {"author": {"username": "ann"}}
    notes = [
        {"id": n, "system": False, "body": draw(TEXTS), "author": {"username": draw(PEOPLE)}}
        for n in range(draw(st.sampled_from([0, 1, 22])))
    ]
    titles = st.sampled_from(["fix: it", "it", "it (#4)"])
    commits = [
        {"id": str(n), "message": draw(titles), "parent_ids": ["1"] * draw(st.integers(1, 2))}
        for n in range(draw(st.sampled_from([0, 1, 22])))
    ]
    paths = draw(st.lists(st.sampled_from(["a.py", "latest.txt", "tests/a.py", "spec/a.rb"])))
    runs = draw(st.permutations(range(1, 4)))
    pipelines = [{"id": n, "status": draw(st.sampled_from(["success", "failed"]))} for n in runs]
    facts = Facts(*map(PartialList, (notes, commits, [{"new_path": p} for p in paths], pipelines)))
    item = merge_request(
        number,
        **author,
        title=draw(titles),
        description=draw(TEXTS),
        created_at=created.isoformat(),
        merged_at=(created + timedelta(hours=draw(HOURS))).isoformat(),
        upvotes=draw(st.integers(0, 1)),
        user_notes_count=len(notes),
        time_stats={"total_time_spent": draw(st.integers(0, 1))},
    )
    return replace(item, facts=facts, in_scope=draw(st.booleans()), assigned=draw(st.booleans()))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [MRS, USERS], ids=lambda kind: kind.command)
@settings(max_examples=12)
@given(made=st.data())
def test_what_the_older_program_counted_with_all_its_faults_is_explained(
    kind: OlderKind, made: st.DataObject
) -> None:
    """And only numbers that some of them give; ours are those of the rules."""
    items = [made.draw(any_item(number)) for number in range(1, made.draw(st.integers(1, 4)) + 1)]
    if kind is USERS:
        items = [replace(item, in_scope=True) for item in items]
    for column in kind.columns:
        if column.kind != "merge_requests":
            continue
        own = sum(item.counts(column) is True for item in items if item.in_scope)
        every = [each for each in DIFFERENCES if each.concerns(kind.command, column)]
        numbers = {
            sum(item.counts(column) is True for item in seen if item.in_scope)
            for size in range(len(every) + 1)
            for several in combinations(every, size)
            for seen in [reduce(lambda seen, each: each.applied(seen, column), several, items)]
        }
        ours = Ours("Success", {column.title: own}, items=items)
        for older in range(6):
            row = OlderRow("ann", {column.title: older})
            (cell,) = Comparison(kind).compare(row, ours)
            expected = "explained" if older in numbers else "unexplained"
            assert cell.result == ("equal" if older == own else expected), (column.title, older)


def test_the_worst_is_first_and_the_numbers_are_in_words() -> None:
    """Unexplained by distance, then unknown, then explained."""
    cells = {"Closed MRs": 1, "No Desc": 5, "No Issues": None, "No Time Spent": None}
    older = {
        "Closed MRs": 2,
        "No Desc": 1,
        "No Issues": 0,
        "No Time Spent": 4,
        "Failed Pipeline": 0,
    }
    row = OlderRow("ann", older)
    found = Comparison(MRS).compare(row, Ours("Partial", {**cells, "Failed Pipeline": 0}, items=[]))
    assert [each.title for each in worst_first(found)] == [
        "No Desc", "Closed MRs", "No Time Spent", "No Issues",
    ]  # fmt: skip
    assert in_words(counts_of(found)) == ("5 cells: 1 equal, 1 explained, 2 unexplained, 1 unknown")
