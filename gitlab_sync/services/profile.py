"""One person's profile: who they are, what they have and did, and what there is to fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial

from gitlab_sync.api.profile_readme import ProfileReadme, read_profile_readme
from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.usernames import bare_username
from gitlab_sync.rules.items import worklist
from gitlab_sync.rules.items.as_of import AS_THEY_ARE, AsOf
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.while_open import rules_if_merged
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.run import Run
from gitlab_sync.services import people
from gitlab_sync.services.late import late_sheet
from gitlab_sync.services.open_work import evaluate_open
from gitlab_sync.services.people_data import ITEMS_ONLY, NOT_ALL_GROUPS, PeopleData, PersonData
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport
from gitlab_sync.services.profile_parts import ITEM_PARTS, PARTS, Part, errors_of, parts_of
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import Client, Session
from gitlab_sync.types import TableRow

_TIME_OF_ITEMS = "the time spent is that of their own items, since time logs could not be read"
_NOT_SHOWN = "GitLab does not show the profile README, since its project is not public"


@dataclass(frozen=True, slots=True)
class ProfileQuery:
    """Which person's profile, of which projects and when, and how thoroughly. Immutable.

    The fields are as in `services.PeopleQuery`; `now` is as in an `OpenQuery`.
    """

    username: str
    projects: Sequence[int | str] = ()
    period: Period = field(default_factory=Period)
    quick: bool = False
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None
    clock: tzinfo | None = None
    policy: Policy = CLASSIC
    now: datetime | None = None
    as_of: AsOf = AS_THEY_ARE

    def of_people(self) -> PeopleQuery:
        """Return the same question as one about people, with one person."""
        return PeopleQuery(
            (Person(self.username),),
            projects=self.projects,
            period=self.period,
            quick=self.quick,
            known_by=self.known_by,
            zone=self.zone,
            clock=self.clock,
            policy=self.policy,
            as_of=self.as_of,
        )

    @property
    def checks(self) -> dict[str, Sequence[Check]]:
        """The checks of items, by the title of the table that they are in."""
        mr_checks = self.policy.rules_of_merge_requests(quick=self.quick).checks
        return {tables.MERGE_REQUESTS: mr_checks, tables.ISSUES: self.policy.issues.checks}

    @property
    def titles(self) -> Collection[str]:
        """The titles of the tables of what the person has and did: as of a moment, of items."""
        return self.checks if self.as_of else tables.TABLES

    def in_words(self) -> str:
        """Return in words what counts, for readers of a file."""
        words = self.of_people().in_words().removeprefix("people, ")
        return f"profile of {self.username}, {words}"


class ProfileReport(Report):
    """One person's profile: a report of one row, and its details. Not to be changed.

    `user` is GitLab's record (None: there is no such person). `numbers` are by title, as in the
    row, and `at_least` has the titles of those that can be higher, since something could not be
    read. `errors` has the first error of each part that is not whole. `fixes` says what there is to
    fix, `parts` holds the tables by title, in order. `readme` is the profile README: None if there
    is none, an error if that is unknown. `remarks` says in words what else to know about the
    numbers. `people` is the report that all this was made of, with one row about the same person.
    """

    def __init__(
        self,
        query: ProfileQuery,
        found: PeopleReport,
        read: PeopleData,
        readme: Result[ProfileReadme],
        open_work: Sequence[tuple[OpenItem, Sequence[GitLabSyncError]]] = (),
    ) -> None:
        (person,) = read.people
        (answer,) = found.people.values()
        self.query = query
        self.people = found
        self.unknown_projects = found.unknown_projects
        self.user = person.user
        self.readme = readme
        self.fixes = answer.fixes
        doubtful = bool(self.fixes.unknown)
        of_open = [error for item, errors in open_work if not item.whole for error in errors]
        self.errors = errors_of(read, answer, readme, of_open, doubtful=doubtful)
        items = worklist.in_order(item for item, _ in open_work)
        parts = parts_of(read, answer, query.checks, self.errors, items)
        self.parts = {title: part for title, part in parts.items() if title in query.titles}
        self.numbers = tables.numbers(answer.summary.work, self.errors)
        self.at_least = tables.at_least(self.numbers, self.errors)
        self.remarks = self._remarks(person)
        lost = Counter(short_reason(error) for error in self.errors.values())
        asked = ITEM_PARTS if query.as_of else PARTS
        whole = len([part for part in asked if part not in self.errors])
        completeness = Completeness("parts of the profile", whole, len(asked), lost)
        super().__init__([self._row(found[0])], completeness, warnings=found.warnings)
        self.as_of, self.late = found.as_of, found.late

    def sheets(self, instance: str) -> list[Sheet]:
        """Return the tables of what the person has and did, as exporters take them.

        Their titles are `rules.scores.profile.TABLES`. Where rows are missing, there is a last one
        that is null but for its `Error`, which says why. `instance` is the URL of the GitLab.
        """
        return [self._sheet(title, part, instance) for title, part in self.parts.items()]

    def summaries(self, instance: str) -> list[Sheet]:
        """Return the tables of the row itself, of what to fix, and of what is not known.

        A policy with waivers has one of waived faults, too, and a moment with a grace one of late
        items. All but the first also have such a last
        row, where items can be missing.
        """
        listed = (self.parts[title].error for title in self.query.checks)
        error = next(filter(None, listed), None)
        made = partial(tables.entry_row, says_when=self.fixes.now_first)
        faults = Part([*map(made, self.fixes.faults)], error)
        unknown = Part([*map(made, self.fixes.unknown)], error)
        summaries = {tables.PROFILE: Part(self), tables.TO_FIX: faults, tables.NOT_KNOWN: unknown}
        if self.query.policy.waivers:
            summaries[tables.WAIVED] = Part([*map(made, self.fixes.waived)], error)
        sheets = [self._sheet(title, part, instance) for title, part in summaries.items()]
        if self.query.as_of.grace is not None:
            sheets.append(late_sheet(self.late, self._meta(instance)))
        return sheets

    def _sheet(self, title: str, part: Part, instance: str) -> Sheet:
        columns = tables.columns(title, self.query.checks)
        if title in tables.ENTRIES:
            columns = tables.entry_columns(says_when=self.fixes.now_first)
        rows = [*part.rows]
        if part.error is not None:
            text = f"{'the rest was ' if rows else ''}not read: {part.error.reason}"
            rows.append({**dict.fromkeys(columns), tables.ERROR: text})
        return Sheet(
            title,
            columns,
            rows,
            self._meta(instance),
            links=tables.links(title, columns),
            kinds={column: "integer" for column in columns if column in tables.INTEGERS},
            nothing=tables.NOTHING,
        )

    def _meta(self, instance: str) -> Meta:
        told, query = "; ".join([str(self.completeness), *self.remarks]), self.query
        words, then = query.in_words(), query.as_of.in_words()
        return Meta(self.as_of, instance, told, words, query.policy.shown_name, then)

    def _remarks(self, person: PersonData) -> list[str]:
        readme = self.readme.value
        holds = {
            NOT_ALL_GROUPS: person.groups_cut_short,
            _TIME_OF_ITEMS: "time logs" in self.errors and self.numbers["Time Spent"] is not None,
            _NOT_SHOWN: readme is not None and not readme.public,
            ITEMS_ONLY: bool(self.query.as_of),
        }
        return [remark for remark, told in holds.items() if told]

    def _row(self, found: TableRow) -> TableRow:
        status, errors = found["Status"], [found["Error"]]
        if self.user is not None and self.readme.error is not None:
            status = "Partial" if status == "Success" else status
            errors.append(f"profile README: {self.readme.error.reason}")
        readme = self.readme.value
        return {
            "Username": found["Username"],
            "Name": record.text(self.user, "name") or None,
            "Id": record.identity(self.user),
            "Status": status,
            **self.numbers,
            "Profile README": self._readme_in_a_word(),
            "README Text": None if readme is None else readme.text,
            "Avatar": record.text(self.user, "avatar_url") or None,
            tables.LINK: record.link(self.user),
            "Remarks": "; ".join(self.remarks) or None,
            tables.ERROR: "; ".join(str(error) for error in errors if error) or None,
            "Unverified": found["Unverified"],
        }

    def _readme_in_a_word(self) -> str | None:
        if self.query.as_of or "profile README" in self.errors:
            return None
        if self.readme.value is None:
            return "none"
        return "shown" if self.readme.value.public else "not shown"


def answer(client: Client, query: ProfileQuery, run: Run | None = None) -> ProfileReport:
    """Read and evaluate everything about one person, as the table of people does.

    Errors of single reads never raise: the report has them. Raises NotFound if not one of the
    projects is there, and ConfigurationError for a blank username. Thread-safe.
    """
    if not bare_username(query.username):
        raise ConfigurationError("The username is empty", hint="Give the username of one person.")
    run = run or Run()
    with run.context(client) as session:
        found, read = people.answer_and_data(session, query.of_people(), run)
        if query.as_of:
            return ProfileReport(query, found, read, Result())
        (person,) = read.people
        open_work = _open_work(session, query, found, run)
        try:
            readme = Result(_readme(session, person))
        except GitLabSyncError as error:
            readme = Result(error=error)
        return ProfileReport(query, found, read, readme, open_work)


def _open_work(
    session: Session, query: ProfileQuery, found: PeopleReport, run: Run
) -> list[tuple[OpenItem, Sequence[GitLabSyncError]]]:
    """Return the open merge requests that the person wrote, and the errors met.

    A quick query reads nothing about them: then only what their list says is known.
    """
    (answer,) = found.people.values()
    written = answer.summary.merge_requests
    mrs = [mr for mr in (written.authored if written else ()) if record.state(mr) == "opened"]
    if not query.quick:
        return list(evaluate_open(session, mrs, query.policy, run, query.now))
    now = query.now or datetime.now(UTC)
    rules = rules_if_merged(query.policy.merge_requests, now)
    return [(worklist.open_item(mr, NOTHING, rules, query.policy.terms, now), ()) for mr in mrs]


def _readme(session: Session, person: PersonData) -> ProfileReadme | None:
    if person.user is None:
        return None
    projects = person.projects.value
    known = None if projects is None else projects.personal
    return read_profile_readme(session, person.username, known)
