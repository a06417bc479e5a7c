"""Gathers what the commits of a run say about signatures that match no one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gitlab_sync.api.commits import DividedCommits, DividedProject
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.co_authors import co_authors
from gitlab_sync.rules.identity.identity import normal_address
from gitlab_sync.rules.identity.mailmap import Mailmap
from gitlab_sync.rules.identity.suggestions import Candidate, Signature, Suggestion
from gitlab_sync.services.people_data import PeopleData
from gitlab_sync.types import Record


@dataclass(slots=True)
class Unsettled:
    """An unmatched signature, and what is known of it.

    `commits` and `co_authored` are the ids of the commits that it signs as their author, or as a
    co-author if these count. `projects` are paths, and `days` those of writing. `written` are the
    signatures in the commits themselves, before a `.mailmap` changed them. `together` has, by
    username in lower case, the ids of the commits that a person had to do with.
    """

    signature: Signature
    commits: set[object] = field(default_factory=set)
    co_authored: set[object] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    written: set[Signature] = field(default_factory=set)
    together: defaultdict[str, set[object]] = field(default_factory=lambda: defaultdict(set))
    suggestions: Sequence[Suggestion] = ()


def candidates_of(read: PeopleData) -> Iterator[Candidate]:
    """Yield the people of a run that exist, with the signatures of the commits that are theirs."""
    for person in read.people:
        if person.user is not None:
            identity = read.request.known_by.identity({**person.user, **person.query.further})
            commits = (
                commit
                for project in read.commits.projects
                for commit in project.people.get(identity.key, ())
            )
            yield Candidate(identity, frozenset(map(_author, commits)))


def unsettled_of(
    divided: DividedCommits, candidates: Iterable[Candidate], mailmap: Mailmap
) -> list[Unsettled]:
    """Return each unmatched signature once, without regard to case, those with most commits first.

    `divided` has kept the commits that no person has. The spelling that sorts first is shown.
    """
    gathered = _Gathered(divided, candidates, mailmap)
    for project in divided.projects:
        gathered.add(project)
    return gathered.result()


class _Gathered:
    """The signatures of the projects so far."""

    def __init__(
        self, divided: DividedCommits, candidates: Iterable[Candidate], mailmap: Mailmap
    ) -> None:
        self._divided = divided
        self._mailmap = mailmap
        self._found: dict[Signature, Unsettled] = {}
        self._holders: Counter[object] = Counter()
        self._strange: defaultdict[tuple[object, Signature], list[_Signed]] = defaultdict(list)
        self._hints: list[tuple[Signature, str, object]] = []
        self._owners = {
            normal_address(address): each.identity.key
            for each in candidates
            for address in (*each.identity.emails, *(address for _, address in each.signatures))
        }
        self._owners.pop("", None)

    def add(self, project: DividedProject) -> None:
        """Take what the commits of one project say."""
        kept = dict(project.apart)
        for username, commits in project.people.items():
            for commit in commits:
                sha: object = record.identity(commit)
                kept[sha] = commit
                # Who they are is known only when all projects are there.
                self._hints += [
                    (_key(each), username, sha)
                    for each in self._others(commit)
                    if self._owner(each) is None
                ]
        self._holders.update(kept.keys())
        for mark, signature in project.unmatched.items():
            commit = kept.get(mark, {})
            found = self._take(_Signed(signature, project, commit))
            found.commits.add(mark)
            found.written.add(_author(commit))
            for each in self._others(commit):
                owner = self._owner(each)
                if owner is not None:
                    found.together[owner].add(mark)
        for mark, signatures in project.strange_co_authors.items():
            for signature in signatures:
                signed = _Signed(signature, project, kept.get(mark, {}))
                self._strange[mark, _key(signature)].append(signed)

    def result(self) -> list[Unsettled]:
        """Return the signatures of all projects, those with most commits first."""
        for (sha, _), places in self._strange.items():
            if len(places) == self._holders[sha]:  # it matches no one in any of them
                for signed in places:
                    found = self._take(signed)
                    found.co_authored.add(sha)
                    found.written.add(signed.signature)
        for key, username, sha in self._hints:
            if key in self._found:
                self._found[key].together[username].add(sha)
        ordered = self._found.values()
        return sorted(ordered, key=lambda each: (-len(each.commits), _key(each.signature)))

    def _take(self, signed: _Signed) -> Unsettled:
        key = _key(signed.signature)
        found = self._found.setdefault(key, Unsettled(signed.signature))
        found.signature = min(found.signature, signed.signature)
        path = record.text(signed.project.project, "path_with_namespace")
        found.projects.add(path or str(signed.project.project.get("id")))
        day = self._divided.row(signed.commit, "")["date"]
        found.days |= set() if day is None else {str(day)}
        return found

    def _others(self, commit: Record) -> list[Signature]:
        """Return who had to do with a commit, apart from its author."""
        committer = (record.text(commit, f"committer_{part}") or "" for part in ("name", "email"))
        written = [(*committer,), *map(_author, co_authors(commit))]
        return [self._mailmap.proper(*each) for each in written if any(each)]

    def _owner(self, signature: Signature) -> str | None:
        return self._owners.get(normal_address(signature[1]))


@dataclass(frozen=True, slots=True)
class _Signed:
    """A commit of a project that has a signature."""

    signature: Signature
    project: DividedProject
    commit: Record


def _author(commit: Record) -> Signature:
    name, address = (record.text(commit, f"author_{part}") or "" for part in ("name", "email"))
    return name, address


def _key(signature: Signature) -> Signature:
    return signature[0].strip().lower(), normal_address(signature[1])
