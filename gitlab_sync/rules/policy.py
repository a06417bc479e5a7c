"""Policies: which rules evaluate merge requests and issues, and under which terms.

`CLASSIC` has the numbers of the older client, `FAIR` evaluates what people could have done.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gitlab_sync.rules.items import fair_issue, fair_merge_request, issue, merge_request
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The rules of a run. Immutable; thread-safe; equal to no other.

    `name` is what tables and files say: `fair`, `classic`, or the name of a file. `quick` are the
    rules for what lists of merge requests alone say.
    """

    name: str
    merge_requests: RuleSet
    quick: RuleSet
    issues: RuleSet
    terms: Terms = field(default_factory=Terms)

    @property
    def shown_name(self) -> str:
        """The name for tables, files and pages; empty for `classic`, which they never named."""
        return self.name if self.merge_requests.shares else ""

    def rules_of_merge_requests(self, *, quick: bool) -> RuleSet:
        """Return the rules of merge requests, or with `quick` those that need their lists alone."""
        return self.quick if quick else self.merge_requests


def fair(terms: Terms, name: str = "fair") -> Policy:
    """Return the fair policy under these terms."""
    rules = fair_merge_request.rules_for(terms)
    return Policy(
        name, rules, fair_merge_request.quick_rules_for(terms), fair_issue.rules_for(terms), terms
    )


CLASSIC = Policy("classic", merge_request.RULES, merge_request.QUICK_RULES, issue.RULES)
FAIR = fair(Terms())
