"""Checks of the token: who it signs in, what it is allowed to do, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gitlab_sync.api.token import OWN_RECORD, TokenFacts
from gitlab_sync.errors import AuthenticationError, NotFound, PermissionDenied
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import day_in
from gitlab_sync.rules.text import plural
from gitlab_sync.services.doctor.finding import Finding, not_checked, ok, problem, warning
from gitlab_sync.services.doctor.subject import Subject
from gitlab_sync.types import Scalar

_SOON = 14  # days
_READING = ("read_api", "api")
_MAKE = "Create one with the scope read_api (in GitLab: Edit profile, Access tokens)."


def token(subject: Subject) -> Finding:
    """Check kind, owner, scopes and end of the token."""
    if subject.token_fault is not None:
        return problem(subject.token_fault.message, subject.token_fault.hint)
    if not subject.learnt.is_gitlab:
        return not_checked("it needs Connection")
    credential = subject.asking.session.credential
    if credential.is_job:
        subject.learnt.reads = False
        return warning(
            "the token of a CI job, which reads little",
            "It is enough for gitlab-sync check; for all else use a token with the scope read_api.",
            kind="job",
        )
    told = _told(subject)
    scopes = told.get("scopes")
    try:
        user = subject.asking.get("user").data()
    except AuthenticationError as error:
        return problem(error.reason, f"{error.hint} {_MAKE}")
    except PermissionDenied as error:
        has = f"; it has {', '.join(map(str, scopes))}" if isinstance(scopes, list) else ""
        return problem(f"{error.reason}{has}", f"The scope read_api is missing. {_MAKE}")
    username = record.text(user, "username") or "?"
    return _found(username, TokenFacts.of(credential, username, told))


def _told(subject: Subject) -> dict[str, Any]:
    """Return what GitLab tells the token about itself; empty if it tells nothing."""
    try:
        found = subject.asking.get(OWN_RECORD).data()
    except (AuthenticationError, PermissionDenied, NotFound):
        return {}
    return found if isinstance(found, dict) else {}


def _found(username: str, token: TokenFacts) -> Finding:
    facts: dict[str, Scalar] = {"username": username, "kind": token.kind}
    kind = f"{token.kind} token" if token.kind else "token"
    text = f"{kind} of {username}"
    if token.scopes is None:
        return ok(f"{text}; GitLab tells neither its scopes nor its end", **facts)
    named = ", ".join(token.scopes)
    facts |= {"scopes": named, "expires": token.expires}
    text += f" with {named or 'no scope'}"
    if not any(scope in token.scopes for scope in _READING):
        return problem(text, f"The scope read_api is missing. {_MAKE}", **facts)
    end = day_in(token.expires) if token.expires else None
    if end is None:
        return ok(f"{text}; it does not expire", **facts)
    days = (end - datetime.now(UTC).date()).days
    facts["days"] = days
    text += f"; it expires in {plural(days, 'day')} ({end})"
    if days < _SOON:
        return warning(text, f"Replace it in time. {_MAKE}", **facts)
    return ok(text, **facts)
