"""The flags of one item in the older client: the verdicts under other names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from gitlab_sync.rules import record
from gitlab_sync.rules.items.tally import NOT_EVALUATED, Verdicts
from gitlab_sync.types import Record

Flags: TypeAlias = dict[str, bool | list[str] | None]
"""True for a fault, False for none, None for unknown; `errors` has the reasons."""


def older_flags(
    item: Record,
    states: Mapping[str, Collection[str]],
    evaluated_in: Collection[str],
    names: Mapping[str, str],
    verdicts: Verdicts,
) -> Flags:
    """Return the flags of `item`: those of `states`, those of the checks, and `errors`.

    `states` maps a flag to the states in which it is True. `names` maps the id of each check to its
    older name, in the order of the flags. An item in a state outside `evaluated_in` has no faults
    yet: its flags are False in spite of `verdicts`. Without a state all are None.
    """
    state = record.state(item)
    if state is None:
        return {**dict.fromkeys((*states, *names.values())), "errors": ["state not read"]}
    flags: Flags = {flag: state in among for flag, among in states.items()}
    if state not in evaluated_in:
        return {**flags, **dict.fromkeys(names.values(), False), "errors": []}
    found = {name: verdicts.get(check, NOT_EVALUATED) for check, name in names.items()}
    reasons = (verdict.reason for verdict in found.values() if verdict.result == "unknown")
    flags.update((name, verdict.flag) for name, verdict in found.items())
    # One error often leaves several checks unknown: it is there once.
    return {**flags, "errors": list(dict.fromkeys(reasons))}
