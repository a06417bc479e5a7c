"""What holds for attribution whatever commits and people there are."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import Any

import pytest
from attribution_examples import commit, user
from how_many import examples
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from real_data import REAL

from gitlab_sync.rules.identity.attribution import (
    Attribution,
    attribute,
    is_merge,
    needs_members,
)
from gitlab_sync.rules.identity.identity import Identity, identity_of
from gitlab_sync.types import Record

USERNAMES = ("ann", "bob", "cleo", "ann-lee")
NAMES = ("Ann Lee", "Bob Ray", "ann", "Cleo", "release-bot")
ADDRESSES = (
    "ann@corp.example",
    "ann@home.example",
    "bob@corp.example",
    "cleo@x",
    "root@localhost",
    "1-ann@users.noreply.gitlab.example",
    "2-bob@users.noreply.gitlab.example",
    "2-ann@users.noreply.gitlab.example",
    "",
)
unhurried = settings(max_examples=examples(150), deadline=None)

COMMITS = st.lists(
    st.builds(
        commit,
        st.sampled_from(NAMES),
        st.sampled_from(ADDRESSES),
        st.sampled_from([0, 1, 1, 1, 2]),
    ),
    max_size=8,
)


@st.composite
def users(draw: st.DrawFn) -> list[Record]:
    """Return accounts of one instance: ids and usernames are unique, names and addresses not."""
    usernames = draw(st.lists(st.sampled_from(USERNAMES), unique=True, min_size=1))
    return [
        user(
            USERNAMES.index(username) + 1,
            username,
            draw(st.sampled_from(NAMES)),
            email=draw(st.sampled_from([None, *ADDRESSES[:5]])),
        )
        for username in usernames
    ]


def ids(found: Attribution, key: str) -> list[object]:
    """Return the ids of a person's commits."""
    return [each["id"] for each in found.people[key]]


@pytest.mark.slow
@unhurried
@given(COMMITS, users(), users())
def test_every_commit_is_in_exactly_one_place(
    commits: list[Record], people: list[Record], members: list[Record]
) -> None:
    """People, merges, bots, others and unmatched make up all that were read."""
    found = attribute([*commits, *commits], map(identity_of, people), members)
    places = [*found.people.values(), found.merges, found.bots, found.others, found.unmatched]
    placed = [each["id"] for commits_there in places for each in commits_there]
    assert sorted(placed) == sorted(each["id"] for each in commits)
    assert found.total == len(commits)
    assert sum(each.number for each in found.signatures) == len(found.unmatched)
    assert set(found.people) == {person["username"] for person in people}


@pytest.mark.slow
@unhurried
@given(COMMITS, users(), users(), st.randoms(use_true_random=False))
def test_the_order_of_commits_people_and_members_does_not_matter(
    commits: list[Record], people: list[Record], members: list[Record], random: Any
) -> None:
    """Who wrote a commit depends on what was read, not on when."""
    before = attribute(commits, map(identity_of, people), members)
    mixed = [random.sample(part, len(part)) for part in (commits, people, members)]
    after = attribute(mixed[0], map(identity_of, mixed[1]), mixed[2])
    assert before.signatures == after.signatures
    for key in before.people:
        assert sorted(map(str, ids(before, key))) == sorted(map(str, ids(after, key)))


@pytest.mark.slow
@unhurried
@given(COMMITS, users(), st.data())
def test_one_person_has_one_number_alone_and_in_any_batch(
    commits: list[Record], people: list[Record], data: st.DataObject
) -> None:
    """Unless a known address of another in the batch claims a commit of theirs.

    All are members here. Who is none can only be told apart by being asked for.
    """
    members = [{key: each[key] for key in ("id", "username", "name")} for each in people]
    everybody = [identity_of(person) for person in people]
    one = data.draw(st.sampled_from(everybody))
    others = [person for person in everybody if person is not one]
    batch = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    alone = attribute(commits, [one], members)
    claimed = {address for other in batch for address in other.emails}
    assume(not any(each["author_email"] in claimed for each in alone.people[one.key]))
    together = attribute(commits, data.draw(st.permutations([*batch, one])), members)
    assert ids(together, one.key) == ids(alone, one.key)


@pytest.mark.slow
@unhurried
@given(COMMITS, users(), users())
def test_people_of_other_names_change_nothing_even_if_they_are_no_members(
    commits: list[Record], people: list[Record], members: list[Record]
) -> None:
    """A stranger in the batch who is in no commit takes no commit from anybody."""
    everybody = [identity_of(person) for person in people]
    stranger = identity_of(user(99, "zoe", "Zoe Kay", email="zoe@z"))
    before = attribute(commits, everybody, members)
    after = attribute(commits, [stranger, *everybody], members)
    assert after.people == {**before.people, "zoe": ()}
    assert (after.unmatched, after.others) == (before.unmatched, before.others)


@pytest.mark.slow
@unhurried
@given(COMMITS, users(), users())
def test_members_change_no_number_where_they_are_not_needed(
    commits: list[Record], people: list[Record], members: list[Record]
) -> None:
    """So that it costs nothing to leave them out."""
    everybody = [identity_of(person) for person in people]
    without, among = attribute(commits, everybody), attribute(commits, everybody, members)
    if not needs_members(commits, everybody):
        assert without.people == among.people
        assert without.missing is among.missing is None
    else:
        assert all(
            set(ids(without, person.key)) <= set(ids(among, person.key)) for person in everybody
        )


@pytest.mark.slow
@unhurried
@given(COMMITS, users(), users())
def test_each_commit_of_a_person_carries_something_of_theirs(
    commits: list[Record], people: list[Record], members: list[Record]
) -> None:
    """A whole address, a whole local part or a whole name: no one has another's work."""
    everybody = {each.key: each for each in map(identity_of, people)}
    for key, theirs in attribute(commits, everybody.values(), members).people.items():
        assert all(carries(each, everybody[key]) for each in theirs)


def carries(each: Record, person: Identity) -> bool:
    """Say whether a commit could be the person's by any of the rules, looked at on its own."""
    address, name = each["author_email"], each["author_name"].lower()
    return (
        address in person.emails
        or address.startswith(f"{person.id}-{person.username}@users.noreply.")
        or address.split("@")[0] == person.username
        or name.replace(" ", "") in {person.name.lower().replace(" ", ""), person.username}
        or name.replace("-", "") == person.username.replace("-", "")
        or name.replace(" ", "") == person.username.replace("-", "")
    )


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.lists(st.text())


@pytest.mark.slow
@unhurried
@example([{"id": -1}, {"id": -1}, {"id": ""}, {"id": ""}, {"id": 0}, {"id": 0}], [], [])
@given(
    st.lists(
        JSON
        | st.dictionaries(
            st.sampled_from(["id", "author_name", "author_email", "parent_ids"]), JSON
        )
    ),
    st.lists(st.dictionaries(st.sampled_from(["id", "username", "name", "email"]), JSON)),
    st.lists(st.dictionaries(st.sampled_from(["id", "username", "name"]), JSON)),
)
def test_no_record_makes_attribution_fail(
    commits: list[Any], people: list[Record], members: list[Record]
) -> None:
    """Whatever is null, missing or of a strange kind; all are accounted for."""
    identities = [identity_of(person) for person in people]
    needs_members(commits, identities)
    found = attribute(commits, identities, members)
    distinct = {each["id"] for each in commits if isinstance(each, dict) and is_id(each.get("id"))}
    nameless = sum(not (isinstance(c, dict) and is_id(c.get("id"))) for c in commits)
    assert found.total == len(distinct) + nameless


def is_id(value: object) -> bool:
    """Say whether this can be an id: a text that is not empty, or a number from 0."""
    if isinstance(value, str):
        return value != ""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def real(kind: str) -> list[Record]:
    """Return the records of one kind."""
    with gzip.open(REAL / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.large
def test_a_real_history_is_divided_among_its_people() -> None:
    """Fifteen thousand commits of a thousand people, all with known addresses."""
    commits, people = real("commits"), real("users")
    found = attribute(commits, map(identity_of, people))
    written = Counter(each["author_email"] for each in commits if not is_merge(each))
    assert {f"{key}@example.invalid": len(theirs) for key, theirs in found.people.items()} == {
        person["public_email"]: written[person["public_email"]] for person in people
    }
    assert found.unmatched == found.others == found.bots == ()
    assert found.total == len(commits)
