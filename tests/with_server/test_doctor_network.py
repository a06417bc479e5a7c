"""The doctor on the way to a GitLab: URL, DNS, TLS, proxies, and what is no GitLab."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from certificates import make_certificates
from cli_runs import environment, of_sandbox, shared
from doctor_runs import PASSWORD, examined, statuses
from forwarding_proxy import ForwardingProxy
from odd_server import OddServer

from gitlab_sync.sandbox import Sandbox, World

served, sandbox, world = shared()
pytestmark = pytest.mark.usefixtures("bare_machine")


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox, for a person with projects."""
    return of_sandbox(sandbox, tmp_path, GITLAB_TOKEN=sandbox.token("alice.moreau"))


# -- URL and network -------------------------------------------------------------------------------


def test_without_a_url_only_the_policy_is_checked(tmp_path: Path) -> None:
    """All else needs it, and says so instead of failing for a second time."""
    found = examined(environment(tmp_path), code=4)
    assert found["URL"]["status"] == "problem"
    assert "GITLAB_URL" in found["URL"]["to_do"]
    assert statuses(found, "URL", "Policy") == {"not checked"}
    assert found["Latency"]["finding"] == "it needs Token"


@pytest.mark.parametrize("url", ["gitlab.example.com", "https://ann:wordinurl@gitlab.example.com"])
def test_a_url_that_makes_no_sense_is_a_problem(url: str, tmp_path: Path) -> None:
    """Of the URL; a password in it is not repeated."""
    found = examined(environment(tmp_path, GITLAB_URL=url, GITLAB_TOKEN="secret-word"), code=4)
    assert found["URL"]["status"] == "problem"
    assert "must" in found["URL"]["finding"]


def test_a_name_without_an_address_is_a_problem_of_dns(tmp_path: Path) -> None:
    """And of no later check."""
    told = environment(tmp_path, GITLAB_URL="https://no-such.invalid", GITLAB_TOKEN="secret-word")
    found = examined(told, code=4)
    assert found["DNS"]["status"] == "problem"
    assert statuses(found, "URL", "DNS", "Proxy", "Store", "Policy") == {"not checked"}


def test_a_closed_port_is_a_problem_of_the_connection(tmp_path: Path) -> None:
    """It is told once."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    found = examined(environment(tmp_path, GITLAB_URL=url, GITLAB_TOKEN="secret-word"), code=4)
    assert "refused" in found["Connection"]["finding"]
    assert [name for name, each in found.items() if each["status"] == "problem"] == ["Connection"]
    secure = environment(tmp_path, GITLAB_URL=f"https://127.0.0.1:{port}", GITLAB_TOKEN="x")
    assert examined(secure, code=4)["TLS"]["finding"] == "there is no connection"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {"Content-Type": "text/html"}),
        (404, {"Content-Type": "text/html"}),
        (302, {"Content-Type": "text/html", "Location": "https://x.example/in?token=wordinurl"}),
    ],
)
def test_a_server_that_is_no_gitlab_is_a_problem_of_the_connection(
    status: int, headers: dict[str, str], tmp_path: Path
) -> None:
    """The token is not sent to it."""
    with OddServer(lambda _: (status, headers, b"<html>Sign in</html>")) as server:
        told = environment(tmp_path, GITLAB_URL=server.url, GITLAB_TOKEN="secret-word")
        found = examined(told, code=4)
        assert str(status) in found["Connection"]["finding"]
        assert all("private-token" not in headers for headers in server.headers)
    assert found["Token"]["finding"] == "it needs Connection"


def test_http_to_another_machine_is_a_warning(tmp_path: Path) -> None:
    """The token would go unencrypted."""
    told = environment(tmp_path, GITLAB_URL="http://no-such.invalid", GITLAB_TOKEN="secret-word")
    assert examined(told, code=4)["URL"]["status"] == "warning"


# -- TLS -------------------------------------------------------------------------------------------


@pytest.fixture
def secure(world: World, tmp_path: Path) -> Iterator[Callable[..., dict[str, str]]]:
    """Run sandboxes that speak TLS by an own CA; return the environment for each."""
    with ExitStack() as stack:

        def make(**ends: Any) -> dict[str, str]:
            made = make_certificates(tmp_path, **ends)
            running = stack.enter_context(Sandbox(world, certificate=made.server))
            token = running.token("alice.moreau")
            return of_sandbox(running, tmp_path, GITLAB_TOKEN=token, CA=str(made.ca))

        yield make


@pytest.mark.parametrize("variable", ["GITLAB_SSL_VERIFY", "REQUESTS_CA_BUNDLE"])
def test_an_own_ca_is_told_with_its_bundle_and_the_days_that_are_left(
    variable: str, secure: Callable[..., dict[str, str]]
) -> None:
    """Everything works with it."""
    told = secure(days=90)
    found = examined({**told, variable: told["CA"]}, code=0)["TLS"]
    assert found["facts"] == {"issuer": "An Own CA", "days": 90}
    assert f"checked against bundle {told['CA']}, from {variable}" in found["finding"]


@pytest.mark.parametrize(
    ("ends", "code", "status", "part"),
    [
        ({"days": 5}, 3, "warning", "the certificate expires in 5 days"),
        ({"days": 90, "ca_days": 3}, 3, "warning", "the issuer's certificate expires in 3 days"),
        ({"days": -2}, 4, "problem", "certificate has expired"),
        ({"address": "127.0.0.9"}, 4, "problem", "127.0.0.1"),
    ],
)
def test_a_certificate_that_ends_or_is_for_another_host(
    ends: dict[str, Any], code: int, status: str, part: str,
    secure: Callable[..., dict[str, str]],
) -> None:  # fmt: skip
    """Soon is a warning; what is refused is a problem, and nothing was sent."""
    told = secure(**ends)
    found = examined({**told, "GITLAB_SSL_VERIFY": told["CA"]}, code=code)
    assert found["TLS"]["status"] == status
    assert part in found["TLS"]["finding"]
    if code == 4:
        assert found["Connection"]["finding"] == "it needs TLS"


@pytest.mark.parametrize(
    ("verify", "code", "status", "part"),
    [
        (None, 4, "problem", "unable to get local issuer certificate"),
        ("false", 3, "warning", "not checked, by GITLAB_SSL_VERIFY"),
        ("no/such.pem", 4, "problem", "there is no bundle no/such.pem"),
    ],
)
def test_without_the_own_ca_nothing_works_or_nothing_is_checked(
    verify: str | None, code: int, status: str, part: str,
    secure: Callable[..., dict[str, str]],
) -> None:  # fmt: skip
    """What to do is to name the CA."""
    told = secure()
    if verify is not None:
        told["GITLAB_SSL_VERIFY"] = verify
    found = examined(told, code=code)["TLS"]
    assert found["status"] == status
    assert part in found["finding"]
    assert verify == "no/such.pem" or "GITLAB_SSL_VERIFY" in found["to_do"]


# -- proxies ---------------------------------------------------------------------------------------


def test_the_proxy_in_force_is_told_without_its_password(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """All requests go through it, and it looks up the name."""
    with ForwardingProxy() as proxy:
        told = {**environ, "http_proxy": f"http://ann:{PASSWORD}@{proxy.host}"}
        found = examined(told, code=0)
        assert found["Proxy"]["finding"] == f"http://{proxy.host}, from http_proxy"
        assert len(proxy.asked) == sandbox.traffic.total
        assert all(proxy.authorizations)
        direct = examined({**told, "no_proxy": "127.0.0.1"}, code=0)
    assert direct["Proxy"]["finding"] == "none"


def test_a_certificate_is_known_through_a_proxy_too(
    secure: Callable[..., dict[str, str]],
) -> None:
    """TLS goes through it as a tunnel."""
    told = secure(days=90)
    with ForwardingProxy() as proxy:
        told |= {
            "GITLAB_SSL_VERIFY": told["CA"],
            "https_proxy": f"http://a:{PASSWORD}@{proxy.host}",
        }
        found = examined(told, code=0)
        assert set(proxy.asked) == {f"CONNECT {told['GITLAB_URL'].removeprefix('https://')}"}
    assert found["TLS"]["facts"]["days"] == 90
    assert found["Proxy"]["finding"] == f"http://{proxy.host}, from https_proxy"


def test_a_proxy_that_refuses_is_named_by_the_connection(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Whether it is not there, or does not know us."""
    with ForwardingProxy(refusing=407) as proxy:
        address = f"http://{proxy.host}"
        found = examined({**environ, "HTTP_PROXY": f"http://a:{PASSWORD}@{proxy.host}"}, code=4)
    assert "407" in found["Connection"]["finding"]
    told = {**environ, "HTTP_PROXY": f"http://a:{PASSWORD}@{proxy.host}"}  # which has ended
    assert f"through the proxy {address}" in examined(told, code=4)["Connection"]["finding"]


@pytest.mark.parametrize("said", [f"http://a:{PASSWORD}/x@proxy:3128", "http://proxy:port"])
def test_an_address_of_a_proxy_that_makes_no_sense_is_not_repeated(
    said: str, environ: dict[str, str]
) -> None:
    """A password can be anywhere in it."""
    found = examined({**environ, "HTTP_PROXY": said}, code=4)["Proxy"]
    assert found["status"] == "problem"
    assert "HTTP_PROXY" in found["finding"]
