"""Starts the app for the person at this machine."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import urllib.request
import webbrowser
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

import gitlab_sync.pages
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.logs import log_by_environment
from gitlab_sync.pages.own.only_here import OnlyHere
from gitlab_sync.pages.state.browser_cookie import BrowserCookie
from gitlab_sync.pages.state.downloads import Downloads
from gitlab_sync.pages.state.memory import give_back_memory
from gitlab_sync.pages.state.policy_setting import server_policy
from gitlab_sync.pages.state.server_settings import serve_oneself
from gitlab_sync.pages.widgets.error_panel import show_script_error
from gitlab_sync.session.runtime import get_bridge

ADDRESS = "127.0.0.1"
FIRST_PORT = 8501
_PORTS = 100
_PAUSE = 0.2  # seconds
_ATTEMPTS = 300


def serve(port: int | None = None, *, opens_browser: bool = True) -> None:
    """Serve the app at this machine's loopback address until Ctrl-C.

    Without a port it is the first free one from 8501 on. Raises ConfigurationError if the port is
    in use, or the policy of the environment is not valid.
    """
    log_by_environment()
    server_policy()
    port = _free_port(port)
    url = f"http://{ADDRESS}:{port}"
    give_back_memory()
    get_bridge()
    serve_oneself()
    app = st.App(
        Path(gitlab_sync.pages.__file__).with_name("navigation.py"),
        middleware=[Middleware(OnlyHere), Middleware(BrowserCookie), Middleware(Downloads)],
        on_script_error=show_script_error,
    )
    sys.stderr.write(f"The app is at {url}. Ctrl-C ends it.\n")
    if opens_browser:
        threading.Thread(target=_open_browser, args=(url,), daemon=True).start()
    # Streamlit looks for its settings next to the program.
    sys.argv = [__file__]
    app.run(
        config={
            "server.address": ADDRESS,
            "server.port": port,
            "server.headless": True,
            "logger.hideWelcomeMessage": True,
        }
    )


def _free_port(port: int | None) -> int:
    for each in range(FIRST_PORT, FIRST_PORT + _PORTS) if port is None else (port,):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                sock.bind((ADDRESS, each))
                return each
    raise ConfigurationError(
        f"Port {port} cannot be used" if port else "No port for the app is free",
        hint="Choose another one with --port.",
    )


def _open_browser(url: str) -> None:
    """Open the page as soon as the server answers."""
    pause = threading.Event()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(OSError), opener.open(f"{url}/_stcore/health", timeout=5):
            webbrowser.open(url)
            return
        pause.wait(_PAUSE)
