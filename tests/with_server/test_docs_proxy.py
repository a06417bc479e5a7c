"""The page about proxies holds: through a real proxy, to a GitLab with a private certificate."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cli_runs import of_sandbox
from course import MENTOR, URL, course_world
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from documents import page
from terminal import Terminal
from walk import Walk

from gitlab_sync.cli import exits
from gitlab_sync.sandbox import Sandbox

PROXY = page("proxy")
HOST = urlsplit(URL).hostname or ""
PROXY_OF_THE_PAGE = "http://proxy.example.com:3128"


def make_authority(folder: Path) -> tuple[Path, Path]:
    """Write the certificate of a private authority, and one that it has signed, with its key."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("The House", HOST)
    ]
    now = datetime.now(UTC)
    signed = []
    for number, (key, name) in enumerate(zip(keys, names, strict=True)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=90))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), False
            )
            .add_extension(x509.BasicConstraints(ca=number == 0, path_length=None), critical=True)
        )
        signed.append(
            builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
    authority, own = folder / "company-ca.pem", folder / "server.pem"
    authority.write_bytes(signed[0])
    secret = keys[1].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    own.write_bytes(secret + signed[1])
    return authority, own


class Proxy(ThreadingHTTPServer):
    """Opens tunnels to the one host that it knows, at which it speaks TLS for a sandbox."""

    daemon_threads = True

    def __init__(self, sandbox: Sandbox, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        port = urlsplit(sandbox.url).port
        assert port is not None
        self.target = ("127.0.0.1", port)
        self.asked: set[str] = set()


class _Tunnel(BaseHTTPRequestHandler):
    server: Proxy

    def do_CONNECT(self) -> None:
        self.server.asked.add(self.path)
        if self.path != f"{HOST}:443":
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        try:
            with (
                self.server.context.wrap_socket(self.connection, server_side=True) as inside,
                socket.create_connection(self.server.target) as outside,
            ):
                _pass_on(inside, outside)
        except OSError:  # a certificate that was not accepted, or an end without a word
            return

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _pass_on(inside: ssl.SSLSocket, outside: socket.socket) -> None:
    """Copy what comes from either side until one of them ends."""
    while True:
        ready = [inside] if inside.pending() else select.select([inside, outside], [], [])[0]
        for each in ready:
            data = each.recv(65536)
            if not data:
                return
            (outside if each is inside else inside).sendall(data)


@contextmanager
def running(sandbox: Sandbox, certificate: Path) -> Iterator[Proxy]:
    """Run the proxy in front of a sandbox."""
    with Proxy(sandbox, certificate) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,), name="proxy")
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


def test_the_page_leads_through_the_proxy_to_a_private_certificate(tmp_path: Path) -> None:
    """Without the certificate, or without the proxy, there is no way."""
    _, certificate = make_authority(tmp_path)
    with Sandbox(course_world()) as sandbox, running(sandbox, certificate) as proxy:
        environ = of_sandbox(sandbox, tmp_path, GITLAB_URL=URL, GITLAB_TOKEN=sandbox.token(MENTOR))
        for name in ("https_proxy", "http_proxy", "no_proxy", "all_proxy"):
            environ.pop(name, None)
            environ.pop(name.upper(), None)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            environ.pop(name, None)
        address = f"http://127.0.0.1:{proxy.server_port}"
        untrusting = Terminal(tmp_path, {**environ, "HTTPS_PROXY": address})
        told = untrusting.type("gitlab-sync whoami")
        assert told.code == exits.NOTHING
        message = "unable to get local issuer certificate"
        assert message in told.output
        assert message in PROXY.read_text(encoding="utf-8")
        walk = Walk(Terminal(tmp_path, environ, {PROXY_OF_THE_PAGE: address}), tmp_path)
        walk.retold(PROXY.read_text(encoding="utf-8"))
    assert walk.failed == []
    assert walk.typed > 3
    assert proxy.asked == {f"{HOST}:443"}


def test_what_the_page_says_of_a_proxy_that_refuses_is_what_comes(tmp_path: Path) -> None:
    """Word by word, since people look for it."""
    _, certificate = make_authority(tmp_path)
    with Sandbox(course_world()) as sandbox, running(sandbox, certificate) as proxy:
        environ = of_sandbox(
            sandbox,
            tmp_path,
            GITLAB_URL="https://other.example.com",
            HTTPS_PROXY=f"http://127.0.0.1:{proxy.server_port}",
        )
        told = Terminal(tmp_path, environ).type("gitlab-sync whoami")
    assert "Tunnel connection failed: 403" in told.output
    assert "Tunnel connection failed: 403" in PROXY.read_text(encoding="utf-8")
