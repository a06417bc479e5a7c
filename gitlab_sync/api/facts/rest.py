"""Reads facts of merge requests over REST: notes, commits, changed paths, pipelines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.wire import Reply
from gitlab_sync.rules import record
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.merge_request import RULES, is_terminal
from gitlab_sync.rules.items.project_pipelines import ProjectPipelines, is_within
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.text import instant
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow, gather, run_workflows
from gitlab_sync.types import PartialList, Record

_NOT_IN_LIST = PartialList((), "the record lacks its project or number")

_FEWEST_IN_BULK = 8
"""With this many merge requests in one project, the project's list of pipelines is tried."""

_WORTH_A_PAGE = 4
"""Merge requests for each page of the project's pipelines: some could stay undecided."""


@dataclass(slots=True)
class FactsRead:
    """One merge request with its facts as far as they were read, and the errors."""

    mr: Record
    facts: Facts
    errors: list[GitLabSyncError] = field(default_factory=list)
    _verdicts: Verdicts | None = field(default=None, repr=False, compare=False)

    def verdicts(self, rules: RuleSet) -> Verdicts:
        """Return what the rules of the run say of it without waivers; they are asked once."""
        if self._verdicts is None:
            self._verdicts = rules.rule(self.mr, self.facts)
        return self._verdicts


class FactSource(Protocol):
    """The source of facts of one run."""

    def workflows(self, mrs: Sequence[Record]) -> Iterable[tuple[int, Workflow[list[FactsRead]]]]:
        """Return workflows that read the facts of all of these, each with how many it is for.

        A workflow can leave its result to another one, of this call or an earlier one, which then
        returns more than its own. They never raise for a merge request that could not be read: a
        `PartialList` says why.
        """


class RestFacts:
    """Reads facts over REST: some lists of each merge request, and pipelines of projects in bulk.

    `costs` says what a merge request takes. If many are in one project, the project's pipelines are
    read instead of those of each, if that takes fewer requests; later calls use them, too. `rules`
    say what has to be read.
    """

    def __init__(self, rules: RuleSet = RULES) -> None:
        self._rules = rules
        self._lists: dict[int, _Bulk] = {}

    def workflows(self, mrs: Sequence[Record]) -> Iterator[tuple[int, Workflow[list[FactsRead]]]]:
        """Return a workflow for each merge request, and one for each list of pipelines in bulk."""
        projects = [_project_of_pipelines(mr) for mr in mrs]
        groups: dict[int | None, list[Record]] = defaultdict(list)
        for project, mr in zip(projects, mrs, strict=True):
            groups[project].append(mr)
        for project, found in groups.items():
            if project is not None and self._is_worth_reading(project, len(found)):
                self._lists[project] = _Bulk(project, found, self._rules)
                yield 0, self._lists[project].read()
        for project, mr in zip(projects, mrs, strict=True):
            bulk = None if project is None else self._lists.get(project)
            yield 1, _alone(mr, self._rules) if bulk is None else bulk.facts_of(mr)

    def _is_worth_reading(self, project: int, mrs: int) -> bool:
        if mrs < _FEWEST_IN_BULK:
            return False
        before = self._lists.get(project)
        return before is None or (before.was_too_long and mrs > before.mrs)


def read_facts(
    session: Session, mrs: Sequence[Record], source: FactSource | None = None
) -> Iterator[FactsRead]:
    """Read the facts of many merge requests side by side; yield each once its facts are there.

    `session` has a context. What could not be read is a `PartialList` that says why.
    """
    workflows = ((None, workflow) for _, workflow in (source or RestFacts()).workflows(mrs))
    for _, found in run_workflows(session, workflows):
        found.reverse()
        while found:  # each is gone once it was used, instead of with the last of them
            yield found.pop()


def costs(mr: Record, rules: RuleSet, known: Facts = NOTHING) -> dict[str, RestList]:
    """Return the lists to read over REST to evaluate one merge request, by fact.

    The facts follow from the checks: what they need, less what the record and the `known` facts
    already decide. {} if the record lacks its project or number.
    """
    if not has_place(mr):
        return {}
    base = f"projects/{mr['project_id']}/merge_requests/{mr['iid']}"
    wanted = rules.undecided(mr, known)
    return {fact: RestList(f"{base}/{fact}", single=fact == "time_stats") for fact in wanted}


def facts_of(
    mr: Record,
    rules: RuleSet,
    known: Mapping[str, PartialList] = MappingProxyType({}),
    later: Collection[str] = (),
) -> Workflow[FactsRead]:
    """Return the workflow that reads the facts of one merge request over REST.

    `known` has facts that were read before; incomplete ones are read again if they leave a check
    undecided. The facts in `later` are left out.
    """
    lists = costs(mr, rules, Facts(**known))
    workflow = {fact: each for fact, each in lists.items() if fact not in later}
    found = yield workflow
    errors = [each.error for each in found.values() if each.error is not None]
    read = {fact: each.reading for fact, each in found.items()}
    missing = {} if has_place(mr) else dict.fromkeys(rules.undecided(mr), _NOT_IN_LIST)
    return FactsRead(mr, Facts(**{**missing, **known, **read}), errors)


def _alone(mr: Record, rules: RuleSet) -> Workflow[list[FactsRead]]:
    return [(yield from facts_of(mr, rules))]


class _TooLong(GitLabSyncError):
    """Signals, inside this module only, that a list has too many pages, or an unknown number."""


class _Bulk:
    """The pipelines of a project in bulk, and the merge requests that wait for them.

    They are read while everything else about these merge requests is. Merge requests that they
    leave undecided are asked for one by one: all of them, if the list could not be read or is too
    long.
    """

    def __init__(self, project: int, mrs: Sequence[Record], rules: RuleSet) -> None:
        self._rules = rules
        self.mrs = len(mrs)
        self.was_too_long = False
        self._endpoint = f"projects/{project}/pipelines"
        self._most_pages = len(mrs) // _WORTH_A_PAGE
        self._oldest = _oldest(mrs)
        self._pipelines: ProjectPipelines | None = None
        self._is_read = False
        self._waiting: list[FactsRead] = []

    def read(self) -> Workflow[list[FactsRead]]:
        """Return the workflow that reads the list, and then completes all that wait for it.

        A list that is too long is tried again from the creation of the oldest merge request on.
        """
        for since in (None, self._oldest):
            params = {} if since is None else {"updated_after": since.isoformat()}
            rest_list = RestList(self._endpoint, params, check=self._check_length)
            found = (yield {"pipelines": rest_list})["pipelines"]
            if found.error is None:
                self._pipelines = ProjectPipelines(found.reading.rows, since)
            self.was_too_long = isinstance(found.error, _TooLong)
            if self._oldest is None or not self.was_too_long:
                break
        self._is_read = True
        waiting = {str(place): self._completed(each) for place, each in enumerate(self._waiting)}
        self._waiting.clear()  # this lives as long as the run
        return list((yield from gather(waiting)).values())

    def _check_length(self, reply: Reply) -> None:
        if reply.total_pages is None or reply.total_pages > self._most_pages:
            raise _TooLong("The list is too long to be read in bulk")

    def facts_of(self, mr: Record) -> Workflow[list[FactsRead]]:
        """Return the workflow that reads the facts of one merge request.

        If it ends before the list is read, it returns nothing, and `read` returns its result.
        """
        if self._is_read:
            return [(yield from facts_of(mr, self._rules, self._known(mr)))]
        read = yield from facts_of(mr, self._rules, later={"pipelines"})
        if self._is_read:
            return [(yield from self._completed(read))]
        self._waiting.append(read)
        return []

    def _known(self, mr: Record) -> dict[str, PartialList]:
        known = self._pipelines
        if known is None:
            return {}
        found = known.of(mr) if self._rules.newest_decides else known.all_of(mr)
        return {} if found is None else {"pipelines": found}

    def _completed(self, read: FactsRead) -> Workflow[FactsRead]:
        known = self._known(read.mr)
        if not known:
            found = (yield {"pipelines": costs(read.mr, self._rules)["pipelines"]})["pipelines"]
            known = {"pipelines": found.reading}
            read.errors += [] if found.error is None else [found.error]
        return FactsRead(read.mr, replace(read.facts, **known), read.errors)


def _project_of_pipelines(mr: Record) -> int | None:
    """Return the project with all pipelines of a merge request in its list, or None."""
    return mr["project_id"] if is_within(mr) and has_place(mr) and is_terminal(mr) else None


def has_place(mr: Record) -> bool:
    """Return whether a merge request can be asked for: it has its project and its number there."""
    return None not in {record.number_id(mr, key) for key in ("project_id", "iid")}


def _oldest(mrs: Iterable[Record]) -> datetime | None:
    moments = [instant(mr.get("created_at")) for mr in mrs]
    known = [moment for moment in moments if moment is not None]
    return min(known) if len(known) == len(moments) else None
