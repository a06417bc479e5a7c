"""What a policy says of single checks: their severity, labels that exempt from them, and none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.labels import LABELS, label_name
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.types import Record

SWITCHED_OFF = "switched off by the policy"


def adjusted(rules: RuleSet, terms: Terms, said: Mapping[str, str]) -> RuleSet:
    """Return the rules with the severities of the terms, and with what is `said` of checks.

    `said` has their `fails_when` by id, where that depends on a limit of the terms. A check that is
    `off` is n/a for every item and needs no facts; so is one from which a label of the item
    exempts.
    """
    checks = tuple(_adjusted(check, terms, said) for check in rules.checks)
    off = [check.id for check in checks if check.severity == "off"]
    ids = {check.id for check in checks}
    exempt = {check: names for check, names in terms.exempt_labels.items() if check in ids}
    if not (off or exempt):
        return replace(rules, checks=checks)

    def rule(item: Record, facts: Facts) -> dict[str, Verdict]:
        return _without(item, rules.rule(item, facts), off, exempt)

    return replace(rules, checks=checks, rule=rule)


def in_hours(limits: Mapping[str, float], terms: Terms) -> dict[str, float]:
    """Return limits in hours, by check, with those of the terms in their place."""
    return {check: terms.limits.get(check, hours * 3600) / 3600 for check, hours in limits.items()}


def _adjusted(check: Check, terms: Terms, said: Mapping[str, str]) -> Check:
    severity = terms.severities.get(check.id, check.severity)
    needs = () if severity == "off" else check.needs
    fails_when = said.get(check.id, check.fails_when)
    return replace(check, severity=severity, needs=needs, fails_when=fails_when)


def _without(
    item: Record,
    found: dict[str, Verdict],
    off: Iterable[str],
    exempt: Mapping[str, Collection[str]],
) -> dict[str, Verdict]:
    """Return the verdicts, n/a where a check is off or one of the item's labels exempts from it.

    Labels are compared exactly. Where they are not readable, a check with exempt labels is unknown.
    """
    link = record.link(item)
    changed = found | dict.fromkeys(off, Verdict("n/a", SWITCHED_OFF, link))
    if not exempt or record.state(item) is None:
        return changed
    labels = record.field(item, "labels")
    names = list(map(label_name, labels)) if LABELS.fits(labels) else None
    for check, among in exempt.items():
        if changed[check].result == "n/a":
            continue
        if names is None:
            reason = record.unreadable(item, "labels", LABELS.name)
            changed[check] = Verdict("unknown", reason, link)
        elif any(name in among for name in names):
            label = next(name for name in names if name in among)
            changed[check] = Verdict("n/a", f"exempt by the label “{label}”", link)
    return changed
