"""Merge requests: which requests the facts of one cost, and the facts read for many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reading import Listing, read_lists
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
    under_way: dict[int, tuple[Record, dict[str, Reading], list[GitLabSyncError], int]] = {}
    without_address: list[Record] = []

    def wanted() -> Iterator[tuple[tuple[int, str], Listing]]:
        for number, mr in enumerate(mrs):
            plan = costs(mr)
            if not plan:
                without_address.append(mr)
            under_way[number] = (mr, {}, [], len(plan))
            for fact, listing in plan.items():
                yield (number, fact), listing

    for found in read_lists(rest, wanted()):
        number, fact = found.key
        mr, readings, errors, awaited = under_way[number]
        readings[fact] = found.reading
        if found.error is not None:
            errors.append(found.error)
        if len(readings) == awaited:
            del under_way[number]
            yield FactsRead(mr, _facts(readings), errors)
    for mr in without_address:
        yield FactsRead(mr, _facts({}))


def _facts(readings: dict[str, Reading]) -> Facts:
    return Facts(
        notes=readings.get("notes", _NOT_IN_LIST),
        commits=readings.get("commits", _NOT_IN_LIST),
        diffs=readings.get("diffs", _NOT_IN_LIST),
        pipelines=readings.get("pipelines", _NOT_IN_LIST),
        time_stats=readings.get("time_stats"),
    )
