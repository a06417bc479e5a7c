"""The rules for merge requests: the checks, their evaluation, and the counts.

There are two evaluations: `evaluate` needs all the facts of one merge request; the quick
`evaluate_from_list` needs only its record in a list. Both are for merge requests that have ended
(`is_terminal`); the counts leave the others out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.items import item, pipelines, reviews
from gitlab_sync.rules.items import merge_request_rules as rules
from gitlab_sync.rules.items.adjustment import adjusted, in_hours
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.flags import Flags, older_flags
from gitlab_sync.rules.items.paths import is_test_path
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Tally, Verdicts
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import SEMANTIC
from gitlab_sync.types import Record

_LONG_OPEN: Final = (
    "The merge request was merged or closed more than {:g} hours after its creation."
)

CHECKS = (
    Check(
        "no_desc",
        "No Desc",
        "medium",
        "The merge request's description is empty, apart from HTML comments and white space.",
        "Without a description the reviewer has to guess what the change is for.",
        "Say in a few sentences what changes and why; comments of a template do not count.",
        fix="now",
    ),
    Check(
        "no_issues",
        "No Issues",
        "medium",
        "Neither title, description, commit messages nor notes name an issue.",
        "A change that names no issue cannot be traced back to the need for it.",
        "Name the issue in the description, such as “Closes #12”.",
        ("notes", "commits"),
        fix="now",
    ),
    Check(
        "no_time_spent",
        "No Time Spent",
        "low",
        "The time spent on the merge request is 0.",
        "Work without booked time is missing from every estimate that is made after it.",
        "Book the time with a comment such as “/spend 2h”.",
        ("time_stats",),
        fix="now",
    ),
    Check(
        "no_unit_tests",
        "No Unit Tests",
        "high",
        "No changed file is a test, by its path.",
        "A change without a test can break again without anyone noticing.",
        "Add or change a test in the same merge request.",
        ("diffs",),
        fix="follow-up",
    ),
    Check(
        "failed_pipeline",
        "Failed Pipeline",
        "high",
        "The newest pipeline, the one with the highest id, failed; having none passes.",
        "Merging over a failed pipeline passes the failure on to everyone.",
        "Make the newest pipeline succeed before merging.",
        ("pipelines",),
        fix="follow-up",
    ),
    Check(
        "no_semantic_commits",
        "No Semantic Commits",
        "low",
        "No commit begins with a kind of change; without commits, the title does not.",
        "History and changelog cannot be sorted by kind of change.",
        "Begin commits with their kind, such as “fix: …” or “feat(login): …”.",
        ("commits",),
    ),
    Check(
        "no_internal_review",
        "No Internal Review",
        "high",
        "No other person (bots do not count) wrote a note or approved it, and it has no upvote.",
        "Only the author has looked at the change.",
        "Ask another person to comment on the merge request or to approve it.",
        ("notes",),
        can_still_come=True,
    ),
    Check(
        "merge_gt_1_week",
        "Merge > 1 Week",
        "medium",
        _LONG_OPEN.format(item.ONE_WEEK),
        "A change that stays open for a long time drifts away from its target branch.",
        "Make smaller merge requests and review them within days.",
        can_still_come=True,
    ),
    Check(
        "merge_gt_2_days",
        "Merge > 2 Days",
        "low",
        _LONG_OPEN.format(item.TWO_DAYS),
        "A change that waits holds up the work that builds on it.",
        "Agree on a time within which reviews are done.",
        can_still_come=True,
    ),
)
"""The checks in the order of the columns."""

LIST_CHECKS = tuple(check for check in CHECKS if check.id != "no_unit_tests")
"""The checks that a list decides: it does not have the changed files."""

UNLISTED = frozenset({"Failed Pipeline"})
"""The titles of those of `LIST_CHECKS` that lists leave unknown: they do not have the pipelines."""

_OLDER_NAMES = {
    "no_desc": "no_desc",
    "no_issues": "no_issues",
    "no_time_spent": "no_time",
    "no_unit_tests": "no_unit_tests",
    "failed_pipeline": "failed_pipe",
    "no_semantic_commits": "no_semantic_commits",
    "no_internal_review": "no_internal_review",
    "merge_gt_2_days": "merge_gt_2_days",
    "merge_gt_1_week": "merge_gt_1_week",
}
"""The older client's flags, in its order."""

LIMITS: Final[Mapping[str, float]] = {
    "merge_gt_1_week": item.ONE_WEEK,
    "merge_gt_2_days": item.TWO_DAYS,
}
"""The limits of time open, in hours, by the check."""

BY_STATE: Final[Mapping[str, frozenset[str]]] = {
    "MR Merged": frozenset({"merged"}),
    "Closed Unmerged": frozenset({"closed"}),
    "Open": frozenset({"opened", "locked"}),
}
"""The states that tables with shares count besides, by their columns."""

_ENDED = ("merged", "closed")
_ENDS = ("merged_at", "closed_at")


def is_terminal(mr: Record) -> bool:
    """Return whether the merge request has ended: it is merged or closed."""
    return record.state(mr) in _ENDED


def evaluate(
    mr: Record,
    facts: Facts,
    bots: Collection[str] = DEFAULT_BOTS,
    limits: Mapping[str, float] = LIMITS,
    is_test: Callable[[str], bool] = is_test_path,
) -> dict[str, Verdict]:
    """Return the verdict of every check, by id, in the order of `CHECKS`; never raises.

    An incomplete list can still decide: the part that was read can show that there is no fault.
    `limits` has the hours of `LIMITS`, and `is_test` tells the paths of tests.
    """
    if record.state(mr) is None:
        return item.without_state(mr, CHECKS)
    return {
        "no_desc": item.description(mr),
        "no_issues": rules.issues(mr, facts),
        "no_time_spent": rules.time_spent(mr, facts.time_stats),
        "no_unit_tests": rules.unit_tests(mr, facts.diffs, is_test),
        "failed_pipeline": pipelines.newest(mr, facts.pipelines),
        "no_semantic_commits": rules.semantic_commits(mr, facts.commits),
        "no_internal_review": reviews.review(mr, facts.notes, bots),
        **item.times_open(mr, _ENDS, limits),
    }


def completed(mr: Record, facts: Facts) -> Record:
    """Return the merge request with the time spent from its facts if its own record lacks it."""
    asked = None if facts.time_stats is None else next(iter(facts.time_stats.rows), None)
    known = item.total_time_spent(record.field(mr, "time_stats")) is not None
    return mr if known or asked is None else {**mr, "time_stats": asked}


def evaluate_from_list(mr: Record, limits: Mapping[str, float] = LIMITS) -> dict[str, Verdict]:
    """Return the verdicts of `LIST_CHECKS` from the merge request's record alone; never raises.

    A missing key is unknown, unless the other keys decide: a row can hold only some columns.
    """
    if record.state(mr) is None:
        return item.without_state(mr, LIST_CHECKS)
    return {
        "no_desc": item.description(mr),
        "no_issues": rules.issues_in_list(mr),
        "no_time_spent": rules.time_spent(mr, None),
        "failed_pipeline": pipelines.newest_in_list(mr),
        "no_semantic_commits": item.semantic_title(mr, SEMANTIC),
        "no_internal_review": reviews.review_in_list(mr),
        **item.times_open(mr, _ENDS, limits),
    }


def flags(mr: Record, verdicts: Verdicts) -> Flags:
    """Return the older client's flags: True for a fault, False for none, None for unknown.

    It also has `is_terminal`, `is_merged`, `is_closed_rejected`, and `errors`, the reasons why
    checks are unknown. An open merge request has no faults yet: its flags are False in spite of
    `verdicts`.
    """
    states = {"is_terminal": _ENDED, "is_merged": ("merged",), "is_closed_rejected": ("closed",)}
    return older_flags(mr, states, _ENDED, _OLDER_NAMES, verdicts)


def flags_from_list(mr: Record) -> Flags:
    """Return the flags of the quick evaluation, where `is_closed_rejected` is `is_closed`."""
    states = {"is_terminal": _ENDED, "is_merged": ("merged",), "is_closed": ("closed",)}
    names = {check: name for check, name in _OLDER_NAMES.items() if check != "no_unit_tests"}
    return older_flags(mr, states, _ENDED, names, evaluate_from_list(mr))


def efficient_row(mrs: Iterable[Record]) -> Tally:
    """Evaluate merge requests from a list alone, and count them."""
    return QUICK_RULES.count((mr, evaluate_from_list(mr)) for mr in mrs if RULES.is_due(mr))


_STATES = frozenset(_ENDED)
_COUNTS = {"Closed MRs": _STATES}

RULES = RuleSet(CHECKS, evaluate, _STATES, _COUNTS, counts_others=False)
"""The rules with all facts."""

QUICK_RULES = replace(RULES, checks=LIST_CHECKS, rule=lambda mr, _: evaluate_from_list(mr))
"""The rules for what a list alone says, so without unit tests."""


def rules_for(terms: Terms) -> RuleSet:
    """Return the rules with the bots, tests, limits, severities and exempt labels of the terms.

    They have shares, since checks can be n/a.
    """
    limits = in_hours(LIMITS, terms)

    def rule(mr: Record, facts: Facts) -> dict[str, Verdict]:
        return evaluate(mr, facts, terms.bots, limits, terms.paths.is_test)

    return _under(RULES, rule, terms)


def quick_rules_for(terms: Terms) -> RuleSet:
    """Return those rules for what a list alone says, so without unit tests."""
    limits = in_hours(LIMITS, terms)
    return _under(QUICK_RULES, lambda mr, _: evaluate_from_list(mr, limits), terms)


def _under(
    rules: RuleSet, rule: Callable[[Record, Facts], dict[str, Verdict]], terms: Terms
) -> RuleSet:
    changed = replace(rules, rule=rule, further=BY_STATE, shares=True, counts_others=True)
    said = {check: _LONG_OPEN.format(hours) for check, hours in in_hours(LIMITS, terms).items()}
    return adjusted(changed, terms, said)
