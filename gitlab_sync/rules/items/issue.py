"""The rules for issues: the checks, their evaluation, and the counts.

The record in a list holds everything, so there is one evaluation. Only closed issues are evaluated;
the counts here leave the others out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from gitlab_sync.rules import record
from gitlab_sync.rules.items import item
from gitlab_sync.rules.items.adjustment import adjusted, in_hours
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.flags import Flags, older_flags
from gitlab_sync.rules.items.labels import LABELS
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Tally, Verdicts
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import SEMANTIC_ISSUE, plural
from gitlab_sync.types import Record

_LONG_OPEN: Final = "The issue was closed more than {:g} hours after its creation."

CHECKS = (
    Check(
        "no_desc",
        "No Desc",
        "medium",
        "The issue's description is empty, apart from HTML comments and white space.",
        "Without a description only the author knows what the issue asks for.",
        "Say what is wanted or what goes wrong; comments of a template do not count.",
        fix="now",
    ),
    Check(
        "no_labels",
        "No Labels",
        "low",
        "The issue has no label.",
        "An issue without labels is missing from every board and filter.",
        "Give it the labels of its kind and area.",
        fix="now",
    ),
    Check(
        "no_milestone",
        "No Milestone",
        "low",
        "The issue has no milestone.",
        "Without a milestone the team cannot see what the work was planned for.",
        "Set the milestone that the issue belongs to.",
        fix="now",
    ),
    Check(
        "no_time_spent",
        "No Time Spent",
        "low",
        "The time spent on the issue is 0.",
        "Work without booked time is missing from every estimate that is made after it.",
        "Book the time with a comment such as “/spend 2h”.",
        fix="now",
    ),
    Check(
        "long_open_time",
        "Long Open Time (>2 days)",
        "medium",
        _LONG_OPEN.format(item.TWO_DAYS),
        "An issue that is open for a long time is often too large, or forgotten.",
        "Split it into steps that can be closed within two days.",
    ),
    Check(
        "no_semantic_title",
        "No Semantic Title",
        "low",
        "The title does not begin with a kind of issue.",
        "Issues cannot be sorted by kind at a glance.",
        "Begin the title with its kind, such as “bug: …” or “feat(login): …”.",
        fix="now",
    ),
)
"""The checks in the order of the columns."""

LIMITS: Final[Mapping[str, float]] = {"long_open_time": item.TWO_DAYS}
"""The limit of the time open, in hours, by the check."""

_OLDER_NAMES = {check.id: check.id for check in CHECKS} | {"no_time_spent": "no_time"}
"""The older client's flags, in its order."""


def is_closed(issue: Record) -> bool:
    """Return whether the issue is closed."""
    return record.state(issue) == "closed"


def evaluate(issue: Record, limit: float = item.TWO_DAYS) -> dict[str, Verdict]:
    """Return the verdict of every check, by id, in the order of `CHECKS`; never raises.

    `limit` is the longest time open, in hours.
    """
    if record.state(issue) is None:
        return item.without_state(issue, CHECKS)
    return {
        "no_desc": item.description(issue),
        "no_labels": labels(issue),
        "no_milestone": milestone(issue),
        "no_time_spent": time_spent(issue),
        **item.times_open(issue, ("closed_at",), {"long_open_time": limit}),
        "no_semantic_title": title(issue),
    }


def title(issue: Record) -> Verdict:
    """Check that the title is semantic."""
    return item.semantic_title(issue, SEMANTIC_ISSUE)


def time_spent(issue: Record) -> Verdict:
    """Check the time booked."""
    seconds = item.total_time_spent(record.field(issue, "time_stats"))
    missing = record.why(issue, "time_stats", "time_stats not in the list")
    return item.time_spent(issue, seconds, missing)


def labels(issue: Record) -> Verdict:
    """Check that there are labels."""
    found, link = record.field(issue, "labels"), record.link(issue)
    if "labels" not in issue or not LABELS.or_null().fits(found):
        return item.unreadable(issue, "labels", LABELS.name)
    if found:
        return Verdict("pass", plural(len(found), "label"), link)
    return Verdict("fail", "no labels", link)


def milestone(issue: Record) -> Verdict:
    """Check that there is a milestone."""
    found = record.field(issue, "milestone")
    if "milestone" not in issue or not isinstance(found, dict | None):
        return item.unreadable(issue, "milestone", "an object")
    if found is None:
        return Verdict("fail", "no milestone", record.link(issue))
    return Verdict("pass", "has a milestone", record.link(issue))


def flags(issue: Record, verdicts: Verdicts) -> Flags:
    """Return the older client's flags: True for a fault, False for none, None for unknown.

    It also has `is_opened`, `is_closed`, and `errors`, the reasons why checks are unknown. An open
    issue has no faults yet: its flags are False in spite of `verdicts`.
    """
    states = {"is_opened": ("opened",), "is_closed": ("closed",)}
    return older_flags(issue, states, ("closed",), _OLDER_NAMES, verdicts)


def efficient_row(issues: Iterable[Record]) -> Tally:
    """Evaluate and count issues."""
    return RULES.count((issue, evaluate(issue)) for issue in issues)


RULES = RuleSet(
    CHECKS,
    lambda issue, _: evaluate(issue),
    frozenset({"closed"}),
    {
        "Total Assigned": record.STATES,
        "Opened Issues": frozenset({"opened"}),
        "Closed Issues": frozenset({"closed"}),
    },
)
"""The rules, and what is counted."""


def rules_for(terms: Terms) -> RuleSet:
    """Return the rules with the limit, the severities and the exempt labels of the terms.

    They have shares, since checks can be n/a.
    """
    limit = in_hours(LIMITS, terms)["long_open_time"]
    rules = replace(RULES, rule=lambda issue, _: evaluate(issue, limit), shares=True)
    return adjusted(rules, terms, {"long_open_time": _LONG_OPEN.format(limit)})
