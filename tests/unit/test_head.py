"""Heads of answers: what is read of them is what the standard library would have read."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.http.headers import Head, Response, read_head, with_read_head

NAMES = st.sampled_from(["Content-Type", "X-Total", "link", "LINK", "Set-Cookie", "x-next-page"])
VALUES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20)
USUAL = st.builds(lambda name, value: f"{name}: {value}\r\n".encode("latin-1"), NAMES, VALUES)
ODD = st.sampled_from(
    [b" folded: on\r\n", b"\ttab\r\n", b"no colon\r\n", b": no name\r\n", b"a b: space\r\n",
     b"a: bare\rreturn\r\n", b"a:\n", b"From x\r\n", b"a: b: c\n", b"\xff: odd\r\n"]
)  # fmt: skip


def fields(head: http.client.HTTPMessage) -> list[tuple[str, str]]:
    """Return all fields of a head, in order."""
    return [(name, str(value)) for name, value in head.items()]


def both(raw: bytes) -> tuple[http.client.HTTPMessage, http.client.HTTPMessage]:
    """Return what we read, and what the standard library reads."""
    return read_head(io.BytesIO(raw)), http.client.parse_headers(io.BytesIO(raw))


@given(st.lists(USUAL, max_size=12))
def test_a_usual_head_has_the_fields_that_the_standard_library_reads(lines: list[bytes]) -> None:
    """By any name, and without its parser."""
    ours, theirs = both(b"".join(lines) + b"\r\nbody")
    assert isinstance(ours, Head)
    assert fields(ours) == fields(theirs)
    for name in ("content-type", "Link", "x-none", "X-Next-Page"):
        assert ours.get(name) == theirs.get(name)
        assert ours.get_all(name) == theirs.get_all(name)
        assert ours[name] == theirs[name]


@given(st.lists(USUAL | ODD, max_size=8), st.booleans())
def test_an_odd_head_or_one_cut_short_is_read_as_the_standard_library_reads_it(
    lines: list[bytes], ended: bool
) -> None:
    """Folded lines, lines without a colon, bare returns, an end in the middle."""
    ours, theirs = both(b"".join(lines) + (b"\r\n" if ended else b""))
    assert fields(ours) == fields(theirs)
    assert [type(defect) for defect in ours.defects] == [type(each) for each in theirs.defects]


@given(st.binary(max_size=80))
def test_whatever_bytes_come_the_standard_library_would_say_the_same(raw: bytes) -> None:
    """Noise is no reason to differ."""
    ours, theirs = both(raw)
    assert fields(ours) == fields(theirs)


def test_values_of_a_name_that_comes_again_are_joined() -> None:
    """As every recipient can, in their order; the first one is still that of `get`."""
    head = read_head(io.BytesIO(b"Link: <a>\r\nX: 1\r\nlink: <b>\r\nLINK: <b>\r\n\r\n"))
    assert isinstance(head, Head)
    assert head.joined == {"link": "<a>, <b>, <b>", "x": "1"}
    assert head.get("Link") == "<a>"


def test_nothing_behind_the_empty_line_is_taken() -> None:
    """The body is left where it is."""
    stream = io.BytesIO(b"a: b\r\n\r\nthe body")
    read_head(stream)
    assert stream.read() == b"the body"


@pytest.mark.parametrize("raw", [b"a: " + b"x" * 70_000 + b"\r\n\r\n", b"a: b\r\n" * 101 + b"\r\n"])
def test_a_head_without_end_is_refused_as_the_standard_library_refuses_it(raw: bytes) -> None:
    """A line that is too long, and too many lines."""
    with pytest.raises(http.client.HTTPException) as theirs:
        http.client.parse_headers(io.BytesIO(raw))
    with pytest.raises(http.client.HTTPException) as ours:
        read_head(io.BytesIO(raw))
    assert str(ours.value) == str(theirs.value)


def begin_of_python_3_15(self: Any, *, _max_headers: int | None = None) -> http.client.HTTPMessage:
    """Read a head as the `begin` of newer versions does, which hands a limit on."""
    return parse_headers(self.fp, _max_headers=_max_headers)  # type: ignore[name-defined] # noqa: F821


def test_the_limit_of_newer_versions_is_handed_on_and_has_its_default() -> None:
    """`begin` has a keyword there, which a copy must keep."""

    class Answer:
        fp = io.BytesIO(b"a: 1\r\n" * 3 + b"\r\n")

    begin = with_read_head(begin_of_python_3_15)
    assert begin(Answer).get_all("a") == ["1"] * 3
    Answer.fp.seek(0)
    with pytest.raises(http.client.HTTPException, match="more than 2 headers"):
        begin(Answer, _max_headers=2)


def test_answers_are_framed_by_the_standard_library_and_their_heads_read_here() -> None:
    """A Python that calls its parser by another name would be right, but slow: see it here."""
    assert Response.begin.__code__ is http.client.HTTPResponse.begin.__code__
    assert Response.begin.__globals__["parse_headers"] is read_head
    assert "parse_headers" in http.client.HTTPResponse.begin.__code__.co_names
