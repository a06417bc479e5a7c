"""Which GitLab a token may be sent to: the server's operator decides, not who types an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.urls import clean_base_url

VARIABLE = "GITLAB_SYNC_ALLOWED_HOSTS"
URL_VARIABLE = "GITLAB_URL"
_DEFAULT_URL = "https://gitlab.com"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Allowed:
    """One line of the list. `scheme` and `port` are None where it leaves them open."""

    host: str
    port: int | None = None
    scheme: str | None = None

    def covers(self, parts: SplitResult) -> bool:
        """Whether an address is at this host."""
        if _name(parts) != self.host:
            return False
        port = parts.port or _PORTS[parts.scheme]
        if self.port is not None and port != self.port:
            return False
        # Without https a token can be read on the way, so http has to be written down; on this
        # very machine there is no way to read it on.
        return parts.scheme == (self.scheme or "https") or (
            self.scheme is None and _is_loopback(self.host)
        )


class Hosts:
    """The hosts that may be reached, as an operator listed them. Immutable and thread-safe.

    A line is a host (`gitlab.example.com`: https, any port), a host with a port, or a whole address
    (`http://gitlab.lan:8080`), which then is meant exactly. `url` is the one to begin with. Raises
    ConfigurationError for a line that cannot be one.
    """

    def __init__(self, url: str, listed: Iterable[str]) -> None:
        lines = [text for line in listed if (text := str(line).strip())]
        self.url = clean_base_url(url)
        allowed = [_read(line) for line in lines or [self.url]]
        own = _read(self.url)
        if _Allowed(own.host) in allowed:
            allowed.append(own)  # whoever configured http for a host they list has written it down
        self._allowed = tuple(allowed)
        self.listed = tuple(lines or [urlsplit(self.url).netloc])

    @classmethod
    def from_settings(cls, secrets: Mapping[str, object], environ: Mapping[str, str]) -> Hosts:
        """Read `allowed_hosts` and `gitlab_url` of the secrets, else of the environment.

        The default is the host of the configured URL, and without one gitlab.com.
        """
        said = secrets.get("allowed_hosts") or environ.get(VARIABLE, "")
        if isinstance(said, str):
            listed = said.split(",")
        elif isinstance(said, Iterable):
            listed = [str(line) for line in said]
        else:
            raise ConfigurationError("allowed_hosts in the secrets is no list of hosts")
        url = str(secrets.get("gitlab_url") or environ.get(URL_VARIABLE, "")).strip()
        if url:
            return cls(url, listed)
        first = next((text for line in listed if (text := line.strip())), _DEFAULT_URL)
        return cls(first if "://" in first else f"https://{first}", listed)

    def check(self, url: str) -> str:
        """Return the address of a GitLab as it will be asked; ConfigurationError if it may not be.

        `https://` may be left out.
        """
        text = url.strip()
        base_url = clean_base_url(text if "://" in text else f"https://{text}")
        parts = urlsplit(base_url)
        if any(allowed.covers(parts) for allowed in self._allowed):
            return base_url
        where = _name(parts)
        if parts.scheme == "http" and any(allowed.host == where for allowed in self._allowed):
            raise ConfigurationError(
                f"{where} is reached by https only: a token must not travel in the clear",
                hint=f"Write https://{parts.netloc}.",
            )
        kind = "a private address" if _is_private(where) else "not one of this server's GitLabs"
        raise ConfigurationError(
            f"{where} is {kind}, so no token is sent there",
            hint=f"This server may reach {', '.join(self.listed)}. "
            "Whoever runs it can allow more hosts.",
        )


def _read(line: str) -> _Allowed:
    parts = urlsplit(clean_base_url(line if "://" in line else f"https://{line}"))
    scheme = parts.scheme if "://" in line else None
    port = parts.port
    if scheme is not None and port is None:
        port = _PORTS[scheme]
    return _Allowed(_name(parts), port, scheme)


def _name(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_private(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and not address.is_global)
