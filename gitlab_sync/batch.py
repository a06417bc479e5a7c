"""Batches over people under the names of the drop-in contract."""

from gitlab_sync.profiles import process_batch_users, process_single_user
from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests
from gitlab_sync.services.projects import resolve_project_paths

__all__ = [
    "evaluate_issues",
    "evaluate_merge_requests",
    "process_batch_users",
    "process_single_user",
    "resolve_project_paths",
]
