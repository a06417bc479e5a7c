"""The way out of the process: connections, proxies, TLS, deadlines, and nothing kept of anybody."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from odd_server import OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import Cancelled, ConfigurationError, ConnectionFailed, TimedOut
from gitlab_sync.http import transport as transport_module
from gitlab_sync.http.transport import Transport, verify_from_environment
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.runtime import Bridge

MakeBridge = Callable[..., Bridge]
VARIABLES = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GITLAB_SSL_VERIFY", "NETRC",
)  # fmt: skip


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no bundle but those that a test names."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


# -- connections -----------------------------------------------------------------------------------


def test_connections_are_kept_and_used_again(client: GitLabClient, sandbox: Sandbox) -> None:
    """One after another needs one connection; many at once no more than there are workers."""
    for _ in range(5):
        client.get("user")
    assert len(sandbox.traffic.by_connection) == 1
    client.get_all("users", per_page=1)
    client.get_all("merge_requests", {"scope": "all"}, per_page=1)
    assert len(sandbox.traffic.by_connection) <= 8


def test_errors_and_empty_answers_keep_the_connection(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Their bodies are read, too."""
    for status in (404, 500, 204):
        sandbox.faults.add("status", status=status, body="" if status == 204 else "{}")
    for _ in range(3):
        client._get("user") if sandbox.traffic.total != 1 else client.get("user")
    assert len(sandbox.traffic.by_connection) == 1


def test_a_connection_that_the_server_closed_in_between_is_made_anew(bridge: Bridge) -> None:
    """Without an error, and without counting it as an attempt that failed: a write goes, too."""
    closed = threading.Event()

    def serve(listener: socket.socket) -> None:
        for _ in range(4):
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = GitLabClient(url, "x", bridge=bridge)
        for method in ("GET", "POST", "GET", "POST"):
            assert client.request(method, "user") == []
            assert closed.wait(10)
            closed.clear()
        thread.join(10)


def test_compressed_answers_are_read(bridge: Bridge) -> None:
    """gzip, as GitLab's proxies send it."""
    import gzip

    body = gzip.compress(b'{"id": 1}')
    fields = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with OddServer(lambda _: (200, fields, body)) as server:
        assert GitLabClient(server.url, "x", bridge=bridge).get("user") == {"id": 1}
        assert "gzip" in server.headers[0]["accept-encoding"]


def test_an_answer_that_only_claims_to_be_compressed_is_an_error(bridge: Bridge) -> None:
    """And never half a result."""
    fields = {"Content-Encoding": "gzip"}
    with OddServer(lambda _: (200, fields, b"[]")) as server, pytest.raises(ConnectionFailed):
        GitLabClient(server.url, "x", bridge=bridge).get("user")


def test_ipv6_addresses_are_asked(bridge: Bridge) -> None:
    """`http://[::1]:port`."""
    try:
        server = OddServer(lambda _: json({"id": 1}), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        assert GitLabClient(server.url, "x", bridge=bridge).get("user") == {"id": 1}


@pytest.mark.parametrize("prefix", ["/gitlab", "/a/b"])
def test_an_install_below_a_path_is_asked_there(bridge: Bridge, prefix: str) -> None:
    """Its links are, too."""
    link = {"Link": f'<http://internal.invalid{prefix}/api/v4/users?cursor=2>; rel="next"'}

    def answer(path: str) -> Any:
        return json([{"id": 2}]) if "cursor=2" in path else json([{"id": 1}], **link)

    with OddServer(answer) as server:
        client = GitLabClient(f"{server.url}{prefix}/", "x", bridge=bridge)
        assert client.api_base == f"{server.url}{prefix}/api/v4"
        assert client.get_all("users") == [{"id": 1}, {"id": 2}]
        assert all(path.startswith(f"{prefix}/api/v4/users?") for path in server.asked)


# -- nothing of anybody ----------------------------------------------------------------------------


def test_a_cookie_is_never_kept_or_sent(client: GitLabClient, sandbox: Sandbox) -> None:
    """Neither to the one who got it nor to anybody else."""
    sandbox.faults.add("cookie", times=None)
    other = GitLabClient(sandbox.url, sandbox.token("bruno.rossi"), bridge=client.session.bridge)
    for _ in range(3):
        client.get("user")
        other.get("user")
    assert sandbox.traffic.by_fault == {"cookie": 6}
    assert [exchange.cookie for exchange in sandbox.traffic.exchanges] == [None] * 6
    assert not client.session.bridge.transport.session.cookies


def test_each_request_carries_its_own_credential_and_the_session_none(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Two people on one connection."""
    oauth = sandbox.token_for("alice.moreau", kind="oauth")
    alice = GitLabClient(sandbox.url, oauth, is_oauth=True, bridge=client.session.bridge)
    nobody = GitLabClient(sandbox.url, None, bridge=client.session.bridge)
    client.get("user")
    assert alice.get("user")["username"] == "alice.moreau"
    nobody.get("projects")
    sent = [(exchange.credential, exchange.token) for exchange in sandbox.traffic.exchanges]
    assert sent == [
        ("PRIVATE-TOKEN", "admin"),
        ("Authorization", "alice.moreau:oauth"),
        (None, None),
    ]
    assert not client.session.bridge.transport.session.headers


def test_an_entry_in_netrc_is_not_used(
    sandbox: Sandbox, make_bridge: MakeBridge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It would take the place of the token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password wrong\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    token = sandbox.token_for("alice.moreau", kind="oauth")
    client = GitLabClient(sandbox.url, token, is_oauth=True, bridge=make_bridge())
    assert client.get("user")["username"] == "alice.moreau"


# -- proxies ---------------------------------------------------------------------------------------


class Proxy(ThreadingHTTPServer):
    """A plain HTTP proxy: it answers by itself, and notes what it was asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        proxy = self
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.asked.append(self.path)
                proxy.headers.append(dict(self.headers.items()))
                body = b'{"by": "proxy"}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_CONNECT(self) -> None:
                proxy.asked.append(f"CONNECT {self.path}")
                self.send_error(403)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Run a proxy."""
    with Proxy() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_asked(
    proxy: Proxy, make_bridge: MakeBridge, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """With the whole URL, the token for GitLab and the password for itself."""
    host, port = proxy.server_address[:2]
    monkeypatch.setenv(variable, f"http://ann:word@{host!s}:{port}")
    client = GitLabClient("http://gitlab.invalid:8080/gitlab", "secret", bridge=make_bridge())
    assert client.get("user", {"a": 1}) == {"by": "proxy"}
    assert proxy.asked == ["http://gitlab.invalid:8080/gitlab/api/v4/user?a=1"]
    sent = {name.lower(): value for name, value in proxy.headers[0].items()}
    assert sent["private-token"] == "secret"
    assert sent["proxy-authorization"].startswith("Basic ")


def test_tls_goes_through_the_proxy_as_a_tunnel(
    proxy: Proxy, make_bridge: MakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that refuses it is named in the error, without the token."""
    host, port = proxy.server_address[:2]
    monkeypatch.setenv("HTTPS_PROXY", f"http://{host!s}:{port}")
    client = GitLabClient("https://gitlab.invalid", "secret-word", bridge=make_bridge())
    with pytest.raises(ConnectionFailed, match=r"gitlab\.invalid") as raised:
        client.get("user")
    assert set(proxy.asked) == {"CONNECT gitlab.invalid:443"}
    assert "secret-word" not in str(raised.value)


@pytest.mark.parametrize("exception", ["127.0.0.1", "*", "localhost,127.0.0.1"])
def test_no_proxy_is_asked_for_hosts_that_are_excepted(
    sandbox: Sandbox,
    proxy: Proxy,
    make_bridge: MakeBridge,
    monkeypatch: pytest.MonkeyPatch,
    exception: str,
) -> None:
    """`NO_PROXY` names them."""
    host, port = proxy.server_address[:2]
    monkeypatch.setenv("HTTP_PROXY", f"http://{host!s}:{port}")
    monkeypatch.setenv("NO_PROXY", exception)
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=make_bridge())
    assert client.get("user")["username"]
    assert proxy.asked == []


# -- TLS -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for this machine, with its key behind it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem"


@pytest.fixture
def secure(certificate: Path) -> Iterator[OddServer]:
    """Run a server that speaks TLS with it."""
    server = OddServer(lambda _: json({"id": 1}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    with server:
        yield server


def secure_client(server: OddServer, bridge: Bridge) -> GitLabClient:
    """Return a client of that server by https."""
    return GitLabClient(server.url.replace("http:", "https:"), "secret-word", bridge=bridge)


def test_a_certificate_that_nobody_knows_is_refused_at_once(
    secure: OddServer, make_bridge: MakeBridge
) -> None:
    """Nothing is sent, a second time would not help, and the hint names the setting."""
    with pytest.raises(ConnectionFailed, match="TLS") as raised:
        secure_client(secure, make_bridge()).get("user")
    assert "REQUESTS_CA_BUNDLE" in raised.value.hint
    assert raised.value.attempts == 1
    assert secure.asked == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GITLAB_SSL_VERIFY"])
def test_a_bundle_that_has_its_issuer_makes_it_good(
    secure: OddServer,
    certificate: Path,
    make_bridge: MakeBridge,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """Named by any of the variables."""
    monkeypatch.setenv(variable, str(certificate))
    assert secure_client(secure, make_bridge()).get("user") == {"id": 1}


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_checking_can_be_switched_off(
    secure: OddServer, make_bridge: MakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the operator, for the whole process; python-gitlab obeys the same."""
    monkeypatch.setenv("GITLAB_SSL_VERIFY", "false")
    client = secure_client(secure, make_bridge())
    assert client.get("user") == {"id": 1}
    assert client.client.http_get("/user") == {"id": 1}


def test_python_gitlab_refuses_an_unknown_certificate_too(
    secure: OddServer, make_bridge: MakeBridge
) -> None:
    """It has no way around the transport."""
    with pytest.raises(Exception, match="TLS"):
        secure_client(secure, make_bridge()).client.http_get("/user")
    assert secure.asked == []


@pytest.mark.parametrize(
    ("said", "verify"),
    [
        (None, True),
        ("", True),
        ("true", True),
        ("True", True),
        ("1", True),
        ("t", True),
        ("false", False),
        ("0", False),
        ("f", False),
        ("no", False),
        ("/etc/ssl/own.pem", "/etc/ssl/own.pem"),
    ],
)
def test_the_setting_for_tls_is_read_in_all_its_spellings(
    monkeypatch: pytest.MonkeyPatch, said: str | None, verify: bool | str
) -> None:
    """`true`, `1` and `t`, as older deployments have it, their opposites, and a path."""
    if said is not None:
        monkeypatch.setenv("GITLAB_SSL_VERIFY", said)
    assert verify_from_environment() == verify


def test_the_setting_wins_over_a_bundle_only_if_it_says_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`true` with a bundle means: by that bundle."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/bundle.pem")
    assert verify_from_environment() == "/bundle.pem"
    monkeypatch.setenv("GITLAB_SSL_VERIFY", "true")
    assert verify_from_environment() == "/bundle.pem"
    monkeypatch.setenv("GITLAB_SSL_VERIFY", "false")
    assert verify_from_environment() is False


def test_plain_http_is_not_spoken_to_a_server_that_wants_tls(
    secure: OddServer, bridge: Bridge
) -> None:
    """It is an error of ours, not a riddle."""
    with pytest.raises(ConnectionFailed):
        GitLabClient(secure.url, "x", bridge=bridge).get("user")


# -- deadlines and breaking off --------------------------------------------------------------------


def test_a_server_that_drips_cannot_stretch_a_call_beyond_its_deadline(
    make_client: Callable[..., GitLabClient], sandbox: Sandbox
) -> None:
    """Each piece comes in time, the whole does not."""
    sandbox.faults.add("drip", seconds=20.0, times=None)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        make_client(timeout=0.5).get_all("users")
    assert time.monotonic() - started < 10.0


def test_a_server_that_drips_within_the_deadline_is_read(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Slow is not broken."""
    expected = client.get_all("users")
    sandbox.faults.add("drip", seconds=0.2)
    assert client.get_all("users") == expected


def test_an_exchange_can_be_broken_off_in_the_middle_of_silence(
    sandbox: Sandbox, bridge: Bridge
) -> None:
    """From another thread, at once."""
    sandbox.faults.add("stall", times=None)
    cancel = CancelToken()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            bridge.transport.exchange("GET", f"{sandbox.url}/api/v4/user", {}, cancel=cancel)
        except BaseException as error:  # noqa: BLE001 - looked at below
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 1)
    cancel.cancel("that is enough")
    thread.join(10)
    assert not thread.is_alive()
    assert [type(failure) for failure in failures] == [Cancelled]
    assert "that is enough" in str(failures[0])


def test_a_deadline_that_is_over_asks_nothing(sandbox: Sandbox, bridge: Bridge) -> None:
    """TimedOut without an exchange."""
    with pytest.raises(TimedOut):
        bridge.transport.exchange(
            "GET", sandbox.url + "/api/v4/user", {}, cancel=CancelToken(), deadline=1.0
        )
    assert sandbox.traffic.total == 0


def test_what_went_over_the_wire_is_counted(sandbox: Sandbox) -> None:
    """Requests, bytes of bodies, open connections; none after closing."""
    transport = Transport(2)
    answer = transport.exchange("GET", sandbox.url + "/api/v4/user", {}, cancel=CancelToken())
    counted = transport.traffic()
    assert (counted.requests, counted.bytes, counted.open_connections) == (1, len(answer.body), 1)
    transport.close()
    assert transport.traffic().open_connections == 0


def test_more_hosts_than_pools_are_kept_are_asked_all_the_same(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest pool is dropped and made again."""
    monkeypatch.setattr(transport_module, "_INSTANCES", 1)
    transport = Transport(2)
    names = [sandbox.url, sandbox.url.replace("127.0.0.1", "localhost")] * 3
    try:
        for name in names:
            url = name + "/api/v4/version"
            answer = transport.exchange("GET", url, {}, cancel=CancelToken())
            assert answer.status in {200, 401}
    finally:
        transport.close()


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "http://127.0.0.1:1"])
def test_a_host_that_is_not_there_is_named_in_the_error(make_bridge: MakeBridge, url: str) -> None:
    """Nothing was sent."""
    with pytest.raises(
        ConnectionFailed, match=url.removeprefix("http://").replace(".", r"\.")
    ) as raised:
        GitLabClient(url, "secret-word", bridge=make_bridge()).get("user")
    assert raised.value.nothing_sent
    assert "secret-word" not in str(raised.value)


def test_a_url_that_no_library_takes_is_a_configuration_error(bridge: Bridge) -> None:
    """At the first call."""
    with pytest.raises((ConfigurationError, ConnectionFailed)):
        GitLabClient("http://xn--.invalid..", "x", bridge=bridge).get("user")
