"""Signatures that match no one: their commits, projects and days, and who they could be of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.cells import Kind
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import shown
from gitlab_sync.rules.identity.alias_text import Assigned
from gitlab_sync.rules.identity.identity import normal_address
from gitlab_sync.rules.identity.suggestions import Signature, suggest
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.text import did_you_mean, plural
from gitlab_sync.run import Run
from gitlab_sync.services.commits import CommitsQuery, CommitsReport, read, settled
from gitlab_sync.services.people_data import PeopleData
from gitlab_sync.services.unsettled import Unsettled, candidates_of, unsettled_of
from gitlab_sync.session.session import Client
from gitlab_sync.types import Record, TableRow

COLUMNS = ("Name", "Address", "Commits", "Projects", "First Day", "Last Day")
"""The titles of the table. With co-authors `CO_AUTHORED` follows `Commits`."""

CO_AUTHORED = "Co-authored"
SUGGESTED = ("Suggested", "Reason")
"""The further titles if suggestions were asked for."""

_KINDS: Mapping[str, Kind] = {
    "Commits": "integer", CO_AUTHORED: "integer", "First Day": "day", "Last Day": "day",
}  # fmt: skip
_MOST_PROJECTS = 3  # that a row names
_ADDRESSES = ("public_email", "commit_email")


@dataclass(frozen=True, slots=True)
class IdentitiesQuery(CommitsQuery):
    """A query as for commits; `with_suggestions` also asks who signatures could be of."""

    with_suggestions: bool = False


class IdentitiesReport(CommitsReport):
    """The people of a run with their totals, and what is known of each unmatched signature.

    `unsettled` are the signatures, those with most commits first.
    """

    def __init__(
        self,
        query: IdentitiesQuery,
        read: PeopleData,
        unknown_projects: Sequence[int | str],
        unread: Sequence[str],
    ) -> None:
        super().__init__(read, unknown_projects, unread)
        self.with_suggestions = query.with_suggestions
        self.with_co_authors = read.request.known_by.co_authors
        self.users = {
            username_key(person.username): person.user
            for person in read.people
            if person.user is not None
        }
        candidates = list(candidates_of(read))
        self._known = {
            each.identity.key: {part.strip().lower() for pair in each.signatures for part in pair}
            | each.identity.emails
            for each in candidates
        }
        mailmap = read.request.known_by.mailmap
        self.unsettled = unsettled_of(settled(read.commits), candidates, mailmap)
        if self.with_suggestions:
            together = {
                each.signature: {key: len(ids) for key, ids in each.together.items()}
                for each in self.unsettled
            }
            found = suggest(together, candidates, together)
            for each in self.unsettled:
                each.suggestions = found[each.signature]

    def without_commits(self) -> Self:
        """Leave out the rows of commits, of which there can be very many; return this report."""
        self.commits = []
        return self

    def row(self, each: Unsettled) -> TableRow:
        """Return the row of a signature."""
        named = sorted(each.projects)
        more = len(named) - _MOST_PROJECTS
        row: TableRow = dict(zip(COLUMNS, (*each.signature, len(each.commits)), strict=False))
        if self.with_co_authors:
            row[CO_AUTHORED] = len(each.co_authored)
        row["Projects"] = ", ".join(named[:_MOST_PROJECTS]) + (f" and {more} more" * (more > 0))
        row["First Day"] = min(each.days, default=None)
        row["Last Day"] = max(each.days, default=None)
        if self.with_suggestions:
            several = len(each.suggestions) > 1
            row["Suggested"] = ", ".join(one.username for one in each.suggestions)
            row["Reason"] = " / ".join(
                f"{one.username}: {one.reason}" if several else one.reason
                for one in each.suggestions
            )
        return row

    def identities_sheet(
        self, query: CommitsQuery, instance: str, unsettled: Iterable[Unsettled] | None = None
    ) -> Sheet:
        """Return the table as exporters take it, of these signatures or of all."""
        columns = [*COLUMNS, *(SUGGESTED if self.with_suggestions else ())]
        if self.with_co_authors:
            columns.insert(COLUMNS.index("Commits") + 1, CO_AUTHORED)
        return Sheet(
            "Identities",
            columns,
            [self.row(each) for each in (self.unsettled if unsettled is None else unsettled)],
            Meta.of_report(self, instance, query.in_words(), query.named_policy),
            kinds=_KINDS,
            nothing=frozenset(SUGGESTED),
        )

    def to_fill_in(self, each: Unsettled) -> tuple[Signature, str, str]:
        """Return a signature as a line to fill in has it: with a username to suggest, and facts."""
        row = self.row(each)
        days = " to ".join(dict.fromkeys(str(row[title]) for title in ("First Day", "Last Day")))
        remark = f"{each.signature[0]}, {plural(len(each.commits), 'commit')}, {days}"
        return each.signature, next((one.username for one in each.suggestions), ""), remark

    def assign(self, given: Iterable[tuple[str, str]], instance: str) -> list[Assigned]:
        """Return the signatures with these addresses, each with its person.

        `given` are pairs of an address (a name without an `@` for signatures by the name) and a
        username; `instance` is the URL of the GitLab. What is known to be theirs is left out.
        Raises ConfigurationError for a person who is not in the run, and for an address or a name
        that matches no signature.
        """
        return [each for what, username in given for each in self._assign(what, username, instance)]

    def _assign(self, what: str, username: str, instance: str) -> list[Assigned]:
        user = self.users.get(username_key(username))
        if user is None:
            known = [str(each.get("username")) for each in self.users.values()]
            raise ConfigurationError(
                f"“{shown(username)}” must be one of the people of this run, and is none of them."
                f"{did_you_mean(username, known)}",
                hint="Name the person as a USER, too.",
            )
        key = normal_address(what)
        if key in self._known[username_key(username)]:
            return []
        found = [
            each for each in self.unsettled
            if key == each.signature["@" in what].strip().lower()
        ]  # fmt: skip
        if not found:
            raise ConfigurationError(
                f"“{shown(what)}” must be the address of an unmatched signature, and is of none",
                hint="Leave --assign out to see all of them.",
            )
        return self.assigned_to(username, found, instance)

    def assigned_to(
        self, username: str, unsettled: Iterable[Unsettled], instance: str
    ) -> list[Assigned]:
        """Return signatures of the report as assigned to one of its people."""
        user = self.users[username_key(username)]
        name, proper = str(user.get("username")), proper_signature(user, instance)
        return [
            Assigned(each.signature, name, tuple(sorted(each.written)), proper)
            for each in unsettled
        ]


def answer(client: Client, query: IdentitiesQuery, run: Run | None = None) -> IdentitiesReport:
    """Read the commits of these people, as `services.commits.answer`, and what matches no one.

    Raises as that. Thread-safe.
    """
    return IdentitiesReport(query, *read(client, query, run, keeps_apart=True))


def proper_signature(user: Record, instance: str) -> Signature:
    """Return the name of a person and an address that is known to be theirs.

    Without one in their record it is the private one that GitLab makes, at the host of `instance`.
    """
    username = record.text(user, "username") or ""
    name = record.text(user, "name") or username
    address = next(filter(None, (record.text(user, key) for key in _ADDRESSES)), None)
    host = urlsplit(instance).hostname or "gitlab"
    return name, address or f"{user.get('id')}-{username}@users.noreply.{host}"
