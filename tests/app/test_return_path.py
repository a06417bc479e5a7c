"""The page that a visitor left to sign in elsewhere."""

from __future__ import annotations

from gitlab_sync.pages.state.return_path import MOST_CHARACTERS, ReturnPath


def test_a_return_path_holds_no_secret_and_no_endless_query() -> None:
    """The page stays, and so do the values without secrets."""
    token = "glpat-0123456789abcdefghij"
    path = ReturnPath.of("batch", {"users": [f"ann\n{token}"], "licences": ["MIT", "ISC"]})
    assert token not in repr(path)
    assert path.query["licences"] == ["MIT", "ISC"]
    assert ReturnPath.of("batch", {"users": ["a" * (MOST_CHARACTERS + 1)]}) == ReturnPath("batch")
