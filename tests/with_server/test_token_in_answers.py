"""A token that a server repeats in any part of its answer is in no error, log or row."""

from __future__ import annotations

import html
import logging
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote

import pytest
from odd_server import Answer, OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.api.token import get_user_from_token
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.pages.widgets.error_panel import error_text
from gitlab_sync.session import runtime
from gitlab_sync.session.runtime import Bridge

TOKEN = "Zq3-Kd81_vv+r40/Lm2x"  # no pattern recognises it

PAGE = {"Content-Type": "text/html"}
ANSWERS: dict[str, Answer] = {
    "message": json({"message": f"no {TOKEN}"}, status=400),
    "description": json({"error": "no", "error_description": TOKEN}, status=401),
    "URL": json({"message": f"/x?t={quote(TOKEN, safe='')}"}, status=403),
    "page": (503, PAGE, f"<title>{html.escape(TOKEN)}</title>".encode()),
    "page instead of JSON": (200, PAGE, f"<title>{'x' * 70}{TOKEN}</title>".encode()),
    "type": (200, {"Content-Type": f"text/{TOKEN}"}, b"no"),
    "cut message": json({"message": "x" * 290 + TOKEN}, status=422),
    "redirect": (302, {"Location": f"https://elsewhere.example/{TOKEN}"}, b""),
    "link": json([{"id": 1}], Link=f'<https://elsewhere.example/?x={TOKEN}>; rel="next"'),
    "request id": json({"message": "no"}, status=404, X_Request_Id=TOKEN),
    "errors": json({"errors": [{"message": f"no {TOKEN}"}]}),
}
DOORS: dict[str, Callable[[GitLabClient], Any]] = {
    "get": lambda client: client.get("user"),
    "get_all": lambda client: client.get_all("users"),
    "write": lambda client: client.request("POST", "users", {"name": "x"}),
    "graphql": lambda client: client.graphql("{x}"),
    "sign-in": lambda client: get_user_from_token(client.base_url, client.token),
}


@pytest.mark.parametrize("where", ANSWERS)
def test_no_error_has_a_token_that_the_server_repeats(
    where: str, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its text and its traceback nor what the client, a row and the app show."""
    monkeypatch.setattr(runtime, "_default", bridge)  # for the sign-in
    raised = []
    with OddServer(lambda _: ANSWERS[where]) as server:
        client = GitLabClient(server.url, TOKEN, bridge=bridge)
        for door in DOORS.values():
            try:
                door(client)
            except GitLabSyncError as error:
                raised.append(error)
        rows = client.batch_evaluate_mrs(["ann"])
    assert raised
    shown = [*map(shown_of, raised), str(client.error_msg), str(rows)]
    assert not [text for text in shown if shows(text)]


def shown_of(error: GitLabSyncError) -> str:
    """Return all that any program shows of an error."""
    trace = "".join(traceback.format_exception(error))
    return f"{trace}{error!r}{error.__dict__}{error_text(error)}"


def shows(text: str) -> bool:
    """Return whether a text shows the token, or half of it."""
    return any(form[:10] in text for form in (TOKEN, quote(TOKEN, safe="")))


def test_no_error_has_a_token_that_comes_in_place_of_the_status(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the line is quoted, which can be long."""
    protocol = f"NO {TOKEN} {'a' * 8000}"
    monkeypatch.setattr(BaseHTTPRequestHandler, "send_response_only", lambda handler, *_: (
        handler.wfile.write(f"{protocol}\r\n".encode())
    ))  # fmt: skip
    with OddServer(lambda _: json({})) as server:
        client = GitLabClient(server.url, TOKEN, bridge=bridge)
        with pytest.raises(GitLabSyncError, match="not an answer in HTTP") as raised:
            client.get("user")
    assert not shows(shown_of(raised.value))
    assert len(str(raised.value)) < 700


def test_no_log_has_a_token_that_the_server_repeats(
    bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    """At any level, of ours and of the libraries below."""
    caplog.set_level(logging.DEBUG)
    with OddServer(lambda _: ANSWERS["message"]) as server:
        GitLabClient(server.url, TOKEN, bridge=bridge).batch_evaluate_mrs(["ann"])
    assert not shows(caplog.text)
