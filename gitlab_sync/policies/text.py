"""A policy as the text of a file that says all of it: each value with where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, time

from gitlab_sync.policies.file import BUILT_IN
from gitlab_sync.policies.model import CHECKS, PolicyTable
from gitlab_sync.rules.items import fair_issue, fair_merge_request, issue, merge_request
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy, Setting
from gitlab_sync.rules.projects.licences import OSI_APPROVED, policy_names
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.rules.scores.leaderboard import DEFAULT_WEIGHTS
from gitlab_sync.rules.slots import USUAL_SLOTS
from gitlab_sync.rules.waiver import Waiver

_WIDTH = 44
"""The column of what is behind a short value."""


def in_force(policy: Policy) -> list[Setting]:
    """Return every value of a policy, without its waivers, in the order of the model.

    The origin of one that no file says is `built-in fair` or `built-in classic`. Licences that are
    None are all that the Open Source Initiative approves.
    """
    usual = {
        key: Setting(key, value, f"built-in {policy.base}") for key, value in _usual(policy.base)
    }
    said = {each.key: each for each in policy.settings}
    order = list(PolicyTable.model_fields)
    found = {**usual, **said}.values()
    return sorted(found, key=lambda each: order.index(each.key.partition(".")[0]))


def as_toml(policy: Policy) -> str:
    """Return a file that says the same as the policy, each value with its origin behind it."""
    lines = [f"extends = {written(policy.base)}"]
    lines += [f"{_line(each):<{_WIDTH}}  # {_plain(each.origin)}" for each in in_force(policy)]
    for waiver in policy.waivers:
        lines += ["", f"[[waivers]]{'':<{_WIDTH - 11}}  # {_plain(waiver.place)}"]
        lines += [f"{key} = {written(value)}" for key, value in _said(waiver)]
    return "".join(f"{line}\n" for line in lines)


def as_rows(policy: Policy) -> list[dict[str, object]]:
    """Return the same as a list of objects: `key`, `value` and `origin`, and then the waivers."""
    rows = [asdict(each) for each in in_force(policy)]
    waivers = [
        {"key": "waivers", "value": dict(_said(each)), "origin": each.place}
        for each in policy.waivers
    ]
    return [*rows, *waivers]


def _line(setting: Setting) -> str:
    if setting.value is None:
        return f"# {setting.key}: {policy_names(OSI_APPROVED)}"
    return f"{setting.key} = {written(setting.value)}"


def written(value: object) -> str:
    """Return a value as TOML has it: a text, number, truth, day, time of day, or a list of them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _plain(json.dumps(value, ensure_ascii=False))
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Iterable):
        return f"[{', '.join(map(written, value))}]"
    return str(value)


def _plain(text: str) -> str:
    """Return a text with the escapes of what no terminal should get."""
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in text)


def _said(waiver: Waiver) -> Iterator[tuple[str, object]]:
    for key, value in asdict(waiver).items():
        if value is not None and key != "place":
            yield key, value


def _usual(base: str) -> Iterator[tuple[str, object]]:
    terms = FAIR.terms
    if base == FAIR.name:
        yield "timezone", str(terms.working_time.zone)
        yield "holidays", []
        yield "time_tracking", terms.time_tracking
        yield "milestones", terms.milestones
    for check in CHECKS.values():
        yield f"checks.{check.id}.severity", check.severity
        if check.id in _LIMITS[base]:
            yield f"checks.{check.id}.limit", f"{_LIMITS[base][check.id]:g}h"
    standards = standards_of(BUILT_IN[base])
    any_open = standards.licences == OSI_APPROVED
    yield "licenses.allowed", None if any_open else sorted(standards.licences)
    yield "readme.length", standards.readme_length
    yield "readme.sections", standards.readme_sections
    for name, weight in DEFAULT_WEIGHTS.items():
        yield f"weights.leaderboard.{name}", weight
    for name, weight in standards.weights.items():
        yield f"weights.compliance.{name}", weight
    yield "bots.names", sorted(terms.bots)
    for name, clock in asdict(USUAL_SLOTS).items():
        yield f"slots.{name}", clock


_LIMITS: Mapping[str, Mapping[str, float]] = {
    CLASSIC.name: {**merge_request.LIMITS, **issue.LIMITS},
    FAIR.name: {
        check: seconds / 3600
        for check, seconds in {
            **fair_merge_request.LIMITS,
            "long_open_time": fair_issue.LIMIT,
        }.items()
    },
}
"""The limits in hours, by the base and the check."""
