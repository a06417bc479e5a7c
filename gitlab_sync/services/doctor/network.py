"""Checks of the way to the server: URL, DNS, TLS, proxy, and the first answer."""

from __future__ import annotations

import ipaddress
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from gitlab_sync.errors import GitLabSyncError, RateLimited, TLSFailed
from gitlab_sync.http.proxies import PROXY_HINT
from gitlab_sync.http.transport import setting_of
from gitlab_sync.rules.text import plural
from gitlab_sync.services.doctor.finding import Finding, not_checked, ok, problem, warning
from gitlab_sync.services.doctor.subject import Subject
from gitlab_sync.session.context import RequestContext
from gitlab_sync.types import Scalar

_SOON = 14  # days
_LONGEST_LOOKUP = 15.0  # seconds
_OWN_CA = "If the GitLab has a CA of its own, name its certificate with GITLAB_SSL_VERIFY."
_FAILURES = {
    "expired": "Let the server's operator renew the certificate.",
    "not yet valid": "Check the clock of this machine.",
    "mismatch": "Use the host name that the certificate is for.",
    "not valid for": "Use the host name that the certificate is for.",
    "issuer": _OWN_CA,
    "self-signed": _OWN_CA,
}
"""What to do, by a part of OpenSSL's reason why it did not accept a certificate."""


def url(subject: Subject) -> Finding:
    """Check that there is a URL, and that the token goes encrypted."""
    if subject.url_fault is not None:
        return problem(subject.url_fault.message, subject.url_fault.hint)
    parts = urlsplit(subject.url)
    text = f"{subject.url}, from {subject.source}"
    if parts.scheme == "http" and not _is_here(parts.hostname or ""):
        return warning(
            f"{text}: the token goes to it unencrypted",
            "Use https, if the server has it.",
            url=subject.url,
        )
    return ok(text, url=subject.url)


def _is_here(host: str) -> bool:
    """Return whether a host is this machine by its name."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def dns(subject: Subject) -> Finding:
    """Check that the name of the host has an address; a proxy looks it up itself."""
    host = urlsplit(subject.url).hostname or ""
    if _address(host) is not None:
        return ok(f"{host} is an address: there is nothing to look up")
    if subject.proxy is not None:
        return ok(f"{host} is looked up by the proxy")
    try:
        found = _looked_up(subject.asking.session.active, host)
    except TimeoutError:
        reason = f"no answer within {_LONGEST_LOOKUP:.0f} s"
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a host name"
    else:
        shown = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        return ok(f"{host} has {plural(len(found), 'address')}: {shown}", addresses=len(found))
    return problem(
        f"{host} has no address: {reason}",
        "Check the spelling of the host, the network, and whether a VPN or a proxy is needed.",
    )


def _looked_up(context: RequestContext, host: str) -> list[str]:
    """Look a name up in the pool, since a look-up has no time limit, and cannot be cancelled."""
    future = context.executor.submit(_addresses, host)
    ended = threading.Event()
    future.add_done_callback(lambda _: ended.set())
    with context.cancel.on_cancel(ended.set):
        ended.wait(_LONGEST_LOOKUP)
    context.cancel.check()
    return future.result(0)


def _addresses(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def tls(subject: Subject) -> Finding:
    """Check that the certificate is accepted, by which bundle, and until when it is valid."""
    if urlsplit(subject.url).scheme != "https":
        return ok("not used, since the URL begins with http")
    verify = subject.asking.session.bridge.transport.verify
    bundle = _bundle(verify)
    if isinstance(verify, str) and not Path(verify).exists():
        return problem(f"there is no {bundle}", "Correct the path, or remove the setting.")
    error = subject.contact.error
    if isinstance(error, TLSFailed):
        reason = error.message.rpartition(" failed: ")[2]
        to_do = next((do for part, do in _FAILURES.items() if part in reason), error.hint)
        return problem(f"{reason}; checked against {bundle}", to_do)
    return _certificate(subject, bundle) if error is None else not_checked("there is no connection")


def _certificate(subject: Subject, bundle: str) -> Finding:
    """Return the finding about a certificate with which there was a connection."""
    transport = subject.asking.session.bridge.transport
    if transport.verify is False:
        return warning(
            f"certificates are not checked, by {setting_of(False)}: anyone on the way can read the "
            "token",
            "Name the certificate of the CA with GITLAB_SSL_VERIFY instead.",
        )
    certificate = transport.certificate(subject.url)
    if certificate is None:
        return not_checked("the server showed no certificate")
    ends = {"certificate": certificate.expires, "issuer's certificate": certificate.issuer_expires}
    what, first = min(
        ((what, end) for what, end in ends.items() if end is not None), key=lambda pair: pair[1]
    )
    days = (first - datetime.now(UTC)).days
    text = (
        f"issued by {certificate.issuer}, checked against {bundle}; the {what} expires in "
        f"{plural(days, 'day')} ({first.date()})"
    )
    facts: dict[str, Scalar] = {"issuer": certificate.issuer, "days": days}
    if days < _SOON:
        return warning(text, "Let the server's operator renew it in time.", **facts)
    return ok(text, **facts)


def _bundle(verify: bool | str) -> str:
    if isinstance(verify, str):
        return f"bundle {verify}, from {setting_of(verify)}"
    return "the usual issuers (certifi)"


def proxy(subject: Subject) -> Finding:
    """Check which proxy is in force."""
    found = subject.proxy
    if found is None:
        return ok("none", proxy=None)
    where = found.variable or "the settings of the system"
    if found.address is None:
        return problem(f"the address in {where} makes no sense", PROXY_HINT)
    return ok(f"{found.address}, from {where}", proxy=found.address)


def connection(subject: Subject) -> Finding:
    """Check that the server answers, and that it is a GitLab."""
    found = subject.contact
    if found.value is None:
        return _no_connection(subject, found.error)
    answer, seconds = found.value.answer, found.value.seconds
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if is_json and answer.status in {200, 401, 403}:
        subject.learnt.is_gitlab = True
        facts: dict[str, Scalar] = {"status": answer.status, "seconds": round(seconds, 4)}
        return ok(f"a GitLab answers, the first time in {seconds * 1000:.0f} ms", **facts)
    said = f"{answer.status} {answer.reason}".strip()
    return problem(
        f"the server answers with {said} and no JSON, as GitLab's API never does",
        "Check that the URL is that of a GitLab, with its path if it has one.",
        status=answer.status,
    )


def _no_connection(subject: Subject, error: GitLabSyncError | None) -> Finding:
    if isinstance(error, TLSFailed):
        return not_checked("it needs TLS")
    assert error is not None  # noqa: S101 - there is a value or an error
    if isinstance(error, RateLimited):
        return not_checked(error.reason, error.hint)
    through = ""
    if subject.proxy is not None:
        through = f", through the proxy {subject.proxy.address}"
    return problem(f"{error.reason}{through}", error.hint)
