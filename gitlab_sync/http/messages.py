"""Writes the head of a request, and reads the answer to it: HTTP/1.1, framed by llhttp.

What frames messages must be right, and `http.client` with urllib3's response above it takes more
than half of the CPU time of a small exchange. So llhttp, Node's parser, does it (by httptools).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from http.client import HTTPException, IncompleteRead, LineTooLong, RemoteDisconnected

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from urllib3 import exceptions

from gitlab_sync.errors import BadResponse, GitLabSyncError

LARGEST_VARIABLE = "GITLAB_SYNC_MAX_ANSWER"
MOST_DECODED = 64
"""The default for the largest answer, in MB (10**6 bytes) after it was decompressed."""

ENCODING = "gzip"
"""The only encoding of answers that is read, so the one to ask for."""

_LONGEST_HEAD = 1 << 17  # bytes, those of `1xx` answers included
_MOST_FIELDS = 100  # as in the standard library
_WITH_BODY = {"PATCH", "POST", "PUT"}  # a request without a body says so
_GZIP = zlib.MAX_WBITS | 16


def head_of(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """Return the head of a request, up to the empty line; `headers` name the host.

    Raises ValueError if a part of it would be read as something else.
    """
    lines = [f"{method} {path} HTTP/1.1", *map(": ".join, headers.items())]
    if body is not None or method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body or b'')}")
    text = "\r\n".join(lines)
    breaks = len(lines) - 1
    if text.count("\n") != breaks or text.count("\r") != breaks or lines[0].count(" ") != 2:
        raise ValueError("a header or a path has a line break or a space in it")
    return f"{text}\r\n\r\n".encode("latin-1")


class Incoming:
    """One answer while it arrives: `feed` it what the connection gives until it is `done`.

    `largest` is the size of the largest body in MB (10**6 bytes), after decompression. `keeps` says
    that the connection can be used again. `headers` are by their names in lower case; the values of
    a name that comes several times are joined by commas (RFC 9110, section 5.3). Not thread-safe.
    """

    # What urllib3 asks of a response for its log; its pool sets further attributes.
    version_string = "HTTP/1"
    length_remaining = 0

    def __init__(self, method: str, largest: int) -> None:
        self.status = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.keeps = False
        self.done = False
        self._method = method
        self._largest = largest
        self._parser = HttpResponseParser(self)
        self._has_head = False
        self._before = 0
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_packed = False
        self._unpacker: zlib._Decompress | None = None  # from the first byte of a packed body on
        self._fields = 0
        self._fault: GitLabSyncError | exceptions.HTTPError | HTTPException | None = None

    @property
    def body(self) -> bytes:
        """The whole body, decompressed."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def feed(self, data: bytes) -> None:
        """Take what came; nothing means that the connection has ended.

        Raises HTTPException for what is no answer, or is cut short, DecodeError if it cannot be
        decompressed, and BadResponse if it is too large.
        """
        if data:
            self._parse(data)
        else:
            self._end()
        fault, self._fault = self._fault, None
        if fault is not None:
            try:
                raise fault
            finally:
                del fault  # its traceback has this frame
        if self.done:
            del self._parser  # which refers to this answer: no cycle is left
        elif not self._has_head:
            self._before += len(data)
            if self._before > _LONGEST_HEAD:
                raise LineTooLong("the head of an answer")

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.done:
                raise HTTPException(f"not an answer in HTTP/1.1: {error}") from None
            self.keeps = False  # there is something behind the answer

    def _end(self) -> None:
        if not self._has_head:
            if self._before:
                raise IncompleteRead(b"")
            raise RemoteDisconnected("Remote end closed connection without response")
        if "content-length" in self.headers or "transfer-encoding" in self.headers:
            raise IncompleteRead(b"")
        self.on_message_complete()

    # -- what the parser calls: it would hide an error, so that is noted ---------------------------

    def on_message_begin(self) -> None:
        """Note the beginning of an answer; the connection is of no use if another was done."""
        self.keeps = False

    def on_status(self, reason: bytes) -> None:
        """Take words behind the status, or a part of them."""
        if not self._has_head:
            self.reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field; one behind the body is left out."""
        self._fields += 1
        if self._fields > _MOST_FIELDS:
            self._fault = HTTPException(f"got more than {_MOST_FIELDS} headers")
        elif not self._has_head:
            key, said = name.decode("latin-1").lower(), value.decode("latin-1")
            self.headers[key] = f"{self.headers[key]}, {said}" if key in self.headers else said

    def on_headers_complete(self) -> None:
        """Note what the head says of the body. A head of `1xx` comes before that of the answer."""
        status = self._parser.get_status_code()
        if self._has_head or status < 200:
            return
        self.status, self._has_head = status, True
        self.keeps = self._parser.should_keep_alive()
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        self._is_packed = encoding in {"gzip", "x-gzip"}
        if not self._is_packed and encoding != "identity":
            self._fault = exceptions.DecodeError(f"the answer is encoded with {encoding[:50]}")
        self.done = self._method == "HEAD"

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self._fault is not None or self.done:
            return
        if not self._is_packed:
            self._take(piece)
            return
        try:
            while piece and self._fault is None:
                piece = self._unpacked(piece)
        except zlib.error as error:
            self._fault = exceptions.DecodeError(f"the answer cannot be decompressed: {error}")

    def on_message_complete(self) -> None:
        """Note the end of an answer."""
        if not self._has_head:  # it was one of `1xx`
            self.headers.clear()
            self.reason = ""
        elif not self.done:
            self.done = True
            if self._unpacker is not None and not self._unpacker.eof:
                self._fault = exceptions.DecodeError("the compressed answer is cut short")

    def _unpacked(self, piece: bytes) -> bytes:
        """Decompress no more than may come; return what of the piece is left."""
        unpacker = self._unpacker
        if unpacker is None or unpacker.eof:  # the first member, or a further one
            unpacker = self._unpacker = zlib.decompressobj(_GZIP)
        self._take(unpacker.decompress(piece, self._largest * 1_000_000 + 1 - self._size))
        return unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail

    def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._largest * 1_000_000:
            self._fault = _too_large(self._largest)
        elif piece:
            self._pieces.append(piece)


def _too_large(most: int) -> BadResponse:
    error = BadResponse(
        f"An answer must be at most {most} MB, got more",
        hint=f"{LARGEST_VARIABLE} can set a higher limit, in MB.",
    )
    error.lasting = True
    return error
