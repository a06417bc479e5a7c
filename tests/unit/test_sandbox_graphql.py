"""Queries of GraphQL as the sandbox answers them, without a socket."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gitlab_sync.sandbox import Token, World, generate_world
from gitlab_sync.sandbox.answer import Refusal
from gitlab_sync.sandbox.call import Lists
from gitlab_sync.sandbox.graphql.endpoint import GraphQL
from gitlab_sync.sandbox.viewer import Viewers


class Asker:
    """Asks one world, as the administrator, as a person in it or as no one."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self._viewers = Viewers(world)
        self.graphql = GraphQL(world, Lists(), **settings)

    def __call__(
        self, query: str, by: str | None = "admin", operation: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        """Return the whole answer."""
        body = {"query": query, "variables": variables, "operationName": operation}
        return self.raw(orjson.dumps(body), by)

    def raw(self, body: bytes, by: str | None = "admin") -> dict[str, Any]:
        """Return the answer to a body."""
        token = None
        if by == "admin":
            token = Token("admin", "a", self.world.users[-1].data["id"], ("api",), admin=True)
        elif by is not None:
            token = Token(by, by, self.world.users_by_name[by.lower()].data["id"])
        answer, _ = self.graphql.answer(body, self._viewers.of(token))
        assert answer.status == 200
        shown: dict[str, Any] = orjson.loads(answer.body)
        return shown

    def data(self, query: str, by: str | None = "admin", **variables: Any) -> Any:
        """Return the data of an answer without errors."""
        answer = self(query, by, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def message(self, query: str, by: str | None = "admin", **variables: Any) -> str:
        """Return the text of the one error."""
        (error,) = self(query, by, **variables)["errors"]
        return str(error["message"])


@pytest.fixture(scope="module")
def ask() -> Asker:
    """Ask a world with a private last project, and an archived one before it."""
    return Asker(generate_world(seed=2, users=8, merge_requests=6, issues=3, projects=5))


@pytest.fixture
def outsider(ask: Asker) -> str:
    """Return a person who is in no group and not in the private project."""
    world = ask.world
    private = next(row.data["id"] for row in world.projects if row.data["visibility"] == "private")
    members = {
        member["user_id"]
        for source in world.source_chain(world.projects_by_id[private].data)
        for member in world.members.get(source, ())
    }
    return next(
        name
        for name in world.truth.usernames
        if world.users_by_name[name.lower()].data["id"] not in members
    )


# --- the ways in -------------------------------------------------------------------------------


def test_the_caller_is_the_current_user(ask: Asker) -> None:
    """No one without a token."""
    name = ask.world.truth.usernames[1]
    query = "{ currentUser { id username __typename } }"
    number = ask.world.users_by_name[name.lower()].data["id"]
    shown = {"id": f"gid://gitlab/User/{number}", "username": name, "__typename": "CurrentUser"}
    assert ask.data(query, name) == {"currentUser": shown}
    assert ask.data(query, None) == {"currentUser": None}


def test_several_people_are_found_in_any_case_and_one_alone_as_they_spell_themselves(
    ask: Asker,
) -> None:
    """Who is not there is null, or is not in the list."""
    name = ask.world.truth.usernames[3]
    query = """query($a: String!) {
      a: user(username: $a) { username } b: user(username: "no") { id }
      users(usernames: [$a, "no"]) { nodes { username name bot } edges { node { username } } } }"""
    data = ask.data(query, a=name.upper())
    assert data["a"] is data["b"] is None
    assert ask.data("query($a: String!) { user(username: $a) { username } }", a=name) == {
        "user": {"username": name}
    }
    assert [node["username"] for node in data["users"]["nodes"]] == [name]
    assert data["users"]["edges"] == [{"node": {"username": name}}]


def test_a_project_and_a_group_are_found_by_their_path_alone(ask: Asker) -> None:
    """A misspelt path is null without a word, a former one as well."""
    project = ask.world.projects_by_id[101].data
    query = """query($p: ID!, $g: ID!) {
      project(fullPath: $p) { id fullPath name webUrl group { fullPath parent { fullPath } } }
      wrong: project(fullPath: "acme/figurse") { id }
      moved: project(fullPath: "acme/old-figures") { id }
      group(fullPath: $g) { id fullPath parent { id } } }"""
    data = ask.data(query, p=project["path_with_namespace"], g="acme")
    assert data["project"] == {
        "id": f"gid://gitlab/Project/{project['id']}",
        "fullPath": project["path_with_namespace"],
        "name": project["name"],
        "webUrl": project["web_url"],
        "group": {"fullPath": "acme", "parent": None},
    }
    assert data["wrong"] is None
    assert data["moved"] is None
    assert data["group"] == {"id": "gid://gitlab/Group/501", "fullPath": "acme", "parent": None}


def test_the_texts_of_files_come_together(ask: Asker) -> None:
    """Those that are there, at a branch or by default at the head; of an unknown branch, none."""
    query = (
        "query($p: ID!, $ref: String, $paths: [String!]!) { project(fullPath: $p) { repository "
        "{ rootRef empty blobs(ref: $ref, paths: $paths) { nodes { path name size rawTextBlob } } "
        "} } }"
    )
    project = ask.world.tables.projects[0]
    texts = ask.world.tables.files[project["id"]]
    paths = [*list(texts)[:2], "no/such"]
    given = {"p": project["path_with_namespace"], "paths": paths}
    for ref, expected in ((None, paths[:2]), ("main", paths[:2]), ("no-such", [])):
        repository = ask.data(query, ref=ref, **given)["project"]["repository"]
        assert (repository["rootRef"], repository["empty"]) == ("main", False)
        nodes = repository["blobs"]["nodes"]
        assert [node["path"] for node in nodes] == expected
        assert all(node["rawTextBlob"] == texts[node["path"]] for node in nodes)
        assert all(int(node["size"]) == len(texts[node["path"]].encode()) for node in nodes)


def test_people_are_not_for_strangers(ask: Asker) -> None:
    """An error at the place of each."""
    answer = ask('{ users { nodes { id } } user(username: "ghost") { username } }', None)
    assert answer["data"] == {"users": None, "user": None}
    assert [error["path"] for error in answer["errors"]] == [["users"], ["user"]]
    assert all("you don't have permission" in error["message"] for error in answer["errors"])


def test_a_person_is_named_in_one_way(ask: Asker) -> None:
    """By id or by name."""
    assert "username or id" in ask.message("{ user { name } }")
    assert ask.data('{ user(id: "gid://gitlab/User/1") { id } }')["user"]["id"].endswith("/1")


# --- lists of merge requests -------------------------------------------------------------------

LIST = """query($u: String!, $first: Int, $after: String, $sort: MergeRequestSort) {
  user(username: $u) { authoredMergeRequests(first: $first, after: $after, sort: $sort) {
    count nodes { iid } edges { cursor node { id } } pageInfo {
      startCursor endCursor hasNextPage hasPreviousPage } } } }"""


@pytest.mark.parametrize(
    "sort",
    ["created_desc", "CREATED_ASC", "updated_desc", "MERGED_AT_ASC", "CLOSED_AT_DESC", "TITLE_ASC"],
)
@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_list_is_read_to_the_end_in_each_order(ask: Asker, sort: str, size: int) -> None:
    """Each merge request once; the count is that of the whole list."""
    name = ask.world.truth.usernames[0]
    seen, after = [], None
    for number in range(100):
        found = ask.data(LIST, u=name, first=size, after=after, sort=sort)
        found = found["user"]["authoredMergeRequests"]
        seen += [edge["node"]["id"] for edge in found["edges"]]
        place = found["pageInfo"]
        assert found["count"] == 6
        assert place["hasPreviousPage"] is (number > 0)
        assert place["startCursor"] == found["edges"][0]["cursor"]
        after = place["endCursor"]
        if not place["hasNextPage"]:
            break
    rows = ask.world.merge_requests.by_author[name.lower()]
    assert len(seen) == len(set(seen)) == 6
    assert set(seen) == {f"gid://gitlab/MergeRequest/{row.data['id']}" for row in rows}


def test_an_empty_page_has_no_cursors(ask: Asker) -> None:
    """After the last there is nothing."""
    found = ask.data(LIST, u=ask.world.truth.usernames[0], first=0)["user"]["authoredMergeRequests"]
    assert found["nodes"] == found["edges"] == []
    assert found["pageInfo"]["startCursor"] is found["pageInfo"]["endCursor"] is None
    assert found["pageInfo"]["hasNextPage"] is True


def test_a_group_has_those_below_it_only_when_asked(ask: Asker) -> None:
    """And those of archived projects, too."""
    query = """query($b: Boolean!, $a: Boolean!) { group(fullPath: "acme") {
      mergeRequests(includeSubgroups: $b, includeArchived: $a) { nodes { projectId } } } }"""

    def projects(below: bool, archived: bool) -> set[int]:
        found = ask.data(query, b=below, a=archived)["group"]["mergeRequests"]["nodes"]
        return {node["projectId"] for node in found}

    world = ask.world
    for below in (True, False):
        inside = world.group_projects(501, subgroups=below)
        assert projects(below, True) == {row.data["id"] for row in inside}
        assert projects(below, False) == {
            row.data["id"] for row in inside if not row.data["archived"]
        }


@pytest.mark.parametrize(
    ("field", "role"),
    [
        ("authoredMergeRequests", "author"),
        ("assignedMergeRequests", "assignees"),
        ("reviewRequestedMergeRequests", "reviewers"),
    ],
)
def test_a_person_has_merge_requests_in_three_roles(ask: Asker, field: str, role: str) -> None:
    """Written, assigned, to review."""
    for name in ask.world.truth.usernames:
        query = f"query($u: String!) {{ user(username: $u) {{ {field} {{ nodes {{ id }} }} }} }}"
        found = ask.data(query, u=name)["user"][field]["nodes"]
        expected = set()
        for row in ask.world.merge_requests.rows:
            people = row.data[role] if role != "author" else [row.data["author"]]
            if name in {person["username"] for person in people}:
                expected.add(f"gid://gitlab/MergeRequest/{row.data['id']}")
        assert {node["id"] for node in found} == expected


def test_a_persons_merge_requests_can_be_those_of_one_project(ask: Asker) -> None:
    """By its id or path, in any case; of one that the caller may not see there are none."""
    name = ask.world.truth.usernames[0]
    query = """query($u: String!, $i: ProjectID, $p: String) { user(username: $u) {
      authoredMergeRequests(projectId: $i, projectPath: $p) { nodes { projectId } } } }"""
    for row in ask.world.projects:
        number, path = row.data["id"], row.data["path_with_namespace"]
        by_path = ask.data(query, u=name, p=path.upper())
        assert by_path == ask.data(query, u=name, i=f"gid://gitlab/Project/{number}")
        found = by_path["user"]["authoredMergeRequests"]["nodes"]
        mine = [
            each.data
            for each in ask.world.merge_requests.by_project.get(number, ())
            if each.data["author"]["username"] == name
        ]
        assert found == [{"projectId": number}] * len(mine)
    assert ask.data(query, u=name, p="no/where")["user"]["authoredMergeRequests"]["nodes"] == []
    both = {"i": f"gid://gitlab/Project/{number}", "p": path}
    assert "Incompatible" in ask.message(query, u=name, **both)


def test_numbers_alone_are_no_merge_requests_of_a_person(ask: Asker) -> None:
    """Each project has its own."""
    query = """query($u: String!) { user(username: $u) {
      authoredMergeRequests(iids: ["1"]) { count } } }"""
    assert "iids requires" in ask.message(query, u=ask.world.truth.usernames[0])


@pytest.mark.parametrize("hidden", [{"private_profile": True}, {"state": "blocked"}])
def test_whoever_hides_the_profile_has_no_merge_requests_for_others(hidden: dict[str, Any]) -> None:
    """Without a word; the person and administrators see them."""
    ask = Asker(generate_world(seed=1, users=3, merge_requests=2, issues=0, projects=1))
    name, other = ask.world.truth.usernames[:2]
    query = """query($u: String!) { user(username: $u) {
      authoredMergeRequests { count } assignedMergeRequests { count } } }"""
    before = ask.data(query, u=name)
    assert before["user"]["authoredMergeRequests"]["count"] == 2
    ask.world.users_by_name[name.lower()].data.update(hidden)
    none = {"authoredMergeRequests": {"count": 0}, "assignedMergeRequests": {"count": 0}}
    assert ask.data(query, other, u=name)["user"] == none
    assert ask.data(query, name, u=name) == ask.data(query, u=name) == before


def test_a_list_of_no_iids_is_empty(ask: Asker) -> None:
    """One of none, not any; one that does not exist falls out."""
    query = """query($i: [String!]) { project(fullPath: "acme/figures") {
      mergeRequests(iids: $i) { count nodes { iid } } } }"""
    assert ask.data(query, i=[])["project"]["mergeRequests"] == {"count": 0, "nodes": []}
    assert ask.data(query, i=["1", "999"])["project"]["mergeRequests"]["nodes"] == [{"iid": "1"}]


def test_what_is_private_is_not_there_for_others(ask: Asker, outsider: str) -> None:
    """Projects are null, their merge requests and time logs in no list."""
    private = next(row.data for row in ask.world.projects if row.data["visibility"] == "private")
    path, member = private["path_with_namespace"], ask.world.truth.usernames[0]
    query = "query($p: ID!) { project(fullPath: $p) { mergeRequests { nodes { iid } } } }"
    assert ask.data(query, outsider, p=path) == {"project": None}
    assert ask.data(query, None, p=path) == {"project": None}
    assert ask.data(query, member, p=path)["project"]["mergeRequests"]["nodes"]
    lists = """query($g: ID!) { group(fullPath: $g) {
      mergeRequests(includeSubgroups: true) { nodes { projectId } }
      timelogs { nodes { project { fullPath } } } } }"""
    for name, seen in ((member, True), (outsider, False)):
        found = ask.data(lists, name, g="acme")["group"]
        rows = found["mergeRequests"]["nodes"]
        assert (private["id"] in {row["projectId"] for row in rows}) is seen
        logs = found["timelogs"]["nodes"]
        assert (path in {log["project"]["fullPath"] for log in logs}) is seen


def test_two_people_who_see_different_things_share_no_list(ask: Asker, outsider: str) -> None:
    """Lists are kept for their other pages, but by what the caller may see."""
    query = """{ group(fullPath: "acme") { mergeRequests(includeSubgroups: true) { count } } }"""
    counts = [
        ask.data(query, name)["group"]["mergeRequests"]["count"]
        for name in ("admin", outsider, "admin")
    ]
    assert counts[0] == counts[2] > counts[1]


def test_notes_come_oldest_first_and_by_kind(ask: Asker) -> None:
    """All, comments, or what GitLab wrote."""
    query = """query($f: NotesFilterType!) { project(fullPath: "acme/figures") { mergeRequests {
      nodes { notes(filter: $f) { nodes { system createdAt body author { username } } } } } } }"""

    def notes(kind: str) -> list[dict[str, Any]]:
        found = ask.data(query, f=kind)["project"]["mergeRequests"]["nodes"]
        for node in found:
            times = [note["createdAt"] for note in node["notes"]["nodes"]]
            assert times == sorted(times)
        return [note for node in found for note in node["notes"]["nodes"]]

    everything = notes("ALL_NOTES")
    comments, activity = notes("ONLY_COMMENTS"), notes("ONLY_ACTIVITY")
    assert {note["system"] for note in comments} == {False}
    assert {note["system"] for note in activity} == {True}
    assert len(comments) + len(activity) == len(everything)


# --- time logs ---------------------------------------------------------------------------------

LOGS = (
    "count totalSpentTime nodes { id timeSpent spentAt user { username } project { id fullPath } }"
)


def logged(ask: Asker) -> list[dict[str, Any]]:
    """Return all time logs of the world, as it holds them."""
    return [log for logs in ask.world.tables.timelogs.values() for log in logs]


def test_time_logs_are_found_by_person_project_group_and_instance(ask: Asker) -> None:
    """Everywhere the same logs; the sum is that of all pages, and a string."""
    name = ask.world.truth.usernames[0]
    mine = [log for log in logged(ask) if log["user"]["username"] == name]
    query = f"""query($u: String!) {{
      user(username: $u) {{ timelogs(first: 2) {{ {LOGS} }} }}
      timelogs(username: $u, first: 2) {{ {LOGS} }}
      project(fullPath: "acme/figures") {{ timelogs(username: $u) {{ count }} }}
      ids: timelogs(username: $u, projectId: "gid://gitlab/Project/101") {{ count }}
      group(fullPath: "acme") {{ timelogs(username: $u) {{ count }} }}
      groups: timelogs(username: $u, groupId: "gid://gitlab/Group/501") {{ count }} }}"""
    data = ask.data(query, u=name)
    assert data["user"]["timelogs"] == data["timelogs"]
    assert data["timelogs"]["count"] == len(mine) > 2
    assert data["timelogs"]["totalSpentTime"] == str(sum(log["timeSpent"] for log in mine))
    here = [log for log in mine if log["project"]["fullPath"] == "acme/figures"]
    assert data["project"]["timelogs"] == data["ids"] == {"count": len(here)}
    below = [log for log in mine if log["project"]["fullPath"].startswith("acme/")]
    assert data["group"]["timelogs"] == data["groups"] == {"count": len(below)}


def test_a_time_log_has_its_item_whole(ask: Asker) -> None:
    """An issue or a merge request, the other one null."""
    query = """query($after: String) { timelogs(first: 30, after: $after) {
      nodes { id timeSpent spentAt summary user { username } issue { iid title webUrl }
        mergeRequest { iid title webUrl } project { id fullPath } }
      pageInfo { endCursor hasNextPage } } }"""
    seen, after = [], None
    while True:
        found = ask.data(query, after=after)["timelogs"]
        seen += found["nodes"]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    expected = {log["id"]: log for log in logged(ask)}
    assert len(seen) == len(expected)
    assert [log["spentAt"] for log in seen] == sorted(log["spentAt"] for log in seen)
    for log in seen:
        held = expected[log["id"]]
        assert log == {**held, "spentAt": held["spentAt"].replace(".000Z", "Z")}


def test_both_ends_of_a_time_are_included_and_dates_are_whole_days(ask: Asker) -> None:
    """Dates from the first second to the last, times as they are."""
    days = sorted({log["spentAt"][:10] for log in logged(ask)})
    first, last = days[3], days[-4]
    query = "query($a: Time, $b: Time) { timelogs(startDate: $a, endDate: $b) { count } }"
    inside = [log for log in logged(ask) if first <= log["spentAt"][:10] <= last]
    assert ask.data(query, a=first, b=last)["timelogs"]["count"] == len(inside)
    exact = inside[0]["spentAt"]
    query = "query($a: Time, $b: Time) { timelogs(startTime: $a, endTime: $b) { nodes { id } } }"
    found = ask.data(query, a=exact, b=exact)["timelogs"]["nodes"]
    assert inside[0]["id"] in {log["id"] for log in found}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('startDate: "2026-01-01", startTime: "2026-01-01"', "Provide either a start date or time"),
        ('endDate: "2026-01-01", endTime: "2026-01-01"', "Provide either an end date or time"),
        ('startTime: "2026-01-02", endTime: "2026-01-01"', "Start argument must be before End"),
    ],
)
def test_times_that_contradict_each_other_are_refused(
    ask: Asker, arguments: str, message: str
) -> None:
    """At their place in the answer."""
    assert message in ask.message(f"{{ timelogs({arguments}) {{ count }} }}")


def test_the_instance_shows_others_logs_to_administrators_alone(ask: Asker) -> None:
    """Everybody else asks for their own, for a project's or a group's; or the person."""
    me, other = ask.world.truth.usernames[:2]
    query = "query($u: String) { timelogs(username: $u) { count } }"
    assert "Non-admin users must provide" in ask.message(query, me, u=other)
    assert "Non-admin users must provide" in ask.message(query, me)
    assert ask.data(query, me, u=me)["timelogs"]["count"] > 0
    query = "query($u: String!) { user(username: $u) { timelogs { count } } }"
    assert ask.data(query, me, u=other)["user"]["timelogs"]["count"] > 0


# --- errors ------------------------------------------------------------------------------------


def test_an_unknown_field_is_told_as_gitlab_tells_it(ask: Asker) -> None:
    """Message, place, path and code; nothing is executed."""
    answer = ask("query Some {\n  me: currentUser { ...F }\n}\nfragment F on User { nickname }")
    assert answer == {
        "errors": [
            {
                "message": "Field 'nickname' doesn't exist on type 'User'",
                "locations": [{"line": 4, "column": 22}],
                "path": ["fragment F", "nickname"],
                "extensions": {
                    "code": "undefinedField",
                    "typeName": "User",
                    "fieldName": "nickname",
                },
            }
        ]
    }
    (error,) = ask("query Some { me: currentUser { x } }")["errors"]
    assert error["message"] == "Field 'x' doesn't exist on type 'CurrentUser'"
    assert error["path"] == ["query Some", "me", "x"]


def test_an_unknown_argument_is_told_as_gitlab_tells_it(ask: Asker) -> None:
    """With the field that does not take it."""
    (error,) = ask("{ currentUser { timelogs(frist: 1) { count } } }")["errors"]
    assert error["message"] == "Field 'timelogs' doesn't accept argument 'frist'"
    assert error["path"] == ["query", "currentUser", "timelogs", "frist"]
    assert error["extensions"]["code"] == "argumentNotAccepted"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "No query string was present"),
        ("{ currentUser ", "Expected Name, found <EOF> at [1, 15]"),
        (
            "query($x: Int) { __typename }",
            "Variable $x is declared by anonymous query but not used",
        ),
        ("query Q($x: Int) { __typename }", "Variable $x is declared by Q but not used"),
        (
            "{ user(username: $x) { id } }",
            "Variable $x is used by anonymous query but not declared",
        ),
        ("{ ...F }", "Fragment F was used, but not defined"),
        ("{ __typename } fragment F on User { id }", "Fragment F was defined, but not used"),
        ("query A { __typename } query B { __typename }", "An operation name is required"),
        ("mutation { x }", "Schema is not configured for mutations"),
    ],
)
def test_a_query_that_is_wrong_is_refused_in_words(ask: Asker, query: str, message: str) -> None:
    """With errors alone, and no data."""
    answer = ask(query)
    assert message in [error["message"] for error in answer["errors"]]
    assert "data" not in answer


def test_an_operation_is_chosen_by_its_name(ask: Asker) -> None:
    """One that is not there is an error."""
    query = "query A { a: __typename } query B { b: __typename }"
    assert ask(query, operation="B") == {"data": {"b": "Query"}}
    assert ask(query, operation="C")["errors"][0]["message"] == 'No operation named "C"'


def test_values_of_the_wrong_type_are_refused(ask: Asker) -> None:
    """In the text and in the variables; a global id of another kind, too."""
    for query in (
        '{ currentUser { timelogs(first: "x") { count } } }',
        "{ currentUser { authoredMergeRequests(state: odd) { count } } }",
        '{ currentUser { authoredMergeRequests(createdAfter: "yesterday") { count } } }',
        '{ timelogs(projectId: "gid://gitlab/Group/1") { count } }',
        "{ project { id } }",
        "{ currentUser }",
        "{ currentUser { name { first } } }",
    ):
        assert set(ask(query)) == {"errors"}, query
    answer = ask("query($n: Int!) { currentUser { timelogs(first: $n) { count } } }", n="x")
    assert set(answer) == {"errors"}


def test_variables_may_come_as_text(ask: Asker) -> None:
    """JSON within JSON, as GitLab takes it; what is no object is refused."""
    body = {"query": "query($u: String!) { user(username: $u) { username } }"}
    sent = orjson.dumps({**body, "variables": '{"u": "ghost"}'})
    assert ask.raw(sent) == {"data": {"user": {"username": "ghost"}}}
    for wrong in ("{", "[1]"):
        with pytest.raises(Refusal) as refused:
            ask.raw(orjson.dumps({**body, "variables": wrong}))
        assert refused.value.answer.status == 422


def test_a_query_may_have_ten_thousand_characters(ask: Asker) -> None:
    """One more is refused."""
    query = "{ __typename }"
    assert ask.data(query.ljust(10_000))
    with pytest.raises(Refusal) as refused:
        ask(query.ljust(10_001))
    assert refused.value.answer.status == 422
    assert orjson.loads(refused.value.answer.body) == {"errors": [{"message": "Query too large"}]}


def test_a_body_that_is_no_request_is_refused(ask: Asker) -> None:
    """400, as for any malformed JSON."""
    for body in (b"", b"{", b"[]", b"query=x"):
        with pytest.raises(Refusal) as refused:
            ask.raw(body)
        assert refused.value.answer.status == 400


def aliased(fields: int) -> str:
    """Return a query of that complexity."""
    return "{ " + " ".join(f"a{number}: __typename" for number in range(fields)) + " }"


@pytest.mark.parametrize(("by", "limit"), [("admin", 250), ("ghost", 250), (None, 200)])
def test_a_query_at_the_limit_is_served_and_one_above_refused(
    ask: Asker, by: str | None, limit: int
) -> None:
    """250 for who is signed in, 200 for others; with GitLab's words."""
    assert len(ask.data(aliased(limit), by)) == limit
    text = f"Query has complexity of {limit + 1}, which exceeds max complexity of {limit}"
    assert ask(aliased(limit + 1), by) == {"errors": [{"message": text}]}


def test_a_query_can_ask_for_its_own_complexity(ask: Asker) -> None:
    """And for the limit, which depends on who asks."""
    query = '{ queryComplexity { score limit } user(username: "ghost") { name } }'
    assert ask.data(query)["queryComplexity"] == {"score": 5, "limit": 250}
    assert ask(query, None)["data"]["queryComplexity"] == {"score": 5, "limit": 200}


# --- older servers -----------------------------------------------------------------------------


def test_fields_and_arguments_can_be_missing() -> None:
    """They are unknown, and introspection does not show them; people of all kinds lack the same."""
    world = generate_world(seed=1, users=2, merge_requests=1, issues=1, projects=1)
    without = ("MergeRequest.closedAt", "MergeRequest.notes.filter", "User.publicEmail")
    ask = Asker(world, without=without)
    inner = 'project(fullPath: "acme/figures") { mergeRequests { nodes { %s } } }'
    text = "Field 'closedAt' doesn't exist on type 'MergeRequest'"
    assert ask.message("{" + inner % "closedAt" + "}") == text
    text = "Field 'notes' doesn't accept argument 'filter'"
    assert ask.message("{" + inner % "notes(filter: ALL_NOTES) { count }" + "}") == text
    assert ask.data("{" + inner % "notes { nodes { body } }" + "}")
    text = "Field 'publicEmail' doesn't exist on type 'CurrentUser'"
    assert ask.message("{ currentUser { publicEmail } }") == text
    fields = ask.data('{ __type(name: "MergeRequest") { fields { name } } }')["__type"]["fields"]
    names = {field["name"] for field in fields}
    assert "mergedAt" in names
    assert "closedAt" not in names


@pytest.mark.parametrize("name", ["MergeRequest.colour", "Nothing.id", "MergeRequest.notes.x", ""])
def test_what_is_not_there_cannot_be_taken_away(world: World, name: str) -> None:
    """A misspelt name would go unnoticed for ever."""
    with pytest.raises(ValueError, match="no such field"):
        GraphQL(world, Lists(), (name,))
