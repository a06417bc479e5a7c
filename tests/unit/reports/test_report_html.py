"""The page for people, read back by a parser."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.reports.cells import legal
from gitlab_sync.reports.html_file import to_html
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.types import Scalar, TableRow

META = Meta(datetime(2024, 1, 5, 9, 30, tzinfo=UTC), "https://gitlab.example", "3 of 3 read", "<b>")


class Page(HTMLParser):
    """Tags with their attributes, and the texts of the cells, as a browser would find them."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.source = to_html(sheet).decode()
        self.feed(self.source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; those that have no end are not waited for."""
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        """Every end belongs to the last beginning."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Add to the cell that is open."""
        if {"td", "th"} & set(self._open):
            self.cells[-1] += data
        if "style" not in self._open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all tags of a name."""
        return [attributes for name, attributes in self.tags if name == tag]


def table(cells: list[Scalar], **more: Any) -> Sheet:
    """Return a table of one column that holds these cells."""
    return Sheet("T", ("Cell",), [{"Cell": cell} for cell in cells], META, **more)


def test_texts_are_escaped_wherever_they_stand() -> None:
    """In titles, columns, cells, links and the footer."""
    evil = "<script>alert('1')</script>\"&"
    page = Page(Sheet(evil, (evil,), [{evil: evil}], META))
    assert page.cells == [evil, evil]
    assert page.all("script") == page.all("b") == []
    assert page.text.count(evil) == 4


def test_the_page_needs_nothing_else() -> None:
    """No script, no file from anywhere, and the policy of the page forbids both."""
    page = Page(table(["a"], links={"Cell": lambda _: "https://gitlab.example/a"}))
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "form"})
    assert not any("src" in attributes for _, attributes in page.tags)
    assert "url(" not in page.source
    assert "@import" not in page.source
    policy = [meta for meta in page.all("meta") if meta.get("http-equiv")]
    assert "default-src 'none'" in str(policy)


def test_unknown_is_a_question_mark_that_says_so() -> None:
    """Null is not 0; and in a column of errors it is that there was none."""
    rows: list[TableRow] = [{"N": None, "Error": None}, {"N": 0, "Error": "403"}]
    page = Page(Sheet("T", ("N", "Error"), rows, META))
    assert page.cells == ["N", "Error", "?", "", "0", "403"]
    assert all("Not known" in str(abbr["title"]) for abbr in page.all("abbr"))


def test_the_error_column_is_shown_only_if_somebody_has_one() -> None:
    """As in the table of the command line."""
    assert Page(Sheet("T", ("N", "Error"), [{"N": 1, "Error": None}], META)).cells == ["N", "1"]


def test_cells_are_shown_as_what_they_are() -> None:
    """Times in UTC, percentages with their sign, truth in words."""
    assert Page(table([66.7, 75], kinds={"Cell": "percent"})).cells[1:] == ["66.7\xa0%", "75\xa0%"]
    assert Page(table([True, False])).cells[1:] == ["yes", "no"]
    page = Page(table(["2024-01-05T00:30:00+05:30"]))
    assert page.cells[1:] == ["2024-01-04 19:00:00 UTC"]
    assert page.all("time") == [{"datetime": "2024-01-04T19:00:00+00:00"}]


def test_screen_readers_are_told_what_the_table_is() -> None:
    """A caption, headers with their scope, a name for what scrolls, and the language."""
    page = Page(Sheet("T", ("Username", "N"), [{"Username": "ann", "N": 1}], META))
    assert [th.get("scope") for th in page.all("th")] == ["col", "col", "row"]
    assert page.all("html") == [{"lang": "en"}]
    (scroll,) = [div for div in page.all("div") if div.get("class") == "scroll"]
    assert (scroll["role"], scroll["aria-labelledby"], scroll["tabindex"]) == (
        "region",
        "title",
        "0",
    )
    assert page.all("h1") == [{"id": "title"}]
    assert "1 row." in page.text


def test_links_lead_to_the_web_and_tell_it_nothing() -> None:
    """And what is no link of the web is none."""
    rows: list[TableRow] = [
        {"N": 1, "u": 'https://x/?a=1&b="'},
        {"N": 2, "u": "javascript:alert(1)"},
    ]
    page = Page(Sheet("T", ("N",), rows, META, {"N": "u"}))
    assert page.all("a") == [{"href": 'https://x/?a=1&b="', "rel": "noreferrer"}]


def test_the_footer_says_where_the_numbers_come_from() -> None:
    """Every line of it."""
    text = Page(table([])).text
    for label, line in META.lines().items():
        assert f"{label}{line}" in text


@pytest.mark.parametrize("words", ["prefers-color-scheme: dark", "@media print", "sticky"])
def test_the_style_fits_the_reader(words: str) -> None:
    """Light or dark, on paper, and with the header in sight."""
    assert words in Page(table([])).source


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())))
def test_whatever_goes_in_the_page_stays_whole(cells: list[Scalar]) -> None:
    """A text comes out as it went in, but for what no page can hold."""
    page = Page(table(cells))
    assert len(page.cells) == len(cells) + 1
    for found, cell in zip(page.cells[1:], cells, strict=True):
        if isinstance(cell, str) and "\r" not in cell and not page.all("time"):
            assert found == legal(cell)


@pytest.mark.slow
def test_ten_thousand_people() -> None:
    """Thirty columns of them."""
    columns = [f"C{number}" for number in range(30)]
    rows: list[TableRow] = [dict.fromkeys(columns, line) for line in range(10_000)]
    page = to_html(Sheet("T", columns, rows, META))
    assert page.count(b"<tr>") == 10_001
    assert b"10,000 rows" in page
