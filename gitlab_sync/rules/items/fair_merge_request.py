"""The fair rules for merge requests: what their authors could have done until the merge.

Only merged ones are evaluated. What came after the merge changes no verdict, and a check that
cannot apply says so. The other policy is `rules.items.merge_request`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from gitlab_sync.rules import record
from gitlab_sync.rules.items import item, reviews
from gitlab_sync.rules.items import merge_request as classic
from gitlab_sync.rules.items import merge_request_rules as rules
from gitlab_sync.rules.items.adjustment import adjusted
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.fair_pipelines import newest_until
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.until_merge import UntilMerge
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import SEMANTIC, plural
from gitlab_sync.types import Record

_CHANGED = {
    "no_issues": "Neither title, description, commit messages nor notes up to the merge name "
    "an issue.",
    "no_time_spent": "The time spent on the merge request is 0, where the policy asks for time.",
    "no_unit_tests": "Source files changed, and no changed file is a test, by its path.",
    "failed_pipeline": "Of the pipelines from before the merge that succeeded or failed, the "
    "newest failed.",
    "no_semantic_commits": "No commit begins with a kind of change; where commits are squashed, "
    "or there are none, the title does not.",
    "no_internal_review": "No other person (bots do not count) wrote a note or approved it before "
    "it was merged.",
}
LIMITS: Final[Mapping[str, int]] = {"merge_gt_1_week": 120 * 3600, "merge_gt_2_days": 48 * 3600}
"""The limits of working time, in seconds, by the check."""


def _said(limits: Mapping[str, int]) -> dict[str, str]:
    """Return when the checks of durations fail, with these limits in the place of `LIMITS`."""
    return {
        check: f"It took more than {item.in_working_days(limits.get(check, limit))} from being "
        "ready to the merge."
        for check, limit in LIMITS.items()
    }


CHECKS = tuple(
    replace(
        check,
        fails_when=(_CHANGED | _said({})).get(check.id, check.fails_when),
        needs=("notes",) if check.id in LIMITS else check.needs,
    )
    for check in classic.CHECKS
)
"""The checks in the order of the columns."""

_DRAFT = re.compile(r"^(\s*(\[(draft|wip)\]|\((draft|wip)\)|(draft|wip):))+\s*", re.IGNORECASE)
_SQUASHED = ("squash", "squash_on_merge")


def evaluate(mr: Record, facts: Facts, terms: Terms) -> dict[str, Verdict]:
    """Return the verdict of every check, by id, in the order of `CHECKS`; never raises."""
    if record.state(mr) is None:
        return item.without_state(mr, CHECKS)
    merged = _Merged.of(mr, facts, terms)
    return {check: rule(merged) for check, rule in _RULES.items()}


class _Merged(NamedTuple):
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
        if until.notes is not facts.notes:
            facts = replace(facts, notes=until.notes)
        return cls(mr, facts, terms, until.end, until.taken(terms.working_time))


def _unit_tests(merged: _Merged) -> Verdict:
    """Check the changed files: source without a test is a fault, neither of them is n/a."""
    mr, diffs, paths = merged.mr, merged.facts.diffs, merged.terms.paths
    link = record.link(mr, "/diffs")
    names = [record.text(diff, "new_path") or "" for diff in diffs.rows]
    test = next(filter(paths.is_test, filter(None, names)), None)
    if test is not None:
        return Verdict("pass", f"changes {test}", link)
    sources = sum(map(paths.is_source, filter(None, names)))
    unread = [] if all(names) else ["path of a changed file not known"]
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


def _duration(check: str) -> Callable[[_Merged], Verdict]:
    def rule(merged: _Merged) -> Verdict:
        mr, notes = merged.mr, merged.facts.notes
        limit = merged.terms.limits.get(check, LIMITS[check])
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
    "merge_gt_1_week": _duration("merge_gt_1_week"),
    "merge_gt_2_days": _duration("merge_gt_2_days"),
}


def rules_for(terms: Terms) -> RuleSet:
    """Return the rules under these terms."""
    rules = RuleSet(
        CHECKS,
        lambda mr, facts: evaluate(mr, facts, terms),
        frozenset({"merged"}),
        classic.RULES.counts,
        classic.BY_STATE,
        shares=True,
        newest_decides=False,
    )
    return adjusted(rules, terms, _said(terms.limits))


def quick_rules_for(terms: Terms) -> RuleSet:
    """Return the rules for what a list alone says: what needs more is unknown."""
    rules = rules_for(terms)
    without = tuple(check for check in rules.checks if check.id != "no_unit_tests")
    return replace(rules, checks=without, rule=lambda mr, _: rules.rule(mr, NOTHING))
