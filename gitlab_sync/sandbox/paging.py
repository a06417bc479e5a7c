"""Pages of lists: by offset with GitLab's headers, or by keyset with nothing but `Link`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from gitlab_sync.sandbox.answer import Refusal, error, json_answer
from gitlab_sync.sandbox.query import Query

T = TypeVar("T")

MOST_PER_PAGE = 100
MOST_COUNTED = 10_000
MOST_OFFSET = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list is read: the URL that the client called (without query) and its parameters."""

    url: str
    query: Query

    def link(self, relation: str, **parameters: str | int) -> str:
        """Return one part of a `Link` header: this list with other `parameters`."""
        pairs = (*self.query.without(*parameters), *parameters.items())
        return f'<{self.url}?{urlencode(pairs)}>; rel="{relation}"'


def page_size(query: Query) -> int:
    """Return how many rows a page holds: 20 by default, at most 100."""
    size = query.number("per_page")
    if size is None:
        return 20
    if size == 0:
        raise error(400, "per_page has a value not allowed")
    return max(1, min(size, MOST_PER_PAGE))


def by_offset(
    place: Place, rows: Sequence[T], *, totals: bool = True, capped: str | None = None
) -> tuple[Sequence[T], list[tuple[str, str]]]:
    """Return the page that `page` and `per_page` name, and its headers.

    `totals=False` leaves the totals out, as the lists of commits do; they also go missing above
    10,000 rows. `capped` names the type of a kind that has keyset paging: its offset ends at
    50,000, with status 405.
    """
    size = page_size(place.query)
    page = max(1, place.query.number("page") or 1)
    start = (page - 1) * size
    if capped is not None and start > MOST_OFFSET:
        raise _too_far(capped)
    chosen = rows[start : start + size]
    more = start + size < len(rows)
    counted = totals and len(rows) <= MOST_COUNTED
    last = max(1, -(-len(rows) // size))
    headers = [
        ("x-page", str(page)),
        ("x-per-page", str(size)),
        ("x-next-page", str(page + 1) if more else ""),
        ("x-prev-page", str(page - 1) if page > 1 else ""),
    ]
    if counted:
        headers += [("x-total", str(len(rows))), ("x-total-pages", str(last))]
    links = []
    if page > 1:
        links.append(place.link("prev", page=page - 1, per_page=size))
    if more:
        links.append(place.link("next", page=page + 1, per_page=size))
    links.append(place.link("first", page=1, per_page=size))
    if counted:
        links.append(place.link("last", page=last, per_page=size))
    headers.append(("link", ", ".join(links)))
    return chosen, headers


def by_keyset(
    place: Place,
    rows: Sequence[T],
    key: Callable[[T], str],
    *,
    parameter: str = "cursor",
) -> tuple[Sequence[T], list[tuple[str, str]]]:
    """Return the page after the row with the `key` in `parameter`, and its `Link` header.

    The rows are in their order already, and keys are distinct. A cursor that no row has gives an
    empty page. The last page has no link.
    """
    size = page_size(place.query)
    after = place.query.get(parameter)
    start = 0
    if after is not None:
        start = next((n + 1 for n, row in enumerate(rows) if key(row) == after), len(rows))
    chosen = rows[start : start + size]
    headers: list[tuple[str, str]] = []
    if chosen and start + size < len(rows):
        more = {parameter: key(chosen[-1]), "per_page": str(size)}
        headers.append(("link", place.link("next", **more)))
    return chosen, headers


def _too_far(kind: str) -> Refusal:
    text = (
        f"Offset pagination has a maximum allowed offset of {MOST_OFFSET} for requests that "
        f"return objects of type {kind}. Remaining records can be retrieved using keyset "
        "pagination."
    )
    return Refusal(json_answer({"error": text}, 405))
