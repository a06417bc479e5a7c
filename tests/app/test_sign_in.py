"""The ways in and out, in Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from visiting import press, signed_in, texts, visitor

from gitlab_sync.pages import sign_in
from gitlab_sync.pages.state.attempts import Attempts
from gitlab_sync.sandbox import Sandbox


def test_a_token_opens_the_app_and_signing_out_closes_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is not kept in any field."""
    name = sandbox.world.truth.usernames[0]
    at = signed_in(sandbox, monkeypatch, name)
    assert [title.value for title in at.title] == ["Batch analytics"]
    assert f"@{name}".replace(".", r"\.") in texts(at)
    assert sandbox.token(name) not in str(at.session_state.to_dict())
    at = press(at, "Sign out")
    assert "You are signed out" in at.info[0].value
    assert [title.value for title in at.title] == ["GitLab Sync"]


def test_a_wrong_token_is_told_at_the_form(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no traceback, and the field is empty again."""
    monkeypatch.setenv("GITLAB_URL", sandbox.url)
    at = visitor()
    at.text_input(key="sign_in_token_0").set_value("glpat-wrongwrongwrong")
    at = press(at, "Sign in")
    assert "does not accept this token" in at.error[0].value
    assert at.text_input(key="sign_in_token_1").value == ""


def test_after_many_wrong_tokens_gitlab_is_not_asked_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For some minutes, not even with a token that is right; the demo stays open."""
    monkeypatch.setattr(sign_in, "ATTEMPTS", Attempts(most=2))
    monkeypatch.setenv("GITLAB_URL", sandbox.url)
    at = visitor()
    for number in range(3):
        at.text_input(key=f"sign_in_token_{number}").set_value("glpat-wrongwrongwrong")
        at = press(at, "Sign in")
    assert "from your address have failed" in at.error[0].value
    at.text_input(key="sign_in_token_3").set_value(sandbox.token())
    at = press(at, "Sign in")
    assert "Try again in 10 minutes" in at.error[0].value
    assert sandbox.traffic.count("/user") == 2
    assert [title.value for title in press(at, "Open the demo").title] == ["Batch analytics"]


def test_a_host_that_is_not_allowed_gets_no_token(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although it would answer."""
    monkeypatch.delenv("GITLAB_URL", raising=False)
    monkeypatch.delenv("GITLAB_SYNC_ALLOWED_HOSTS", raising=False)
    at = visitor()
    at.text_input(key="sign_in_url").set_value(sandbox.url)
    at.text_input(key="sign_in_token_0").set_value(sandbox.token())
    at = press(at, "Sign in")
    assert "no token is sent there" in at.error[0].value
    assert sandbox.traffic.total == 0


def test_a_member_sees_only_what_is_theirs(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Their profile and their week; a query parameter opens nothing."""
    mentor, member = sandbox.world.truth.usernames[:2]
    roles = tmp_path / "roles.toml"
    roles.write_text(f'mentor = ["{mentor}"]\n', encoding="utf-8")
    monkeypatch.setenv("GITLAB_SYNC_ROLES", str(roles))
    assert [t.value for t in signed_in(sandbox, monkeypatch, mentor).title] == ["Batch analytics"]
    at = signed_in(sandbox, monkeypatch, member)
    assert [title.value for title in at.title] == ["My profile"]
    at.query_params["user"] = mentor
    at.run()
    assert mentor not in texts(at)
