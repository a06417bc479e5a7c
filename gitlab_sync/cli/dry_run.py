"""What `mrs` and `issues` would cost, found out with two or three small requests a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gitlab_sync.api.merge_requests import costs
from gitlab_sync.api.scope import Kind, Scope
from gitlab_sync.api.users import distinct_usernames
from gitlab_sync.cli import exits
from gitlab_sync.cli.judging import asked_people, in_words
from gitlab_sync.cli.messages import complain_of, note
from gitlab_sync.cli.options import Connection, Target
from gitlab_sync.cli.output import Output
from gitlab_sync.cli.people import People
from gitlab_sync.cli.session import open_session
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.listing import Listing
from gitlab_sync.reading import attempt
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rest import PER_PAGE, Rest, page_params
from gitlab_sync.types import Row

FACTS = len(costs({"project_id": 1, "iid": 1, "time_stats": {}}))
"""Requests that one ended merge request costs, if no list of it is longer than a page."""

_KINDS: dict[str, Kind] = {"merge requests": "merge_requests", "issues": "issues"}
_ENDED = ("merged", "closed")
_UNCOUNTED = "GitLab does not say how many there are, as in lists of more than 10,000"


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many items a list has; None if GitLab does not say, or it could not be read."""

    number: int | None
    error: GitLabSyncError | None = None


def count(what: str, people: People, scope: Scope, target: Target, connection: Connection) -> int:
    """Write what judging these people's `what` would cost, and return the exit code.

    Raises ConfigurationError when URL or token is missing or the output cannot be written.
    """
    with open_session(connection) as session:
        usernames = asked_people(people, session)
        with Output(target, session.interruption) as output:
            rows, errors = estimate(session.rest, what, usernames, scope)
            whole = all(row["Status"] == "Success" for row in rows)
            summary = _summary(what, rows, whole=whole)
            scope_text = f"requests that it would take to judge {in_words(what, scope)}"
            meta = Meta(datetime.now(UTC), session.rest.base_url, summary, scope_text)
            output.finish(Sheet(f"Dry run of {what}", columns(what), rows, meta))
        if not whole or not connection.quiet:
            note(summary)
        for text in {str(error): error for error in errors}.values():
            complain_of(text)
        return exits.of_rows(rows, whole and not people.refused)


def columns(what: str) -> tuple[str, ...]:
    """Return the titles of the rows that `estimate` gives."""
    ended = ("Ended",) if what == "merge requests" else ()
    return ("Username", what.title(), *ended, "Requests", "Status", "Error")


def estimate(
    rest: Rest, what: str, usernames: Iterable[str], scope: Scope
) -> tuple[list[Row], list[GitLabSyncError]]:
    """Return a row for each person, sorted, with the requests it would take, and the errors met.

    `rest` is a view from `Rest.job`. Counted are the pages of each list, the look-up of a person
    who has none, and what each ended merge request costs; long lists of notes and commits come on
    top. What cannot be counted is null.
    """
    names = sorted(distinct_usernames(usernames), key=str.lower)
    states = ("all", *(_ENDED if what == "merge requests" else ()))
    listings = [_in_state(scope.listing(_KINDS[what], name), state) for name in names
                for state in states]  # fmt: skip
    counted = list(_count(rest, listings))
    rest.cancel.check()  # half an estimate is none
    rows, errors = [], []
    for number, name in enumerate(names):
        mine = counted[number * len(states) : (number + 1) * len(states)]
        rows.append(_row(what, name, mine))
        errors += [each.error for each in mine if each.error is not None]
    return rows, errors


def _in_state(listing: Listing, state: str) -> Listing:
    return Listing(listing.endpoint, {**listing.params, "state": state})


def _count(rest: Rest, listings: Sequence[Listing]) -> Iterator[_Counted]:
    """Count the rows of each list by a page with one of them."""
    requests = (
        (rest, rest.page_request(listing.endpoint, page_params(listing.params, 1), None))
        for listing in listings
    )
    for listing, outcome in zip(listings, rest.executor.map(attempt, requests), strict=True):
        reply = outcome.value
        if reply is None:
            yield _Counted(None, outcome.error)
            continue
        try:
            read = len(listing.rows(reply.data))
        except GitLabSyncError as error:
            yield _Counted(None, error)
            continue
        whole = reply.next_page is None and reply.next_link is None
        yield _Counted(read if whole else reply.total)


def _row(what: str, username: str, counted: Sequence[_Counted]) -> Row:
    numbers = [each.number for each in counted]
    found, ended = numbers[0], _sum(numbers[1:])
    error = next((each.error for each in counted if each.error is not None), None)
    requests = None
    if found is not None and ended is not None:
        pages = max(1, -(-found // PER_PAGE))
        requests = pages + (0 if found else 1) + FACTS * ended
    known = requests is not None
    return {
        "Username": username,
        what.title(): found,
        **({"Ended": ended} if what == "merge requests" else {}),
        "Requests": requests,
        "Status": "Success" if known else "Error" if error is not None else "Partial",
        "Error": None if known else _UNCOUNTED if error is None else error.reason,
    }


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _summary(what: str, rows: Sequence[Row], *, whole: bool) -> str:
    requests = sum(int(row["Requests"] or 0) for row in rows)
    about = "about" if whole else "more than"
    people = "1 person" if len(rows) == 1 else f"{len(rows)} people"
    return f"{about} {requests:,} requests would judge the {what} of {people}; none was judged"
