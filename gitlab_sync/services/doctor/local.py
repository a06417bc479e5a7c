"""Checks of this machine: the store, and the policy in force."""

from __future__ import annotations

import time

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.text import plural
from gitlab_sync.services.doctor.finding import Finding, ok, problem, warning
from gitlab_sync.services.doctor.subject import Subject
from gitlab_sync.store.state import state_of
from gitlab_sync.types import Scalar

_DAY = 86_400


def store(subject: Subject) -> Finding:
    """Check whether the store can be used, how large it is, and that no one else can read it."""
    if subject.store == "off":
        return ok("off: nothing is kept on disk", store="off")
    state = state_of(subject.url)
    if state.fault is not None:
        return warning(
            f"{state.path} cannot be used: {state.fault}; runs read everything again",
            "Move the file away, or name another cache folder with XDG_CACHE_HOME.",
            path=str(state.path),
        )
    if state.size is None:
        return ok(f"none yet: a run creates {state.path}", path=str(state.path))
    days = int((time.time() - (state.changed or 0)) // _DAY)
    age = "today" if days < 1 else f"{plural(days, 'day')} ago"
    text = (
        f"{state.path}: {plural(state.items, 'merge request')}, {state.size / 1e6:.1f} MB, mode "
        f"{state.mode:04o}, last written {age}"
    )
    facts: dict[str, Scalar] = {
        "path": str(state.path),
        "items": state.items,
        "bytes": state.size,
        "mode": f"{state.mode:04o}",
        "days": days,
    }
    if state.others_can_read:
        return warning(f"{text}: others can read it", f"Run chmod 600 {state.path}.", **facts)
    return ok(text, **facts)


def policy(subject: Subject) -> Finding:
    """Check that the policy in force is valid, and name all faults of one that is not."""
    try:
        found = subject.load_policy()
    except ConfigurationError as error:
        faults = "; ".join(line.strip() for line in error.message.splitlines())
        return problem(
            faults.replace(":;", ":"), error.hint or "Correct the file; every fault is named."
        )
    waivers = found.waivers_of_day
    facts: dict[str, Scalar] = {"policy": found.source, "waivers": len(waivers.every)}
    where = found.name if found.source == found.name else f"{found.name} ({found.source})"
    if waivers.every:
        where += f", with {plural(len(waivers.every), 'waiver')}"
    if waivers.ended:
        return warning(
            f"{where}, of which {len(waivers.ended)} ended: what they covered counts again",
            "Remove them, or set a later end.",
            **facts,
        )
    return ok(where, **facts)
