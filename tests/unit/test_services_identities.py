"""Where all commits of a run go, and what is said of the signatures that match no one."""

from __future__ import annotations

from typing import Any

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.api.commits import Divider, ProjectCommits
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.identity.identity import identity_of
from gitlab_sync.rules.identity.known_by import KnownBy
from gitlab_sync.services.identities import IdentitiesQuery, IdentitiesReport
from gitlab_sync.services.people_data import PeopleData, PeopleRequest, PersonData, PersonQuery
from gitlab_sync.types import PartialList, Record

PEOPLE: list[Record] = [
    {"id": 7, "username": "amiller", "name": "Ann Miller", "email": "ann@corp.example"},
    {"id": 8, "username": "bob", "name": "Bob Ray", "state": "blocked"},
]
SIGNATURES = (
    ("Ann Miller", "ann@corp.example"),
    ("Miller, Ann", "pc@home.example"),
    ("miller, ann", "PC@home.example"),
    ("Bob Ray", "x@y.example"),
    ("bob", "bob@one.example"),
    ("bob", "bob@two.example"),
    ("renovate-bot", "r@x.example"),
    ("Zoe Kay", "9-zoe@users.noreply.gitlab.example"),
    ("", ""),
)


def trailers(*signed: tuple[str, str]) -> str:
    """Return a message with these co-authors."""
    return "fix\n\n" + "".join(f"Co-authored-by: {name} <{at}>\n" for name, at in signed)


COMMITS = st.lists(
    st.builds(
        lambda sha, author, committer, parents, signed, day: {
            "id": sha,
            "author_name": author[0],
            "author_email": author[1],
            "committer_name": committer[0],
            "committer_email": committer[1],
            "parent_ids": ["p"] * parents,
            "authored_date": f"2024-03-{day:02}T10:00:00Z",
            "message": trailers(*signed),
        },
        st.sampled_from([f"c{number}" for number in range(9)]),
        st.sampled_from(SIGNATURES),
        st.sampled_from(SIGNATURES),
        st.sampled_from([1, 1, 2]),
        st.lists(st.sampled_from(SIGNATURES), max_size=2),
        st.integers(1, 28),
    ),
    max_size=9,
    unique_by=lambda each: each["id"],
)


def report(commits: list[Record], places: list[int], known_by: KnownBy) -> IdentitiesReport:
    """Return the report on two projects: a commit is in the first, the second, or both (2)."""
    identities = [known_by.identity(each) for each in PEOPLE]
    divider = Divider(
        identities,
        bots=DEFAULT_BOTS,
        keeps_apart=True,
        with_co_authors=known_by.co_authors,
    )
    for project in (0, 1):
        own = [each for each, place in zip(commits, places, strict=True) if place in {project, 2}]
        record = {"id": project, "name": f"p{project}", "path_with_namespace": f"g/p{project}"}
        divider.add(
            ProjectCommits(project, record, PartialList(own), PartialList(PEOPLE[project:]))
        )
    request = PeopleRequest([PersonQuery(each["username"]) for each in PEOPLE], known_by=known_by)
    people = [PersonData(query, user) for query, user in zip(request.queries, PEOPLE, strict=True)]
    request = PeopleRequest(request.queries, projects=[0, 1], known_by=known_by)
    query = IdentitiesQuery(known_by=known_by, with_suggestions=True)
    return IdentitiesReport(query, PeopleData(request, people, divider.divided), (), ())


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(200))
@given(COMMITS, st.data(), st.booleans())
def test_the_parts_make_up_all_commits_and_the_signatures_all_unmatched_ones(
    commits: list[Record], data: st.DataObject, co_authors: bool
) -> None:
    """Whatever projects they are in, and whether co-authors count or not."""
    where = st.lists(st.integers(0, 2), min_size=len(commits), max_size=len(commits))
    places = data.draw(where)
    found = report(commits, places, KnownBy(co_authors=co_authors))
    division = found.division
    assert division.total == len(commits)
    parts = (division.people, division.unmatched, division.bots, division.others, division.merges)
    assert sum(parts) == len(commits)
    signed = [sha for each in found.unsettled for sha in each.commits]
    assert len(signed) == len(set(signed)) == division.unmatched
    assert division == report(commits, places, KnownBy()).division
    for row in found:
        own = [each for each in found.commits if each["Username"] == row["Username"]]
        assert row["Commits Total"] == len(own)
    keys = [tuple(part.strip().lower() for part in each.signature) for each in found.unsettled]
    assert len(keys) == len(set(keys))
    assert all(each.commits or (co_authors and each.co_authored) for each in found.unsettled)


def commit(sha: str, author: tuple[str, str], **more: Any) -> Record:
    """Return a commit."""
    made = {"id": sha, "author_name": author[0], "author_email": author[1], "parent_ids": ["p"]}
    return {**made, "authored_date": "2024-03-05T10:00:00Z", **more}


def test_who_committed_or_is_a_co_author_is_a_sign_together_with_a_part_of_the_name() -> None:
    """Of commits of the signature, and of the person's."""
    signature = ("Miller", "pc@laptop")
    ann = ("Ann", "ann@corp.example")
    other = {"committer_name": "Ann Miller", "committer_email": "ann@corp.example"}
    commits = [
        commit("c1", signature, **other),
        commit("c2", signature, message=trailers(("Ann", "ANN@corp.example"))),
        commit("c3", ann, message=trailers(("miller", "PC@laptop"))),
        commit(
            "c4", ("Ann", "ann@corp.example"), committer_email="pc@laptop", committer_name="Miller"
        ),
        commit("c5", signature),
    ]
    (unsettled,) = report(commits, [0] * 5, KnownBy()).unsettled
    (suggestion,) = unsettled.suggestions
    assert suggestion.username == "amiller"
    assert suggestion.reason.endswith("and they had to do with 4 commits of it")


def test_an_identity_is_known_by_its_commits_too() -> None:
    """The address of a commit that a name gave to its author."""
    commits = [commit("c1", ("Bob Ray", "ray77@x.example")), commit("c2", ("r", "ray77@y.example"))]
    (unsettled,) = report(commits, [1, 1], KnownBy()).unsettled
    (suggestion,) = unsettled.suggestions
    assert (suggestion.username, unsettled.signature) == ("bob", ("r", "ray77@y.example"))
    assert identity_of(PEOPLE[1]).emails == frozenset()
