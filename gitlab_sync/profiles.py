"""Everything about people: their projects, commits, groups, merge requests, issues, time.

People are read side by side, a plan for each. Commits are read by project, each project's once for
all people of the run, and then divided among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitlab_sync.api import commits, groups, issues, merge_requests, projects, timelogs, users
from gitlab_sync.api.period import LOCAL, given_period
from gitlab_sync.api.user_items import Owner, UserItems
from gitlab_sync.api.user_items import of_user as items_of_user
from gitlab_sync.errors import AuthenticationError, Cancelled, ConfigurationError, GitLabSyncError
from gitlab_sync.listing import Listing
from gitlab_sync.meter import Meter
from gitlab_sync.outcomes import Outcome
from gitlab_sync.plans import Plan, attempted, run_plans, together
from gitlab_sync.rest import Rest
from gitlab_sync.rules import issue as issue_rules
from gitlab_sync.rules import merge_request as mr_rules
from gitlab_sync.rules.dates import Period, When
from gitlab_sync.rules.identity import Identity, identity_of
from gitlab_sync.rules.timelogs import aggregate_daily_time, daily_time_from_stats
from gitlab_sync.run import Run
from gitlab_sync.types import OnProgress, Record

_GROUP = ("name", "full_path", "visibility")
_OVERRIDES = ("override_email", "override_username", "time_since", "time_until")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one person. `projects` are ids or paths; empty: all of the person's."""

    username: str
    period: Period
    time_period: Period
    projects: tuple[int | str, ...] = ()
    further: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Read:
    """What was read of one person, but for commits; `user` is None where there is nobody."""

    question: Question
    user: Record | None = None
    error: GitLabSyncError | None = None
    parts: dict[str, Outcome[Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def part(self, name: str) -> Any:
        """Return a part, or None and a note of why it is missing."""
        outcome = self.parts[name]
        if outcome.error is not None:
            self.miss(name, outcome.error)
        return outcome.value

    def miss(self, what: str, error: GitLabSyncError) -> None:
        """Note what could not be read, and why; each once."""
        text = f"{what}: {error.reason}"
        if text not in self.missing:
            self.missing.append(text)


def process_single_user(
    client: Rest,
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
    client: Rest,
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
    run = run or Run(on_progress=on_progress)
    questions = _questions(usernames, since, until, project_ids, overrides or {})
    with client.job(max_wait=run.max_wait, cancel=run.cancel, executor=run.executor) as job:
        meter = run.meter or Meter()
        meter.attach(job)
        meter.begin(len(questions))
        plans = ((number, _read(question)) for number, question in enumerate(questions))
        read: dict[int, Read] = {}
        for number, person in run_plans(job, plans):
            read[number] = person
            meter.step()
            if run.on_progress is not None:
                run.on_progress(meter.now())
        people = [read[number] for number in range(len(questions))]
        divided = _commits(job, people)
        return [_result(person, divided) for person in people]


def resolve_project_paths(
    client: Rest, paths: Iterable[int | str]
) -> tuple[list[int], list[int | str]]:
    """Return `(ids, failed)`: the ids of projects named by path, URL or id, and what is none.

    `failed` has those that do not exist or may not be read, as they were given. Raises
    AuthenticationError and Cancelled, which are nobody's fault in particular. Thread-safe.
    """
    given = [path for path in dict.fromkeys(paths) if str(path).strip()]
    ids: list[int] = []
    failed: list[int | str] = []
    with client.job(limit=client.timeout, max_wait=client.timeout) as job:
        plans = ((number, attempted(_project(job, path))) for number, path in enumerate(given))
        found = dict(run_plans(job, plans))
    for number, path in enumerate(given):
        outcome = found[number]
        if isinstance(outcome.error, AuthenticationError | Cancelled):
            raise outcome.error
        if outcome.error is not None or outcome.value is None:
            failed.append(path)
        else:
            ids.append(outcome.value)
    return ids, failed


def _project(rest: Rest, path: int | str) -> Plan[int]:
    name = projects.extract_path_from_url(str(path).removeprefix(rest.base_url + "/"))
    found = (yield {"project": Listing(projects.endpoint(name), single=True)})["project"]
    if found.error is not None:
        raise found.error
    return int(found.reading.rows[0]["id"])


def _questions(
    usernames: Iterable[str],
    since: When,
    until: When,
    project_ids: Sequence[int | str] | None,
    overrides: Mapping[str, Mapping[str, Any]],
) -> list[Question]:
    period = given_period(since, until)
    named = {str(name).strip().removeprefix("@").lower(): each for name, each in overrides.items()}
    questions = []
    for name in users.distinct_usernames(usernames):
        given = {key: value for key, value in named.get(name.lower(), {}).items() if value}
        unknown = set(given) - set(_OVERRIDES)
        if unknown:
            raise ConfigurationError(
                f"There is no override {', '.join(sorted(unknown))} (for {name})",
                hint=f"Give any of {', '.join(_OVERRIDES)}.",
            )
        time_since, time_until = given.pop("time_since", since), given.pop("time_until", until)
        time_period = given_period(time_since, time_until)
        questions.append(Question(name, period, time_period, tuple(project_ids or ()), given))
    return questions


def _read(question: Question) -> Plan[Read]:
    """Read all of one person but the commits; nothing that fails ends anything else."""
    found = yield from attempted(users.find(question.username))
    read = Read(question, found.value, found.error)
    if read.user is None:
        return read
    number = users.user_number(read.user.get("id"))
    owner = Owner(number, str(read.user.get("username")), known=True)
    only = question.projects or None
    parts: dict[str, Plan[Outcome[Any]]] = {
        "projects": attempted(projects.of_user(number, owner.username)),
        "groups": attempted(groups.of_user(number)),
        "merge requests": attempted(items_of_user("merge_requests", owner, question.period, only)),
        "issues": attempted(items_of_user("issues", owner, question.period, only)),
        "time logs": attempted(timelogs.of_user(owner, question.time_period)),
    }
    read.parts = yield from together(parts)
    read.parts["time"] = yield from attempted(_time(read))
    return read


def _time(read: Read) -> Plan[int | float | None]:
    """Return the seconds of the period: of logs, and of `time_stats` where a day has no log."""
    logs, question = read.parts["time logs"], read.question
    mrs, issued = (_items(read, kind) for kind in ("merge requests", "issues"))
    if logs.error is not None and mrs is None and issued is None:
        return None
    issue_records, mr_records = ([] if items is None else items.authored for items in (issued, mrs))
    completed = yield from timelogs.with_time_stats(issue_records, mr_records, question.time_period)
    days = aggregate_daily_time(logs.value or ())
    return sum(daily_time_from_stats(*completed, question.time_period, LOCAL, days).values())


def _items(read: Read, kind: str) -> UserItems | None:
    """Return a person's items, unless nothing of them could be read."""
    found: UserItems | None = read.parts[kind].value
    return None if found is None or (found.errors and not found.items) else found


def _commits(job: Rest, people: Sequence[Read]) -> commits.DividedCommits:
    """Read each project's commits once, and divide them among all people of the run."""
    identities = [identity for person in people if (identity := _identity(person)) is not None]
    wanted: dict[str, Record] = {}
    for person in people:
        for project in _projects_of(person):
            wanted.setdefault(str(project["id"]), project)
    if not identities or not wanted:
        return commits.DividedCommits()
    period = people[0].question.period
    read = commits.read_project_commits(job, wanted.values(), identities)
    return commits.attribute_all(read, identities, period)


def _projects_of(person: Read) -> list[Record]:
    if person.user is None:
        return []
    if person.question.projects:
        return [{"id": each} for each in person.question.projects]
    found: dict[str, list[Record]] | None = person.parts["projects"].value
    return [] if found is None else found["all"]


def _identity(person: Read) -> Identity | None:
    if person.user is None:
        return None
    return identity_of({**person.user, **person.question.further})


def _result(person: Read, divided: commits.DividedCommits) -> Record:
    """Make the outcome of one person."""
    question = person.question
    if person.user is None:
        error = f"404 there is no user {question.username!r}"
        status = "Not Found" if person.error is None else "Error"
        text = error if person.error is None else person.error.reason
        return {"username": question.username, "status": status, "error": text, "data": None}
    data = {
        "user": person.user,
        "projects": person.part("projects"),
        **_commit_part(person, divided),
        "groups": _group_part(person),
        **_item_part(person, "merge requests"),
        **_item_part(person, "issues"),
        "total_time_spent_seconds": person.part("time"),
    }
    person.part("time logs")
    status = "Partial" if person.missing else "Success"
    error_text = "; ".join(person.missing) or None
    return {
        "username": person.user.get("username"),
        "status": status,
        "error": error_text,
        "data": data,
    }


def _commit_part(person: Read, divided: commits.DividedCommits) -> Record:
    if not person.question.projects and person.parts["projects"].error is not None:
        return {"commits": None, "commit_stats": None}
    own = {project["id"] for project in _projects_of(person)}
    chosen = None if person.question.projects else own
    theirs = divided.of(str((person.user or {}).get("username")), chosen)
    for error in theirs.errors:
        person.miss("commits", error)
    newest_first = sorted(
        theirs.rows, key=lambda row: (str(row["date"]), str(row["time"])), reverse=True
    )
    return {"commits": newest_first, "commit_stats": theirs.stats}


def _group_part(person: Read) -> list[Record] | None:
    found = person.part("groups")
    if found is None:
        return None
    return [{key: group.get(key) for key in _GROUP} for group in found]


def _item_part(person: Read, kind: str) -> Record:
    """Return rows, statistics and quality of merge requests or of issues."""
    name = "mr" if kind == "merge requests" else "issue"
    read: UserItems | None = person.part(kind)
    for error in () if read is None else read.errors:
        person.miss(kind, error)
    found = _items(person, kind)
    if found is None:
        return {f"{name}s": None, f"{name}_stats": None, f"{name}_quality": None}
    rules, api = (mr_rules, merge_requests) if name == "mr" else (issue_rules, issues)
    rows, stats = api.user_rows(found)
    quality = dict(rules.efficient_row(found.authored).cells)
    return {f"{name}s": rows, f"{name}_stats": stats, f"{name}_quality": quality}
