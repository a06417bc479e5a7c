"""Answers as GitLab gives them: headers, ETags, errors, tokens and what they may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import urllib3

from gitlab_sync.sandbox import RateLimit, Sandbox, generate_world

Get = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """Start a sandbox with a private last project; every fourth person is in no group."""
    world = generate_world(seed=2, users=8, merge_requests=4, issues=2, projects=5)
    with Sandbox(world, threads=4) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    """Return a client without any cleverness."""
    with urllib3.PoolManager(retries=False, timeout=20) as pool:
        yield pool


@pytest.fixture(scope="module")
def get(running: Sandbox, http: urllib3.PoolManager) -> Get:
    """Ask for a path below the API, as the administrator unless told otherwise."""

    def ask(
        path: str,
        token: str | None = None,
        method: str = "GET",
        redirect: bool = False,
        **headers: str,
    ) -> urllib3.BaseHTTPResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if not {"PRIVATE-TOKEN", "Authorization"} & set(sent) and token != "":
            sent["PRIVATE-TOKEN"] = token or running.token()
        return http.request(method, f"{running.url}/api/v4{path}", headers=sent, redirect=redirect)

    return ask


def test_an_answer_has_an_etag_and_is_private(get: Get) -> None:
    """Weak, and to be asked for again each time."""
    answer = get("/user")
    assert answer.headers["etag"].startswith('W/"')
    assert answer.headers["cache-control"] == "max-age=0, private, must-revalidate"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/user", "/merge_requests?scope=all&per_page=3"])
def test_what_the_client_has_is_not_sent_again(get: Get, path: str) -> None:
    """304 without a body, for objects and lists alike."""
    etag = get(path).headers["etag"]
    again = get(path, If_None_Match=etag)
    assert (again.status, again.data) == (304, b"")
    assert get(path, If_None_Match='W/"other"').status == 200


def test_a_changed_record_has_another_etag(running: Sandbox, get: Get) -> None:
    """The list it is in, too."""
    before = get("/merge_requests?scope=all").headers["etag"]
    record = running.world.merge_requests.rows[0].data
    running.world.put("merge_requests", {**record, "upvotes": record["upvotes"] + 1})
    try:
        assert get("/merge_requests?scope=all").headers["etag"] != before
    finally:
        running.world.put("merge_requests", record)


def test_errors_have_no_etag(get: Get) -> None:
    """They are not to be kept."""
    assert "etag" not in get("/projects/424242").headers


def test_head_has_the_headers_alone(get: Get) -> None:
    """And the length that the body would have."""
    answer = get("/user", method="HEAD")
    assert answer.data == b""
    assert int(answer.headers["content-length"]) == len(get("/user").data)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/nothing/here", 404, {"error": "404 Not Found"}),
        ("/projects/101/merge_requests/1/issues", 404, {"error": "404 Not Found"}),
        ("/projects/424242", 404, {"message": "404 Project Not Found"}),
        ("/projects/no%2Fsuch", 404, {"message": "404 Project Not Found"}),
        ("/groups/nobody", 404, {"message": "404 Group Not Found"}),
        ("/users/424242", 404, {"message": "404 User Not Found"}),
        ("/projects/101/merge_requests/4242", 404, {"message": "404 Not found"}),
        (
            "/projects/101/repository/files/nothing.md?ref=main",
            404,
            {"message": "404 File Not Found"},
        ),
        ("/projects/101/repository/tree?ref=nowhere", 404, {"message": "404 Tree Not Found"}),
        ("/merge_requests?state=odd", 400, {"error": "state does not have a valid value"}),
        ("/users/alice", 400, {"error": "id is invalid"}),
    ],
)
def test_errors_are_in_gitlabs_words(
    get: Get, path: str, status: int, body: dict[str, str]
) -> None:
    """A missing route and a missing object differ."""
    answer = get(path)
    assert (answer.status, answer.json()) == (status, body)


def test_other_methods_are_not_allowed_where_they_are_not_known(get: Get) -> None:
    """405, with what is allowed."""
    answer = get("/version", method="POST")
    assert (answer.status, answer.json()) == (405, {"error": "405 Not Allowed"})
    assert answer.headers["allow"] == "GET, HEAD"


def test_unknown_parameters_are_ignored(get: Get) -> None:
    """`project_id` means nothing to the global list."""
    plain = get("/merge_requests?scope=all&per_page=100").data
    assert get("/merge_requests?scope=all&per_page=100&project_id=101&x=y").data == plain


def test_the_global_lists_show_ones_own_by_default(running: Sandbox, get: Get) -> None:
    """A project's list shows all."""
    name = running.world.truth.usernames[1]
    rows = get("/merge_requests", running.token(name)).json()
    assert {row["author"]["username"] for row in rows} == {name}
    authors = {row["author"]["username"] for row in get("/projects/101/merge_requests").json()}
    assert len(authors) > 1


# --- tokens ------------------------------------------------------------------------------------


def test_bearer_takes_both_kinds_of_tokens(running: Sandbox, get: Get) -> None:
    """PRIVATE-TOKEN takes no OAuth token."""
    name = running.world.truth.usernames[0]
    personal = running.token_for(name)
    oauth = running.token_for(name, kind="oauth")
    assert get("/user", Authorization=f"Bearer {personal}").json()["username"] == name
    assert get("/user", Authorization=f"Bearer {oauth}").json()["username"] == name
    refused = get("/user", PRIVATE_TOKEN=oauth)
    assert (refused.status, refused.json()) == (401, {"message": "401 Unauthorized"})


def test_an_expired_token_is_told_so(running: Sandbox, get: Get) -> None:
    """With the error that clients look for."""
    token = running.token_for(running.world.truth.usernames[0], expired=True, name="expired")
    answer = get("/user", token)
    assert answer.status == 401
    assert answer.json()["error"] == "invalid_token"


def test_a_token_without_the_scope_is_told_which_it_needs(running: Sandbox, get: Get) -> None:
    """`read_user` reads people; `read_api` reads all, but writes nothing."""
    name = running.world.truth.usernames[0]
    token = running.token_for(name, scopes=("read_user",), name="reader of users")
    assert get("/user", token).status == 200
    refused = get("/projects", token)
    assert refused.status == 403
    assert refused.json()["error"] == "insufficient_scope"
    assert refused.json()["scope"] == "api read_api"
    reader = running.token_for(name)
    written = get("/projects/101/merge_requests/1/notes", reader, method="POST")
    assert (written.status, written.json()["scope"]) == (403, "api")


def test_a_token_tells_about_itself(running: Sandbox, get: Get) -> None:
    """Name, owner and scopes."""
    name = running.world.truth.usernames[3]
    own = get("/personal_access_tokens/self", running.token(name)).json()
    assert (own["name"], own["scopes"], own["active"]) == (name, ["read_api"], True)


def test_somebody_without_a_token_sees_what_is_public(get: Get) -> None:
    """But has no own lists."""
    assert get("/projects/101", "").status == 200
    for path in ("/user", "/merge_requests", "/issues", "/version"):
        assert get(path, "").status == 401, path


# --- what can be seen --------------------------------------------------------------------------


@pytest.fixture
def outsider(running: Sandbox) -> str:
    """Return the token of a person who is not a member of the private project."""
    world = running.world
    private = next(row.data["id"] for row in world.projects if row.data["visibility"] == "private")
    members = {one["user_id"] for one in world.tables.memberships if one["source_type"] == "group"}
    members |= {one["user_id"] for one in world.members.get(("project", private), ())}
    name = next(
        name
        for name in world.truth.usernames
        if world.users_by_name[name.lower()].data["id"] not in members
    )
    return running.token(name)


def test_a_private_project_is_not_there_for_others(
    running: Sandbox, get: Get, outsider: str
) -> None:
    """404, as if it did not exist; the administrator and members see it."""
    private = next(r.data for r in running.world.projects if r.data["visibility"] == "private")
    member = running.token(running.world.truth.usernames[0])
    for path in (f"/projects/{private['id']}", f"/projects/{private['id']}/merge_requests"):
        assert get(path).status == 200
        assert get(path, member).status == 200
        refused = get(path, outsider)
        assert (refused.status, refused.json()) == (404, {"message": "404 Project Not Found"})


def test_lists_leave_out_what_may_not_be_seen(running: Sandbox, get: Get, outsider: str) -> None:
    """Merge requests, issues and projects of the private project."""
    private = next(
        row.data["id"] for row in running.world.projects if row.data["visibility"] == "private"
    )
    for path in ("/merge_requests?scope=all&per_page=100", "/issues?scope=all&per_page=100"):
        assert private in {row["project_id"] for row in get(path).json()}
        assert private not in {row["project_id"] for row in get(path, outsider).json()}
    assert private not in {row["id"] for row in get("/projects?per_page=100", outsider).json()}


def test_private_addresses_are_for_administrators(running: Sandbox, get: Get) -> None:
    """Others see the public one, if there is one."""
    name = running.world.truth.usernames[1]
    number = running.world.users_by_name[name.lower()].data["id"]
    assert get(f"/users/{number}").json()["email"]
    seen = get(f"/users/{number}", running.token(running.world.truth.usernames[2])).json()
    assert "email" not in seen
    assert "public_email" in seen


def test_memberships_are_for_administrators(running: Sandbox, get: Get) -> None:
    """403 for everybody else."""
    assert get("/users/1/memberships").status == 200
    refused = get("/users/1/memberships", running.token(running.world.truth.usernames[0]))
    assert (refused.status, refused.json()) == (403, {"message": "403 Forbidden"})


# --- renamed, limited, written -----------------------------------------------------------------


def test_a_renamed_project_is_redirected(running: Sandbox, get: Get) -> None:
    """301 to the same route by id, query and all."""
    answer = get("/projects/acme%2Fold-figures/merge_requests?state=merged")
    assert answer.status == 301
    location = answer.headers["location"]
    assert location == f"{running.url}/api/v4/projects/101/merge_requests?state=merged"


def test_a_limit_answers_429_with_gitlabs_headers(running: Sandbox, get: Get) -> None:
    """Per token; the headers are on good answers, too."""
    running.limiter.set(RateLimit(2, 60.0))
    token = running.token(running.world.truth.usernames[4])
    try:
        first, second, third = (get("/version", token) for _ in range(3))
        assert (first.headers["RateLimit-Remaining"], second.headers["RateLimit-Remaining"]) == (
            "1",
            "0",
        )
        assert (third.status, third.data) == (429, b"Retry later\n")
        assert third.headers["content-type"] == "text/plain"
        assert int(third.headers["Retry-After"]) > 0
        assert get("/version").status == 200
    finally:
        running.limiter.set()
    assert "RateLimit-Limit" not in get("/version", token).headers


def test_notes_can_be_written_with_the_api_scope(
    running: Sandbox, http: urllib3.PoolManager
) -> None:
    """Added (201), changed (200), deleted (204)."""
    token = running.token_for(running.world.truth.usernames[0], scopes=("api",), name="writer")
    url = f"{running.url}/api/v4/projects/101/merge_requests/1/notes"
    headers = {"PRIVATE-TOKEN": token}
    added = http.request("POST", url, json={"body": "hello"}, headers=headers)
    assert added.status == 201
    one = f"{url}/{added.json()['id']}"
    changed = http.request("PUT", one, json={"body": "bye"}, headers=headers)
    assert (changed.status, changed.json()["body"]) == (200, "bye")
    deleted = http.request("DELETE", one, headers=headers)
    assert (deleted.status, deleted.data) == (204, b"")
    assert http.request("GET", one, headers=headers).status == 404
    assert http.request("POST", url, headers=headers).json() == {"error": "body is missing"}


def test_links_can_name_another_host_for_good() -> None:
    """`link_host` is what a proxy's GitLab is configured with."""
    world = generate_world(seed=1, users=3, merge_requests=1, issues=0, projects=1)
    with Sandbox(world, link_host="https://git.internal", threads=2) as sandbox:
        answer = urllib3.request(
            "GET",
            f"{sandbox.url}/api/v4/users?per_page=1",
            headers={"PRIVATE-TOKEN": sandbox.token()},
        )
        assert answer.headers["link"].startswith("<https://git.internal/api/v4/users?")
