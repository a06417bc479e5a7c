"""Reads facts of merge requests from GraphQL, many with one query; the rest from REST.

Whatever GraphQL does not return, or does not return reliably, is read over REST for just those
merge requests and facts. So the result is the same as that of `RestFacts`, for fewer requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gitlab_sync.api.facts.rest import (
    FactSource,
    FactsRead,
    RestFacts,
    costs,
    facts_of,
    has_place,
)
from gitlab_sync.api.graphql.full_path import full_path
from gitlab_sync.api.graphql.further_pages import Place, continued, cursors_of
from gitlab_sync.api.graphql.further_pages import query as further_pages
from gitlab_sync.api.graphql.health import Bulk, GraphQLHealth, Server
from gitlab_sync.api.graphql.page_size import FEW_ROWS, Size
from gitlab_sync.api.graphql.query import WITHOUT_MERGES, is_same, nodes_of, query, readings_of
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.merge_request import RULES
from gitlab_sync.rules.items.merge_request_rules import own_commits
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow, gather
from gitlab_sync.types import PartialList, Record, Source

_LONG = 5
"""Merge requests with further pages in one query: they stay below GitLab's limit of 250."""

_SORTED = 200
"""Merge requests that are sorted by project: a few queries are full, whatever their projects."""

_FEWEST = 2
"""A single one is not worth a query: REST reads its facts in parallel."""


def fact_source(session: Session, choice: Source = "auto", rules: RuleSet = RULES) -> FactSource:
    """Return the source of the facts that `rules` need, for a choice. No request yet.

    `auto` uses GraphQL if the instance has it and more than a handful of merge requests are wanted;
    `graphql` uses it even for a few. If GraphQL cannot be used, REST is, and the log says so: as a
    warning if GraphQL was chosen by name.
    """
    if choice == "rest":
        return RestFacts(rules)
    return GraphQLFacts(session, rules, named=choice == "graphql")


@dataclass(slots=True)
class _Item:
    """A merge request: the path of its project, its number there, the facts wanted and known."""

    mr: Record
    path: str
    iid: str
    wanted: frozenset[str]
    known: dict[str, PartialList] = field(default_factory=dict)
    long: Record | None = None
    """Its answer, if lists of it have further pages."""

    def take(self, node: Record | None) -> None:
        """Take what GraphQL answers about it; without an answer there are no further pages."""
        if node is not None:
            self.known = readings_of(node, self.wanted)
        self.long = node if node is not None and cursors_of(node, self.wanted) else None

    def next_pages(self, rules: RuleSet) -> Place | None:
        """Return the further pages that can decide what is undecided, if there are any."""
        if self.long is None:
            return None
        cursors = cursors_of(self.long, rules.undecided(self.mr, Facts(**self.known)))
        return Place(self.path, self.iid, cursors) if cursors else None

    @property
    def is_whole(self) -> bool:
        """Whether all wanted facts are known."""
        read = (self.known.get(fact) for fact in self.wanted)
        return bool(self.wanted) and all(each is not None and each.whole for each in read)

    @property
    def is_without_merges(self) -> bool:
        """Whether all commits are known but merges, which GraphQL does not list."""
        commits = self.known.get("commits")
        return commits is not None and commits.missing == WITHOUT_MERGES

    def lacks_merges(self, rules: RuleSet) -> bool:
        """Return whether its verdicts depend on its merge commits."""
        facts = Facts(**self.known)
        return "commits" in rules.lacking(rules.rule(self.mr, facts), facts)


class GraphQLFacts:
    """Reads facts from GraphQL, a few dozen merge requests with one query.

    `named` says that GraphQL was chosen by name. What an instance lacks is learnt from its first
    refusal and remembered on the bridge.
    """

    def __init__(self, session: Session, rules: RuleSet, *, named: bool = False) -> None:
        self._rules = rules
        self._base_url = session.base_url
        self._server = session.bridge.of_instance(session.base_url, Server)
        self._attempts = GraphQLHealth(self._server, "facts of merge requests", named=named)
        self._fewest = 1 if named else _FEWEST
        self._rest = RestFacts(rules)
        self._probe: tuple[Record, int] | None = None

    def workflows(self, mrs: Sequence[Record]) -> Iterator[tuple[int, Workflow[list[FactsRead]]]]:
        """Return workflows for a few dozen merge requests each, those of a project together.

        They come in the order of the merge requests but for that, so that the first people are done
        first.
        """
        if mrs and not self._usable:
            self._attempts.end("the instance lacks what is needed")
        if len(mrs) < self._fewest or not self._usable:
            yield from self._rest.workflows(mrs)
            return
        for start in range(0, len(mrs), _SORTED):
            items = map(self._item, mrs[start : start + _SORTED])
            for part in self._parts(sorted(items, key=lambda item: item.path)):
                yield len(part), self._read(part)

    @property
    def _usable(self) -> bool:
        return bool(self._server.schema.facts) and not self._attempts.over

    def _item(self, mr: Record) -> _Item:
        return _Item(
            mr,
            full_path(mr, self._base_url),
            str(mr.get("iid") or ""),
            frozenset(self._rules.undecided(mr) if has_place(mr) else ()),
        )

    def _read(self, items: Sequence[_Item]) -> Workflow[list[FactsRead]]:
        """Ask GraphQL, in smaller parts if need be, and REST for everything still unknown."""
        parts = list(self._parts([item for item in items if item.path and item.wanted]))
        while parts and self._usable:
            asked = {str(place): self._bulk(part) for place, part in enumerate(parts)}
            found = yield asked
            parts = [
                smaller
                for part, (name, bulk) in zip(parts, asked.items(), strict=True)
                for smaller in self._take(part, bulk, found[name])
            ]
        yield from self._read_on(items)
        yield from self._settle_merges(items)
        workflows = {
            str(place): facts_of(item.mr, self._rules, item.known)
            for place, item in enumerate(items)
            if not item.is_whole
        }
        read = yield from gather(workflows)
        whole = [
            read.get(str(place)) or FactsRead(item.mr, Facts(**item.known))
            for place, item in enumerate(items)
        ]
        for item in items:  # which live as long as those of all workflows
            item.known, item.long = {}, None
        return whole

    def _read_on(self, items: Sequence[_Item]) -> Workflow[None]:
        """Ask for further pages of long lists until no check needs them; REST reads the others."""
        while self._usable:
            places = [(item, item.next_pages(self._rules)) for item in items]
            long = [(item, place) for item, place in places if place is not None]
            if not long:
                return
            parts = [long[start : start + _LONG] for start in range(0, len(long), _LONG)]
            found = yield {
                str(number): Bulk(*further_pages([place for _, place in part]), len(part))
                for number, part in enumerate(parts)
            }
            for number, part in enumerate(parts):
                self._continue([item for item, _ in part], found[str(number)])

    def _continue(self, items: Sequence[_Item], found: ListResult[str]) -> None:
        if found.error is not None:
            self._attempts.failed(found.error)
        answer = {} if found.error is not None else found.reading.rows[0]
        for number, item in enumerate(items):
            page = record.field(answer.get(f"p{number}"), "mergeRequest")
            fits = isinstance(page, dict) and is_same(item.mr, page)
            item.take(continued(item.long, page) if fits and item.long else None)

    def _settle_merges(self, items: Sequence[_Item]) -> Workflow[None]:
        """Accept commits without merges as complete, if the rules leave out REST's merges as well.

        One merge request shows whether they do: REST might not report the parents of commits.
        """
        doubted = [item for item in items if item.is_without_merges]
        if self._server.rest_tells_merges is None:
            doubted = [item for item in doubted if item.lacks_merges(self._rules)]
        if doubted and self._server.rest_tells_merges is None:
            if self._probe is None:
                self._probe = doubted[0].mr, len(doubted[0].known["commits"].rows)
            mr, number = self._probe  # of all workflows, so that it is requested once
            commits = replace(costs(mr, self._rules)["commits"], once=True)
            found = (yield {"commits": commits})["commits"]
            if found.error is None:
                told = own_commits(found.reading.rows)
                self._server.rest_tells_merges = len(told) == number
                for item in doubted:
                    if item.mr is mr:
                        item.known["commits"] = found.reading
        if self._server.rest_tells_merges:
            for item in doubted:
                if not item.known["commits"].whole:
                    item.known["commits"] = PartialList(item.known["commits"].rows)

    def _parts(self, items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
        """Cut items, sorted by project, into parts that fit a query at the time it is sent."""
        start = 0
        while start < len(items):
            size, stop = self._server.pages.size, start
            paths: set[str] = set()
            while stop < len(items) and stop - start < size.items:
                paths.add(items[stop].path)
                if len(paths) > size.projects:
                    break
                stop += 1
            yield items[start:stop]
            start = stop

    def _bulk(self, part: Sequence[_Item]) -> Bulk[Size]:
        schema, rows = self._server.schema, self._server.pages.size.rows
        groups = _by_project(part)
        facts = frozenset().union(*(item.wanted for item in part)) & schema.facts
        variables: dict[str, object] = {}
        for place, (path, items) in enumerate(groups.items()):
            variables[f"p{place}"] = path
            variables[f"i{place}"] = list(items)
        text = query(facts, len(groups), rows, tells=schema.tells)
        return Bulk(text, variables, Size(len(part), len(groups), rows))

    def _take(
        self, part: Sequence[_Item], bulk: Bulk[Size], found: ListResult[str]
    ) -> Iterator[Sequence[_Item]]:
        if found.error is not None:
            yield from self._again(part, bulk, found.error)
            return
        answer = found.reading.rows[0]
        self._attempts.passed()
        self._server.pages.passed(bulk.size, answer.get("queryComplexity"))
        # What is taken leaves the answer, so that both are not in memory at once.
        for place, items in enumerate(_by_project(part).values()):
            nodes = nodes_of(answer.pop(f"p{place}", None))
            for iid, item in items.items():
                node = nodes.pop(iid, None)
                if node is not None and is_same(item.mr, node):
                    item.take(node)

    def _again(
        self, part: Sequence[_Item], bulk: Bulk[Size], error: GitLabSyncError
    ) -> Iterator[Sequence[_Item]]:
        """Learn from a failure; yield the parts that another query can bring."""

        def shrink(refusal: str | None) -> None:
            if refusal is None:
                self._server.pages.too_slow(bulk.size)
                return
            self._server.pages.too_complex(bulk.size, refusal)
            if bulk.size.rows <= FEW_ROWS:
                self._attempts.failed(error)

        if not self._attempts.may_ask_again(error, shrink):
            return
        parts = list(self._parts(part))
        if len(parts) > 1 or self._bulk(part) != bulk:
            yield from parts
        else:
            self._attempts.failed(error)


def _by_project(part: Sequence[_Item]) -> dict[str, dict[str, _Item]]:
    groups: dict[str, dict[str, _Item]] = {}
    for item in part:
        groups.setdefault(item.path, {})[item.iid] = item
    return groups
