"""Compliance of projects: what is read of each, and many of them judged side by side.

A project costs its record, its list of files (one request for each 100 entries) and one request for
each file that the checks read, which are few: see `rules.project_files`. What the pipeline includes
from the same repository comes on top. Record and list are asked together, then all files together,
so that a project takes three rounds, and many projects take no more.
"""

from __future__ import annotations

import base64
import binascii
import codecs
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from gitlab_sync import plans
from gitlab_sync.api.projects import endpoint, extract_path_from_url
from gitlab_sync.errors import BadResponse, ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.http.urls import encode_id
from gitlab_sync.http.wire import Reply
from gitlab_sync.listing import Follow, Listing, Wanted
from gitlab_sync.outcomes import Completeness, Report, short_reason
from gitlab_sync.plans import Plan, run_plans
from gitlab_sync.reading import Found, read_lists
from gitlab_sync.rest import MAX_WAIT, PER_PAGE, Rest
from gitlab_sync.rules import project as rules
from gitlab_sync.rules import project_files, record
from gitlab_sync.rules.ci_includes import MAX_INCLUDES
from gitlab_sync.rules.project import DEFAULT_POLICY, Policy
from gitlab_sync.rules.project_facts import FileText, ProjectFacts, Unread
from gitlab_sync.types import Progress, Reading, Record, Row
from gitlab_sync.view import Request

if TYPE_CHECKING:
    from gitlab_sync.run import Run

MOST_PAGES = 200
"""Pages of 100 that are read of one list of files: by cursor each page waits for the one before."""

_SYMBOLIC_LINK = "120000"  # the mode in git's trees; what it holds is only where it leads
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TooLarge(GitLabSyncError):
    """A repository holds more files than are listed of one."""

    hint_text = "Files that were not listed may pass checks that are unknown now."


@dataclass(frozen=True, slots=True)
class ProjectRead:
    """What was read of one project. Not to be changed, so threads may share it.

    `facts` is None if not even its record could be read; `errors` holds what was met, the worst
    first.
    """

    facts: ProjectFacts | None
    errors: Sequence[GitLabSyncError] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """One project of a run. Not to be changed, so threads may share it.

    `asked` is what it was asked for by, `row` its row of the table, `project` GitLab's record and
    `report` what was found at the branch, tag or commit `ref`. Without a report it could not be
    read: `project` is `{}` and `ref` empty. `errors` are those met on the way.
    """

    asked: str
    row: Row
    project: Record = field(default_factory=dict)
    ref: str = ""
    report: rules.Report | None = None
    errors: Sequence[GitLabSyncError] = ()

    @property
    def whole(self) -> bool:
        """Whether all that the checks need could be read (some may be unknown all the same)."""
        return self.report is not None and not (self.errors and self.report.unverified)


OnChecked: TypeAlias = Callable[[Checked], None]


class ComplianceReport(Report):
    """The rows of a run, worst first, with what stands behind each, in the same order.

    `checked` has one for each row. `left_out` counts the projects of the group that were not
    judged, by reason: `archived`, `forks`, `marked for deletion`.
    """

    def __init__(
        self, checked: Iterable[Checked], completeness: Completeness, left_out: Counter[str]
    ) -> None:
        by_row = {id(each.row): each for each in checked}
        super().__init__(rules.worst_first(each.row for each in by_row.values()), completeness)
        self.checked = [by_row[id(row)] for row in self]
        self.left_out = left_out


def columns(policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
    """Return the titles of the rows, in order; that of the licence follows the policy."""
    return tuple(rules.error_row("", "", policy))


# -- one project -----------------------------------------------------------------------------------


def check_project(
    client: Rest, path_or_id: int | str, ref: str | None = None, policy: Policy = DEFAULT_POLICY
) -> rules.Report:
    """Judge one project, given its id, path or URL, at a branch, tag or commit (None: the default).

    What could not be read of it is unknown, with the reason. Raises the errors of
    `gitlab_sync.errors` if its record cannot be read, NotFound if there is none. Thread-safe.
    """
    read = plans.run(client, of_project(_name(client, path_or_id), ref))
    if read.facts is None:
        raise read.errors[0]
    return rules.judge(read.facts, policy)


def of_project(project_id: int | str, ref: str | None = None) -> Plan[ProjectRead]:
    """Return the plan that reads what the checks need of one project, given its id or path.

    A list of files that is longer than `MOST_PAGES` breaks off there; the files at the root are
    read all the same, since most of what counts lies there. Links within a repository are not
    followed.
    """
    found = yield {
        "project": Listing(endpoint(project_id), {"license": True}, single=True),
        "tree": _tree(project_id, ref),
    }
    if found["project"].error is not None:
        return ProjectRead(None, [found["project"].error])
    project = found["project"].reading.rows[0]
    number = record.identity(project) or project_id
    here = ref or record.text(project, "default_branch") or "HEAD"
    tree, error = found["tree"].reading, found["tree"].error
    if isinstance(error, TooLarge):
        root = (yield {"root": _tree(number, ref, recursive=False)})["root"].reading
        tree = Reading(_distinct([*tree.rows, *root.rows]), tree.missing)
    elif record.field(project, "empty_repo") is True:
        tree, error = Reading(), None  # GitLab answers 404 for a repository without a commit
    elif isinstance(error, NotFound) and ref:
        tree = Reading((), f"{error.reason}: is there a branch, tag or commit {ref}?")
    files, errors = yield from _files(number, here, tree, project)
    facts = ProjectFacts(project, tree, files, here, record.text(project, "web_url") or "")
    return ProjectRead(facts, errors if error is None else [error, *errors])


def _files(
    number: int | str, ref: str, tree: Reading, project: Record
) -> Plan[tuple[dict[str, FileText], list[GitLabSyncError]]]:
    """Read the files that the checks want, then what the pipeline includes, level by level."""
    texts: dict[str, FileText] = {
        path: Unread("a symbolic link")
        for entry in tree.rows
        if record.text(entry, "mode") == _SYMBOLIC_LINK and (path := record.text(entry, "path"))
    }
    errors: list[GitLabSyncError] = []
    left = MAX_INCLUDES
    wanted = [path for path in project_files.wanted_files(tree, project) if path not in texts]
    while wanted:
        found = yield {path: _file(number, path, ref) for path in wanted}
        for path in wanted:
            texts[path] = _text(found[path], errors)
        wanted = project_files.included_files(texts, tree, project)[:left]
        left -= len(wanted)
    return texts, errors


def _file(number: int | str, path: str, ref: str) -> Listing:
    where = endpoint(number, f"repository/files/{quote(path, safe='')}")
    return Listing(where, {"ref": ref}, single=True)


def _text(found: Found[str], errors: list[GitLabSyncError]) -> FileText:
    """Return what was read of a file; an error is noted, and stands in its place."""
    try:
        if found.error is not None:
            raise found.error
        return _decoded(found.reading.rows[0])
    except GitLabSyncError as error:
        errors.append(error)
        return Unread(error.reason)


def _decoded(file: Record) -> str:
    content = file.get("content")
    if not isinstance(content, str):
        raise BadResponse("The answer holds no content of a file", status=200)
    if record.text(file, "encoding") != "base64":
        return content
    try:
        data = base64.b64decode(content)
    except binascii.Error:
        raise BadResponse("The content of the file is no base64", status=200) from None
    return data.decode("utf-16" if data.startswith(_WIDE) else "utf-8-sig", "replace")


@dataclass(frozen=True, slots=True)
class _Bounded:
    """A list of files that ends in `TooLarge` where it has more than `MOST_PAGES`. Immutable."""

    listing: Listing

    def first(self, rest: Rest) -> Request:
        return self.listing.first(rest)

    def rows(self, data: object) -> list[Record]:
        return self.listing.rows(data)

    def after(self, rest: Rest, place: int, reply: Reply) -> Follow:
        pages = list(self.listing.after(rest, place, reply))
        if any(number >= MOST_PAGES for number, _ in pages):
            read = (place + 1) * PER_PAGE
            raise TooLarge(f"only the first {read:,} of its files and folders were listed")
        return pages


def _tree(project_id: int | str, ref: str | None, *, recursive: bool = True) -> Wanted:
    # Only keyset goes on beyond 50,000 entries.
    params = {"ref": ref or None, "recursive": recursive, "pagination": "keyset"}
    return _Bounded(Listing(endpoint(project_id, "repository/tree"), params))


def _distinct(entries: Iterable[Record]) -> list[Record]:
    """Return the entries of a tree, each path once."""
    return list({str(entry.get("path")): entry for entry in entries}.values())


# -- many projects ---------------------------------------------------------------------------------


def check_projects(
    client: Rest,
    projects: Iterable[int | str] = (),
    group: int | str | None = None,
    ref: str | None = None,
    policy: Policy = DEFAULT_POLICY,
    run: Run | None = None,
    on_checked: OnChecked | None = None,
) -> ComplianceReport:
    """Judge many projects, each given by its id, path or URL, and those of a group.

    The group's subgroups are included; what is shared with it, archived, marked for deletion or a
    fork is left out, unless it is named, too. A project that is named twice is judged once. Errors
    never raise: a project that cannot be read has a row that says so, as has a group whose list
    broke off, and nobody else's row changes. `run` says who watches and what ends it, as for people
    (`batch.Run`); `on_checked` is called after each project, in the calling thread. Raises
    ConfigurationError for input that cannot work. Thread-safe.
    """
    if isinstance(projects, str):
        raise ConfigurationError(f"projects is one text, {projects!r}", hint="Give a list.")
    max_wait = MAX_WAIT if run is None else run.max_wait
    cancel, executor = (None, None) if run is None else (run.cancel, run.executor)
    with client.job(max_wait=max_wait, cancel=cancel, executor=executor) as rest:
        checking = _Checking(rest, ref, policy, run, on_checked)
        names = [name for each in projects if (name := _name(rest, each))]
        return checking.all_of(names, None if group is None else _group_name(rest, group))


class _Checking:
    """One run over projects. For the thread that runs it."""

    def __init__(
        self,
        rest: Rest,
        ref: str | None,
        policy: Policy,
        run: Run | None,
        on_checked: OnChecked | None,
    ) -> None:
        self._rest = rest
        self._ref = ref
        self._policy = policy
        self._meter = None if run is None else run.meter
        self._on_row = None if run is None else run.on_row
        self._on_progress = None if run is None else run.on_progress
        self._on_checked = on_checked
        self._completeness = Completeness("projects")
        self._left_out: Counter[str] = Counter()
        self._checked: list[Checked] = []
        self._done = 0
        self._seen: set[object] = set()
        if self._meter is not None:
            self._meter.attach(rest)

    def all_of(self, names: Iterable[str], group: str | None) -> ComplianceReport:
        """Judge the projects of these names, and those of the group."""
        wanted: dict[str, str] = {}
        for name in names:
            wanted.setdefault(name.lower(), name)
        for number, path in self._members(group):
            if path.lower() not in wanted:
                wanted.setdefault(number, path)
        self._completeness.total = len(wanted)
        if self._meter is not None:
            self._meter.begin(len(wanted))
        self._tell()
        for name, read in run_plans(self._rest, self._plans(wanted)):
            self._take(name, read)
        return ComplianceReport(self._checked, self._completeness, self._left_out)

    def _members(self, group: str | None) -> Iterator[tuple[str, str]]:
        """Read which projects the group has, and yield the id and the path of each."""
        if group is None:
            return
        listing = Listing(
            f"groups/{encode_id(group)}/projects",
            {"include_subgroups": True, "with_shared": False, "order_by": "id", "sort": "asc"},
        )
        _, reading, error = next(read_lists(self._rest, [("projects", listing)]))
        if error is not None:
            self._completeness.lost[f"list of the group {short_reason(error)}"] += 1
            row = rules.error_row(group, f"projects of the group: {error.reason}", self._policy)
            self._add(Checked(group, row, errors=[error]))
        for project in reading.rows:
            number, reason = record.identity(project), _why_left_out(project)
            if reason is not None:
                self._left_out[reason] += 1
            elif number is not None:
                path = record.text(project, "path_with_namespace")
                yield str(number), path or str(number)

    def _plans(self, wanted: dict[str, str]) -> Iterator[tuple[str, Plan[ProjectRead]]]:
        for key, name in wanted.items():
            # Those of a group are asked for by id.
            project_id = key if key.isdigit() else name
            error = self._fault(project_id)
            if error is None:
                yield name, of_project(project_id, self._ref)
            else:
                self._take(name, ProjectRead(None, [error]))

    def _fault(self, project_id: str) -> ConfigurationError | None:
        """Return why this cannot be a project: in the middle of a run it would end all of it."""
        try:
            Listing(endpoint(project_id)).first(self._rest)
        except ConfigurationError as error:
            return error
        return None

    def _take(self, name: str, read: ProjectRead) -> None:
        """Judge a project that was read, and finish its row."""
        self._done += 1
        if self._meter is not None:
            self._meter.step()
        checked = self._judged(name, read)
        number = record.identity(checked.project)
        if number is not None and number in self._seen:
            self._completeness.total -= 1  # it was named in two ways
            return
        self._seen.add(number)
        if checked.whole:
            self._completeness.read += 1
        else:
            self._completeness.lost[_short(checked.errors[0])] += 1
        self._add(checked)
        self._tell()

    def _judged(self, name: str, read: ProjectRead) -> Checked:
        facts = read.facts
        if facts is None:
            row = rules.error_row(name, read.errors[0].reason, self._policy)
            return Checked(name, row, errors=read.errors)
        report = rules.judge(facts, self._policy)
        row = rules.summary_row(facts, report, self._policy)
        return Checked(name, row, facts.project, facts.ref, report, read.errors)

    def _add(self, checked: Checked) -> None:
        self._checked.append(checked)
        if self._on_row is not None:
            self._on_row(checked.row)
        if self._on_checked is not None:
            self._on_checked(checked)

    def _tell(self) -> None:
        if self._on_progress is not None:
            waiting = self._rest.patience.gate.delay()
            total = self._completeness.total
            self._on_progress(Progress(self._done, total, self._rest.requests, waiting))


def _name(client: Rest, path_or_id: int | str) -> str:
    """Return the id or the path that is meant, also by a URL below a prefix of its host."""
    text = str(path_or_id or "").strip().removeprefix(client.base_url + "/")
    return extract_path_from_url(text).strip("/")


def _group_name(client: Rest, group: int | str) -> str:
    name = _name(client, group).removeprefix("groups/")
    if not name:
        raise ConfigurationError("The group is empty", hint="Give its id or path.")
    return name


def _why_left_out(project: Record) -> str | None:
    """Return why a project of a group is not judged, or None if it is."""
    if record.field(project, "archived") is True:
        return "archived"
    if record.field(project, "marked_for_deletion_on"):
        return "marked for deletion"
    return "forks" if record.field(project, "forked_from_project") else None


def _short(error: GitLabSyncError) -> str:
    return "too large" if isinstance(error, TooLarge) else short_reason(error)
