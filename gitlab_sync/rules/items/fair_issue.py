"""The fair rules for issues: not of duplicates and moved ones, and not by days off.

The other policy is `rules.items.issue`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gitlab_sync.rules import record
from gitlab_sync.rules.items import issue as classic
from gitlab_sync.rules.items import item
from gitlab_sync.rules.items.adjustment import adjusted
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.fair_merge_request import not_asked_for
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import instant
from gitlab_sync.types import Record

_CHANGED = {
    "no_milestone": "The issue has no milestone, where the policy asks for one.",
    "no_time_spent": "The time spent on the issue is 0, where the policy asks for time.",
}
LIMIT: Final = 48 * 3600
"""The limit of working time from the creation to the end, in seconds."""


def _said(limits: Mapping[str, int]) -> dict[str, str]:
    limit = item.in_working_days(limits.get("long_open_time", LIMIT))
    return {"long_open_time": f"The issue was closed more than {limit} after its creation."}


CHECKS = tuple(
    replace(check, fails_when=(_CHANGED | _said({})).get(check.id, check.fails_when))
    for check in classic.CHECKS
)
"""The checks in the order of the columns."""


def evaluate(issue: Record, terms: Terms, facts: Facts = NOTHING) -> dict[str, Verdict]:
    """Return the verdict of every check, by id, in the order of `CHECKS`; never raises."""
    if record.state(issue) is None:
        return item.without_state(issue, CHECKS)
    elsewhere = _elsewhere(issue)
    if elsewhere is not None:
        verdict = Verdict("n/a", elsewhere, record.link(issue))
        return dict.fromkeys(_RULES, verdict)
    return {check: rule(issue, terms, facts) for check, rule in _RULES.items()}


def _elsewhere(issue: Record) -> str | None:
    """Return why another issue has taken its place, or None. Older servers do not tell."""
    if record.field(issue, "moved_to_id") is not None:
        return "moved to another project"
    links = record.field(issue, "_links")
    duplicate = record.field(links, "closed_as_duplicate_of")
    return None if duplicate is None else "closed as a duplicate"


def _milestone(issue: Record, terms: Terms, facts: Facts) -> Verdict:
    if terms.milestones == "off":
        return Verdict("n/a", "the policy asks for no milestone", record.link(issue))
    if terms.milestones == "if used" and not facts.milestones.rows:
        if not facts.milestones.whole:
            reason = item.not_read("milestones of the project", facts.milestones)
            return Verdict("unknown", reason, record.link(issue))
        return Verdict("n/a", "the project has no active milestone", record.link(issue))
    return classic.milestone(issue)


def _time_spent(issue: Record, terms: Terms, _: Facts) -> Verdict:
    return classic.time_spent(issue) if terms.time_tracking else not_asked_for(issue)


def _long_open(issue: Record, terms: Terms, _: Facts) -> Verdict:
    created, closed = (instant(record.field(issue, key)) for key in ("created_at", "closed_at"))
    taken = item.working_time(created, closed, terms.working_time, "closed")
    return item.within(issue, taken, terms.limits.get("long_open_time", LIMIT))


_RULES: Mapping[str, Callable[[Record, Terms, Facts], Verdict]] = {
    "no_desc": lambda issue, *_: item.description(issue),
    "no_labels": lambda issue, *_: classic.labels(issue),
    "no_milestone": _milestone,
    "no_time_spent": _time_spent,
    "long_open_time": _long_open,
    "no_semantic_title": lambda issue, *_: classic.title(issue),
}


def rules_for(terms: Terms) -> RuleSet:
    """Return the rules under these terms."""
    needs = {"no_milestone": ("milestones",)} if terms.milestones == "if used" else {}
    rules = replace(
        classic.RULES,
        checks=tuple(replace(check, needs=needs.get(check.id, ())) for check in CHECKS),
        rule=lambda issue, facts: evaluate(issue, terms, facts),
        shares=True,
    )
    return adjusted(rules, terms, _said(terms.limits))
