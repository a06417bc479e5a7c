"""What was read of one person, part by part: the tables of a profile, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitlab_sync.api.profile_readme import ProfileReadme
from gitlab_sync.errors import GitLabSyncError, NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.tally import Evaluated, Verdicts
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.services.people import PersonAnswer
from gitlab_sync.services.people_data import PeopleData, PersonData
from gitlab_sync.session.result import Result
from gitlab_sync.types import Record, TableRow

PARTS = (
    *("projects", "commits", "groups", "merge requests", "issues", "time logs"),
    *("profile README", "checks"),
)
"""What a profile is read in."""


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
    read: PeopleData, answer: PersonAnswer, readme: Result[ProfileReadme], *, doubtful: bool
) -> dict[str, GitLabSyncError]:
    """Return the first error of each of `PARTS` that is not whole; of nobody, none is.

    `doubtful` says that there are verdicts that nobody knows.
    """
    (person,) = read.people
    if person.user is None:
        nobody = person.error or NotFound(str(answer.outcome["error"]), status=404)
        return dict.fromkeys(PARTS, nobody)
    parts, commits = person.parts, read.commits_of(person)
    met: dict[str, Iterable[GitLabSyncError | None]] = {
        "projects": [parts["projects"].error],
        "commits": [parts["projects"].error] if commits is None else commits.errors,
        "groups": [parts["groups"].error],
        "time logs": [parts["time logs"].error, parts["time"].error],
        "profile README": [readme.error],
        "checks": answer.errors if doubtful else (),
    }
    for kind in ("merge requests", "issues"):
        found = parts[kind].value
        met[kind] = [parts[kind].error] if found is None else found.errors
    first = ((part, next(filter(None, met[part]), None)) for part in PARTS)
    return {part: error for part, error in first if error is not None}


def parts_of(
    read: PeopleData,
    answer: PersonAnswer,
    checks: Mapping[str, Sequence[Check]],
    errors: Mapping[str, GitLabSyncError],
) -> dict[str, Part]:
    """Return the tables by title, in order; `checks` has those of items, by title, too."""
    (person,) = read.people
    data: Record = answer.outcome["data"] or {}
    # The outcome has only a part of each group's record.
    groups = person.parts["groups"].value if data else None
    rows: dict[str, list[TableRow]] = {
        **_projects(read, person, data),
        tables.COMMITS: [*map(tables.commit_row, data.get("commits") or ())],
        tables.GROUPS: [*map(tables.group_row, groups or ())],
        tables.MERGE_REQUESTS: [
            tables.merge_request_row(mr, verdicts, checks[tables.MERGE_REQUESTS])
            for mr, verdicts in _with_verdicts(data.get("mrs"), answer.mrs)
        ],
        tables.ISSUES: [
            tables.issue_row(issue, verdicts, checks[tables.ISSUES])
            for issue, verdicts in _with_verdicts(data.get("issues"), answer.issues)
        ],
    }
    return {title: Part(rows[title], errors.get(part)) for title, part in tables.TABLES.items()}


def _projects(read: PeopleData, person: PersonData, data: Record) -> dict[str, list[TableRow]]:
    """Return the rows of the two tables of projects, each with the person's commits in it."""
    own: Mapping[str, list[Record]] = data.get("projects") or {}
    counts = Counter(each.place for each, _ in read.commits.credited(person.username))
    # Where something of a project was not read, its number is not known.
    numbers = {
        each.project.get("id"): None if each.errors else counts[each.place]
        for each in read.commits.projects
    }
    kinds = {tables.PERSONAL: "personal", tables.CONTRIBUTED: "contributed"}
    return {
        title: [tables.project_row(each, numbers.get(each.get("id"))) for each in own.get(kind, ())]
        for title, kind in kinds.items()
    }


def _with_verdicts(
    items: Iterable[Record] | None, judged: Iterable[Evaluated]
) -> list[tuple[Record, Verdicts | None]]:
    """Return all items of a list; None stands for the verdicts of those that are not judged."""
    verdicts = {_key(thing): said for thing, said in judged}
    return [(each, verdicts.get(_key(each))) for each in items or ()]


def _key(thing: Record) -> tuple[object, object]:
    return record.field(thing, "project_id"), record.field(thing, "iid")
