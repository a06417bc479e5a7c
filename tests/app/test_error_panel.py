"""What is said of errors: who, what, why, what to do."""

from __future__ import annotations

from gitlab_sync.errors import PermissionDenied
from gitlab_sync.pages.widgets.error_panel import (
    as_text,
    error_text,
    escaped,
    grouped,
    of_error,
    of_rows,
)
from gitlab_sync.types import TableRow


def row(username: str, status: str, error: str | None) -> TableRow:
    """Return a row that has what the panel looks at."""
    return {"Username": username, "Status": status, "Error": error}


def test_rows_that_are_whole_are_no_trouble() -> None:
    """Only the others are named."""
    rows = [row("alice", "Success", None), row("bob", "Partial", "403 Forbidden (2 times)")]
    (trouble,) = of_rows(rows, "merge requests")
    assert (trouble.who, trouble.what) == ("bob", "merge requests")
    assert "read_api" in trouble.to_do


def test_every_reason_has_advice() -> None:
    """Also one that nobody thought of."""
    reasons = [
        "404 there is no user 'x'",
        "502 Bad Gateway; 403 Forbidden",
        "No answer from gitlab.example in time",
        "you cancelled it",
        "some records lack what a check needs",
        None,
    ]
    for trouble in of_rows([row("x", "Error", reason) for reason in reasons], "issues"):
        assert trouble.why
        assert trouble.to_do.endswith(".")


def test_two_statuses_in_one_reason_give_both_pieces_of_advice() -> None:
    """Each once."""
    (trouble,) = of_rows([row("x", "Error", "502 a; 403 b; 503 c")], "issues")
    assert trouble.to_do.count("failing") == 1
    assert "read_api" in trouble.to_do


def test_the_same_cause_is_told_once_for_all() -> None:
    """People and things are listed in it."""
    troubles = [
        *of_rows([row("a", "Error", "403 x"), row("b", "Error", "403 x")], "issues"),
        *of_rows([row("a", "Error", "403 x")], "merge requests"),
    ]
    (only,) = grouped(troubles)
    assert (only.who, only.what) == ("a, b", "issues, merge requests")
    text = as_text(troubles)
    assert "Who:        a, b\n" in text
    assert "What to do: " in text


def test_no_token_stands_in_what_is_said() -> None:
    """Whatever a message holds."""
    secret = "glpat-abcdefgh12345678"
    error = PermissionDenied(f"403 for {secret}", status=403)
    assert secret not in error_text(error)
    assert secret not in as_text([of_error("everybody", "issues", error)])
    assert secret not in as_text(of_rows([row("a", "Error", f"403 {secret}")], "issues"))


def test_signs_of_markdown_are_shown_as_they_are() -> None:
    """A name is text, whoever chose it."""
    assert escaped("[x](javascript:y) _a_ <b>") == r"\[x\]\(javascript\:y\) \_a\_ \<b\>"
