"""An item as it was at a moment, from what GitLab's server wrote about what happened since.

Only times of the server count: those of merges, closings, notes, pipelines, versions of the diff
and resource events. A field that was changed later, and of which GitLab has no earlier value,
becomes a `record.NotKnown` that says when; so every check that depends on it is unknown. Times are
compared in whole seconds, since not every source has fractions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from gitlab_sync.rules import record
from gitlab_sync.rules.items import item as shared
from gitlab_sync.rules.items import reviews
from gitlab_sync.rules.items.as_of import MARK, in_iso
from gitlab_sync.rules.items.facts import NOT_ASKED, NOTHING, Facts
from gitlab_sync.rules.items.labels import LABELS, label_name
from gitlab_sync.rules.items.own_note import is_own
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.until_merge import until
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.record import NotKnown
from gitlab_sync.rules.text import instant, second_after
from gitlab_sync.types import PartialList, Record

STATE_EVENTS, VERSIONS, NOTES = "resource_state_events", "versions", "notes"
LABEL_EVENTS, MILESTONE_EVENTS = "resource_label_events", "resource_milestone_events"
"""The lists of an item that tell its past, by GitLab's names."""

TEXTS = ("title", "description")
_CHANGING = (*TEXTS, "labels", "milestone", "time_stats")
"""The fields that people change, apart from the state."""

_LISTS = {LABEL_EVENTS: ("labels",), MILESTONE_EVENTS: ("milestone",)}
_OF_NOTES = (*TEXTS, "time_stats")
_NOT_READ = NotKnown("the item changed later, and no check needs it")
_DOUBTFUL = NotKnown("can have changed since")
_ENDS = {"merged": "merged_at", "closed": "closed_at"}
_STATES = {
    **dict.fromkeys(("opened", "reopened", "locked"), "opened"),
    "closed": "closed",
    "merged": "merged",
}
_EDITS = {
    "description": re.compile(r"changed the description\b", re.IGNORECASE),
    "title": re.compile(
        r"changed title from |(un)?marked (this merge request )?as (\*\*(draft|ready)|a \*\*work)",
        re.IGNORECASE,
    ),
    "time_stats": re.compile(
        r"(added|subtracted|removed|deleted) .*?(time spent|spent time)|removed time spent",
        re.IGNORECASE,
    ),
    "elsewhere": re.compile(r"moved to |marked this issue as a duplicate of ", re.IGNORECASE),
}
"""How the system notes begin that GitLab writes about changes of a field or of an issue's place."""

_NOUNS = {"time_stats": "time spent"}


@dataclass(frozen=True, slots=True)
class History:
    """The lists that were read of the past of one item. Immutable."""

    resource_state_events: PartialList = NOT_ASKED
    resource_label_events: PartialList = NOT_ASKED
    resource_milestone_events: PartialList = NOT_ASKED
    versions: PartialList = NOT_ASKED
    notes: PartialList = NOT_ASKED


def is_after(text: object, when: datetime) -> bool | None:
    """Return whether a time is after `when`, in whole seconds; None if it is not readable."""
    moment = instant(text)
    return None if moment is None else moment >= second_after(when)


def was_there(item: Record, when: datetime) -> bool:
    """Return whether an item had been created; one without a readable time counts as there."""
    return is_after(record.field(item, "created_at"), when) is not True


def has_changed(item: Record, when: datetime) -> bool:
    """Return whether an item can have changed after `when`."""
    return is_after(record.field(item, "updated_at"), when) is not False


def is_settled(item: Record, when: datetime) -> bool:
    """Return whether the record alone says what state the item was in.

    GitLab keeps the time of the last closing, and nothing follows a merge.
    """
    if not has_changed(item, when):
        return True
    end = _ENDS.get(record.state(item) or "")
    return end is not None and is_after(record.field(item, end), when) is False


def with_state(item: Record, events: PartialList, when: datetime) -> Record:
    """Return the item with its state at `when`; `events` are its state events, if not settled."""
    past = {**item, MARK: in_iso(when)}
    if is_settled(item, when):
        return past
    steps = _steps(events)
    if not isinstance(steps, NotKnown):
        now = _STATES.get(record.state(item) or "")
        if (steps[-1].state if steps else "opened") != now:
            steps = NotKnown("the state events do not lead to the state of today")
    if isinstance(steps, NotKnown):
        return {**past, "state": steps, "merged_at": steps, "closed_at": steps}
    before = [step for step in steps if step.at < second_after(when)]
    state = before[-1].state if before else "opened"
    closed = before[-1].written if state == "closed" else None
    merged = record.field(item, "merged_at") if state == "merged" else None
    return {**past, "state": state, "merged_at": merged, "closed_at": closed}


def lists_needed(past: Record, item: Record, rules: RuleSet, when: datetime) -> tuple[str, ...]:
    """Return the lists to read beyond state events to evaluate an item that has its past state.

    Those of a field are needed if a verdict changes where the field is not known. None for an item
    that has not changed since, or is not evaluated. Notes are a fact of merge requests; it is
    issues that they are named for.
    """
    if not has_changed(item, when) or not rules.is_due(past):
        return ()
    here = {**past, **_not_elsewhere(past)}
    verdicts = rules.rule(here, NOTHING)

    def decides(field: str) -> bool:
        return rules.rule({**here, field: _NOT_READ}, NOTHING) != verdicts

    names = [name for name, fields in _LISTS.items() if any(map(decides, fields))]
    if not is_merge_request(item):
        decide = verdicts != rules.rule(past, NOTHING) or any(map(decides, _OF_NOTES))
        names += [NOTES] if decide else []
    elif not is_settled(item, when):
        names.append(VERSIONS)
    return tuple(names)


def is_merge_request(item: Record) -> bool:
    """Return whether an item is a merge request: issues have no times of a merge."""
    return "merged_at" in item


def with_fields(past: Record, item: Record, history: History, when: datetime) -> Record:
    """Return the item with its labels, milestone, texts and time spent as they were.

    What was changed since and not read is not known.
    """
    found = {**past, **_votes(item)}
    if not has_changed(item, when):
        return found
    found |= dict.fromkeys((key for key in _CHANGING if key in item), _NOT_READ)
    if history.resource_label_events is not NOT_ASKED and "labels" in item:
        found["labels"] = _labels(item, history.resource_label_events, when)
    if history.resource_milestone_events is not NOT_ASKED and "milestone" in item:
        found["milestone"] = _milestone(item, history.resource_milestone_events, when)
    if history.notes is not NOT_ASKED:
        found |= texts(item, history.notes, when)
        if "elsewhere" in _edits(history.notes, when):
            found |= _not_elsewhere(item)
    return found


def texts(item: Record, notes: PartialList, when: datetime) -> Record:
    """Return title, description and time spent as they were, by all notes of the item."""
    kept = {key: item[key] for key in _OF_NOTES if key in item}
    if not notes.whole:
        return dict.fromkeys(kept, NotKnown(shared.not_read("notes", notes)))
    edits = _edits(notes, when)
    edited = record.field(item, "last_edited_at")
    if not edits.keys() & set(TEXTS) and is_after(edited, when):
        edits |= dict.fromkeys(TEXTS, str(edited))
    return {key: _changed(key, edits[key]) if key in edits else value
            for key, value in kept.items()}  # fmt: skip


def facts_then(facts: Facts, past: Record, history: History, when: datetime) -> Facts:
    """Return the facts of a merge request as they were.

    Notes and pipelines are those from before; a pipeline that changed later has no known status,
    and a note that was edited no known text. Commits and files change no more once it is merged or
    closed; where it was opened again and pushed to, they are not known.
    """
    late_push = pushed(history, when)
    gone = None if late_push is None else PartialList((), late_push.reason)
    spent = record.field(past, "time_stats")
    asked = facts.time_stats
    if isinstance(spent, NotKnown) and asked is not None:
        asked = PartialList((), spent.reason)
    notes = until(facts.notes, when, "a note")
    return replace(
        facts,
        notes=_each(notes, _note, when) if has_changed(past, when) else notes,
        pipelines=_each(until(facts.pipelines, when, "a pipeline"), _pipeline, when),
        commits=gone or facts.commits,
        diffs=gone or facts.diffs,
        time_stats=asked,
    )


def pushed(history: History, when: datetime) -> NotKnown | None:
    """Return what to say of commits and files if the branch was pushed to later; None if not."""
    versions = history.versions
    if versions is NOT_ASKED:
        return None
    if not versions.whole:
        return NotKnown(shared.not_read("versions of the diff", versions))
    later = (str(row.get("created_at")) for row in _in_order(versions.rows)
             if is_after(row.get("created_at"), when) is not False)  # fmt: skip
    at = next(later, None)
    return None if at is None else _changed("branch", at)


def reading_rules(rules: RuleSet) -> RuleSet:
    """Return the rules by which facts of merge requests are read for a moment: what is not decided.

    The record is that of today, with a `MARK`; what came after it decides nothing. Notes tell of
    edits, so they are always read. What is pending today stays so, since a store keeps it not.
    """

    def rule(mr: Record, facts: Facts) -> dict[str, Verdict]:
        today, when = rules.rule(mr, facts), instant(record.field(mr, MARK))
        if when is None:
            return today
        past = {**mr, **_votes(mr)}
        found = rules.rule(past, facts_then(facts, past, History(), when))
        return {
            check: verdict._replace(pending=today[check].pending)
            for check, verdict in found.items()
        }

    always = tuple(dict.fromkeys((*rules.always, NOTES)))
    return replace(rules, rule=rule, always=always, newest_decides=False)


def to_ask(item: Record, when: datetime) -> Record:
    """Return the record of today to read facts for; a text that can be younger decides nothing."""
    doubted = dict.fromkeys(TEXTS, _DOUBTFUL) if has_changed(item, when) else {}
    return {**item, **doubted, MARK: in_iso(when)}


def doubts(past: Record, facts: Facts = NOTHING) -> list[str]:
    """Return why fields of an item, or of its notes and pipelines, are not known, each once."""
    values = [*past.values(), *(note.get("body") for note in facts.notes.rows)]
    values += [pipeline.get("status") for pipeline in facts.pipelines.rows]
    reasons = dict.fromkeys(each.reason for each in values if isinstance(each, NotKnown))
    return [reason for reason in reasons if reason != _NOT_READ.reason]


def _not_elsewhere(issue: Record) -> Record:
    """Return the fields of an issue that say that another one took its place, as if none had."""
    links = record.field(issue, "_links")
    found: Record = {} if issue.get("moved_to_id") is None else {"moved_to_id": None}
    if record.field(links, "closed_as_duplicate_of") is not None:
        found["_links"] = {**links, "closed_as_duplicate_of": None}
    return found


def _changed(what: str, at: str) -> NotKnown:
    moment, noun = instant(at), _NOUNS.get(what, what)
    if moment is None:
        return NotKnown(f"when {noun} changed is not readable")
    return NotKnown(f"{noun} changed at {in_iso(moment)}: not known as of then")


class _Step(NamedTuple):
    """A change of the state: when, the id of the event, to which state, the time as written."""

    at: datetime
    number: int
    state: str
    written: str


def _steps(events: PartialList) -> list[_Step] | NotKnown:
    """Return the changes of the state in their order, or why they are not known."""
    if not events.whole:
        return NotKnown(shared.not_read("state events", events))
    found = []
    for row in events.rows:
        at, state = instant(record.field(row, "created_at")), record.text(row, "state")
        known = _STATES.get((state or "").lower())
        if at is None or known is None:
            return NotKnown("a state event is not readable")
        found.append(_Step(at, record.number_id(row) or 0, known, row["created_at"]))
    return sorted(found)


def _events(events: PartialList, noun: str) -> list[tuple[datetime, int, Record]] | NotKnown:
    """Return resource events with times and ids, in their order, or why they are not known."""
    if not events.whole:
        return NotKnown(shared.not_read(f"{noun} events", events))
    found = []
    for row in events.rows:
        at = instant(record.field(row, "created_at"))
        if at is None or record.text(row, "action") not in {"add", "remove"}:
            return NotKnown(f"a {noun} event is not readable")
        found.append((at, record.number_id(row) or 0, row))
    return sorted(found, key=lambda event: event[:2])


def _labels(item: Record, events: PartialList, when: datetime) -> object:
    """Return the names of the labels: those of today, with each later event taken back."""
    rows, labels = _events(events, "label"), record.field(item, "labels")
    if isinstance(rows, NotKnown) or not LABELS.fits(labels):
        return rows if isinstance(rows, NotKnown) else labels
    if any(record.field(row, "label") is None for *_, row in rows):
        return NotKnown("a label that it had was deleted: labels not known as of then")
    names = dict.fromkeys(map(label_name, labels))
    for at, _, row in reversed(rows):
        name = label_name(row["label"])
        if at < second_after(when):
            break
        if row["action"] == "add":
            names.pop(name, None)
        else:
            names[name] = None
    return sorted(filter(None, names))


def _milestone(item: Record, events: PartialList, when: datetime) -> object:
    rows = _events(events, "milestone")
    if isinstance(rows, NotKnown):
        return rows
    before = [row for at, _, row in rows if at < second_after(when)]
    # The last event before says what there was, or else the first one after.
    event, had = (before[-1], "add") if before else (rows[0][2] if rows else None, "remove")
    if event is None:
        return item["milestone"]
    return (record.field(event, "milestone") or {}) if event["action"] == had else None


def _votes(item: Record) -> Record:
    if not record.count(item, "upvotes"):
        return {}
    return {"upvotes": NotKnown("when it was voted for is not known")}


def _edits(notes: PartialList, when: datetime) -> dict[str, str]:
    """Return the time of the first edit after `when`, by the field that it changed."""
    found: dict[str, str] = {}
    for note in _in_order(notes.rows):
        if reviews.is_system(note) and is_after(note.get("created_at"), when) is not False:
            body = (record.text(note, "body") or "").strip()
            for field, pattern in _EDITS.items():
                if pattern.match(body):
                    found.setdefault(field, str(note.get("created_at")))
    return found


def _in_order(rows: Iterable[Record]) -> Iterator[Record]:
    dated = [(instant(row.get("created_at")), row) for row in rows]
    yield from (row for at, row in dated if at is None)
    known = [(at, row) for at, row in dated if at is not None]
    yield from (row for _, row in sorted(known, key=lambda pair: pair[0]))


def _each(
    reading: PartialList, change: Callable[[Record, datetime], Record], when: datetime
) -> PartialList:
    if not reading.rows:
        return reading
    return PartialList([change(row, when) for row in reading.rows], reading.missing)


def _note(note: Record, when: datetime) -> Record:
    if reviews.is_system(note) is not False or is_own(note):
        return note
    edited = note.get("updated_at")
    if is_after(edited, when) is False:
        return note
    return {**note, "body": _changed("text of a note", str(edited))}


def _pipeline(pipeline: Record, when: datetime) -> Record:
    changed = pipeline.get("updated_at")
    if is_after(changed, when) is False:
        return pipeline
    return {**pipeline, "status": _changed(f"pipeline {pipeline.get('id')}", str(changed))}
