"""What a route gives back, and the errors in GitLab's words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gitlab_sync.sandbox.records import Row

_JSON = "application/json"


@dataclass(slots=True)
class Answer:
    """One HTTP answer before it is sent: status, headers and body.

    `rows` stands for a JSON array that is only joined when it is really sent. `plain` answers are
    no JSON of the API's: they get no ETag.
    """

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = _JSON
    rows: Sequence[Row] | None = None
    plain: bool = False

    def etag(self) -> str:
        """Return a weak ETag that changes with the body."""
        if self.rows is None:
            return f'W/"{zlib.crc32(self.body):08x}-{len(self.body):x}"'
        marks = hash(tuple([row.mark for row in self.rows])) & 0xFFFFFFFFFFFFFFFF
        return f'W/"{marks:016x}-{len(self.rows):x}"'

    def settle(self) -> None:
        """Join the rows into the body, if that has not been done."""
        if self.rows is not None:
            self.body = b"[" + b",".join([row.json for row in self.rows]) + b"]"
            self.rows = None


class Refusal(Exception):
    """Raised by a route to answer with an error. `answer` is what is sent."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json_answer(value: Any, status: int = 200) -> Answer:
    """Return an answer with `value` as JSON."""
    return Answer(status, orjson.dumps(value))


def message(status: int, text: Any) -> Refusal:
    """Return a refusal with GitLab's `message` body."""
    return Refusal(json_answer({"message": text}, status))


def error(status: int, text: str) -> Refusal:
    """Return a refusal with the `error` body that GitLab's parameter checks give."""
    return Refusal(json_answer({"error": text}, status))


def not_found(what: str = "") -> Refusal:
    """Return the 404 for an object; `what` is its kind, as in "404 Project Not Found"."""
    return message(404, f"404 {what} Not Found" if what else "404 Not found")


def no_route() -> Refusal:
    """Return the 404 of a path that this server does not know."""
    return error(404, "404 Not Found")


def invalid(name: str) -> Refusal:
    """Return the 400 for a parameter of the wrong type."""
    return error(400, f"{name} is invalid")


def not_a_value(name: str) -> Refusal:
    """Return the 400 for a parameter outside its list of values."""
    return error(400, f"{name} does not have a valid value")
