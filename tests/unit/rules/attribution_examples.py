"""People and commits for the tests of attribution."""

from __future__ import annotations

from itertools import count
from typing import Any

from gitlab_sync.rules.identity.attribution import Attribution, attribute
from gitlab_sync.rules.identity.identity import Identity, identity_of
from gitlab_sync.types import Record

_numbers = count(1)


def user(number: int, username: str, name: str = "", **more: Any) -> Record:
    """Return a user's record, as a list of members has it; `more` are addresses and overrides."""
    return {"id": number, "username": username, "name": name or username.title(), **more}


ANN = user(7, "ann", "Ann Lee", email="ann@corp.example")
BOB = user(8, "bob", "Bob Ray")
ANN_IDENTITY, BOB_IDENTITY = identity_of(ANN), identity_of(BOB)
ANN_MEMBER = user(7, "ann", "Ann Lee")


def commit(name: str = "", address: str = "", parents: int = 1, **changes: Any) -> Record:
    """Return a commit with an id of its own."""
    made = {
        "id": f"c{next(_numbers)}",
        "author_name": name,
        "author_email": address,
        "parent_ids": ["p"] * parents,
    }
    return {**made, **changes}


def place(found: Attribution, of: Record) -> str:
    """Return where a commit is: the key of a person, or the name of the other place."""
    places = [key for key, commits in found.people.items() if of in commits]
    apart = ("merges", "bots", "others", "unmatched")
    places += [name for name in apart if of in getattr(found, name)]
    assert len(places) == 1, places
    return places[0]


def whose(of: Record, *people: Identity, beside: tuple[Record, ...] = (), **given: Any) -> str:
    """Return where `of` goes among these people, in a project with the commits `beside`."""
    return place(attribute([*beside, of], people, **given), of)
