"""Rate limits count each token apart and say what is left."""

from __future__ import annotations

import time

from gitlab_sync.sandbox import RateLimit
from gitlab_sync.sandbox.limiter import Limiter


def statuses(limiter: Limiter, token: str | None, times: int, path: str = "/users") -> list[int]:
    """Return what so many requests are answered with."""
    found = []
    for _ in range(times):
        _, refusal = limiter.check(path, path, token)
        found.append(200 if refusal is None else refusal.status)
    return found


def test_each_token_has_a_count_of_its_own() -> None:
    """Alice's requests cost Bob nothing."""
    limiter = Limiter((RateLimit(2),))
    assert statuses(limiter, "alice", 3) == [200, 200, 429]
    assert statuses(limiter, "bob", 2) == [200, 200]


def test_headers_say_what_is_left_and_when_it_opens() -> None:
    """On every answer."""
    limiter = Limiter((RateLimit(5, 60.0),))
    headers, _ = limiter.check("/users", "/users", "alice")
    found = dict(headers)
    assert found["RateLimit-Limit"] == "5"
    assert found["RateLimit-Observed"] == "1"
    assert found["RateLimit-Remaining"] == "4"
    assert 58 <= int(found["RateLimit-Reset"]) - time.time() <= 61
    assert "Retry-After" not in found


def test_the_text_refusal_has_headers_and_the_json_one_has_none() -> None:
    """GitLab's two kinds."""
    limiter = Limiter((RateLimit(0),))
    headers, refusal = limiter.check("/users", "/users", "alice")
    assert refusal is not None
    assert refusal.body == b"Retry later\n"
    assert {"Retry-After", "RateLimit-ResetTime", "RateLimit-Reset"} <= set(dict(headers))
    limiter.set(RateLimit(0, style="json"))
    headers, refusal = limiter.check("/users", "/users", "alice")
    assert refusal is not None
    assert b"too many times" in refusal.body
    assert headers == []


def test_an_older_server_sends_no_headers() -> None:
    """Neither before nor after."""
    limiter = Limiter((RateLimit(1, headers=False),))
    assert limiter.check("/users", "/users", "alice") == ([], None)
    headers, refusal = limiter.check("/users", "/users", "alice")
    assert refusal is not None
    assert headers == []


def test_a_window_opens_again() -> None:
    """Its count begins again with the first request after its end."""
    now = [100.0]
    limiter = Limiter((RateLimit(1, 10.0),), clock=lambda: now[0])
    assert statuses(limiter, "alice", 2) == [200, 429]
    now[0] += 9.9
    assert statuses(limiter, "alice", 1) == [429]
    now[0] += 0.1
    assert statuses(limiter, "alice", 2) == [200, 429]


def test_a_rule_may_be_for_one_path_or_one_token() -> None:
    """By pattern, by template, by the token's name."""
    limiter = Limiter((RateLimit(0, path="/users/:id"), RateLimit(0, token="bob")))
    assert limiter.check("/users/1", "/users/:id", "alice")[1] is not None
    assert limiter.check("/users", "/users", "alice")[1] is None
    assert limiter.check("/users", "/users", "bob")[1] is not None


def test_no_rule_is_no_limit() -> None:
    """`set()` switches limits off."""
    limiter = Limiter((RateLimit(0),))
    limiter.set()
    assert statuses(limiter, "alice", 9) == [200] * 9
