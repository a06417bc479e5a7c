"""One person in sum: numbers, lists, and what is missing, made of all that was read of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from gitlab_sync.api.commits import PersonCommits, Stats
from gitlab_sync.api.projects import UserProjects
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.scores.work import Number, Work
from gitlab_sync.services.people_data import DailyTime, PeopleData, PersonData
from gitlab_sync.services.rows import reason_in_words, status_of_absent
from gitlab_sync.types import Record, RecordList, Status

Part: TypeAlias = Literal[
    "time", "projects", "commits", "groups", "merge requests", "issues", "time logs"
]
"""What a person's data is read in."""

_NAMES: Mapping[Part, Sequence[str]] = {
    "time": ("time_spent",),
    "projects": ("personal_projects", "contributed_projects"),
    "commits": ("commits", "morning_commits", "afternoon_commits"),
    "groups": ("groups",),
    "merge requests": (
        *("mr_created", "mr_merged", "mr_open", "mr_closed", "mr_assigned", "time_spent"),
    ),
    "issues": ("issues_raised", "issues_open", "issues_closed", "issues_assigned", "time_spent"),
    "time logs": ("time_spent",),
}
"""The numbers of `Work` that come from each part."""

Errors: TypeAlias = Mapping[Part, Sequence[GitLabSyncError]]


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """What is known of one person. Not to be changed, so threads may share it.

    `username` is as GitLab spells it, or as it was typed. `error` says what is missing and why.
    `user` is GitLab's record, None where there is none. A part that could not be read is None, and
    so is one of which nothing was read before an error; `errors` has the errors of each part that
    is not whole. `commits` are the newest first. `daily_time` has seconds by day.
    """

    username: str
    status: Status = "Success"
    error: str | None = None
    user: Record | None = None
    projects: UserProjects | None = None
    commits: PersonCommits | None = None
    groups: RecordList | None = None
    merge_requests: UserItems | None = None
    issues: UserItems | None = None
    daily_time: DailyTime | None = None
    errors: Errors = field(default_factory=dict)

    def without_lists(self) -> PersonSummary:
        """Return who the person is and what is missing, and nothing that was read."""
        return PersonSummary(self.username, self.status, self.error, self.user)

    @property
    def time_spent(self) -> Number | None:
        """The sum of the time spent, in seconds."""
        return None if self.daily_time is None else sum(self.daily_time.values())

    @property
    def work(self) -> Work:
        """All numbers of the person."""
        commits: Stats = {} if self.commits is None else self.commits.stats
        mrs, issues = _numbers(self.merge_requests), _numbers(self.issues)
        projects = self.projects
        return Work(
            username=self.username,
            status=self.status,
            commits=_whole(commits, "total"),
            morning_commits=_whole(commits, "morning_commits"),
            afternoon_commits=_whole(commits, "afternoon_commits"),
            mr_created=mrs.get("total"),
            mr_merged=mrs.get("merged"),
            mr_open=mrs.get("opened"),
            mr_closed=mrs.get("closed"),
            mr_assigned=mrs.get("assigned"),
            issues_raised=issues.get("total"),
            issues_open=issues.get("opened"),
            issues_closed=issues.get("closed"),
            issues_assigned=issues.get("assigned"),
            time_spent=self.time_spent,
            groups=None if self.groups is None else len(self.groups),
            personal_projects=None if projects is None else len(projects.personal),
            contributed_projects=None if projects is None else len(projects.contributed),
            partial=frozenset(name for part in self.errors for name in _NAMES.get(part, ())),
        )


def summaries(read: PeopleData) -> list[PersonSummary]:
    """Return the summary of each person, in the order of the request."""
    return [summary_of(read, person) for person in read.people]


def summaries_of(parts: Iterable[PeopleData]) -> Iterator[PersonSummary]:
    """Yield the summary of each person of all parts; one part is let go before the next is read."""
    for read in parts:
        yield from summaries(read)
        del read


def summary_of(read: PeopleData, person: PersonData) -> PersonSummary:
    """Return one person's summary; all commits must have been read."""
    if person.user is None:
        status, error = status_of_absent(person.query.username, person.error)
        return PersonSummary(person.query.username, status, error)
    commits = read.commits_of(person)
    errors = _errors(person, commits)
    texts = dict.fromkeys(
        reason_in_words(error, part) for part, several in errors.items() for error in several
    )
    return PersonSummary(
        username=record.text(person.user, "username") or person.query.username,
        status="Partial" if texts else "Success",
        error="; ".join(texts) or None,
        user=person.user,
        projects=person.projects.value,
        commits=_newest_first(commits),
        groups=person.groups.value,
        merge_requests=person.items("merge_requests"),
        issues=person.items("issues"),
        daily_time=person.daily_time.value,
        errors=errors,
    )


def _errors(person: PersonData, commits: PersonCommits | None) -> Errors:
    mrs, issues, projects = person.merge_requests, person.issues, person.projects.value
    met: dict[Part, Sequence[GitLabSyncError | None]] = {
        "time": [person.daily_time.error],
        "projects": [person.projects.error] if projects is None else projects.errors,
        "commits": () if commits is None else commits.errors,
        "groups": [person.groups.error],
        "merge requests": [mrs.error] if mrs.value is None else mrs.value.problems,
        "issues": [issues.error] if issues.value is None else issues.value.problems,
        "time logs": [person.time_logs.error],
    }
    found = {part: [*filter(None, several)] for part, several in met.items()}
    return {part: errors for part, errors in found.items() if errors}


def _newest_first(commits: PersonCommits | None) -> PersonCommits | None:
    """Return the commits, newest first; None if an error came before any could be read."""
    if commits is None or (commits.errors and not commits.rows):
        return None
    rows = sorted(commits.rows, key=lambda row: (str(row["date"]), str(row["time"])), reverse=True)
    return replace(commits, rows=rows)


def _numbers(items: UserItems | None) -> Mapping[str, int]:
    """Return how many items there are in all, by state, and assigned; none where it is unknown."""
    return {} if items is None else items.numbers({state: state for state in _STATES})


_STATES = ("merged", "opened", "closed")


def _whole(stats: Stats, key: str) -> int | None:
    number = stats.get(key)
    return None if number is None else int(number)
