"""Makes a policy of the files that a team wrote, one on top of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gitlab_sync.policies.model import PolicyTable, calendar
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.items.patterns import matcher
from gitlab_sync.rules.items.terms import Paths, Terms
from gitlab_sync.rules.policy import CLASSIC, Policy, Setting, classic, fair
from gitlab_sync.rules.slots import USUAL_SLOTS, Slots
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.rules.working_time import WorkingTime

if TYPE_CHECKING:
    from holidays import HolidayBase

    from gitlab_sync.policies.file import Layer, Stack

_ONLY_FAIR = ("timezone", "holidays", "time_tracking", "milestones", "paths.source")
"""The keys about what classic does not have."""


def policy_of(stack: Stack) -> Policy:
    """Return the policy of files: tables merge, lists and values replace, waivers add up."""
    top, table, merged = stack.layers[-1], _table(stack), _merged(stack)
    terms = _terms(table, merged.get("checks", {}))
    made = (classic if stack.base == CLASSIC.name else fair)(terms, top.name)
    weights = merged.get("weights", {})
    allowed = table.licenses.allowed
    return replace(
        made,
        source=top.where,
        waivers=tuple(_waivers(stack.layers)),
        contest_project=table.contest.project,
        licences=None if allowed is None else frozenset(allowed),
        leaderboard_weights=weights.get("leaderboard", {}),
        compliance_weights=weights.get("compliance", {}),
        readme_length=table.readme.length,
        readme_sections=table.readme.sections,
        settings=tuple(_settings(stack.layers)),
    )


def _over(base: Any, own: Any) -> Any:
    """Merge tables; anything else replaces what was there."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return base | {key: _over(base.get(key), value) for key, value in own.items()}


def _settings(layers: Sequence[Layer]) -> Iterator[Setting]:
    """Yield each value that a file says, of the last one that says it, by the order of the keys."""
    said = {
        key: Setting(key, value, layer.name)
        for layer in layers
        for key, value in _flat(layer.table)
        if key not in {"extends", "waivers"}
    }
    order = list(PolicyTable.model_fields)
    yield from sorted(said.values(), key=lambda each: order.index(each.key.partition(".")[0]))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def misfits(stack: Stack) -> Iterator[Layer]:
    """Yield the files with the faults of what does not fit to the others, the first one last."""
    table = _table(stack)
    for layer in stack.layers:
        faults = [*_misplaced(layer)] if stack.base == CLASSIC.name else []
        faults += _disorder(table) if layer is stack.layers[-1] else ()
        yield replace(layer, faults=faults)


def _misplaced(layer: Layer) -> Iterator[str]:
    for key, _ in _flat(layer.table):
        if key in _ONLY_FAIR:
            yield f"{key}: must not be given with extends = “classic”, which has no such choice"


def _disorder(table: PolicyTable) -> Iterator[str]:
    slots = _slots(table)
    times = (slots.morning, slots.afternoon, slots.evening)
    if not times[0] < times[1] < times[2]:
        told = ", ".join(f"{each:%H:%M}" for each in times)
        yield f"slots: morning, afternoon and evening must be in order, got {told}"


def _merged(stack: Stack) -> dict[str, Any]:
    return reduce(_over, (layer.table for layer in stack.layers), {})


def _table(stack: Stack) -> PolicyTable:
    return PolicyTable.model_validate({**_merged(stack), "waivers": []})


def _slots(table: PolicyTable) -> Slots:
    said = table.slots
    return Slots(
        said.morning or USUAL_SLOTS.morning,
        said.afternoon or USUAL_SLOTS.afternoon,
        said.evening or USUAL_SLOTS.evening,
    )


def _waivers(layers: Sequence[Layer]) -> Iterator[Waiver]:
    for layer in layers:
        for number, each in enumerate(layer.table.get("waivers", ())):
            yield Waiver(**each, place=f"{layer.name}: waivers.{number}")


@dataclass(frozen=True, slots=True)
class _DaysOff:
    """Single days, and the days of calendars."""

    days: frozenset[date]
    calendars: Sequence[HolidayBase]

    def __contains__(self, day: object) -> bool:
        return day in self.days or any(day in each for each in self.calendars)


def _terms(table: PolicyTable, checks: Mapping[str, Mapping[str, Any]]) -> Terms:
    days = frozenset(day for day in table.holidays if isinstance(day, date))
    calendars = [calendar(day) for day in table.holidays if isinstance(day, str)]
    names = table.bots.names
    return Terms(
        WorkingTime(ZoneInfo(table.timezone), _DaysOff(days, calendars)),
        time_tracking=table.time_tracking,
        milestones=table.milestones,
        exempt_labels={
            check: frozenset(each["exempt_labels"])
            for check, each in checks.items()
            if each.get("exempt_labels")
        },
        paths=_paths(table),
        bots=DEFAULT_BOTS if names is None else frozenset(names),
        severities={
            check: each["severity"] for check, each in checks.items() if each.get("severity")
        },
        limits={
            check: int(each["limit"].removesuffix("h")) * 3600
            for check, each in checks.items()
            if each.get("limit")
        },
        slots=_slots(table),
    )


def _paths(table: PolicyTable) -> Paths:
    usual = Paths()
    source, test = table.paths.source, table.paths.test
    return Paths(
        matcher(source) if source else usual.is_source,
        matcher(test) if test else usual.is_test,
    )
