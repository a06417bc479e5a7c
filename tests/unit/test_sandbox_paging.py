"""Pages have GitLab's headers, and lack them where GitLab's do."""

from __future__ import annotations

import re

import pytest

from gitlab_sync.sandbox.answer import Refusal
from gitlab_sync.sandbox.paging import Place, by_keyset, by_offset
from gitlab_sync.sandbox.query import Query

URL = "https://gitlab.example/api/v4/things"


def place(query: str = "") -> Place:
    """Return a list at a URL."""
    return Place(URL, Query(query))


def links(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Return the parts of the `Link` header by relation."""
    text = dict(headers).get("link", "")
    return {relation: url for url, relation in re.findall(r'<([^>]+)>; rel="(\w+)"', text)}


def test_a_page_has_20_rows_unless_told_otherwise() -> None:
    """And says so."""
    rows, headers = by_offset(place(), range(50))
    assert list(rows) == list(range(20))
    assert dict(headers)["x-per-page"] == "20"
    assert dict(headers)["x-total"] == "50"
    assert dict(headers)["x-total-pages"] == "3"


def test_200_rows_are_cut_to_100() -> None:
    """Without a word, but for the header."""
    rows, headers = by_offset(place("per_page=200"), range(150))
    assert len(rows) == 100
    assert dict(headers)["x-per-page"] == "100"


def test_the_last_page_has_an_empty_next_page() -> None:
    """The header is there, and empty; there is no link to a next one."""
    rows, headers = by_offset(place("page=3"), range(50))
    assert list(rows) == list(range(40, 50))
    assert dict(headers)["x-next-page"] == ""
    assert dict(headers)["x-prev-page"] == "2"
    assert set(links(headers)) == {"prev", "first", "last"}


def test_a_page_beyond_the_end_is_empty() -> None:
    """And no error."""
    rows, headers = by_offset(place("page=9"), range(50))
    assert list(rows) == []
    assert dict(headers)["x-next-page"] == ""


def test_an_empty_list_has_one_page() -> None:
    """With nothing in it."""
    _, headers = by_offset(place(), [])
    assert dict(headers)["x-total"] == "0"
    assert dict(headers)["x-total-pages"] == "1"


def test_links_keep_the_other_parameters() -> None:
    """Brackets and all."""
    _, headers = by_offset(place("state=all&iids[]=1&iids[]=2&page=1"), range(50))
    assert links(headers)["next"] == (
        f"{URL}?state=all&iids%5B%5D=1&iids%5B%5D=2&page=2&per_page=20"
    )


def test_totals_vanish_above_10000_rows() -> None:
    """And with them the link to the last page; at 10,000 they are there."""
    _, headers = by_offset(place(), range(10_001))
    assert not {"x-total", "x-total-pages"} & set(dict(headers))
    assert "last" not in links(headers)
    assert dict(by_offset(place(), range(10_000))[1])["x-total"] == "10000"


def test_lists_of_commits_have_no_totals() -> None:
    """But they have a next page."""
    _, headers = by_offset(place(), range(50), totals=False)
    assert "x-total" not in dict(headers)
    assert dict(headers)["x-next-page"] == "2"
    assert set(links(headers)) == {"next", "first"}


def test_kinds_with_keyset_end_at_an_offset_of_50000() -> None:
    """With 405; the page that begins there is still given."""
    by_offset(place("page=501&per_page=100"), range(9), capped="Project")
    with pytest.raises(Refusal) as refusal:
        by_offset(place("page=502&per_page=100"), range(9), capped="Project")
    assert refusal.value.answer.status == 405
    assert b"maximum allowed offset of 50000" in refusal.value.answer.body
    assert b"objects of type Project" in refusal.value.answer.body


def test_other_kinds_have_no_cap() -> None:
    """Merge requests can be read to any depth."""
    rows, _ = by_offset(place("page=502&per_page=100"), range(50_101))
    assert list(rows) == [50_100]


@pytest.mark.parametrize(
    ("query", "text"),
    [("per_page=0", "per_page has a value not allowed"), ("page=x", "page is invalid")],
)
def test_nonsense_is_refused(query: str, text: str) -> None:
    """With 400."""
    with pytest.raises(Refusal) as refusal:
        by_offset(place(query), range(9))
    assert refusal.value.answer.status == 400
    assert text.encode() in refusal.value.answer.body


def test_keyset_pages_are_linked_and_have_nothing_else() -> None:
    """Following the links reads each row once; the last page has no link."""
    seen: list[int] = []
    query = "pagination=keyset&per_page=2"
    for _ in range(3):
        rows, headers = by_keyset(place(query), range(5), str)
        seen += rows
        assert set(dict(headers)) <= {"link"}
        if headers:
            query = links(headers)["next"].partition("?")[2]
    assert seen == [0, 1, 2, 3, 4]
    assert headers == []
