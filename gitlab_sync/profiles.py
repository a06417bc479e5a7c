"""Everything about people, in the shapes that older programs know: a dict for each person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from gitlab_sync.api import groups as groups_api
from gitlab_sync.api import issues as issues_api
from gitlab_sync.api import merge_requests as merge_requests_api
from gitlab_sync.api import users
from gitlab_sync.api.period import given_period
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import When
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.rules.unique import several
from gitlab_sync.run import Run
from gitlab_sync.services.people_data import PeopleRequest, PersonQuery
from gitlab_sync.services.people_reader import read_people
from gitlab_sync.services.projects import resolve_project_paths
from gitlab_sync.services.summary import PersonSummary, summaries
from gitlab_sync.session.session import Client
from gitlab_sync.types import OnProgress, PersonResult, Record, RecordList

__all__ = ["process_batch_users", "process_single_user", "resolve_project_paths"]

Overrides: TypeAlias = Mapping[str, Mapping[str, When]]
"""By username: any of `override_email, override_username, time_since, time_until`."""

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
) -> PersonResult | None:
    """Return everything about one person as `{"username", "status", "error", "data"}`.

    `status` is `Success`, `Partial` (with what is missing in `error`), `Not Found` or `Error`.
    `since` and `until` apply to creation, and for commits to the time of writing; `time_since` and
    `time_until` bound only time logs. `data` is None if nothing was read; parts of it that could
    not be read are None. A blank name gives None. Raises ConfigurationError for invalid dates.
    Thread-safe.
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
    overrides: Overrides | None = None,
    on_progress: OnProgress | None = None,
    *,
    run: Run | None = None,
) -> list[PersonResult]:
    """Return what `process_single_user` does for many people, in the given order.

    Blank names are left out, and the same name in another case counts once. `overrides` has, by
    username, any of `override_email, override_username, time_since, time_until`; an empty text is
    none. `on_progress` is called with a `Progress` that counts people. Thread-safe.
    """
    request = PeopleRequest(
        _queries(usernames, since, until, overrides or {}),
        given_period(since, until),
        tuple(several("project_ids", project_ids or ())),
    )
    read = read_people(client, request, run or Run(on_progress=on_progress))
    return [_profile(summary) for summary in summaries(read)]


def _queries(
    usernames: Iterable[str],
    since: When,
    until: When,
    overrides: Overrides,
) -> list[PersonQuery]:
    named = {username_key(name): each for name, each in overrides.items()}
    queries = []
    for name in users.distinct_usernames(usernames):
        given = {key: value for key, value in named.get(username_key(name), {}).items() if value}
        unknown = set(given) - set(_OVERRIDES)
        if unknown:
            raise ConfigurationError(
                f"An override must be one of {', '.join(_OVERRIDES)}, "
                f"got {', '.join(sorted(unknown))} (for {name})"
            )
        time_since, time_until = given.pop("time_since", since), given.pop("time_until", until)
        further = {key: str(value) for key, value in given.items()}
        queries.append(PersonQuery(name, given_period(time_since, time_until), further))
    return queries


def _profile(person: PersonSummary) -> PersonResult:
    data = None if person.user is None else _data(person)
    return {
        "username": person.username,
        "status": person.status,
        "error": person.error,
        "data": data,
    }


def _data(person: PersonSummary) -> Record:
    commits, groups = person.commits, person.groups
    return {
        "user": person.user,
        "projects": None if person.projects is None else person.projects.as_dict(),
        "commits": None if commits is None else commits.rows,
        "commit_stats": None if commits is None else commits.stats,
        "groups": None if groups is None else [groups_api.shown(group) for group in groups],
        **_items("mr", person.merge_requests, merge_requests_api.user_rows, mr_rules.efficient_row),
        **_items("issue", person.issues, issues_api.user_rows, issue_rules.efficient_row),
        "total_time_spent_seconds": person.time_spent,
    }


def _items(
    name: str,
    items: UserItems | None,
    user_rows: Callable[[UserItems], tuple[RecordList, dict[str, int]]],
    efficient_row: Callable[[Iterable[Record]], Tally],
) -> Record:
    if items is None:
        return {f"{name}s": None, f"{name}_stats": None, f"{name}_quality": None}
    rows, stats = user_rows(items)
    quality = dict(efficient_row(items.authored).cells)
    return {f"{name}s": rows, f"{name}_stats": stats, f"{name}_quality": quality}
