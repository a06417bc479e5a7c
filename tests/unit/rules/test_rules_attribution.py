"""Who wrote a commit: each rule, their order, and what matches no one."""

from __future__ import annotations

import pytest
from attribution_examples import (
    ANN_IDENTITY,
    ANN_MEMBER,
    BOB,
    BOB_IDENTITY,
    commit,
    place,
    user,
    whose,
)

from gitlab_sync.rules.identity.attribution import Unmatched, attribute, needs_members
from gitlab_sync.rules.identity.identity import identity_of
from gitlab_sync.rules.identity.mailmap import parse_mailmap
from gitlab_sync.types import PartialList


@pytest.mark.parametrize(
    "address",
    [
        "ann@corp.example",
        " ANN@Corp.Example ",
        "7-ann@users.noreply.gitlab.example",
        "7-ANN@users.noreply.localhost",
    ],
)
def test_a_known_or_private_address_makes_a_commit_ones_own(address: str) -> None:
    """Whatever the name says, and without asking for members."""
    theirs = commit("Someone Else", address)
    assert whose(theirs, ANN_IDENTITY, BOB_IDENTITY) == "ann"
    assert not needs_members([theirs], [ANN_IDENTITY, BOB_IDENTITY])


@pytest.mark.parametrize(
    "address",
    ["7-bob@users.noreply.gitlab.example", "8-ann@users.noreply.gitlab.example"],
)
def test_a_private_address_needs_both_id_and_username(address: str) -> None:
    """The ids of another instance are other people's."""
    assert whose(commit("x", address), ANN_IDENTITY) == "others"


def test_an_address_of_two_people_is_nobodys() -> None:
    """It distinguishes no one."""
    shared = identity_of(user(9, "cleo", email="ann@corp.example"))
    assert whose(commit("Ann Lee", "ann@corp.example"), ANN_IDENTITY, shared) == "unmatched"


def test_the_local_part_of_an_address_decides_if_it_is_the_username() -> None:
    """Where all its addresses of the project are in one domain."""
    theirs = commit("B.", "Bob@home.example")
    again = commit("x", "bob@HOME.example")
    assert whose(theirs, BOB_IDENTITY, beside=(again,)) == "bob"
    assert not needs_members([theirs], [BOB_IDENTITY])


@pytest.mark.parametrize("parents", [1, 2])
def test_a_local_part_in_two_domains_decides_nothing(parents: int) -> None:
    """Not even if the other domain is only in a merge."""
    other = commit("x", "bob@other.example", parents)
    assert whose(commit("B.", "bob@home.example"), BOB_IDENTITY, beside=(other,)) == "unmatched"


@pytest.mark.parametrize(
    "address", ["bobby@home.example", "bo@home.example", "bob", "bob@", "@bob", "x-bob@x", ""]
)
def test_nobody_is_found_by_a_part_of_their_username(address: str) -> None:
    """Neither by one nor by an address without a domain."""
    assert whose(commit("B.", address), BOB_IDENTITY) == "unmatched"


@pytest.mark.parametrize("name", ["Bob Ray", "bob.ray", "BOB_RAY", "bob", " B-o-b "])
def test_the_name_decides_if_no_other_member_has_it(name: str) -> None:
    """Username or display name, however they are written."""
    theirs = commit(name, "b@x")
    assert needs_members([theirs], [BOB_IDENTITY])
    assert whose(theirs, BOB_IDENTITY, members=[BOB, ANN_MEMBER]) == "bob"
    assert whose(theirs, BOB_IDENTITY, members=[]) == "bob"


@pytest.mark.parametrize("namesake", [user(9, "bray", "Bob Ray"), user(9, "bobray", "Robert")])
def test_a_namesake_among_the_members_makes_a_name_useless(namesake: dict[str, object]) -> None:
    """Whether by display name or by username, and whether asked for or not."""
    theirs = commit("Bob Ray", "b@x")
    assert whose(theirs, BOB_IDENTITY, members=[BOB, namesake]) == "unmatched"
    both = (BOB_IDENTITY, identity_of(namesake))
    assert whose(theirs, *both, members=[BOB, namesake]) == "unmatched"


def test_a_member_keeps_their_name_from_a_namesake_who_is_none() -> None:
    """Alone and together."""
    stranger = identity_of(user(9, "bray", "Bob Ray"))
    theirs = commit("Bob Ray", "b@x")
    assert whose(theirs, BOB_IDENTITY, members=[BOB]) == "bob"
    assert whose(theirs, stranger, members=[BOB]) == "others"
    assert whose(theirs, stranger, BOB_IDENTITY, members=[BOB]) == "bob"


def test_two_of_one_name_who_are_no_members_leave_it_open() -> None:
    """A rule that matches two people decides for neither."""
    stranger = identity_of(user(9, "bray", "Bob Ray"))
    assert whose(commit("Bob Ray", "b@x"), stranger, BOB_IDENTITY, members=[]) == "unmatched"


@pytest.mark.parametrize("name", ["Bo Ray", "Bob Rayleigh", "Bob", "-", "", "Bob+Ray"])
def test_nobody_is_found_by_a_part_of_their_name(name: str) -> None:
    """A first name is not a name, and no name matches no one."""
    stranger = identity_of(user(9, "bray", "Bob Ray"))
    assert whose(commit(name, "x@y"), stranger, members=[]) == "unmatched"


def test_the_rules_are_tried_in_their_order_over_everybody() -> None:
    """A known address goes before a local part, and that before a name."""
    cleo = identity_of(user(9, "cleo", "Cleo Fox", public_email="bob@home.example"))
    people = (ANN_IDENTITY, BOB_IDENTITY, cleo)
    assert whose(commit("Ann Lee", "bob@home.example"), *people, members=[]) == "cleo"
    assert whose(commit("Ann Lee", "bob@home.example"), *people[:2], members=[]) == "bob"
    assert whose(commit("Ann Lee", "b@home.example"), *people, members=[]) == "ann"


@pytest.mark.parametrize("address", ["bob@home.example", "8-bob@users.noreply.gitlab.example"])
def test_an_address_of_another_member_goes_before_a_name(address: str) -> None:
    """So that a person's number is the same with and without that member in the run."""
    theirs = commit("Ann Lee", address)
    members = [ANN_MEMBER, BOB]
    assert whose(theirs, ANN_IDENTITY, members=members) == "others"
    assert whose(theirs, ANN_IDENTITY, BOB_IDENTITY, members=members) == "bob"


def test_a_private_address_of_another_instance_leaves_it_to_the_name() -> None:
    """A mirrored project has the ids of where it comes from."""
    theirs = commit("Ann Lee", "4711-annlee@users.noreply.gitlab.com")
    assert whose(theirs, ANN_IDENTITY, members=[ANN_MEMBER]) == "ann"


def test_overrides_and_aliases_are_identities_like_the_others() -> None:
    """An address, a username and a name that were configured."""
    ann = identity_of(
        {**ANN_MEMBER, "override_email": "a@home.example", "global_username": "al"},
        extra_names=["Ann van Dyk"],
    )
    assert whose(commit("x", "a@home.example"), ann) == "ann"
    assert whose(commit("x", "al@somewhere.example"), ann) == "ann"
    assert whose(commit("Ann Van Dyk", "x@y"), ann, members=[ANN_MEMBER]) == "ann"


def test_a_mailmap_is_applied_before_anything_is_compared() -> None:
    """It may also bring two domains together; what is left is listed as it has it."""
    mailmap = parse_mailmap(
        "<ann@corp.example> <root@localhost>\n<bob@home.example> <bob@old.example>\nZoe Kay <z@x>\n"
    )
    theirs, old = commit("x", "root@localhost"), commit("x", "bob@old.example")
    commits = [theirs, old, commit("x", "bob@home.example"), commit("z", "z@x")]
    people = [ANN_IDENTITY, BOB_IDENTITY]
    found = attribute(commits, people, mailmap=mailmap)
    assert (place(found, theirs), place(found, old)) == ("ann", "bob")
    assert found.signatures == (Unmatched("Zoe Kay", "z@x", 1),)
    assert not needs_members(commits, people, mailmap)


def test_merges_are_nobodys_work() -> None:
    """Even under a known address; the commit without parents is work."""
    assert whose(commit("Ann Lee", "ann@corp.example", parents=2), ANN_IDENTITY) == "merges"
    assert whose(commit("Ann Lee", "ann@corp.example", parents=0), ANN_IDENTITY) == "ann"
    assert not needs_members([commit("Ann Lee", "x@y", parents=2)], [ANN_IDENTITY])


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("dependabot[bot]", "support@github.example"),
        ("Dependabot", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("deploy", "project_12_bot_3fa0@noreply.gitlab.example"),
        ("Renovate", "12-renovate@users.noreply.gitlab.example"),
        ("GitLab Release", "release-bot@gitlab.example"),
        ("marge", "m@x"),
    ],
)
def test_bots_are_kept_apart(name: str, address: str) -> None:
    """By their username, wherever it is."""
    assert whose(commit(name, address), ANN_IDENTITY, bots=["renovate", "marge"]) == "bots"


def test_a_bot_that_is_asked_for_has_its_commits() -> None:
    """Like everybody in the run."""
    bot = identity_of(user(50, "release-bot", email="r@x"))
    assert whose(commit("release-bot", "r@x"), bot) == "release-bot"
    assert whose(commit("x", "release-bot@gitlab.example"), bot) == "release-bot"


def test_what_another_member_did_is_not_unmatched() -> None:
    """It is known to be another person's, by any rule that needs none of their addresses."""
    zoe = user(30, "zoe", "Zoe Kay")
    for theirs in (
        commit("x", "30-zoe@users.noreply.gitlab.example"),
        commit("x", "zoe@home.example"),
        commit("Zoe Kay", "z@x"),
    ):
        assert whose(theirs, ANN_IDENTITY, members=[zoe]) == "others"
    undecided = (None, PartialList((zoe,), "broke off"), [zoe, user(31, "zk", "Zoe Kay")])
    for members in undecided:
        assert whose(commit("Zoe Kay", "z@x"), ANN_IDENTITY, members=members) == "unmatched"


def test_members_that_could_not_be_read_leave_a_name_undecided() -> None:
    """And the answer says so: a person's number can be too low."""
    theirs = commit("Ann Lee", "x@y")
    for members in (
        None,
        PartialList((), "403 Forbidden"),
        PartialList((ANN_MEMBER,), "403 Forbidden"),
    ):
        found = attribute([theirs], [ANN_IDENTITY], members)
        assert place(found, theirs) == "unmatched"
        assert found.missing == ("members were not read" if members is None else "403 Forbidden")


def test_members_that_nobody_needed_are_not_missing() -> None:
    """Nor does it matter what else they would show, such as a namesake that was read in time."""
    found = attribute([commit("x", "ann@corp.example")], [ANN_IDENTITY], None)
    assert found.missing is None
    broken = PartialList((user(9, "lee", "Ann Lee"),), "broke off")
    assert attribute([commit("Ann Lee", "x@y")], [ANN_IDENTITY], broken).missing is None


def test_each_commit_counts_once_and_each_person_is_one() -> None:
    """Lists of branches overlap, and a name can be typed twice."""
    theirs = commit("x", "ann@corp.example")
    again = identity_of({**ANN_MEMBER, "username": "ANN", "email": "ann@corp.example"})
    found = attribute([theirs, theirs, {**theirs}], [ANN_IDENTITY, again])
    assert found.people == {"ann": (theirs,)}
    assert found.total == 1


def test_signatures_that_match_nobody_are_counted_without_case() -> None:
    """The most frequent first, so that an alias for it is the next thing to do."""
    commits = [commit("Zoe", "Z@x"), commit("zoe", "z@X"), commit("Yan", "y@x"), commit("", "")]
    found = attribute(commits, [ANN_IDENTITY])
    assert found.signatures == (
        Unmatched("Zoe", "Z@x", 2),
        Unmatched("", "", 1),
        Unmatched("Yan", "y@x", 1),
    )
    assert found.people == {"ann": ()}
