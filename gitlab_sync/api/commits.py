"""Commits: those of each project are read once for all people, and credited to their authors.

All commits of all branches are read, whatever the period: GitLab's own `since` and `until` apply to
the time of committing, not of writing, and the rule for addresses looks at all of a project's. So a
person has the same commits in a week, whether the week or the year is asked for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import TypeAlias

from gitlab_sync.api import groups, users
from gitlab_sync.api.period import given_period
from gitlab_sync.api.projects import SHAPE as PROJECT
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period, When
from gitlab_sync.rules.identity import attribution
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.identity.identity import Identity, identity_of
from gitlab_sync.rules.identity.mailmap import Mailmap
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.scores.commits import commit_row, commit_stats
from gitlab_sync.rules.shape import LIST, NAME, TEXT, TIME, Shape
from gitlab_sync.rules.slots import USUAL_SLOTS, Slots
from gitlab_sync.rules.unique import unique
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import PageSource, RestList
from gitlab_sync.session.session import Client, Session, session_of
from gitlab_sync.session.workflow import Workflow, run_workflow, run_workflows
from gitlab_sync.types import PartialList, Record, RecordList, TableRow

Stats: TypeAlias = dict[str, int | float | None]

_ALWAYS = Period()
_NO_MAILMAP = Mailmap()
# What GitLab answers for a project without a single commit: there was nothing to read.
_NO_REPOSITORY = "repository not found"

_SIGNED = TEXT.or_null()
_SHAPE = Shape(
    "commit",
    {"id": NAME, "author_name": _SIGNED, "author_email": _SIGNED, "parent_ids": LIST},
)
_DATED = Shape("commit", {"authored_date": TIME})


@dataclass(frozen=True, slots=True)
class ProjectCommits:
    """All commits of one project, as far as they could be read. Immutable.

    `place` is the project's place among those asked for. `members` is None if they did not have to
    be read. `errors` are those of this project.
    """

    place: int
    project: Record
    commits: PartialList
    members: PartialList | None = None
    errors: tuple[GitLabSyncError, ...] = ()


def of_project(
    project: Record,
    identities: Sequence[Identity],
    place: int = 0,
    mailmap: Mailmap = _NO_MAILMAP,
    *,
    with_co_authors: bool = False,
) -> Workflow[ProjectCommits]:
    """Return the workflow that reads a project's commits, and its members if a name has to decide.

    `project` can be a bare `{"id": n}`, with an id or a path: then its record is also read. Raises
    ConfigurationError for a project without an id.
    """
    where = project.get("id")
    if where is None:
        raise ConfigurationError("A project must have an id", hint='Such as {"id": 7}.')
    wanted: dict[str, PageSource] = {}
    if not project.get("name"):
        wanted["project"] = RestList(endpoint(where), single=True, shape=PROJECT)
    if not project.get("empty_repo"):
        commits_of = endpoint(where, "repository/commits")
        wanted["commits"] = RestList(commits_of, {"all": True}, shape=_SHAPE)
    found = yield wanted
    if "project" in found and found["project"].reading.rows:
        project = {**found["project"].reading.rows[0], **_filled(project)}
    errors = [
        each.error
        for each in found.values()
        if each.error is not None and not _is_without_repository(each)
    ]
    commits, members = PartialList(), None
    if "commits" in found and not _is_without_repository(found["commits"]):
        commits = found["commits"].reading
    undated = _DATED.malformed(commits.rows)
    errors += [] if undated is None else [undated]
    if attribution.needs_members(
        commits.rows, identities, mailmap, with_co_authors=with_co_authors
    ):
        asked = (yield {"members": groups.members_at(endpoint(where), named=True)})["members"]
        members = asked.reading
        errors += [] if asked.error is None else [asked.error]
    return ProjectCommits(place, project, commits, members, tuple(errors))


def _filled(project: Record) -> Record:
    """Return the known fields of a bare record, without its id, which can be a path."""
    return {key: value for key, value in project.items() if value is not None and key != "id"}


def _is_without_repository(found: ListResult[str]) -> bool:
    return isinstance(found.error, NotFound) and _NO_REPOSITORY in found.error.message.lower()


def read_project_commits(
    session: Session,
    projects: Iterable[Record],
    identities: Sequence[Identity],
    mailmap: Mailmap = _NO_MAILMAP,
) -> Iterator[ProjectCommits]:
    """Read the commits of projects side by side, and yield each project when it is read.

    `session` has a context. Each project is read once, however many `identities` there are; one
    that is listed twice counts at its first place. Errors are in the results.
    """
    distinct = unique(projects, lambda project: str(project.get("id")))
    workflows = (
        (place, of_project(project, identities, place, mailmap))
        for place, project in enumerate(distinct)
    )
    for _, read in run_workflows(session, workflows):
        yield read


@dataclass(frozen=True, slots=True)
class PersonCommits:
    """One person's commits as rows, their number by project, and the totals. Immutable.

    `errors` are those of the projects concerned; if there are any, commits can be missing.
    """

    rows: list[TableRow]
    project_counts: dict[str, int]
    stats: Stats
    errors: tuple[GitLabSyncError, ...]


@dataclass(frozen=True, slots=True)
class DividedProject:
    """The commits of one project in the period, each in one part. Immutable.

    `people` has the commits of the run's people, as GitLab sends them, by username in lower case.
    Of the others only ids are kept: `merges`, those of `bots` and of `others`, and the `unmatched`
    ones with the author's name and address. `missing` says why names could not decide. `apart`
    has the commits of all of these by id, if they were asked for.

    If co-authors were asked for, `co_authored` has the commits that name people of the run, and
    `strange_co_authors` for each id the signatures in the commit that match no one.
    """

    place: int
    project: Record
    people: Mapping[str, Sequence[Record]]
    merges: frozenset[object]
    unmatched: Mapping[object, tuple[str, str]]
    bots: frozenset[object]
    others: frozenset[object]
    missing: str | None
    errors: tuple[GitLabSyncError, ...]
    apart: Mapping[object, Record] = field(default_factory=dict)
    co_authored: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    strange_co_authors: Mapping[object, Collection[tuple[str, str]]] = field(default_factory=dict)

    @property
    def is_fork(self) -> bool:
        """Whether the project also holds the commits of another one."""
        return bool(record.field(self.project, "forked_from_project"))


@dataclass(slots=True)
class DividedCommits:
    """The commits of all projects of a run, divided among its people; see `attribute_all`."""

    projects: list[DividedProject] = field(default_factory=list)
    zone: tzinfo | None = None
    slots: Slots = USUAL_SLOTS
    _counted: dict[tuple[int, ...], tuple[int, int]] = field(default_factory=dict, repr=False)

    def of(
        self,
        username: str,
        project_ids: Collection[object] | None = None,
        lost: Sequence[GitLabSyncError] = (),
    ) -> PersonCommits:
        """Return one person's commits, each once: in these projects, or in all (None).

        A commit in both a fork and its origin counts for the origin. In a run over many people,
        give the person's own projects, so that the number does not depend on the other people.
        `lost` are the errors of further projects of the person.
        """
        chosen = self._chosen(project_ids)
        names = _names(chosen)
        credited = self.credited(username, project_ids)
        counts = Counter(each.place for each, _ in credited)
        theirs = [self.row(commit, names[each.place]) for each, commit in credited]
        errors = (*(error for each in chosen for error in each.errors), *lost)
        return PersonCommits(
            theirs,
            {names[each.place]: counts[each.place] for each in chosen},
            commit_stats(theirs, *self._apart(chosen), whole=not errors),
            errors,
        )

    def credited(
        self, username: str, project_ids: Collection[object] | None = None
    ) -> list[tuple[DividedProject, Record]]:
        """Return the commits that `of` counts, as GitLab sends them, each with its project."""
        key = username_key(username)
        placed = (
            (each, commit)
            for each in sorted(self._chosen(project_ids), key=lambda each: each.is_fork)
            for commit in (*each.people.get(key, ()), *each.co_authored.get(key, ()))
        )
        found = unique(placed, lambda pair: record.identity(pair[1]))
        return sorted(found, key=lambda pair: pair[0].place)

    def row(self, commit: Record, project_name: str) -> TableRow:
        """Return a commit as a row, with the clock and the parts of the day of the run."""
        return commit_row(commit, project_name, self.zone, self.slots)

    def _apart(self, chosen: Sequence[DividedProject]) -> tuple[int, int]:
        """Return the numbers of merges and of unmatched commits in these projects, each once.

        Many people of a batch have the same projects, so the numbers are kept.
        """
        key = tuple(each.place for each in chosen)
        if key not in self._counted:
            merges = {sha for each in chosen for sha in each.merges}
            unmatched = {sha for each in chosen for sha in each.unmatched}
            self._counted[key] = len(merges), len(unmatched)
        return self._counted[key]

    def _chosen(self, project_ids: Collection[object] | None) -> list[DividedProject]:
        if project_ids is None:
            return self.projects
        return [each for each in self.projects if each.project.get("id") in project_ids]

    @property
    def unmatched(self) -> list[attribution.Unmatched]:
        """The names and addresses that match no one, with their numbers of commits; most first.

        Case does not distinguish them; the spelling that sorts first is shown.
        """
        distinct = {sha: who for each in self.projects for sha, who in each.unmatched.items()}
        spelled: defaultdict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for signature in distinct.values():
            spelled[tuple(part.lower() for part in signature)].append(signature)
        found = [attribution.Unmatched(*min(theirs), len(theirs)) for theirs in spelled.values()]
        return sorted(found, key=lambda each: (-each.number, each.name.lower(), each.address))


def attribute_all(
    read: Iterable[ProjectCommits],
    identities: Sequence[Identity],
    period: Period = _ALWAYS,
    *,
    zone: tzinfo | None = None,
    bots: Collection[str] = DEFAULT_BOTS,
    mailmap: Mailmap = _NO_MAILMAP,
) -> DividedCommits:
    """Divide what `read_project_commits` yields among the people of a run, project by project.

    `period` applies to the time of writing (`authored_date`). `zone` is that of the times in the
    rows (None: each commit's own). Only commits in the period are kept, so that memory does not
    hold whole histories. It raises nothing itself.
    """
    divider = Divider(identities, period, zone, bots, mailmap)
    for each in read:
        divider.add(each)
    return divider.divided


@dataclass(slots=True)
class Divider:
    """Does what `attribute_all` does, project by project. Not thread-safe.

    With `keeps_apart`, the commits that no person has are kept, too; `with_co_authors` counts
    co-authors.
    """

    identities: Sequence[Identity]
    period: Period = _ALWAYS
    zone: tzinfo | None = None
    bots: Collection[str] = DEFAULT_BOTS
    mailmap: Mailmap = _NO_MAILMAP
    slots: Slots = USUAL_SLOTS
    keeps_apart: bool = False
    with_co_authors: bool = False
    _projects: list[DividedProject] = field(default_factory=list, init=False)

    def add(self, read: ProjectCommits) -> None:
        """Divide the commits of one more project."""
        found = attribution.attribute(
            read.commits.rows,
            self.identities,
            read.members,
            self.bots,
            self.mailmap,
            with_co_authors=self.with_co_authors,
        )
        divided = _within(found, read, self.period, self.mailmap)
        if self.keeps_apart:
            others = (*found.merges, *found.unmatched, *found.bots, *found.others)
            divided = replace(divided, apart={_key(commit): commit for commit in others})
        self._projects.append(divided)

    @property
    def divided(self) -> DividedCommits:
        """The commits of all projects so far, in the order in which the projects were asked for."""
        ordered = sorted(self._projects, key=lambda each: each.place)
        return DividedCommits(ordered, self.zone, self.slots)


def _within(
    found: attribution.Attribution, read: ProjectCommits, period: Period, mailmap: Mailmap
) -> DividedProject:
    def inside(commits: Iterable[Record]) -> list[Record]:
        return [each for each in commits if period.contains(record.field(each, "authored_date"))]

    def ids(commits: Iterable[Record]) -> frozenset[object]:
        return frozenset(map(_key, inside(commits)))

    strange: defaultdict[object, list[tuple[str, str]]] = defaultdict(list)
    for commit, signature in found.strange_co_authors:
        if period.contains(record.field(commit, "authored_date")):
            strange[_key(commit)].append(signature)
    return DividedProject(
        place=read.place,
        project=read.project,
        people={key: inside(theirs) for key, theirs in found.people.items()},
        merges=ids(found.merges),
        unmatched={_key(commit): _signature(commit, mailmap) for commit in inside(found.unmatched)},
        bots=ids(found.bots),
        others=ids(found.others),
        missing=found.missing,
        errors=read.errors,
        co_authored={key: inside(theirs) for key, theirs in found.co_authored.items()},
        strange_co_authors=strange,
    )


def _key(commit: Record) -> object:
    """Return the id of a commit, or a unique object if it has none."""
    return record.identity(commit) or object()


def _signature(commit: Record, mailmap: Mailmap) -> tuple[str, str]:
    """Return name and address as the rules compare them, and as an alias has to name them."""
    name, address = mailmap.proper(
        *(record.text(commit, key) or "" for key in ("author_name", "author_email"))
    )
    return name.strip(), address.strip()


def _names(projects: Iterable[DividedProject]) -> dict[int, str]:
    """Return the projects' names by place, with the namespace if two names are the same."""
    short = {each.place: _text(each.project, "name") for each in projects}
    times = Counter(short.values())
    return {
        each.place: short[each.place]
        if times[short[each.place]] == 1
        else _text(each.project, "path_with_namespace")
        for each in projects
    }


def _text(project: Record, key: str) -> str:
    return record.text(project, key) or str(project.get("id"))


def get_user_commits(
    client: Client,
    user: Record | int | str,
    projects: Iterable[Record | int | str],
    since: When = None,
    until: When = None,
    *,
    zone: tzinfo | None = None,
    clock: tzinfo | None = None,
) -> tuple[RecordList, dict[str, int], Stats]:
    """Return one person's commits in these projects: rows, their number by project, the totals.

    `user` is a user's record (also with `override_email`, `override_username`, `global_email` and
    `global_username`) or id. `projects` are records, which can be bare `{"id": n}`, ids or paths.
    Rows and totals are as in `rules.scores.commits`; `rules.identity.attribution` decides who wrote
    a commit. The period applies to the time of writing, days are days in `zone` (None: the
    machine's), and times of day are those of `clock` (None: each commit's own).

    Raises the first error, with the rows that were read as `.partial`: commits can be missing then.
    """
    period = given_period(since, until, zone)
    person = identity_of(_known(client, user))
    wanted = [each if isinstance(each, Mapping) else {"id": each} for each in projects]
    with session_of(client).call() as session:
        read = read_project_commits(session, wanted, [person])
        theirs = attribute_all(read, [person], period, zone=clock).of(person.username)
    rows = RecordList(theirs.rows)
    if theirs.errors:
        rows.complete = False
        error = theirs.errors[0]
        error.partial = rows
        raise error
    rows.total = len(rows)
    return rows, theirs.project_counts, theirs.stats


def _known(client: Client, user: Record | int | str) -> Record:
    """Return the record of a person with a username: the one given, else GitLab's for its id."""
    given: Record = {}
    number: object = user
    if isinstance(user, Mapping):
        if record.text(user, "username"):
            return dict(user)
        given, number = _filled(dict(user)), user.get("id")
    return {**run_workflow(client, users.with_id(number)), **given}
