"""The fields of merge requests and issues that a run about many people keeps of their lists."""

from __future__ import annotations

_OF_BOTH = (
    *("id", "iid", "project_id", "state", "title", "description", "web_url", "references"),
    *("author", "assignee", "assignees", "labels", "milestone", "time_stats"),
    *("created_at", "updated_at", "closed_at"),
)
_OF_MERGE_REQUESTS = (
    *("merged_at", "sha", "source_branch", "source_project_id", "target_project_id"),
    *("squash", "squash_on_merge", "squash_commit_sha", "upvotes", "user_notes_count"),
)
_OF_ISSUES = ("moved_to_id", "_links")

EVALUATED = frozenset((*_OF_BOTH, *_OF_MERGE_REQUESTS, *_OF_ISSUES))
"""All that rules read of a record, and what reads its facts: GitLab sends three times as many."""
