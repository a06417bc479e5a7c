"""Everything about people, in the shapes that programs know: a record for each, and its status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gitlab_sync.api import issues, merge_requests, projects, users
from gitlab_sync.api.period import given_period
from gitlab_sync.errors import (
    AuthenticationError,
    Cancelled,
    ConfigurationError,
    GitLabSyncError,
)
from gitlab_sync.rules.dates import When
from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.run import Run
from gitlab_sync.services.people_data import PeopleData, PeopleRequest, PersonData, PersonQuery
from gitlab_sync.services.people_reader import read_people
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client, Session, session_of
from gitlab_sync.session.workflow import Workflow, as_result, run_workflows
from gitlab_sync.types import OnProgress, Record

_GROUP = ("name", "full_path", "visibility")
_OVERRIDES = ("override_email", "override_username", "time_since", "time_until")


def process_single_user(
    client: Client,
    username: str,
    since: When = None,
    until: When = None,
    project_ids: Sequence[int | str] | None = None,
    override_email: str | None = None,
    override_username: str | None = None,
    time_since: When = None,
    time_until: When = None,
) -> Record | None:
    """Return all about one person as `{"username", "status", "error", "data"}`; None if unnamed.

    Status is `Success`, `Partial` (with what is missing in `error`), `Not Found` or `Error`.
    `since` and `until` go by creation, and for commits by the time of writing; `time_since` and
    `time_until` bound time logs alone. `data` is None unless something was read; what could not be
    read is None in it. Raises ConfigurationError for dates that cannot be. Thread-safe.
    """
    overrides = {
        "override_email": override_email,
        "override_username": override_username,
        "time_since": time_since,
        "time_until": time_until,
    }
    found = process_batch_users(
        client, [username], since, until, project_ids, {str(username): overrides}
    )
    return found[0] if found else None


def process_batch_users(
    client: Client,
    usernames: Iterable[str],
    since: When = None,
    until: When = None,
    project_ids: Sequence[int | str] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    on_progress: OnProgress | None = None,
    *,
    run: Run | None = None,
) -> list[Record]:
    """Return what `process_single_user` does for many people, in the order of input.

    Blank names are left out, and the same name in another case counts once. `overrides` has for a
    username any of `override_email, override_username, time_since, time_until`; an empty text is
    none. `on_progress` gets a `Progress` whose items are people. Thread-safe.
    """
    batch = PeopleRequest(
        _queries(usernames, since, until, overrides or {}),
        given_period(since, until),
        tuple(project_ids or ()),
    )
    return outcomes(read_people(client, batch, run or Run(on_progress=on_progress)))


def outcomes(read: PeopleData) -> list[Record]:
    """Return what `process_batch_users` does, of people who have been read. Never raises."""
    return [outcome_of(read, person) for person in read.people]


def outcome_of(read: PeopleData, person: PersonData) -> Record:
    """Return one person's outcome, as `outcomes` has it. Never raises."""
    return _Outcome(read, person).result()


def resolve_project_paths(
    client: Client, paths: Iterable[int | str]
) -> tuple[list[int], list[int | str]]:
    """Return `(ids, failed)`: the ids of projects named by path, URL or id, and what is none.

    `failed` has those that do not exist or may not be read, as they were given. Raises
    AuthenticationError and Cancelled, which are nobody's fault in particular. Thread-safe.
    """
    given = [path for path in dict.fromkeys(paths) if str(path).strip()]
    ids: list[int] = []
    failed: list[int | str] = []
    with session_of(client).call() as session:
        workflows = (
            (number, as_result(_project(session, path))) for number, path in enumerate(given)
        )
        found = dict(run_workflows(session, workflows))
    for number, path in enumerate(given):
        outcome = found[number]
        if isinstance(outcome.error, AuthenticationError | Cancelled):
            raise outcome.error
        if outcome.error is not None or outcome.value is None:
            failed.append(path)
        else:
            ids.append(outcome.value)
    return ids, failed


def _project(session: Session, path: int | str) -> Workflow[int]:
    name = projects.extract_path_from_url(str(path).removeprefix(session.base_url + "/"))
    found = (yield {"project": RestList(projects.endpoint(name), single=True)})["project"]
    if found.error is not None:
        raise found.error
    return int(found.reading.rows[0]["id"])


def _queries(
    usernames: Iterable[str],
    since: When,
    until: When,
    overrides: Mapping[str, Mapping[str, Any]],
) -> list[PersonQuery]:
    named = {str(name).strip().removeprefix("@").lower(): each for name, each in overrides.items()}
    queries = []
    for name in users.distinct_usernames(usernames):
        given = {key: value for key, value in named.get(name.lower(), {}).items() if value}
        unknown = set(given) - set(_OVERRIDES)
        if unknown:
            raise ConfigurationError(
                f"There is no override {', '.join(sorted(unknown))} (for {name})",
                hint=f"Give any of {', '.join(_OVERRIDES)}.",
            )
        time_since, time_until = given.pop("time_since", since), given.pop("time_until", until)
        queries.append(PersonQuery(name, given_period(time_since, time_until), given))
    return queries


class _Outcome:
    """One person's outcome under way: what is missing from it is noted as its parts are taken."""

    def __init__(self, read: PeopleData, person: PersonData) -> None:
        self._read = read
        self._person = person
        self._missing: dict[str, None] = {}

    def result(self) -> Record:
        """Return the outcome."""
        person = self._person
        if person.user is None:
            username = person.query.username
            error = f"404 there is no user {username!r}"
            status = "Not Found" if person.error is None else "Error"
            text = error if person.error is None else person.error.reason
            return {"username": username, "status": status, "error": text, "data": None}
        daily = self._part("time")
        data = {
            "user": person.user,
            "projects": self._part("projects"),
            **self._commits(),
            "groups": self._groups(),
            **self._items("merge requests"),
            **self._items("issues"),
            "total_time_spent_seconds": None if daily is None else sum(daily.values()),
        }
        self._part("time logs")
        return {
            "username": person.user.get("username"),
            "status": "Partial" if self._missing else "Success",
            "error": "; ".join(self._missing) or None,
            "data": data,
        }

    def _part(self, name: str) -> Any:
        """Return a part, or None and a note of why it is missing."""
        outcome = self._person.parts[name]
        if outcome.error is not None:
            self._miss(name, outcome.error)
        return outcome.value

    def _miss(self, what: str, error: GitLabSyncError) -> None:
        self._missing[f"{what}: {error.reason}"] = None

    def _commits(self) -> Record:
        theirs = self._read.commits_of(self._person)
        if theirs is None:
            return {"commits": None, "commit_stats": None}
        for error in theirs.errors:
            self._miss("commits", error)
        if theirs.errors and not theirs.rows:
            return {"commits": None, "commit_stats": None}  # there may be some all the same
        newest_first = sorted(
            theirs.rows, key=lambda row: (str(row["date"]), str(row["time"])), reverse=True
        )
        return {"commits": newest_first, "commit_stats": theirs.stats}

    def _groups(self) -> list[Record] | None:
        found = self._part("groups")
        if found is None:
            return None
        return [{key: group.get(key) for key in _GROUP} for group in found]

    def _items(self, kind: str) -> Record:
        """Return rows, statistics and quality of merge requests or of issues."""
        name = "mr" if kind == "merge requests" else "issue"
        read = self._part(kind)
        for error in () if read is None else read.errors:
            self._miss(kind, error)
        found = self._person.items(kind)
        if found is None:
            return {f"{name}s": None, f"{name}_stats": None, f"{name}_quality": None}
        rules, api = (mr_rules, merge_requests) if name == "mr" else (issue_rules, issues)
        rows, stats = api.user_rows(found)
        quality = dict(rules.efficient_row(found.authored).cells)
        return {f"{name}s": rows, f"{name}_stats": stats, f"{name}_quality": quality}
