"""Answers read without a socket: data, limits and paging out of them, or the right error."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate

import orjson
import pytest

from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    GitLabSyncError,
    GraphQLError,
    NotFound,
    NotGitLab,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    ServerError,
)
from gitlab_sync.http.wire import (
    Answer,
    Reply,
    error_of,
    rate_limit,
    read,
    read_graphql,
    read_list,
    retry_after,
)

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
BAD_GATEWAY = b"""<!DOCTYPE html><html><head><title>GitLab is not responding (502)</title></head>
<body><h1>502</h1><p>Whoops, GitLab is taking too much time to respond.</p></body></html>"""


def failure(status: int, body: bytes, headers: dict[str, str] | None = None) -> GitLabSyncError:
    """Return the error that `read` raises for an answer."""
    with pytest.raises(GitLabSyncError) as raised:
        read(Answer(status, JSON if headers is None else headers, body))
    return raised.value


RECORDED = [
    (404, b'{"message":"404 Project Not Found"}', NotFound, "404 Project Not Found"),
    (404, b'{"error":"404 Not Found"}', NotFound, "404 Not Found"),
    (400, b'{"message":["Name is too short"]}', RequestRefused, "400 Name is too short"),
    (
        400,
        b'{"message":{"name":["has already been taken"]}}',
        RequestRefused,
        "400 name: has already been taken",
    ),
    (
        422,
        b'{"message":{"name":["is blank","is odd"],"path":["is taken"]}}',
        RequestRefused,
        "422 name: is blank; is odd; path: is taken",
    ),
    (400, b'{"message":{"error":"Too long"}}', RequestRefused, "400 Too long"),
    (
        400,
        b'{"error":"state does not have a valid value"}',
        RequestRefused,
        "400 state does not have a valid value",
    ),
    (401, b'{"message":"401 Unauthorized"}', AuthenticationError, "401 Unauthorized"),
    (
        401,
        b'{"error":"invalid_token","error_description":"Token is expired."}',
        AuthenticationError,
        "401 invalid_token: Token is expired.",
    ),
    (
        403,
        b'{"error":"insufficient_scope","error_description":"More is needed.","scope":"api"}',
        PermissionDenied,
        "403 insufficient_scope: More is needed.",
    ),
    (403, b'{"message":"403 Forbidden"}', PermissionDenied, "403 Forbidden"),
    (401, b'{"errors":[{"message":"Invalid token"}]}', AuthenticationError, "401 Invalid token"),
    (
        405,
        b'{"error":"Offset pagination has a maximum allowed offset of 50000"}',
        RequestRefused,
        "405 Offset pagination has a maximum allowed offset of 50000",
    ),
    (409, b'{"message":"409 Conflict"}', RequestRefused, "409 Conflict"),
    (412, b"", RequestRefused, "412 no message"),
    (500, b'{"message":"500 Internal Server Error"}', ServerError, "500 Internal Server Error"),
    (500, b'{"error":null,"message":null}', ServerError, "500 error: None; message: None"),
    (500, b"[]", ServerError, "500 no message"),
    (500, b"{}", ServerError, "500 no message"),
    (503, b'"down"', ServerError, "503 down"),
]


@pytest.mark.parametrize(("status", "body", "kind", "text"), RECORDED)
def test_each_recorded_error_body_becomes_its_error_with_gitlabs_own_words(
    status: int, body: bytes, kind: type[GitLabSyncError], text: str
) -> None:
    """Every shape that GitLab gives a message in; the status is in the text, once."""
    error = failure(status, body)
    assert type(error) is kind
    assert str(error) == text
    assert error.status == status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 429, 451, 500, 502, 504, 599])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"message":"no"}', b"<p>no</p>", b"\xff\xfe"])
def test_the_text_of_an_error_holds_its_status_whatever_the_body(status: int, body: bytes) -> None:
    """Older callers look for "404" in it."""
    assert str(status) in str(failure(status, body))


def test_a_proxys_page_is_told_by_its_title() -> None:
    """No one wants to read its mark-up."""
    error = failure(502, BAD_GATEWAY, HTML)
    assert isinstance(error, ServerError)
    assert str(error) == "GitLab is not responding (502)"
    assert "<" not in str(error)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<html><h1>Sorry</h1></html>", "504 Sorry"),
        (b"<html><body>nothing to say</body></html>", "504 an HTML page"),
        (b"upstream timed out", "504 upstream timed out"),
        (b"<TITLE\n>a\n  b</TITLE>", "504 a b"),
        (b"<title></title><h1></h1>", "504 no message"),
    ],
)
def test_pages_and_plain_texts_of_proxies_are_told_shortly(body: bytes, text: str) -> None:
    """Title, heading, or the text itself."""
    assert str(failure(504, body, HTML)) == text


@pytest.mark.parametrize("body", [b"<html><body>no</body></html>", b"\n<title>Not Found</title>"])
def test_a_404_with_a_page_says_that_there_is_no_api(body: bytes) -> None:
    """GitLab's own are JSON: the address is that of another server, or lacks a folder."""
    error = failure(404, body, HTML)
    assert isinstance(error, NotGitLab)
    assert str(error) == "404 No GitLab API at this address"
    assert "the address of the GitLab" in error.hint


def test_the_hint_of_a_missing_scope_names_the_scope() -> None:
    """A person can do something about it."""
    body = b'{"error":"insufficient_scope","error_description":"x","scope":"api read_api"}'
    assert "read_api" in failure(403, body).hint


def test_a_missing_route_hints_at_an_older_server() -> None:
    """It is told from a missing object by its words."""
    assert "older" in failure(404, b'{"error":"404 Not Found"}').hint
    assert "older" not in failure(404, b'{"message":"404 Project Not Found"}').hint


# -- both kinds of 429 -----------------------------------------------------------------------------


def test_a_429_in_plain_text_says_when_to_come_back() -> None:
    """The kind with headers."""
    error = failure(429, b"Retry later\n", {"content-type": "text/plain", "retry-after": "37"})
    assert isinstance(error, RateLimited)
    assert str(error) == "429 Rate Limit reached: Retry later"
    assert error.retry_after == 37.0


def test_a_429_in_json_comes_without_headers_and_names_no_time() -> None:
    """The other kind, which comes even while `Remaining` looks healthy."""
    body = b'{"message":{"error":"This endpoint has been requested too many times. Try later."}}'
    error = failure(429, body, {**JSON, "ratelimit-remaining": "1900", "ratelimit-reset": "99"})
    assert isinstance(error, RateLimited)
    assert "Rate Limit" in str(error)
    assert "too many times" in str(error)
    assert error.retry_after is None


def test_without_retry_after_an_exhausted_limit_says_when_it_is_renewed() -> None:
    """`RateLimit-Reset` is in epoch seconds, compared with the answer's own clock."""
    now = 1_700_000_000
    headers = {
        "ratelimit-remaining": "0",
        "ratelimit-reset": str(now + 41),
        "date": formatdate(now, usegmt=True),
    }
    assert failure(429, b"Retry later", headers).retry_after == 41.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (" 7 ", 7.0),
        ("soon", None),
        ("", None),
        ("-3", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("9" * 400, None),
        ("Wed, 99 Foo 20", None),
        ("Mon, 99 Foo 9999999999 99:99:99 +9999", None),
    ],
)
def test_retry_after_takes_seconds_and_fractions_and_leaves_nonsense(
    text: str, seconds: float | None
) -> None:
    """What cannot be a wait is as good as no header."""
    assert retry_after({"retry-after": text}) == seconds


def test_retry_after_takes_an_http_date_by_the_servers_own_clock() -> None:
    """Ours could be wrong by hours."""
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": date}) == 30.0
    assert retry_after({"retry-after": date}, now=1_445_412_480 - 12.0) == 12.0
    assert retry_after({"retry-after": date}, now=1_445_412_480 + 12.0) == 0.0
    then = formatdate(time.time() + 60, usegmt=True)
    assert 57 < (retry_after({"retry-after": then}) or 0) <= 60


def test_no_retry_after_is_none() -> None:
    """Most answers have none."""
    assert retry_after({}) is None


def test_the_limit_is_read_from_its_headers() -> None:
    """Name, what is left, and the seconds until it is renewed."""
    headers = {
        "ratelimit-name": "throttle_authenticated_api",
        "ratelimit-remaining": "12",
        "ratelimit-reset": "1010",
    }
    limit = rate_limit(headers, now=1000.0)
    assert limit is not None
    assert (limit.name, limit.remaining, limit.reset_after) == (
        "throttle_authenticated_api",
        12,
        10.0,
    )
    past = rate_limit({**headers, "ratelimit-reset": "900"}, now=1000.0)
    assert past is not None
    assert past.reset_after == 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"ratelimit-remaining": ""},
        {"ratelimit-remaining": "many"},
        {"ratelimit-remaining": "-1"},
        {"ratelimit-remaining": "12, 12"},
        {"ratelimit-remaining": "9" * 5000},
        {"ratelimit-reset": "later"},
        {"ratelimit-reset": ""},
    ],
)
def test_a_limit_that_makes_no_sense_is_no_limit(change: dict[str, str]) -> None:
    """An older server sends none at all; a strange one must not stop us."""
    assert rate_limit({"ratelimit-remaining": "1", "ratelimit-reset": "5", **change}) is None


# -- what is read of a good answer -----------------------------------------------------------------


def test_a_list_comes_with_what_its_headers_say_of_paging() -> None:
    """Next page, totals, and for keyset lists, which have no numbers, the link."""
    headers = {
        "x-next-page": "2",
        "x-total": "250",
        "x-total-pages": "3",
        "link": '<https://g/api/v4/x?page=1>; rel="prev", <https://g/api/v4/x?a=1,2>; rel="next"',
    }
    reply = read(Answer(200, headers, b'[{"id":1}]'))
    assert reply.data == [{"id": 1}]
    assert (reply.next_page, reply.total, reply.total_pages) == (2, 250, 3)
    assert reply.next_link is None
    keyset = read(Answer(200, {"link": headers["link"]}, b'[{"id":1}]'))
    assert keyset.next_link == "https://g/api/v4/x?a=1,2"


def test_on_the_last_page_the_number_of_the_next_is_empty() -> None:
    """The header is there, and says nothing."""
    reply = read(Answer(200, {"x-next-page": "", "link": '<https://g/x>; rel="first"'}, b"[]"))
    assert reply.next_page is None
    assert reply.next_link is None


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("<https://g/a>; rel=next", "https://g/a"),
        ('<https://g/a>; title="x"; rel="next"', "https://g/a"),
        ('<https://g/a>;rel="next"', "https://g/a"),
        ('<https://g/a>; rel="last"', None),
        ("https://g/a; rel=next", None),
        ("", None),
        (",,,<>", None),
    ],
)
def test_the_next_link_is_found_in_all_its_spellings(link: str, found: str | None) -> None:
    """And in nothing else."""
    assert read(Answer(200, {"link": link}, b"[]")).next_link == found


@pytest.mark.parametrize("totals", [{}, {"x-total": "many"}, {"x-total": "9" * 5000}])
def test_totals_that_are_missing_or_absurd_are_unknown(totals: dict[str, str]) -> None:
    """Above 10,000 rows GitLab leaves them out."""
    assert read(Answer(200, totals, b"[]")).total is None


@pytest.mark.parametrize(
    "answer", [Answer(204, {}, b""), Answer(204, {}, b"x"), Answer(200, {}, b"")]
)
def test_an_answer_without_content_is_an_empty_list(answer: Answer) -> None:
    """What older callers expect of one thing."""
    assert read(answer).data == []


@pytest.mark.parametrize("body", [b'{"id":1}', b"[]", b"7", b"null", b'"x"', b" [1] \n"])
def test_all_json_is_data(body: bytes) -> None:
    """An object, a list or a plain value: it is what was asked for."""
    assert read(Answer(200, JSON, body)).data is not NotImplemented


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id":1},{"id',
        b"<!DOCTYPE html><html><title>Sign in</title></html>",
        b"\x1f\x8b\x08binary",
        b'["\xff\xfe"]',
        b"NaN",
        b"[" * 5000,
        b"\xef\xbb\xbf[]",
        b"{'id': 1}",
        b"\x00",
        b" ",
    ],
)
def test_a_body_that_is_no_json_is_a_bad_response_and_never_data(body: bytes) -> None:
    """Truncated, a page, binary, another encoding: with the status and the type in the text."""
    error = failure(200, body, HTML)
    assert isinstance(error, BadResponse)
    assert error.status == 200
    assert str(error).startswith("200 with a body that is not JSON (text/html)")


ROWS = [{"id": number, "body": '"errors"'} for number in range(1000)]
LONG_LIST = orjson.dumps(ROWS)
LONG_DATA = orjson.dumps({"data": {"rows": ROWS}})


def test_a_long_page_is_decoded_when_it_is_asked_for_and_once() -> None:
    """Until then it is the bytes that came; what its headers say of paging is known at once."""
    page = read_list(Answer(200, {"x-next-page": "2"}, LONG_LIST))
    assert page.next_page == 2
    assert page.content != ROWS
    assert page.data == ROWS
    assert page.data is page.data
    found = read_graphql(Answer(200, JSON, LONG_DATA))
    assert found.content != {"rows": ROWS}
    assert found.data == {"rows": ROWS}


@pytest.mark.parametrize(("reader", "body"), [(read_list, LONG_LIST), (read_graphql, LONG_DATA)])
def test_a_long_page_that_is_cut_short_is_a_bad_response_at_once(
    reader: Callable[[Answer], Reply], body: bytes
) -> None:
    """So that it is requested again."""
    for end in (len(body) // 2, len(body) - 1):
        with pytest.raises(BadResponse, match="not JSON"):
            reader(Answer(200, JSON, body[:end]))


@pytest.mark.parametrize(
    ("reader", "body"),
    [
        (read_list, LONG_LIST.replace(b"999", b"?")),
        (read_list, b"[" * 5000 + b"]" * 5000),
        (read_graphql, LONG_DATA.replace(b"999", b"?")),
    ],
)
def test_a_long_page_with_something_else_inside_is_a_bad_response_for_who_asks(
    reader: Callable[[Answer], Reply], body: bytes
) -> None:
    """It is never data."""
    page = reader(Answer(200, JSON, body, "OK"))
    for _ in range(2):
        with pytest.raises(BadResponse, match="not JSON"):
            page.data  # noqa: B018 - reading it is what raises


def test_errors_of_a_long_answer_to_a_query_are_told_at_once() -> None:
    """In any place of it."""
    body = orjson.dumps({"data": {"rows": ROWS}, "errors": [{"message": "out of order"}]})
    with pytest.raises(GraphQLError, match="out of order"):
        read_graphql(Answer(200, JSON, body))


def test_a_page_in_place_of_json_is_named_by_its_title() -> None:
    """So that a person sees the sign-in page of a proxy in it."""
    body = b"<html><title>Sign in</title></html>"
    assert "Sign in" in str(failure(200, body, HTML))


@pytest.mark.parametrize("status", [100, 301, 302, 304, 307, 308])
def test_what_is_neither_success_nor_error_is_a_bad_response(status: int) -> None:
    """A redirect that was not followed says where it led."""
    error = failure(status, b"", {"location": "https://elsewhere.example/x"})
    assert isinstance(error, BadResponse)
    assert str(status) in str(error)
    assert "https://elsewhere.example/x" in str(error)


def test_the_request_id_is_kept() -> None:
    """An administrator finds the request by it in the logs."""
    assert failure(500, b"", {"x-request-id": "01HX"}).request_id == "01HX"
    assert failure(200, b"<", {"x-request-id": "01HX"}).request_id == "01HX"


# -- where a list is wanted ------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"[]", b'[{"id":1}]', b'{"id":1}'])
def test_rows_are_a_list_or_one_object(body: bytes) -> None:
    """A single object counts as one row."""
    assert read_list(Answer(200, {}, body)).data is not None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {}, b""),
        Answer(200, {}, b"null"),
        Answer(200, {}, b'"x"'),
        Answer(200, {}, b"0"),
    ],
)
def test_where_rows_are_wanted_an_answer_without_any_is_no_empty_list(answer: Answer) -> None:
    """An empty list is `[]`: what has no body says nothing, and must not become a zero."""
    with pytest.raises(BadResponse, match="200"):
        read_list(answer)


# -- hostile bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: b'"' + b"<" * 400_000 + b'"',
        lambda: b"<title>" * 60_000,
        lambda: b"[" * 900 + b"]" * 900,
        lambda: b'{"message":' * 900 + b"1" + b"}" * 900,
        lambda: b'{"message":"' + b"x" * 3_000_000 + b'"}',
        lambda: b"\x80" * 1_000_000,
        lambda: b'{"errors":' * 300 + b"[]" + b"}" * 300,
    ],
    ids=["tags", "titles", "lists", "objects", "long", "binary", "errors"],
)
def test_a_huge_or_twisted_error_body_costs_next_to_nothing_and_gives_a_short_text(
    make: Callable[[], bytes],
) -> None:
    """A server in GitLab's place must not hold a worker for long."""
    body = make()
    started = time.process_time()
    error = failure(500, body)
    assert time.process_time() - started < 5.0
    assert isinstance(error, ServerError)
    assert len(str(error)) <= 310


def test_a_token_in_an_error_body_or_location_is_masked() -> None:
    """Some proxies repeat the request in their pages."""
    said = failure(400, b'{"message":"private_token=glpat-0123456789abcdef is wrong"}')
    assert "0123456789" not in str(said)
    headers = {"location": "https://ann:secret-word@elsewhere.example/?access_token=qwertyuiop"}
    moved = failure(302, b"", headers)
    assert "secret-word" not in str(moved)
    assert "qwertyuiop" not in str(moved)


def test_an_error_made_without_raising_is_the_same() -> None:
    """`error_of` is what python-gitlab's back end asks."""
    assert isinstance(error_of(Answer(404, {}, b"")), NotFound)
