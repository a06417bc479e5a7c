"""`ssl_verify` of python-gitlab's files: what certificates are checked against."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import environment, run, run_process
from odd_server import OddServer
from odd_server import json as answer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1 from an unknown issuer."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is needed to make a certificate")
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(path.with_name("key.pem")), "-out", str(path),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return path


@pytest.fixture
def environ(certificate: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run a server that speaks TLS with it; return an environment, `URL` being its address."""
    server = OddServer(lambda _: answer({"id": 1}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    with server:
        told = environment(tmp_path, URL=server.url.replace("http:", "https:"))
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            told.pop(name, None)
        yield told


def configure(home: Path, url: str, line: str) -> None:
    """Write a file of python-gitlab with a section for this address, and a line of its own."""
    text = f"[global]\ndefault = here\n[here]\nurl = {url}\nprivate_token = x\n{line}\n"
    (home / ".python-gitlab.cfg").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("said", "variable", "code"),
    [
        ("", None, 4),
        ("ssl_verify = true", None, 4),
        ("ssl_verify = {certificate}", None, 0),
        ("ssl_verify = false", None, 0),
        ("ssl_verify = false", "true", 4),
        ("ssl_verify = true", "{certificate}", 0),
    ],
)
def test_the_file_says_what_to_check_against_and_the_environment_goes_before_it(
    said: str,
    variable: str | None,
    code: int,
    certificate: Path,
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    """A bundle, the usual issuers, or nothing at all."""
    configure(tmp_path, environ["URL"], said.format(certificate=certificate))
    if variable is not None:
        environ["GITLAB_SSL_VERIFY"] = variable.format(certificate=certificate)
    done = run(environ, "api", "GET", "user")
    assert done.returncode == code, done.stderr.decode()
    if code:
        assert b"TLS" in done.stderr
    else:
        assert json.loads(done.stdout) == {"id": 1}


def test_that_nothing_is_checked_is_said_on_standard_error(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """By the warning of urllib3, once; standard output has the answer alone."""
    configure(tmp_path, environ["URL"], "ssl_verify = false")
    for how in (run_process, run):
        done = how(environ, "api", "GET", "user")
        assert (done.returncode, json.loads(done.stdout)) == (0, {"id": 1})
        assert done.stderr.count(b"InsecureRequestWarning") == 1
