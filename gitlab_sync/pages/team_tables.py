"""The tables of one team of the leaderboard, and the meaning of all columns of the leaderboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitlab_sync.reports.cells import Kind
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.scores import profile
from gitlab_sync.rules.scores.badges import BADGES, Badge
from gitlab_sync.rules.scores.contribution import CONTRIBUTIONS, INDEX_COLUMNS
from gitlab_sync.rules.scores.leaderboard import score_columns
from gitlab_sync.rules.scores.work import TITLES
from gitlab_sync.services.leaderboard import LeaderboardReport, TeamAnswer
from gitlab_sync.services.summary import PersonSummary
from gitlab_sync.types import TableRow

HELP = {
    "Rank": "By score. Equal scores share a rank.",
    "Project": "The project of the team, as entered.",
    "Team Score": "The total of the members' scores. “(+1 ?)” means that one score is unknown.",
    "Score": "The total of the points. It is unknown if a number that counts is unknown.",
    "Total Commits": "Without merge commits, which count for no one.",
    "Morning Commits": "From 9:00 to 12:30 in the author's time zone.",
    "Afternoon Commits": "From 12:30 to 17:00 in the author's time zone.",
    "MR Created": "Merge requests that the person created.",
    "MR Merged": "Merge requests that the person created and that are merged.",
    "MR Open": "Merge requests that the person created and that are open.",
    "MR Closed": "Merge requests that the person created and that were closed without merging.",
    "MR Assigned": "Merge requests that are assigned to the person, by any author.",
    "Issues Raised": "Issues that the person created.",
    "Issues Closed": "Issues that the person created and that are closed.",
    "Issues Assigned": "Issues that are assigned to the person, by any author.",
    "Time Spent": "Time that was logged on merge requests and issues.",
    "Unverified": "Members with an unknown number. The real totals can be higher.",
    "Active Days": "Days with a commit, a new merge request or a new issue.",
    "Total Days": "The days of the period, up to today. Without a first day: the last 53 weeks.",
    "Consistency": "Active days as a percentage of all days.",
    "Collaboration": "Merge requests and issues as a percentage of all contributions: these and "
    "commits.",
    "Role": "Whether the person is the author, an assignee, or both.",
}
"""The explanations of columns, by title."""

_OF_WORKING_DAYS = {
    "Active Days": "Working days with a commit, a new merge request or a new issue.",
    "Total Days": "The working days of the period, up to today. Without a first day: of the last "
    "53 weeks.",
    "Consistency": "Active days as a percentage of all working days.",
    "Contributions": "Merge requests, issues and commits.",
}
"""Those that a policy changes."""


def unknown_members(board: LeaderboardReport, row: TableRow) -> dict[str, int]:
    """Return for each total of a team's row how many members have an unknown number."""
    result = board.teams[str(row["Team"])].result
    counts = {
        title: sum(work.count(name) is None for work in result.members)
        for name, title in TITLES.items()
    }
    counts["Team Score"] = result.scores.count(None)
    return {title: number for title, number in counts.items() if number}


def badges_in_words(badges: Iterable[Badge] = BADGES) -> str:
    """Return what each badge is for, as text."""
    return "; ".join(f"{badge.title}: {_criterion(badge)}" for badge in badges)


def _criterion(badge: Badge) -> str:
    names = " + ".join(TITLES.get(name, name.capitalize()) for name in badge.of)
    if badge.by == "evenness":
        return f"{names.replace(' + ', ', ')} most evenly"
    return f"most {names}" + (" in their team" if badge.among == "team" else "")


LISTS: Mapping[str, Sequence[str]] = {
    "Merge requests": (
        *("Merge Request", "Username", "Title", "State", "Role"),
        *("Created", "Merged", "Closed"),
    ),
    "Issues": ("Issue", "Username", "Title", "State", "Role", "Created", "Closed", "Labels"),
    "Commits": ("Commit", "Username", "Project", "Date", "Time", "Message"),
}
"""The columns of the lists of items of members, by the titles of their tabs."""


def _items_of(person: PersonSummary, title: str) -> list[TableRow] | None:
    """Return a member's rows of one of `LISTS`; None if the items could not be read."""
    if title == "Commits":
        return None if person.commits is None else [*map(profile.commit_row, person.commits.rows)]
    is_issue = title == "Issues"
    found = person.issues if is_issue else person.merge_requests
    row_of = profile.issue_row if is_issue else profile.merge_request_row
    return None if found is None else [row_of(item, None, ()) for item in found.items]


@dataclass(frozen=True, slots=True)
class OneTeam:
    """One team of a report, as tables with `meta`. Immutable."""

    board: LeaderboardReport
    name: str
    meta: Meta

    @property
    def help(self) -> Mapping[str, str]:
        """The explanations of columns."""
        return {**HELP, **_OF_WORKING_DAYS} if self.meta.policy else HELP

    @property
    def answer(self) -> TeamAnswer:
        """The result of the team."""
        return self.board.teams[self.name]

    @property
    def usernames(self) -> list[str]:
        """The usernames of the members, sorted, as GitLab spells them."""
        return [str(row["Username"]) for row in self.answer.members]

    def full_name(self, username: str) -> str:
        """Return a member's username, with the full name if it is known."""
        name = record.text(self.board.people[username].summary.user, "name")
        return f"{username} ({name})" if name else username

    def points(self) -> Sheet:
        """Return the points of each member's score."""
        columns = [each for each in score_columns(self.board.query.weights) if each != "Team"]
        rows = [row for row in self.board.scores if row["Team"] == self.name]
        links = {"Username": self._profile}
        return Sheet(f"Points of {self.name}", columns, rows, self.meta, links)

    def indexes(self) -> Sheet:
        """Return the contribution index of each member."""
        rows, links = self.answer.indexes, {"Username": self._profile}
        columns = (*INDEX_COLUMNS, CONTRIBUTIONS) if self.meta.policy else INDEX_COLUMNS
        kinds: dict[str, Kind] = {"Consistency": "percent", "Collaboration": "percent"}
        return Sheet(f"Index of {self.name}", columns, rows, self.meta, links, kinds)

    def items(self, title: str) -> Sheet:
        """Return one of `LISTS` with the items of all members, the newest first."""
        columns, day = LISTS[title], "Date" if title == "Commits" else "Created"
        rows = [
            {"Username": username, **row}
            for username in self.usernames
            for row in _items_of(self.board.people[username].summary, title) or ()
        ]
        rows.sort(key=lambda row: str(row[day]), reverse=True)
        name, links = f"{title} of {self.name}", {columns[0]: profile.LINK}
        return Sheet(name, columns, rows, self.meta, links, nothing=profile.NOTHING)

    def incomplete(self, title: str) -> list[str]:
        """Return the members with items that this list might lack."""
        return [
            username
            for username in self.usernames
            if self.board.people[username].work.status != "Success"
            or _items_of(self.board.people[username].summary, title) is None
        ]

    def _profile(self, row: TableRow) -> str | None:
        username = str(row["Username"])
        exists = self.board.people[username].summary.user is not None
        return f"{self.meta.instance}/{username}" if exists else None
