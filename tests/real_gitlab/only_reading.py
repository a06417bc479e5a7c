"""Which requests are more than reading."""

from __future__ import annotations

from gitlab_sync.sandbox import Sandbox
from gitlab_sync.sandbox.traffic import Exchange

READING = frozenset({"GET", "HEAD"})


def writes(sandbox: Sandbox) -> list[Exchange]:
    """Return the exchanges that were more: other verbs, and what GraphQL does not call a query."""
    return [
        each
        for each in sandbox.traffic.exchanges
        if each.method not in READING
        and (each.method, each.endpoint, each.operation) != ("POST", "/api/graphql", "query")
    ]
