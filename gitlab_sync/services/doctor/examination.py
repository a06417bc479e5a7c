"""The doctor's checks in their order, and what each needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gitlab_sync.errors import (
    AuthenticationError,
    Cancelled,
    GitLabSyncError,
    NotFound,
    PermissionDenied,
    RateLimited,
    without,
    without_secrets,
)
from gitlab_sync.services.doctor import account, cost, local, network, server
from gitlab_sync.services.doctor.finding import Finding, not_checked, problem
from gitlab_sync.services.doctor.subject import Subject
from gitlab_sync.types import Scalar

_PASSING = (RateLimited, AuthenticationError, PermissionDenied, NotFound)
"""Errors that say nothing about what is checked: they leave it unknown."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, what it does, and the checks that must be sound before it."""

    name: str
    make: Callable[[Subject], Finding]
    needs: tuple[str, ...] = ()


CHECKS = (
    Check("URL", network.url),
    Check("DNS", network.dns, ("URL",)),
    Check("TLS", network.tls, ("DNS",)),
    Check("Proxy", network.proxy, ("URL",)),
    Check("Connection", network.connection, ("DNS", "Proxy")),
    Check("Token", account.token, ("URL",)),
    Check("GitLab", server.version, ("Token",)),
    Check("REST", server.rest, ("Token",)),
    Check("GraphQL", server.graphql, ("Token",)),
    Check("Rate limit", server.limits, ("DNS", "Proxy")),
    Check("Clock", server.clock, ("Connection",)),
    Check("Store", local.store, ("URL",)),
    Check("Policy", local.policy),
    Check("Latency", cost.latency, ("Token",)),
    Check("Estimate", cost.estimate, ("Latency",)),
)
"""All checks, in their order."""


def examine(subject: Subject) -> Iterator[tuple[str, Finding]]:
    """Make all checks; yield the name and the finding of each, without secrets.

    A check that needs one that was not sound is not made, and says so. Raises Cancelled.
    """
    found: dict[str, Finding] = {}
    for check in CHECKS:
        lacking = next((name for name in check.needs if not found[name].is_sound), None)
        if lacking is not None:
            finding = not_checked(f"it needs {lacking}")
        elif "Token" in check.needs and not subject.learnt.reads:
            finding = not_checked("it needs a token that reads more")
        else:
            finding = _made(check, subject)
        found[check.name] = finding
        yield check.name, _without(subject, finding)


def _made(check: Check, subject: Subject) -> Finding:
    try:
        return check.make(subject)
    except Cancelled:
        raise
    except GitLabSyncError as error:
        make = not_checked if isinstance(error, _PASSING) else problem
        return make(error.reason, error.hint)


def _without(subject: Subject, finding: Finding) -> Finding:
    def masked(value: Scalar) -> Scalar:
        if not isinstance(value, str):
            return value
        for secret in subject.secrets:
            value = without(secret, value)
        return without_secrets(value)

    facts = {key: masked(value) for key, value in finding.facts.items()}
    text, to_do = str(masked(finding.text)), str(masked(finding.to_do))
    return replace(finding, text=text, to_do=to_do, facts=facts)
