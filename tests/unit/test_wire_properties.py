"""Whatever an answer holds, reading it gives data or one of our errors, and never leaks."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.wire import Answer, Reply, rate_limit, read, read_list, retry_after

NAMES = (
    "content-type",
    "date",
    "link",
    "location",
    "ratelimit-name",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-next-page",
    "x-request-id",
    "x-total",
    "x-total-pages",
)
LATIN = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=60)
TIMES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Mon", "Xyz", ""]),
    st.integers(-1, 99),
    st.sampled_from(["Jan", "Dec", "Foo"]),
    st.integers(-1, 10**6),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 10**4),
    st.sampled_from(["GMT", "-0000", "+9999", "EST", ""]),
)
VALUES = st.one_of(LATIN, st.integers().map(str), st.floats().map(str), TIMES)
HEADERS = st.dictionaries(st.sampled_from(NAMES), VALUES)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["message", "error", "errors", "error_description", "id"]), inner
        )
    ),
    max_leaves=30,
)
BODIES = st.one_of(st.binary(max_size=300), VALUE.map(orjson.dumps), st.text().map(str.encode))
ANSWERS = st.builds(Answer, st.integers(100, 999), HEADERS, BODIES)


def outcome(reader: Callable[[Answer], Reply], answer: Answer) -> Reply | GitLabSyncError:
    """Return what reading gives, or the error of ours that it raises."""
    try:
        return reader(answer)
    except GitLabSyncError as error:
        return error


@settings(deadline=None)
@given(answer=ANSWERS)
@example(answer=Answer(301, {"location": "http://[x@y"}, b""))
@example(answer=Answer(500, {}, b"[" * 1000 + b"]" * 1000))
@example(answer=Answer(429, {"retry-after": "9" * 5000}, b"{}"))
@example(answer=Answer(200, {"x-total": "9" * 5000}, b"[]"))
def test_reading_gives_data_or_an_error_of_ours(answer: Answer) -> None:
    """For any status, any headers and any body; and the error tells its status and pickles."""
    for reader in (read, read_list):
        found = outcome(reader, answer)
        if isinstance(found, Reply):
            assert 200 <= answer.status < 300
        else:
            assert str(answer.status) in str(found)
            assert found.status == answer.status
            assert found.retry_after is None or found.retry_after >= 0
            assert str(pickle.loads(pickle.dumps(found))) == str(found)


@settings(deadline=None)
@given(value=VALUE, headers=HEADERS)
def test_what_a_good_answer_holds_comes_back_as_it_was_sent(
    value: object, headers: dict[str, str]
) -> None:
    """Whatever the headers say."""
    assert read(Answer(200, headers, orjson.dumps(value))).data == value


@settings(deadline=None)
@given(body=st.binary())
def test_rows_are_never_made_out_of_something_else(body: bytes) -> None:
    """A list that is read is the list that was sent; all else is an error."""
    try:
        rows = read_list(Answer(200, {}, body)).data
    except GitLabSyncError:
        return
    assert rows == orjson.loads(body)


@settings(deadline=None)
@given(headers=HEADERS, now=st.floats(0, 4e9))
def test_waits_and_limits_are_never_negative_and_never_endless(
    headers: dict[str, str], now: float
) -> None:
    """Whatever a header holds."""
    wait = retry_after(headers, now)
    assert wait is None or 0 <= wait < float("inf")
    limit = rate_limit(headers, now)
    assert limit is None or (limit.remaining >= 0 and 0 <= limit.reset_after < float("inf"))


@settings(deadline=None)
@given(
    secret=st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=20, max_size=40),
    template=st.sampled_from(
        [
            '{{"message":"token glpat-{} is revoked"}}',
            '{{"error":"see https://ann:{}@host/x"}}',
            "<title>private_token={}</title>",
            "GET /x?access_token={}&page=2",
            '{{"message":{{"base":["refresh_token={}"]}}}}',
        ]
    ),
    status=st.sampled_from([302, 400, 401, 429, 500]),
)
def test_a_secret_that_an_error_page_repeats_is_masked(
    secret: str, template: str, status: int
) -> None:
    """In the message, the repr and the hint."""
    body = template.format(secret).encode()
    found = outcome(read, Answer(status, {"location": f"https://x:{secret}@host/"}, body))
    assert isinstance(found, GitLabSyncError)
    assert secret not in f"{found} {found!r} {found.hint} {found.message}"
