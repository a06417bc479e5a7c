"""Filters and orders of lists of merge requests and issues, as GitLab documents them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from gitlab_sync.sandbox.answer import Refusal, error, json_answer
from gitlab_sync.sandbox.query import Query
from gitlab_sync.sandbox.records import Record, Row, id_in, instant
from gitlab_sync.sandbox.world import Items

Test: TypeAlias = Callable[[Record], bool]

MR_STATES = ("opened", "closed", "locked", "merged", "all")
ISSUE_STATES = ("opened", "closed", "all")
SCOPES = (
    "created_by_me",
    "created-by-me",
    "assigned_to_me",
    "assigned-to-me",
    "reviews_for_me",
    "all",
)
MR_ORDERS = (
    "created_at",
    "updated_at",
    "merged_at",
    "title",
    "priority",
    "label_priority",
    "milestone_due",
    "popularity",
)
ISSUE_ORDERS = (
    "created_at",
    "updated_at",
    "due_date",
    "label_priority",
    "milestone_due",
    "popularity",
    "priority",
    "relative_position",
    "title",
    "weight",
    "id",
)
_TIMES = (("created", "created_at"), ("updated", "updated_at"))
_BRANCHES = ("source_branch", "target_branch")


def candidates(items: Items, query: Query, rows: Sequence[Row] | None) -> Sequence[Row]:
    """Return the shortest list of rows that an index gives for `query`.

    `rows` is what the route allows, or None for all. The filters are still to be applied.
    """
    choices: list[Sequence[Row]] = [items.rows if rows is None else rows]
    author = query.get("author_username")
    if author is not None:
        choices.append(items.by_author.get(author.lower(), ()))
    author_id = query.number("author_id")
    if author_id is not None:
        choices.append(items.by_author.get(author_id, ()))
    assignee = query.names("assignee_username")
    if assignee:
        choices.append(items.by_assignee.get(assignee[0].lower(), ()))
    assignee_id = id_in(query.get("assignee_id") or "")
    if assignee_id:
        choices.append(items.by_assignee.get(assignee_id, ()))
    return min(choices, key=len)


def merge_request_tests(query: Query, me: int | None, scope: str) -> list[Test]:
    """Return what a merge request must pass; `scope` is the default. Raises `Refusal` (400)."""
    tests = _shared_tests(query, me, scope, MR_STATES)
    _time_tests(query, "merged", "merged_at", tests)
    _person_test(query, "reviewer", "reviewers", tests)
    _merger_test(query, tests)
    for name in _BRANCHES:
        branch = query.get(name)
        if branch is not None:
            tests.append(_equals(name, branch))
    for name in ("wip", "draft"):
        draft = query.flag(name)
        if draft is not None:
            tests.append(lambda record, want=draft: bool(record.get("draft")) == want)  # type: ignore[misc]
    return tests


def issue_tests(query: Query, me: int | None, scope: str) -> list[Test]:
    """Return what an issue must pass; `scope` is the default. Raises `Refusal` (400)."""
    tests = _shared_tests(query, me, scope, ISSUE_STATES)
    confidential = query.flag("confidential")
    if confidential is not None:
        tests.append(lambda record: bool(record.get("confidential")) == confidential)
    kind = query.get("issue_type")
    if kind is not None:
        tests.append(_equals("issue_type", kind))
    return tests


def ordered(query: Query, rows: Sequence[Row], orders: Sequence[str]) -> Sequence[Row]:
    """Return `rows` (newest first) in the order that `order_by` and `sort` ask for."""
    order = query.choice("order_by", orders, "created_at")
    descending = query.choice("sort", ("asc", "desc"), "desc") == "desc"
    if order == "created_at":
        return rows if descending else rows[::-1]
    key = order_key(order)
    if key is None:
        return rows
    known = [row for row in rows if key(row.data) is not None]
    known.sort(key=lambda row: (key(row.data), row.data["id"]), reverse=descending)
    return known + [row for row in rows if key(row.data) is None]


def order_key(order: str) -> Callable[[Record], Any] | None:
    """Return what records are ordered by under that name; None for what the sandbox does not do."""
    return _ORDERS.get(order)


def _time_key(field: str) -> Callable[[Record], Any]:
    def key(record: Record) -> float | None:
        value = record.get(field)
        return None if value is None else instant(value)

    return key


_ORDERS: dict[str, Callable[[Record], Any]] = {
    "created_at": _time_key("created_at"),
    "updated_at": _time_key("updated_at"),
    "closed_at": _time_key("closed_at"),
    "merged_at": _time_key("merged_at"),
    "due_date": _time_key("due_date"),
    "title": lambda record: record["title"].lower(),
    "popularity": lambda record: record.get("upvotes", 0),
    "weight": lambda record: record.get("weight"),
    "id": lambda record: record["id"],
}


def _shared_tests(query: Query, me: int | None, scope: str, states: Sequence[str]) -> list[Test]:
    tests: list[Test] = []
    state = query.choice("state", states, "all")
    if state != "all":
        tests.append(_equals("state", state))
    _scope_test(query.choice("scope", SCOPES, scope).replace("-", "_"), me, tests)
    _author_tests(query, tests)
    _person_test(query, "assignee", "assignees", tests)
    for prefix, field in _TIMES:
        _time_tests(query, prefix, field, tests)
    _label_tests(query, tests)
    milestone = query.get("milestone")
    if milestone is not None:
        tests.append(_milestone(milestone))
    iids = set(query.numbers("iids"))
    if iids:
        tests.append(lambda record: record["iid"] in iids)
    _search_test(query, tests)
    return tests


def _equals(field: str, value: Any) -> Test:
    return lambda record: record.get(field) == value


def _scope_test(scope: str, me: int | None, tests: list[Test]) -> None:
    if scope == "created_by_me":
        tests.append(lambda record: _id(record.get("author")) == me)
    elif scope == "assigned_to_me":
        tests.append(lambda record: me in _ids(record, "assignees"))
    elif scope == "reviews_for_me":
        tests.append(lambda record: me in _ids(record, "reviewers"))


def _author_tests(query: Query, tests: list[Test]) -> None:
    author, name = query.number("author_id"), query.get("author_username")
    if author is not None and name is not None:
        raise error(400, "author_id, author_username are mutually exclusive")
    if author is not None:
        tests.append(lambda record: _id(record.get("author")) == author)
    if name is not None:
        tests.append(lambda record: _name(record.get("author")) == name.lower())
    unwanted, unwanted_name = query.number("not[author_id]"), query.get("not[author_username]")
    if unwanted is not None:
        tests.append(lambda record: _id(record.get("author")) != unwanted)
    if unwanted_name is not None:
        tests.append(lambda record: _name(record.get("author")) != unwanted_name.lower())


def _person_test(query: Query, role: str, field: str, tests: list[Test]) -> None:
    """Add the tests of `<role>_id` and `<role>_username`, both plain and under `not`."""
    given = query.get(f"{role}_id")
    if given is not None and given.lower() in {"none", "0"}:
        tests.append(lambda record: not record.get(field))
    elif given is not None and given.lower() == "any":
        tests.append(lambda record: bool(record.get(field)))
    elif given is not None:
        wanted = query.number(f"{role}_id")
        tests.append(lambda record: wanted in _ids(record, field))
    names = [name.lower() for name in query.names(f"{role}_username")]
    if names:
        if given is not None:
            text = f"{role}_id, {role}_username are mutually exclusive"
            raise Refusal(json_answer({"error": text}, 400))
        tests.append(lambda record: all(name in _names(record, field) for name in names))
    unwanted = query.number(f"not[{role}_id]")
    if unwanted is not None:
        tests.append(lambda record: unwanted not in _ids(record, field))
    unwanted_names = {name.lower() for name in query.names(f"not[{role}_username]")}
    if unwanted_names:
        tests.append(lambda record: not unwanted_names.intersection(_names(record, field)))


def _merger_test(query: Query, tests: list[Test]) -> None:
    merger, name = query.number("merge_user_id"), query.get("merge_user_username")
    if merger is not None:
        tests.append(lambda record: _id(record.get("merge_user")) == merger)
    if name is not None:
        tests.append(lambda record: _name(record.get("merge_user")) == name.lower())


def _time_tests(query: Query, prefix: str, field: str, tests: list[Test]) -> None:
    after, before = query.time(f"{prefix}_after"), query.time(f"{prefix}_before")
    if after is not None:
        tests.append(lambda record: bool(record.get(field)) and instant(record[field]) >= after)
    if before is not None:
        tests.append(lambda record: bool(record.get(field)) and instant(record[field]) <= before)


def _label_tests(query: Query, tests: list[Test]) -> None:
    labels = query.names("labels")
    if labels and labels[0].lower() == "none":
        tests.append(lambda record: not record.get("labels"))
    elif labels and labels[0].lower() == "any":
        tests.append(lambda record: bool(record.get("labels")))
    elif labels:
        tests.append(lambda record: set(labels) <= _labels(record))
    unwanted = set(query.names("not[labels]"))
    if unwanted:
        tests.append(lambda record: not unwanted & _labels(record))


def _milestone(wanted: str) -> Test:
    if wanted.lower() == "none":
        return lambda record: record.get("milestone") is None
    if wanted.lower() == "any":
        return lambda record: record.get("milestone") is not None
    return lambda record: (record.get("milestone") or {}).get("title") == wanted


def _search_test(query: Query, tests: list[Test]) -> None:
    unwanted = query.get("not[milestone]")
    if unwanted is not None:
        tests.append(lambda record: (record.get("milestone") or {}).get("title") != unwanted)
    words = (query.get("search") or "").lower().split()
    if words:
        fields = query.names("in") or ["title", "description"]
        tests.append(
            lambda record: all(
                any(word in (record.get(field) or "").lower() for field in fields) for word in words
            )
        )


def _labels(record: Record) -> set[str]:
    """Return a record's labels by name, whether they are names or whole labels."""
    return {
        label["name"] if isinstance(label, dict) else label for label in record.get("labels") or ()
    }


def _id(person: Record | None) -> int | None:
    return person["id"] if person else None


def _name(person: Record | None) -> str | None:
    return person["username"].lower() if person else None


def _ids(record: Record, field: str) -> list[int]:
    return [person["id"] for person in record.get(field) or ()]


def _names(record: Record, field: str) -> list[str]:
    return [person["username"].lower() for person in record.get(field) or ()]
