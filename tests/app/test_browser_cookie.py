"""The cookie that a browser is known by. The middleware passes calls on, so no server is needed."""

from __future__ import annotations

from typing import Any

from gitlab_sync.pages.state.browser_cookie import COOKIE, BrowserCookie, browser_key


def visit(path: str = "/", cookie: str = "", scheme: str = "http") -> str | None:
    """Return the `Set-Cookie` of one answer, or None."""
    sent: list[dict[str, Any]] = []

    def page(scope: Any, receive: Any, send: Any) -> Any:
        return send({"type": "http.response.start", "headers": [(b"content-type", b"text/html")]})

    headers = [(b"host", b"app.example"), (b"cookie", cookie.encode("latin-1"))]
    scope = {"type": "http", "path": path, "scheme": scheme, "headers": headers}
    BrowserCookie(page)(scope, None, sent.append)
    found = dict(sent[0]["headers"])
    assert found[b"content-type"] == b"text/html"
    given: bytes | None = found.get(b"set-cookie")
    return None if given is None else given.decode()


def new_cookie() -> str:
    """Return a cookie as the browser sends it back."""
    given = visit()
    assert given is not None
    return given.partition(";")[0]


def test_a_first_visit_gets_a_cookie_that_no_script_can_read() -> None:
    """Opaque, HttpOnly, SameSite, for the whole app, and gone with the browser."""
    given = visit()
    assert given is not None
    assert given.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert browser_key(given.partition(";")[0]) is not None


def test_a_later_visit_keeps_it() -> None:
    """So that a reload finds the session again; cookies of others do not matter."""
    assert visit("/batch_analytics", cookie=f"other=1; {new_cookie()}; more=2") is None


def test_two_browsers_get_two() -> None:
    """The key of another browser cannot be guessed."""
    assert new_cookie() != new_cookie()


def test_what_we_did_not_make_is_replaced() -> None:
    """A short or strange value could be guessed."""
    for value in ("x", "a" * 42, "a" * 44, '"' + "a" * 43, "../" + "a" * 40):
        assert visit(cookie=f"{COOKIE}={value}") is not None


def test_files_and_the_health_check_get_none() -> None:
    """A cookie belongs on pages."""
    for path in ("/_stcore/health", "/static/js/main.js", "/media/x.csv"):
        assert visit(path) is None


def test_over_https_it_never_travels_in_the_clear() -> None:
    """Secure is set where it can be."""
    given = visit(scheme="https")
    assert given is not None
    assert given.endswith("; Secure")


def test_a_cookie_header_that_cannot_be_read_is_no_key() -> None:
    """Other programs on the host set cookies, too."""
    assert browser_key("a=b; \x00=;;;") is None
    assert browser_key("") is None
    assert browser_key(f'a={{"b": [1, 2]}}; {new_cookie()}') is not None
