"""Certificates of servers, as a connection showed them, and the issuers that a bundle has."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was accepted. Immutable. Times are aware, in UTC.

    `issuer` is its issuer in words. `issuer_expires` is when the certificate of that issuer in our
    own bundle ends (None: another bundle, or the issuer is not in it, only one above it).
    """

    issuer: str
    expires: datetime
    issuer_expires: datetime | None

    @classmethod
    def of(cls, shown: Mapping[str, Any], verify: bool | str) -> Self:
        """Return what `SSLSocket.getpeercert` shows; `verify` is as for a `Transport`."""
        issuers = _issuers_in(verify) if isinstance(verify, str) else ()
        named = next((each for each in issuers if each["subject"] == shown["issuer"]), None)
        return cls(
            _name(shown["issuer"]), _end_of(shown), None if named is None else _end_of(named)
        )


def _issuers_in(path: str) -> tuple[Mapping[str, Any], ...]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path)
    except OSError:  # such as a folder: of those, only what was used is loaded
        return ()
    return tuple(context.get_ca_certs())


def _end_of(certificate: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def _name(issuer: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Return the most telling part of a name: that of the organization, or the common one."""
    parts = {key: value for part in issuer for key, value in part}
    return parts.get("organizationName") or parts.get("commonName") or "an issuer without a name"
