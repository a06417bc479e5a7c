"""Decides whether projects reach a score, whatever is unknown of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gitlab_sync.rules.projects.compliance import Score
from gitlab_sync.rules.text import plural

_MOST_NAMES = 3


@dataclass(slots=True)
class Gate:
    """The projects by whether they reach the score `least`, in percent.

    Those in `below` miss it even if all that is unknown passes, those in `above` reach it even if
    all of that fails. The others are `open`: by name, with the two scores if there are any.
    """

    least: float
    below: dict[str, str] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, score: Score | None) -> None:
        """Add a project; None is for one that could not be read."""
        bounds = None if score is None else score.bounds
        if bounds is None:
            self.open[name] = ""
            return
        lower, upper = (round(bound, 1) for bound in bounds)
        shown = f"{lower:g} %" if lower == upper else f"{lower:g} to {upper:g} %"
        if upper < self.least:
            self.below[name] = shown
        elif lower >= self.least:
            self.above[name] = shown
        else:
            self.open[name] = shown

    @property
    def passed(self) -> bool:
        """Whether all projects surely reach the score."""
        return not self.below and not self.open

    def in_words(self) -> Iterator[str]:
        """Yield a line for those below the score and for those that are open, with their names."""
        if self.below:
            yield f"below {self.least:g} %: {_listed(self.below)}"
        if self.open:
            what = "what is unknown decides whether they reach it"
            yield f"not known to reach {self.least:g} %: {_listed(self.open)}; {what}"
        if self.passed:
            number = plural(len(self.above), "project")
            yield f"at least {self.least:g} %, whatever is unknown: {number}"


def _listed(found: dict[str, str]) -> str:
    return ", ".join(_shown(found))


def _shown(found: dict[str, str]) -> Iterable[str]:
    named = list(found.items())
    for name, scores in named[:_MOST_NAMES]:
        yield f"{name} ({scores})" if scores else name
    if len(named) > _MOST_NAMES:
        yield f"{len(named) - _MOST_NAMES} more"
