"""Where a run takes the facts of merge requests from."""

from __future__ import annotations

from datetime import UTC, datetime

from gitlab_sync.api.facts import FactSource
from gitlab_sync.api.graphql_facts import fact_source
from gitlab_sync.api.stored_facts import StoredFacts
from gitlab_sync.rest import Rest
from gitlab_sync.run import Run


def facts_for(rest: Rest, run: Run) -> FactSource:
    """Return the source of a run: REST or GraphQL, behind a store if the run has one.

    To be called before lists are read: what is stored is as old as that. Asks nothing yet.
    """
    source = fact_source(rest, run.source)
    return source if run.store is None else StoredFacts(source, run.store, datetime.now(UTC))
