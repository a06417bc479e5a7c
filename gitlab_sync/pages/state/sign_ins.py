"""Who is signed in: tokens in this process's memory, found again by a browser's opaque key."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitlab_sync.client import GitLabClient
from gitlab_sync.concurrency.timer import Timer
from gitlab_sync.http.credentials import Credential
from gitlab_sync.session.context import DEFAULT_TIMEOUT
from gitlab_sync.types import Record

IDLE = 3600.0
"""Seconds without use after which a sign-in is forgotten."""

CHECK_TIMEOUT = 20.0
"""Seconds that the question who somebody is may take."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person at one GitLab, as a browser signed in. Immutable; its repr shows no token.

    `user` is what GitLab's `/user` said. `handle` names this sign-in, and nothing of its token, to
    caches and to the shared pool. `is_demo` says that the GitLab is the built-in one; `since` is
    aware, UTC.
    """

    base_url: str
    credential: Credential
    user: Record = field(repr=False)
    is_demo: bool = False
    handle: str = field(default_factory=lambda: secrets.token_hex(8))
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def check(cls, base_url: str, credential: Credential, *, is_demo: bool = False) -> SignIn:
        """Ask GitLab once who that is, and return the sign-in; raises our errors."""
        with GitLabClient(base_url, credential, timeout=CHECK_TIMEOUT) as client:
            return cls(client.base_url, credential, client.get("user"), is_demo)

    @property
    def username(self) -> str:
        """The username as GitLab spells it."""
        return str(self.user.get("username") or "")

    @property
    def name(self) -> str:
        """The full name, or the username where there is none."""
        return str(self.user.get("name") or self.username)

    @property
    def principal(self) -> str:
        """Whose rights a result stands for: two browsers with one token share it.

        Visitors of the demo share a token without being one person, so each is one of their own.
        """
        principal = self.credential.principal(self.base_url)
        return f"{principal}/{self.handle}" if self.is_demo else principal

    def client(self, timeout: float = DEFAULT_TIMEOUT) -> GitLabClient:
        """Return a new client; its work is this sign-in's lane of the shared pool."""
        return GitLabClient(self.base_url, self.credential, timeout=timeout, tenant=self.handle)


@dataclass(slots=True)
class _Entry:
    sign_in: SignIn
    used: float


class Sessions:
    """The sign-ins of all browsers, each under that browser's key. Thread-safe.

    They live in this process's memory only. One that was not used for `idle` seconds of `clock` is
    forgotten, whether or not anybody comes by.
    """

    def __init__(self, *, idle: float = IDLE, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle = idle
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # the longest unused comes first
        self._timer = Timer(self.sweep, clock)

    def put(self, key: str, sign_in: SignIn) -> None:
        """Remember who signed in in the browser of that key, in place of who was before."""
        with self._lock:
            self._entries[key] = _Entry(sign_in, self._clock())
            self._entries.move_to_end(key)
        self.sweep()

    def find(self, key: str) -> SignIn | None:
        """Return who is signed in there, which counts as a use; None if nobody is."""
        now = self._clock()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or now >= entry.used + self._idle:
                return None
            entry.used = now
            self._entries.move_to_end(key)
            return entry.sign_in

    def forget(self, key: str) -> SignIn | None:
        """Sign that browser out and return who that was, or None; idempotent."""
        with self._lock:
            entry = self._entries.pop(key, None)
        return None if entry is None else entry.sign_in

    def sweep(self) -> None:
        """Forget what was not used for too long."""
        now = self._clock()
        with self._lock:
            while self._entries:
                key, entry = next(iter(self._entries.items()))
                if now < entry.used + self._idle:
                    break
                del self._entries[key]
            due = next((entry.used + self._idle for entry in self._entries.values()), None)
        if due is not None:
            self._timer.set(due)

    def __len__(self) -> int:
        return len(self._entries)

    def close(self) -> None:
        """Forget everybody."""
        with self._lock:
            self._entries.clear()
        self._timer.stop()


class Notices:
    """A sentence for each browser, to be told on its next page, once. Thread-safe.

    It outlives a reload, which a page's own state does not. The oldest go beyond `most`: somebody
    who never came back.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._texts: OrderedDict[str, str] = OrderedDict()

    def leave(self, key: str, text: str) -> None:
        """Keep Markdown for the browser of that key, in place of what was kept before."""
        with self._lock:
            self._texts[key] = text
            self._texts.move_to_end(key)
            if len(self._texts) > self._most:
                self._texts.popitem(last=False)

    def take(self, key: str) -> str | None:
        """Return what is to be told there and forget it; None if there is nothing."""
        with self._lock:
            return self._texts.pop(key, None)
