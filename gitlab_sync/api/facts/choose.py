"""Chooses the source of the facts of merge requests for a run."""

from __future__ import annotations

from datetime import UTC, datetime

from gitlab_sync.api.facts.graphql import fact_source
from gitlab_sync.api.facts.rest import FactSource
from gitlab_sync.api.facts.stored import StoredFacts
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.run import Run
from gitlab_sync.session.session import Session


def facts_for(session: Session, run: Run, rules: RuleSet) -> FactSource:
    """Return the source of what `rules` need: REST or GraphQL, behind a store if the run has one.

    Call it before lists are read, since stored facts count as read at this moment. No request yet.
    """
    source = fact_source(session, run.source, rules)
    if run.store is None:
        return source
    return StoredFacts(source, run.store, datetime.now(UTC), rules=rules)
