"""A merge request or an issue as the older program saw it."""

from __future__ import annotations

from dataclasses import dataclass

from gitlab_sync.rules import record
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.references import full_reference
from gitlab_sync.rules.items.tally import NOT_EVALUATED, Verdicts
from gitlab_sync.rules.parity.columns import RULES, Column, ItemKind
from gitlab_sync.types import Record


@dataclass(frozen=True, slots=True)
class OlderItem:
    """One item of a person, with its facts. Not to be changed.

    `verdicts` are what the rules say of it, if they were asked. `in_scope` says that it is in the
    project or group that was asked about. An item that is `listed` is evaluated as the older
    program did it from lists alone: what a list does not say is clean.
    """

    kind: ItemKind
    record: Record
    facts: Facts = NOTHING
    verdicts: Verdicts | None = None
    in_scope: bool = True
    authored: bool = True
    assigned: bool = False
    listed: bool = False

    @property
    def name(self) -> str:
        """The reference of the item, or else what is known of it."""
        return full_reference(self.record) or record.link(self.record) or "an item without a link"

    def counts(self, column: Column) -> bool | None:
        """Return whether the item counts in a column; None if that is unknown. Never raises."""
        if self.kind != column.kind:
            return False
        state = record.state(self.record)
        if column.check is None:
            return None if state is None else state in column.states
        if state is not None and state not in RULES[self.kind].states:
            return False
        flag = self._evaluated().get(column.check.id, NOT_EVALUATED).flag
        return bool(flag) if self.listed else flag

    def _evaluated(self) -> Verdicts:
        if self.verdicts is not None:
            return self.verdicts
        if self.kind == "issues":
            return issue.evaluate(self.record)
        if self.listed:
            return merge_request.evaluate_from_list(self.record)
        return merge_request.evaluate(self.record, self.facts)
