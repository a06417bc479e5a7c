"""The fair rules for merge requests: what their authors could have done until the merge.

Only merged ones are evaluated. What came after the merge changes no verdict, and a check that
cannot apply says so. The other policy is `rules.items.merge_request`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gitlab_sync.rules import record
from gitlab_sync.rules.items import exemption, item, reviews
from gitlab_sync.rules.items import merge_request as classic
from gitlab_sync.rules.items import merge_request_rules as rules
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.fair_pipelines import newest_until
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.until_merge import UntilMerge
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import SEMANTIC, plural
from gitlab_sync.types import Record

_CHANGED = {
    "no_issues": {
        "fails_when": "Neither title, description, commit messages nor notes up to the merge name "
        "an issue."
    },
    "no_time_spent": {
        "fails_when": "The time spent on the merge request is 0, where the policy asks for time."
    },
    "no_unit_tests": {
        "fails_when": "Source files changed, and no changed file is a test, by its path."
    },
    "failed_pipeline": {
        "fails_when": "Of the pipelines from before the merge that succeeded or failed, the newest "
        "failed."
    },
    "no_semantic_commits": {
        "fails_when": "No commit begins with a kind of change; where commits are squashed, or "
        "there are none, the title does not."
    },
    "no_internal_review": {
        "fails_when": "No other person (bots do not count) wrote a note or approved it before it "
        "was merged."
    },
    "merge_gt_1_week": {
        "fails_when": "It took more than 5 working days (120 hours of them) from being ready to "
        "the merge.",
        "needs": ("notes",),
    },
    "merge_gt_2_days": {
        "fails_when": "It took more than 2 working days (48 hours of them) from being ready to the "
        "merge.",
        "needs": ("notes",),
    },
}
CHECKS = tuple(replace(check, **_CHANGED.get(check.id, {})) for check in classic.CHECKS)  # type: ignore[arg-type]
"""The checks in the order of the columns."""

TWO_WORKING_DAYS: Final = 48 * 3600
FIVE_WORKING_DAYS: Final = 120 * 3600
"""The limits of working time, in seconds."""

_DRAFT = re.compile(r"^(\s*(\[(draft|wip)\]|\((draft|wip)\)|(draft|wip):))+\s*", re.IGNORECASE)
_SQUASHED = ("squash", "squash_on_merge")


def evaluate(mr: Record, facts: Facts, terms: Terms) -> dict[str, Verdict]:
    """Return the verdict of every check, by id, in the order of `CHECKS`; never raises."""
    if record.state(mr) is None:
        return item.without_state(mr, CHECKS)
    merged = _Merged.of(mr, facts, terms)
    found = {check: rule(merged) for check, rule in _RULES.items()}
    return exemption.applied(mr, found, terms.exempt_labels) if terms.exempt_labels else found


@dataclass(frozen=True, slots=True)
class _Merged:
    """A merge request with what was there when it was merged: `facts` has no later notes.

    `taken` is the working time until the merge in seconds, or why it is not known.
    """

    mr: Record
    facts: Facts
    terms: Terms
    end: datetime | None
    taken: int | str

    @classmethod
    def of(cls, mr: Record, facts: Facts, terms: Terms) -> _Merged:
        until = UntilMerge.of(mr, facts.notes)
        return cls(
            mr,
            replace(facts, notes=until.notes),
            terms,
            until.end,
            until.taken(terms.working_time),
        )


def _unit_tests(merged: _Merged) -> Verdict:
    """Check the changed files: source without a test is a fault, neither of them is n/a."""
    mr, diffs, paths = merged.mr, merged.facts.diffs, merged.terms.paths
    link = record.link(mr, "/diffs")
    unread, sources = [], 0
    for diff in diffs.rows:
        path = record.text(diff, "new_path")
        if not path:
            unread.append("path of a changed file not known")
        elif paths.is_test(path):
            return Verdict("pass", f"changes {path}", link)
        else:
            sources += paths.is_source(path)
    if not diffs.whole:
        unread.append(item.not_read("diffs", diffs))
    if not unread and not sources:
        return Verdict("n/a", "no source file changed", link)
    return item.decide(mr, unread, f"{plural(sources, 'source file')}, no test", "/diffs")


def _semantic(merged: _Merged) -> Verdict:
    """Check the title of what is squashed, else the commits; a revert has GitLab's own title."""
    mr = merged.mr
    if (record.read_text(mr, "title") or "").startswith('Revert "'):
        return Verdict("n/a", "a revert: GitLab made the title", record.link(mr))
    squashed = _is_squashed(mr)
    if squashed:
        return item.semantic_title(mr, SEMANTIC, without=_DRAFT)
    found = rules.semantic_commits(mr, merged.facts.commits)
    if squashed is None and found.result != "unknown":
        title = item.semantic_title(mr, SEMANTIC, without=_DRAFT)
        if title.result != found.result:
            return Verdict("unknown", "squash not in the list", record.link(mr))
    return found


def _is_squashed(mr: Record) -> bool | None:
    """Return whether it became one commit; None if that is not known."""
    told = [record.field(mr, key) for key in _SQUASHED]
    if True in told or record.text(mr, "squash_commit_sha"):
        return True
    # Older servers do not have the second one.
    return None if told[0] is not False else False


def _review(merged: _Merged) -> Verdict:
    return reviews.review_by_people(merged.mr, merged.facts.notes, merged.terms.bots)


def _time_spent(merged: _Merged) -> Verdict:
    if not merged.terms.time_tracking:
        return not_asked_for(merged.mr)
    return rules.time_spent(merged.mr, merged.facts.time_stats)


def not_asked_for(thing: Record) -> Verdict:
    """Return n/a, since the policy asks for no booked time."""
    return Verdict("n/a", "the policy asks for no booked time", record.link(thing))


def _duration(limit: int) -> Callable[[_Merged], Verdict]:
    def rule(merged: _Merged) -> Verdict:
        mr, notes = merged.mr, merged.facts.notes
        found = item.within(mr, merged.taken, limit)
        if found.result == "fail" and not notes.whole:
            # It can have been marked as ready later, which only makes it shorter.
            return Verdict("unknown", item.not_read("notes", notes), record.link(mr))
        return found

    return rule


_RULES: Mapping[str, Callable[[_Merged], Verdict]] = {
    "no_desc": lambda merged: item.description(merged.mr),
    "no_issues": lambda merged: rules.issues(merged.mr, merged.facts),
    "no_time_spent": _time_spent,
    "no_unit_tests": _unit_tests,
    "failed_pipeline": lambda merged: newest_until(merged.mr, merged.facts.pipelines, merged.end),
    "no_semantic_commits": _semantic,
    "no_internal_review": _review,
    "merge_gt_1_week": _duration(FIVE_WORKING_DAYS),
    "merge_gt_2_days": _duration(TWO_WORKING_DAYS),
}


def rules_for(terms: Terms) -> RuleSet:
    """Return the rules under these terms."""
    ended, merged, closed, opened = (
        frozenset(states)
        for states in (("merged", "closed"), ("merged",), ("closed",), ("opened", "locked"))
    )
    return RuleSet(
        CHECKS,
        lambda mr, facts: evaluate(mr, facts, terms),
        merged,
        {"Closed MRs": ended},
        {"MR Merged": merged, "Closed Unmerged": closed, "Open": opened},
        shares=True,
        newest_decides=False,
    )


def quick_rules_for(terms: Terms) -> RuleSet:
    """Return the rules for what a list alone says: what needs more is unknown."""
    without = tuple(check for check in CHECKS if check.id != "no_unit_tests")
    return replace(
        rules_for(terms), checks=without, rule=lambda mr, _: evaluate(mr, NOTHING, terms)
    )
