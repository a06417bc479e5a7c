"""What was read of one person, part by part: the tables of a profile, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gitlab_sync.api.profile_readme import ProfileReadme
from gitlab_sync.api.projects import UserProjects
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError, NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.roles import UserItem
from gitlab_sync.rules.items.tally import Evaluated, Verdicts
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.services.people_data import PeopleData
from gitlab_sync.services.people_report import PersonAnswer
from gitlab_sync.services.summary import PersonSummary
from gitlab_sync.session.result import Result
from gitlab_sync.types import TableRow

PARTS = (
    *("projects", "commits", "groups", "merge requests", "issues", "time logs"),
    *("profile README", "checks"),
)
"""What a profile is read in."""

ITEM_PARTS = ("merge requests", "issues", "checks")
"""Those of a profile as of a moment."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one table, and the error that kept some of them away (None: all are there).

    Not to be changed.
    """

    rows: Sequence[TableRow] = ()
    error: GitLabSyncError | None = None

    @property
    def number(self) -> int | None:
        """How many rows there are; None where some are missing and there are none."""
        return None if self.error is not None and not self.rows else len(self.rows)


def errors_of(
    read: PeopleData,
    answer: PersonAnswer,
    readme: Result[ProfileReadme],
    of_open: Sequence[GitLabSyncError] = (),
    *,
    doubtful: bool,
) -> dict[str, GitLabSyncError]:
    """Return the first error of each of `PARTS` that is not whole; if no one was found, of all.

    `doubtful` says that some verdicts are unknown, and `of_open` are the errors of open work.
    """
    (person,), summary = read.people, answer.summary
    if person.user is None:
        missing = person.error or NotFound(str(summary.error), status=404)
        return dict.fromkeys(PARTS, missing)
    errors = summary.errors
    where_is_known = read.projects_of(person) is not None
    met: dict[str, Sequence[GitLabSyncError]] = {
        "projects": errors.get("projects", ()),
        "commits": errors.get("commits" if where_is_known else "projects", ()),
        "groups": errors.get("groups", ()),
        "merge requests": errors.get("merge requests", ()),
        "issues": errors.get("issues", ()),
        "time logs": [*errors.get("time logs", ()), *errors.get("time", ())],
        "profile README": [] if readme.error is None else [readme.error],
        "checks": [*(answer.errors if doubtful else ()), *of_open],
    }
    return {part: met[part][0] for part in PARTS if met[part]}


def parts_of(
    read: PeopleData,
    answer: PersonAnswer,
    checks: Mapping[str, Sequence[Check]],
    errors: Mapping[str, GitLabSyncError],
    open_work: Iterable[OpenItem] = (),
) -> dict[str, Part]:
    """Return the tables by title, in order; `checks` has those of items, by title, too."""
    summary = answer.summary
    commits, mrs, issues = summary.commits, summary.merge_requests, summary.issues
    rows: dict[str, list[TableRow]] = {
        **_projects(read, summary),
        tables.COMMITS: [*map(tables.commit_row, commits.rows if commits else ())],
        tables.GROUPS: [*map(tables.group_row, summary.groups or ())],
        tables.MERGE_REQUESTS: [
            tables.merge_request_row(mr, verdicts, checks[tables.MERGE_REQUESTS])
            for mr, verdicts in _with_verdicts(mrs, answer.mrs)
        ],
        tables.ISSUES: [
            tables.issue_row(issue, verdicts, checks[tables.ISSUES])
            for issue, verdicts in _with_verdicts(issues, answer.issues)
        ],
        tables.OPEN_WORK: [*map(tables.open_work_row, open_work)],
    }
    return {title: Part(rows[title], errors.get(part)) for title, part in tables.TABLES.items()}


def _projects(read: PeopleData, summary: PersonSummary) -> dict[str, list[TableRow]]:
    """Return the rows of the two tables of projects, each with the person's commits in it."""
    counts = Counter(each.place for each, _ in read.commits.credited(summary.username))
    # Where something of a project was not read, its number is not known.
    numbers = {
        each.project.get("id"): None if each.errors else counts[each.place]
        for each in read.commits.projects
    }
    own = summary.projects or UserProjects([], [])
    return {
        title: [tables.project_row(each, numbers.get(each.get("id"))) for each in projects]
        for title, projects in (
            (tables.PERSONAL, own.personal),
            (tables.CONTRIBUTED, own.contributed),
        )
    }


def _with_verdicts(
    items: UserItems | None, evaluated: Iterable[Evaluated]
) -> list[tuple[UserItem, Verdicts | None]]:
    found = {record.number_id(thing): (thing, said) for thing, said in evaluated}
    with_verdicts: list[tuple[UserItem, Verdicts | None]] = []
    for each in items.items if items else ():
        thing, said = found.get(record.number_id(each.record), (each.record, None))
        with_verdicts.append((replace(each, record=thing), said))
    return with_verdicts
