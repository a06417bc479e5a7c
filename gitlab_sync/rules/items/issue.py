"""The rules for issues: the checks, their evaluation, and the counts.

The record in a list holds everything, so there is one evaluation. Only closed issues are evaluated;
the counts here leave the others out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gitlab_sync.rules import record
from gitlab_sync.rules.items import item
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.flags import Flags, older_flags
from gitlab_sync.rules.items.tally import Evaluated, Tally, Verdicts, distinct, tally
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.shape import Kind
from gitlab_sync.rules.text import SEMANTIC_ISSUE, plural
from gitlab_sync.types import Record

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
        "The issue was closed more than 48 hours after its creation.",
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

_OLDER_NAMES = {check.id: check.id for check in CHECKS} | {"no_time_spent": "no_time"}
"""The older client's flags, in its order."""


def label_name(label: object) -> str | None:
    """Return the name of a label, which lists show as a text, or with its details; or None."""
    return label if isinstance(label, str) else record.text(label, "name") or None


LABELS = Kind(
    "a list of labels",
    lambda value: isinstance(value, list | tuple) and None not in map(label_name, value),
)


def is_closed(issue: Record) -> bool:
    """Return whether the issue is closed."""
    return record.state(issue) == "closed"


def is_due(issue: Record) -> bool:
    """Return whether the issue is evaluated: it is closed, or its state is not readable."""
    return record.state(issue) in {"closed", None}


def evaluate(issue: Record) -> dict[str, Verdict]:
    """Return the verdict of every check, by id, in the order of `CHECKS`; never raises."""
    if record.state(issue) is None:
        return item.without_state(issue, CHECKS)
    seconds = item.total_time_spent(record.field(issue, "time_stats"))
    return {
        "no_desc": item.description(issue),
        "no_labels": _labels(issue),
        "no_milestone": _milestone(issue),
        "no_time_spent": item.time_spent(issue, seconds, "time_stats not in the list"),
        "long_open_time": item.time_open(issue, ("closed_at",), item.TWO_DAYS),
        "no_semantic_title": item.semantic_title(issue, SEMANTIC_ISSUE),
    }


def flags(issue: Record, verdicts: Verdicts) -> Flags:
    """Return the older client's flags: True for a fault, False for none, None for unknown.

    It also has `is_opened`, `is_closed`, and `errors`, the reasons why checks are unknown. An open
    issue has no faults yet: its flags are False in spite of `verdicts`.
    """
    states = {"is_opened": ("opened",), "is_closed": ("closed",)}
    return older_flags(issue, states, ("closed",), _OLDER_NAMES, verdicts)


def count_row(evaluated: Iterable[Evaluated]) -> Tally:
    """Count one person's issues: all, opened, closed, and the faults of the closed ones.

    `evaluated` pairs each issue with its verdicts (those of open ones are ignored). Each id counts
    once. A closed issue with no verdicts ({}) is unknown in every check; so is one without a
    readable state, which is in no count.
    """
    pairs = distinct(evaluated)
    states = Counter(record.state(issue) for issue, _ in pairs)
    counts = {
        "Total Assigned": len(pairs) - states[None],
        "Opened Issues": states["opened"],
        "Closed Issues": states["closed"],
    }
    return tally(counts, CHECKS, [verdicts for issue, verdicts in pairs if is_due(issue)])


def efficient_row(issues: Iterable[Record]) -> Tally:
    """Evaluate and count issues."""
    return count_row((issue, evaluate(issue)) for issue in issues)


def _labels(issue: Record) -> Verdict:
    labels, link = record.field(issue, "labels"), record.link(issue)
    if "labels" not in issue or not LABELS.or_null().fits(labels):
        return item.unreadable(issue, "labels", LABELS.name)
    if labels:
        return Verdict("pass", plural(len(labels), "label"), link)
    return Verdict("fail", "no labels", link)


def _milestone(issue: Record) -> Verdict:
    milestone = record.field(issue, "milestone")
    if "milestone" not in issue or not isinstance(milestone, dict | None):
        return item.unreadable(issue, "milestone", "an object")
    if milestone is None:
        return Verdict("fail", "no milestone", record.link(issue))
    return Verdict("pass", "has a milestone", record.link(issue))
