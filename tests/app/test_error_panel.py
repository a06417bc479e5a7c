"""What is said of errors: who, what, why, what to do."""

from __future__ import annotations

from gitlab_sync.errors import PermissionDenied
from gitlab_sync.pages.widgets.error_panel import (
    as_text,
    error_text,
    grouped,
    problem_of_error,
    problems_of_rows,
)
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.types import TableRow


def row(username: str, status: str, error: str | None) -> TableRow:
    """Return a row that has what the panel looks at."""
    return {"Username": username, "Status": status, "Error": error}


def test_rows_that_are_whole_are_no_trouble() -> None:
    """Only the others are named."""
    rows = [row("alice", "Success", None), row("bob", "Partial", "403 Forbidden (2 times)")]
    (problem,) = problems_of_rows(rows, "merge requests")
    assert (problem.who, problem.what) == ("bob", "merge requests")
    assert "read_api" in problem.to_do


def test_every_reason_has_advice() -> None:
    """Also a reason that the panel does not know."""
    reasons = [
        "404 there is no user 'x'",
        "502 Bad Gateway; 403 Forbidden",
        "No answer from gitlab.example in time",
        "you cancelled the run",
        "some records lack what a check needs",
        None,
    ]
    for problem in problems_of_rows([row("x", "Error", reason) for reason in reasons], "issues"):
        assert problem.why
        assert problem.to_do.endswith(".")


def test_two_statuses_in_one_reason_give_both_pieces_of_advice() -> None:
    """Each once."""
    (problem,) = problems_of_rows([row("x", "Error", "502 a; 403 b; 503 c")], "issues")
    assert problem.to_do.count("failing") == 1
    assert "read_api" in problem.to_do


def test_the_same_cause_is_told_once_for_all() -> None:
    """People and things are listed in it."""
    problems = [
        *problems_of_rows([row("a", "Error", "403 x"), row("b", "Error", "403 x")], "issues"),
        *problems_of_rows([row("a", "Error", "403 x")], "merge requests"),
    ]
    (only,) = grouped(problems)
    assert (only.who, only.what) == ("a, b", "issues, merge requests")
    text = as_text(problems)
    assert "Who:        a, b\n" in text
    assert "What to do: " in text


def test_no_token_is_in_a_message() -> None:
    """Whatever a message holds."""
    secret = "glpat-abcdefgh12345678"
    error = PermissionDenied(f"403 for {secret}", status=403)
    assert secret not in error_text(error)
    assert secret not in as_text([problem_of_error("everyone", "issues", error)])
    assert secret not in as_text(problems_of_rows([row("a", "Error", f"403 {secret}")], "issues"))


def test_signs_of_markdown_are_shown_as_they_are() -> None:
    """A name is text, and never Markdown."""
    assert escaped("[x](javascript:y) _a_ <b>") == r"\[x\]\(javascript\:y\) \_a\_ \<b\>"
