"""The rules for merge requests: the checks, their evaluation, and the counts.

There are two evaluations: `evaluate` needs all the facts of one merge request; the quick
`evaluate_from_list` needs only its record in a list. Both are for merge requests that have ended
(`is_terminal`); the counts here leave the others out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.attribution import is_merge
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.items import item, pipelines, reviews
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.flags import Flags, older_flags
from gitlab_sync.rules.items.paths import is_test_path
from gitlab_sync.rules.items.tally import Evaluated, Tally, Verdicts, distinct, tally
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import (
    SEMANTIC,
    first_line,
    has_issue_reference,
    plural,
    without_comments,
)
from gitlab_sync.types import PartialList, Record

CHECKS = (
    Check(
        "no_desc",
        "No Desc",
        "medium",
        "The merge request's description is empty, apart from HTML comments and white space.",
        "Without a description the reviewer has to guess what the change is for.",
        "Say in a few sentences what changes and why; comments of a template do not count.",
    ),
    Check(
        "no_issues",
        "No Issues",
        "medium",
        "Neither title, description, commit messages nor notes name an issue.",
        "A change that names no issue cannot be traced back to the need for it.",
        "Name the issue in the description, such as “Closes #12”.",
        ("notes", "commits"),
    ),
    Check(
        "no_time_spent",
        "No Time Spent",
        "low",
        "The time spent on the merge request is 0.",
        "Work without booked time is missing from every estimate that is made after it.",
        "Book the time with a comment such as “/spend 2h”.",
        ("time_stats",),
    ),
    Check(
        "no_unit_tests",
        "No Unit Tests",
        "high",
        "No changed file is a test, by its path.",
        "A change without a test can break again without anyone noticing.",
        "Add or change a test in the same merge request.",
        ("diffs",),
    ),
    Check(
        "failed_pipeline",
        "Failed Pipeline",
        "high",
        "The newest pipeline, the one with the highest id, failed; having none passes.",
        "Merging over a failed pipeline passes the failure on to everyone.",
        "Make the newest pipeline succeed before merging.",
        ("pipelines",),
    ),
    Check(
        "no_semantic_commits",
        "No Semantic Commits",
        "low",
        "No commit begins with a kind of change; without commits, the title does not.",
        "History and changelog cannot be sorted by kind of change.",
        "Begin commits with their kind, such as “fix: …” or “feat(login): …”.",
        ("commits",),
    ),
    Check(
        "no_internal_review",
        "No Internal Review",
        "high",
        "No other person (bots do not count) wrote a note or approved it, and it has no upvote.",
        "Only the author has looked at the change.",
        "Ask another person to comment on the merge request or to approve it.",
        ("notes",),
    ),
    Check(
        "merge_gt_1_week",
        "Merge > 1 Week",
        "medium",
        "The merge request was merged or closed more than 168 hours after its creation.",
        "A change that stays open for a long time drifts away from its target branch.",
        "Make smaller merge requests and review them within days.",
    ),
    Check(
        "merge_gt_2_days",
        "Merge > 2 Days",
        "low",
        "The merge request was merged or closed more than 48 hours after its creation.",
        "A change that waits holds up the work that builds on it.",
        "Agree on a time within which reviews are done.",
    ),
)
"""The checks in the order of the columns."""

LIST_CHECKS = tuple(check for check in CHECKS if check.id != "no_unit_tests")
"""The checks that a list decides: it does not have the changed files."""

UNLISTED = frozenset({"Failed Pipeline"})
"""The titles of those of `LIST_CHECKS` that lists leave unknown: they do not have the pipelines."""

_OLDER_NAMES = {
    "no_desc": "no_desc",
    "no_issues": "no_issues",
    "no_time_spent": "no_time",
    "no_unit_tests": "no_unit_tests",
    "failed_pipeline": "failed_pipe",
    "no_semantic_commits": "no_semantic_commits",
    "no_internal_review": "no_internal_review",
    "merge_gt_2_days": "merge_gt_2_days",
    "merge_gt_1_week": "merge_gt_1_week",
}
"""The older client's flags, in its order."""

_ENDED = ("merged", "closed")
_ENDS = ("merged_at", "closed_at")


_NOT_ASKED = PartialList((), "not asked for")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read about one merge request, beyond its record; `Facts()`: nothing.

    Each is a list of GitLab's records as it was read. `time_stats` holds one record, or is None
    if the merge request's own record has it. Only the facts that `undecided` names have to be read:
    no verdict depends on the others.
    """

    notes: PartialList = _NOT_ASKED
    commits: PartialList = _NOT_ASKED
    diffs: PartialList = _NOT_ASKED
    pipelines: PartialList = _NOT_ASKED
    time_stats: PartialList | None = None

    def is_whole(self, fact: str) -> bool:
        """Return whether this fact was read to its end."""
        reading: PartialList | None = getattr(self, fact)
        return reading is not None and reading.whole


_NOTHING = Facts()


def is_terminal(mr: Record) -> bool:
    """Return whether the merge request has ended: it is merged or closed."""
    return record.state(mr) in _ENDED


def is_due(mr: Record) -> bool:
    """Return whether the merge request is evaluated: it has ended, or its state is not readable."""
    return record.state(mr) in {*_ENDED, None}


def evaluate(mr: Record, facts: Facts, bots: Collection[str] = DEFAULT_BOTS) -> dict[str, Verdict]:
    """Return the verdict of every check, by id, in the order of `CHECKS`; never raises.

    An incomplete list can still decide: the part that was read can show that there is no fault.
    """
    if record.state(mr) is None:
        return item.without_state(mr, CHECKS)
    return {
        "no_desc": item.description(mr),
        "no_issues": _issues(mr, facts),
        "no_time_spent": _time_spent(mr, facts.time_stats),
        "no_unit_tests": _unit_tests(mr, facts.diffs),
        "failed_pipeline": pipelines.newest(mr, facts.pipelines),
        "no_semantic_commits": _semantic_commits(mr, facts.commits),
        "no_internal_review": reviews.review(mr, facts.notes, bots),
        "merge_gt_1_week": item.time_open(mr, _ENDS, item.ONE_WEEK),
        "merge_gt_2_days": item.time_open(mr, _ENDS, item.TWO_DAYS),
    }


def completed(mr: Record, facts: Facts) -> Record:
    """Return the merge request with the time spent from its facts if its own record lacks it."""
    asked = None if facts.time_stats is None else next(iter(facts.time_stats.rows), None)
    known = item.total_time_spent(record.field(mr, "time_stats")) is not None
    return mr if known or asked is None else {**mr, "time_stats": asked}


def undecided(mr: Record, facts: Facts = _NOTHING) -> tuple[str, ...]:
    """Return the names of the facts that still have to be read to evaluate a merge request.

    They are incomplete, and checks need them that neither the record nor `facts` decide. No result
    depends on any other fact.
    """
    if record.state(mr) is None or (
        facts is not _NOTHING and all(map(facts.is_whole, undecided(mr)))
    ):
        return ()
    verdicts = evaluate(mr, facts)
    still_open = (check for check in CHECKS if verdicts[check.id].result == "unknown")
    wanted = dict.fromkeys(fact for check in still_open for fact in check.needs)
    return tuple(fact for fact in wanted if not facts.is_whole(fact))


def own_commits(commits: Iterable[Record]) -> list[Record]:
    """Return the commits without merges, which have two or more parents."""
    return [commit for commit in commits if not is_merge(commit)]


def evaluate_from_list(mr: Record) -> dict[str, Verdict]:
    """Return the verdicts of `LIST_CHECKS` from the merge request's record alone; never raises.

    A missing key is unknown, unless the other keys decide: a row can hold only some columns.
    """
    if record.state(mr) is None:
        return item.without_state(mr, LIST_CHECKS)
    return {
        "no_desc": item.description(mr),
        "no_issues": _issues_in_list(mr),
        "no_time_spent": _time_spent(mr, None),
        "failed_pipeline": pipelines.newest_in_list(mr),
        "no_semantic_commits": item.semantic_title(mr, SEMANTIC),
        "no_internal_review": reviews.review_in_list(mr),
        "merge_gt_1_week": item.time_open(mr, _ENDS, item.ONE_WEEK),
        "merge_gt_2_days": item.time_open(mr, _ENDS, item.TWO_DAYS),
    }


def flags(mr: Record, verdicts: Verdicts) -> Flags:
    """Return the older client's flags: True for a fault, False for none, None for unknown.

    It also has `is_terminal`, `is_merged`, `is_closed_rejected`, and `errors`, the reasons why
    checks are unknown. An open merge request has no faults yet: its flags are False in spite of
    `verdicts`.
    """
    states = {"is_terminal": _ENDED, "is_merged": ("merged",), "is_closed_rejected": ("closed",)}
    return older_flags(mr, states, _ENDED, _OLDER_NAMES, verdicts)


def flags_from_list(mr: Record) -> Flags:
    """Return the flags of the quick evaluation, where `is_closed_rejected` is `is_closed`."""
    states = {"is_terminal": _ENDED, "is_merged": ("merged",), "is_closed": ("closed",)}
    names = {check: name for check, name in _OLDER_NAMES.items() if check != "no_unit_tests"}
    return older_flags(mr, states, _ENDED, names, evaluate_from_list(mr))


def count_row(evaluated: Iterable[Evaluated]) -> Tally:
    """Count one person's merge requests: `Closed MRs` and the faults of each check.

    `evaluated` pairs each merge request with its verdicts; open ones are left out. Each id counts
    once. An item with no verdicts ({}) is unknown in every check; so is one without a readable
    state, which is not in `Closed MRs`.
    """
    return _count(evaluated, CHECKS)


def count_list_row(evaluated: Iterable[Evaluated]) -> Tally:
    """Count merge requests that were evaluated from a list alone, so without unit tests."""
    return _count(evaluated, LIST_CHECKS)


def efficient_row(mrs: Iterable[Record]) -> Tally:
    """Evaluate merge requests from a list alone, and count them."""
    return count_list_row((mr, evaluate_from_list(mr)) for mr in mrs if is_due(mr))


def _count(evaluated: Iterable[Evaluated], checks: tuple[Check, ...]) -> Tally:
    due = distinct((mr, verdicts) for mr, verdicts in evaluated if is_due(mr))
    ended = sum(is_terminal(mr) for mr, _ in due)
    return tally({"Closed MRs": ended}, checks, [verdicts for _, verdicts in due])


_Text = tuple[str, str | None, str | None]
"""A text that can name an issue: where it is, the text (None: not readable), a link."""


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


def _issues(mr: Record, facts: Facts) -> Verdict:
    lists = (("notes", facts.notes), ("commits", facts.commits))
    missing = [item.not_read(what, reading) for what, reading in lists if not reading.whole]
    places = "title, description, commits or notes"
    return _first_reference(mr, chain(_own_texts(mr), _texts_around(mr, facts)), missing, places)


def _issues_in_list(mr: Record) -> Verdict:
    return _first_reference(mr, _own_texts(mr), (), "title or description")


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


def _time_spent(mr: Record, asked: PartialList | None) -> Verdict:
    seconds = item.total_time_spent(record.field(mr, "time_stats"))
    missing = "time_stats not in the list"
    if seconds is None and asked is not None:
        seconds = next((item.total_time_spent(stats) for stats in asked.rows), None)
        missing = "time_stats hold no time" if asked.whole else item.not_read("time_stats", asked)
    return item.time_spent(mr, seconds, missing)


def _unit_tests(mr: Record, diffs: PartialList) -> Verdict:
    unread = []
    for diff in diffs.rows:
        path = record.text(diff, "new_path")
        if not path:
            unread.append("path of a changed file not known")
        elif is_test_path(path):
            return Verdict("pass", f"changes {path}", record.link(mr, "/diffs"))
    if not diffs.whole:
        unread.append(item.not_read("diffs", diffs))
    fault = f"{plural(len(diffs.rows), 'changed file')}, none a test"
    return item.decide(mr, unread, fault, "/diffs")


def _semantic_commits(mr: Record, commits: PartialList) -> Verdict:
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


def _message(commit: Record) -> str | None:
    """Return the message of a commit, or else its title; None if one of them is not readable."""
    texts = [record.read_text(commit, key) for key in ("message", "title")]
    return next(filter(None, texts), None if None in texts else "")


def _tells_parents(commit: Record) -> bool:
    known = isinstance(commit, dict) and "parent_ids" in commit
    return known and isinstance(commit["parent_ids"], list | tuple | None)


def _bare(text: str | None) -> str | None:
    return None if text is None else without_comments(text)
