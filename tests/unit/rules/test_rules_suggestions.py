"""Who could have an unmatched signature: the signs, what is against them, and how often right."""

from __future__ import annotations

from typing import Any

import pytest
from attribution_examples import user
from documents import text_of
from hypothesis import given
from hypothesis import strategies as st
from linear import assert_linear_time
from measured_suggestions import measured, near_names, others_commits, records
from test_rules_attribution_properties import unhurried

from gitlab_sync.rules.identity.identity import identity_of
from gitlab_sync.rules.identity.suggestions import (
    MOST,
    Candidate,
    Signature,
    Suggestion,
    suggest,
)


def person(username: str, name: str, *addresses: str, **more: Any) -> Candidate:
    """Return a person with commits under these addresses."""
    signatures = frozenset((name, each) for each in addresses)
    return Candidate(identity_of(user(hash(username) % 1000, username, name, **more)), signatures)


ANN = person("amiller", "Ann Miller", "ann.miller@corp.example")
ZOE = person("zoe-kay", "Zoë Müller-Kay", email="zmk77@corp.example")
FELIX = person("felix", "Felix Ott")
PEOPLE = [ANN, ZOE, FELIX, person("bob", "Bob Ray"), person("kay", "Kay")]


def of(name: str, address: str = "", **together: int) -> tuple[Suggestion, ...]:
    """Return the suggestions for one signature."""
    return suggest([(name, address)], PEOPLE, {(name, address): together})[name, address]


@pytest.mark.parametrize(
    ("name", "address", "username", "reason"),
    [
        ("me", "AMiller+git@home.example", "amiller", "the part before the @ is their username"),
        ("", "ann_miller@x", "amiller", "that of another address of theirs"),
        ("pc", "7-amiller@users.noreply.gitlab.example", "amiller", "the username in the address"),
        ("pc", "7+zoe-kay@users.noreply.github.com", "zoe-kay", "the username in the address is"),
        ("zmk77", "root@localhost", "zoe-kay", "the name is the part before the @ of an address"),
        ("MILLER, Ann", "x@y", "amiller", "the name has the same words as “Ann Miller”"),
        ("Zoe Mueller Kay", "x@y", "zoe-kay", "the name has the same words as “Zoë Müller-Kay”"),
        ("pc", "miller.ann99@x", "amiller", "the address is made of their name"),
        ("pc", "annm@corp.example", "amiller", "and they have an address at corp.example"),
        ("A. Miller", "pc@corp.example", "amiller", "“A. Miller” can be their name"),
    ],
)
def test_a_sign_suggests_a_person_and_is_said_in_words(
    name: str, address: str, username: str, reason: str
) -> None:
    """Case, accents, tags and the order of words do not matter."""
    (found,) = of(name, address)
    assert found.username == username
    assert reason in found.reason


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("", ""),
        ("Build Server", "root@localhost"),
        ("Your Name", "you@example.com"),
        ("Ann Weber", "aw@home.example"),
        ("Felix Braun", "felix@braun.example"),
        ("felix", "felix@braun.example"),
        ("Carl Schmidt", "amiller@home.example"),
        ("Ann Miller-Weber", "amw@home.example"),
        ("Ann Muller", "x@y"),
        ("Ann Weber", "annm@corp.example"),
        ("Miller", "pc@home.example"),
        ("Ann", "pc@corp.example"),
        ("Miller", "pc@gmail.com"),
    ],
)
def test_what_many_people_could_have_in_common_suggests_no_one(name: str, address: str) -> None:
    """First names, words of machines, one other letter, and what the other name contradicts."""
    assert of(name, address) == ()


def test_commits_made_together_count_only_where_the_name_can_be_theirs() -> None:
    """The committer is another person most of the time."""
    assert of("Bob Weber", "x@y", amiller=9) == ()
    (found,) = of("Miller", "pc@home.example", amiller=1, bob=9)
    assert found.reason == "“Miller” can be their name, and they had to do with 1 commit of it"
    assert of("Kay", "x@y", **{"zoe-kay": 3}) == ()  # the name of two people


def test_several_signs_put_a_person_first_and_more_than_three_people_are_none() -> None:
    """The strongest sign decides; what says too little is not shown."""
    twins = [person(f"twin{each}", "Ann Lee") for each in range(MOST + 1)]
    signature = ("Ann Lee", "twin1@x")
    found = suggest([signature], twins[:MOST])[signature]
    assert [each.username for each in found] == ["twin1", "twin0", "twin2"]
    assert [sign.kind for sign in found[0].signs] == ["handle", "name"]
    (only,) = suggest([signature], twins)[signature]
    assert [sign.kind for sign in only.signs] == ["handle"]


NAMES = st.sampled_from(["Ann Lee", "Lee, Ann", "ann", "A. Lee", "Zoë Kay", "alee", "root", ""])
ADDRESSES = st.sampled_from(
    ["alee@corp.example", "ann@corp.example", "ann.lee@x.example", "zoe@gmail.com", "root@pc", ""]
)
SIGNATURES = st.lists(st.tuples(NAMES | st.text(max_size=8), ADDRESSES | st.text(max_size=8)))
CANDIDATES = st.lists(
    st.builds(
        lambda username, name, address, signed: Candidate(
            identity_of({"username": username, "name": name, "email": address}), frozenset(signed)
        ),
        st.sampled_from(["alee", "ann", "zoe", "zkay"]),
        NAMES,
        ADDRESSES,
        SIGNATURES,
    ),
    unique_by=lambda each: each.identity.key,
)
TOGETHER = st.dictionaries(st.sampled_from(["alee", "zoe", "gone"]), st.integers(1, 3))


@pytest.mark.slow
@unhurried
@given(SIGNATURES, CANDIDATES, TOGETHER, st.randoms(use_true_random=False))
def test_no_order_changes_a_suggestion(
    signatures: list[Signature], people: list[Candidate], together: dict[str, int], random: Any
) -> None:
    """Of signatures or people; each is one of the people, at most three, each with a reason."""
    shared = dict.fromkeys(signatures, together)
    found = suggest(signatures, people, shared)
    mixed = [random.sample(each, len(each)) for each in (signatures, people)]
    assert suggest(mixed[0], mixed[1], shared) == found
    assert set(found) == set(signatures)
    for each in found.values():
        usernames = [one.username for one in each]
        assert len(set(usernames)) == len(usernames) <= MOST
        assert set(usernames) <= {one.identity.username for one in people}
        assert all(one.reason for one in each)


HOSTILE = {
    "a long name": lambda size: [("a" * size, "x@y")],
    "many accents": lambda size: [("a" + "\u0301" * size, "x@y")],
    "a long address": lambda size: [("x", "7-" + "a" * size + "@users.noreply.x")],
    "many words": lambda size: [("ab " * (size // 3), "@" * size)],
    "many names": lambda size: [(f"Ann Lee {n}", "a@corp.example") for n in range(size // 40)],
    "many addresses": lambda size: [("Ann Lee", f"a{n}@corp.example") for n in range(size // 40)],
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_signatures_take_time_in_proportion_to_their_length(kind: str) -> None:
    """Whether they are asked about, or are those of a person's commits."""
    asked = [("Ann Lee", "ann@corp.example")]

    def run(signatures: list[Signature]) -> object:
        other = Candidate(ANN.identity, frozenset(signatures))
        return suggest(signatures, [other, *PEOPLE]), suggest(asked, [other])

    assert_linear_time(run, HOSTILE[kind])


@pytest.mark.large
def test_on_a_real_history_less_than_one_of_a_hundred_suggestions_is_wrong() -> None:
    """Known addresses are hidden, and half of the people are strangers; the document says so."""
    document = text_of("identities")
    for way, figures in measured().items():
        assert figures.row(way) in document
        assert figures.precision >= 0.99, way
        finds = way not in {"one letter left out, another address", "nothing but who committed it"}
        assert figures.recall == (1 if finds else 0), way


@pytest.mark.large
def test_the_signs_that_were_left_out_would_be_wrong_too_often_on_it() -> None:
    """One other character of a name, and the committer alone."""
    near, every = near_names(each["name"] for each in records("users"))
    assert (near, every) == (1008, 1008)
    assert others_commits() == (1846, 9770)
