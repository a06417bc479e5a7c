"""Finds who has the ball: what an open merge request waits for, since when, and why.

There is one small function for each rule, and the first that holds decides. A rule that needs what
could not be read is in doubt: then the answer is known only if a later rule gives the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.conversation import Conversation, Said, is_same_person
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.fair_pipelines import FINISHED, RUNNING
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.text import instant, plural
from gitlab_sync.types import PartialList, Record

WaitingFor: TypeAlias = Literal["author", "reviewer", "needs reviewer", "checks", "merge"]

WAITING_FOR: Final[tuple[WaitingFor, ...]] = get_args(WaitingFor)
"""What an open merge request can wait for, in the order of the tables."""

FACTS: Final = ("discussions", "pipelines")
"""The facts that the rules need of each open merge request."""

_READY = "marked this merge request as **ready**"
_DRAFT = "marked this merge request as **draft**"
_REQUESTED_CHANGES = "requested changes"
_ASKED, _NOT_ASKED = "requested review from", "removed review request for"
_NOT_CHECKED = frozenset({"unchecked", "checking", "preparing"})


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has the ball: what the merge request waits for, who can act, since when, and why.

    `since` is None if no event of GitLab tells when it began.
    """

    waiting_for: WaitingFor
    who: tuple[str, ...]
    since: datetime | None
    why: str


Found: TypeAlias = Turn | str | None
"""What a rule finds: a turn, why it cannot tell, or None if it does not hold."""


@dataclass(frozen=True, slots=True)
class OpenMergeRequest:
    """What the rules look at. A text in the place of something says why it is not known.

    `reviewers` are people other than the author. `pipeline` is the newest one that has finished or
    is under way, and `finished` the newest one that has finished.
    """

    author: str | None
    created: datetime | None
    draft: bool | str
    conflicts: bool | str
    status: str
    reviewers: tuple[str, ...] | str
    assignees: tuple[str, ...] | str
    talk: Conversation | str
    pipeline: Record | str | None
    finished: Record | str | None

    @classmethod
    def of(cls, mr: Record, facts: Facts, terms: Terms) -> OpenMergeRequest:
        """Return a merge request as the rules see it; never raises."""
        author, status = record.author(mr), record.text(mr, "detailed_merge_status") or ""
        status = status.lower()
        named, assignees = _people(mr, "reviewers"), _people(mr, "assignees")
        reviewers: tuple[str, ...] | str = "reviewers not known"
        if named is not None:
            reviewers = tuple(
                name
                for name in named
                if not (is_same_person(name, author) or is_bot(name, terms.bots))
            )
        return cls(
            author,
            _time(mr, "created_at"),
            _flag(mr, "draft", holds=status == "draft_status"),
            _flag(mr, "has_conflicts", holds=status == "conflict"),
            status,
            reviewers,
            "assignees not known" if assignees is None else assignees,
            Conversation.of(facts.discussions, terms.bots),
            _newest(facts.pipelines, FINISHED | RUNNING),
            _newest(facts.pipelines, FINISHED),
        )

    def by_others(self, said: Said) -> bool:
        """Whether another person than the author wrote or approved."""
        return said.by_person and not is_same_person(said.by, self.author)

    def pushed(self, talk: Conversation) -> datetime | None:
        """Return the time of the last push: the last new commits, else the creation."""
        push = talk.last(lambda said: said.is_push)
        return self.created if push is None else push.at

    def silent(self, talk: Conversation) -> list[str]:
        """Return the reviewers who have said nothing since the last push."""
        pushed = self.pushed(talk)
        spoke = {
            username_key(said.by)
            for said in talk.notes
            if said.by_person and pushed is not None and said.at >= pushed
        }
        reviewers = self.reviewers if isinstance(self.reviewers, tuple) else ()
        return [name for name in reviewers if username_key(name) not in spoke]

    def system_time(self, talk: Conversation, *begins: str) -> datetime | None:
        """Return when GitLab last wrote a note that begins with one of these texts."""
        last = talk.last(lambda said: said.system and said.body.lower().startswith(begins))
        return None if last is None else last.at


def turn(mr: Record, facts: Facts, terms: Terms) -> Turn | str:
    """Return who has the ball, or why that is not known; never raises."""
    seen = OpenMergeRequest.of(mr, facts, terms)
    if seen.author is None:
        return "author of the merge request not known"
    doubts: list[tuple[WaitingFor, str]] = []
    for waiting_for, rule in RULES:
        found = rule(seen)
        if isinstance(found, Turn):
            if all(doubted == waiting_for for doubted, _ in doubts):
                return found
            break
        if found is not None:
            doubts.append((waiting_for, found))
    return "; ".join(dict.fromkeys(reason for _, reason in doubts))


# --- the rules, in their order -----------------------------------------------------------------


def _is_draft(mr: OpenMergeRequest) -> Found:
    if not mr.draft or isinstance(mr.draft, str):
        return mr.draft or None
    marked = None if isinstance(mr.talk, str) else mr.system_time(mr.talk, _DRAFT)
    return _author(mr, marked or mr.created, "it is a draft")


def _has_failed(mr: OpenMergeRequest) -> Found:
    if mr.finished is None or isinstance(mr.finished, str):
        return mr.finished
    if _status(mr.finished) != "failed":
        return None
    return _author(mr, _ended(mr.finished), "the newest finished pipeline failed")


def _has_conflicts(mr: OpenMergeRequest) -> Found:
    if not mr.conflicts or isinstance(mr.conflicts, str):
        return mr.conflicts or None
    # What it conflicts with was pushed to another branch, at a time that no fact tells.
    return _author(mr, None, "it has conflicts")


def _has_requested_changes(mr: OpenMergeRequest) -> Found:
    if mr.status != "requested_changes":
        return None
    asked = None if isinstance(mr.talk, str) else mr.system_time(mr.talk, _REQUESTED_CHANGES)
    return _author(mr, asked, "a reviewer requested changes")


def _has_to_answer(mr: OpenMergeRequest) -> Found:
    if isinstance(mr.talk, str):
        return mr.talk
    last = mr.talk.last(lambda said: said.is_comment)
    if not mr.talk.unresolved or (last is not None and is_same_person(last.by, mr.author)):
        return None
    begun = max(said.at for thread in mr.talk.unresolved for said in thread)
    return _author(mr, begun if last is None else last.at, _threads(mr.talk))


def _waits_for_answer(mr: OpenMergeRequest) -> Found:
    # If there are open threads, the rule before left only those where the author wrote last.
    if isinstance(mr.talk, str) or not mr.talk.unresolved:
        return mr.talk if isinstance(mr.talk, str) else None
    others = [said.by for thread in mr.talk.unresolved for said in thread if mr.by_others(said)]
    reviewers = mr.reviewers if isinstance(mr.reviewers, tuple) else ()
    who = others or mr.silent(mr.talk) or reviewers or [mr.author or ""]
    last = mr.talk.last(lambda said: said.is_comment)
    why = f"{_threads(mr.talk)}, and the author wrote last"
    return Turn("reviewer", _distinct(who), None if last is None else last.at, why)


def _waits_for_review(mr: OpenMergeRequest) -> Found:
    if isinstance(mr.reviewers, str):
        return mr.reviewers
    if not mr.reviewers:
        return None
    if isinstance(mr.talk, str) or mr.pushed(mr.talk) is None:
        return mr.talk if isinstance(mr.talk, str) else "created_at is not a time"
    silent = mr.silent(mr.talk)
    if len(silent) < len(mr.reviewers):
        return None
    asked = mr.system_time(mr.talk, _ASKED, _READY)
    since = _latest(mr.pushed(mr.talk), asked)
    return Turn("reviewer", _distinct(silent), since, "no reviewer has spoken since the last push")


def _needs_reviewer(mr: OpenMergeRequest) -> Found:
    if mr.reviewers:
        return None  # where they are not known, the rule before is in doubt already
    if isinstance(mr.talk, str):
        return mr.talk
    if mr.talk.last(mr.by_others) is not None:
        return None
    since = _latest(mr.created, mr.system_time(mr.talk, _READY, _NOT_ASKED))
    why = "no one was asked for a review, and no one has spoken"
    return Turn("needs reviewer", _names(mr.author), since, why)


def _is_not_approved(mr: OpenMergeRequest) -> Found:
    if mr.status != "not_approved":
        return None
    if isinstance(mr.talk, str) or isinstance(mr.reviewers, str):
        return mr.talk if isinstance(mr.talk, str) else str(mr.reviewers)
    spoke = [said.by for said in mr.talk.notes if mr.by_others(said)]
    who = mr.silent(mr.talk) or mr.reviewers or spoke
    return Turn("reviewer", _distinct(who), _moved(mr), "GitLab asks for another approval")


def _waits_for_checks(mr: OpenMergeRequest) -> Found:
    if isinstance(mr.pipeline, str):
        return mr.pipeline
    if mr.pipeline is not None and _status(mr.pipeline) in RUNNING:
        begun = _time(mr.pipeline, "created_at")
        why = f"the newest pipeline is {_status(mr.pipeline).replace('_', ' ')}"
        return Turn("checks", _names(mr.author), _latest(_moved(mr), begun), why)
    if mr.status == "mergeable":
        return None
    if not mr.status:
        return "detailed_merge_status not in the list"
    why = f"GitLab says that it is not mergeable: {mr.status.replace('_', ' ')}"
    if mr.status in _NOT_CHECKED:
        why = "GitLab has not checked yet whether it is mergeable"
    return Turn("checks", _names(mr.author), _moved(mr), why)


def _waits_for_merge(mr: OpenMergeRequest) -> Found:
    if isinstance(mr.assignees, str):
        return mr.assignees
    ended = mr.finished if isinstance(mr.finished, dict) else None
    since = _latest(_moved(mr), None if ended is None else _ended(ended))
    return Turn("merge", mr.assignees or _names(mr.author), since, "reviewed and mergeable")


RULES: Final[tuple[tuple[WaitingFor, Callable[[OpenMergeRequest], Found]], ...]] = (
    ("author", _is_draft),
    ("author", _has_failed),
    ("author", _has_conflicts),
    ("author", _has_requested_changes),
    ("author", _has_to_answer),
    ("reviewer", _waits_for_answer),
    ("reviewer", _waits_for_review),
    ("needs reviewer", _needs_reviewer),
    ("reviewer", _is_not_approved),
    ("checks", _waits_for_checks),
    ("merge", _waits_for_merge),
)
"""The rules with what each lets a merge request wait for; the last one holds if no other does."""


# --- what they share ---------------------------------------------------------------------------


def last_move(mr: Record, facts: Facts, terms: Terms) -> datetime | None:
    """Return the time of the last comment, approval or push; None if that is not known."""
    return _moved(OpenMergeRequest.of(mr, facts, terms))


def _moved(mr: OpenMergeRequest) -> datetime | None:
    if isinstance(mr.talk, str):
        return None
    last = mr.talk.last(lambda said: said.by_person or said.is_push)
    return mr.created if last is None else last.at


def _author(mr: OpenMergeRequest, since: datetime | None, why: str) -> Turn:
    return Turn("author", _names(mr.author), since, why)


def _threads(talk: Conversation) -> str:
    return plural(len(talk.unresolved), "unresolved thread")


def _newest(pipelines: PartialList, among: frozenset[str]) -> Record | str | None:
    """Return the pipeline with the highest id of those with a status `among` these."""
    if not pipelines.whole:
        return f"pipelines not read: {pipelines.missing}"
    found: tuple[int, Record] = (-1, {})
    for row in pipelines.rows:
        number, status = record.number_id(row), _status(row)
        if number is None or not status:
            return "newest pipeline not known"
        if status in among and number > found[0]:
            found = number, row
    return found[1] or None


def _status(pipeline: Record) -> str:
    return (record.text(pipeline, "status") or "").lower()


def _ended(pipeline: Record) -> datetime | None:
    """Return when a pipeline ended: it changes no more after that."""
    return _time(pipeline, "updated_at") or _time(pipeline, "created_at")


def _time(thing: Record, key: str) -> datetime | None:
    """Return a time in whole seconds, since not every source has fractions."""
    moment = instant(record.field(thing, key))
    return None if moment is None else moment.replace(microsecond=0)


def _flag(mr: Record, key: str, *, holds: bool) -> bool | str:
    value = record.field(mr, key)
    if holds or isinstance(value, bool):
        return holds or value is True
    return record.unreadable(mr, key, "true or false")


def _people(mr: Record, key: str) -> tuple[str, ...] | None:
    """Return the usernames in a list of people, or None if one of them is not readable."""
    people = record.field(mr, key)
    if not isinstance(people, list):
        return None
    names = [record.text(person, "username") or "" for person in people]
    return tuple(names) if all(names) else None


def _names(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple({username_key(name): name for name in reversed([*names])}.values())[::-1]


def _latest(*times: datetime | None) -> datetime | None:
    return max(filter(None, times), default=None)
