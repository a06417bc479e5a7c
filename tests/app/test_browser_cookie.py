"""The cookie that a browser is known by. The middleware passes calls on, so no server is needed."""

from __future__ import annotations

from typing import Any

import pytest

from gitlab_sync.pages.state.browser_cookie import (
    COOKIE,
    NEW_KEY_PATH,
    SECURE_COOKIE,
    BrowserCookie,
    cookie_values,
    is_key,
    new_key,
    offer_key,
)


def visit(path: str = "/", cookie: str = "", scheme: str = "http", query: str = "") -> str | None:
    """Return the `Set-Cookie` of one answer, or None."""
    sent: list[dict[str, Any]] = []

    def page(scope: Any, receive: Any, send: Any) -> Any:
        return send({"type": "http.response.start", "headers": [(b"content-type", b"text/html")]})

    def send(message: dict[str, Any]) -> Any:
        sent.append(message)
        return Done()

    headers = [(b"host", b"app.example"), (b"cookie", cookie.encode("latin-1"))]
    scope = {
        "type": "http",
        "path": path,
        "scheme": scheme,
        "headers": headers,
        "query_string": query.encode("latin-1"),
    }
    run(BrowserCookie(page)(scope, None, send))
    found = dict(sent[0]["headers"])
    given: bytes | None = found.get(b"set-cookie")
    return None if given is None else given.decode()


class Done:
    """What can be waited for and is there already."""

    def __await__(self) -> Any:
        return iter(())


def run(awaitable: Any) -> None:
    """Run an ASGI call to its end; nothing in it waits."""
    for _ in awaitable.__await__():
        raise AssertionError("it waits")


def new_cookie(scheme: str = "http") -> str:
    """Return a cookie as the browser sends it back."""
    given = visit(scheme=scheme)
    assert given is not None
    return given.partition(";")[0]


def key_in(cookie: str) -> str:
    """Return the value of a cookie, with or without its attributes."""
    return cookie.partition(";")[0].partition("=")[2]


def test_a_first_visit_gets_a_cookie_that_no_script_can_read() -> None:
    """Opaque, HttpOnly, SameSite, for the whole app, and gone with the browser."""
    given = visit()
    assert given is not None
    assert given.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert is_key(key_in(given))


def test_a_later_visit_keeps_it() -> None:
    """So that a reload finds the session again; cookies of others do not matter."""
    assert visit("/batch_analytics", cookie=f"other=1; {new_cookie()}; more=2") is None


def test_two_browsers_get_two() -> None:
    """The key of another browser cannot be guessed."""
    assert new_cookie() != new_cookie()


@pytest.mark.parametrize("name", [COOKIE, SECURE_COOKIE])
def test_a_key_that_this_process_did_not_make_is_replaced(name: str) -> None:
    """Someone who planted it knows it: even one of the right form, or with one sign changed."""
    scheme = "https" if name == SECURE_COOKIE else "http"
    key = new_key()
    other = key[:-1] + ("1" if key.endswith("0") else "0")
    for value in ("", "x", "a" * 43, f'"{key}"', "../" + "a" * 93, key + key, key[:-1], other, "é"):
        given = visit(cookie=f"{name}={value}", scheme=scheme)
        assert given is not None
        assert is_key(key_in(given))
        assert key_in(given) != value
    assert visit(cookie=f"{name}={key}", scheme=scheme) is None


def test_files_and_the_health_check_get_none() -> None:
    """A cookie belongs on pages."""
    for path in ("/_stcore/health", "/static/js/main.js", "/media/x.csv"):
        assert visit(path) is None


def test_over_https_the_cookie_is_of_this_host_only_and_never_travels_in_the_clear() -> None:
    """No other host of the domain can set one of that name, nor can a page over http."""
    given = visit(scheme="https")
    assert given is not None
    assert given.startswith(f"{SECURE_COOKIE}=")
    assert "__Host-" in SECURE_COOKIE
    assert given.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert visit(cookie=new_cookie("https"), scheme="https") is None
    assert visit(cookie=new_cookie("http"), scheme="https") is not None


def test_a_cookie_header_that_cannot_be_read_has_no_key() -> None:
    """Other programs on the host set cookies, too."""
    assert cookie_values("a=b; \x00=;;;", COOKIE) == []
    assert cookie_values("", COOKIE) == []
    assert len(cookie_values(f'a={{"b": [1, 2]}}; {new_cookie()}', COOKIE)) == 1


# -- a new key at sign-in --------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"/{NEW_KEY_PATH}", f"/base/{NEW_KEY_PATH}"])
def test_a_ticket_gives_its_browser_the_new_key_once(path: str) -> None:
    """So that the cookie from before the sign-in leads nowhere."""
    old = new_cookie()
    change = offer_key(key_in(old), new_key())
    given = visit(path, cookie=old, query=change.ticket)
    assert given == f"{COOKIE}={change.new}; Path=/; HttpOnly; SameSite=Lax"
    assert change.taken.is_set()
    assert visit(path, cookie=old, query=change.ticket) is None


def test_a_ticket_is_of_no_use_to_another_browser() -> None:
    """Else a link could sign people in as another person."""
    change = offer_key(new_key(), new_key())
    assert visit(f"/{NEW_KEY_PATH}", cookie=new_cookie(), query=change.ticket) is None
    assert not change.taken.is_set()
    for query in ("", "unknown", "%ff", "x" * 10_000):
        assert visit(f"/{NEW_KEY_PATH}", cookie=new_cookie(), query=query) is None
