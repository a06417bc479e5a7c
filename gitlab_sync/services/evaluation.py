"""Fan-out over people: their merge requests and issues found, judged and counted, a row for each.

The lists of all people are read first, then the facts of all their merge requests together; leaves
run on the pool, and everything else in the calling thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from gitlab_sync.api import users
from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import read_facts
from gitlab_sync.api.graphql.lists import AT_ONCE, Lists, lists_for
from gitlab_sync.api.graphql.records import Listed
from gitlab_sync.api.scope import Kind, Scope
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report, commonest, short_reason
from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.table import (
    ISSUE_COLUMNS,
    MERGE_REQUEST_COLUMNS,
    Status,
    by_username,
    row,
)
from gitlab_sync.rules.items.tally import Evaluated, Tally, Verdicts
from gitlab_sync.run import Run
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import Workflow, gather, run_workflows
from gitlab_sync.types import Record, TableRow

_MOST_REASONS = 3


@dataclass(slots=True)
class Person:
    """One person of a run: the name as typed, then what was found.

    `items` are distinct by id; `error` is what ended the list, or the look-up; `exists` is None
    until that is known.
    """

    username: str
    items: list[Record] = field(default_factory=list)
    error: GitLabSyncError | None = None
    exists: bool | None = None

    def status(self, unverified: int) -> Status:
        """Return the row's status, `unverified` being the number of unknown pairs."""
        if self.exists is False:
            return "Not Found"
        if self.exists is None:
            return "Error"
        return "Partial" if self.error is not None or unverified else "Success"


def evaluate_merge_requests(
    client: Client, usernames: Iterable[str], scope: Scope | None = None, run: Run | None = None
) -> Report:
    """Judge all ended merge requests of these people: a row for each, sorted by username.

    Columns and status are as in `rules.items.table`. Errors of single reads never raise: they are
    in the rows. When `run.cancel` ends it, the rows say what was not read. Raises
    ConfigurationError for input that cannot work. Thread-safe.
    """
    run = run or Run()
    with run.context(client) as session:
        source = facts_for(session, run)
        sheet = _Sheet("merge requests", MERGE_REQUEST_COLUMNS, run, session)
        scope = scope or Scope()
        names = users.distinct_usernames(usernames)
        lists = lists_for(session, scope, run.source, len(names))
        people = find_people(session, "merge_requests", names, scope, lists)
        wanted = sheet.begin(people, mr_rules.is_terminal, mr_rules.count_row)
        for found in read_facts(session, wanted, source):
            sheet.judged(found.mr, mr_rules.evaluate(found.mr, found.facts), found.errors)
        return sheet.report()


def evaluate_issues(
    client: Client, usernames: Iterable[str], scope: Scope | None = None, run: Run | None = None
) -> Report:
    """Count and judge all issues of these people, as `evaluate_merge_requests` does.

    Everything stands in the lists, so that they are all that it costs.
    """
    run = run or Run()
    with run.context(client) as session:
        sheet = _Sheet("issues", ISSUE_COLUMNS, run, session)
        people = find_people(session, "issues", usernames, scope or Scope())
        for issue in sheet.begin(people, issue_rules.is_closed, issue_rules.count_row):
            sheet.judged(issue, issue_rules.evaluate(issue), ())
        return sheet.report()


def find_people(
    session: Session, kind: Kind, usernames: Iterable[str], scope: Scope, lists: Lists | None = None
) -> list[Person]:
    """Read everybody's list, and look up only those whose list is empty.

    `lists` reads merge requests of the scope for several people at once, and REST all else.
    """
    names = users.distinct_usernames(usernames)
    size = 1 if lists is None else AT_ONCE
    starts = range(0, len(names), size)
    workflows = ((at, _find_some(names[at : at + size], kind, scope, lists)) for at in starts)
    found = dict(run_workflows(session, workflows))
    return [person for at in starts for person in found[at]]


def _find_some(
    usernames: Sequence[str], kind: Kind, scope: Scope, lists: Lists | None
) -> Workflow[list[Person]]:
    """Find several people."""
    known: dict[str, Listed] = {} if lists is None else (yield from lists.read(usernames))
    unread = {name: _find(name, kind, scope) for name in usernames if name not in known}
    found = yield from gather(unread)
    return [found[name] if name in found else _found(known[name]) for name in usernames]


def _found(listed: Listed) -> Person:
    return Person(listed.username, listed.items, exists=True)


def _find(username: str, kind: Kind, scope: Scope) -> Workflow[Person]:
    """Find one person: an item is proof enough that its author exists, and tells the spelling."""
    person = Person(username)
    listed = (yield {"items": scope.rest_list(kind, username)})["items"]
    person.error = listed.error
    person.items = list(_first_by_id(listed.reading.rows).values())
    if person.items:
        person.exists = True
        person.username = _spelled(person)
    elif listed.error is None:
        looked_up = (yield {"user": users.by_username(username)})["user"]
        person.error = looked_up.error
        if looked_up.error is None:
            names = [str(user.get("username") or "") for user in looked_up.reading.rows]
            matching = [name for name in names if name.lower() == username.lower()]
            person.exists = bool(matching)
            person.username = matching[0] if matching else username
    return person


def _spelled(person: Person) -> str:
    """Return the name as GitLab spells it, from the people on the items."""
    wanted = person.username.lower()
    for item in person.items:
        for user in (item.get("author"), item.get("assignee"), *(item.get("assignees") or ())):
            name = user.get("username") if isinstance(user, dict) else None
            if isinstance(name, str) and name.lower() == wanted:
                return name
    return person.username


def _identity(item: Record) -> object:
    """Return what tells an item from others: its id, or itself where it has none."""
    return item.get("id") or id(item)


def _first_by_id(items: Iterable[Record]) -> dict[object, Record]:
    found: dict[object, Record] = {}
    for item in items:
        found.setdefault(_identity(item), item)
    return found


class _Sheet:
    """The rows of a run as they come, and how complete they are. For the thread that runs it."""

    def __init__(self, what: str, columns: Sequence[str], run: Run, session: Session) -> None:
        self._columns = columns
        self._run = run
        self._tracker = run.tracker or ProgressTracker()
        self._tracker.attach(session)
        self._completeness = Completeness(what)
        self._verdicts: dict[object, Verdicts] = {}
        self._trouble: dict[object, Sequence[GitLabSyncError]] = {}
        self._owners: dict[object, list[Person]] = {}
        self._awaited: Counter[str] = Counter()
        self._rows: list[TableRow] = []
        self._count: Callable[[Iterable[Evaluated]], Tally]

    def begin(
        self,
        people: Iterable[Person],
        is_judged: Callable[[Record], bool],
        count: Callable[[Iterable[Evaluated]], Tally],
    ) -> list[Record]:
        """Take the people and return the items to judge, each once, in the order of people."""
        self._count = count
        wanted: dict[object, Record] = {}
        ready = []
        for person in people:
            if person.error is not None:
                self._completeness.lists[short_reason(person.error)] += 1
            items = [item for item in person.items if is_judged(item)]
            self._awaited[person.username] = len(items)
            for item in items:
                wanted[_identity(item)] = item
                self._owners.setdefault(_identity(item), []).append(person)
            if not items:
                ready.append(person)
        self._completeness.total = len(wanted)
        self._tracker.begin(len(wanted))
        self._tell()
        for person in ready:
            self._finish(person)
        return list(wanted.values())

    def judged(self, item: Record, verdicts: Verdicts, errors: Sequence[GitLabSyncError]) -> None:
        """Take one judged item, and finish the rows that it completes."""
        key = _identity(item)
        self._verdicts[key] = verdicts
        if all(verdict.result != "unknown" for verdict in verdicts.values()):
            self._completeness.read += 1
        else:
            self._trouble[key] = errors
            reason = short_reason(errors[0]) if errors else "unclear"
            self._completeness.lost[reason] += 1
        self._tracker.step()
        self._tell()
        for person in self._owners[key]:
            self._awaited[person.username] -= 1
            if not self._awaited[person.username]:
                self._finish(person)

    def _tell(self) -> None:
        if self._run.on_progress is not None:
            self._run.on_progress(self._tracker.now())

    def _finish(self, person: Person) -> None:
        keyed = [(_identity(item), item) for item in person.items]
        tally = self._count((item, self._verdicts.get(key, {})) for key, item in keyed)
        status = person.status(tally.unverified)
        errors = [] if person.error is None else [person.error]
        errors += [error for key, _ in keyed for error in self._trouble.get(key, ())]
        why = _why(person, status, errors)
        cells = row(self._columns, person.username, tally.cells, status, why, tally.unverified)
        self._rows.append(cells)
        if self._run.on_row is not None:
            self._run.on_row(cells)

    def report(self) -> Report:
        """Return all rows, sorted."""
        return Report(by_username(self._rows), self._completeness)


def _why(person: Person, status: Status, errors: Sequence[GitLabSyncError]) -> str | None:
    """Return the text of the `Error` column: the commonest reasons, with their numbers."""
    if status == "Not Found":
        return f"404 there is no user {person.username!r}"
    if status == "Success":
        return None
    reasons = Counter(error.reason for error in errors)
    texts = [
        reason if count == 1 else f"{reason} ({count} times)"
        for reason, count in commonest(reasons)[:_MOST_REASONS]
    ]
    if len(reasons) > _MOST_REASONS:
        texts.append(f"and {len(reasons) - _MOST_REASONS} other reasons")
    return "; ".join(texts) or "some records lack what a check needs"
