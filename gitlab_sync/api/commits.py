"""Commits: each project's read once for everybody, and whose each of them is.

Everything of all branches is read, whatever the period: GitLab's own `since` and `until` go by the
time of committing and not of writing, and the rule for addresses looks at all of a project's. So a
person has the same commits in a week whether one asks for the week or for the year.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TypeAlias

from gitlab_sync.api.period import given_period
from gitlab_sync.api.projects import endpoint
from gitlab_sync.api.users import user_number
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period, When
from gitlab_sync.rules.identity.attribution import (
    Attribution,
    Unmatched,
    attribute,
    needs_members,
)
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.identity.identity import Identity, identity_of
from gitlab_sync.rules.identity.mailmap import Mailmap
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.scores.commits import commit_row, commit_stats
from gitlab_sync.rules.unique import unique
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import PageSource, RestList
from gitlab_sync.session.session import Client, Session, session_of
from gitlab_sync.session.workflow import Workflow, read_one, run_workflows
from gitlab_sync.types import PartialList, Record, RecordList, TableRow

Stats: TypeAlias = dict[str, int | float | None]

_ALWAYS = Period()
_NO_MAILMAP = Mailmap()
# What GitLab says of a project without a single commit: there was nothing to read.
_NO_REPOSITORY = "repository not found"


# -- read ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProjectCommits:
    """All commits of one project, as far as they could be read. Not to be changed.

    `place` is the project's place among those that were asked for. `members` is None where nobody
    had to look at them. `errors` are those met on the way.
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
) -> Workflow[ProjectCommits]:
    """Return the plan that reads a project's commits, and its members if a name has to decide.

    `project` may be a bare `{"id": n}`, with an id or a path: its record is then read, too.
    """
    where = project.get("id")
    if where is None:
        raise ConfigurationError("A project has no id", hint='Give records such as {"id": 7}.')
    wanted: dict[str, PageSource] = {}
    if not project.get("name"):
        wanted["project"] = RestList(endpoint(where), single=True)
    if not project.get("empty_repo"):
        wanted["commits"] = RestList(endpoint(where, "repository/commits"), {"all": True})
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
    if needs_members(commits.rows, identities, mailmap):
        asked = (yield {"members": RestList(endpoint(where, "members/all"))})["members"]
        members = asked.reading
        errors += [] if asked.error is None else [asked.error]
    return ProjectCommits(place, project, commits, members, tuple(errors))


def _filled(project: Record) -> Record:
    """Return what a bare record does say, but for its id, which may be a path."""
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

    `session` has a context. Each project is read once, however many `identities` there are: one
    listed twice counts at its first place. Errors are in the results.
    """
    distinct = unique(projects, lambda project: str(project.get("id")))
    workflows = (
        (place, of_project(project, identities, place, mailmap))
        for place, project in enumerate(distinct)
    )
    for _, read in run_workflows(session, workflows):
        yield read


# -- divided ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonCommits:
    """One person's commits as rows, their number by project, and the totals.

    `errors` are those of the projects that were looked at: with any, commits may be missing.
    """

    rows: list[TableRow]
    project_counts: dict[str, int]
    stats: Stats
    errors: tuple[GitLabSyncError, ...]


@dataclass(frozen=True, slots=True)
class DividedProject:
    """The commits of one project in the period, each in one place. Not to be changed.

    `people` has those of everybody of the run, by the username in lower case, as GitLab sends
    them. Of all else only ids are kept: of `merges`, of those of `bots` and of `others`,
    and of what matches nobody, with the author's name and address. `missing` says why names could
    not decide.
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

    @property
    def is_fork(self) -> bool:
        """Whether it also holds the commits of another project."""
        return bool(self.project.get("forked_from_project"))


@dataclass(slots=True)
class DividedCommits:
    """The commits of all projects of a run, divided among its people; see `attribute_all`."""

    projects: list[DividedProject] = field(default_factory=list)
    zone: tzinfo | None = None
    _counted: dict[tuple[int, ...], tuple[int, int]] = field(default_factory=dict, repr=False)

    def of(self, username: str, project_ids: Collection[object] | None = None) -> PersonCommits:
        """Return one person's commits, each once: in these projects, or in all (None).

        What lies in a fork and its origin counts for the origin. In a run over many people give
        the person's own projects, so that nobody's number depends on who else was asked for.
        """
        chosen = self._chosen(project_ids)
        names = _names(chosen)
        credited = self.credited(username, project_ids)
        counts = Counter(each.place for each, _ in credited)
        theirs = [commit_row(commit, names[each.place], self.zone) for each, commit in credited]
        return PersonCommits(
            theirs,
            {names[each.place]: counts[each.place] for each in chosen},
            commit_stats(theirs, *self._apart(chosen)),
            tuple(error for each in chosen for error in each.errors),
        )

    def credited(
        self, username: str, project_ids: Collection[object] | None = None
    ) -> list[tuple[DividedProject, Record]]:
        """Return one person's commits as `of` counts them, as GitLab sends them, with where."""
        key = username_key(username)
        placed = (
            (each, commit)
            for each in sorted(self._chosen(project_ids), key=lambda each: each.is_fork)
            for commit in each.people.get(key, ())
        )
        found = unique(placed, lambda pair: record.identity(pair[1]))
        return sorted(found, key=lambda pair: pair[0].place)

    def _apart(self, chosen: Sequence[DividedProject]) -> tuple[int, int]:
        """Return how many merges and unmatched commits these projects hold, each once.

        Most people of a batch have the same projects as others: it is counted once for all.
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
    def unmatched(self) -> list[Unmatched]:
        """The signatures that match nobody, each with the number of its commits; most first.

        Case does not tell them apart; shown is the spelling that sorts first.
        """
        distinct = {sha: who for each in self.projects for sha, who in each.unmatched.items()}
        spelled: defaultdict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for signature in distinct.values():
            spelled[tuple(part.lower() for part in signature)].append(signature)
        found = [Unmatched(*min(theirs), len(theirs)) for theirs in spelled.values()]
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

    `period` goes by the time of writing (`authored_date`). `zone` is for the clock in the rows:
    None is each commit's own. Only what lies in the period is kept, so that memory holds no whole
    histories but those under way. Never raises by itself.
    """
    divider = Divider(identities, period, zone=zone, bots=bots, mailmap=mailmap)
    for each in read:
        divider.add(each)
    return divider.divided


class Divider:
    """What `attribute_all` does, for whoever reads other things in between. Not thread-safe."""

    def __init__(
        self,
        identities: Sequence[Identity],
        period: Period = _ALWAYS,
        *,
        zone: tzinfo | None = None,
        bots: Collection[str] = DEFAULT_BOTS,
        mailmap: Mailmap = _NO_MAILMAP,
    ) -> None:
        self._identities = identities
        self._period = period
        self._bots = bots
        self._mailmap = mailmap
        self._divided = DividedCommits(zone=zone)

    def add(self, read: ProjectCommits) -> None:
        """Divide the commits of one more project."""
        found = attribute(
            read.commits.rows, self._identities, read.members, self._bots, self._mailmap
        )
        self._divided.projects.append(_within(found, read, self._period, self._mailmap))

    @property
    def divided(self) -> DividedCommits:
        """The commits of all projects so far, those in the order in which they were asked for."""
        self._divided.projects.sort(key=lambda each: each.place)
        return self._divided


def _within(
    found: Attribution, read: ProjectCommits, period: Period, mailmap: Mailmap
) -> DividedProject:
    """Return what of a project's commits lies in the period."""

    def inside(commits: Iterable[Record]) -> list[Record]:
        return [each for each in commits if period.contains(record.field(each, "authored_date"))]

    def ids(commits: Iterable[Record]) -> frozenset[object]:
        return frozenset(map(_key, inside(commits)))

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
    )


def _key(commit: Record) -> object:
    """Return what tells a commit from others: its id, or itself where it has none."""
    return record.identity(commit) or object()


def _signature(commit: Record, mailmap: Mailmap) -> tuple[str, str]:
    """Return name and address as rules compare them: what an alias has to be written for."""
    name, address = mailmap.proper(
        *(record.text(commit, key) or "" for key in ("author_name", "author_email"))
    )
    return name.strip(), address.strip()


def _names(projects: Iterable[DividedProject]) -> dict[int, str]:
    """Return the projects' names by place: with the namespace where two have the same."""
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


# -- one person ------------------------------------------------------------------------------------


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

    `user` is a user's record (it may hold `override_email`, `override_username`, `global_email` and
    `global_username`) or id. `projects` are records, which may be bare `{"id": n}`, ids or paths.
    Rows and totals are as in `rules.scores.commits`; `rules.identity.attribution` says whose a
    commit is. The period goes by the time of writing, days are days in `zone` (None: the
    machine's), and times of day are those of `clock` (None: each commit's own).

    Raises the first error met: then commits may be missing, and it carries the rows that were read
    as `.partial`. Thread-safe.
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
    """Return a record that names the person: the one given, or GitLab's where it has only an id."""
    given: Record = {}
    number: object = user
    if isinstance(user, Mapping):
        if record.text(user, "username"):
            return dict(user)
        given, number = _filled(dict(user)), user.get("id")
    return {**read_one(client, f"users/{user_number(number)}"), **given}
