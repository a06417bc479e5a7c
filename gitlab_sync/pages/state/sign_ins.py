"""Sign-ins: tokens in this process's memory, found by the opaque key of a browser."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitlab_sync.client import GitLabClient
from gitlab_sync.concurrency.timer import Timer
from gitlab_sync.errors import BadResponse, NotFound
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.urls import instances_of
from gitlab_sync.pages.state.limits import SIGN_INS
from gitlab_sync.rules import record
from gitlab_sync.session.context import DEFAULT_TIMEOUT
from gitlab_sync.types import Record

IDLE = 3600.0
"""Seconds without use after which a sign-in is forgotten."""

CHECK_TIMEOUT = 20.0
"""Seconds that the request for the visitor's own user may take."""

_LONGEST_NAME = 255  # characters, as in GitLab


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person at one GitLab, signed in with one browser. Immutable; its repr shows no token.

    `user` has the `username`, `name` and `id` of GitLab's answer to `/user`. `handle` identifies
    this sign-in to caches and to the shared executor, and reveals nothing of the token. `is_demo`
    marks the built-in GitLab. `since` is aware, UTC.
    """

    base_url: str
    credential: Credential
    user: Record = field(repr=False)
    is_demo: bool = False
    handle: str = field(default_factory=lambda: secrets.token_hex(8))
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def check(cls, base_url: str, credential: Credential, *, is_demo: bool = False) -> SignIn:
        """Read `/user` once and return the sign-in. Raises GitLabSyncError if that fails."""
        with GitLabClient(base_url, credential, timeout=CHECK_TIMEOUT) as client:
            return cls(client.base_url, credential, _who(client.get("user")), is_demo)

    @classmethod
    def find(cls, url: str, credential: Credential) -> SignIn:
        """Return the sign-in at the GitLab of a URL, which can be that of a group or project in it.

        Only that host is asked. Raises GitLabSyncError if there is no GitLab, or it does not accept
        the token.
        """
        for base_url in instances_of(url):
            try:
                return cls.check(base_url, credential)
            except (NotFound, BadResponse):
                continue
        secure = f"https{url.removeprefix('http')}" if url.startswith("http://") else ""
        raise NotFound(
            f"No GitLab API at {url}{f'; try {secure}' if secure else ''}",
            hint="Enter the address of GitLab's first page, such as https://gitlab.com.",
        )

    @property
    def username(self) -> str:
        """The username as GitLab spells it."""
        return str(self.user.get("username") or "")

    @property
    def name(self) -> str:
        """The full name, or the username if there is none."""
        return str(self.user.get("name") or self.username)

    @property
    def user_id(self) -> int | None:
        """GitLab's id of the person; None if GitLab did not say it."""
        return record.number_id(self.user)

    @property
    def principal(self) -> str:
        """The principal that results belong to: two browsers with one token share it.

        Visitors of the demo share a token but are different people, so each has their own.
        """
        return f"{self.account}/{self.handle}" if self.is_demo else self.account

    @property
    def account(self) -> str:
        """What the limits of this server count: each token, and the demo as a whole."""
        return self.credential.principal(self.base_url)

    def client(self, timeout: float = DEFAULT_TIMEOUT) -> GitLabClient:
        """Return a new client. Its requests are in this sign-in's queue of the executor."""
        return GitLabClient(self.base_url, self.credential, timeout=timeout, tenant=self.handle)


def _who(user: object) -> Record:
    """Return what is kept of the answer to `/user`. Raises BadResponse if it names no one."""
    username = record.text(user, "username") or ""
    if not 0 < len(username) <= _LONGEST_NAME:
        raise BadResponse("GitLab did not say who you are")
    name, number = (record.text(user, "name") or "")[:_LONGEST_NAME], record.number_id(user)
    known = {} if number is None else {"id": number}
    return {"username": username, "name": name, **known}


@dataclass(slots=True)
class _Entry:
    sign_in: SignIn
    account: str
    used: float


class SignInRegistry:
    """The sign-ins of all browsers, each under its browser's key. Thread-safe.

    They are only in this process's memory. A timer forgets a sign-in that was not used for `idle`
    seconds of `clock`, which never goes back. Beyond `most`, one of the account that has most is
    forgotten: the one that was not used for the longest time.
    """

    def __init__(
        self,
        *,
        idle: float = IDLE,
        most: int = SIGN_INS.default,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle = idle
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # least recently used first
        self._timer = Timer(self.sweep, clock)

    def put(self, key: str, sign_in: SignIn) -> None:
        """Store the sign-in of the browser with that key, in place of an earlier one."""
        with self._lock:
            self._entries[key] = _Entry(sign_in, sign_in.account, self._clock())
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                del self._entries[self._surplus()]
        self.sweep()

    def _surplus(self) -> str:
        """Return the key of the sign-in to forget. The caller holds the lock."""
        ((most, _),) = Counter(each.account for each in self._entries.values()).most_common(1)
        return next(key for key, each in self._entries.items() if each.account == most)

    def find(self, key: str) -> SignIn | None:
        """Return the browser's sign-in and count this as a use; None if it is not signed in."""
        now = self._clock()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or now >= entry.used + self._idle:
                return None
            entry.used = now
            self._entries.move_to_end(key)
            return entry.sign_in

    def forget(self, key: str) -> SignIn | None:
        """Remove and return the browser's sign-in; None if it is not signed in."""
        with self._lock:
            entry = self._entries.pop(key, None)
        return None if entry is None else entry.sign_in

    def sweep(self) -> None:
        """Forget the sign-ins that were idle for too long, and set the timer for the next one."""
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
        """Forget all sign-ins and stop the timer."""
        with self._lock:
            self._entries.clear()
        self._timer.stop()
