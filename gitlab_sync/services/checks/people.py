"""Checks the work of people: their merge requests and issues that have ended."""

from __future__ import annotations

from collections.abc import Iterable

from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import FactsRead, read_facts
from gitlab_sync.api.projects import endpoint
from gitlab_sync.api.scope import Scope
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.report import Completeness, short_reason
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.ratchet.check_result import CheckResult
from gitlab_sync.rules.ratchet.place import Kind
from gitlab_sync.rules.text import plural
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.run import Run
from gitlab_sync.services.checks.query import CheckQuery, CheckReport, count, no_place, results_of
from gitlab_sync.services.evaluation import find_authors, find_people
from gitlab_sync.services.rows import status_of_absent
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import read_one
from gitlab_sync.types import Record


def check_people(
    session: Session, query: CheckQuery, run: Run, tracker: ProgressTracker
) -> CheckReport:
    """Read and evaluate the work of the people of a query.

    Raises the errors of `gitlab_sync.errors` if the project that it names could not be read.
    """
    return _People(session, query, run, tracker).report()


class _People:
    """A check of people while it is made. For the thread that makes it."""

    def __init__(
        self, session: Session, query: CheckQuery, run: Run, tracker: ProgressTracker
    ) -> None:
        self._session = session
        self._query = query
        self._run = run
        self._tracker = tracker
        self._results: list[CheckResult] = []
        self._unread: dict[str, None] = {}
        self._completeness = Completeness("items")

    def report(self) -> CheckReport:
        """Read the people's merge requests and issues, and evaluate those that have ended."""
        query, policy = self._query, self._query.policy
        names = query.people or ()
        path = None if query.project is None else self._path(query.project)
        scope = Scope(project=path)
        source = facts_for(self._session, self._run, policy.merge_requests)
        authors = find_authors(self._session, names, scope, self._run, policy)
        issues = self._due(find_people(self._session, "issues", names, scope), policy.issues)
        mrs = self._due(authors, policy.merge_requests)
        self._completeness.total = len(mrs) + len(issues)
        self._tracker.begin(self._completeness.total)
        for issue in issues:
            self._take(FactsRead(issue, NOTHING), "issue", policy.issues)
        for read in read_facts(self._session, mrs, source):
            self._take(read, "merge request", policy.merge_requests)
        number = len({username_key(name) for name in names})
        subject = f"{plural(number, 'person')} in {path or 'all projects'}"
        results = sorted(self._results, key=lambda each: each.place)
        checks = (*policy.merge_requests.checks, *policy.issues.checks)
        warnings = WaiverNotes(policy.waivers_of_day, checks).warnings()
        return CheckReport(
            subject, path, results, self._completeness, list(self._unread), warnings=warnings
        )

    def _path(self, project: int | str) -> str:
        """Return the full path of a project, as GitLab spells it."""
        return record.text(read_one(self._session, endpoint(project)), "path_with_namespace") or ""

    def _due(self, people: Iterable[UserItems], rules: RuleSet) -> list[Record]:
        """Return the items to evaluate, each once, and note which lists are not whole."""
        items: list[Record] = []
        for person in people:
            if not person.exists:
                error = None if person.exists is False else person.errors[0]
                self._lose(person.username, status_of_absent(person.username, error)[1], error)
            elif person.problems:
                self._lose(person.username, person.problems[0].reason, person.problems[0])
            items += filter(rules.is_due, person.records)
        return unique_records(items)

    def _lose(self, username: str, reason: str, error: GitLabSyncError | None) -> None:
        """Note that a list of a person is not whole; no error: there is no such person."""
        told = f"{username}: {reason}"
        if told not in self._unread:
            self._unread[told] = None
            self._completeness.lists["not found" if error is None else short_reason(error)] += 1

    def _take(self, read: FactsRead, kind: Kind, rules: RuleSet) -> None:
        self._tracker.step()
        if self._run.on_progress is not None:
            self._run.on_progress(self._tracker.now())
        found = results_of(read, kind, rules, self._query)
        unread = [] if found else [no_place(read.mr)]
        self._unread |= dict.fromkeys(unread)
        count(self._completeness, found, read.errors, unread)
        self._results += found
