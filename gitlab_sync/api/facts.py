"""The facts of merge requests that no list holds: notes, commits, changed paths, pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

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


class FactSource(Protocol):
    """Where facts come from. Thread-safe, so that many runs may share it."""

    def plans(self, mrs: Sequence[Record]) -> Iterable[tuple[int, Plan[list[FactsRead]]]]:
        """Return plans that read the facts of all of these, and of how many each reads them.

        They never raise for what a merge request lacks: that is a `Reading` that says so.
        """


class RestFacts:
    """Facts of REST: four requests for each merge request, if no list of it is long."""

    def plans(self, mrs: Sequence[Record]) -> Iterator[tuple[int, Plan[list[FactsRead]]]]:
        """Return a plan for each merge request."""
        return ((1, _alone(mr)) for mr in mrs)


def _alone(mr: Record) -> Plan[list[FactsRead]]:
    return [(yield from facts_of(mr))]


def read_facts(
    rest: Rest, mrs: Sequence[Record], source: FactSource | None = None
) -> Iterator[FactsRead]:
    """Read the facts of many merge requests side by side; yield each when it has all of them.

    `rest` is a view from `Rest.job`. What could not be read is a `Reading` that says so.
    """
    plans = ((None, plan) for _, plan in (source or RestFacts()).plans(mrs))
    for _, found in run_plans(rest, plans):
        yield from found


def costs(mr: Record) -> dict[str, Listing]:
    """Return what has to be asked of REST to judge one merge request: the cost plan, by fact.

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


def facts_of(mr: Record, known: Mapping[str, Reading] = MappingProxyType({})) -> Plan[FactsRead]:
    """Return the plan that reads the facts of one merge request over REST.

    `known` are those that need not be read, by fact.
    """
    found = yield {fact: each for fact, each in costs(mr).items() if fact not in known}
    errors = [each.error for each in found.values() if each.error is not None]
    read = {fact: each.reading for fact, each in found.items()}
    return FactsRead(mr, _facts({**known, **read}), errors)


def _facts(readings: Mapping[str, Reading]) -> Facts:
    return Facts(
        notes=readings.get("notes", _NOT_IN_LIST),
        commits=readings.get("commits", _NOT_IN_LIST),
        diffs=readings.get("diffs", _NOT_IN_LIST),
        pipelines=readings.get("pipelines", _NOT_IN_LIST),
        time_stats=readings.get("time_stats"),
    )
