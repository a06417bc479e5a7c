"""The rules of one policy for one kind of items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gitlab_sync.rules import record
from gitlab_sync.rules.items import waived
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.tally import Evaluated, Tally, Verdicts, distinct, tally
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.waivers import NO_WAIVERS, Waivers
from gitlab_sync.types import Record


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The checks of a policy, in the order of the columns, and what it counts. Immutable.

    `rule` returns the verdict of every check, by id, in their order. Items in `states` are
    evaluated, and those without a readable state are unknown. `counts` has the states that each
    column of plain numbers counts; `further` has those behind all others. With `shares`, each
    check says of how many items it speaks, and the cell of a check of none has no number. With
    `newest_decides`, the newest pipeline of a merge request is the only one that counts. `always`
    names facts that are read whatever the checks need. With `counts_others`, items that are not
    evaluated are counted by their states, too. `waivers` cover faults, after the `rule`.
    """

    checks: tuple[Check, ...]
    rule: Callable[[Record, Facts], dict[str, Verdict]]
    states: frozenset[str]
    counts: Mapping[str, frozenset[str]]
    further: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shares: bool = False
    newest_decides: bool = True
    counts_others: bool = True
    always: tuple[str, ...] = ()
    waivers: Waivers = NO_WAIVERS

    def is_due(self, item: Record) -> bool:
        """Return whether the item is evaluated: by its state, or since that is not readable."""
        state = record.state(item)
        return state is None or state in self.states

    def evaluate(self, item: Record, facts: Facts = NOTHING, person: str | None = None) -> Verdicts:
        """Return the verdict of every check, by id; never raises.

        An incomplete list of facts can still decide. The verdicts are for the row of `person`
        (None: the item's author), which matters to the waivers of people.
        """
        return self.with_waivers(item, self.rule(item, facts), person)

    def with_waivers(self, item: Record, found: Verdicts, person: str | None) -> Verdicts:
        """Return verdicts of `rule` as they count in the row of a person (None: the author)."""
        return waived.applied(item, found, self.waivers, person)

    def undecided(self, item: Record, facts: Facts = NOTHING) -> tuple[str, ...]:
        """Return the names of the facts that still have to be read to evaluate the item.

        They are incomplete, and they are read `always`, or checks need them that neither the record
        nor `facts` decide. No result depends on any other fact.
        """
        if record.state(item) is None or (
            facts is not NOTHING and all(map(facts.is_whole, self.undecided(item)))
        ):
            return ()
        return self.lacking(self.rule(item, facts), facts)

    def lacking(self, verdicts: Verdicts, facts: Facts) -> tuple[str, ...]:
        """Return what `undecided` does for an item with these verdicts, made with these facts."""
        still_open = (check for check in self.checks if verdicts[check.id].result == "unknown")
        needed = (fact for check in still_open for fact in check.needs)
        wanted = dict.fromkeys((*self.always, *needed))
        return tuple(fact for fact in wanted if not facts.is_whole(fact))

    def count(self, evaluated: Iterable[Evaluated]) -> Tally:
        """Count one person's items: by their states, and the faults of those that are evaluated.

        `evaluated` pairs each item with its verdicts (those of others are ignored). Each id counts
        once. An item with no verdicts ({}) is unknown in every check; so is one without a readable
        state, which is in no count.
        """
        pairs = distinct(pair for pair in evaluated if self.counts_others or self.is_due(pair[0]))
        states = Counter(record.state(item) for item, _ in pairs)
        numbers = {
            title: sum(states[state] for state in among)
            for title, among in {**self.counts, **self.further}.items()
        }
        due = [found for item, found in pairs if self.is_due(item)]
        return tally(numbers, self.checks, due, of_none=None if self.shares else 0)
