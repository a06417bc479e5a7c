"""Runs over merge requests with a store: rows, what they cost, and a process that can be killed.

As a program: `stored_runs.py URL FOLDER`, the token in `GITLAB_TOKEN` and usernames on standard
input as JSON; prints the rows.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitlab_sync import GitLabClient
from gitlab_sync.api.facts.rest import FactSource, RestFacts, read_facts
from gitlab_sync.api.facts.stored import StoredFacts
from gitlab_sync.api.scope import Scope
from gitlab_sync.rules.items import merge_request as rules
from gitlab_sync.sandbox.traffic import Traffic
from gitlab_sync.services.evaluation import find_people
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import Mode, open_store

BELOW = "/projects/:id/merge_requests/:iid/"
NOW = datetime(2026, 8, 1, tzinfo=UTC)
"""When the runs are, long after all that a generated world holds."""


def rows(
    client: GitLabClient, usernames: Iterable[str], source: FactSource | None = None
) -> dict[str, Any]:
    """Return everybody's status and counts, and what is said of each of their merge requests."""
    with client.session.context() as session:
        people = find_people(session, "merge_requests", usernames, Scope())
        everything = (mr for person in people for mr in person.records)
        ended = {mr["id"]: mr for mr in everything if rules.is_terminal(mr)}
        verdicts = {
            found.mr["id"]: rules.evaluate(found.mr, found.facts)
            for found in read_facts(session, list(ended.values()), source)
        }
    shown = {}
    for person in people:
        judged = [(mr, verdicts.get(mr["id"], {})) for mr in person.records]
        tally = rules.RULES.count(judged)
        said = {
            str(mr["id"]): [[check, each.result, each.evidence] for check, each in found.items()]
            for mr, found in judged
        }
        doubtful = person.errors or tally.unverified
        status = "Not Found" if not person.exists else "Partial" if doubtful else "Success"
        shown[person.username] = [status, dict(tally.cells), said]
    return shown


def stored_rows(
    client: GitLabClient,
    usernames: Iterable[str],
    folder: Path,
    mode: Mode = "on",
    now: datetime = NOW,
) -> dict[str, Any]:
    """Return what `rows` does, from a run that has a store."""
    with open_store(client.base_url, client.session.credential, mode, folder) as store:
        return rows(client, usernames, StoredFacts(RestFacts(), store, now))


def asked_below_lists(traffic: Traffic) -> int:
    """Return how many requests read the facts of single merge requests."""
    return sum(number for route, number in traffic.by_endpoint.items() if route.startswith(BELOW))


def run(url: str, token: str, usernames: Iterable[str], folder: Path) -> dict[str, Any]:
    """Return the rows of a run that has a bridge of its own."""
    with Bridge(8) as bridge:
        return stored_rows(GitLabClient(url, token, bridge=bridge), usernames, folder)


def main() -> None:
    """Run once, as a process of its own."""
    url, folder = sys.argv[1:]
    found = run(url, os.environ["GITLAB_TOKEN"], json.load(sys.stdin), Path(folder))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
