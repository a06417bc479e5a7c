"""Merge requests: which requests the facts of one cost, and the facts read for many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.listing import Listing
from gitlab_sync.plans import Plan, run_plans
from gitlab_sync.rest import Rest
from gitlab_sync.rules.merge_request import Facts
from gitlab_sync.types import Reading, Record

_NOT_IN_LIST = Reading((), "the list does not say where it is")


@dataclass(slots=True)
class FactsRead:
    """One merge request with what was read of it, and the errors met on the way."""

    mr: Record
    facts: Facts
    errors: list[GitLabSyncError] = field(default_factory=list)


def costs(mr: Record) -> dict[str, Listing]:
    """Return what has to be asked to judge one merge request: the cost plan, by fact.

    Notes show reviews, approvals and issues; commits their messages; diffs the changed paths. The
    list has the rest, but for `time_stats` on old servers. {} where the record has no address.
    """
    project, iid = mr.get("project_id"), mr.get("iid")
    if project is None or iid is None:
        return {}
    base = f"projects/{project}/merge_requests/{iid}"
    plan = {fact: Listing(f"{base}/{fact}") for fact in ("notes", "commits", "diffs", "pipelines")}
    if mr.get("time_stats") is None:
        plan["time_stats"] = Listing(f"{base}/time_stats", single=True)
    return plan


def read_facts(rest: Rest, mrs: Iterable[Record]) -> Iterator[FactsRead]:
    """Read the facts of many merge requests side by side; yield each when it has all of them.

    `rest` is a view from `Rest.job`; `mrs` is pulled lazily, and memory holds a window of it. What
    could not be read is a `Reading` that says so.
    """
    plans = ((None, _facts_of(mr)) for mr in mrs)
    for _, facts in run_plans(rest, plans):
        yield facts


def _facts_of(mr: Record) -> Plan[FactsRead]:
    found = yield costs(mr)
    errors = [each.error for each in found.values() if each.error is not None]
    return FactsRead(mr, _facts({fact: each.reading for fact, each in found.items()}), errors)


def _facts(readings: dict[str, Reading]) -> Facts:
    return Facts(
        notes=readings.get("notes", _NOT_IN_LIST),
        commits=readings.get("commits", _NOT_IN_LIST),
        diffs=readings.get("diffs", _NOT_IN_LIST),
        pipelines=readings.get("pipelines", _NOT_IN_LIST),
        time_stats=readings.get("time_stats"),
    )
