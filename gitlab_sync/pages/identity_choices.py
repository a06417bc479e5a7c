"""What a visitor has assigned in a tab, step by step, until it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gitlab_sync.rules.identity.alias_text import Assigned
from gitlab_sync.rules.identity.suggestions import Signature


@dataclass(slots=True)
class Choices:
    """The steps of a tab, each with the signatures that it has assigned.

    `saved` is the number of steps that are in the server's file. Not thread-safe.
    """

    steps: list[tuple[Assigned, ...]] = field(default_factory=list)
    saved: int = 0

    def add(self, assigned: Iterable[Assigned]) -> None:
        """Add a step, without the signatures that are assigned already."""
        taken = self.signatures
        new = tuple(each for each in assigned if each.signature not in taken)
        if new:
            self.steps.append(new)

    @property
    def assigned(self) -> list[Assigned]:
        """What all steps have assigned, in order."""
        return [each for step in self.steps for each in step]

    @property
    def unsaved(self) -> list[Assigned]:
        """What is not in the server's file yet."""
        return [each for step in self.steps[self.saved :] for each in step]

    @property
    def signatures(self) -> set[Signature]:
        """The signatures that are assigned."""
        return {each.signature for each in self.assigned}

    def undo(self) -> tuple[Assigned, ...]:
        """Take back the last step that is not saved; return what it had assigned."""
        return self.steps.pop() if len(self.steps) > self.saved else ()

    def save(self) -> None:
        """Note that all of it is saved."""
        self.saved = len(self.steps)

    def reopen(self) -> None:
        """Note that nothing is saved any longer: the write was undone."""
        self.saved = 0
