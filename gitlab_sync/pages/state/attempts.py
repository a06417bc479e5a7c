"""Counts the sign-ins of each address that failed, so that no one can try tokens without end."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cachetools import TTLCache

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.pages.state.limits import FAILED_SIGN_INS

SPAN = 600.0
"""Seconds within which failed sign-ins are counted."""

_MOST_ADDRESSES = 10_000
_NETWORK = 64  # bits: a visitor with an address of IPv6 has all that begin like it


class Attempts:
    """The failed sign-ins of each address. Thread-safe.

    Beyond `most` within `span` seconds of `clock`, which never goes back, an address must wait.
    """

    def __init__(
        self,
        *,
        most: int = FAILED_SIGN_INS.default,
        span: float = SPAN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._span = span
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: TTLCache[str, list[float]] = TTLCache(_MOST_ADDRESSES, span, clock)

    @contextmanager
    def attempt(self, address: str | None) -> Iterator[None]:
        """Count the block as failed if it raises; None is an unknown address, as of this machine.

        Raises GitLabSyncError, and runs nothing, if too many have failed. What is under way counts
        as failed, so that many at once have the same bound.
        """
        visitor, now = _visitor(address), self._clock()
        with self._lock:
            failed = [each for each in self._failed.get(visitor, ()) if each > now - self._span]
            if len(failed) >= self._most:
                minutes = int((failed[0] + self._span - now) // 60) + 1
                raise GitLabSyncError(
                    "Too many sign-ins from your address have failed",
                    hint=f"Try again in {minutes} minutes." if minutes > 1 else "Wait a minute.",
                )
            self._failed[visitor] = [*failed, now]
        yield
        with self._lock:
            if now in self._failed.get(visitor, ()):
                self._failed[visitor].remove(now)


def _visitor(address: str | None) -> str:
    """Return what the attempts of an address are counted for."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), _NETWORK), strict=False))
