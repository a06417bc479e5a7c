"""Certificates of a CA of our own for servers on this machine."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_HOUR = timedelta(hours=1)


class Certificates(NamedTuple):
    """PEM files: that of a CA, and that of a server with its key."""

    ca: Path
    server: Path


def make_certificates(
    folder: Path, *, days: int = 90, ca_days: int = 900, address: str = "127.0.0.1"
) -> Certificates:
    """Make a CA and a certificate by it for a server at an address; they end after so many days."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = _name("An Own CA")
    ca = (
        _builder(ca_name, ca_name, ca_key, ca_days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
        .sign(ca_key, SHA256())
    )
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        _builder(_name("a server"), ca_name, key, days)
        .add_extension(alternative, critical=False)
        .sign(ca_key, SHA256())
    )
    found = Certificates(folder / "ca.pem", folder / "server.pem")
    found.ca.write_bytes(ca.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found.server.write_bytes(private + made.public_bytes(Encoding.PEM))
    return found


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    end = datetime.now(UTC) + timedelta(days=days) + _HOUR
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(datetime.now(UTC), end) - 2 * _HOUR)
        .not_valid_after(end)
    )
