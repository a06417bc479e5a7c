"""How often suggestions for unmatched signatures are right: `python tests/measured_suggestions.py`.

It hides the known addresses of people and asks who could have written what they wrote. Each person
is asked about twice: as one of the candidates, and as a stranger: then every suggestion is wrong.
Of the history that `real_data` names it prints the table of `docs/how-to/identities.md`; with
`--clone PATH` it takes a clone with a `.mailmap`, which knows the addresses of its people.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from real_data import REAL

from gitlab_sync.rules.identity.attribution import attribute, is_merge
from gitlab_sync.rules.identity.identity import Identity, identity_of, normal_name
from gitlab_sync.rules.identity.mailmap import Mailmap, parse_mailmap
from gitlab_sync.rules.identity.name_forms import joined
from gitlab_sync.rules.identity.suggestions import Candidate, Signature, Suggestion, suggest
from gitlab_sync.rules.identity.usernames import is_username
from gitlab_sync.types import Record

Together = Mapping[Signature, Mapping[str, int]]

WAYS: Mapping[str, Callable[[Record], Signature]] = {
    "the known address is hidden": lambda one: (one["name"], one["public_email"]),
    "another name and domain": lambda one: ("laptop", f"{one['username']}@home.invalid"),
    "another address": lambda one: (one["name"], f"me{one['id'] * 7}@home.invalid"),
    "another address, the last name first": lambda one: (
        ", ".join(reversed(one["name"].split())), f"me{one['id'] * 7}@home.invalid",
    ),
    "the username is the name": lambda one: (one["username"], "root@localhost"),
    "GitHub's hidden address": lambda one: (
        "laptop", f"{one['id']}+{one['username']}@users.noreply.github.com",
    ),
    "one letter left out, another address": lambda one: (
        one["name"].replace("e", "", 1), f"me{one['id'] * 7}@home.invalid",
    ),
    "nothing but who committed it": lambda one: (f"laptop {one['id']}", "root@localhost"),
}  # fmt: skip
"""What a person's commits are signed with, from their record."""


@dataclass(slots=True)
class Figures:
    """Signatures that were asked about, and the people that were suggested for them."""

    cases: int = 0
    right: int = 0
    wrong: int = 0
    strangers: int = 0
    wrong_of_strangers: int = 0

    def count(self, found: Sequence[Suggestion], true: str | None) -> None:
        """Count the suggestions for a signature; `true` is its person, None for a stranger."""
        right = sum(each.username.lower() == true for each in found)
        if true is None:
            self.strangers += 1
            self.wrong_of_strangers += len(found)
        else:
            self.cases += 1
            self.right += right
            self.wrong += len(found) - right

    @property
    def precision(self) -> float:
        """The share of suggestions that are right; 1 if there are none."""
        every = self.right + self.wrong + self.wrong_of_strangers
        return self.right / every if every else 1.0

    @property
    def recall(self) -> float:
        """The share of signatures of candidates for which the person was suggested."""
        return self.right / self.cases if self.cases else 0.0

    def row(self, title: str) -> str:
        """Return the figures as a row of a Markdown table."""
        cells: list[object] = [title, self.cases, self.right, self.wrong]
        cells += [self.strangers, self.wrong_of_strangers]
        suggested = self.right + self.wrong + self.wrong_of_strangers
        cells += [f"{self.precision:.1%}" if suggested else "none", f"{self.recall:.1%}"]
        texts = (f"{each:,}" if isinstance(each, int) else str(each) for each in cells)
        return f"| {' | '.join(texts)} |"


HEAD = (
    "| signed with | people | right | wrong | strangers | wrong | precision | recall |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|"
)


def records(kind: str, folder: Path = REAL) -> Iterator[Record]:
    """Yield the records of one kind of a history in GitLab's shapes."""
    with gzip.open(folder / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def measured() -> dict[str, Figures]:
    """Return the figures of the history in GitLab's shapes, for each of `WAYS`."""
    people = {each["public_email"]: each for each in records("users")}
    commits = list(records("commits"))
    wrote = {each["author_email"] for each in commits if not is_merge(each)}
    worked: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in commits:
        if each["author_email"] != each["committer_email"]:
            worked[each["author_email"]][each["committer_email"].partition("@")[0]] += 1
    figures = {way: Figures() for way in WAYS}
    for half in (0, 1):
        known = [each for each in people.values() if each["id"] % 2 == half]
        # Without their addresses.
        bare = [{key: each[key] for key in ("id", "username", "name")} for each in known]
        keys = {each["username"] for each in bare}
        candidates = [Candidate(identity_of(each)) for each in bare]
        for way, sign in WAYS.items():
            signed = {sign(people[address]): address for address in sorted(wrote)}
            together = {signature: worked[address] for signature, address in signed.items()}
            found = suggest(signed, candidates, together)
            for signature, address in signed.items():
                username = people[address]["username"]
                true = username if username in keys else None
                figures[way].count(found[signature], true)
    return figures


def near_names(names: Iterable[str]) -> tuple[int, int]:
    """Return of how many people the name is another's but for one character, and how many are."""
    known, parts = Counter(map(joined, names)), Counter[str]()
    for name in known:
        parts.update({f"{name[:at]}?{name[at + 1 :]}" for at in range(len(name))})
    near = sum(
        any(parts[f"{name[:at]}?{name[at + 1 :]}"] > 1 for at in range(len(name))) for name in known
    )
    return near, len(known)


def others_commits() -> tuple[int, int]:
    """Return how many commits were committed by another than the author, and of how many."""
    own = [each for each in records("commits") if not is_merge(each)]
    return sum(each["author_email"] != each["committer_email"] for each in own), len(own)


# -- a clone with a .mailmap -----------------------------------------------------------------------


def git(clone: Path, *arguments: str) -> str:
    """Return what git writes about a clone."""
    done = subprocess.run(["git", "-C", clone, *arguments], capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def commits_of(clone: Path) -> list[Record]:
    """Return all commits of a clone, as far as attribution reads them."""
    keys = ("id", "parent_ids", "author_name", "author_email", "committer_name", "committer_email")
    text = git(clone, "log", "--all", "--format=%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce")
    found = [
        dict(zip(keys, line.split("\0"), strict=True)) for line in text.split("\n") if line.strip()
    ]
    return [{**each, "parent_ids": each["parent_ids"].split()} for each in found]


class Clone:
    """The people of a clone, as its `.mailmap` has them: a name, and the address that is proper.

    Those with one whole name are one person, since a `.mailmap` seldom lists all addresses.
    """

    def __init__(self, path: Path) -> None:
        self.commits = commits_of(path)
        self._mailmap: Mailmap = parse_mailmap(git(path, "show", "HEAD:.mailmap"))
        self._one: dict[str, str] = {}
        self.names: dict[str, str] = {}
        whole: dict[str, str] = {}
        signatures = {(each["author_name"], each["author_email"]) for each in self.commits}
        for signature in sorted(signatures):
            name, address = (part.strip() for part in self._mailmap.proper(*signature))
            address = address.lower()
            self.names[address] = max(self.names.get(address, ""), name, key=len)
            mine = self._root(address)
            if len(name.split()) > 1:
                self._one[mine] = self._root(whole.setdefault(normal_name(name), mine))

    def person(self, signature: Signature) -> str:
        """Return what stands for the person of a signature: one of their addresses."""
        return self._root(self._mailmap.proper(*signature)[1].strip().lower())

    def _root(self, address: str) -> str:
        while self._one.setdefault(address, address) != address:
            address = self._one[address]
        return address

    def users(self) -> dict[str, Record]:
        """Return a record for each person, with a username from the proper address."""
        found: dict[str, Record] = {}
        taken: set[str] = set()
        for number, address in enumerate(sorted(set(map(self._root, [*self._one]))), start=1):
            local = address.rpartition("@")[0].rpartition("+")[2]
            username = local if is_username(local) else f"person{number}"
            while username in taken:
                username += "1"
            taken.add(username)
            found[address] = {
                "id": number, "username": username, "name": self.names[address], "email": address,
            }  # fmt: skip
        return found


def measured_clone(path: Path, seed: int = 1) -> tuple[Figures, list[tuple[Signature, Suggestion]]]:
    """Return the figures of a clone, and the suggestions that its `.mailmap` does not have.

    Half of its people are known, each under one address; the others are strangers. Asked about is
    what attribution leaves unmatched.
    """
    clone = Clone(path)
    users, dice = clone.users(), random.Random(seed)
    known = {address: each for address, each in users.items() if dice.random() < 0.5}
    identities = [identity_of(each) for each in known.values()]
    members = [{key: each[key] for key in ("id", "username", "name")} for each in known.values()]
    found = attribute(clone.commits, identities, members)
    candidates = [_candidate(each, found.people[each.key]) for each in identities]
    keys = {signature: each.identity.key for each in candidates for signature in each.signatures}
    together: defaultdict[Signature, Counter[str]] = defaultdict(Counter)
    for each in found.unmatched:
        key = keys.get((each["committer_name"], each["committer_email"]))
        if key is not None:
            together[each["author_name"], each["author_email"]][key] += 1
    signatures = {(each["author_name"], each["author_email"]) for each in found.unmatched}
    figures, other = Figures(), []
    for signature, suggestions in suggest(signatures, candidates, together).items():
        user = known.get(clone.person(signature))
        true = None if user is None else user["username"].lower()
        figures.count(suggestions, true)
        other += [(signature, each) for each in suggestions if each.username.lower() != true]
    return figures, other


def _candidate(identity: Identity, commits: Iterable[Record]) -> Candidate:
    signatures = {(each["author_name"], each["author_email"]) for each in commits}
    return Candidate(identity, frozenset(signatures))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Measure suggestions for unmatched signatures.")
    parser.add_argument("--clone", type=Path, help="a clone with a .mailmap")
    parser.add_argument("--show", action="store_true", help="show what the .mailmap does not have")
    asked = parser.parse_args()
    said = [HEAD]
    if asked.clone is not None:
        found, other = measured_clone(asked.clone)
        said.append(found.row(asked.clone.name))
        for signature, suggestion in other if asked.show else ():
            said.append(" | ".join((*signature, suggestion.username, suggestion.reason)))
    else:
        said += [each.row(way) for way, each in measured().items()]
        near, every = near_names(each["name"] for each in records("users"))
        said.append(f"\nof {every:,} names, {near:,} are another's but for one character")
        others, every = others_commits()
        said.append(f"of {every:,} commits, {others:,} were committed by another than the author")
    sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main()
