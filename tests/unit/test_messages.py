"""Messages of HTTP: what is read of answers is what the standard library would have read."""

from __future__ import annotations

import contextlib
import gc
import gzip
import http.client
import io
import weakref
import zlib
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import DecodeError

from gitlab_sync.errors import BadResponse
from gitlab_sync.http.messages import Incoming, head_of

NAMES = st.sampled_from(["Content-Type", "X-Total", "link", "LINK", "Set-Cookie", "x-next-page"])
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["C"]))
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=12)
BODIES = st.binary(max_size=300)
CUTS = st.lists(st.integers(0, 600), max_size=5)
HEAD = b"HTTP/1.1 200 OK\r\n"


def with_length(body: bytes) -> bytes:
    """Return the end of a head with the length of a body, and the body."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def in_chunks(body: bytes) -> bytes:
    """Return the end of a head and a body in chunks, with a field behind it."""
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    chunks = b"".join(b"%x;ext\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX-Behind: 1\r\n\r\n"


def read(pieces: Iterable[bytes], method: str = "GET", largest: int = 1) -> Incoming:
    """Return the answer in these pieces of bytes, after which the connection ends."""
    incoming = Incoming(method, largest)
    for piece in filter(None, pieces):
        incoming.feed(piece)
        if incoming.done:
            return incoming
    incoming.feed(b"")
    return incoming


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    """Return the bytes in pieces that end at these places."""
    ends = sorted({0, *(place for place in places if place < len(raw)), len(raw)})
    return [raw[start:end] for start, end in pairwise(ends)]


class _Socket:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what the server sent, as a socket does."""
        assert mode == "rb"
        return io.BufferedReader(io.BytesIO(self._raw))  # type: ignore[type-var]


def by_the_standard_library(raw: bytes, method: str = "GET") -> tuple[int, str, bytes, bool]:
    """Return status, reason, body, and whether the connection goes on."""
    response = http.client.HTTPResponse(_Socket(raw), method=method)  # type: ignore[arg-type]
    response.begin()
    return response.status, response.reason, response.read(), not response.will_close


@given(FIELDS, BODIES, st.sampled_from([with_length, in_chunks]), CUTS)
def test_an_answer_is_what_the_standard_library_reads_however_it_is_cut(
    fields: list[tuple[str, str]], body: bytes, frame: object, cuts: list[int]
) -> None:
    """Byte by byte or at once; what is behind the body is no field of it."""
    said = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")
    raw = HEAD + said + frame(body)  # type: ignore[operator]
    found = read(cut(raw, cuts))
    ours = (found.status, found.reason, found.body, found.keeps)
    assert ours == by_the_standard_library(raw) == (200, "OK", body, True)
    for name in {name.lower() for name, _ in fields}:
        assert found.headers[name] == ", ".join(v for n, v in fields if n.lower() == name)
    assert "x-behind" not in found.headers


@pytest.mark.parametrize(
    ("raw", "method"),
    [
        (HEAD + b"Connection: close\r\n\r\n[]", "GET"),
        (HEAD + b"\r\n[]", "GET"),
        (b"HTTP/1.0 200 OK\r\n" + with_length(b"[]"), "GET"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET"),
        (b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n" + HEAD + with_length(b"[]"), "GET"),
        (b"HTTP/1.1 404\r\n" + with_length(b"{}"), "GET"),
        (HEAD + b"Content-Length: 9\r\n\r\n", "HEAD"),
        (HEAD + b"Connection: close\r\n\r\n", "HEAD"),
    ],
)
def test_an_answer_of_any_frame_is_what_the_standard_library_reads(raw: bytes, method: str) -> None:
    """To the end of the connection, without a body, behind an answer that is not the last."""
    found = read([raw], method)
    ours = (found.status, found.reason, found.body, found.keeps)
    assert ours == by_the_standard_library(raw, method)
    assert "x" not in found.headers


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: 1",
        HEAD + b"Content-Length: 9\r\n\r\n[]",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[]",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n[]",
        b"SSH-2.0-server\r\n",
        HEAD + b"X: " + b"x" * 200_000,
        HEAD + b"X: 1\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
)
def test_what_is_no_answer_or_not_whole_is_an_error(raw: bytes) -> None:
    """Cut short, with two lengths, without an end, or of another protocol: never half of it."""
    with pytest.raises(http.client.HTTPException):
        read(cut(raw, list(range(0, len(raw), 50_000))))


@given(st.binary(max_size=200), CUTS)
def test_no_bytes_are_an_error_of_another_kind(raw: bytes, cuts: list[int]) -> None:
    """Whatever comes, it is an answer, or it is refused."""
    with contextlib.suppress(http.client.HTTPException, DecodeError):
        assert read(cut(raw, cuts)).done


@pytest.mark.parametrize("behind", [HEAD + with_length(b"[1]"), b"noise"])
def test_a_connection_with_something_behind_an_answer_is_not_used_again(behind: bytes) -> None:
    """It would be taken for the answer to the next request."""
    found = read([HEAD + with_length(b"[]") + behind])
    assert (found.body, found.keeps) == (b"[]", False)


@given(st.lists(st.binary(max_size=100), min_size=1, max_size=3), CUTS, st.booleans())
def test_compressed_answers_are_read_however_they_are_cut(
    members: list[bytes], cuts: list[int], chunked: bool
) -> None:
    """Of several members, too, in chunks or not."""
    packed = b"".join(map(gzip.compress, members))
    frame = in_chunks if chunked else with_length
    raw = HEAD + b"Content-Encoding: gzip\r\n" + frame(packed)
    assert read(cut(raw, cuts)).body == b"".join(members)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", b"[]"),
        (b"gzip", gzip.compress(b"x" * 100, mtime=0)[:-9]),
        (b"br", b"[]"),
        (b"deflate", zlib.compress(b"[]")),
    ],
)
def test_what_cannot_be_decompressed_is_an_error(encoding: bytes, body: bytes) -> None:
    """What was not asked for, too: half a text or a packed one is never shown."""
    raw = HEAD + b"Content-Encoding: " + encoding + b"\r\n" + with_length(body)
    with pytest.raises(DecodeError):
        read([raw])


@pytest.mark.parametrize("body", [gzip.compress(b"x" * 100, mtime=0)[:-9], b"\x1f\x8b\x08\x00"])
@pytest.mark.parametrize("frame", [with_length, lambda body: b"\r\n" + body])
def test_a_compressed_answer_that_is_cut_short_is_never_taken_for_a_whole_one(
    body: bytes, frame: Callable[[bytes], bytes]
) -> None:
    """Whether its length is known or the connection ends it, and even if there is no byte of it."""
    with pytest.raises(DecodeError):
        read([HEAD + b"Content-Encoding: gzip\r\n" + frame(body)])


@pytest.mark.parametrize("packed", [True, False])
def test_the_largest_answer_is_read_and_a_larger_one_is_refused(packed: bool) -> None:
    """By its size after decompression, at the first byte too many."""
    for size in (1_000_000, 1_000_001):
        body = b"x" * size
        encoding = b"Content-Encoding: gzip\r\n" if packed else b""
        raw = HEAD + encoding + with_length(gzip.compress(body) if packed else body)
        if size > 1_000_000:
            with pytest.raises(BadResponse, match="at most 1 MB"):
                read([raw])
        else:
            assert read([raw]).body == body


def test_an_answer_that_is_read_is_gone_with_its_last_reference() -> None:
    """Bodies are large, and the collector of cycles can come late."""
    gc.disable()
    try:
        for raw in (HEAD + with_length(b"[]"), HEAD + b"\r\n[]"):
            found = read([raw])
            gone = weakref.ref(found)
            del found
            assert gone() is None
    finally:
        gc.enable()


# -- requests --------------------------------------------------------------------------------------


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]),
    st.dictionaries(NAMES.map(str.lower), VALUES.filter(str.isascii), max_size=4),
    st.none() | BODIES,
)
def test_a_head_is_what_the_standard_library_would_send(
    method: str, fields: dict[str, str], body: bytes | None
) -> None:
    """The same line, the same fields and the same length."""
    sent: list[bytes] = []
    connection = http.client.HTTPConnection("host")
    connection.send = sent.append  # type: ignore[method-assign, assignment]
    headers = {"Host": "host", "Accept-Encoding": "gzip", **fields}
    connection.request(method, "/path?a=1", body, headers)
    theirs = b"".join(sent).removesuffix(body or b"")
    assert sorted(head_of(method, "/path?a=1", headers, body).split(b"\r\n")) == sorted(
        line for line in theirs.split(b"\r\n")
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [("/a b", "x"), ("/a\r\nX:", "x"), ("/a", "x\r\nY: 1"), ("/a", "x\ny"), ("/a", "x\ry")],
)
def test_nothing_in_a_request_can_begin_another_field(path: str, value: str) -> None:
    """Line breaks and spaces are refused where they would mean something else."""
    with pytest.raises(ValueError, match="line break or a space"):
        head_of("GET", path, {"Host": "host", "X": value}, None)
