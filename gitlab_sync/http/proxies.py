"""Which proxy the environment names for a URL, as the transport finds it; without its password."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy

PROXY_HINT = "Write http://user:password@host:port, with %-escapes for signs in the password."


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is in force. Immutable.

    `address` is its URL without user and password; None if it makes no sense. `variable` is where
    it is from (None: the settings of the system). The `password` is not in the repr.
    """

    address: str | None
    variable: str | None
    password: str

    def __repr__(self) -> str:
        return f"<Proxy {self.address} from {self.variable}>"


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy through which a URL is requested, or None."""
    named = select_proxy(url, get_environ_proxies(url))
    if not named:
        return None
    scheme = urlsplit(url).scheme
    names = [each for name in (f"{scheme}_proxy", "all_proxy") for each in (name, name.upper())]
    variable = next((name for name in names if os.environ.get(name) == named), None)
    return Proxy(_address(named), variable, get_auth_from_url(named)[1])


def _address(named: str) -> str | None:
    """Return scheme, host and port; None for a text in which they are not clear."""
    text = named if "://" in named else f"http://{named}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return None  # a password with such a sign in it
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
