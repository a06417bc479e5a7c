"""Suggests who could have an unmatched signature, and says why. It decides nothing.

A *sign* is something that a signature and a person have in common. Those that are here were
measured to be right in at least 99 of 100 cases (`docs/how-to/identities.md`), and others were left
out. What more than three people have in common with a signature says nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias, get_args

from gitlab_sync.rules.identity.identity import Identity
from gitlab_sync.rules.identity.name_forms import (
    SAYS_NOTHING,
    Words,
    handle,
    is_hidden,
    is_part,
    joined,
    own_domain,
    words,
)
from gitlab_sync.rules.text import plural

MOST = 3
"""The most people that are suggested for one signature."""

Signature: TypeAlias = tuple[str, str]
"""The name and the address of a commit's author."""

Kind: TypeAlias = Literal["handle", "name", "address", "domain", "together"]
"""The kinds of signs, the strongest first."""

_KINDS: tuple[Kind, ...] = get_args(Kind)
_SHORTEST = 4  # letters of a word or of the part before an `@` that says something
_SHORTEST_WHOLE = 6  # letters of a first and a last name together
_MOST_NAMES = 20  # of one person

_Key: TypeAlias = tuple[Literal["handle", "name", "whole", "initial", "word"], str]
"""What is looked up: in which way two things are equal, and the text that they have in common."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person of the run, and the signatures of the commits that are theirs. Immutable."""

    identity: Identity
    signatures: frozenset[Signature] = frozenset()


@dataclass(frozen=True, slots=True)
class Sign:
    """What a signature and a person have in common: its kind, and in words."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A person for a signature, with the signs, the strongest first."""

    username: str
    signs: tuple[Sign, ...]

    @property
    def reason(self) -> str:
        """The signs in words, as one text."""
        return "; ".join(sign.text for sign in self.signs)


def suggest(
    signatures: Iterable[Signature],
    candidates: Iterable[Candidate],
    together: Mapping[Signature, Mapping[str, int]] | None = None,
) -> dict[Signature, tuple[Suggestion, ...]]:
    """Return up to `MOST` people for each signature, the best first; never raises.

    `together` says of a signature with how many of its commits a person had to do, by username in
    lower case: as the committer, or as an author together with it. No order changes the result,
    and the time grows with the length of all names together.
    """
    seen = {signature: _Signed(signature) for signature in signatures}
    index = _Index({each.identity.key: _Person(each) for each in candidates}, seen.values())
    shared = together or {}
    return {each: index.suggest(signed, shared.get(each, {})) for each, signed in seen.items()}


class _Signed:
    """A signature in the forms in which it is compared."""

    def __init__(self, signature: Signature) -> None:
        self.name, self.address = (part.strip() for part in signature)
        self.words = words(self.name)
        self.handle = handle(self.address)
        self.domain = own_domain(self.address)

    def looks_up(self) -> Iterator[_Key]:
        """Yield the keys of people that have something in common with it."""
        for text in {self.handle, joined(self.name)}:
            if _says_something(text):
                yield "handle", text
        if _is_full(self.words):
            yield "name", _in_any_order(self.words)
        yield "whole", self.handle.rstrip("0123456789")
        if self.domain:
            yield "initial", f"{self.handle}@{self.domain}"
            for word in set(self.words):
                yield "word", f"{word}@{self.domain}"


class _Person:
    """A person in the forms in which signatures are compared with them."""

    def __init__(self, candidate: Candidate) -> None:
        identity, signatures = candidate.identity, candidate.signatures
        addresses = {*identity.emails, *(address for _, address in signatures)}
        self.username = identity.username
        self.handle = joined(identity.username)
        self._handles = {self.handle, *map(handle, addresses)}
        self._domains = {own_domain(each) for each in addresses} - {""}
        spelled = [identity.name, *sorted({name for name, _ in signatures})[: _MOST_NAMES - 1]]
        self.names = {found for name in spelled if (found := words(name))}
        self.spelled = {_in_any_order(words(name)): name.strip() for name in reversed(spelled)}
        self.words = frozenset(chain.from_iterable(self.names))

    def is_under(self) -> Iterator[_Key]:
        """Yield the keys under which the person is found."""
        for text in self._handles:
            yield "handle", text
        for name in self.names:
            if _is_full(name):
                yield "name", _in_any_order(name)
            for made in _made_of_whole(name):
                yield "whole", made
            for domain in self._domains:
                for made in _made_with_initial(name):
                    yield "initial", f"{made}@{domain}"
                for word in filter(_says_something, name):
                    yield "word", f"{word}@{domain}"

    def can_be_named(self, seen: _Signed, owners: Mapping[str, int]) -> bool:
        """Return whether one of the names is a part of the other.

        A single word has to be in the names of one person only, as the numbers of `owners` say.
        """
        for name in self.names:
            short = min(name, seen.words, key=len)
            if is_part(name, seen.words, _says_something) and (
                len(short) > 1 or owners[short[0]] == 1
            ):
                return True
        return False

    def has_other_name(self, seen: _Signed) -> bool:
        """Return whether both have a first and a last name, with no beginning in common."""
        mine, theirs = (
            {each[:3] for each in given if len(each) > 1 and each.isascii() and each.isalpha()}
            for given in (self.words, seen.words)
        )
        return len(mine) > 1 and len(theirs) > 1 and mine.isdisjoint(theirs)


class _Index:
    """People by what a signature can have in common with them."""

    def __init__(self, people: Mapping[str, _Person], seen: Iterable[_Signed]) -> None:
        self._people = people
        self._found: defaultdict[_Key, set[str]] = defaultdict(set)
        for username, person in people.items():
            for key in person.is_under():
                if len(self._found[key]) <= MOST:  # one more than counts says that it does not
                    self._found[key].add(username)
        self._owners = Counter(chain.from_iterable(each.words for each in people.values()))
        # Many people have `felix@`: what is a part of a name in this run tells no one apart.
        names = (
            *chain.from_iterable(each.names for each in people.values()),
            *(s.words for s in seen),
        )
        self._parts = set(chain.from_iterable(name for name in names if len(name) > 1))

    def suggest(self, seen: _Signed, together: Mapping[str, int]) -> tuple[Suggestion, ...]:
        """Return the people for a signature, the best first; none if there are too many."""
        signs: defaultdict[str, dict[Kind, str]] = defaultdict(dict)
        for key in seen.looks_up():
            found = self._found.get(key, ())
            for username in found if len(found) <= MOST else ():
                sign = self._sign(self._people[username], key, seen)
                if sign is not None:
                    signs[username].setdefault(sign.kind, sign.text)
        for username, number in together.items():
            person = self._people.get(username)
            if person is not None and person.can_be_named(seen, self._owners):
                signs[username]["together"] = (
                    f"“{seen.name}” can be their name, and they had to do with "
                    f"{plural(number, 'commit')} of it"
                )
        if len(signs) > MOST:
            return ()
        return tuple(
            Suggestion(
                self._people[each].username,
                tuple(Sign(kind, signs[each][kind]) for kind in _KINDS if kind in signs[each]),
            )
            for each in sorted(signs, key=lambda each: (_rank(signs[each]), each))
        )

    def _sign(self, person: _Person, key: _Key, seen: _Signed) -> Sign | None:
        """Return what a key of both says; None if something is against it."""
        way, text = key
        if way == "name":
            return Sign("name", f"the name has the same words as “{person.spelled[text]}”")
        if person.has_other_name(seen) or self._is_against(person, key, seen):
            return None
        if way == "handle":
            return Sign("handle", _handle_in_words(text, person, seen))
        where = f"they have an address at {seen.domain}"
        if way == "word":
            return Sign("domain", f"“{seen.name}” can be their name, and {where}")
        made = "the address is made of their name"
        return Sign("address", made if way == "whole" else f"{made}, and {where}")

    def _is_against(self, person: _Person, key: _Key, seen: _Signed) -> bool:
        way, text = key
        if way == "handle":
            return text in self._parts and len(person.words & {*seen.words}) < 2
        if way == "initial" and len(seen.words) < 2:
            return False
        return way != "whole" and not person.can_be_named(seen, self._owners)


def _handle_in_words(text: str, person: _Person, seen: _Signed) -> str:
    own = text == person.handle
    if text != seen.handle:
        whose = "their username" if own else "the part before the @ of an address of theirs"
        return f"the name is {whose}"
    if is_hidden(seen.address):
        return f"the username in the address is {'theirs' if own else 'in an address of theirs'}"
    whose = "their username" if own else "that of another address of theirs"
    return f"the part before the @ is {whose}"


def _rank(signs: Mapping[Kind, str]) -> tuple[int, int]:
    return min(map(_KINDS.index, signs)), -len(signs)


def _says_something(text: str) -> bool:
    return len(text) >= _SHORTEST and text not in SAYS_NOTHING


def _is_full(name: Words) -> bool:
    """Return whether a name has several words, and enough in them that not anyone has."""
    own = [each for each in name if each not in SAYS_NOTHING]
    longest, together = max(map(len, own), default=0), sum(map(len, own))
    return len(name) > 1 and (longest >= _SHORTEST or together >= _SHORTEST_WHOLE)


def _in_any_order(name: Words) -> str:
    return " ".join(sorted(name))


def _made_of_whole(name: Words) -> set[str]:
    """Return the parts before an `@` that a whole name makes, the first or the last name first."""
    if len(name) < 2 or min(len(name[0]), len(name[-1])) < 2 or not "".join(name).isalpha():
        return set()
    first, *further = name
    last = name[-1]
    made = {first + last, last + first, "".join(name), "".join((*further, first))}
    return {each for each in made if len(each) >= _SHORTEST_WHOLE}


def _made_with_initial(name: Words) -> set[str]:
    """Return the parts before an `@` that a name with one initial makes."""
    if not _made_of_whole(name):
        return set()
    return {*filter(_says_something, (name[0][0] + name[-1], name[0] + name[-1][0]))}
