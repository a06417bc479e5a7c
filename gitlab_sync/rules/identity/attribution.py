"""Decides who wrote a commit.

A git commit has a name and an address that anyone could have typed, and no GitLab account. The
first of three rules that matches anyone decides:

1. its address is a known address of the person, or GitLab's private address for them;
2. the part of its address before the `@` is their username, and all addresses of the project with
   this part have one domain (else `info@` or `ann@` of two companies would be one person);
3. its author's name is their username or name, and no other member of the project has that name.

If a rule matches two people, the commit is unmatched. The third rule asks the project's members,
not the other people of the run: so a person has the same commits alone and in any batch, unless a
known address of another person in the batch claims them. A commit with an address that another
member claims (by private address or the second rule) is that member's, whether they were asked for
or not. One case stays open: of two people with one name who are not members, each would get it
alone.

Co-authors, if they are asked for, are found by the same rules. They change nothing about the author
of a commit, and so nothing about where it goes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS, is_bot
from gitlab_sync.rules.identity.co_authors import co_authors
from gitlab_sync.rules.identity.identity import (
    Identity,
    identity_of,
    normal_address,
    normal_name,
    private_owner,
)
from gitlab_sync.rules.identity.mailmap import Mailmap
from gitlab_sync.rules.unique import unique, unique_records
from gitlab_sync.types import PartialList, Record

_NO_MAILMAP = Mailmap()
_NOT_ASKED = PartialList(missing="members were not read")

Apart = Literal["merges", "bots", "others", "unmatched"]
"""Where a commit goes that matches no one in the run."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A signature that matches no one, as the `.mailmap` has it, and its number of commits."""

    name: str
    address: str
    number: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """The commits of one project, each in exactly one place. Immutable.

    `people` has an entry for everyone in the run, under the username in lower case. `merges` have
    two or more parents and count for no one. `bots` are those of bots that were not asked for.
    `others` are known to be another person's: the private address names an account outside the run,
    or the rules above find a member outside it. `unmatched` match no one, or two people. `missing`
    says why names could not decide (the members could not be read), so that commits of people can
    be among the unmatched; None: everything was decided.

    `co_authored` has the further commits of everyone in the run: those that name them as a
    co-author. `strange_co_authors` are pairs of a commit and the name and address of a co-author
    who matches no one. Both are empty unless co-authors were asked for.
    """

    people: Mapping[str, tuple[Record, ...]]
    merges: tuple[Record, ...]
    bots: tuple[Record, ...]
    others: tuple[Record, ...]
    unmatched: tuple[Record, ...]
    signatures: tuple[Unmatched, ...]
    missing: str | None = None
    co_authored: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    strange_co_authors: tuple[tuple[Record, tuple[str, str]], ...] = ()

    @property
    def total(self) -> int:
        """The number of commits that were read, each id once: the sum of all places."""
        places = (*self.people.values(), self.merges, self.bots, self.others, self.unmatched)
        return sum(map(len, places))


def needs_members(
    commits: Iterable[Record],
    identities: Iterable[Identity],
    mailmap: Mailmap = _NO_MAILMAP,
    *,
    with_co_authors: bool = False,
) -> bool:
    """Return whether the project's members have to be read: a name decides about a commit.

    The arguments are those of `attribute`. Never raises.
    """
    commits, people = unique_records(commits), list(identities)
    own = [each for each in commits if not is_merge(each)]
    if _has_named(_Project(commits, people, _NOT_ASKED, mailmap), own):
        return True
    named = [each for commit in own for each in co_authors(commit)] if with_co_authors else []
    return _has_named(_Project([*commits, *named], people, _NOT_ASKED, mailmap), named)


def _has_named(project: _Project, signed: Iterable[Record]) -> bool:
    own = {project.signature(each) for each in signed}
    return any(not project.by_address(each) and bool(project.named(each)) for each in own)


def attribute(
    commits: Iterable[Record],
    identities: Iterable[Identity],
    members: PartialList | Sequence[Record] | None = None,
    bots: Collection[str] = DEFAULT_BOTS,
    mailmap: Mailmap = _NO_MAILMAP,
    *,
    with_co_authors: bool = False,
) -> Attribution:
    """Divide the commits of one project among the people of a run; never raises.

    `commits` are all that were read of all its branches, as GitLab sends them, in any order: the
    second rule looks at every address among them. `members` are the records of `members/all`, None
    if `needs_members` said no. `bots` are usernames of bots that do not look like bots, as
    `bots.is_bot` takes them.
    """
    commits = unique_records(commits)
    people = unique(identities, lambda identity: identity.key)
    if members is None:
        members = _NOT_ASKED
    reading = members if isinstance(members, PartialList) else PartialList(members)
    project = _Project(commits, people, reading, mailmap)
    found: dict[str, list[Record]] = {person.key: [] for person in people}
    apart: defaultdict[Apart, list[Record]] = defaultdict(list)
    undecided = False
    for commit in commits:
        decision = project.decide(commit, bots)
        undecided = undecided or decision is None
        if isinstance(decision, Identity):
            found[decision.key].append(commit)
        else:
            apart[decision or "unmatched"].append(commit)
    authored = Attribution(
        people={key: tuple(theirs) for key, theirs in found.items()},
        merges=tuple(apart["merges"]),
        bots=tuple(apart["bots"]),
        others=tuple(apart["others"]),
        unmatched=tuple(apart["unmatched"]),
        signatures=_signatures(project.signature(commit) for commit in apart["unmatched"]),
        missing=reading.missing if undecided else None,
    )
    if not with_co_authors:
        return authored
    return _with_co_authors(authored, commits, people, reading, bots, mailmap)


def _with_co_authors(
    authored: Attribution,
    commits: Sequence[Record],
    people: Sequence[Identity],
    members: PartialList,
    bots: Collection[str],
    mailmap: Mailmap,
) -> Attribution:
    pairs = [
        (place, signed)
        for place, commit in enumerate(commits)
        if not is_merge(commit)
        for signed in co_authors(commit)
    ]
    # The second rule looks at their addresses, too, but only where it decides about a co-author.
    project = _Project([*commits, *(signed for _, signed in pairs)], people, members, mailmap)
    authors = {id(commit): key for key, theirs in authored.people.items() for commit in theirs}
    found: dict[str, dict[int, Record]] = {person.key: {} for person in people}
    strange: list[tuple[Record, tuple[str, str]]] = []
    missing = authored.missing
    for place, signed in pairs:
        commit = commits[place]
        decision = project.decide(signed, bots)
        if isinstance(decision, Identity):
            if authors.get(id(commit)) != decision.key:
                found[decision.key][place] = commit
        elif decision in {None, "unmatched"}:
            signature = project.signature(signed)
            strange.append((commit, (signature.name.strip(), signature.address.strip())))
            missing = members.missing if decision is None else missing
    return replace(
        authored,
        missing=missing,
        co_authored={key: tuple(theirs.values()) for key, theirs in found.items()},
        strange_co_authors=tuple(strange),
    )


def is_merge(commit: Record) -> bool:
    """Return whether a commit has two or more parents."""
    parents = record.field(commit, "parent_ids")
    return isinstance(parents, list | tuple) and len(parents) >= 2


@dataclass(frozen=True, slots=True)
class _Signature:
    """Name and address of a commit, and the two parts of the address for comparison."""

    name: str
    address: str
    local: str
    domain: str

    @property
    def known(self) -> str:
        return normal_address(self.address)


class _Project:
    """Indexes over one project's commits and members, and the people to find."""

    def __init__(
        self,
        commits: Iterable[Record],
        identities: Iterable[Identity],
        members: PartialList,
        mailmap: Mailmap,
    ) -> None:
        self.members = members
        self._mailmap = mailmap
        self._people = _Index(identities)
        # Without their e-mail addresses: reading the members must not change the first rule.
        self._member_index = _Index(
            identity_of({key: record.field(row, key) for key in ("id", "username", "name")})
            for row in members.rows
        )
        # Many commits have few authors: each signature is decided once.
        self._signatures: dict[tuple[str, str], _Signature] = {}
        self._decided: dict[_Signature, Identity | Apart | None] = {}
        domains: defaultdict[str, set[str]] = defaultdict(set)
        for signature in map(self.signature, commits):
            domains[signature.local].add(signature.domain)
        self._in_one_domain = {local for local, among in domains.items() if len(among) == 1}

    def signature(self, commit: Record) -> _Signature:
        """Return the name and address of a commit's author."""
        written = record.text(commit, "author_name"), record.text(commit, "author_email")
        key = written[0] or "", written[1] or ""
        if key not in self._signatures:
            name, address = self._mailmap.proper(*key)
            local, _, domain = normal_address(address).rpartition("@")
            self._signatures[key] = _Signature(name, address, local if domain else "", domain)
        return self._signatures[key]

    def decide(self, commit: Record, bots: Collection[str]) -> Identity | Apart | None:
        """Return the author's key, or the place of the commit; None: members are needed for it."""
        if is_merge(commit):
            return "merges"
        signature = self.signature(commit)
        if signature not in self._decided:
            self._decided[signature] = self._decide(signature, bots)
        return self._decided[signature]

    def _decide(self, signature: _Signature, bots: Collection[str]) -> Identity | Apart | None:
        matches: Sequence[Identity] = self.by_address(signature)
        if not matches:
            named = self.named(signature)
            if named and self._claimed_by_member(signature):
                return "others"
            members = self._member_index.by_name.get(normal_name(signature.name), ())
            matches = [person for person in named if all(map(person.is_same_person, members))]
            if matches and not self.members.whole:
                return None
        if matches:
            return matches[0] if len(matches) == 1 else "unmatched"
        return self._apart(signature, bots)

    def by_address(self, signature: _Signature) -> Sequence[Identity]:
        """Return the people that the first rule matches, else those that the second matches."""
        return self._people.knowing(signature.known) or self._by_local_part(self._people, signature)

    def named(self, signature: _Signature) -> Sequence[Identity]:
        """Return the people with the name of the commit's author."""
        return self._people.by_name.get(normal_name(signature.name), ())

    def _by_local_part(self, index: _Index, signature: _Signature) -> Sequence[Identity]:
        if signature.local not in self._in_one_domain:
            return ()
        return index.by_username.get(signature.local, ())

    def _claimed_by_member(self, signature: _Signature) -> bool:
        index = self._member_index
        return bool(index.knowing(signature.known) or self._by_local_part(index, signature))

    def _apart(self, signature: _Signature, bots: Collection[str]) -> Apart:
        if _is_bots(signature, bots):
            return "bots"
        if private_owner(signature.known) or self._claimed_by_member(signature):
            return "others"
        members = self._member_index.by_name.get(normal_name(signature.name), ())
        return "others" if self.members.whole and len(members) == 1 else "unmatched"


class _Index:
    """People by everything that can identify them on a commit."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        self.by_username: defaultdict[str, list[Identity]] = defaultdict(list)
        self.by_name: defaultdict[str, list[Identity]] = defaultdict(list)
        self._by_address: defaultdict[str, list[Identity]] = defaultdict(list)
        self._by_id: dict[int, Identity] = {}
        for identity in identities:
            for index, keys in (
                (self._by_address, identity.emails),
                (self.by_username, identity.usernames),
                (self.by_name, identity.names),
            ):
                for key in keys:
                    index[key].append(identity)
            if identity.id is not None:
                self._by_id[identity.id] = identity

    def knowing(self, address: str) -> Sequence[Identity]:
        """Return the people with this known or private address."""
        known = self._by_address.get(address, [])
        number, username = private_owner(address) or (None, "")
        owner = None if number is None else self._by_id.get(number)
        if owner is None or username not in owner.usernames or owner in known:
            return known
        return [*known, owner]


def _is_bots(signature: _Signature, bots: Collection[str]) -> bool:
    """Return whether the author's name or address is a bot's username.

    A bot's private address has its id before the username: `49-renovate@…`, on GitHub `49+…`.
    """
    username = signature.local.lstrip("0123456789").lstrip("-+")
    return any(is_bot(name, bots) for name in (signature.name.strip(), signature.local, username))


def _signatures(signatures: Iterable[_Signature]) -> tuple[Unmatched, ...]:
    """Count the signatures, ignoring case; the most frequent first, in the first spelling."""
    numbers: Counter[tuple[str, str]] = Counter()
    spelled: dict[tuple[str, str], tuple[str, str]] = {}
    for signature in signatures:
        key = (signature.name.strip().lower(), signature.known)
        numbers[key] += 1
        written = (signature.name.strip(), signature.address.strip())
        spelled[key] = min(spelled.get(key, written), written)
    ordered = sorted(numbers.items(), key=lambda counted: (-counted[1], counted[0]))
    return tuple(Unmatched(*spelled[key], number) for key, number in ordered)
