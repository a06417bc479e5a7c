"""Sends all requests of the process through one pooled session that holds nothing of any user.

The session owns the connections, TLS and proxies; requests go directly to its adapter's pool. The
layers of `requests` above the pool merge cookies, netrc and headers into each call, and take more
than half of its CPU time. Each request brings its credential, cookies are never kept, and redirects
are not followed here.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import IncompleteRead
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLCertVerificationError
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool, Timeout, exceptions
from urllib3.util import Retry, parse_url

from gitlab_sync import errors
from gitlab_sync._version import __version__
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.http.certificates import Certificate
from gitlab_sync.http.connections import Lease, OpenConnections, pool_classes
from gitlab_sync.http.messages import ENCODING, MOST_DECODED, Incoming
from gitlab_sync.http.proxies import PROXY_HINT, proxy_for
from gitlab_sync.http.wire import Answer

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 25.0

# Made once, since that takes longer than to send a request.
_NEVER = Retry(False, redirect=False)
_BUNDLES = ("GITLAB_SSL_VERIFY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_INSTANCES = 64  # pools kept, one for each host; the oldest is dropped when there are more
_PORTS = {"http": 80, "https": 443}
_BASE_HEADERS = {
    "User-Agent": f"gitlab-sync/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": ENCODING,
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a transport has carried so far. `bytes` are those of decoded bodies."""

    requests: int
    bytes: int
    open_connections: int


class _Adapter(HTTPAdapter):
    """An adapter with pools that make connections which can be broken off."""

    def __init__(self, opened: OpenConnections, size: int, largest: int) -> None:
        self._classes = pool_classes(opened, largest)
        # We retry ourselves: urllib3 would sleep where nothing can wake it.
        super().__init__(_INSTANCES, size, max_retries=0, pool_block=False)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._classes
        return manager


@dataclass(frozen=True, slots=True)
class _Route:
    """How one origin is reached: its pool, a prefix of the path, headers for it and a proxy."""

    pool: HTTPConnectionPool
    prefix: str
    headers: dict[str, str]


def verify_from_environment() -> bool | str:
    """Return what TLS certificates are checked against: a bundle's path, True, or False for none.

    `GITLAB_SSL_VERIFY` is `true`, `1`, `t`, their opposites, or a path; `REQUESTS_CA_BUNDLE` and
    `CURL_CA_BUNDLE` name a bundle, as for requests.
    """
    said = os.environ.get("GITLAB_SSL_VERIFY", "").strip()
    if said.lower() in {"false", "0", "f", "no", "off"}:
        return False
    if said and said.lower() not in {"true", "1", "t", "yes", "on"}:
        return said
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def setting_of(verify: bool | str) -> str:
    """Return the name of the setting that says what certificates are checked against.

    It is a variable, or `ssl_verify` of python-gitlab's configuration; empty for the usual issuers.
    """
    if verify is True:
        return ""
    named = {name: os.environ.get(name, "").strip() for name in _BUNDLES}
    if verify is False:
        return _BUNDLES[0] if named[_BUNDLES[0]] else "ssl_verify"
    return next((name for name, value in named.items() if value == verify), "ssl_verify")


class Transport:
    """One pooled session for all users. Thread-safe.

    `pool_size` is the number of connections kept for each host. `verify` is what certificates are
    checked against: True (the usual issuers), the path of a bundle, False for nothing at all, or
    None for what the environment says. It and the proxies are read once, when the transport is
    made: the process has one TLS policy, since an adapter sets it on pools that all threads share.
    `largest` is the size of the largest answer that is read, in MB after decompression.
    """

    def __init__(
        self, pool_size: int, *, verify: bool | str | None = None, largest: int = MOST_DECODED
    ) -> None:
        self._opened = OpenConnections()
        self._verify = verify_from_environment() if verify is None else verify
        self.session = requests.Session()
        self.session.trust_env = False  # otherwise netrc would replace the token of each request
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers.clear()
        adapter = _Adapter(self._opened, pool_size, largest)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)
        self._adapter = adapter
        self._routes: dict[str, _Route] = {}
        self._lock = threading.Lock()
        self._requests = 0
        self._bytes = 0

    def traffic(self) -> Traffic:
        """Return what was sent and received so far."""
        return Traffic(self._requests, self._bytes, self._opened.count)

    @property
    def verify(self) -> bool | str:
        """What certificates are checked against: see `verify_from_environment`."""
        return self._verify

    def certificate(self, url: str) -> Certificate | None:
        """Return the certificate that the host of a URL showed last; None if it was not checked."""
        shown = self._opened.certificates.get(urlsplit(url).hostname or "")
        return Certificate.of(shown, self._verify) if shown else None

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        cancel: CancelToken,
        deadline: float | None = None,
    ) -> Answer:
        """Send one request and read its whole answer, whatever its status.

        `url` is absolute, `deadline` on the monotonic clock: then the exchange ends, whatever is
        being read. Raises ConnectionFailed, TimedOut, BadResponse (cut short, too large),
        ConfigurationError or Cancelled. An error from before anything was sent has `nothing_sent`
        set.
        """
        cancel.check()
        started = time.monotonic()
        left = READ_TIMEOUT if deadline is None else deadline - started
        if left <= 0:
            raise errors.TimedOut("The time allowed for the call is over", method=method, url=url)
        timeout = _usual(READ_TIMEOUT)
        if left < READ_TIMEOUT:
            timeout = Timeout(connect=min(CONNECT_TIMEOUT, left), read=left)
        lease = Lease(deadline)
        cancel.add(lease, lease.interrupt)
        try:
            with lease:
                answer = self._send(method, url, headers, body, timeout)
            if lease.interrupted:  # a body without a length seems whole where it was broken off
                cancel.check()
        except (exceptions.HTTPError, OSError, ValueError) as error:
            # A connection that we shut down fails in many ways; all of them mean the same.
            cancel.check()
            raise _ours(error, method, url) from error
        finally:
            cancel.discard(lease)
        with self._lock:
            self._requests += 1
            self._bytes += len(answer.body)
        return answer

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: Timeout,
    ) -> Answer:
        origin, path = _split(url)
        route = self._routes.get(origin) or self._route(origin)
        sent = {**_BASE_HEADERS, **route.headers, **headers}
        try:
            response = route.pool.urlopen(
                method,
                route.prefix + path,
                body,
                sent,
                retries=_NEVER,
                redirect=False,
                assert_same_host=False,
                timeout=timeout,
                release_conn=True,
                preload_content=False,
            )
        except exceptions.ClosedPoolError:
            self._routes.pop(origin, None)  # dropped for newer hosts; the next call makes it again
            raise
        incoming = cast("Incoming", response)  # of our connections, see `pool_classes`
        return Answer(incoming.status, incoming.headers, incoming.body, incoming.reason)

    def _route(self, origin: str) -> _Route:
        proxies = get_environ_proxies(origin)
        named = proxy_for(origin)
        if named is not None and named.address is None:  # a library would quote its password
            raise errors.ConfigurationError(
                f"The address of the proxy in {named.variable or 'the system'} makes no sense",
                hint=PROXY_HINT,
            )
        request = requests.Request("GET", origin + "/").prepare()
        found = self._adapter.get_connection_with_tls_context(request, self._verify, proxies)
        pool = cast("HTTPConnectionPool", found)
        self._adapter.cert_verify(pool, origin, self._verify, None)  # type: ignore[no-untyped-call]
        prefix, headers = "", {"Host": _host(origin)}
        proxy = select_proxy(origin, proxies)
        if proxy and origin.startswith("http:") and not proxy.lower().startswith("socks"):
            prefix = origin
            headers |= self._adapter.proxy_headers(proxy)
        route = _Route(pool, prefix, headers)
        self._routes[origin] = route
        return route

    def close(self) -> None:
        """Close all idle connections. Cancelling breaks off those in use."""
        # The session forgets its pools, but one that a kept error refers to would stay open.
        for route in list(self._routes.values()):
            route.pool.close()
        self._routes.clear()
        self.session.close()


@cache
def _usual(read: float) -> Timeout:
    return Timeout(connect=CONNECT_TIMEOUT, read=read)


def _host(origin: str) -> str:
    """Return what the field `Host` says: the port only if it is not the usual one."""
    url = parse_url(origin)
    usual = url.port is None or url.port == _PORTS[url.scheme or "https"]
    return (url.host if usual else url.netloc) or ""


def _split(url: str) -> tuple[str, str]:
    start = url.find("/", url.index("://") + 3)
    return (url, "/") if start < 0 else (url[:start], url[start:])


def _ours(error: Exception, method: str, url: str) -> errors.GitLabSyncError:
    """Return our error for what requests, urllib3 or a socket raised. It is the only such place."""
    cause: BaseException = error
    if isinstance(error, exceptions.ProxyError) and error.original_error is not None:
        cause = error.original_error
    host = urlsplit(url).netloc
    facts: dict[str, Any] = {"method": method, "url": url}
    found: errors.GitLabSyncError
    if isinstance(
        cause,
        exceptions.NewConnectionError | exceptions.ConnectTimeoutError | exceptions.ClosedPoolError,
    ):
        late = isinstance(cause, exceptions.ConnectTimeoutError) and not isinstance(
            cause, exceptions.NewConnectionError
        )
        what = "no connection in time" if late else str(cause).rpartition(": ")[2]
        found = (errors.TimedOut if late else errors.ConnectionFailed)(
            f"Cannot connect to {host}: {what}", **facts
        )
        found.nothing_sent = True
        return found
    if isinstance(cause, exceptions.TimeoutError | TimeoutError):
        return errors.TimedOut(f"No answer from {host} in time", **facts)
    if isinstance(cause, exceptions.SSLError):
        hint = "Check the certificate; REQUESTS_CA_BUNDLE can name a bundle with its issuer."
        refused = [arg for arg in cause.args if isinstance(arg, SSLCertVerificationError)]
        why = refused[0].verify_message if refused else str(cause)
        found = errors.TLSFailed(f"TLS with {host} failed: {why}", hint=hint, **facts)
        found.lasting = bool(refused)
        return found
    if isinstance(cause, IncompleteRead) or (
        isinstance(cause, exceptions.ProtocolError)
        and any(isinstance(a, IncompleteRead) for a in cause.args)
    ):
        return errors.BadResponse(f"The answer of {host} was cut short", **facts)
    if isinstance(cause, ValueError) and not isinstance(cause, OSError | exceptions.HTTPError):
        return errors.ConfigurationError(f"{host or url!r} cannot be asked: {cause}", **facts)
    return errors.ConnectionFailed(f"The connection to {host} broke: {cause}", **facts)
