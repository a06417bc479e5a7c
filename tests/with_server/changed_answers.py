"""Answers of a sandbox with one field changed, for tests that try thousands of changes.

A transport in the place of the real one hands requests to the sandbox's service. An answer is made
once and kept, so that a run takes milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import orjson

from gitlab_sync.http.transport import Traffic
from gitlab_sync.http.wire import Answer
from gitlab_sync.sandbox import ADMIN_TOKEN, Token, World
from gitlab_sync.sandbox.service import Request, Service
from gitlab_sync.sandbox.tokens import Credential, Tokens

GRAPHQL = "/api/graphql"
EACH = "[]"
"""In the path of a field: each row of a list."""

MISSING = object()
"""The value that takes a key away."""

STRANGE = {
    "missing": MISSING,
    "null": None,
    "number": 7,
    "negative": -7,
    "huge": 1e300,
    "digits": "9" * 5000,
    "text": "x",
    "list": [],
    "texts": ["x"],
    "object": {},
    "true": True,
}
"""What takes the place of a field's value, by name."""

Path: TypeAlias = tuple[str, ...]
_Sent: TypeAlias = tuple[str, str, bytes | None]

_QUERY = re.compile(r"query (\w+)")
_CAN_BE_NULL = frozenset(
    {
        *("description", "milestone", "title", "labels", "message", "body", "summary"),
        *("author_name", "author_email"),
        *("merged_at", "closed_at", "mergedAt", "closedAt", "issue", "mergeRequest"),
    }
)
_CAN_BE_MISSING = frozenset(
    {"email", "commit_email", "public_email", "forked_from_project", "empty_repo", "time_stats"}
)
_NOT_ANY_TEXT = re.compile(r".*(_at|At|date|[Dd]ate|state|kind)|iid")


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one field in the answers of an endpoint: in each row of a list, or in one.

    `path` leads to the field by keys and `EACH`; `row` is the only place of the first list on it
    that is changed (None: each). With `cut`, the text ends after this part of it instead. `only`
    is the one request with an answer that is changed (None: all of the endpoint).
    """

    endpoint: str
    path: Path = ()
    value: Any = None
    row: int | None = None
    cut: float | None = None
    only: _Sent | None = None

    def __str__(self) -> str:
        value = "gone" if self.value is MISSING else f"{self.value!r:.20}"
        what = f"cut at {self.cut}" if self.cut is not None else f"{'.'.join(self.path)} = {value}"
        return f"{self.endpoint}: {what}" + ("" if self.row is None else f" in row {self.row}")

    def apply(self, body: bytes) -> bytes:
        """Return the text of an answer with this change."""
        if self.cut is not None:
            return body[: int(len(body) * self.cut)]
        holder = {"": orjson.loads(body)}
        _put(holder, ("", *self.path), self.value, self.row)
        return orjson.dumps(holder[""])


def _put(there: Any, path: Path, value: Any, row: int | None) -> None:
    key, rest = path[0], path[1:]
    if key == EACH and isinstance(there, list):
        for place in range(len(there)) if row is None else range(row, min(row + 1, len(there))):
            if rest:
                _put(there[place], rest, value, None)
            else:
                there[place] = value
    elif isinstance(there, dict) and key in there:
        if rest:
            _put(there[key], rest, value, row)
        elif value is MISSING:
            del there[key]
        else:
            there[key] = value


def changes_of(endpoint: str, answers: list[Any]) -> Iterator[Change]:
    """Yield all changes of one field of these answers that leave no valid answer behind.

    Another valid value would be another truth, and no one could tell.
    """
    seen: dict[Path, Any] = {}
    for answer in answers:
        for path, value in _fields(answer):
            if seen.get(path) in (None, []):
                seen[path] = value
    for path, old in seen.items():
        for name, value in STRANGE.items():
            if _is_wrong(path, old, name):
                yield Change(endpoint, path, value)
                if EACH in path:
                    yield Change(endpoint, path, value, row=0)


def _fields(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of each field, the answer itself among them."""
    yield path, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _fields(value, (*path, key))
    elif isinstance(data, list):
        for row in data:
            yield from _fields(row, (*path, EACH))


def _is_wrong(path: Path, old: Any, name: str) -> bool:
    """Return whether a strange value is none that GitLab could send in the place of `old`."""
    key = path[-1] if path else ""
    value = STRANGE[name]
    if value is MISSING:
        return bool(path) and key != EACH and key not in _CAN_BE_MISSING
    if old is None:
        return False  # it is unknown what it could be
    if value is None:
        return key not in _CAN_BE_NULL | _CAN_BE_MISSING
    if isinstance(value, str) and isinstance(old, str):
        return old.startswith("gid://") or _NOT_ANY_TEXT.fullmatch(key) is not None
    if name == "negative" and isinstance(old, int):
        return key != "timeSpent"  # time can be taken back
    if name == "texts" and isinstance(old, list):
        return bool(old) and isinstance(old[0], dict)
    return type(value) is not type(old)


@dataclass(frozen=True, slots=True)
class _Kept:
    endpoint: str
    answer: Answer


class ChangedAnswers:
    """A transport to a sandbox's service. `change` is what happens to its answers now.

    `hits` counts the answers that were changed. `token` is a person's username (None: the
    administrator). For the worker threads of one client at a time.
    """

    def __init__(self, world: World, token: str | None = None) -> None:
        user = world.users_by_name[token].data if token else world.users[-1].data
        known = Token("caller", ADMIN_TOKEN, user["id"], ("api",), admin=token is None)
        self._service = Service(world, Tokens([known]))
        self._known: dict[_Sent, _Kept] = {}
        self.change: Change | None = None
        self.hits = 0

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        cancel: object,
        deadline: float | None = None,
    ) -> Answer:
        """Return the answer of the service, changed if the change is about it."""
        sent = (method, url, body)
        kept = self._known.get(sent)
        if kept is None:
            kept = self._known[sent] = self._ask(sent)
        change, answer = self.change, kept.answer
        if change is None or change.endpoint != kept.endpoint or change.only not in (None, sent):
            return answer
        changed = change.apply(answer.body)
        self.hits += changed != answer.body
        return Answer(answer.status, answer.headers, changed)

    def _ask(self, sent: _Sent) -> _Kept:
        method, url, body = sent
        parts = urlsplit(url)
        nothing = dict.fromkeys(("token", "credential", "cookie", "marker"))
        exchange = self._service.traffic.begin(
            method, parts.path, parts.query, connection=1, **nothing
        )
        credential = Credential("PRIVATE-TOKEN", ADMIN_TOKEN)
        host = f"{parts.scheme}://{parts.netloc}"
        request = Request(method, parts.path, parts.query, host, credential, None, body or b"")
        answer = self._service.reply(request, exchange).answer
        endpoint = exchange.endpoint
        if endpoint == GRAPHQL:
            found = _QUERY.search(orjson.loads(body or b"")["query"])
            endpoint = found[1] if found else GRAPHQL
        return _Kept(endpoint, Answer(answer.status, dict(answer.headers), answer.body))

    def changes(self) -> dict[tuple[str, Path], list[Change]]:
        """Return all changes of the answers so far, by endpoint and field."""
        good: dict[str, list[Any]] = {}
        for kept in self._known.values():
            if kept.answer.status == 200:
                good.setdefault(kept.endpoint, []).append(orjson.loads(kept.answer.body))
        found: dict[tuple[str, Path], list[Change]] = {}
        for endpoint, answers in sorted(good.items()):
            for change in changes_of(endpoint, answers):
                found.setdefault((endpoint, change.path), []).append(change)
        return found

    def sent_to(self, endpoint: str) -> list[_Sent]:
        """Return the requests to an endpoint so far."""
        return [sent for sent, kept in self._known.items() if kept.endpoint == endpoint]

    def traffic(self) -> Traffic:
        """Return that nothing was sent over any connection."""
        return Traffic(0, 0, 0)

    def close(self) -> None:
        """Do nothing: there is no connection."""
