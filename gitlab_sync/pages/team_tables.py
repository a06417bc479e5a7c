"""The tables of one team of the leaderboard, and what the columns of all its tables mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.scores import profile
from gitlab_sync.rules.scores.badges import BADGES, Badge
from gitlab_sync.rules.scores.contribution import INDEX_COLUMNS
from gitlab_sync.rules.scores.leaderboard import score_columns
from gitlab_sync.rules.scores.work import TITLES
from gitlab_sync.services.leaderboard import LeaderboardReport, PersonAnswer, TeamAnswer
from gitlab_sync.services.summary import PersonSummary
from gitlab_sync.types import TableRow

HELP = {
    "Rank": "By the score; those with the same score share a rank.",
    "Project": "What the team works on, as whoever made the team wrote it.",
    "Team Score": "The sum of the members' scores. “(+1 ?)”: of one member it is not known.",
    "Score": "The sum of the points; unknown if one of the numbers that count is.",
    "Total Commits": "Without merge commits, which are nobody's work.",
    "Morning Commits": "From 9:00 to 12:30 by the author's clock.",
    "Afternoon Commits": "From 12:30 to 17:00 by the author's clock.",
    "MR Created": "Merge requests that the person wrote.",
    "MR Merged": "Merge requests that the person wrote and that are merged.",
    "MR Open": "Merge requests that the person wrote and that are open.",
    "MR Closed": "Merge requests that the person wrote and that were closed without merging.",
    "MR Assigned": "Merge requests assigned to the person, whoever wrote them.",
    "Issues Raised": "Issues that the person wrote.",
    "Issues Closed": "Issues that the person wrote and that are closed.",
    "Issues Assigned": "Issues assigned to the person, whoever wrote them.",
    "Time Spent": "Time booked on merge requests and issues.",
    "Unverified": "Members of whom something is not known: the sums may lack it.",
    "Active Days": "Days on which a commit was made, or a merge request or an issue opened.",
    "Total Days": "The days that were asked about, up to today; the last 53 weeks if no first day "
    "was given.",
    "Consistency": "Active days in percent of all days.",
    "Collaboration": "Merge requests and issues in percent of these and commits together.",
    "Role": "Whether the person wrote it, is assigned to it, or both.",
}
"""What columns mean, in words."""


def unknown_members(board: LeaderboardReport, row: TableRow) -> dict[str, int]:
    """Return for each sum in a team's row of how many members it is not known."""
    result = board.teams[str(row["Team"])].result
    counts = {
        title: sum(work.count(name) is None for work in result.members)
        for name, title in TITLES.items()
    }
    counts["Team Score"] = result.scores.count(None)
    return {title: number for title, number in counts.items() if number}


def badges_in_words(badges: Iterable[Badge] = BADGES) -> str:
    """Say what each badge is for."""
    return "; ".join(f"{badge.title}: {_worth(badge)}" for badge in badges)


def _worth(badge: Badge) -> str:
    names = " + ".join(TITLES.get(name, name.capitalize()) for name in badge.of)
    if badge.by == "evenness":
        return f"{names.replace(' + ', ', ')} most evenly"
    return f"most {names}" + (" in their team" if badge.among == "team" else "")


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of what members did, as a table; `day` is the column that it is sorted by.

    `rows` makes the rows of one member, None where the list could not be read.
    """

    rows: Callable[[PersonSummary], list[TableRow] | None]
    columns: Sequence[str]
    day: str


def _merge_requests(person: PersonSummary) -> list[TableRow] | None:
    if person.merge_requests is None:
        return None
    return [profile.merge_request_row(mr, None, ()) for mr in person.merge_requests.items]


def _issues(person: PersonSummary) -> list[TableRow] | None:
    if person.issues is None:
        return None
    return [profile.issue_row(issue, None, ()) for issue in person.issues.items]


def _commits(person: PersonSummary) -> list[TableRow] | None:
    return None if person.commits is None else [*map(profile.commit_row, person.commits.rows)]


LISTS: Mapping[str, Listed] = {
    "Merge requests": Listed(
        _merge_requests,
        ("Merge Request", "Username", "Title", "State", "Role", "Created", "Merged", "Closed"),
        "Created",
    ),
    "Issues": Listed(
        _issues,
        ("Issue", "Username", "Title", "State", "Role", "Created", "Closed", "Labels"),
        "Created",
    ),
    "Commits": Listed(
        _commits,
        ("Commit", "Username", "Project", "Date", "Time", "Message"),
        "Date",
    ),
}
"""The lists of what members did, by their titles."""


@dataclass(frozen=True, slots=True)
class OneTeam:
    """One team out of a report, as tables that say of themselves what `meta` says. Immutable."""

    board: LeaderboardReport
    name: str
    meta: Meta

    @property
    def answer(self) -> TeamAnswer:
        """What is known of the team."""
        return self.board.teams[self.name]

    @property
    def usernames(self) -> list[str]:
        """The members, sorted, as GitLab spells them."""
        return [str(row["Username"]) for row in self.answer.members]

    def person(self, username: str) -> PersonAnswer:
        """Return what is known of a member."""
        return self.board.people[username]

    def full_name(self, username: str) -> str:
        """Return a member's username, and the full name if it is known."""
        name = record.text(self.person(username).summary.user, "name")
        return f"{username} ({name})" if name else username

    def points(self) -> Sheet:
        """Return the points that make up each member's score."""
        columns = [each for each in score_columns(self.board.query.weights) if each != "Team"]
        rows = [row for row in self.board.scores if row["Team"] == self.name]
        return self._sheet("Points", columns, rows, links={"Username": self._profile})

    def indexes(self) -> Sheet:
        """Return the contribution index of each member."""
        shares = dict.fromkeys(("Consistency", "Collaboration"), "percent")
        links = {"Username": self._profile}
        return self._sheet("Index", INDEX_COLUMNS, self.answer.indexes, links=links, kinds=shares)

    def items(self, title: str) -> Sheet:
        """Return one of `LISTS` of all members, the newest first."""
        listed = LISTS[title]
        rows = [
            {"Username": username, **row}
            for username in self.usernames
            for row in listed.rows(self.person(username).summary) or ()
        ]
        rows.sort(key=lambda row: str(row[listed.day]), reverse=True)
        links = {listed.columns[0]: profile.LINK}
        return self._sheet(title, listed.columns, rows, links=links, nothing=profile.NOTHING)

    def not_whole(self, title: str) -> list[str]:
        """Return the members of whom that list may lack something."""
        return [
            username
            for username in self.usernames
            if self.person(username).work.status != "Success"
            or LISTS[title].rows(self.person(username).summary) is None
        ]

    def _profile(self, row: TableRow) -> str | None:
        username = str(row["Username"])
        exists = self.person(username).summary.user is not None
        return f"{self.meta.instance}/{username}" if exists else None

    def _sheet(
        self, what: str, columns: Sequence[str], rows: Sequence[TableRow], **more: Any
    ) -> Sheet:
        return Sheet(f"{what} of {self.name}", columns, rows, self.meta, **more)
