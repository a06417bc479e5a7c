"""Which requests a fault meets, and what is sent instead."""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from gitlab_sync.sandbox.answer import Answer
from gitlab_sync.sandbox.faults import Fault, Faults, fault_of, replacement, spoiled


def met(faults: Faults, path: str = "/users", **request: Any) -> list[str]:
    """Return the kinds of the faults that meet a request."""
    defaults: dict[str, Any] = {"method": "GET", "endpoint": path, "query": {}, "token": "alice"}
    return [fault.kind for fault in faults.meeting(path=path, **{**defaults, **request})]


def test_a_fault_meets_one_request_unless_told_otherwise() -> None:
    """The first that matches."""
    faults = Faults()
    planted = faults.add("status")
    assert [met(faults), met(faults)] == [["status"], []]
    assert (planted.seen, planted.hits) == (2, 1)


def test_the_third_and_fourth_of_matching_requests() -> None:
    """`nth` is the first that is met, `times` how many are."""
    faults = Faults()
    faults.add("reset", nth=3, times=2)
    assert [bool(met(faults)) for _ in range(6)] == [False, False, True, True, False, False]


def test_a_lasting_fault_lasts_until_it_is_removed() -> None:
    """`times=None`."""
    faults = Faults()
    planted = faults.add("empty", times=None)
    assert all(met(faults) for _ in range(50))
    planted.remove()
    assert not met(faults)


def test_chance_follows_from_the_seed() -> None:
    """The same requests are met in every run."""

    def run() -> list[bool]:
        faults = Faults()
        faults.add("status", times=None, probability=0.3, seed=5)
        return [bool(met(faults)) for _ in range(200)]

    assert run() == run()
    assert 30 < sum(run()) < 90


@pytest.mark.parametrize(
    ("settings", "request_", "meets"),
    [
        ({"path": "/projects/*/notes"}, {"path": "/projects/1/merge_requests/2/notes"}, True),
        ({"path": "/projects/*/notes"}, {"path": "/projects/1/issues"}, False),
        (
            {"path": "/projects/:id/issues"},
            {"path": "/projects/7/issues", "endpoint": "/projects/:id/issues"},
            True,
        ),
        ({"token": "alice"}, {}, True),
        ({"token": "bob"}, {}, False),
        ({"method": "POST"}, {}, False),
        ({"query": {"page": 2}}, {"query": {"page": "2", "per_page": "9"}}, True),
        ({"query": {"page": 2}}, {"query": {"page": "1"}}, False),
    ],
)
def test_what_narrows_a_fault_down(
    settings: dict[str, Any], request_: dict[str, Any], meets: bool
) -> None:
    """Pattern, template, token, method and query."""
    faults = Faults()
    faults.add("status", **settings)
    assert bool(met(faults, **request_)) is meets


def test_modifiers_come_along_with_one_other_fault() -> None:
    """Only one fault can break an answer; it is the last of the list."""
    faults = Faults()
    faults.add("status", times=None)
    faults.add("cookie", times=None)
    faults.add("reset", times=None)
    faults.add("foreign_link", times=None)
    assert met(faults) == ["cookie", "foreign_link", "status"]


def test_a_fault_that_waits_its_turn_is_not_used_up() -> None:
    """Where another one broke the answer, this one has not met it."""
    faults = Faults()
    faults.add("status")
    later = faults.add("reset")
    assert met(faults) == ["status"]
    assert later.hits == 0
    assert met(faults) == ["reset"]


def test_threads_share_the_count() -> None:
    """Of 400 requests at once a fault for 100 meets 100."""
    faults = Faults()
    planted = faults.add("status", times=100)
    hits: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: hits.extend(met(faults) for _ in range(100)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(map(bool, hits)) == planted.hits == 100


def test_an_unknown_kind_is_refused() -> None:
    """Before it is planted."""
    with pytest.raises(ValueError, match="no such kind"):
        Faults().add("earthquake")  # type: ignore[arg-type]


def test_json_becomes_a_fault() -> None:
    """What is no setting is named."""
    assert fault_of({"kind": "status", "status": 502}) == Fault("status", status=502)
    with pytest.raises(ValueError, match="colour"):
        fault_of({"kind": "status", "colour": "red"})
    with pytest.raises(ValueError, match="kind is missing"):
        fault_of({})


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "part"),
    [
        (Fault("status", status=500), 500, "application/json", b"500 Internal Server Error"),
        (Fault("status", status=502), 502, "text/html; charset=utf-8", b"<html>"),
        (Fault("status", status=522, body="gone"), 522, "application/json", b"gone"),
        (Fault("limit"), 429, "text/plain", b"Retry later"),
        (Fault("limit", style="json"), 429, "application/json", b"too many times"),
        (Fault("html", status=200), 200, "text/html; charset=utf-8", b"<html>"),
    ],
)
def test_answers_that_take_the_real_ones_place(
    fault: Fault, status: int, content_type: str, part: bytes
) -> None:
    """Status, type and body of each."""
    answer = replacement(fault)
    assert answer is not None
    assert (answer.status, answer.content_type) == (status, content_type)
    assert part in answer.body


def test_retry_after_is_a_number_a_fraction_a_date_or_nothing() -> None:
    """As it was ordered."""

    def header(fault: Fault) -> str | None:
        answer = replacement(fault)
        assert answer is not None
        return dict(answer.headers).get("retry-after")

    assert header(Fault("limit", retry_after=7)) == "7"
    assert header(Fault("limit", retry_after=1.5)) == "1.5"
    assert header(Fault("limit")) is None
    date = header(Fault("status", status=503, retry_after=30, as_date=True))
    assert date is not None
    assert parsedate_to_datetime(date).tzinfo is not None


def test_further_headers_come_along() -> None:
    """A limit of a newer server has more than one."""
    answer = replacement(Fault("limit", headers={"RateLimit-Reset": "1"}))
    assert answer is not None
    assert ("RateLimit-Reset", "1") in answer.headers


def test_bodies_can_be_spoiled() -> None:
    """Malformed JSON, or none at all."""
    answer = Answer(body=b'{"id": 1, "name": "x"}')
    spoiled(Fault("malformed"), answer)
    assert answer.body.endswith(b'{"')
    spoiled(Fault("empty"), answer)
    assert answer.body == b""
