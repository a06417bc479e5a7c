"""What makes a difference to a fair evaluation, and none to the classic one.

Squashed merge requests, drafts, reviews and pipelines that came after the merge, changes of nothing
but documents, moved and duplicate issues. They are drawn apart from everything else, so the rest of
a world stays as it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from gitlab_sync.sandbox.making.builder import Builder, utc
from gitlab_sync.sandbox.making.history import note_record
from gitlab_sync.sandbox.making.merge_request_plan import MergeRequestPlan
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.truth import NO_REVIEW, NO_TESTS

DRAFT = "marked this merge request as **draft**"
DESCRIBED = "changed the description"
READY = "marked this merge request as **ready**"

_DOCUMENTS = ("README.md", "docs/usage.md", "docs/conf.py", "CHANGELOG.md", ".editorconfig")


def twist_merge_request(builder: Builder, plan: MergeRequestPlan, record: Record) -> None:
    """Change a merged merge request at random; others stay as they are."""
    merged = plan.ended
    if plan.state != "merged" or merged is None or plan.large:
        return
    random = _random(builder, record)
    if random.random() < 0.15:
        record.update(squash=True, squash_on_merge=True)
        record["squash_commit_sha"] = f"{random.getrandbits(160):040x}"
    if not plan.passes(NO_TESTS) and random.random() < 0.3:
        _change_documents_only(builder, record, random)
    if merged - plan.created > timedelta(hours=4) and random.random() < 0.15:
        _draft_at_first(builder, plan, record, random.uniform(0.2, 0.9) * (merged - plan.created))
    if plan.passes(NO_REVIEW) and random.random() < 0.1:
        _review_too_late(builder, plan, record, merged)
    if random.random() < 0.15:
        _run_after_the_merge(builder, record, merged)


def twist_issue(builder: Builder, record: Record) -> None:
    """Let some closed issues be moved or duplicates."""
    random = _random(builder, record)
    if record["state"] != "closed" or random.random() >= 0.06:
        return
    if random.random() < 0.5:
        record["moved_to_id"] = record["id"] + 1
    else:
        record["_links"]["closed_as_duplicate_of"] = record["_links"]["self"]


def edit_later(builder: Builder) -> None:
    """Let the descriptions of some items that have ended be edited a day later."""
    tables, day = builder.tables, timedelta(days=1)
    authors = {person.username: person for person in (*builder.people, *builder.bots)}
    kinds = (
        ("MergeRequest", tables.merge_requests, tables.mr_notes),
        ("Issue", tables.issues, tables.issue_notes),
    )
    for kind, items, notes in kinds:
        for item in items:
            end = item.get(f"{item['state']}_at")
            if end is None or item["iid"] % 7 != 3:
                continue
            at = datetime.fromisoformat(end).replace(tzinfo=None) + day
            if at < builder.today:
                author = authors[item["author"]["username"]]
                said = note_record(
                    builder, item, kind, author, DESCRIBED, at, system=True, later=True
                )
                notes.put(key_of(item), [*notes.get(key_of(item)), said])
                item["updated_at"] = utc(at)


def _random(builder: Builder, record: Record) -> Random:
    return Random(f"{builder.url} {record['project_id']} {record['iid']}")  # noqa: S311 - no secret


def _change_documents_only(builder: Builder, record: Record, random: Random) -> None:
    diffs = builder.tables.mr_diffs.get(key_of(record))
    paths = random.sample(_DOCUMENTS, min(len(diffs), len(_DOCUMENTS)))
    kept = diffs[: len(paths)]
    for diff, path in zip(kept, paths, strict=True):
        diff.update(new_path=path, old_path=path, renamed_file=False)
    builder.tables.mr_diffs.put(key_of(record), kept)


def _draft_at_first(
    builder: Builder, plan: MergeRequestPlan, record: Record, until: timedelta
) -> None:
    notes = builder.tables.mr_notes.get(key_of(record))
    for body, after in ((DRAFT, timedelta(minutes=1)), (READY, until)):
        moment = (plan.created + after).replace(microsecond=0)
        note = note_record(
            builder, record, "MergeRequest", plan.author, body, moment, system=True, later=True
        )
        notes.append(note)
    put_notes(builder, record, notes)


def _review_too_late(
    builder: Builder, plan: MergeRequestPlan, record: Record, merged: datetime
) -> None:
    """Let what others said come two hours after the merge."""
    notes = builder.tables.mr_notes.get(key_of(record))
    late = merged + timedelta(hours=2)
    for note in notes:
        if note["author"]["id"] != plan.author.id:
            late += timedelta(minutes=2)
            note["created_at"] = note["updated_at"] = utc(late)
    put_notes(builder, record, notes)


def _run_after_the_merge(builder: Builder, record: Record, merged: datetime) -> None:
    """Let the newest pipeline be created five minutes after the merge."""
    rows = builder.tables.mr_pipelines.get(key_of(record))
    if rows:
        newest = max(rows, key=lambda row: row["id"])
        newest["created_at"] = utc(merged + timedelta(minutes=5))
        newest["updated_at"] = utc(merged + timedelta(minutes=17))
        builder.tables.mr_pipelines.put(key_of(record), rows)


def put_notes(builder: Builder, record: Record, notes: list[Record]) -> None:
    """Put the notes of a merge request into the world, oldest first."""
    notes.sort(key=lambda note: (note["created_at"], note["id"]))
    builder.tables.mr_notes.put(key_of(record), notes)


def key_of(record: Record) -> tuple[int, int]:
    """Return the key of a merge request in the tables: its project and its number there."""
    return record["project_id"], record["iid"]
