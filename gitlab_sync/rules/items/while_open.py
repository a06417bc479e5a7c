"""The rules of a policy for merge requests that are still open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.conversation import notes_of
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.open_work import FACTS
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import instant
from gitlab_sync.types import Record

OPEN = frozenset({"opened", "locked"})
"""The states of a merge request that is not merged or closed; locked: it is being merged."""


def is_open(mr: Record) -> bool:
    """Return whether a merge request is known to be open."""
    return record.state(mr) in OPEN


def rules_if_merged(rules: RuleSet, now: datetime) -> RuleSet:
    """Return the rules of a policy for open merge requests, as if each was merged at `now`.

    They take the notes from the discussions, and need the facts that `open_work.turn` needs, too.
    """

    def rule(mr: Record, facts: Facts) -> dict[str, Verdict]:
        return rules.rule(_merged(mr, now), replace(facts, notes=notes_of(facts.discussions)))

    def needs(check: Check) -> Check:
        facts = ("discussions" if fact == "notes" else fact for fact in check.needs)
        return replace(check, needs=tuple(dict.fromkeys(facts)))

    checks = tuple(map(needs, rules.checks))
    return replace(rules, checks=checks, rule=rule, states=OPEN, always=FACTS)


def rules_in_pipeline(rules: RuleSet, now: datetime, *, final: bool) -> RuleSet:
    """Return the rules for open merge requests, as a pipeline of theirs applies them at `now`.

    That pipeline has not ended yet, so no pipeline counts: a failure would fail the next one, too.
    Unless `final`, what can still come (`Check.can_still_come`) is no fault yet.
    """

    def rule(mr: Record, facts: Facts) -> dict[str, Verdict]:
        found = rules.rule(_merged(mr, now), facts)
        return {check.id: _yet(check, found[check.id], mr, final) for check in rules.checks}

    return replace(rules, rule=rule, states=OPEN)


def _merged(mr: Record, now: datetime) -> Record:
    # Our clock can be behind GitLab's: nothing that is there already came after the merge.
    end = max(now, instant(record.field(mr, "updated_at")) or now)
    return {**mr, "state": "merged", "merged_at": end.isoformat(), "closed_at": None}


def _yet(check: Check, found: Verdict, mr: Record, final: bool) -> Verdict:
    if "pipelines" in check.needs:
        return Verdict("n/a", "its pipeline has not ended yet", record.link(mr))
    if found.result == "fail" and check.can_still_come and not final:
        return Verdict("unknown", f"not yet: {found.reason}", found.evidence, pending=True)
    return found
