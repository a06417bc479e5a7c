"""What this project relies on in a GitLab. `make test-gitlab` asks a real one, and only reads."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from cli_runs import run
from named_gitlab import GitLab

from gitlab_sync.errors import AuthenticationError, NotFound, NotGitLab
from gitlab_sync.http import wire
from gitlab_sync.http.credentials import Credential
from gitlab_sync.rules import record
from gitlab_sync.services.doctor.asking import Asking
from gitlab_sync.services.doctor.server import LISTED, queries
from gitlab_sync.session.session import Session
from gitlab_sync.types import Record

pytestmark = pytest.mark.usefixtures("only_reads")

_PLACE = "projects/{project_id}/merge_requests/{iid}"


# -- the instance and its answers ------------------------------------------------------------------


def test_it_says_its_version_and_the_owner_of_the_token(session: Session) -> None:
    """By which the doctor and whoami know them."""
    assert re.match(r"\d+\.\d+", session.get("version")["version"])
    user = session.get("user")
    assert isinstance(user["id"], int)
    assert user["username"]


def test_each_answer_has_a_date_and_an_id(asking: Asking) -> None:
    """The clock is compared by the first; the other is in the log."""
    headers = asking.get("version").answer.headers
    assert wire.epoch(headers.get("date")) is not None
    assert headers.get("x-request-id")


def test_an_object_is_confirmed_by_its_etag(session: Session) -> None:
    """The second time it is not sent again."""
    assert session.get("user") == session.get("user")
    assert session.bridge.stats().confirmed == 1


def test_what_is_not_there_is_an_error_of_its_own(session: Session) -> None:
    """No object, no route, and no token: each in JSON."""
    for path in ("projects/0", "no-such-route-of-gitlab"):
        with pytest.raises(NotFound, match="404") as raised:
            session.get(path)
        assert not isinstance(raised.value, NotGitLab)
    stranger = Session(session.base_url, Credential("glpat-not-a-token"), bridge=session.bridge)
    with pytest.raises(AuthenticationError, match="401"):
        stranger.get("user")


# -- lists -----------------------------------------------------------------------------------------


def test_a_list_says_where_it_goes_on(asking: Asking) -> None:
    """With numbers of pages; a page has at most a hundred rows; the last one names no next."""
    headers = asking.get("projects", {"per_page": 1}).answer.headers
    assert (headers["x-page"], headers["x-per-page"]) == ("1", "1")
    assert "x-next-page" in headers
    assert asking.get("projects", {"per_page": 200}).answer.headers["x-per-page"] == "100"
    name = asking.get("user").data()["username"]
    found = asking.get("users", {"username": name})
    assert found.answer.headers["x-next-page"] == ""
    assert [row["username"].lower() for row in found.data()] == [name.lower()]


def test_a_keyset_list_goes_on_by_its_link(session: Session, asking: Asking) -> None:
    """There are no numbers then. The pages follow each other in order."""
    keyset = {"pagination": "keyset", "order_by": "id", "sort": "asc", "per_page": 1}
    answer = asking.get("projects", keyset).answer
    pages = list(session.iter_pages("projects", keyset, per_page=1, max_pages=2))
    if len(pages) < 2:
        pytest.skip("this token sees less than two projects")
    assert re.search(r'<[^>]*(id_after|cursor)=[^>]*>; *rel="next"', answer.headers["link"])
    first, second = (page[0]["id"] for page in pages)
    assert first < second


def test_a_parameter_that_it_does_not_know_is_ignored(session: Session) -> None:
    """So a newer filter does no harm to an older server."""
    assert session.get("user", {"no_such_parameter": "x"})["id"]


# -- merge requests --------------------------------------------------------------------------------


def test_a_merge_request_in_a_list_has_what_the_rules_read(merged: Record) -> None:
    """Else each would take one more request, or be unknown."""
    assert [name for name in LISTED if name not in merged] == []
    assert record.count(merged["time_stats"], "total_time_spent") is not None
    assert merged["references"]["full"].endswith(f"!{merged['iid']}")
    assert datetime.fromisoformat(merged["merged_at"]).tzinfo is not None


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("notes", {"id", "system", "body", "author", "created_at", "updated_at"}),
        ("commits", {"id", "message", "parent_ids"}),
        ("diffs", {"new_path"}),
        ("pipelines", {"id", "status", "sha", "ref"}),
        ("resource_state_events", {"state", "created_at"}),
        ("discussions", {"notes"}),
    ],
)
def test_the_facts_of_a_merge_request_have_their_fields(
    what: str, fields: set[str], merged: Record, session: Session
) -> None:
    """A list can be empty; if it is not, each row has them."""
    for row in session.get(f"{_PLACE.format(**merged)}/{what}", {"per_page": 20}):
        assert fields <= row.keys()


# -- GraphQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(4))
def test_each_of_our_queries_is_accepted(number: int, asking: Asking) -> None:
    """With all of its fields; those about merge requests tell what they cost."""
    text, variables = [*queries()][number]
    data = asking.graphql(text, variables).data()
    if "queryComplexity" in text:
        cost = data["queryComplexity"]
        assert 0 < cost["score"] <= cost["limit"]


# -- the whole way ---------------------------------------------------------------------------------


def test_rows_are_the_same_from_rest_and_from_graphql(
    gitlab: GitLab, merged: Record, tmp_path: Path
) -> None:
    """For the author of a merge request, in its project, on the day of its creation."""
    day = merged["created_at"][:10]
    asked = ("mrs", merged["author"]["username"], "--project", str(merged["project_id"]))
    within = ("--since", day, "--until", day, "--timezone", "UTC", "--policy", "fair")
    usual = (*asked, *within, "--store", "off", "--format", "json")
    rows = []
    for source in ("rest", "graphql"):
        done = run(gitlab.environ(tmp_path), *usual, "--source", source)
        assert done.returncode == 0, done.stderr.decode()
        rows.append(json.loads(done.stdout))
    assert rows[0] == rows[1]
    assert rows[0][0]["Closed MRs"] >= 1


def test_the_doctor_finds_no_problem(gitlab: GitLab, tmp_path: Path) -> None:
    """It can have warnings about this GitLab."""
    done = run(gitlab.environ(tmp_path), "doctor", "--policy", "fair")
    assert done.returncode in {0, 3}, done.stdout.decode()
    assert gitlab.token.encode() not in done.stdout + done.stderr
