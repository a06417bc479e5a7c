"""The GitLab hosts that may receive tokens: the server's operator lists them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.urls import clean_base_url, without_page

VARIABLE = "GITLAB_SYNC_ALLOWED_HOSTS"
URL_VARIABLE = "GITLAB_URL"
_DEFAULT_URL = "https://gitlab.com"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Allowed:
    """One line of the list. `scheme` and `port` are None where the line leaves them open."""

    host: str
    port: int | None = None
    scheme: str | None = None

    def covers(self, parts: SplitResult) -> bool:
        """Return whether a URL is at this host."""
        if _host(parts) != self.host:
            return False
        port = parts.port or _PORTS[parts.scheme]
        if self.port is not None and port != self.port:
            return False
        # Without https a token can be read on the network, so http needs an explicit line. The
        # loopback interface is not a network that others can listen on.
        return parts.scheme == (self.scheme or "https") or (
            self.scheme is None and _is_loopback(self.host)
        )


class Hosts:
    """The allowed hosts, as the operator listed them. Immutable.

    A line is a host (`gitlab.example.com`: https, any port), a host with a port, or a complete URL
    (`http://gitlab.lan:8080`), which allows exactly that. `url` is the GitLab that the sign-in page
    suggests; `listed` has the lines as written. With `any_host` the list does not count: the person
    who runs the app is the one who types the host. Raises ConfigurationError for an invalid line.
    """

    def __init__(self, url: str, listed: Iterable[str] = (), *, any_host: bool = False) -> None:
        self._any_host = any_host
        lines = [text for line in listed if (text := str(line).strip())]
        self.url = clean_base_url(url)
        allowed = [_parse(line) for line in lines or [self.url]]
        own = _parse(self.url)
        if _Allowed(own.host) in allowed:
            allowed.append(own)  # an http URL that is configured for a listed host is explicit
        self._allowed = tuple(allowed)
        self.listed = tuple(lines or [urlsplit(self.url).netloc])

    @classmethod
    def from_settings(cls, secrets: Mapping[str, object], environ: Mapping[str, str]) -> Hosts:
        """Read `allowed_hosts` and `gitlab_url` from the secrets, else from the environment.

        The default is the host of the configured URL; without a URL it is gitlab.com. Raises
        ConfigurationError for an invalid list.
        """
        setting = secrets.get("allowed_hosts") or environ.get(VARIABLE, "")
        if isinstance(setting, str):
            listed = setting.split(",")
        elif isinstance(setting, Iterable):
            listed = [str(line) for line in setting]
        else:
            raise ConfigurationError(
                "allowed_hosts in the secrets must be a list of hosts, "
                f"got {type(setting).__name__}",
                hint='Write, for example, allowed_hosts = ["gitlab.example.com"].',
            )
        url = str(secrets.get("gitlab_url") or environ.get(URL_VARIABLE, "")).strip()
        if url:
            return cls(url, listed)
        first = next((text for line in listed if (text := line.strip())), _DEFAULT_URL)
        return cls(first if "://" in first else f"https://{first}", listed)

    def is_own(self, base_url: str) -> bool:
        """Return whether a GitLab's URL is the configured one, however it is written."""
        return is_same_gitlab(base_url, self.url)

    def check(self, url: str) -> str:
        """Return the URL of an allowed GitLab, with `https://` added if it has no scheme.

        Of the address of a page in it, only what is before `/-/` counts. Raises ConfigurationError
        if tokens must not be sent to that URL.
        """
        text = url.strip()
        base_url = without_page(text if "://" in text else f"https://{text}")
        parts = urlsplit(base_url)
        if self._any_host or any(allowed.covers(parts) for allowed in self._allowed):
            return base_url
        host = _host(parts)
        if parts.scheme == "http" and any(allowed.host == host for allowed in self._allowed):
            raise ConfigurationError(
                f"{host} must be reached by https, got http: tokens are not sent unencrypted",
                hint=f"Write https://{parts.netloc}.",
            )
        kind = "a private address" if _is_private(host) else "not an allowed host of this server"
        raise ConfigurationError(
            f"{host} is {kind}, so no token is sent there",
            hint=f"This server can reach {', '.join(self.listed)}. Its operator can allow more "
            f"hosts with {URL_VARIABLE} or {VARIABLE}. For yourself alone, run gitlab-sync app.",
        )


def _parse(line: str) -> _Allowed:
    parts = urlsplit(clean_base_url(line if "://" in line else f"https://{line}"))
    scheme = parts.scheme if "://" in line else None
    port = parts.port
    if scheme is not None and port is None:
        port = _PORTS[scheme]
    return _Allowed(_host(parts), port, scheme)


def is_same_gitlab(one: str, other: str) -> bool:
    """Return whether two URLs are of one GitLab, however they are written."""
    return _identity(one) == _identity(other)


def _identity(base_url: str) -> tuple[str, str, int, str]:
    parts = urlsplit(base_url)
    return parts.scheme, _host(parts), parts.port or _PORTS[parts.scheme], parts.path


def _host(parts: SplitResult) -> str:
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
