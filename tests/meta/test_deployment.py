"""The files for running it in a container say what the documents say, and do it."""

from __future__ import annotations

import json
import re
import socket
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import yaml
from documents import ROOT, text_of
from streamlit import config

from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.oidc import Provider
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.roles import Roles
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.week_hours import Viewer

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEPLOYMENT = text_of("deployment")
SETTINGS = text_of("settings")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
APP = yaml.safe_load(COMPOSE)["services"]["app"]
HEALTH = "/_stcore/health"


def instructions(name: str) -> list[str]:
    """Return what the instructions of that name say, a line each."""
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


def command() -> list[str]:
    """Return what the container runs."""
    (said,) = instructions("CMD")
    return [str(word) for word in json.loads(said)]


def is_healthy(port: int) -> bool:
    """Return whether the health check's program ends well for an app at this port."""
    (said,) = instructions("HEALTHCHECK")
    program, option, code = json.loads(said.partition("CMD ")[2])
    assert (program, option) == ("python", "-c")
    try:
        exec(code.replace(":8501/", f":{port}/"), {})
    except OSError:
        return False
    return True


def test_the_image_runs_without_privileges() -> None:
    """Its user is a number that is not root's, and the one that is documented."""
    (user,) = instructions("USER")
    assert int(user) > 0
    assert any(f"useradd --uid {user} " in line for line in instructions("RUN"))
    assert f"user {user}" in DEPLOYMENT


class _Well(BaseHTTPRequestHandler):
    """An app that is well, as far as it is asked by the documented path."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == HEALTH else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet: the test says what went wrong."""


class _Unwell(_Well):
    status = 503


@pytest.mark.parametrize("app", [_Well, _Unwell])
def test_the_health_check_says_how_the_app_is(
    app: type[_Well], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever proxy the environment names for the way to GitLab."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with HTTPServer(("127.0.0.1", 0), app) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            assert is_healthy(server.server_port) == (app is _Well)
        finally:
            server.shutdown()
            thread.join()


def test_the_health_check_fails_where_nothing_listens() -> None:
    """As when the app is down."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert not is_healthy(taken.getsockname()[1])


def test_the_health_check_is_the_documented_one() -> None:
    """A proxy asks the same path as the container."""
    (said,) = instructions("HEALTHCHECK")
    assert f"http://127.0.0.1:8501{HEALTH}" in said
    assert f"GET {HEALTH}" in DEPLOYMENT


def test_everything_means_the_same_port() -> None:
    """What is exposed is what the app listens at, and what Compose passes on."""
    assert instructions("EXPOSE") == ["8501"]
    assert "--server.port=8501" in command()
    assert APP["ports"] == ["127.0.0.1:8501:8501"]


def test_streamlit_knows_the_options_that_it_is_started_with() -> None:
    """An option that a later Streamlit does not know would keep it from starting."""
    program, run, script, *options = command()
    assert (program, run) == ("streamlit", "run")
    assert (ROOT / script).is_file()
    for option in options:
        name, _, value = option.removeprefix("--").partition("=")
        assert name in config.get_config_options()
        assert value


def test_the_server_asks_nobody_for_its_address() -> None:
    """In the container and by hand."""
    assert "--logger.hideWelcomeMessage=true" in command()
    assert "`streamlit run app.py --logger.hideWelcomeMessage=true`" in DEPLOYMENT


def test_all_that_the_image_copies_is_let_through() -> None:
    """What `.dockerignore` holds back would be missing."""
    let_through = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        name.removesuffix("/")
        for line in instructions("COPY")
        if "--from" not in line
        for name in line.split()[:-1]
        if not name.startswith("--")
    }
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)


def test_the_secrets_lie_beside_the_app() -> None:
    """Where Streamlit looks for them, in Compose's example and in the document."""
    *_, folder = instructions("WORKDIR")
    assert f"{folder}/.streamlit/secrets.toml:ro" in COMPOSE
    assert f"`{folder}/.streamlit/secrets.toml`" in DEPLOYMENT


def test_compose_gives_the_app_what_it_needs_and_no_more() -> None:
    """No capability, a file system that cannot be written, and only settings that exist."""
    assert APP["read_only"]
    assert APP["cap_drop"] == ["ALL"]
    assert all(f"`{name}`" in SETTINGS for name in APP["environment"])


def test_whoever_trusts_any_proxy_is_open_to_this_machine_only() -> None:
    """Anybody else could say that they came by https."""
    assert APP["environment"]["FORWARDED_ALLOW_IPS"] == "${FORWARDED_ALLOW_IPS:-*}"
    assert all(port.startswith("127.0.0.1:") for port in APP["ports"])
    assert "FORWARDED_ALLOW_IPS" not in DOCKERFILE


def test_the_documented_proxy_passes_on_what_the_server_needs() -> None:
    """Without the host's port the websocket is refused, without the scheme no cookie is safe.

    The visitor's address replaces what the browser says of itself: attempts are counted by it.
    """
    (proxy,) = re.findall(r"```nginx\n(.*?)```", DEPLOYMENT, re.DOTALL)
    headers = dict(re.findall(r"proxy_set_header (\S+) (\S+);", proxy))
    assert headers == {
        "Host": "$http_host",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-For": "$remote_addr",
        "Upgrade": "$http_upgrade",
        "Connection": '"upgrade"',
    }


def test_every_example_of_secrets_is_one_that_the_app_takes() -> None:
    """Each alone, and all in one file, in their order there."""
    found = re.findall(r"^```toml\n(.+?)^```", DEPLOYMENT, re.DOTALL | re.MULTILINE)
    examples = [text for text in found if "[[mentor]]" not in text]  # that is a file of its own
    assert len(examples) == 3
    ann = SignIn("https://gitlab.example.com", Credential("glpat-x"), {"username": "Ann"})
    # Lines without a section must be above the first section of the file.
    whole = "\n".join(sorted(examples, key=lambda text: ("[roles]" in text, "[auth]" in text)))
    for text in (*examples, whole):
        secrets = tomllib.loads(text)
        hosts = Hosts.from_settings(secrets, {})
        provider = Provider.from_settings(secrets, lambda hosts=hosts: hosts)
        role = Roles.from_settings(secrets, {}).of(ann, is_own=True)
        assert provider == (Provider(ann.base_url) if "auth" in secrets else None)
        assert role == ("admin" if "roles" in secrets else "mentor")
        assert Viewer.of(ann, secrets, is_own=True).sees_all == ("hours_for" in secrets)
