"""What the checks of merge requests look at: issues, time, tests and commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.attribution import is_merge
from gitlab_sync.rules.items import item, reviews
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.paths import is_test_path
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import (
    SEMANTIC,
    first_line,
    has_issue_reference,
    plural,
    without_comments,
)
from gitlab_sync.types import PartialList, Record

_Text = tuple[str, str | None, str | None]
"""A text that can name an issue: where it is, the text (None: not readable), a link."""


def own_commits(commits: Iterable[Record]) -> list[Record]:
    """Return the commits without merges, which have two or more parents."""
    return [commit for commit in commits if not is_merge(commit)]


def issues(mr: Record, facts: Facts) -> Verdict:
    """Check that the title, the description, a commit or a note names an issue."""
    lists = (("notes", facts.notes), ("commits", facts.commits))
    missing = [item.not_read(what, reading) for what, reading in lists if not reading.whole]
    places = "title, description, commits or notes"
    return _first_reference(mr, chain(_own_texts(mr), _texts_around(mr, facts)), missing, places)


def issues_in_list(mr: Record) -> Verdict:
    """Check that the title or the description names an issue."""
    return _first_reference(mr, _own_texts(mr), (), "title or description")


def time_spent(mr: Record, asked: PartialList | None) -> Verdict:
    """Check the time booked: that of the record, or what was `asked` for besides."""
    seconds = item.total_time_spent(record.field(mr, "time_stats"))
    missing = record.why(mr, "time_stats", "time_stats not in the list")
    if seconds is None and asked is not None:
        seconds = next((item.total_time_spent(stats) for stats in asked.rows), None)
        missing = "time_stats hold no time" if asked.whole else item.not_read("time_stats", asked)
    return item.time_spent(mr, seconds, missing)


def unit_tests(
    mr: Record, diffs: PartialList, is_test: Callable[[str], bool] = is_test_path
) -> Verdict:
    """Check that a changed file is a test."""
    unread = []
    for diff in diffs.rows:
        path = record.text(diff, "new_path")
        if not path:
            unread.append("path of a changed file not known")
        elif is_test(path):
            return Verdict("pass", f"changes {path}", record.link(mr, "/diffs"))
    if not diffs.whole:
        unread.append(item.not_read("diffs", diffs))
    fault = f"{plural(len(diffs.rows), 'changed file')}, none a test"
    return item.decide(mr, unread, fault, "/diffs")


def semantic_commits(mr: Record, commits: PartialList) -> Verdict:
    """Check that a commit is semantic; without commits, that the title is."""
    link = record.link(mr, "/commits")
    unread = []
    own = own_commits(commits.rows)
    for commit in own:
        message = _message(commit)
        if message is None:
            unread.append("message of a commit not readable")
        elif SEMANTIC.match(first_line(message)):
            return Verdict("pass", f"“{first_line(message)}”", link)
        elif not _tells_parents(commit):  # a merge does not count
            unread.append("parents of a commit not known")
    if not commits.whole:
        unread.append(item.not_read("commits", commits))
    elif not own:
        return item.semantic_title(mr, SEMANTIC)
    return item.decide(mr, unread, f"{plural(len(own), 'commit')}, none semantic", "/commits")


def _own_texts(mr: Record) -> Iterator[_Text]:
    yield "title", record.read_text(mr, "title"), record.link(mr)
    yield "description", _bare(record.read_text(mr, "description")), record.link(mr)


def _texts_around(mr: Record, facts: Facts) -> Iterator[_Text]:
    for commit in own_commits(facts.commits.rows):
        yield "a commit", _message(commit), record.link(mr, "/commits")
    for note in facts.notes.rows:
        if (system := reviews.is_system(note)) is not True:
            body = None if system is None else _bare(record.read_text(note, "body"))
            yield "a note", body, reviews.note_link(mr, note)


def _first_reference(
    mr: Record, texts: Iterable[_Text], missing: Iterable[str], places: str
) -> Verdict:
    unread = []
    for where, text, link in texts:
        if text is None:
            own = where in {"title", "description"}
            unread.append(
                record.unreadable(mr, where, "a text") if own else f"{where} not readable"
            )
        elif has_issue_reference(text):
            return Verdict("pass", f"{where} names an issue", link)
    return item.decide(mr, [*unread, *missing], f"no issue named in {places}")


def _message(commit: Record) -> str | None:
    """Return the message of a commit, or else its title; None if one of them is not readable."""
    message, title = record.read_text(commit, "message"), record.read_text(commit, "title")
    if message or title:
        return message or title
    return "" if message == title == "" else None


def _tells_parents(commit: Record) -> bool:
    known = isinstance(commit, dict) and "parent_ids" in commit
    return known and isinstance(commit["parent_ids"], list | tuple | None)


def _bare(text: str | None) -> str | None:
    return None if text is None else without_comments(text)
