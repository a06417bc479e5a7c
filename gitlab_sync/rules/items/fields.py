"""The fields of merge requests and issues that a run about many people keeps of their lists.

They are all that rules read of a record, and what reads its facts: GitLab sends many times as much.
Of the objects in a record, only the named fields are kept.
"""

from __future__ import annotations

_OF_BOTH = (
    *("id", "iid", "project_id", "state", "title", "description", "web_url", "references.full"),
    *("author.username", "labels", "time_stats.total_time_spent"),
    *("created_at", "updated_at", "closed_at"),
)

MERGE_REQUESTS = frozenset(
    (
        *_OF_BOTH,
        *("merged_at", "sha", "source_branch", "source_project_id", "target_project_id"),
        *("squash", "squash_on_merge", "squash_commit_sha", "upvotes", "user_notes_count"),
    )
)
"""The fields of merge requests."""

ISSUES = frozenset((*_OF_BOTH, "milestone.id", "moved_to_id", "_links.closed_as_duplicate_of"))
"""The fields of issues."""

ASSIGNED = frozenset(("assignee.username", "assignees.username"))
"""The further fields of lists of those that are assigned to a person."""
