"""Lists read page by page: whole, in order, in parallel where possible, and honest about a cut."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from odd_server import Answer, OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.errors import BadResponse, ConfigurationError, NotFound
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world, paging
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import RecordList

Maker = Callable[..., GitLabClient]


def users(number: int) -> list[dict[str, Any]]:
    """Return so many users, the cheapest rows that a sandbox serves."""
    numbers = range(1, number + 1)
    return [{"id": n, "username": f"row{n}", "name": "", "state": "active"} for n in numbers]


@pytest.fixture(scope="module")
def many() -> World:
    """Make a world of 250 users and nothing else."""
    world = generate_world(seed=1, users=1, merge_requests=0, issues=0, projects=1)
    world.tables.users[:] = users(250)
    world.changed()
    return world


@pytest.fixture(scope="module")
def crowd(many: World) -> Iterator[Sandbox]:
    """Put it behind a server, for all tests of this file."""
    with Sandbox(many) as running:
        yield running


@pytest.fixture
def sandbox(crowd: Sandbox) -> Sandbox:
    """Give it out with nothing counted and without faults."""
    # A page that the test before this one asked for in vain may still be on its way.
    crowd.traffic.wait(lambda traffic: not traffic.in_flight)
    crowd.traffic.reset()
    crowd.faults.clear()
    crowd.latency = 0.0
    return crowd


def ids(rows: list[dict[str, Any]]) -> list[int]:
    """Return the ids of rows."""
    return [row["id"] for row in rows]


ALL = list(range(250, 0, -1))


def test_all_rows_come_in_order_with_the_least_number_of_requests(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """250 rows are three pages of 100; the list says that it is whole."""
    rows = client.get_all("users")
    assert ids(rows) == ALL
    assert isinstance(rows, list)
    assert (rows.complete, rows.total, rows.pages) == (True, 250, 3)
    assert sandbox.traffic.total == 3


@pytest.mark.parametrize("per_page", [1, 7, 50, 99, 100, 125, 250, 251, 1000])
def test_any_page_size_gives_the_same_rows(
    client: GitLabClient, sandbox: Sandbox, per_page: int
) -> None:
    """GitLab cuts pages at 100 rows in silence, so no more is asked for."""
    rows = client.get_all("users", per_page=per_page)
    assert ids(rows) == ALL
    size = min(per_page, 100)
    assert rows.pages == sandbox.traffic.total == -(-250 // size)
    asked = parse_qs(sandbox.traffic.exchanges[0].query)
    assert asked["per_page"] == [str(size)]


def test_per_page_wins_over_one_in_the_parameters(client: GitLabClient, sandbox: Sandbox) -> None:
    """And over one in the endpoint."""
    rows = client.get_all("users?per_page=3", {"per_page": 9}, per_page=50)
    assert rows.pages == 5
    assert all("per_page=50" in exchange.query for exchange in sandbox.traffic.exchanges)


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_page_size_or_a_cap_below_one_is_refused(
    client: GitLabClient, sandbox: Sandbox, wrong: int
) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigurationError, match="per_page"):
        client.get_all("users", per_page=wrong)
    with pytest.raises(ConfigurationError, match="max_pages"):
        client.get_all("users", max_pages=wrong)
    assert sandbox.traffic.total == 0


@pytest.mark.parametrize("cap", [1, 2])
def test_a_cap_that_cuts_is_told_in_the_list_and_in_the_log(
    client: GitLabClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, cap: int
) -> None:
    """It is not silent, and costs no more pages than it allows."""
    with caplog.at_level(logging.WARNING, logger="gitlab_sync"):
        rows = client.get_all("users", {"private_token": "s3cretword"}, max_pages=cap)
    assert ids(rows) == ALL[: 100 * cap]
    assert (rows.complete, rows.total, rows.pages) == (False, 250, cap)
    assert sandbox.traffic.total == cap
    assert f"only the first {cap} pages were read ({100 * cap} of 250 rows)" in caplog.text
    assert "s3cretword" not in caplog.text


@pytest.mark.parametrize("cap", [3, 4, 1000, None])
def test_a_cap_that_does_not_cut_says_nothing(
    client: GitLabClient, caplog: pytest.LogCaptureFixture, cap: int | None
) -> None:
    """The list is whole."""
    with caplog.at_level(logging.WARNING, logger="gitlab_sync"):
        rows = client.get_all("users", max_pages=cap)
    assert ids(rows) == ALL
    assert rows.complete
    assert not caplog.records


def test_all_overrules_a_cap(client: GitLabClient) -> None:
    """The older client refused it, and the refusal was swallowed."""
    assert ids(client.get_all("users", max_pages=1, all=True)) == ALL
    assert ids(client._get_paginated("users", max_pages=1, all=True)) == ALL


def test_the_older_name_reads_ten_pages_unless_told_otherwise(client: GitLabClient) -> None:
    """And says when that was a cut."""
    rows = client._get_paginated("users", per_page=20)
    assert (len(rows), rows.pages, rows.complete) == (200, 10, False)
    assert ids(client._get_paginated("users", None, 50, 2)) == ALL[:100]


@pytest.mark.parametrize(
    ("number", "pages"), [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2), (200, 2)]
)
def test_lists_of_every_size_end_where_they_end(bridge: Bridge, number: int, pages: int) -> None:
    """Nothing, one page, exactly full pages: no page is asked for beyond the last."""
    world = generate_world(seed=1, users=1, merge_requests=0, issues=0, projects=1)
    world.tables.users += [{**user, "id": 1000 + user["id"]} for user in users(number)]
    world.changed()
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        rows = client.get_all("users?search=row")
        assert (len(rows), rows.pages, rows.complete, rows.total) == (number, pages, True, number)
        assert sandbox.traffic.total == pages


def test_pages_are_read_in_parallel_once_their_number_is_known(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """With 8 workers, 8 at a time."""
    sandbox.latency = 0.05
    rows = client.get_all("users", per_page=10)
    assert ids(rows) == ALL
    assert sandbox.traffic.peak == 8
    assert sandbox.traffic.total == 25


def test_one_thing_gives_a_list_of_one(client: GitLabClient) -> None:
    """Older callers read single objects so."""
    rows = client.get_all("user")
    assert [row["username"] for row in rows] == ["row1"]
    assert (rows.complete, rows.total, rows.pages) == (True, 1, 1)
    assert next(client.iter_pages("user")) == rows


def test_parameters_go_with_every_page(client: GitLabClient, sandbox: Sandbox) -> None:
    """Those of the endpoint, too."""
    client.get_all("users?search=row", {"active": True, "ids": [1, 2], "no": None}, per_page=100)
    assert sandbox.traffic.total == 3
    for exchange in sandbox.traffic.exchanges:
        asked = parse_qs(exchange.query)
        assert (asked["search"], asked["active"], asked["ids[]"]) == (["row"], ["true"], ["1", "2"])
        assert "no" not in asked


def test_reading_from_a_later_page_goes_on_from_there(client: GitLabClient) -> None:
    """`page` in the parameters is where it begins."""
    assert ids(client.get_all("users", {"page": 3}, per_page=50)) == ALL[100:]


# -- without totals --------------------------------------------------------------------------------


def test_keyset_lists_are_read_by_their_links_alone(client: GitLabClient, sandbox: Sandbox) -> None:
    """There is no number of pages and no total."""
    rows = client.get_all("users", {"pagination": "keyset", "order_by": "id"}, per_page=60)
    assert sorted(ids(rows)) == sorted(ALL)
    assert (rows.complete, rows.total, rows.pages) == (True, 250, 5)
    assert (
        sum("cursor=" in e.query or "id_after=" in e.query for e in sandbox.traffic.exchanges) == 4
    )


def test_keyset_pages_that_are_capped_say_so(client: GitLabClient) -> None:
    """It is unknown how many are left."""
    rows = client.get_all("users", {"pagination": "keyset", "order_by": "id"}, 60, max_pages=2)
    assert (len(rows), rows.complete, rows.total) == (120, False, None)


@pytest.mark.parametrize("params", [{}, {"pagination": "keyset", "order_by": "id"}])
def test_links_that_name_another_host_are_followed_on_ours(
    many: World, bridge: Bridge, params: dict[str, str]
) -> None:
    """Behind a proxy GitLab names its configured host, which cannot be reached from here."""
    with Sandbox(many, link_host="https://behind-the-proxy.invalid") as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        assert len(client.get_all("users", params, per_page=60)) == 250


def test_more_rows_than_gitlab_counts_are_read_to_their_true_end(
    client: GitLabClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above 10,000 rows there are no totals: pages are asked for ahead until there is none."""
    monkeypatch.setattr(paging, "MOST_COUNTED", 100)
    rows = client.get_all("users", per_page=30)
    assert ids(rows) == ALL
    assert (rows.complete, rows.total, rows.pages) == (True, 250, 9)
    assert sandbox.traffic.total <= 9 + client.session.bridge.workers - 1
    cut = client.get_all("users", per_page=30, max_pages=4)
    assert (len(cut), cut.complete, cut.total) == (120, False, None)


def test_pages_ahead_are_as_many_as_were_read_and_none_beyond_the_cap(
    client: GitLabClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short list of unknown length costs little more than its pages."""
    monkeypatch.setattr(paging, "MOST_COUNTED", 0)

    def asked(per_page: int) -> int:
        mark = f"per_page={per_page}"
        return sum(mark in each.query.split("&") for each in sandbox.traffic.exchanges)

    assert client.get_all("users", per_page=100).pages == 3
    assert asked(100) <= 4
    assert client.get_all("users", per_page=10, max_pages=7).pages == 7
    assert asked(10) == 7


def test_a_list_whose_pages_do_not_follow_each_other_is_gone_on_with_where_it_says(
    bridge: Bridge,
) -> None:
    """What was asked for ahead is not taken for what follows; a circle is an error."""

    def server(follow: dict[int, int]) -> OddServer:
        """Serve pages of one row, each of which names the page that follows."""

        def answer(path: str) -> Answer:
            page = int(parse_qs(urlsplit(path).query).get("page", ["1"])[0])
            return json([{"id": page}], **{"X-Next-Page": str(follow.get(page, ""))})

        return OddServer(answer)

    with server({1: 2, 2: 3, 3: 7, 7: 8}) as leaping:
        client = GitLabClient(leaping.url, "x", bridge=bridge)
        assert ids(client.get_all("users")) == [1, 2, 3, 7, 8]
    with server({1: 2, 2: 3, 3: 2}) as circling:
        client = GitLabClient(circling.url, "x", bridge=bridge)
        with pytest.raises(BadResponse, match="leads back") as raised:
            client.get_all("users")
        assert raised.value.partial == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_ten_thousand_rows_and_one_are_all_there(bridge: Bridge) -> None:
    """With GitLab's own limit."""
    world = generate_world(seed=1, users=1, merge_requests=0, issues=0, projects=1)
    world.tables.users[:] = users(10_001)
    world.changed()
    with Sandbox(world) as sandbox:
        rows = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge).get_all("users")
        assert ids(rows) == list(range(10_001, 0, -1))
        assert (rows.complete, rows.total, rows.pages) == (True, 10_001, 101)


def test_an_offset_beyond_what_gitlab_allows_is_an_error_with_the_rows_before_it(
    client: GitLabClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """405 above 50,000: the list is not taken for ended."""
    monkeypatch.setattr(paging, "MOST_OFFSET", 120)
    with pytest.raises(Exception, match="405 Offset pagination") as raised:
        client.get_all("users", per_page=60)
    partial = raised.value.partial  # type: ignore[attr-defined]
    assert len(partial) >= 120
    assert not partial.complete


# -- lists that change or mislead ------------------------------------------------------------------


def page_of(path: str) -> int:
    """Return the page that a request asks for."""
    return int(parse_qs(urlsplit(path).query).get("page", ["1"])[0])


def test_a_list_that_grows_while_it_is_read_is_read_to_its_new_end(bridge: Bridge) -> None:
    """What was added behind the last page that was known is there, too."""

    def answer(path: str) -> Answer:
        page = page_of(path)
        pages = 3 if page < 3 else 5
        more = str(page + 1) if page < pages else ""
        return json([{"id": page}], X_Next_Page=more, X_Total_Pages=str(pages), X_Total=str(pages))

    with OddServer(answer) as server:
        rows = GitLabClient(server.url, "x", bridge=bridge).get_all("users")
    assert ids(rows) == [1, 2, 3, 4, 5]
    assert rows.complete


def test_a_list_that_shrinks_while_it_is_read_ends_with_an_empty_page(bridge: Bridge) -> None:
    """That is no error: the rows are gone."""

    def answer(path: str) -> Answer:
        page = page_of(path)
        if page == 1:
            return json([{"id": 1}], X_Next_Page="2", X_Total_Pages="3", X_Total="3")
        rows = [{"id": 2}] if page == 2 else []
        return json(rows, X_Next_Page="", X_Total_Pages="2", X_Total="2")

    with OddServer(answer) as server:
        rows = GitLabClient(server.url, "x", bridge=bridge).get_all("users")
    assert ids(rows) == [1, 2]
    assert rows.complete


CIRCLES: dict[str, Callable[[int], dict[str, str]]] = {
    "number to itself": lambda page: {"X_Next_Page": str(max(page, 2))},
    "number to the first": lambda page: {"X_Next_Page": "2" if page == 1 else "1"},
    "link to itself": lambda _: {"Link": '</api/v4/users?cursor=a>; rel="next"'},
    "link to the first": lambda _: {"Link": '</api/v4/users?per_page=100>; rel="next"'},
}


@pytest.mark.parametrize("circle", CIRCLES)
def test_a_list_that_leads_back_to_itself_ends_in_an_error(bridge: Bridge, circle: str) -> None:
    """Rather than going round for ever."""
    with OddServer(lambda path: json([{"id": 1}], **CIRCLES[circle](page_of(path)))) as server:
        with pytest.raises(BadResponse, match="back to a page") as raised:
            GitLabClient(server.url, "x", bridge=bridge).get_all("users")
        assert len(server.asked) < 6
    assert isinstance(raised.value.partial, RecordList)
    assert not raised.value.partial.complete


@pytest.mark.parametrize("circle", CIRCLES)
def test_in_a_batch_a_list_that_leads_back_to_itself_is_not_whole(
    bridge: Bridge, circle: str
) -> None:
    """Its row says so."""
    issue = {"id": 7, "state": "opened", "author": {"username": "ann"}}
    with OddServer(lambda path: json([issue], **CIRCLES[circle](page_of(path)))) as server:
        report = GitLabClient(server.url, "x", bridge=bridge).batch_evaluate_issues(["ann"])
        assert len(server.asked) < 6
    assert (report[0]["Total Assigned"], report[0]["Status"]) == (1, "Partial")
    assert "back to a page" in str(report[0]["Error"])


@pytest.mark.parametrize("link", ["https://evil.invalid/x", "/users/sign_in", "http://[bad"])
def test_a_link_out_of_the_api_is_an_error_with_the_rows_before_it(
    bridge: Bridge, link: str
) -> None:
    """It is not followed, and the list is not taken for ended."""
    answer = json([{"id": 1}], Link=f'<{link}>; rel="next"')
    with OddServer(lambda _: answer) as server:
        client = GitLabClient(server.url, "x", bridge=bridge)
        with pytest.raises(BadResponse, match="not its API") as raised:
            client.get_all("users")
        assert raised.value.partial == [{"id": 1}]
        assert len(server.asked) == 1
        report = client.batch_evaluate_issues(["ann"])
    assert report[0]["Status"] == "Partial"


# -- page by page ----------------------------------------------------------------------------------


def test_pages_come_one_by_one_in_order(client: GitLabClient) -> None:
    """Each a list of rows."""
    pages = list(client.iter_pages("users", per_page=60))
    assert [len(page) for page in pages] == [60, 60, 60, 60, 10]
    assert [row["id"] for page in pages for row in page] == ALL
    assert sum(len(page) for page in client.iter_pages("users", per_page=60, max_pages=2)) == 120


def test_pages_are_asked_for_when_they_are_wanted_only(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """A generator that is not read costs nothing."""
    pages = client.iter_pages("users")
    assert sandbox.traffic.total == 0
    pages.close()
    assert sandbox.traffic.total == 0


def test_pages_are_held_in_a_window_however_long_the_list_is(
    client: GitLabClient, sandbox: Sandbox, bridge: Bridge, until: Callable[..., None]
) -> None:
    """A consumer that pauses stops the reading: memory is bounded."""
    pages = client.iter_pages("users", per_page=1)
    for _ in range(3):
        next(pages)
    until(lambda: not bridge.stats().busy and not bridge.stats().queued)
    assert 3 <= sandbox.traffic.total <= 3 + 2 * 8
    pages.close()


def test_an_early_stop_breaks_off_what_is_under_way(
    client: GitLabClient, sandbox: Sandbox, bridge: Bridge, until: Callable[..., None]
) -> None:
    """Even of a server that has gone silent."""
    sandbox.faults.add("stall", query={"page": "4"}, times=None)
    pages = client.iter_pages("users", per_page=10)
    assert next(pages)
    assert next(pages)
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight >= 1)
    pages.close()
    until(lambda: bridge.executor.busy == 0)
    sandbox.faults.clear()
    assert len(client.get_all("users")) == 250


def test_an_error_ends_the_pages_where_it_happened(client: GitLabClient, sandbox: Sandbox) -> None:
    """The pages before it have been given out."""
    sandbox.faults.add("status", status=404, query={"page": "3"}, times=None)
    pages = client.iter_pages("users", per_page=60)
    assert len(next(pages)) == len(next(pages)) == 60
    with pytest.raises(NotFound):
        next(pages)


def test_a_batch_reads_long_lists_whole_without_their_totals(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person with more issues than GitLab counts."""
    monkeypatch.setattr(paging, "MOST_COUNTED", 100)
    world = generate_world(seed=4, users=2, merge_requests=0, issues=130, projects=2)
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        report = client.batch_evaluate_issues(world.truth.usernames, run=Run())
    truth = world.truth.issues()
    for row in report:
        assert {title: row[title] for title in truth[str(row["Username"])]} == truth[
            str(row["Username"])
        ]
