"""A server that sends bytes as a script says, without any HTTP library that could fix them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Self

SCRIPT_STEP = 0.02
"""Seconds between the bytes that drip: far less than any timeout of a socket."""

Script = Callable[[], Iterator[bytes]]
"""Makes the pieces of one answer."""


class HostileServer:
    """Answers each request with the pieces of a script. A context manager; thread-safe.

    `asked` counts requests. When it ends, so do the answers under way.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.asked = 0
        self.ended = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []

    def drip(self, text: bytes, most: int = 2_000) -> Iterator[bytes]:
        """Yield a text byte by byte, again and again, `most` bytes in all."""
        for number in range(most):
            yield text[number % len(text) :][:1]
            if self.ended.wait(SCRIPT_STEP):
                return

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._open.append(sock)
                threading.Thread(target=self._answer, args=(sock,), daemon=True).start()

    def _answer(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while sock.recv(65_536):
                self.asked += 1
                for piece in self._script():
                    sock.sendall(piece)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
