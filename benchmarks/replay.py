"""Answers that were recorded, in place of a server: what a client costs without a server."""

from __future__ import annotations

import os
import pickle
import re
import threading
from pathlib import Path
from typing import Any

from gitlab_sync.http.transport import Transport
from gitlab_sync.http.wire import Answer

_API = "/api/"
_SINCE = re.compile(r"updated_after=[^&]*")


def _key(method: str, url: str, body: bytes | None) -> tuple[str, str, bytes | None]:
    """Return what tells requests apart, but for a time that depends on the clock."""
    return method, _SINCE.sub("", url.partition(_API)[2]), body


def record(folder: str) -> None:
    """Record all answers of this process into a file of its own in a folder, from now on."""
    exchange, lock = Transport.exchange, threading.Lock()
    file = Path(folder, str(os.getpid())).open("ab")  # noqa: SIM115 - as long as the process

    def recording(
        self: Transport, method: str, url: str, headers: Any, body: bytes | None = None,
        **others: Any,
    ) -> Answer:  # fmt: skip
        answer = exchange(self, method, url, headers, body, **others)
        with lock:
            pickle.dump((_key(method, url, body), answer), file)
            file.flush()
        return answer

    Transport.exchange = recording  # type: ignore[method-assign]


def replay(folder: str) -> None:
    """Answer every request of this process from a folder, from now on. KeyError for another one."""
    answers: dict[Any, Answer] = {}
    for path in Path(folder).iterdir():
        with path.open("rb") as file:
            size = path.stat().st_size
            while file.tell() < size:
                key, answer = pickle.load(file)
                answers[key] = answer

    def replaying(
        _self: Transport, method: str, url: str, _headers: Any, body: bytes | None = None,
        **_others: Any,
    ) -> Answer:  # fmt: skip
        return answers[_key(method, url, body)]

    Transport.exchange = replaying  # type: ignore[method-assign]
