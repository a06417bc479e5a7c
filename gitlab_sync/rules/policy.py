"""Policies: which rules evaluate merge requests and issues, and under which terms.

`CLASSIC` has the numbers of the older client, `FAIR` evaluates what people could have done. The
file of a team starts from one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any, Self

from gitlab_sync.rules.items import fair_issue, fair_merge_request, issue, merge_request
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.rules.waivers import Waivers


@dataclass(frozen=True, slots=True)
class Setting:
    """A value in a policy: its key with dots, as `checks.no_desc.severity`, and where it is from.

    `value` is as the file has it. `origin` is the name of the file.
    """

    key: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The rules of a run. Immutable; thread-safe; equal to no other. It pickles.

    `name` is what tables and files say: `fair`, `classic`, or the name of a file, and `source` what
    tells it from others: `fair`, `classic`, or the whole path or URL of the file. `base` is the
    built-in policy that it starts from. `quick` are the rules for what lists of merge requests
    alone say. `settings` is what files say, in the order of the model, apart from the waivers.

    `waivers` cover faults, in all of these rules; those have ended that are until before `day` (a
    day in the policy's time zone; None: none has ended). `contest_project` is the path of the
    project in which faults are disputed.

    `licences` are the allowed ones as SPDX identifiers (None: those of the base),
    `leaderboard_weights` and `compliance_weights` those that replace the usual ones, by number and
    by check. `readme_length` and `readme_sections` say what a README needs (None: the usual). What
    a team agrees on about single checks is in `terms`, that about projects' compliance, too.
    """

    name: str
    merge_requests: RuleSet
    quick: RuleSet
    issues: RuleSet
    terms: Terms = field(default_factory=Terms)
    base: str = "fair"
    source: str = "fair"
    waivers: tuple[Waiver, ...] = ()
    contest_project: str | None = None
    licences: frozenset[str] | None = None
    leaderboard_weights: Mapping[str, int | float] = field(default_factory=dict)
    compliance_weights: Mapping[str, float] = field(default_factory=dict)
    readme_length: int | None = None
    readme_sections: int | None = None
    settings: tuple[Setting, ...] = ()
    day: date | None = None

    def __post_init__(self) -> None:
        if self.waivers:
            waivers = self.waivers_of_day
            for name in ("merge_requests", "quick", "issues"):
                object.__setattr__(self, name, replace(getattr(self, name), waivers=waivers))

    def __reduce__(self) -> tuple[Callable[..., Policy], tuple[str, bool, dict[str, object]]]:
        """Pickle what the rules are made of: they are functions, which another process makes."""
        rules = {"merge_requests", "quick", "issues"}
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        shares = self.merge_requests.shares
        return _remade, (self.base, shares, {key: own[key] for key in own.keys() - rules})

    @property
    def waivers_of_day(self) -> Waivers:
        """The waivers, and which of them have ended."""
        return Waivers(self.waivers, self.day)

    def at(self, moment: datetime) -> Self:
        """Return the policy with the waivers that are in force at a moment, an aware time."""
        if not self.waivers:
            return self
        return replace(self, day=moment.astimezone(self.terms.working_time.zone).date())

    @property
    def shown_name(self) -> str:
        """The name for tables, files and pages; empty for `classic`, which they never named."""
        return self.name if self.merge_requests.shares else ""

    @property
    def fits_lists_in_bulk(self) -> bool:
        """Whether the lists of GraphQL have what the rules need.

        They have no labels, which can exempt from a check, and no fractions of seconds, which
        classic compares with a limit.
        """
        exact = self.base == "classic" and bool(self.terms.limits)
        return not (self.terms.exempt_labels or exact)

    def rules_of_merge_requests(self, *, quick: bool) -> RuleSet:
        """Return the rules of merge requests, or with `quick` those that need their lists alone."""
        return self.quick if quick else self.merge_requests


def fair(terms: Terms, name: str = "fair") -> Policy:
    """Return the fair policy under these terms."""
    rules = fair_merge_request.rules_for(terms)
    quick = fair_merge_request.quick_rules_for(terms)
    return Policy(name, rules, quick, fair_issue.rules_for(terms), terms, "fair", name)


def classic(terms: Terms, name: str) -> Policy:
    """Return a policy that starts from the classic one, under these terms.

    Its tables have shares, as those of fair have them. Of the terms, those about working days,
    booked time and milestones have no effect.
    """
    rules = merge_request.rules_for(terms)
    quick = merge_request.quick_rules_for(terms)
    return Policy(name, rules, quick, issue.rules_for(terms), terms, "classic", name)


CLASSIC = Policy(
    "classic",
    merge_request.RULES,
    merge_request.QUICK_RULES,
    issue.RULES,
    base="classic",
    source="classic",
)
FAIR = fair(Terms())


def _remade(base: str, shares: bool, others: Mapping[str, Any]) -> Policy:
    """Return the policy that was pickled as these parts; see `Policy.__reduce__`."""
    if not shares:
        return replace(CLASSIC, **others)
    made = (fair if base == FAIR.base else classic)(others["terms"], others["name"])
    return replace(made, **others)
