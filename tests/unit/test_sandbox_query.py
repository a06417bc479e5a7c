"""Queries are read as GitLab's parameter checks read them."""

from __future__ import annotations

import orjson
import pytest

from gitlab_sync.sandbox.answer import Refusal
from gitlab_sync.sandbox.query import Query


def refused(refusal: pytest.ExceptionInfo[Refusal]) -> str:
    """Return the text of a refusal, which must be a 400."""
    assert refusal.value.answer.status == 400
    return str(orjson.loads(refusal.value.answer.body)["error"])


def test_the_last_value_counts() -> None:
    """A parameter that is given twice."""
    assert Query("a=1&a=2").get("a") == "2"


def test_an_empty_value_is_a_missing_one() -> None:
    """`search=` asks for nothing."""
    assert Query("search=").get("search") is None


def test_names_come_in_brackets_or_with_commas() -> None:
    """Both forms are taken."""
    assert Query("labels[]=a&labels[]=b").names("labels") == ["a", "b"]
    assert Query("labels%5B%5D=a").names("labels") == ["a"]
    assert Query("labels=a, b,").names("labels") == ["a", "b"]


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False)])
def test_flags(text: str, value: bool) -> None:
    """In words and in digits."""
    assert Query(f"all={text}").flag("all") is value


def test_a_missing_flag_is_neither() -> None:
    """So that a default can be told from a choice."""
    assert Query("").flag("all") is None


def test_a_wrong_number_is_refused() -> None:
    """In GitLab's words."""
    with pytest.raises(Refusal) as refusal:
        Query("author_id=alice").number("author_id")
    assert refused(refusal) == "author_id is invalid"


def test_a_wrong_choice_is_refused() -> None:
    """In GitLab's words."""
    with pytest.raises(Refusal) as refusal:
        Query("state=nonsense").choice("state", ("opened",), "all")
    assert refused(refusal) == "state does not have a valid value"


def test_times_may_have_offsets_or_be_days() -> None:
    """All are instants in the end."""
    wanted = Query("t=2024-01-05T00:00:00Z").time("t")
    assert Query("t=2024-01-05T05:30:00%2B05:30").time("t") == wanted
    assert Query("t=2024-01-05T05:30:00+05:30").time("t") == wanted, "a plus that became a space"
    assert Query("t=2024-01-05").time("t") == wanted


def test_a_wrong_time_is_refused() -> None:
    """In GitLab's words."""
    with pytest.raises(Refusal) as refusal:
        Query("updated_after=yesterday").time("updated_after")
    assert refused(refusal) == "updated_after is invalid"
